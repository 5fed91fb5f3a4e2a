/* precision and pairs: who is measured well enough, and what equal cells differ by; on results that are made up. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/campaign/pairs.h"
#include "harness/campaign/precision.h"
#include "tests/unit/cmocka_all.h"

enum { CELLS = 4, BLOCKS = 20, BASE = 0, STEADY = 1, SHAKY = 2, TWIN = 3 };

static struct catalogue_workload workload = {.parameter_count = 1};
static int64_t parameters[] = {7};
static struct plan_cell cells_list[CELLS];
static struct plan_cells cells = {cells_list, CELLS};
static struct results results;

/* Blocks drift by up to a half; of one cell the ratio to the base is steady to 1 %, of the other it is not. */
static int64_t wall_of(size_t cell, uint32_t block)
{
  static const double drift[] = {1, 1.3, 0.9, 1.45, 1.1};
  static const double wobble[] = {1, 1.01, 0.995, 1.002, 0.99, 1.005, 0.998};
  static const double shake[] = {1, 1.6, 0.7, 1.2, 0.9, 1.9};
  const double base_ns = 1e9 * drift[block % 5];
  if (cell == STEADY) return (int64_t)(1.5 * base_ns * wobble[block % 7]);
  if (cell == SHAKY) return (int64_t)(base_ns * shake[block % 6]);
  if (cell == TWIN) return (int64_t)(base_ns * wobble[(block + 3) % 7]);
  return (int64_t)base_ns;
}

static int make_results(void **state)
{
  (void)state;
  results.rows = calloc(CELLS * BLOCKS, sizeof *results.rows);
  for (size_t cell = 0; cell < CELLS; cell++) {
    cells_list[cell] =
        (struct plan_cell){.workload = &workload, .parameters = parameters, .is_twin = cell == TWIN, .twin_of = BASE};
    for (uint32_t block = 0; block < BLOCKS; block++)
      results.rows[results.count++] =
          (struct result){.cell = (uint32_t)cell, .block = block, .outcome = "ok", .wall_ns = wall_of(cell, block)};
  }
  return 0;
}

static int free_results(void **state)
{
  (void)state;
  free(results.rows);
  return 0;
}

static void narrow_ones_are_done_and_wide_ones_not(void **state)
{
  (void)state;
  bool done[CELLS];
  precision_find_done(&results, &cells, BLOCKS, 0.02, done);
  assert_true(done[STEADY] && done[TWIN] && !done[SHAKY]);
  assert_false(done[BASE]); /* somebody is still compared with it */
  assert_true(precision_half_width(&results, &cells, STEADY, BLOCKS) < 0.01);
  assert_true(precision_half_width(&results, &cells, SHAKY, BLOCKS) > 0.1);
  precision_find_done(&results, &cells, BLOCKS, 0.9, done);
  assert_true(done[SHAKY] && done[BASE]);
}

static void nobody_is_done_too_early(void **state)
{
  (void)state;
  bool done[CELLS];
  precision_find_done(&results, &cells, PLAN_PRECISE_BLOCKS_LEAST - 1, 0.9, done);
  for (size_t cell = 0; cell < CELLS; cell++) assert_false(done[cell]);
  precision_find_done(&results, &cells, BLOCKS, 0, done); /* no precision is asked for */
  for (size_t cell = 0; cell < CELLS; cell++) assert_false(done[cell]);
}

static void a_failure_is_never_precise(void **state)
{
  (void)state;
  bool done[CELLS];
  results.rows[STEADY * BLOCKS + 3].outcome = "crashed";
  precision_find_done(&results, &cells, BLOCKS, 0.02, done);
  assert_false(done[STEADY]);
  results.rows[STEADY * BLOCKS + 3].outcome = "ok";
}

static void other_parameters_have_another_base(void **state)
{
  (void)state;
  static int64_t others[] = {8};
  bool done[CELLS];
  cells_list[SHAKY].parameters = others;
  precision_find_done(&results, &cells, BLOCKS, 0.02, done);
  assert_true(done[BASE] && done[SHAKY]); /* compared with nobody */
  cells_list[SHAKY].parameters = parameters;
}

static void pairs_give_the_ratio_of_equals(void **state)
{
  (void)state;
  const struct pairs pairs = pairs_of(&results, &cells);
  assert_int_equal(pairs.count, 1);
  assert_int_equal(pairs.ratio.n, BLOCKS);
  assert_true(fabs(pairs.ratio.value - 1) < 0.005);
  assert_true(pairs.ratio.low < pairs.ratio.value && pairs.ratio.value < pairs.ratio.high);
  cells_list[TWIN].is_twin = false;
  assert_int_equal(pairs_of(&results, &cells).count, 0);
  cells_list[TWIN].is_twin = true;
}

static void the_widest_is_chosen(void **state)
{
  (void)state;
  const double widths[] = {NAN, 0.01, 0.05, 0.04, INFINITY, NAN};
  bool may_go_on[] = {true, true, true, true, true, false};
  assert_int_equal(precision_widest(widths, may_go_on, 6, 0.02), 4);
  may_go_on[4] = false;
  assert_int_equal(precision_widest(widths, may_go_on, 6, 0.02), 2);
  may_go_on[2] = false;
  assert_int_equal(precision_widest(widths, may_go_on, 6, 0.02), 3);
  may_go_on[3] = false;
  assert_int_equal(precision_widest(widths, may_go_on, 6, 0.02), 6); /* narrow enough, or not known */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(narrow_ones_are_done_and_wide_ones_not),
      cmocka_unit_test(the_widest_is_chosen),
      cmocka_unit_test(nobody_is_done_too_early),
      cmocka_unit_test(a_failure_is_never_precise),
      cmocka_unit_test(other_parameters_have_another_base),
      cmocka_unit_test(pairs_give_the_ratio_of_equals),
  };
  return cmocka_run_group_tests_name("precision", tests, make_results, free_results);
}
