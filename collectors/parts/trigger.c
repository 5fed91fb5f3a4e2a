#include "collectors/parts/trigger.h"

#include "collectors/parts/shadow_stack.h"

enum { HEADROOM_MIN_BYTES = 64 << 10 }; /* a collection for less than this is never worth it */

static uint64_t add_capped(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

/* live * milli / 1000 without overflow. */
static uint64_t scale_milli(uint64_t bytes, uint64_t milli)
{
  const unsigned __int128 scaled = (unsigned __int128)bytes * milli / 1000;
  return scaled > UINT64_MAX ? UINT64_MAX : (uint64_t)scaled;
}

void trigger_update(struct trigger *trigger, uint64_t live_bytes)
{
  if (trigger->budget_bytes != 0) {
    trigger->cause = JOURNAL_BUDGET;
    trigger->due_bytes = add_capped(live_bytes, trigger->budget_bytes);
    return;
  }
  if (trigger->limit_bytes != 0) {
    trigger->cause = JOURNAL_HEAP_LIMIT;
    trigger->due_bytes = UINT64_MAX;
    return;
  }
  trigger->cause = JOURNAL_HEAP_GROWTH;
  uint64_t due_bytes = scale_milli(live_bytes, trigger->growth_milli);
  const uint64_t least_bytes = add_capped(live_bytes, HEADROOM_MIN_BYTES);
  if (due_bytes < trigger->min_heap_bytes) due_bytes = trigger->min_heap_bytes;
  trigger->due_bytes = due_bytes < least_bytes ? least_bytes : due_bytes;
}

void trigger_check(const struct trigger *trigger, uint64_t live_bytes)
{
  if (trigger->due_bytes <= live_bytes) gc_fail("the trigger is due straight after a collection", trigger);
}
