/* process: text in, text out, exit codes, signals, time limits. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/process/interrupt.h"
#include "harness/process/process.h"
#include "tests/unit/cmocka_all.h"

static struct process_result shell(const char *command, const char *input, size_t length)
{
  const char *const words[] = {"sh", "-c", command, NULL};
  const struct process_request request = {.words = words, .input = input, .input_length = length};
  return process_run(&request);
}

static void test_output_and_exit_code(void **state)
{
  (void)state;
  struct process_result result = shell("echo out; echo err >&2; exit 7", NULL, 0);
  assert_true(result.started);
  assert_int_equal(result.exit_code, 7);
  assert_int_equal(result.signal, 0);
  assert_string_equal(result.output, "out\n");
  assert_string_equal(result.error, "err\n");
  process_free(&result);
}

/* More than a pipe holds, both ways at once: neither side may wait for the other. */
static void test_much_text_both_ways(void **state)
{
  (void)state;
  enum { BYTES = 3000000 };
  char *input = malloc(BYTES);
  assert_non_null(input);
  for (size_t i = 0; i < BYTES; i++) input[i] = (char)('a' + i % 26);
  struct process_result result = shell("cat", input, BYTES);
  assert_int_equal(result.exit_code, 0);
  assert_int_equal(result.output_length, BYTES);
  assert_memory_equal(result.output, input, BYTES);
  process_free(&result);
  free(input);
}

static void test_input_that_is_not_wanted(void **state)
{
  (void)state;
  static char input[1000000];
  struct process_result result = shell("exit 3", input, sizeof input);
  assert_int_equal(result.exit_code, 3);
  process_free(&result);
}

static void test_signal(void **state)
{
  (void)state;
  struct process_result result = shell("kill -ABRT $$", NULL, 0);
  assert_int_equal(result.exit_code, -1);
  assert_int_equal(result.signal, SIGABRT);
  process_free(&result);
}

static void test_time_limit(void **state)
{
  (void)state;
  const char *const words[] = {"sleep", "1000", NULL};
  const struct process_request request = {.words = words, .time_limit_ns = 50000000};
  struct process_result result = process_run(&request);
  assert_true(result.timed_out);
  assert_int_equal(result.signal, SIGKILL);
  process_free(&result);
}

/* It has nothing of ours to close when it ends, or has closed it already. */
static void test_time_limit_without_output(void **state)
{
  (void)state;
  const char *const silent[] = {"sleep", "1000", NULL};
  const char *const closing[] = {"sh", "-c", "exec sleep 1000 >/dev/null 2>&1", NULL};
  const struct process_request requests[] = {
      {.words = silent, .inherits_output = true, .inherits_error = true, .time_limit_ns = 50000000},
      {.words = closing, .time_limit_ns = 50000000}};
  for (int i = 0; i < 2; i++) {
    struct process_result result = process_run(&requests[i]);
    assert_true(result.timed_out);
    assert_int_equal(result.signal, SIGKILL);
    process_free(&result);
  }
}

static void test_output_beyond_the_maximum_is_dropped(void **state)
{
  (void)state;
  const char *const words[] = {"sh", "-c", "yes | head -c 100000", NULL};
  const struct process_request request = {.words = words, .output_maximum = 10};
  struct process_result result = process_run(&request);
  assert_int_equal(result.exit_code, 0);
  assert_string_equal(result.output, "y\ny\ny\ny\ny\n");
  process_free(&result);
}

static void test_no_such_program(void **state)
{
  (void)state;
  const char *const words[] = {"/nowhere/at-all", NULL};
  const struct process_request request = {.words = words};
  struct process_result result = process_run(&request);
  assert_false(result.started);
  assert_string_equal(result.error, "No such file or directory");
  process_free(&result);
}

/* The program asks us to end, and would sleep on. */
static void expect_interrupted(const char *command, bool inherits, int signal_number)
{
  const char *const words[] = {"sh", "-c", command, NULL};
  const struct process_request request = {.words = words, .inherits_output = inherits, .inherits_error = inherits};
  assert_true(interrupt_watch());
  assert_false(interrupt_is_asked());
  struct process_result result = process_run(&request);
  assert_true(result.started);
  assert_true(result.interrupted);
  assert_int_equal(result.signal, signal_number);
  process_free(&result);
  assert_true(interrupt_is_asked()); /* until it is released */
  result = process_run(&request);
  assert_false(result.started);
  assert_true(result.interrupted);
  process_free(&result);
  interrupt_release();
  assert_false(interrupt_is_asked());
}

static void test_interrupt_ends_the_program(void **state)
{
  (void)state;
  expect_interrupted("kill -INT $PPID; exec sleep 1000", false, SIGTERM);
  expect_interrupted("kill -TERM $PPID; exec sleep 1000", true, SIGTERM);
  expect_interrupted("kill -HUP $PPID; exec sleep 1000 >/dev/null 2>&1", false, SIGTERM);
  expect_interrupted("trap '' TERM; kill -INT $PPID; exec sleep 1000", false, SIGKILL);
}

static void test_interrupt_is_for_us_alone(void **state)
{
  (void)state;
  assert_true(interrupt_watch());
  struct process_result result = shell("kill -INT $$; echo still here", NULL, 0);
  interrupt_release();
  assert_false(result.interrupted);
  assert_string_equal(result.output, "still here\n");
  process_free(&result);
  result = shell("kill -INT $$; echo still here", NULL, 0); /* where nobody watches, it is the program's too */
  assert_int_equal(result.signal, SIGINT);
  process_free(&result);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output_and_exit_code),
      cmocka_unit_test(test_much_text_both_ways),
      cmocka_unit_test(test_input_that_is_not_wanted),
      cmocka_unit_test(test_signal),
      cmocka_unit_test(test_time_limit),
      cmocka_unit_test(test_time_limit_without_output),
      cmocka_unit_test(test_output_beyond_the_maximum_is_dropped),
      cmocka_unit_test(test_no_such_program),
      cmocka_unit_test(test_interrupt_ends_the_program),
      cmocka_unit_test(test_interrupt_is_for_us_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
