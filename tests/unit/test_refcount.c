/* refcount: what dies, when, and how deep; counts, cascades and their limit. */
#include "base/random.h"
#include "tests/unit/heap_fixture.h"

static const struct heap_knob no_change[] = {{NULL, 0}};

static const struct gc_shape node = {.fields = 2, .bytes = 8, .kind = GC_INSTANCE};
static const struct gc_shape atom = {.fields = 0, .bytes = 24, .kind = GC_ATOM};

#ifdef GC_CHECKING
enum { LONG_LIST = 1000000 }; /* a checking build keeps a table of all objects */
#else
enum { LONG_LIST = 10000000 };
#endif

/* A list of `length` nodes, linked through the field, in slot 0; slot 1 is used. */
static void make_list(struct heap *heap, uint32_t length, uint32_t field)
{
  gc_ref *slot = heap->frame.slots;
  for (uint32_t i = 0; i < length; i++) {
    gc_new(heap->mutator, &slot[1], node);
    gc_store(heap->mutator, slot[1], field, slot[0]);
    gc_root(heap->mutator, &slot[0], slot[1]);
  }
  gc_root(heap->mutator, &slot[1], NULL);
}

static void a_long_list_dies_in_one_cascade(void **state)
{
  (void)state;
  for (uint32_t field = 0; field < 2; field++) {
    struct heap heap;
    heap_start(&heap, 2, no_change);
    make_list(&heap, LONG_LIST, field);
    const struct gc_counters *counters = &heap.mutator->counters;
    assert_int_equal(counters->freed_objects, 0);
    gc_root(heap.mutator, &heap.frame.slots[0], NULL);
    assert_int_equal(counters->freed_objects, LONG_LIST);
    assert_int_equal(counters->cascades, 1);
    assert_int_equal(counters->cascade_max_objects, LONG_LIST);
    assert_int_equal(counters->heap_bytes, 0);
    assert_int_equal(heap.journal.head->row_count, 1);
    assert_int_equal(heap.journal.rows[0].kind, JOURNAL_CASCADE);
    assert_int_equal(heap.journal.rows[0].freed_objects, LONG_LIST);
    heap_finish(&heap);
  }
}

/*
 * Each node of a list holds another object beside its successor, on either side: one of them waits while the other is
 * freed, all along the list.  What waits is a leaf, an atom, or has many fields itself.
 */
static void what_waits_in_a_deep_cascade_dies(void **state)
{
  (void)state;
  enum { LENGTH = 3000, WIDE = 300 };
  const struct gc_shape wide = {.fields = WIDE, .kind = GC_LIST};
  for (uint32_t field = 0; field < 2; field++) {
    struct heap heap;
    heap_start(&heap, 3, no_change);
    gc_ref *slot = heap.frame.slots;
    make_list(&heap, LENGTH, field);
    gc_root(heap.mutator, &slot[1], slot[0]);
    for (uint32_t i = 0; i < LENGTH; i++) {
      gc_new(heap.mutator, &slot[2], i % 64 == 63 ? wide : i % 2 == 0 ? node : atom);
      gc_store(heap.mutator, slot[1], 1 - field, slot[2]);
      for (uint32_t k = 0; i % 64 == 63 && k < WIDE; k++) {
        gc_new(heap.mutator, &slot[2], k % 2 == 0 ? node : atom);
        gc_store(heap.mutator, gc_load(heap.mutator, slot[1], 1 - field), k, slot[2]);
      }
      gc_root(heap.mutator, &slot[1], gc_load(heap.mutator, slot[1], field));
    }
    gc_root(heap.mutator, &slot[2], NULL);
    const struct gc_counters *counters = &heap.mutator->counters;
    assert_int_equal(counters->allocated_objects, 2 * LENGTH + LENGTH / 64 * WIDE);
    assert_int_equal(counters->freed_objects, 0);
    collector_check(heap.mutator);
    gc_root(heap.mutator, &slot[0], NULL);
    assert_int_equal(counters->freed_objects, counters->allocated_objects);
    assert_int_equal(counters->freed_bytes, counters->allocated_bytes);
    assert_int_equal(counters->cascade_max_objects, counters->allocated_objects);
    assert_int_equal(counters->heap_bytes, 0);
    heap_finish(&heap);
  }
}

static void a_single_death_is_no_pause(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, no_change);
  gc_new(heap.mutator, &heap.frame.slots[0], node);
  gc_new(heap.mutator, &heap.frame.slots[1], node);
  gc_store(heap.mutator, heap.frame.slots[0], 0, heap.frame.slots[1]);
  gc_root(heap.mutator, &heap.frame.slots[0], NULL); /* its referent lives on */
  assert_int_equal(heap.mutator->counters.freed_objects, 1);
  assert_int_equal(heap.mutator->counters.cascades, 0);
  assert_int_equal(heap.journal.head->row_count, 0);
  heap_finish(&heap);
}

static void an_object_and_its_atom_are_a_cascade(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, no_change);
  gc_new(heap.mutator, &heap.frame.slots[0], node);
  gc_new(heap.mutator, &heap.frame.slots[1], atom);
  gc_store(heap.mutator, heap.frame.slots[0], 1, heap.frame.slots[1]);
  gc_root(heap.mutator, &heap.frame.slots[1], NULL);
  gc_root(heap.mutator, &heap.frame.slots[0], NULL);
  assert_int_equal(heap.mutator->counters.freed_objects, 2);
  assert_int_equal(heap.mutator->counters.cascades, 1);
  heap_finish(&heap);
}

static void an_object_held_twice_by_one_that_dies_dies_once(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, no_change);
  gc_new(heap.mutator, &heap.frame.slots[0], node);
  gc_new(heap.mutator, &heap.frame.slots[1], node);
  gc_store(heap.mutator, heap.frame.slots[0], 0, heap.frame.slots[1]);
  gc_store(heap.mutator, heap.frame.slots[0], 1, heap.frame.slots[1]);
  gc_root(heap.mutator, &heap.frame.slots[1], NULL);
  assert_int_equal(heap_held(&heap), 2);
  gc_root(heap.mutator, &heap.frame.slots[0], NULL);
  assert_int_equal(heap_held(&heap), 0);
  heap_finish(&heap);
}

static void storing_what_is_there_keeps_it(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, no_change);
  gc_new(heap.mutator, &heap.frame.slots[0], node);
  gc_new(heap.mutator, &heap.frame.slots[1], node);
  gc_store(heap.mutator, heap.frame.slots[0], 0, heap.frame.slots[1]);
  gc_root(heap.mutator, &heap.frame.slots[1], NULL);
  gc_store(heap.mutator, heap.frame.slots[0], 0, gc_load(heap.mutator, heap.frame.slots[0], 0));
  gc_root(heap.mutator, &heap.frame.slots[0], heap.frame.slots[0]);
  assert_int_equal(heap_held(&heap), 2);
  heap_finish(&heap);
}

static void a_cycle_is_held_for_ever(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, no_change);
  gc_new(heap.mutator, &heap.frame.slots[0], node);
  gc_new(heap.mutator, &heap.frame.slots[1], node);
  gc_store(heap.mutator, heap.frame.slots[0], 0, heap.frame.slots[1]);
  gc_store(heap.mutator, heap.frame.slots[1], 0, heap.frame.slots[0]);
  gc_root(heap.mutator, &heap.frame.slots[0], NULL);
  gc_root(heap.mutator, &heap.frame.slots[1], NULL);
  assert_int_equal(gc_collect(heap.mutator, GC_FULL), 0);
  assert_int_equal(heap_held(&heap), 2);
  heap_finish(&heap);
}

static void large_shapes_are_counted_in_full(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, no_change);
  const struct gc_shape wide = {.fields = 20000, .bytes = 100000, .kind = GC_INSTANCE};
  gc_new(heap.mutator, &heap.frame.slots[0], wide);
  for (uint32_t i = 0; i < wide.fields; i++) assert_null(gc_load(heap.mutator, heap.frame.slots[0], i));
  for (uint32_t i = 0; i < wide.fields; i++) {
    gc_new(heap.mutator, &heap.frame.slots[1], i % 2 == 0 ? node : atom);
    gc_store(heap.mutator, heap.frame.slots[0], i, heap.frame.slots[1]);
  }
  const struct gc_shape long_atom = {.bytes = 1 << 20, .kind = GC_ATOM};
  gc_new(heap.mutator, &heap.frame.slots[1], long_atom);
  const unsigned char *bytes = gc_bytes(heap.frame.slots[1], 0);
  for (uint32_t i = 0; i < long_atom.bytes; i += 512) assert_int_equal(bytes[i], 0);
  collector_check(heap.mutator);
  gc_root(heap.mutator, &heap.frame.slots[0], NULL);
  gc_root(heap.mutator, &heap.frame.slots[1], NULL);
  assert_int_equal(heap_held(&heap), 0);
  assert_int_equal(heap.mutator->counters.freed_bytes, heap.mutator->counters.allocated_bytes);
  assert_int_equal(heap.mutator->counters.heap_bytes, 0);
  heap_finish(&heap);
}

static void a_limit_bounds_each_step(void **state)
{
  (void)state;
  enum { LENGTH = 1000, LIMIT = 10 };
  struct heap heap;
  heap_start(&heap, 2, (const struct heap_knob[]){{"cascade_limit", LIMIT}, {NULL, 0}});
  const struct gc_counters *counters = &heap.mutator->counters;
  make_list(&heap, LENGTH, 0);
  gc_root(heap.mutator, &heap.frame.slots[0], NULL);
  assert_int_equal(counters->freed_objects, LIMIT);
  uint64_t freed = LIMIT;
  while (freed < LENGTH) { /* the new object takes the place of the last, which is one more free */
    const uint64_t replaced = heap.frame.slots[1] != NULL;
    gc_new(heap.mutator, &heap.frame.slots[1], atom);
    assert_int_equal(counters->freed_objects - replaced * (counters->allocated_objects - LENGTH - 1), freed + LIMIT);
    freed += LIMIT;
  }
  assert_int_equal(counters->cascade_max_objects, LIMIT);
  assert_int_equal(heap_held(&heap), 1);
  heap_finish(&heap);
}

static void a_limit_bounds_wide_objects(void **state)
{
  (void)state;
  enum { WIDTH = 5000 };
  for (int64_t limit = 1; limit <= 64; limit *= 4) {
    for (int kind = 0; kind < 2; kind++) {
      struct heap heap;
      heap_start(&heap, 2, (const struct heap_knob[]){{"cascade_limit", limit}, {NULL, 0}});
      const struct gc_counters *counters = &heap.mutator->counters;
      gc_new(heap.mutator, &heap.frame.slots[0], (struct gc_shape){.fields = WIDTH, .kind = GC_INSTANCE});
      for (uint32_t i = 0; i < WIDTH; i++) {
        gc_new(heap.mutator, &heap.frame.slots[1], kind == 0 ? atom : node);
        gc_store(heap.mutator, heap.frame.slots[0], i, heap.frame.slots[1]);
      }
      gc_root(heap.mutator, &heap.frame.slots[1], NULL);
      gc_root(heap.mutator, &heap.frame.slots[0], NULL);
      uint64_t steps = 0;
      for (uint64_t freed = counters->freed_objects; freed < WIDTH + 1; freed = counters->freed_objects, steps++) {
        gc_new(heap.mutator, &heap.frame.slots[1], atom);
        gc_root(heap.mutator, &heap.frame.slots[1], NULL);
        assert_true(counters->freed_objects <= freed + (uint64_t)limit + 1 + 1); /* the atom itself, and one over */
        assert_true(steps < 4 * WIDTH);                                          /* it comes to an end */
      }
      assert_int_equal(heap_held(&heap), 0);
      heap_finish(&heap);
    }
  }
}

static void settling_drains_and_is_no_pause(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, (const struct heap_knob[]){{"cascade_limit", 3}, {NULL, 0}});
  make_list(&heap, 100, 1);
  gc_root(heap.mutator, &heap.frame.slots[0], NULL);
  const uint64_t cascades = heap.mutator->counters.cascades;
  assert_int_equal(heap_held(&heap), 0);
  assert_int_equal(heap.mutator->counters.cascades, cascades);
  heap_finish(&heap);
}

/* Random programs over graphs without cycles: everything dies in the end, whatever the limit. */
static void random_programs_leave_nothing(void **state)
{
  (void)state;
  static const int64_t limits[] = {0, 1, 2, 3, 7, 100};
  enum { SLOTS = 16, STEPS = 20000 };
  for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
    struct heap heap;
    heap_start(&heap, SLOTS, (const struct heap_knob[]){{"cascade_limit", limits[l]}, {NULL, 0}});
    struct random random;
    random_seed(&random, l + 1);
    gc_ref *slots = heap.frame.slots;
    for (uint32_t step = 0; step < STEPS; step++) {
      const uint32_t a = random_below(&random, SLOTS);
      const uint32_t b = random_below(&random, SLOTS);
      const uint32_t fields = random_below(&random, 5);
      if (random_below(&random, 10) == 0) {
        gc_root(heap.mutator, &slots[a], NULL);
        continue;
      }
      /* A new object refers to older ones only, so there are no cycles. */
      const struct gc_shape shape = {.fields = fields, .bytes = 8 * random_below(&random, 3), .kind = GC_INSTANCE};
      gc_ref held[5];
      for (uint32_t i = 0; i < fields; i++) held[i] = slots[random_below(&random, SLOTS)];
      for (uint32_t i = 0; i < fields; i++) {
        if (held[i] == slots[b]) held[i] = NULL; /* b is about to be dropped */
      }
      gc_new(heap.mutator, &slots[b], shape);
      for (uint32_t i = 0; i < fields; i++) gc_store(heap.mutator, slots[b], i, held[i]);
      if (step % 1000 == 0) collector_check(heap.mutator);
    }
    for (uint32_t i = 0; i < SLOTS; i++) gc_root(heap.mutator, &slots[i], NULL);
    assert_int_equal(heap_held(&heap), 0);
    assert_int_equal(heap.mutator->counters.freed_bytes, heap.mutator->counters.allocated_bytes);
    assert_int_equal(heap.mutator->counters.heap_bytes, 0);
    heap_finish(&heap);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_long_list_dies_in_one_cascade),
      cmocka_unit_test(what_waits_in_a_deep_cascade_dies),
      cmocka_unit_test(a_single_death_is_no_pause),
      cmocka_unit_test(an_object_and_its_atom_are_a_cascade),
      cmocka_unit_test(an_object_held_twice_by_one_that_dies_dies_once),
      cmocka_unit_test(storing_what_is_there_keeps_it),
      cmocka_unit_test(a_cycle_is_held_for_ever),
      cmocka_unit_test(large_shapes_are_counted_in_full),
      cmocka_unit_test(a_limit_bounds_each_step),
      cmocka_unit_test(a_limit_bounds_wide_objects),
      cmocka_unit_test(settling_drains_and_is_no_pause),
      cmocka_unit_test(random_programs_leave_nothing),
  };
  return cmocka_run_group_tests_name("refcount", tests, NULL, NULL);
}
