/* analysis: comparisons, overheads and metrics of cells that are made by hand, with answers that are known. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/analysis/matching.h"
#include "harness/analysis/overhead.h"
#include "tests/unit/cmocka_all.h"

enum { BLOCKS = 10 };

static void assert_near(double found, double expected, double tolerance)
{
  if (!(fabs(found - expected) <= tolerance)) fail_msg("%.12g is not %.12g", found, expected);
}

static size_t at(const char *metric) { return (size_t)(metric_find(metric) - metrics); }

static struct dataset_cell subject_cells[8];

/* A cell whose wall time is `wall_ns` of each block times a small disturbance, and of which `gc_share` is in pauses. */
static struct analysis_cell make_cell(size_t number, size_t subject, double wall_ns, double gc_share)
{
  static const double drift[BLOCKS] = {1, 1.3, 0.9, 1.1, 1.05, 0.97, 1.2, 1, 1.15, 0.95};
  static const double disturbance[BLOCKS] = {1.001, 0.999, 1.002, 1, 0.998, 1.001, 1, 0.999, 1.002, 1};
  struct analysis_cell cell = {.cell = &subject_cells[number],
                               .trials = memory_require(calloc(BLOCKS, sizeof *cell.trials)),
                               .trial_count = BLOCKS,
                               .ok_count = BLOCKS};
  subject_cells[number] = (struct dataset_cell){.subject = subject};
  for (size_t b = 0; b < BLOCKS; b++) {
    double *values = memory_allocate(metric_count * sizeof *values);
    for (size_t m = 0; m < metric_count; m++) values[m] = NAN;
    values[at("wall")] = wall_ns * drift[b] * (number % 2 == 0 ? disturbance[b] : 1);
    values[at("gc_time")] = values[at("wall")] * gc_share;
    values[at("mmu_10ms")] = 0.5 + (double)number / 10;
    values[at("pauses_10ms")] = 0;
    cell.trials[b] = (struct analysis_trial){.block = (int64_t)b, .ok = true, .values = values};
  }
  return cell;
}

static void free_cell(struct analysis_cell *cell)
{
  for (size_t t = 0; t < cell->trial_count; t++) free(cell->trials[t].values);
  free(cell->trials);
}

static void fail_block(struct analysis_cell *cell, size_t block)
{
  free(cell->trials[block].values);
  cell->trials[block].values = NULL;
  cell->trials[block].ok = false;
  cell->ok_count--;
}

static void test_ratio_and_verdict(void **state)
{
  (void)state;
  struct analysis_cell a = make_cell(0, 0, 1e9, 0.1), b = make_cell(1, 0, 1.2e9, 0.1),
                       same = make_cell(3, 0, 1.001e9, 0);
  const struct metric *wall = metric_find("wall");
  struct comparison family[] = {comparison_of(&a, &b, wall, true, &comparison_default_terms),
                                comparison_of(&a, &same, wall, true, &comparison_default_terms),
                                comparison_of(&b, &a, wall, true, &comparison_default_terms)};
  comparison_judge(family, 3, &comparison_default_terms);
  assert_near(family[0].ratio.value, 1.2, 0.002);
  assert_true(family[0].ratio.low > 1.19 && family[0].ratio.high < 1.21);
  assert_int_equal(family[0].ratio.n, BLOCKS);
  assert_int_equal(family[0].verdict, STATS_SLOWER);
  assert_string_equal(comparison_words(&family[0]), "slower");
  assert_int_equal(family[1].verdict, STATS_EQUIVALENT);
  assert_int_equal(family[2].verdict, STATS_FASTER);
  assert_true(comparison_is_regression(&family[0], 0.05));
  assert_false(comparison_is_regression(&family[0], 0.25));
  assert_false(comparison_is_regression(&family[1], 0));
  assert_false(comparison_is_regression(&family[2], 0));
  free_cell(&a);
  free_cell(&b);
  free_cell(&same);
}

static void test_more_can_be_better(void **state)
{
  (void)state;
  struct analysis_cell a = make_cell(4, 0, 1e9, 0.1), b = make_cell(1, 0, 1e9, 0.1); /* MMU 0.9 and 0.6 */
  struct comparison one = comparison_of(&a, &b, metric_find("mmu_10ms"), true, &comparison_default_terms);
  comparison_judge(&one, 1, &comparison_default_terms);
  assert_near(one.ratio.value, 0.6 / 0.9, 1e-9);
  assert_string_equal(comparison_words(&one), "less");
  assert_true(comparison_is_regression(&one, 0.05));
  free_cell(&a);
  free_cell(&b);
}

static void test_no_ratio(void **state)
{
  (void)state;
  struct analysis_cell a = make_cell(0, 0, 1e9, 0.1), b = make_cell(1, 0, 1e9, 0.1);
  struct comparison one = comparison_of(&a, &b, metric_find("pauses_10ms"), true, &comparison_default_terms);
  assert_int_equal(one.kind, COMPARISON_NONE);
  assert_string_equal(one.reason, "there are zeros");
  one = comparison_of(&a, &b, metric_find("latency_p99"), true, &comparison_default_terms);
  assert_string_equal(one.reason, "A does not know");
  for (size_t block = 0; block < 5; block++) fail_block(&a, block);
  for (size_t block = 5; block < BLOCKS; block++) fail_block(&b, block);
  one = comparison_of(&a, &b, metric_find("wall"), true, &comparison_default_terms);
  assert_string_equal(one.reason, "no block has both");
  for (size_t block = 0; block < 5; block++) fail_block(&b, block);
  one = comparison_of(&a, &b, metric_find("wall"), true, &comparison_default_terms);
  assert_string_equal(one.reason, "B has no trial that is ok");
  assert_false(comparison_is_regression(&one, 0));
  free_cell(&a);
  free_cell(&b);
}

static void test_only_blocks_that_both_have_count(void **state)
{
  (void)state;
  struct analysis_cell a = make_cell(0, 0, 1e9, 0.1), b = make_cell(1, 0, 2e9, 0.1);
  fail_block(&a, 2);
  fail_block(&b, 7);
  const struct comparison one = comparison_of(&a, &b, metric_find("wall"), true, &comparison_default_terms);
  assert_int_equal(one.ratio.n, BLOCKS - 2);
  assert_near(one.ratio.value, 2, 0.01);
  free_cell(&a);
  free_cell(&b);
}

static void test_geometric_mean(void **state)
{
  (void)state;
  struct analysis_cell cells[] = {make_cell(0, 0, 1e9, 0), make_cell(1, 0, 4e9, 0), make_cell(2, 1, 1e9, 0),
                                  make_cell(3, 1, 1e9, 0)};
  const struct metric *wall = metric_find("wall");
  const struct comparison of[] = {comparison_of(&cells[0], &cells[1], wall, true, &comparison_default_terms),
                                  comparison_of(&cells[2], &cells[3], wall, true, &comparison_default_terms)};
  const struct comparison *const list[] = {&of[0], &of[1]};
  const struct stats_estimate mean = comparison_geomean(list, 2, &comparison_default_terms);
  assert_near(mean.value, 2, 0.01); /* of 4 and 1 */
  assert_int_equal(mean.n, BLOCKS);
  for (size_t i = 0; i < 4; i++) free_cell(&cells[i]);
}

/*
 * Three collectors on one workload: 10 s with 40 % in pauses, 8 s with 10 %, 7 s without any.  Distilled: 6, 7.2 and 7:
 * the first one's 6 s is the base, though its total is the largest.
 */
static void test_lower_bound_overhead(void **state)
{
  (void)state;
  struct analysis_cell cells[] = {make_cell(0, 0, 10e9, 0.4), make_cell(1, 0, 8e9, 0.1), make_cell(2, 0, 7e9, 0),
                                  make_cell(3, 1, 1e9, 0)};
  struct dataset dataset = {.cell_count = 4};
  const struct analysis analysis = {.dataset = &dataset, .cells = cells, .cell_count = 4};
  const struct metric *wall = metric_find("wall");
  const struct overhead_base base = overhead_base_of(&analysis, 0, wall);
  assert_ptr_equal(base.cell, &cells[0]);
  assert_near(overhead_of(&cells[0], &base, wall, &comparison_default_terms).value, 10.0 / 6, 0.01);
  assert_near(overhead_of(&cells[1], &base, wall, &comparison_default_terms).value, 8.0 / 6, 0.01);
  const struct stats_estimate none = overhead_of(&cells[2], &base, wall, &comparison_default_terms);
  assert_near(none.value, 7.0 / 6, 0.01);
  assert_true(none.low <= none.value && none.value <= none.high && none.n == BLOCKS);
  const struct overhead_base other = overhead_base_of(&analysis, 1, wall);
  assert_ptr_equal(other.cell, &cells[3]);
  assert_near(overhead_of(&cells[3], &other, wall, &comparison_default_terms).value, 1, 1e-12);
  assert_null(overhead_base_of(&analysis, 2, wall).cell);
  for (size_t i = 0; i < 4; i++) free_cell(&cells[i]);
}

static void test_words_of_cells(void **state)
{
  (void)state;
  char error[MATCHING_ERROR_MAX];
  struct matching_word word;
  struct dataset_setting knobs[] = {{(char[]){"heap_limit"}, (char[]){"32M"}, false},
                                    {(char[]){"growth_factor"}, (char[]){"2"}, true}};
  const struct dataset_cell cell = {
      .collector = (char[]){"marksweep"}, .allocator = (char[]){"blocks"}, .knobs = knobs, .knob_count = 2};
  static const struct {
    const char *text;
    bool matches;
  } cases[] = {{"marksweep heap_limit=32M", true},
               {"marksweep/blocks  heap_limit=32M growth_factor=2", true},
               {"marksweep", false}, /* not at its defaults */
               {"marksweep/jemalloc heap_limit=32M", false},
               {"marksweep heap_limit=64M", false},
               {"boehm heap_limit=32M", false},
               {"marksweep heap_limit=32M no_such=1", false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_true(matching_parse(cases[i].text, &word, error));
    assert_int_equal(matching_has(&word, &cell), cases[i].matches);
    matching_free(&word);
  }
  static const char *const wrong[] = {"", " ", "heap_limit=32M", "marksweep heap_limit", "marksweep =3", "/blocks"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_false(matching_parse(wrong[i], &word, error));
    assert_true(strlen(error) > 10);
    matching_free(&word);
  }
}

static void test_every_metric_is_whole(void **state)
{
  (void)state;
  for (size_t i = 0; i < metric_count; i++) {
    assert_ptr_equal(metric_find(metrics[i].name), &metrics[i]); /* names are unique */
    assert_true(strlen(metrics[i].formula) > 10 && strlen(metrics[i].title) > 2 && metrics[i].of != NULL);
  }
  assert_string_equal(metric_nearest("p99_paus"), "p99_pause");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ratio_and_verdict), cmocka_unit_test(test_more_can_be_better),
      cmocka_unit_test(test_no_ratio),          cmocka_unit_test(test_only_blocks_that_both_have_count),
      cmocka_unit_test(test_geometric_mean),    cmocka_unit_test(test_lower_bound_overhead),
      cmocka_unit_test(test_words_of_cells),    cmocka_unit_test(test_every_metric_is_whole),
  };
  return cmocka_run_group_tests_name("analysis", tests, NULL, NULL);
}
