/*
 * counted: the word {reference count, packed shape} in front of an object's fields, and the audit of all counts.
 */
#ifndef GCLAB_COLLECTORS_PARTS_COUNTED_H
#define GCLAB_COLLECTORS_PARTS_COUNTED_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "collectors/gc.h"
#include "collectors/parts/object_table.h"
#include "collectors/parts/shadow_stack.h"

struct counted {
  uint32_t count;  /* references from root slots and fields; of a dead object, see counting.h */
  uint32_t packed; /* shape (header.h) */
};

/* What freed cells are overwritten with in checking builds: as a count, it is refused by every operation. */
#define COUNTED_POISON UINT32_C(0xdddddddd)

static inline struct counted *counted_of(gc_ref object) { return (struct counted *)(void *)object - 1; }

static inline gc_ref counted_ref(struct counted *object) { return (gc_ref)(void *)(object + 1); }

static inline gc_ref *counted_fields(struct counted *object) { return (gc_ref *)(void *)(object + 1); }

/*
 * A new object, with one reference.  Its word is written at once: of two stores gcc makes a load of a constant, which
 * then occupies a register beyond the call of malloc.
 */
static inline void counted_init(struct counted *object, uint32_t packed)
{
  const struct counted word = {.count = 1, .packed = packed};
  uint64_t bits;
  memcpy(&bits, &word, sizeof bits);
  memcpy(object, &bits, sizeof bits);
}

static inline void counted_increment(struct counted *object)
{
  GC_CHECK(object->count != COUNTED_POISON, "a reference to an object that has been freed", counted_ref(object));
  GC_CHECK(object->count != 0, "a reference to an object whose count is 0", counted_ref(object));
  GC_CHECK(object->count != UINT32_MAX, "the reference count overflows", counted_ref(object));
  object->count++;
}

/* Returns whether the object died. */
static inline bool counted_decrement(struct counted *object)
{
  GC_CHECK(object->count != COUNTED_POISON, "a reference to a freed object is dropped", counted_ref(object));
  GC_CHECK(object->count != 0, "the reference count falls below 0", counted_ref(object));
  return --object->count == 0;
}

/*
 * Recomputes every count and aborts with the object named where one is wrong.  `all` holds every object there is
 * (checking builds keep such a table): then counts must be equal.  Where it is NULL, what the root slots reach is
 * looked at, and a count must be at least the references found; without memory for that, it is out of memory.
 */
void counted_audit(struct gc_mutator *mutator, struct object_table *all,
                   uint32_t (*field_count)(const struct counted *object));

#endif
