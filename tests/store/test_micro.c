/* Runs of micro-benchmarks in the store, and what is made of them: medians, ratios to the limit, instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "harness/microrun/results.h"
#include "harness/store/internal.h"
#include "tests/store/fixture.h"

static int set_up(void **state)
{
  *state = fixture_directory();
  return *state == NULL;
}

static int tear_down(void **state)
{
  fixture_remove_directory(*state);
  return 0;
}

static const struct store_micro_program programs[] = {
    {.collector = STORE_MICRO_MACHINE, .collector_version = "1", .build_id = "b0", .knobs = "", .allocator = "glibc"},
    {.collector = "zeta", .collector_version = "2", .build_id = "b1", .knobs = "depth=3", .allocator = "own"},
    {.collector = "alpha", .collector_version = "3", .build_id = "b2", .knobs = "", .allocator = "glibc"}};

static const struct store_micro_benchmark benchmarks[] = {
    {.name = "limit/memset", .limit_name = "", .limit_scale = 1},
    {.name = "new", .limit_name = "limit/memset", .limit_scale = 0.5},
    {.name = "old", .limit_name = "", .limit_scale = 1},
    {.name = "lost", .limit_name = "limit/none", .limit_scale = 1}};

static const struct store_micro_skipped skipped[] = {{.collector = "alpha", .benchmark = "old", .reason = "it is new"}};

static void put_run(struct store *store, const char *id, const char *created_at)
{
  const struct store_micro_run run = {.id = id,
                                      .host_id = "h1",
                                      .command = "gclab micro",
                                      .size = "default",
                                      .version = "0.1",
                                      .revision = "r",
                                      .created_at = created_at,
                                      .seed = 7};
  const struct store_host host = {.id = "h1", .name = "a machine", .environment = "{}"};
  assert_true(store_put_micro_run(store, &host, &run, programs, 3, benchmarks, 4, skipped, 1));
}

static void put(struct store *store, const char *id, const char *collector, const char *benchmark, int64_t repetition,
                double cpu_ns)
{
  const struct store_micro_result result = {.collector = collector,
                                            .benchmark = benchmark,
                                            .repetition = repetition,
                                            .iterations = 100,
                                            .real_ns = 2 * cpu_ns,
                                            .cpu_ns = cpu_ns};
  assert_true(store_put_micro_results(store, id, &result, 1));
  assert_true(store_put_micro_results(store, id, &result, 1)); /* twice is once */
}

static void test_ratios_are_within_repetitions(void **state)
{
  struct store *store = store_open(fixture_path(*state, "a.sqlite"), STORE_WRITE);
  assert_non_null(store);
  put_run(store, "r1", "2026-01-01T00:00:00.000Z");
  /* The machine became twice as slow, and zeta with it, between the repetitions: 4, 4, 5 times half the limit. */
  static const double limit_ns[] = {10, 20, 10}, zeta_ns[] = {20, 40, 25};
  for (int64_t i = 2; i >= 0; i--) {
    put(store, "r1", STORE_MICRO_MACHINE, "limit/memset", i, limit_ns[i]);
    put(store, "r1", "zeta", "new", i, zeta_ns[i]);
  }
  put(store, "r1", "alpha", "new", 9, 1); /* without a limit in its repetition */
  put(store, "r1", "zeta", "lost", 0, 1);
  struct micro_results *results = micro_results_load(store, "r1");
  assert_non_null(results);
  assert_int_equal(results->column_count, 3);
  assert_int_equal(results->row_count, 4);
  assert_string_equal(results->columns[1].knobs, "depth=3"); /* in their order, not by name */
  assert_string_equal(results->host, "a machine");
  assert_int_equal(results->seed, 7);
  const struct stats_spread spread = micro_results_time(results, 1, 1);
  assert_int_equal(spread.n, 3);
  assert_float_equal(spread.median, 25, 1e-9);
  assert_float_equal(spread.maximum, 40, 1e-9);
  assert_float_equal(micro_results_cell(results, 1, 1)->measurements[2].real_ns, 50, 1e-9); /* by repetition */
  assert_float_equal(micro_results_ratio(results, 1, 1), 4, 1e-9);
  assert_float_equal(micro_results_limit_ns(results, 1), 5, 1e-9);
  assert_true(isnan(micro_results_ratio(results, 1, 2)));
  assert_true(isnan(micro_results_ratio(results, 3, 1)));
  assert_true(isnan(micro_results_limit_ns(results, 2)));
  assert_string_equal(micro_results_cell(results, 2, 2)->skip, "it is new");
  assert_int_equal(micro_results_time(results, 2, 2).n, 0);
  assert_true(micro_results_is_limit(&results->rows[0]) && !micro_results_is_limit(&results->rows[1]));
  micro_results_free(results);
  store_close(store);
}

static void test_the_newest_with_times_is_found(void **state)
{
  struct store *store = store_open(fixture_path(*state, "b.sqlite"), STORE_WRITE);
  assert_non_null(store);
  struct micro_results *results = NULL;
  assert_true(micro_results_find(store, &results));
  assert_null(results);
  put_run(store, "r3", "2026-03-01T00:00:00.000Z"); /* only instructions */
  const struct store_micro_instructions counted = {
      .collector = "zeta", .benchmark = "new", .operations = 8, .instructions = 100, .library_instructions = 4};
  assert_true(store_put_micro_instructions(store, "r3", &counted, 1));
  put_run(store, "r2", "2026-02-01T00:00:00.000Z");
  put_run(store, "r1", "2026-01-01T00:00:00.000Z");
  put(store, "r2", "zeta", "new", 0, 1);
  put(store, "r1", "zeta", "new", 0, 1);
  assert_true(micro_results_find(store, &results));
  assert_non_null(results);
  assert_string_equal(results->id, "r2");
  assert_true(isnan(micro_results_instructions(micro_results_cell(results, 1, 1))));
  micro_results_free(results);
  results = micro_results_load(store, "r3");
  assert_non_null(results);
  assert_float_equal(micro_results_instructions(micro_results_cell(results, 1, 1)), 12.5, 1e-9);
  assert_float_equal(micro_results_library_instructions(micro_results_cell(results, 1, 1)), 0.5, 1e-9);
  micro_results_free(results);
  store_close(store);
}

static void execute(const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

/* A store of version 1 has campaigns, and no tables for micro-benchmarks. */
static void test_an_older_store_is_extended(void **state)
{
  const char *path = fixture_path(*state, "old.sqlite");
  struct store *store = store_open(path, STORE_WRITE);
  assert_non_null(store);
  assert_true(fixture_put_campaign(store, "c1", "kept", "2026-01-01T00:00:00.000Z"));
  store_close(store);
  execute(path, "DROP TABLE micro_instructions; DROP TABLE micro_skipped; DROP TABLE micro_result;"
                "DROP TABLE micro_benchmark; DROP TABLE micro_program; DROP TABLE micro_run; PRAGMA user_version = 1");
  struct micro_results *results = NULL;
  store = store_open(path, STORE_READ);
  assert_non_null(store);
  assert_true(micro_results_find(store, &results));
  assert_null(results);
  store_close(store);
  store = store_open(path, STORE_WRITE);
  assert_non_null(store);
  put_run(store, "r1", "2026-01-01T00:00:00.000Z");
  put(store, "r1", "zeta", "new", 0, 1);
  char id[64];
  assert_true(store_find_campaign(store, "kept", id));
  assert_string_equal(id, "c1");
  store_close(store);
  store = store_open(path, STORE_READ);
  assert_non_null(store);
  assert_true(micro_results_find(store, &results));
  assert_non_null(results);
  micro_results_free(results);
  store_close(store);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_ratios_are_within_repetitions),
                                     cmocka_unit_test(test_the_newest_with_times_is_found),
                                     cmocka_unit_test(test_an_older_store_is_extended)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
