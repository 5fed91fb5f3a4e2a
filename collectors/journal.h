/*
 * journal: what a collector reports while it runs.
 *
 * Rows have a fixed size and go into memory that was mapped and touched beforehand, outside the measured heap;
 * nothing is formatted, allocated or written to a file while the clock runs.  The memory is shared with the harness
 * (a memory file), so that the rows of a trial that is killed or crashes are kept too.
 *
 * A tracing collector's pauses are its collections (or increments); a counting collector's are its cascades, the
 * recursive frees that one decrement sets off.  A cascade is timed from its second object on, so that a single free
 * costs no clock read.  Cascades shorter than the floor go to a histogram and a sum, never to nothing; the floor is
 * published with the result.
 *
 * INVARIANTS
 *  - row_count <= row_capacity; rows below row_count are complete and never change again.
 *  - start_ns of rows does not decrease, but for cascades, which are entered when they end.
 *  - Every pause is in exactly one place: a row, the histogram (below the floor), or dropped_count/dropped_ns (the
 *    rows were full).
 */
#ifndef GCLAB_COLLECTORS_JOURNAL_H
#define GCLAB_COLLECTORS_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/preempt.h"

enum journal_kind {
  JOURNAL_COLLECTION, /* stop-the-world, of a generation or of everything */
  JOURNAL_INCREMENT,  /* a slice of an incremental collection */
  JOURNAL_SWEEP,      /* a slice of lazy sweeping that a mutator waited for */
  JOURNAL_CASCADE,    /* recursive frees */
  JOURNAL_KINDS
};

enum journal_cause {
  JOURNAL_ALLOCATION_COUNT, /* a count of allocations passed its threshold */
  JOURNAL_HEAP_GROWTH,      /* the heap grew by its factor */
  JOURNAL_HEAP_LIMIT,       /* the heap's limit was reached */
  JOURNAL_BUDGET,           /* an allocation budget was used up */
  JOURNAL_EXPLICIT,         /* gc_collect */
  JOURNAL_STRESS,           /* the stress knob */
  JOURNAL_RELEASE,          /* a count fell to zero */
  JOURNAL_EXTERNAL,         /* a peer collector decided */
  JOURNAL_CAUSES
};

extern const char *const journal_kind_names[JOURNAL_KINDS];
extern const char *const journal_cause_names[JOURNAL_CAUSES];

/* One pause.  Counts are 0 where a collector cannot know them (peers). */
struct journal_row {
  uint64_t start_ns; /* since the trial's start */
  uint64_t duration_ns;
  uint64_t mark_ns; /* of which marking, or working out what is unreachable */
  uint64_t heap_before_bytes, heap_after_bytes;
  uint64_t freed_bytes;
  uint64_t allocated_bytes; /* by the program until then: requested bytes, the clock that all collectors share */
  uint64_t held_bytes;      /* of these, not yet freed when the pause is over; freed_bytes more when it began */
  uint32_t examined_objects;
  uint32_t followed_edges;
  uint32_t freed_objects;
  uint32_t survived_objects;              /* found alive: marked, moved or promoted */
  uint8_t kind, cause, generation, phase; /* phase: the workload's, by number */
  uint32_t flags;                         /* of enum journal_flag */
};

enum journal_flag {
  JOURNAL_WATCHED = 1 << 0,  /* whether the system took the processor away could be told */
  JOURNAL_PREEMPTED = 1 << 1 /* and it did: the duration is not all the collector's */
};

enum { JOURNAL_HISTOGRAM_BUCKETS = 64, JOURNAL_PHASES_MAX = 255, JOURNAL_PHASE_NAME_MAX = 24 };

struct journal_phase {
  char name[JOURNAL_PHASE_NAME_MAX];
  uint64_t start_ns;
};

/* One request that a workload served (workload_latency). */
struct journal_request {
  uint64_t start_ns; /* since the trial's start; intended start where arrivals are on a schedule */
  uint64_t latency_ns;
};

/* The head of the shared memory; rows follow it, then requests.  The harness maps the same struct. */
struct journal_head {
  uint64_t magic; /* JOURNAL_MAGIC */
  uint32_t row_bytes, request_bytes;
  uint64_t row_capacity, row_count;
  uint64_t request_capacity, request_count;
  uint64_t row_offset, request_offset; /* from the head, in bytes */
  uint64_t origin_ns;                  /* CLOCK_MONOTONIC at the trial's start */
  uint64_t counters_address;           /* of the trial's struct gc_counters, in its own address space; 0: not yet */
  uint64_t cascade_floor_ns;
  uint64_t dropped_count, dropped_ns;
  uint64_t requests_dropped;
  uint64_t short_count, short_ns;                      /* cascades of two objects and more below the floor */
  uint64_t short_histogram[JOURNAL_HISTOGRAM_BUCKETS]; /* bucket b: durations in [2^b, 2^(b+1)) ticks' nanoseconds */
  uint64_t short_max_objects;
  uint32_t phase_count, reserved;
  struct journal_phase phases[JOURNAL_PHASES_MAX];
};

#define JOURNAL_MAGIC 0x334c4e524a424c47u /* "GLBJRNL3" */

struct journal {
  struct journal_head *head;
  struct journal_row *rows;
  struct journal_request *requests;
  struct journal_row open; /* between begin and end */
  uint64_t touched_rows;   /* rows whose pages have been touched */
  /* The collector's counters, which rows are stamped with; they point at zeros before journal_meter. */
  const uint64_t *allocated_bytes, *freed_bytes;
  bool can_watch; /* whether preemption can be told here */
  bool watching;  /* a peer's pause */
  bool enabled;   /* false: counted and timed nowhere (to measure the journal's own cost) */
  uint8_t phase;
};

/*
 * Sets up a journal in the memory behind fd (a memory file, which is grown as needed), or in private memory where fd
 * is -1.  Returns false with errno where there is no memory.
 */
bool journal_open(struct journal *journal, int fd, uint64_t row_capacity, uint64_t request_capacity,
                  uint64_t cascade_floor_ns);
void journal_close(struct journal *journal);

struct journal_work {
  uint64_t examined_objects, followed_edges, freed_objects, survived_objects, freed_bytes;
};

/* Rows are stamped with these counters from now on: of requested bytes, right whenever a pause ends. */
void journal_meter(struct journal *journal, const uint64_t *allocated_bytes, const uint64_t *freed_bytes);

#ifndef GCLAB_NO_JOURNAL

/* Where a cascade's time begins: clock_ticks(), but never 0.  From here on it is watched (base/preempt.h). */
static inline uint64_t journal_ticks(void)
{
  preempt_arm();
  return clock_ticks();
}

/* The pause starts now.  heap_bytes is what the heap holds at this moment. */
void journal_begin(struct journal *journal, enum journal_kind kind, enum journal_cause cause, int generation,
                   uint64_t heap_bytes);

/* Marking is over: what follows is finalising, sweeping, freeing. */
void journal_mark_done(struct journal *journal);

/* The pause is over. */
void journal_end(struct journal *journal, const struct journal_work *work, uint64_t heap_bytes);

/* For peers: a pause that will be entered begins about now, and is watched from here on. */
void journal_watch(struct journal *journal);

/* For peers, whose pauses are known only afterwards: enters a pause that began at start_ns (CLOCK_MONOTONIC). */
void journal_enter(struct journal *journal, enum journal_kind kind, enum journal_cause cause, int generation,
                   uint64_t start_ns, uint64_t duration_ns, uint64_t heap_before_bytes, uint64_t heap_after_bytes,
                   const struct journal_work *work);

/*
 * A cascade that began at start_ticks (clock_ticks) is over.  Below the floor it costs no more than the histogram.
 * heap_bytes is what the heap holds now.
 */
void journal_cascade(struct journal *journal, uint64_t start_ticks, uint64_t freed_objects, uint64_t freed_bytes,
                     uint64_t heap_bytes);

#else /* GCLAB_JOURNAL=OFF: a build that shows what the journal costs, and keeps no pauses */

static inline uint64_t journal_ticks(void) { return 1; }
static inline void journal_begin(struct journal *j, enum journal_kind k, enum journal_cause c, int g, uint64_t heap)
{
  (void)j, (void)k, (void)c, (void)g, (void)heap;
}
static inline void journal_mark_done(struct journal *j) { (void)j; }
static inline void journal_watch(struct journal *j) { (void)j; }
static inline void journal_end(struct journal *j, const struct journal_work *work, uint64_t heap)
{
  (void)j, (void)work, (void)heap;
}
static inline void journal_enter(struct journal *j, enum journal_kind k, enum journal_cause c, int g, uint64_t start,
                                 uint64_t ns, uint64_t before, uint64_t after, const struct journal_work *work)
{
  (void)j, (void)k, (void)c, (void)g, (void)start, (void)ns, (void)before, (void)after, (void)work;
}
static inline void journal_cascade(struct journal *j, uint64_t start, uint64_t objects, uint64_t bytes, uint64_t heap)
{
  (void)j, (void)start, (void)objects, (void)bytes, (void)heap;
}

#endif

/* A workload enters a phase. */
void journal_phase(struct journal *journal, const char *name);

/* A workload served a request; start_ns is CLOCK_MONOTONIC. */
void journal_request(struct journal *journal, uint64_t start_ns, uint64_t latency_ns);

/* Sum of all pauses, in nanoseconds: rows, short cascades and dropped ones. */
uint64_t journal_total_ns(const struct journal *journal);

/* Aborts with a message when an invariant does not hold. */
void journal_check(const struct journal *journal);

#endif
