/* The figures: gnuplot's SVGs in the page, each with what it shows and what it does not, its data and its command. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/process/interrupt.h"
#include "harness/report/html.h"
#include "harness/report/report.h"
#include "harness/text/text.h"

/* What a reader may take a figure for, and it is not. */
static const struct {
  const char *figure, *not_shown;
} limits[] = {
    {"overview", "whether a difference is beyond noise (see the comparisons), and what other settings would do"},
    {"forest", "settings other than the defaults, and memory: less time may have been bought with space"},
    {"overhead", "the true cost: the base still pays for its own allocation, barriers and locality, so it is a lower "
                 "bound"},
    {"mmu", "pauses too short to be kept one by one, and what costs time outside of pauses, as counting does"},
    {"percentiles", "how often pauses come: a collector with many short ones looks better than one with few; see the "
                    "utilisation"},
    {"latency", "load other than the one that was set, and queues of a server with several threads"},
    {"pause_live", "how large a live heap the program will have elsewhere"},
    {"floating", "what the system cannot use for other reasons: fragments, headers, reserves"},
    {"thresholds", "other workloads: where a pause grows or shrinks with a threshold depends on the program"},
    {"heatmap", "what lies between the settings that were run"},
    {"heap", "memory of the process outside of the heap; samples are 10 ms apart, so short peaks may be missed"},
    {"timespace", "pauses: the same total time can be one long stop or many short ones"},
    {"characterise", "real programs: the workloads are benchmarks, and near ones count nearly twice"},
    {"survival", "time: ages are in bytes allocated"},
    {"live", "time: the axis is bytes allocated"},
    {"noise", "gaps while trials ran: the machine was looked at between them"},
};

/* The path with another ending. */
static char *sibling(const char *svg_path, const char *ending)
{
  return text_format("%.*s%s", (int)(strlen(svg_path) - strlen(".svg")), svg_path, ending);
}

/* More than this of a figure's data is left to the command that makes it. */
enum { DATA_BYTES_MAX = 60000 };

/* Files of one figure that are in the page; a workload has one of its own in some, and there may be many. */
enum { FILES_MAX = 6 };

/* "heap-gcbench", the file's name without its ending. */
static char *stem_of(const char *svg_path)
{
  const char *slash = strrchr(svg_path, '/'), *name = slash != NULL ? slash + 1 : svg_path;
  return text_format("%.*s", (int)(strlen(name) - strlen(".svg")), name);
}

static void put_data_link(const char *path, const char *stem, const char *ending, FILE *out)
{
  size_t bytes = 0;
  char *text = text_read_file(path, &bytes);
  if (text == NULL || bytes > DATA_BYTES_MAX) {
    free(text);
    return;
  }
  fprintf(out, "<a download=\"%s%s\" href=\"data:text/plain;base64,", stem, ending);
  html_base64(out, text, bytes);
  fprintf(out, "\">%s%s</a> ", stem, ending);
  free(text);
}

static void put_limit(const char *figure, FILE *out)
{
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    if (strcmp(limits[i].figure, figure) != 0) continue;
    fputs(" <span class=\"quiet\">It does not show ", out);
    html_text(out, limits[i].not_shown);
    fputs(".</span>", out);
  }
}

static bool put_figure(const struct report *report, const struct figure *figure, const char *svg_path, size_t number,
                       FILE *out)
{
  size_t bytes = 0;
  char *svg = text_read_file(svg_path, &bytes);
  if (svg == NULL) return false;
  char *stem = stem_of(svg_path), *points_path = sibling(svg_path, ".json"), *data_path = sibling(svg_path, ".dat");
  char *script_path = sibling(svg_path, ".gp"), *prefix = text_format("f%zu-", number);
  char *points = text_read_file(points_path, &bytes);
  fprintf(out, "<figure id=\"figure-%s\">\n<div class=\"plot\" tabindex=\"0\" data-figure=\"%zu\">\n", stem, number);
  html_svg(out, svg, prefix, figure->summary);
  fputs("</div>\n", out);
  if (points != NULL) fprintf(out, "<script type=\"application/json\" id=\"points-%zu\">%s</script>\n", number, points);
  fputs("<figcaption>Shows ", out);
  html_text(out, figure->summary);
  fputs(".", out);
  put_limit(figure->name, out);
  fputs("<br><span class=\"links\">Data and script: ", out);
  put_data_link(data_path, stem, ".dat", out);
  put_data_link(script_path, stem, ".gp", out);
  fprintf(out, "<code>gclab plot %s --campaign %.8s</code> writes them</span></figcaption>\n</figure>\n", figure->name,
          report->dataset->campaign_id);
  free(points);
  free(prefix);
  free(script_path);
  free(data_path);
  free(points_path);
  free(stem);
  free(svg);
  return true;
}

static bool draw(struct report *report, const struct figure *figure, size_t *number, FILE *out)
{
  static const char *const formats[] = {"svg"};
  struct figure_job job = {
      .store = report->store,
      .dataset = report->dataset,
      .analysis = &report->analysis,
      .output = {.with_points = true, .directory = report->directory, .formats = formats, .format_count = 1}};
  const enum figure_status status = figure->draw(&job);
  bool ok = status != FIGURE_FAILED;
  size_t files = 0;
  for (size_t i = 0; i < job.file_count && ok; i++) {
    const size_t length = strlen(job.files[i]);
    if (length <= 4 || strcmp(job.files[i] + length - 4, ".svg") != 0) continue;
    if (files++ < FILES_MAX) ok = put_figure(report, figure, job.files[i], ++*number, out);
  }
  if (files > FILES_MAX)
    fprintf(out,
            "<p class=\"note\">%zu more of this kind: <code>gclab plot %s --campaign %.8s</code> draws them.</p>\n",
            files - FILES_MAX, figure->name, report->dataset->campaign_id);
  figure_job_free(&job);
  return ok;
}

/* In the order in which a reader asks. */
static const char *const order[] = {"forest",   "overhead",   "mmu",      "percentiles", "latency",
                                    "overview", "pause_live", "floating", "thresholds",  "timespace",
                                    "heatmap",  "heap",       "noise",    NULL};

bool report_figures(struct report *report, FILE *out)
{
  size_t number = 0;
  fputs("<section id=\"figures\" aria-labelledby=\"figures-title\">\n<h2 id=\"figures-title\">Figures</h2>\n"
        "<p class=\"note\">Point at a line or dot for its value; with the keyboard, focus a figure and use the arrow "
        "keys.</p>\n",
        out);
  bool ok = true;
  for (size_t i = 0; order[i] != NULL && ok; i++)
    ok = !interrupt_is_asked() && draw(report, figure_find(order[i]), &number, out);
  if (number == 0) fputs("<p>The campaign has nothing that could be drawn.</p>\n", out);
  fputs("</section>\n", out);
  return ok;
}
