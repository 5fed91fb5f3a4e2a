/* The rules of collectors/gc.h, one by one. */
#include <string.h>

#include "tests/conformance/objects.h"

static void born_empty(struct heap *heap)
{
  static const struct gc_shape shapes[] = {
      {0, 0, GC_INSTANCE}, {1, 0, GC_INSTANCE}, {0, 1, GC_ATOM},          {2, 8, GC_INSTANCE}, {3, 5, GC_LIST},
      {7, 0, GC_TUPLE},    {4, 24, GC_DICT},    {1000, 3, GC_LIST},       {0, 5000, GC_ATOM},  {1, 100000, GC_INSTANCE},
      {20000, 7, GC_LIST}, {5, 16, GC_DICT},    {16384, 16384, GC_TUPLE},
  };
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (int round = 0; round < 50; round++) {
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
      gc_new(heap->mutator, &frame.slot[0], shapes[i]);
      object_require_empty(frame.slot[0], shapes[i]);
    }
  }
  heap_pop(heap, &frame.frame);
}

/* Every field; in slow builds a few of those of wide objects. */
static void store_all(struct heap *heap, gc_ref object, struct gc_shape shape, gc_ref value)
{
  const uint32_t step = shape.fields > 1000 ? (uint32_t)scaled(1, 307) : 1;
  for (uint32_t f = 0; f < shape.fields; f += step) gc_store(heap->mutator, object, f, value);
}

/* Fills objects with set bits and references, drops them, collects, and looks at what takes their place. */
static void born_empty_in_reused_memory(struct heap *heap)
{
  static const struct gc_shape shapes[] = {{0, 1, GC_ATOM},        {1, 8, GC_INSTANCE}, {2, 13, GC_INSTANCE},
                                           {12, 0, GC_LIST},       {3, 200, GC_DICT},   {100, 100, GC_INSTANCE},
                                           {0, 4000, GC_ATOM},     {1000, 64, GC_LIST}, {64, 20000, GC_INSTANCE},
                                           {20000, 20000, GC_LIST}};
  enum { TOGETHER = 40, ROUNDS = 6 };
  GC_FRAME(frame, TOGETHER);
  gc_push(heap->mutator, &frame.frame);
  for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    const struct gc_shape shape = shapes[s];
    for (int round = 0; round < ROUNDS; round++) {
      for (uint32_t i = 0; i < TOGETHER; i++) {
        gc_new(heap->mutator, &frame.slot[i], shape);
        object_require_empty(frame.slot[i], shape);
        memset(gc_bytes(frame.slot[i], shape.fields), 0xff, shape.bytes);
        store_all(heap, frame.slot[i], shape, frame.slot[i / 2]);
      }
      /* Counting alone cannot free self-loops: the fields go first. */
      for (uint32_t i = 0; i < TOGETHER; i++) store_all(heap, frame.slot[i], shape, NULL);
      for (uint32_t i = 0; i < TOGETHER; i++) gc_root(heap->mutator, &frame.slot[i], NULL);
      gc_collect(heap->mutator, GC_FULL);
    }
  }
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

static void survives_collections(struct heap *heap)
{
  enum { OBJECTS = 200 };
  GC_FRAME(frame, OBJECTS);
  gc_push(heap->mutator, &frame.frame);
  for (uint32_t i = 0; i < OBJECTS; i++) {
    const struct gc_shape shape = {i % 5, i * 7, GC_INSTANCE};
    gc_new(heap->mutator, &frame.slot[i], shape);
    object_fill(frame.slot[i], shape, i);
    for (uint32_t f = 0; f < shape.fields; f++) gc_store(heap->mutator, frame.slot[i], f, frame.slot[(i + f) / 2]);
    if (i % 20 == 0) gc_collect(heap->mutator, GC_FULL);
  }
  for (int round = 0; round < 5; round++) {
    gc_collect(heap->mutator, GC_FULL);
    for (uint32_t i = 0; i < OBJECTS; i++) {
      const struct gc_shape shape = {i % 5, i * 7, GC_INSTANCE};
      object_require(frame.slot[i], shape, i);
      for (uint32_t f = 0; f < shape.fields; f++)
        REQUIRE(gc_load(heap->mutator, frame.slot[i], f) == frame.slot[(i + f) / 2], "field %u of object %u", f, i);
    }
  }
  heap_pop(heap, &frame.frame);
}

static void load_returns_what_was_stored(struct heap *heap)
{
  enum { FIELDS = 500 };
  const struct gc_shape array = {FIELDS, 4, GC_LIST};
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], array);
  gc_new(heap->mutator, &frame.slot[1], node_shape);
  gc_new(heap->mutator, &frame.slot[2], node_shape);
  for (uint32_t f = 0; f < FIELDS; f++) gc_store(heap->mutator, frame.slot[0], f, frame.slot[1 + f % 2]);
  for (uint32_t f = 0; f < FIELDS; f += 3) gc_store(heap->mutator, frame.slot[0], f, NULL);
  for (uint32_t f = 0; f < FIELDS; f++)
    REQUIRE(gc_load(heap->mutator, frame.slot[0], f) == (f % 3 == 0 ? NULL : frame.slot[1 + f % 2]), "field %u", f);
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

static void old_values_are_dropped(struct heap *heap)
{
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  for (int i = 0; i < 10; i++) gc_new(heap->mutator, &frame.slot[0], node_shape); /* gc_new drops */
  heap_expect_promptly(heap, 1);
  heap_expect(heap, 1, 0);
  gc_new(heap->mutator, &frame.slot[1], node_shape);
  gc_root(heap->mutator, &frame.slot[0], frame.slot[1]); /* gc_root drops */
  heap_expect_promptly(heap, 1);
  heap_expect(heap, 1, 0);
  gc_new(heap->mutator, &frame.slot[2], node_shape);
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, frame.slot[2]);
  gc_new(heap->mutator, &frame.slot[2], node_shape);
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, frame.slot[2]); /* gc_store drops */
  heap_expect_promptly(heap, 2);
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, NULL);
  gc_root(heap->mutator, &frame.slot[2], NULL);
  heap_expect_promptly(heap, 1);
  heap_expect(heap, 1, 0);
  heap_pop(heap, &frame.frame); /* gc_pop drops */
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
}

/* The same value again must not be freed in between, though the slot or field holds the only reference. */
static void same_value_again(struct heap *heap)
{
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], node_shape);
  *node_number(frame.slot[0]) = 11;
  for (int i = 0; i < 3; i++) gc_root(heap->mutator, &frame.slot[0], frame.slot[0]);
  gc_new(heap->mutator, &frame.slot[1], node_shape);
  *node_number(frame.slot[1]) = 22;
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, frame.slot[1]);
  gc_root(heap->mutator, &frame.slot[1], NULL);
  for (int i = 0; i < 3; i++)
    gc_store(heap->mutator, frame.slot[0], NODE_NEXT, gc_load(heap->mutator, frame.slot[0], NODE_NEXT));
  heap_expect(heap, 2, 0);
  REQUIRE_EQUAL(*node_number(frame.slot[0]), 11, "the number of the root's node");
  REQUIRE_EQUAL(*node_number(gc_load(heap->mutator, frame.slot[0], NODE_NEXT)), 22, "the number of the field's node");
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

static void null_is_stored(struct heap *heap)
{
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_root(heap->mutator, &frame.slot[1], NULL); /* NULL over NULL */
  gc_new(heap->mutator, &frame.slot[0], node_shape);
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, NULL);
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, NULL);
  REQUIRE(gc_load(heap->mutator, frame.slot[0], NODE_NEXT) == NULL, "NULL was stored");
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

static void self_store(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], node_shape);
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, frame.slot[0]);
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, frame.slot[0]);
  heap_expect(heap, 1, 0);
  REQUIRE(gc_load(heap->mutator, frame.slot[0], NODE_NEXT) == frame.slot[0], "the object refers to itself");
  gc_store(heap->mutator, frame.slot[0], NODE_NEXT, NULL);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

/* A.next = B, B.next = C, and now A.next = C: what held C goes while C is being stored. */
static void store_drops_the_holder_of_the_value(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 1000);
  for (uint64_t length = 999; length >= 1; length--) {
    gc_ref second = gc_load(heap->mutator, frame.slot[0], NODE_NEXT);
    gc_store(heap->mutator, frame.slot[0], NODE_NEXT, gc_load(heap->mutator, second, NODE_NEXT));
    heap_expect_promptly(heap, length);
    if (length > 1)
      REQUIRE_EQUAL(*node_number(gc_load(heap->mutator, frame.slot[0], NODE_NEXT)), length - 2, "the second node");
  }
  heap_expect(heap, 1, 0);
  heap_pop(heap, &frame.frame);
}

/* slot = slot.next: the same with a root slot, which walks down a list and frees behind itself. */
static void root_drops_the_holder_of_the_value(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 1000);
  for (uint64_t length = 999; length >= 1; length--) {
    gc_root(heap->mutator, &frame.slot[0], gc_load(heap->mutator, frame.slot[0], NODE_NEXT));
    heap_expect_promptly(heap, length);
    REQUIRE_EQUAL(*node_number(frame.slot[0]), length - 1, "the first node");
  }
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

/* A slot of an older frame is assigned from below, as functions return their results. */
static void slots_of_older_frames(struct heap *heap)
{
  GC_FRAME(older, 2);
  gc_push(heap->mutator, &older.frame);
  for (uint64_t i = 0; i < 100; i++) {
    GC_FRAME(newer, 1);
    gc_push(heap->mutator, &newer.frame);
    gc_new(heap->mutator, &newer.slot[0], node_shape);
    *node_number(newer.slot[0]) = i;
    gc_root(heap->mutator, &older.slot[0], newer.slot[0]);
    gc_new(heap->mutator, &older.slot[1], node_shape);
    heap_pop(heap, &newer.frame);
    gc_collect(heap->mutator, GC_FULL);
    REQUIRE_EQUAL(*node_number(older.slot[0]), i, "the node that was returned");
  }
  heap_expect(heap, 2, 0);
  heap_pop(heap, &older.frame);
}

static void nest(struct heap *heap, uint64_t depth)
{
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  for (uint32_t i = 0; i < 3; i++) {
    gc_new(heap->mutator, &frame.slot[i], node_shape);
    *node_number(frame.slot[i]) = 3 * depth + i;
  }
  if (depth > 0) nest(heap, depth - 1);
  if (depth % 64 == 0) gc_collect(heap->mutator, GC_FULL);
  heap_expect_promptly(heap, 3 * (600 - depth + 1));
  for (uint32_t i = 0; i < 3; i++)
    REQUIRE_EQUAL(*node_number(frame.slot[i]), 3 * depth + i, "a node of a nested frame");
  heap_pop(heap, &frame.frame);
}

static void frames_nest(struct heap *heap)
{
  nest(heap, 600);
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
}

static void frames_without_slots(struct heap *heap)
{
  struct gc_frame empty[3] = {{.count = 0}, {.count = 0}, {.count = 0}};
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &empty[0]);
  gc_push(heap->mutator, &frame.frame);
  gc_push(heap->mutator, &empty[1]);
  gc_push(heap->mutator, &empty[2]);
  list_build(heap, &frame.slot[0], 10);
  heap_expect(heap, 10, 0);
  list_require(heap, frame.slot[0], 10);
  heap_pop(heap, &empty[2]);
  heap_pop(heap, &empty[1]);
  heap_pop(heap, &frame.frame);
  heap_pop(heap, &empty[0]);
  heap_expect(heap, 0, 0);
}

/* A frame may be pushed again after its pop, if its slots are NULL again. */
static void frames_are_used_again(struct heap *heap)
{
  GC_FRAME(frame, 1);
  for (int i = 0; i < 100; i++) {
    frame.slot[0] = NULL;
    gc_push(heap->mutator, &frame.frame);
    gc_new(heap->mutator, &frame.slot[0], node_shape);
    heap_pop(heap, &frame.frame);
  }
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
}

/* Objects of nothing are still objects: each has its own identity. */
static void objects_of_nothing(struct heap *heap)
{
  enum { OBJECTS = 500 };
  GC_FRAME(frame, OBJECTS);
  gc_push(heap->mutator, &frame.frame);
  for (uint32_t i = 0; i < OBJECTS; i++) gc_new(heap->mutator, &frame.slot[i], (struct gc_shape){0, 0, GC_INSTANCE});
  gc_collect(heap->mutator, GC_FULL);
  for (uint32_t i = 0; i < OBJECTS; i++)
    for (uint32_t j = 0; j < i; j++) REQUIRE(frame.slot[i] != frame.slot[j], "objects %u and %u are one", i, j);
  heap_expect(heap, OBJECTS, 0);
  REQUIRE_EQUAL(heap->mutator->counters.allocated_bytes, 0, "bytes of objects of nothing");
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

/* One after the other in one process; peers are libraries that live as long as the process. */
static void starts_again_after_finish(struct heap *heap)
{
  if (can(COLLECTOR_EXTERNAL)) conformance_skip("a peer's library is started once a process");
  for (int i = 0; i < 20; i++) {
    heap_start(heap);
    GC_FRAME(frame, 1);
    gc_push(heap->mutator, &frame.frame);
    list_build(heap, &frame.slot[0], 1000);
    heap_expect(heap, 1000, 0);
    heap_pop(heap, &frame.frame);
    heap_expect(heap, 0, 0);
    heap_finish(heap);
  }
}

static void describes_itself(struct heap *heap)
{
  (void)heap;
  REQUIRE(collector.name != NULL && strlen(collector.name) > 0, "no name");
  REQUIRE(collector.summary != NULL && strlen(collector.summary) > 0, "no summary");
  REQUIRE(collector.source != NULL && strlen(collector.source) > 0, "no source");
  REQUIRE(can(COLLECTOR_RECLAIMS) || !can(COLLECTOR_RECLAIMS_CYCLES), "reclaims cycles but nothing else");
  REQUIRE(can(COLLECTOR_RECLAIMS) || !can(COLLECTOR_PROMPT), "prompt, but reclaims nothing");
  for (size_t i = 0; i < collector.knob_count; i++) {
    const struct setting *knob = &collector.knobs[i];
    REQUIRE(knob->name != NULL && knob->help != NULL && knob->unit != NULL, "knob %zu has no name, unit or help", i);
    REQUIRE(knob->minimum <= knob->default_value && knob->default_value <= knob->maximum, "%s: range", knob->name);
    REQUIRE(setting_find(collector.knobs, collector.knob_count, knob->name) == (int)i, "%s is there twice", knob->name);
  }
  REQUIRE(setting_find(collector.knobs, collector.knob_count, "stress") >= 0, "no stress knob");
}

static const struct conformance_test tests[] = {
    {"describes_itself", describes_itself, .unstarted = true},
    {"born_empty", born_empty, false},
    {"born_empty_in_reused_memory", born_empty_in_reused_memory, false},
    {"survives_collections", survives_collections, false},
    {"load_returns_what_was_stored", load_returns_what_was_stored, false},
    {"old_values_are_dropped", old_values_are_dropped, false},
    {"same_value_again", same_value_again, false},
    {"null_is_stored", null_is_stored, false},
    {"self_store", self_store, false},
    {"store_drops_the_holder_of_the_value", store_drops_the_holder_of_the_value, false},
    {"root_drops_the_holder_of_the_value", root_drops_the_holder_of_the_value, false},
    {"slots_of_older_frames", slots_of_older_frames, false},
    {"frames_nest", frames_nest, false},
    {"frames_without_slots", frames_without_slots, false},
    {"frames_are_used_again", frames_are_used_again, false},
    {"objects_of_nothing", objects_of_nothing, false},
    {"starts_again_after_finish", starts_again_after_finish, .unstarted = true},
};

CONFORMANCE_GROUP(contract, tests);
