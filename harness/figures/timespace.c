/*
 * timespace: total time against peak heap over a knob that trades one for the other, a panel a workload.
 *
 * Times are relative to the collector `none` on the same workload where it was run (what reclaiming costs), else to
 * the fastest setting; space is absolute.  The other collectors at their defaults stand beside the curve.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/figures/sweep.h"
#include "harness/text/text.h"

/* Knobs that trade time for space. */
static const struct {
  const char *collector, *knob;
} trades[] = {{"marksweep", "growth_factor"}, {"semispace", "growth_factor"}, {"boehm", "free_space_divisor"}};

enum { TRADES = sizeof trades / sizeof trades[0], POINTS_MAX = 96, STEPS = 8 };

struct point {
  double time, low, high, bytes; /* time relative, with its range over trials */
  uint32_t colour;
  char *label;
  bool is_default, on_curve;
  size_t curve;
};

struct sheet {
  size_t subject;
  double base_ns;
  bool against_none;
  struct point points[POINTS_MAX];
  size_t count;
};

static double base_time(const struct dataset *dataset, size_t subject, bool *against_none)
{
  double best = INFINITY;
  *against_none = false;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    if (cell->subject != subject || cell->ok_count == 0) continue;
    const double median = dataset_spread(cell, dataset_wall_ns).median;
    if (strcmp(cell->collector, "none") == 0) {
      *against_none = true;
      return median;
    }
    best = fmin(best, median);
  }
  return best;
}

static void add_point(struct sheet *sheet, const struct dataset_cell *cell, char *label, size_t curve)
{
  if (cell->ok_count == 0 || sheet->count == POINTS_MAX) {
    free(label);
    return;
  }
  const struct stats_spread wall = dataset_spread(cell, dataset_wall_ns);
  const struct stats_spread heap = dataset_spread(cell, dataset_peak_heap);
  if (heap.n == 0 || wall.n == 0) {
    free(label);
    return;
  }
  sheet->points[sheet->count++] = (struct point){
      .time = wall.median / sheet->base_ns,
      .low = wall.minimum / sheet->base_ns,
      .high = wall.maximum / sheet->base_ns,
      .bytes = heap.median,
      .colour = palette_collector(cell->collector),
      .label = label,
      .on_curve = curve < TRADES,
      .curve = curve,
  };
}

/* The curves of the trades that were varied; true where there is one. */
static bool gather_curves(struct dataset *dataset, struct sheet *sheet, const struct sweep_knob *knobs)
{
  bool any = false;
  for (size_t t = 0; t < TRADES; t++) {
    for (size_t s = 0; s < dataset->series_count; s++) {
      if (strcmp(dataset->series[s].collector, trades[t].collector) != 0 || !dataset->series[s].main_allocator)
        continue;
      struct sweep_slice slice = {0};
      if (knobs[t].value_count >= 2 && sweep_find_slice(dataset, &knobs[t], s, sheet->subject, &slice)) {
        for (size_t i = 0; i < slice.count; i++) {
          const struct sweep_value *value = &knobs[t].values[slice.values[i]];
          const size_t before = sheet->count;
          add_point(sheet, slice.cells[i], text_format("%s%s", value->text, value->is_default ? " (default)" : ""), t);
          if (sheet->count > before) sheet->points[before].is_default = value->is_default;
          any |= sheet->count > before;
        }
      }
      sweep_slice_free(&slice);
    }
  }
  return any;
}

static void gather_others(const struct dataset *dataset, struct sheet *sheet)
{
  for (size_t s = 0; s < dataset->series_count; s++) {
    const struct dataset_series *series = &dataset->series[s];
    bool on_curve = false;
    for (size_t i = 0; i < sheet->count; i++)
      on_curve |= sheet->points[i].on_curve && strcmp(trades[sheet->points[i].curve].collector, series->collector) == 0;
    const struct dataset_cell *cell = dataset_default_cell(dataset, s, sheet->subject);
    if (on_curve || cell == NULL || !series->main_allocator) continue;
    add_point(sheet, cell, text_copy(series->label), TRADES);
  }
}

/*
 * Points along the curves and at the ends of bars, for labels to keep away from; returns how many labels there are
 * then.
 */
static size_t add_obstacles(const struct canvas_panel *panel, const struct sheet *sheet, struct axis_label *labels)
{
  size_t count = sheet->count;
  for (size_t i = 0; i < sheet->count; i++) {
    labels[count++] = (struct axis_label){.x = labels[i].x, .y = canvas_y_px(panel, sheet->points[i].low)};
    labels[count++] = (struct axis_label){.x = labels[i].x, .y = canvas_y_px(panel, sheet->points[i].high)};
  }
  for (size_t i = 1; i < sheet->count; i++) {
    if (!sheet->points[i].on_curve || sheet->points[i].curve != sheet->points[i - 1].curve) continue;
    for (int part = 1; part < STEPS; part++) {
      const struct axis_label *from = &labels[i - 1], *to = &labels[i];
      labels[count++] = (struct axis_label){.x = from->x + (to->x - from->x) * part / STEPS,
                                            .y = from->y + (to->y - from->y) * part / STEPS};
    }
  }
  return count;
}

static void put_labels(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet)
{
  static struct axis_label labels[POINTS_MAX * (STEPS + 3)];
  for (size_t i = 0; i < sheet->count; i++) {
    const struct point *point = &sheet->points[i];
    labels[i] = (struct axis_label){.x = canvas_x_px(panel, point->bytes),
                                    .y = canvas_y_px(panel, point->time),
                                    .width = text_width_px(point->label, CANVAS_NOTE_POINTS),
                                    .height = 14};
  }
  axis_place_labels(labels, add_obstacles(panel, sheet, labels), panel->left + 4, panel->right - 2, panel->top,
                    panel->bottom - 4);
  for (size_t i = 0; i < sheet->count; i++)
    canvas_side_text(canvas, panel, labels[i].at_x, labels[i].at_y, 'l', CANVAS_NOTE_POINTS,
                     palette_text(sheet->points[i].colour), sheet->points[i].label);
}

static void draw_panel(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet)
{
  for (size_t t = 0; t < TRADES; t++) {
    bool begun = false;
    for (size_t i = 0; i < sheet->count; i++) {
      const struct point *point = &sheet->points[i];
      if (point->curve != t) continue;
      if (!begun) canvas_block(canvas, panel, CANVAS_LINES, point->colour);
      begun = true;
      canvas_row(canvas, "%.9g %.9g", point->bytes, point->time);
    }
  }
  canvas_block(canvas, panel, CANVAS_RULES, 0);
  for (size_t i = 0; i < sheet->count; i++)
    canvas_row(canvas, "%.9g %.9g 0 %.9g %u", sheet->points[i].bytes, sheet->points[i].low,
               sheet->points[i].high - sheet->points[i].low, sheet->points[i].colour);
  canvas_block(canvas, panel, CANVAS_DOTS, 0);
  for (size_t i = 0; i < sheet->count; i++) {
    const struct point *point = &sheet->points[i];
    canvas_row(canvas, "%.9g %.9g %u %g", point->bytes, point->time, point->colour, point->is_default ? 1.3 : 0.8);
  }
  put_labels(canvas, panel, sheet);
}

static char *ratio_tick(double ratio, char *text)
{
  snprintf(text, TEXT_NUMBER_MAX, "%.4g×", ratio);
  return text;
}

static void put_keys(struct canvas *canvas, const struct sheet *sheets, size_t count)
{
  for (size_t t = 0; t < TRADES; t++) {
    bool used = false;
    for (size_t s = 0; s < count; s++) {
      for (size_t i = 0; i < sheets[s].count; i++) used |= sheets[s].points[i].curve == t;
    }
    char *text = text_format("%s, %s", trades[t].collector, trades[t].knob);
    if (used) canvas_add_key(canvas, text, palette_collector(trades[t].collector), 1, 7, 0.8);
    free(text);
  }
}

static void put_texts(struct canvas *canvas, const struct dataset *dataset, const struct sheet *sheets, size_t count)
{
  size_t least = 0, most = 0;
  bool against_none = true;
  for (size_t s = 0; s < count; s++) {
    against_none &= sheets[s].against_none;
    for (size_t i = 0; i < dataset->cell_count; i++) {
      if (dataset->cells[i].subject == sheets[s].subject) parts_count_trials(&dataset->cells[i], &least, &most);
    }
  }
  canvas->title = text_copy("Total time against space");
  canvas->subtitle = text_format(
      "Time is relative to %s. Curve: one knob varied, its value at each point; larger dot: the default. "
      "Other collectors at their defaults. Bars: range over the trials.",
      against_none ? "the collector none, which never reclaims" : "none, or to the fastest where none was not run");
  parts_say_memory(canvas, dataset, NULL);
  put_keys(canvas, sheets, count);
  parts_foot(canvas, dataset, least, most, 0);
}

static void measure(const struct sheet *sheets, size_t count, struct axis *x, struct axis *y)
{
  *x = *y = AXIS_EMPTY;
  x->log = y->log = true;
  for (size_t s = 0; s < count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) {
      axis_include(x, sheets[s].points[i].bytes);
      axis_include(y, sheets[s].points[i].low);
      axis_include(y, sheets[s].points[i].high);
    }
  }
  axis_pad(x, 0.07, 0.10);
  axis_pad(y, 0.08, 0.10);
}

static enum figure_status draw(struct figure_job *job, const struct sheet *sheets, size_t count)
{
  struct canvas *canvas = canvas_new("timespace", "timespace");
  put_texts(canvas, job->dataset, sheets, count);
  struct axis x, y;
  measure(sheets, count, &x, &y);
  const size_t columns = count < 3 ? count : count == 4 ? 2 : 3, rows = (count + columns - 1) / columns;
  const double height = rows == 1 ? 380 : 270, left = 66, gap = 26;
  const double width = (CANVAS_WIDTH - left - 24 - gap * (double)(columns - 1)) / (double)columns;
  const double first = canvas_head_bottom(canvas) + 26;
  canvas->height = first + (height + 60) * (double)rows + 22;
  for (size_t s = 0; s < count; s++) {
    const size_t column = s % columns, row = s / columns;
    const double at_x = left + (double)column * (width + gap), at_y = first + (double)row * (height + 60);
    struct canvas_panel *panel = canvas_add_panel(canvas, at_x, at_x + width, at_y, at_y + height);
    panel->x = x;
    panel->y = y;
    axis_log_ticks(&panel->x, text_bytes_tick, 2, width / 2.2, CANVAS_TEXT_POINTS);
    axis_log_ticks(&panel->y, column == 0 ? ratio_tick : text_nothing, 10, height, CANVAS_TEXT_POINTS);
    panel->title = text_format("%s%s", job->dataset->subjects[sheets[s].subject].label,
                               sheets[s].against_none ? "" : " · relative to the fastest");
    if (s + columns >= count) panel->x_title = text_copy("peak heap");
    draw_panel(canvas, panel, &sheets[s]);
  }
  return parts_finish(job, canvas);
}

enum figure_status figure_timespace(struct figure_job *job)
{
  struct dataset *dataset = job->dataset;
  struct sweep_knob knobs[TRADES];
  for (size_t t = 0; t < TRADES; t++) knobs[t] = sweep_describe(dataset, trades[t].knob);
  struct sheet *sheets = text_allocate(dataset->subject_count * sizeof *sheets);
  size_t count = 0;
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    struct sheet *sheet = &sheets[count];
    sheet->subject = subject;
    sheet->base_ns = base_time(dataset, subject, &sheet->against_none);
    if (!gather_curves(dataset, sheet, knobs)) continue;
    gather_others(dataset, sheet);
    count++;
  }
  enum figure_status status = FIGURE_DRAWN;
  if (count > 0)
    status = draw(job, sheets, count);
  else
    status = parts_without_data(job,
                                "marksweep's growth_factor was not varied in campaign '%s'; 'gclab run thresholds' "
                                "varies it, or: gclab run -c none,marksweep -w gcbench --set growth_factor=1.2..4/6",
                                dataset->campaign_name);
  for (size_t s = 0; s < count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) free(sheets[s].points[i].label);
  }
  for (size_t t = 0; t < TRADES; t++) sweep_knob_free(&knobs[t]);
  free(sheets);
  return status;
}
