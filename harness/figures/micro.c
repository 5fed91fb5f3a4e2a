/*
 * micro: the newest run of micro-benchmarks, beside the machine's limits.  Two files:
 *
 *   micro-primitives   a line a primitive: time of each collector as dots, the limit as a mark; and the same in
 *                      multiples of the limit
 *   micro-objects      time for one object against the number of objects, a panel a shape: full collections, cascades
 *
 * A benchmark whose name ends with a number of objects is a point of the second.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/text/text.h"
#include "harness/microrun/results.h"

enum { LINE_PX = 21, GROUPS_MAX = 32, GROUP_ROWS_MAX = 16, PANEL_COLUMNS = 4 };

static bool is_machine(const struct micro_results *results, size_t column)
{
  return strcmp(results->columns[column].collector, STORE_MICRO_MACHINE) == 0;
}

/* A variant on another memory, NAME+MEMORY, has the collector's colour, rings for dots and dots for lines. */
static bool is_variant(const struct micro_results *results, size_t column)
{
  return strchr(results->columns[column].collector, '+') != NULL;
}

static uint32_t colour_of(const struct micro_results *results, size_t column)
{
  char name[64];
  const char *collector = results->columns[column].collector;
  snprintf(name, sizeof name, "%.*s", (int)strcspn(collector, "+"), collector);
  return palette_collector(name);
}

/* "full/list/1000" -> 1000, and the length of "full/list"; 0: it does not end so. */
static double objects_of(const char *name, size_t *prefix)
{
  const char *slash = strrchr(name, '/');
  char *end = NULL;
  const double objects = slash != NULL ? strtod(slash + 1, &end) : 0;
  if (slash == NULL || end == slash + 1 || *end != '\0') return 0;
  *prefix = (size_t)(slash - name);
  return objects;
}

static bool is_measured(const struct micro_results *results, size_t row)
{
  for (size_t column = 0; column < results->column_count; column++) {
    if (!is_machine(results, column) && micro_results_cell(results, row, column)->count > 0) return true;
  }
  return false;
}

static void put_foot(struct canvas *canvas, const struct micro_results *results)
{
  size_t least = 0, most = 0;
  for (size_t i = 0; i < results->row_count * results->column_count; i++) {
    const size_t count = results->cells[i].count;
    if (count > 0 && (least == 0 || count < least)) least = count;
    if (count > most) most = count;
  }
  canvas->foot = text_format("gclab %s · %s", results->version, results->host);
  if (least == most)
    text_append(&canvas->foot, " · n = %zu", most);
  else
    text_append(&canvas->foot, " · n = %zu to %zu repetitions", least, most);
  text_append(&canvas->foot, " · %.10s", results->created_at);
}

/* A key for each collector that was measured on one of the rows, and what marks the limit. */
static void put_keys(struct canvas *canvas, const struct micro_results *results, const size_t *rows, size_t row_count,
                     int line, int limit_line)
{
  for (size_t column = 0; column < results->column_count; column++) {
    bool appears = false;
    for (size_t i = 0; i < row_count; i++) appears |= micro_results_cell(results, rows[i], column)->count > 0;
    if (is_machine(results, column) || !appears) continue;
    const bool variant = is_variant(results, column);
    canvas_add_key(canvas, results->columns[column].collector, colour_of(results, column), variant ? 3 * line : line,
                   variant ? 6 : 7, 1.0);
  }
  canvas_add_key(canvas, "limit", PALETTE_INK, limit_line, 0, 1.0);
}

/* ---- primitives ------------------------------------------------------------------------------------------------- */

struct line {
  size_t row;
  bool begins; /* a subject */
};

static struct line *find_lines(const struct micro_results *results, size_t *count)
{
  struct line *lines = text_allocate((results->row_count + 1) * sizeof *lines);
  *count = 0;
  for (size_t row = 0; row < results->row_count; row++) {
    size_t prefix = 0;
    const char *name = results->rows[row].name;
    if (micro_results_is_limit(&results->rows[row]) || objects_of(name, &prefix) > 0 || !is_measured(results, row))
      continue;
    const char *before = *count > 0 ? results->rows[lines[*count - 1].row].name : "";
    const size_t subject = strcspn(name, "/") + 1;
    lines[*count] = (struct line){.row = row, .begins = strncmp(before, name, subject) != 0};
    (*count)++;
  }
  return lines;
}

/* Every second subject stands on grey. */
static void put_ground(struct canvas *canvas, struct canvas_panel *panel, const struct line *lines, size_t count)
{
  unsigned subject = 0;
  bool begun = false;
  for (size_t i = 0; i < count; i++) {
    subject += lines[i].begins;
    if (subject % 2 != 0) continue;
    if (!begun) canvas_block(canvas, panel, CANVAS_AREAS, 0xf4f5f6);
    begun = true;
    const double y = (double)(count - 1 - i);
    canvas_row(canvas, "%.9g %.9g %g %g %u", panel->x.low, panel->x.high, y - 0.5, y + 0.5, 0xf4f5f6u);
  }
}

/* Collectors of one line are a little apart, so that dots of equal values are all seen. */
static double lane_of(const struct micro_results *results, size_t column)
{
  const double lanes = (double)results->column_count - 1;
  return lanes > 1 ? 0.34 - 0.68 * ((double)column - 1) / (lanes - 1) : 0;
}

typedef double value_of(const struct micro_results *results, size_t row, size_t column);

static double median_ns(const struct micro_results *results, size_t row, size_t column)
{
  const struct stats_spread spread = micro_results_time(results, row, column);
  return spread.n > 0 ? spread.median : NAN;
}

static void put_dots(struct canvas *canvas, struct canvas_panel *panel, const struct micro_results *results,
                     const struct line *lines, size_t count, value_of *value)
{
  for (size_t column = 0; column < results->column_count; column++) {
    if (is_machine(results, column)) continue;
    const uint32_t colour = colour_of(results, column);
    bool begun = false;
    for (size_t i = 0; i < count; i++) {
      const double x = value(results, lines[i].row, column);
      if (isnan(x) || x < panel->x.low || x > panel->x.high) continue;
      if (!begun) canvas_block(canvas, panel, is_variant(results, column) ? CANVAS_RINGS : CANVAS_DOTS, colour);
      begun = true;
      canvas_row(canvas, "%.9g %g %u 0.9", x, (double)(count - 1 - i) + lane_of(results, column), colour);
    }
  }
}

static void put_limits(struct canvas *canvas, struct canvas_panel *panel, const struct micro_results *results,
                       const struct line *lines, size_t count)
{
  bool begun = false;
  for (size_t i = 0; i < count; i++) {
    const double limit_ns = micro_results_limit_ns(results, lines[i].row);
    if (isnan(limit_ns) || limit_ns <= 0) continue;
    if (!begun) canvas_block(canvas, panel, CANVAS_RULES, PALETTE_INK);
    begun = true;
    canvas_row(canvas, "%.9g %g 0 0.84 %u", limit_ns, (double)(count - 1 - i) - 0.42, PALETTE_INK);
  }
}

static void take_range(const struct micro_results *results, const struct line *lines, size_t count, value_of *value,
                       struct axis *axis)
{
  for (size_t i = 0; i < count; i++) {
    for (size_t column = 0; column < results->column_count; column++) {
      const double x = is_machine(results, column) ? NAN : value(results, lines[i].row, column);
      if (x > 0) axis_include(axis, x);
    }
  }
}

static char *times(double value, char *text)
{
  char number[TEXT_NUMBER_MAX];
  snprintf(text, TEXT_NUMBER_MAX, "%s×", text_short(value, number));
  return text;
}

static void put_names(struct canvas *canvas, struct canvas_panel *panel, const struct micro_results *results,
                      const struct line *lines, size_t count)
{
  for (size_t i = 0; i < count; i++)
    canvas_side_text(canvas, panel, panel->left - 10, canvas_y_px(panel, (double)(count - 1 - i)), 'r',
                     CANVAS_TEXT_POINTS, PALETTE_TEXT, results->rows[lines[i].row].name);
}

static enum figure_status draw_primitives(struct figure_job *job, const struct micro_results *results,
                                          const struct line *lines, size_t count)
{
  struct canvas *canvas = canvas_new("micro-primitives", "micro");
  canvas->title = text_copy("Each primitive beside the machine's limit");
  canvas->subtitle =
      text_copy("CPU time of one operation, median over repetitions. Left: in time; right: in multiples of "
                "the limit, which was measured in the same repetition.");
  size_t *rows = text_allocate(count * sizeof *rows);
  for (size_t i = 0; i < count; i++) rows[i] = lines[i].row;
  put_keys(canvas, results, rows, count, 0, 1);
  free(rows);
  put_foot(canvas, results);
  double widest = 0;
  for (size_t i = 0; i < count; i++)
    widest = fmax(widest, text_width_px(results->rows[lines[i].row].name, CANVAS_TEXT_POINTS));
  const double left = 46 + widest, gap = 34, top = canvas_head_bottom(canvas) + 26;
  const double width = CANVAS_WIDTH - left - gap - 24, height = LINE_PX * (double)count;
  const double middle = left + width * 0.6;
  canvas->height = top + height + 66;

  struct canvas_panel *time = canvas_add_panel(canvas, left, middle, top, top + height);
  time->x.log = true;
  take_range(results, lines, count, median_ns, &time->x);
  for (size_t i = 0; i < count; i++) {
    const double limit_ns = micro_results_limit_ns(results, lines[i].row);
    if (limit_ns > 0) axis_include(&time->x, limit_ns);
  }
  axis_pad(&time->x, 0.03, 0.03);
  time->y = (struct axis){.low = -0.5, .high = (double)count - 0.5};
  parts_time_ticks(&time->x, middle - left, true);
  time->title = text_copy("time of one operation");
  put_ground(canvas, time, lines, count);
  put_limits(canvas, time, results, lines, count);
  put_dots(canvas, time, results, lines, count, median_ns);
  put_names(canvas, time, results, lines, count);

  struct canvas_panel *ratio = canvas_add_panel(canvas, middle + gap, left + gap + width, top, top + height);
  ratio->x.log = true;
  axis_include(&ratio->x, 1);
  take_range(results, lines, count, micro_results_ratio, &ratio->x);
  axis_pad(&ratio->x, 0.03, 0.03);
  ratio->y = (struct axis){.low = -0.5, .high = (double)count - 0.5};
  axis_log_ticks(&ratio->x, times, 10, left + width - middle, CANVAS_TEXT_POINTS);
  ratio->rule_x = 1;
  ratio->title = text_copy("in multiples of the limit");
  put_ground(canvas, ratio, lines, count);
  put_dots(canvas, ratio, results, lines, count, micro_results_ratio);
  return parts_finish(job, canvas);
}

/* ---- by number of objects --------------------------------------------------------------------------------------- */

/* The benchmarks PREFIX/1000, PREFIX/10000, ... */
struct group {
  const char *name;
  size_t prefix;
  size_t rows[GROUP_ROWS_MAX];
  size_t count;
};

static bool has_prefix(const struct group *group, const char *name, size_t prefix)
{
  return group->prefix == prefix && strncmp(group->name, name, prefix) == 0;
}

static size_t find_groups(const struct micro_results *results, struct group *groups)
{
  size_t count = 0;
  for (size_t row = 0; row < results->row_count; row++) {
    size_t prefix = 0;
    const char *name = results->rows[row].name;
    if (micro_results_is_limit(&results->rows[row]) || objects_of(name, &prefix) <= 0 || !is_measured(results, row))
      continue;
    size_t g = 0;
    while (g < count && !has_prefix(&groups[g], name, prefix)) g++;
    if (g == GROUPS_MAX) continue;
    if (g == count) groups[count++] = (struct group){.name = name, .prefix = prefix};
    if (groups[g].count < GROUP_ROWS_MAX) groups[g].rows[groups[g].count++] = row;
  }
  size_t kept = 0; /* of one number of objects there is no curve */
  for (size_t g = 0; g < count; g++) {
    if (groups[g].count > 1) groups[kept++] = groups[g];
  }
  return kept;
}

static double objects_at(const struct micro_results *results, const struct group *group, size_t i)
{
  size_t prefix = 0;
  return objects_of(results->rows[group->rows[i]].name, &prefix);
}

static void put_curve(struct canvas *canvas, struct canvas_panel *panel, const struct micro_results *results,
                      const struct group *group, size_t column)
{
  const uint32_t colour = colour_of(results, column);
  const bool variant = is_variant(results, column);
  for (int pass = 0; pass < 2; pass++) {
    const enum canvas_layer line = variant ? CANVAS_DOTTED : CANVAS_LINES, mark = variant ? CANVAS_RINGS : CANVAS_DOTS;
    bool begun = false;
    for (size_t i = 0; i < group->count; i++) {
      const double y = median_ns(results, group->rows[i], column);
      if (!(y > 0)) continue;
      if (!begun) canvas_block(canvas, panel, pass == 0 ? line : mark, colour);
      begun = true;
      if (pass == 0)
        canvas_row(canvas, "%.9g %.9g", objects_at(results, group, i), y);
      else
        canvas_row(canvas, "%.9g %.9g %u 0.7", objects_at(results, group, i), y, colour);
    }
  }
}

static void put_limit_curve(struct canvas *canvas, struct canvas_panel *panel, const struct micro_results *results,
                            const struct group *group)
{
  bool begun = false;
  for (size_t i = 0; i < group->count; i++) {
    const double y = micro_results_limit_ns(results, group->rows[i]);
    if (!(y > 0)) continue;
    if (!begun) canvas_block(canvas, panel, CANVAS_DASHES, PALETTE_INK);
    begun = true;
    canvas_row(canvas, "%.9g %.9g", objects_at(results, group, i), y);
  }
}

static void take_group_range(const struct micro_results *results, const struct group *group, struct axis *x,
                             struct axis *y)
{
  for (size_t i = 0; i < group->count; i++) {
    axis_include(x, objects_at(results, group, i));
    const double limit_ns = micro_results_limit_ns(results, group->rows[i]);
    if (limit_ns > 0) axis_include(y, limit_ns);
    for (size_t column = 0; column < results->column_count; column++) {
      const double ns = is_machine(results, column) ? NAN : median_ns(results, group->rows[i], column);
      if (ns > 0) axis_include(y, ns);
    }
  }
}

static char *count_tick(double value, char *text)
{
  char number[TEXT_NUMBER_MAX];
  snprintf(text, TEXT_NUMBER_MAX, "%s", text_short(value, number));
  return text;
}

static enum figure_status draw_objects(struct figure_job *job, const struct micro_results *results,
                                       const struct group *groups, size_t count)
{
  struct canvas *canvas = canvas_new("micro-objects", "micro");
  canvas->title = text_copy("Collections and cascades as the graph grows");
  canvas->subtitle = text_copy(
      "CPU time for one object, median over repetitions: of a full collection of a graph that is all alive, and of the "
      "cascade that frees it. The limit is one access an object: at random for the graph, along a chain in allocation "
      "order for the others.");
  size_t *all = text_allocate((size_t)GROUPS_MAX * GROUP_ROWS_MAX * sizeof *all), all_count = 0;
  for (size_t g = 0; g < count; g++) {
    for (size_t i = 0; i < groups[g].count; i++) all[all_count++] = groups[g].rows[i];
  }
  put_keys(canvas, results, all, all_count, 1, 2);
  free(all);
  put_foot(canvas, results);
  struct axis x = AXIS_EMPTY, y = AXIS_EMPTY;
  x.log = y.log = true;
  for (size_t g = 0; g < count; g++) take_group_range(results, &groups[g], &x, &y);
  axis_pad(&x, 0.04, 0.06);
  axis_pad(&y, 0.04, 0.06);
  const size_t columns = count < PANEL_COLUMNS ? count : PANEL_COLUMNS, rows = (count + columns - 1) / columns;
  const double left = 74, gap = 22, height = 250, row_gap = 64;
  const double width = (CANVAS_WIDTH - left - 24 - gap * (double)(columns - 1)) / (double)columns;
  const double top = canvas_head_bottom(canvas) + 26;
  canvas->height = top + (height + row_gap) * (double)rows + 24;
  for (size_t g = 0; g < count; g++) {
    const size_t at = g % columns, line = g / columns;
    const double at_x = left + (double)at * (width + gap), at_y = top + (double)line * (height + row_gap);
    struct canvas_panel *panel = canvas_add_panel(canvas, at_x, at_x + width, at_y, at_y + height);
    panel->x = x;
    panel->y = y;
    axis_log_ticks(&panel->x, count_tick, 10, width, CANVAS_TEXT_POINTS);
    parts_time_ticks(&panel->y, height, at == 0);
    panel->title = text_format("%.*s", (int)groups[g].prefix, groups[g].name);
    if (g + columns >= count) panel->x_title = text_copy("objects");
    put_limit_curve(canvas, panel, results, &groups[g]);
    for (size_t column = 0; column < results->column_count; column++) {
      if (!is_machine(results, column)) put_curve(canvas, panel, results, &groups[g], column);
    }
  }
  return parts_finish(job, canvas);
}

enum figure_status figure_micro(struct figure_job *job)
{
  struct micro_results *results = NULL;
  if (!micro_results_find(job->store, &results)) return FIGURE_FAILED;
  if (results == NULL)
    return parts_without_data(job, "there are no micro-benchmarks in %s; 'gclab micro' runs them",
                              store_path(job->store));
  size_t count = 0;
  struct line *lines = find_lines(results, &count);
  static struct group groups[GROUPS_MAX];
  const size_t group_count = find_groups(results, groups);
  enum figure_status status = FIGURE_DRAWN;
  if (count == 0 && group_count == 0)
    status =
        parts_without_data(job, "the newest run of micro-benchmarks has nothing but limits; 'gclab micro' runs all");
  if (count > 0) status = draw_primitives(job, results, lines, count);
  if (group_count > 0 && status == FIGURE_DRAWN) status = draw_objects(job, results, groups, group_count);
  free(lines);
  micro_results_free(results);
  return status;
}
