/* Every cell with its outcome: a table that can be sorted and filtered. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/overhead.h"
#include "harness/report/html.h"
#include "harness/report/report.h"
#include "harness/text/text.h"

static const char *const shown[] = {"wall",      "cpu",       "gc_share", "p50_pause", "p99_pause",
                                    "max_pause", "preempted", "mmu_10ms", "peak_heap", "vmhwm"};

enum { SHOWN = sizeof shown / sizeof shown[0] };

static void put_head(FILE *out)
{
  static const char *const texts[] = {"workload", "collector", "settings", "outcome"};
  fputs("<thead><tr>", out);
  for (size_t i = 0; i < 4; i++)
    fprintf(out, "<th scope=\"col\"><button type=\"button\" data-kind=\"text\">%s</button></th>", texts[i]);
  fputs("<th scope=\"col\" class=\"number\"><button type=\"button\" data-kind=\"number\">n</button></th>", out);
  for (size_t i = 0; i < SHOWN; i++) {
    fputs("<th scope=\"col\" class=\"number\"><button type=\"button\" data-kind=\"number\" title=\"", out);
    html_text(out, metric_find(shown[i])->formula);
    fputs("\">", out);
    html_text(out, metric_find(shown[i])->title);
    fputs("</button></th>", out);
  }
  fputs("<th scope=\"col\" class=\"number\"><button type=\"button\" data-kind=\"number\" title=\"total wall time in "
        "multiples "
        "of the least time without pauses of any cell of the workload\">overhead</button></th>"
        "<th scope=\"col\"><button type=\"button\" data-kind=\"text\">warm-up</button></th></tr></thead>\n",
        out);
}

static void put_number(const struct metric *metric, double value, FILE *out)
{
  char text[TEXT_NUMBER_MAX];
  if (isnan(value)) {
    fputs("<td class=\"number\">–</td>", out);
    return;
  }
  fprintf(out, "<td class=\"number\" data-value=\"%.9g\">", value);
  html_text(out, metric_format(metric, value, text));
  fputs("</td>", out);
}

static char *settings_of(const struct dataset_cell *cell)
{
  char *text = text_copy("");
  for (size_t i = 0; i < cell->knob_count; i++) {
    if (!cell->knobs[i].is_default)
      text_append(&text, "%s%s=%s", *text != '\0' ? " " : "", cell->knobs[i].name, cell->knobs[i].text);
  }
  return text;
}

/* "ok", "out of memory", "8 ok, 2 timed_out". */
static char *outcome_of(const struct dataset_cell *cell)
{
  if (cell->ok_count == cell->trial_count) return text_copy("ok");
  if (cell->ok_count == 0 && cell->failure != NULL) return text_copy(cell->failure);
  char *text = text_format("%zu ok", cell->ok_count);
  for (size_t t = 0; t < cell->trial_count; t++) {
    const char *outcome = cell->trials[t].outcome;
    if (strcmp(outcome, "ok") == 0 || strstr(text, outcome) != NULL) continue;
    size_t n = 0;
    for (size_t k = t; k < cell->trial_count; k++) n += strcmp(cell->trials[k].outcome, outcome) == 0;
    text_append(&text, ", %zu %s", n, outcome);
  }
  return text;
}

static void put_cell_text(const char *text, FILE *out)
{
  fputs("<td>", out);
  html_text(out, text);
  fputs("</td>", out);
}

static void put_row(const struct report *report, const struct analysis_cell *cell, const struct overhead_base *base,
                    FILE *out)
{
  const struct dataset *dataset = report->dataset;
  char *settings = settings_of(cell->cell), *outcome = outcome_of(cell->cell);
  fprintf(out, "<tr%s>", cell->ok_count < cell->trial_count ? " class=\"failed\"" : "");
  fputs("<th scope=\"row\">", out);
  html_text(out, dataset->subjects[cell->cell->subject].label);
  fputs("</th>", out);
  put_cell_text(dataset->series[cell->cell->series].label, out);
  put_cell_text(settings, out);
  put_cell_text(outcome, out);
  fprintf(out, "<td class=\"number\" data-value=\"%zu\">%zu</td>", cell->ok_count, cell->ok_count);
  for (size_t i = 0; i < SHOWN; i++)
    put_number(metric_find(shown[i]), analysis_median(cell, metric_find(shown[i])), out);
  const struct stats_estimate overhead = overhead_of(cell, base, metric_find("wall"), &report->terms);
  if (isnan(overhead.value))
    fputs("<td class=\"number\">–</td>", out);
  else
    fprintf(out, "<td class=\"number\" data-value=\"%.9g\">%.3g×</td>", overhead.value, overhead.value);
  put_cell_text(cell->ok_count > 0 ? stats_warmup_names[analysis_warmup(cell)] : "–", out);
  fputs("</tr>\n", out);
  free(outcome);
  free(settings);
}

void report_cells(const struct report *report, FILE *out)
{
  const struct analysis *analysis = report->analysis;
  fputs(
      "<section id=\"cells\" aria-labelledby=\"cells-title\">\n<h2 id=\"cells-title\">Every cell</h2>\n"
      "<p class=\"note\">Medians over the trials that were ok; n is how many. A dash: not known, or too few pauses for "
      "this "
      "quantile. Overhead: wall time in multiples of the workload's base. Headings sort.</p>\n"
      "<p class=\"filter\" hidden><label>Filter <input type=\"search\" id=\"filter\" placeholder=\"words, such as: "
      "splay "
      "marksweep\"></label> <span id=\"filtered\" role=\"status\"></span></p>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"table of cells\">\n<table id=\"cell-table\">\n"
      "<caption>Cells of the campaign</caption>\n",
      out);
  put_head(out);
  fputs("<tbody>\n", out);
  for (size_t subject = 0; subject < report->dataset->subject_count; subject++) {
    const struct overhead_base base = overhead_base_of(analysis, subject, metric_find("wall"));
    for (size_t i = 0; i < analysis->cell_count; i++) {
      if (analysis->cells[i].cell->subject == subject) put_row(report, &analysis->cells[i], &base, out);
    }
  }
  fputs("</tbody></table></div>\n</section>\n", out);
}
