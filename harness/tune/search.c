#define _GNU_SOURCE /* qsort_r */
#include "harness/tune/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

/*
 * Of the allowance, the start takes a half and the rungs with neighbours bring it to three quarters; the race has the
 * rest.  So large a start is for cliffs: a threshold that a run ends just short of makes a pause ten times shorter in a
 * corner of the grid that no slope leads to.  A rung keeps a third of its members from what is known and spends the others
 * on neighbours.
 */
enum { START_PART = 2, RACE_PART = 4, KEEP_PART = 3, KEEP_LEAST = 3, START_LEAST = 4, RACERS = 4, LAST_RACERS = 2 };

struct search_grid search_grid_of(const size_t *extents, size_t axes)
{
  struct search_grid grid = {.axes = axes, .count = 1};
  for (size_t axis = 0; axis < axes; axis++) {
    grid.extents[axis] = extents[axis];
    grid.count *= extents[axis];
  }
  return grid;
}

size_t search_rank(const struct search_grid *grid, size_t point, size_t axis)
{
  for (size_t later = axis + 1; later < grid->axes; later++) point /= grid->extents[later];
  return point % grid->extents[axis];
}

size_t search_point(const struct search_grid *grid, const size_t *ranks)
{
  size_t point = 0;
  for (size_t axis = 0; axis < grid->axes; axis++) point = point * grid->extents[axis] + ranks[axis];
  return point;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

/* Half of the allowance; all of a grid that it is enough for. */
static size_t start_size(const struct search *search)
{
  const size_t part = search->terms.trials / START_PART, wanted = part > START_LEAST ? part : START_LEAST;
  return wanted < search->grid.count ? wanted : search->grid.count;
}

/* Half of the distance between the points of the start, had they been laid out evenly. */
static void set_strides(struct search *search)
{
  const double a_side = pow((double)search->start_count, 1.0 / (double)(search->grid.axes > 0 ? search->grid.axes : 1));
  for (size_t axis = 0; axis < search->grid.axes; axis++) {
    const double gap = (double)search->grid.extents[axis] / (a_side > 1 ? a_side : 1);
    search->stride[axis] = gap >= 4 ? (size_t)(gap / 2) : 1;
  }
}

struct search *search_new(const struct search_grid *grid, const struct search_terms *terms)
{
  struct search *search = memory_require(calloc(1, sizeof *search));
  *search = (struct search){.grid = *grid, .terms = *terms, .point_room = grid->count + 1};
  search->blocks_of = memory_require(calloc(search->point_room, sizeof *search->blocks_of));
  search->members = memory_require(calloc(search->point_room, sizeof *search->members));
  search->start_count = start_size(search);
  set_strides(search);
  return search;
}

void search_free(struct search *search)
{
  if (search == NULL) return;
  free(search->blocks_of);
  free(search->members);
  free(search);
}

static bool is_member(const struct search *search, size_t point)
{
  for (size_t i = 0; i < search->member_count; i++) {
    if (search->members[i] == point) return true;
  }
  return false;
}

/* Axes count alike, however many ranks they have. */
static double squared_distance(const struct search_grid *grid, size_t a, size_t b)
{
  double sum = 0;
  for (size_t axis = 0; axis < grid->axes; axis++) {
    const double span = grid->extents[axis] > 1 ? (double)(grid->extents[axis] - 1) : 1;
    const double way = ((double)search_rank(grid, a, axis) - (double)search_rank(grid, b, axis)) / span;
    sum += way * way;
  }
  return sum;
}

/* The middle of the grid, then each time the point that is farthest from all that there are. */
static void fill_space(struct search *search)
{
  const struct search_grid *grid = &search->grid;
  double *nearest = memory_allocate(grid->count * sizeof *nearest);
  size_t middle[SEARCH_AXES_MAX];
  for (size_t axis = 0; axis < grid->axes; axis++) middle[axis] = grid->extents[axis] / 2;
  size_t next = search_point(grid, middle);
  for (size_t point = 0; point < grid->count; point++) nearest[point] = INFINITY;
  for (size_t taken = 0; taken < search->start_count; taken++) {
    if (!is_member(search, next)) search->members[search->member_count++] = next;
    nearest[next] = 0;
    size_t farthest = next;
    for (size_t point = 0; point < grid->count; point++) {
      nearest[point] = fmin(nearest[point], squared_distance(grid, point, next));
      if (nearest[point] > nearest[farthest]) farthest = point;
    }
    next = farthest;
  }
  free(nearest);
}

/* ---- what is known ---------------------------------------------------------------------------------------------- */

struct ordering {
  const struct front_point *points;
  const uint32_t *blocks_of;
};

static int by_merit(const void *a, const void *b, void *context)
{
  const struct ordering *ordering = context;
  const size_t x = *(const size_t *)a, y = *(const size_t *)b;
  const int order = front_compare(&ordering->points[x], &ordering->points[y]);
  return order != 0 ? order : (x > y) - (x < y);
}

/* The points that were tried, best first. */
static size_t order_known(const struct search *search, struct front_point *points, size_t *order,
                          int (*compare)(const void *, const void *, void *))
{
  size_t count = 0;
  for (size_t point = 0; point < search->point_room; point++) {
    if (search->blocks_of[point] > 0) order[count++] = point;
  }
  struct front_point *known = memory_require(calloc(count + 1, sizeof *known));
  for (size_t i = 0; i < count; i++) known[i] = points[order[i]];
  front_sort(known, count, search->terms.goals);
  for (size_t i = 0; i < count; i++) points[order[i]] = known[i];
  free(known);
  struct ordering ordering = {points, search->blocks_of};
  qsort_r(order, count, sizeof *order, compare, &ordering);
  return count;
}

static int by_experience(const void *a, const void *b, void *context)
{
  const struct ordering *ordering = context;
  const size_t x = *(const size_t *)a, y = *(const size_t *)b;
  const size_t layer_x = ordering->points[x].layer, layer_y = ordering->points[y].layer;
  if (layer_x != layer_y) return layer_x < layer_y ? -1 : 1;
  const uint32_t blocks_x = ordering->blocks_of[x], blocks_y = ordering->blocks_of[y];
  if (blocks_x != blocks_y) return blocks_x > blocks_y ? -1 : 1;
  return (x > y) - (x < y);
}

size_t search_order(const struct search *search, struct front_point *points, size_t *order)
{
  return order_known(search, points, order, by_experience);
}

/* ---- rungs ------------------------------------------------------------------------------------------------------ */

static size_t left_of(size_t allowance, size_t spent) { return allowance > spent ? allowance - spent : 0; }

/* With every goal there are more settings that may be the one. */
static size_t keep_least(const struct search *search) { return KEEP_LEAST + 2 * (search->terms.goals - 1); }

/* A member, unless it is one or there is no room. */
static void add_member(struct search *search, size_t point, size_t room)
{
  if (search->member_count < room && !is_member(search, point)) search->members[search->member_count++] = point;
}

static void add_neighbours(struct search *search, size_t point, size_t room)
{
  size_t ranks[SEARCH_AXES_MAX];
  if (point >= search->grid.count) return; /* the usual setting, off the grid, has none */
  for (size_t axis = 0; axis < search->grid.axes; axis++) ranks[axis] = search_rank(&search->grid, point, axis);
  for (size_t axis = 0; axis < search->grid.axes; axis++) {
    const size_t at = ranks[axis], stride = search->stride[axis], last = search->grid.extents[axis] - 1;
    const size_t ways[2] = {at > stride ? at - stride : 0, at + stride < last ? at + stride : last};
    for (int way = 0; way < 2; way++) {
      ranks[axis] = ways[way];
      const size_t neighbour = search_point(&search->grid, ranks);
      if (search->blocks_of[neighbour] == 0) add_member(search, neighbour, room);
    }
    ranks[axis] = at;
  }
}

static bool halve_strides(struct search *search)
{
  bool were_longer = false;
  for (size_t axis = 0; axis < search->grid.axes; axis++) {
    were_longer |= search->stride[axis] > 1;
    search->stride[axis] = search->stride[axis] > 1 ? search->stride[axis] / 2 : 1;
  }
  return were_longer;
}

/* The best so far, and around them what was not tried.  False: there is no room, or nothing is new. */
static bool explore(struct search *search, const size_t *order, size_t known, const struct front_point *points)
{
  const size_t exploring = search->terms.trials - search->terms.trials / RACE_PART;
  const size_t left = left_of(exploring, search->spent), room = left / 2 > keep_least(search) + 3 ? left / 2 : left;
  if (room < keep_least(search) + 2) return false;
  const size_t third = room / KEEP_PART, keep = third > keep_least(search) ? third : keep_least(search);
  size_t kept = 0;
  for (size_t i = 0; i < known && kept < keep; i++) {
    if (isinf(points[order[i]].violation)) break; /* it failed: once is enough */
    kept++;
    add_member(search, order[i], room);
  }
  const size_t old = search->member_count;
  do {
    for (size_t i = 0; i < kept; i++) add_neighbours(search, order[i], room);
  } while (search->member_count == old && halve_strides(search));
  halve_strides(search);
  search->blocks = 1;
  return search->member_count > old;
}

/* The best few against each other, over as many blocks as half of what is left has room for; then the best two. */
static bool race(struct search *search, const size_t *order, size_t known, const struct front_point *points)
{
  const size_t left = left_of(search->terms.trials, search->spent);
  const size_t racers = (search->is_racing ? LAST_RACERS : RACERS) + 2 * (search->terms.goals - 1);
  for (size_t i = 0; i < known && search->member_count < racers + 1; i++) {
    if (isinf(points[order[i]].violation)) break;
    add_member(search, order[i], racers + 1);
  }
  if (search->member_count < 2) return false; /* nothing but the usual setting works */
  const size_t share = search->is_racing ? left : left / 2;
  search->blocks = (uint32_t)(share / search->member_count);
  if (search->blocks == 0 && left >= search->member_count) search->blocks = 1;
  search->is_racing = true;
  return search->blocks > 0;
}

static void restart_members(struct search *search)
{
  search->members[0] = search->terms.usual;
  search->member_count = 1;
}

static bool choose(struct search *search, struct front_point *points)
{
  restart_members(search);
  if (search->rung == 0) {
    fill_space(search);
    search->blocks = 1;
    return true;
  }
  size_t *order = memory_allocate(search->point_room * sizeof *order);
  const size_t known = order_known(search, points, order, by_merit);
  bool goes_on = !search->is_racing && explore(search, order, known, points);
  if (!goes_on) {
    restart_members(search);
    goes_on = race(search, order, known, points);
  }
  free(order);
  return goes_on;
}

bool search_next(struct search *search, struct front_point *points)
{
  search->first_block += search->blocks;
  search->blocks = 0;
  if (!choose(search, points)) {
    search->member_count = 0;
    return false;
  }
  for (size_t i = 0; i < search->member_count; i++) search->blocks_of[search->members[i]] += search->blocks;
  search->spent += search->member_count * search->blocks;
  search->rung++;
  search_check(search);
  return true;
}

/* ---- invariants ------------------------------------------------------------------------------------------------- */

static void require(bool holds, const char *what)
{
  if (holds) return;
  fprintf(stderr, "gclab: search: %s\n", what);
  abort();
}

void search_check(const struct search *search)
{
  require(search->member_count > 0 && search->members[0] == search->terms.usual, "the usual setting is not the first");
  for (size_t i = 0; i < search->member_count; i++) {
    require(search->members[i] < search->grid.count || search->members[i] == search->terms.usual,
            "a point off the grid");
    for (size_t k = 0; k < i; k++) require(search->members[i] != search->members[k], "a point twice in a rung");
  }
  require(search->spent <= search->terms.trials || search->rung == 1, "more trials than are allowed");
}
