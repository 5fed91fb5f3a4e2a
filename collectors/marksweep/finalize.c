/*
 * Weak references and finalizers (parts/hooks.h): what happens to them between marking and reclaiming.
 *
 * Objects whose finalizers are to run are marked with all that they lead to, so they live until the next collection at
 * least.  Hooks run after the pause, at the end of the safepoint (gc_new, gc_collect), when the new object is in its
 * root slot: they may allocate and collect.
 */
#include "collectors/marksweep/marksweep.h"
#include "collectors/parts/fault.h"
#include "collectors/parts/hooks.h"

static gc_ref survivor(void *state, gc_ref object) { return marksweep_is_marked(state, object) ? object : NULL; }

void marksweep_mark_hooked(struct marksweep *ms)
{
  struct gc_mutator *mutator = &ms->mutator;
  hooks_clear_unreached(mutator, survivor, ms);
  hooks_queue_finalizers(mutator, survivor, ms);
  if (!GC_FAULT(queue_unmarked)) marksweep_mark_more(ms, mutator->hooks->queued, mutator->hooks->queued_count);
  hooks_forget_unreached(mutator, survivor, ms);
}

void marksweep_run_hooks(struct marksweep *ms) { hooks_run_queue(&ms->mutator); }
