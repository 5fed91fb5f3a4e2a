/*
 * minheap: the smallest heap in which a workload runs on a collector that has the knob heap_limit.
 *
 * By bisection: a limit at which the trial runs out of memory is too small, one at which it ends well is large enough,
 * and so on until the two are near enough.  A trial that takes longer than its time limit counts as too small, since a
 * collector that hardly gets anywhere is of no use either.
 */
#ifndef GCLAB_HARNESS_MINHEAP_MINHEAP_H
#define GCLAB_HARNESS_MINHEAP_MINHEAP_H

#include <stdbool.h>
#include <stdint.h>

enum { MINHEAP_ERROR_MAX = 512, MINHEAP_WORDS_MAX = 96 };

struct minheap_trial {
  uint64_t limit_bytes;
  bool fits;      /* it ended well */
  bool timed_out; /* it did not end in time */
  uint64_t collections;
  char checksum[17]; /* where it fits */
};

struct minheap_request {
  const char *program;      /* gclab-trial-COLLECTOR */
  const char *const *words; /* "run", the workload, and its settings; NULL-ended */
  unsigned
      attempts; /* a limit fits where so many trials of so many end well, with the seeds from `seed` on; 0: one, whose
                        seed is in words */
  uint64_t seed;
  uint64_t start_bytes; /* a guess; nothing below `least_bytes` is tried */
  uint64_t least_bytes;
  double precision;       /* largest limit too small >= (1 - precision) times the result */
  uint64_t time_limit_ns; /* of a trial; 0: none */
  void (*tell)(void *context, const struct minheap_trial *trial); /* after each trial; NULL: nobody listens */
  void *context;
};

enum minheap_outcome { MINHEAP_FOUND, MINHEAP_FAILED, MINHEAP_INTERRUPTED };

/*
 * One trial at a limit, or its attempts.  FAILED: what went wrong is in error (MINHEAP_ERROR_MAX); running out of memory is no failure.
 */
enum minheap_outcome minheap_try(const struct minheap_request *request, uint64_t limit_bytes,
                                 struct minheap_trial *trial, char *error);

/* The smallest limit that fits, with its trial. */
enum minheap_outcome minheap_find(const struct minheap_request *request, struct minheap_trial *result, char *error);

#endif
