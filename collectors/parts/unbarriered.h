/*
 * unbarriered: the functions of gc.h that touch slots and fields, for a collector that traces and needs no barrier.
 *
 * This header is a template.  The file that includes it has the functions fields_of and shape_of, of an object, and what
 * arguments.h asks for.
 */
#ifndef GCLAB_COLLECTORS_PARTS_UNBARRIERED_H
#define GCLAB_COLLECTORS_PARTS_UNBARRIERED_H

#include "collectors/parts/arguments.h"

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_pop(mutator, frame); }

GC_INLINE void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  check_slot(mutator, slot, "gc_root: the slot is in no frame on the shadow stack");
  check_reference(mutator, value, "gc_root: the value is not an object, or no longer one");
  *slot = value;
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  check_object(mutator, object, "gc_load: not an object, or no longer one");
  GC_CHECK(field < shape_of(object).fields, "gc_load: the object has no such field", object);
  return fields_of(object)[field];
}

GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  check_object(mutator, object, "gc_store: not an object, or no longer one");
  GC_CHECK(field < shape_of(object).fields, "gc_store: the object has no such field", object);
  check_reference(mutator, value, "gc_store: the value is not an object, or no longer one");
  fields_of(object)[field] = value;
}

#endif
