/* Counters and journal: exact where they claim to be. */
#include <string.h>

#include "tests/conformance/objects.h"

static void allocations_are_exact(struct heap *heap)
{
  static const struct gc_shape shapes[] = {{0, 0, GC_INSTANCE}, {1, 0, GC_TUPLE},   {0, 1, GC_ATOM},
                                           {3, 5, GC_INSTANCE}, {100, 7, GC_LIST},  {0, 65537, GC_ATOM},
                                           {4, 16383, GC_DICT}, {16384, 1, GC_LIST}};
  const struct gc_counters *counters = &heap->mutator->counters;
  uint64_t objects = 0;
  uint64_t bytes = 0;
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (uint32_t i = 0; i < 2000; i++) {
    const struct gc_shape shape = shapes[i % (sizeof shapes / sizeof shapes[0])];
    gc_new(heap->mutator, &frame.slot[0], shape);
    objects++;
    bytes += (uint64_t)shape.fields * sizeof(gc_ref) + shape.bytes;
    if (i % 50 == 0) collector_settle(heap->mutator);
    if (i % 50 != 0) continue;
    REQUIRE_EQUAL(counters->allocated_objects, objects, "allocated_objects");
    REQUIRE_EQUAL(counters->allocated_bytes, bytes, "allocated_bytes");
  }
  heap_pop(heap, &frame.frame);
  collector_settle(heap->mutator);
  REQUIRE_EQUAL(counters->allocated_objects, objects, "allocated_objects at the end");
  REQUIRE_EQUAL(counters->allocated_bytes, bytes, "allocated_bytes at the end");
}

/* Builds a bit of everything and drops it. */
static void build_and_drop(struct heap *heap)
{
  GC_FRAME(frame, 4);
  gc_push(heap->mutator, &frame.frame);
  list_build(heap, &frame.slot[0], 5000);
  tree_build(heap, &frame.slot[1], 10);
  gc_new(heap->mutator, &frame.slot[2], (struct gc_shape){50000, 3, GC_LIST});
  for (uint32_t i = 0; i < 5000; i++) {
    gc_new(heap->mutator, &frame.slot[3], (struct gc_shape){i % 4, i % 700, GC_INSTANCE});
    gc_store(heap->mutator, frame.slot[2], 10 * i, frame.slot[3]);
  }
  heap_pop(heap, &frame.frame);
}

static void everything_is_freed(struct heap *heap)
{
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s never frees", collector.name);
  const struct gc_counters *counters = &heap->mutator->counters;
  for (int round = 0; round < 5; round++) {
    build_and_drop(heap);
    heap_expect(heap, 0, 0);
    if (!is_exact()) continue;
    REQUIRE_EQUAL(counters->freed_objects, counters->allocated_objects, "freed_objects");
    REQUIRE_EQUAL(counters->freed_bytes, counters->allocated_bytes, "freed_bytes");
    /* Free lists may hold a little; nothing that an object was. */
    REQUIRE(counters->heap_bytes <= counters->peak_heap_bytes / 100, "heap_bytes is still %llu of %llu",
            (unsigned long long)counters->heap_bytes, (unsigned long long)counters->peak_heap_bytes);
  }
}

enum { STRUCTURES = 1000, STRUCTURE_NODES = 60 };

static __attribute__((noinline)) void make_structures(struct heap *heap)
{
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  for (int i = 0; i < STRUCTURES; i++) {
    list_build(heap, &frame.slot[i % 2], STRUCTURE_NODES);
    if (i % 2 != 0) tree_build(heap, &frame.slot[1], 4);
  }
  heap_pop(heap, &frame.frame);
}

/* Of many structures that have nothing to do with one another a conservative collector keeps a twentieth at most. */
static void many_structures_are_freed(struct heap *heap)
{
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s never frees", collector.name);
  make_structures(heap);
  heap_expect(heap, 0, 0);
  const uint64_t allocated = heap->mutator->counters.allocated_objects;
  const uint64_t held = heap_held(heap);
  REQUIRE(held <= allocated / 20, "%llu of %llu objects in %d structures were kept", (unsigned long long)held,
          (unsigned long long)allocated, STRUCTURES);
}

static void heap_bytes_covers_what_lives(struct heap *heap)
{
  const struct gc_counters *counters = &heap->mutator->counters;
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  tree_build(heap, &frame.slot[0], 12);
  gc_collect(heap->mutator, GC_FULL);
  collector_settle(heap->mutator);
  const uint64_t live_bytes = tree_size(12) * (TREE_FIELDS * sizeof(gc_ref) + 8);
  REQUIRE(counters->heap_bytes >= live_bytes, "heap_bytes is %llu, but %llu bytes live",
          (unsigned long long)counters->heap_bytes, (unsigned long long)live_bytes);
  if (is_exact())
    REQUIRE(counters->heap_bytes <= 4 * live_bytes, "heap_bytes is %llu for %llu bytes",
            (unsigned long long)counters->heap_bytes, (unsigned long long)live_bytes);
  if (counters->footprint_bytes != 0)
    REQUIRE(counters->footprint_bytes >= counters->heap_bytes, "the footprint is %llu, the heap %llu",
            (unsigned long long)counters->footprint_bytes, (unsigned long long)counters->heap_bytes);
  tree_require(heap, frame.slot[0], 12);
  heap_pop(heap, &frame.frame);
}

/* Settling twice changes nothing, and settling collects nothing. */
static void settling_only_settles(struct heap *heap)
{
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  tree_build(heap, &frame.slot[0], 10);
  build_and_drop(heap);
  const struct gc_counters *counters = &heap->mutator->counters;
  struct gc_counters before = *counters;
  collector_settle(heap->mutator);
  REQUIRE(memcmp(before.collections, counters->collections, sizeof before.collections) == 0, "settling collected");
  before = *counters;
  collector_settle(heap->mutator);
  REQUIRE(memcmp(&before, counters, sizeof before) == 0, "settling again changed a counter");
  tree_require(heap, frame.slot[0], 10);
  list_build(heap, &frame.slot[1], 100); /* the heap stays usable */
  list_require(heap, frame.slot[1], 100);
  heap_pop(heap, &frame.frame);
}

static uint64_t sum(const uint64_t *values)
{
  uint64_t total = 0;
  for (int i = 0; i < GC_GENERATIONS; i++) total += values[i];
  return total;
}

/* What gc_collect returns is what it found, and what the counters say it found. */
static void collect_returns_what_it_found(struct heap *heap)
{
  if (!is_exact() || !can(COLLECTOR_RECLAIMS_CYCLES))
    conformance_skip("%s does not count unreachable objects exactly", collector.name);
  const struct gc_counters *counters = &heap->mutator->counters;
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  tree_build(heap, &frame.slot[0], 9);
  for (uint64_t i = 1; i < 40; i++) {
    gc_collect(heap->mutator, GC_FULL);
    ring_build(heap, &frame.slot[1], i * 10);
    gc_root(heap->mutator, &frame.slot[1], NULL);
    const uint64_t garbage = heap_held(heap) - tree_size(9);
    const uint64_t collected = sum(counters->collected);
    const uint64_t collections = sum(counters->collections);
    REQUIRE_EQUAL(gc_collect(heap->mutator, GC_FULL), garbage, "objects that gc_collect found unreachable");
    REQUIRE_EQUAL(sum(counters->collected), collected + garbage, "counters.collected");
    REQUIRE_EQUAL(sum(counters->collections), collections + 1, "counters.collections");
    REQUIRE_EQUAL(gc_collect(heap->mutator, GC_FULL), 0, "objects found when there is nothing to find");
  }
  heap_pop(heap, &frame.frame);
}

/* Every collection has one row, with what it freed; heap_finish compares rows with counters for every test. */
static void collections_have_rows(struct heap *heap)
{
  if (!can(COLLECTOR_RECLAIMS_CYCLES)) conformance_skip("%s does not collect", collector.name);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (uint64_t i = 0; i < 10; i++) {
    ring_build(heap, &frame.slot[0], 50);
    gc_root(heap->mutator, &frame.slot[0], NULL);
    const uint64_t before = heap->journal.head->row_count;
    const uint64_t found = gc_collect(heap->mutator, GC_FULL);
    REQUIRE(heap->journal.head->row_count > before, "an explicit collection has no row");
    const struct journal_row *row = NULL;
    for (uint64_t r = before; r < heap->journal.head->row_count; r++)
      if (heap->journal.rows[r].kind == JOURNAL_COLLECTION) row = &heap->journal.rows[r];
    REQUIRE(row != NULL || can(COLLECTOR_INCREMENTAL), "no row of an explicit collection");
    if (row == NULL || can(COLLECTOR_EXTERNAL)) continue;
    REQUIRE_EQUAL(row->cause, JOURNAL_EXPLICIT, "the row's cause");
    REQUIRE(row->duration_ns > 0, "the row lasted no time");
    REQUIRE_EQUAL(row->freed_objects, found, "the row's freed objects");
    REQUIRE(row->heap_before_bytes >= row->heap_after_bytes, "the heap grew in a collection");
  }
  heap_pop(heap, &frame.frame);
}

/* A cascade is one row with all its objects. */
static void cascades_have_rows(struct heap *heap)
{
  if (!can(COLLECTOR_PROMPT) || can(COLLECTOR_EXTERNAL)) conformance_skip("%s has no cascades", collector.name);
  const struct gc_counters *counters = &heap->mutator->counters;
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  const uint64_t lengths[] = {2, 3, 10, 1000, 20000};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    list_build(heap, &frame.slot[0], lengths[i]);
    collector_settle(heap->mutator);
    const uint64_t rows = heap->journal.head->row_count;
    const uint64_t cascades = counters->cascades;
    const uint64_t freed_bytes = counters->freed_bytes;
    gc_root(heap->mutator, &frame.slot[0], NULL);
    collector_settle(heap->mutator);
    REQUIRE_EQUAL(counters->cascades, cascades + 1, "cascades");
    REQUIRE_EQUAL(heap->journal.head->row_count, rows + 1, "rows");
    const struct journal_row *row = &heap->journal.rows[rows];
    REQUIRE_EQUAL(row->kind, JOURNAL_CASCADE, "the row's kind");
    REQUIRE_EQUAL(row->freed_objects, lengths[i], "the row's freed objects");
    REQUIRE(counters->freed_bytes > freed_bytes && row->freed_bytes > 0, "the cascade freed no bytes");
    REQUIRE_EQUAL(counters->cascade_max_objects, lengths[i], "cascade_max_objects");
  }
  gc_new(heap->mutator, &frame.slot[0], node_shape);
  collector_settle(heap->mutator);
  const uint64_t cascades = counters->cascades;
  gc_root(heap->mutator, &frame.slot[0], NULL);
  REQUIRE_EQUAL(counters->cascades, cascades, "cascades after a single free");
  heap_pop(heap, &frame.frame);
}

/* When the rows are full, collecting goes on, and what is dropped is counted. */
static void full_journal_drops_and_counts(struct heap *heap)
{
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s has no pauses", collector.name);
  enum { ROWS = 8, PAUSES = 50 };
  journal_close(&heap->journal);
  REQUIRE(journal_open(&heap->journal, -1, ROWS, 0, 0), "no memory for the journal");
  gc_mutator_meter(heap->mutator);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (int i = 0; i < PAUSES; i++) {
    list_build(heap, &frame.slot[0], 10);
    gc_root(heap->mutator, &frame.slot[0], NULL);
    gc_collect(heap->mutator, GC_FULL);
  }
  heap_pop(heap, &frame.frame);
  const struct journal_head *head = heap->journal.head;
  REQUIRE(head->row_count <= ROWS, "there are %llu rows", (unsigned long long)head->row_count);
  if (can(COLLECTOR_EXTERNAL)) return; /* how many pauses a peer makes is its own affair */
  REQUIRE(head->row_count + head->dropped_count + head->short_count >= PAUSES, "pauses are missing");
  heap_expect(heap, 0, 0);
}

static const struct conformance_test tests[] = {
    {"allocations_are_exact", allocations_are_exact, false},
    {"everything_is_freed", everything_is_freed, false},
    {"many_structures_are_freed", many_structures_are_freed, false},
    {"heap_bytes_covers_what_lives", heap_bytes_covers_what_lives, false},
    {"settling_only_settles", settling_only_settles, false},
    {"collect_returns_what_it_found", collect_returns_what_it_found, false},
    {"collections_have_rows", collections_have_rows, false},
    {"cascades_have_rows", cascades_have_rows, false},
    {"full_journal_drops_and_counts", full_journal_drops_and_counts, false},
};

CONFORMANCE_GROUP(accounting, tests);
