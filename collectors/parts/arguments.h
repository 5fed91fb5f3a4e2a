/*
 * arguments: what gc.h's functions were given, held against the contract in checking builds; nothing otherwise.
 *
 * This header is a template.  The file that includes it defines before the macro
 *   ARGUMENTS_REQUIRE_OBJECT(mutator, object, what)
 * which aborts with `what` and the address unless this is an object that has been allocated and not yet freed.
 */
#ifndef GCLAB_COLLECTORS_PARTS_ARGUMENTS_H
#define GCLAB_COLLECTORS_PARTS_ARGUMENTS_H

#include "collectors/collector.h"
#include "collectors/parts/shadow_stack.h"

static inline void check_slot(struct gc_mutator *mutator, const gc_ref *slot, const char *what)
{
  (void)mutator, (void)slot, (void)what;
  GC_CHECK(shadow_stack_has_slot(mutator, slot), what, slot);
}

static inline void check_object(struct gc_mutator *mutator, gc_ref object, const char *what)
{
  (void)mutator, (void)object, (void)what;
#ifdef GC_CHECKING
  ARGUMENTS_REQUIRE_OBJECT(mutator, object, what);
#endif
}

/* NULL is allowed. */
static inline void check_reference(struct gc_mutator *mutator, gc_ref reference, const char *what)
{
  if (reference != NULL) check_object(mutator, reference, what);
}

#endif
