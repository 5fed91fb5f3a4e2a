/*
 * A trial program that misbehaves on demand: it takes the command line of a real one, and its knob `mode` says what it
 * does.  It is called gclab-trial-NAME, for any NAME, and is the collector NAME then.
 *
 * Its record tells what it found around itself (its cores, limits, environment and so on), for the tests to check.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "collectors/collector.h"
#include "harness/trial/allocator.h"

static const char *const modes[] = {"ok",          "crash",      "hang",   "rubbish", "silent", "exit",
                                    "oom",         "eat",        "wrong",  "kill",    "shout",  "orphan",
                                    "bad_journal", "other_name", "no_sum", "lacking", NULL};

enum mode {
  MODE_OK,
  MODE_CRASH,
  MODE_HANG,
  MODE_RUBBISH,
  MODE_SILENT,
  MODE_EXIT,
  MODE_OOM,
  MODE_EAT,
  MODE_WRONG,
  MODE_KILL,
  MODE_SHOUT,
  MODE_ORPHAN,
  MODE_BAD_JOURNAL,
  MODE_OTHER_NAME,
  MODE_NO_SUM,
  MODE_LACKING
};

struct fake {
  const char *name, *workload;
  enum mode mode;
  uint64_t work_ms, seed, rows;
  int record_fd, journal_fd;
  bool small;
  struct journal journal;
  uint64_t work_start_ns, wall_ns;
  char amount[32];
};

static struct gc_counters counters; /* as a collector's, read from outside */

static json_t *describe_setting(const char *name, const char *type, const char *value)
{
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name", name, "unit", "", "type", type, "scale",
                   "linear", "default", value, "small", "1", "minimum", "0", "maximum", "1000000000", "help", "none");
}

static int describe(const struct fake *fake)
{
  json_t *choices = json_array();
  for (int i = 0; modes[i] != NULL; i++) json_array_append_new(choices, json_string(modes[i]));
  json_t *mode = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "name", "mode", "unit", "", "type",
                           "choice", "scale", "linear", "default", "ok", "minimum", "ok", "maximum", "lacking",
                           "choices", choices, "help", "what to do");
  json_t *knobs = json_pack("[o, o, o]", mode, describe_setting("work_ms", "integer", "5"),
                            describe_setting("rows", "integer", "10"));
  json_t *workloads = json_array();
  static const char *const names[] = {"work", "toil"};
  for (int i = 0; i < 2; i++)
    json_array_append_new(workloads, json_pack("{s:s, s:s, s:s, s:b, s:[o]}", "name", names[i], "summary", "waits",
                                               "source", "a test", "makes_cycles", i, "parameters",
                                               describe_setting("amount", "integer", "3")));
  json_t *root =
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s, s], s:o, s:s, s:s, s:s, s:s, s:b, s:b, s:o}", "format",
                "gclab-describe-1", "name", fake->name, "summary", "a fake", "source", "a test", "version", "1",
                "capabilities", "reclaims", "uses_malloc", "knobs", knobs, "gclab_version", "0", "revision", "0",
                "compiler", "0", "build", "Test", "checking", 0, "sanitized", 0, "workloads", workloads);
  json_dumpf(root, stdout, JSON_INDENT(1));
  json_decref(root);
  return 0;
}

static json_t *list_cores(void)
{
  json_t *list = json_array();
  cpu_set_t cores;
  sched_getaffinity(0, sizeof cores, &cores);
  for (size_t i = 0; i < CPU_SETSIZE; i++) {
    if (CPU_ISSET(i, &cores)) json_array_append_new(list, json_integer((json_int_t)i));
  }
  return list;
}

static json_t *limit_of(__rlimit_resource_t what)
{
  struct rlimit limit;
  getrlimit(what, &limit);
  return limit.rlim_cur == RLIM_INFINITY ? json_string("none") : json_integer((json_int_t)limit.rlim_cur);
}

static json_t *list_descriptors(void)
{
  json_t *list = json_array();
  for (int i = 0; i < 64; i++) {
    if (fcntl(i, F_GETFD) >= 0) json_array_append_new(list, json_integer(i));
  }
  return list;
}

static json_t *surroundings(void)
{
  json_t *environment = json_array();
  for (char **word = environ; *word != NULL; word++) json_array_append_new(environment, json_string(*word));
  int death_signal = 0;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:i, s:b}", "cores", list_cores(), "descriptors",
                   list_descriptors(), "data_limit", limit_of(RLIMIT_DATA), "core_limit", limit_of(RLIMIT_CORE),
                   "stack_limit", limit_of(RLIMIT_STACK), "environment", environment, "own_group",
                   getpgrp() == getpid(), "death_signal", death_signal, "blocks_signals",
                   sigismember(&blocked, SIGINT) == 1);
}

static void write_record(const struct fake *fake)
{
  char checksum[24];
  const bool oom = fake->mode == MODE_OOM || fake->mode == MODE_EAT;
  const bool lacking = fake->mode == MODE_LACKING;
  snprintf(checksum, sizeof checksum, "%016" PRIx64,
           fake->seed * 0x9e3779b97f4a7c15u + strlen(fake->workload) + (fake->mode == MODE_WRONG));
  json_t *record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:[i, i, i], s:s, s:o}",
                             "format", "gclab-record-1", "outcome",
                             oom       ? "out_of_memory"
                             : lacking ? "not_supported"
                                       : "ok",
                             "collector", fake->mode == MODE_OTHER_NAME ? "another" : fake->name, "workload",
                             fake->workload, "amount", fake->amount, "seed", (json_int_t)fake->seed, "work_start_ns",
                             (json_int_t)fake->work_start_ns, "wall_ns", (json_int_t)fake->wall_ns, "cpu_ns",
                             (json_int_t)fake->wall_ns, "gc_ns", (json_int_t)fake->rows * 100, "failed_bytes",
                             (json_int_t)64, "peak_heap_bytes", (json_int_t)4096, "collections", 1, 2, 3, "allocator",
                             allocator_name(), "surroundings", surroundings());
  if (lacking) json_object_set_new(record, "lacks", json_pack("[s, s]", "weak", "finalizes"));
  if (!oom && !lacking && fake->mode != MODE_NO_SUM) json_object_set_new(record, "checksum", json_string(checksum));
  json_dumpfd(record, fake->record_fd, JSON_COMPACT);
  json_decref(record);
}

static void sleep_ms(uint64_t ms)
{
  struct timespec time = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000 * 1000000)};
  while (nanosleep(&time, &time) != 0 && errno == EINTR) {
  }
}

static _Noreturn void hang(void)
{
  for (;;) pause();
}

/* Takes memory until there is none; 1 GiB would mean that there is no limit. */
static void eat(void)
{
  enum { PIECE = 4 << 20 };
  for (int i = 0; i < 256; i++) {
    char *piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED) return;
    memset(piece, 1, 4096);
  }
  fprintf(stderr, "there was no limit\n");
  _exit(9);
}

static void shout(void)
{
  static char noise[65536];
  memset(noise, '\xfe', sizeof noise);
  noise[100] = '\0';
  for (int i = 0; i < 200; i++) {
    if (write(i % 2 + 1, noise, sizeof noise) < 0) break;
  }
  fprintf(stderr, "\nthe last words\n");
}

static void misbehave(struct fake *fake)
{
  switch (fake->mode) {
  case MODE_CRASH:
    fprintf(stderr, "about to crash\n");
    raise(SIGSEGV);
    break;
  case MODE_KILL:
    raise(SIGKILL);
    break;
  case MODE_HANG:
    hang();
  case MODE_EXIT:
    fprintf(stderr, "it is Tuesday\n");
    exit(5);
  case MODE_SILENT:
    exit(0);
  case MODE_RUBBISH:
    if (write(fake->record_fd, "{\"format\": \xff\x00", 13) < 0) abort();
    exit(0);
  case MODE_EAT:
    eat();
    break;
  case MODE_SHOUT:
    shout();
    break;
  case MODE_ORPHAN:
    if (fork() == 0) hang();
    break;
  case MODE_BAD_JOURNAL:
    fake->journal.head->row_count = UINT64_MAX;
    fake->journal.head->phase_count = UINT32_MAX;
    break;
  default:
    break;
  }
}

static void work(struct fake *fake)
{
  const uint64_t start_ns = clock_now_ns();
  fake->work_start_ns = start_ns - fake->journal.head->origin_ns;
  counters.heap_bytes = 4000;
  counters.allocated_objects = 77;
  counters.collections[2] = 9;
  journal_phase(&fake->journal, "waiting, \"quoted\"");
  for (uint64_t i = 0; i < fake->rows; i++)
    journal_enter(&fake->journal, JOURNAL_COLLECTION, JOURNAL_EXPLICIT, 1, start_ns + 1000 * i, 100 + i, 50, 40,
                  &(struct journal_work){.examined_objects = i});
  counters.progress_permille = 500;
  sleep_ms(fake->work_ms);
  misbehave(fake);
  fake->wall_ns = clock_now_ns() - start_ns;
}

/*
 * A test holds the trials of all blocks but the first (seed 1) by a file `hold` beside the program: they wait until it is
 * gone.
 */
static void wait_while_held(const struct fake *fake)
{
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "hold");
  if (length <= 0 || fake->seed <= 1) return;
  path[length] = '\0';
  char *name = strrchr(path, '/');
  if (name == NULL) return;
  memcpy(name + 1, "hold", sizeof "hold");
  while (access(path, F_OK) == 0) sleep_ms(10);
}

static int run(struct fake *fake)
{
  wait_while_held(fake);
  if (!journal_open(&fake->journal, fake->journal_fd, 1000000, 1000, 1000)) return 4;
  fake->journal.head->counters_address = (uint64_t)(uintptr_t)&counters;
  work(fake);
  write_record(fake);
  return 0;
}

static void set(struct fake *fake, const char *text)
{
  const char *value = strchr(text, '=') + 1;
  if (strncmp(text, "work_ms=", 8) == 0) fake->work_ms = strtoull(value, NULL, 10);
  if (strncmp(text, "rows=", 5) == 0) fake->rows = strtoull(value, NULL, 10);
  if (strncmp(text, "amount=", 7) == 0) snprintf(fake->amount, sizeof fake->amount, "%s", value);
  if (strncmp(text, "mode=", 5) != 0) return;
  for (int i = 0; modes[i] != NULL; i++) {
    if (strcmp(modes[i], value) == 0) fake->mode = (enum mode)i;
  }
}

int main(int argc, char **argv)
{
  static const struct option options[] = {{"set", required_argument, NULL, 's'},
                                          {"param", required_argument, NULL, 'p'},
                                          {"seed", required_argument, NULL, 'n'},
                                          {"record-fd", required_argument, NULL, 'r'},
                                          {"journal-fd", required_argument, NULL, 'j'},
                                          {"size", required_argument, NULL, 'm'},
                                          {0}};
  const char *name = strstr(argv[0], "gclab-trial-");
  struct fake fake = {.name = name != NULL ? name + strlen("gclab-trial-") : "fake", .work_ms = 5, .rows = 10};
  for (int key = 0; (key = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (key == 's' || key == 'p') set(&fake, optarg);
    if (key == 'n') fake.seed = strtoull(optarg, NULL, 10);
    if (key == 'r') fake.record_fd = atoi(optarg);
    if (key == 'j') fake.journal_fd = atoi(optarg);
    if (key == 'm') fake.small = strcmp(optarg, "small") == 0;
    if (key == '?') return 2;
  }
  if (optind < argc && strcmp(argv[optind], "describe") == 0) return describe(&fake);
  if (optind + 1 >= argc) return 2;
  fake.workload = argv[optind + 1];
  return run(&fake);
}
