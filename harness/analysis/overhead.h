/*
 * overhead: lower bounds on what collectors cost (Cai, Blackburn, Bond and Maas, Distilling the Real Cost of Production
 * Garbage Collectors, ISPASS 2022).
 *
 * No program can be run without any memory management, but for each workload the least of (total - what can be put down
 * to the collector, the time in its pauses) over all cells is an upper bound of what the program by itself needs.  The
 * total in multiples of that base is therefore at least what the collector costs.  The more cells take part, `none`
 * (which never reclaims) among them, the nearer the bound.  Barriers, counting, slower allocation and lost locality of
 * the base itself stay in the base.
 *
 * Of CPU time the part in pauses is taken to be the wall time of the pauses, since they run on the mutator's thread.
 */
#ifndef GCLAB_HARNESS_ANALYSIS_OVERHEAD_H
#define GCLAB_HARNESS_ANALYSIS_OVERHEAD_H

#include "harness/analysis/comparison.h"

struct overhead_base {
  const struct analysis_cell *cell; /* whose distilled time is the least; NULL: no cell was ok */
  double distilled_ns;              /* its median over trials */
};

/* The base of a subject for metric `wall` or `cpu`. */
struct overhead_base overhead_base_of(const struct analysis *analysis, size_t subject, const struct metric *metric);

/*
 * A cell's total / the base's distilled, block by block, with its interval; what the base is, is decided once, over all
 * blocks: so the interval holds the blocks' noise of both.  NAN where the cell was never ok.
 */
struct stats_estimate overhead_of(const struct analysis_cell *cell, const struct overhead_base *base,
                                  const struct metric *metric, const struct comparison_terms *terms);

#endif
