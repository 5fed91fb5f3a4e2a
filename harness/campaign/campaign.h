/*
 * campaign: runs a plan's cells, trial by trial, into a store.
 *
 * A campaign's id is the hash of the plan's name, seed, limits and pinning, the host, and its cells' ids (which contain
 * the build of each trial program); its trials' ids follow from it.  So the same command on the same build goes on
 * where the last one stopped, more blocks go on with the same campaign, and a rebuilt collector starts anew.
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_CAMPAIGN_H
#define GCLAB_HARNESS_CAMPAIGN_CAMPAIGN_H

#include "harness/plan/plan.h"
#include "harness/store/store.h"

struct campaign_options {
  const char *command; /* as the user typed it; kept in the store */
  bool quiet;          /* no progress, only the summary */
  bool again;          /* measure anew even if every trial is there: a new campaign with the next free seed offset */
  bool json;           /* the summary as JSON on standard output */
};

enum campaign_exit {
  CAMPAIGN_DONE = 0,
  CAMPAIGN_TRIAL_FAILED = 3, /* at least one trial was not ok (out of memory where it was not foreseen, crash, ...) */
  CAMPAIGN_ENVIRONMENT = 4,
  CAMPAIGN_INTERRUPTED = 130
};

/*
 * Runs what is not in the store yet.  Progress goes to standard error: a bar with the time left on a terminal, plain
 * lines elsewhere.  Prints a summary when it ends, however it ends.  Returns one of campaign_exit.
 */
int campaign_run(const struct plan *plan, const struct plan_cells *cells, struct store *store,
                 const struct campaign_options *options);

/* Estimate of the whole plan's time, from what the store knows of such trials, else from the workloads' defaults. */
uint64_t campaign_estimate_ns(const struct plan *plan, const struct plan_cells *cells, struct store *store);

#endif
