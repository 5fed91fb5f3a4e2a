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

/*
 * Counts of values, for more of them than are to be kept.  Buckets are exact below 2^STATS_HISTOGRAM_BITS; above, a
 * bucket is as wide as 2^-STATS_HISTOGRAM_BITS of its values, so that a quantile (nearest-rank) is off by less than 0.1
 * %.
 */
enum { STATS_HISTOGRAM_BITS = 10, STATS_HISTOGRAM_BUCKETS = (65 - STATS_HISTOGRAM_BITS) << STATS_HISTOGRAM_BITS };

struct stats_histogram {
  uint64_t *counts; /* STATS_HISTOGRAM_BUCKETS */
  uint64_t n;
};

/* False where there is no memory. */
bool stats_histogram_open(struct stats_histogram *histogram);
void stats_histogram_free(struct stats_histogram *histogram);
void stats_histogram_add(struct stats_histogram *histogram, uint64_t value);

/* The smallest value of the bucket that quantile q is in; n > 0. */
uint64_t stats_histogram_quantile(const struct stats_histogram *histogram, double q);

/*
 * Eigenvalues and eigenvectors of a symmetric matrix of n rows, by cyclic Jacobi rotations (Jacobi 1846; Golub and Van
 * Loan, Matrix Computations, 8.5).  matrix, row by row, is destroyed; values come in falling order, and the eigenvector
 * of values[k] is row k of vectors, of length 1, its component of the largest magnitude positive.
 */
void stats_eigen_symmetric(double *matrix, size_t n, double *values, double *vectors);

/*
 * Principal components of `rows` observations of `columns` variables, each variable standardised first (mean 0,
 * standard deviation 1 with n - 1; one that does not vary is 0 throughout).  All arrays are one allocation.
 */
struct stats_components {
  size_t rows, columns;
  double *standard; /* rows x columns: the variables, standardised */
  double *share;    /* columns: of the variance, by component; falling */
  double *loadings; /* columns x columns: row k is component k, in the variables */
  double *scores;   /* rows x columns: the observations, in the components */
};

/* False where there is no memory, or fewer than two rows or one column. */
bool stats_components_of(const double *data, size_t rows, size_t columns, struct stats_components *components);
void stats_components_free(struct stats_components *components);

/* Of each of the rows > 1 observations: which other is nearest (Euclid), and how far away. */
void stats_nearest(const double *standard, size_t rows, size_t columns, size_t *neighbours, double *distances);

/* The median of the distances between all pairs, rows > 1; NAN where there is no memory. */
double stats_median_distance(const double *standard, size_t rows, size_t columns);

#endif
