/*
 * agreement: do all collectors compute the same?
 *
 * Trials of the same workload, parameters, size and seed must have the same checksum, whatever the collector.  Where
 * they differ, one of them is taken for right, to have a name for the others, by this rule: that of `none`, which
 * reclaims nothing and so cannot reclaim too much; else the one that most collectors have (a collector counts once for
 * each checksum, however many of its settings have it); of those that as many have, that of the collector which the
 * catalogue lists first.  A trial that differs from it has the outcome wrong_checksum.  The rule looks at the trials
 * alone, so the outcomes are the same in whatever order these were run.
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_AGREEMENT_H
#define GCLAB_HARNESS_CAMPAIGN_AGREEMENT_H

#include "harness/campaign/results.h"

/*
 * Compares trial number `index` with those that must agree with it, and changes outcomes in results and store
 * accordingly.  Returns false where the store could not be written.
 */
bool agreement_check(struct results *results, size_t index, const struct plan_cells *cells, struct store *store);

/* Prints who says what, for every group that disagrees.  Returns how many groups do. */
size_t agreement_report(const struct results *results, const struct plan_cells *cells);

#endif
