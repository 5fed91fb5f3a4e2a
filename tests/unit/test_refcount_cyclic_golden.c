/*
 * refcount_cyclic against what CPython 3.11 printed.
 *
 * Every expected number here was printed by the interpreter (3.11.2 of Debian and 3.11.7 agree) running a short script;
 * the workloads below are those scripts, statement by statement.  What a script allocates for itself before the loop
 * that is measured shifts the counts; it is made up for by `fillers`, so many containers that are counted and stay:
 *   - in e4_build the statistics taken before the loop leave a count of 8 and two lists in the free list: with an empty
 *     loop gc.get_count() says (8, 0, 0), and (10, 0, 0) when the loop makes four lists;
 *   - in e5_rule25 the full collections are logged by a callback, whose set-up leaves 4; each full collection empties
 *     the free lists, so that the next information dict that a callback gets is counted: one more after each;
 *   - e7_cadence has no fillers, and the same dict after each full collection.
 * Lists come from the free lists in the interpreter, so that workload runs with python_free_lists.
 */
#include "collectors/refcount_cyclic/cyclic.h"
#include "tests/unit/heap_fixture.h"

static const struct gc_shape slotted = {.fields = 2, .kind = GC_INSTANCE};
static const struct gc_shape list_of_1 = {.fields = 1, .kind = GC_LIST};
static const struct gc_shape dict = {.fields = 0, .kind = GC_DICT};

static struct cyclic *state_of(const struct heap *heap) { return cyclic_of(heap->mutator); }

static void build_keep_slots(struct heap *heap, gc_ref *slots, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) gc_new(heap->mutator, &slots[i], slotted);
}

/* l = []; l.append(l) */
static void build_self_cycles(struct heap *heap, gc_ref *slots, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    gc_new(heap->mutator, &slots[0], list_of_1);
    gc_store(heap->mutator, slots[0], 0, slots[0]);
  }
}

/* x = S(); y = S(); x.a = y; y.a = x */
static void build_pairs(struct heap *heap, gc_ref *slots, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    gc_new(heap->mutator, &slots[0], slotted);
    gc_new(heap->mutator, &slots[1], slotted);
    gc_store(heap->mutator, slots[0], 0, slots[1]);
    gc_store(heap->mutator, slots[1], 0, slots[0]);
  }
}

struct build {
  const char *name;
  void (*run)(struct heap *heap, gc_ref *slots, uint32_t count);
  uint32_t parked_lists; /* free list at the start */
  uint32_t count;
  uint64_t collections[GC_GENERATIONS], collected[GC_GENERATIONS];
  int64_t count_after[GC_GENERATIONS];
};

/* e4_build */
static const struct build builds[] = {
    {"keep_slots", build_keep_slots, 0, 10000, {13, 1, 0}, {0, 0, 0}, {194, 2, 1}},
    {"keep_slots", build_keep_slots, 0, 100000, {130, 11, 1}, {0, 0, 0}, {466, 9, 0}},
    {"keep_slots", build_keep_slots, 0, 1000000, {1300, 118, 8}, {0, 0, 0}, {382, 2, 6}},
    {"cyc_self", build_self_cycles, 2, 10000, {11, 1, 0}, {8493, 791, 0}, {634, 0, 1}},
    {"cyc_self", build_self_cycles, 2, 100000, {118, 10, 0}, {91953, 7910, 0}, {38, 8, 10}},
    {"cyc_self", build_self_cycles, 2, 1000000, {1166, 106, 9}, {908673, 83846, 7127}, {265, 0, 7}},
    {"cyc_pair", build_pairs, 0, 10000, {26, 2, 0}, {18140, 1460, 0}, {380, 4, 2}},
    {"cyc_pair", build_pairs, 0, 100000, {260, 23, 2}, {181472, 16812, 1464}, {223, 7, 1}},
    {"cyc_pair", build_pairs, 0, 1000000, {2596, 236, 21}, {1812000, 172510, 15422}, {55, 0, 5}},
};

enum { BUILD_FILLERS = 8 };

static void builds_collect_what_cpython_collects(void **state)
{
  (void)state;
  for (size_t b = 0; b < sizeof builds / sizeof builds[0]; b++) {
    const struct build *build = &builds[b];
#ifdef GC_CHECKING
    if (build->count > 10000) continue; /* every count is checked */
#endif
    struct heap heap;
    heap_start(&heap, BUILD_FILLERS + build->count + 1,
               (const struct heap_knob[]){{"python_free_lists", build->run == build_self_cycles}, {NULL, 0}});
    for (uint32_t i = 0; i < BUILD_FILLERS; i++) gc_new(heap.mutator, &heap.frame.slots[i], slotted);
    state_of(&heap)->free_lists.lists = build->parked_lists;
    build->run(&heap, heap.frame.slots + BUILD_FILLERS, build->count);
    const struct gc_counters *counters = &heap.mutator->counters;
    for (int g = 0; g < GC_GENERATIONS; g++) {
      assert_int_equal(counters->collections[g], build->collections[g]);
      assert_int_equal(counters->collected[g], build->collected[g]);
      assert_int_equal(state_of(&heap)->count[g], build->count_after[g]);
    }
    heap_finish(&heap);
  }
}

/* Allocates kept objects and logs which allocations collect; `log` ends with -1. */
static void log_collections(struct heap *heap, gc_ref *slots, uint32_t count, bool full_only, int32_t *log,
                            uint8_t *generations)
{
  const struct gc_counters *counters = &heap->mutator->counters;
  gc_ref *dicts = slots + count;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t before[GC_GENERATIONS];
    for (int g = 0; g < GC_GENERATIONS; g++) before[g] = counters->collections[g];
    gc_new(heap->mutator, &slots[i], slotted);
    for (int g = 0; g < GC_GENERATIONS; g++) {
      if (counters->collections[g] == before[g] || (full_only && g != GC_GENERATIONS - 1)) continue;
      *log++ = (int32_t)i;
      if (generations != NULL) *generations++ = (uint8_t)('0' + g);
    }
    /* The information dict of the next callback. */
    if (counters->collections[2] != before[2]) gc_new(heap->mutator, dicts++, dict);
  }
  *log = -1;
  if (generations != NULL) *generations = '\0';
}

/* e5_rule25: the allocations at which full collections run, with so many long-lived objects before. */
static void full_collections_wait_for_a_quarter(void **state)
{
  (void)state;
  static const struct {
    uint32_t long_lived;
    int32_t positions[6];
  } rows[] = {
      {0, {93228, 186460, 279692, 372924, 474568, -1}},
      {50000, {93228, 186460, 279692, 372924, 482980, -1}},
      {200000, {93228, 186460, 288104, 414984, 575512, -1}},
      {400000, {101640, 228520, 389048, 591636, -1}},
  };
  enum { NEW_OBJECTS = 600000, FILLERS = 4, DICTS = 8 };
#ifdef GC_CHECKING
  const size_t row_count = 1; /* every count is checked */
#else
  const size_t row_count = sizeof rows / sizeof rows[0];
#endif
  for (size_t r = 0; r < row_count; r++) {
    struct heap heap;
    heap_start(&heap, rows[r].long_lived + NEW_OBJECTS + FILLERS + DICTS, (const struct heap_knob[]){{NULL, 0}});
    state_of(&heap)->trigger = INT64_MAX; /* gc.disable() */
    gc_ref *slots = heap.frame.slots;
    for (uint32_t i = 0; i < rows[r].long_lived; i++) gc_new(heap.mutator, &slots[i], slotted);
    gc_collect(heap.mutator, GC_FULL);
    assert_int_equal(state_of(&heap)->long_lived_total, rows[r].long_lived);
    slots += rows[r].long_lived;
    for (uint32_t i = 0; i < FILLERS; i++) gc_new(heap.mutator, &slots[i], slotted);
    state_of(&heap)->trigger = state_of(&heap)->threshold[0]; /* gc.enable() */
    int32_t log[64];
    log_collections(&heap, slots + FILLERS, NEW_OBJECTS, true, log, NULL);
    for (int i = 0; i == 0 || rows[r].positions[i - 1] != -1; i++) assert_int_equal(log[i], rows[r].positions[i]);
    heap_finish(&heap);
  }
}

/* e7_cadence: 120 kept objects with small thresholds. */
static void cadence_is_cpythons(void **state)
{
  (void)state;
  static const struct {
    int64_t thresholds[GC_GENERATIONS];
    const char *generations;
    int32_t positions[8];
  } rows[] = {
      {{3, 2, 2}, "000100010001200010001000120001", {3, 7, 11, 15, 19, 23, 27, 31}},
      {{9, 1, 1}, "001001200100", {9, 19, 29, 39, 49, 59, 69, 78}},
      {{9, 0, 0}, "012012012010", {9, 19, 29, 38, 48, 58, 67, 77}},
      {{5, 3, 0}, "00001200001200001200", {5, 11, 17, 23, 29, 35, 40, 46}},
  };
  enum { OBJECTS = 120 };
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    struct heap heap;
    heap_start(&heap, 2 * OBJECTS,
               (const struct heap_knob[]){{"threshold0", rows[r].thresholds[0]},
                                          {"threshold1", rows[r].thresholds[1]},
                                          {"threshold2", rows[r].thresholds[2]},
                                          {NULL, 0}});
    int32_t log[OBJECTS + 1];
    uint8_t generations[OBJECTS + 1];
    log_collections(&heap, heap.frame.slots, OBJECTS, false, log, generations);
    assert_string_equal((const char *)generations, rows[r].generations);
    for (int i = 0; i < 8; i++) assert_int_equal(log[i], rows[r].positions[i]);
    heap_finish(&heap);
  }
}

/* e2_count and e8_freelist: what allocations and deaths do to the count, by kind, with free lists. */
static void counts_follow_free_lists(void **state)
{
  (void)state;
  static const struct {
    struct gc_shape shape;
    uint32_t objects;
    int64_t born, dead, born_again; /* changes of the count; as printed, less the tuple of gc.get_count() */
  } rows[] = {
      {{.fields = 2, .kind = GC_INSTANCE}, 100, 100, -100, 100}, {{.fields = 0, .kind = GC_LIST}, 100, 100, -20, 20},
      {{.fields = 0, .kind = GC_DICT}, 100, 100, -20, 20},       {{.fields = 1, .kind = GC_TUPLE}, 100, 100, 0, 0},
      {{.fields = 19, .kind = GC_TUPLE}, 50, 50, 0, 0},          {{.fields = 20, .kind = GC_TUPLE}, 50, 50, 0, 50},
      {{.fields = 21, .kind = GC_TUPLE}, 50, 50, -50, 50},       {{.bytes = 8, .kind = GC_ATOM}, 100, 0, 0, 0},
  };
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    struct heap heap;
    heap_start(&heap, 100, (const struct heap_knob[]){{"python_free_lists", 1}, {NULL, 0}});
    const int64_t *count = state_of(&heap)->count;
    const int64_t changes[] = {rows[r].born, rows[r].dead, rows[r].born_again};
    int64_t expected = 0;
    for (int step = 0; step < 3; step++) {
      for (uint32_t i = 0; i < rows[r].objects; i++) {
        if (step == 1) {
          gc_root(heap.mutator, &heap.frame.slots[i], NULL);
        } else {
          gc_new(heap.mutator, &heap.frame.slots[i], rows[r].shape);
        }
      }
      expected += changes[step];
      assert_int_equal(count[0], expected);
    }
    heap_finish(&heap);
  }
}

/* e2_count: the count is clamped at 0. */
static void the_count_is_never_negative(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 50, (const struct heap_knob[]){{NULL, 0}});
  for (uint32_t i = 0; i < 50; i++) gc_new(heap.mutator, &heap.frame.slots[i], slotted);
  gc_collect(heap.mutator, 0);
  for (uint32_t i = 0; i < 50; i++) gc_root(heap.mutator, &heap.frame.slots[i], NULL);
  assert_int_equal(state_of(&heap)->count[0], 0);
  heap_finish(&heap);
}

/* e8_freelist: 100 000 objects through a ring of so many.  Only its growth is counted in the end. */
static void steady_states_do_not_collect(void **state)
{
  (void)state;
  static const struct {
    uint32_t ring;
    uint64_t collections;
    int64_t count;
  } rows[] = {{1, 0, 1}, {600, 0, 600}, {701, 1, 0}, {800, 1, 0}, {5000, 7, 0}};
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    struct heap heap;
    heap_start(&heap, rows[r].ring, (const struct heap_knob[]){{NULL, 0}});
    for (uint32_t i = 0; i < 100000; i++) gc_new(heap.mutator, &heap.frame.slots[i % rows[r].ring], slotted);
    assert_int_equal(heap.mutator->counters.collections[0], rows[r].collections);
    assert_int_equal(heap.mutator->counters.collections[1], 0);
    if (rows[r].collections == 0) assert_int_equal(state_of(&heap)->count[0], rows[r].count);
    heap_finish(&heap);
  }
}

/* test_gc.test_collect_generations: explicit collections go through the same counts and promote by one. */
static void explicit_collections_count(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 1, (const struct heap_knob[]){{"threshold0", 0}, {NULL, 0}});
  static const int64_t expected[][GC_GENERATIONS] = {{0, 1, 0}, {0, 0, 1}, {0, 0, 0}};
  gc_new(heap.mutator, &heap.frame.slots[0], slotted);
  const struct place *place = place_of(counted_of(heap.frame.slots[0]));
  for (int g = 0; g < GC_GENERATIONS; g++) {
    assert_int_equal(place->generation, g);
    gc_collect(heap.mutator, g);
    for (int i = 0; i < GC_GENERATIONS; i++) assert_int_equal(state_of(&heap)->count[i], expected[g][i]);
  }
  assert_int_equal(place->generation, GC_GENERATIONS - 1);
  assert_int_equal(heap.mutator->counters.collections[0], 1);
  heap_finish(&heap);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(builds_collect_what_cpython_collects),
      cmocka_unit_test(full_collections_wait_for_a_quarter),
      cmocka_unit_test(cadence_is_cpythons),
      cmocka_unit_test(counts_follow_free_lists),
      cmocka_unit_test(the_count_is_never_negative),
      cmocka_unit_test(steady_states_do_not_collect),
      cmocka_unit_test(explicit_collections_count),
  };
  return cmocka_run_group_tests_name("refcount_cyclic_golden", tests, NULL, NULL);
}
