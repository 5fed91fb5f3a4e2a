/* pairs: what a campaign's A/A pairs say: how far apart two cells are that do not differ. */
#ifndef GCLAB_HARNESS_CAMPAIGN_PAIRS_H
#define GCLAB_HARNESS_CAMPAIGN_PAIRS_H

#include "harness/campaign/results.h"
#include "harness/stats/compare.h"

struct pairs {
  size_t count;                /* pairs that have a block in which both were ok */
  struct stats_estimate ratio; /* of wall times, twin / original: geometric mean over the pairs; 95 % over blocks */
};

struct pairs pairs_of(const struct results *results, const struct plan_cells *cells);

#endif
