/*
 * trigger: when generations[0].count exceeds a threshold, which is when CPython collects of itself.
 *
 * The count goes up with each counted allocation and down with each free, never below zero, and starts at zero after a
 * collection (gcmodule.c, gc_alloc and PyObject_GC_Del).  When it exceeds threshold0 depends on neither of the other
 * thresholds, so settings with the same threshold0 share their triggers.  Runs of ticks in which nothing can happen are
 * passed over by what is kept of each block of them.
 */
#ifndef GCLAB_HARNESS_PREDICT_TRIGGER_H
#define GCLAB_HARNESS_PREDICT_TRIGGER_H

#include "harness/recording/recording.h"

/* Of TRIGGER_BLOCK ticks: what they do to a count. */
struct trigger_block {
  int32_t sum;      /* from the first tick to the last */
  int32_t least;    /* least sum of any beginning, the empty one too */
  int32_t greatest; /* greatest sum of any beginning */
  int32_t rise;     /* greatest rise from a point to a later one */
};

enum { TRIGGER_BLOCK = 2048 };

struct trigger_index {
  const struct recording *recording;
  struct trigger_block *blocks; /* whole ones */
  size_t block_count;
};

struct trigger_index trigger_index_make(const struct recording *recording);
void trigger_index_free(struct trigger_index *index);

/*
 * From `tick` on with this count: the first tick at which the count exceeds the threshold, plus one, so that it is the
 * number of ticks by then; or RECORDING_NEVER, where it does not before `end`.  *count: as it is then.
 */
uint32_t trigger_next(const struct trigger_index *index, uint32_t tick, uint32_t end, int64_t threshold,
                      int64_t *count);

#endif
