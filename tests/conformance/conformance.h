/*
 * conformance: what the contract in collectors/gc.h promises, tried on every collector and peer.
 *
 * The same sources are linked with each collector library.  A test asks the descriptor what its collector can do and
 * holds it to exactly that: a pure counting collector must keep cyclic garbage to the last object, a tracing one must
 * free it to the last object, the baseline must keep everything.  What a collector cannot do at all is skipped, with
 * the reason printed.
 *
 * Every test runs in its own forked process: a collector that crashes, hangs or eats all memory fails one test, and
 * limits on resources end with it.  When a test has returned, its heap is settled, verified and finished, and its
 * counters are compared with its journal (heap_finish), whatever the test was about.
 *
 *   gclab-conformance-NAME                  all groups
 *   gclab-conformance-NAME GROUP [TEST]     one group, or one test (shell patterns as cmocka takes them)
 *   CONFORMANCE_NO_FORK=1 ...               in this process, for a debugger (one test at a time)
 */
#ifndef GCLAB_TESTS_CONFORMANCE_H
#define GCLAB_TESTS_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

enum { HEAP_KNOBS_MAX = 64 };

struct heap {
  struct gc_mutator *mutator; /* NULL: not started */
  struct journal journal;
  struct collector_config config;
  int64_t knobs[HEAP_KNOBS_MAX];
  /* What happens when there is no memory; does not return.  NULL: the test fails. */
  void (*out_of_memory)(struct heap *heap, uint64_t bytes);
};

struct conformance_test {
  const char *name;
  void (*run)(struct heap *heap);
  bool unstarted; /* the test sets knobs and limits and calls heap_start() itself */
};

struct conformance_group {
  const char *name;
  const struct conformance_test *tests;
  size_t count;
};

#define CONFORMANCE_GROUP(group_name, table)                                                                           \
  const struct conformance_group group_##group_name = {#group_name, table, sizeof(table) / sizeof((table)[0])}

/* The test has failed: prints what was expected and ends the process. */
_Noreturn void conformance_fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The collector cannot do what the test is about; said, and counted as skipped. */
_Noreturn void conformance_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The test has passed; from where it cannot return (out of memory). */
_Noreturn void conformance_pass(void);

#define REQUIRE(condition, ...) ((condition) ? (void)0 : conformance_fail(__FILE__, __LINE__, #condition, __VA_ARGS__))

/* Both sides are unsigned 64-bit numbers, printed when they differ. */
#define REQUIRE_EQUAL(actual, expected, what)                                                                          \
  do {                                                                                                                 \
    const uint64_t actual_ = (actual);                                                                                 \
    const uint64_t expected_ = (expected);                                                                             \
    if (actual_ != expected_)                                                                                          \
      conformance_fail(__FILE__, __LINE__, #actual " == " #expected, "%s: %llu, expected %llu", what,                  \
                       (unsigned long long)actual_, (unsigned long long)expected_);                                    \
  } while (0)

/* Capabilities, in the words of the tests. */
static inline bool can(enum collector_capability capability) { return (collector.capabilities & capability) != 0; }
static inline bool is_exact(void) { return can(COLLECTOR_RECLAIMS) && !can(COLLECTOR_CONSERVATIVE); }

/* Is this a build with a sanitizer, or with GC_CHECKING?  Both are slow. */
bool build_is_sanitized(void);
bool build_is_checking(void);

/* A count of objects or rounds: the full one, or a smaller one where the build is slow. */
uint64_t scaled(uint64_t full, uint64_t slow);

/* Starts the collector with heap->knobs, which are the defaults unless a test changed them. */
void heap_start(struct heap *heap);

/* Settles, verifies, compares counters with the journal, ends the collector; mutator is NULL afterwards. */
void heap_finish(struct heap *heap);

/* Sets a knob by name before heap_start(); false where the collector has none of that name. */
bool heap_set_knob(struct heap *heap, const char *name, int64_t value);

/*
 * gc_pop, and the slots are cleared: they are the test's own again, but a collector that scans the C stack cannot know
 * that, and one of them would keep a whole structure.
 */
static inline void heap_pop(struct heap *heap, struct gc_frame *frame)
{
  gc_pop(heap->mutator, frame);
  gc_ref volatile *slots = frame->slots;
  for (uint32_t i = 0; i < frame->count; i++) slots[i] = NULL;
}

/* Objects allocated and not yet freed, exact. */
uint64_t heap_held(struct heap *heap);

/*
 * Collects everything and requires that what is held is what this collector should hold: `reachable` objects, and of
 * the unreachable ones those `cyclic` ones that counting cannot free (in cycles, or hanging off cycles).
 */
void heap_expect(struct heap *heap, uint64_t reachable, uint64_t cyclic);

/* As heap_expect, but without collecting, and only for collectors that free acyclic garbage at once. */
void heap_expect_promptly(struct heap *heap, uint64_t held);

/* Private writable memory of this process, in bytes: what RLIMIT_DATA limits. */
uint64_t process_data_bytes(void);

/* Limits private memory to `more_bytes` above what is used now.  Skips the test where the build cannot have that. */
void process_limit_memory(uint64_t more_bytes);

#endif
