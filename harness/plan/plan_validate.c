/*
 * Parameters that fit their rows one by one, but not together: only the workload can tell.  It is in the trial
 * programs, so one of them is asked (`check`), once for each set of parameters that is not all defaults.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/plan/plan.h"

enum {
  EXIT_INVALID = 3,       /* of a trial program: harness/trial/trial.h */
  CHECKS_MAX = 256,       /* a plan of more sets hears of the rest when it runs */
  ANSWER_LIMIT_MS = 5000, /* of a program that does not know the question, and hangs */
  ANSWER_MAX = 512,
  ASSIGNMENT_MAX = 96
};

static bool same_parameters(const struct plan_cell *a, const struct plan_cell *b)
{
  return a->workload == b->workload && a->small == b->small &&
         memcmp(a->parameters, b->parameters, a->workload->parameter_count * sizeof *a->parameters) == 0;
}

static bool all_defaults(const struct plan_cell *cell)
{
  for (size_t i = 0; i < cell->workload->parameter_count; i++) {
    const struct setting *row = &cell->workload->parameters[i];
    if (cell->parameters[i] != (cell->small ? row->small_value : row->default_value)) return false;
  }
  return true;
}

/* Starts the program; its standard error comes through the descriptor.  0: it could not be started. */
static pid_t ask(const struct plan_cell *cell, int *answer_fd)
{
  const size_t count = cell->workload->parameter_count;
  static char command[] = "check";
  static char option[] = "-p";
  char(*assignments)[ASSIGNMENT_MAX] = calloc(count, sizeof *assignments);
  char **words = calloc(2 * count + 5, sizeof *words);
  int ends[2] = {-1, -1};
  pid_t pid = 0;
  if (assignments != NULL && words != NULL && pipe2(ends, O_CLOEXEC) == 0) {
    size_t n = 0;
    words[n++] = cell->collector->trial_path;
    words[n++] = command;
    words[n++] = (char *)(uintptr_t)cell->workload->name; // NOLINT(performance-no-int-to-ptr): exec takes no const
    for (size_t i = 0; i < count; i++) {
      char value[SETTING_TEXT_MAX];
      const struct setting *row = &cell->workload->parameters[i];
      snprintf(assignments[i], ASSIGNMENT_MAX, "%s=%s", row->name, setting_format(row, cell->parameters[i], value));
      words[n++] = option;
      words[n++] = assignments[i];
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    if (posix_spawn(&pid, words[0], &actions, NULL, words, environ) != 0) pid = 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
  }
  free(words);
  free(assignments);
  *answer_fd = ends[0];
  return pid;
}

/* Reads until the program closes its end, or takes too long. */
static void read_answer(int fd, pid_t pid, char *answer)
{
  size_t length = 0;
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  while (length < ANSWER_MAX - 1) {
    if (poll(&wait, 1, ANSWER_LIMIT_MS) <= 0) {
      kill(pid, SIGKILL);
      break;
    }
    const ssize_t got = read(fd, answer + length, ANSWER_MAX - 1 - length);
    if (got <= 0) break;
    length += (size_t)got;
  }
  answer[length] = '\0';
  answer[strcspn(answer, "\n")] = '\0';
}

static bool is_valid(const struct plan_cell *cell)
{
  int fd = -1;
  const pid_t pid = ask(cell, &fd);
  char answer[ANSWER_MAX] = "";
  if (pid != 0) read_answer(fd, pid, answer);
  if (fd >= 0) close(fd);
  int status = 0;
  if (pid == 0 || waitpid(pid, &status, 0) != pid) return true; /* the trial will tell */
  if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_INVALID) return true;
  static const char prefix[] = "gclab-trial: ";
  const char *message = answer;
  if (strncmp(message, prefix, sizeof prefix - 1) == 0) message += sizeof prefix - 1;
  fprintf(stderr, "gclab: %s\n", message);
  return false;
}

bool plan_validate(const struct plan_cells *cells)
{
  size_t checked[CHECKS_MAX];
  size_t count = 0;
  bool valid = true;
  for (size_t i = 0; i < cells->count && count < CHECKS_MAX; i++) {
    const struct plan_cell *cell = &cells->cells[i];
    bool is_new = !all_defaults(cell);
    for (size_t k = 0; k < count && is_new; k++) is_new = !same_parameters(cell, &cells->cells[checked[k]]);
    if (!is_new) continue;
    checked[count++] = i;
    if (!is_valid(cell)) valid = false;
  }
  return valid;
}
