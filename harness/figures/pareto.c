/*
 * pareto: what can be had for what: every setting of a collector by three metrics, a row of two panels a workload.
 *
 * The first metric is upwards in both panels, the second and the third to the right.  Settings that no other of the same
 * collector beats in all three are filled and joined; the others are rings.  Of settings that were not all run in the same
 * blocks, as a search leaves them, the levels are compared (harness/analysis/levels.h).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/levels.h"
#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/stats/front.h"
#include "harness/text/text.h"

enum { METRICS = 3, PANELS = 2, SETTINGS_LEAST = 4, ROWS_MAX = 8, LABELS_MAX = 12, POINTS_MAX = 4096 };

struct point {
  const struct analysis_cell *cell;
  double values[METRICS];
  uint32_t colour;
  bool is_on_front, is_default, is_marked;
};

struct sheet {
  size_t subject;
  const struct metric *metrics[METRICS];
  struct point *points;
  size_t count;
};

/* ---- data ------------------------------------------------------------------------------------------------------- */

/* Which pause: the 99th percentile where most settings have enough pauses for it. */
static const struct metric *choose_pause(const struct analysis_cell *const *cells, size_t count)
{
  const struct metric *p99 = metric_find("p99_pause");
  size_t known = 0;
  for (size_t i = 0; i < count; i++) known += isnan(analysis_median(cells[i], p99)) ? 0 : 1;
  return 2 * known > count ? p99 : metric_find("max_pause");
}

static void mark_front(struct sheet *sheet, size_t from)
{
  const size_t count = sheet->count - from;
  struct front_point *known = text_allocate((count + 1) * sizeof *known);
  for (size_t i = 0; i < count; i++) {
    for (int m = 0; m < METRICS; m++) {
      const double value = sheet->points[from + i].values[m];
      known[i].goals[m] = sheet->metrics[m]->direction == METRIC_MORE ? -value : value;
    }
  }
  front_sort(known, count, METRICS);
  for (size_t i = 0; i < count; i++) sheet->points[from + i].is_on_front = known[i].layer == 0;
  free(known);
}

/* The settings of one series, where there are enough of them. */
static void add_series(const struct figure_job *job, struct sheet *sheet, const struct analysis_cell *const *cells,
                       size_t count)
{
  const size_t from = sheet->count;
  double *values[METRICS];
  for (int m = 0; m < METRICS; m++) {
    values[m] = text_allocate((count + 1) * sizeof *values[m]);
    levels_of(cells, count, sheet->metrics[m], values[m]);
  }
  for (size_t i = 0; i < count && sheet->count < POINTS_MAX; i++) {
    if (!(values[0][i] > 0 && values[1][i] > 0 && values[2][i] > 0)) continue;
    const struct dataset_cell *cell = cells[i]->cell;
    const char *marked = job->pareto != NULL ? job->pareto->marked_id : NULL;
    sheet->points[sheet->count++] = (struct point){.cell = cells[i],
                                                   .values = {values[0][i], values[1][i], values[2][i]},
                                                   .colour = palette_collector(cell->collector),
                                                   .is_default = cell->default_knobs,
                                                   .is_marked = marked != NULL && strcmp(marked, cell->id) == 0};
  }
  for (int m = 0; m < METRICS; m++) free(values[m]);
  if (sheet->count - from < SETTINGS_LEAST)
    sheet->count = from;
  else
    mark_front(sheet, from);
}

static void choose_metrics(const struct figure_job *job, struct sheet *sheet, const struct analysis_cell *const *cells,
                           size_t count)
{
  sheet->metrics[0] = choose_pause(cells, count);
  sheet->metrics[1] = metric_find("wall");
  sheet->metrics[2] = metric_find("peak_heap");
  for (size_t m = 0; job->pareto != NULL && m < METRICS; m++) sheet->metrics[m] = job->pareto->metrics[m];
}

static bool gather(const struct figure_job *job, const struct analysis *analysis, size_t subject, struct sheet *sheet)
{
  const struct analysis_cell **cells =
      (const struct analysis_cell **)text_allocate((analysis->cell_count + 1) * sizeof(void *));
  *sheet = (struct sheet){.subject = subject, .points = text_allocate(POINTS_MAX * sizeof *sheet->points)};
  for (size_t s = 0; s < job->dataset->series_count; s++) {
    size_t count = 0;
    for (size_t i = 0; i < analysis->cell_count; i++) {
      const struct analysis_cell *cell = &analysis->cells[i];
      if (cell->cell->subject == subject && cell->cell->series == s && cell->ok_count > 0) cells[count++] = cell;
    }
    if (count < SETTINGS_LEAST) continue;
    if (sheet->count == 0) choose_metrics(job, sheet, cells, count);
    add_series(job, sheet, cells, count);
  }
  free((void *)cells);
  if (sheet->count == 0) free(sheet->points);
  return sheet->count > 0;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void set_ticks(struct axis *axis, const struct metric *metric, double length_px)
{
  axis_formatter *format = metric->unit == METRIC_NS      ? text_duration_tick
                           : metric->unit == METRIC_BYTES ? text_bytes_tick
                                                          : text_short;
  axis->unit = metric->unit == METRIC_NS ? "ns" : metric->unit == METRIC_BYTES ? "bytes" : NULL;
  axis_log_ticks(axis, format, metric->unit == METRIC_BYTES ? 2 : 10, length_px, CANVAS_TEXT_POINTS);
}

static int by_x(const void *a, const void *b)
{
  const double *x = a, *y = b;
  return (x[0] > y[0]) - (x[0] < y[0]);
}

/* What nothing beats in the two metrics of a panel, as steps: between two settings there is nothing to be had. */
static void draw_steps(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet, int across)
{
  double(*steps)[2] = text_allocate((sheet->count + 1) * sizeof *steps);
  size_t count = 0;
  for (size_t i = 0; i < sheet->count; i++) {
    if (!sheet->points[i].is_on_front) continue;
    steps[count][0] = sheet->points[i].values[across];
    steps[count++][1] = sheet->points[i].values[0];
  }
  qsort(steps, count, sizeof *steps, by_x);
  canvas_block(canvas, panel, CANVAS_LINES, palette_tint(sheet->points[0].colour, 0.6));
  double least = INFINITY;
  for (size_t i = 0; i < count; i++) {
    if (steps[i][1] >= least) continue;
    if (isfinite(least)) canvas_row(canvas, "%.9g %.9g", steps[i][0], least);
    least = steps[i][1];
    canvas_row(canvas, "%.9g %.9g", steps[i][0], least);
  }
  free(steps);
}

static bool is_one_series(const struct sheet *sheet)
{
  for (size_t i = 1; i < sheet->count; i++) {
    if (sheet->points[i].cell->cell->series != sheet->points[0].cell->cell->series) return false;
  }
  return true;
}

static bool is_better_by_both(const struct sheet *sheet)
{
  return sheet->metrics[0]->direction != METRIC_MORE && sheet->metrics[1]->direction != METRIC_MORE &&
         sheet->metrics[2]->direction != METRIC_MORE;
}

static void draw_points(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet, int across)
{
  bool any = false;
  for (size_t i = 0; i < sheet->count; i++)
    any |= !sheet->points[i].is_on_front || sheet->points[i].is_default || sheet->points[i].is_marked;
  if (any) canvas_block(canvas, panel, CANVAS_RINGS, 0);
  for (size_t i = 0; i < sheet->count; i++) {
    const struct point *point = &sheet->points[i];
    if (!point->is_on_front)
      canvas_row(canvas, "%.9g %.9g %u 0.5", point->values[across], point->values[0],
                 palette_tint(point->colour, 0.55));
    if (point->is_default)
      canvas_row(canvas, "%.9g %.9g %u 1.8", point->values[across], point->values[0], (unsigned)PALETTE_INK);
    if (point->is_marked)
      canvas_row(canvas, "%.9g %.9g %u 1.8", point->values[across], point->values[0], (unsigned)PALETTE_VERMILION);
  }
  canvas_block(canvas, panel, CANVAS_DOTS, 0);
  for (size_t i = 0; i < sheet->count; i++) {
    const struct point *point = &sheet->points[i];
    if (point->is_on_front)
      canvas_row(canvas, "%.9g %.9g %u 0.8", point->values[across], point->values[0], point->colour);
  }
}

/* "5000 20 10": the values of the knobs in which the sheet's cells differ. */
static char *label_of(const struct sheet *sheet, const struct point *point)
{
  char *text = NULL;
  const struct dataset_cell *cell = point->cell->cell;
  for (size_t k = 0; k < cell->knob_count; k++) {
    bool differs = false;
    for (size_t i = 0; i < sheet->count && !differs; i++) {
      const struct dataset_cell *other = sheet->points[i].cell->cell;
      differs = other->series == cell->series && strcmp(other->knobs[k].text, cell->knobs[k].text) != 0;
    }
    if (differs) text_append(&text, "%s%s", text != NULL ? ", " : "", cell->knobs[k].text);
  }
  return text != NULL ? text : text_copy("");
}

static bool is_important(const struct point *point) { return point->is_default || point->is_marked; }

static bool is_prominent(const struct point *point) { return point->is_on_front || is_important(point); }

static uint32_t label_colour(const struct point *point)
{
  if (point->is_marked) return PALETTE_VERMILION;
  return point->is_default ? PALETTE_INK : palette_text(point->colour);
}

static bool overlap(const struct axis_label *a, const struct axis_label *b)
{
  return a->at_x < b->at_x + b->width && b->at_x < a->at_x + a->width && fabs(a->at_y - b->at_y) < a->height;
}

/* Where there is no room, a label is left out: first those that matter, then the others in their order. */
static bool is_free(const struct axis_label *labels, const struct point *const *points, char *const *texts,
                    size_t count, size_t which)
{
  for (size_t i = 0; i < count; i++) {
    const bool comes_first =
        is_important(points[i]) != is_important(points[which]) ? is_important(points[i]) : i < which;
    if (comes_first && texts[i] != NULL && overlap(&labels[i], &labels[which])) return false;
  }
  return true;
}

/* Labels of the default, of what is marked, and of the front as far as there is room, evenly taken; none on another. */
static void put_labels(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet, int across)
{
  struct axis_label *labels = text_allocate((sheet->count + 1) * sizeof *labels);
  char **texts = text_allocate((sheet->count + 1) * sizeof *texts);
  const struct point **points = (const struct point **)text_allocate((sheet->count + 1) * sizeof(void *));
  size_t front = 0, count = 0;
  for (size_t i = 0; i < sheet->count; i++) front += sheet->points[i].is_on_front ? 1 : 0;
  const size_t stride = front > LABELS_MAX ? (front + LABELS_MAX - 1) / LABELS_MAX : 1;
  for (size_t i = 0; i < sheet->count; i++) {
    const struct point *point = &sheet->points[i];
    if (!is_prominent(point)) continue;
    const bool is_taken = count % stride == 0 || is_important(point);
    points[count] = point;
    texts[count] = is_taken ? label_of(sheet, point) : NULL;
    labels[count] = (struct axis_label){.x = canvas_x_px(panel, point->values[across]),
                                        .y = canvas_y_px(panel, point->values[0]),
                                        .width = is_taken ? text_width_px(texts[count], CANVAS_NOTE_POINTS) : 0,
                                        .height = is_taken ? 14 : 0};
    count++;
  }
  axis_place_labels(labels, count, panel->left + 4, panel->right - 2, panel->top, panel->bottom - 4);
  for (size_t i = 0; i < count; i++) {
    if (texts[i] != NULL && is_free(labels, points, texts, count, i))
      canvas_side_text(canvas, panel, labels[i].at_x, labels[i].at_y, 'l', CANVAS_NOTE_POINTS, label_colour(points[i]),
                       texts[i]);
  }
  for (size_t i = 0; i < count; i++) free(texts[i]);
  free((void *)points);
  free(texts);
  free(labels);
}

static void draw_panel(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet, int across)
{
  panel->x = panel->y = AXIS_EMPTY;
  panel->x.log = panel->y.log = true;
  for (size_t i = 0; i < sheet->count; i++) {
    axis_include(&panel->x, sheet->points[i].values[across]);
    axis_include(&panel->y, sheet->points[i].values[0]);
  }
  axis_pad(&panel->x, 0.06, 0.12);
  axis_pad(&panel->y, 0.08, 0.08);
  set_ticks(&panel->x, sheet->metrics[across], (panel->right - panel->left) / 1.6);
  set_ticks(&panel->y, sheet->metrics[0], panel->bottom - panel->top);
  panel->x_title = text_copy(sheet->metrics[across]->title);
  if (is_one_series(sheet) && is_better_by_both(sheet)) draw_steps(canvas, panel, sheet, across);
  draw_points(canvas, panel, sheet, across);
  put_labels(canvas, panel, sheet, across);
}

/* ---- the figure ------------------------------------------------------------------------------------------------- */

/* The knobs whose values stand at the points, "threshold0, threshold1, threshold2". */
static char *knob_names(const struct sheet *sheet)
{
  char *text = NULL;
  const struct dataset_cell *cell = sheet->points[0].cell->cell;
  for (size_t k = 0; k < cell->knob_count; k++) {
    bool differs = false;
    for (size_t i = 1; i < sheet->count && !differs; i++) {
      const struct dataset_cell *other = sheet->points[i].cell->cell;
      differs = other->series == cell->series && strcmp(other->knobs[k].text, cell->knobs[k].text) != 0;
    }
    if (differs) text_append(&text, "%s%s", text != NULL ? ", " : "", cell->knobs[k].name);
  }
  return text != NULL ? text : text_copy("settings");
}

static void put_texts(struct canvas *canvas, const struct figure_job *job, const struct sheet *sheets, size_t count)
{
  size_t least = 0, most = 0;
  for (size_t s = 0; s < count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) parts_count_trials(sheets[s].points[i].cell->cell, &least, &most);
  }
  char *knobs = count == 1 ? knob_names(&sheets[0]) : text_copy("the knobs that were varied");
  char *metrics_shown = count > 1 ? text_copy("what the two panels show")
                                  : text_format("%s, %s and %s", sheets[0].metrics[0]->title,
                                                sheets[0].metrics[1]->title, sheets[0].metrics[2]->title);
  canvas->title = text_copy("What can be had for what");
  canvas->subtitle =
      text_format("Every setting that was run, by %s. Filled: no other setting of the same collector is as "
                  "good in all three of %s. Levels are over the blocks that a setting was in.",
                  knobs, metrics_shown);
  free(metrics_shown);
  free(knobs);
  canvas_add_key(canvas, "the default", PALETTE_INK, 0, 6, 1.8);
  if (job->pareto != NULL && job->pareto->marked_id != NULL)
    canvas_add_key(canvas, job->pareto->mark, PALETTE_VERMILION, 0, 6, 1.8);
  bool *wanted = text_allocate((job->dataset->series_count + 1) * sizeof *wanted);
  for (size_t s = 0; s < job->dataset->series_count; s++) wanted[s] = false;
  for (size_t s = 0; s < count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) wanted[sheets[s].points[i].cell->cell->series] = true;
  }
  for (size_t s = 0; s < job->dataset->series_count; s++) {
    if (wanted[s])
      canvas_add_key(canvas, job->dataset->series[s].label, palette_collector(job->dataset->series[s].collector), 0, 7,
                     0.8);
  }
  free(wanted);
  parts_foot(canvas, job->dataset, least, most, 0);
}

static enum figure_status draw(struct figure_job *job, const struct sheet *sheets, size_t count)
{
  static const double left = 84, gap = 74, height = 330, between = 76;
  struct canvas *canvas =
      canvas_new(job->pareto != NULL && job->pareto->file != NULL ? job->pareto->file : "pareto", "pareto");
  put_texts(canvas, job, sheets, count);
  const double first = canvas_head_bottom(canvas) + 26, width = (CANVAS_WIDTH - left - gap - 24) / PANELS;
  canvas->height = first + (height + between) * (double)count + 10;
  for (size_t s = 0; s < count; s++) {
    for (int p = 0; p < PANELS; p++) {
      const double at_x = left + p * (width + gap), at_y = first + (double)s * (height + between);
      struct canvas_panel *panel = canvas_add_panel(canvas, at_x, at_x + width, at_y, at_y + height);
      panel->title = text_format("%s · %s against %s", job->dataset->subjects[sheets[s].subject].label,
                                 sheets[s].metrics[0]->title, sheets[s].metrics[p + 1]->title);
      draw_panel(canvas, panel, &sheets[s], p + 1);
    }
  }
  return parts_finish(job, canvas);
}

enum figure_status figure_pareto(struct figure_job *job)
{
  const struct analysis *analysis = figure_job_analysis(job);
  if (analysis == NULL) return FIGURE_FAILED;
  struct sheet sheets[ROWS_MAX];
  size_t count = 0;
  for (size_t subject = 0; subject < job->dataset->subject_count && count < ROWS_MAX; subject++)
    count += gather(job, analysis, subject, &sheets[count]);
  if (count == 0)
    return parts_without_data(job,
                              "no collector of campaign '%s' has %d settings with pauses on one workload; 'gclab tune "
                              "COLLECTOR -w WORKLOAD' finds a front, and so does a sweep: gclab run thresholds",
                              job->dataset->campaign_name, SETTINGS_LEAST);
  const enum figure_status status = draw(job, sheets, count);
  for (size_t s = 0; s < count; s++) free(sheets[s].points);
  return status;
}
