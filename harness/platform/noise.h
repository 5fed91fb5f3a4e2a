/*
 * noise: how often, and for how long, something else has the processor.
 *
 * A thread that does nothing but read the clock sees it go on by a few tens of nanoseconds a reading.  Where a reading
 * comes later than the floor, the thread was not running: an interrupt, another thread, the hypervisor.  No pause
 * shorter than such gaps can be told from them one by one (the idea of jHiccup, and of JMH's PausesProfiler).
 */
#ifndef GCLAB_HARNESS_PLATFORM_NOISE_H
#define GCLAB_HARNESS_PLATFORM_NOISE_H

#include <stdbool.h>
#include <stdint.h>

enum { NOISE_BUCKETS = 64 };

struct noise {
  uint64_t span_ns; /* how long was looked */
  uint64_t floor_ns;
  uint64_t readings;
  uint64_t gaps, lost_ns, longest_ns; /* of those at or above the floor: number, sum, longest */
  uint64_t histogram[NOISE_BUCKETS];  /* bucket b: gaps of 2^b to 2^(b+1) - 1 ns */
};

/* A gap of 5 µs is far above what reading a clock takes, and below what any interrupt does to a cache. */
enum { NOISE_FLOOR_NS = 5000 };

/* Enters the difference between two readings. */
void noise_add(struct noise *noise, uint64_t difference_ns);

/* Looks for so long, on `core`, or wherever the thread is where core is -1; afterwards it runs where it did. */
struct noise noise_measure(uint64_t span_ns, int core);

/* The share of the time that was lost, 0 to 1. */
double noise_share(const struct noise *noise);

/* How long a gap there is about once a second, at least: a power of two; 0: none so often. */
uint64_t noise_each_second_ns(const struct noise *noise);

/* Is it too much to trust single pauses and small differences?  Limits are NOISE_SHARE_MOST, NOISE_LONGEST_MOST_NS. */
#define NOISE_SHARE_MOST 0.01
enum { NOISE_LONGEST_MOST_NS = 2000000 };
bool noise_is_doubtful(const struct noise *noise);

#endif
