/* Packing: what comes back is what went in, for any rows; and no bytes at all make unpacking stumble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/store/store.h"

/* A number of any magnitude: uniform in its bits' count, with the extremes often. */
static uint64_t any_number(struct random *random)
{
  switch (random_below(random, 8)) {
  case 0:
    return 0;
  case 1:
    return UINT64_MAX;
  case 2:
    return UINT64_C(1) << 63;
  default:
    return random_u64(random) >> random_below(random, 64);
  }
}

/* Columns that stand still, that grow, and that jump. */
static uint64_t next_number(struct random *random, uint64_t before, unsigned manner)
{
  if (manner == 0) return before;
  if (manner == 1) return before + random_below(random, 1000);
  return any_number(random);
}

static struct journal_row *any_rows(struct random *random, size_t count)
{
  struct journal_row *rows = calloc(count + 1, sizeof *rows);
  struct journal_row row = {0};
  unsigned manner[15];
  for (int i = 0; i < 15; i++) manner[i] = random_below(random, 3);
  for (size_t i = 0; i < count; i++) {
    row.start_ns = next_number(random, row.start_ns, manner[0]);
    row.duration_ns = next_number(random, row.duration_ns, manner[1]);
    row.mark_ns = next_number(random, row.mark_ns, manner[2]);
    row.heap_before_bytes = next_number(random, row.heap_before_bytes, manner[3]);
    row.heap_after_bytes = next_number(random, row.heap_after_bytes, manner[4]);
    row.freed_bytes = next_number(random, row.freed_bytes, manner[5]);
    row.examined_objects = (uint32_t)next_number(random, row.examined_objects, manner[6]);
    row.followed_edges = (uint32_t)next_number(random, row.followed_edges, manner[7]);
    row.freed_objects = (uint32_t)next_number(random, row.freed_objects, manner[8]);
    row.survived_objects = (uint32_t)next_number(random, row.survived_objects, manner[9]);
    row.kind = (uint8_t)(next_number(random, row.kind, manner[10]) % JOURNAL_KINDS);
    row.cause = (uint8_t)(next_number(random, row.cause, manner[11]) % JOURNAL_CAUSES);
    row.generation = (uint8_t)next_number(random, row.generation, manner[12]);
    row.phase = (uint8_t)(next_number(random, row.phase, manner[13]) % JOURNAL_PHASES_MAX);
    row.flags = (uint32_t)(next_number(random, row.flags, manner[14]) % 4);
    rows[i] = row;
  }
  return rows;
}

static void check_pauses(const struct journal_row *rows, size_t count)
{
  size_t bytes = 0;
  uint8_t *data = store_pack_pauses(rows, count, &bytes);
  struct journal_row *back = malloc((count + 1) * sizeof *back);
  memset(back, 0xa5, (count + 1) * sizeof *back);
  assert_non_null(data);
  assert_true(store_unpack_pauses(data, bytes, count, back));
  assert_memory_equal(back, rows, count * sizeof *rows);
  assert_int_equal(back[count].kind, 0xa5); /* nothing is written behind the last row */
  /* One row without its last column is what an older store has. */
  if (bytes > 0 && count > 1) assert_false(store_unpack_pauses(data, bytes - 1, count, back));
  uint8_t *longer = malloc(bytes + 1);
  memcpy(longer, data, bytes);
  longer[bytes] = 0;
  assert_false(store_unpack_pauses(longer, bytes + 1, count, back));
  free(longer);
  free(back);
  free(data);
}

static void random_pauses_come_back(void **state)
{
  (void)state;
  struct random random;
  random_seed(&random, 1);
  for (int round = 0; round < 400; round++) {
    const size_t count = random_below(&random, round % 20 == 0 ? 5000 : 60);
    struct journal_row *rows = any_rows(&random, count);
    check_pauses(rows, count);
    free(rows);
  }
}

/* Stores of schema 2 have no column of flags, which came last. */
static void older_rows_are_read(void **state)
{
  (void)state;
  struct random random;
  random_seed(&random, 8);
  struct journal_row *rows = any_rows(&random, 100);
  for (size_t i = 0; i < 100; i++) rows[i].flags = 0;
  size_t bytes = 0;
  uint8_t *data = store_pack_pauses(rows, 100, &bytes);
  struct journal_row back[100];
  assert_int_equal(data[bytes - 2], 0); /* a run of zeros, and its length */
  assert_int_equal(data[bytes - 1], 99);
  assert_true(store_unpack_pauses(data, bytes - 2, 100, back));
  assert_memory_equal(back, rows, sizeof back);
  free(data);
  free(rows);
}

static void no_rows_and_one(void **state)
{
  (void)state;
  const struct journal_row zero = {0};
  const struct journal_row top = {.start_ns = UINT64_MAX,
                                  .duration_ns = UINT64_MAX,
                                  .mark_ns = UINT64_MAX,
                                  .heap_before_bytes = UINT64_MAX,
                                  .heap_after_bytes = UINT64_MAX,
                                  .freed_bytes = UINT64_MAX,
                                  .examined_objects = UINT32_MAX,
                                  .followed_edges = UINT32_MAX,
                                  .freed_objects = UINT32_MAX,
                                  .survived_objects = UINT32_MAX,
                                  .kind = JOURNAL_KINDS - 1,
                                  .cause = JOURNAL_CAUSES - 1,
                                  .generation = UINT8_MAX,
                                  .phase = JOURNAL_PHASES_MAX - 1};
  const struct journal_row both[] = {top, zero, top};
  check_pauses(NULL, 0);
  check_pauses(&zero, 1);
  check_pauses(&top, 1);
  check_pauses(both, 3);
}

/* The worked example of docs/schema.md. */
static void the_documented_example(void **state)
{
  (void)state;
  const struct journal_request rows[] = {{1000, 250}, {2000, 250}, {2900, 250}, {3800, 240}};
  static const uint8_t expected[] = {0xd0, 0x0f, 0xd0, 0x0f, 0x88, 0x0e, 0x88, 0x0e, 0xf4, 0x03, 0x00, 0x01, 0x13};
  size_t bytes = 0;
  uint8_t *data = store_pack_requests(rows, 4, &bytes);
  assert_int_equal(bytes, sizeof expected);
  assert_memory_equal(data, expected, sizeof expected);
  free(data);
}

static void columns_that_stand_still_cost_nothing(void **state)
{
  (void)state;
  enum { COUNT = 100000 };
  struct journal_row *rows = calloc(COUNT, sizeof *rows);
  for (size_t i = 0; i < COUNT; i++) rows[i] = (struct journal_row){.start_ns = 1000 * i, .kind = JOURNAL_CASCADE};
  size_t bytes = 0;
  uint8_t *data = store_pack_pauses(rows, COUNT, &bytes);
  assert_true(bytes < 2 * COUNT + 100);
  free(data);
  free(rows);
}

static void other_tables_come_back(void **state)
{
  (void)state;
  struct random random;
  random_seed(&random, 2);
  for (int round = 0; round < 300; round++) {
    const size_t count = random_below(&random, 40);
    struct journal_request requests[40];
    struct journal_request requests_back[40];
    struct store_heap_sample heap[40];
    struct store_heap_sample heap_back[40];
    struct store_floating floating[40];
    struct store_floating floating_back[40];
    struct journal_phase phases[40];
    struct journal_phase phases_back[40];
    memset(phases, 0, sizeof phases);
    memset(phases_back, 0, sizeof phases_back);
    for (size_t i = 0; i < count; i++) {
      requests[i] = (struct journal_request){any_number(&random), any_number(&random)};
      heap[i] = (struct store_heap_sample){any_number(&random), any_number(&random), any_number(&random), 7, 8};
      floating[i] = (struct store_floating){any_number(&random), any_number(&random), any_number(&random) / 2, 0};
      floating[i].reachable_bytes = floating[i].held_bytes / 3;
      phases[i].start_ns = any_number(&random);
      memset(phases[i].name, 'a' + (int)(i % 26), random_below(&random, JOURNAL_PHASE_NAME_MAX));
    }
    size_t bytes = 0;
    uint8_t *data = store_pack_requests(requests, count, &bytes);
    assert_true(store_unpack_requests(data, bytes, count, requests_back));
    assert_memory_equal(requests, requests_back, count * sizeof *requests);
    free(data);
    data = store_pack_heap(heap, count, &bytes);
    assert_true(store_unpack_heap(data, bytes, count, heap_back));
    assert_memory_equal(heap, heap_back, count * sizeof *heap);
    free(data);
    data = store_pack_floating(floating, count, &bytes);
    assert_true(store_unpack_floating(data, bytes, count, floating_back));
    assert_memory_equal(floating, floating_back, count * sizeof *floating);
    if (count > 0) { /* more reachable than held */
      free(data);
      floating[count - 1].reachable_bytes = floating[count - 1].held_bytes + 1;
      data = store_pack_floating(floating, count, &bytes);
      assert_false(store_unpack_floating(data, bytes, count, floating_back));
    }
    free(data);
    data = store_pack_phases(phases, count, &bytes);
    assert_true(store_unpack_phases(data, bytes, count, phases_back));
    assert_memory_equal(phases, phases_back, count * sizeof *phases);
    free(data);
  }
}

/* Values that no packing writes are refused one by one. */
static void what_packing_never_writes_is_refused(void **state)
{
  (void)state;
  struct journal_request rows[4];
  struct journal_row pause;
  struct journal_phase phase;
  static const uint8_t run_too_long[] = {0x00, 0x04, 0x00, 0x03};
  static const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  static const uint8_t beyond_64_bits[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x02};
  static const uint8_t needless_byte[] = {0x82, 0x00, 0x02};
  static const uint8_t no_end[] = {0x02, 'a', 'b'};
  static const uint8_t long_name[] = "\x02"
                                     "abcdefghijklmnopqrstuvwx";
  assert_false(store_unpack_requests(run_too_long, sizeof run_too_long, 4, rows));
  assert_false(store_unpack_requests(endless, sizeof endless, 1, rows));
  assert_false(store_unpack_requests(beyond_64_bits, sizeof beyond_64_bits, 1, rows));
  assert_false(store_unpack_requests(needless_byte, sizeof needless_byte, 1, rows));
  assert_false(store_unpack_phases(no_end, sizeof no_end, 1, &phase));
  assert_false(store_unpack_phases(long_name, sizeof long_name, 1, &phase));
  for (int column = 0; column < 14; column++) {
    /* Every column 1 (zigzag 2), but one: 2^33 + 1 fits into the first six alone. */
    uint8_t data[32];
    size_t used = 0;
    for (int i = 0; i < 14; i++) {
      static const uint8_t large[] = {0x82, 0x80, 0x80, 0x80, 0x40};
      if (i == column) {
        memcpy(data + used, large, sizeof large);
        used += sizeof large;
      } else {
        data[used++] = 0x02;
      }
    }
    assert_int_equal(store_unpack_pauses(data, used, 1, &pause), column < 6);
  }
}

/* Damaged and random bytes: no crash and nothing written out of bounds (the sanitizer builds see to that). */
static void damage_is_survived(void **state)
{
  (void)state;
  struct random random;
  random_seed(&random, 3);
  for (int round = 0; round < 3000; round++) {
    const size_t count = random_below(&random, 50);
    struct journal_row *rows = any_rows(&random, count);
    size_t bytes = 0;
    uint8_t *data = store_pack_pauses(rows, count, &bytes);
    const uint32_t hits = 1 + random_below(&random, 4);
    for (uint32_t i = 0; i < hits && bytes > 0; i++)
      data[random_below(&random, (uint32_t)bytes)] = (uint8_t)random_u64(&random);
    const size_t claimed = random_below(&random, 2) ? count : random_below(&random, 50);
    struct journal_row *back = malloc((claimed + 1) * sizeof *back);
    if (store_unpack_pauses(data, bytes, claimed, back)) {
      for (size_t i = 0; i < claimed; i++) {
        assert_true(back[i].kind < JOURNAL_KINDS);
        assert_true(back[i].cause < JOURNAL_CAUSES);
        assert_true(back[i].phase < JOURNAL_PHASES_MAX);
      }
    }
    free(back);
    struct journal_phase phases[50];
    if (store_unpack_phases(data, bytes, claimed, phases)) {
      for (size_t i = 0; i < claimed; i++) assert_true(strnlen(phases[i].name, 24) < JOURNAL_PHASE_NAME_MAX);
    }
    free(data);
    free(rows);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_pauses_come_back),
      cmocka_unit_test(no_rows_and_one),
      cmocka_unit_test(older_rows_are_read),
      cmocka_unit_test(the_documented_example),
      cmocka_unit_test(columns_that_stand_still_cost_nothing),
      cmocka_unit_test(other_tables_come_back),
      cmocka_unit_test(what_packing_never_writes_is_refused),
      cmocka_unit_test(damage_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
