/*
 * pause_live: how long full collections take, against what they found alive; a panel a workload, dots a collector.
 *
 * A tracing collection's pause should grow with what is alive; the slope is its speed.  Only collections of everything
 * that know what they leave: young ones look at something else.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/curves.h"
#include "harness/figures/palette.h"
#include "harness/text/text.h"

/* Dots on the same few pixels are one: at most so many places each way. */
enum { PLACES_X = 120, PLACES_Y = 80 };

/* A heap that is next to empty says nothing of the speed, and would take most of a log axis. */
enum { LEAST_BYTES = 16384 };

struct dots {
  double *live_bytes, *pause_ns;
  size_t count, room;
};

static void dots_add(struct dots *dots, double live_bytes, double pause_ns)
{
  if (dots->count == dots->room) {
    dots->room = dots->room == 0 ? 1024 : 2 * dots->room;
    dots->live_bytes = text_reallocate(dots->live_bytes, dots->room * sizeof *dots->live_bytes);
    dots->pause_ns = text_reallocate(dots->pause_ns, dots->room * sizeof *dots->pause_ns);
  }
  dots->live_bytes[dots->count] = live_bytes;
  dots->pause_ns[dots->count++] = pause_ns;
}

static bool load_dots(struct dataset *dataset, const struct dataset_cell *cell, struct dots *dots)
{
  *dots = (struct dots){0};
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") != 0) continue;
    struct store_series series = {0};
    if (!store_load_series(dataset->store, cell->trials[t].id, &series)) return false;
    for (size_t i = 0; i < series.pause_count; i++) {
      const struct journal_row *row = &series.pauses[i];
      const bool is_full = row->kind == JOURNAL_COLLECTION && row->generation == 2;
      if (is_full && row->heap_after_bytes >= LEAST_BYTES && row->duration_ns > 0)
        dots_add(dots, (double)row->heap_after_bytes, (double)row->duration_ns);
    }
    store_series_free(&series);
  }
  return true;
}

/* The dots of a curve, a place on the grid of the axes at most once. */
static void thin(struct curve *curve, const struct dots *dots, const struct axis *x, const struct axis *y)
{
  bool *taken = text_allocate(PLACES_X * PLACES_Y);
  for (size_t i = 0; i < dots->count; i++) {
    const size_t column = (size_t)(axis_fraction(x, dots->live_bytes[i]) * (PLACES_X - 1));
    const size_t row = (size_t)(axis_fraction(y, dots->pause_ns[i]) * (PLACES_Y - 1));
    bool *place = &taken[row * PLACES_X + column];
    if (!*place) curve_put(curve, dots->live_bytes[i], dots->pause_ns[i]);
    *place = true;
  }
  free(taken);
}

struct sheet {
  size_t subject;
  struct dots *of; /* by series */
  size_t pauses;
};

static void bytes_ticks(struct axis *axis, double length_px)
{
  if (axis->high < 4 * axis->low) { /* there may be no power of two in it */
    axis_linear_ticks(axis, text_bytes_tick, true, 4);
    return;
  }
  axis_log_ticks(axis, text_bytes_tick, 2, length_px / 2.2, CANVAS_TEXT_POINTS);
}

static void make_curves(const struct dataset *dataset, const struct sheet *sheet, struct curve_sheet *into,
                        const struct axis *x, const struct axis *y)
{
  into->title = text_copy(dataset->subjects[sheet->subject].label);
  for (size_t s = 0; s < dataset->series_count; s++) {
    if (sheet->of[s].count == 0) continue;
    struct curve *curve = curve_add(into, palette_collector(dataset->series[s].collector), CANVAS_DOTS,
                                    sheet->of[s].count, dataset->series[s].label);
    if (curve != NULL) thin(curve, &sheet->of[s], x, y);
  }
}

static enum figure_status draw(struct figure_job *job, const struct sheet *sheets, size_t count, const bool *drawn,
                               struct curve_figure *figure)
{
  struct dataset *dataset = job->dataset;
  figure->x = figure->y = AXIS_EMPTY;
  figure->x.log = figure->y.log = true;
  for (size_t k = 0; k < count; k++) {
    for (size_t s = 0; s < dataset->series_count; s++) {
      for (size_t i = 0; i < sheets[k].of[s].count; i++) {
        axis_include(&figure->x, sheets[k].of[s].live_bytes[i]);
        axis_include(&figure->y, sheets[k].of[s].pause_ns[i]);
      }
    }
  }
  axis_pad(&figure->x, 0.04, 0.04);
  axis_pad(&figure->y, 0.05, 0.05);
  struct curve_sheet *curves = text_allocate(count * sizeof *curves);
  for (size_t k = 0; k < count; k++) make_curves(dataset, &sheets[k], &curves[k], &figure->x, &figure->y);
  char *collectors = parts_collectors(dataset, drawn),
       *trials = parts_pooled(figure->least_trials, figure->most_trials);
  figure->name = text_copy("pause_live");
  figure->title = text_copy("Full collections against what they leave");
  figure->subtitle =
      text_format("%s at default knobs. A dot is a collection that left 16 KiB or more, of %s; dots at one place "
                  "are one. What is left: live objects, and what that collection did not reclaim.",
                  collectors, trials);
  figure->x_title = text_copy("heap after the collection");
  figure->x_ticks = bytes_ticks;
  figure->y_ticks = curves_time_ticks;
  figure->rule_y = NAN;
  const enum figure_status status = curves_draw(job, figure, curves, count, drawn);
  free(trials);
  free(collectors);
  curves_free(curves, count);
  return status;
}

static bool load_sheet(struct dataset *dataset, struct sheet *sheet, bool *drawn, struct curve_figure *figure)
{
  sheet->of = text_allocate((dataset->series_count + 1) * sizeof *sheet->of);
  for (size_t s = 0; s < dataset->series_count; s++) {
    const struct dataset_cell *cell = dataset_default_cell(dataset, s, sheet->subject);
    if (cell == NULL || cell->ok_count == 0 || !dataset->series[s].main_allocator) continue;
    if (!load_dots(dataset, cell, &sheet->of[s])) return false;
    if (sheet->of[s].count == 0) continue;
    drawn[s] = true;
    sheet->pauses += sheet->of[s].count;
    parts_count_trials(cell, &figure->least_trials, &figure->most_trials);
  }
  figure->pauses += sheet->pauses;
  return true;
}

static void free_dots(const struct dataset *dataset, struct sheet *sheet)
{
  for (size_t s = 0; sheet->of != NULL && s < dataset->series_count; s++) {
    free(sheet->of[s].live_bytes);
    free(sheet->of[s].pause_ns);
  }
  free(sheet->of);
}

enum figure_status figure_pause_live(struct figure_job *job)
{
  struct dataset *dataset = job->dataset;
  struct sheet *sheets = text_allocate((dataset->subject_count + 1) * sizeof *sheets);
  bool *drawn = text_allocate((dataset->series_count + 1) * sizeof *drawn);
  struct curve_figure figure = {0};
  size_t count = 0;
  enum figure_status status = FIGURE_DRAWN;
  for (size_t subject = 0; subject < dataset->subject_count && status == FIGURE_DRAWN; subject++) {
    struct sheet *sheet = &sheets[count];
    *sheet = (struct sheet){.subject = subject};
    if (!load_sheet(dataset, sheet, drawn, &figure)) status = FIGURE_FAILED;
    if (sheet->pauses > 0)
      count++;
    else
      free_dots(dataset, sheet);
  }
  if (status == FIGURE_DRAWN && count == 0)
    status = parts_without_data(job, "campaign '%s' has no full collections at default knobs that say what they leave",
                                dataset->campaign_name);
  else if (status == FIGURE_DRAWN)
    status = draw(job, sheets, count, drawn, &figure);
  for (size_t k = 0; k < count; k++) free_dots(dataset, &sheets[k]);
  free(sheets);
  free(drawn);
  return status;
}
