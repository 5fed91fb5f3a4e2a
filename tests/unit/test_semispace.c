/*
 * What is semispace's own: everything moves but what is large, in Cheney's order; the reserve counts; nothing is stale.
 */
#include "tests/unit/heap_fixture.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/build.h"

enum { MIB = 1 << 20, NODE_BYTES = 24, LARGE_BYTES = 20000 };

static const struct gc_shape node_shape = {.fields = 2, .kind = GC_INSTANCE};
static const struct heap_knob no_changes[] = {{0}};

static const struct journal_row *last_row(const struct heap *heap)
{
  return &heap->journal.rows[heap->journal.head->row_count - 1];
}

/* A complete tree in the slot, children before parents, with garbage in between. */
static void make_tree(struct gc_mutator *mutator, gc_ref *slot, int depth)
{
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  if (depth > 0) {
    make_tree(mutator, &frame.slot[0], depth - 1);
    make_tree(mutator, &frame.slot[1], depth - 1);
  }
  gc_new(mutator, slot, node_shape); /* garbage */
  gc_new(mutator, slot, node_shape);
  gc_store(mutator, *slot, 0, frame.slot[0]);
  gc_store(mutator, *slot, 1, frame.slot[1]);
  gc_pop(mutator, &frame.frame);
}

static void test_copies_lie_in_breadth_first_order(void **state)
{
  (void)state;
  enum { DEPTH = 10, NODES = (2 << DEPTH) - 1 };
  struct heap heap;
  heap_start(&heap, 1, no_changes);
  gc_ref *slot = &heap.frame.slots[0];
  make_tree(heap.mutator, slot, DEPTH);
  assert_int_equal(gc_collect(heap.mutator, GC_FULL), NODES);
  for (uint32_t i = 0; i < NODES; i++) { /* node i's children are nodes 2 i + 1 and 2 i + 2 */
    const gc_ref node = (gc_ref)(void *)((char *)*slot + (uint64_t)i * NODE_BYTES);
    for (uint32_t field = 0; field < 2; field++) {
      char *child = (char *)*slot + (2 * (uint64_t)i + 1 + field) * NODE_BYTES;
      assert_ptr_equal(gc_load(heap.mutator, node, field), 2 * i + 1 < NODES ? child : NULL);
    }
  }
  const struct journal_row *row = last_row(&heap);
  assert_int_equal(row->examined_objects, NODES);
  assert_int_equal(row->survived_objects, NODES);
  assert_int_equal(row->followed_edges, 2 * NODES);
  assert_int_equal(row->freed_objects, NODES);
  assert_int_equal(row->freed_bytes, NODES * 2 * sizeof(gc_ref));
  assert_int_equal(row->heap_before_bytes, 2 * NODES * NODE_BYTES);
  assert_int_equal(row->heap_after_bytes, NODES * NODE_BYTES);
  heap_finish(&heap);
}

static void test_all_moves_but_what_is_large(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 3, no_changes);
  struct gc_mutator *mutator = heap.mutator;
  gc_ref *slots = heap.frame.slots;
  gc_new(mutator, &slots[0], node_shape);
  gc_new(mutator, &slots[1], (struct gc_shape){.fields = 2, .bytes = LARGE_BYTES, .kind = GC_INSTANCE});
  memset(gc_bytes(slots[1], 2), 0x5a, LARGE_BYTES);
  gc_new(mutator, &slots[2], node_shape);
  gc_store(mutator, slots[0], 0, slots[1]); /* small to large, large to small, and to itself */
  gc_store(mutator, slots[1], 0, slots[2]);
  gc_store(mutator, slots[1], 1, slots[1]);
  gc_root(mutator, &slots[1], NULL);
  for (int i = 0; i < 20; i++) {
    const gc_ref small = slots[0];
    const gc_ref large = gc_load(mutator, small, 0);
    gc_collect(mutator, GC_FULL);
    assert_ptr_not_equal(slots[0], small);
    assert_ptr_equal(gc_load(mutator, slots[0], 0), large);
    assert_ptr_equal(gc_load(mutator, large, 0), slots[2]);
    assert_ptr_equal(gc_load(mutator, large, 1), large);
    assert_int_equal(last_row(&heap)->survived_objects, 3);
    assert_int_equal(last_row(&heap)->examined_objects, 3);
    const unsigned char *raw = gc_bytes(large, 2);
    for (int at = 0; at < LARGE_BYTES; at++) assert_int_equal(raw[at], 0x5a);
  }
  gc_root(mutator, &slots[0], NULL);
  assert_int_equal(gc_collect(mutator, GC_FULL), 2);
  assert_int_equal(heap_held(&heap), 1);
  heap_finish(&heap);
}

/* Every size of cell, around the largest too: all bytes arrive. */
static void test_copies_are_whole(void **state)
{
  (void)state;
  enum { SLOTS = 512, LAST = 16384 };
  struct heap heap;
  heap_start(&heap, SLOTS, no_changes);
  gc_ref *slots = heap.frame.slots;
  uint32_t sizes[SLOTS];
  for (uint32_t i = 0; i < SLOTS; i++) {
    sizes[i] = i < 300 ? i : LAST - 40 + (i - 300) % 80;
    gc_new(heap.mutator, &slots[i], (struct gc_shape){.bytes = sizes[i], .kind = GC_ATOM});
    for (uint32_t at = 0; at < sizes[i]; at++) ((unsigned char *)gc_bytes(slots[i], 0))[at] = (unsigned char)(i + at);
  }
  for (int round = 0; round < 3; round++) {
    gc_collect(heap.mutator, GC_FULL);
    for (uint32_t i = 0; i < SLOTS; i++) {
      const unsigned char *raw = gc_bytes(slots[i], 0);
      for (uint32_t at = 0; at < sizes[i]; at++) assert_int_equal(raw[at], (unsigned char)(i + at));
    }
  }
  heap_finish(&heap);
}

static void test_budget_sets_the_pace(void **state)
{
  (void)state;
  enum { COUNT = 400000, BUDGET = MIB, PIECE_BYTES = 16384 };
  const struct heap_knob changes[] = {{"allocation_budget", BUDGET}, {0}};
  struct heap heap;
  heap_start(&heap, 1, changes);
  for (int i = 0; i < COUNT; i++) gc_new(heap.mutator, &heap.frame.slots[0], node_shape);
  const uint64_t collections = heap.mutator->counters.collections[2];
  assert_in_range(collections, COUNT * NODE_BYTES / (BUDGET + PIECE_BYTES), COUNT * NODE_BYTES / BUDGET);
  assert_int_equal(heap.journal.rows[0].cause, JOURNAL_BUDGET);
  heap_finish(&heap);
}

static void test_stress_counts_every_allocation(void **state)
{
  (void)state;
  const struct heap_knob changes[] = {{"stress", 7}, {0}};
  struct heap heap;
  heap_start(&heap, 1, changes);
  for (uint32_t i = 1; i <= 700; i++) {
    gc_new(heap.mutator, &heap.frame.slots[0],
           (struct gc_shape){.fields = i % 5, .bytes = i % 3 * 10000, .kind = GC_INSTANCE});
    assert_int_equal(heap.mutator->counters.collections[2], i / 7);
  }
  heap_finish(&heap);
}

static jmp_buf on_out_of_memory;

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator, (void)bytes;
  longjmp(on_out_of_memory, 1);
}

/* Live objects until there is no room. */
static bool fill(struct heap *heap, uint32_t bytes)
{
  gc_ref *slots = heap->frame.slots;
  heap->config.out_of_memory = out_of_memory;
  if (setjmp(on_out_of_memory) != 0) return true;
  for (;;) {
    gc_new(heap->mutator, &slots[1], (struct gc_shape){.fields = 1, .bytes = bytes, .kind = GC_INSTANCE});
    gc_store(heap->mutator, slots[1], 0, slots[0]);
    gc_root(heap->mutator, &slots[0], slots[1]);
  }
}

static bool new_fits(struct heap *heap, gc_ref *slot, uint32_t bytes)
{
  if (setjmp(on_out_of_memory) != 0) return false;
  gc_new(heap->mutator, slot, (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
  return true;
}

/* The limit is of both spaces: small objects fill half of it, large ones all. */
static void test_limit_is_of_both_spaces(void **state)
{
  (void)state;
  enum { LIMIT = 16 * MIB, BLOCK = 65536 };
  static const uint32_t sizes[] = {8, 100, 9000, 100000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const struct heap_knob changes[] = {{"heap_limit", LIMIT}, {0}};
    struct heap heap;
    heap_start(&heap, 2, changes);
    assert_true(fill(&heap, sizes[i]));
    const uint64_t most = sizes[i] > 16384 ? LIMIT : LIMIT / 2;
    assert_in_range(heap.mutator->counters.heap_bytes, most - most / 16, most);
    assert_in_range(heap.mutator->counters.peak_footprint_bytes, LIMIT - LIMIT / 16, LIMIT + BLOCK);
    gc_root(heap.mutator, &heap.frame.slots[0], NULL);
    gc_root(heap.mutator, &heap.frame.slots[1], NULL);
    for (uint32_t k = 0; k < 5 * LIMIT / 1000; k++) /* all was garbage: room for another size */
      assert_true(new_fits(&heap, &heap.frame.slots[0], 1000));
    assert_true(new_fits(&heap, &heap.frame.slots[0], LIMIT / 8 * 7));
    assert_true(heap.mutator->counters.peak_footprint_bytes <= LIMIT + BLOCK);
    heap_finish(&heap);
  }
}

static void test_memory_goes_back(void **state)
{
  (void)state;
  enum { BULK = 64 * MIB };
  static const uint32_t sizes[] = {16, 1000, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct heap heap;
    heap_start(&heap, 2, no_changes);
    gc_ref *slots = heap.frame.slots;
    for (uint64_t bytes = 0; bytes < BULK; bytes += sizes[i] + sizeof(gc_ref)) {
      gc_new(heap.mutator, &slots[1], (struct gc_shape){.fields = 1, .bytes = sizes[i], .kind = GC_INSTANCE});
      gc_store(heap.mutator, slots[1], 0, slots[0]);
      gc_root(heap.mutator, &slots[0], slots[1]);
    }
    assert_true(heap.mutator->counters.footprint_bytes >= BULK);
    gc_root(heap.mutator, &slots[0], NULL);
    gc_root(heap.mutator, &slots[1], NULL);
    gc_collect(heap.mutator, GC_FULL);
    assert_true(heap.mutator->counters.footprint_bytes <= 9 * MIB);
    assert_true(heap.mutator->counters.peak_footprint_bytes >= BULK);
    heap_finish(&heap);
  }
}

/* The system's own limit: what the spaces have left must serve a large object.  An exit code, 0 if all is well. */
static int run_under_a_limit(void)
{
  const struct rlimit limit = {.rlim_cur = 192 * MIB, .rlim_max = 192 * MIB};
  const struct heap_knob changes[] = {{"growth_factor", 16000}, {0}};
  struct heap heap;
  heap_start(&heap, 2, changes);
  gc_ref *slots = heap.frame.slots;
  if (setrlimit(RLIMIT_DATA, &limit) != 0) return 2;
  if (!fill(&heap, 8)) return 3;
  if (heap.mutator->counters.heap_bytes < 64 * MIB) return 4; /* it came too early */
  gc_root(heap.mutator, &slots[0], NULL);
  gc_root(heap.mutator, &slots[1], NULL);
  if (!new_fits(&heap, &slots[0], 100 * MIB)) return 5;
  *(char *)gc_bytes(slots[0], 0) = 1;
  if (new_fits(&heap, &slots[1], 150 * MIB)) return 6;
  collector_check(heap.mutator);
  return 0;
}

/* How a process of its own ends. */
static int status_of(int (*run)(void))
{
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void test_out_of_memory_of_the_system(void **state)
{
  (void)state;
#if BUILD_SANITIZED
  skip(); /* the sanitizer's own memory counts against the limit */
#endif
  const int status = status_of(run_under_a_limit);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* A live object is read where it was before `collections` collections, past the interface. */
static int read_stale(int collections)
{
  struct heap heap;
  heap_start(&heap, 1, no_changes);
  gc_new(heap.mutator, &heap.frame.slots[0], (struct gc_shape){.bytes = 8, .kind = GC_ATOM});
  close(STDERR_FILENO); /* a report is what is wanted, and not to be read */
  const volatile char *stale = gc_bytes(heap.frame.slots[0], 0);
  for (int i = 0; i < collections; i++) gc_collect(heap.mutator, GC_FULL);
  return *stale;
}

static int read_after_one(void) { return read_stale(1); }
static int read_after_two(void) { return read_stale(2); }
static int read_after_five(void) { return read_stale(5); }

static void test_stale_references_fault(void **state)
{
  (void)state;
  if (!BUILD_CHECKING) skip(); /* there the space that was left stays */
  static int (*const runs[])(void) = {read_after_one, read_after_two, read_after_five};
  for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
    const int status = status_of(runs[i]);
    assert_true(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
  }
}

/* Weak references lead to where their targets are, and their own address may change as well. */
static void test_weak_references_follow(void **state)
{
  (void)state;
  enum { PAIRS = 200 };
  struct heap heap;
  heap_start(&heap, 2 * PAIRS, no_changes);
  struct gc_mutator *mutator = heap.mutator;
  gc_ref *targets = heap.frame.slots;
  gc_ref *weaks = heap.frame.slots + PAIRS;
  for (uint32_t i = 0; i < PAIRS; i++) {
    const uint32_t bytes = i % 10 == 0 ? LARGE_BYTES : 8;
    gc_new(mutator, &targets[i], (struct gc_shape){.fields = 1, .bytes = bytes, .kind = GC_INSTANCE});
    gc_new_weak(mutator, &weaks[i], &targets[i], (struct gc_hook){0});
  }
  for (uint32_t round = 0; round < 10; round++) {
    for (uint32_t i = round; i < PAIRS; i += 17) gc_root(mutator, &targets[i], NULL);
    gc_collect(mutator, GC_FULL);
    for (uint32_t i = 0; i < PAIRS; i++) assert_ptr_equal(gc_weak_get(mutator, weaks[i]), targets[i]);
    collector_check(mutator);
  }
  heap_finish(&heap);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_copies_lie_in_breadth_first_order),
      cmocka_unit_test(test_all_moves_but_what_is_large),
      cmocka_unit_test(test_copies_are_whole),
      cmocka_unit_test(test_budget_sets_the_pace),
      cmocka_unit_test(test_stress_counts_every_allocation),
      cmocka_unit_test(test_limit_is_of_both_spaces),
      cmocka_unit_test(test_memory_goes_back),
      cmocka_unit_test(test_out_of_memory_of_the_system),
      cmocka_unit_test(test_stale_references_fault),
      cmocka_unit_test(test_weak_references_follow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
