/* The course of a trial: prepare, run the fixed work, settle, check, write the record. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "collectors/parts/audit.h"
#include "harness/trial/deaths.h"
#include "harness/trial/replay.h"
#include "harness/trial/trial.h"

static struct trial *current; /* what out_of_memory ends; one trial a process */

void trial_set_defaults(struct trial *trial)
{
  for (size_t i = 0; i < collector.knob_count; i++) trial->knobs[i] = collector.knobs[i].default_value;
  const struct workload *workload = trial->workload;
  for (size_t i = 0; i < workload->parameter_count; i++) {
    const struct setting *row = &workload->parameters[i];
    trial->parameters[i] = setting_at_size(row, trial->size);
  }
}

/* What is read first is stopped last. */
static void start_clocks(struct trial *trial)
{
  getrusage(RUSAGE_SELF, &trial->start_usage);
  hardware_start(&trial->hardware);
  trial->start_cpu_ns = clock_cpu_ns();
  trial->start_wall_ns = clock_now_ns();
}

static void stop_clocks(struct trial *trial)
{
  trial->wall_ns = clock_now_ns() - trial->start_wall_ns;
  trial->cpu_ns = clock_cpu_ns() - trial->start_cpu_ns;
  hardware_stop(&trial->hardware);
  struct rusage *usage = &trial->work_usage;
  const struct rusage *before = &trial->start_usage;
  getrusage(RUSAGE_SELF, usage);
  usage->ru_minflt -= before->ru_minflt;
  usage->ru_majflt -= before->ru_majflt;
  usage->ru_nvcsw -= before->ru_nvcsw;
  usage->ru_nivcsw -= before->ru_nivcsw;
}

/* The harness limits the heap by a soft limit.  Once that is reached, the record still needs some memory. */
static void lift_memory_limit(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_DATA, &limit);
}

static int recorded = -1; /* the exit code, once there is a record */

/* There is no memory for the next object: an outcome like any other.  Nothing is unwound; the record is all. */
static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  struct trial *trial = current;
  if (recorded >= 0) _exit(recorded); /* while the collector ends: the trial is over */
  stop_clocks(trial);
  lift_memory_limit();
  trial->mutator = mutator;
  trial->outcome = TRIAL_OUT_OF_MEMORY;
  trial->failed_bytes = bytes;
  gc_counters_note_peak(&mutator->counters);
  const int code = trial_write_record(trial);
  fflush(NULL);
  _exit(code);
}

/* The file for what an instrument observes; NULL where none is wanted, or after a message. */
static FILE *open_report(const struct trial *trial)
{
  enum { BUFFER_BYTES = 1 << 20 };
  if (trial->report_path == NULL) return NULL;
  FILE *report = fopen(trial->report_path, "wbe");
  if (report == NULL)
    fprintf(stderr, "gclab-trial: %s: %s\n", trial->report_path, strerror(errno));
  else
    setvbuf(report, NULL, _IOFBF, BUFFER_BYTES);
  return report;
}

static bool close_report(const struct trial *trial, FILE *report)
{
  if (report == NULL) return true;
  const bool is_whole = ferror(report) == 0;
  if (fclose(report) == 0 && is_whole) return true;
  fprintf(stderr, "gclab-trial: %s could not be written: %s\n", trial->report_path, strerror(errno));
  return false;
}

int trial_run(struct trial *trial)
{
  current = trial;
  clock_calibrate();
  hardware_open(&trial->hardware);
  if (!journal_open(&trial->journal, trial->journal_fd, trial->journal_rows, trial->journal_requests,
                    trial->cascade_floor_ns)) {
    fprintf(stderr, "gclab-trial: no memory for a journal of %llu rows: %s; ask for fewer with --journal-rows\n",
            (unsigned long long)trial->journal_rows, strerror(errno));
    return TRIAL_EXIT_ENVIRONMENT;
  }
  trial->journal.enabled = trial->journal_enabled;
  FILE *report = open_report(trial);
  if (report == NULL && trial->report_path != NULL) return TRIAL_EXIT_ENVIRONMENT;
  FILE *deaths = trial->deaths_path != NULL ? deaths_open(trial, trial->deaths_path) : NULL;
  if (deaths == NULL && trial->deaths_path != NULL) return TRIAL_EXIT_ENVIRONMENT;
  struct replay_input replay;
  if (trial->replay_path != NULL && !replay_open(trial, trial->replay_path, &replay)) return TRIAL_EXIT_ENVIRONMENT;
  struct collector_config config = {.knobs = trial->knobs,
                                    .journal = &trial->journal,
                                    .deaths = deaths,
                                    .report = report,
                                    .needs = trial->workload->needs,
                                    .out_of_memory = out_of_memory};
  trial->mutator = collector_start(&config);
  if (deaths != NULL) fclose(deaths);
  if (trial->mutator == NULL) {
    fprintf(stderr, "gclab-trial: %s cannot start: no memory for its heap\n", collector.name);
    return TRIAL_EXIT_ENVIRONMENT;
  }
  gc_mutator_meter(trial->mutator);
  trial->journal.head->counters_address = (uint64_t)(uintptr_t)&trial->mutator->counters;
  trial->run = (struct workload_run){.mutator = trial->mutator,
                                     .parameters = trial->parameters,
                                     .progress_permille = &trial->mutator->counters.progress_permille,
                                     .replay = trial->replay_path != NULL ? &replay : NULL,
                                     .journal = &trial->journal};
  random_seed(&trial->run.random, trial->seed);

  trial->lacks = trial->workload->needs & ~collector.capabilities;
  if (trial->lacks != 0) trial->outcome = TRIAL_NOT_SUPPORTED;
  start_clocks(trial);
  if (trial->outcome == TRIAL_OK) trial->workload->run(&trial->run);
  stop_clocks(trial);

  if (trial->mutator->frames != NULL) {
    fprintf(stderr, "gclab-trial: %s left frames on the shadow stack\n", trial->workload->name);
    return TRIAL_EXIT_ENVIRONMENT;
  }
  collector_settle(trial->mutator);
  if (trial->verify) {
    collector_check(trial->mutator);
    audit_journal(trial->mutator);
  }
  recorded = trial_write_record(trial);
  if (!close_report(trial, report)) recorded = TRIAL_EXIT_ENVIRONMENT;
  hardware_close(&trial->hardware);
  collector_finish(trial->mutator);
  if (trial->replay_path != NULL) replay_close(&replay);
  journal_close(&trial->journal);
  return recorded;
}
