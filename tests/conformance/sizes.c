/* Every size: odd ones, powers of two and their neighbours, and the boundaries of packed headers (16383, 16384). */
#include "tests/conformance/objects.h"

/* From field f to the next that is tried: all, but in slow builds some of the middle of wide objects. */
static uint32_t field_step(struct gc_shape shape, uint32_t f)
{
  return f > 4 && f + 520 < shape.fields ? (uint32_t)scaled(1, 509) : 1;
}

/* Two objects of the shape at once, filled, collected and found again: neither may reach into the other. */
static void try_shape(struct heap *heap, gc_ref *slots, struct gc_shape shape, uint64_t id)
{
  for (uint32_t i = 0; i < 2; i++) {
    gc_new(heap->mutator, &slots[i], shape);
    object_require_empty(slots[i], shape);
    REQUIRE((uintptr_t)slots[i] % sizeof(gc_ref) == 0, "an object of %u fields and %u bytes at %p is not aligned",
            shape.fields, shape.bytes, (void *)slots[i]);
    object_fill(slots[i], shape, id + i);
  }
  for (uint32_t f = 0; f < shape.fields; f += field_step(shape, f)) {
    gc_store(heap->mutator, slots[0], f, slots[1]);
    gc_store(heap->mutator, slots[1], f, slots[2]);
  }
}

static void find_shape(struct heap *heap, gc_ref *slots, struct gc_shape shape, uint64_t id)
{
  for (uint32_t i = 0; i < 2; i++) {
    object_require(slots[i], shape, id + i);
    for (uint32_t f = 0; f < shape.fields; f += field_step(shape, f))
      REQUIRE(gc_load(heap->mutator, slots[i], f) == slots[i + 1], "field %u of %u was changed", f, shape.fields);
  }
}

enum { FIRST, SECOND, WITNESS, SLOTS, STEPS_BETWEEN_COLLECTIONS = 32 };

/* Tries `count` shapes; the sizes of the current two objects are all that is held, beside the witness. */
static void try_all(struct heap *heap, struct gc_shape (*shape_at)(uint32_t), uint32_t count)
{
  GC_FRAME(frame, SLOTS);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[WITNESS], node_shape);
  *node_number(frame.slot[WITNESS]) = 42;
  uint64_t bytes = node_shape.fields * sizeof(gc_ref) + node_shape.bytes;
  for (uint32_t i = 0; i < count; i++) {
    const struct gc_shape shape = shape_at(i);
    try_shape(heap, frame.slot, shape, i);
    if (i % STEPS_BETWEEN_COLLECTIONS == 0) gc_collect(heap->mutator, GC_FULL);
    find_shape(heap, frame.slot, shape, i);
    bytes += 2 * ((uint64_t)shape.fields * sizeof(gc_ref) + shape.bytes);
    REQUIRE_EQUAL(heap->mutator->counters.allocated_bytes, bytes, "allocated_bytes");
  }
  REQUIRE_EQUAL(*node_number(frame.slot[WITNESS]), 42, "the witness");
  REQUIRE_EQUAL(heap->mutator->counters.allocated_objects, 1 + 2 * (uint64_t)count, "allocated_objects");
  heap_expect(heap, 3, 0);
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
  collector_settle(heap->mutator);
  if (is_exact()) REQUIRE_EQUAL(heap->mutator->counters.freed_bytes, bytes, "freed_bytes");
}

enum { DENSE = 600, SPARSE_STEP = 97, LARGEST = 70000, SPARSE = (LARGEST - DENSE) / SPARSE_STEP };

/* Every size up to 599, then every 97th up to 70,000. */
static uint32_t size_at(uint32_t i) { return i < DENSE ? i : DENSE + (i - DENSE) * SPARSE_STEP; }

static struct gc_shape bytes_alone(uint32_t i) { return (struct gc_shape){0, size_at(i), GC_ATOM}; }
static struct gc_shape bytes_behind_fields(uint32_t i) { return (struct gc_shape){1 + i % 3, size_at(i), GC_INSTANCE}; }
static struct gc_shape fields_alone(uint32_t i) { return (struct gc_shape){size_at(i) / 8 + i % 2, 0, GC_LIST}; }

static void raw_bytes(struct heap *heap) { try_all(heap, bytes_alone, DENSE + SPARSE); }
static void raw_bytes_behind_fields(struct heap *heap) { try_all(heap, bytes_behind_fields, DENSE + SPARSE); }
static void fields(struct heap *heap) { try_all(heap, fields_alone, DENSE + SPARSE); }

/* 2^3 to 2^17 bytes in all, and one or a header less or more. */
static const int32_t deltas[] = {-24, -17, -16, -9, -8, -7, -1, 0, 1, 7, 8, 9, 16};
enum { DELTAS = sizeof deltas / sizeof deltas[0], FROM_BIT = 5, BITS = 13 };

static struct gc_shape power_of_two(uint32_t i)
{
  const int32_t size = (INT32_C(1) << (FROM_BIT + i / DELTAS % BITS)) + deltas[i % DELTAS];
  const uint32_t references = i / (DELTAS * BITS);
  return (struct gc_shape){references, (uint32_t)size - references * (uint32_t)sizeof(gc_ref), GC_INSTANCE};
}

static void powers_of_two(struct heap *heap) { try_all(heap, power_of_two, 2 * DELTAS * BITS); }

/* Where 14 bits end, in fields, in bytes and in both. */
static struct gc_shape packed_boundary(uint32_t i)
{
  static const uint32_t edges[] = {0, 1, 16382, 16383, 16384, 16385, 32767, 32768, 65535, 65536};
  enum { EDGES = sizeof edges / sizeof edges[0] };
  return (struct gc_shape){edges[i / EDGES], edges[i % EDGES], (enum gc_kind)(i % 4)};
}

static void packed_boundaries(struct heap *heap) { try_all(heap, packed_boundary, 100); }

/* Objects of one size and many, kept together: cells of a size class must not overlap. */
static void neighbours(struct heap *heap)
{
  enum { TOGETHER = 256 };
  GC_FRAME(frame, TOGETHER);
  gc_push(heap->mutator, &frame.frame);
  for (uint32_t size = 0; size < 9000; size += size < 300 ? 1 : 211) {
    const struct gc_shape shape = {size % 3, size, GC_INSTANCE};
    const uint32_t count = size < 300 ? TOGETHER : 32;
    for (uint32_t i = 0; i < count; i++) {
      gc_new(heap->mutator, &frame.slot[i], shape);
      object_fill(frame.slot[i], shape, i);
    }
    for (uint32_t i = 0; i < count; i += 2) gc_root(heap->mutator, &frame.slot[i], NULL);
    if (size % 16 == 0) gc_collect(heap->mutator, GC_FULL);
    for (uint32_t i = 0; i < count; i += 2) {
      gc_new(heap->mutator, &frame.slot[i], shape);
      object_require_empty(frame.slot[i], shape);
      object_fill(frame.slot[i], shape, i);
    }
    for (uint32_t i = 0; i < count; i++) object_require(frame.slot[i], shape, i);
  }
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, 0);
}

static const struct conformance_test tests[] = {
    {"raw_bytes", raw_bytes, false},
    {"raw_bytes_behind_fields", raw_bytes_behind_fields, false},
    {"fields", fields, false},
    {"powers_of_two", powers_of_two, false},
    {"packed_boundaries", packed_boundaries, false},
    {"neighbours", neighbours, false},
};

CONFORMANCE_GROUP(sizes, tests);
