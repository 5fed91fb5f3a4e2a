/* characterisation: what is known of one workload at one size. */
#ifndef GCLAB_HARNESS_CHARACTERISE_CHARACTERISATION_H
#define GCLAB_HARNESS_CHARACTERISE_CHARACTERISATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/characterise/measures.h"

struct curve_point {
  double x, y;
};

enum {
  /*
   * live[]: x is the allocation clock in bytes, at the end of each of so many equal steps; y the most bytes alive
   * in it
   */
  CURVE_LIVE_POINTS = 400,
  /* survival[]: x is an age as a share of live_max, from 10^-4 to 10, so many a decade; y the share of bytes, 0 to 1 */
  CURVE_AGES_DECADE = 8,
  CURVE_FIRST_DECADE = -4,
  CURVE_DECADES = 5,
  CURVE_AGES = CURVE_DECADES * CURVE_AGES_DECADE + 1
};

struct characterisation {
  char *workload;
  double values[MEASURES]; /* NAN: not known */
  struct curve_point live[CURVE_LIVE_POINTS], survival[CURVE_AGES];
  size_t live_count, survival_count;
};

#endif
