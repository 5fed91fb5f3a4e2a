/*
 * launch: runs somebody's Python program with the recorder in it, or the probe, and otherwise as it is.
 *
 * Standard input, output and error are the program's; its exit code and signals are handed back.  What the recorder
 * needs is in the environment (PYTHONPATH with our sitecustomize, GCLAB_...), so that it gets into worker processes too.
 */
#ifndef GCLAB_HARNESS_RECORDING_LAUNCH_H
#define GCLAB_HARNESS_RECORDING_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/recording/recording.h"

struct launch_request {
  char *const *words;    /* the program, looked up in PATH where it has no slash, and its arguments; NULL-ended */
  const char *directory; /* where its processes leave their files; it exists.  NULL: nothing is observed */
  enum recording_kind kind;
  const int64_t *thresholds; /* three, set before the program begins; NULL: the interpreter's own */
  uint64_t freeze_after_ns;  /* by the probe: gc.freeze() at the end of the first collection after so long; 0: no */
  uint64_t processes_max;    /* so many are recorded; 0: the recorder's own number */
  bool takes_graphs;         /* snapshots of the object graph */
  bool holds_thresholds;     /* the program's calls of gc.set_threshold do nothing */
  bool hides_output;         /* standard output and error go to /dev/null */
  uint64_t stop_after_ns;    /* stop_signal is sent then, for servers; 0: it is left to end by itself */
  int stop_signal;
  uint64_t time_limit_ns; /* it is killed then; 0: none */
};

struct launch_result {
  bool started; /* false: error says why */
  char error[RECORDING_ERROR_MAX];
  int pid;
  int exit_code; /* -1: a signal ended it */
  int signal;
  bool was_stopped;                   /* by us, after stop_after_ns */
  bool timed_out, interrupted;        /* interrupted: we were asked to end, and the program was told */
  uint64_t wall_ns, cpu_ns, peak_kib; /* of the program and the children that it waited for; peak_kib: of the largest */
};

/* Where the recorder's files are: $GCLAB_RECORDER, else beside the gclab command.  NULL: nowhere; to be freed. */
char *launch_recorder_directory(void);

/* A variable of the environment in which a Python records itself. */
struct launch_variable {
  const char *name;
  char *value; /* to be freed */
};

enum { LAUNCH_VARIABLES = 8 };

/* The variables, for programs that are started otherwise than by launch_run; returns how many. */
size_t launch_environment(const struct launch_request *request, const char *recorder,
                          struct launch_variable variables[LAUNCH_VARIABLES]);

/* Runs it to its end. */
struct launch_result launch_run(const struct launch_request *request);

#endif
