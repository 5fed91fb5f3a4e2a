#define _GNU_SOURCE
#include "harness/campaign/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "harness/campaign/preload.h"
#include "harness/catalogue/program.h"

enum { PADDING_MAX = 4095, WORDS_MAX = 256, STACK_BYTES = 8 << 20 };

/* NULL-terminated lists of words that are made here. */
struct words {
  char *words[WORDS_MAX];
  int count;
  bool failed;
};

static __attribute__((format(printf, 2, 3))) void add(struct words *words, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  if (words->count == WORDS_MAX - 1)
    words->failed = true;
  else
    words->words[words->count++] = memory_format_list(format, arguments);
  va_end(arguments);
}

static void release(struct words *words)
{
  for (int i = 0; i < words->count; i++) free(words->words[i]);
}

static void add_settings(struct words *words, const char *option, const struct setting *settings, size_t count,
                         const int64_t *values)
{
  for (size_t i = 0; i < count; i++) {
    char text[SETTING_TEXT_MAX];
    add(words, "--%s=%s=%s", option, settings[i].name, setting_format(&settings[i], values[i], text));
  }
}

static void add_program(struct words *words, const char *path, unsigned layout)
{
  char *program = program_layout_path(path, layout);
  add(words, "%s", program);
  free(program);
}

static void make_command(struct words *words, const struct launch *launch, const struct process *process)
{
  const struct plan_cell *cell = launch->cell;
  add_program(words, cell->collector->trial_path, launch->layout);
  add(words, "run");
  add(words, "%s", cell->workload->name);
  if (cell->size != SETTING_SIZE_DEFAULT) add(words, "--size=%s", setting_size_names[cell->size]);
  add_settings(words, "set", cell->collector->knobs, cell->collector->knob_count, cell->knobs);
  add_settings(words, "param", cell->workload->parameters, cell->workload->parameter_count, cell->parameters);
  add(words, "--seed=%" PRIu64, launch->seed);
  add(words, "--record-fd=%d", process->record_fd);
  add(words, "--journal-fd=%d", process->journal_fd);
  if (cell->collector->layouts > 1) add(words, "--layout=%u", launch->layout);
  if (launch->replay_path != NULL) add(words, "--replay=%s", launch->replay_path);
  if (launch->deaths_path != NULL) add(words, "--deaths=%s", launch->deaths_path);
}

static void make_environment(struct words *words, const struct launch *launch)
{
  /* What a user may need for the programs to start at all, or for sanitizers and coverage to work. */
  static const char *const passed[] = {"LD_LIBRARY_PATH", "ASAN_OPTIONS",      "UBSAN_OPTIONS", "LSAN_OPTIONS",
                                       "TSAN_OPTIONS",    "LLVM_PROFILE_FILE", "GCOV_PREFIX",   "GCOV_PREFIX_STRIP"};
  add(words, "PATH=/usr/local/bin:/usr/bin:/bin");
  add(words, "LC_ALL=C");
  add(words, "TZ=UTC");
  add(words, "PYTHONHASHSEED=0");
  add(words,
      "MALLOC_CONF=dirty_decay_ms:10000,muzzy_decay_ms:0"); /* jemalloc's defaults, whatever the distribution's */
  for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
    const char *value = getenv(passed[i]);
    if (value != NULL) add(words, "%s=%s", passed[i], value);
  }
  const char *library = preload_of(launch->cell);
  if (library != NULL) add(words, "LD_PRELOAD=%s", library);
  char padding[PADDING_MAX + 1];
  const uint64_t random =
      strtoull((char[]){launch->trial_id[0], launch->trial_id[1], launch->trial_id[2], '\0'}, NULL, 16);
  memset(padding, 'x', sizeof padding);
  padding[random] = '\0'; /* three hexadecimal digits of a hash: 0 to 4095 */
  add(words, "GCLAB_PADDING=%s", padding);
}

static void set_limit(int what, rlim_t soft)
{
  struct rlimit limit;
  if (getrlimit((__rlimit_resource_t)what, &limit) != 0) return;
  limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
  setrlimit((__rlimit_resource_t)what, &limit);
}

static _Noreturn void child_fail(const char *what)
{
  const int reason = errno;
  set_limit(RLIMIT_DATA, RLIM_INFINITY); /* to say so may take memory; sanitizers take more than there may be */
  dprintf(STDERR_FILENO, "gclab: %s: %s\n", what, strerror(reason));
  _exit(127);
}

/*
 * Between fork and exec.  The memory limit is a soft one: a trial lifts it to write its record, once it has run out.
 */
static _Noreturn void become_trial(const struct launch *launch, const struct process *process, int output,
                                   char *const *command, char *const *environment, pid_t parent)
{
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0) child_fail("/dev/null");
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127); /* the harness ended before that took effect */
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (launch->core >= 0) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)launch->core, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) child_fail("the trial could not be pinned to its core");
  }
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_STACK, STACK_BYTES);
  if (launch->memory_limit_bytes > 0 && !launch->cell->collector->sanitized)
    set_limit(RLIMIT_DATA, launch->memory_limit_bytes);
  fcntl(process->record_fd, F_SETFD, 0);
  fcntl(process->journal_fd, F_SETFD, 0);
  execve(command[0], command, environment);
  child_fail(command[0]);
}

static bool open_files(struct process *process, int *output)
{
  int ends[2] = {-1, -1};
  process->record_fd = memfd_create("gclab-record", MFD_CLOEXEC);
  process->journal_fd = memfd_create("gclab-journal", MFD_CLOEXEC);
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  process->output = ends[0];
  *output = ends[1];
  return process->record_fd >= 0 && process->journal_fd >= 0 && fcntl(process->output, F_SETFL, O_NONBLOCK) == 0;
}

static bool start(const struct launch *launch, struct process *process, const struct words *command,
                  const struct words *environment, int output)
{
  const pid_t parent = getpid();
  process->start_ns = clock_now_ns();
  process->pid = fork();
  if (process->pid == 0) become_trial(launch, process, output, command->words, environment->words, parent);
  if (process->pid < 0) return false;
  setpgid(process->pid, process->pid); /* here too, so that it is done whoever runs first */
  process->pid_fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
  if (process->pid_fd >= 0) return fcntl(process->pid_fd, F_SETFD, FD_CLOEXEC) == 0;
  launch_kill(process);
  launch_reap(process);
  return false;
}

bool launch_start(const struct launch *launch, struct process *process)
{
  static struct words command;
  static struct words environment;
  command = environment = (struct words){0};
  *process = (struct process){.pid = -1, .pid_fd = -1, .output = -1, .record_fd = -1, .journal_fd = -1};
  int output = -1;
  bool done = open_files(process, &output);
  if (done) {
    make_command(&command, launch, process);
    make_environment(&environment, launch);
    errno = ENOMEM;
    done = !command.failed && !environment.failed && start(launch, process, &command, &environment, output);
  }
  if (!done) {
    fprintf(stderr, "gclab: a trial could not be started: %s\n", strerror(errno));
    launch_close(process);
  }
  if (output >= 0) close(output);
  release(&command);
  release(&environment);
  return done;
}

void launch_kill(const struct process *process)
{
  kill(-process->pid, SIGKILL);
  kill(process->pid, SIGKILL); /* in case it has no group yet */
}

int launch_reap(struct process *process)
{
  siginfo_t end;
  while (waitid(P_PID, (id_t)process->pid, &end, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  kill(-process->pid, SIGKILL); /* its id is not given to anyone else before it is reaped */
  int status = 0;
  while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR) {
  }
  process->pid = -1;
  return status;
}

void launch_close(struct process *process)
{
  int *const descriptors[] = {&process->pid_fd, &process->output, &process->record_fd, &process->journal_fd};
  for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
    if (*descriptors[i] >= 0) close(*descriptors[i]);
    *descriptors[i] = -1;
  }
}
