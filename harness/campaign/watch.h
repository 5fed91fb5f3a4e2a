/*
 * watch: waits for the end of a trial without disturbing it.
 *
 * The harness sleeps until the process ends, says something, or a sample is due.  A sample is one read of the trial's
 * counters from outside (process_vm_readv, a few microseconds on the harness's own core); where that is not permitted
 * there are none.  When there is no more room for samples every second one is dropped and the interval doubled.
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_WATCH_H
#define GCLAB_HARNESS_CAMPAIGN_WATCH_H

#include "collectors/collector.h"
#include "harness/campaign/launch.h"
#include "harness/store/store.h"

enum { WATCH_SAMPLES_MAX = 512, WATCH_OUTPUT_MAX = 2048 };

struct watch {
  struct store_heap_sample samples[WATCH_SAMPLES_MAX];
  size_t sample_count;
  struct gc_counters counters; /* as they were at the last sample */
  bool has_counters;
  char output[WATCH_OUTPUT_MAX + 1]; /* the end of what the trial printed */
  bool timed_out, interrupted;
  int status; /* as waitpid gives it */
  uint64_t process_ns;
};

struct watch_options {
  uint64_t time_limit_ns; /* 0: none */
  int interrupt_fd;       /* readable when the trial is to be ended; -1: none */
  uint64_t tick_ns;       /* 0: no ticks */
  void (*tick)(void *context, uint64_t progress_permille);
  void *context;
};

/* Waits for the end of the process, however it comes, and reaps it. */
void watch_until_end(struct process *process, const struct watch_options *options, struct watch *watch);

#endif
