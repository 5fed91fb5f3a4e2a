/*
 * cyclic: what the files of refcount_cyclic share.  Start at refcount_cyclic.c, which says what the collector is.
 *
 *   container: [extent, if any] [index:32 generation:32] [count:32 packed shape:32] fields... raw bytes...
 *   atom:      [extent, if any]                          [count:32 packed shape:32] raw bytes...
 *
 * A generation is a vector of its objects in list order: where CPython links, this one counts positions.  An object
 * knows its place, and leaves a hole there when it dies or is untracked.
 *
 * INVARIANTS
 *  - objects[i] of generation g is NULL (a hole) or a container whose place is {i, g}; holes counts the NULLs.
 *    Generation PERMANENT holds what was frozen; it is never collected.  CONDEMNED holds what a collection has found
 *    unreachable while hooks run, UNCOLLECTABLE what of it has a finalizer of the old kind or is reachable from such;
 *    both are empty otherwise.
 *  - A container whose place says UNTRACKED is in no vector.  Atoms have no place.
 *  - Order in a vector is CPython's list order: new objects at the end of generation 0, survivors at the end of the
 *    next, holes passed over.
 */
#ifndef GCLAB_COLLECTORS_REFCOUNT_CYCLIC_CYCLIC_H
#define GCLAB_COLLECTORS_REFCOUNT_CYCLIC_CYCLIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "collectors/parts/cell.h"
#include "collectors/parts/counted.h"
#include "collectors/parts/header.h"
#include "collectors/parts/mapping.h"
#include "collectors/parts/object_table.h"
#include "collectors/refcount_cyclic/python.h"

enum { PERMANENT = GC_GENERATIONS, CONDEMNED, UNCOLLECTABLE, UNTRACKED, VECTORS = UNTRACKED };

struct place {
  uint32_t index;
  uint32_t generation; /* 0 to 2, PERMANENT, or UNTRACKED */
};

struct generation {
  struct mapping mapping;
  struct counted **objects; /* the mapping */
  uint32_t size, capacity;  /* size counts holes too */
  uint32_t holes;
};

/*
 * The tables of a collection, indexed by position in the vector that is collected (collect.c).  They are kept from one
 * collection to the next, as large as the largest so far made them: some 10 bytes an object, and 4 an edge.
 */
struct side_tables {
  struct mapping refs;    /* uint8_t: references from outside */
  struct mapping reached; /* bits */
  struct mapping starts;  /* uint32_t: where the object's edges begin; one more at the end */
  struct mapping edges;   /* uint32_t: positions of referents, in order of traversal */
  struct mapping moved;   /* uint32_t: positions */
  struct mapping apart;   /* pointers to objects that were moved, then to the unreachable */
  struct mapping inside;  /* uint32_t: references from inside, where they are counted in full */
  struct mapping dying;   /* of objects being deallocated, one in the other (deallocate.c) */
  struct mapping put_off; /* of dead objects whose deallocation waits, the next one last */
  struct mapping calls;   /* weak references whose callbacks are to be called */
};

struct cyclic {
  struct gc_mutator mutator;
  struct generation generations[VECTORS];
  int64_t count[GC_GENERATIONS]; /* [0]: allocations less frees; [1], [2]: collections of the generation below */
  int64_t threshold[GC_GENERATIONS];
  int64_t trigger;   /* threshold[0], or INT64_MAX where that is 0, or where collections are not automatic */
  int64_t attend_at; /* gc_new has to see to more than the object when count[0] is not below this: the trigger, or
                        INT64_MIN for every time: stress, free lists, or a pending collection */
  bool is_enabled;
  bool is_collecting;
  bool is_pending;       /* a collection waits for the eval breaker (profiles from 3.12 on) */
  bool polls_explicitly; /* the eval breaker is COLLECTOR_ORDER_POLL, besides the making of some kinds (gc_new) */
  uint64_t foreign_objects, foreign_immortal; /* of the interpreter that is imitated (knobs) */
  uint64_t foreign_frozen;                    /* those of them that are in the permanent generation; others are in 2 */
  uint64_t full_collection_percent;
  uint64_t long_lived_total;   /* survivors of the last full collection */
  uint64_t long_lived_pending; /* survivors of collections of generation 1 since */
  uint64_t stress_at;          /* attend to stress when this many objects have been allocated; UINT64_MAX: never */
  const struct python_profile *profile;
  bool counts_every_death; /* of a container: neither free lists nor the profile say otherwise */
  struct python_free_lists free_lists;
  struct side_tables side;
  uint32_t dying_depth;   /* entries on side.dying */
  uint32_t dying_nesting; /* deallocations under way, one in the other, as CPython's trashcan counts them */
  uint32_t put_off_count; /* objects on side.put_off */
  struct mapping garbage; /* gc.garbage: references to uncollectable objects that were set aside (legacy.c) */
  uint32_t garbage_count;
  struct cells cells;
  struct object_table objects; /* checking builds: every object that is not dead */
};

static inline struct cyclic *cyclic_of(struct gc_mutator *mutator) { return (struct cyclic *)(void *)mutator; }

static inline bool packed_is_atom(uint32_t packed) { return header_kind(packed) == GC_ATOM; }

/* Only of a container. */
static inline struct place *place_of(struct counted *object) { return (struct place *)(void *)object - 1; }

static inline bool object_is_untracked(struct counted *object)
{
  return packed_is_atom(object->packed) || place_of(object)->generation == UNTRACKED;
}

/* Where the extent ends (header.h). */
static inline const void *object_before(const struct counted *object)
{
  return packed_is_atom(object->packed) ? (const void *)object
                                        : (const void *)((const struct place *)(const void *)object - 1);
}

static inline uint32_t object_fields(const struct counted *object)
{
  return header_fields(object->packed, object_before(object));
}

static inline uint64_t object_payload_bytes(const struct counted *object)
{
  return (uint64_t)object_fields(object) * sizeof(gc_ref) + header_bytes(object->packed, object_before(object));
}

/* Bytes of a cell before the counted word. */
static inline uint64_t packed_front_bytes(uint32_t packed)
{
  return (packed_is_atom(packed) ? 0 : sizeof(struct place)) +
         (GC_UNLIKELY(packed & HEADER_EXTENDED) ? sizeof(struct header_extent) : 0);
}

/* Does CPython's collector have to know of a container that refers to this one?  (_PyObject_GC_MAY_BE_TRACKED) */
static inline bool object_may_be_tracked(gc_ref reference)
{
  struct counted *object = counted_of(reference);
  if (packed_is_atom(object->packed)) return false;
  return header_kind(object->packed) != GC_TUPLE || place_of(object)->generation != UNTRACKED;
}

/* Field number k in the order in which CPython looks at and drops them: lists and tuples begin with the last. */
static inline gc_ref *object_field_in_order(struct counted *object, uint32_t fields, uint32_t k)
{
  return counted_fields(object) + (python_kinds[header_kind(object->packed)].traverses_backwards ? fields - 1 - k : k);
}

#define COUNTING_COLLECTOR struct cyclic
#include "collectors/parts/counting.h"

static inline uint32_t counting_extended_fields(const struct counted *object) { return object_fields(object); }

/* Makes room for `more` objects at the end, by closing holes or by growing.  False: no memory. */
bool generation_reserve(struct generation *generation, uint32_t more);

/* After a full collection: memory that the vector does not need goes back. */
void generation_trim(const struct generation *generation);

/* Aborts with the object named where an invariant of the vector that is generation `number` does not hold. */
void generation_check(const struct generation *generation, uint32_t number);

static inline void cyclic_require(struct cyclic *cyclic, bool there_is_memory, uint64_t bytes)
{
  if (GC_UNLIKELY(!there_is_memory)) cyclic->mutator.config->out_of_memory(&cyclic->mutator, bytes);
}

/* Makes room at the end of a vector, where that comes first, so that nothing need be undone where there is none. */
static inline void cyclic_reserve_place(struct cyclic *cyclic, uint32_t number)
{
  struct generation *to = &cyclic->generations[number];
  if (GC_UNLIKELY(to->size == to->capacity)) cyclic_require(cyclic, generation_reserve(to, 1), sizeof(void *));
}

/* The object, which is in no vector, joins the end of one, where room has been made. */
static inline void cyclic_place(struct cyclic *cyclic, uint32_t number, struct counted *object)
{
  struct generation *to = &cyclic->generations[number];
  *place_of(object) = (struct place){.index = to->size, .generation = number};
  to->objects[to->size++] = object;
}

static inline void cyclic_append(struct cyclic *cyclic, uint32_t number, struct counted *object)
{
  cyclic_reserve_place(cyclic, number);
  cyclic_place(cyclic, number, object);
}

static inline void cyclic_track(struct cyclic *cyclic, struct counted *object) { cyclic_append(cyclic, 0, object); }

static inline void cyclic_untrack(struct cyclic *cyclic, struct counted *object)
{
  struct place *place = place_of(object);
  struct generation *generation = &cyclic->generations[place->generation];
  GC_CHECK(generation->objects[place->index] == object, "an object is not in its place", counted_ref(object));
  generation->objects[place->index] = NULL;
  generation->holes++;
  place->generation = UNTRACKED;
}

/* Bytes of the cell of an object. */
static inline uint64_t object_cell_bytes(const struct counted *object)
{
  return packed_front_bytes(object->packed) + sizeof *object + object_payload_bytes(object);
}

/* A cell goes back.  The object is in no vector; counters are the caller's. */
static inline void cyclic_free_cell(struct cyclic *cyclic, struct counted *object)
{
  char *cell = (char *)object - packed_front_bytes(object->packed);
  const uint64_t cell_bytes = object_cell_bytes(object);
#ifdef GC_CHECKING
  GC_CHECK(object_table_remove(&cyclic->objects, counted_ref(object)), "a cell is freed twice", counted_ref(object));
  memset(cell, (int)(COUNTED_POISON & 0xff), cell_bytes);
#endif
  cell_free(&cyclic->cells, cell, cell_bytes);
}

/* What an object's death does to the sums and to the count of generation 0. */
static inline void cyclic_account_death(struct cyclic *cyclic, const struct counted *object, bool was_tracked,
                                        struct cascade *cascade)
{
  const uint32_t packed = object->packed;
  const uint64_t payload_bytes = object_payload_bytes(object);
  cascade->freed_objects++;
  cascade->freed_bytes += payload_bytes;
  cascade->freed_other_bytes +=
      packed_front_bytes(packed) + cell_slack_bytes(packed_front_bytes(packed) + sizeof *object + payload_bytes);
  if (packed_is_atom(packed)) return;
  if (GC_UNLIKELY(cyclic->profile->counts_tracked)) {
    cyclic->count[0] -= was_tracked && cyclic->count[0] > 0;
    return;
  }
  if (GC_UNLIKELY(cyclic->free_lists.enabled) &&
      python_free_lists_park(&cyclic->free_lists, header_kind(packed), object_fields(object)))
    return;
  cyclic->count[0] -= cyclic->count[0] > 0;
}

/* refcount_cyclic.c: an object is dead, whatever its shape and the rules of counting. */
void cyclic_reclaim(struct cyclic *cyclic, struct counted *object, struct cascade *cascade);

/* The same, with what most objects need inlined: their shape fits the header, and each death of a container counts. */
static inline void counting_reclaim(struct cyclic *cyclic, struct counted *object, struct cascade *cascade)
{
  const uint32_t packed = object->packed;
  if (GC_UNLIKELY(packed & HEADER_EXTENDED || !cyclic->counts_every_death)) {
    cyclic_reclaim(cyclic, object, cascade);
    return;
  }
  const uint64_t payload_bytes = (uint64_t)header_fields(packed, NULL) * sizeof(gc_ref) + header_bytes(packed, NULL);
  uint64_t front_bytes = 0;
  if (!packed_is_atom(packed)) {
    if (place_of(object)->generation != UNTRACKED) cyclic_untrack(cyclic, object);
    front_bytes = sizeof(struct place);
    cyclic->count[0] -= cyclic->count[0] > 0;
  }
  cascade->freed_objects++;
  cascade->freed_bytes += payload_bytes;
  cascade->freed_other_bytes += front_bytes + cell_slack_bytes(front_bytes + sizeof *object + payload_bytes);
  cyclic_free_cell(cyclic, object);
}

/* deallocate.c: an object's count has fallen to 0, and there are hooks. */
void cyclic_deallocate_hooked(struct cyclic *cyclic, struct counted *dead, struct cascade *cascade);

/* A count has fallen to 0: frees the object and what dies of it, with hooks or without. */
void cyclic_release_dead(struct cyclic *cyclic, struct counted *dead);

/* legacy.c: the objects of gc.garbage, as root slots; and what empties it, from the end. */
static inline gc_ref *cyclic_garbage(const struct cyclic *cyclic) { return cyclic->garbage.memory; }
void cyclic_clear_garbage(struct cyclic *cyclic);

/* Collects generations 0 to `generation`.  Returns the number of objects found unreachable. */
uint64_t cyclic_collect(struct cyclic *cyclic, int generation, enum journal_cause cause);

/* The count of generation 0 is above its threshold: collects the oldest generation that is due. */
void cyclic_collect_due(struct cyclic *cyclic);

/* The eval breaker: a collection that waits for it runs now, if one is still due. */
void cyclic_poll(struct cyclic *cyclic);

/* control.c: after a change of thresholds, of whether collections are automatic, or of is_pending. */
void cyclic_set_trigger(struct cyclic *cyclic);

#endif
