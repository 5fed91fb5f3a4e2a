/*
 * heap_limit, to the last piece: what is held for objects is never above the limit, at no moment between two
 * allocations, by the collector's account, and by the system's own wherever it is asked; and memory runs out only where
 * the least that one more object needs would be above it.  heap_limit_COLLECTOR.c says what a collector holds and
 * needs.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "collectors/parts/header.h"
#include "tests/faults/heap_limit.h"
#include "tests/unit/cmocka_all.h"

enum { MIB = 1 << 20, LEAST = 68 << 10, PROGRAMS = 3, LOOK_EVERY = 5000, KNOBS_MAX = 64 };

static struct journal journal;
static int64_t knobs[KNOBS_MAX];
static struct collector_config config;
static jmp_buf no_memory;

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  assert_true(bytes > 0);
  longjmp(no_memory, 1);
}

/* Where the collector keeps the knob; knob_count where it has none of this name. */
static size_t find_knob(const char *name)
{
  size_t i = 0;
  while (i < collector.knob_count && strcmp(collector.knobs[i].name, name) != 0) i++;
  return i;
}

static struct gc_mutator *start(uint64_t limit_bytes, const char *knob, int64_t value)
{
  assert_true(journal_open(&journal, -1, 100000, 1, 1000));
  assert_true(collector.knob_count <= KNOBS_MAX);
  for (size_t i = 0; i < collector.knob_count; i++) knobs[i] = collector.knobs[i].default_value;
  knobs[find_knob("heap_limit")] = (int64_t)limit_bytes;
  if (knob != NULL) knobs[find_knob(knob)] = value;
  config = (struct collector_config){.knobs = knobs, .journal = &journal, .out_of_memory = out_of_memory};
  struct gc_mutator *mutator = collector_start(&config);
  assert_non_null(mutator);
  return mutator;
}

/* What the system says that the heap has of its memory. */
static uint64_t resident_bytes(struct gc_mutator *mutator)
{
  FILE *maps = fopen("/proc/self/smaps", "re");
  assert_non_null(maps);
  char line[512];
  uint64_t kilobytes = 0;
  bool is_ours = false;
  while (fgets(line, sizeof line, maps) != NULL) {
    uintptr_t start_address;
    uintptr_t end_address;
    uint64_t number;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start_address, &end_address) == 2)
      is_ours = account_has_address(mutator, start_address);
    else if (is_ours && sscanf(line, "Rss: %" SCNu64, &number) == 1)
      kilobytes += number;
  }
  fclose(maps);
  return kilobytes * 1024 + account_large_bytes(mutator);
}

enum program { SMALL_CELLS, MIXED_SIZES, LARGE_OBJECTS };

static struct gc_shape shape_for(enum program program, struct random *random)
{
  static const uint32_t most_bytes[PROGRAMS] = {[SMALL_CELLS] = 40, [MIXED_SIZES] = 8000, [LARGE_OBJECTS] = 300000};
  const uint32_t bytes = random_below(random, most_bytes[program]);
  return (struct gc_shape){.fields = 1, .bytes = program == LARGE_OBJECTS ? 40000 + bytes : bytes, .kind = GC_LIST};
}

struct filling {
  struct gc_mutator *mutator;
  gc_ref *list, *scratch;
  uint64_t limit_bytes, asked_bytes;
  uint64_t made;
};

/* Keeps one in two of the objects, for ever. */
static void fill(struct filling *filling, enum program program, struct random *random)
{
  struct gc_mutator *mutator = filling->mutator;
  for (;;) {
    const struct gc_shape shape = shape_for(program, random);
    filling->asked_bytes = header_payload_bytes(shape);
    gc_new(mutator, filling->scratch, shape);
    memset(gc_bytes(*filling->scratch, 1), 0x5a, shape.bytes);
    if (filling->made++ % 2 == 0) {
      gc_store(mutator, *filling->scratch, 0, *filling->list);
      gc_root(mutator, filling->list, *filling->scratch);
    }
    assert_true(account_held_bytes(mutator) <= filling->limit_bytes);
    if (filling->made % LOOK_EVERY == 0) assert_true(resident_bytes(mutator) <= filling->limit_bytes);
  }
}

/* Memory has run out: neither too late nor too early, and nothing is damaged. */
static void require_full(const struct filling *filling)
{
  struct gc_mutator *mutator = filling->mutator;
  const uint64_t needed_bytes = account_needed_bytes(mutator, filling->asked_bytes);
  assert_true(account_held_bytes(mutator) <= filling->limit_bytes);
  if (needed_bytes <= filling->limit_bytes)
    fail_msg("no room for %" PRIu64 " bytes, with which it would be %" PRIu64 " of %" PRIu64, filling->asked_bytes,
             needed_bytes, filling->limit_bytes);
  assert_true(resident_bytes(mutator) <= filling->limit_bytes);
  assert_true(mutator->counters.peak_heap_bytes <= filling->limit_bytes);
  collector_check(mutator);
}

static void fill_to_the_limit(uint64_t limit_bytes, enum program program, const char *knob, int64_t value)
{
  static struct filling filling; /* static, for what setjmp returns to must find them as they were */
  static struct random random;
  filling = (struct filling){.mutator = start(limit_bytes, knob, value), .limit_bytes = limit_bytes};
  struct gc_mutator *mutator = filling.mutator;
  random_seed(&random, limit_bytes + program);
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  filling.list = &frame.slot[0];
  filling.scratch = &frame.slot[1];
  for (int round = 0; round < 2; round++) { /* full, emptied, and full again */
    if (setjmp(no_memory) == 0) fill(&filling, program, &random);
    require_full(&filling);
    gc_root(mutator, &frame.slot[0], NULL);
    gc_root(mutator, &frame.slot[1], NULL);
    gc_collect(mutator, GC_FULL);
    assert_int_equal(mutator->counters.heap_bytes, 0);
    assert_true(account_held_bytes(mutator) <= limit_bytes);
    assert_true(resident_bytes(mutator) <= limit_bytes);
  }
  gc_pop(mutator, &frame.frame);
  filling.list = filling.scratch = NULL; /* they pointed into the frame, which ends before them */
  collector_settle(mutator);
  collector_check(mutator);
  collector_finish(mutator);
  journal_close(&journal);
}

static void test_limits(void **state)
{
  (void)state;
  /* Whole blocks and pages, and some bytes more or less. */
  static const uint64_t limits[] = {LEAST, MIB, MIB + 1, 3 * MIB - 12345, 4 * MIB - 20000, 6 * MIB};
  /* In which order memory is asked for, and given back. */
  static const struct {
    const char *knob;
    int64_t value;
    bool is_huge;
  } ways[] = {
      {NULL, 0, false}, {"lazy_sweep", 0, false}, {"allocation_budget", 1000000, false}, {"huge_pages", 1, true}};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
      if (ways[way].is_huge && !account_has_huge_pages) continue;
      if (ways[way].knob != NULL && find_knob(ways[way].knob) == collector.knob_count) continue;
      for (enum program program = SMALL_CELLS; program <= LARGE_OBJECTS; program++)
        fill_to_the_limit(limits[i], program, ways[way].knob, ways[way].value);
    }
  }
}

/* The memory that small cells had is given back for a large object, and the other way round. */
static void test_memory_changes_hands(void **state)
{
  (void)state;
  struct gc_mutator *mutator = start(8 * MIB, NULL, 0);
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  if (setjmp(no_memory) != 0) fail_msg("memory ran out");
  for (int round = 0; round < 10; round++) {
    gc_root(mutator, &frame.slot[1], NULL);
    for (uint64_t i = 0; i < 100000 / account_spaces; i++) { /* 4.8 MB of the limit */
      gc_new(mutator, &frame.slot[1], (struct gc_shape){.fields = 5, .kind = GC_INSTANCE});
      gc_store(mutator, frame.slot[1], 0, frame.slot[0]);
      gc_root(mutator, &frame.slot[0], frame.slot[1]);
      assert_true(account_held_bytes(mutator) <= 8 * MIB);
    }
    gc_root(mutator, &frame.slot[0], NULL);
    gc_root(mutator, &frame.slot[1], NULL);
    gc_new(mutator, &frame.slot[1], (struct gc_shape){.bytes = 7 * MIB, .kind = GC_ATOM});
    memset(gc_bytes(frame.slot[1], 0), 1, 7 * MIB);
    assert_true(account_held_bytes(mutator) <= 8 * MIB);
    assert_true(resident_bytes(mutator) <= 8 * MIB);
  }
  gc_pop(mutator, &frame.frame);
  collector_settle(mutator);
  collector_check(mutator);
  collector_finish(mutator);
  journal_close(&journal);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_memory_changes_hands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
