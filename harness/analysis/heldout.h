/*
 * heldout: the best of several settings, without the luck of the one that was chosen.
 *
 * The least of many noisy numbers is too small: who picks the best setting by the same trials that he then quotes, quotes
 * noise in its favour (the winner's curse; testing on the training set).  So one half of the blocks chooses, the other
 * half says how good the choice is: blocks with odd numbers, from 1 on, choose.  Seeds are different too, since a block
 * has its own.
 */
#ifndef GCLAB_HARNESS_ANALYSIS_HELDOUT_H
#define GCLAB_HARNESS_ANALYSIS_HELDOUT_H

#include "harness/analysis/comparison.h"

struct heldout {
  const struct analysis_cell *usual, *best; /* the default, and what the choosing half prefers; they may be the same */
  size_t candidates;
  struct stats_estimate chosen; /* best/usual over the blocks that chose: too good */
  struct stats_estimate held;   /* the same over the others */
  double p;                     /* that the latter is 1 */
  enum stats_verdict verdict;   /* of the latter; "less is FASTER", whatever the metric's direction */
};

/*
 * Chooses among the candidates, of which usual is one, by the geometric mean of their ratios to it.  False: there are no
 * two blocks in either half in which usual and another were ok.
 */
bool heldout_choose(const struct analysis_cell *usual, const struct analysis_cell *const *candidates, size_t count,
                    const struct metric *metric, const struct comparison_terms *terms, struct heldout *result);

#endif
