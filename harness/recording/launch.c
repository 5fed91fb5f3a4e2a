/* launch: see launch.h. */
#define _GNU_SOURCE
#include "harness/recording/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

static const uint64_t second_ns = 1000000000;
/* From SIGTERM or whatever a server is stopped by to SIGKILL. */
static const uint64_t grace_ns = 10 * 1000000000ull;

/* ---- the recorder's files --------------------------------------------------------------------------------------- */

static char *existing(char *directory)
{
  char *file = memory_format("%s/sitecustomize.py", directory);
  const bool is_there = access(file, R_OK) == 0;
  free(file);
  if (is_there) return directory;
  free(directory);
  return NULL;
}

char *launch_recorder_directory(void)
{
  const char *given = getenv("GCLAB_RECORDER");
  if (given != NULL && *given != '\0') return existing(memory_format("%s", given));
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return NULL;
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  if (slash == NULL) return NULL;
  *slash = '\0';
  char *beside = existing(memory_format("%s/recorder", path));
  return beside != NULL ? beside : existing(memory_format("%s/../libexec/gclab/recorder", path));
}

/* ---- in the child ----------------------------------------------------------------------------------------------- */

size_t launch_environment(const struct launch_request *request, const char *recorder,
                          struct launch_variable variables[LAUNCH_VARIABLES])
{
  const char *path = getenv("PYTHONPATH");
  const bool has_path = path != NULL && *path != '\0';
  size_t count = 0;
  variables[count++] = (struct launch_variable){"PYTHONPATH", has_path ? memory_format("%s:%s", recorder, path)
                                                                       : memory_format("%s", recorder)};
  variables[count++] = (struct launch_variable){"GCLAB_RECORD_DIR", memory_format("%s", request->directory)};
  variables[count++] = (struct launch_variable){
      "GCLAB_RECORD_KIND", memory_format("%s", request->kind == RECORDING_OBJECTS ? "objects" : "pauses")};
  if (request->thresholds != NULL) {
    const int64_t *thresholds = request->thresholds;
    variables[count++] =
        (struct launch_variable){"GCLAB_THRESHOLDS", memory_format("%" PRId64 ",%" PRId64 ",%" PRId64, thresholds[0],
                                                                   thresholds[1], thresholds[2])};
  }
  if (request->freeze_after_ns > 0)
    variables[count++] =
        (struct launch_variable){"GCLAB_FREEZE_AFTER_NS", memory_format("%" PRIu64, request->freeze_after_ns)};
  if (request->processes_max > 0)
    variables[count++] =
        (struct launch_variable){"GCLAB_RECORD_PROCESSES", memory_format("%" PRIu64, request->processes_max)};
  if (request->takes_graphs) variables[count++] = (struct launch_variable){"GCLAB_RECORD_GRAPH", memory_format("1")};
  if (request->holds_thresholds) variables[count++] = (struct launch_variable){"GCLAB_HOLD", memory_format("1")};
  return count;
}

static void set_environment(const struct launch_request *request, const char *recorder)
{
  struct launch_variable variables[LAUNCH_VARIABLES];
  unsetenv("GCLAB_THRESHOLDS");
  unsetenv("GCLAB_HOLD");
  unsetenv("GCLAB_FREEZE_AFTER_NS");
  unsetenv("GCLAB_RECORD_PROCESSES");
  unsetenv("GCLAB_RECORD_GRAPH");
  const size_t count = launch_environment(request, recorder, variables);
  for (size_t i = 0; i < count; i++) {
    setenv(variables[i].name, variables[i].value, 1);
    free(variables[i].value);
  }
}

_Noreturn static void run_child(const struct launch_request *request, const char *recorder, const sigset_t *mask,
                                int report)
{
  if (request->hides_output) {
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nothing >= 0) {
      dup2(nothing, STDOUT_FILENO);
      dup2(nothing, STDERR_FILENO);
    }
  }
  if (recorder != NULL) set_environment(request, recorder);
  sigprocmask(SIG_SETMASK, mask, NULL);
  execvp(request->words[0], request->words);
  const int error = errno;
  if (write(report, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static const int watched[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};

static void watch_signals(sigset_t *set, sigset_t *before)
{
  sigemptyset(set);
  for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) sigaddset(set, watched[i]);
  sigprocmask(SIG_BLOCK, set, before);
}

static bool has_ended(pid_t pid, struct launch_result *result)
{
  int status = 0;
  struct rusage usage = {0};
  pid_t ended = wait4(pid, &status, WNOHANG, &usage);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return false;
  result->exit_code = ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result->signal = ended > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result->peak_kib = (uint64_t)usage.ru_maxrss;
  result->cpu_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * second_ns +
                   (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
  return true;
}

/* A signal for us is one for the program, unless the terminal has sent it to both. */
static void pass_signal(pid_t pid, const siginfo_t *info, struct launch_result *result)
{
  if (info->si_signo == SIGCHLD) return;
  result->interrupted = true;
  if (info->si_code <= 0) kill(pid, info->si_signo);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void wait_until_ended(const struct launch_request *request, pid_t pid, const sigset_t *set,
                             struct launch_result *result)
{
  const uint64_t start = clock_now_ns();
  uint64_t stop_at = request->stop_after_ns == 0 ? UINT64_MAX : start + request->stop_after_ns;
  uint64_t kill_at = request->time_limit_ns == 0 ? UINT64_MAX : start + request->time_limit_ns;
  while (!has_ended(pid, result)) {
    const uint64_t now = clock_now_ns();
    if (now >= stop_at) {
      result->was_stopped = true;
      kill(pid, request->stop_signal);
      stop_at = UINT64_MAX;
      kill_at = least(kill_at, now + grace_ns);
      continue;
    }
    if (now >= kill_at) {
      result->timed_out = true;
      kill(pid, SIGKILL);
      kill_at = UINT64_MAX;
      continue;
    }
    const uint64_t wait = least(least(stop_at, kill_at) - now, second_ns);
    const struct timespec time = {(time_t)(wait / second_ns), (long)(wait % second_ns)};
    siginfo_t info;
    if (sigtimedwait(set, &info, &time) > 0) pass_signal(pid, &info, result);
  }
  result->wall_ns = clock_now_ns() - start;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void say_error(struct launch_result *result, const struct launch_request *request, int error)
{
  result->started = false;
  snprintf(result->error, sizeof result->error, "%.300s cannot be run: %s", request->words[0], strerror(error));
}

struct launch_result launch_run(const struct launch_request *request)
{
  struct launch_result result = {.exit_code = -1};
  char *recorder = request->directory == NULL ? NULL : launch_recorder_directory();
  if (recorder == NULL && request->directory != NULL) {
    snprintf(result.error, sizeof result.error,
             "the recorder is not there: it is expected beside the gclab command, or where GCLAB_RECORDER says");
    return result;
  }
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    say_error(&result, request, errno);
    free(recorder);
    return result;
  }
  sigset_t set, before;
  watch_signals(&set, &before);
  fflush(NULL);
  const pid_t pid = fork();
  if (pid == 0) run_child(request, recorder, &before, report[1]);
  close(report[1]);
  int error = pid < 0 ? errno : 0;
  result.started = pid > 0 && read(report[0], &error, sizeof error) != (ssize_t)sizeof error;
  result.pid = (int)pid;
  if (pid > 0) wait_until_ended(request, pid, &set, &result);
  if (!result.started) say_error(&result, request, error);
  close(report[0]);
  free(recorder);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return result;
}
