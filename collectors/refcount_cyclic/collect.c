/*
 * CPython's collection of a generation: deduce_unreachable and what follows it (Modules/gcmodule.c of 3.11), on side
 * tables instead of in the objects.
 *
 * An object's references from outside are its count less the references from objects that are collected with it.
 * Objects with some are reachable, and all that they refer to.  CPython walks its list twice, the second time moving
 * what looks unreachable to a second list, and back to the end of the first when a reachable object refers to it.
 * All that needs of the heap is who refers to whom, so the heap is walked once:
 *
 *   find_edges    walks the heap, notes counts and edges as positions in the collected vector, in order of traversal
 *   subtract      takes the edges off the counts
 *   reach         CPython's second walk, over tables alone; an object found again goes to the `moved` queue
 *   untrack       tuples, and in a full collection dicts, that cannot be part of a cycle
 *   promote       survivors to the next generation: those kept in order, then those moved, in the order of moving
 *   dispose       frees the rest
 *
 * CPython collects the unreachable a second time after finalizers have run, since they may have resurrected some.
 * There are no finalizers nor weak references here; they would be called between reach and dispose.
 *
 * Nothing that survives refers to an unreachable object, and nothing outside does, so those are freed one after the
 * other without undoing the references between them; CPython's tp_clear of each in order comes to the same objects
 * freed and the same counts.  References to others are dropped, and may set off cascades, which are part of the pause.
 *
 * INVARIANTS, with n the collected vector's size
 *  - Position n stands for everything that is not collected; refs[n] is never 0 while it is looked at.
 *  - After subtract, refs[i] is not negative: it is the number of references from outside.
 *  - After reach, refs[i] is 0 exactly for unreachable objects, MOVED for those in the queue; holes count as kept.
 */
#include "collectors/refcount_cyclic/cyclic.h"

enum {
  PREFETCH_FROM = 4096, /* objects: fewer are in the cache still */
  PREFETCH_OBJECT = 32, /* objects ahead: the object itself */
  PREFETCH_REFERENTS = 14,
  PREFETCH_FIELDS = 12 /* fields ahead, in an object that has more than */ /* that */
};

#define MOVED UINT32_MAX

struct collection {
  struct cyclic *cyclic;
  struct generation *collected;
  int number;                        /* of the generation */
  uint32_t size;                     /* n above */
  uint32_t own_size;                 /* the first so many were in this generation before */
  uint64_t base[GC_GENERATIONS + 1]; /* of a generation's objects in the collected vector; size: not collected */
  uint32_t *refs, *starts, *edges, *moved;
  uint64_t edge_count;
  uint32_t moved_count, unreachable_count, survivor_count;
  bool has_tuples, has_dicts;
};

static uint32_t *table_of(struct cyclic *cyclic, struct mapping *mapping, uint64_t entries)
{
  const uint64_t bytes = entries * sizeof(uint32_t);
  if (GC_UNLIKELY(mapping->bytes < bytes)) cyclic_require(cyclic, mapping_grow(mapping, bytes), bytes);
  return mapping->memory;
}

/* Younger generations join the end of the collected one; the objects' places still say where they were. */
static void merge(struct collection *collection)
{
  struct cyclic *cyclic = collection->cyclic;
  struct generation *collected = collection->collected;
  uint32_t joining = 0;
  for (int i = 0; i < collection->number; i++) joining += cyclic->generations[i].size;
  cyclic_require(cyclic, generation_reserve(collected, joining), joining * sizeof *collected->objects);
  collection->own_size = collected->size;
  collection->size = collected->size + joining;
  for (int i = 0; i <= UNTRACKED; i++) collection->base[i] = collection->size;
  collection->base[collection->number] = 0;
  for (int i = 0; i < collection->number; i++) {
    struct generation *younger = &cyclic->generations[i];
    collection->base[i] = collected->size;
    memcpy(collected->objects + collected->size, younger->objects, younger->size * sizeof *younger->objects);
    collected->size += younger->size;
    younger->size = 0;
    younger->holes = 0;
  }
}

/* The object's position, or n. */
static inline uint32_t position_of(const struct collection *collection, gc_ref reference)
{
  struct counted *object = counted_of(reference);
  if (packed_is_atom(object->packed)) return collection->size;
  const struct place place = *place_of(object);
  const uint64_t position = collection->base[place.generation] + place.index;
  return position < collection->size ? (uint32_t)position : collection->size;
}

/* The k-th field in order of traversal. */
static inline gc_ref traversed_field(struct counted *object, uint32_t fields, uint32_t k)
{
  const bool backwards = python_kinds[header_kind(object->packed)].traverses_backwards;
  return counted_fields(object)[backwards ? fields - 1 - k : k];
}

/* NULL too: a prefetch does not fault. */
static inline void prefetch_header(gc_ref reference)
{
  __builtin_prefetch((const void *)((uintptr_t)reference - sizeof(struct counted)));
}

static void prefetch_referents(struct counted *object)
{
  if (object == NULL) return;
  uint32_t count = object_fields(object);
  if (count > PREFETCH_FIELDS) count = PREFETCH_FIELDS;
  const gc_ref *fields = counted_fields(object);
  for (uint32_t i = 0; i < count; i++) prefetch_header(fields[i]);
}

static __attribute__((noinline)) void grow_edges(struct collection *collection, uint32_t more)
{
  struct cyclic *cyclic = collection->cyclic;
  const uint64_t wanted = collection->edge_count + more;
  cyclic_require(cyclic, wanted <= UINT32_MAX, wanted * sizeof(uint32_t)); /* starts has 32 bits */
  collection->edges = table_of(cyclic, &cyclic->side.edges, wanted);
}

static inline void find_edges_of(struct collection *collection, struct counted *object)
{
  const uint32_t fields = object_fields(object);
  if (GC_UNLIKELY((collection->edge_count + fields) * sizeof(uint32_t) > collection->cyclic->side.edges.bytes))
    grow_edges(collection, fields);
  const enum gc_kind kind = header_kind(object->packed);
  collection->has_tuples |= kind == GC_TUPLE;
  collection->has_dicts |= kind == GC_DICT;
  uint32_t *edge = collection->edges + collection->edge_count;
  for (uint32_t k = 0; k < fields; k++) {
    if (k + PREFETCH_FIELDS < fields) prefetch_header(traversed_field(object, fields, k + PREFETCH_FIELDS));
    const gc_ref referent = traversed_field(object, fields, k);
    if (referent != NULL) *edge++ = position_of(collection, referent);
  }
  collection->edge_count = (uint64_t)(edge - collection->edges);
}

static void find_edges(struct collection *collection)
{
  struct counted *const *objects = collection->collected->objects;
  const uint32_t size = collection->size;
  const uint32_t prefetch_size = size >= PREFETCH_FROM ? size : 0;
  uint32_t *refs = collection->refs;
  uint32_t *starts = collection->starts;
  for (uint32_t i = 0; i < size; i++) {
    if (i + PREFETCH_OBJECT < prefetch_size) {
      __builtin_prefetch(objects[i + PREFETCH_OBJECT]);
      prefetch_referents(objects[i + PREFETCH_REFERENTS]);
    }
    struct counted *object = objects[i];
    starts[i] = (uint32_t)collection->edge_count;
    if (object == NULL) {
      refs[i] = 1; /* a hole: kept, and refers to nothing */
      continue;
    }
    refs[i] = object->count;
    find_edges_of(collection, object);
  }
  starts[size] = (uint32_t)collection->edge_count;
}

static void subtract(struct collection *collection)
{
  uint32_t *refs = collection->refs;
  const uint32_t *edges = collection->edges;
  const uint64_t edge_count = collection->edge_count;
  for (uint64_t e = 0; e < edge_count; e++) refs[edges[e]]--;
  refs[collection->size] = 1;
#ifdef GC_CHECKING
  for (uint32_t i = 0; i < collection->size; i++)
    GC_CHECK((int32_t)refs[i] >= 0, "more references than the count says", collection->collected->objects[i]);
#endif
}

/* What is at position i is reachable, and so what it refers to.  Positions below `passed` have been passed over. */
static inline void visit(struct collection *collection, uint32_t i, uint32_t passed)
{
  uint32_t *refs = collection->refs;
  const uint32_t end = collection->starts[i + 1];
  for (uint32_t e = collection->starts[i]; e < end; e++) {
    const uint32_t referent = collection->edges[e];
    if (refs[referent] != 0) continue;
    if (referent < passed) {
      refs[referent] = MOVED;
      collection->moved[collection->moved_count++] = referent;
    } else {
      refs[referent] = 1;
    }
  }
}

static void reach(struct collection *collection)
{
  const uint32_t size = collection->size;
  uint32_t passed_over = 0;
  for (uint32_t i = 0; i < size; i++) {
    if (collection->refs[i] != 0) {
      visit(collection, i, i);
    } else {
      passed_over++;
    }
  }
  for (uint32_t q = 0; q < collection->moved_count; q++) visit(collection, collection->moved[q], size);
  collection->unreachable_count = passed_over - collection->moved_count;
}

static bool is_untrackable(struct counted *object, enum gc_kind kind)
{
  if (header_kind(object->packed) != kind) return false;
  const gc_ref *fields = counted_fields(object);
  for (uint32_t i = object_fields(object); i-- > 0;) {
    if (fields[i] == NULL ? kind == GC_TUPLE : object_may_be_tracked(fields[i])) return false;
  }
  return true;
}

static void untrack_at(struct collection *collection, uint32_t position, enum gc_kind kind)
{
  struct counted **object = &collection->collected->objects[position];
  if (*object == NULL || !is_untrackable(*object, kind)) return;
  place_of(*object)->generation = UNTRACKED;
  *object = NULL;
}

/* In the survivors' order: a tuple that is untracked lets the tuples after it that hold it be untracked too. */
static void untrack(struct collection *collection, enum gc_kind kind)
{
  for (uint32_t i = 0; i < collection->size; i++) {
    if (collection->refs[i] != 0 && collection->refs[i] != MOVED) untrack_at(collection, i, kind);
  }
  for (uint32_t q = 0; q < collection->moved_count; q++) untrack_at(collection, collection->moved[q], kind);
}

/*
 * Survivors go to the end of the next generation, or, in a full collection, close up in their own: then an object that
 * stays where it was is not touched.  Returns the unreachable objects, in order.
 */
static struct counted **promote(struct collection *collection)
{
  struct cyclic *cyclic = collection->cyclic;
  struct generation *from = collection->collected;
  const bool is_full = collection->number == GC_GENERATIONS - 1;
  struct generation *to = is_full ? from : from + 1;
  const uint32_t number = is_full ? GC_GENERATIONS - 1 : (uint32_t)collection->number + 1;
  struct mapping *apart = &cyclic->side.apart;
  const uint64_t apart_bytes = ((uint64_t)collection->moved_count + collection->unreachable_count + 1) * sizeof(void *);
  if (GC_UNLIKELY(apart->bytes < apart_bytes)) cyclic_require(cyclic, mapping_grow(apart, apart_bytes), apart_bytes);
  if (!is_full)
    cyclic_require(cyclic, generation_reserve(to, collection->size), collection->size * sizeof *to->objects);

  struct counted **moved = apart->memory;
  for (uint32_t q = 0; q < collection->moved_count; q++) moved[q] = from->objects[collection->moved[q]];
  struct counted **unreachable = moved + collection->moved_count;
  uint32_t end = is_full ? 0 : to->size;
  const uint32_t first = end;
  for (uint32_t i = 0; i < collection->size; i++) {
    struct counted *object = from->objects[i];
    const uint32_t refs = collection->refs[i];
    if (refs == 0) *unreachable++ = object;
    if (object == NULL || refs == 0 || refs == MOVED) continue;
    if (!is_full || end != i || i >= collection->own_size) {
      *place_of(object) = (struct place){.index = end, .generation = number};
      to->objects[end] = object;
    }
    end++;
  }
  for (uint32_t q = 0; q < collection->moved_count; q++) {
    if (moved[q] == NULL) continue; /* untracked */
    *place_of(moved[q]) = (struct place){.index = end, .generation = number};
    to->objects[end++] = moved[q];
  }
  from->size = 0;
  from->holes = 0;
  to->size = end;
  collection->survivor_count = end - first;
  return moved + collection->moved_count;
}

/* Frees the unreachable, and what only they held. */
static void dispose(struct collection *collection, struct counted **unreachable, struct cascade *cascade)
{
  struct cyclic *cyclic = collection->cyclic;
  const uint32_t *refs = collection->refs;
  uint32_t k = 0;
  for (uint32_t i = 0; k < collection->unreachable_count; i++) {
    if (refs[i] != 0) continue;
    struct counted *object = unreachable[k++];
    if (k + PREFETCH_OBJECT < collection->unreachable_count) __builtin_prefetch(unreachable[k + PREFETCH_OBJECT]);
    const uint32_t fields = object_fields(object);
    const uint32_t *edge = collection->edges + collection->starts[i];
    for (uint32_t f = 0; f < fields; f++) {
      const gc_ref referent = traversed_field(object, fields, f);
      if (referent == NULL || refs[*edge++] == 0) continue;
      struct counted *dead = cascade_drop(cyclic, cascade, referent);
      if (dead != NULL) cascade_run(cyclic, cascade, dead);
    }
    cyclic_account_death(cyclic, object, cascade);
    cyclic_free_cell(cyclic, object);
  }
}

static void prepare(struct collection *collection)
{
  struct side_tables *side = &collection->cyclic->side;
  const uint64_t entries = (uint64_t)collection->size + 1;
  collection->refs = table_of(collection->cyclic, &side->refs, entries);
  collection->starts = table_of(collection->cyclic, &side->starts, entries);
  collection->moved = table_of(collection->cyclic, &side->moved, entries);
  collection->edges = table_of(collection->cyclic, &side->edges, entries);
}

static void deduce_unreachable(struct collection *collection)
{
  merge(collection);
  prepare(collection);
  find_edges(collection);
  subtract(collection);
  reach(collection);
}

/* Survivors by the rules of long-lived objects, which the 25 % rule looks at. */
static void note_survivors(const struct collection *collection)
{
  struct cyclic *cyclic = collection->cyclic;
  if (collection->number == GC_GENERATIONS - 1) {
    cyclic->long_lived_total = collection->survivor_count;
    cyclic->long_lived_pending = 0;
  } else if (collection->number == GC_GENERATIONS - 2) {
    cyclic->long_lived_pending += collection->survivor_count;
  }
}

uint64_t cyclic_collect(struct cyclic *cyclic, int generation, enum journal_cause cause)
{
  struct gc_counters *counters = &cyclic->mutator.counters;
  struct collection collection = {
      .cyclic = cyclic, .collected = &cyclic->generations[generation], .number = generation};
  const bool is_full = generation == GC_GENERATIONS - 1;
  journal_begin(cyclic->mutator.journal, JOURNAL_COLLECTION, cause, generation, counters->heap_bytes);
  if (!is_full) cyclic->count[generation + 1]++;
  for (int i = 0; i <= generation; i++) cyclic->count[i] = 0;

  deduce_unreachable(&collection);
  const uint32_t examined = collection.size - collection.collected->holes;
  if (collection.has_tuples) untrack(&collection, GC_TUPLE);
  if (collection.has_dicts && is_full && cyclic->profile->tracks_dicts_lazily) untrack(&collection, GC_DICT);
  struct counted **unreachable = promote(&collection);
  note_survivors(&collection);
  journal_mark_done(cyclic->mutator.journal);

  struct cascade cascade = {0};
  dispose(&collection, unreachable, &cascade);
  if (is_full) {
    const int64_t parked = (int64_t)python_free_lists_clear(&cyclic->free_lists);
    cyclic->count[0] = cyclic->count[0] > parked ? cyclic->count[0] - parked : 0;
    generation_trim(collection.collected);
  }
  cascade_account(&cyclic->mutator, &cascade, false);
  counters->collections[generation]++;
  counters->collected[generation] += collection.unreachable_count;
  const struct journal_work work = {.examined_objects = examined,
                                    .followed_edges = collection.edge_count,
                                    .freed_objects = cascade.freed_objects,
                                    .survived_objects = collection.survivor_count,
                                    .freed_bytes = cascade.freed_bytes};
  journal_end(cyclic->mutator.journal, &work, counters->heap_bytes);
  return collection.unreachable_count;
}

void cyclic_collect_due(struct cyclic *cyclic)
{
  for (int i = GC_GENERATIONS - 1; i >= 0; i--) {
    if (cyclic->count[i] <= cyclic->threshold[i]) continue;
    /* The 25 % rule: a full collection is worth its while when enough has been promoted since the last. */
    if (i == GC_GENERATIONS - 1 &&
        cyclic->long_lived_pending < cyclic->long_lived_total * cyclic->full_collection_percent / 100)
      continue;
    cyclic_collect(cyclic, i, JOURNAL_ALLOCATION_COUNT);
    return;
  }
}
