/* outcome: what became of a trial, from what it has left. */
#ifndef GCLAB_HARNESS_CAMPAIGN_OUTCOME_H
#define GCLAB_HARNESS_CAMPAIGN_OUTCOME_H

#include <jansson.h>

#include "harness/campaign/journal_file.h"
#include "harness/campaign/watch.h"
#include "harness/store/store.h"

struct outcome {
  struct store_trial trial;
  struct store_series series;
  struct journal_file journal; /* what series and trial point into, as the rest of these */
  json_t *record;
  char *record_text, *message;
  struct store_floating *floating;
};

/* Kernel's count of processes killed for want of memory; -1: not known. */
int64_t outcome_oom_kills(void);

/*
 * Fills in all that follows from what the process left.  The caller has set the trial's ids, block, position, seed,
 * started_at and steal_ticks.  oom_killed: the kernel has killed for want of memory while it ran.
 */
void outcome_derive(struct outcome *outcome, const struct plan_cell *cell, const struct process *process,
                    const struct watch *watch, bool oom_killed);

/*
 * Adds what the trial held beside what its program could reach, by the death schedule in this file.  Of a trial that is
 * ok, on a collector that knows what it has freed.
 */
void outcome_add_floating(struct outcome *outcome, const struct plan_cell *cell, const char *deaths_path);

void outcome_release(struct outcome *outcome);

#endif
