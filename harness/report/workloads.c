/* What the workloads are like, as far as `gclab characterise` has measured them into this store. */
#include <math.h>
#include <string.h>

#include "harness/characterise/characterisation.h"
#include "harness/characterise/measures.h"
#include "harness/characterise/suite.h"
#include "harness/report/html.h"
#include "harness/report/report.h"

static const enum measure shown[] = {MEASURE_OBJECTS,     MEASURE_BYTES,    MEASURE_SIZE_MEDIAN,
                                     MEASURE_LIVE_MAX,    MEASURE_MIN_HEAP, MEASURE_TURNOVER,
                                     MEASURE_SURVIVAL_10, MEASURE_CYCLIC,   MEASURE_STORES};

enum { SHOWN = sizeof shown / sizeof shown[0] };

static bool is_run(const struct report *report, const char *workload)
{
  for (size_t i = 0; i < report->dataset->cell_count; i++) {
    if (strcmp(report->dataset->cells[i].workload, workload) == 0) return true;
  }
  return false;
}

static void put_row(const struct characterisation *of, FILE *out)
{
  char text[MEASURE_TEXT_MAX];
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, of->workload);
  fputs("</th>", out);
  for (size_t i = 0; i < SHOWN; i++) {
    fputs("<td class=\"number\">", out);
    html_text(out, measure_format(shown[i], of->values[shown[i]], text));
    fputs("</td>", out);
  }
  fputs("</tr>\n", out);
}

static void put_table(const struct report *report, const struct suite *suite, FILE *out)
{
  fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"table of "
        "workloads\">\n<table><caption>Workloads, at "
        "their default size</caption><thead><tr><th scope=\"col\">workload</th>",
        out);
  for (size_t i = 0; i < SHOWN; i++) {
    const struct measure_row *row = &measure_rows[shown[i]];
    fputs("<th scope=\"col\" class=\"number\" title=\"", out);
    html_text(out, row->description);
    fputs("\">", out);
    html_text(out, row->name);
    if (*row->unit != '\0') html_textf(out, " (%s)", row->unit);
    fputs("</th>", out);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
  for (size_t i = 0; i < suite->count; i++) {
    if (is_run(report, suite->list[i].workload)) put_row(&suite->list[i], out);
  }
  fputs("</tbody></table></div>\n", out);
}

bool report_workloads(const struct report *report, FILE *out)
{
  struct suite suite = {0};
  if (!suite_load(report->store, SETTING_SIZE_DEFAULT, &suite)) return false;
  size_t known = 0;
  for (size_t i = 0; i < suite.count; i++) known += is_run(report, suite.list[i].workload);
  fputs("<section id=\"workloads\" aria-labelledby=\"workloads-title\">\n<h2 id=\"workloads-title\">Workloads</h2>\n",
        out);
  if (known > 0) {
    fputs("<p class=\"note\">Exact, by the death schedule of each: the same on every machine, whatever the collector. "
          "Cells "
          "with other parameters differ from this.</p>\n",
          out);
    put_table(report, &suite, out);
  } else {
    fputs("<p>They are not characterised in this store. <code>gclab characterise</code> measures what they are like: "
          "sizes, "
          "lifetimes, survival, cycles, minimum heap.</p>\n",
          out);
  }
  fputs("</section>\n", out);
  suite_free(&suite);
  return true;
}
