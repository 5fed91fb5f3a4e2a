/* noise: gaps are counted as they come; on a clock that is made up. */
#include "harness/platform/noise.h"
#include "harness/platform/busy.h"
#include "tests/unit/cmocka_all.h"

static void gaps_are_counted_from_the_floor_on(void **state)
{
  (void)state;
  struct noise noise = {.floor_ns = 5000, .span_ns = 1000000000};
  for (int i = 0; i < 1000; i++) noise_add(&noise, 30);
  noise_add(&noise, 4999);
  assert_int_equal(noise.gaps, 0);
  noise_add(&noise, 5000);
  noise_add(&noise, 70000);
  noise_add(&noise, 9000);
  assert_int_equal(noise.readings, 1004);
  assert_int_equal(noise.gaps, 3);
  assert_int_equal(noise.lost_ns, 84000);
  assert_int_equal(noise.longest_ns, 70000);
  assert_int_equal(noise.histogram[12], 1); /* 4096 to 8191 */
  assert_int_equal(noise.histogram[13], 1);
  assert_int_equal(noise.histogram[16], 1);
  assert_true(noise_share(&noise) > 0.00008 && noise_share(&noise) < 0.00009);
  assert_int_equal(noise_each_second_ns(&noise), 65536);
  assert_false(noise_is_doubtful(&noise));
}

static void what_is_doubtful(void **state)
{
  (void)state;
  struct noise noise = {.floor_ns = 5000, .span_ns = 1000000000};
  assert_int_equal(noise_each_second_ns(&noise), 0);
  for (int i = 0; i < 200; i++) noise_add(&noise, 60000); /* 1.2 % */
  assert_true(noise_is_doubtful(&noise));
  noise = (struct noise){.floor_ns = 5000, .span_ns = 1000000000};
  noise_add(&noise, NOISE_LONGEST_MOST_NS + 1);
  assert_true(noise_is_doubtful(&noise));
  noise = (struct noise){.floor_ns = 5000, .span_ns = 10000000000}; /* three in ten seconds: not one each second */
  for (int i = 0; i < 3; i++) noise_add(&noise, 60000);
  assert_int_equal(noise_each_second_ns(&noise), 0);
}

static void it_looks_as_long_as_it_was_asked(void **state)
{
  (void)state;
  const struct noise noise = noise_measure(2000000, -1);
  assert_true(noise.span_ns >= 2000000 && noise.readings > 100 && noise.lost_ns <= noise.span_ns);
  struct busy_process list[BUSY_MAX];
  assert_true(busy_end(busy_begin(), 0, list) <= BUSY_MAX);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gaps_are_counted_from_the_floor_on),
      cmocka_unit_test(what_is_doubtful),
      cmocka_unit_test(it_looks_as_long_as_it_was_asked),
  };
  return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
