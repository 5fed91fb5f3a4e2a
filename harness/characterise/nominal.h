/*
 * nominal: each number of a workload among those of the others, as DaCapo's nominal statistics have it.
 *
 * The largest value has rank 1; equal ones share the better rank.  The score is 10 for the largest value, 1 for the
 * smallest, and in between by the share of the others that are smaller, equal ones apart: so it says "more" or "less",
 * never "better".
 */
#ifndef GCLAB_HARNESS_CHARACTERISE_NOMINAL_H
#define GCLAB_HARNESS_CHARACTERISE_NOMINAL_H

#include "harness/characterise/characterisation.h"

struct nominal {
  double value;
  size_t rank, ranked; /* of so many that have the number; 0: this one has not */
  int score;           /* 1 to 10; 0: there is nothing to compare with */
  double minimum, median, maximum;
};

struct nominal nominal_of(const struct characterisation *all, size_t count, size_t which, enum measure measure);

#endif
