/* Large objects: zeroed, kept, found by interior structure, and given back. */
#include <string.h>

#include "tests/conformance/objects.h"

enum { MIB = 1 << 20, PAGE = 4096 };

static void require_zero(const void *bytes, uint64_t count)
{
  static const char zeros[PAGE];
  for (uint64_t at = 0; at < count; at += PAGE) {
    const uint64_t length = count - at < PAGE ? count - at : PAGE;
    REQUIRE(memcmp((const char *)bytes + at, zeros, length) == 0, "a large object is not zero near byte %llu",
            (unsigned long long)at);
  }
}

static void mark_pages(void *bytes, uint64_t count, unsigned char value)
{
  for (uint64_t at = 0; at < count; at += PAGE) ((unsigned char *)bytes)[at] = value;
  ((unsigned char *)bytes)[count - 1] = value;
}

static void require_pages(const void *bytes, uint64_t count, unsigned char value)
{
  for (uint64_t at = 0; at < count; at += PAGE)
    REQUIRE(((const unsigned char *)bytes)[at] == value, "a large object was changed at byte %llu",
            (unsigned long long)at);
  REQUIRE(((const unsigned char *)bytes)[count - 1] == value, "a large object was changed at its last byte");
}

/* What a collector may hold back of memory that it got for large objects. */
enum { FOOTPRINT_SLACK = 8 * MIB };

static void require_returned(struct heap *heap, uint64_t before_bytes)
{
  if (!can(COLLECTOR_RECLAIMS) || can(COLLECTOR_EXTERNAL)) return;
  const struct gc_counters *counters = &heap->mutator->counters;
  collector_settle(heap->mutator);
  REQUIRE(counters->heap_bytes < MIB, "heap_bytes is still %llu", (unsigned long long)counters->heap_bytes);
  if (can(COLLECTOR_USES_MALLOC)) return; /* the allocator's affair */
  REQUIRE(counters->footprint_bytes <= before_bytes + FOOTPRINT_SLACK,
          "footprint_bytes is still %llu, it was %llu before", (unsigned long long)counters->footprint_bytes,
          (unsigned long long)before_bytes);
}

static void sizes_up_to_256_mib(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  const uint64_t footprint_bytes = heap->mutator->counters.footprint_bytes;
  for (uint32_t size = MIB; size <= scaled(256, 32) * MIB; size *= 4) {
    for (uint32_t odd = 0; odd < 2; odd++) {
      const struct gc_shape shape = {0, size + 3 * odd, GC_ATOM};
      gc_new(heap->mutator, &frame.slot[0], shape);
      require_zero(gc_bytes(frame.slot[0], 0), shape.bytes);
      mark_pages(gc_bytes(frame.slot[0], 0), shape.bytes, 0xa5);
      gc_collect(heap->mutator, GC_FULL);
      require_pages(gc_bytes(frame.slot[0], 0), shape.bytes, 0xa5);
      gc_root(heap->mutator, &frame.slot[0], NULL);
      heap_expect_promptly(heap, 0);
      heap_expect(heap, 0, 0);
      require_returned(heap, footprint_bytes);
    }
  }
  heap_pop(heap, &frame.frame);
}

/* Far more in turn than the process may have at once: each must be freed, though nobody asks for it. */
static void many_in_turn(struct heap *heap)
{
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s never frees", collector.name);
  heap_start(heap);
  if (!build_is_sanitized() && !build_is_checking()) process_limit_memory(UINT64_C(512) * MIB);
  const uint64_t rounds = scaled(400, 60);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (uint64_t i = 0; i < rounds; i++) {
    const struct gc_shape shape = {0, 10 * MIB + (uint32_t)i, GC_ATOM};
    gc_new(heap->mutator, &frame.slot[0], shape);
    mark_pages(gc_bytes(frame.slot[0], 0), shape.bytes, (unsigned char)(i | 1));
    require_pages(gc_bytes(frame.slot[0], 0), shape.bytes, (unsigned char)(i | 1));
  }
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

/* References at the beginning, in the middle and at the end of a large object keep what they refer to. */
static void fields_of_large_objects(struct heap *heap)
{
  const uint32_t fields = (uint32_t)scaled(4000000, 500000);
  const struct gc_shape shape = {fields, 12345, GC_LIST};
  const uint32_t places[] = {0, 1, 16383, 16384, fields / 2, fields - 2, fields - 1};
  enum { PLACES = sizeof places / sizeof places[0] };
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], shape);
  object_fill(frame.slot[0], shape, 99);
  for (uint32_t i = 0; i < PLACES; i++) {
    list_build(heap, &frame.slot[1], 50);
    gc_store(heap->mutator, frame.slot[0], places[i], frame.slot[1]);
  }
  gc_root(heap->mutator, &frame.slot[1], NULL);
  heap_expect(heap, 1 + 50 * PLACES, 0);
  for (uint32_t i = 0; i < PLACES; i++) list_require(heap, gc_load(heap->mutator, frame.slot[0], places[i]), 50);
  object_require(frame.slot[0], shape, 99);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  heap_expect_promptly(heap, 0);
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

/* Large ones among small ones, dropped in another order than made. */
static void large_among_small(struct heap *heap)
{
  enum { OBJECTS = 64 };
  GC_FRAME(frame, OBJECTS);
  gc_push(heap->mutator, &frame.frame);
  for (uint32_t round = 0; round < scaled(20, 6); round++) {
    uint64_t held = 0;
    for (uint32_t i = 0; i < OBJECTS; i++) {
      const struct gc_shape shape = {1, i % 4 == 0 ? 100000 + 1000 * i : 8 * i, GC_INSTANCE};
      gc_new(heap->mutator, &frame.slot[i], shape);
      object_fill(frame.slot[i], shape, i);
      if (i > 0) gc_store(heap->mutator, frame.slot[i], 0, frame.slot[i - 1]);
    }
    for (uint32_t i = 0; i < OBJECTS; i++) gc_store(heap->mutator, frame.slot[i], 0, NULL);
    for (uint32_t i = 0; i < OBJECTS; i++) {
      const bool kept = (i * 29 + round) % 3 == 0;
      if (!kept) gc_root(heap->mutator, &frame.slot[i], NULL);
      held += kept;
    }
    heap_expect_promptly(heap, held);
    if (round % 2 == 0) heap_expect(heap, held, 0);
    for (uint32_t i = 0; i < OBJECTS; i++) {
      if (frame.slot[i] == NULL) continue;
      object_require(frame.slot[i], (struct gc_shape){1, i % 4 == 0 ? 100000 + 1000 * i : 8 * i, GC_INSTANCE}, i);
    }
  }
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

/* Memory goes back to the system when the collector is finished. */
static void finish_returns_memory(struct heap *heap)
{
  if (can(COLLECTOR_EXTERNAL)) conformance_skip("a peer's library keeps its heap as long as the process lives");
  if (can(COLLECTOR_USES_MALLOC) || build_is_sanitized())
    conformance_skip("what malloc returns is the allocator's affair");
  const uint64_t before_bytes = process_data_bytes();
  for (int round = 0; round < 3; round++) {
    heap_start(heap);
    GC_FRAME(frame, 2);
    gc_push(heap->mutator, &frame.frame);
    list_build(heap, &frame.slot[0], scaled(1000000, 100000));
    gc_new(heap->mutator, &frame.slot[1], (struct gc_shape){0, 20 * MIB, GC_ATOM});
    gc_collect(heap->mutator, GC_FULL);
    heap_pop(heap, &frame.frame);
    heap_finish(heap);
    REQUIRE(process_data_bytes() <= before_bytes + MIB, "%llu bytes are left after collector_finish, %llu before",
            (unsigned long long)process_data_bytes(), (unsigned long long)before_bytes);
  }
}

static const struct conformance_test tests[] = {
    {"sizes_up_to_256_mib", sizes_up_to_256_mib, false},
    {"many_in_turn", many_in_turn, .unstarted = true},
    {"fields_of_large_objects", fields_of_large_objects, false},
    {"large_among_small", large_among_small, false},
    {"finish_returns_memory", finish_returns_memory, .unstarted = true},
};

CONFORMANCE_GROUP(large, tests);
