/* From plans to cells: what is crossed with what, how often, and under which id. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plan/fixture.h"

/* The cells of a group, one a line. */
static char *cells_of(const char *group)
{
  struct plan *plan = fixture_load_group(group);
  struct plan_cells cells = fixture_expand(plan);
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  for (size_t i = 0; i < cells.count; i++) fprintf(stream, "%s\n", fixture_text_of(&cells.cells[i]));
  fclose(stream);
  plan_cells_free(&cells);
  plan_free(plan);
  return text;
}

static void expect_cells(const char *group, const char *expected)
{
  char *text = cells_of(group);
  assert_string_equal(text, expected);
  free(text);
}

static size_t count_of(const char *group)
{
  char *text = cells_of(group);
  size_t count = 0;
  for (const char *p = text; *p != '\0'; p++) count += *p == '\n';
  free(text);
  return count;
}

static void defaults_are_filled_in(void **state)
{
  (void)state;
  struct plan *plan = fixture_load_group("collectors: [none]\nworkloads: [churn]\n");
  assert_string_equal(plan->name, "test");
  assert_null(plan->description);
  assert_int_equal(plan->blocks, 3);
  assert_int_equal(plan->seed, 1);
  assert_int_equal(plan->budget_ns, 0);
  assert_int_equal(plan->time_limit_ns, UINT64_C(60) * 1000000000);
  assert_int_equal(plan->memory_limit_bytes, UINT64_C(4) << 30);
  assert_true(plan->pin);
  plan_free(plan);
}

static void durations_and_sizes_are_read(void **state)
{
  static const struct {
    const char *text;
    uint64_t ns;
  } durations[] = {{"90s", UINT64_C(90000000000)},
                   {"10m", UINT64_C(600000000000)},
                   {"1h30m", UINT64_C(5400000000000)},
                   {"1.5h", UINT64_C(5400000000000)},
                   {"250ms", UINT64_C(250000000)},
                   {"2d", UINT64_C(172800000000000)},
                   {"none", 0},
                   {"0", 0}};
  (void)state;
  for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
    char text[256];
    snprintf(text, sizeof text,
             "name: t\nbudget: %s\nmemory_limit: 512M\npin: no\nblocks: 7\nseed: 18\nmatrix:\n"
             "  - collectors: [none]\n    workloads: [churn]\n",
             durations[i].text);
    struct plan *plan = fixture_load(text);
    assert_non_null(plan);
    assert_int_equal(plan->budget_ns, durations[i].ns);
    assert_int_equal(plan->memory_limit_bytes, UINT64_C(512) << 20);
    assert_false(plan->pin);
    assert_int_equal(plan->blocks, 7);
    assert_int_equal(plan->seed, 18);
    plan_free(plan);
  }
}

static void everything_is_crossed_the_last_row_fastest(void **state)
{
  (void)state;
  expect_cells("collectors: [refcount_cyclic]\nworkloads: [churn]\n"
               "set: ['threshold0=100,700', 'threshold1=5,10']\nparam: ['live=10,20']\nallocators: [glibc, jemalloc]\n",
               "refcount_cyclic/churn/glibc threshold0=100 threshold1=5 profile=python3.11 live=10 cyclic=100\n"
               "refcount_cyclic/churn/jemalloc threshold0=100 threshold1=5 profile=python3.11 live=10 cyclic=100\n"
               "refcount_cyclic/churn/glibc threshold0=100 threshold1=5 profile=python3.11 live=20 cyclic=100\n"
               "refcount_cyclic/churn/jemalloc threshold0=100 threshold1=5 profile=python3.11 live=20 cyclic=100\n"
               "refcount_cyclic/churn/glibc threshold0=100 threshold1=10 profile=python3.11 live=10 cyclic=100\n"
               "refcount_cyclic/churn/jemalloc threshold0=100 threshold1=10 profile=python3.11 live=10 cyclic=100\n"
               "refcount_cyclic/churn/glibc threshold0=100 threshold1=10 profile=python3.11 live=20 cyclic=100\n"
               "refcount_cyclic/churn/jemalloc threshold0=100 threshold1=10 profile=python3.11 live=20 cyclic=100\n"
               "refcount_cyclic/churn/glibc threshold0=700 threshold1=5 profile=python3.11 live=10 cyclic=100\n"
               "refcount_cyclic/churn/jemalloc threshold0=700 threshold1=5 profile=python3.11 live=10 cyclic=100\n"
               "refcount_cyclic/churn/glibc threshold0=700 threshold1=5 profile=python3.11 live=20 cyclic=100\n"
               "refcount_cyclic/churn/jemalloc threshold0=700 threshold1=5 profile=python3.11 live=20 cyclic=100\n"
               "refcount_cyclic/churn/glibc threshold0=700 threshold1=10 profile=python3.11 live=10 cyclic=100\n"
               "refcount_cyclic/churn/jemalloc threshold0=700 threshold1=10 profile=python3.11 live=10 cyclic=100\n"
               "refcount_cyclic/churn/glibc threshold0=700 threshold1=10 profile=python3.11 live=20 cyclic=100\n"
               "refcount_cyclic/churn/jemalloc threshold0=700 threshold1=10 profile=python3.11 live=20 cyclic=100\n");
}

static void only_collectors_that_use_malloc_have_an_allocator(void **state)
{
  (void)state;
  expect_cells("collectors: [none, refcount]\nworkloads: [trees]\nallocators: [all]\n",
               "none/trees/own depth=16\n"
               "refcount/trees/jemalloc depth=16\n"
               "refcount/trees/glibc depth=16\n"
               "refcount/trees/mimalloc depth=16\n"
               "refcount/trees/tcmalloc depth=16\n");
  expect_cells("collectors: [refcount]\nworkloads: [trees]\n", "refcount/trees/jemalloc depth=16\n");
}

static void a_setting_goes_to_all_that_have_it(void **state)
{
  (void)state;
  expect_cells("collectors: [none, refcount_cyclic, cpython]\nworkloads: [trees]\nset: [threshold1=7]\n",
               "none/trees/own depth=16\n"
               "refcount_cyclic/trees/jemalloc threshold0=700 threshold1=7 profile=python3.11 depth=16\n"
               "cpython/trees/own threshold0=700 threshold1=7 depth=16\n");
}

static void a_qualified_setting_comes_before_an_unqualified_one(void **state)
{
  (void)state;
  expect_cells("collectors: [refcount_cyclic, cpython]\nworkloads: [trees]\n"
               "set: [cpython.threshold0=5, threshold0=6]\n",
               "refcount_cyclic/trees/jemalloc threshold0=6 threshold1=10 profile=python3.11 depth=16\n"
               "cpython/trees/own threshold0=5 threshold1=10 depth=16\n");
}

static void each_size_has_defaults_of_its_own(void **state)
{
  (void)state;
  expect_cells("collectors: [none]\nworkloads: [all]\nsize: small\nparam: [cyclic=50]\n",
               "none/churn/own live=10 cyclic=50\n"
               "none/trees/own depth=4\n");
  expect_cells("collectors: [none]\nworkloads: [all]\nsize: large\n", "none/churn/own live=500000 cyclic=100\n"
                                                                      "none/trees/own depth=20\n");
}

static void names_of_classes_stand_for_their_members(void **state)
{
  (void)state;
  fixture_capture(); /* notes of boehm */
  assert_int_equal(count_of("collectors: [own]\nworkloads: [churn]\n"), 5);
  assert_int_equal(count_of("collectors: [peers]\nworkloads: [churn]\n"), 1);
  assert_int_equal(count_of("collectors: [all]\nworkloads: [all]\n"), 12);
  assert_int_equal(count_of("collectors: [cpython, own, peers, all, none]\nworkloads: [trees, all]\n"), 12);
  free(fixture_captured());
}

static void repeated_values_and_cells_are_merged(void **state)
{
  (void)state;
  assert_int_equal(count_of("collectors: [cpython, cpython]\nworkloads: [trees, trees]\n"
                            "set: ['threshold0=5,5,6', 'threshold0=6,7']\nallocators: [glibc, glibc]\n"),
                   3);
  struct plan *plan =
      fixture_load("name: t\nmatrix:\n"
                   "  - collectors: [cpython]\n    workloads: [trees]\n    set: ['threshold0=5,700']\n"
                   "  - collectors: [cpython]\n    workloads: [trees]\n"
                   "  - collectors: [cpython]\n    workloads: [trees]\n    set: ['threshold1=10,11']\n");
  struct plan_cells cells = fixture_expand(plan);
  assert_int_equal(cells.count, 3);
  plan_cells_free(&cells);
  plan_free(plan);
}

/* The values that a sweep of this knob expands to, with commas. */
static void expect_values(const char *collector, const char *knob, const char *values, const char *expected)
{
  char group[256];
  char text[2048] = "";
  snprintf(group, sizeof group, "collectors: [%s]\nworkloads: [trees]\nset: ['%s=%s']\n", collector, knob, values);
  struct plan *plan = fixture_load_group(group);
  struct plan_cells cells = fixture_expand(plan);
  const int row = setting_find(cells.cells[0].collector->knobs, cells.cells[0].collector->knob_count, knob);
  for (size_t i = 0, used = 0; i < cells.count; i++) {
    char value[SETTING_TEXT_MAX];
    setting_format(&cells.cells[i].collector->knobs[row], cells.cells[i].knobs[row], value);
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : ",", value);
  }
  assert_string_equal(text, expected);
  plan_cells_free(&cells);
  plan_free(plan);
}

static void ranges_follow_the_scale(void **state)
{
  (void)state;
  expect_values("cpython", "threshold0", "100..10000/5", "100,316,1000,3162,10000");
  expect_values("cpython", "threshold0", "10000..100/3", "10000,1000,100");
  expect_values("cpython", "threshold1", "0..100/5", "0,25,50,75,100");
  expect_values("cpython", "threshold1", "1..3/9", "1,2,3"); /* rounded, then merged */
  expect_values("cpython", "threshold1", "1,5..7/3,6,100", "1,5,6,7,100");
  expect_values("marksweep", "growth_factor", "1.25..4/3", "1.25,2.236,4");
  expect_values("marksweep", "heap_limit", "16M..64M/3", "16M,32M,64M");
  expect_values("marksweep", "lazy_sweep", "off,on", "off,on");
  expect_values("refcount_cyclic", "profile", "python3.13,python3.11", "python3.13,python3.11");
}

static void ids_tell_cells_apart_and_stay_the_same(void **state)
{
  (void)state;
  fixture_capture();
  struct plan *plan =
      fixture_load_group("collectors: [all]\nworkloads: [all]\nallocators: [all]\n"
                         "set: ['threshold0=1..1000000/20', 'threshold1=0..9/10']\nparam: ['live=1,2']\n");
  struct plan_cells cells = fixture_expand(plan);
  free(fixture_captured());
  assert_int_equal(cells.count, (1 + 4 + 4 * 200 + 1 + 1 + 200) * 3);
  for (size_t i = 0; i < cells.count; i++) {
    assert_int_equal(strlen(cells.cells[i].id), PLAN_ID_MAX - 1);
    for (size_t k = 0; k < i; k++) assert_string_not_equal(cells.cells[i].id, cells.cells[k].id);
  }
  plan_cells_free(&cells);
  plan_free(plan);

  /* Ids are in stores: if this fails, results of old stores are measured again. */
  plan = fixture_load_group("collectors: [refcount_cyclic]\nworkloads: [churn]\nset: [threshold0=5]\n");
  cells = fixture_expand(plan);
  assert_string_equal(cells.cells[0].id, "2bca19fdf9371c5875563e17a853b90b");
  plan_cells_free(&cells);
  plan_free(plan);
}

static void peers_that_are_not_built_are_left_out_with_a_note(void **state)
{
  (void)state;
  struct plan *plan = fixture_load_group("collectors: [none, boehm]\nworkloads: [trees]\n"
                                         "set: ['boehm.free_space_divisor=2,4']\n");
  fixture_capture();
  struct plan_cells cells = fixture_expand(plan);
  char *said = fixture_captured();
  assert_int_equal(cells.count, 1);
  assert_string_equal(said, "plan.yaml:3:24: note: boehm was not built and is left out: libgc 8 was not found (Debian "
                            "package libgc-dev)\n");
  free(said);
  plan_cells_free(&cells);
  plan_free(plan);
}

static void the_canonical_text_gives_the_same_cells(void **state)
{
  (void)state;
  struct plan *plan = fixture_load("name: 'a: plan'\ndescription: \"with # and , and ' in it\"\nblocks: 2\n"
                                   "budget: 1h30m\nseed: 9\ntime_limit: 90s\nmemory_limit: none\npin: off\nmatrix:\n"
                                   "  - collectors: [own]\n    workloads: [all]\n    size: small\n"
                                   "    set: ['threshold0=1..1000/4', marksweep.heap_limit=1G]\n"
                                   "    allocators: [tcmalloc, glibc]\n"
                                   "  - {collectors: [cpython], workloads: [churn], param: ['churn.live=5,6,7']}\n");
  struct plan_cells cells = fixture_expand(plan);
  struct plan *again = fixture_load(plan->text);
  struct plan_cells cells_again = fixture_expand(again);
  assert_string_equal(again->text, plan->text);
  assert_string_equal(again->name, plan->name);
  assert_string_equal(again->description, plan->description);
  assert_int_equal(again->blocks, 2);
  assert_int_equal(again->budget_ns, plan->budget_ns);
  assert_int_equal(again->seed, 9);
  assert_int_equal(again->time_limit_ns, plan->time_limit_ns);
  assert_int_equal(again->memory_limit_bytes, 0);
  assert_false(again->pin);
  assert_int_equal(cells_again.count, cells.count);
  for (size_t i = 0; i < cells.count; i++) assert_string_equal(cells_again.cells[i].id, cells.cells[i].id);
  plan_cells_free(&cells);
  plan_cells_free(&cells_again);
  plan_free(plan);
  plan_free(again);
}

static void a_block_is_a_permutation_that_its_number_determines(void **state)
{
  enum { COUNT = 50, BLOCKS = 200 };
  (void)state;
  uint32_t sum_of_first = 0;
  uint32_t before[COUNT] = {0};
  for (uint32_t block = 0; block < BLOCKS; block++) {
    uint32_t order[COUNT];
    uint32_t again[COUNT];
    bool seen[COUNT] = {false};
    plan_block_order(7, block, COUNT, order);
    plan_block_order(7, block, COUNT, again);
    assert_memory_equal(order, again, sizeof order);
    for (int i = 0; i < COUNT; i++) {
      assert_in_range(order[i], 0, COUNT - 1);
      assert_false(seen[order[i]]);
      seen[order[i]] = true;
    }
    assert_memory_not_equal(order, before, sizeof order);
    memcpy(before, order, sizeof order);
    sum_of_first += order[0];
  }
  /* The mean of the first place is that of a uniform choice, 24.5, within four standard errors (14.4 / sqrt(200)). */
  assert_in_range(sum_of_first, (uint32_t)(20.4 * BLOCKS), (uint32_t)(28.6 * BLOCKS));
  uint32_t first[COUNT];
  uint32_t second[COUNT];
  plan_block_order(1, 2, COUNT, first);
  plan_block_order(2, 1, COUNT, second);
  assert_memory_not_equal(first, second, sizeof first);
}

/* The gaps between what is there are halved, again and again. */
static void a_sweep_is_filled_in_from_its_ends_and_middle(void **state)
{
  (void)state;
  static const unsigned of_nine[] = {0, 2, 1, 2, 0, 2, 1, 2, 0};
  for (size_t i = 0; i < 9; i++) assert_int_equal(plan_fill_rank(i, 9), of_nine[i]);
  for (size_t i = 0; i < 3; i++) assert_int_equal(plan_fill_rank(i, 3), 0);
  assert_int_equal(plan_fill_rank(0, 1), 0);
  assert_int_equal(plan_fill_rank(1, 4), 0);
  assert_int_equal(plan_fill_rank(2, 4), 1);
}

struct asked {
  size_t times, bases;
};

/* 1000 bytes for the first program that is asked of, 2000 for the second, ...; each without its own limit. */
static uint64_t answer(void *context, const struct plan_cell *bases, size_t count)
{
  struct asked *asked = context;
  asked->times++;
  asked->bases += count;
  for (size_t i = 0; i < count; i++) {
    const int knob = plan_heap_knob(&bases[i]);
    assert_true(knob >= 0);
    assert_int_equal(bases[i].knobs[knob], bases[i].collector->knobs[knob].default_value);
  }
  return 1000 * asked->times;
}

static void multiples_of_the_minimum_heap_become_bytes(void **state)
{
  (void)state;
  struct plan *plan = fixture_load_group("    collectors: [marksweep, refcount]\n"
                                         "    workloads: [churn]\n"
                                         "    set: ['heap_limit=1x,1.5x,2x,4x,8x,64M', 'growth_factor=2,3']\n"
                                         "    param: ['live=1000,2000']\n");
  struct plan_cells cells = fixture_expand(plan);
  assert_true(plan_has_multiples(&cells));
  char before[PLAN_ID_MAX];
  snprintf(before, sizeof before, "%s", cells.cells[0].id);
  struct asked asked = {0};
  assert_true(plan_resolve_heaps(&cells, answer, &asked));
  assert_int_equal(asked.times, 2); /* live=1000 and live=2000 */
  assert_int_equal(asked.bases, 4); /* each with two growth factors */
  assert_false(plan_has_multiples(&cells));
  assert_string_not_equal(cells.cells[0].id, before);
  uint32_t order[64];
  size_t multiples = 0;
  for (size_t i = 0; i < cells.count; i++) {
    const struct plan_cell *cell = &cells.cells[i];
    order[i] = (uint32_t)(cells.count - 1 - i);
    const int knob = plan_heap_knob(cell);
    if (knob < 0 || cell->heap_multiple == 0) continue;
    const int64_t unit = strstr(fixture_text_of(cell), "live=1000") != NULL ? 1000 : 2000;
    assert_int_equal(cell->knobs[knob], unit * cell->heap_multiple / 1000);
    multiples++;
  }
  assert_int_equal(multiples, 5 * 2 * 2);
  /* The ends and the middle come first, in the order that they were in; then the others. */
  plan_fill_in(&cells, order);
  bool others = false;
  for (size_t i = 0; i < cells.count; i++) {
    const int64_t multiple = cells.cells[order[i]].heap_multiple;
    const bool is_other = multiple == 1500 || multiple == 4000;
    assert_true(is_other || !others);
    others |= is_other;
    if (i > 0 && (cells.cells[order[i - 1]].heap_multiple == 1500 || cells.cells[order[i - 1]].heap_multiple == 4000) ==
                     is_other)
      assert_true(order[i - 1] > order[i]);
  }
  plan_cells_free(&cells);
  plan_free(plan);
}

static uint64_t nothing(void *context, const struct plan_cell *bases, size_t count)
{
  (void)context, (void)bases, (void)count;
  return 0;
}

static void without_a_minimum_heap_nothing_is_resolved(void **state)
{
  (void)state;
  struct plan *plan =
      fixture_load_group("    collectors: [marksweep]\n    workloads: [churn]\n    set: ['heap_limit=2x..8x/3']\n");
  struct plan_cells cells = fixture_expand(plan);
  assert_int_equal(cells.count, 3);
  assert_non_null(strstr(fixture_text_of(&cells.cells[1]), "heap_limit=4x"));
  assert_false(plan_resolve_heaps(&cells, nothing, NULL));
  assert_true(plan_has_multiples(&cells));
  plan_cells_free(&cells);
  plan_free(plan);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_filled_in),
      cmocka_unit_test(durations_and_sizes_are_read),
      cmocka_unit_test(a_sweep_is_filled_in_from_its_ends_and_middle),
      cmocka_unit_test(multiples_of_the_minimum_heap_become_bytes),
      cmocka_unit_test(without_a_minimum_heap_nothing_is_resolved),
      cmocka_unit_test(everything_is_crossed_the_last_row_fastest),
      cmocka_unit_test(only_collectors_that_use_malloc_have_an_allocator),
      cmocka_unit_test(a_setting_goes_to_all_that_have_it),
      cmocka_unit_test(a_qualified_setting_comes_before_an_unqualified_one),
      cmocka_unit_test(each_size_has_defaults_of_its_own),
      cmocka_unit_test(names_of_classes_stand_for_their_members),
      cmocka_unit_test(repeated_values_and_cells_are_merged),
      cmocka_unit_test(ranges_follow_the_scale),
      cmocka_unit_test(ids_tell_cells_apart_and_stay_the_same),
      cmocka_unit_test(peers_that_are_not_built_are_left_out_with_a_note),
      cmocka_unit_test(the_canonical_text_gives_the_same_cells),
      cmocka_unit_test(a_block_is_a_permutation_that_its_number_determines),
  };
  return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
