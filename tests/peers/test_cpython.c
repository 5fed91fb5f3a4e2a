/*
 * Does the cpython peer collect exactly when, and exactly what, CPython does?  Compared with the interpreter's own
 * golden numbers, and with a model of its rules (thresholds, the 25 % rule, counting) that is written here anew and
 * knows nothing of the peer.  Any perturbation by the peer, such as a type made or a callback called, shows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "tests/unit/cmocka_all.h"

static __attribute__((noreturn)) void no_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  fprintf(stderr, "no memory for %llu bytes\n", (unsigned long long)bytes);
  abort();
}

static int64_t values[32];
static struct journal journal;
static struct collector_config config = {.knobs = values, .journal = &journal, .out_of_memory = no_memory};
static struct gc_mutator *mutator;

static void set_threshold(const char *name, int64_t value)
{
  const int row = setting_find(collector.knobs, collector.knob_count, name);
  assert_true(row >= 0);
  values[row] = value;
}

static int start(void **state)
{
  (void)state;
  for (size_t i = 0; i < collector.knob_count; i++) values[i] = collector.knobs[i].default_value;
  assert_true(journal_open(&journal, -1, 100000, 1, 1000));
  mutator = collector_start(&config);
  assert_non_null(mutator);
  return 0;
}

static int finish(void **state)
{
  (void)state;
  collector_settle(mutator);
  collector_check(mutator);
  journal_check(&journal);
  collector_finish(mutator);
  journal_close(&journal);
  return 0;
}

/* A model of three generations that counts live and dead containers. */
struct model {
  int64_t thresholds[GC_GENERATIONS];
  uint64_t count[GC_GENERATIONS];
  uint64_t live[GC_GENERATIONS], dead[GC_GENERATIONS];
  uint64_t long_lived_total, long_lived_pending;
  uint64_t collections[GC_GENERATIONS], collected[GC_GENERATIONS];
};

static void model_collect(struct model *model, int generation)
{
  if (generation < 2) model->count[generation + 1]++;
  uint64_t live = 0;
  uint64_t dead = 0;
  for (int i = 0; i <= generation; i++) {
    model->count[i] = 0;
    live += model->live[i];
    dead += model->dead[i];
    model->live[i] = model->dead[i] = 0;
  }
  model->live[generation < 2 ? generation + 1 : 2] += live;
  if (generation == 1) model->long_lived_pending += live;
  if (generation == 2) {
    model->long_lived_pending = 0;
    model->long_lived_total = live;
  }
  model->collections[generation]++;
  model->collected[generation] += dead;
}

static void model_allocate(struct model *model)
{
  if ((int64_t)++model->count[0] > model->thresholds[0] && model->thresholds[0] != 0) {
    for (int i = 2; i >= 0; i--) {
      if ((int64_t)model->count[i] <= model->thresholds[i]) continue;
      if (i == 2 && model->long_lived_pending < model->long_lived_total / 4) continue;
      model_collect(model, i);
      break;
    }
  }
  model->live[0]++;
}

/* The youngest object that lives dies without being freed: it was the only live one of its generation. */
static void model_lose_youngest(struct model *model)
{
  for (int i = 0; i < GC_GENERATIONS; i++) {
    if (model->live[i] == 0) continue;
    model->live[i]--;
    model->dead[i]++;
    return;
  }
}

static void assert_as_model(const struct model *model)
{
  collector_settle(mutator);
  assert_memory_equal(mutator->counters.collections, model->collections, sizeof model->collections);
  assert_memory_equal(mutator->counters.collected, model->collected, sizeof model->collected);
}

/* Containers that all stay: a list of `count`, linked through field 0.  Shapes vary, so that types are made midway. */
static void keep(struct model *model, uint64_t count, uint32_t shapes)
{
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  for (uint64_t i = 0; i < count; i++) {
    const struct gc_shape shape = {.fields = 2, .bytes = 8 * (uint32_t)(i % shapes), .kind = GC_INSTANCE};
    gc_new(mutator, &frame.slot[1], shape);
    model_allocate(model);
    gc_store(mutator, frame.slot[1], 0, frame.slot[0]);
    gc_root(mutator, &frame.slot[0], frame.slot[1]);
  }
  assert_as_model(model);
  gc_pop(mutator, &frame.frame);
}

static void test_keep(void **state)
{
  (void)state;
  struct model model = {.thresholds = {700, 10, 10}};
  keep(&model, 1000000, 1);
  const uint64_t golden[] = {1300, 118, 8}; /* Debian's 3.11.2, and 3.11.7: a million slotted instances kept */
  assert_memory_equal(mutator->counters.collections, golden, sizeof golden);
}

static void test_keep_many_shapes(void **state)
{
  (void)state;
  struct model model = {.thresholds = {700, 10, 10}};
  keep(&model, 100000, 317);
}

static void test_atoms_are_not_counted(void **state)
{
  (void)state;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (uint32_t i = 0; i < 100000; i++) {
    gc_new(mutator, &frame.slot[0], (struct gc_shape){.bytes = i % 1000, .kind = GC_ATOM});
    const unsigned char *bytes = gc_bytes(frame.slot[0], 0);
    for (uint32_t k = 0; k < i % 1000; k += 13) assert_int_equal(bytes[k], 0);
    memset(gc_bytes(frame.slot[0], 0), 0xa5, i % 1000);
  }
  gc_pop(mutator, &frame.frame);
  collector_settle(mutator);
  assert_int_equal(mutator->counters.collections[0], 0);
  assert_int_equal(mutator->counters.freed_objects, mutator->counters.allocated_objects);
  assert_int_equal(mutator->counters.freed_bytes, mutator->counters.allocated_bytes);
  assert_int_equal(mutator->counters.heap_bytes, 0);
}

/* Objects that refer to themselves, one alive at a time, at several thresholds. */
static void lose_cycles(struct model *model, uint64_t count)
{
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (uint64_t i = 0; i < count; i++) {
    gc_new(mutator, &frame.slot[0], (struct gc_shape){.fields = 1, .kind = GC_INSTANCE});
    model_allocate(model);
    if (i > 0) { /* what the slot held is lost now */
      uint64_t newest = 1;
      model->live[0] -= newest;
      model_lose_youngest(model);
      model->live[0] += newest;
    }
    gc_store(mutator, frame.slot[0], 0, frame.slot[0]);
  }
  assert_as_model(model);
  gc_pop(mutator, &frame.frame);
}

static void test_lost_cycles(void **state)
{
  (void)state;
  struct model model = {.thresholds = {700, 10, 10}};
  lose_cycles(&model, 100000);
  gc_collect(mutator, GC_FULL);
  collector_settle(mutator);
  assert_int_equal(mutator->counters.freed_objects, mutator->counters.allocated_objects);
}

static int start_with(int64_t threshold0, int64_t threshold1, int64_t threshold2)
{
  for (size_t i = 0; i < collector.knob_count; i++) values[i] = collector.knobs[i].default_value;
  set_threshold("threshold0", threshold0);
  set_threshold("threshold1", threshold1);
  set_threshold("threshold2", threshold2);
  assert_true(journal_open(&journal, -1, 100000, 1, 1000));
  mutator = collector_start(&config);
  assert_non_null(mutator);
  return 0;
}

static void test_thresholds(void **state)
{
  static const int64_t sets[][GC_GENERATIONS] = {{3, 2, 2}, {1, 0, 0}, {50, 3, 0}, {2000, 1, 5}, {0, 10, 10}};
  (void)state;
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    struct model model = {.thresholds = {sets[i][0], sets[i][1], sets[i][2]}};
    start_with(sets[i][0], sets[i][1], sets[i][2]);
    lose_cycles(&model, 5000);
    finish(NULL);
    model = (struct model){.thresholds = {sets[i][0], sets[i][1], sets[i][2]}};
    start_with(sets[i][0], sets[i][1], sets[i][2]);
    keep(&model, 5000, 3);
    finish(NULL);
  }
}

/* Each collection is one row in the journal, of its generation; each release of more than one object is a cascade. */
static void test_journal(void **state)
{
  (void)state;
  struct model model = {.thresholds = {700, 10, 10}};
  keep(&model, 100000, 1);
  uint64_t rows[GC_GENERATIONS] = {0};
  uint64_t cascades = journal.head->short_count;
  uint64_t freed_objects = 0;
  for (uint64_t i = 0; i < journal.head->row_count; i++) {
    const struct journal_row *row = &journal.rows[i];
    if (row->kind == JOURNAL_COLLECTION) rows[row->generation]++;
    if (row->kind == JOURNAL_CASCADE) {
      cascades++;
      freed_objects += row->freed_objects;
    }
  }
  assert_memory_equal(rows, model.collections, sizeof rows);
  assert_int_equal(cascades, 1); /* the list, when its frame was popped: deep enough for the trashcan */
  assert_int_equal(freed_objects, 100000);
  assert_int_equal(mutator->counters.cascade_max_objects, 100000);
}

static void test_collect_tells_what_it_found(void **state)
{
  (void)state;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (int i = 0; i < 10; i++) {
    gc_new(mutator, &frame.slot[0], (struct gc_shape){.fields = 1, .kind = GC_INSTANCE});
    gc_store(mutator, frame.slot[0], 0, frame.slot[0]);
  }
  assert_int_equal(gc_collect(mutator, 0), 9);
  gc_root(mutator, &frame.slot[0], NULL); /* in generation 1 by now */
  assert_int_equal(gc_collect(mutator, 0), 0);
  assert_int_equal(gc_collect(mutator, 1), 1);
  assert_int_equal(gc_collect(mutator, GC_FULL), 0);
  gc_pop(mutator, &frame.frame);
  collector_settle(mutator);
  const uint64_t collections[] = {2, 1, 1};
  assert_memory_equal(mutator->counters.collections, collections, sizeof collections);
}

int main(void)
{
  clock_calibrate();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_keep, start, finish),
      cmocka_unit_test_setup_teardown(test_keep_many_shapes, start, finish),
      cmocka_unit_test_setup_teardown(test_atoms_are_not_counted, start, finish),
      cmocka_unit_test_setup_teardown(test_lost_cycles, start, finish),
      cmocka_unit_test(test_thresholds),
      cmocka_unit_test_setup_teardown(test_journal, start, finish),
      cmocka_unit_test_setup_teardown(test_collect_tells_what_it_found, start, finish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
