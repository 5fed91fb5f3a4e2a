#include "harness/figures/curves.h"

#include <math.h>
#include <stdlib.h>

#include "harness/figures/palette.h"
#include "harness/text/text.h"

struct curve *curve_add(struct curve_sheet *sheet, uint32_t colour, enum canvas_layer layer, size_t room,
                        const char *label)
{
  if (sheet->count == CURVES_MAX) return NULL;
  struct curve *curve = &sheet->curves[sheet->count++];
  *curve = (struct curve){.colour = colour,
                          .layer = layer,
                          .x = text_allocate(room * sizeof *curve->x),
                          .y = text_allocate(room * sizeof *curve->y),
                          .label = label != NULL ? text_copy(label) : NULL};
  return curve;
}

void curve_put(struct curve *curve, double x, double y)
{
  curve->x[curve->count] = x;
  curve->y[curve->count++] = y;
}

void curve_with_intervals(struct curve *curve, size_t room)
{
  curve->low = text_allocate(room * sizeof *curve->low);
  curve->high = text_allocate(room * sizeof *curve->high);
}

void curve_put_interval(struct curve *curve, double x, double y, double low, double high)
{
  curve->low[curve->count] = low;
  curve->high[curve->count] = high;
  curve_put(curve, x, y);
}

void curves_measure(const struct curve_sheet *sheets, size_t count, struct axis *x, struct axis *y)
{
  for (size_t s = 0; s < count; s++) {
    for (size_t c = 0; c < sheets[s].count; c++) {
      const struct curve *curve = &sheets[s].curves[c];
      for (size_t i = 0; i < curve->count; i++) {
        axis_include(x, curve->x[i]);
        axis_include(y, curve->y[i]);
      }
    }
  }
}

void curves_log_log(const struct curve_sheet *sheets, size_t count, struct curve_figure *figure)
{
  figure->x = figure->y = AXIS_EMPTY;
  figure->x.log = figure->y.log = true;
  curves_measure(sheets, count, &figure->x, &figure->y);
  axis_pad(&figure->y, 0.04, 0.06);
}

static bool is_drawn(const struct curve *curve, size_t i) { return isfinite(curve->x[i]) && isfinite(curve->y[i]); }

static size_t count_drawn(const struct curve *curve)
{
  size_t n = 0;
  for (size_t i = 0; i < curve->count; i++) n += is_drawn(curve, i);
  return n;
}

/* Is the point in the frame, or the last in front of it, from where a line or band enters? */
static bool is_inside(const struct canvas_panel *panel, const struct curve *curve, size_t i)
{
  return is_drawn(curve, i) && (i + 1 == curve->count || curve->x[i + 1] >= panel->x.low);
}

/*
 * Would the absence of a line's point be seen?  On a level stretch the ends are enough.
 */
static bool is_vertex(const struct canvas_panel *panel, const struct curve *curve, size_t i)
{
  const double level_px = 0.3;
  if (!is_inside(panel, curve, i)) return false;
  if (i == 0 || i + 1 == curve->count || !is_drawn(curve, i - 1) || !is_drawn(curve, i + 1)) return true;
  const double before = canvas_y_px(panel, curve->y[i - 1]), here = canvas_y_px(panel, curve->y[i]);
  return fabs(before - here) > level_px || fabs(canvas_y_px(panel, curve->y[i + 1]) - here) > level_px;
}

/* An interval may reach far beyond what there is to see. */
static double clip(double value, const struct axis *axis) { return fmin(fmax(value, axis->low), axis->high); }

static void put_band(struct canvas *canvas, struct canvas_panel *panel, const struct curve *curve)
{
  canvas_block(canvas, panel, CANVAS_BANDS, curve->colour);
  for (size_t i = 0; i < curve->count; i++) {
    if (is_inside(panel, curve, i) && isfinite(curve->low[i]))
      canvas_row(canvas, "%.6g %.6g %.6g", curve->x[i], clip(curve->low[i], &panel->y),
                 clip(curve->high[i], &panel->y));
  }
}

/* Vertical bars of intervals. */
static void put_bars(struct canvas *canvas, struct canvas_panel *panel, const struct curve *curve)
{
  canvas_block(canvas, panel, CANVAS_RULES, 0);
  for (size_t i = 0; i < curve->count; i++) {
    if (!is_drawn(curve, i) || !isfinite(curve->low[i])) continue;
    const double low = clip(curve->low[i], &panel->y), high = clip(curve->high[i], &panel->y);
    canvas_row(canvas, "%.6g %.6g 0 %.6g %u", curve->x[i], low, high - low, curve->colour);
  }
}

static void put_points(struct canvas *canvas, struct canvas_panel *panel, const struct curve *curve,
                       enum canvas_layer layer, double size)
{
  canvas_block(canvas, panel, layer, curve->colour);
  for (size_t i = 0; i < curve->count; i++) {
    if (is_drawn(curve, i)) canvas_row(canvas, "%.6g %.6g %u %g", curve->x[i], curve->y[i], curve->colour, size);
  }
}

static bool has_interval(const struct curve *curve)
{
  for (size_t i = 0; curve->low != NULL && i < curve->count; i++) {
    if (is_drawn(curve, i) && isfinite(curve->low[i])) return true;
  }
  return false;
}

static void put_curve(struct canvas *canvas, struct canvas_panel *panel, const struct curve *curve)
{
  if (count_drawn(curve) == 0) return;
  const bool has_points = curve->layer == CANVAS_DOTS || curve->layer == CANVAS_RINGS;
  if (has_interval(curve)) {
    if (has_points || curve->with_dots)
      put_bars(canvas, panel, curve);
    else
      put_band(canvas, panel, curve);
  }
  if (has_points) {
    put_points(canvas, panel, curve, curve->layer, curve->low != NULL ? 0.9 : 0.35);
    return;
  }
  canvas_block(canvas, panel, curve->layer, curve->colour);
  for (size_t i = 0; i < curve->count; i++) {
    if (is_vertex(panel, curve, i)) canvas_row(canvas, "%.6g %.6g", curve->x[i], curve->y[i]);
  }
  if (curve->with_dots) put_points(canvas, panel, curve, CANVAS_DOTS, 0.8);
}

static void put_labels(struct canvas *canvas, struct canvas_panel *panel, const struct curve_sheet *sheet)
{
  struct parts_label labels[CURVES_MAX];
  size_t n = 0;
  for (size_t c = 0; c < sheet->count; c++) {
    const struct curve *curve = &sheet->curves[c];
    size_t last = curve->count;
    while (last > 0 && !is_drawn(curve, last - 1)) last--;
    if (curve->label == NULL || last == 0) continue;
    const double y = fmin(fmax(curve->y[last - 1], panel->y.low), panel->y.high);
    labels[n++] = (struct parts_label){curve->label, curve->colour, canvas_y_px(panel, y)};
  }
  parts_end_labels(canvas, panel, labels, n);
}

static void draw_panel(struct canvas *canvas, struct canvas_panel *panel, const struct curve_figure *figure,
                       const struct curve_sheet *sheet)
{
  if (figure->rule_y >= panel->y.low && figure->rule_y <= panel->y.high) {
    canvas_block(canvas, panel, CANVAS_RULES, PALETTE_GREY);
    canvas_row(canvas, "%.9g %.9g %.9g 0 %u", panel->x.low, figure->rule_y, panel->x.high - panel->x.low, PALETTE_GREY);
  }
  for (size_t c = 0; c < sheet->count; c++) put_curve(canvas, panel, &sheet->curves[c]);
  put_labels(canvas, panel, sheet);
}

static struct axis copy_axis(const struct axis *axis)
{
  struct axis copy = *axis;
  copy.ticks = NULL;
  return copy;
}

enum figure_status curves_draw(struct figure_job *job, struct curve_figure *figure, const struct curve_sheet *sheets,
                               size_t count, const bool *series_drawn)
{
  struct canvas *canvas = canvas_new(figure->name, "curves");
  canvas->title = text_copy(figure->title);
  canvas->subtitle = text_copy(figure->subtitle);
  parts_say_memory(canvas, job->dataset, series_drawn);
  parts_foot(canvas, job->dataset, figure->least_trials, figure->most_trials, figure->pauses);
  const size_t columns = count == 1 ? 1 : 2, rows = (count + columns - 1) / columns;
  const double height = rows == 1 ? 400 : 270, label_width = 134, gap = 30, left = 82;
  const double width =
      (CANVAS_WIDTH - left - 10 - label_width * (double)columns - gap * (double)(columns - 1)) / (double)columns;
  const double first = canvas_head_bottom(canvas) + 26;
  canvas->height = first + (height + 62) * (double)rows + 22;
  for (size_t s = 0; s < count; s++) {
    const size_t column = s % columns, row = s / columns;
    const double at_x = left + (double)column * (width + label_width + gap);
    const double at_y = first + (double)row * (height + 62);
    struct canvas_panel *panel = canvas_add_panel(canvas, at_x, at_x + width, at_y, at_y + height);
    panel->x = copy_axis(&figure->x);
    panel->y = copy_axis(&figure->y);
    figure->x_ticks(&panel->x, width);
    figure->y_ticks(&panel->y, height, column == 0);
    panel->title = text_copy(sheets[s].title);
    if (s + columns >= count) panel->x_title = text_copy(figure->x_title);
    draw_panel(canvas, panel, figure, &sheets[s]);
  }
  char *const texts[] = {figure->name, figure->title, figure->subtitle, figure->x_title};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) free(texts[i]);
  return parts_finish(job, canvas);
}

enum figure_status curves_of_subjects(struct figure_job *job, const struct curve_kind *kind, const void *context)
{
  const struct dataset *dataset = job->dataset;
  struct curve_sheet *sheets = text_allocate((dataset->subject_count + 1) * sizeof *sheets);
  bool *drawn = text_allocate((dataset->series_count + 1) * sizeof *drawn);
  struct curve_figure figure = {.rule_y = NAN};
  size_t count = 0;
  enum figure_status status = FIGURE_DRAWN;
  for (size_t subject = 0; subject < dataset->subject_count && status == FIGURE_DRAWN; subject++) {
    struct curve_sheet *sheet = &sheets[count];
    if (!kind->load(job, context, subject, sheet, drawn, &figure)) status = FIGURE_FAILED;
    if (sheet->count > 0 && sheet->title == NULL) sheet->title = text_copy(dataset->subjects[subject].label);
    count += sheet->count > 0;
  }
  if (status == FIGURE_DRAWN && count == 0) {
    status = parts_without_data(job, "campaign '%s' %s", dataset->campaign_name, kind->without);
  } else if (status == FIGURE_DRAWN) {
    kind->describe(job, context, sheets, count, drawn, &figure);
    status = curves_draw(job, &figure, sheets, count, drawn);
  }
  curves_free(sheets, dataset->subject_count);
  free(drawn);
  return status;
}

void curves_free(struct curve_sheet *sheets, size_t count)
{
  for (size_t s = 0; s < count; s++) {
    for (size_t c = 0; c < sheets[s].count; c++) {
      struct curve *curve = &sheets[s].curves[c];
      free(curve->x);
      free(curve->y);
      free(curve->low);
      free(curve->high);
      free(curve->label);
    }
    free(sheets[s].title);
  }
  free(sheets);
}

/* ---- ticks ------------------------------------------------------------------------------------------------------ */

void curves_duration_ticks(struct axis *axis, double length_px)
{
  axis_log_ticks(axis, text_duration_tick, 10, length_px, CANVAS_TEXT_POINTS);
}

void curves_time_ticks(struct axis *axis, double length_px, bool texts) { parts_time_ticks(axis, length_px, texts); }

void curves_share_ticks(struct axis *axis, double length_px, bool texts)
{
  (void)length_px;
  for (int percent = 0; percent <= 100; percent += 20) {
    char text[TEXT_NUMBER_MAX];
    snprintf(text, sizeof text, "%d %%", percent);
    axis_tick(axis, percent / 100.0, texts ? text : "");
  }
}

void curves_percentile_ticks(struct axis *axis, double length_px)
{
  static const struct {
    double x;
    const char *text;
  } ticks[] = {{1, "0"},       {2, "50"},       {10, "90"},       {100, "99"},      {1000, "99.9"},
               {1e4, "99.99"}, {1e5, "99.999"}, {1e6, "99.9999"}, {1e7, "99.99999"}};
  const bool is_narrow = length_px <= 500 && axis->high > 1e6;
  for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++) {
    if (ticks[i].x > axis->high) break;
    axis_tick(axis, ticks[i].x, is_narrow && ticks[i].x == 2 ? "" : ticks[i].text);
  }
}
