/*
 * shadow_stack: frames of root slots, linked through the C stack.
 *
 * INVARIANT: mutator->frames is the frame pushed last and not yet popped; `previous` leads to older ones.
 * Checking builds name the frame that is popped out of turn or pushed twice.
 */
#ifndef GCLAB_COLLECTORS_PARTS_SHADOW_STACK_H
#define GCLAB_COLLECTORS_PARTS_SHADOW_STACK_H

#include "collectors/collector.h"

/* Prints what went wrong and aborts.  The object or frame is named by its address. */
_Noreturn void gc_fail(const char *what, const void *where);

#ifdef GC_CHECKING
#define GC_CHECK(condition, what, where) ((condition) ? (void)0 : gc_fail(what, where))
#else
#define GC_CHECK(condition, what, where) ((void)0)
#endif

static inline void shadow_stack_push(struct gc_mutator *mutator, struct gc_frame *frame)
{
#ifdef GC_CHECKING
  GC_CHECK(frame->slots != NULL || frame->count == 0, "gc_push: a frame that GC_FRAME did not make", frame);
  for (const struct gc_frame *f = mutator->frames; f != NULL; f = f->previous)
    GC_CHECK(f != frame, "gc_push: the frame is on the shadow stack already", frame);
#endif
  frame->previous = mutator->frames;
  mutator->frames = frame;
}

/* Unlinks the frame; its slots are the caller's to drop. */
static inline void shadow_stack_pop(struct gc_mutator *mutator, struct gc_frame *frame)
{
  GC_CHECK(mutator->frames != NULL, "gc_pop: the shadow stack is empty", frame);
  GC_CHECK(mutator->frames == frame, "gc_pop: the frame is not the topmost one", frame);
  mutator->frames = frame->previous;
}

/* Is this slot in a frame that has been pushed?  Slow: for checking builds. */
bool shadow_stack_has_slot(const struct gc_mutator *mutator, const gc_ref *slot);

#endif
