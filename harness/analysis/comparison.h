/*
 * comparison: cells against cells, with intervals and verdicts.
 *
 * Cells of one campaign are paired within blocks.  A ratio is B/A: below 1 means that B needs less.  The comparisons
 * that are shown together are one family, whose p values are adjusted together (Benjamini and Hochberg).
 */
#ifndef GCLAB_HARNESS_ANALYSIS_COMPARISON_H
#define GCLAB_HARNESS_ANALYSIS_COMPARISON_H

#include "harness/analysis/analysis.h"

struct comparison_terms {
  double level; /* of intervals, and 1 - level is the false discovery rate; 0.95 */
  double band;  /* of equivalence; 0.02 */
  uint64_t seed;
};

extern const struct comparison_terms comparison_default_terms;

enum comparison_kind {
  COMPARISON_PAIRED,   /* blocks of one campaign */
  COMPARISON_UNPAIRED, /* two campaigns */
  COMPARISON_NONE      /* no ratio: reason says why */
};

struct comparison {
  const struct analysis_cell *a, *b;
  const struct metric *metric;
  enum comparison_kind kind;
  enum stats_verdict verdict;  /* in the direction "less is FASTER", whatever the metric's direction */
  const char *reason;          /* COMPARISON_NONE: a constant text */
  double median_a, median_b;   /* over trials */
  struct stats_estimate ratio; /* B/A */
  double p, adjusted_p;        /* NAN where there is none */
  double sd_log;               /* standard deviation of the log ratio over blocks; NAN: not paired */
};

/* Compares; p is not adjusted yet, and the verdict not made.  a and b are of one campaign where is_paired. */
struct comparison comparison_of(const struct analysis_cell *a, const struct analysis_cell *b,
                                const struct metric *metric, bool is_paired, const struct comparison_terms *terms);

/* Adjusts the p values of a family and makes its verdicts. */
void comparison_judge(struct comparison *family, size_t count, const struct comparison_terms *terms);

/* "faster", "smaller", "better", ... as the metric has it; "equivalent", "inconclusive". */
const char *comparison_words(const struct comparison *comparison);

/* Is B worse than A, significantly? */
bool comparison_is_regression(const struct comparison *comparison, double margin);

/*
 * The geometric mean of the ratios of a metric over the comparisons that are given, which are one a workload and
 * paired; those without a ratio count as missing: the caller says which.  p is not given.
 */
struct stats_estimate comparison_geomean(const struct comparison *const *list, size_t count,
                                         const struct comparison_terms *terms);

/* The campaign's A/A pairs, by a metric: each ratio is of the same configuration under two names. */
struct noise_floor {
  size_t pairs;                /* twins with at least one block */
  struct stats_estimate ratio; /* geometric mean over the pairs */
  double widest;               /* the interval's or a single pair's end that is farthest from 1, as a ratio above 1 */
  bool excludes_one;           /* the interval of the mean does not hold 1 */
};

struct noise_floor comparison_noise_floor(const struct analysis *analysis, const struct metric *metric,
                                          const struct comparison_terms *terms);

#endif
