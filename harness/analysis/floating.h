/* floating: floating garbage over a trial, from its points (harness/deaths/floating.h). */
#ifndef GCLAB_HARNESS_ANALYSIS_FLOATING_H
#define GCLAB_HARNESS_ANALYSIS_FLOATING_H

#include "harness/store/store.h"

static inline uint64_t floating_garbage_bytes(const struct store_floating *point)
{
  return point->held_bytes - point->reachable_bytes;
}

/* What points add up to.  0 points: nothing is known. */
struct floating_sums {
  uint64_t peak_bytes;
  double mean_bytes;  /* over time */
  double delay_bytes; /* allocated, on the average, between a death and the reclamation of what died */
  double delay_ns;
};

/*
 * Averages are those of straight lines between the points; delays follow from them by Little's law (the mean of what
 * waits is the rate of arrivals times the mean wait), with what has died until the last point as arrivals.
 */
struct floating_sums floating_sums(const struct store_floating *points, size_t count);

#endif
