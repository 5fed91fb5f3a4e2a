/*
 * driver PROGRAM full|few SCENARIOS DIRECTORY FUNCTION...: runs a program again and again, with another allocation
 * failing each time.
 *
 * A scenario is a line of the file SCENARIOS: for which programs it is (the file name after the last '-', or '*' for
 * all; '+' in front: only at full), what kind of answer it gives, and its arguments.  It runs once as it is, which says
 * what the right answer is, and which allocations there are, from which places.  Then it runs with each of these
 * failing, the one alone and with all after it.  Where a place allocates often (every object of a counting collector is
 * one), it is the first of all, the first of each place, some in between at equal distances, and the last.
 *
 * Each run must give the right answer, or say that memory ran out: the outcome of a whole record, or a message and the
 * exit code.  No signal, no hang, no part of a record, no other answer.  After a campaign, what is in the store must be
 * trials that went well, and the same command must go on from there.  The allocating FUNCTIONs, which the program's
 * objects are known to call, must all have been seen; with `few`, which tries a tenth, malloc, calloc and mmap.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/inject.h"

enum { ARGUMENTS_MAX = 48, LINE_MAX_BYTES = 4096, SECONDS_MAX = 100, FAILURES_SHOWN = 20, EXIT_REPORT = 99 };

/*
 * How many are tried: of all, of each place from its first on, of each place in between, of each place up to its last.
 */
struct plan {
  uint64_t first, first_of_place, between, last_of_place;
};

static const struct plan campaign_plan = {0, 1, 4, 1};
static const struct plan plans[] = {{40, 8, 6, 2}, {10, 2, 2, 1}};
static bool is_full;

enum answer_kind { ANSWER_RUN, ANSWER_SCRIPT, ANSWER_DESCRIBE, ANSWER_COMMAND, ANSWER_CAMPAIGN, ANSWER_KINDS };
static const char *const kind_names[] = {"run", "script", "describe", "command", "campaign"};

struct scenario {
  enum answer_kind kind;
  char *line;
  char *arguments[ARGUMENTS_MAX];
  int64_t trials; /* of a campaign */
};

struct answer {
  int status; /* of waitpid */
  bool timed_out;
  char *out, *err;
};

enum verdict { CARRIED_ON, OUT_OF_MEMORY, REFUSED, WRONG, VERDICTS };

static const char *const function_names[] = {
#define NAME_OF(function) #function,
    INJECT_FUNCTIONS(NAME_OF)};

static struct inject_report *report;
static char report_path[64];
static char store_path[4096]; /* of campaigns: a file that is not there when one begins */
static const char *program;
static uint64_t seen[INJECT_FUNCTION_COUNT];
static uint64_t total_allocations, total_runs, total_checked, total_wrong;

static _Noreturn void die(const char *what)
{
  fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void *require(void *memory)
{
  if (memory == NULL) die("no memory");
  return memory;
}

static int memory_file(const char *name)
{
  const int fd = memfd_create(name, 0);
  if (fd < 0) die("memfd_create");
  return fd;
}

static char *read_back(int fd)
{
  const off_t length = lseek(fd, 0, SEEK_END);
  char *text = require(calloc(1, (size_t)length + 1));
  if (pread(fd, text, (size_t)length, 0) != length) die("pread");
  close(fd);
  return text;
}

static pid_t child;
static volatile sig_atomic_t has_timed_out;

static void kill_child(int signal_number)
{
  (void)signal_number;
  has_timed_out = 1;
  kill(child, SIGKILL);
}

/* Runs the scenario with allocation `number` failing (0: none), and with all after it. */
static struct answer execute(const struct scenario *scenario, uint64_t number, bool all_after)
{
  const int out = memory_file("out");
  const int err = memory_file("err");
  char which[32];
  snprintf(which, sizeof which, "%llu%s", (unsigned long long)number, all_after ? "+" : "");
  report->calls = report->failed = report->checked = 0;
  memset(report->by_function, 0, sizeof report->by_function);
  has_timed_out = 0;
  child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    const int in = open("/dev/null", O_RDONLY);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    setenv("GCLAB_FAIL_ALLOCATION", which, 1);
    setenv("GCLAB_ALLOCATION_REPORT", report_path, 1);
    execv(program, scenario->arguments);
    _exit(127);
  }
  struct answer answer = {0};
  alarm(SECONDS_MAX);
  while (waitpid(child, &answer.status, 0) < 0 && errno == EINTR) continue;
  alarm(0);
  answer.timed_out = has_timed_out != 0;
  answer.out = read_back(out);
  answer.err = read_back(err);
  return answer;
}

static void release(struct answer *answer)
{
  free(answer->out);
  free(answer->err);
}

static const char *text_of(const json_t *record, const char *key)
{
  const char *text = json_string_value(json_object_get(record, key));
  return text != NULL ? text : "";
}

/* Does the record have everything that the expected one has, and `failed_bytes` only where memory ran out? */
static const char *compare_records(const json_t *record, const json_t *expected, enum verdict *verdict)
{
  const bool ran_out = strcmp(text_of(record, "outcome"), "out_of_memory") == 0;
  const char *key;
  json_t *value;
  json_object_foreach ((json_t *)expected, key, value) {
    if (json_object_get(record, key) == NULL) return "the record lacks something";
  }
  if (json_object_size(record) != json_object_size(expected) + ran_out) return "the record has more than it should";
  *verdict = ran_out ? OUT_OF_MEMORY : CARRIED_ON;
  if (ran_out) {
    if (json_integer_value(json_object_get(record, "failed_bytes")) <= 0) return "it does not say what was refused";
    return json_is_null(json_object_get(record, "checksum")) ? NULL : "a checksum of half of the work";
  }
  if (strcmp(text_of(record, "outcome"), "ok") != 0) return "no outcome that there is";
  static const char *const same[] = {"checksum", "allocated_objects", "allocated_bytes",
                                     "workload", "parameters",        "knobs"};
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    if (!json_equal(json_object_get(record, same[i]), json_object_get(expected, same[i])))
      return "it carried on, and came to something else";
  }
  return NULL;
}

static const char *judge_record(const struct answer *answer, const struct answer *right, enum verdict *verdict)
{
  json_t *record = json_loads(answer->out, 0, NULL);
  json_t *expected = json_loads(right->out, 0, NULL);
  const char *fault = "no whole record";
  if (record != NULL && expected != NULL) fault = compare_records(record, expected, verdict);
  json_decref(record);
  json_decref(expected);
  return fault;
}

/* A number from the store; -1 where it cannot be read. */
static int64_t ask_store(const char *question)
{
  sqlite3 *store = NULL;
  sqlite3_stmt *statement = NULL;
  int64_t number = -1;
  if (sqlite3_open_v2(store_path, &store, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2(store, question, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
    number = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(store);
  return number;
}

/* What was measured is there and sound, and the same command runs the rest. */
static const char *judge_store(const struct scenario *scenario)
{
  int64_t kept = 0;
  if (access(store_path, F_OK) == 0 && ask_store("SELECT count(*) FROM sqlite_schema WHERE name = 'trial'") == 1) {
    if (ask_store("SELECT integrity_check = 'ok' FROM pragma_integrity_check") != 1) return "the store is damaged";
    if (ask_store("SELECT count(*) FROM trial WHERE outcome <> 'ok'") != 0) return "a trial is said to have gone wrong";
    kept = ask_store("SELECT count(*) FROM trial");
  }
  struct answer again = execute(scenario, 0, false);
  json_t *summary = json_loads(again.out, 0, NULL);
  const bool goes_on = WIFEXITED(again.status) && WEXITSTATUS(again.status) == 0 &&
                       json_integer_value(json_object_get(summary, "run")) == scenario->trials - kept;
  json_decref(summary);
  release(&again);
  return goes_on ? NULL : "the campaign does not go on from what was kept";
}

/* What is wrong with the answer; NULL: nothing, and *verdict says what it was. */
static const char *judge(const struct scenario *scenario, const struct answer *answer, const struct answer *right,
                         enum verdict *verdict)
{
  *verdict = WRONG;
  if (answer->timed_out) return "it hangs";
  if (WIFSIGNALED(answer->status)) return strsignal(WTERMSIG(answer->status));
  const int code = WEXITSTATUS(answer->status);
  const bool prints_whole = scenario->kind == ANSWER_RUN || scenario->kind == ANSWER_DESCRIBE;
  if (code == WEXITSTATUS(right->status)) {
    if (strcmp(answer->err, right->err) != 0 && scenario->kind < ANSWER_COMMAND) return "it carried on, and complains";
    if (scenario->kind == ANSWER_RUN) return judge_record(answer, right, verdict);
    if (scenario->kind != ANSWER_CAMPAIGN && strcmp(answer->out, right->out) != 0)
      return "it carried on, and printed something else";
    *verdict = CARRIED_ON;
    return scenario->kind == ANSWER_CAMPAIGN ? judge_store(scenario) : NULL;
  }
  if (strcasestr(answer->err, "memory") == NULL) return "it ended without saying that memory is short";
  if (prints_whole && answer->out[0] != '\0') return "it ended after part of its answer";
  if (scenario->kind < ANSWER_COMMAND && strncmp(answer->out, right->out, strlen(answer->out)) != 0)
    return "it printed something else";
  *verdict = code == 3 ? OUT_OF_MEMORY : REFUSED;
  if (code == 3 && scenario->kind == ANSWER_SCRIPT) return NULL;
  if (code != 4) return "its exit code says something else";
  return scenario->kind == ANSWER_CAMPAIGN ? judge_store(scenario) : NULL;
}

static void complain(const struct scenario *scenario, uint64_t number, bool all_after, const struct answer *answer,
                     const char *fault)
{
  if (++total_wrong > FAILURES_SHOWN) return;
  printf("FAILED: %s (status %#x)\n  GCLAB_FAIL_ALLOCATION=%llu%s %s", fault, (unsigned)answer->status,
         (unsigned long long)number, all_after ? "+" : "", program);
  for (int i = 1; scenario->arguments[i] != NULL; i++) printf(" %s", scenario->arguments[i]);
  printf("\n  stdout: %.300s\n  stderr: %.1500s\n", answer->out, answer->err);
  fflush(stdout);
}

/* A place, and the allocations from it. */
struct place {
  uint32_t site;
  uint64_t count, passed;
};

static struct place *find_place(struct place *places, size_t *count, uint32_t site)
{
  for (size_t i = 0; i < *count; i++) {
    if (places[i].site == site) return &places[i];
  }
  places[*count] = (struct place){.site = site};
  return &places[(*count)++];
}

/* Chooses which allocations are to fail, of those in the report.  Returns the number of places. */
static size_t choose(const struct plan *plan, uint64_t count, bool *chosen)
{
  struct place *places = require(calloc(count + 1, sizeof *places));
  size_t place_count = 0;
  for (uint64_t i = 0; i < count; i++) find_place(places, &place_count, report->call[i].site)->count++;
  for (uint64_t i = 0; i < count; i++) {
    struct place *place = find_place(places, &place_count, report->call[i].site);
    const uint64_t number = place->passed++;
    const uint64_t stride = place->count / (plan->between + 1) + 1;
    chosen[i] = i < plan->first || number < plan->first_of_place || number % stride == stride - 1 ||
                number + plan->last_of_place >= place->count;
  }
  free(places);
  return place_count;
}

static void remove_store(void)
{
  static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    char path[sizeof store_path + 16];
    snprintf(path, sizeof path, "%s%s", store_path, endings[i]);
    unlink(path);
  }
}

static void try_one(const struct scenario *scenario, uint64_t number, bool all_after, const struct answer *right,
                    uint64_t verdicts[VERDICTS], uint64_t *checked)
{
  remove_store();
  struct answer answer = execute(scenario, number, all_after);
  const bool was_reached = report->failed > 0;
  const uint64_t heaps = report->checked;
  enum verdict verdict;
  const char *fault = judge(scenario, &answer, right, &verdict);
  /* A command takes what other programs say in pieces as they come, so that the last few may not be needed. */
  if (fault == NULL && !was_reached && scenario->kind < ANSWER_COMMAND) fault = "the allocation was not reached";
  if (fault != NULL) verdict = WRONG;
  if (fault != NULL) complain(scenario, number, all_after, &answer, fault);
  verdicts[verdict]++;
  *checked += heaps;
  release(&answer);
}

static void try_scenario(struct scenario *scenario, const struct plan *plan)
{
  remove_store();
  struct answer right = execute(scenario, 0, false);
  const uint64_t count = report->calls;
  for (int i = 0; i < INJECT_FUNCTION_COUNT; i++) seen[i] += report->by_function[i];
  if (!WIFEXITED(right.status) || WEXITSTATUS(right.status) != 0 || count == 0 || count > INJECT_CALLS_MAX) {
    complain(scenario, 0, false, &right, count == 0 ? "no allocation was seen" : "it fails by itself");
    release(&right);
    return;
  }
  if (scenario->kind == ANSWER_CAMPAIGN) scenario->trials = ask_store("SELECT count(*) FROM trial");
  bool *chosen = require(calloc(count, sizeof *chosen));
  const size_t places = choose(plan, count, chosen);
  uint64_t verdicts[VERDICTS] = {0};
  uint64_t checked = 0;
  for (uint64_t i = 0; i < count; i++) {
    if (!chosen[i]) continue;
    try_one(scenario, i + 1, false, &right, verdicts, &checked);
    try_one(scenario, i + 1, true, &right, verdicts, &checked);
  }
  const uint64_t runs = verdicts[CARRIED_ON] + verdicts[OUT_OF_MEMORY] + verdicts[REFUSED] + verdicts[WRONG];
  printf("%s: %llu allocations at %zu places; %llu runs: %llu carried on, %llu out of memory (%llu heaps verified), "
         "%llu refused, %llu wrong\n",
         scenario->line, (unsigned long long)count, places, (unsigned long long)runs,
         (unsigned long long)verdicts[CARRIED_ON], (unsigned long long)verdicts[OUT_OF_MEMORY],
         (unsigned long long)checked, (unsigned long long)verdicts[REFUSED], (unsigned long long)verdicts[WRONG]);
  fflush(stdout);
  total_allocations += count;
  total_runs += runs;
  total_checked += checked;
  free(chosen);
  release(&right);
}

/* Of a line with the words of its first column (one of them is ours), kind and arguments.  False: not for us. */
static bool parse_scenario(char *line, const char *name, const char *directory, struct scenario *scenario)
{
  char *rest = line;
  bool is_ours = false;
  if (*rest == '+' && !is_full) return false;
  rest += *rest == '+';
  for (char *words = strsep(&rest, " "), *word; (word = strsep(&words, ",")) != NULL;) {
    if (*word == '!' && strcmp(word + 1, name) == 0) return false;
    is_ours |= strcmp(word, name) == 0 || strcmp(word, "*") == 0;
  }
  if (!is_ours || rest == NULL) return false;
  const char *kind = strsep(&rest, " ");
  scenario->line = require(strdup(rest != NULL ? rest : kind));
  size_t count = 1;
  while (scenario->kind < ANSWER_KINDS && strcmp(kind, kind_names[scenario->kind]) != 0) scenario->kind++;
  if (scenario->kind == ANSWER_KINDS) return false;
  for (char *word; (word = strsep(&rest, " ")) != NULL && count < ARGUMENTS_MAX - 1;) {
    char *argument = NULL;
    const bool is_file = strncmp(word, "FILE:", 5) == 0;
    if (asprintf(&argument, "%s%s%s", is_file ? directory : "", is_file ? "/" : "", word + (is_file ? 5 : 0)) < 0)
      die("no memory");
    if (*word != '\0') scenario->arguments[count++] = argument;
    if (*word == '\0') free(argument);
  }
  scenario->arguments[0] = (char *)program;
  return true;
}

static void try_file(const char *path, const char *name, const char *directory, const struct plan *plan)
{
  FILE *file = fopen(path, "re");
  if (file == NULL) die(path);
  char line[LINE_MAX_BYTES];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    struct scenario scenario = {0};
    if (line[0] == '#' || line[0] == '\0' || !parse_scenario(line, name, directory, &scenario)) continue;
    try_scenario(&scenario, scenario.kind == ANSWER_CAMPAIGN ? &campaign_plan : plan);
    for (int i = 1; scenario.arguments[i] != NULL; i++) free(scenario.arguments[i]);
    free(scenario.line);
  }
  fclose(file);
}

/* The program's objects call these: the wrapping is in effect, and the scenarios reach them, only if all were seen. */
static void require_seen(char **functions)
{
  for (; *functions != NULL; functions++) {
    int i = 0;
    while (i < INJECT_FUNCTION_COUNT && strcmp(function_names[i], *functions) != 0) i++;
    if (i < INJECT_FUNCTION_COUNT && (seen[i] > 0 || (!is_full && i > INJECT_calloc && i != INJECT_mmap))) continue;
    printf("FAILED: %s is called by the program's objects, and was not seen\n", *functions);
    total_wrong++;
  }
}

int main(int argc, char **argv)
{
  if (argc < 6) {
    fputs("driver PROGRAM full|few SCENARIOS DIRECTORY FUNCTION...\n", stderr);
    return 2;
  }
  program = argv[1];
  const char *dash = strrchr(program, '-');
  const int fd = memory_file("report");
  if (ftruncate(fd, sizeof *report) != 0) die("ftruncate");
  report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (report == MAP_FAILED) die("mmap");
  snprintf(report_path, sizeof report_path, "/proc/%d/fd/%d", (int)getpid(), fd);
  snprintf(store_path, sizeof store_path, "%s/store.sqlite", argv[4]);
  signal(SIGALRM, kill_child);
  is_full = strcmp(argv[2], "full") == 0;
  try_file(argv[3], dash != NULL ? dash + 1 : program, argv[4], &plans[is_full ? 0 : 1]);
  require_seen(argv + 5);
  printf("in all: %llu allocations, %llu runs, %llu heaps verified, %llu failures\n",
         (unsigned long long)total_allocations, (unsigned long long)total_runs, (unsigned long long)total_checked,
         (unsigned long long)total_wrong);
  for (int i = 0; i < INJECT_FUNCTION_COUNT; i++) {
    if (seen[i] > 0) printf("  %s: %llu\n", function_names[i], (unsigned long long)seen[i]);
  }
  return total_wrong == 0 && total_runs > 0 ? 0 : 1;
}
