/*
 * stats: what is computed from measurements.  Knows arrays of numbers, nothing of where they came from.
 *
 * Durations and sizes are uint64_t and quantiles of them are nearest-rank: a value that was measured, never one that
 * was interpolated between two.  Values over trials are doubles.  Whatever draws random numbers takes a seed and gives
 * the same answer on every machine.
 *
 * THE MINIMUM-SAMPLE RULE: quantile q may be printed when n >= 10 / (1 - q), so that ten values at least lie beyond
 * it: 20 for the median, 1,000 for the 99th percentile, 10,000 for the 99.9th.
 */
#ifndef GCLAB_HARNESS_STATS_STATS_H
#define GCLAB_HARNESS_STATS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sorts ascending: radix sort, with as many passes as the values have bytes that differ. */
void stats_sort_u64(uint64_t *values, size_t count);
void stats_sort_double(double *values, size_t count);

/* The rank, from 1 to n, of quantile q in [0, 1] among n > 0 values: ceil(q n), and 1 for q = 0. */
size_t stats_rank(size_t n, double q);

/* The value of that rank; sorted ascending, n > 0. */
uint64_t stats_quantile_u64(const uint64_t *sorted, size_t n, double q);

/* May quantile q < 1 be printed for n values? */
bool stats_quantile_allowed(size_t n, double q);

/* The smallest n for which it may. */
size_t stats_quantile_minimum(double q);

/* Median (the mean of the middle two where n is even), quartiles (nearest-rank) and range over trials, n > 0. */
struct stats_spread {
  double minimum, quartile1, median, quartile3, maximum;
  size_t n;
};

struct stats_spread stats_spread_of(const double *values, size_t n);
double stats_median(const double *values, size_t n);

/* exp of the mean logarithm; every value > 0, n > 0. */
double stats_geometric_mean(const double *values, size_t n);

/*
 * Percentile bootstrap of the median over n > 0 independent values (trials, never pauses): resamples medians of n
 * values drawn with replacement, and their (1 - level)/2 and (1 + level)/2 quantiles, nearest-rank.  With one value
 * the interval is that value.
 */
enum { STATS_RESAMPLES = 10000 };

struct stats_interval {
  double low, high;
};

struct stats_interval stats_bootstrap_median(const double *values, size_t n, double level, unsigned resamples,
                                             uint64_t seed);

/*
 * A distribution whose short values were counted, not kept: `n` sorted values, and short_count more of which only the
 * bucket [2^b, 2^(b+1)) is known.  Short ones count in n and in ranks.  All of them are below floor.
 */
enum { STATS_BUCKETS = 64 };

struct stats_distribution {
  uint64_t *sorted;
  size_t n;
  uint64_t short_count;
  uint64_t short_histogram[STATS_BUCKETS];
  uint64_t floor;
};

struct stats_value {
  uint64_t value;   /* the quantile; where below_floor, the floor: an upper bound */
  bool below_floor; /* to be printed as "< floor" */
  bool enough;      /* by the minimum-sample rule */
};

size_t stats_distribution_count(const struct stats_distribution *distribution);
struct stats_value stats_distribution_quantile(const struct stats_distribution *distribution, double q);

/* Puts other's values into distribution (which grows); false where there is no memory.  Both stay valid. */
bool stats_distribution_merge(struct stats_distribution *distribution, const struct stats_distribution *other);
void stats_distribution_free(struct stats_distribution *distribution);

/*
 * Thins a distribution to points for a percentile plot: x = 1 / (1 - q), log-spaced from 1 to the largest x that the
 * minimum-sample rule allows (n / 10), each with its quantile.  Points below the floor have the floor as their value.
 * Returns how many, at most capacity; 0 where the rule allows no point beyond x = 2, the median.
 */
enum { STATS_THIN_POINTS = 300 };

struct stats_point {
  double x;
  uint64_t value;
  bool below_floor;
};

size_t stats_distribution_thin(const struct stats_distribution *distribution, struct stats_point *points,
                               size_t capacity);

#endif
