/*
 * workload: what the mutator does, written once for every collector.
 *
 * A workload is a file with one descriptor and a run function that does a fixed amount of work (never a fixed time),
 * using nothing but gc.h and what is declared here; a long one has further files, called after it.  Its checksum
 * depends on its parameters and seed alone, so every collector must agree on it.  Rows of parameters have three columns
 * of values: the default size (a trial of 0.3 to 3 s), `small` (for tests, some milliseconds) and `large` (toward the
 * source's own size, 5 to 30 s).
 */
#ifndef GCLAB_WORKLOADS_WORKLOAD_H
#define GCLAB_WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/setting.h"
#include "collectors/gc.h"

struct journal;
struct replay_input;

struct workload_run {
  struct gc_mutator *mutator;
  const int64_t *parameters; /* one a row of the descriptor's table, validated */
  struct random random;      /* seeded */
  uint64_t checksum;         /* built with workload_checksum */
  uint64_t *progress_permille;
  struct journal *journal;
  const struct replay_input *replay; /* the file of a workload that replays one (replay.h); else NULL */
};

struct workload {
  const char *name;
  const char *summary; /* one line */
  const char *source;  /* whose benchmark it is, and where its parameters come from */
  bool makes_cycles;   /* garbage may be cyclic: a pure counting collector will keep it */
  bool replays;        /* it runs a file, which only `gclab replay` makes: it is not among `all` */
  unsigned needs;      /* COLLECTOR_* (collector.h) without which it cannot run: a trial is then not supported */
  const struct setting *parameters;
  size_t parameter_count;
  /* Checks what rows alone cannot (NULL: nothing).  Writes one sentence into error (SETTING_ERROR_MAX bytes). */
  bool (*validate)(const int64_t *parameters, char *error);
  void (*run)(struct workload_run *run);
};

/* Every workload, NULL-terminated, in the order of `gclab list`. */
extern const struct workload *const workloads[];

const struct workload *workload_find(const char *name);

/* Mixes a number into the checksum; order matters. */
static inline void workload_checksum(struct workload_run *run, uint64_t value)
{
  uint64_t state = run->checksum ^ value;
  run->checksum = random_mix64(&state);
}

/* The workload enters the phase `name` (a constant string).  Figures can be split by it. */
void workload_phase(struct workload_run *run, const char *name);

/* done of total steps are done: for the progress bar.  One store; call it some hundred times in a run. */
static inline void workload_progress(struct workload_run *run, uint64_t done, uint64_t total)
{
  *run->progress_permille = done * 1000 / total;
}

/*
 * The mask to report progress by: where (done & mask) == 0, which is some hundred times in total steps and costs no
 * division at the others.
 */
static inline uint64_t workload_progress_mask(uint64_t total)
{
  uint64_t mask = 0;
  while (mask * 2 + 1 < total / 256) mask = mask * 2 + 1;
  return mask;
}

/* A request was served.  start_ns is clock_now_ns() at its (intended) start; the latency is taken now. */
void workload_request_done(struct workload_run *run, uint64_t start_ns);

/* The same with a latency that the workload measured: for those that keep only the worst of several requests. */
void workload_request(struct workload_run *run, uint64_t start_ns, uint64_t latency_ns);

#endif
