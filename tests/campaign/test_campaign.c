/*
 * Campaigns of trial programs that misbehave: every outcome, the surroundings of a trial, agreement of checksums, and
 * what a campaign leaves in the store.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/campaign/campaign.h"
#include "harness/catalogue/program.h"

enum { TRIALS_MAX = 64 };

static const char *fake_program;

/* ---- a directory with trial programs, a catalogue of them, and a store ------------------------------------------- */

struct bench {
  char directory[64];
  struct catalogue *catalogue;
  struct store *store;
};

static char *path_in(const struct bench *bench, const char *name)
{
  char *path = NULL;
  assert_true(asprintf(&path, "%s/%s", bench->directory, name) > 0);
  return path;
}

static void open_store(struct bench *bench)
{
  char *path = path_in(bench, "store.sqlite");
  bench->store = store_open(path, STORE_WRITE);
  assert_non_null(bench->store);
  free(path);
}

/* Links would not do: the catalogue sees through them. */
static bool copy_program(const char *from, const char *to)
{
  char piece[65536];
  const int in = open(from, O_RDONLY | O_CLOEXEC);
  const int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
  ssize_t bytes = 0;
  while ((bytes = read(in, piece, sizeof piece)) > 0 && write(out, piece, (size_t)bytes) == bytes) {
  }
  close(in);
  return close(out) == 0 && bytes == 0;
}

static int set_up(void **state)
{
  static const char *const programs[] = {"none", "alpha", "beta", "gamma"};
  struct bench *bench = calloc(1, sizeof *bench);
  strcpy(bench->directory, "/tmp/gclab-campaign-XXXXXX");
  if (mkdtemp(bench->directory) == NULL) return 1;
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
    char name[64];
    snprintf(name, sizeof name, "gclab-trial-%s", programs[i]);
    char *path = path_in(bench, name);
    if (!copy_program(fake_program, path)) return 1;
    free(path);
  }
  setenv("GCLAB_TRIAL_PATH", bench->directory, 1);
  bench->catalogue = catalogue_load();
  if (bench->catalogue == NULL) return 1;
  open_store(bench);
  *state = bench;
  return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
  (void)status;
  (void)type;
  (void)walk;
  return remove(path);
}

static int tear_down(void **state)
{
  struct bench *bench = *state;
  store_close(bench->store);
  catalogue_free(bench->catalogue);
  nftw(bench->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
  free(bench);
  return 0;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

struct order {
  const char *collectors, *workloads, *set, *more_set, *allocators, *blocks, *time_limit, *memory_limit, *budget, *seed;
  struct campaign_options options;
};

static void add_words(struct plan_words *words, const char *option, const char *text, bool at_commas)
{
  if (text != NULL) plan_words_add_option(words, option, text, at_commas);
}

static struct plan *make_plan(const struct bench *bench, const struct order *order, struct plan_cells *cells)
{
  struct plan *plan = plan_new("test");
  struct plan_options options = {.blocks = order->blocks != NULL ? order->blocks : "1",
                                 .time_limit = order->time_limit,
                                 .memory_limit = order->memory_limit,
                                 .budget = order->budget,
                                 .seed = order->seed};
  add_words(&options.collectors, "-c", order->collectors, true);
  add_words(&options.workloads, "-w", order->workloads != NULL ? order->workloads : "work", true);
  add_words(&options.set, "--set", order->set, false);
  add_words(&options.set, "--set", order->more_set, false);
  add_words(&options.allocators, "--allocator", order->allocators != NULL ? order->allocators : "glibc", true);
  assert_true(plan_apply_options(plan, bench->catalogue, &options));
  assert_true(plan_expand(plan, bench->catalogue, cells));
  plan_options_free(&options);
  return plan;
}

/* What the campaign printed: on standard output and standard error. */
static char printed[2][65536];

static void read_printed(int file, char *text)
{
  const ssize_t bytes = pread(file, text, sizeof printed[0] - 1, 0);
  text[bytes > 0 ? bytes : 0] = '\0';
  close(file);
}

static int run_cells(struct bench *bench, const struct plan *plan, const struct plan_cells *cells,
                     const struct campaign_options *options)
{
  int files[2];
  int kept[2];
  fflush(NULL);
  for (int i = 0; i < 2; i++) {
    files[i] = memfd_create("printed", MFD_CLOEXEC);
    kept[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 10);
    dup2(files[i], i + 1);
  }
  const int code = campaign_run(plan, cells, bench->store, options);
  fflush(NULL);
  for (int i = 0; i < 2; i++) {
    dup2(kept[i], i + 1);
    close(kept[i]);
    read_printed(files[i], printed[i]);
  }
  return code;
}

static int run(struct bench *bench, const struct order *order)
{
  struct plan_cells cells;
  struct plan *plan = make_plan(bench, order, &cells);
  struct campaign_options options = order->options;
  options.command = "gclab run test";
  const int code = run_cells(bench, plan, &cells, &options);
  plan_cells_free(&cells);
  plan_free(plan);
  return code;
}

/* ---- what is in the store ---------------------------------------------------------------------------------------- */

struct found {
  struct store_trial trials[TRIALS_MAX]; /* strings are copies */
  char collectors[TRIALS_MAX][16];
  size_t count;
};

static struct found found;

static const char *copy(const char *text) { return text != NULL ? strdup(text) : NULL; }

static bool take_trial(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  (void)context;
  assert_true(found.count < TRIALS_MAX);
  struct store_trial *row = &found.trials[found.count];
  *row = *trial;
  const char **const texts[] = {&row->id,         &row->campaign_id, &row->cell_id,  &row->outcome, &row->message,
                                &row->started_at, &row->allocator,   &row->checksum, &row->record};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) *texts[i] = copy(*texts[i]);
  snprintf(found.collectors[found.count++], sizeof found.collectors[0], "%s", cell->collector);
  return true;
}

static void forget(void)
{
  for (size_t i = 0; i < found.count; i++) {
    struct store_trial *row = &found.trials[i];
    const char *const texts[] = {row->id,         row->campaign_id, row->cell_id,  row->outcome, row->message,
                                 row->started_at, row->allocator,   row->checksum, row->record};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) free((void *)texts[k]);
  }
  found.count = 0;
}

static void look(struct bench *bench)
{
  forget();
  assert_true(store_each_trial(bench->store, NULL, take_trial, NULL));
}

static const char *outcome_of(const char *collector)
{
  for (size_t i = 0; i < found.count; i++) {
    if (strcmp(found.collectors[i], collector) == 0) return found.trials[i].outcome;
  }
  return "absent";
}

/* Processes that run a program in the bench's directory. */
static int count_running(const struct bench *bench)
{
  int count = 0;
  DIR *entries = opendir("/proc");
  for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    char path[300];
    char command[4096] = "";
    snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    if (read(file, command, sizeof command - 1) > 0 && strstr(command, bench->directory) != NULL) count++;
    close(file);
  }
  closedir(entries);
  return count;
}

/* The same, once those that were killed have had a moment to go. */
static int count_processes(const struct bench *bench)
{
  for (int i = 0; i < 50 && count_running(bench) > 0; i++) usleep(20000);
  return count_running(bench);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void every_outcome_is_told(void **state)
{
  struct bench *bench = *state;
  static const struct {
    const char *mode, *outcome;
    int code, signal;
    const char *message;
  } rows[] = {
      {"mode=ok", "ok", CAMPAIGN_DONE, STORE_NONE, NULL},
      {"mode=crash", "crashed", CAMPAIGN_TRIAL_FAILED, 11, "about to crash"},
      {"mode=kill", "crashed", CAMPAIGN_TRIAL_FAILED, 9, "somebody killed it"},
      {"mode=exit", "failed", CAMPAIGN_TRIAL_FAILED, STORE_NONE, "exit status 5\nit is Tuesday"},
      {"mode=silent", "failed", CAMPAIGN_TRIAL_FAILED, STORE_NONE, "no record"},
      {"mode=rubbish", "failed", CAMPAIGN_TRIAL_FAILED, STORE_NONE, "not JSON"},
      {"mode=other_name", "failed", CAMPAIGN_TRIAL_FAILED, STORE_NONE, "another collector"},
      {"mode=no_sum", "failed", CAMPAIGN_TRIAL_FAILED, STORE_NONE, "lacks what every record has"},
      {"mode=bad_journal", "failed", CAMPAIGN_TRIAL_FAILED, STORE_NONE, "journal is damaged"},
      {"mode=oom", "out_of_memory", CAMPAIGN_TRIAL_FAILED, STORE_NONE, "no room for an object of 64 bytes"},
      {"mode=eat", "out_of_memory", CAMPAIGN_TRIAL_FAILED, STORE_NONE, "no room"},
      {"mode=lacking", "not_supported", CAMPAIGN_DONE, STORE_NONE, "work needs weak, finalizes, which alpha has not"},
      {"mode=shout", "ok", CAMPAIGN_DONE, STORE_NONE, "the last words"},
      {"mode=orphan", "ok", CAMPAIGN_DONE, STORE_NONE, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct order order = {
        .collectors = "alpha", .set = rows[i].mode, .memory_limit = "256M", .options = {.quiet = true}};
    const int code = run(bench, &order);
    look(bench);
    assert_int_equal(found.count, i + 1);
    const struct store_trial *trial = &found.trials[i]; /* campaigns come in the order of their making */
    if (code != rows[i].code || strcmp(trial->outcome, rows[i].outcome) != 0 || trial->signal != rows[i].signal)
      fail_msg("%s: exit code %d, outcome %s, signal %d", rows[i].mode, code, trial->outcome, (int)trial->signal);
    if ((trial->message == NULL) != (rows[i].message == NULL) ||
        (rows[i].message != NULL && strstr(trial->message, rows[i].message) == NULL))
      fail_msg("%s: message '%s'", rows[i].mode, trial->message != NULL ? trial->message : "(none)");
    assert_true(trial->message == NULL || strlen(trial->message) < 2200);
    assert_true(code == CAMPAIGN_DONE || strstr(printed[0], rows[i].outcome) != NULL);
    assert_true((trial->checksum != NULL) == (strcmp(trial->outcome, "ok") == 0));
    assert_true(strcmp(trial->outcome, "not_supported") != 0 || trial->wall_ns == STORE_NONE);
  }
  assert_int_equal(count_processes(bench), 0);
}

static void a_hanging_trial_is_ended(void **state)
{
  struct bench *bench = *state;
  const struct order order = {
      .collectors = "alpha", .set = "mode=hang", .time_limit = "1s", .options = {.quiet = true}};
  assert_int_equal(run(bench, &order), CAMPAIGN_TRIAL_FAILED);
  look(bench);
  const struct store_trial *trial = &found.trials[0];
  assert_string_equal(trial->outcome, "timed_out");
  assert_true(trial->process_ns >= 1000000000 && trial->process_ns < 4000000000);
  assert_int_equal(trial->pauses, 10); /* the journal is kept */
  assert_int_equal(trial->pause_max_ns, 109);
  assert_int_equal(trial->gc_ns, 1045);
  assert_int_equal(trial->wall_ns, STORE_NONE);
  struct store_series series;
  assert_true(store_load_series(bench->store, trial->id, &series));
  assert_int_equal(series.pause_count, 10);
  assert_int_equal(series.pauses[9].examined_objects, 9);
  assert_string_equal(series.phases[0].name, "waiting, \"quoted\"");
  if (series.heap_count == 0) print_message("counters cannot be read from outside here\n");
  if (series.heap_count > 0) {
    assert_in_range(series.heap_count, 20, 110); /* every 10 ms */
    assert_int_equal(series.heap[5].heap_bytes, 4000);
    assert_int_equal(trial->allocations, 77);
    assert_int_equal(trial->collections, 9);
  }
  store_series_free(&series);
  assert_int_equal(count_processes(bench), 0);
}

static void columns_are_derived(void **state)
{
  struct bench *bench = *state;
  const struct order order = {.collectors = "alpha", .set = "rows=0,10,999,1000", .options = {.quiet = true}};
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  look(bench);
  assert_int_equal(found.count, 4);
  static const int64_t expected[4][4] = {{0, STORE_NONE, STORE_NONE, STORE_NONE},
                                         {10, 104, STORE_NONE, 109},
                                         {999, 599, STORE_NONE, 1098},
                                         {1000, 599, 1089, 1099}};
  for (int i = 0; i < 4; i++) { /* in the order of the plan's cells */
    const struct store_trial *trial = &found.trials[i];
    const int64_t values[] = {trial->pauses, trial->pause_p50_ns, trial->pause_p99_ns, trial->pause_max_ns};
    assert_memory_equal(values, expected[i], sizeof values);
    assert_int_equal(trial->gc_ns, 100 * expected[i][0]); /* as the record says */
    assert_int_equal(trial->collections, 6);
    assert_int_equal(trial->peak_heap_bytes, 4096);
    assert_int_equal(trial->vmhwm_bytes, STORE_NONE);
    assert_true(trial->wall_ns >= 5000000 && trial->process_ns > trial->wall_ns);
    assert_true(trial->startup_ns > 0 && trial->startup_ns + trial->wall_ns < trial->process_ns);
    assert_true(trial->seed == 1 && trial->block == 0 && strlen(trial->started_at) == 24);
  }
}

static json_t *surroundings_of(const struct store_trial *trial)
{
  json_t *record = json_loads(trial->record, 0, NULL);
  json_t *surroundings = json_incref(json_object_get(record, "surroundings"));
  json_decref(record);
  assert_non_null(surroundings);
  return surroundings;
}

static const char *variable(const json_t *surroundings, const char *name)
{
  const json_t *list = json_object_get(surroundings, "environment");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *word = json_string_value(json_array_get(list, i));
    if (strncmp(word, name, strlen(name)) == 0 && word[strlen(name)] == '=') return word + strlen(name) + 1;
  }
  return NULL;
}

static void surroundings_are_constant(void **state)
{
  struct bench *bench = *state;
  cpu_set_t before;
  cpu_set_t after;
  sched_getaffinity(0, sizeof before, &before);
  setenv("GCLAB_TEST_LEAK", "1", 1);
  const struct order order = {.collectors = "alpha", .blocks = "6", .memory_limit = "300M", .options = {.quiet = true}};
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  sched_getaffinity(0, sizeof after, &after);
  assert_true(CPU_EQUAL(&before, &after)); /* the harness is where it was */
  look(bench);
  size_t lengths = 0;
  size_t seen[6] = {0};
  for (size_t i = 0; i < found.count; i++) {
    json_t *around = surroundings_of(&found.trials[i]);
    assert_int_equal(json_integer_value(json_object_get(around, "data_limit")), 300 << 20);
    assert_int_equal(json_integer_value(json_object_get(around, "core_limit")), 0);
    assert_int_equal(json_integer_value(json_object_get(around, "death_signal")), 9);
    assert_true(json_is_true(json_object_get(around, "own_group")));
    assert_true(json_is_false(json_object_get(around, "blocks_signals")));
    assert_null(variable(around, "GCLAB_TEST_LEAK"));
    assert_null(variable(around, "HOME"));
    assert_string_equal(variable(around, "LC_ALL"), "C");
    const size_t length = strlen(variable(around, "GCLAB_PADDING"));
    assert_true(length < 4096);
    bool known = false;
    for (size_t k = 0; k < lengths; k++) known = known || seen[k] == length;
    if (!known) seen[lengths++] = length;
    json_decref(around);
  }
  assert_true(lengths >= 4); /* it is random */
}

static void trials_and_harness_have_cores_of_their_own(void **state)
{
  struct bench *bench = *state;
  cpu_set_t allowed;
  sched_getaffinity(0, sizeof allowed, &allowed);
  if (CPU_COUNT(&allowed) < 2) skip();
  int last = -1;
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (CPU_ISSET((size_t)i, &allowed)) last = i;
  }
  const struct order order = {.collectors = "alpha", .options = {.quiet = true}};
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  look(bench);
  json_t *around = surroundings_of(&found.trials[0]);
  const json_t *cores = json_object_get(around, "cores");
  assert_int_equal(json_array_size(cores), 1);
  assert_int_equal(json_integer_value(json_array_get(cores, 0)), last);
  json_decref(around);
}

static void allocators_are_really_used(void **state)
{
  struct bench *bench = *state;
  const struct order order = {.collectors = "alpha", .allocators = "all", .options = {.quiet = true}};
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  look(bench);
  assert_int_equal(found.count, 4);
  int seen = 0;
  static const char *const names[] = {"glibc 2.", "jemalloc 5.", "mimalloc ", "tcmalloc "};
  for (size_t i = 0; i < found.count; i++) {
    for (int k = 0; k < 4; k++) {
      if (strncmp(found.trials[i].allocator, names[k], strlen(names[k])) == 0) seen |= 1 << k;
    }
  }
  assert_int_equal(seen, 15);
}

/* An executable file that cannot be executed. */
static char *make_no_program(const struct bench *bench)
{
  char *path = path_in(bench, "no_program");
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  fputs("\x7f"
        "ELF, but not really",
        file);
  fchmod(fileno(file), 0755);
  fclose(file);
  return path;
}

static void a_missing_allocator_stops_everything(void **state)
{
  struct bench *bench = *state;
  const struct order order = {.collectors = "alpha", .allocators = "mimalloc", .options = {.quiet = true}};
  struct plan_cells cells;
  struct plan *plan = make_plan(bench, &order, &cells);
  /* For what is no program, the dynamic linker finds no library. */
  struct catalogue_collector *collector = (struct catalogue_collector *)catalogue_collector(bench->catalogue, "alpha");
  char *program = collector->trial_path;
  collector->trial_path = make_no_program(bench);
  assert_int_equal(run_cells(bench, plan, &cells, &order.options), CAMPAIGN_ENVIRONMENT);
  assert_non_null(strstr(printed[1], "mimalloc is not installed"));
  assert_non_null(strstr(printed[1], "`apt-get install libmimalloc2.0`"));
  cells.cells[0].allocator = "tcmalloc2";
  assert_int_equal(run_cells(bench, plan, &cells, &order.options), CAMPAIGN_ENVIRONMENT);
  assert_non_null(strstr(printed[1], "there is no allocator 'tcmalloc2'"));
  look(bench);
  assert_int_equal(found.count, 0);
  free(collector->trial_path);
  collector->trial_path = program;
  plan_cells_free(&cells);
  plan_free(plan);
}

static void programs_that_cannot_run_are_told(void **state)
{
  struct bench *bench = *state;
  const struct order order = {.collectors = "alpha", .options = {.quiet = true}};
  struct plan_cells cells;
  struct plan *plan = make_plan(bench, &order, &cells);
  struct catalogue_collector *collector = (struct catalogue_collector *)catalogue_collector(bench->catalogue, "alpha");
  char *program = collector->trial_path;
  collector->trial_path = path_in(bench, "absent");
  assert_int_equal(run_cells(bench, plan, &cells, &order.options), CAMPAIGN_ENVIRONMENT);
  assert_non_null(strstr(printed[1], "absent: No such file"));
  free(collector->trial_path);
  collector->trial_path = make_no_program(bench);
  assert_int_equal(run_cells(bench, plan, &cells, &order.options), CAMPAIGN_ENVIRONMENT);
  assert_non_null(strstr(printed[1], "no_program was built anew"));
  assert_true(program_hash(collector->trial_path, collector->build_id));
  assert_int_equal(run_cells(bench, plan, &cells, &order.options), CAMPAIGN_TRIAL_FAILED);
  look(bench);
  assert_string_equal(found.trials[0].outcome, "failed");
  assert_non_null(strstr(found.trials[0].message, "no_program: Exec format error"));
  free(collector->trial_path);
  collector->trial_path = program;
  plan_cells_free(&cells);
  plan_free(plan);
}

/* Who is taken to be right: none, else most collectors, else the first; in whatever order they ran. */
/* A build that runs beside a campaign: no trial is kept that another program, or none, has run. */
static void programs_that_change_end_the_campaign(void **state)
{
  struct bench *bench = *state;
  const struct order order = {.collectors = "alpha", .set = "work_ms=100", .blocks = "20", .options = {.quiet = true}};
  char *path = path_in(bench, "gclab-trial-alpha");
  char *aside = path_in(bench, "aside");
  const pid_t builder = fork();
  if (builder == 0) {
    for (int i = 0; i < 3000 && count_running(bench) == 0; i++) usleep(10000); /* until there is a trial */
    _exit(rename(path, aside) != 0);
  }
  assert_int_equal(run(bench, &order), CAMPAIGN_ENVIRONMENT);
  assert_int_equal(waitpid(builder, NULL, 0), builder);
  assert_non_null(strstr(printed[1], "gclab-trial-alpha: No such file"));
  assert_non_null(strstr(printed[0], "missing; to go on: gclab run test"));
  look(bench);
  assert_in_range(found.count, 0, 19);
  for (size_t i = 0; i < found.count; i++) assert_string_equal(found.trials[i].outcome, "ok");
  assert_int_equal(rename(aside, path), 0);
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  look(bench);
  assert_int_equal(found.count, 20);
  free(aside);
  free(path);
}

static void checksums_are_compared(void **state)
{
  struct bench *bench = *state;
  static const struct {
    const char *collectors, *set;
    const char *none, *alpha, *beta, *gamma;
  } rows[] = {
      {"none,alpha,beta,gamma", "alpha.mode=wrong", "ok", "wrong_checksum", "ok", "ok"},
      {"none,alpha,beta", "none.mode=wrong", "ok", "wrong_checksum", "wrong_checksum", "absent"},
      {"alpha,beta,gamma", "alpha.mode=wrong", "absent", "wrong_checksum", "ok", "ok"},
      {"beta,gamma", "gamma.mode=wrong", "absent", "absent", "ok", "wrong_checksum"},
      {"beta,gamma", "beta.mode=wrong", "absent", "absent", "ok", "wrong_checksum"},
  };
  static const char *const seeds[] = {"1", "2", "3", "4", "5"};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t seed = 0; seed < 5; seed++) {
      const struct order order = {
          .collectors = rows[i].collectors, .set = rows[i].set, .seed = seeds[seed], .options = {.quiet = true}};
      assert_int_equal(run(bench, &order), CAMPAIGN_TRIAL_FAILED);
      assert_non_null(strstr(printed[1], "checksums disagree: work"));
      assert_non_null(strstr(printed[1], "<- differs"));
      char id[PLAN_ID_MAX];
      assert_true(store_find_campaign(bench->store, NULL, id));
      forget();
      assert_true(store_each_trial(bench->store, id, take_trial, NULL));
      assert_string_equal(outcome_of("none"), rows[i].none);
      assert_string_equal(outcome_of("alpha"), rows[i].alpha);
      assert_string_equal(outcome_of("beta"), rows[i].beta);
      assert_string_equal(outcome_of("gamma"), rows[i].gamma);
    }
  }
  const struct order agreeing = {.collectors = "none,alpha", .blocks = "3", .options = {.quiet = true}};
  assert_int_equal(run(bench, &agreeing), CAMPAIGN_DONE);
  assert_null(strstr(printed[1], "disagree"));
}

static int compare_ids(const void *a, const void *b)
{
  return strcmp(((const struct store_trial *)a)->id, ((const struct store_trial *)b)->id);
}

/* All ids, sorted, one a line; malloc'ed. */
static char *list_ids(struct bench *bench)
{
  look(bench);
  qsort(found.trials, found.count, sizeof found.trials[0], compare_ids);
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = open_memstream(&text, &bytes);
  for (size_t i = 0; i < found.count; i++) fprintf(out, "%s\n", found.trials[i].id);
  fclose(out);
  return text;
}

static void renew_store(struct bench *bench)
{
  store_close(bench->store);
  char *path = path_in(bench, "store.sqlite");
  remove(path);
  free(path);
  open_store(bench);
}

static void a_campaign_goes_on_where_it_stopped(void **state)
{
  struct bench *bench = *state;
  struct order order = {.collectors = "none,alpha,beta",
                        .workloads = "work,toil",
                        .set = "work_ms=20",
                        .blocks = "3",
                        .budget = "100ms",
                        .options = {.quiet = true}};
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  assert_non_null(strstr(printed[0], "is out_of_budget"));
  assert_non_null(strstr(printed[0], "missing; to go on: gclab run test"));
  look(bench);
  const size_t some = found.count;
  assert_in_range(some, 1, 10);
  order.budget = NULL;
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  assert_non_null(strstr(printed[0], "is complete"));
  char *in_pieces = list_ids(bench);
  assert_int_equal(found.count, 18);
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE); /* nothing to do */
  assert_null(strstr(printed[0], "the harness itself"));
  order.blocks = "2"; /* fewer than there are */
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  look(bench);
  assert_int_equal(found.count, 18);
  renew_store(bench);
  order.blocks = "3";
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  char *at_once = list_ids(bench);
  assert_string_equal(in_pieces, at_once);
  free(in_pieces);
  free(at_once);
}

static void what_was_not_tried_and_why_it_failed_is_told(void **state)
{
  struct bench *bench = *state;
  struct order order = {.collectors = "none,alpha,beta",
                        .workloads = "work,toil",
                        .set = "work_ms=20",
                        .budget = "1ms",
                        .options = {.quiet = true}};
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  assert_non_null(strstr(printed[0], "Without any trial yet: "));
  assert_non_null(strstr(printed[0], " of 6 cells\n"));
  order.budget = NULL;
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  assert_null(strstr(printed[0], "Without any trial"));
  order.more_set = "mode=exit";
  assert_int_equal(run(bench, &order), CAMPAIGN_TRIAL_FAILED);
  assert_non_null(strstr(printed[0], "block 1: failed: exit status 5: it is Tuesday\n"));
  assert_non_null(strstr(printed[1], "block 1: failed: exit status 5: it is Tuesday\n"));
  assert_null(strstr(printed[0], "Medians over trials"));
}

static void measuring_anew_is_another_campaign(void **state)
{
  struct bench *bench = *state;
  struct order order = {.collectors = "alpha", .blocks = "2", .options = {.quiet = true}};
  for (size_t i = 1; i <= 3; i++) {
    assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
    look(bench);
    assert_int_equal(found.count, 2 * i);
    order.options.again = true;
  }
  for (size_t i = 0; i < found.count; i++) {
    for (size_t k = 0; k < i; k++) {
      assert_string_not_equal(found.trials[i].id, found.trials[k].id);
      assert_int_not_equal(found.trials[i].seed, found.trials[k].seed);
    }
  }
}

static void the_summary_is_json_on_request(void **state)
{
  struct bench *bench = *state;
  const struct order order = {
      .collectors = "alpha,beta", .set = "beta.mode=exit", .blocks = "2", .options = {.quiet = true, .json = true}};
  assert_int_equal(run(bench, &order), CAMPAIGN_TRIAL_FAILED);
  json_t *root = json_loads(printed[0], 0, NULL);
  assert_non_null(root);
  const json_t *cells = json_object_get(root, "cells");
  assert_int_equal(json_array_size(cells), 2);
  const json_t *alpha = json_array_get(cells, 0);
  assert_string_equal(json_string_value(json_object_get(alpha, "collector")), "alpha");
  assert_int_equal(json_integer_value(json_object_get(alpha, "ok")), 2);
  assert_int_equal(json_integer_value(json_object_get(alpha, "pause_p50_ns")), 104);
  assert_true(json_is_null(json_object_get(alpha, "pause_p99_ns")));
  const json_t *beta = json_array_get(cells, 1);
  assert_int_equal(json_integer_value(json_object_get(beta, "failed")), 2);
  assert_true(json_is_null(json_object_get(beta, "wall_ns")));
  assert_string_equal(json_string_value(json_object_get(json_object_get(beta, "varied"), "mode")), "exit");
  assert_int_equal(json_array_size(json_object_get(root, "failures")), 2);
  json_decref(root);
}

static void estimates_come_from_what_was_measured(void **state)
{
  struct bench *bench = *state;
  const struct order order = {.collectors = "alpha", .set = "work_ms=30,60", .blocks = "2", .options = {.quiet = true}};
  struct plan_cells cells;
  struct plan *plan = make_plan(bench, &order, &cells);
  struct campaign_estimate estimate = campaign_estimate(plan, &cells, NULL);
  assert_int_equal(estimate.ns, 4000000000);
  assert_int_equal(estimate.most_ns, 4 * plan->time_limit_ns);
  assert_int_equal(estimate.measured_cells, 0);
  const uint64_t time_limit_ns = plan->time_limit_ns;
  plan->time_limit_ns = 100000000; /* no guess is above what is possible */
  assert_int_equal(campaign_estimate(plan, &cells, NULL).ns, 400000000);
  plan->time_limit_ns = INT64_MAX / 3;
  assert_int_equal(campaign_estimate(plan, &cells, NULL).most_ns, INT64_MAX);
  plan->time_limit_ns = time_limit_ns;
  assert_int_equal(run(bench, &order), CAMPAIGN_DONE);
  estimate = campaign_estimate(plan, &cells, bench->store);
  assert_in_range(estimate.ns, 180000000, 1000000000);
  assert_int_equal(estimate.measured_cells, 2);
  plan_cells_free(&cells);
  plan_free(plan);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      /* First: what was found once is not looked for again. */
      cmocka_unit_test_setup_teardown(a_missing_allocator_stops_everything, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_outcome_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_hanging_trial_is_ended, set_up, tear_down),
      cmocka_unit_test_setup_teardown(columns_are_derived, set_up, tear_down),
      cmocka_unit_test_setup_teardown(surroundings_are_constant, set_up, tear_down),
      cmocka_unit_test_setup_teardown(trials_and_harness_have_cores_of_their_own, set_up, tear_down),
      cmocka_unit_test_setup_teardown(allocators_are_really_used, set_up, tear_down),
      cmocka_unit_test_setup_teardown(programs_that_cannot_run_are_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(programs_that_change_end_the_campaign, set_up, tear_down),
      cmocka_unit_test_setup_teardown(checksums_are_compared, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_campaign_goes_on_where_it_stopped, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_was_not_tried_and_why_it_failed_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(measuring_anew_is_another_campaign, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_summary_is_json_on_request, set_up, tear_down),
      cmocka_unit_test_setup_teardown(estimates_come_from_what_was_measured, set_up, tear_down),
  };
  if (argc != 2) {
    fprintf(stderr, "usage: %s FAKE_TRIAL\n", argv[0]);
    return 2;
  }
  fake_program = argv[1];
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  forget();
  return failed;
}
