#define _GNU_SOURCE
#include "harness/tune/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/text/text.h"

/* ---- which knobs ------------------------------------------------------------------------------------------------ */

/* The word of --set for the knob, "NAME=..." or "COLLECTOR.NAME=..."; NULL. */
static const char *find_set(const struct space_request *request, const char *knob)
{
  for (unsigned i = 0; i < request->options->set.count; i++) {
    const char *text = request->options->set.list[i].text, *equals = strchr(text, '=');
    if (equals == NULL) continue;
    const char *dot = memchr(text, '.', (size_t)(equals - text));
    const char *name = dot != NULL ? dot + 1 : text;
    if (strlen(knob) == (size_t)(equals - name) && strncmp(name, knob, strlen(knob)) == 0) return equals + 1;
  }
  return NULL;
}

static bool has_several(const char *values) { return strchr(values, ',') != NULL || strstr(values, "..") != NULL; }

static bool is_named(const struct space_request *request, const char *knob)
{
  for (size_t i = 0; i < request->knob_count; i++) {
    if (strcmp(request->knobs[i], knob) == 0) return true;
  }
  return false;
}

static bool is_searchable(const struct setting *row) { return row->search_low != row->search_high; }

/* Is every --knob one that has a range, and is not set? */
static bool check_knobs(const struct space_request *request, const struct catalogue_collector *collector)
{
  for (size_t i = 0; i < request->knob_count; i++) {
    const char *name = request->knobs[i];
    const int row = setting_find(collector->knobs, collector->knob_count, name);
    if (row < 0) {
      fprintf(stderr, "gclab tune: %s has no knob '%s'; 'gclab list %s' lists them\n", collector->name, name,
              collector->name);
    } else if (find_set(request, name) != NULL) {
      fprintf(stderr, "gclab tune: %s is in --knob and in --set: one of them says where to look\n", name);
    } else if (!is_searchable(&collector->knobs[row])) {
      fprintf(stderr, "gclab tune: %s has no range to look in; give one, such as --set %s=FROM..TO/10\n", name, name);
    } else {
      continue;
    }
    return false;
  }
  return true;
}

/* Settings that the ranges of --set make by themselves. */
static bool any_set_is_searched(const struct space_request *request)
{
  for (unsigned i = 0; i < request->options->set.count; i++) {
    const char *equals = strchr(request->options->set.list[i].text, '=');
    if (equals != NULL && has_several(equals)) return true;
  }
  return false;
}

static bool is_wanted(const struct space_request *request, const struct setting *row)
{
  if (find_set(request, row->name) != NULL) return false;
  if (request->knob_count > 0) return is_named(request, row->name);
  return is_searchable(row) && !any_set_is_searched(request);
}

/* ---- ranges ----------------------------------------------------------------------------------------------------- */

/* Two significant digits, which is what people would write; bytes to 4 KiB, 64 KiB or whole MiB. */
static int64_t round_off(const struct setting *row, double value)
{
  if (row->type == SETTING_BYTES || row->type == SETTING_HEAP) {
    const double unit = value >= 16 << 20 ? 1 << 20 : value >= 256 << 10 ? 64 << 10 : 4 << 10;
    return (int64_t)(unit * round(value / unit));
  }
  const double unit = pow(10, floor(log10(fmax(value, 1))) - 1);
  return (int64_t)(unit >= 1 ? unit * round(value / unit) : round(value));
}

/* "NAME=100,140,200,...": so many values over the row's range, on its scale. */
static char *range_word(const struct setting *row, size_t points)
{
  char text[SETTING_TEXT_MAX], *word = text_format("%s=", row->name);
  const double low = (double)row->search_low, high = (double)row->search_high;
  if (row->type == SETTING_BOOLEAN) points = 2;
  for (size_t i = 0; i < points; i++) {
    const double share = (double)i / (double)(points - 1);
    const double value = row->scale == SETTING_LOG ? low * pow(high / low, share) : low + (high - low) * share;
    const int64_t rounded = i == 0 ? row->search_low : i == points - 1 ? row->search_high : round_off(row, value);
    text_append(&word, "%s%s", i == 0 ? "" : ",", setting_format(row, rounded, text));
  }
  return word;
}

/* How many values each knob gets for a grid of about the wanted size. */
static size_t points_each(const struct space_request *request, const struct catalogue_collector *collector)
{
  enum { POINTS_MOST = 24, POINTS_LEAST = 3 };
  double grid = (double)request->grid;
  size_t ranges = 0;
  for (size_t i = 0; i < collector->knob_count; i++) {
    if (!is_wanted(request, &collector->knobs[i])) continue;
    if (collector->knobs[i].type == SETTING_BOOLEAN)
      grid /= 2;
    else
      ranges++;
  }
  if (ranges == 0) return POINTS_LEAST;
  const double points = floor(pow(fmax(grid, 1), 1.0 / (double)ranges) + 1e-9);
  return points < POINTS_LEAST ? POINTS_LEAST : points > POINTS_MOST ? POINTS_MOST : (size_t)points;
}

static void add_ranges(struct plan_options *options, const struct space_request *request,
                       const struct catalogue_collector *collector)
{
  const size_t points = points_each(request, collector);
  for (size_t i = 0; i < collector->knob_count; i++) {
    if (!is_wanted(request, &collector->knobs[i])) continue;
    char *word = range_word(&collector->knobs[i], points);
    plan_words_add_option(&options->set, "--knob", word, false);
    free(word);
  }
}

/* ---- expanding -------------------------------------------------------------------------------------------------- */

static bool is_one_setting(const struct plan_cells *cells)
{
  for (size_t i = 1; i < cells->count; i++) {
    const struct plan_cell *first = &cells->cells[0], *cell = &cells->cells[i];
    const size_t bytes = first->workload->parameter_count * sizeof *first->parameters;
    if (cell->collector != first->collector || strcmp(cell->allocator, first->allocator) != 0) {
      fprintf(stderr, "gclab tune: one allocator at a time\n");
      return false;
    }
    if (cell->workload == first->workload && memcmp(cell->parameters, first->parameters, bytes) == 0) continue;
    fprintf(stderr, "gclab tune: one workload with one set of parameters at a time; --check-on names others to try the "
                    "choice on\n");
    return false;
  }
  return true;
}

static struct plan_words copy_words(const struct plan_words *words)
{
  struct plan_words copy = {0};
  for (unsigned i = 0; i < words->count; i++)
    plan_words_add_option(&copy, words->list[i].option, words->list[i].text, false);
  return copy;
}

static bool expand(struct tune_space *space, const struct space_request *request, const struct catalogue *catalogue,
                   const struct catalogue_collector *collector)
{
  struct plan_options options = *request->options; /* with lists of its own */
  options.collectors = options.workloads = (struct plan_words){0};
  options.set = copy_words(&request->options->set);
  options.param = copy_words(&request->options->param);
  options.allocators = copy_words(&request->options->allocators);
  plan_words_add_option(&options.collectors, "COLLECTOR", request->collector, false);
  plan_words_add_option(&options.workloads, "--workload", request->workload, false);
  add_ranges(&options, request, collector);
  space->plan = plan_new(request->name);
  const bool good = plan_apply_options(space->plan, catalogue, &options) &&
                    plan_expand(space->plan, catalogue, &space->cells) && is_one_setting(&space->cells) &&
                    plan_validate(&space->cells);
  plan_options_free(&options);
  return good;
}

/*
 * The program that will run: a variant of the collector, with knobs of its own, where the allocator asks for one.  NULL
 * after a message.
 */
static const struct catalogue_collector *find_program(const struct space_request *request,
                                                      const struct catalogue *catalogue)
{
  struct plan_options options = {.allocators = copy_words(&request->options->allocators)};
  struct plan_cells cells = {0};
  struct plan *plan = plan_new(request->name);
  plan_words_add_option(&options.collectors, "COLLECTOR", request->collector, false);
  plan_words_add_option(&options.workloads, "--workload", request->workload, false);
  const bool good = plan_apply_options(plan, catalogue, &options) && plan_expand(plan, catalogue, &cells);
  const struct catalogue_collector *program = good ? cells.cells[0].collector : NULL;
  plan_cells_free(&cells);
  plan_free(plan);
  plan_options_free(&options);
  return program;
}

bool space_expand(struct tune_space *space, const struct space_request *request, const struct catalogue *catalogue)
{
  *space = (struct tune_space){0};
  const struct catalogue_collector *collector = catalogue_collector(catalogue, request->collector);
  if (collector == NULL) {
    const char *nearest = catalogue_nearest_collector(catalogue, request->collector);
    fprintf(stderr, "gclab tune: there is no collector '%s'%s%s; 'gclab list collectors' lists them\n",
            request->collector, nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
    return false;
  }
  const struct catalogue_collector *program = find_program(request, catalogue);
  if (program == NULL || !check_knobs(request, program)) return false;
  if (!expand(space, request, catalogue, program)) {
    space_free(space);
    return false;
  }
  return true;
}

void space_free(struct tune_space *space)
{
  for (size_t axis = 0; axis < SEARCH_AXES_MAX; axis++) free(space->ranked[axis]);
  plan_cells_free(&space->cells);
  plan_free(space->plan);
  *space = (struct tune_space){0};
}

/* ---- the grid --------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The different values of a knob, in order; returns how many. */
static size_t rank_values(const struct plan_cells *cells, size_t knob, int64_t *values)
{
  for (size_t i = 0; i < cells->count; i++) values[i] = cells->cells[i].knobs[knob];
  qsort(values, cells->count, sizeof *values, by_value);
  size_t count = 0;
  for (size_t i = 0; i < cells->count; i++) {
    if (count == 0 || values[count - 1] != values[i]) values[count++] = values[i];
  }
  return count;
}

static size_t rank_of(const int64_t *values, size_t count, int64_t value)
{
  size_t rank = 0;
  while (rank + 1 < count && values[rank] != value) rank++;
  return rank;
}

static bool find_axes(struct tune_space *space)
{
  const struct plan_cells *cells = &space->cells;
  size_t extents[SEARCH_AXES_MAX], axes = 0;
  int64_t *values = memory_allocate((cells->count + 1) * sizeof *values);
  bool good = true;
  for (size_t knob = 0; knob < cells->cells[0].collector->knob_count && good; knob++) {
    const size_t count = rank_values(cells, knob, values);
    if (count < 2) continue;
    good = axes < SEARCH_AXES_MAX;
    if (!good) {
      fprintf(stderr, "gclab tune: more than %d knobs at once: give some one value\n", SEARCH_AXES_MAX);
      break;
    }
    space->axes[axes] = knob;
    space->ranked[axes] = memory_allocate(count * sizeof *values);
    memcpy(space->ranked[axes], values, count * sizeof *values);
    extents[axes++] = count;
  }
  free(values);
  space->grid = search_grid_of(extents, axes);
  return good;
}

/* Cells in the order of their points. */
static void sort_cells(struct tune_space *space)
{
  struct plan_cell *sorted = memory_require(calloc(space->grid.count + 1, sizeof *sorted));
  for (size_t i = 0; i < space->cells.count; i++) {
    size_t ranks[SEARCH_AXES_MAX] = {0};
    for (size_t axis = 0; axis < space->grid.axes; axis++)
      ranks[axis] =
          rank_of(space->ranked[axis], space->grid.extents[axis], space->cells.cells[i].knobs[space->axes[axis]]);
    sorted[search_point(&space->grid, ranks)] = space->cells.cells[i];
  }
  free(space->cells.cells);
  space->cells.cells = sorted;
}

static void add_usual(struct tune_space *space)
{
  const struct catalogue_collector *collector = space->cells.cells[0].collector;
  int64_t *knobs = memory_allocate((collector->knob_count + 1) * sizeof *knobs);
  memcpy(knobs, space->cells.cells[0].knobs, collector->knob_count * sizeof *knobs);
  for (size_t axis = 0; axis < space->grid.axes; axis++)
    knobs[space->axes[axis]] = collector->knobs[space->axes[axis]].default_value;
  space->usual = plan_add_cell(&space->cells, 0, knobs);
  free(knobs);
}

bool space_lay_out(struct tune_space *space)
{
  const struct catalogue_collector *collector = space->cells.cells[0].collector;
  if (!find_axes(space)) return false;
  if (space->grid.axes == 0) {
    fprintf(stderr,
            "gclab tune: %s has nothing to search: name a knob and where to look, such as --set KNOB=FROM..TO/10 "
            "('gclab list %s' lists them)\n",
            collector->name, collector->name);
    return false;
  }
  if (space->grid.count != space->cells.count || space->grid.count > SPACE_GRID_MAX) {
    fprintf(stderr, "gclab tune: a grid of %zu settings is more than %d: take fewer values\n", space->grid.count,
            SPACE_GRID_MAX);
    return false;
  }
  sort_cells(space);
  add_usual(space);
  return true;
}

char *space_words(const struct tune_space *space, size_t point)
{
  char text[SETTING_TEXT_MAX], *words = NULL;
  const struct plan_cell *cell = &space->cells.cells[point];
  for (size_t axis = 0; axis < space->grid.axes; axis++) {
    const struct setting *row = &cell->collector->knobs[space->axes[axis]];
    text_append(&words, "%s%s=%s", words != NULL ? " " : "", row->name,
                setting_format(row, cell->knobs[space->axes[axis]], text));
  }
  return words != NULL ? words : text_copy("");
}
