/* Files that are no stores, damaged ones, and places that cannot be written: one clear message each, no crash. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
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

struct opening {
  const char *path;
  enum store_mode mode;
  bool opened;
};

static void try_to_open(void *context)
{
  struct opening *opening = context;
  struct store *store = store_open(opening->path, opening->mode);
  opening->opened = store != NULL;
  store_close(store);
}

/* Opening fails with one line that names the file and contains `word`. */
static void assert_refused(const char *path, enum store_mode mode, const char *word)
{
  struct opening opening = {.path = path, .mode = mode};
  char *text = fixture_capture(try_to_open, &opening);
  assert_false(opening.opened);
  if (strstr(text, word) == NULL || strstr(text, path) == NULL || strchr(text, '\n') != text + strlen(text) - 1)
    fail_msg("unexpected message, wanted '%s': %s", word, text);
  free(text);
}

static void write_file(const char *path, const void *data, size_t bytes)
{
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, bytes, file), bytes);
  assert_int_equal(fclose(file), 0);
}

static void fill(const char *path)
{
  struct store *store = store_open(path, STORE_WRITE);
  assert_non_null(store);
  assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-01T00:00:00.000Z"));
  for (int64_t block = 0; block < 20; block++) {
    char id[8];
    snprintf(id, sizeof id, "t%d", (int)block);
    const struct store_trial trial = fixture_trial(id, "c1", block);
    struct journal_row rows[500];
    memset(rows, 0, sizeof rows);
    for (int i = 0; i < 500; i++) rows[i].start_ns = (uint64_t)(i * i * (block + 1));
    const struct store_series series = {.pauses = rows, .pause_count = 500};
    assert_true(store_put_trial(store, &trial, &series));
  }
  store_close(store);
}

static void what_is_no_store_is_refused(void **state)
{
  const char *directory = *state;
  static const char text[] =
      "collector,wall_ns\nnone,123\nand so on, long enough to be taken for a header's page ...........\n";
  const char *path = fixture_path(directory, "text.csv");
  write_file(path, text, sizeof text);
  assert_refused(path, STORE_READ, "no results database");
  assert_refused(path, STORE_WRITE, "no results database");
  assert_refused(directory, STORE_READ, "is a directory");
  assert_refused(directory, STORE_WRITE, "is a directory");
  assert_refused("/dev/null", STORE_WRITE, "no regular file");
  assert_refused(fixture_path(directory, "absent"), STORE_READ, "`gclab run`");
  assert_refused(fixture_path(directory, "absent/file"), STORE_WRITE, "directory is not there");
  path = fixture_path(directory, "empty");
  write_file(path, "", 0);
  assert_refused(path, STORE_READ, "nothing in it");
}

static void other_databases_are_refused(void **state)
{
  const char *path = fixture_path(*state, "other.sqlite");
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_exec(db, "CREATE TABLE cookies(host TEXT)", NULL, NULL, NULL);
  sqlite3_close(db);
  assert_refused(path, STORE_READ, "no results of gclab's");
  assert_refused(path, STORE_WRITE, "no results of gclab's");
  path = fixture_path(*state, "newer.sqlite");
  fill(path);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
  sqlite3_close(db);
  assert_refused(path, STORE_READ, "newer gclab (schema 99");
  assert_refused(path, STORE_WRITE, "update gclab");
}

static bool see_trial(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  (void)cell;
  struct store_series series;
  if (store_load_series(context, trial->id, &series)) store_series_free(&series);
  return true;
}

static void read_everything(void *path)
{
  struct store *store = store_open(path, STORE_READ);
  if (store == NULL) return;
  char id[33];
  if (store_find_campaign(store, "first", id)) store_each_trial(store, id, see_trial, store);
  store_close(store);
}

static void damage_anywhere_is_survived(void **state)
{
  char *path = strdup(fixture_path(*state, "damaged.sqlite"));
  fill(path);
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  const size_t bytes = (size_t)status.st_size;
  uint8_t *image = malloc(bytes);
  uint8_t *damaged = malloc(bytes);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  assert_int_equal(read(file, image, bytes), (ssize_t)bytes);
  close(file);
  struct random random;
  random_seed(&random, 5);
  int complaints = 0;
  for (int round = 0; round < 200; round++) {
    memcpy(damaged, image, bytes);
    const size_t begin = random_below(&random, (uint32_t)bytes);
    const size_t length = 1 + random_below(&random, 2000);
    for (size_t i = begin; i < begin + length && i < bytes; i++) damaged[i] = (uint8_t)random_u64(&random);
    write_file(path, damaged, round % 10 == 0 ? begin : bytes);
    char *text = fixture_capture(read_everything, path);
    if (strstr(text, "gclab: ") != NULL) complaints++;
    free(text);
  }
  assert_true(complaints > 30); /* much of the file is pages of tables that are empty here */
  free(image);
  free(damaged);
  free(path);
}

static void damaged_series_are_named(void **state)
{
  char *path = strdup(fixture_path(*state, "series.sqlite"));
  fill(path);
  struct store *store = store_open(path, STORE_WRITE);
  assert_true(store_execute(store, "UPDATE series SET data = x'ffff' WHERE trial_id = 't3'", "test"));
  assert_true(store_execute(store, "UPDATE series SET count = -1 WHERE trial_id = 't4'", "test"));
  assert_true(store_execute(store, "UPDATE series SET count = 9000000000000000000 WHERE trial_id = 't5'", "test"));
  struct store_series series;
  assert_true(store_load_series(store, "t2", &series));
  store_series_free(&series);
  assert_false(store_load_series(store, "t3", &series));
  assert_false(store_load_series(store, "t4", &series));
  assert_false(store_load_series(store, "t5", &series));
  assert_null(series.pauses);
  store_close(store);
  free(path);
}

static void put_large_trial(void *context)
{
  struct store *store = context;
  enum { COUNT = 200000 };
  struct journal_row *rows = calloc(COUNT, sizeof *rows);
  for (uint64_t i = 0; i < COUNT; i++) rows[i].start_ns = i * i * i;
  const struct store_series series = {.pauses = rows, .pause_count = COUNT};
  const struct store_trial trial = fixture_trial("large", "c1", 0);
  assert_false(store_put_trial(store, &trial, &series));
  free(rows);
}

/* A database that may grow no further is what SQLite makes of a full disk. */
static void a_full_disk_is_told(void **state)
{
  struct store *store = store_open(fixture_path(*state, "full.sqlite"), STORE_WRITE);
  assert_true(fixture_put_campaign(store, "c1", "first", "2026-01-01T00:00:00.000Z"));
  assert_true(store_execute(store, "PRAGMA max_page_count = 20", "test"));
  char *text = fixture_capture(put_large_trial, store);
  assert_non_null(strstr(text, "disk is full: free some space"));
  assert_false(store_has_trial(store, "large"));
  free(text);
  assert_true(store_execute(store, "PRAGMA max_page_count = 1000000", "test")); /* space again: it goes on */
  const struct store_trial trial = fixture_trial("t1", "c1", 0);
  assert_true(store_put_trial(store, &trial, NULL));
  store_close(store);
}

/* Runs act as a user who is not root, whom permissions bind; returns its exit status. */
static int as_nobody(int (*act)(const char *), const char *argument)
{
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(77);
    _exit(act(argument));
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static bool count_trial(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  (void)trial;
  (void)cell;
  ++*(int *)context;
  return true;
}

static int count_trials(const char *path)
{
  int count = 0;
  struct store *store = store_open(path, STORE_READ);
  if (store == NULL) return 100;
  store_each_trial(store, NULL, count_trial, &count);
  store_close(store);
  return count;
}

static int open_to_write(const char *path)
{
  struct store *store = store_open(path, STORE_WRITE);
  store_close(store);
  return store != NULL;
}

static void read_only_places_can_be_read(void **state)
{
  char *directory = *state;
  char *path = strdup(fixture_path(directory, "odd name?#%41.sqlite"));
  fill(path);
  assert_int_equal(chmod(path, 0444), 0);
  assert_int_equal(chmod(directory, 0555), 0);
  assert_int_equal(as_nobody(count_trials, path), 20);
  assert_int_equal(as_nobody(open_to_write, path), 0);
  assert_int_equal(as_nobody(open_to_write, fixture_path(directory, "new")), 0);
  assert_int_equal(chmod(path, 0), 0);
  assert_int_equal(as_nobody(count_trials, path), 100);
  assert_int_equal(chmod(directory, 0700), 0);
  free(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_no_store_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(other_databases_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(damage_anywhere_is_survived, set_up, tear_down),
      cmocka_unit_test_setup_teardown(damaged_series_are_named, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_full_disk_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(read_only_places_can_be_read, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
