#include "tests/conformance/objects.h"

#include <string.h>

#include "base/random.h"

/* Word `index` of the pattern of an id.  Never zero in all bytes, so that zeroed memory is not mistaken for it. */
static uint64_t pattern(uint64_t id, uint64_t index)
{
  uint64_t state = id * 0x9e3779b97f4a7c15u + index;
  return random_mix64(&state) | 0x0100000000000001u;
}

void object_fill(gc_ref object, struct gc_shape shape, uint64_t id)
{
  unsigned char *bytes = gc_bytes(object, shape.fields);
  for (uint32_t at = 0; at < shape.bytes; at += 8) {
    const uint64_t word = pattern(id, at / 8);
    memcpy(bytes + at, &word, shape.bytes - at < 8 ? shape.bytes - at : 8);
  }
}

void object_require(gc_ref object, struct gc_shape shape, uint64_t id)
{
  const unsigned char *bytes = gc_bytes(object, shape.fields);
  for (uint32_t at = 0; at < shape.bytes; at += 8) {
    const uint64_t word = pattern(id, at / 8);
    const size_t length = shape.bytes - at < 8 ? shape.bytes - at : 8;
    if (memcmp(bytes + at, &word, length) == 0) continue;
    conformance_fail(__FILE__, __LINE__, "the bytes are as they were written",
                     "object %llu of %u fields and %u bytes at %p was changed near byte %u", (unsigned long long)id,
                     shape.fields, shape.bytes, (void *)object, at);
  }
}

void object_require_empty(gc_ref object, struct gc_shape shape)
{
  REQUIRE(object != NULL, "gc_new left NULL in the slot");
  const gc_ref *fields = (const gc_ref *)(void *)object;
  for (uint32_t i = 0; i < shape.fields; i++)
    REQUIRE(fields[i] == NULL, "field %u of an object of %u fields and %u bytes is %p at birth", i, shape.fields,
            shape.bytes, (void *)fields[i]);
  const unsigned char *bytes = gc_bytes(object, shape.fields);
  for (uint32_t i = 0; i < shape.bytes; i++)
    REQUIRE(bytes[i] == 0, "byte %u of an object of %u fields and %u bytes is %u at birth", i, shape.fields,
            shape.bytes, bytes[i]);
}

void list_build(struct heap *heap, gc_ref *slot, uint64_t length)
{
  struct gc_mutator *mutator = heap->mutator;
  GC_FRAME(frame, 2);
  enum { FIRST, NEW };
  gc_push(mutator, &frame.frame);
  for (uint64_t i = 0; i < length; i++) {
    gc_new(mutator, &frame.slot[NEW], node_shape);
    *node_number(frame.slot[NEW]) = i;
    gc_store(mutator, frame.slot[NEW], NODE_NEXT, frame.slot[FIRST]);
    gc_root(mutator, &frame.slot[FIRST], frame.slot[NEW]);
  }
  gc_root(mutator, slot, frame.slot[FIRST]);
  heap_pop(heap, &frame.frame);
}

void list_require(struct heap *heap, gc_ref first, uint64_t length)
{
  uint64_t expected = length;
  for (gc_ref node = first; node != NULL; node = gc_load(heap->mutator, node, NODE_NEXT)) {
    REQUIRE(expected > 0, "the list has more than its %llu nodes", (unsigned long long)length);
    REQUIRE_EQUAL(*node_number(node), --expected, "number of a list's node");
  }
  REQUIRE_EQUAL(expected, 0, "nodes missing at the list's end");
}

void ring_build(struct heap *heap, gc_ref *slot, uint64_t length)
{
  struct gc_mutator *mutator = heap->mutator;
  GC_FRAME(frame, 2);
  enum { LAST, FIRST };
  gc_push(mutator, &frame.frame);
  gc_new(mutator, &frame.slot[LAST], node_shape);
  gc_root(mutator, &frame.slot[FIRST], frame.slot[LAST]);
  for (uint64_t i = 1; i < length; i++) {
    gc_new(mutator, slot, node_shape);
    *node_number(*slot) = i;
    gc_store(mutator, *slot, NODE_NEXT, frame.slot[FIRST]);
    gc_root(mutator, &frame.slot[FIRST], *slot);
  }
  gc_store(mutator, frame.slot[LAST], NODE_NEXT, frame.slot[FIRST]);
  gc_root(mutator, slot, frame.slot[LAST]);
  heap_pop(heap, &frame.frame);
}

void ring_require(struct heap *heap, gc_ref first, uint64_t length)
{
  gc_ref node = first;
  for (uint64_t i = 0; i < length; i++) {
    REQUIRE(node != NULL, "the ring is broken after %llu nodes", (unsigned long long)i);
    REQUIRE_EQUAL(*node_number(node), i == 0 ? 0 : length - i, "number of a ring's node");
    node = gc_load(heap->mutator, node, NODE_NEXT);
  }
  REQUIRE(node == first, "the ring of %llu nodes does not close", (unsigned long long)length);
}

static const struct gc_shape tree_shape = {.fields = TREE_FIELDS, .bytes = 8, .kind = GC_INSTANCE};

static void subtree_build(struct heap *heap, gc_ref *slot, uint32_t depth, uint64_t number)
{
  struct gc_mutator *mutator = heap->mutator;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_new(mutator, slot, tree_shape);
  *(uint64_t *)gc_bytes(*slot, TREE_FIELDS) = number;
  for (uint32_t side = TREE_LEFT; depth > 0 && side < TREE_FIELDS; side++) {
    subtree_build(heap, &frame.slot[0], depth - 1, 2 * number + side);
    gc_store(mutator, *slot, side, frame.slot[0]);
  }
  heap_pop(heap, &frame.frame);
}

void tree_build(struct heap *heap, gc_ref *slot, uint32_t depth) { subtree_build(heap, slot, depth, 1); }

static void subtree_require(struct heap *heap, gc_ref node, uint32_t depth, uint64_t number)
{
  REQUIRE(node != NULL, "node %llu of the tree is missing", (unsigned long long)number);
  REQUIRE_EQUAL(*(uint64_t *)gc_bytes(node, TREE_FIELDS), number, "number of a tree's node");
  for (uint32_t side = TREE_LEFT; side < TREE_FIELDS; side++) {
    gc_ref child = gc_load(heap->mutator, node, side);
    if (depth > 0) subtree_require(heap, child, depth - 1, 2 * number + side);
    if (depth == 0) REQUIRE(child == NULL, "leaf %llu of the tree has a child", (unsigned long long)number);
  }
}

void tree_require(struct heap *heap, gc_ref root, uint32_t depth) { subtree_require(heap, root, depth, 1); }

__attribute__((noinline)) void stack_clear(void)
{
  char dead[16384];
  memset(dead, 0, sizeof dead);
  __asm__ volatile("" ::"r"(dead) : "memory");
}
