/* The store: what is put comes back, twice is once, and stores of several machines can be united. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/internal.h"
#include "tests/store/fixture.h"

enum { ID_BYTES = 33 };

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

static struct store *open_new(void **state, const char *name)
{
  struct store *store = store_open(fixture_path(*state, name), STORE_WRITE);
  assert_non_null(store);
  return store;
}

static int64_t number(struct store *store, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  const int64_t value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

struct seen {
  int trials;
  int64_t blocks[8];
  bool equal;
};

/* Compares the trial with the fixture's, column by column. */
static bool see_trial(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  struct seen *seen = context;
  const struct store_trial expected = fixture_trial(trial->id, trial->campaign_id, trial->block);
  const size_t numbers = offsetof(struct store_trial, block);
  seen->equal =
      memcmp((const char *)trial + numbers, (const char *)&expected + numbers, sizeof expected - numbers) == 0 &&
      strcmp(trial->cell_id, expected.cell_id) == 0 && strcmp(cell->id, expected.cell_id) == 0 &&
      strcmp(trial->outcome, expected.outcome) == 0 && strcmp(trial->message, expected.message) == 0 &&
      strcmp(trial->started_at, expected.started_at) == 0 && strcmp(trial->allocator, expected.allocator) == 0 &&
      strcmp(trial->checksum, expected.checksum) == 0 && strcmp(trial->record, expected.record) == 0 &&
      strcmp(cell->collector, trial->block % 2 == 0 ? "none" : "refcount") == 0 &&
      strcmp(cell->allocator, trial->block % 2 == 0 ? "own" : "glibc") == 0;
  seen->blocks[seen->trials++] = trial->block;
  return seen->trials < 8;
}

static void every_column_comes_back(void **state)
{
  struct store *store = open_new(state, "a.sqlite");
  assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-01T00:00:00.000Z"));
  for (int64_t block = 0; block < 4; block++) {
    char id[8];
    snprintf(id, sizeof id, "t%d", (int)block);
    const struct store_trial trial = fixture_trial(id, "c1", block);
    assert_false(store_has_trial(store, id));
    assert_true(store_put_trial(store, &trial, NULL));
    assert_true(store_has_trial(store, id));
  }
  store_close(store);
  store = store_open(fixture_path(*state, "a.sqlite"), STORE_READ);
  struct seen seen = {0};
  assert_true(store_each_trial(store, "c1", see_trial, &seen));
  assert_int_equal(seen.trials, 4);
  assert_true(seen.equal);
  static const int64_t by_cell_then_block[] = {0, 2, 1, 3};
  assert_memory_equal(seen.blocks, by_cell_then_block, sizeof by_cell_then_block);
  seen = (struct seen){0};
  assert_true(store_each_trial(store, "another", see_trial, &seen));
  assert_int_equal(seen.trials, 0);
  store_close(store);
}

static bool see_nothing_set(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  (void)cell;
  *(bool *)context = trial->message == NULL && trial->checksum == NULL && trial->allocator == NULL &&
                     trial->record == NULL && trial->signal == STORE_NONE && trial->wall_ns == STORE_NONE &&
                     trial->pause_p99_ns == STORE_NONE && trial->steal_ticks == STORE_NONE && trial->pauses == 0;
  return true;
}

static void missing_values_are_null(void **state)
{
  struct store *store = open_new(state, "n.sqlite");
  assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-01T00:00:00.000Z"));
  struct store_trial trial = fixture_trial("t1", "c1", 0);
  trial.message = trial.checksum = trial.allocator = trial.record = NULL;
  trial.signal = trial.wall_ns = trial.pause_p99_ns = trial.steal_ticks = STORE_NONE;
  trial.pauses = 0;
  assert_true(store_put_trial(store, &trial, NULL));
  bool right = false;
  assert_true(store_each_trial(store, NULL, see_nothing_set, &right));
  assert_true(right);
  assert_int_equal(number(store, "SELECT count(*) FROM trial WHERE wall_ns IS NULL AND checksum IS NULL"), 1);
  store_close(store);
}

static void twice_is_once(void **state)
{
  struct store *store = open_new(state, "i.sqlite");
  const uint64_t histogram[JOURNAL_HISTOGRAM_BUCKETS] = {[9] = 4};
  const struct journal_row rows[2] = {{.start_ns = 1, .duration_ns = 5}, {.start_ns = 9, .duration_ns = 6}};
  const struct store_series series = {
      .pauses = rows, .pause_count = 2, .short_histogram = histogram, .short_count = 4, .short_ns = 3000};
  for (int round = 0; round < 2; round++) {
    assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-01T00:00:00.000Z"));
    struct store_trial trial = fixture_trial("t1", "c1", 0);
    trial.wall_ns = 1000 + round; /* the first stays */
    assert_true(store_put_trial(store, &trial, &series));
  }
  assert_int_equal(number(store, "SELECT count(*) FROM host"), 1);
  assert_int_equal(number(store, "SELECT count(*) FROM campaign"), 1);
  assert_int_equal(number(store, "SELECT count(*) FROM cell"), 2);
  assert_int_equal(number(store, "SELECT count(*) FROM campaign_cell"), 2);
  assert_int_equal(number(store, "SELECT count(*) FROM trial"), 1);
  assert_int_equal(number(store, "SELECT wall_ns FROM trial"), 1000);
  assert_int_equal(number(store, "SELECT count(*) FROM series"), 2);
  store_close(store);
}

static void series_come_back(void **state)
{
  struct store *store = open_new(state, "s.sqlite");
  uint64_t histogram[JOURNAL_HISTOGRAM_BUCKETS];
  for (uint64_t i = 0; i < JOURNAL_HISTOGRAM_BUCKETS; i++) histogram[i] = UINT64_MAX - i;
  const struct journal_row pauses[2] = {{.start_ns = 1, .duration_ns = 5, .kind = JOURNAL_CASCADE}, {.start_ns = 9}};
  const struct journal_request requests[1] = {{3, 4}};
  const struct store_heap_sample heap[3] = {{1, 2, 3, 4, 5}, {5, 6, 7, 8, 9}, {9, 10, 11, 12, 13}};
  const struct journal_phase phases[2] = {{"build", 0}, {"churn", 77}};
  const struct store_floating floating[2] = {{1, 10, 9, 8}, {2, 20, 15, 15}};
  const struct store_series series = {.pauses = pauses,
                                      .pause_count = 2,
                                      .floating = floating,
                                      .floating_count = 2,
                                      .requests = requests,
                                      .request_count = 1,
                                      .heap = heap,
                                      .heap_count = 3,
                                      .phases = phases,
                                      .phase_count = 2,
                                      .short_histogram = histogram,
                                      .short_count = UINT64_MAX,
                                      .short_ns = 2,
                                      .short_max_objects = 3,
                                      .cascade_floor_ns = 4,
                                      .dropped_count = 5,
                                      .dropped_ns = 6,
                                      .requests_dropped = 7};
  assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-01T00:00:00.000Z"));
  const struct store_trial trial = fixture_trial("t1", "c1", 0);
  assert_true(store_put_trial(store, &trial, &series));
  struct store_series back;
  assert_true(store_load_series(store, "t1", &back));
  assert_int_equal(back.pause_count, 2);
  assert_memory_equal(back.pauses, pauses, sizeof pauses);
  assert_int_equal(back.request_count, 1);
  assert_memory_equal(back.requests, requests, sizeof requests);
  assert_int_equal(back.heap_count, 3);
  assert_memory_equal(back.heap, heap, sizeof heap);
  assert_int_equal(back.phase_count, 2);
  assert_memory_equal(back.phases, phases, sizeof phases);
  assert_int_equal(back.floating_count, 2);
  assert_memory_equal(back.floating, floating, sizeof floating);
  assert_memory_equal(back.short_histogram, histogram, sizeof histogram);
  assert_true(back.short_count == UINT64_MAX && back.short_ns == 2 && back.short_max_objects == 3 &&
              back.cascade_floor_ns == 4 && back.dropped_count == 5 && back.dropped_ns == 6 &&
              back.requests_dropped == 7);
  store_series_free(&back);
  assert_true(store_load_series(store, "no such trial", &back));
  assert_true(back.pause_count == 0 && back.short_histogram == NULL);
  store_close(store);
}

static void campaigns_are_found(void **state)
{
  struct store *store = open_new(state, "f.sqlite");
  char id[ID_BYTES];
  assert_false(store_find_campaign(store, NULL, id));
  assert_true(fixture_put_campaign(store, "abcd11", "daily", "2026-01-01T00:00:00.000Z"));
  assert_true(fixture_put_campaign(store, "abcd22", "daily", "2026-01-03T00:00:00.000Z"));
  assert_true(fixture_put_campaign(store, "ffff33", "other", "2026-01-02T00:00:00.000Z"));
  static const char *const found[][2] = {
      {NULL, "abcd22"}, {"daily", "abcd22"}, {"other", "ffff33"}, {"abcd11", "abcd11"}, {"abcd1", "abcd11"},
  };
  for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
    assert_true(store_find_campaign(store, found[i][0], id));
    assert_string_equal(id, found[i][1]);
  }
  static const char *const not_found[] = {"abcd", "nothing", "", "%", "abcd111"};
  for (size_t i = 0; i < sizeof not_found / sizeof not_found[0]; i++)
    assert_false(store_find_campaign(store, not_found[i], id));
  store_close(store);
}

static bool see_campaign(void *context, const struct store_campaign *campaign, const struct store_host *host)
{
  return snprintf(context, 64, "%s %d %s", campaign->status, (int)campaign->blocks, host->name) > 0;
}

static void state_of_a_campaign_changes(void **state)
{
  struct store *store = open_new(state, "u.sqlite");
  char text[64] = "";
  assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-01T00:00:00.000Z"));
  assert_true(store_set_status(store, "c1", "complete", 7));
  assert_true(store_each_campaign(store, see_campaign, text));
  assert_string_equal(text, "complete 7 testbed");
  assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-05T00:00:00.000Z"));
  assert_true(store_each_campaign(store, see_campaign, text));
  assert_string_equal(text, "running 7 testbed"); /* fewer blocks than before leave the largest */
  const struct store_trial trial = fixture_trial("t1", "c1", 0);
  assert_true(store_put_trial(store, &trial, NULL));
  assert_true(store_set_outcome(store, "t1", "wrong_checksum", "they differ"));
  assert_int_equal(
      number(store, "SELECT count(*) FROM trial WHERE outcome = 'wrong_checksum' AND message = 'they differ'"), 1);
  store_close(store);
}

/* A trial whose cell is not there is refused, and nothing of it stays. */
static void a_transaction_is_all_or_nothing(void **state)
{
  struct store *store = open_new(state, "t.sqlite");
  assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-01T00:00:00.000Z"));
  struct store_trial trial = fixture_trial("t1", "c1", 0);
  trial.cell_id = "unknown";
  assert_false(store_put_trial(store, &trial, NULL));
  trial = fixture_trial("t2", "c1", 0);
  store_execute(store, "CREATE TEMP TRIGGER spoil BEFORE INSERT ON series BEGIN SELECT raise(FAIL, 'spoilt'); END", "");
  const struct journal_row row = {.start_ns = 1};
  const struct store_series series = {.pauses = &row, .pause_count = 1};
  assert_false(store_put_trial(store, &trial, &series));
  assert_int_equal(number(store, "SELECT count(*) FROM trial"), 0);
  store_execute(store, "DROP TRIGGER spoil", "");
  assert_true(store_put_trial(store, &trial, &series));
  store_close(store);
}

static int64_t digest(struct store *store)
{
  return number(store,
                "SELECT count(*) * 1000 + sum(length(id) + wall_ns + block) FROM (SELECT * FROM trial ORDER BY id)");
}

/* Union of two stores, as docs/schema.md shows it: commutative and idempotent, since ids are hashes of content. */
static void unite(struct store *into, const char *other)
{
  char sql[512];
  snprintf(sql, sizeof sql, "ATTACH '%s' AS other", other);
  assert_true(store_execute(into, sql, "attach"));
  static const char *const tables[] = {"host", "campaign", "cell", "campaign_cell", "trial", "series"};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO %s SELECT * FROM other.%s", tables[i], tables[i]);
    assert_true(store_execute(into, sql, "unite"));
  }
  assert_true(store_execute(into, "DETACH other", "detach"));
}

static void stores_can_be_united(void **state)
{
  struct store *stores[4];
  static const char *const names[] = {"a", "b", "ab", "ba"};
  for (int i = 0; i < 4; i++) stores[i] = open_new(state, names[i]);
  for (int i = 0; i < 2; i++) {
    assert_true(fixture_put_campaign(stores[i], "c1", "first", "2026-01-01T00:00:00.000Z"));
    for (int64_t block = i; block < 4 + i; block++) { /* blocks 1 to 3 are in both */
      char id[8];
      snprintf(id, sizeof id, "t%d", (int)block);
      const struct store_trial trial = fixture_trial(id, "c1", block);
      const struct journal_row row = {.start_ns = (uint64_t)block};
      const struct store_series series = {.pauses = &row, .pause_count = 1};
      assert_true(store_put_trial(stores[i], &trial, &series));
    }
  }
  for (int round = 0; round < 2; round++) {
    unite(stores[2], fixture_path(*state, "a"));
    unite(stores[2], fixture_path(*state, "b"));
    unite(stores[3], fixture_path(*state, "b"));
    unite(stores[3], fixture_path(*state, "a"));
    assert_int_equal(number(stores[2], "SELECT count(*) FROM trial"), 5);
    assert_int_equal(number(stores[2], "SELECT count(*) FROM series"), 5);
    assert_int_equal(digest(stores[2]), digest(stores[3]));
  }
  for (int i = 0; i < 4; i++) store_close(stores[i]);
}

static void reading_while_another_writes(void **state)
{
  struct store *writer = open_new(state, "w.sqlite");
  assert_true(fixture_put_campaign(writer, "c1", "first", "2026-01-01T00:00:00.000Z"));
  struct store *reader = store_open(fixture_path(*state, "w.sqlite"), STORE_READ);
  assert_non_null(reader);
  assert_true(store_begin(writer, "test"));
  assert_true(store_execute(writer, "DELETE FROM campaign_cell", "test"));
  assert_int_equal(number(reader, "SELECT count(*) FROM campaign_cell"), 2);
  assert_false(store_set_status(reader, "c1", "complete", 1)); /* a reader cannot write */
  assert_true(store_end(writer, true, "test"));
  assert_int_equal(number(reader, "SELECT count(*) FROM campaign_cell"), 0);
  store_close(reader);
  store_close(writer);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_column_comes_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(missing_values_are_null, set_up, tear_down),
      cmocka_unit_test_setup_teardown(twice_is_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(series_come_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(campaigns_are_found, set_up, tear_down),
      cmocka_unit_test_setup_teardown(state_of_a_campaign_changes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_transaction_is_all_or_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(stores_can_be_united, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reading_while_another_writes, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
