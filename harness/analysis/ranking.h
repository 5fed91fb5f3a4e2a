/*
 * ranking: collectors against each other over the workloads that every one of them finished, at default knobs.
 */
#ifndef GCLAB_HARNESS_ANALYSIS_RANKING_H
#define GCLAB_HARNESS_ANALYSIS_RANKING_H

#include "harness/analysis/comparison.h"

struct ranking {
  const struct analysis *analysis;
  size_t *series; /* of the dataset: main allocators whose collector is no baseline (none, manual) */
  size_t series_count;
  size_t *subjects; /* that every one of these finished */
  size_t subject_count;
  size_t subjects_left_out;
};

struct ranking ranking_of(const struct analysis *analysis);
void ranking_free(struct ranking *ranking);

/* How many of the subjects have a value of the metric, above 0, of every series: these alone are ranked by it. */
size_t ranking_workloads(const struct ranking *ranking, const struct metric *metric);

/* The geometric mean over those subjects of b's values in multiples of a's; n is 0 where one has no ratio. */
struct stats_estimate ranking_ratio(const struct ranking *ranking, size_t a, size_t b, const struct metric *metric,
                                    const struct comparison_terms *terms);

/*
 * Orders the series by the metric, least first (indices into ranking->series), by their ratios to the first; those
 * without one are left out.  Returns how many there are.
 */
size_t ranking_order(const struct ranking *ranking, const struct metric *metric, const struct comparison_terms *terms,
                     size_t *order);

/*
 * Is that ratio of one to another beyond doubt: its interval without 1, and it itself outside of the A/A pairs' noise
 * (of wall time, which stands for the machine's)?
 */
bool ranking_is_clear(const struct stats_estimate *ratio, const struct noise_floor *floor);

#endif
