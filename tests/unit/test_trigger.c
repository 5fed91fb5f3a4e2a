/* When a collection is due. */
#include "cmocka_all.h"

#include "collectors/collector.h"
#include "collectors/parts/trigger.h"

const struct collector_descriptor collector = {.name = "test"}; /* for messages of failed checks */

enum { MIB = 1 << 20 };

static void test_growth(void **state)
{
  (void)state;
  struct trigger trigger = {.growth_milli = 1500, .min_heap_bytes = 4 * MIB};
  trigger_update(&trigger, 0);
  assert_int_equal(trigger.due_bytes, 4 * MIB);
  assert_int_equal(trigger.cause, JOURNAL_HEAP_GROWTH);
  assert_false(trigger_is_due(&trigger, 4 * MIB - 1));
  assert_true(trigger_is_due(&trigger, 4 * MIB));
  trigger_update(&trigger, 10 * MIB);
  assert_int_equal(trigger.due_bytes, 15 * MIB);
  trigger_update(&trigger, UINT64_MAX / 2 + 1);
  assert_int_equal(trigger.due_bytes, UINT64_C(3) << 62);
  trigger_update(&trigger, UINT64_MAX / 4 * 3);
  assert_int_equal(trigger.due_bytes, UINT64_MAX); /* no overflow */
}

static void test_growth_is_never_due_at_once(void **state)
{
  (void)state;
  struct trigger trigger = {.growth_milli = 1050, .min_heap_bytes = 64 << 10};
  for (uint64_t live_bytes = 1; live_bytes < UINT64_C(1) << 50; live_bytes = live_bytes * 3 + 1) {
    trigger_update(&trigger, live_bytes);
    assert_false(trigger_is_due(&trigger, live_bytes));
    trigger_check(&trigger, live_bytes);
  }
}

static void test_budget_takes_the_place_of_growth(void **state)
{
  (void)state;
  struct trigger trigger = {.growth_milli = 2000, .min_heap_bytes = 4 * MIB, .budget_bytes = MIB};
  trigger_update(&trigger, 0);
  assert_int_equal(trigger.due_bytes, MIB);
  assert_int_equal(trigger.cause, JOURNAL_BUDGET);
  trigger_update(&trigger, 100 * MIB);
  assert_int_equal(trigger.due_bytes, 101 * MIB);
}

static void test_limit(void **state)
{
  (void)state;
  struct trigger trigger = {.growth_milli = 2000, .min_heap_bytes = 4 * MIB, .limit_bytes = 64 * MIB};
  trigger_update(&trigger, 30 * MIB);
  assert_false(trigger_is_due(&trigger, 64 * MIB)); /* filled to the brim */
  assert_true(trigger_fits(&trigger, 64 * MIB));
  assert_false(trigger_fits(&trigger, 64 * MIB + 1));
  assert_int_equal(trigger.cause, JOURNAL_HEAP_LIMIT);
  trigger.budget_bytes = MIB; /* and the limit holds under a budget too */
  trigger_update(&trigger, 30 * MIB);
  assert_true(trigger_is_due(&trigger, 31 * MIB));
  assert_false(trigger_fits(&trigger, 64 * MIB + 1));
  trigger.limit_bytes = 0;
  assert_true(trigger_fits(&trigger, UINT64_MAX));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_growth),
      cmocka_unit_test(test_growth_is_never_due_at_once),
      cmocka_unit_test(test_budget_takes_the_place_of_growth),
      cmocka_unit_test(test_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
