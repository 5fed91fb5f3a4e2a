/* What stands against a conclusion from this campaign, as far as the data can tell; and the glossary. */
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/metrics.h"
#include "harness/report/html.h"
#include "harness/report/report.h"
#include "harness/text/text.h"

static bool has_collector(const struct dataset *dataset, const char *name)
{
  for (size_t i = 0; i < dataset->cell_count; i++) {
    if (strcmp(dataset->cells[i].collector, name) == 0) return true;
  }
  return false;
}

static size_t count_varied(const struct dataset *dataset)
{
  size_t varied = 0;
  for (size_t i = 0; i < dataset->cell_count; i++) varied += !dataset->cells[i].default_knobs;
  return varied;
}

/* Cells that do not settle, or were too short to tell. */
static void put_warmup(const struct report *report, FILE *out)
{
  size_t unsteady = 0, changing = 0, known = 0;
  for (size_t i = 0; i < report->analysis->cell_count; i++) {
    const enum stats_warmup class = analysis_warmup(&report->analysis->cells[i]);
    known += class != STATS_TOO_SHORT;
    unsteady += class == STATS_UNSTEADY;
    changing += class == STATS_WARMING || class == STATS_SLOWING;
  }
  fprintf(out,
          "<li>Warm-up is classified, not removed: of %zu cells with enough samples, %zu change their rate of "
          "allocation once "
          "while they run and %zu have no steady state. Trials do a fixed amount of work, and all of it counts.</li>\n",
          known, changing, unsteady);
}

void report_limits(const struct report *report, FILE *out)
{
  const struct dataset *dataset = report->dataset;
  char number[TEXT_NUMBER_MAX];
  fputs("<section id=\"limits\" aria-labelledby=\"limits-title\">\n<h2 id=\"limits-title\">What stands against "
        "it</h2>\n<ul>\n"
        "<li>One machine, ",
        out);
  html_text(out, dataset->machine);
  fputs(". Ratios of times do not carry over to others; counts do.</li>\n", out);
  fprintf(
      out,
      "<li>%zu workload%s, which are benchmarks: what they allocate, and how long it lives, may be nothing like your "
      "program's.</li>\n",
      dataset->subject_count, dataset->subject_count == 1 ? "" : "s");
  if (count_varied(dataset) == 0)
    fputs("<li>Every collector ran at its default settings: whoever's defaults suit these workloads has an advantage, "
          "and "
          "nothing is said of a tuned collector.</li>\n",
          out);
  if (!has_collector(dataset, "none"))
    fputs("<li>The collector none was not run, so the overheads' base is a collector's own.</li>\n", out);
  if (!has_collector(dataset, "manual"))
    fputs("<li>Explicit frees (manual) were not run: what any automatic memory management costs is not shown.</li>\n",
          out);
  if (dataset->no_counters != NULL) {
    fputs("<li>Hardware counters are not available here (", out);
    html_text(out, dataset->no_counters);
    fputs("): nothing is said of instructions, caches and TLB.</li>\n", out);
  }
  if (dataset->floor_ns > 0)
    fprintf(out, "<li>Cascades shorter than %s are counted and summed, and have no row of their own.</li>\n",
            text_duration_tick((double)dataset->floor_ns, number));
  fprintf(out,
          "<li>The system took the processor away %s times while trials ran; pauses that were hit are longer for it, "
          "and the "
          "longest pause of a trial may be the system's.</li>\n",
          text_count(dataset->involuntary_switches, number));
  put_warmup(report, out);
  fputs("<li>Layout is varied by the size of the environment, by address-space randomisation, and, where the build has "
        "several, by orders of linking that blocks take in turn.</li>\n</ul>\n</section>\n",
        out);
}

void report_glossary(FILE *out)
{
  fputs("<section id=\"glossary\" aria-labelledby=\"glossary-title\">\n<h2 "
        "id=\"glossary-title\">Glossary</h2>\n<details>\n"
        "<summary>Every metric, with how it is worked out</summary>\n<dl>\n",
        out);
  for (size_t i = 0; i < metric_count; i++) {
    fprintf(out, "<dt>%s <code>%s</code></dt><dd>", metrics[i].title, metrics[i].name);
    html_text(out, metrics[i].formula);
    if (metrics[i].source != NULL) html_textf(out, " (%s)", metrics[i].source);
    fputs("</dd>\n", out);
  }
  fputs("</dl>\n</details>\n</section>\n", out);
}
