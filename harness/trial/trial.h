/*
 * trial: one process that runs one workload on one collector with one setting and one seed, and writes one record.
 *
 *   gclab-trial-COLLECTOR describe            the collector, the workloads and the build, as JSON
 *   gclab-trial-COLLECTOR check WORKLOAD ...  whether the parameters fit one another: TRIAL_EXIT_INVALID where not
 *   gclab-trial-COLLECTOR run WORKLOAD ...    runs; the record is JSON on standard output or --record-fd, the journal
 *                                             is written to the memory file --journal-fd (collectors/journal.h)
 *
 *   gclab-trial-COLLECTOR script FILE ...     runs a heap script; exit codes as gclab's
 *
 * docs/schema.md describes both forms of JSON.
 */
#ifndef GCLAB_HARNESS_TRIAL_TRIAL_H
#define GCLAB_HARNESS_TRIAL_TRIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include "collectors/collector.h"
#include "harness/trial/hardware.h"
#include "workloads/workload.h"

enum {
  TRIAL_EXIT_OK = 0,
  TRIAL_EXIT_FINDING = 1,
  TRIAL_EXIT_USAGE = 2,
  TRIAL_EXIT_INVALID = 3,
  TRIAL_EXIT_ENVIRONMENT = 4
};

enum { TRIAL_SETTINGS_MAX = 32 };

enum trial_outcome { TRIAL_OK, TRIAL_OUT_OF_MEMORY, TRIAL_NOT_SUPPORTED };

struct trial {
  const struct workload *workload;
  enum setting_size size;
  int64_t knobs[TRIAL_SETTINGS_MAX];
  int64_t parameters[TRIAL_SETTINGS_MAX];
  uint64_t seed;
  int journal_fd, record_fd; /* -1: private memory, standard output */
  uint64_t journal_rows, journal_requests, cascade_floor_ns;
  bool journal_enabled;
  bool verify;             /* check the whole heap after the work */
  const char *report_path; /* NULL: nobody wants what an instrument observes */
  const char *deaths_path; /* NULL: there is no death schedule to replay */
  const char *replay_path; /* of a workload that replays a file; NULL: none was given */
  uint64_t layout;         /* which of the orders of linking this program is */

  struct journal journal;
  struct gc_mutator *mutator;
  struct workload_run run;

  enum trial_outcome outcome;
  uint64_t failed_bytes; /* out of memory: the object that there was no room for */
  unsigned lacks;        /* not supported: capabilities that the workload needs and the collector has not */
  uint64_t start_wall_ns, start_cpu_ns, wall_ns, cpu_ns;
  struct rusage start_usage, work_usage; /* of the process before the work, and what the work added */
  struct hardware hardware;
};

/* Fills in every knob's default and every parameter's value at the trial's size. */
void trial_set_defaults(struct trial *trial);

/*
 * One "NAME=VALUE" for a table of settings, of what is called owner in messages.  False: what is wrong has been
 * printed.
 */
bool trial_assign(const char *text, const struct setting *settings, size_t count, int64_t *values, const char *owner);

/* `script`: runs a heap script on the collector; argv[0] is "script".  Returns an exit code. */
int trial_script(int argc, char **argv);

/* Runs the trial and writes its record.  Returns an exit code. */
int trial_run(struct trial *trial);

/* Writes the record; called when the work is over, however it ended. */
int trial_write_record(const struct trial *trial);

/* Writes what this program is, as JSON. */
int trial_describe(void);

#endif
