/* The vector that a generation is. */
#include "collectors/refcount_cyclic/cyclic.h"

enum { INITIAL_OBJECTS = 1024 };

/* Moves objects up over the holes, in order. */
static void close_holes(struct generation *generation)
{
  uint32_t size = 0;
  for (uint32_t i = 0; i < generation->size; i++) {
    struct counted *object = generation->objects[i];
    if (object == NULL) continue;
    if (i != size) place_of(object)->index = size;
    generation->objects[size++] = object;
  }
  generation->size = size;
  generation->holes = 0;
}

bool generation_reserve(struct generation *generation, uint32_t more)
{
  if (generation->capacity - generation->size >= more) return true;
  if (generation->holes >= generation->size / 2) {
    close_holes(generation);
    if (generation->capacity - generation->size >= more) return true;
  }
  uint64_t wanted = (uint64_t)generation->size + more;
  if (wanted < INITIAL_OBJECTS) wanted = INITIAL_OBJECTS;
  if (!mapping_grow(&generation->mapping, wanted * sizeof(void *))) return false;
  const uint64_t capacity = generation->mapping.bytes / sizeof(void *);
  generation->objects = generation->mapping.memory;
  generation->capacity = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;
  return generation->capacity - generation->size >= more;
}

void generation_trim(const struct generation *generation)
{
  mapping_trim(&generation->mapping, 2 * (uint64_t)generation->size * sizeof(void *));
}

void generation_check(const struct generation *generation, uint32_t number)
{
  if (generation->size > generation->capacity) gc_fail("a generation is larger than its memory", generation);
  uint32_t holes = 0;
  for (uint32_t i = 0; i < generation->size; i++) {
    struct counted *object = generation->objects[i];
    if (object == NULL) {
      holes++;
      continue;
    }
    if (packed_is_atom(object->packed)) gc_fail("an atom is in a generation", counted_ref(object));
    if (place_of(object)->generation != number) gc_fail("an object is in the wrong generation", counted_ref(object));
    if (place_of(object)->index != i) gc_fail("an object is not in its place, or twice in one", counted_ref(object));
  }
  if (holes != generation->holes) gc_fail("a generation's holes are miscounted", generation);
}
