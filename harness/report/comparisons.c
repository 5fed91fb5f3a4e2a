/* Ratios to the baseline, workload by workload, with verdicts. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "harness/report/html.h"
#include "harness/report/report.h"
#include "harness/text/text.h"

static const char *const compared[] = {"wall", "max_pause", "peak_heap"};

enum { COMPARED = sizeof compared / sizeof compared[0] };

struct family {
  struct comparison *list;
  size_t *subjects, *series; /* of each */
  size_t count;
};

static const struct analysis_cell *cell_of(const struct report *report, size_t series, size_t subject)
{
  const struct dataset_cell *cell = dataset_default_cell(report->dataset, series, subject);
  return cell != NULL ? &report->analysis->cells[analysis_cell_index(report->analysis, cell)] : NULL;
}

static struct family compare_all(const struct report *report)
{
  const struct dataset *dataset = report->dataset;
  const size_t base = report->ranking.series[report->base];
  const size_t room = dataset->series_count * dataset->subject_count * COMPARED + 1;
  struct family family = {memory_allocate(room * sizeof *family.list), memory_allocate(room * sizeof(size_t)),
                          memory_allocate(room * sizeof(size_t)), 0};
  for (size_t s = 0; s < dataset->series_count; s++) {
    for (size_t subject = 0; subject < dataset->subject_count && s != base; subject++) {
      const struct analysis_cell *a = cell_of(report, base, subject), *b = cell_of(report, s, subject);
      for (size_t m = 0; m < COMPARED && a != NULL && b != NULL; m++) {
        family.list[family.count] = comparison_of(a, b, metric_find(compared[m]), true, &report->terms);
        family.subjects[family.count] = subject;
        family.series[family.count++] = s;
      }
    }
  }
  comparison_judge(family.list, family.count, &report->terms);
  return family;
}

static const char *class_of(const struct comparison *comparison)
{
  if (comparison->kind == COMPARISON_NONE) return "none";
  return stats_verdict_names[comparison->verdict];
}

static void put_row(const struct report *report, const struct family *family, size_t i, FILE *out)
{
  const struct comparison *comparison = &family->list[i];
  const struct dataset *dataset = report->dataset;
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, dataset->subjects[family->subjects[i]].label);
  fputs("</th><td>", out);
  html_text(out, dataset->series[family->series[i]].label);
  fputs("</td><td>", out);
  html_text(out, comparison->metric->title);
  fputs("</td>", out);
  if (comparison->kind == COMPARISON_NONE)
    fputs(
        "<td class=\"number\">–</td><td class=\"number\">–</td><td class=\"number\">–</td><td class=\"number\">–</td>",
        out);
  else
    fprintf(out,
            "<td class=\"number\" data-value=\"%.9g\">%.3f</td><td class=\"number\">%.3f to %.3f</td>"
            "<td class=\"number\">%zu</td><td class=\"number\">%.3f</td>",
            comparison->ratio.value, comparison->ratio.value, comparison->ratio.low, comparison->ratio.high,
            comparison->ratio.n, comparison->adjusted_p);
  fprintf(out, "<td class=\"verdict %s\">", class_of(comparison));
  html_text(out, comparison_words(comparison));
  fputs("</td></tr>\n", out);
}

static void put_detectable(const struct family *family, const struct report *report, FILE *out)
{
  double *values = memory_allocate((family->count + 1) * sizeof *values);
  size_t n = 0;
  for (size_t i = 0; i < family->count; i++) {
    const struct comparison *comparison = &family->list[i];
    const double value = stats_minimum_detectable(comparison->sd_log, comparison->ratio.n, report->terms.level);
    if (comparison->metric == metric_find("wall") && !isnan(value)) values[n++] = value;
  }
  if (n > 0)
    fprintf(out,
            " With these blocks a difference of wall time of %.1f&nbsp;%% is found four times out of five (median).",
            100 * (stats_median(values, n) - 1));
  free(values);
}

void report_comparisons(const struct report *report, FILE *out)
{
  fputs("<section id=\"comparisons\" aria-labelledby=\"comparisons-title\">\n"
        "<h2 id=\"comparisons-title\">Comparisons</h2>\n",
        out);
  if (report->ranking.series_count == 0) {
    fputs("<p>There is no collector that reclaims memory to compare with.</p>\n</section>\n", out);
    return;
  }
  struct family family = compare_all(report);
  fputs("<p class=\"note\">Ratios to <strong>", out);
  html_text(out, report->dataset->series[report->ranking.series[report->base]].label);
  fprintf(out,
          "</strong> at default settings, paired within blocks; below 1 needs less. p is adjusted over all %zu rows "
          "(Benjamini-Hochberg); equivalent: the whole interval within %.0f&nbsp;%%.",
          family.count, 100 * report->terms.band);
  put_detectable(&family, report, out);
  fputs("</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"table of comparisons\">\n"
        "<table><caption>Ratios to the baseline</caption><thead><tr><th scope=\"col\">workload</th><th "
        "scope=\"col\">collector</th><th scope=\"col\">metric</th><th scope=\"col\" class=\"number\">ratio</th><th "
        "scope=\"col\" class=\"number\">95&nbsp;% interval</th><th scope=\"col\" class=\"number\">n</th><th "
        "scope=\"col\" "
        "class=\"number\">p</th><th scope=\"col\">verdict</th></tr></thead>\n<tbody>\n",
        out);
  for (size_t m = 0; m < COMPARED; m++) {
    for (size_t i = 0; i < family.count; i++) {
      if (family.list[i].metric == metric_find(compared[m])) put_row(report, &family, i, out);
    }
  }
  fputs("</tbody></table></div>\n</section>\n", out);
  free(family.list);
  free(family.subjects);
  free(family.series);
}
