#include "harness/stats/front.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

bool front_dominates(const struct front_point *a, const struct front_point *b, size_t goals)
{
  if (a->violation < b->violation) return true;
  if (a->violation > b->violation) return false;
  if (a->violation > 0) return false; /* both break limits as much */
  bool is_better = false;
  for (size_t g = 0; g < goals; g++) {
    if (a->goals[g] > b->goals[g]) return false;
    is_better |= a->goals[g] < b->goals[g];
  }
  return is_better;
}

/* One layer's points in order of a goal, by insertion: layers are short. */
static void order_by_goal(const struct front_point *points, size_t *members, size_t count, size_t goal)
{
  for (size_t i = 1; i < count; i++) {
    const size_t member = members[i];
    size_t k = i;
    for (; k > 0 && points[members[k - 1]].goals[goal] > points[member].goals[goal]; k--) members[k] = members[k - 1];
    members[k] = member;
  }
}

static void add_crowding(struct front_point *points, size_t *members, size_t count, size_t goals)
{
  for (size_t g = 0; g < goals; g++) {
    order_by_goal(points, members, count, g);
    const double span = points[members[count - 1]].goals[g] - points[members[0]].goals[g];
    points[members[0]].crowding = points[members[count - 1]].crowding = INFINITY;
    for (size_t i = 1; i + 1 < count && isfinite(span) && span > 0; i++)
      points[members[i]].crowding += (points[members[i + 1]].goals[g] - points[members[i - 1]].goals[g]) / span;
  }
}

/* Those of `left` that no other of them dominates; at least one, for domination has no circles. */
static size_t take_layer(const struct front_point *points, const size_t *left, size_t left_count, size_t goals,
                         size_t *members)
{
  size_t count = 0;
  for (size_t i = 0; i < left_count; i++) {
    bool is_dominated = false;
    for (size_t k = 0; k < left_count && !is_dominated; k++)
      is_dominated = front_dominates(&points[left[k]], &points[left[i]], goals);
    if (!is_dominated) members[count++] = left[i];
  }
  return count;
}

void front_sort(struct front_point *points, size_t count, size_t goals)
{
  enum { NO_LAYER = -1 };
  size_t *left = memory_allocate((count + 1) * sizeof *left);
  size_t *members = memory_allocate((count + 1) * sizeof *members);
  size_t left_count = count;
  for (size_t i = 0; i < count; i++) {
    left[i] = i;
    points[i].layer = (size_t)NO_LAYER;
    points[i].crowding = 0;
  }
  for (size_t layer = 0; left_count > 0; layer++) {
    const size_t member_count = take_layer(points, left, left_count, goals, members);
    for (size_t i = 0; i < member_count; i++) points[members[i]].layer = layer;
    add_crowding(points, members, member_count, goals);
    size_t kept = 0;
    for (size_t i = 0; i < left_count; i++) {
      if (points[left[i]].layer == (size_t)NO_LAYER) left[kept++] = left[i];
    }
    left_count = kept;
  }
  free(left);
  free(members);
}

int front_compare(const struct front_point *a, const struct front_point *b)
{
  if (a->layer != b->layer) return a->layer < b->layer ? -1 : 1;
  return (a->crowding < b->crowding) - (a->crowding > b->crowding);
}
