/*
 * schedules: the death schedules that a campaign needs: for collectors that replay one, and for floating garbage, which
 * is measured against one.
 *
 * Made by a run of the instrument for each workload, set of parameters and seed, when the first trial needs it, and
 * forgotten at the end of the block (harness/deaths/cache.h).
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_SCHEDULES_H
#define GCLAB_HARNESS_CAMPAIGN_SCHEDULES_H

#include "harness/deaths/cache.h"
#include "harness/plan/plan.h"

struct schedules {
  const struct catalogue_collector *instrument; /* NULL: not built */
  struct deaths_cache *cache;                   /* NULL until one is needed */
  bool for_all;                                 /* floating garbage is wanted of every trial */
};

/* Does the cell's collector replay a schedule? */
bool schedules_is_replayed(const struct plan_cell *cell);

enum schedules_outcome { SCHEDULES_NOT_NEEDED, SCHEDULES_FOUND, SCHEDULES_FAILED, SCHEDULES_INTERRUPTED };

/*
 * The schedule's file for a trial of the cell, good until the next call; where it FAILED, error (INSTRUMENT_ERROR_MAX)
 * says why.  A workload with weak references or finalizers has none: when its objects die depends on the collector.
 */
enum schedules_outcome schedules_find(struct schedules *schedules, const struct plan_cell *cell, uint64_t seed,
                                      const char **path, char *error);

/* A block is over. */
void schedules_forget(struct schedules *schedules);
void schedules_release(struct schedules *schedules);

#endif
