/*
 * floating: floating garbage over a run, which is what the program can no longer reach and the collector still holds; a
 * panel a workload, a line a collector at its default knobs.
 *
 * The clock is allocation, which stands at the same reading at the same place of the program whatever the collector.
 * Only campaigns that were run with --floating have it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/floating.h"
#include "harness/figures/curves.h"
#include "harness/figures/palette.h"
#include "harness/text/text.h"

/* Steps of a curve; more points than a panel can tell apart become their mean and range. */
enum { STEPS = 120 };

/* Nothing is drawn below: a log axis has no zero. */
static const double least_bytes = 1024;

struct step {
  double sum, least, most;
  size_t count;
};

static void add_points(struct step *steps, const struct store_series *series, double total_bytes)
{
  for (size_t i = 0; i < series->floating_count; i++) {
    const struct store_floating *point = &series->floating[i];
    const double garbage = fmax((double)floating_garbage_bytes(point), least_bytes);
    size_t at = (size_t)((double)point->allocated_bytes / total_bytes * STEPS);
    if (at >= STEPS) at = STEPS - 1;
    struct step *step = &steps[at];
    step->least = step->count == 0 ? garbage : fmin(step->least, garbage);
    step->most = step->count == 0 ? garbage : fmax(step->most, garbage);
    step->sum += garbage;
    step->count++;
  }
}

static void add_curve(struct curve_sheet *sheet, const struct dataset_series *of, const struct step *steps)
{
  struct curve *curve = curve_add(sheet, palette_collector(of->collector), CANVAS_LINES, STEPS, of->label);
  if (curve == NULL) return;
  curve_with_intervals(curve, STEPS);
  for (size_t i = 0; i < STEPS; i++) {
    if (steps[i].count == 0) continue;
    const double share = ((double)i + 0.5) / STEPS;
    curve_put_interval(curve, share, steps[i].sum / (double)steps[i].count, steps[i].least, steps[i].most);
  }
}

static const struct dataset_trial *first_ok(const struct dataset_cell *cell)
{
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") == 0) return &cell->trials[t];
  }
  return NULL;
}

static bool load(const struct figure_job *job, const void *unused, size_t subject, struct curve_sheet *sheet,
                 bool *drawn, struct curve_figure *figure)
{
  const struct dataset *dataset = job->dataset;
  (void)unused;
  for (size_t s = 0; s < dataset->series_count; s++) {
    const struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
    if (cell == NULL || cell->ok_count == 0 || !dataset->series[s].main_allocator) continue;
    const struct dataset_trial *trial = first_ok(cell);
    struct store_series series = {0};
    if (!store_load_series(dataset->store, trial->id, &series)) return false;
    if (series.floating_count > 1 && trial->allocated_bytes > 0) {
      struct step steps[STEPS] = {{0}};
      add_points(steps, &series, (double)trial->allocated_bytes);
      add_curve(sheet, &dataset->series[s], steps);
      drawn[s] = true;
      figure->pauses += series.pause_count;
      figure->least_trials = figure->most_trials = 1;
    }
    store_series_free(&series);
  }
  return true;
}

static void share_ticks(struct axis *axis, double length_px)
{
  (void)length_px;
  axis_tick(axis, 0, "0");
  axis_tick(axis, 0.5, "50 %");
  axis_tick(axis, 1, "100 %");
}

static void bytes_ticks(struct axis *axis, double length_px, bool texts)
{
  axis_log_ticks(axis, texts ? text_bytes_tick : text_nothing, 2, length_px / 3, CANVAS_TEXT_POINTS);
}

static void describe(const struct figure_job *job, const void *unused, const struct curve_sheet *sheets, size_t count,
                     const bool *drawn, struct curve_figure *figure)
{
  (void)unused;
  char *collectors = parts_collectors(job->dataset, drawn);
  figure->name = text_copy("floating");
  figure->title = text_copy("Floating garbage: dead, and not yet reclaimed");
  figure->subtitle = text_format(
      "%s at default knobs, the first trial of each. Requested bytes that the collector holds and the program can no "
      "longer reach, by the deaths of its objects; mean and range of what was seen before and after pauses and every "
      "10 ms. Less than 1 KiB is drawn as 1 KiB.",
      collectors);
  free(collectors);
  figure->x_title = text_copy("bytes allocated, of all that the program allocates");
  figure->x = (struct axis){.low = 0, .high = 1};
  figure->y = AXIS_EMPTY;
  figure->y.log = true;
  for (size_t k = 0; k < count; k++) {
    for (size_t c = 0; c < sheets[k].count; c++) {
      const struct curve *curve = &sheets[k].curves[c];
      for (size_t i = 0; i < curve->count; i++) axis_include(&figure->y, curve->high[i]);
    }
  }
  axis_include(&figure->y, least_bytes);
  axis_include(&figure->y, 64 * least_bytes);
  axis_pad(&figure->y, 0.02, 0.04);
  figure->x_ticks = share_ticks;
  figure->y_ticks = bytes_ticks;
}

enum figure_status figure_floating(struct figure_job *job)
{
  static const struct curve_kind kind = {
      load, describe, "has no floating garbage of collectors at default knobs; 'gclab run --floating' measures it"};
  return curves_of_subjects(job, &kind, NULL);
}
