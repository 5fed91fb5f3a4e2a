/* Cycles: freed to the last object where the collector claims it, kept to the last object where it does not. */
#include "tests/conformance/objects.h"

static const uint64_t ring_lengths[] = {1, 2, 3, 10, 1000, 100000};
enum { RING_LENGTHS = sizeof ring_lengths / sizeof ring_lengths[0] };

static void rings_are_reclaimed(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  uint64_t garbage = 0;
  for (int i = 0; i < RING_LENGTHS; i++) {
    ring_build(heap, &frame.slot[0], ring_lengths[i]);
    gc_root(heap->mutator, &frame.slot[0], NULL);
    garbage += ring_lengths[i];
    heap_expect(heap, 0, garbage);
  }
  heap_pop(heap, &frame.frame);
}

static void rings_on_roots_survive(struct heap *heap)
{
  GC_FRAME(frame, RING_LENGTHS);
  gc_push(heap->mutator, &frame.frame);
  uint64_t reachable = 0;
  for (int i = 0; i < RING_LENGTHS; i++) {
    ring_build(heap, &frame.slot[i], ring_lengths[i]);
    reachable += ring_lengths[i];
  }
  for (int round = 0; round < 3; round++) {
    heap_expect(heap, reachable, 0);
    for (int i = 0; i < RING_LENGTHS; i++) ring_require(heap, frame.slot[i], ring_lengths[i]);
  }
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, reachable);
}

/* A ring that is opened is acyclic again: counting frees it at once. */
static void opened_rings_are_lists(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  ring_build(heap, &frame.slot[0], 1000);
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, NULL);
  heap_expect_promptly(heap, 1);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

static void doubly_linked_lists(struct heap *heap)
{
  enum { NEXT, PREVIOUS, FIELDS };
  const struct gc_shape shape = {FIELDS, 16, GC_INSTANCE};
  const uint32_t length = (uint32_t)scaled(200000, 20000);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], shape);
  gc_root(heap->mutator, &frame.slot[1], frame.slot[0]);
  for (uint32_t i = 1; i < length; i++) {
    gc_new(heap->mutator, &frame.slot[2], shape);
    object_fill(frame.slot[2], shape, i);
    gc_store(heap->mutator, frame.slot[1], NEXT, frame.slot[2]);
    gc_store(heap->mutator, frame.slot[2], PREVIOUS, frame.slot[1]);
    gc_root(heap->mutator, &frame.slot[1], frame.slot[2]);
  }
  gc_root(heap->mutator, &frame.slot[2], NULL);
  gc_root(heap->mutator, &frame.slot[1], NULL);
  heap_expect(heap, length, 0);
  uint32_t at = 0;
  for (gc_ref node = gc_load(heap->mutator, frame.slot[0], NEXT); node != NULL;
       node = gc_load(heap->mutator, node, NEXT))
    object_require(node, shape, ++at);
  REQUIRE_EQUAL(at, length - 1, "nodes of the doubly linked list");
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect(heap, 0, length);
  heap_pop(heap, &frame.frame);
}

/* A ring whose nodes refer to live objects, and to garbage of their own. */
static void cycles_refer_to_others(struct heap *heap)
{
  enum { NEXT, LIVE, OWN, FIELDS, LENGTH = 100, TAIL = 20 };
  const struct gc_shape shape = {FIELDS, 0, GC_INSTANCE};
  GC_FRAME(frame, 4);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 50); /* live, and referred to by the ring */
  gc_new(heap->mutator, &frame.slot[1], shape);
  gc_root(heap->mutator, &frame.slot[2], frame.slot[1]);
  for (int i = 1; i < LENGTH; i++) {
    gc_new(heap->mutator, &frame.slot[3], shape);
    gc_store(heap->mutator, frame.slot[3], NEXT, frame.slot[2]);
    gc_store(heap->mutator, frame.slot[3], LIVE, frame.slot[0]);
    gc_root(heap->mutator, &frame.slot[2], frame.slot[3]);
    list_build(heap, &frame.slot[3], TAIL);
    gc_store(heap->mutator, frame.slot[2], OWN, frame.slot[3]);
  }
  gc_store(heap->mutator, frame.slot[1], NEXT, frame.slot[2]);
  const uint64_t garbage = LENGTH + (LENGTH - 1) * TAIL;
  for (int i = 2; i < 4; i++) gc_root(heap->mutator, &frame.slot[i], NULL);
  heap_expect(heap, 50 + garbage, 0);
  gc_root(heap->mutator, &frame.slot[1], NULL);
  heap_expect(heap, 50, garbage);
  list_require(heap, frame.slot[0], 50);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  /* A ring that was kept keeps the list too. */
  heap_expect(heap, 0, garbage + 50);
  heap_pop(heap, &frame.frame);
}

/* Live objects refer to a ring through one node of it, in the middle of a list. */
static void live_objects_refer_to_cycles(struct heap *heap)
{
  enum { LENGTH = 300 };
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], (struct gc_shape){2, 0, GC_LIST});
  for (uint32_t i = 0; i < 2; i++) {
    ring_build(heap, &frame.slot[1], LENGTH);
    gc_store(heap->mutator, frame.slot[0], i, frame.slot[1]);
  }
  gc_root(heap->mutator, &frame.slot[1], NULL);
  heap_expect(heap, 1 + 2 * LENGTH, 0);
  gc_store(heap->mutator, frame.slot[0], 0, NULL);
  heap_expect(heap, 1 + LENGTH, LENGTH);
  ring_require(heap, gc_load(heap->mutator, frame.slot[0], 1), LENGTH);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect(heap, 0, 2 * LENGTH);
  heap_pop(heap, &frame.frame);
}

/* Everything refers to everything. */
static void cliques(struct heap *heap)
{
  enum { MEMBERS = 60 };
  const struct gc_shape shape = {MEMBERS, 8, GC_LIST};
  GC_FRAME(frame, MEMBERS);
  gc_push(heap->mutator, &frame.frame);
  for (uint32_t i = 0; i < MEMBERS; i++) gc_new(heap->mutator, &frame.slot[i], shape);
  for (uint32_t i = 0; i < MEMBERS; i++)
    for (uint32_t j = 0; j < MEMBERS; j++) gc_store(heap->mutator, frame.slot[i], j, frame.slot[j]);
  for (uint32_t i = 1; i < MEMBERS; i++) {
    gc_root(heap->mutator, &frame.slot[i], NULL);
    if (i % 16 == 0) heap_expect(heap, MEMBERS, 0);
  }
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, MEMBERS);
}

/* Many small rings, linked in a chain: each keeps the next alive. */
static void chain_of_rings(struct heap *heap)
{
  enum { NEXT, CHAIN, FIELDS };
  const struct gc_shape shape = {FIELDS, 0, GC_INSTANCE};
  const uint64_t rings = scaled(30000, 5000);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  for (uint64_t i = 0; i < rings; i++) {
    gc_new(heap->mutator, &frame.slot[1], shape);
    gc_new(heap->mutator, &frame.slot[2], shape);
    gc_store(heap->mutator, frame.slot[1], NEXT, frame.slot[2]);
    gc_store(heap->mutator, frame.slot[2], NEXT, frame.slot[1]);
    gc_store(heap->mutator, frame.slot[2], CHAIN, frame.slot[0]);
    gc_root(heap->mutator, &frame.slot[0], frame.slot[1]);
  }
  gc_root(heap->mutator, &frame.slot[1], NULL);
  gc_root(heap->mutator, &frame.slot[2], NULL);
  heap_expect(heap, 2 * rings, 0);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect(heap, 0, 2 * rings);
  heap_pop(heap, &frame.frame);
}

/* A cycle through large objects, and through objects of every kind that has references. */
static void cycles_of_all_kinds(struct heap *heap)
{
  static const struct gc_shape shapes[] = {
      {1, 0, GC_INSTANCE}, {30000, 0, GC_LIST}, {3, 0, GC_TUPLE}, {5, 24, GC_DICT}, {1, 200000, GC_INSTANCE}};
  enum { SHAPES = sizeof shapes / sizeof shapes[0] };
  GC_FRAME(frame, SHAPES);
  gc_push(heap->mutator, &frame.frame);
  uint64_t garbage = 0;
  for (int round = 0; round < 10; round++) {
    for (uint32_t i = 0; i < SHAPES; i++) gc_new(heap->mutator, &frame.slot[i], shapes[i]);
    for (uint32_t i = 0; i < SHAPES; i++)
      gc_store(heap->mutator, frame.slot[i], shapes[i].fields - 1, frame.slot[(i + 1) % SHAPES]);
    for (uint32_t i = 1; i < SHAPES; i++) gc_root(heap->mutator, &frame.slot[i], NULL);
    heap_expect(heap, SHAPES, garbage);
    gc_root(heap->mutator, &frame.slot[0], NULL);
    garbage += SHAPES;
    heap_expect(heap, 0, garbage);
  }
  heap_pop(heap, &frame.frame);
}

/* CPython's tuples cannot be changed once they are made; here one can, after the collector has stopped tracking it. */
static void untracked_tuple_refers_to_itself(struct heap *heap)
{
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], (struct gc_shape){1, 0, GC_TUPLE});
  gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){0, 8, GC_ATOM});
  gc_store(heap->mutator, frame.slot[0], 0, frame.slot[1]);
  gc_collect(heap->mutator, GC_FULL); /* untracks the tuple */
  gc_store(heap->mutator, frame.slot[0], 0, frame.slot[0]);
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 1);
}

static uint64_t collections_of(const struct heap *heap)
{
  uint64_t collections = 0;
  for (int i = 0; i < GC_GENERATIONS; i++) collections += heap->mutator->counters.collections[i];
  return collections;
}

/* Cyclic garbage is collected without being asked for, before there is more than a gigabyte of it. */
static void collected_without_being_asked(struct heap *heap)
{
  if (!can(COLLECTOR_RECLAIMS_CYCLES)) conformance_skip("%s keeps cycles", collector.name);
  enum { LENGTH = 10 };
  const uint64_t most = scaled(3000000, 300000);
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[1], 1000);
  for (uint64_t rings = 0; collections_of(heap) < 3; rings++) {
    REQUIRE(rings < most, "%llu rings of %d were dropped, and nothing was collected", (unsigned long long)rings,
            LENGTH);
    gc_new(heap->mutator, &frame.slot[0], (struct gc_shape){0, 256, GC_ATOM});
    ring_build(heap, &frame.slot[0], LENGTH);
    gc_root(heap->mutator, &frame.slot[0], NULL);
  }
  const struct gc_counters *counters = &heap->mutator->counters;
  const uint64_t held = heap_held(heap);
  if (is_exact())
    REQUIRE(held < counters->allocated_objects, "all %llu objects are still held", (unsigned long long)held);
  list_require(heap, frame.slot[1], 1000);
  heap_expect(heap, 1000, 0);
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

static const struct conformance_test tests[] = {
    {"rings_are_reclaimed", rings_are_reclaimed, false},
    {"rings_on_roots_survive", rings_on_roots_survive, false},
    {"opened_rings_are_lists", opened_rings_are_lists, false},
    {"doubly_linked_lists", doubly_linked_lists, false},
    {"cycles_refer_to_others", cycles_refer_to_others, false},
    {"live_objects_refer_to_cycles", live_objects_refer_to_cycles, false},
    {"cliques", cliques, false},
    {"chain_of_rings", chain_of_rings, false},
    {"cycles_of_all_kinds", cycles_of_all_kinds, false},
    {"untracked_tuple_refers_to_itself", untracked_tuple_refers_to_itself, false},
    {"collected_without_being_asked", collected_without_being_asked, false},
};

CONFORMANCE_GROUP(cycles, tests);
