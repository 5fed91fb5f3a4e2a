#include "collectors/parts/shadow_stack.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void gc_fail(const char *what, const void *where)
{
  fprintf(stderr, "gclab: %s: %s (%p)\n", collector.name, what, where);
  fflush(stderr);
  abort();
}

bool shadow_stack_has_slot(const struct gc_mutator *mutator, const gc_ref *slot)
{
  for (const struct gc_frame *frame = mutator->frames; frame != NULL; frame = frame->previous) {
    const uintptr_t offset_bytes = (uintptr_t)slot - (uintptr_t)frame->slots; /* slots may be NULL, of an empty frame */
    if (offset_bytes < frame->count * sizeof(gc_ref)) return true;
  }
  return false;
}
