/* What is marksweep's own: its knobs, its counters, memory that goes back, and heaps that are full. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "collectors/collector.h"
#include "collectors/parts/poison.h"

enum { MIB = 1 << 20, KNOBS_MAX = 32 };

static const struct gc_shape node_shape = {.fields = 2, .kind = GC_INSTANCE};

struct heap {
  struct journal journal;
  int64_t knobs[KNOBS_MAX];
  struct collector_config config;
  struct gc_mutator *mutator;
};

static struct heap heap;
static jmp_buf on_out_of_memory;

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator, (void)bytes;
  longjmp(on_out_of_memory, 1);
}

/* Starts the collector with some knobs: name, value, ..., NULL. */
static struct gc_mutator *start(const char *name, ...)
{
  memset(&heap, 0, sizeof heap);
  assert_true(journal_open(&heap.journal, -1, 100000, 1, 1000));
  for (size_t i = 0; i < collector.knob_count; i++) heap.knobs[i] = collector.knobs[i].default_value;
  va_list knobs;
  va_start(knobs, name);
  for (; name != NULL; name = va_arg(knobs, const char *)) {
    const int row = setting_find(collector.knobs, collector.knob_count, name);
    assert_true(row >= 0);
    heap.knobs[row] = va_arg(knobs, int64_t);
    assert_true(heap.knobs[row] >= collector.knobs[row].minimum && heap.knobs[row] <= collector.knobs[row].maximum);
  }
  va_end(knobs);
  heap.config =
      (struct collector_config){.knobs = heap.knobs, .journal = &heap.journal, .out_of_memory = out_of_memory};
  heap.mutator = collector_start(&heap.config);
  assert_non_null(heap.mutator);
  return heap.mutator;
}

static void finish(void)
{
  collector_settle(heap.mutator);
  collector_check(heap.mutator);
  journal_check(&heap.journal);
  collector_finish(heap.mutator);
  journal_close(&heap.journal);
}

static uint64_t held_objects(const struct gc_mutator *mutator)
{
  return mutator->counters.allocated_objects - mutator->counters.freed_objects;
}

/* Fills the slot with a table of `count` nodes that refer to one another at random, and some bulky ones. */
static void make_graph(struct gc_mutator *mutator, gc_ref *slot, uint32_t count)
{
  struct random random;
  random_seed(&random, 7);
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_new(mutator, slot, (struct gc_shape){.fields = count, .kind = GC_LIST});
  for (uint32_t i = 0; i < count; i++) {
    struct gc_shape shape = {.fields = 2 + random_below(&random, 3), .bytes = random_below(&random, 100)};
    if (random_below(&random, 1000) == 0) shape.bytes = 30000;
    if (random_below(&random, 1000) == 1) shape.fields = 1000;
    gc_new(mutator, &frame.slot[0], shape);
    gc_store(mutator, *slot, i, frame.slot[0]);
    for (uint32_t field = 0; field < 2; field++)
      gc_store(mutator, frame.slot[0], field, gc_load(mutator, *slot, random_below(&random, i + 1)));
  }
  gc_pop(mutator, &frame.frame);
}

static void test_counts_are_exact(void **state)
{
  (void)state;
  enum { COUNT = 10000 };
  for (int64_t lazy = 0; lazy <= 1; lazy++) {
    struct gc_mutator *mutator = start("lazy_sweep", lazy, NULL);
    GC_FRAME(frame, 2);
    gc_push(mutator, &frame.frame);
    make_graph(mutator, &frame.slot[0], COUNT);
    collector_settle(mutator);
    assert_int_equal(held_objects(mutator), COUNT + 1);
    const struct gc_counters before = mutator->counters;
    assert_int_equal(gc_collect(mutator, GC_FULL), 0);
    assert_int_equal(mutator->counters.heap_bytes, before.heap_bytes);
    for (uint32_t i = 0; i < COUNT; i++) { /* self-referring garbage in between */
      gc_new(mutator, &frame.slot[1], node_shape);
      gc_store(mutator, frame.slot[1], 0, frame.slot[1]);
      gc_store(mutator, frame.slot[1], 1, frame.slot[0]);
    }
    gc_root(mutator, &frame.slot[1], NULL);
    assert_int_equal(gc_collect(mutator, GC_FULL), COUNT);
    const struct journal_row *row = &heap.journal.rows[heap.journal.head->row_count - 1];
    assert_int_equal(row->freed_objects, COUNT);
    assert_int_equal(row->freed_bytes, COUNT * 2 * sizeof(gc_ref));
    assert_int_equal(row->examined_objects, COUNT + 1);
    assert_int_equal(mutator->counters.heap_bytes, before.heap_bytes);
    collector_check(mutator);
    gc_pop(mutator, &frame.frame);
    assert_int_equal(gc_collect(mutator, GC_FULL), COUNT + 1);
    assert_int_equal(mutator->counters.freed_bytes, mutator->counters.allocated_bytes);
    assert_int_equal(mutator->counters.heap_bytes, 0);
    finish();
  }
}

static void test_mark_stack_overflow_loses_nothing(void **state)
{
  (void)state;
  enum { COUNT = 20000 };
  static const int64_t limits[] = {1, 2, 3, 17, 128, 129, 1000};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    struct gc_mutator *mutator = start("mark_stack_limit", limits[i], NULL);
    GC_FRAME(frame, 2);
    gc_push(mutator, &frame.frame);
    make_graph(mutator, &frame.slot[0], COUNT);
    gc_collect(mutator, GC_FULL);
    assert_int_equal(held_objects(mutator), COUNT + 1);
    const struct journal_row *row = &heap.journal.rows[heap.journal.head->row_count - 1];
    const uint64_t edges = row->followed_edges;
    assert_int_equal(mutator->counters.freed_objects, 0);
    assert_int_equal(mutator->counters.freed_bytes, 0); /* requested bytes are counted once, however often scanned */
    gc_collect(mutator, GC_FULL);
    assert_int_equal(heap.journal.rows[heap.journal.head->row_count - 1].followed_edges, edges);
    gc_root(mutator, &frame.slot[1], gc_load(mutator, frame.slot[0], COUNT / 2)); /* no table: only through the graph */
    gc_root(mutator, &frame.slot[0], NULL);
    gc_collect(mutator, GC_FULL);
    assert_true(held_objects(mutator) > 1 && held_objects(mutator) <= COUNT / 2 + 1);
    collector_check(mutator);
    gc_pop(mutator, &frame.frame);
    finish();
  }
}

static void test_long_lists_do_not_recurse(void **state)
{
  (void)state;
  enum { COUNT = 3000000 };
  struct gc_mutator *mutator = start(NULL);
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  for (int i = 0; i < COUNT; i++) {
    gc_new(mutator, &frame.slot[1], node_shape);
    gc_store(mutator, frame.slot[1], 0, frame.slot[0]);
    gc_root(mutator, &frame.slot[0], frame.slot[1]);
  }
  assert_int_equal(gc_collect(mutator, GC_FULL), 0);
  assert_int_equal(held_objects(mutator), COUNT);
  gc_pop(mutator, &frame.frame);
  assert_int_equal(gc_collect(mutator, GC_FULL), COUNT);
  finish();
}

static void test_memory_is_zero_at_birth(void **state)
{
  (void)state;
  for (int64_t lazy = 0; lazy <= 1; lazy++) {
    struct gc_mutator *mutator = start("lazy_sweep", lazy, "allocation_budget", INT64_C(100000), NULL);
    struct random random;
    random_seed(&random, 3);
    enum { SLOTS = 64 };
    GC_FRAME(frame, SLOTS);
    gc_push(mutator, &frame.frame);
    for (int i = 0; i < 200000; i++) {
      const uint32_t slot = random_below(&random, SLOTS);
      const uint32_t bytes = random_below(&random, random_below(&random, 100) == 0 ? 20000 : 200) + 1;
      gc_new(mutator, &frame.slot[slot], (struct gc_shape){.fields = 1, .bytes = bytes, .kind = GC_INSTANCE});
      assert_null(gc_load(mutator, frame.slot[slot], 0));
      char *raw = gc_bytes(frame.slot[slot], 1);
      for (uint32_t at = 0; at < bytes; at++) assert_true(raw[at] == 0);
      memset(raw, 0xee, bytes);
    }
    collector_check(mutator);
    gc_pop(mutator, &frame.frame);
    finish();
  }
}

static void test_budget_sets_the_pace(void **state)
{
  (void)state;
  enum { CELL_BYTES = 32, COUNT = 400000, BUDGET = MIB };
  struct gc_mutator *mutator = start("allocation_budget", (int64_t)BUDGET, NULL);
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (int i = 0; i < COUNT; i++) gc_new(mutator, &frame.slot[0], node_shape);
  assert_int_equal(mutator->counters.collections[2], COUNT * CELL_BYTES / BUDGET);
  assert_int_equal(heap.journal.rows[0].cause, JOURNAL_BUDGET);
  gc_pop(mutator, &frame.frame);
  finish();
}

static void test_stress_counts_every_allocation(void **state)
{
  (void)state;
  struct gc_mutator *mutator = start("stress", INT64_C(7), NULL);
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (uint32_t i = 1; i <= 700; i++) {
    gc_new(mutator, &frame.slot[0], (struct gc_shape){.fields = i % 5, .bytes = i % 3 * 10000, .kind = GC_INSTANCE});
    assert_int_equal(mutator->counters.collections[2], i / 7);
  }
  gc_pop(mutator, &frame.frame);
  finish();
}

/* A heap of live nodes that grows until there is no room. */
static _Noreturn void fill(struct gc_mutator *mutator, gc_ref *list, gc_ref *node, uint32_t bytes)
{
  const struct gc_shape shape = {.fields = 1, .bytes = bytes, .kind = GC_INSTANCE};
  for (;;) {
    gc_new(mutator, node, shape);
    gc_store(mutator, *node, 0, *list);
    gc_root(mutator, list, *node);
  }
}

static bool fill_until_out_of_memory(struct gc_mutator *mutator, gc_ref *list, gc_ref *node, uint32_t bytes)
{
  if (setjmp(on_out_of_memory) != 0) return true;
  fill(mutator, list, node, bytes);
}

static bool churn(struct gc_mutator *mutator, gc_ref *slot, uint32_t count)
{
  if (setjmp(on_out_of_memory) != 0) return false;
  for (volatile uint32_t i = 0; i < count; i++)
    gc_new(mutator, slot, (struct gc_shape){.bytes = 1000, .kind = GC_ATOM});
  return true;
}

static void test_limit_is_kept(void **state)
{
  (void)state;
  enum { LIMIT = 16 * MIB };
  static const uint32_t sizes[] = {8, 100, 9000, 100000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct gc_mutator *mutator = start("heap_limit", (int64_t)LIMIT, NULL);
    GC_FRAME(frame, 2);
    gc_push(mutator, &frame.frame);
    assert_true(fill_until_out_of_memory(mutator, &frame.slot[0], &frame.slot[1], sizes[i]));
    assert_in_range(mutator->counters.heap_bytes, LIMIT * 3 / 4, LIMIT);
    gc_root(mutator, &frame.slot[0], NULL);
    gc_root(mutator, &frame.slot[1], NULL);
    assert_true(churn(mutator, &frame.slot[0], 5 * LIMIT / 1000)); /* all was garbage: room for another size */
    assert_true(mutator->counters.peak_heap_bytes <= LIMIT);
    gc_pop(mutator, &frame.frame);
    finish();
  }
}

static void test_memory_goes_back(void **state)
{
  (void)state;
  enum { BULK = 64 * MIB };
  static const uint32_t sizes[] = {16, 1000, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct gc_mutator *mutator = start(NULL);
    GC_FRAME(frame, 2);
    gc_push(mutator, &frame.frame);
    for (uint64_t bytes = 0; bytes < BULK; bytes += sizes[i] + sizeof(gc_ref)) {
      gc_new(mutator, &frame.slot[1], (struct gc_shape){.fields = 1, .bytes = sizes[i], .kind = GC_INSTANCE});
      gc_store(mutator, frame.slot[1], 0, frame.slot[0]);
      gc_root(mutator, &frame.slot[0], frame.slot[1]);
    }
    assert_true(mutator->counters.footprint_bytes >= BULK);
    gc_pop(mutator, &frame.frame);
    gc_collect(mutator, GC_FULL);
    assert_true(mutator->counters.footprint_bytes <= 8 * MIB);
    assert_true(mutator->counters.peak_footprint_bytes >= BULK);
    finish();
  }
}

/* Is there room for one object of so many bytes? */
static bool new_fits(struct gc_mutator *mutator, gc_ref *slot, uint32_t bytes)
{
  if (setjmp(on_out_of_memory) != 0) return false;
  gc_new(mutator, slot, (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
  return true;
}

/* The system's own limit: what small objects have left must serve a large one.  An exit code, 0 if all is well. */
static int run_under_a_limit(void)
{
  const struct rlimit limit = {.rlim_cur = 192 * MIB, .rlim_max = 192 * MIB};
  struct gc_mutator *mutator = start("growth_factor", INT64_C(16000), NULL);
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  if (setrlimit(RLIMIT_DATA, &limit) != 0) return 2;
  if (!fill_until_out_of_memory(mutator, &frame.slot[0], &frame.slot[1], 8)) return 3;
  if (mutator->counters.heap_bytes < 64 * MIB) return 4; /* it came too early */
  gc_root(mutator, &frame.slot[0], NULL);
  gc_root(mutator, &frame.slot[1], NULL);
  if (!new_fits(mutator, &frame.slot[0], 100 * MIB)) return 5;
  *(char *)gc_bytes(frame.slot[0], 0) = 1;
  collector_check(mutator);
  if (new_fits(mutator, &frame.slot[1], 150 * MIB)) return 6;
  gc_pop(mutator, &frame.frame);
  collector_check(mutator);
  return 0;
}

static void test_out_of_memory_of_the_system(void **state)
{
  (void)state;
#if BUILD_SANITIZED
  skip(); /* the sanitizer's own memory counts against the limit */
#endif
  const pid_t child = fork();
  if (child == 0) _exit(run_under_a_limit());
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts_are_exact),
      cmocka_unit_test(test_mark_stack_overflow_loses_nothing),
      cmocka_unit_test(test_long_lists_do_not_recurse),
      cmocka_unit_test(test_memory_is_zero_at_birth),
      cmocka_unit_test(test_budget_sets_the_pace),
      cmocka_unit_test(test_stress_counts_every_allocation),
      cmocka_unit_test(test_limit_is_kept),
      cmocka_unit_test(test_memory_goes_back),
      cmocka_unit_test(test_out_of_memory_of_the_system),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
