/*
 * spread: how far a set of workloads spreads over what is measured, and which of them adds nothing.
 *
 * The dimensions are the measures that are components, each standardised over the set; a number that a workload lacks
 * counts as the mean.  A workload whose nearest neighbour in this space, not only in the picture of two components, is
 * nearer than SPREAD_NEAR of the median distance between workloads tells little that its neighbour does not tell.
 */
#ifndef GCLAB_HARNESS_CHARACTERISE_SPREAD_H
#define GCLAB_HARNESS_CHARACTERISE_SPREAD_H

#include "harness/characterise/characterisation.h"
#include "harness/stats/stats.h"

#define SPREAD_NEAR 0.25

enum { SPREAD_LEAST = 3 }; /* workloads */

struct spread {
  struct stats_components components;
  enum measure measures[MEASURES]; /* the dimensions */
  size_t measure_count;
  size_t *neighbours; /* by workload: the nearest other */
  double *distances;  /* to it, in multiples of the median distance */
};

/* False where there are fewer than SPREAD_LEAST workloads. */
bool spread_of(const struct characterisation *all, size_t count, struct spread *spread);
void spread_free(struct spread *spread);

#endif
