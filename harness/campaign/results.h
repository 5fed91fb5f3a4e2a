/* results: the trials of a campaign as far as they are done, in memory. */
#ifndef GCLAB_HARNESS_CAMPAIGN_RESULTS_H
#define GCLAB_HARNESS_CAMPAIGN_RESULTS_H

#include "harness/plan/plan.h"
#include "harness/store/store.h"

struct result {
  char id[PLAN_ID_MAX];
  uint32_t cell, block;
  const char *outcome; /* constant */
  char checksum[24];   /* empty: none */
  char *message;       /* NULL: none */
  int64_t wall_ns, gc_ns, process_ns, startup_ns;
  int64_t pauses, pause_p50_ns, pause_p99_ns, pause_max_ns;
  int64_t peak_heap_bytes;
};

struct results {
  struct result *rows;
  size_t count, capacity;
};

/* The constant text of an outcome; "failed" where it is none that is known. */
const char *results_outcome(const char *outcome);

bool results_add(struct results *results, uint32_t cell, const struct store_trial *trial);

/* Adds every trial of the campaign that the store has.  Messages on failure. */
bool results_load(struct results *results, struct store *store, const char *campaign_id,
                  const struct plan_cells *cells);
void results_free(struct results *results);

/*
 * Why it is not ok, on one line: what the harness says, and where that is an exit status, the first line that the trial
 * printed.  To be freed; NULL only for want of memory.
 */
char *results_reason(const struct result *result);

/* Was it to be expected?  Running out of memory is, for a collector that cannot reclaim what the workload leaves. */
bool results_is_foreseen(const struct result *result, const struct plan_cells *cells);

#endif
