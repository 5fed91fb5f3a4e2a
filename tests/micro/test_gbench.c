/* The C shim of Google Benchmark by itself: what a program in C sees of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/micro/gbench.h"
#include "tests/unit/cmocka_all.h"

static struct {
  int calls, batches;
  int64_t iterations, range, second_range, skipped;
} seen;

static void count_iterations(struct gb_state *state, void *context)
{
  assert_ptr_equal(context, &seen);
  seen.calls++;
  seen.range = gb_range(state, 0);
  seen.second_range = gb_range(state, 1);
  int64_t done = 0;
  while (gb_keep_running(state)) done++;
  seen.iterations = gb_iterations(state);
  assert_int_equal(done, seen.iterations);
  gb_set_items_processed(state, done);
  gb_set_bytes_processed(state, 8 * done);
  gb_set_label(state, "a \"label\"");
  gb_set_counter(state, "twice", 2.0 * (double)done, GB_COUNTER_PER_ITERATION);
}

static void run_batches(struct gb_state *state, void *context)
{
  (void)context;
  int64_t done = 0;
  while (gb_keep_running_batch(state, 100)) {
    done += 100;
    seen.batches++;
    gb_pause_timing(state);
    gb_resume_timing(state);
    gb_set_iteration_time(state, 100 * 5e-6);
  }
  assert_true(gb_iterations(state) == done);
}

static void refuse(struct gb_state *state, void *context)
{
  (void)context;
  seen.skipped++;
  gb_skip(state, "not today");
}

static FILE *results;
static char text[65536];

/* Everything that the library prints goes into text. */
static void run_all(void **state)
{
  (void)state;
  char path[] = "/tmp/gbench-XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  char out[64];
  snprintf(out, sizeof out, "--benchmark_out=%s", path);
  char *argv[] = {(char[]){"program"}, (char[]){"--benchmark_out_format=json"}, out, (char[]){"--ours"}, NULL};
  int argc = 4;
  gb_initialize(&argc, argv);
  assert_int_equal(argc, 2); /* what is not the library's is left */
  assert_string_equal(argv[1], "--ours");
  gb_add_context("flavour", "plain");

  struct gb_benchmark *counting = gb_register("counting", count_iterations, &seen);
  gb_add_arguments(counting, (const int64_t[]){3, 4}, 2);
  gb_set_iterations(counting, 1000);
  gb_set_repetitions(counting, 2);
  struct gb_benchmark *batches = gb_register("batches", run_batches, NULL);
  gb_use_manual_time(batches);
  gb_set_unit(batches, GB_MICROSECOND);
  gb_set_min_time(batches, 0.01);
  gb_register("refused", refuse, NULL);
  assert_int_equal(gb_run(), 3);
  gb_shutdown();

  results = fdopen(fd, "r");
  assert_non_null(results);
  assert_true(fread(text, 1, sizeof text - 1, results) > 0);
  fclose(results);
  remove(path);
}

static void test_arguments_reach_the_function(void **state)
{
  (void)state;
  assert_int_equal(seen.range, 3);
  assert_int_equal(seen.second_range, 4);
  assert_int_equal(seen.calls, 2);
  assert_int_equal(seen.iterations, 1000);
  assert_non_null(strstr(text, "\"name\": \"counting/3/4/iterations:1000/repeats:2\""));
}

static void test_what_is_set_is_reported(void **state)
{
  (void)state;
  assert_non_null(strstr(text, "\"label\": \"a \\\"label\\\"\""));
  assert_non_null(strstr(text, "\"twice\": 2.0000000000000000e+00"));
  assert_non_null(strstr(text, "\"items_per_second\""));
  assert_non_null(strstr(text, "\"bytes_per_second\""));
  assert_non_null(strstr(text, "\"flavour\": \"plain\""));
}

/* A batch's time is that of all its iterations. */
static void test_manual_time_of_batches(void **state)
{
  (void)state;
  const char *row = strstr(text, "\"name\": \"batches/min_time:0.010/manual_time\"");
  assert_non_null(row);
  const char *time = strstr(row, "\"real_time\": ");
  assert_non_null(time);
  assert_float_equal(strtod(time + strlen("\"real_time\": "), NULL), 5.0, 1e-6);
  assert_true(seen.batches >= 20); /* 10 ms of 500 us each */
}

static void test_a_skipped_one_has_its_reason(void **state)
{
  (void)state;
  assert_true(seen.skipped > 0);
  assert_non_null(strstr(text, "\"error_message\": \"not today\""));
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(run_all), cmocka_unit_test(test_arguments_reach_the_function),
                                     cmocka_unit_test(test_what_is_set_is_reported),
                                     cmocka_unit_test(test_manual_time_of_batches),
                                     cmocka_unit_test(test_a_skipped_one_has_its_reason)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
