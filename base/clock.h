/*
 * clock: time for measurement.
 *
 * Wall time is CLOCK_MONOTONIC in nanoseconds (about 30 ns a read).  Where that is too dear (a cascade of a few
 * frees), ticks are: the time-stamp counter on x86-64 (about 15 ns), the clock itself elsewhere.  Ticks are for
 * durations only; clock_calibrate() measures their rate.
 *
 * In a build for libFuzzer (GCLAB_CLOCK_STEPS) time passes only when it is looked at, by steps of 100 ns to 12.8 us in
 * turn: both sides of a comparison of times are taken, and by the same inputs in each run.
 */
#ifndef GCLAB_BASE_CLOCK_H
#define GCLAB_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#ifdef GCLAB_CLOCK_STEPS

struct clock_steps {
  uint64_t now_ns;
  uint32_t count;
};

extern struct clock_steps clock_steps; /* to be set to zero */

static inline uint64_t clock_now_ns(void)
{
  clock_steps.now_ns += UINT64_C(100) << (clock_steps.count++ % 8);
  return clock_steps.now_ns;
}

#else

static inline uint64_t clock_now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif

/* CPU time of the process, all its threads, in nanoseconds.  A system call: about 400 ns. */
static inline uint64_t clock_cpu_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__) && !defined(GCLAB_CLOCK_STEPS)
  return __builtin_ia32_rdtsc();
#else
  return clock_now_ns();
#endif
}

/* Nanoseconds per tick; 0 until clock_calibrate() has run. */
extern double clock_ns_per_tick;

/* Measures the rate of ticks against the clock for about 100 us.  Call once, before anything is timed in ticks. */
void clock_calibrate(void);

static inline uint64_t clock_ticks_to_ns(uint64_t ticks) { return (uint64_t)((double)ticks * clock_ns_per_tick); }

#endif
