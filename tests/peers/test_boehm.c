/* What is peculiar to the boehm peer: roots that libgc does not find by itself, events, limits. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "tests/unit/cmocka_all.h"

static jmp_buf out;
static uint64_t refused_bytes;

static __attribute__((noreturn)) void no_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  refused_bytes = bytes;
  longjmp(out, 1);
}

static int64_t values[32];
static struct journal journal;
static struct collector_config config = {.knobs = values, .journal = &journal, .out_of_memory = no_memory};
static struct gc_mutator *mutator;

static void set_knob(const char *name, int64_t value)
{
  const int row = setting_find(collector.knobs, collector.knob_count, name);
  assert_true(row >= 0);
  values[row] = value;
}

static const struct gc_shape node = {.fields = 1, .bytes = 56, .kind = GC_INSTANCE};

/* One frame in malloc's memory, which libgc does not scan, holds a list that must survive. */
static void test_frames_off_the_stack(void **state)
{
  enum { LENGTH = 1000 };
  struct {
    struct gc_frame frame;
    gc_ref slot[2];
  } *far = calloc(1, sizeof *far);
  (void)state;
  assert_non_null(far);
  far->frame = (struct gc_frame){.slots = far->slot, .count = 2};
  gc_push(mutator, &far->frame);
  for (uint64_t i = 0; i < LENGTH; i++) {
    gc_new(mutator, &far->slot[1], node);
    *(uint64_t *)gc_bytes(far->slot[1], 1) = i;
    gc_store(mutator, far->slot[1], 0, far->slot[0]);
    gc_root(mutator, &far->slot[0], far->slot[1]);
  }
  gc_root(mutator, &far->slot[1], NULL);
  gc_collect(mutator, GC_FULL);
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (int i = 0; i < 10 * LENGTH; i++) { /* would reuse what was wrongly freed */
    gc_new(mutator, &frame.slot[0], node);
    *(uint64_t *)gc_bytes(frame.slot[0], 1) = UINT64_MAX;
  }
  gc_pop(mutator, &frame.frame);
  gc_ref here = far->slot[0];
  for (uint64_t i = LENGTH; i > 0; i--) {
    assert_non_null(here);
    assert_int_equal(*(uint64_t *)gc_bytes(here, 1), i - 1);
    here = gc_load(mutator, here, 0);
  }
  assert_null(here);
  gc_pop(mutator, &far->frame);
  free(far);
}

/* A gigabyte of garbage goes through a heap of a few megabytes, and every collection has its row. */
static void test_reclaims_and_reports(void **state)
{
  (void)state;
  const uint64_t collections_before = mutator->counters.collections[GC_GENERATIONS - 1];
  const uint64_t rows_before = journal.head->row_count;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (int i = 0; i < 16000000; i++) gc_new(mutator, &frame.slot[0], node);
  gc_pop(mutator, &frame.frame);
  collector_settle(mutator);
  collector_check(mutator);
  assert_true(mutator->counters.peak_heap_bytes < 64 << 20);
  const uint64_t collections = mutator->counters.collections[GC_GENERATIONS - 1] - collections_before;
  assert_true(collections > 10);
  assert_int_equal(journal.head->row_count - rows_before, collections);
  for (uint64_t i = rows_before; i < journal.head->row_count; i++) {
    const struct journal_row *row = &journal.rows[i];
    assert_int_equal(row->kind, JOURNAL_COLLECTION);
    assert_int_equal(row->cause, JOURNAL_EXTERNAL);
    assert_true(row->duration_ns > 0 && row->mark_ns > 0 && row->mark_ns <= row->duration_ns);
    assert_true(row->heap_before_bytes > 0);
  }
  journal_check(&journal);
}

static void test_atoms_are_zeroed(void **state)
{
  (void)state;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (uint32_t i = 0; i < 200000; i++) {
    const uint32_t bytes = i % 300 + 1;
    gc_new(mutator, &frame.slot[0], (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
    unsigned char *raw = gc_bytes(frame.slot[0], 0);
    for (uint32_t k = 0; k < bytes; k++) assert_int_equal(raw[k], 0);
    memset(raw, 0xa5, bytes);
  }
  gc_pop(mutator, &frame.frame);
}

static void test_explicit_collection(void **state)
{
  (void)state;
  const uint64_t rows_before = journal.head->row_count;
  gc_collect(mutator, GC_FULL);
  assert_int_equal(journal.head->row_count, rows_before + 1);
  assert_int_equal(journal.rows[rows_before].cause, JOURNAL_EXPLICIT);
}

/* The heap's limit, 32 MiB, is an outcome; the heap stays usable. */
static void test_heap_limit(void **state)
{
  (void)state;
  GC_FRAME(frame, 1);
  if (setjmp(out) == 0) {
    gc_push(mutator, &frame.frame);
    gc_new(mutator, &frame.slot[0], (struct gc_shape){.bytes = 256 << 20, .kind = GC_ATOM});
    fail();
  }
  assert_int_equal(refused_bytes, 256 << 20);
  assert_true(mutator->counters.peak_footprint_bytes <= 32 << 20);
  mutator->frames = NULL;
  test_reclaims_and_reports(state);
}

int main(void)
{
  for (size_t i = 0; i < collector.knob_count; i++) values[i] = collector.knobs[i].default_value;
  set_knob("heap_limit", 32 << 20);
  clock_calibrate();
  if (!journal_open(&journal, -1, 100000, 1, 1000)) return 1;
  mutator = collector_start(&config);
  if (mutator == NULL) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames_off_the_stack), cmocka_unit_test(test_reclaims_and_reports),
      cmocka_unit_test(test_atoms_are_zeroed),     cmocka_unit_test(test_explicit_collection),
      cmocka_unit_test(test_heap_limit),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  collector_finish(mutator);
  journal_close(&journal);
  return failed;
}
