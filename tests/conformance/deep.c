/* Structures long, deep and wide enough to end any recursion, dropped at once. */
#include "tests/conformance/objects.h"

static uint64_t long_list(void) { return scaled(3000000, 300000); }

/* Ten million nodes, dropped at once. */
static void longest_list(struct heap *heap)
{
  const uint64_t length = scaled(can(COLLECTOR_EXTERNAL) ? 3000000 : 10000000, 400000); /* peers take their time */
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], length);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

static void list_is_kept(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], long_list());
  heap_expect(heap, long_list(), 0);
  list_require(heap, frame.slot[0], long_list());
  heap_pop(heap, &frame.frame); /* by gc_pop */
  heap_expect(heap, 0, 0);
}

static void list_is_cut(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], long_list());
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, NULL); /* by gc_store */
  heap_expect_promptly(heap, 1);
  heap_expect(heap, 1, 0);
  list_build(heap, &frame.slot[0], long_list());
  gc_new(heap->mutator, &frame.slot[0], node_shape); /* by gc_new */
  heap_expect_promptly(heap, 1);
  heap_expect(heap, 1, 0);
  heap_pop(heap, &frame.frame);
}

/* A tree that is deep on one side, or on both in turn, with a leaf on every other side. */
static void comb_build(struct heap *heap, gc_ref *slot, uint64_t depth, uint32_t side, uint32_t turn)
{
  const struct gc_shape shape = {2, 0, GC_TUPLE};
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, slot, shape);
  for (uint64_t i = 0; i < depth; i++, side ^= turn) {
    gc_new(heap->mutator, &frame.slot[0], shape);
    gc_new(heap->mutator, &frame.slot[1], node_shape);
    gc_store(heap->mutator, frame.slot[0], side, *slot);
    gc_store(heap->mutator, frame.slot[0], 1 - side, frame.slot[1]);
    gc_root(heap->mutator, slot, frame.slot[0]);
  }
  heap_pop(heap, &frame.frame);
}

static void deep_trees(struct heap *heap)
{
  const uint64_t depth = scaled(1000000, 100000);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (uint32_t i = 0; i < 4; i++) {
    comb_build(heap, &frame.slot[0], depth, i % 2, i / 2);
    heap_expect(heap, 2 * depth + 1, 0);
    gc_root(heap->mutator, &frame.slot[0], NULL);
    heap_expect_promptly(heap, 0);
    heap_expect(heap, 0, 0);
  }
  heap_pop(heap, &frame.frame);
}

static void perfect_tree(struct heap *heap)
{
  const uint32_t depth = (uint32_t)scaled(19, 15);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  tree_build(heap, &frame.slot[0], depth);
  heap_expect(heap, tree_size(depth), 0);
  tree_require(heap, frame.slot[0], depth);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

static void wide_array(struct heap *heap)
{
  const uint32_t width = (uint32_t)scaled(3000000, 200000);
  const struct gc_shape array = {width, 0, GC_LIST};
  const struct gc_shape element = {0, 8, GC_ATOM};
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], array);
  for (uint32_t i = 0; i < width; i++) {
    gc_new(heap->mutator, &frame.slot[1], element);
    *(uint64_t *)gc_bytes(frame.slot[1], 0) = i;
    gc_store(heap->mutator, frame.slot[0], i, frame.slot[1]);
  }
  gc_root(heap->mutator, &frame.slot[1], NULL);
  heap_expect(heap, 1 + (uint64_t)width, 0);
  for (uint32_t i = 0; i < width; i++)
    REQUIRE_EQUAL(*(uint64_t *)gc_bytes(gc_load(heap->mutator, frame.slot[0], i), 0), i, "an array's element");
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

/* Millions of references to one object: counts must not wrap, marking must not push it each time. */
static void one_object_many_references(struct heap *heap)
{
  const uint32_t width = (uint32_t)scaled(5000000, 300000);
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], (struct gc_shape){width, 0, GC_LIST});
  gc_new(heap->mutator, &frame.slot[1], node_shape);
  *node_number(frame.slot[1]) = 7;
  for (uint32_t i = 0; i < width; i++) gc_store(heap->mutator, frame.slot[0], i, frame.slot[1]);
  gc_root(heap->mutator, &frame.slot[1], NULL);
  heap_expect(heap, 2, 0);
  gc_root(heap->mutator, &frame.slot[1], gc_load(heap->mutator, frame.slot[0], width - 1));
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect_promptly(heap, 1);
  heap_expect(heap, 1, 0);
  REQUIRE_EQUAL(*node_number(frame.slot[1]), 7, "the node that was referred to");
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

/* An array of lists: wide and deep at once; a cascade of cascades. */
static void array_of_lists(struct heap *heap)
{
  const uint32_t width = 1000;
  const uint64_t length = scaled(1000, 100);
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], (struct gc_shape){width, 100, GC_LIST});
  for (uint32_t i = 0; i < width; i++) {
    list_build(heap, &frame.slot[1], length);
    gc_store(heap->mutator, frame.slot[0], i, frame.slot[1]);
  }
  gc_root(heap->mutator, &frame.slot[1], NULL);
  heap_expect(heap, 1 + width * length, 0);
  for (uint32_t i = 0; i < width; i += 7) list_require(heap, gc_load(heap->mutator, frame.slot[0], i), length);
  for (uint32_t i = 0; i < width; i += 2) gc_store(heap->mutator, frame.slot[0], i, NULL);
  heap_expect_promptly(heap, 1 + width / 2 * length);
  heap_expect(heap, 1 + width / 2 * length, 0);
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

static const struct conformance_test tests[] = {
    {"longest_list", longest_list, false},
    {"list_is_kept", list_is_kept, false},
    {"list_is_cut", list_is_cut, false},
    {"deep_trees", deep_trees, false},
    {"perfect_tree", perfect_tree, false},
    {"wide_array", wide_array, false},
    {"one_object_many_references", one_object_many_references, false},
    {"array_of_lists", array_of_lists, false},
};

CONFORMANCE_GROUP(deep, tests);
