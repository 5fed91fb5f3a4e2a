/*
 * marksweep, inside: the state and what its files do for one another.  marksweep.c tells the whole story.
 *
 *   marksweep.c  descriptor, lifecycle, the functions of gc.h
 *   collect.c    a collection from trigger to journal
 *   mark.c       marking
 *   finalize.c   weak references and finalizers
 *   check.c      verification
 *
 * These are the strategy.  The memory is chosen when a program is built (parts/cell.h says why): block_space.h is the
 * usual one, malloc_space.h the other.  Each defines struct space, gc_new, and the functions space_* below.
 */
#ifndef GCLAB_COLLECTORS_MARKSWEEP_MARKSWEEP_H
#define GCLAB_COLLECTORS_MARKSWEEP_MARKSWEEP_H

#include "collectors/collector.h"
#include "collectors/parts/header.h"
#include "collectors/parts/mark_stack.h"
#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/trigger.h"

#ifdef COLLECTOR_ON_MALLOC
#include "collectors/marksweep/malloc_space.h"
#else
#include "collectors/marksweep/block_space.h"
#endif

enum marksweep_knob {
  KNOB_GROWTH_FACTOR,
  KNOB_MIN_HEAP,
  KNOB_HEAP_LIMIT,
  KNOB_ALLOCATION_BUDGET,
  KNOB_PREFETCH_DISTANCE,
  KNOB_MARK_STACK_LIMIT,
  KNOB_STRESS,
  KNOBS_ON_MALLOC, /* those that mean something there: all above */
  KNOB_LAZY_SWEEP = KNOBS_ON_MALLOC,
  KNOB_HUGE_PAGES,
  KNOBS
};

enum { PREFETCH_DISTANCE_MAX = 64 };

struct mark_totals {
  uint64_t edges;     /* fields of marked objects, NULL or not */
  uint64_t raw_bytes; /* their raw bytes */
};

struct marksweep {
  struct gc_mutator mutator;
  struct space space;
  struct trigger trigger;
  struct mark_stack stack;   /* references of objects to scan */
  struct mark_stack slices;  /* wide objects, two words each: the reference, the field to go on from */
  struct mark_totals totals; /* of the collection that runs */
  bool dropped;              /* some marked object could not be pushed; its block or header says so */
  uint32_t prefetch_distance;
  uint64_t stress_period, stress_count; /* allocations; period 0: off */
  uint64_t live_bytes;                  /* cells and mappings after the last collection */
};

/* What is alive after marking: objects, and bytes of their cells and mappings. */
struct census {
  uint64_t objects, bytes;
};

/* What a check finds in the heap.  Spare: counted as allocated, but no object yet. */
struct tally {
  uint64_t objects, bytes, payload_bytes;
  uint64_t spare_objects, spare_bytes;
};

static inline struct marksweep *marksweep_of(struct gc_mutator *mutator) { return (struct marksweep *)(void *)mutator; }

/* collect.c: returns the number of objects found unreachable. */
uint64_t marksweep_collect(struct marksweep *ms, enum journal_cause cause);
/* Collects where a trigger says so, before more_bytes are allocated. */
void marksweep_safepoint(struct marksweep *ms, uint64_t more_bytes);

/* mark.c: marks everything that the frames, and hooks that wait, lead to; totals are in ms->totals. */
void marksweep_mark(struct marksweep *ms);
/* The same from further root slots, after marksweep_mark. */
void marksweep_mark_more(struct marksweep *ms, const gc_ref *slots, uint64_t count);
/* During a collection: has the object been marked? */
bool marksweep_is_marked(struct marksweep *ms, gc_ref object);

/* finalize.c: after marking, where there are hooks; and after the pause. */
void marksweep_mark_hooked(struct marksweep *ms);
void marksweep_run_hooks(struct marksweep *ms);

/* check.c: aborts with `what` and the address unless this is an object that has been allocated and not yet freed. */
void marksweep_require_object(struct marksweep *ms, gc_ref object, const char *what);

/* The memory: its lifecycle.  False: no memory. */
bool space_start(struct marksweep *ms, const int64_t *knobs);
void space_finish(struct marksweep *ms);
/* The counters are to be exact: what is counted ahead is taken back. */
void space_settle(struct marksweep *ms);
void space_note_footprint(struct marksweep *ms);
/*
 * In a collection: no mark is left; what is not marked is freed; when the trigger has been set, memory is given back.
 */
void space_clear_marks(struct marksweep *ms);
void space_reclaim(struct marksweep *ms, struct census *census);
void space_trim(struct marksweep *ms, uint64_t live_bytes);
/* Checking builds: closes all free cells to access, after a collection. */
void space_poison_garbage(struct marksweep *ms);

/* Why this is not an object; NULL where it is one.  Any address may be asked about. */
const char *space_fault_of(struct marksweep *ms, gc_ref object);
/*
 * A check: of the structure, with everything that is in the heap; and what has been visited, between begin, which
 * returns 0 or the bytes that it did not get, and end.
 */
void space_check(struct marksweep *ms, struct tally *tally);
uint64_t space_visit_begin(struct marksweep *ms, struct space_visited *visited);
bool space_visit(struct marksweep *ms, struct space_visited *visited, gc_ref object); /* true: for the first time */
void space_visit_end(struct marksweep *ms, struct space_visited *visited);

#endif
