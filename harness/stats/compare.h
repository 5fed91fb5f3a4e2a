/*
 * compare: is one configuration better than another, by how much, and how sure is that?
 *
 * The independent value is the trial, and trials are paired within blocks: what the machine did to a block, it did to
 * both.  A ratio of times is exp of the mean of log(a/b) over the blocks, so that a/b and b/a say the same.
 *
 * INTERVALS of a mean are from the studentised bootstrap (bootstrap-t; Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, 12.5): the mean of each resample is taken in units of that resample's own standard error.  With 5 to
 * 20 blocks the percentile bootstrap covers the truth in 84 to 93 of 100 cases where it claims 95, even for normal
 * values, and BCa hardly more; bootstrap-t in 95, and in 93 for heavy tails (`tests/statistics` shows it).  Its price
 * is an interval that is honestly wide where few values are skewed.  Below STATS_BOOTSTRAP_MINIMUM values there are too
 * few different resamples, and Student's t takes its place.
 *
 * VERDICTS need both: an interval on one side of 1, and a p value that survives the family of comparisons.  "Not
 * significant" is not "equal": equivalent means that the interval lies inside the band.
 *
 * Whatever draws random numbers takes a seed and gives the same answer every time.
 */
#ifndef GCLAB_HARNESS_STATS_COMPARE_H
#define GCLAB_HARNESS_STATS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATS_BOOTSTRAP_MINIMUM = 5 };

/* No p of stats_sign_flip_p is below 0.05 with fewer blocks. */
enum { STATS_SIGNIFICANT_MINIMUM = 6 };

/* A value with its interval. */
struct stats_estimate {
  double value;     /* NAN: there were no values */
  double low, high; /* NAN: there were fewer than two */
  size_t n;         /* independent values: blocks, trials */
};

/* The mean of n values.  level is that of the interval, such as 0.95. */
struct stats_estimate stats_mean(const double *values, size_t n, double level, uint64_t seed);

/* a/b over n blocks; every value > 0. */
struct stats_estimate stats_ratio_paired(const double *a, const double *b, size_t n, double level, uint64_t seed);

/*
 * The ratio of the geometric means of two samples that are not paired (two stores, two builds); each is resampled by
 * itself.  Values > 0.
 */
struct stats_estimate stats_ratio_unpaired(const double *a, size_t a_count, const double *b, size_t b_count,
                                           double level, uint64_t seed);

/* The mean of a - b over n blocks: for quantities that may be 0. */
struct stats_estimate stats_difference_paired(const double *a, const double *b, size_t n, double level, uint64_t seed);

/*
 * The geometric mean over workloads of paired ratios.  logs[w * blocks + b] is log(a/b) of workload w in block b, NAN
 * where it is missing.  Blocks are resampled for all workloads together, since a block's disturbance is theirs in
 * common.  n is the number of blocks that have every workload; a block that lacks one is left out.
 */
struct stats_estimate stats_geomean_ratio(const double *logs, size_t workloads, size_t blocks, double level,
                                          uint64_t seed);

/*
 * Two-sided p of "the ratio is 1": how often flipping the signs of log(a/b) at random gives a mean as far from 0.
 * Exact (all 2^n flips) up to 16 blocks, else STATS_RESAMPLES random ones.  With n blocks no p is below 2^(1 - n), so
 * that fewer than 6 can never be significant at 5 %.  Values > 0; 1 where n is 0.
 */
double stats_sign_flip_p(const double *a, const double *b, size_t n, uint64_t seed);

/*
 * Adjusts p values of a family of comparisons (Benjamini and Hochberg, 1995): those with adjusted[i] <= q have a false
 * discovery rate of at most q.  A NAN is no member of the family and stays one.
 */
void stats_benjamini_hochberg(const double *p, size_t n, double *adjusted);

/* Of a against b, where less is better. */
enum stats_verdict { STATS_FASTER, STATS_SLOWER, STATS_EQUIVALENT, STATS_INCONCLUSIVE };

/* "faster", "slower", "equivalent", "inconclusive" */
extern const char *const stats_verdict_names[];

/*
 * EQUIVALENT: the interval lies inside [1/(1 + band), 1 + band].  FASTER, SLOWER: it lies on one side of 1, and
 * is_significant, which the caller takes from the adjusted p.  Anything else, and whatever has no interval, is
 * INCONCLUSIVE.
 */
enum stats_verdict stats_verdict_of(const struct stats_estimate *ratio, double band, bool is_significant);

/*
 * The smallest ratio above 1 that a comparison of n blocks finds four times out of five, at this level, where log(a/b)
 * has this standard deviation; NAN for n < 2.  By the normal approximation with Student's quantile.
 */
double stats_minimum_detectable(double sd_log, size_t n, double level);

/* The standard deviation (n - 1) of log(a/b); NAN for n < 2. */
double stats_sd_log_ratio(const double *a, const double *b, size_t n);

/* The quantile p in (0, 1) of the standard normal, and of Student's t with so many degrees of freedom, > 0. */
double stats_normal_quantile(double p);
double stats_student_quantile(double p, double degrees);

#endif
