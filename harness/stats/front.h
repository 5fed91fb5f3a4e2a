/*
 * front: which of several settings are worth a look where more than one thing counts (Pareto).
 *
 * Setting a dominates b where it is no worse in anything and better in something.  What breaks a limit is dominated by
 * whatever breaks none, and by what breaks less (constrained domination).  Layer 0 is the front: what nothing dominates;
 * layer 1 is the front of the rest, and so on.  Within a layer, crowding says how much room a setting has to itself:
 * the ends of the front have the most.  (Deb, Pratap, Agarwal and Meyarivan, A fast and elitist multiobjective genetic
 * algorithm: NSGA-II, 2002; layers, crowding and constrained domination are theirs, the search is not.)
 */
#ifndef GCLAB_HARNESS_STATS_FRONT_H
#define GCLAB_HARNESS_STATS_FRONT_H

#include <stdbool.h>
#include <stddef.h>

enum { FRONT_GOALS_MAX = 4 };

struct front_point {
  double goals[FRONT_GOALS_MAX]; /* less is better; INFINITY: as bad as can be */
  double violation;              /* 0: within all limits */
  size_t layer;                  /* found by front_sort, with crowding */
  double crowding;               /* INFINITY at the ends */
};

bool front_dominates(const struct front_point *a, const struct front_point *b, size_t goals);

/* Fills in layers and crowding. */
void front_sort(struct front_point *points, size_t count, size_t goals);

/* Negative: a comes before b: lower layer, then more room. */
int front_compare(const struct front_point *a, const struct front_point *b);

#endif
