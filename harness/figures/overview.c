/*
 * overview: the whole matrix at default knobs.  A row of panels a workload; in each a line a collector: total time and
 * the share of it in the collector as bars from zero, the longest pause and the peak heap as dots on log axes.
 * Values are medians over trials, written beside their mark; whiskers are the range over trials.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/text/text.h"

enum { SERIES_MAX = 48, MEASURES = 4, LINE_PX = 23 };

struct entry {
  size_t series;
  const struct dataset_cell *cell;
};

struct sheet {
  size_t subject;
  struct entry entries[SERIES_MAX];
  size_t count;
};

static double longest_pause(const struct dataset_trial *trial);

static char *percent(double share, char *text)
{
  snprintf(text, TEXT_NUMBER_MAX, share > 0 && share < 0.0995 ? "%.1f %%" : "%.0f %%", share * 100);
  return text;
}

static const struct measure {
  const char *title;
  dataset_scalar *scalar;
  axis_formatter *format;
  bool log;
} measures[MEASURES] = {
    {"total time", dataset_wall_ns, text_duration, false},
    {"share of it in the collector", dataset_gc_share, percent, false},
    {"longest pause", longest_pause, text_duration, true},
    {"peak heap", dataset_peak_heap, text_bytes, true},
};

static double longest_pause(const struct dataset_trial *trial)
{
  return trial->pause_max_ns > 0 ? (double)trial->pause_max_ns : NAN;
}

static void measure_axis(const struct sheet *sheets, size_t count, const struct measure *measure, struct axis *axis)
{
  *axis = AXIS_EMPTY;
  axis->log = measure->log;
  if (!measure->log) axis_include(axis, 0);
  for (size_t s = 0; s < count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) {
      const struct stats_spread spread = dataset_spread(sheets[s].entries[i].cell, measure->scalar);
      if (spread.n == 0 || (measure->log && spread.minimum <= 0)) continue;
      axis_include(axis, spread.minimum);
      axis_include(axis, spread.maximum);
    }
  }
  if (axis_is_empty(axis)) *axis = (struct axis){.low = 1, .high = 10, .log = measure->log};
  if (!measure->log) axis->high = axis->high > 0 ? axis->high : 1;
  axis_pad(axis, measure->log ? 0.06 : 0, 0.42); /* room for the values beside the longest bars */
}

/* Ticks: few, the values stand beside the marks; and away from the edges, where they would meet the next panel's. */
static void put_ticks(struct axis *axis, int measure, double width, bool texts)
{
  struct axis inner = {.low = axis_value(axis, axis->log ? 0.09 : 0), .high = axis_value(axis, 0.93), .log = axis->log};
  if (measure == 0) axis_linear_ticks(&inner, texts ? text_duration_tick : text_nothing, false, 4);
  if (measure == 1) axis_linear_ticks(&inner, texts ? percent : text_nothing, false, 4);
  if (measure == 2)
    axis_log_ticks(&inner, texts ? text_duration_tick : text_nothing, 10, width / 3.4, CANVAS_TEXT_POINTS);
  if (measure == 3) axis_log_ticks(&inner, texts ? text_bytes_tick : text_nothing, 2, width / 3.4, CANVAS_TEXT_POINTS);
  axis->ticks = inner.ticks;
}

static double line_of(const struct sheet *sheet, size_t i) { return (double)(sheet->count - 1 - i); }

static void put_value(struct canvas *canvas, struct canvas_panel *panel, double x, double y, const char *text,
                      uint32_t colour)
{
  canvas_side_text(canvas, panel, canvas_x_px(panel, x) + 8, canvas_y_px(panel, y), 'l', CANVAS_NOTE_POINTS, colour,
                   text);
}

static void draw_panel(struct canvas *canvas, struct canvas_panel *panel, const struct dataset *dataset,
                       const struct sheet *sheet, const struct measure *measure)
{
  char text[TEXT_NUMBER_MAX];
  for (size_t i = 0; i < sheet->count; i++) {
    const struct dataset_cell *cell = sheet->entries[i].cell;
    const uint32_t colour = palette_collector(dataset->series[cell->series].collector);
    const struct stats_spread spread = dataset_spread(cell, measure->scalar);
    const double y = line_of(sheet, i), start = panel->x.low;
    if (spread.n == 0 || (measure->log && spread.median <= 0)) {
      const bool failed = cell->failure != NULL;
      put_value(canvas, panel, start, y,
                failed                             ? cell->failure
                : measure->scalar == longest_pause ? "no pauses"
                                                   : "not known",
                PALETTE_GREY);
      continue;
    }
    if (measure->log) {
      canvas_block(canvas, panel, CANVAS_DOTS, colour);
      canvas_row(canvas, "%.9g %g %u 0.9", spread.median, y, colour);
    } else {
      canvas_block(canvas, panel, CANVAS_AREAS, colour);
      canvas_row(canvas, "0 %.9g %g %g %u", spread.median, y - 0.3, y + 0.3, palette_tint(colour, 0.75));
    }
    canvas_block(canvas, panel, CANVAS_WHISKERS, PALETTE_TEXT);
    canvas_row(canvas, "%.9g %.9g %g %u", spread.minimum, spread.maximum, y, measure->log ? colour : PALETTE_TEXT);
    put_value(canvas, panel, spread.maximum, y, measure->format(spread.median, text), PALETTE_TEXT);
  }
}

/* Texts of the head and foot; returns the width of the widest collector's name, in pixels. */
static double put_texts(struct canvas *canvas, const struct dataset *dataset, const struct sheet *sheets, size_t count,
                        const bool *drawn)
{
  size_t least = 0, most = 0;
  uint64_t pauses = 0;
  double widest = 0;
  for (size_t s = 0; s < count; s++) {
    for (size_t i = 0; i < sheets[s].count; i++) {
      const struct dataset_cell *cell = sheets[s].entries[i].cell;
      parts_count_trials(cell, &least, &most);
      widest = fmax(widest, text_width_px(dataset->series[cell->series].label, CANVAS_TEXT_POINTS));
      for (size_t t = 0; t < cell->trial_count; t++)
        pauses += cell->trials[t].pauses > 0 ? (uint64_t)cell->trials[t].pauses : 0;
    }
  }
  char *collectors = parts_collectors(dataset, drawn), *trials = parts_trials(least, most);
  canvas->title = text_copy("Overview: time, pauses and space");
  canvas->subtitle =
      text_format("%s at default knobs. Bars and dots: median of %s; whiskers: their range.", collectors, trials);
  parts_say_memory(canvas, dataset, drawn);
  free(trials);
  free(collectors);
  parts_foot(canvas, dataset, least, most, pauses);
  return widest;
}

static void put_names(struct canvas *canvas, struct canvas_panel *panel, const struct dataset *dataset,
                      const struct sheet *sheet)
{
  for (size_t i = 0; i < sheet->count; i++) {
    const struct dataset_series *series = &dataset->series[sheet->entries[i].series];
    canvas_side_text(canvas, panel, panel->left - 8, canvas_y_px(panel, line_of(sheet, i)), 'r', CANVAS_TEXT_POINTS,
                     palette_text(palette_collector(series->collector)), series->label);
  }
}

static enum figure_status draw(struct figure_job *job, const struct sheet *sheets, size_t count, const bool *drawn)
{
  struct dataset *dataset = job->dataset;
  struct canvas *canvas = canvas_new("overview", "overview");
  const double left = 40 + put_texts(canvas, dataset, sheets, count, drawn), gap = 24, row_gap = 40;
  const double width = (CANVAS_WIDTH - left - 20 - gap * (MEASURES - 1)) / MEASURES;
  double top = canvas_head_bottom(canvas) + 26, lines = 0;
  for (size_t s = 0; s < count; s++) lines += (double)sheets[s].count;
  canvas->height = top + lines * LINE_PX + (double)count * row_gap + 36;
  struct axis axes[MEASURES];
  for (int m = 0; m < MEASURES; m++) measure_axis(sheets, count, &measures[m], &axes[m]);
  for (size_t s = 0; s < count; s++) {
    const double height = LINE_PX * (double)sheets[s].count;
    for (int m = 0; m < MEASURES; m++) {
      const double x = left + m * (width + gap);
      struct canvas_panel *panel = canvas_add_panel(canvas, x, x + width, top, top + height);
      panel->x = axes[m];
      panel->y = (struct axis){.low = -0.5, .high = (double)sheets[s].count - 0.5};
      put_ticks(&panel->x, m, width, s + 1 == count);
      if (m == 0) put_names(canvas, panel, dataset, &sheets[s]);
      panel->title = m == 0 ? text_format("%s · %s", dataset->subjects[sheets[s].subject].label, measures[m].title)
                            : text_copy(measures[m].title);
      draw_panel(canvas, panel, dataset, &sheets[s], &measures[m]);
    }
    top += height + row_gap;
  }
  return parts_finish(job, canvas);
}

enum figure_status figure_overview(struct figure_job *job)
{
  struct dataset *dataset = job->dataset;
  struct sheet *sheets = text_allocate(dataset->subject_count * sizeof *sheets);
  bool *drawn = text_allocate(dataset->series_count * sizeof *drawn);
  size_t count = 0;
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    struct sheet *sheet = &sheets[count];
    sheet->subject = subject;
    for (size_t s = 0; s < dataset->series_count && sheet->count < SERIES_MAX; s++) {
      const struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
      if (cell == NULL) continue;
      sheet->entries[sheet->count++] = (struct entry){.series = s, .cell = cell};
      drawn[s] = true;
    }
    count += sheet->count > 0;
  }
  const enum figure_status status =
      count > 0 ? draw(job, sheets, count, drawn)
                : parts_without_data(
                      job, "campaign '%s' has no cell at default knobs; 'gclab run quick' has one for every collector",
                      dataset->campaign_name);
  free(sheets);
  free(drawn);
  return status;
}
