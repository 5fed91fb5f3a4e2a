/*
 * mmu: minimum and bounded mutator utilisation over windows of every length, a panel a workload, a line a collector at
 * its default knobs.
 *
 * Each trial has its own exact curves (harness/stats/utilisation.h) over the windows of a common grid; what is drawn is
 * the median over trials, and as a band the range.  Cascades below the floor have no row and are not in it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/observation.h"
#include "harness/figures/curves.h"
#include "harness/figures/palette.h"
#include "harness/text/text.h"

enum { WINDOWS_MAX = 200 };

static const uint64_t least_window_ns = 10000;

struct trial_curves {
  double mmu[WINDOWS_MAX], bmu[WINDOWS_MAX];
};

/* The curves of the cell's trials over the grid; false after a message. */
static bool load_trials(struct dataset *dataset, const struct dataset_cell *cell, const uint64_t *windows, size_t count,
                        struct trial_curves *trials, uint64_t *pauses)
{
  size_t n = 0;
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") != 0) continue;
    struct observation observation;
    if (!observation_open(&observation, dataset->store, &cell->trials[t])) return false;
    stats_mmu_curve(&observation.utilisation, windows, count, trials[n].mmu, trials[n].bmu);
    *pauses += observation.pauses.n;
    n++;
    observation_close(&observation);
  }
  return true;
}

static double at(const struct trial_curves *trial, size_t window, bool bounded)
{
  return bounded ? trial->bmu[window] : trial->mmu[window];
}

static void add_curve(struct curve_sheet *sheet, const struct dataset_series *series, const struct trial_curves *trials,
                      size_t trial_count, const uint64_t *windows, size_t count, bool bounded)
{
  double *values = text_allocate(trial_count * sizeof *values);
  struct curve *curve = curve_add(sheet, palette_collector(series->collector), bounded ? CANVAS_LINES : CANVAS_DOTTED,
                                  count, bounded ? series->label : NULL);
  if (curve != NULL && bounded) curve_with_intervals(curve, count);
  for (size_t w = 0; curve != NULL && w < count; w++) {
    for (size_t t = 0; t < trial_count; t++) values[t] = at(&trials[t], w, bounded);
    const struct stats_spread spread = stats_spread_of(values, trial_count);
    if (bounded)
      curve_put_interval(curve, (double)windows[w], spread.median, spread.minimum, spread.maximum);
    else
      curve_put(curve, (double)windows[w], spread.median);
  }
  free(values);
}

/* Windows of a subject reach to its longest run; a shorter one's share is that of its whole. */
static uint64_t longest_run(const struct dataset *dataset, size_t subject)
{
  int64_t longest = 0;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    for (size_t t = 0; cell->subject == subject && t < cell->trial_count; t++) {
      if (cell->trials[t].wall_ns > longest) longest = cell->trials[t].wall_ns;
    }
  }
  return (uint64_t)longest;
}

static bool load(const struct figure_job *job, const void *unused, size_t subject, struct curve_sheet *sheet,
                 bool *drawn, struct curve_figure *figure)
{
  struct dataset *dataset = job->dataset;
  (void)unused;
  uint64_t windows[WINDOWS_MAX];
  const size_t count = stats_utilisation_grid(least_window_ns, longest_run(dataset, subject), windows, WINDOWS_MAX);
  for (size_t s = 0; s < dataset->series_count; s++) {
    const struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
    if (cell == NULL || cell->ok_count == 0 || !dataset->series[s].main_allocator) continue;
    struct trial_curves *trials = text_allocate(cell->ok_count * sizeof *trials);
    const uint64_t before = figure->pauses;
    const bool ok = load_trials(dataset, cell, windows, count, trials, &figure->pauses);
    if (ok && figure->pauses > before) {
      add_curve(sheet, &dataset->series[s], trials, cell->ok_count, windows, count, false);
      add_curve(sheet, &dataset->series[s], trials, cell->ok_count, windows, count, true);
      drawn[s] = true;
      parts_count_trials(cell, &figure->least_trials, &figure->most_trials);
    }
    free(trials);
    if (!ok) return false;
  }
  return true;
}

/* Where the first collector leaves zero: shorter windows show nothing. */
static double first_window(const struct curve_sheet *sheets, size_t count, double low)
{
  double first = INFINITY;
  for (size_t s = 0; s < count; s++) {
    for (size_t c = 0; c < sheets[s].count; c++) {
      const struct curve *curve = &sheets[s].curves[c];
      size_t i = 0;
      while (i < curve->count && !(curve->y[i] > 0)) i++;
      if (i < curve->count) first = fmin(first, curve->x[i]);
    }
  }
  return isfinite(first) ? fmax(low, first / 3) : low;
}

static void describe(const struct figure_job *job, const void *unused, const struct curve_sheet *sheets, size_t count,
                     const bool *drawn, struct curve_figure *figure)
{
  (void)unused;
  char *collectors = parts_collectors(job->dataset, drawn);
  figure->name = text_copy("mmu");
  figure->title = text_copy("Mutator utilisation over windows of time");
  figure->subtitle = text_format(
      "%s at default knobs. The least share of any window that the program had: dotted, of exactly this length (MMU); "
      "line, of this length or more (BMU). Median over trials; band: their range. It leaves zero where windows are "
      "longer than the longest pause, and ends at the program's share of the whole run. Without the cascades that are "
      "only counted.",
      collectors);
  free(collectors);
  figure->x_title = text_copy("length of the window");
  figure->x = AXIS_EMPTY;
  figure->x.log = true;
  figure->y = (struct axis){.low = 0, .high = 1};
  struct axis unused_axis = AXIS_EMPTY;
  curves_measure(sheets, count, &figure->x, &unused_axis);
  figure->x.low = first_window(sheets, count, figure->x.low);
  figure->x_ticks = curves_duration_ticks;
  figure->y_ticks = curves_share_ticks;
}

enum figure_status figure_mmu(struct figure_job *job)
{
  static const struct curve_kind kind = {load, describe,
                                         "has no pauses at default knobs; 'gclab run quick' measures some"};
  return curves_of_subjects(job, &kind, NULL);
}
