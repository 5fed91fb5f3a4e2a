/* Floating garbage by hand: a death schedule of ten objects, and what a trial's series make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collectors/parts/deaths.h"
#include "harness/analysis/floating.h"
#include "harness/deaths/floating.h"

enum { OBJECT_BYTES = 100 };

static char path[] = "/tmp/gclab-floating-XXXXXX";

/* From 5 to 50000 ns; at the end what did not die is held. */
static const struct floating_span span = {.start_ns = 5,
                                          .end = {.time_ns = 50000, .allocated_bytes = 1000, .held_bytes = 700}};

/* Objects 0 and 1 die when the third has been made, 2 when the fifth has; the others live to the end. */
static int write_schedule(void **state)
{
  (void)state;
  static const struct death deaths[] = {
      {.operation = 4, .clock_objects = 3, .clock_bytes = 300, .object = 0, .shape = {0, OBJECT_BYTES, GC_ATOM}},
      {.operation = 5, .clock_objects = 3, .clock_bytes = 300, .object = 1, .shape = {0, OBJECT_BYTES, GC_ATOM}},
      {.operation = 8, .clock_objects = 5, .clock_bytes = 500, .object = 2, .shape = {0, OBJECT_BYTES, GC_ATOM}},
      {.operation = 20,
       .clock_objects = 10,
       .clock_bytes = 1000,
       .object = 3,
       .shape = {0, OBJECT_BYTES, GC_ATOM},
       .flags = DEATH_AT_END},
  };
  const int fd = mkstemp(path);
  FILE *file = fdopen(fd, "wb");
  assert_non_null(file);
  fputs("{\"format\":\"gclab-deaths-1\"}\n", file);
  struct death_stream stream = {.file = file};
  for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) assert_true(death_write(&stream, &deaths[i]));
  return fclose(file);
}

static int remove_schedule(void **state)
{
  (void)state;
  return unlink(path);
}

static void assert_point(const struct store_floating *point, uint64_t time_ns, uint64_t held, uint64_t reachable)
{
  assert_int_equal(point->time_ns, time_ns);
  assert_int_equal(point->held_bytes, held);
  assert_int_equal(point->reachable_bytes, reachable);
}

static void points_are_held_against_deaths(void **state)
{
  (void)state;
  const struct journal_row collection = {.start_ns = 20,
                                         .duration_ns = 5,
                                         .allocated_bytes = 300,
                                         .held_bytes = 100,
                                         .freed_bytes = 200,
                                         .kind = JOURNAL_COLLECTION,
                                         .cause = JOURNAL_HEAP_GROWTH};
  const struct store_heap_sample samples[] = {{.time_ns = 10, .allocated_bytes = 300},
                                              {.time_ns = 30, .allocated_bytes = 600, .freed_bytes = 200},
                                              {.time_ns = 31, .allocated_bytes = 600, .freed_bytes = 700}};
  const struct store_series series = {.pauses = &collection, .pause_count = 1, .heap = samples, .heap_count = 3};
  size_t count = 0;
  struct store_floating *points = floating_points(path, &series, &span, &count);
  assert_non_null(points);
  assert_int_equal(count, 6); /* a sample that was read while the counters changed is none */
  assert_point(&points[0], 5, 0, 0);
  assert_point(&points[1], 10, 300, 300); /* at 300 bytes two die, but perhaps a little later */
  assert_point(&points[2], 20, 300, 100); /* a collection at an allocation: they are dead */
  assert_point(&points[3], 25, 100, 100);
  assert_point(&points[4], 30, 400, 300);
  assert_point(&points[5], 50000, 700, 700);
  const struct floating_sums sums = floating_sums(points + 1, 4);
  assert_int_equal(sums.peak_bytes, 200);
  assert_float_equal(sums.mean_bytes, 87.5, 1e-9); /* (1000 + 500 + 250) / 20 */
  assert_float_equal(sums.delay_bytes, 50, 1e-9);  /* 50 x 300 / 300 that died */
  assert_float_equal(sums.delay_ns, 1750.0 / 300, 1e-9);
  free(points);
}

/* A cascade is in between: what dies at its instant may not be dead yet. */
static void cascades_float_nothing(void **state)
{
  (void)state;
  const struct journal_row cascade = {.start_ns = 7,
                                      .duration_ns = 2,
                                      .allocated_bytes = 300,
                                      .held_bytes = 200,
                                      .freed_bytes = 100,
                                      .kind = JOURNAL_CASCADE,
                                      .cause = JOURNAL_RELEASE};
  const struct store_series series = {.pauses = &cascade, .pause_count = 1};
  size_t count = 0;
  struct store_floating *points = floating_points(path, &series, &span, &count);
  assert_int_equal(count, 4);
  assert_int_equal(floating_sums(points, count).peak_bytes, 0);
  free(points);
}

static void the_peak_is_kept_of_many(void **state)
{
  (void)state;
  enum { MANY = 50000, PEAK = 33333 };
  struct store_heap_sample *samples = calloc(MANY, sizeof *samples);
  for (uint64_t i = 0; i < MANY; i++)
    samples[i] = (struct store_heap_sample){.time_ns = i, .allocated_bytes = 900, .freed_bytes = i == PEAK ? 0 : 300};
  const struct store_series series = {.heap = samples, .heap_count = MANY};
  size_t count = 0;
  struct store_floating *points = floating_points(path, &series, &span, &count);
  assert_true(count > FLOATING_POINTS_MAX / 4 && count <= FLOATING_POINTS_MAX);
  assert_int_equal(floating_sums(points, count).peak_bytes, 300);
  for (size_t i = 1; i < count; i++) assert_true(points[i - 1].time_ns < points[i].time_ns);
  free(points);
  free(samples);
}

static void a_damaged_schedule_is_refused(void **state)
{
  (void)state;
  const struct store_heap_sample sample = {.time_ns = 1, .allocated_bytes = 900};
  const struct store_series series = {.heap = &sample, .heap_count = 1};
  size_t count = 0;
  char cut[] = "/tmp/gclab-floating-XXXXXX";
  const int fd = mkstemp(cut);
  assert_int_equal(write(fd, "{}\n\x85", 4), 4);
  close(fd);
  assert_null(floating_points(cut, &series, &span, &count));
  assert_int_equal(count, 0);
  unlink(cut);
  assert_null(floating_points(cut, &series, &span, &count));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(points_are_held_against_deaths),
      cmocka_unit_test(cascades_float_nothing),
      cmocka_unit_test(the_peak_is_kept_of_many),
      cmocka_unit_test(a_damaged_schedule_is_refused),
  };
  return cmocka_run_group_tests(tests, write_schedule, remove_schedule);
}
