/*
 * ranks: two samples compared by order alone, for values whose distribution is anything but normal, and for samples
 * that are not paired.
 */
#ifndef GCLAB_HARNESS_STATS_RANKS_H
#define GCLAB_HARNESS_STATS_RANKS_H

#include "harness/stats/compare.h"

/*
 * Cliff's delta: how much oftener a value of a is above one of b than below it, -1 to 1.  NAN where a sample is empty.
 */
double stats_cliffs_delta(const double *a, size_t a_count, const double *b, size_t b_count);

/*
 * Two-sided p of the Mann-Whitney U test.  Exact where there are no ties and at most 20 values in each; else by the
 * normal approximation with correction for ties and for continuity, as Google Benchmark's compare.py (scipy) has it.
 * 1 where a sample is empty.
 */
double stats_mann_whitney_p(const double *a, size_t a_count, const double *b, size_t b_count);

/*
 * The shift a - b: the median of all differences (Hodges and Lehmann, 1963), with the interval that belongs to the
 * Mann-Whitney test (normal approximation of its rank; Hollander and Wolfe, 4.3).  Both samples at most
 * STATS_SHIFT_MAX values.
 */
enum { STATS_SHIFT_MAX = 2000 };

struct stats_estimate stats_hodges_lehmann(const double *a, size_t a_count, const double *b, size_t b_count,
                                           double level);

/*
 * Quantile q (nearest rank) of n sorted values, with the interval between two of them that holds the true one with at
 * least this probability whatever the distribution (order statistics, binomial; David and Nagaraja, 7.1).  low or high
 * is NAN where n is too small for that.
 */
struct stats_estimate stats_quantile_interval(const double *sorted, size_t n, double q, double level);

#endif
