/* The journal: each pause in exactly one place, whether rows are left or not, in private or shared memory. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collectors/journal.h"
#include "tests/unit/cmocka_all.h"

static const struct journal_work some_work = {
    .examined_objects = 10, .followed_edges = 20, .freed_objects = 3, .survived_objects = 7, .freed_bytes = 96};

static int calibrate(void **state)
{
  (void)state;
  clock_calibrate();
  return 0;
}

static void a_collection_is_a_row(void **state)
{
  (void)state;
  struct journal journal;
  assert_true(journal_open(&journal, -1, 100, 100, 1000));
  journal_phase(&journal, "first");
  journal_phase(&journal, "second");
  journal_begin(&journal, JOURNAL_COLLECTION, JOURNAL_EXPLICIT, 2, 1000);
  journal_mark_done(&journal);
  journal_end(&journal, &some_work, 904);
  assert_int_equal(journal.head->row_count, 1);
  const struct journal_row *row = &journal.rows[0];
  assert_int_equal(row->generation, 2);
  assert_int_equal(row->cause, JOURNAL_EXPLICIT);
  assert_int_equal(row->phase, 1);
  assert_int_equal(row->heap_before_bytes, 1000);
  assert_int_equal(row->heap_after_bytes, 904);
  assert_int_equal(row->examined_objects, 10);
  assert_int_equal(row->followed_edges, 20);
  assert_int_equal(row->freed_objects, 3);
  assert_int_equal(row->survived_objects, 7);
  assert_int_equal(row->freed_bytes, 96);
  assert_true(row->mark_ns <= row->duration_ns);
  assert_int_equal(journal_total_ns(&journal), row->duration_ns);
  assert_string_equal(journal.head->phases[1].name, "second");
  journal_check(&journal);
  journal_close(&journal);
}

static void short_cascades_go_to_the_histogram(void **state)
{
  (void)state;
  struct journal journal;
  assert_true(journal_open(&journal, -1, 100, 0, UINT64_C(1) << 40));
  const uint64_t start = clock_ticks();
  for (uint64_t i = 1; i <= 50; i++) journal_cascade(&journal, start, i, i * 32, 0);
  assert_int_equal(journal.head->row_count, 0);
  assert_int_equal(journal.head->short_count, 50);
  assert_int_equal(journal.head->short_max_objects, 50);
  assert_int_equal(journal_total_ns(&journal), journal.head->short_ns);
  journal_check(&journal);
  journal_close(&journal);
}

static void long_cascades_are_rows(void **state)
{
  (void)state;
  struct journal journal;
  assert_true(journal_open(&journal, -1, 100, 0, 0));
  journal_cascade(&journal, clock_ticks(), 12, 384, 1000);
  assert_int_equal(journal.head->row_count, 1);
  assert_int_equal(journal.rows[0].kind, JOURNAL_CASCADE);
  assert_int_equal(journal.rows[0].cause, JOURNAL_RELEASE);
  assert_int_equal(journal.rows[0].freed_objects, 12);
  assert_int_equal(journal.rows[0].heap_before_bytes, 1384);
  journal_check(&journal);
  journal_close(&journal);
}

static void nothing_is_lost_when_rows_run_out(void **state)
{
  (void)state;
  struct journal journal;
  assert_true(journal_open(&journal, -1, 5, 2, 1000));
  for (int i = 0; i < 9; i++) {
    const uint64_t now_ns = clock_now_ns();
    journal_enter(&journal, JOURNAL_COLLECTION, JOURNAL_EXTERNAL, 0, now_ns, 100, 0, 0, &some_work);
  }
  for (int i = 0; i < 5; i++) journal_request(&journal, clock_now_ns(), 7);
  assert_int_equal(journal.head->row_count, 5);
  assert_int_equal(journal.head->dropped_count, 4);
  assert_int_equal(journal.head->dropped_ns, 400);
  assert_int_equal(journal_total_ns(&journal), 900);
  assert_int_equal(journal.head->request_count, 2);
  assert_int_equal(journal.head->requests_dropped, 3);
  journal_check(&journal);
  journal_close(&journal);
}

static void a_memory_file_shows_the_same_rows(void **state)
{
  (void)state;
  const int fd = memfd_create("journal", 0);
  assert_true(fd >= 0);
  struct journal journal;
  assert_true(journal_open(&journal, fd, 10000, 100, 1000));
  for (int i = 0; i < 10000; i++) {
    journal_begin(&journal, JOURNAL_COLLECTION, JOURNAL_BUDGET, 2, (uint64_t)i);
    journal_end(&journal, &some_work, (uint64_t)i);
  }
  journal_request(&journal, journal.head->origin_ns + 5, 77);
  struct journal_head *seen = mmap(NULL, journal.head->request_offset + 4096, PROT_READ, MAP_SHARED, fd, 0);
  assert_true(seen != MAP_FAILED);
  assert_true(seen->magic == JOURNAL_MAGIC);
  assert_int_equal(seen->row_count, 10000);
  const struct journal_row *rows = (const struct journal_row *)(const void *)((const char *)seen + seen->row_offset);
  for (int i = 0; i < 10000; i++) assert_int_equal(rows[i].heap_before_bytes, i);
  const struct journal_request *requests =
      (const struct journal_request *)(const void *)((const char *)seen + seen->request_offset);
  assert_int_equal(requests[0].start_ns, 5);
  assert_int_equal(requests[0].latency_ns, 77);
  journal_check(&journal);
  munmap(seen, seen->request_offset + 4096);
  journal_close(&journal);
  close(fd);
}

static void a_disabled_journal_keeps_nothing(void **state)
{
  (void)state;
  struct journal journal;
  assert_true(journal_open(&journal, -1, 10, 10, 0));
  journal.enabled = false;
  journal_begin(&journal, JOURNAL_COLLECTION, JOURNAL_BUDGET, 2, 1);
  journal_mark_done(&journal);
  journal_end(&journal, &some_work, 1);
  journal_cascade(&journal, clock_ticks(), 2, 64, 0);
  assert_int_equal(journal.head->row_count + journal.head->short_count, 0);
  journal_close(&journal);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_collection_is_a_row),
      cmocka_unit_test(short_cascades_go_to_the_histogram),
      cmocka_unit_test(long_cascades_are_rows),
      cmocka_unit_test(nothing_is_lost_when_rows_run_out),
      cmocka_unit_test(a_memory_file_shows_the_same_rows),
      cmocka_unit_test(a_disabled_journal_keeps_nothing),
  };
  return cmocka_run_group_tests_name("journal", tests, calibrate, NULL);
}
