/*
 * malloc_space: marksweep over malloc, to tell what its strategy does from what its blocks do.
 *
 * malloc knows which cells are free, and nothing else of what a collector must know: so there is a vector of all
 * objects, to sweep by, and the mark bit is in the object's header, as in collectors that were put onto malloc as it
 * was (Lua's, for one, which links all objects in a list).  Dead objects are freed one by one, in the pause: to do it
 * later would need marks of two meanings at once, and is a matter of the pause's length, not of the work.  Large
 * objects are malloc's affair, as all others are.
 *
 *   malloc_space.c   gc_new, lifecycle, sweeping
 *   malloc_mark.h   mark bits
 *   malloc_check.c  what an object is, and verification
 *
 * INVARIANTS
 *  - The vector holds every object once, in the order of their birth.
 *  - Every object's header has HEADER_OBJECT in its word, and between collections no other bit.
 *  - heap_bytes = what malloc was asked for: headers and extents included, its own rounding not.
 *  - Checking builds: `known` holds exactly the objects in the vector.
 */
#ifndef GCLAB_COLLECTORS_MARKSWEEP_MALLOC_SPACE_H
#define GCLAB_COLLECTORS_MARKSWEEP_MALLOC_SPACE_H

#include "collectors/marksweep/object.h"
#include "collectors/parts/mapping.h"
#include "collectors/parts/object_table.h"

/* In the word of a header, besides HEADER_OBJECT, which has neither. */
enum { HEADER_MARKED = 1, HEADER_DROPPED = 4 };

_Static_assert((HEADER_OBJECT & (HEADER_MARKED | HEADER_DROPPED)) == 0, "flags must not be in the pattern");

struct space {
  gc_ref *objects; /* the vector */
  uint64_t count, capacity;
  struct mapping mapping;    /* where it is */
  uint64_t attend_at_bytes;  /* the heap size at which an allocation must look at triggers and limit; 0: at each */
  struct object_table known; /* checking builds, and while the heap is checked in others; its values: visited */
};

/* A check's own marks are the values of `known`. */
struct space_visited {
  bool is_temporary; /* the table is there for the check alone */
};

/* Bytes of an object's cell in front of its header. */
static inline uint64_t packed_front_bytes(uint32_t packed)
{
  return GC_UNLIKELY(packed & HEADER_EXTENDED) ? sizeof(struct header_extent) : 0;
}

static inline char *cell_of(gc_ref object)
{
  return (char *)header_of(object) - packed_front_bytes(header_of(object)->packed);
}

static inline uint64_t object_cell_bytes(gc_ref object)
{
  return packed_front_bytes(header_of(object)->packed) + HEADER_BYTES + header_payload_bytes(shape_of(object));
}

#endif
