/*
 * clock: time for measurement.
 *
 * Wall time is CLOCK_MONOTONIC in nanoseconds (about 30 ns a read).  Where that is too dear (a cascade of a few
 * frees), ticks are: the time-stamp counter on x86-64 (about 15 ns), the clock itself elsewhere.  Ticks are for
 * durations only; clock_calibrate() measures their rate.
 */
#ifndef GCLAB_BASE_CLOCK_H
#define GCLAB_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* CPU time of the process, all its threads, in nanoseconds.  A system call: about 400 ns. */
static inline uint64_t clock_cpu_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
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
