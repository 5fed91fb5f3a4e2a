/*
 * search: which settings are tried next, so that few trials find a good one.
 *
 * The settings are the points of a grid, a rank on each axis.  The search goes in RUNGS.  The first is a coarse start
 * that fills the grid (greedy maximin; Johnson, Moore and Ylvisaker 1990); each later one keeps the best of what was
 * tried (successive halving; Jamieson and Talwalkar 2016, as in Hyperband) and adds their neighbours on the grid, at a
 * stride that is halved from rung to rung.  The last rungs are a race of the best few.  All members of a rung are run in
 * the same blocks, new ones, and the usual setting is a member of each: so whatever a block's input or the machine
 * did to one of them, it did to all.  What is best is the caller's to say, by points as stats/front.h has them.
 *
 * The search knows nothing of trials: it is a function of the points, the terms and what it is told, always the same
 * for the same.  So one that was interrupted goes on by being told again what was measured.
 *
 * INVARIANTS.  Members of a rung differ and lie on the grid or are the usual setting, which is the first of them.  The
 * trials of all rungs together are at most terms.trials, but for the first rung, which may have to be larger.  Blocks are
 * numbered from 0 without gaps.
 */
#ifndef GCLAB_HARNESS_TUNE_SEARCH_H
#define GCLAB_HARNESS_TUNE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/front.h"

enum { SEARCH_AXES_MAX = 8 };

/* Point number p has the rank p / (product of the later extents) % extents[axis] on an axis. */
struct search_grid {
  size_t axes, count;
  size_t extents[SEARCH_AXES_MAX];
};

struct search_grid search_grid_of(const size_t *extents, size_t axes);
size_t search_rank(const struct search_grid *grid, size_t point, size_t axis);
size_t search_point(const struct search_grid *grid, const size_t *ranks);

struct search_terms {
  size_t trials; /* that it may take, those of the usual setting among them */
  size_t goals;
  size_t usual; /* the usual setting's point; grid.count where it is not on the grid */
};

struct search {
  struct search_grid grid;
  struct search_terms terms;
  uint32_t *blocks_of;             /* by point, the usual one's last where it is off the grid: blocks that it was in */
  size_t *members;                 /* of the current rung */
  size_t member_count, point_room; /* points there can be */
  uint32_t first_block, blocks;    /* of the current rung */
  size_t rung, start_count;        /* members of the first rung */
  size_t stride[SEARCH_AXES_MAX];  /* of neighbours in the next rung */
  size_t spent;                    /* trials of all rungs so far */
  bool is_racing;
};

struct search *search_new(const struct search_grid *grid, const struct search_terms *terms);
void search_free(struct search *search);

/*
 * Chooses the next rung: search->members, first_block, blocks.  points[point] says what is known of every point with
 * blocks_of above 0; their layers and crowding are worked out here.  False: the search is over.
 */
bool search_next(struct search *search, struct front_point *points);

/*
 * The points that were tried, best first by layer; within a layer by how many blocks they were in.  order has room for
 * point_room; returns how many.
 */
size_t search_order(const struct search *search, struct front_point *points, size_t *order);

/* Aborts with a message where an invariant does not hold. */
void search_check(const struct search *search);

#endif
