/*
 * From a death schedule to numbers; ranks and scores; what adds nothing to the spread; the minimum heap by bisection.
 */
#include "tests/unit/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "collectors/parts/deaths.h"
#include "harness/characterise/nominal.h"
#include "harness/characterise/schedule.h"
#include "harness/characterise/spread.h"
#include "harness/minheap/minheap.h"

static void assert_near(double found, double expected)
{
  if (fabs(found - expected) <= 1e-9 * (1 + fabs(expected))) return;
  fail_msg("%.17g is not %.17g", found, expected);
}

/* ---- the schedule ----------------------------------------------------------------------------------------------- */

static FILE *write_rows(const struct death *rows, size_t count)
{
  FILE *file = tmpfile();
  assert_non_null(file);
  struct death_stream stream = {.file = file};
  for (size_t i = 0; i < count; i++) assert_true(death_write(&stream, &rows[i]));
  rewind(file);
  return file;
}

/* Four objects of 100 bytes, one of 600 that is all references: what comes of it can be worked out on paper. */
static void test_a_schedule_by_hand(void **state)
{
  (void)state;
  const struct gc_shape small = {.fields = 0, .bytes = 100, .kind = GC_ATOM};
  const struct gc_shape wide = {.fields = 75, .bytes = 0, .kind = GC_LIST};
  /* born: 0 at 100, 1 at 200, 2 (600 bytes) at 800, 3 at 900, 4 at 1000 */
  const struct death rows[] = {
      {.operation = 3, .clock_objects = 2, .clock_bytes = 200, .object = 0, .lifetime_bytes = 100, .shape = small},
      {.operation = 6,
       .clock_objects = 4,
       .clock_bytes = 900,
       .object = 2,
       .lifetime_bytes = 100,
       .shape = wide,
       .flags = DEATH_KEPT_BY_COUNTING | DEATH_IN_CYCLE},
      {.operation = 6,
       .clock_objects = 4,
       .clock_bytes = 900,
       .object = 1,
       .lifetime_bytes = 700,
       .shape = small,
       .flags = DEATH_KEPT_BY_COUNTING},
      {.operation = 9, .clock_objects = 5, .clock_bytes = 1000, .object = 3, .lifetime_bytes = 100, .shape = small},
      {.operation = 9,
       .clock_objects = 5,
       .clock_bytes = 1000,
       .object = 4,
       .lifetime_bytes = 0,
       .shape = small,
       .flags = DEATH_AT_END},
  };
  static struct characterisation into;
  FILE *file = write_rows(rows, 5);
  assert_null(schedule_measure(file, 5, 1000, &into));
  const double *values = into.values;
  assert_near(values[MEASURE_OBJECTS], 5);
  assert_near(values[MEASURE_BYTES], 1000);
  assert_near(values[MEASURE_SIZE_MEAN], 200);
  assert_near(values[MEASURE_SIZE_MEDIAN], 100);
  assert_near(values[MEASURE_SIZE_P90], 600);
  assert_near(values[MEASURE_REFERENCE_SHARE], 60);
  assert_near(values[MEASURE_LARGE_SHARE], 0);
  assert_near(values[MEASURE_LIVE_MAX], 800); /* 1, 2 and 3, before 1 and 2 die */
  assert_near(values[MEASURE_LIVE_MEAN], 100 * (100 * 100.0 + 600 * 100.0 + 100 * 700.0 + 100 * 100.0) / 1000 / 800);
  assert_near(values[MEASURE_LIFETIME_P10], 0);
  assert_near(values[MEASURE_LIFETIME_MEDIAN], 100);
  assert_near(values[MEASURE_LIFETIME_P99], 700);
  assert_near(values[MEASURE_CYCLIC], 50); /* of the four that died */
  assert_near(values[MEASURE_IN_CYCLE], 25);
  assert_near(values[MEASURE_SURVIVAL_1], 100 * 900.0 / 900); /* 8 bytes: all but 4, which is not asked */
  assert_near(values[MEASURE_SURVIVAL_10], 100 * 900.0 / 900);
  assert_near(values[MEASURE_SURVIVAL_100], 0); /* 800 bytes: 0 and 1 are asked, neither gets so old */
  assert_int_equal(into.live_count, CURVE_LIVE_POINTS);
  assert_near(into.live[CURVE_LIVE_POINTS / 2 - 1].x, 500);
  assert_near(into.live[CURVE_LIVE_POINTS / 2 - 1].y, 400); /* 500 allocated, object 0 dead */
  fclose(file);
}

static void test_a_schedule_that_is_not_whole(void **state)
{
  (void)state;
  const struct death row = {
      .operation = 1, .clock_objects = 1, .clock_bytes = 8, .shape = {.bytes = 8, .kind = GC_ATOM}};
  static struct characterisation into;
  FILE *file = write_rows(&row, 1);
  assert_non_null(schedule_measure(file, 2, 16, &into));
  rewind(file);
  assert_non_null(schedule_measure(file, 1, 9, &into));
  rewind(file);
  assert_null(schedule_measure(file, 1, 8, &into));
  fclose(file);
}

enum { OBJECTS = 300 };

/* Random deaths against brute force over every object, at each byte of the clock. */
static void test_random_schedules(void **state)
{
  (void)state;
  static struct characterisation into;
  for (uint64_t seed = 1; seed <= 30; seed++) {
    struct random random;
    random_seed(&random, seed);
    uint64_t born[OBJECTS], died[OBJECTS], bytes[OBJECTS];
    struct death rows[OBJECTS];
    uint64_t clock = 0;
    for (int i = 0; i < OBJECTS; i++) {
      bytes[i] = 1 + random_below(&random, 50);
      clock += bytes[i];
      born[i] = clock;
    }
    size_t count = 0;
    for (int i = 0; i < OBJECTS; i++) { /* each dies when some later object is born, or it itself */
      const int at = i + (int)random_below(&random, (uint32_t)(OBJECTS - i));
      died[i] = born[at];
      rows[count++] = (struct death){.operation = (uint64_t)at + 1,
                                     .clock_objects = (uint64_t)at + 1,
                                     .clock_bytes = died[i],
                                     .object = (uint64_t)i,
                                     .lifetime_bytes = died[i] - born[i],
                                     .shape = {.bytes = (uint32_t)bytes[i], .kind = GC_ATOM}};
    }
    for (size_t i = 1; i < count; i++) { /* insertion sort by operation */
      const struct death row = rows[i];
      size_t k = i;
      for (; k > 0 && rows[k - 1].operation > row.operation; k--) rows[k] = rows[k - 1];
      rows[k] = row;
    }
    FILE *file = write_rows(rows, count);
    assert_null(schedule_measure(file, OBJECTS, clock, &into));
    uint64_t most = 0;
    for (int at = 0; at < OBJECTS; at++) {
      uint64_t live = 0;
      for (int i = 0; i <= at; i++) live += died[i] >= born[at] ? bytes[i] : 0;
      if (live > most) most = live;
    }
    assert_near(into.values[MEASURE_LIVE_MAX], (double)most);
    for (size_t a = 0; a < into.survival_count; a++) {
      const double age = (double)most * pow(10, CURVE_FIRST_DECADE + (double)a / CURVE_AGES_DECADE);
      double reached = 0, asked = 0;
      for (int i = 0; i < OBJECTS; i++) {
        if ((double)(clock - born[i]) < age) continue;
        asked += (double)bytes[i];
        if ((double)(died[i] - born[i]) >= age) reached += (double)bytes[i];
      }
      assert_near(into.survival[a].y, reached / asked);
    }
    fclose(file);
  }
}

/* ---- nominal statistics ----------------------------------------------------------------------------------------- */

static struct characterisation with(double value)
{
  struct characterisation one = {.workload = (char[]){"w"}};
  for (int i = 0; i < MEASURES; i++) one.values[i] = value;
  return one;
}

static void test_ranks_and_scores(void **state)
{
  (void)state;
  static struct characterisation all[5];
  const double values[] = {5, 20, 20, NAN, 1};
  for (int i = 0; i < 5; i++) all[i] = with(values[i]);
  const struct {
    size_t rank;
    int score;
  } expected[] = {{3, 4}, {1, 10}, {1, 10}, {0, 0}, {4, 1}};
  for (size_t i = 0; i < 5; i++) {
    const struct nominal nominal = nominal_of(all, 5, i, MEASURE_STORES);
    assert_int_equal(nominal.rank, expected[i].rank);
    assert_int_equal(nominal.score, expected[i].score);
    assert_near(nominal.minimum, 1);
    assert_near(nominal.median, 12.5);
    assert_near(nominal.maximum, 20);
  }
  /* Most have the smallest value, and none of them much of it. */
  for (int i = 0; i < 4; i++) all[i] = with(i == 3 ? 7 : 0);
  for (size_t i = 0; i < 4; i++) {
    const struct nominal nominal = nominal_of(all, 4, i, MEASURE_STORES);
    assert_int_equal(nominal.rank, i == 3 ? 1 : 2);
    assert_int_equal(nominal.score, i == 3 ? 10 : 1);
  }
  assert_int_equal(nominal_of(all, 3, 0, MEASURE_STORES).score, 0);
  const struct nominal alone = nominal_of(all, 1, 0, MEASURE_STORES);
  assert_int_equal(alone.rank, 1);
  assert_int_equal(alone.score, 0);
}

static void test_numbers_as_text(void **state)
{
  (void)state;
  char text[MEASURE_TEXT_MAX];
  assert_string_equal(measure_format(MEASURE_OBJECTS, 1234567, text), "1,234,567");
  assert_string_equal(measure_format(MEASURE_OBJECTS, 0, text), "0");
  assert_string_equal(measure_format(MEASURE_BYTES, 1023, text), "1023 B");
  assert_string_equal(measure_format(MEASURE_BYTES, 1536, text), "1.5 KiB");
  assert_string_equal(measure_format(MEASURE_CYCLIC, 33.333, text), "33.3");
  assert_string_equal(measure_format(MEASURE_STORES, 1.234, text), "1.23");
  assert_string_equal(measure_format(MEASURE_STORES, NAN, text), "-");
  for (int i = 0; i < MEASURES; i++) {
    assert_non_null(measure_rows[i].name);
    assert_int_equal(measure_find(measure_rows[i].name), i);
  }
  assert_int_equal(measure_find("nothing"), -1);
}

/* A copy of another workload, but for a hair, adds nothing; the others do. */
static void test_what_adds_nothing(void **state)
{
  (void)state;
  enum { COUNT = 8 };
  static struct characterisation all[COUNT];
  struct random random;
  random_seed(&random, 3);
  for (int i = 0; i < COUNT; i++) {
    all[i] = with(0);
    for (int m = 0; m < MEASURES; m++) all[i].values[m] = 1 + 99 * random_unit(&random);
  }
  memcpy(all[6].values, all[2].values, sizeof all[6].values);
  all[6].values[MEASURE_STORES] += 1;
  all[4].values[MEASURE_SURVIVAL_100] = NAN; /* counts as the mean */
  struct spread spread;
  assert_true(spread_of(all, COUNT, &spread));
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(spread.distances[i] < SPREAD_NEAR, i == 2 || i == 6);
    assert_true(isfinite(spread.distances[i]));
  }
  assert_int_equal(spread.neighbours[2], 6);
  assert_int_equal(spread.neighbours[6], 2);
  spread_free(&spread);
  assert_false(spread_of(all, SPREAD_LEAST - 1, &spread));
}

/* ---- the minimum heap ------------------------------------------------------------------------------------------- */

struct heard {
  int trials;
  uint64_t largest_too_small;
};

static void hear(void *context, const struct minheap_trial *trial)
{
  struct heard *heard = context;
  heard->trials++;
  if (!trial->fits && trial->limit_bytes > heard->largest_too_small) heard->largest_too_small = trial->limit_bytes;
}

static struct minheap_request request_for(const char *const *words, struct heard *heard)
{
  *heard = (struct heard){0};
  return (struct minheap_request){.program = FAKE_TRIAL,
                                  .words = words,
                                  .start_bytes = 100000,
                                  .least_bytes = 50000,
                                  .precision = 0.02,
                                  .time_limit_ns = UINT64_C(20) * 1000000000,
                                  .tell = hear,
                                  .context = heard};
}

/* The fake trial runs in the number of bytes that it is told, and no less. */
static void test_minimum_heap_is_found(void **state)
{
  (void)state;
  static const char *const needs[] = {"60000", "100000", "777777", "12345678"};
  for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
    struct heard heard;
    const char *const words[] = {"run", "fake", "--needs", needs[i], NULL};
    const struct minheap_request request = request_for(words, &heard);
    struct minheap_trial result;
    char error[MINHEAP_ERROR_MAX];
    assert_int_equal(minheap_find(&request, &result, error), MINHEAP_FOUND);
    const double exact = atof(needs[i]);
    assert_true((double)result.limit_bytes >= exact);
    assert_true((double)result.limit_bytes <= exact * 1.03 + 4096);
    assert_int_equal(result.collections, 7);
    assert_string_equal(result.checksum, "0123456789abcdef");
    assert_true((double)heard.largest_too_small < exact);
    assert_true(heard.trials < 20);
  }
}

static void test_minimum_heap_of_a_program_that_fails(void **state)
{
  (void)state;
  struct heard heard;
  const char *const words[] = {"run", "fake", "--fails", NULL};
  const struct minheap_request request = request_for(words, &heard);
  struct minheap_trial result;
  char error[MINHEAP_ERROR_MAX] = "";
  assert_int_equal(minheap_find(&request, &result, error), MINHEAP_FAILED);
  assert_non_null(strstr(error, "it ended with code 4: no such thing"));
  const char *const refused[] = {"run", "fake", "--refuses", NULL};
  const struct minheap_request other = request_for(refused, &heard);
  assert_int_equal(minheap_find(&other, &result, error), MINHEAP_FAILED);
  assert_string_equal(error, "its outcome is not_supported");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_schedule_by_hand),    cmocka_unit_test(test_a_schedule_that_is_not_whole),
      cmocka_unit_test(test_random_schedules),      cmocka_unit_test(test_ranks_and_scores),
      cmocka_unit_test(test_numbers_as_text),       cmocka_unit_test(test_what_adds_nothing),
      cmocka_unit_test(test_minimum_heap_is_found), cmocka_unit_test(test_minimum_heap_of_a_program_that_fails),
  };
  return cmocka_run_group_tests_name("characterise", tests, NULL, NULL);
}
