/* Out of memory is an outcome: config->out_of_memory is called, the heap is intact, and nothing crashes before. */
#include <stdio.h>

#include "tests/conformance/objects.h"

enum { MIB = 1 << 20 };

/* A list in the oldest frame's first slot, as long as slot 1's counter object says, must have survived. */
static void list_survived(struct heap *heap, uint64_t bytes)
{
  (void)bytes;
  const struct gc_frame *frame = heap->mutator->frames;
  REQUIRE(frame != NULL, "the shadow stack is empty");
  while (frame->previous != NULL) frame = frame->previous;
  uint64_t length = 0;
  for (gc_ref node = frame->slots[0]; node != NULL; node = gc_load(heap->mutator, node, NODE_NEXT)) length++;
  const uint64_t expected = *(const uint64_t *)gc_bytes(frame->slots[1], 0);
  /* The list may have one node more than was counted, when memory ended between the two. */
  REQUIRE(length == expected || length == expected + 1, "%llu of %llu nodes survived", (unsigned long long)length,
          (unsigned long long)expected);
  conformance_pass();
}

/* Prepends nodes of the shape for ever. */
static _Noreturn void grow_list(struct heap *heap, struct gc_shape shape)
{
  heap->out_of_memory = list_survived;
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){0, 8, GC_ATOM});
  for (;;) {
    gc_new(heap->mutator, &frame.slot[2], shape);
    gc_store(heap->mutator, frame.slot[2], 0, frame.slot[0]);
    gc_root(heap->mutator, &frame.slot[0], frame.slot[2]);
    ++*(uint64_t *)gc_bytes(frame.slot[1], 0);
    if (*(uint64_t *)gc_bytes(frame.slot[1], 0) > UINT64_C(1) << 28) break;
  }
  conformance_fail(__FILE__, __LINE__, "out_of_memory is called", "2^28 objects of %u bytes went into limited memory",
                   shape.bytes);
}

static void small_objects_until_the_end(struct heap *heap)
{
  heap_start(heap);
  process_limit_memory(100 * MIB);
  grow_list(heap, node_shape);
}

static void medium_objects_until_the_end(struct heap *heap)
{
  heap_start(heap);
  process_limit_memory(100 * MIB);
  grow_list(heap, (struct gc_shape){1, 3000, GC_LIST});
}

static void large_objects_until_the_end(struct heap *heap)
{
  heap_start(heap);
  process_limit_memory(100 * MIB);
  grow_list(heap, (struct gc_shape){1, 3 * MIB, GC_INSTANCE});
}

static void too_large_was_refused(struct heap *heap, uint64_t bytes)
{
  REQUIRE(bytes >= UINT64_C(1) << 30, "out_of_memory was told of %llu bytes", (unsigned long long)bytes);
  list_require(heap, heap->mutator->frames->slots[0], 100);
  conformance_pass();
}

/* Sizes whose sum does not fit into 32 bits; 36 GiB in all. */
static void objects_of_all_address_space(struct heap *heap)
{
  heap_start(heap);
  process_limit_memory(100 * MIB);
  heap->out_of_memory = too_large_was_refused;
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 100);
  gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){UINT32_MAX, UINT32_MAX, GC_LIST});
  conformance_fail(__FILE__, __LINE__, "out_of_memory is called", "36 GiB went into limited memory");
}

static void bytes_that_do_not_fit_32_bits(struct heap *heap)
{
  heap_start(heap);
  process_limit_memory(100 * MIB);
  heap->out_of_memory = too_large_was_refused;
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 100);
  gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){0, UINT32_MAX, GC_ATOM});
  conformance_fail(__FILE__, __LINE__, "out_of_memory is called", "4 GiB went into limited memory");
}

static void fields_that_do_not_fit_32_bits(struct heap *heap)
{
  heap_start(heap);
  process_limit_memory(100 * MIB);
  heap->out_of_memory = too_large_was_refused;
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 100);
  gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){UINT32_C(1) << 29, 0, GC_LIST}); /* 4 GiB of fields */
  conformance_fail(__FILE__, __LINE__, "out_of_memory is called", "4 GiB went into limited memory");
}

/* Garbage does not count: with most of the memory in use, allocation goes on as long as garbage makes room. */
static void survives_near_the_end(struct heap *heap)
{
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s never frees", collector.name);
  heap_start(heap);
  process_limit_memory(256 * MIB);
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 1000000);
  for (uint64_t i = 0; i < 300; i++) list_build(heap, &frame.slot[1], 10000);
  for (uint32_t i = 0; i < 300; i++) gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){1, MIB, GC_INSTANCE});
  list_require(heap, frame.slot[0], 1000000);
  heap_expect(heap, 1000001, 0);
  heap_pop(heap, &frame.frame);
}

/* The knob heap_limit, where a collector has it.  Beyond it: one block, and a collector's own tables. */
enum { LIMIT = 16 * MIB, LIMIT_SLACK = (64 << 10) + LIMIT / 32 };

static void start_limited(struct heap *heap)
{
  if (!heap_set_knob(heap, "heap_limit", LIMIT)) conformance_skip("%s has no heap_limit", collector.name);
  heap_start(heap);
}

static void require_within_limit(const struct heap *heap)
{
  const struct gc_counters *counters = &heap->mutator->counters;
  uint64_t peak_bytes = counters->peak_footprint_bytes > counters->footprint_bytes ? counters->peak_footprint_bytes
                                                                                   : counters->footprint_bytes;
  if (peak_bytes == 0) peak_bytes = counters->peak_heap_bytes; /* what malloc holds is not known */
  REQUIRE(peak_bytes <= LIMIT + LIMIT_SLACK, "the footprint reached %llu with a limit of %llu",
          (unsigned long long)peak_bytes, (unsigned long long)LIMIT);
}

static void limit_ends_in_out_of_memory(struct heap *heap, uint64_t bytes)
{
  require_within_limit(heap);
  const struct gc_counters *counters = &heap->mutator->counters;
  const uint64_t used_bytes = counters->footprint_bytes != 0 ? counters->footprint_bytes : counters->heap_bytes;
  REQUIRE(used_bytes >= LIMIT * 3 / 4, "out of memory with %llu of %llu bytes in use", (unsigned long long)used_bytes,
          (unsigned long long)LIMIT);
  list_survived(heap, bytes);
}

static void limited_live_objects(struct heap *heap)
{
  start_limited(heap);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){0, 8, GC_ATOM});
  heap->out_of_memory = limit_ends_in_out_of_memory;
  for (uint64_t i = 0; i < 10 * LIMIT / 16; i++) {
    gc_new(heap->mutator, &frame.slot[2], node_shape);
    gc_store(heap->mutator, frame.slot[2], NODE_NEXT, frame.slot[0]);
    gc_root(heap->mutator, &frame.slot[0], frame.slot[2]);
    ++*(uint64_t *)gc_bytes(frame.slot[1], 0);
  }
  conformance_fail(__FILE__, __LINE__, "out_of_memory is called", "ten times the heap limit is alive");
}

/* A word somewhere that looks like a reference to the first object: no fault of a conservative collector. */
static void first_object_is_kept(struct heap *heap, uint64_t bytes)
{
  (void)heap;
  conformance_skip("%s takes something for a reference to the first object: no room for %llu bytes", collector.name,
                   (unsigned long long)bytes);
}

static void limited_large_object(struct heap *heap)
{
  start_limited(heap);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){0, 8, GC_ATOM});
  gc_new(heap->mutator, &frame.slot[2], (struct gc_shape){0, LIMIT / 2, GC_ATOM}); /* fits */
  gc_root(heap->mutator, &frame.slot[2], NULL);
  stack_clear();
  if (can(COLLECTOR_CONSERVATIVE)) heap->out_of_memory = first_object_is_kept;
  gc_new(heap->mutator, &frame.slot[2], (struct gc_shape){0, LIMIT / 2, GC_ATOM}); /* fits when the first is freed */
  require_within_limit(heap);
  heap->out_of_memory = list_survived;
  gc_new(heap->mutator, &frame.slot[2], (struct gc_shape){0, 2 * LIMIT, GC_ATOM});
  conformance_fail(__FILE__, __LINE__, "out_of_memory is called", "an object of twice the heap limit was made");
}

/* Live objects fill most of the limit; garbage of every size goes through what is left. */
static void limited_with_garbage(struct heap *heap)
{
  start_limited(heap);
  /* At 32 bytes a cell.  A conservative collector avoids blocks that stray words point at, and needs more room. */
  const uint64_t live = (uint64_t)LIMIT / 32 / (can(COLLECTOR_CONSERVATIVE) ? 4 : 2);
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], live);
  for (uint32_t i = 0; i < scaled(400000, 40000); i++) {
    const struct gc_shape shape = {i % 3, i % 97 == 0 ? i % 100000 : i % 300, GC_INSTANCE};
    gc_new(heap->mutator, &frame.slot[1], shape);
    object_fill(frame.slot[1], shape, i);
    object_require(frame.slot[1], shape, i);
  }
  list_require(heap, frame.slot[0], live);
  require_within_limit(heap);
  heap_expect(heap, live + 1, 0);
  heap_pop(heap, &frame.frame);
}

static const struct conformance_test tests[] = {
    {"small_objects_until_the_end", small_objects_until_the_end, .unstarted = true},
    {"medium_objects_until_the_end", medium_objects_until_the_end, .unstarted = true},
    {"large_objects_until_the_end", large_objects_until_the_end, .unstarted = true},
    {"objects_of_all_address_space", objects_of_all_address_space, .unstarted = true},
    {"bytes_that_do_not_fit_32_bits", bytes_that_do_not_fit_32_bits, .unstarted = true},
    {"fields_that_do_not_fit_32_bits", fields_that_do_not_fit_32_bits, .unstarted = true},
    {"survives_near_the_end", survives_near_the_end, .unstarted = true},
    {"limited_live_objects", limited_live_objects, .unstarted = true},
    {"limited_large_object", limited_large_object, .unstarted = true},
    {"limited_with_garbage", limited_with_garbage, .unstarted = true},
};

CONFORMANCE_GROUP(memory, tests);
