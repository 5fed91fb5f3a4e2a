#define _GNU_SOURCE
#include "harness/process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "harness/process/interrupt.h"

enum { CHUNK_BYTES = 65536 };

#define DEFAULT_MAXIMUM_BYTES ((uint64_t)16 << 20)

/* What a program that is asked to end has to tidy up. */
#define GRACE_NS UINT64_C(2000000000)

/* What comes out of one descriptor. */
struct text {
  int fd; /* -1: closed, or not kept */
  char *bytes;
  size_t length, capacity;
};

struct run {
  const struct process_request *request;
  struct text output, error;
  int input; /* -1: closed */
  size_t written;
  pid_t pid;
  uint64_t deadline_ns; /* 0: none */
  bool timed_out, interrupted;
};

static void close_fd(int *fd)
{
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void append(struct text *text, const char *bytes, size_t length, uint64_t maximum)
{
  if (text->length + length > maximum) length = maximum > text->length ? (size_t)(maximum - text->length) : 0;
  if (text->length + length + 1 > text->capacity) {
    const size_t capacity = 2 * (text->length + length + 1);
    text->bytes = memory_require(realloc(text->bytes, capacity));
    text->capacity = capacity;
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

static void take(struct text *text, uint64_t maximum)
{
  char chunk[CHUNK_BYTES];
  const ssize_t got = read(text->fd, chunk, sizeof chunk);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0)
    close_fd(&text->fd);
  else
    append(text, chunk, (size_t)got, maximum);
}

static void give(struct run *run)
{
  const struct process_request *request = run->request;
  const size_t left = request->input_length - run->written;
  /* That much a pipe that is ready takes without blocking, so that a program that talks first is heard. */
  const ssize_t put = write(run->input, (const char *)request->input + run->written, left < PIPE_BUF ? left : PIPE_BUF);
  if (put < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (put > 0) run->written += (size_t)put;
  if (put < 0 || run->written == request->input_length) close_fd(&run->input); /* it may not want all: no fault */
}

/* -1: no limit. */
static int time_left_ms(const struct run *run)
{
  if (run->deadline_ns == 0) return -1;
  const uint64_t now = clock_now_ns();
  return now >= run->deadline_ns ? 0 : (int)((run->deadline_ns - now) / 1000000 + 1);
}

static void exchange(struct run *run)
{
  const uint64_t asked = run->request->output_maximum;
  const uint64_t maximum = asked != 0 ? asked : DEFAULT_MAXIMUM_BYTES;
  while (run->output.fd >= 0 || run->error.fd >= 0 || run->input >= 0) {
    struct pollfd files[] = {{.fd = run->output.fd, .events = POLLIN},
                             {.fd = run->error.fd, .events = POLLIN},
                             {.fd = run->input, .events = POLLOUT},
                             {.fd = interrupt_fd(), .events = POLLIN}};
    const int ready = poll(files, 4, time_left_ms(run));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      run->timed_out = true;
      return;
    }
    if (files[3].revents != 0) {
      run->interrupted = true;
      return;
    }
    if (files[0].revents != 0) take(&run->output, maximum);
    if (files[1].revents != 0) take(&run->error, maximum);
    if (files[2].revents != 0) give(run);
  }
}

/* A pipe one of whose ends is given to the program as descriptor `number`; ours is left in *own. */
static bool connect_pipe(posix_spawn_file_actions_t *actions, int number, bool program_reads, int *own, int *theirs)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  *own = ends[program_reads ? 1 : 0];
  *theirs = ends[program_reads ? 0 : 1];
  return posix_spawn_file_actions_adddup2(actions, *theirs, number) == 0;
}

/* Returns 0, or an error number. */
static int start(struct run *run)
{
  const struct process_request *request = run->request;
  int theirs[3] = {-1, -1, -1};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  bool connected = request->input_length == 0
                       ? posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0
                       : connect_pipe(&actions, STDIN_FILENO, true, &run->input, &theirs[0]);
  if (connected && !request->inherits_output)
    connected = connect_pipe(&actions, STDOUT_FILENO, false, &run->output.fd, &theirs[1]);
  if (connected && !request->inherits_error)
    connected = connect_pipe(&actions, STDERR_FILENO, false, &run->error.fd, &theirs[2]);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults; /* the harness ignores SIGPIPE while it writes; the program must not inherit that */
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  sigset_t mask;
  const bool has_mask = interrupt_child_mask(&mask);
  if (has_mask) posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGDEF | (has_mask ? POSIX_SPAWN_SETSIGMASK : 0)));
  int failure = connected ? 0 : errno;
  if (failure == 0) {
    char *const *words = (char *const *)(uintptr_t)request->words; // NOLINT(performance-no-int-to-ptr): exec's const
    failure = posix_spawnp(&run->pid, words[0], &actions, &attributes, words, environ);
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  for (int i = 0; i < 3; i++) close_fd(&theirs[i]);
  return failure;
}

static char *or_empty(char *text) { return text != NULL ? text : memory_require(calloc(1, 1)); }

/* For a millisecond at most.  True: it has ended. */
static bool has_ended(struct run *run, int *status)
{
  const pid_t ended = waitpid(run->pid, status, WNOHANG);
  if (ended == run->pid || (ended < 0 && errno != EINTR)) return true;
  if (ended == 0) poll(NULL, 0, 1);
  return false;
}

static bool ends_when_asked(struct run *run, int *status)
{
  const uint64_t until_ns = clock_now_ns() + GRACE_NS;
  kill(run->pid, SIGTERM);
  while (clock_now_ns() < until_ns) {
    if (has_ended(run, status)) return true;
  }
  return false;
}

/*
 * Waits for the program, which may have closed its output long before, or never had one of ours: until the deadline, or
 * until an end is asked for.
 */
static int wait_for(struct run *run)
{
  int status = 0;
  while ((run->deadline_ns != 0 || interrupt_fd() >= 0) && !run->timed_out && !run->interrupted) {
    if (has_ended(run, &status)) return status;
    run->timed_out = run->deadline_ns != 0 && clock_now_ns() >= run->deadline_ns;
    run->interrupted = interrupt_is_asked();
  }
  if (run->interrupted && ends_when_asked(run, &status)) return status;
  if (run->timed_out || run->interrupted) kill(run->pid, SIGKILL);
  while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

static void finish(struct run *run, struct process_result *result)
{
  const int status = wait_for(run);
  result->timed_out = run->timed_out;
  result->interrupted = run->interrupted || interrupt_is_asked(); /* Ctrl-C may have ended it before we saw */
  result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

struct process_result process_run(const struct process_request *request)
{
  struct run run = {.request = request, .output.fd = -1, .error.fd = -1, .input = -1};
  struct process_result result = {.exit_code = -1};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  struct sigaction before;
  sigaction(SIGPIPE, &ignore, &before);
  if (request->time_limit_ns != 0) run.deadline_ns = clock_now_ns() + request->time_limit_ns;
  result.interrupted = interrupt_is_asked();
  const int failure = result.interrupted ? EINTR : start(&run);
  result.started = failure == 0;
  if (result.started) {
    exchange(&run);
    finish(&run, &result);
  }
  close_fd(&run.input);
  close_fd(&run.output.fd);
  close_fd(&run.error.fd);
  sigaction(SIGPIPE, &before, NULL);
  if (!result.started) {
    const char *why = strerror(failure);
    append(&run.error, why, strlen(why), DEFAULT_MAXIMUM_BYTES);
  }
  result.output = or_empty(run.output.bytes);
  result.error = or_empty(run.error.bytes);
  result.output_length = run.output.length;
  result.error_length = run.error.length;
  return result;
}

void process_free(struct process_result *result)
{
  free(result->output);
  free(result->error);
  *result = (struct process_result){.exit_code = -1};
}
