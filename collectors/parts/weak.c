/*
 * Weak references as hooks.h has them.  They are in a file of their own because a peer has its own: then nothing of
 * this file is linked.
 */
#include "collectors/parts/hooks.h"
#include "collectors/parts/shadow_stack.h"

/* Checks for checking builds; nothing otherwise. */
static void check_target(struct gc_mutator *mutator, const gc_ref *target)
{
  (void)mutator, (void)target;
#ifdef GC_CHECKING
  struct gc_shape shape;
  GC_CHECK(*target != NULL, "gc_new_weak: there is no target", target);
  GC_CHECK(!collector_shape(mutator, *target, &shape) || (shape.kind != GC_ATOM && shape.kind != GC_WEAK),
           "gc_new_weak: there are no weak references to atoms, nor to weak references", *target);
#endif
}

void gc_new_weak(struct gc_mutator *mutator, gc_ref *slot, const gc_ref *target, struct gc_hook callback)
{
  if ((collector.capabilities & COLLECTOR_WEAK) == 0)
    gc_fail("gc_new_weak: this collector has no weak references", slot);
  check_target(mutator, target);
  const gc_ref shared = callback.function == NULL ? hooks_shared_weak(mutator->hooks, *target) : NULL;
  if (shared != NULL) {
    gc_root(mutator, slot, shared);
    return;
  }
  /*
   * The slot may be the target's own, so the new object lands in another first; and the hooks that its making runs may
   * drop the target's slot, so the target is held here too.
   */
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  gc_root(mutator, &frame.slot[1], *target);
  gc_new(mutator, &frame.slot[0], hooks_weak_shape());
  hooks_add_weak(mutator, &frame.slot[0], &frame.slot[1], callback);
  gc_root(mutator, slot, frame.slot[0]);
  gc_pop(mutator, &frame.frame);
}

gc_ref gc_weak_get(struct gc_mutator *mutator, gc_ref weak)
{
  const struct hooks *hooks = mutator->hooks;
  const gc_ref target = hooks_weak_of(hooks, weak)->target;
  if (GC_LIKELY(hooks->hidden_count == 0) || target == NULL) return target;
  return hooks_find(hooks, target)->hidden ? NULL : target;
}
