/*
 * schedule: waiting for the time at which something is due, for workloads that are driven by the clock.
 *
 * In an open loop a request has a time at which it is meant to start, whether or not those before it are done; its
 * latency counts from there (no coordinated omission, as Gil Tene calls the other way).  Until that time the workload
 * sleeps, so that threads of a collector, which are bound to the same core, get it; the last 200 us it spins, because a
 * sleeper is woken some 50 us late (the kernel's timer slack), or later where the core has gone to a deeper sleep.
 */
#ifndef GCLAB_WORKLOADS_SCHEDULE_H
#define GCLAB_WORKLOADS_SCHEDULE_H

#include <stdint.h>
#include <time.h>

#include "base/clock.h"

enum { SCHEDULE_SPIN_NS = 200000 };

/* Sleeps until shortly before due_ns.  Where time passes only when it is looked at, that is left to the spinning. */
static inline void schedule_sleep(uint64_t due_ns, uint64_t now_ns)
{
#ifndef GCLAB_CLOCK_STEPS
  if (due_ns < now_ns + 2 * (uint64_t)SCHEDULE_SPIN_NS) return;
  const uint64_t until_ns = due_ns - SCHEDULE_SPIN_NS;
  const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000u), .tv_nsec = (long)(until_ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) {
  } /* a signal's handler has run */
#else
  (void)due_ns;
  (void)now_ns;
#endif
}

/* Returns at due_ns (clock_now_ns), or at once where that has passed. */
static inline void schedule_wait_until(uint64_t due_ns)
{
  uint64_t now_ns = clock_now_ns();
  if (now_ns >= due_ns) return;
  schedule_sleep(due_ns, now_ns);
  while (now_ns < due_ns) now_ns = clock_now_ns();
}

#endif
