/*
 * counting: what collectors that count references share: the counted header, and the cascade.
 *
 * Every object has one 8-byte word in front of its fields, {count, packed shape}; more may stand before it, which is
 * the collector's own affair.  The count is the number of references from root slots and fields.  It has 32 bits, as
 * many references as fill 32 GiB; a checking build says when it overflows.
 *
 * A cascade is what one count falling to zero sets off: the object's references are dropped, and those of the objects
 * that die of it.  The worklist needs neither stack nor memory, since it is threaded through the dead objects
 * themselves.  A dead object has no use for its count (32 bits), and an address no use for its upper 16 bits: together
 * they hold the link, while all its references are still in place (Weizenbaum, "Symmetric list processor", 1963, is
 * the first to keep such a list; it links through the count's word too).
 *
 *   [count: low 32 bits of link/8] [packed shape] [field 0: flag:1 unused:2 link/8's high bits:13 address:48] ...
 *
 * Objects without fields have no room for a link and are reclaimed where they are found, or wait on the small stack
 * that a cascade without a limit uses as long as there is room (cascade_run).
 *
 * With a limit on what one step may free, an object that is not finished when the step ends goes back to the worklist
 * with the flag set and the index of the next field in field 1 (fields 0 and 1 have been dropped by then).
 *
 * INVARIANTS
 *  - An object on a worklist or waiting is dead: no field of a live object and no root slot refers to it.
 *  - Each reference is dropped exactly once: fields below a suspended object's index have been, the others not.
 *  - Addresses of objects are below 2^48 and multiples of 8.
 *
 * This header is a template.  The file that includes it defines, before, the type of the collector's state by macro
 * (COUNTING_COLLECTOR), and after the inclusion the two functions declared as "the collector's" below.
 */
#ifndef GCLAB_COLLECTORS_PARTS_COUNTING_H
#define GCLAB_COLLECTORS_PARTS_COUNTING_H

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "collectors/collector.h"
#include "collectors/parts/counted.h"
#include "collectors/parts/header.h"
#include "collectors/parts/hooks.h"
#include "collectors/parts/shadow_stack.h"

/* What a cascade has done so far. */
struct cascade {
  struct counted *worklist;
  uint64_t start_ticks; /* when the second object was found; 0: there is none */
  uint64_t freed_objects;
  uint64_t freed_bytes;       /* requested */
  uint64_t freed_other_bytes; /* what stood before the counted words, and what their cells took besides (cell.h) */
};

/* The collector's: how many fields an object of extended shape has. */
static inline uint32_t counting_extended_fields(const struct counted *object);

/* The collector's: the object's memory goes back; what it was is added to the cascade's sums. */
static inline void counting_reclaim(COUNTING_COLLECTOR *, struct counted *, struct cascade *);

enum { CASCADE_ADDRESS_BITS = 48, CASCADE_FIELDS_PER_OBJECT = 16, CASCADE_WAITING = 128 };

#define CASCADE_ADDRESS_MASK ((UINT64_C(1) << CASCADE_ADDRESS_BITS) - 1)
#define CASCADE_SUSPENDED    (UINT64_C(1) << 63)

/* An extended shape packs to no fields, so that one test tells it and the object without fields from all others. */
static inline uint32_t counting_fields(const struct counted *object)
{
  const uint32_t fields = object->packed & (HEADER_SIZE_LIMIT - 1);
  if (GC_LIKELY(fields != 0)) return fields;
  return GC_UNLIKELY(object->packed & HEADER_EXTENDED) ? counting_extended_fields(object) : 0;
}

/* A dead object's field as a number, and back. */
static inline uint64_t cascade_get(struct counted *dead, uint32_t field)
{
  uint64_t bits;
  memcpy(&bits, counted_fields(dead) + field, sizeof bits);
  return bits;
}

static inline void cascade_set(struct counted *dead, uint32_t field, uint64_t bits)
{
  memcpy(counted_fields(dead) + field, &bits, sizeof bits);
}

static inline void cascade_push(struct cascade *cascade, struct counted *dead)
{
  const uint64_t link = (uint64_t)(uintptr_t)cascade->worklist >> 3;
  dead->count = (uint32_t)link;
  cascade_set(dead, 0, cascade_get(dead, 0) | link >> 32 << CASCADE_ADDRESS_BITS);
  cascade->worklist = dead;
}

/* Takes the topmost dead object; *from is the index of the first field that has not been dropped yet. */
static inline struct counted *cascade_pop(struct cascade *cascade, uint32_t *from)
{
  struct counted *dead = cascade->worklist;
  const uint64_t first = cascade_get(dead, 0);
  const uint64_t high = (first & ~CASCADE_SUSPENDED) >> CASCADE_ADDRESS_BITS;
  const uint64_t next = (high << 32 | dead->count) << 3;
  memcpy(&cascade->worklist, &next, sizeof next);
  cascade_set(dead, 0, first & CASCADE_ADDRESS_MASK);
  *from = GC_UNLIKELY(first & CASCADE_SUSPENDED) ? (uint32_t)cascade_get(dead, 1) : 0;
  return dead;
}

static inline void cascade_suspend(struct cascade *cascade, struct counted *dead, uint32_t next_field)
{
  cascade_set(dead, 0, CASCADE_SUSPENDED);
  cascade_set(dead, 1, next_field);
  cascade_push(cascade, dead);
}

/* One reference of a dead object is dropped.  Returns the referent if that killed it and it has fields itself. */
static inline struct counted *cascade_drop(COUNTING_COLLECTOR *state, struct cascade *cascade, gc_ref reference,
                                           bool may_be_second)
{
  if (reference == NULL) return NULL;
  struct counted *child = counted_of(reference);
  if (!counted_decrement(child)) return NULL;
  if (may_be_second && cascade->start_ticks == 0) cascade->start_ticks = journal_ticks();
  if (GC_LIKELY(counting_fields(child) != 0)) return child;
  counting_reclaim(state, child, cascade);
  return NULL;
}

/*
 * Drops all references of a dead object and reclaims it.  Returns the first object that died of it, which is gone on
 * with, so that a list never enters the worklist; the others with fields are pushed.
 */
static inline __attribute__((always_inline)) struct counted *
cascade_free(COUNTING_COLLECTOR *state, struct cascade *cascade, struct counted *dead, bool may_be_second)
{
  const gc_ref *field = counted_fields(dead);
  const gc_ref *end = field + counting_fields(dead);
  struct counted *next = NULL;
  for (; field < end; field++) {
    struct counted *child = cascade_drop(state, cascade, *field, may_be_second);
    if (child == NULL) continue;
    if (next == NULL) {
      next = child;
    } else {
      cascade_push(cascade, child);
    }
  }
  counting_reclaim(state, dead, cascade);
  return next;
}

/*
 * Frees `next`, which died of another, what is on the worklist, and all that dies of them.  Dead objects wait on a
 * small stack, which is cheaper than the worklist: no link to pack and unpack, and no store to the object.  Only what
 * finds no room there, below an object with many fields or where much waits already, goes to the worklist, which is
 * looked at when the stack is empty.
 */
static inline void cascade_continue(COUNTING_COLLECTOR *state, struct cascade *cascade, struct counted *next)
{
  struct counted *waiting[CASCADE_WAITING];
  struct counted **top = waiting;
  for (;;) {
    if (next == NULL) {
      if (top != waiting) {
        next = *--top;
      } else {
        if (cascade->worklist == NULL) return;
        uint32_t from;
        next = cascade_pop(cascade, &from);
      }
    }
    const uint32_t count = counting_fields(next);
    if (GC_UNLIKELY(count > waiting + CASCADE_WAITING - top)) {
      next = cascade_free(state, cascade, next, false);
      continue;
    }
    const gc_ref *fields = counted_fields(next);
    for (uint32_t i = 0; i < count; i++) {
      if (fields[i] != NULL && counted_decrement(counted_of(fields[i]))) *top++ = counted_of(fields[i]);
    }
    counting_reclaim(state, next, cascade);
    next = NULL;
  }
}

static inline void cascade_run(COUNTING_COLLECTOR *state, struct cascade *cascade, struct counted *dead)
{
  struct counted *next = cascade_free(state, cascade, dead, true);
  if (next != NULL) cascade_continue(state, cascade, next);
}

/*
 * Frees from the worklist until `limit` objects are freed, or as many fields looked at as that many objects may
 * reasonably have; what is left stays on the worklist.  One object more than the limit may go, where it had no room to
 * be put back.
 */
static inline void cascade_step(COUNTING_COLLECTOR *state, struct cascade *cascade, uint64_t limit)
{
  uint64_t looked_at = 0;
  while (cascade->worklist != NULL && cascade->freed_objects < limit && looked_at / CASCADE_FIELDS_PER_OBJECT < limit) {
    uint32_t i;
    struct counted *dead = cascade_pop(cascade, &i);
    const uint32_t count = counting_fields(dead);
    const gc_ref *fields = counted_fields(dead);
    for (; i < count; i++, looked_at++) {
      if (i >= 2 && (cascade->freed_objects >= limit || looked_at / CASCADE_FIELDS_PER_OBJECT >= limit)) {
        cascade_suspend(cascade, dead, i);
        return;
      }
      struct counted *child = cascade_drop(state, cascade, fields[i], true);
      if (child != NULL) cascade_push(cascade, child);
    }
    if (cascade->freed_objects != 0 && cascade->start_ticks == 0) cascade->start_ticks = journal_ticks();
    counting_reclaim(state, dead, cascade);
  }
}

/*
 * Where hooks are called: the cascade's pause begins, with the second object that is found dead.  What a hook sets off
 * from then on is a part of this pause, and has none of its own.
 */
static inline void cascade_begin_pause(struct gc_mutator *mutator, struct cascade *cascade)
{
  if (cascade->start_ticks != 0) return;
  cascade->start_ticks = journal_ticks();
  mutator->hooks->timed_count++;
}

/* The cascade is over.  True: its pause, if it had one, was part of no other. */
static inline bool cascade_end_pause(struct gc_mutator *mutator, const struct cascade *cascade)
{
  if (cascade->start_ticks != 0) mutator->hooks->timed_count--;
  return mutator->hooks->timed_count == 0;
}

/* The counters learn of what a cascade freed; one of two objects and more is a pause, unless it is part of one. */
static inline void cascade_account(struct gc_mutator *mutator, const struct cascade *cascade, bool is_pause)
{
  struct gc_counters *counters = &mutator->counters;
  if (counters->heap_bytes > counters->peak_heap_bytes) counters->peak_heap_bytes = counters->heap_bytes;
  counters->freed_objects += cascade->freed_objects;
  counters->freed_bytes += cascade->freed_bytes;
  counters->heap_bytes -=
      cascade->freed_bytes + cascade->freed_other_bytes + cascade->freed_objects * sizeof(struct counted);
  if (cascade->freed_objects < 2 || !is_pause) return;
  counters->cascades++;
  if (cascade->freed_objects > counters->cascade_max_objects) counters->cascade_max_objects = cascade->freed_objects;
  journal_cascade(mutator->journal, cascade->start_ticks, cascade->freed_objects, cascade->freed_bytes,
                  counters->heap_bytes);
}

/* The rest of cascade_release, out of line. */
static __attribute__((noinline)) void cascade_release_more(COUNTING_COLLECTOR *state, struct gc_mutator *mutator,
                                                           struct cascade cascade, struct counted *next)
{
  cascade_continue(state, &cascade, next);
  cascade_account(mutator, &cascade, true);
}

/*
 * A count has fallen to 0, and there are no hooks: frees the object and what dies of it, a pause of its own.  Most
 * often nothing dies of it that has fields; then the sums never leave the registers.
 */
static inline void cascade_release(COUNTING_COLLECTOR *state, struct gc_mutator *mutator, struct counted *dead)
{
  struct cascade first = {0};
  struct counted *next = cascade_free(state, &first, dead, true);
  if (next == NULL)
    cascade_account(mutator, &first, true);
  else
    cascade_release_more(state, mutator, first, next);
}

#endif
