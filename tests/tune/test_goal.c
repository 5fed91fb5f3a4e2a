/* Goals and limits in words. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "harness/tune/goal.h"

static void test_goals(void **state)
{
  (void)state;
  static const struct {
    const char *text, *metric;
    bool is_more, is_overhead;
  } cases[] = {{"wall", "wall", false, false},
               {"min:p99_pause", "p99_pause", false, false},
               {"mmu_10ms", "mmu_10ms", true, false},
               {"max:mmu_10ms", "mmu_10ms", true, false},
               {"min:mmu_10ms", "mmu_10ms", false, false},
               {"max:collections", "collections", true, false},
               {"overhead", "wall", false, true},
               {"min:overhead", "wall", false, true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char error[TUNE_ERROR_MAX];
    struct tune_goal goal;
    assert_true(tune_goal_parse(cases[i].text, &goal, error));
    assert_string_equal(goal.metric->name, cases[i].metric);
    assert_int_equal(goal.is_more, cases[i].is_more);
    assert_int_equal(goal.is_overhead, cases[i].is_overhead);
  }
  static const char *const wrong[] = {"", "min:", "wal", "mean:wall", "collections", "min:max:wall"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char error[TUNE_ERROR_MAX] = "";
    struct tune_goal goal;
    assert_false(tune_goal_parse(wrong[i], &goal, error));
    assert_true(strlen(error) > 0);
  }
}

static void test_limits(void **state)
{
  (void)state;
  static const struct {
    const char *text, *metric;
    enum tune_limit_kind kind;
    bool is_least;
    double bound;
  } cases[] = {{"max_pause<=5ms", "max_pause", TUNE_LIMIT_VALUE, false, 5e6},
               {"max_pause <= 200us", "max_pause", TUNE_LIMIT_VALUE, false, 2e5},
               {"peak_heap<=64M", "peak_heap", TUNE_LIMIT_VALUE, false, 64 << 20},
               {"peak_heap<=1000000", "peak_heap", TUNE_LIMIT_VALUE, false, 1e6},
               {"peak_heap<=1.3x", "peak_heap", TUNE_LIMIT_OF_USUAL, false, 1.3},
               {"gc_share<=5%", "gc_share", TUNE_LIMIT_VALUE, false, 0.05},
               {"mmu_10ms>=50%", "mmu_10ms", TUNE_LIMIT_VALUE, true, 0.5},
               {"collections>=0.5x", "collections", TUNE_LIMIT_OF_USUAL, true, 0.5},
               {"overhead<=5%", "wall", TUNE_LIMIT_OVERHEAD, false, 1.05}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char error[TUNE_ERROR_MAX];
    struct tune_limit limit;
    assert_true(tune_limit_parse(cases[i].text, &limit, error));
    assert_string_equal(limit.metric->name, cases[i].metric);
    assert_int_equal(limit.kind, cases[i].kind);
    assert_int_equal(limit.is_least, cases[i].is_least);
    assert_true(fabs(limit.bound - cases[i].bound) < 1e-9 * cases[i].bound);
  }
  static const char *const wrong[] = {
      "",         "wall",        "wall<5ms",    "wall=5ms",     "<=5ms",         "wall<=",
      "wall<=5",  "wall<=5M",    "wall<=nan",   "wall<=inf",    "wall<=-1ms",    "wall<=0x",
      "wall<=0s", "wall<=5ms5s", "overhead<=5", "overhead>=5%", "overhead<=-1%", "nothing<=5"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char error[TUNE_ERROR_MAX] = "";
    struct tune_limit limit;
    assert_false(tune_limit_parse(wrong[i], &limit, error));
    assert_true(strlen(error) > 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_goals), cmocka_unit_test(test_limits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
