/*
 * trigger: when to collect, apart from how.
 *
 * Every rule comes down to one number, known when a collection ends: the heap size at which the next is due.
 *
 *   growth:  live bytes times a factor, but not below min_heap_bytes
 *   budget:  live bytes plus the allocation budget: a collection every so many bytes allocated
 *   limit:   none; the heap is filled up to its limit
 *
 * A budget takes the place of growth, and so does a limit where there is no budget: each rule can be studied alone.
 * The limit holds under every rule (trigger_fits).
 *
 * INVARIANT: due_bytes > the live bytes of the last collection, so that a collection is never due at once again.
 */
#ifndef GCLAB_COLLECTORS_PARTS_TRIGGER_H
#define GCLAB_COLLECTORS_PARTS_TRIGGER_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/journal.h"

struct trigger {
  uint64_t growth_milli; /* thousandths; > 1000 */
  uint64_t min_heap_bytes;
  uint64_t limit_bytes;  /* 0: none */
  uint64_t budget_bytes; /* 0: none */

  uint64_t due_bytes; /* collect when the heap has grown to this */
  enum journal_cause cause;
};

/* Works out due_bytes, at the start (live_bytes 0) and after each collection. */
void trigger_update(struct trigger *trigger, uint64_t live_bytes);

static inline bool trigger_is_due(const struct trigger *trigger, uint64_t heap_bytes)
{
  return heap_bytes >= trigger->due_bytes;
}

/* Would a heap of so many bytes be within the limit? */
static inline bool trigger_fits(const struct trigger *trigger, uint64_t held_bytes)
{
  return trigger->limit_bytes == 0 || held_bytes <= trigger->limit_bytes;
}

/* Aborts with a message when an invariant does not hold. */
void trigger_check(const struct trigger *trigger, uint64_t live_bytes);

/* Rows for a table of knobs. */
#define KNOB_GROWTH_FACTOR_ROW                                                                                         \
  {                                                                                                                    \
    .name = "growth_factor", .unit = "ratio", .type = SETTING_MILLI, .scale = SETTING_LOG, .default_value = 2000,      \
    .minimum = 1050, .maximum = 16000, .search_low = 1200, .search_high = 8000,                                        \
    .help = "collect when the heap has grown to this many times what was live (without heap_limit and budget)"         \
  }
#define KNOB_MIN_HEAP_ROW                                                                                              \
  {                                                                                                                    \
    .name = "min_heap", .unit = "bytes", .type = SETTING_BYTES, .scale = SETTING_LOG, .default_value = 4 << 20,        \
    .minimum = 64 << 10, .maximum = INT64_C(1) << 40, .search_low = 512 << 10, .search_high = 128 << 20,               \
    .help = "growth never asks for a collection below this size"                                                       \
  }
#define KNOB_HEAP_LIMIT_ROW                                                                                            \
  {                                                                                                                    \
    .name = "heap_limit", .unit = "bytes", .type = SETTING_HEAP, .scale = SETTING_LOG, .default_value = 0,             \
    .minimum = 0, .maximum = INT64_C(1) << 40,                                                                         \
    .help = "most memory for objects, a collector's tables beside them not counted; out of memory when collecting "    \
            "makes no room (0: none)"                                                                                  \
  }
#define KNOB_ALLOCATION_BUDGET_ROW                                                                                     \
  {                                                                                                                    \
    .name = "allocation_budget", .unit = "bytes", .type = SETTING_BYTES, .scale = SETTING_LOG, .default_value = 0,     \
    .minimum = 0, .maximum = INT64_C(1) << 40, .help = "collect whenever so many bytes have been allocated (0: off)"   \
  }

#endif
