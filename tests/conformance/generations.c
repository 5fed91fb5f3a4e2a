/* Explicit collections of generations: live objects survive all of them, and each is counted where it belongs. */
#include "tests/conformance/objects.h"

static void young_collections_keep_the_living(struct heap *heap)
{
  GC_FRAME(frame, 4);
  gc_push(heap->mutator, &frame.frame);
  tree_build(heap, &frame.slot[0], 8);
  gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){60, 0, GC_LIST}); /* old, and refers to young ones */
  for (int generation = 0; generation < GC_GENERATIONS; generation++) gc_collect(heap->mutator, generation);
  for (uint32_t i = 0; i < 60; i++) {
    list_build(heap, &frame.slot[2], i);
    gc_store(heap->mutator, frame.slot[1], i, frame.slot[2]);
    ring_build(heap, &frame.slot[3], 20);
    gc_root(heap->mutator, &frame.slot[2], NULL);
    gc_collect(heap->mutator, (int)i % GC_GENERATIONS);
    ring_require(heap, frame.slot[3], 20);
    for (uint32_t j = 0; j <= i; j++) list_require(heap, gc_load(heap->mutator, frame.slot[1], j), j);
  }
  tree_require(heap, frame.slot[0], 8);
  heap_expect(heap, tree_size(8) + 1 + 59 * 60 / 2 + 20, 59 * 20);
  heap_pop(heap, &frame.frame);
}

static void collections_are_counted_by_generation(struct heap *heap)
{
  if (!can(COLLECTOR_GENERATIONAL)) conformance_skip("%s has no generations", collector.name);
  const struct gc_counters *counters = &heap->mutator->counters;
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 10);
  for (int i = 0; i < 30; i++) {
    const int generation = i % (GC_GENERATIONS + 1); /* one beyond the last means all */
    const int counted = generation < GC_GENERATIONS ? generation : GC_GENERATIONS - 1;
    const uint64_t before = counters->collections[counted];
    gc_collect(heap->mutator, generation == GC_GENERATIONS ? GC_FULL : generation);
    REQUIRE_EQUAL(counters->collections[counted], before + 1, "collections of the generation");
  }
  heap_pop(heap, &frame.frame);
}

/* Garbage that has grown old is found by a collection of its generation, and by no younger one. */
static void old_garbage_waits_for_its_generation(struct heap *heap)
{
  if (!can(COLLECTOR_GENERATIONAL)) conformance_skip("%s has no generations", collector.name);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (int age = 0; age < GC_GENERATIONS; age++) {
    gc_collect(heap->mutator, GC_FULL);
    ring_build(heap, &frame.slot[0], 30);
    for (int generation = 0; generation < age; generation++) gc_collect(heap->mutator, generation);
    gc_root(heap->mutator, &frame.slot[0], NULL);
    const uint64_t held = heap_held(heap);
    for (int generation = 0; generation < age; generation++) {
      REQUIRE_EQUAL(gc_collect(heap->mutator, generation), 0, "old garbage found by a young collection");
      if (!can(COLLECTOR_EXTERNAL)) REQUIRE_EQUAL(heap_held(heap), held, "objects held after a young collection");
    }
    REQUIRE_EQUAL(gc_collect(heap->mutator, age), 30, "garbage found by a collection of its generation");
  }
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

/* A garbage ring of which a part is old is not freed by halves. */
static void garbage_across_generations(struct heap *heap)
{
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  uint64_t cyclic = 0;
  for (int generation = 0; generation < GC_GENERATIONS; generation++) {
    ring_build(heap, &frame.slot[0], 10);
    gc_collect(heap->mutator, generation);
    gc_new(heap->mutator, &frame.slot[1], node_shape); /* young, in between two old ones */
    gc_store(heap->mutator, frame.slot[1], NODE_NEXT, gc_load(heap->mutator, frame.slot[0], NODE_NEXT));
    gc_store(heap->mutator, frame.slot[0], NODE_NEXT, frame.slot[1]);
    gc_root(heap->mutator, &frame.slot[1], NULL);
    gc_root(heap->mutator, &frame.slot[0], NULL);
    gc_collect(heap->mutator, 0);
    cyclic += 11;
    heap_expect(heap, 0, cyclic);
  }
  heap_pop(heap, &frame.frame);
}

/*
 * Objects of every kind that hold no container any more when they are old: CPython untracks some of them, in place,
 * and tracks them again when they hold one.
 */
static void old_objects_change_what_they_hold(struct heap *heap)
{
  static const enum gc_kind kinds[] = {GC_INSTANCE, GC_LIST, GC_TUPLE, GC_DICT};
  enum { KINDS = sizeof kinds / sizeof kinds[0], CONTAINER = KINDS, ATOM, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[CONTAINER], (struct gc_shape){1, 0, GC_LIST});
  gc_new(heap->mutator, &frame.slot[ATOM], (struct gc_shape){0, 8, GC_ATOM});
  for (uint32_t i = 0; i < KINDS; i++) gc_new(heap->mutator, &frame.slot[i], (struct gc_shape){2, 0, kinds[i]});
  for (int round = 0; round < 12; round++) {
    for (uint32_t i = 0; i < KINDS; i++) {
      const bool holds_container = (round >> i & 1) == 0;
      gc_store(heap->mutator, frame.slot[i], 0, frame.slot[ATOM]);
      gc_store(heap->mutator, frame.slot[i], 1, frame.slot[holds_container ? CONTAINER : ATOM]);
    }
    heap_expect(heap, SLOTS, 0);
    collector_check(heap->mutator);
  }
  /* Now a cycle through the kinds, old and perhaps untracked once: it is found all the same. */
  for (uint32_t i = 0; i < KINDS; i++) gc_store(heap->mutator, frame.slot[i], 1, frame.slot[(i + 1) % KINDS]);
  heap_expect(heap, SLOTS, 0);
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, KINDS + 1); /* the atom hangs on the cycle */
}

static const struct conformance_test tests[] = {
    {"young_collections_keep_the_living", young_collections_keep_the_living, false},
    {"collections_are_counted_by_generation", collections_are_counted_by_generation, false},
    {"old_garbage_waits_for_its_generation", old_garbage_waits_for_its_generation, false},
    {"old_objects_change_what_they_hold", old_objects_change_what_they_hold, false},
    {"garbage_across_generations", garbage_across_generations, false},
};

CONFORMANCE_GROUP(generations, tests);
