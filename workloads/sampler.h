/*
 * sampler: the worst latency of each so many requests.
 *
 * A trial's journal has room for a million requests.  A workload that serves more, one behind the other without a
 * pause, keeps the worst of each `every`: what is long is missed by no sample.  A request ends when the next begins.
 */
#ifndef GCLAB_WORKLOADS_SAMPLER_H
#define GCLAB_WORKLOADS_SAMPLER_H

#include <stdint.h>

#include "base/clock.h"
#include "workloads/workload.h"

/* The parameter that says how many: its default and large value, and what requests are called. */
#define SAMPLER_ROW(default_sample, large_sample, requests)                                                            \
  {                                                                                                                    \
    .name = "sample", .unit = "requests", .type = SETTING_INTEGER, .scale = SETTING_LOG,                               \
    .default_value = (default_sample), .small_value = 1, .large_value = (large_sample), .minimum = 1,                  \
    .maximum = 1000000, .help = "keep the worst latency of each so many " requests " (1: every one's)"                 \
  }

struct sampler {
  uint64_t start_ns, worst_start_ns, worst_ns;
  int64_t every, left;
};

/* The first request begins now. */
static inline void sampler_begin(struct sampler *sampler, int64_t every)
{
  *sampler = (struct sampler){.start_ns = clock_now_ns(), .every = every, .left = every};
}

static inline void sampler_keep(struct workload_run *run, struct sampler *sampler)
{
  workload_request(run, sampler->worst_start_ns, sampler->worst_ns);
  sampler->worst_ns = 0;
  sampler->left = sampler->every;
}

/* A request ends now, and the next begins. */
static inline void sampler_note(struct workload_run *run, struct sampler *sampler)
{
  const uint64_t now_ns = clock_now_ns();
  if (now_ns - sampler->start_ns >= sampler->worst_ns) {
    sampler->worst_ns = now_ns - sampler->start_ns;
    sampler->worst_start_ns = sampler->start_ns;
  }
  sampler->start_ns = now_ns;
  if (--sampler->left == 0) sampler_keep(run, sampler);
}

/* There are no more requests: keeps what a last sample, shorter than the others, has. */
static inline void sampler_end(struct workload_run *run, struct sampler *sampler)
{
  if (sampler->left < sampler->every) sampler_keep(run, sampler);
}

#endif
