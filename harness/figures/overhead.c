/*
 * overhead: the lower bound of what each collector and setting costs (harness/analysis/overhead.h) against its peak
 * heap, a panel a workload, a file for wall and for CPU time.
 *
 * A collector's settings are joined in the order of their heaps, so a sweep of heap sizes shows how time is bought with
 * space.  Where heaps were limited and the store knows the minimum heaps, space is the limit in multiples of the
 * minimum heap (of a collector without a limit, its peak); else the peak in multiples of the smallest of a collector
 * that finished.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/overhead.h"
#include "harness/figures/curves.h"
#include "harness/figures/palette.h"
#include "harness/text/text.h"

struct point {
  double heap;
  struct stats_estimate overhead;
};

static int compare_points(const void *a, const void *b)
{
  const struct point *x = a, *y = b;
  return (x->heap > y->heap) - (x->heap < y->heap);
}

static double smallest_peak(const struct analysis *analysis, size_t subject)
{
  const struct metric *peak = metric_find("peak_heap");
  double least = INFINITY;
  for (size_t i = 0; i < analysis->cell_count; i++) {
    if (analysis->cells[i].cell->subject != subject) continue;
    const double bytes = analysis_median(&analysis->cells[i], peak);
    if (bytes < least) least = bytes;
  }
  return least;
}

/* How a subject's space is told. */
struct space {
  double unit_bytes;
  bool by_limit;
};

/* By limits where each subject with a limit has a minimum heap.  False after a message. */
static bool space_by_limit(const struct dataset *dataset, bool *by_limit)
{
  size_t limited = 0;
  *by_limit = true;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    uint64_t bytes = 0;
    if (dataset_heap_limit(cell) == 0) continue;
    if (!dataset_minimum_heap(dataset, cell->subject, &bytes)) return false;
    *by_limit &= bytes > 0;
    limited++;
  }
  *by_limit &= limited > 0;
  return true;
}

static bool space_of(const struct analysis *analysis, const struct dataset *dataset, size_t subject, bool by_limit,
                     struct space *space)
{
  uint64_t bytes = 0;
  if (by_limit && !dataset_minimum_heap(dataset, subject, &bytes)) return false;
  *space = bytes > 0 ? (struct space){(double)bytes, true} : (struct space){smallest_peak(analysis, subject), false};
  return true;
}

static double heap_of(const struct analysis_cell *cell, const struct space *space)
{
  const uint64_t limit = space->by_limit ? dataset_heap_limit(cell->cell) : 0;
  return (limit > 0 ? (double)limit : analysis_median(cell, metric_find("peak_heap"))) / space->unit_bytes;
}

static size_t gather(const struct analysis *analysis, size_t subject, size_t series, const struct metric *metric,
                     const struct overhead_base *base, const struct space *space, struct point *points,
                     struct curve_figure *figure)
{
  size_t n = 0;
  for (size_t i = 0; i < analysis->cell_count; i++) {
    const struct analysis_cell *cell = &analysis->cells[i];
    if (cell->cell->subject != subject || cell->cell->series != series) continue;
    const double heap = heap_of(cell, space);
    const struct stats_estimate overhead = overhead_of(cell, base, metric, &comparison_default_terms);
    if (!isfinite(heap) || isnan(overhead.value)) continue;
    points[n++] = (struct point){heap, overhead};
    parts_count_trials(cell->cell, &figure->least_trials, &figure->most_trials);
  }
  qsort(points, n, sizeof *points, compare_points);
  return n;
}

static void add_curve(struct curve_sheet *sheet, const struct dataset_series *series, const struct point *points,
                      size_t n)
{
  struct curve *curve =
      curve_add(sheet, palette_collector(series->collector), n > 1 ? CANVAS_LINES : CANVAS_DOTS, n, series->label);
  if (curve == NULL) return;
  curve->with_dots = true;
  curve_with_intervals(curve, n);
  for (size_t i = 0; i < n; i++)
    curve_put_interval(curve, points[i].heap, points[i].overhead.value, points[i].overhead.low,
                       points[i].overhead.high);
}

/* What the figure is of. */
struct subject_of {
  const struct analysis *analysis;
  const struct metric *metric;
  bool by_limit;
};

/* The title is such as "gcbench · base: none, 75.4 ms". */
static bool load(const struct figure_job *job, const void *context, size_t subject, struct curve_sheet *sheet,
                 bool *drawn, struct curve_figure *figure)
{
  const struct subject_of *of = context;
  const struct dataset *dataset = job->dataset;
  const struct overhead_base base = overhead_base_of(of->analysis, subject, of->metric);
  if (base.cell == NULL) return true;
  struct space space;
  if (!space_of(of->analysis, dataset, subject, of->by_limit, &space)) return false;
  struct point *points = text_allocate((of->analysis->cell_count + 1) * sizeof *points);
  for (size_t s = 0; s < dataset->series_count; s++) {
    const size_t n = gather(of->analysis, subject, s, of->metric, &base, &space, points, figure);
    if (n == 0) continue;
    add_curve(sheet, &dataset->series[s], points, n);
    drawn[s] = true;
  }
  free(points);
  char number[TEXT_NUMBER_MAX];
  if (sheet->count > 0)
    sheet->title =
        text_format("%s · base: %s, %s", dataset->subjects[subject].label,
                    dataset->series[base.cell->cell->series].label, text_duration(base.distilled_ns, number));
  return true;
}

static char *times_text(double value, char *text)
{
  snprintf(text, TEXT_NUMBER_MAX, "%.4g×", value);
  return text;
}

static void heap_ticks(struct axis *axis, double length_px)
{
  if (axis->high < 4 * axis->low) { /* there may be no power of two in it */
    axis_linear_ticks(axis, times_text, false, 4);
    return;
  }
  axis_log_ticks(axis, times_text, 2, length_px / 1.5, CANVAS_TEXT_POINTS);
}

static void overhead_ticks(struct axis *axis, double length_px, bool texts)
{
  axis_log_ticks(axis, texts ? times_text : text_nothing, 10, length_px, CANVAS_TEXT_POINTS);
}

static void describe(const struct figure_job *job, const void *context, const struct curve_sheet *sheets, size_t count,
                     const bool *drawn, struct curve_figure *figure)
{
  const struct subject_of *of = context;
  (void)job, (void)drawn;
  figure->name = text_format("overhead-%s", of->metric->name);
  figure->title = text_format("Lower-bound overhead, %s", of->metric->title);
  figure->subtitle = text_format(
      "Total time in multiples of the base: the least time without pauses of any collector and setting on the "
      "workload. "
      "What a collector costs is at least the distance from 1; what the base's own barriers, allocator and locality "
      "cost is not in it. Bars: 95 %% over blocks, the base's noise included, cut off at the frame. Points of one "
      "collector are its settings.%s",
      of->by_limit ? " A collector without a limit is at its peak heap; the minimum heap is the least of these "
                     "collectors, and where no "
                     "heap was limited, the smallest peak."
                   : "");
  figure->x_title = text_copy(of->by_limit ? "heap limit, in multiples of the minimum heap"
                                           : "peak heap, in multiples of the smallest");
  figure->x = figure->y = AXIS_EMPTY;
  figure->x.log = figure->y.log = true;
  curves_measure(sheets, count, &figure->x, &figure->y);
  axis_include(&figure->y, 1);
  axis_pad(&figure->x, 0.05, 0.06);
  axis_pad(&figure->y, 0.12, 0.2);
  figure->x_ticks = heap_ticks;
  figure->y_ticks = overhead_ticks;
  figure->rule_y = 1;
}

enum figure_status figure_overhead(struct figure_job *job)
{
  static const struct curve_kind kind = {load, describe, "has no trial that is ok and knows its heap"};
  const struct analysis *analysis = figure_job_analysis(job);
  if (analysis == NULL) return FIGURE_FAILED;
  bool by_limit = false;
  if (!space_by_limit(job->dataset, &by_limit)) return FIGURE_FAILED;
  const struct subject_of wall = {analysis, metric_find("wall"), by_limit};
  const struct subject_of cpu = {analysis, metric_find("cpu"), by_limit};
  const enum figure_status status = curves_of_subjects(job, &kind, &wall);
  return status != FIGURE_DRAWN ? status : curves_of_subjects(job, &kind, &cpu);
}
