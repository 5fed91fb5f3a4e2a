/*
 * Weak references and finalizers (parts/hooks.h): what happens to them between copying and leaving the old space.
 *
 * Objects whose finalizers are to run are copied with all that they lead to, so they live until the next collection at
 * least.  The tables hold old addresses until hooks_forget_unreached; the old space must be readable until then.  Hooks
 * run after the pause, at the end of the safepoint (gc_new, gc_collect), when the new object is in its root slot: they
 * may allocate and collect.
 */
#include "collectors/parts/fault.h"
#include "collectors/parts/hooks.h"
#include "collectors/semispace/semispace.h"

static gc_ref survivor(void *state, gc_ref object) { return semispace_survivor(state, object); }

void semispace_copy_hooked(struct semispace *ss)
{
  struct gc_mutator *mutator = &ss->mutator;
  hooks_clear_unreached(mutator, survivor, ss); /* what it queues has been copied, and is queued by its new address */
  const uint32_t first = mutator->hooks->queued_count;
  hooks_queue_finalizers(mutator, survivor, ss);
  const uint32_t count = mutator->hooks->queued_count - first;
  if (count != 0 && !GC_FAULT(queue_kept_old)) semispace_copy_more(ss, mutator->hooks->queued + first, count);
  hooks_forget_unreached(mutator, survivor, ss);
}

void semispace_run_hooks(struct semispace *ss) { hooks_run_queue(&ss->mutator); }
