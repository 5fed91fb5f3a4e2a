/*
 * heatmap: two knobs against each other: a high percentile of the pauses, the longest pause, and the total time.
 *
 * Pauses are collections alone: the thresholds do not rule cascades, which would fill every percentile.  The percentile
 * is the 99th, or the highest that most cells have enough pauses for.  Cells without a value are hatched and say why.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/figures/sweep.h"
#include "harness/text/text.h"

struct heat {
  char *title;
  double *values; /* NAN where there is none */
  char **blank;   /* why not */
};

static struct dataset_cell *cell_at(const struct sweep_grid *grid, size_t i) { return grid->cells[i]; }

static size_t grid_size(const struct sweep_grid *grid) { return grid->x.value_count * grid->y.value_count; }

static bool load(struct dataset *dataset, const struct sweep_grid *grid)
{
  for (size_t i = 0; i < grid_size(grid); i++) {
    if (cell_at(grid, i) != NULL && dataset_pauses(dataset, cell_at(grid, i)) == NULL) return false;
  }
  return true;
}

/* The highest percentile that half of the cells or more have enough pauses for. */
static enum pause_statistic choose_percentile(const struct sweep_grid *grid)
{
  static const enum pause_statistic candidates[] = {PAUSE_P99, PAUSE_P90, PAUSE_MEDIAN};
  for (size_t c = 0; c < 2; c++) {
    size_t enough = 0, ok = 0;
    for (size_t i = 0; i < grid_size(grid); i++) {
      const struct dataset_cell *cell = cell_at(grid, i);
      if (cell == NULL || cell->ok_count == 0) continue;
      ok++;
      enough += cell->pauses->of[PAUSE_COLLECTIONS].pooled[candidates[c]].enough;
    }
    if (2 * enough >= ok) return candidates[c];
  }
  return PAUSE_MEDIAN;
}

static void fill(struct heat *heat, const struct sweep_grid *grid, int what, enum pause_statistic percentile)
{
  heat->values = text_allocate(grid_size(grid) * sizeof *heat->values);
  heat->blank = text_allocate(grid_size(grid) * sizeof *heat->blank);
  for (size_t i = 0; i < grid_size(grid); i++) {
    const struct dataset_cell *cell = cell_at(grid, i);
    heat->values[i] = NAN;
    if (cell == NULL || cell->failure != NULL) {
      heat->blank[i] = text_copy(cell == NULL ? "not run" : cell->failure);
    } else if (what == 2) {
      heat->values[i] = dataset_spread(cell, dataset_wall_ns).median;
    } else {
      const struct pause_summary *summary = &cell->pauses->of[PAUSE_COLLECTIONS];
      const enum pause_statistic statistic = what == 1 ? PAUSE_MAX : percentile;
      if (summary->n > 0 && summary->pooled[statistic].enough)
        heat->values[i] = (double)summary->pooled[statistic].value;
      else
        heat->blank[i] = text_format("n=%zu", summary->n);
    }
  }
}

/* The unit in which the values of a map are written, so that it stands once, in the title. */
static double choose_unit(const double *values, size_t count, const char **name)
{
  static const struct {
    double ns;
    const char *name;
  } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
  double *positive = text_allocate(count * sizeof *positive);
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    if (values[i] > 0) positive[n++] = values[i];
  }
  const double middle = n > 0 ? stats_median(positive, n) : 1;
  free(positive);
  size_t u = 0;
  while (u < 3 && middle < units[u].ns * 0.5) u++;
  *name = units[u].name;
  return units[u].ns;
}

static char *short_number(double value, char *text)
{
  const int digits = value >= 99.5 ? 0 : value >= 9.95 ? 1 : value >= 0.0995 ? 2 : 3;
  snprintf(text, TEXT_NUMBER_MAX, "%.*f", digits, value);
  return text;
}

/* Why a cell is blank: a word a line, centred. */
static void put_words(struct canvas *canvas, struct canvas_panel *panel, double x, double y, const char *text)
{
  char *words = text_copy(text);
  const bool narrow = panel->right - panel->left < 88 * panel->x.high;
  if (narrow || strlen(text) > 12) {
    for (char *c = strchr(words, ' '); c != NULL; c = strchr(c, ' ')) *c = '\n';
  }
  double lines = 1, line = 0;
  for (const char *c = words; *c != '\0'; c++) lines += *c == '\n';
  char *state = NULL;
  for (char *word = strtok_r(words, "\n", &state); word != NULL; word = strtok_r(NULL, "\n", &state), line++)
    canvas_side_text(canvas, panel, canvas_x_px(panel, x), canvas_y_px(panel, y) + (line - (lines - 1) / 2) * 13, 'c',
                     9, PALETTE_QUIET, word);
  free(words);
}

static void put_cells(struct canvas *canvas, struct canvas_panel *panel, const struct sweep_grid *grid,
                      const struct heat *heat, double unit)
{
  const size_t nx = grid->x.value_count, count = grid_size(grid);
  double low = INFINITY, high = 0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(heat->values[i])) continue;
    low = fmin(low, heat->values[i]);
    high = fmax(high, heat->values[i]);
  }
  /* A map of values that hardly differ must not look as if they did: the scale spans a factor of 1.5 at least. */
  const double span = fmax(log(high / low), log(1.5));
  bool begun = false, hatched = false;
  for (size_t i = 0; i < count; i++) {
    if (isnan(heat->values[i])) continue;
    if (!begun) canvas_block(canvas, panel, CANVAS_AREAS, 0);
    begun = true;
    const size_t column = i % nx, row = i / nx;
    const double x = (double)column, y = (double)row;
    canvas_row(canvas, "%g %g %g %g %u", x - 0.48, x + 0.48, y - 0.47, y + 0.47,
               palette_heat(log(heat->values[i] / low) / span));
  }
  for (size_t i = 0; i < count; i++) {
    if (!isnan(heat->values[i])) continue;
    if (!hatched) canvas_block(canvas, panel, CANVAS_HATCHES, PALETTE_LIGHT);
    hatched = true;
    const size_t column = i % nx, row = i / nx;
    const double x = (double)column, y = (double)row;
    canvas_row(canvas, "%g %g %g %g %u", x - 0.48, x + 0.48, y - 0.47, y + 0.47, PALETTE_LIGHT);
  }
  canvas_block(canvas, panel, CANVAS_CENTRES, 0);
  for (size_t i = 0; i < count; i++) {
    const size_t column = i % nx, row = i / nx;
    const double x = (double)column, y = (double)row;
    char number[TEXT_NUMBER_MAX];
    if (!isnan(heat->values[i])) {
      canvas_text(canvas, x, y, short_number(heat->values[i] / unit, number),
                  palette_contrast(palette_heat(log(heat->values[i] / low) / span)));
    } else {
      put_words(canvas, panel, x, y, heat->blank[i]);
    }
  }
}

/* A frame around the default setting. */
static void mark_default(struct canvas *canvas, struct canvas_panel *panel, const struct sweep_grid *grid)
{
  for (size_t i = 0; i < grid_size(grid); i++) {
    const size_t x = i % grid->x.value_count, y = i / grid->x.value_count;
    if (!grid->x.values[x].is_default || !grid->y.values[y].is_default) continue;
    const double l = (double)x - 0.48, b = (double)y - 0.47;
    canvas_block(canvas, panel, CANVAS_RULES, PALETTE_INK);
    canvas_row(canvas, "%g %g 0.96 0 %u", l, b, PALETTE_INK);
    canvas_row(canvas, "%g %g 0.96 0 %u", l, b + 0.94, PALETTE_INK);
    canvas_row(canvas, "%g %g 0 0.94 %u", l, b, PALETTE_INK);
    canvas_row(canvas, "%g %g 0 0.94 %u", l + 0.96, b, PALETTE_INK);
  }
}

static struct axis places(const struct sweep_knob *knob)
{
  struct axis axis = {.low = -0.5, .high = (double)knob->value_count - 0.5};
  for (size_t v = 0; v < knob->value_count; v++) {
    char number[TEXT_NUMBER_MAX];
    const bool shorten = knob->values[v].number >= 10000 && strlen(knob->values[v].text) > 4;
    axis_tick(&axis, (double)v, shorten ? text_short(knob->values[v].number, number) : knob->values[v].text);
  }
  return axis;
}

static void put_texts(struct canvas *canvas, const struct dataset *dataset, const struct sweep_grid *grid,
                      size_t series, size_t subject)
{
  size_t least = 0, most = 0;
  uint64_t pauses = 0;
  for (size_t i = 0; i < grid_size(grid); i++) {
    const struct dataset_cell *cell = cell_at(grid, i);
    if (cell == NULL) continue;
    parts_count_trials(cell, &least, &most);
    pauses += cell->pauses->of[PAUSE_COLLECTIONS].n;
  }
  bool *wanted = text_allocate(dataset->series_count * sizeof *wanted);
  wanted[series] = true;
  char *collector = parts_collectors(dataset, wanted), *trials = parts_pooled(least, most);
  canvas->title = text_format("Pauses and total time over %s and %s", grid->x.name, grid->y.name);
  canvas->subtitle = text_format("%s, %s %s. Pauses: collections of %s; total time: their median. "
                                 "Framed: the default setting; n=: too few pauses for the percentile.",
                                 collector, dataset_subject_word(dataset), dataset->subjects[subject].label, trials);
  parts_say_memory(canvas, dataset, wanted);
  free(wanted);
  free(collector);
  free(trials);
  parts_foot(canvas, dataset, least, most, pauses);
}

/* Where the three maps stand: beside each other, or one below the other where they are wide. */
struct layout {
  bool stacked;
  double left, top, width, height, gap_x, gap_y;
};

static struct layout plan_layout(struct canvas *canvas, const struct sweep_grid *grid)
{
  struct layout layout = {.stacked = grid->x.value_count > 6, .gap_x = 22, .gap_y = 58};
  layout.height = 40 * (double)grid->y.value_count;
  layout.left = 34 + fmax(text_width_px(grid->y.name, CANVAS_NOTE_POINTS), 40);
  layout.width = layout.stacked ? fmin(CANVAS_WIDTH - layout.left - 30, 110 * (double)grid->x.value_count)
                                : (CANVAS_WIDTH - layout.left - 24 - 2 * layout.gap_x) / 3;
  layout.top = canvas_head_bottom(canvas) + 26;
  canvas->height = layout.top + layout.height + (layout.stacked ? 2 * (layout.height + layout.gap_y) : 0) + 88;
  return layout;
}

static void draw_map(struct canvas *canvas, const struct layout *layout, const struct sweep_grid *grid, int what,
                     enum pause_statistic percentile)
{
  static const char *const percentile_titles[] = {"median pause", "90th-percentile pause", "99th-percentile pause"};
  const char *titles[] = {percentile_titles[percentile], "longest pause", "total time"};
  struct heat heat = {0};
  fill(&heat, grid, what, percentile);
  const char *unit_name = "";
  const double unit = choose_unit(heat.values, grid_size(grid), &unit_name);
  const double x = layout->left + (layout->stacked ? 0 : what * (layout->width + layout->gap_x));
  const double y = layout->top + (layout->stacked ? what * (layout->height + layout->gap_y) : 0);
  struct canvas_panel *panel = canvas_add_panel(canvas, x, x + layout->width, y, y + layout->height);
  panel->x = places(&grid->x);
  panel->y = places(&grid->y);
  if (what > 0 && !layout->stacked) axis_free(&panel->y);
  panel->title = text_format("%s, %s", titles[what], unit_name);
  if (!layout->stacked || what == 2) panel->x_title = sweep_title(&grid->x);
  if (what == 0 || layout->stacked) panel->y_title = text_copy(grid->y.name);
  put_cells(canvas, panel, grid, &heat, unit);
  mark_default(canvas, panel, grid);
  for (size_t i = 0; i < grid_size(grid); i++) free(heat.blank[i]);
  free(heat.values);
  free(heat.blank);
}

static enum figure_status draw(struct figure_job *job, const struct sweep_grid *grid, size_t series, size_t subject,
                               bool several)
{
  struct dataset *dataset = job->dataset;
  if (!load(dataset, grid)) return FIGURE_FAILED;
  char *name = text_format("heatmap-%s-%s", dataset->series[series].collector, dataset->subjects[subject].slug);
  if (several) text_append(&name, "-%s-%s", grid->x.name, grid->y.name);
  struct canvas *canvas = canvas_new(name, "heatmap");
  free(name);
  put_texts(canvas, dataset, grid, series, subject);
  const struct layout layout = plan_layout(canvas, grid);
  const enum pause_statistic percentile = choose_percentile(grid);
  for (int what = 0; what < 3; what++) draw_map(canvas, &layout, grid, what, percentile);
  return parts_finish(job, canvas);
}

enum figure_status figure_heatmap(struct figure_job *job)
{
  struct dataset *dataset = job->dataset;
  enum figure_status status = FIGURE_DRAWN;
  size_t drawn = 0;
  for (size_t s = 0; s < dataset->series_count; s++) {
    if (!dataset->series[s].main_allocator) continue;
    for (size_t subject = 0; subject < dataset->subject_count; subject++) {
      size_t count = 0;
      struct sweep_grid *grids = sweep_find_grids(dataset, s, subject, &count);
      for (size_t g = 0; g < count && status == FIGURE_DRAWN; g++, drawn++)
        status = draw(job, &grids[g], s, subject, count > 1);
      sweep_grids_free(grids, count);
    }
  }
  if (status != FIGURE_DRAWN || drawn > 0) return status;
  return parts_without_data(
      job,
      "no two knobs were varied together in campaign '%s'; 'gclab run thresholds' does, or: gclab "
      "run -c refcount_cyclic -w cycles --set threshold0=100,700,5000 --set threshold1=5,10,20",
      dataset->campaign_name);
}
