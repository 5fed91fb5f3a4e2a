/*
 * marksweep's heap_limit, to the block: what is held for objects, blocks in use, free ones that were not given back and
 * large objects, is never above the limit, at no moment between two allocations, and by the system's own account; and
 * memory runs out only where the next block, or the large object, would be above it.  What stands beside the heap (rows
 * and mark bits of blocks, the registry of large objects, the mark stack) is not counted, as the knob says.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "collectors/marksweep/marksweep.h"
#include "tests/unit/cmocka_all.h"

enum { MIB = 1 << 20, KEPT = 4096, PROGRAMS = 3 };

static struct journal journal;
static int64_t knobs[KNOBS];
static struct collector_config config;
static jmp_buf no_memory;

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  assert_true(bytes > 0);
  longjmp(no_memory, 1);
}

static struct marksweep *start(uint64_t limit_bytes, bool lazy_sweep)
{
  assert_true(journal_open(&journal, -1, 100000, 1, 1000));
  for (int i = 0; i < KNOBS; i++) knobs[i] = collector.knobs[i].default_value;
  knobs[KNOB_HEAP_LIMIT] = (int64_t)limit_bytes;
  knobs[KNOB_LAZY_SWEEP] = lazy_sweep;
  config = (struct collector_config){.knobs = knobs, .journal = &journal, .out_of_memory = out_of_memory};
  struct gc_mutator *mutator = collector_start(&config);
  assert_non_null(mutator);
  return marksweep_of(mutator);
}

/* Blocks that have memory, and large objects. */
static uint64_t held_bytes(const struct marksweep *ms)
{
  return ((uint64_t)ms->blocks.used + ms->blocks.free[BLOCK_DIRTY].count) * BLOCK_BYTES + ms->large.mapped_bytes;
}

/* What the system says that the blocks have of its memory. */
static uint64_t resident_bytes(const struct marksweep *ms)
{
  const uintptr_t first = (uintptr_t)ms->blocks.base;
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
      is_ours = start_address >= first && start_address < first + ms->blocks.span_bytes;
    else if (is_ours && sscanf(line, "Rss: %" SCNu64, &number) == 1)
      kilobytes += number;
  }
  fclose(maps);
  return kilobytes * 1024 + ms->large.mapped_bytes;
}

enum program { SMALL_CELLS, MIXED_SIZES, LARGE_OBJECTS };

static struct gc_shape shape_for(enum program program, struct random *random)
{
  static const uint32_t most_bytes[PROGRAMS] = {[SMALL_CELLS] = 40, [MIXED_SIZES] = 8000, [LARGE_OBJECTS] = 300000};
  const uint32_t bytes = random_below(random, most_bytes[program]);
  return (struct gc_shape){.fields = 1, .bytes = program == LARGE_OBJECTS ? 40000 + bytes : bytes, .kind = GC_LIST};
}

struct filling {
  struct marksweep *ms;
  gc_ref *list, *scratch;
  uint64_t limit_bytes, asked_bytes;
  uint64_t made;
};

/* Keeps one in two of the objects, for ever. */
static void fill(struct filling *filling, enum program program, struct random *random)
{
  struct gc_mutator *mutator = &filling->ms->mutator;
  for (;;) {
    const struct gc_shape shape = shape_for(program, random);
    filling->asked_bytes = header_payload_bytes(shape);
    gc_new(mutator, filling->scratch, shape);
    memset(gc_bytes(*filling->scratch, 1), 0x5a, shape.bytes);
    if (filling->made++ % 2 == 0) {
      gc_store(mutator, *filling->scratch, 0, *filling->list);
      gc_root(mutator, filling->list, *filling->scratch);
    }
    assert_true(held_bytes(filling->ms) <= filling->limit_bytes);
  }
}

/* Memory has run out: neither too late nor too early, and nothing is damaged. */
static void require_full(const struct filling *filling)
{
  struct marksweep *ms = filling->ms;
  const uint64_t used_bytes = (uint64_t)ms->blocks.used * BLOCK_BYTES + ms->large.mapped_bytes;
  const bool is_large = HEADER_BYTES + filling->asked_bytes > SIZE_CLASS_MAX_BYTES;
  const uint64_t wanted_bytes = is_large ? large_mapped_bytes(filling->asked_bytes) : BLOCK_BYTES;
  assert_true(held_bytes(ms) <= filling->limit_bytes);
  if (used_bytes + wanted_bytes <= filling->limit_bytes)
    fail_msg("no room for %" PRIu64 " bytes with %" PRIu64 " of %" PRIu64 " in use", filling->asked_bytes, used_bytes,
             filling->limit_bytes);
  assert_true(resident_bytes(ms) <= filling->limit_bytes);
  assert_true(ms->mutator.counters.peak_heap_bytes <= filling->limit_bytes);
  collector_check(&ms->mutator);
}

static void fill_to_the_limit(uint64_t limit_bytes, enum program program, bool lazy_sweep)
{
  static struct filling filling; /* static, for what setjmp returns to must find them as they were */
  static struct random random;
  filling = (struct filling){.ms = start(limit_bytes, lazy_sweep), .limit_bytes = limit_bytes};
  struct gc_mutator *mutator = &filling.ms->mutator;
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
    assert_true(held_bytes(filling.ms) <= limit_bytes);
    assert_true(resident_bytes(filling.ms) <= limit_bytes);
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
  /* Whole blocks, and some bytes more or less. */
  static const uint64_t limits[] = {KEPT + BLOCK_BYTES, MIB, MIB + 1, 3 * MIB - 12345, 6 * MIB};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    for (enum program program = SMALL_CELLS; program <= LARGE_OBJECTS; program++) {
      fill_to_the_limit(limits[i], program, true);
      fill_to_the_limit(limits[i], program, false);
    }
  }
}

/* Blocks that small cells had are given back for a large object, and the other way round. */
static void test_memory_changes_hands(void **state)
{
  (void)state;
  struct marksweep *ms = start(8 * MIB, true);
  struct gc_mutator *mutator = &ms->mutator;
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  if (setjmp(no_memory) != 0) fail_msg("memory ran out");
  for (int round = 0; round < 10; round++) {
    gc_root(mutator, &frame.slot[1], NULL);
    for (int i = 0; i < 100000; i++) { /* 4.8 MB */
      gc_new(mutator, &frame.slot[1], (struct gc_shape){.fields = 5, .kind = GC_INSTANCE});
      gc_store(mutator, frame.slot[1], 0, frame.slot[0]);
      gc_root(mutator, &frame.slot[0], frame.slot[1]);
      assert_true(held_bytes(ms) <= 8 * MIB);
    }
    gc_root(mutator, &frame.slot[0], NULL);
    gc_root(mutator, &frame.slot[1], NULL);
    gc_new(mutator, &frame.slot[1], (struct gc_shape){.bytes = 7 * MIB, .kind = GC_ATOM});
    memset(gc_bytes(frame.slot[1], 0), 1, 7 * MIB);
    assert_true(held_bytes(ms) <= 8 * MIB);
    assert_true(resident_bytes(ms) <= 8 * MIB);
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
