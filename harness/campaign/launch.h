/*
 * launch: starts one trial's process, always in the same surroundings.
 *
 * The environment is minimal and constant but for one variable of random length (up to 4 KiB, from the trial's id), so
 * that no result hangs on one layout of the stack; addresses are randomised as the system does.  The process is in a
 * group of its own, so that Ctrl-C in the terminal reaches the harness alone, and dies with the harness, however that
 * ends.
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_LAUNCH_H
#define GCLAB_HARNESS_CAMPAIGN_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/plan/plan.h"

struct launch {
  const struct plan_cell *cell;
  const char *trial_id;
  unsigned layout;         /* of the program, below the collector's number of them */
  const char *deaths_path; /* the death schedule to be replayed; NULL: none */
  const char *replay_path; /* what the workload replay is to run; NULL: nothing */
  uint64_t seed, memory_limit_bytes;
  int core; /* -1: any */
};

struct process {
  pid_t pid;
  int pid_fd;     /* readable once the process has ended */
  int output;     /* standard output and error of the process, non-blocking */
  int record_fd;  /* a memory file */
  int journal_fd; /* a memory file */
  uint64_t start_ns;
};

/* False after a message. */
bool launch_start(const struct launch *launch, struct process *process);

/* Kills the process and what it may have started. */
void launch_kill(const struct process *process);

/* Waits for the end of the process, takes what it started with it; returns its status as waitpid gives it. */
int launch_reap(struct process *process);

/* Closes the descriptors. */
void launch_close(struct process *process);

#endif
