/*
 * Verification of objects on malloc.  Checking builds keep a table of them; others make one for the time of a check.
 */
#include "collectors/marksweep/malloc_space.h"

#include "collectors/marksweep/marksweep.h"

/* Outside a check only checking builds ask. */
const char *space_fault_of(struct marksweep *ms, gc_ref object)
{
  if ((uintptr_t)object % sizeof(gc_ref) != 0) return "the address is not aligned";
  if (object_table_find(&ms->space.known, object) == NULL) return "the address is not an object's, or no longer one's";
  if ((header_of(object)->word & ~(uint32_t)(HEADER_MARKED | HEADER_DROPPED)) != HEADER_OBJECT)
    return "the header is damaged";
  return NULL;
}

uint64_t space_visit_begin(struct marksweep *ms, struct space_visited *visited)
{
  struct space *space = &ms->space;
#ifdef GC_CHECKING
  visited->is_temporary = false;
  for (uint64_t i = 0; i < space->known.capacity; i++) space->known.entries[i].value = 0;
#else
  visited->is_temporary = true;
  if (!object_table_reserve(&space->known, space->count)) return space->count * sizeof(struct object_entry);
  for (uint64_t i = 0; i < space->count; i++) {
    if (!object_table_add(&space->known, space->objects[i]))
      gc_fail("an object is twice in the vector", space->objects[i]);
  }
#endif
  return 0;
}

bool space_visit(struct marksweep *ms, struct space_visited *visited, gc_ref object)
{
  (void)visited;
  return object_table_find(&ms->space.known, object)->value++ == 0;
}

void space_visit_end(struct marksweep *ms, struct space_visited *visited)
{
  if (visited->is_temporary) object_table_release(&ms->space.known);
}

void space_check(struct marksweep *ms, struct tally *tally)
{
  const struct space *space = &ms->space;
  if (space->known.count != space->count) gc_fail("the vector does not hold every object once", space->objects);
  for (uint64_t i = 0; i < space->count; i++) {
    const gc_ref object = space->objects[i];
    marksweep_require_object(ms, object, "the vector holds no object");
    if (header_of(object)->word != HEADER_OBJECT) gc_fail("an object is marked between collections", object);
    tally->objects++;
    tally->bytes += object_cell_bytes(object);
    tally->payload_bytes += header_payload_bytes(shape_of(object));
  }
}
