/*
 * percentiles: pause percentiles on a 1 / (1 - q) axis, a panel a workload, a line a collector at its default knobs.
 *
 * A line ends where fewer than ten pauses lie beyond it; the longest pause is a dot where it would stand, at n, and a
 * dotted line leads there.  Below the floor nothing is drawn but the floor.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/curves.h"
#include "harness/figures/palette.h"
#include "harness/text/text.h"

enum { SERIES_MAX = 32 };

struct percentile_curve {
  size_t series;
  size_t n;
  uint64_t longest;
  struct stats_point *points;
  size_t count;
};

struct sheet {
  size_t subject;
  struct percentile_curve curves[SERIES_MAX];
  size_t count;
};

static bool load_curve(struct dataset *dataset, const struct dataset_cell *cell, struct sheet *sheet)
{
  struct stats_distribution distribution;
  if (!dataset_distribution(dataset, cell, PAUSE_ALL, &distribution)) return false;
  struct percentile_curve *curve = &sheet->curves[sheet->count];
  *curve = (struct percentile_curve){.series = cell->series, .n = stats_distribution_count(&distribution)};
  if (distribution.n > 0) {
    curve->points = text_allocate(STATS_THIN_POINTS * sizeof *curve->points);
    curve->count = stats_distribution_thin(&distribution, curve->points, STATS_THIN_POINTS);
    curve->longest = distribution.sorted[distribution.n - 1];
    sheet->count++;
  }
  stats_distribution_free(&distribution);
  return true;
}

static void put_curve(struct canvas *canvas, struct canvas_panel *panel, const struct dataset *dataset,
                      const struct percentile_curve *curve)
{
  const uint32_t colour = palette_collector(dataset->series[curve->series].collector);
  const struct stats_point *last = NULL;
  for (size_t i = 0; i < curve->count; i++) {
    const struct stats_point *point = &curve->points[i];
    if (point->below_floor) continue;
    if (last == NULL) canvas_block(canvas, panel, CANVAS_LINES, colour);
    canvas_row(canvas, "%.6g %.9g", point->x, (double)point->value);
    last = point;
  }
  if (last != NULL) {
    canvas_block(canvas, panel, CANVAS_DOTTED, colour);
    canvas_row(canvas, "%.6g %.9g", last->x, (double)last->value);
    canvas_row(canvas, "%.6g %.9g", (double)curve->n, (double)curve->longest);
  }
  canvas_block(canvas, panel, CANVAS_DOTS, colour);
  canvas_row(canvas, "%.6g %.9g %u %g", (double)curve->n, (double)curve->longest, colour, 0.8);
}

static void draw_panel(struct canvas *canvas, struct canvas_panel *panel, const struct dataset *dataset,
                       const struct sheet *sheet)
{
  struct parts_label labels[SERIES_MAX];
  bool any_short = false;
  for (size_t i = 0; i < sheet->count; i++) {
    const struct percentile_curve *curve = &sheet->curves[i];
    put_curve(canvas, panel, dataset, curve);
    labels[i] = (struct parts_label){.text = dataset->series[curve->series].label,
                                     .colour = palette_collector(dataset->series[curve->series].collector),
                                     .y_px = canvas_y_px(panel, (double)curve->longest)};
    any_short |= curve->count > 0 && curve->points[0].below_floor;
  }
  parts_end_labels(canvas, panel, labels, sheet->count);
  const double floor = (double)dataset->floor_ns;
  if (!any_short || floor < panel->y.low || floor > panel->y.high) return;
  canvas_block(canvas, panel, CANVAS_RULES, PALETTE_GREY);
  canvas_row(canvas, "%.9g %.9g %.9g 0 %u", panel->x.low, floor, panel->x.high - panel->x.low, PALETTE_GREY);
  char number[TEXT_NUMBER_MAX];
  char *text = text_format("floor %s: shorter cascades are only counted", text_duration_tick(floor, number));
  canvas_block(canvas, panel, CANVAS_NOTES, 0);
  canvas_text(canvas, canvas_x_at(panel, panel->left + 8), canvas_y_at(panel, canvas_y_px(panel, floor) + 9), text,
              PALETTE_GREY);
  free(text);
}

static void measure(const struct dataset *dataset, const struct sheet *sheets, size_t count, struct axis *x,
                    struct axis *y)
{
  *x = AXIS_EMPTY;
  *y = AXIS_EMPTY;
  x->log = y->log = true;
  axis_include(x, 1);
  for (size_t s = 0; s < count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) {
      const struct percentile_curve *curve = &sheets[s].curves[i];
      axis_include(x, (double)curve->n);
      axis_include(y, (double)curve->longest);
      for (size_t k = 0; k < curve->count; k++) {
        axis_include(y, (double)(curve->points[k].below_floor ? dataset->floor_ns * 3 / 4 : curve->points[k].value));
      }
    }
  }
  axis_pad(x, 0, 0.05);
  axis_pad(y, 0.04, 0.06);
}

/* Subjects without a panel, as far as they are phases: " No pauses in read, check."; "" where there are none. */
static char *list_without_pauses(const struct dataset *dataset, const struct sheet *sheets, size_t count)
{
  char *list = NULL;
  for (size_t subject = 0; subject < dataset->subject_count && dataset->view != DATASET_WHOLE; subject++) {
    bool drawn = false;
    for (size_t s = 0; s < count && !drawn; s++) drawn = sheets[s].subject == subject;
    if (!drawn) text_append(&list, "%s%s", list == NULL ? " No pauses in " : ", ", dataset->subjects[subject].label);
  }
  if (list == NULL) return text_copy("");
  text_append(&list, ".");
  return list;
}

static enum figure_status draw(struct figure_job *job, const struct sheet *sheets, size_t count, const bool *drawn,
                               size_t least, size_t most)
{
  struct dataset *dataset = job->dataset;
  struct canvas *canvas = canvas_new("percentiles", "percentiles");
  char *collectors = parts_collectors(dataset, drawn);
  char *trials = parts_pooled(least, most), *calm = list_without_pauses(dataset, sheets, count);
  canvas->title = text_copy("Pause percentiles");
  canvas->subtitle =
      text_format("%s at default knobs. Collections, increments, sweep slices and cascades alike, of %s. A line "
                  "ends where fewer than ten pauses are longer; dot: the longest.%s",
                  collectors, trials, calm);
  free(calm);
  parts_say_memory(canvas, dataset, drawn);
  free(trials);
  free(collectors);
  uint64_t pauses = 0;
  for (size_t s = 0; s < count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) pauses += sheets[s].curves[i].n;
  }
  parts_foot(canvas, dataset, least, most, pauses);
  struct axis x, y;
  measure(dataset, sheets, count, &x, &y);
  const size_t columns = count == 1 ? 1 : 2, rows = (count + columns - 1) / columns;
  const double height = rows == 1 ? 400 : 280, label_width = 134, gap = 30;
  const double left = 82,
               width = (CANVAS_WIDTH - left - 10 - label_width * (double)columns - gap * (double)(columns - 1)) /
                       (double)columns;
  const double first = canvas_head_bottom(canvas) + 26;
  canvas->height = first + (height + 62) * (double)rows + 22;
  for (size_t s = 0; s < count; s++) {
    const size_t column = s % columns, row = s / columns;
    const double at_x = left + (double)column * (width + label_width + gap);
    const double at_y = first + (double)row * (height + 62);
    struct canvas_panel *panel = canvas_add_panel(canvas, at_x, at_x + width, at_y, at_y + height);
    panel->x = x;
    panel->y = y;
    curves_percentile_ticks(&panel->x, width);
    parts_time_ticks(&panel->y, height, column == 0);
    panel->title = text_copy(dataset->subjects[sheets[s].subject].label);
    if (s + columns >= count) panel->x_title = text_copy("percentile of pauses");
    draw_panel(canvas, panel, dataset, &sheets[s]);
  }
  return parts_finish(job, canvas);
}

enum figure_status figure_percentiles(struct figure_job *job)
{
  struct dataset *dataset = job->dataset;
  struct sheet *sheets = text_allocate(dataset->subject_count * sizeof *sheets);
  bool *drawn = text_allocate(dataset->series_count * sizeof *drawn);
  size_t count = 0, least = 0, most = 0;
  enum figure_status status = FIGURE_DRAWN;
  for (size_t subject = 0; subject < dataset->subject_count && status == FIGURE_DRAWN; subject++) {
    struct sheet *sheet = &sheets[count];
    sheet->subject = subject;
    for (size_t s = 0; s < dataset->series_count && status == FIGURE_DRAWN; s++) {
      const struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
      if (cell == NULL || cell->ok_count == 0 || !dataset->series[s].main_allocator || sheet->count == SERIES_MAX)
        continue;
      const size_t before = sheet->count;
      if (!load_curve(dataset, cell, sheet)) status = FIGURE_FAILED;
      if (sheet->count == before) continue;
      drawn[s] = true;
      parts_count_trials(cell, &least, &most);
    }
    if (sheet->count > 0) count++;
  }
  if (status == FIGURE_DRAWN && count == 0)
    status = parts_without_data(job, "campaign '%s' has no pauses at default knobs; 'gclab run quick' measures some",
                                dataset->campaign_name);
  else if (status == FIGURE_DRAWN)
    status = draw(job, sheets, count, drawn, least, most);
  for (size_t s = 0; s < dataset->subject_count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) free(sheets[s].curves[i].points);
  }
  free(sheets);
  free(drawn);
  return status;
}
