/*
 * heap: the heap over time, a figure a workload, a panel a collector, all on the same axes; the collector's first
 * trial at default knobs.
 *
 * The line joins the samples taken from outside with what pauses saw before and after them, thinned to the least and
 * the most in each column of pixels.  Of the pauses the longest ones are marked, as large as they are long.  A second,
 * dashed line is the memory that the collector holds for its heap, where it knows: what lies between is free, or lost
 * to fragmentation.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/text/text.h"

enum { PIXEL_COLUMNS = 260, MARKS_MAX = 60, PANELS_MAX = 24, PHASE_POINTS = 9, PHASE_LEAST_PX = 12, PHASES_MANY = 6 };

struct heap_point {
  double time_ns, bytes;
};

struct trace {
  const struct dataset_cell *cell;
  const struct dataset_trial *trial;
  struct store_series series;
  struct heap_point *points; /* ascending in time */
  size_t count;
  struct heap_point *held; /* the memory that the collector holds, from samples; count 0 where it does not know */
  size_t held_count;
  double end_ns, peak_bytes, peak_held_bytes;
};

static int compare_points(const void *a, const void *b)
{
  const struct heap_point *x = a, *y = b;
  return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* Samples and both ends of every pause that knows the heap. */
static void join(struct trace *trace)
{
  const struct store_series *series = &trace->series;
  trace->points = text_allocate((series->heap_count + 2 * series->pause_count) * sizeof *trace->points);
  for (size_t i = 0; i < series->heap_count; i++)
    trace->points[trace->count++] =
        (struct heap_point){(double)series->heap[i].time_ns, (double)series->heap[i].heap_bytes};
  for (size_t i = 0; i < series->pause_count; i++) {
    const struct journal_row *row = &series->pauses[i];
    if (row->heap_before_bytes == 0) continue;
    trace->points[trace->count++] = (struct heap_point){(double)row->start_ns, (double)row->heap_before_bytes};
    trace->points[trace->count++] =
        (struct heap_point){(double)(row->start_ns + row->duration_ns), (double)row->heap_after_bytes};
  }
  qsort(trace->points, trace->count, sizeof *trace->points, compare_points);
  for (size_t i = 0; i < trace->count; i++) {
    trace->peak_bytes = fmax(trace->peak_bytes, trace->points[i].bytes);
    trace->end_ns = fmax(trace->end_ns, trace->points[i].time_ns);
  }
  if (trace->trial->wall_ns > 0) trace->end_ns = fmax(trace->end_ns, (double)trace->trial->wall_ns);
}

static void join_held(struct trace *trace)
{
  const struct store_series *series = &trace->series;
  trace->held = text_allocate((series->heap_count + 1) * sizeof *trace->held);
  for (size_t i = 0; i < series->heap_count; i++) {
    const double bytes = (double)series->heap[i].footprint_bytes;
    trace->held[trace->held_count++] = (struct heap_point){(double)series->heap[i].time_ns, bytes};
    trace->peak_held_bytes = fmax(trace->peak_held_bytes, bytes);
  }
  if (trace->peak_held_bytes == 0) trace->held_count = 0;
}

static bool load_trace(struct dataset *dataset, const struct dataset_cell *cell, struct trace *trace)
{
  *trace = (struct trace){.cell = cell};
  for (size_t t = 0; t < cell->trial_count && trace->trial == NULL; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") == 0) trace->trial = &cell->trials[t];
  }
  if (trace->trial == NULL) trace->trial = &cell->trials[0];
  if (!store_load_series(dataset->store, trace->trial->id, &trace->series)) return false;
  join(trace);
  join_held(trace);
  if (trace->series.cascade_floor_ns > dataset->floor_ns) dataset->floor_ns = trace->series.cascade_floor_ns;
  return true;
}

static void free_trace(struct trace *trace)
{
  store_series_free(&trace->series);
  free(trace->points);
  free(trace->held);
}

static void put_row(struct canvas *canvas, const struct heap_point *point, double ceiling)
{
  canvas_row(canvas, "%.9g %.9g", point->time_ns / 1e9, fmin(point->bytes, ceiling));
}

/* A line: first, least, most and last point of each column of pixels, in their order. */
static void put_line(struct canvas *canvas, struct canvas_panel *panel, enum canvas_layer layer,
                     const struct heap_point *points, size_t count, uint32_t colour)
{
  if (count == 0) return;
  canvas_block(canvas, panel, layer, colour);
  const double column_ns = panel->x.high * 1e9 / PIXEL_COLUMNS;
  for (size_t i = 0; i < count;) {
    size_t next = i, least = i, most = i;
    const double column = floor(points[i].time_ns / column_ns);
    while (next < count && floor(points[next].time_ns / column_ns) == column) {
      if (points[next].bytes < points[least].bytes) least = next;
      if (points[next].bytes > points[most].bytes) most = next;
      next++;
    }
    const size_t first = least < most ? least : most, second = least < most ? most : least;
    size_t written = SIZE_MAX;
    const size_t chosen[] = {i, first, second, next - 1};
    for (size_t k = 0; k < 4; k++) {
      if (chosen[k] != written) put_row(canvas, &points[chosen[k]], panel->y.high);
      written = chosen[k];
    }
    i = next;
  }
}

/* The size of a pause's mark: a decade of duration adds as much each time. */
static double mark_size(double ns) { return fmin(fmax(0.30 + 0.28 * (log10(fmax(ns, 1)) - 4), 0.22), 1.9); }

static int by_duration(const void *a, const void *b)
{
  const struct journal_row *x = a, *y = b;
  if (x->duration_ns != y->duration_ns) return x->duration_ns < y->duration_ns ? 1 : -1;
  return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static double heap_at(const struct trace *trace, const struct journal_row *row)
{
  if (row->heap_before_bytes > 0) return (double)row->heap_before_bytes;
  double bytes = 0;
  for (size_t i = 0; i < trace->count && trace->points[i].time_ns <= (double)row->start_ns; i++)
    bytes = trace->points[i].bytes;
  return bytes;
}

static void put_marks(struct canvas *canvas, struct canvas_panel *panel, const struct trace *trace, uint32_t colour)
{
  const size_t n = trace->series.pause_count, marked = n < MARKS_MAX ? n : MARKS_MAX;
  if (n == 0) return;
  struct journal_row *rows = text_allocate(n * sizeof *rows);
  memcpy(rows, trace->series.pauses, n * sizeof *rows);
  qsort(rows, n, sizeof *rows, by_duration);
  /* Marks that are large enough have a white rim, so that those which overlap can be told apart. */
  size_t rimmed = 0;
  while (rimmed < marked && mark_size((double)rows[rimmed].duration_ns) > 0.6) rimmed++;
  const struct {
    enum canvas_layer layer;
    size_t count;
  } layers[] = {{CANVAS_DOTS, marked}, {CANVAS_RINGS, rimmed}};
  for (int l = 0; l < 2; l++) {
    if (layers[l].count > 0) canvas_block(canvas, panel, layers[l].layer, colour);
    for (size_t i = 0; i < layers[l].count; i++)
      canvas_row(canvas, "%.9g %.9g %u %.3g", (double)rows[i].start_ns / 1e9,
                 fmin(heap_at(trace, &rows[i]), panel->y.high), colour, mark_size((double)rows[i].duration_ns));
  }
  free(rows);
}

/* A phase's name: along the top of its band, upright where the band is too narrow for that, or left out. */
static void put_phase_name(struct canvas *canvas, struct canvas_panel *panel, const char *name, double from_px,
                           double to_px)
{
  const double width = text_width_px(name, PHASE_POINTS);
  if (from_px + 5 + width <= to_px - 2)
    canvas_side_text(canvas, panel, from_px + 5, panel->top + 9, 'l', PHASE_POINTS, PALETTE_GREY, name);
  else if (to_px - from_px >= PHASE_LEAST_PX)
    canvas_side_text(canvas, panel, (from_px + to_px) / 2, panel->top + 3, 'u', PHASE_POINTS, PALETTE_GREY, name);
}

/* Every second phase has a band, and each but the first a line where it begins. */
static void put_phases(struct canvas *canvas, struct canvas_panel *panel, const struct trace *trace)
{
  const struct store_series *series = &trace->series;
  for (size_t i = 0; i < series->phase_count; i++) {
    const double from = (double)series->phases[i].start_ns / 1e9;
    const double next = i + 1 < series->phase_count ? (double)series->phases[i + 1].start_ns : trace->end_ns;
    const double to = fmin(next / 1e9, panel->x.high);
    if (from >= to) continue;
    if (i % 2 == 0) {
      canvas_block(canvas, panel, CANVAS_AREAS, 0xf1f3f4);
      canvas_row(canvas, "%.9g %.9g %.9g %.9g %u", from, to, panel->y.low, panel->y.high, 0xf1f3f4);
    }
    if (i > 0) {
      canvas_block(canvas, panel, CANVAS_RULES, PALETTE_LIGHT);
      canvas_row(canvas, "%.9g %.9g 0 %.9g %u", from, panel->y.low, panel->y.high - panel->y.low, PALETTE_LIGHT);
    }
    put_phase_name(canvas, panel, series->phases[i].name, canvas_x_px(panel, from), canvas_x_px(panel, to));
  }
}

/* "make, trace, read, drop": each once, in their order; or NULL. */
static char *list_phases(const struct store_series *series)
{
  char *list = NULL;
  for (size_t i = 0; i < series->phase_count; i++) {
    bool known = false;
    for (size_t k = 0; k < i && !known; k++) known = strcmp(series->phases[k].name, series->phases[i].name) == 0;
    if (!known) text_append(&list, "%s%s", list != NULL ? ", " : "", series->phases[i].name);
  }
  return list;
}

static char *describe_panel(const struct dataset *dataset, const struct trace *trace, double ceiling)
{
  char number[TEXT_NUMBER_MAX], longest[TEXT_NUMBER_MAX];
  char *title = text_copy(dataset->series[trace->cell->series].label);
  uint64_t most = 0;
  for (size_t i = 0; i < trace->series.pause_count; i++) {
    if (trace->series.pauses[i].duration_ns > most) most = trace->series.pauses[i].duration_ns;
  }
  if (trace->cell->failure != NULL) text_append(&title, " · %s", trace->cell->failure);
  const uint64_t pauses = trace->series.pause_count + trace->series.short_count + trace->series.dropped_count;
  if (pauses == 0)
    text_append(&title, " · no pauses");
  else
    text_append(&title, " · %s pause%s", text_count(pauses, number), pauses == 1 ? "" : "s");
  if (most > 0) text_append(&title, ", longest %s", text_duration((double)most, longest));
  if (trace->peak_bytes > ceiling) text_append(&title, " · heap up to %s", text_bytes(trace->peak_bytes, number));
  return title;
}

/* The common ceiling: the highest peak, but not one that is three times the next or more: such lines run along it. */
static double choose_ceiling(const struct trace *traces, size_t count)
{
  double peaks[PANELS_MAX];
  for (size_t i = 0; i < count; i++) peaks[i] = fmax(traces[i].peak_bytes, traces[i].peak_held_bytes);
  stats_sort_double(peaks, count);
  size_t top = count;
  while (top > 1 && peaks[top - 1] > 3 * peaks[top - 2] && peaks[top - 2] > 0) top--;
  /* The names of phases stand above, upright where there are many. */
  return peaks[top - 1] * (traces[0].series.phase_count > PHASES_MANY ? 1.4 : 1.2);
}

static char *seconds_tick(double seconds, char *text) { return text_duration_tick(seconds * 1e9, text); }

static void put_subtitle(struct canvas *canvas, const struct trace *traces, size_t count)
{
  bool any_held = false;
  for (size_t i = 0; i < count; i++) any_held |= traces[i].held_count > 0;
  canvas->subtitle = text_format("One trial a collector, at default knobs. Line: bytes in the heap%s; marks: the %d "
                                 "longest pauses",
                                 any_held ? "; dashed: the memory held for them" : "", MARKS_MAX);
  char *phases = list_phases(&traces[0].series);
  if (phases != NULL) text_append(&canvas->subtitle, "; bands: the workload’s phases (%s)", phases);
  text_append(&canvas->subtitle, ".");
  free(phases);
}

static enum figure_status draw(struct figure_job *job, const struct trace *traces, size_t count, size_t subject)
{
  struct dataset *dataset = job->dataset;
  char *name = text_format("heap-%s", dataset->subjects[subject].slug);
  struct canvas *canvas = canvas_new(name, "heap");
  free(name);
  canvas->title = text_format("Heap over time, %s", dataset->subjects[subject].label);
  put_subtitle(canvas, traces, count);
  parts_say_memory(canvas, dataset, NULL);
  static const double samples[] = {1e4, 1e5, 1e6, 1e7, 1e8};
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
    char number[TEXT_NUMBER_MAX];
    canvas_add_key(canvas, text_duration_tick(samples[i], number), PALETTE_QUIET, 0, 7, mark_size(samples[i]));
  }
  uint64_t pauses = 0;
  double end = 0;
  for (size_t i = 0; i < count; i++) {
    pauses += traces[i].series.pause_count + traces[i].series.short_count;
    end = fmax(end, traces[i].end_ns / 1e9);
  }
  parts_foot(canvas, dataset, 1, 1, pauses);
  const double ceiling = choose_ceiling(traces, count);
  const size_t columns = count == 1 ? 1 : 2, rows = (count + columns - 1) / columns;
  const double height = rows == 1 ? 340 : rows == 2 ? 220 : 170, left = 78, gap = 26, row_gap = 44;
  const double width = (CANVAS_WIDTH - left - 24 - gap * (double)(columns - 1)) / (double)columns;
  const double first = canvas_head_bottom(canvas) + 26;
  canvas->height = first + (height + row_gap) * (double)rows + 34;
  for (size_t i = 0; i < count; i++) {
    const size_t column = i % columns, row = i / columns;
    const double x = left + (double)column * (width + gap), y = first + (double)row * (height + row_gap);
    struct canvas_panel *panel = canvas_add_panel(canvas, x, x + width, y, y + height);
    panel->x = (struct axis){.low = 0, .high = end * 1.01};
    panel->y = (struct axis){.low = 0, .high = ceiling};
    axis_linear_ticks(&panel->x, i + columns >= count ? seconds_tick : text_nothing, false, 6);
    axis_linear_ticks(&panel->y, i % columns == 0 ? text_bytes_tick : text_nothing, true, 4);
    panel->title = describe_panel(dataset, &traces[i], ceiling);
    if (i + columns >= count) panel->x_title = text_copy("time since the trial’s start");
    const uint32_t colour = palette_collector(traces[i].cell->collector);
    put_phases(canvas, panel, &traces[i]);
    put_line(canvas, panel, CANVAS_DASHES, traces[i].held, traces[i].held_count, colour);
    put_line(canvas, panel, CANVAS_LINES, traces[i].points, traces[i].count, colour);
    put_marks(canvas, panel, &traces[i], colour);
  }
  return parts_finish(job, canvas);
}

enum figure_status figure_heap(struct figure_job *job)
{
  struct dataset *dataset = job->dataset;
  enum figure_status status = FIGURE_DRAWN;
  size_t drawn = 0;
  for (size_t subject = 0; subject < dataset->subject_count && status == FIGURE_DRAWN; subject++) {
    struct trace traces[PANELS_MAX];
    size_t count = 0;
    for (size_t s = 0; s < dataset->series_count && status == FIGURE_DRAWN && count < PANELS_MAX; s++) {
      const struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
      if (cell == NULL || !dataset->series[s].main_allocator) continue;
      if (!load_trace(dataset, cell, &traces[count]))
        status = FIGURE_FAILED;
      else if (traces[count].count >= 2)
        count++;
      else
        free_trace(&traces[count]);
    }
    if (status == FIGURE_DRAWN && count > 0) {
      status = draw(job, traces, count, subject);
      drawn++;
    }
    for (size_t i = 0; i < count; i++) free_trace(&traces[i]);
  }
  if (status != FIGURE_DRAWN || drawn > 0) return status;
  return parts_without_data(job,
                            "campaign '%s' has no samples of the heap at default knobs; 'gclab run quick' takes some",
                            dataset->campaign_name);
}
