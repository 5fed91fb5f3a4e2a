/*
 * large: objects too large for a block, each in a mapping of its own.
 *
 * When one dies its mapping is kept for the next of the same size, as long as those kept are few and small: to clear 64
 * KiB takes a fraction of what it takes to unmap, map and touch them.  All else goes back to the system at once.
 * Checking builds keep none, so that a reference to a dead object fails; nor does a space whose owner has a limit to
 * hold.
 *
 *   page boundary -> [struct large][extent][header] fields ...
 *                                                   ^ gc_ref: always LARGE_OBJECT_OFFSET behind the page boundary
 *
 * The descriptor is in the object's first cache line, so marking one touches nothing else, and the object needs no
 * lookup.  A registry lists them all.
 *
 * INVARIANTS
 *  - registry[object->index] == object for each of them; mapped_bytes is their sum.
 *  - kept[0] to kept[kept_count - 1] are mappings of dead objects, of no registered one; kept_bytes is their sum, and
 *    at most LARGE_KEPT_BYTES.
 */
#ifndef GCLAB_COLLECTORS_PARTS_LARGE_H
#define GCLAB_COLLECTORS_PARTS_LARGE_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/gc.h"

enum {
  LARGE_OBJECT_OFFSET = 64,
  LARGE_PAGE_BYTES = 4096,
  LARGE_KEPT_MAX = 64,
  LARGE_KEPT_BYTES = 4 << 20 /* about what a second- or last-level cache still holds, and no program misses */
};

struct large {
  uint64_t mapped_bytes;
  uint64_t index; /* in the registry */
  bool marked;
  bool dropped;            /* marked, but the mark stack was full: not scanned */
  bool visited;            /* scratch for a checker; false otherwise */
  struct large *next_grey; /* for a collector that keeps a list of those that are marked and not yet scanned */
};

struct large_kept {
  struct large *mapping;
  uint64_t bytes;
};

struct large_space {
  struct large **registry;
  uint64_t count, capacity;
  uint64_t mapped_bytes;
  struct large_kept kept[LARGE_KEPT_MAX];
  uint32_t kept_count;
  uint64_t kept_bytes;
  bool keeps;
  bool huge_pages;
};

/* keeps: mappings of dead objects may be kept; what they hold is part of large_held_bytes. */
void large_init(struct large_space *space, bool huge_pages, bool keeps);
void large_finish(struct large_space *space);

/* What an object of so many bytes (fields and raw bytes) takes from the system. */
uint64_t large_mapped_bytes(uint64_t payload_bytes);

/* Memory held from the system: of objects, of kept mappings, and of the registry. */
static inline uint64_t large_held_bytes(const struct large_space *space)
{
  return space->mapped_bytes + space->kept_bytes + space->capacity * sizeof(struct large *);
}

/* A new object, all zero; unmarked.  NULL where there is no memory. */
gc_ref large_new(struct large_space *space, uint64_t payload_bytes);

/* What is kept of dead objects goes back to the system: when memory is short. */
void large_release_kept(struct large_space *space);

/* The object dies. */
void large_free(struct large_space *space, struct large *large);

/* What is not marked dies; clears the marks of the rest.  Returns how many died. */
uint64_t large_sweep(struct large_space *space);

static inline struct large *large_of(gc_ref object)
{
  return (struct large *)(void *)((char *)object - LARGE_OBJECT_OFFSET);
}

static inline gc_ref large_object(struct large *large) { return (gc_ref)(void *)((char *)large + LARGE_OBJECT_OFFSET); }

/* Is this a large object?  Never touches memory that is not mapped.  Slow (a system call): for checks. */
bool large_contains(const struct large_space *space, gc_ref object);

/* Aborts with a message when the invariant does not hold. */
void large_check(const struct large_space *space);

#endif
