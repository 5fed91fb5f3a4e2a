/*
 * CPython's collection of a generation: deduce_unreachable and what follows it (Modules/gcmodule.c of 3.11), on side
 * tables instead of in the objects.
 *
 * An object's references from outside are its count less the references from objects that are collected with it.
 * Objects with some are reachable, and all that they refer to.  CPython walks its list twice, the second time moving
 * what looks unreachable to a second list, and back to the end of the first when a reachable object refers to it.
 * All that needs of the heap is who refers to whom, so the heap is walked once:
 *
 *   find_edges    walks the heap: notes edges as positions in the collected vector, in order of traversal, and takes
 *                 them off the counts as it goes
 *   reach         CPython's second walk, over tables alone; an object found again goes to the `moved` queue
 *   untrack       tuples, and in a full collection dicts, that cannot be part of a cycle
 *   promote       survivors to the next generation: those kept in order, then those moved, in the order of moving
 *   dispose       frees the rest
 *
 * Where there are finalizers or weak references, finalize.c takes the place of dispose.
 *
 * Nothing that survives refers to an unreachable object, and nothing outside does, so those are freed one after the
 * other without undoing the references between them; CPython's tp_clear of each in order comes to the same objects
 * freed and the same counts.  References to others are dropped, and may set off cascades, which are part of the pause.
 *
 * The tables are small, so that what the algorithm touches at random, but for the heap itself, stays in a second-level
 * cache: references from outside are kept modulo 256, one byte an object (only whether they are 0 matters, and of an
 * object with a count below 256 a byte tells; the others are counted anew in the rare case that theirs is 0), and what
 * is reached in a bitmap.  The heap is touched in list order, which mostly is address order, except for the referents'
 * places: these are prefetched through a queue of COLLECTION_QUEUE edges.
 *
 * INVARIANTS, with n the collected vector's size
 *  - Position n stands for everything that is not collected, and is reached from the start.
 *  - After find_edges, refs[i] is the number of references to object i from outside, modulo 256, and 0 only if it is 0.
 *  - After reach, a position is reached or its object is unreachable; holes are reached.
 *  - moved holds the positions that were passed over before they were reached, in the order of their being reached.
 */
#include "collectors/parts/fault.h"
#include "collectors/refcount_cyclic/collect.h"

enum {
  PREFETCH_OBJECTS = 24, /* objects ahead */
  HEAVY_COUNT = 256,
#ifdef GC_CHECKING
  LARGE_COLLECTION = 64 /* so that tests take both ways */
#else
  LARGE_COLLECTION = 1 << 18 /* objects: the byte of each no longer fits a second-level cache beside all else */
#endif
};

static void *table_of(struct cyclic *cyclic, struct mapping *mapping, uint64_t bytes)
{
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
  cyclic_require(cyclic, generation_reserve(collected, joining), joining * sizeof(void *));
  collection->own_size = collected->size;
  collection->size = collected->size + joining;
  for (int i = 0; i <= UNTRACKED; i++) collection->base[i] = collection->size;
  collection->base[collection->number] = 0;
  for (int i = 0; i < collection->number; i++) {
    struct generation *younger = &cyclic->generations[i];
    collection->base[i] = collected->size;
    memcpy(collected->objects + collected->size, younger->objects, younger->size * sizeof(void *));
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

/* The first field in order of traversal, and the step to the next. */
static inline const gc_ref *first_field(struct counted *object, uint32_t fields, ptrdiff_t *step)
{
  const bool backwards = python_kinds[header_kind(object->packed)].traverses_backwards;
  *step = backwards ? -1 : 1;
  return counted_fields(object) + (backwards ? fields - 1 : 0);
}

static __attribute__((noinline)) void grow_edges(struct collection *collection, uint64_t wanted)
{
  struct cyclic *cyclic = collection->cyclic;
  cyclic_require(cyclic, wanted <= UINT32_MAX, wanted * sizeof(uint32_t)); /* starts has 32 bits */
  collection->edges = table_of(cyclic, &cyclic->side.edges, wanted * sizeof(uint32_t));
}

/* A reference from inside is taken off its referent's count. */
static inline void subtract_edge(struct collection *collection, uint64_t e)
{
  if (!GC_FAULT(subtraction_skipped)) collection->refs[collection->edges[e]]--;
}

/*
 * The position of edge number e is looked up, COLLECTION_QUEUE edges after its referent was put into the queue.  Where
 * the table of counts is too large for the cache, so many edges pass again before the count is touched.
 */
static inline __attribute__((always_inline)) void resolve_edge(struct collection *collection, uint64_t e, bool is_large)
{
  const uint32_t position = position_of(collection, collection->queue[e % COLLECTION_QUEUE]);
  collection->edges[e] = position;
  if (!is_large) {
    subtract_edge(collection, e);
    return;
  }
  __builtin_prefetch(&collection->refs[position], 1);
  if (e >= COLLECTION_QUEUE) subtract_edge(collection, e - COLLECTION_QUEUE);
}

static inline __attribute__((always_inline)) uint64_t
find_edges_of(struct collection *collection, struct counted *object, uint64_t edge_count, bool is_large)
{
  const uint32_t fields = object_fields(object);
  if (GC_UNLIKELY((edge_count + fields) * sizeof(uint32_t) > collection->cyclic->side.edges.bytes))
    grow_edges(collection, edge_count + fields);
  ptrdiff_t step;
  const gc_ref *field = first_field(object, fields, &step);
  for (uint32_t k = 0; k < fields; k++, field += step) {
    const gc_ref referent = *field;
    if (referent == NULL) continue;
    __builtin_prefetch(counted_of(referent));
    if (edge_count >= COLLECTION_QUEUE) resolve_edge(collection, edge_count - COLLECTION_QUEUE, is_large);
    collection->queue[edge_count++ % COLLECTION_QUEUE] = referent;
  }
  return edge_count;
}

static inline __attribute__((always_inline)) void find_all_edges(struct collection *collection, bool is_large)
{
  struct counted *const *objects = collection->collected->objects;
  const uint32_t size = collection->size;
  uint64_t edge_count = 0;
  memset(collection->refs, 0, size);
  for (uint32_t i = 0; i < size; i++) {
    if (i + PREFETCH_OBJECTS < size) __builtin_prefetch(objects[i + PREFETCH_OBJECTS]);
    struct counted *object = objects[i];
    collection->starts[i] = (uint32_t)edge_count;
    if (object == NULL) {
      collection->refs[i] = 1; /* a hole: reached, and refers to nothing */
      collection->hole_count++;
      continue;
    }
    const enum gc_kind kind = header_kind(object->packed);
    collection->has_tuples |= kind == GC_TUPLE;
    collection->has_dicts |= kind == GC_DICT;
    collection->has_heavy |= object->count >= HEAVY_COUNT;
    collection->refs[i] = (uint8_t)(collection->refs[i] + object->count - (GC_FAULT(count_one_low) ? 1 : 0));
    edge_count = find_edges_of(collection, object, edge_count, is_large);
  }
  collection->starts[size] = (uint32_t)edge_count;
  collection->edge_count = edge_count;
  const uint64_t first_waiting = edge_count > COLLECTION_QUEUE ? edge_count - COLLECTION_QUEUE : 0;
  for (uint64_t e = first_waiting; e < edge_count; e++) resolve_edge(collection, e, is_large);
  for (uint64_t e = first_waiting; e < edge_count && is_large; e++) subtract_edge(collection, e);
}

static void find_edges(struct collection *collection)
{
  if (collection->size > LARGE_COLLECTION)
    find_all_edges(collection, true);
  else
    find_all_edges(collection, false);
}

/* Counts references again, in 32 bits, where a byte may not have told: 256 from outside are not 0. */
static __attribute__((noinline)) void count_heavy(struct collection *collection)
{
  struct cyclic *cyclic = collection->cyclic;
  struct counted *const *objects = collection->collected->objects;
  const uint64_t bytes = ((uint64_t)collection->size + 1) * sizeof(uint32_t);
  uint32_t *inside = table_of(cyclic, &cyclic->side.inside, bytes);
  memset(inside, 0, bytes);
  for (uint64_t e = 0; e < collection->edge_count; e++) inside[collection->edges[e]]++;
  for (uint32_t i = 0; i < collection->size; i++) {
    if (objects[i] == NULL) continue;
    GC_CHECK(inside[i] <= objects[i]->count, "more references than the count says", counted_ref(objects[i]));
    GC_CHECK((uint8_t)(objects[i]->count - inside[i]) == collection->refs[i], "references are miscounted", objects[i]);
    if (inside[i] != objects[i]->count && collection->refs[i] == 0) collection->refs[i] = 1;
  }
}

/* 8 positions at a time: a bit for each byte that is not 0. */
static void set_reached(struct collection *collection)
{
  static const uint64_t low7 = 0x7f7f7f7f7f7f7f7fu;
  const uint32_t size = collection->size;
  collection->refs[size] = 1;
  memset(collection->refs + size + 1, 1, 64 - (size + 1) % 64);
  for (uint32_t i = 0; i <= size; i += 64) {
    uint64_t word = 0;
    for (uint32_t k = 0; k < 64; k += 8) {
      uint64_t bytes;
      memcpy(&bytes, collection->refs + i + k, sizeof bytes);
      const uint64_t nonzero = (((bytes & low7) + low7) | bytes) >> 7 & 0x0101010101010101u;
      word |= (nonzero * 0x0102040810204080u >> 56) << k;
    }
    collection->reached[i / 64] = word;
    collection->unreachable_count += 64 - (uint32_t)__builtin_popcountll(word);
  }
}

/* What is at position i is reachable, and so what it refers to.  Positions below `passed` have been passed over. */
static inline void visit(struct collection *collection, uint32_t i, uint32_t passed)
{
  const uint32_t end = collection->starts[i + 1];
  for (uint32_t e = collection->starts[i]; e < end; e++) {
    const uint32_t referent = collection->edges[e];
    if (collection_is_reached(collection, referent) || GC_FAULT(edge_unvisited)) continue;
    collection->reached[referent / 64] |= UINT64_C(1) << referent % 64;
    collection->unreachable_count--;
    if (referent < passed) collection->moved[collection->moved_count++] = referent;
  }
}

/* When everything is reached nothing moves any more, and the rest of the walk is spared. */
static void reach(struct collection *collection)
{
  const uint32_t size = collection->size;
  for (uint32_t i = 0; i < size && collection->unreachable_count != 0; i++) {
    if (collection_is_reached(collection, i)) visit(collection, i, i);
  }
  for (uint32_t q = 0; q < collection->moved_count && collection->unreachable_count != 0; q++)
    visit(collection, collection->moved[q], size);
}

/*
 * NULL blocks a tuple, which may be still being filled, as in CPython; but where tuples are complete it is None, which
 * is no container.
 */
static bool is_untrackable(struct counted *object, enum gc_kind kind, bool tuples_are_complete)
{
  if (header_kind(object->packed) != kind) return false;
  const gc_ref *fields = counted_fields(object);
  for (uint32_t i = object_fields(object); i-- > 0;) {
    if (fields[i] == NULL ? kind == GC_TUPLE && !tuples_are_complete : object_may_be_tracked(fields[i])) return false;
  }
  return true;
}

static void untrack_at(struct collection *collection, uint32_t position, enum gc_kind kind)
{
  struct counted **object = &collection->collected->objects[position];
  if (*object == NULL || !is_untrackable(*object, kind, collection->cyclic->polls_explicitly)) return;
  place_of(*object)->generation = UNTRACKED;
  *object = NULL;
  collection->untracked_count++;
}

/* In the survivors' order: a tuple that is untracked lets the tuples after it that hold it be untracked too. */
static void untrack(struct collection *collection, enum gc_kind kind)
{
  for (uint32_t i = 0; i < collection->size; i++) {
    if (collection_is_reached(collection, i)) untrack_at(collection, i, kind);
  }
  for (uint32_t q = 0; q < collection->moved_count; q++) untrack_at(collection, collection->moved[q], kind);
}

/* While survivors are looked at in order, moved objects are told by not being reached, though their refs are not 0. */
static void set_moved_apart(struct collection *collection)
{
  for (uint32_t q = 0; q < collection->moved_count; q++) {
    const uint32_t position = collection->moved[q];
    collection->reached[position / 64] &= ~(UINT64_C(1) << position % 64);
    collection->refs[position] = 1;
  }
}

static void set_moved_reached(struct collection *collection)
{
  for (uint32_t q = 0; q < collection->moved_count; q++) {
    const uint32_t position = collection->moved[q];
    collection->reached[position / 64] |= UINT64_C(1) << position % 64;
  }
}

/* Makes room for the pointers of objects that are taken out of the vector's order. */
static struct counted **reserve_apart(struct collection *collection)
{
  const uint64_t count = (uint64_t)collection->moved_count + collection->unreachable_count;
  return table_of(collection->cyclic, &collection->cyclic->side.apart, (count + 1) * sizeof(struct counted *));
}

/*
 * Survivors go to the end of the next generation, or, in a full collection, close up in their own: then an object that
 * stays where it was is not touched.  Returns the unreachable objects, in order.
 */
static struct counted **promote(struct collection *collection)
{
  struct generation *from = collection->collected;
  const bool is_full = collection->number == GC_GENERATIONS - 1;
  struct generation *to = is_full ? from : from + 1;
  const uint32_t number = (uint32_t)(to - collection->cyclic->generations);
  if (!is_full)
    cyclic_require(collection->cyclic, generation_reserve(to, collection->size), collection->size * sizeof(void *));
  const bool is_in_order = is_full && (collection->hole_count | collection->untracked_count | collection->moved_count |
                                       collection->unreachable_count) == 0;
  const uint32_t first = is_full ? 0 : to->size;
  uint32_t end = is_in_order ? collection->own_size : first;

  struct counted **moved = reserve_apart(collection);
  struct counted **const unreachable = moved + collection->moved_count;
  struct counted **next_unreachable = unreachable;
  for (uint32_t q = 0; q < collection->moved_count; q++) moved[q] = from->objects[collection->moved[q]];
  for (uint32_t i = is_in_order ? end : 0; i < collection->size; i++) {
    struct counted *object = from->objects[i];
    if (GC_UNLIKELY(!collection_is_reached(collection, i))) {
      if (collection->refs[i] == 0) *next_unreachable++ = object;
      continue;
    }
    if (object == NULL) continue;
    if (GC_FAULT(promotion_lost)) {
      place_of(object)->generation = UNTRACKED;
      continue;
    }
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
  return unreachable;
}

/* Frees the unreachable, and what only they held. */
static void dispose(struct collection *collection, struct counted **unreachable, struct cascade *cascade)
{
  struct cyclic *cyclic = collection->cyclic;
  const uint32_t count = collection->unreachable_count;
  uint32_t done = 0;
  for (uint32_t i = 0; done < count; i++) {
    if (collection_is_reached(collection, i)) continue;
    if (done + PREFETCH_OBJECTS < count) __builtin_prefetch(unreachable[done + PREFETCH_OBJECTS]);
    struct counted *object = unreachable[done++];
    const uint32_t fields = object_fields(object);
    const uint32_t *edge = collection->edges + collection->starts[i];
    ptrdiff_t step;
    const gc_ref *field = first_field(object, fields, &step);
    for (uint32_t k = 0; k < fields; k++, field += step) {
      if (*field == NULL || !collection_is_reached(collection, *edge++)) continue;
      struct counted *dead = cascade_drop(cyclic, cascade, *field, false);
      if (dead != NULL) cascade_run(cyclic, cascade, dead);
    }
    cyclic_account_death(cyclic, object, true, cascade);
    cyclic_free_cell(cyclic, object);
  }
}

static void prepare(struct collection *collection)
{
  struct cyclic *cyclic = collection->cyclic;
  struct side_tables *side = &cyclic->side;
  const uint64_t entries = (uint64_t)collection->size + 64; /* position n, and whole words of bits */
  collection->refs = table_of(cyclic, &side->refs, entries);
  collection->reached = table_of(cyclic, &side->reached, entries / 8 + sizeof(uint64_t));
  collection->starts = table_of(cyclic, &side->starts, entries * sizeof(uint32_t));
  collection->moved = table_of(cyclic, &side->moved, entries * sizeof(uint32_t));
  collection->edges = table_of(cyclic, &side->edges, entries * sizeof(uint32_t));
}

#ifdef GC_CHECKING
static const bool checks_every_count = true;
#else
static const bool checks_every_count = false;
#endif

static void deduce(struct collection *collection)
{
  prepare(collection);
  find_edges(collection);
  if (GC_UNLIKELY(collection->has_heavy) || checks_every_count) count_heavy(collection);
  set_reached(collection);
  reach(collection);
}

static void deduce_unreachable(struct collection *collection)
{
  merge(collection);
  deduce(collection);
}

void collection_deduce_again(struct collection *collection)
{
  collection->size = collection->own_size = collection->collected->size;
  for (int i = 0; i <= UNTRACKED; i++) collection->base[i] = collection->size;
  collection->base[CONDEMNED] = 0;
  deduce(collection);
}

/* Survivors by the rules of long-lived objects, which the 25 % rule looks at. */
static void note_survivors(const struct collection *collection)
{
  struct cyclic *cyclic = collection->cyclic;
  if (collection->number == GC_GENERATIONS - 1) {
    cyclic->foreign_frozen += cyclic->foreign_frozen == 0 ? cyclic->foreign_immortal : 0;
    cyclic->long_lived_total = collection->survivor_count + cyclic->foreign_objects - cyclic->foreign_frozen;
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
  if (cyclic->is_collecting) return 0; /* a hook asks for it */
  cyclic->is_collecting = true;
  journal_begin(cyclic->mutator.journal, JOURNAL_COLLECTION, cause, generation, counters->heap_bytes);
  if (!is_full) cyclic->count[generation + 1]++;
  for (int i = 0; i <= generation; i++) cyclic->count[i] = 0;

  deduce_unreachable(&collection);
  set_moved_apart(&collection);
  if (collection.has_tuples) untrack(&collection, GC_TUPLE);
  if (collection.has_dicts && is_full && cyclic->profile->tracks_dicts_lazily) untrack(&collection, GC_DICT);
  struct counted **unreachable = promote(&collection);
  set_moved_reached(&collection);
  note_survivors(&collection);
  journal_mark_done(cyclic->mutator.journal);

  struct cascade cascade = {0};
  uint64_t found = collection.unreachable_count;
  if (GC_UNLIKELY(cyclic->mutator.hooks != NULL))
    found = collection_dispose_hooked(&collection, unreachable, &cascade);
  else
    dispose(&collection, unreachable, &cascade);
  if (is_full) {
    const int64_t parked = (int64_t)python_free_lists_clear(&cyclic->free_lists);
    cyclic->count[0] = cyclic->count[0] > parked ? cyclic->count[0] - parked : 0;
    generation_trim(collection.collected);
  }
  if (GC_UNLIKELY(cyclic->mutator.hooks != NULL)) cascade_end_pause(&cyclic->mutator, &cascade);
  cascade_account(&cyclic->mutator, &cascade, false);
  counters->collections[generation]++;
  counters->collected[generation] += found;
  counters->uncollectable[generation] += collection.uncollectable_count;
  const struct journal_work work = {.examined_objects = collection.size - collection.hole_count,
                                    .followed_edges = collection.edge_count,
                                    .freed_objects = cascade.freed_objects,
                                    .survived_objects = collection.survivor_count,
                                    .freed_bytes = cascade.freed_bytes};
  journal_end(cyclic->mutator.journal, &work, counters->heap_bytes);
  cyclic->is_collecting = false;
  return found + collection.uncollectable_count;
}

void cyclic_poll(struct cyclic *cyclic)
{
  if (!cyclic->is_pending) return;
  cyclic->is_pending = false;
  cyclic_set_trigger(cyclic);
  if (cyclic->is_enabled && !cyclic->is_collecting) cyclic_collect_due(cyclic);
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
