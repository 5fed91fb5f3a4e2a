/*
 * large: objects too large for a block, each in a mapping of its own that goes back to the system when it dies.
 *
 *   page boundary -> [struct large][extent][header] fields ...
 *                                                   ^ gc_ref: always LARGE_OBJECT_OFFSET behind the page boundary
 *
 * The descriptor is in the object's first cache line, so marking one touches nothing else, and the object needs no
 * lookup.  A registry lists them all.
 *
 * INVARIANT: registry[object->index] == object for each of them; mapped_bytes is their sum.
 */
#ifndef GCLAB_COLLECTORS_PARTS_LARGE_H
#define GCLAB_COLLECTORS_PARTS_LARGE_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/gc.h"

enum { LARGE_OBJECT_OFFSET = 64, LARGE_PAGE_BYTES = 4096 };

struct large {
  uint64_t mapped_bytes;
  uint64_t index; /* in the registry */
  bool marked;
  bool dropped;            /* marked, but the mark stack was full: not scanned */
  bool visited;            /* scratch for a checker; false otherwise */
  struct large *next_grey; /* for a collector that keeps a list of those that are marked and not yet scanned */
};

struct large_space {
  struct large **registry;
  uint64_t count, capacity;
  uint64_t mapped_bytes;
  bool huge_pages;
};

void large_init(struct large_space *space, bool huge_pages);
void large_finish(struct large_space *space);

/* What an object of so many bytes (fields and raw bytes) takes from the system. */
uint64_t large_mapped_bytes(uint64_t payload_bytes);

/* A new object, all zero; unmarked.  NULL where there is no memory. */
gc_ref large_new(struct large_space *space, uint64_t payload_bytes);

/* Unmaps the object. */
void large_free(struct large_space *space, struct large *large);

/* Unmaps what is not marked; clears the marks of the rest.  Returns how many were unmapped. */
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
