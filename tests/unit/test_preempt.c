/* preempt: what the system does to a thread is seen, and nothing else is. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/preempt.h"
#include "tests/unit/cmocka_all.h"

static long switches(void)
{
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw + usage.ru_nvcsw;
}

static void sleep_a_little(void)
{
  const struct timespec time = {0, 1000000};
  nanosleep(&time, NULL);
}

static void giving_the_processor_up_is_seen(void **state)
{
  (void)state;
  if (!preempt_start()) skip();
  preempt_arm();
  sleep_a_little();
  assert_true(preempt_seen());
  preempt_arm();
  assert_false(preempt_seen());
}

static void a_watched_whole_has_parts_that_do_not_disturb(void **state)
{
  (void)state;
  if (!preempt_start()) skip();
  preempt_suspend();
  sleep_a_little();
  preempt_arm(); /* of a part */
  assert_false(preempt_seen());
  assert_true(preempt_resume());
}

/* Stretches of computing: hardly one is seen that the kernel did not count a switch in, and none is missed. */
static void it_agrees_with_the_kernels_count(void **state)
{
  (void)state;
  if (!preempt_start()) skip();
  int wrong = 0, missed = 0;
  for (int i = 0; i < 400; i++) {
    const long before = switches();
    preempt_arm();
    const uint64_t until_ns = clock_now_ns() + 200000;
    while (clock_now_ns() < until_ns) continue;
    if (i % 8 == 0) sleep_a_little();
    const bool seen = preempt_seen();
    const bool switched = switches() > before;
    missed += switched && !seen && i % 8 == 0; /* at its edges a switch may fall outside of what was watched */
    wrong += seen && !switched;
  }
  assert_int_equal(missed, 0);
  assert_true(wrong < 40);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(giving_the_processor_up_is_seen),
      cmocka_unit_test(a_watched_whole_has_parts_that_do_not_disturb),
      cmocka_unit_test(it_agrees_with_the_kernels_count),
  };
  return cmocka_run_group_tests_name("preempt", tests, NULL, NULL);
}
