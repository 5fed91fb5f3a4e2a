/*
 * pause_live: how long full collections take, against what they found alive; a panel a workload, dots a collector.
 *
 * A tracing collection's pause should grow with what is alive; the slope is its speed.  Only collections that know what
 * they leave: dark dots are those of everything, pale ones the young ones of a generational collector, whose
 * pauses should not grow.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/curves.h"
#include "harness/figures/palette.h"
#include "harness/text/text.h"

/* Dots on the same few pixels are one: at most so many places each way; fewer for young ones, of which there are many. */
enum { PLACES_X = 120, PLACES_Y = 80, YOUNG_PLACES_X = 60, YOUNG_PLACES_Y = 40 };

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

static bool has_generations(const struct store_series *series)
{
  for (size_t i = 0; i < series->pause_count; i++) {
    if (series->pauses[i].kind == JOURNAL_COLLECTION && series->pauses[i].generation > 0) return true;
  }
  return false;
}

/* Full collections and, where there are any, young ones. */
static bool load_dots(struct dataset *dataset, const struct dataset_cell *cell, struct dots *dots, struct dots *young)
{
  *dots = *young = (struct dots){0};
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") != 0) continue;
    struct store_series series = {0};
    if (!store_load_series(dataset->store, cell->trials[t].id, &series)) return false;
    const bool is_generational = has_generations(&series);
    for (size_t i = 0; i < series.pause_count; i++) {
      const struct journal_row *row = &series.pauses[i];
      if (row->kind != JOURNAL_COLLECTION || row->heap_after_bytes < LEAST_BYTES || row->duration_ns == 0) continue;
      if (row->generation == 2 || is_generational)
        dots_add(row->generation == 2 ? dots : young, (double)row->heap_after_bytes, (double)row->duration_ns);
    }
    store_series_free(&series);
  }
  return true;
}

/* The dots of a curve, a place on the grid of the axes at most once. */
static void thin(struct curve *curve, const struct dots *dots, size_t places_x, size_t places_y, const struct axis *x,
                 const struct axis *y)
{
  bool *taken = text_allocate(places_x * places_y);
  for (size_t i = 0; i < dots->count; i++) {
    const size_t column = (size_t)(axis_fraction(x, dots->live_bytes[i]) * (double)(places_x - 1));
    const size_t row = (size_t)(axis_fraction(y, dots->pause_ns[i]) * (double)(places_y - 1));
    bool *place = &taken[row * places_x + column];
    if (!*place) curve_put(curve, dots->live_bytes[i], dots->pause_ns[i]);
    *place = true;
  }
  free(taken);
}

struct sheet {
  size_t subject;
  struct dots *of, *young; /* by series */
  size_t pauses;
};

static void bytes_ticks(struct axis *axis, double length_px)
{
  if (axis->high < 4 * axis->low) { /* there may be no power of two in it */
    axis_linear_ticks(axis, text_bytes_tick, true, 4);
    return;
  }
  axis_log_ticks(axis, text_bytes_tick, 2, length_px / 3, CANVAS_TEXT_POINTS);
}

static void make_curves(const struct dataset *dataset, const struct sheet *sheet, struct curve_sheet *into,
                        const struct axis *x, const struct axis *y)
{
  into->title = text_copy(dataset->subjects[sheet->subject].label);
  for (size_t s = 0; s < dataset->series_count; s++) {
    if (sheet->young[s].count > 0) {
      struct curve *young =
          curve_add(into, palette_tint(palette_collector(dataset->series[s].collector), 0.5), CANVAS_DOTS,
                    sheet->young[s].count, sheet->of[s].count == 0 ? dataset->series[s].label : NULL);
      if (young != NULL) thin(young, &sheet->young[s], YOUNG_PLACES_X, YOUNG_PLACES_Y, x, y);
    }
    if (sheet->of[s].count == 0) continue;
    struct curve *curve = curve_add(into, palette_collector(dataset->series[s].collector), CANVAS_DOTS,
                                    sheet->of[s].count, dataset->series[s].label);
    if (curve != NULL) thin(curve, &sheet->of[s], PLACES_X, PLACES_Y, x, y);
  }
}

static void include(struct curve_figure *figure, const struct dots *dots)
{
  for (size_t i = 0; i < dots->count; i++) {
    axis_include(&figure->x, dots->live_bytes[i]);
    axis_include(&figure->y, dots->pause_ns[i]);
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
      include(figure, &sheets[k].of[s]);
      include(figure, &sheets[k].young[s]);
    }
  }
  axis_pad(&figure->x, 0.04, 0.04);
  axis_pad(&figure->y, 0.05, 0.05);
  struct curve_sheet *curves = text_allocate(count * sizeof *curves);
  for (size_t k = 0; k < count; k++) make_curves(dataset, &sheets[k], &curves[k], &figure->x, &figure->y);
  char *collectors = parts_collectors(dataset, drawn),
       *trials = parts_pooled(figure->least_trials, figure->most_trials);
  figure->name = text_copy("pause_live");
  figure->title = text_copy("Collections against what they leave");
  figure->subtitle = text_format(
      "%s at default knobs. A dot is a full collection that left 16 KiB or more, a pale one a young one, of %s; "
      "those at one place are one. What is left: live objects, and what that collection did not reclaim.",
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
  sheet->young = text_allocate((dataset->series_count + 1) * sizeof *sheet->young);
  for (size_t s = 0; s < dataset->series_count; s++) {
    const struct dataset_cell *cell = dataset_default_cell(dataset, s, sheet->subject);
    if (cell == NULL || cell->ok_count == 0 || !dataset->series[s].main_allocator) continue;
    if (!load_dots(dataset, cell, &sheet->of[s], &sheet->young[s])) return false;
    const size_t count = sheet->of[s].count + sheet->young[s].count;
    if (count == 0) continue;
    drawn[s] = true;
    sheet->pauses += count;
    parts_count_trials(cell, &figure->least_trials, &figure->most_trials);
  }
  figure->pauses += sheet->pauses;
  return true;
}

static void free_dots(const struct dataset *dataset, struct sheet *sheet)
{
  for (size_t s = 0; sheet->young != NULL && s < dataset->series_count; s++) {
    free(sheet->of[s].live_bytes);
    free(sheet->of[s].pause_ns);
    free(sheet->young[s].live_bytes);
    free(sheet->young[s].pause_ns);
  }
  free(sheet->of);
  free(sheet->young);
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
