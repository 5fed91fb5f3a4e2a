/* The page around its sections. */
#include "harness/report/report.h"

#include <stdlib.h>

#include "harness/report/html.h"

extern const char report_css[], report_js[];

#define ASSET(name, file)                                                                                              \
  __asm__(".pushsection .rodata\n" #name ":\n"                                                                         \
          ".incbin \"" GCLAB_REPORT_ASSETS "/" file "\"\n"                                                             \
          ".byte 0\n"                                                                                                  \
          ".popsection\n")

ASSET(report_css, "report.css");
ASSET(report_js, "report.js");

static const struct {
  const char *id, *text;
} sections[] = {{"answer", "Answer"},           {"figures", "Figures"},        {"cells", "Cells"},
                {"comparisons", "Comparisons"}, {"workloads", "Workloads"},    {"limits", "Limits"},
                {"glossary", "Glossary"},       {"environment", "Environment"}};

static void put_head(const struct report *report, FILE *out)
{
  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
        out);
  html_text(out, report->title);
  fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#answer\">To the answer</a>\n",
          report_css);
}

static void put_banner(const struct report *report, FILE *out)
{
  const struct dataset *dataset = report->dataset;
  fputs("<header>\n<h1>", out);
  html_text(out, report->title);
  fputs("</h1>\n<p class=\"note\">", out);
  html_textf(out, "%zu collector%s and allocators, %zu workload%s, %zu cells, %zu trials in %zu blocks · %s · gclab %s",
             dataset->series_count, dataset->series_count == 1 ? "" : "s", dataset->subject_count,
             dataset->subject_count == 1 ? "" : "s", dataset->cell_count, dataset->trial_count, report_blocks(report),
             dataset->machine, dataset->version);
  fputs("</p>\n<nav aria-label=\"sections\"><ul>", out);
  for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
    fprintf(out, "<li><a href=\"#%s\">%s</a></li>", sections[i].id, sections[i].text);
  fputs("</ul></nav>\n<button type=\"button\" id=\"scheme\" hidden>Dark</button>\n</header>\n<main>\n", out);
}

/* Which colour is which collector: for values under the pointer. */
static void put_colours(const struct report *report, FILE *out)
{
  fputs("<ul id=\"colours\" hidden>", out);
  for (size_t s = 0; s < report->dataset->series_count; s++) {
    const struct dataset_series *series = &report->dataset->series[s];
    if (!series->main_allocator) continue;
    fprintf(out, "<li data-colour=\"#%06x\">", figure_colour(series->collector));
    html_text(out, series->label);
    fputs("</li>", out);
  }
  fputs("</ul>\n", out);
}

bool report_write(struct report *report, FILE *out)
{
  if (report->title == NULL) report->title = report->dataset->campaign_name;
  put_head(report, out);
  put_banner(report, out);
  report_answer(report, out);
  bool ok = report_figures(report, out);
  report_cells(report, out);
  report_comparisons(report, out);
  ok = ok && report_workloads(report, out);
  report_limits(report, out);
  report_glossary(out);
  report_environment(report, out);
  put_colours(report, out);
  fprintf(out,
          "</main>\n<div id=\"tip\" role=\"status\" aria-live=\"polite\" hidden></div>\n<script>\n%s</script>\n"
          "</body>\n</html>\n",
          report_js);
  return ok;
}
