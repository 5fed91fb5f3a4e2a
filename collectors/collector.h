/*
 * collector: what a collector must define, besides the functions of gc.h.
 *
 * A collector is a static library with one `collector` descriptor and the three functions at the end.  It keeps its
 * state in a struct that begins with struct gc_mutator.
 */
#ifndef GCLAB_COLLECTORS_COLLECTOR_H
#define GCLAB_COLLECTORS_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/setting.h"
#include "collectors/gc.h"
#include "collectors/journal.h"

/* A definition with this stays external and gets the compiler's larger budget for inlining across libraries. */
#define GC_INLINE inline
/*
 * For gc_new where it is long: the compiler sees a function at its limit, and inlines it on one memory and not on
 * another.  Its shape is a constant nearly everywhere, and little of it is left then.
 */
#define GC_INLINE_ALWAYS inline __attribute__((always_inline))

#define GC_LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define GC_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { GC_GENERATIONS = 3 };

/*
 * What every collector counts.  The harness reads these from outside while the trial runs (process_vm_readv), so they
 * are plain 64-bit words that are always nearly right; after collector_finish they are exact.
 */
struct gc_counters {
  uint64_t allocated_objects;
  uint64_t allocated_bytes; /* requested: fields and raw bytes, no header, no rounding; the same on every collector */
  uint64_t freed_objects;   /* 0 where a peer cannot tell */
  uint64_t freed_bytes;     /* requested bytes, as allocated_bytes */
  uint64_t heap_bytes;      /* cells of objects not yet reclaimed, headers and rounding included as far as known */
  uint64_t peak_heap_bytes;
  uint64_t footprint_bytes; /* memory held from the system or allocator for the heap; 0: not known */
  uint64_t peak_footprint_bytes;
  uint64_t collections[GC_GENERATIONS];   /* full ones in the last, so all where there are no generations */
  uint64_t collected[GC_GENERATIONS];     /* objects found unreachable, by generation collected */
  uint64_t uncollectable[GC_GENERATIONS]; /* of CPython's kind */
  uint64_t cascades;                      /* of two objects and more */
  uint64_t cascade_max_objects;
  uint64_t progress_permille; /* the workload's own estimate of how far it is */
};

static inline void gc_counters_note_peak(struct gc_counters *counters)
{
  if (counters->heap_bytes > counters->peak_heap_bytes) counters->peak_heap_bytes = counters->heap_bytes;
  if (counters->footprint_bytes > counters->peak_footprint_bytes)
    counters->peak_footprint_bytes = counters->footprint_bytes;
}

/* The part of a mutator that is the same for every collector, and first in the collector's own struct. */
struct gc_mutator {
  struct gc_frame *frames; /* the shadow stack: topmost frame, or NULL */
  struct gc_counters counters;
  struct journal *journal;
  const struct collector_config *config;
  struct hooks *hooks; /* weak references and finalizers (parts/hooks.h); NULL until there is one */
};

/* The journal's rows are stamped with the mutator's counters: for whoever has started a collector. */
static inline void gc_mutator_meter(const struct gc_mutator *mutator)
{
  journal_meter(mutator->journal, &mutator->counters.allocated_bytes, &mutator->counters.freed_bytes);
}

enum collector_capability {
  COLLECTOR_RECLAIMS = 1 << 0,        /* frees memory at all */
  COLLECTOR_RECLAIMS_CYCLES = 1 << 1, /* unreachable cycles too */
  COLLECTOR_PROMPT = 1 << 2,          /* acyclic garbage at once */
  COLLECTOR_MOVES = 1 << 3,
  COLLECTOR_GENERATIONAL = 1 << 4,
  COLLECTOR_INCREMENTAL = 1 << 5,
  COLLECTOR_CONCURRENT = 1 << 6,
  COLLECTOR_THREADS = 1 << 7,
  COLLECTOR_EXTERNAL = 1 << 8,        /* a peer: not written here */
  COLLECTOR_CONSERVATIVE = 1 << 9,    /* may keep garbage because something looks like a reference to it */
  COLLECTOR_USES_MALLOC = 1 << 10,    /* objects are on malloc: which one is a dimension of the matrix */
  COLLECTOR_WEAK = 1 << 11,           /* has weak references */
  COLLECTOR_FINALIZES = 1 << 12,      /* has finalizers */
  COLLECTOR_HOOKS_IN_PAUSE = 1 << 13, /* calls back inside the pause that finds the garbage; otherwise right after it */
  COLLECTOR_USES_BLOCKS = 1 << 14,    /* objects are in size-class blocks (parts/blocks.h): the allocator "blocks" */
  COLLECTOR_VARIANT = 1 << 15,        /* on another memory than is usual for the collector, which has a program too */
  COLLECTOR_INSTRUMENT = 1 << 16,     /* observes a program and competes with nobody: not among `all` and `own` */
  COLLECTOR_REPLAYS_DEATHS = 1 << 17  /* frees what a death schedule says, and nothing without: nor is it */
};

/*
 * The capabilities of a collector that can be built for several memories (gclab_add_collector's MEMORY): which of them
 * this build is for.
 */
#ifdef COLLECTOR_ON_BLOCKS
#define COLLECTOR_MEMORY_USED COLLECTOR_USES_BLOCKS
#else
#define COLLECTOR_MEMORY_USED COLLECTOR_USES_MALLOC
#endif
#ifdef COLLECTOR_IS_VARIANT
#define COLLECTOR_MEMORY (COLLECTOR_MEMORY_USED | COLLECTOR_VARIANT)
#else
#define COLLECTOR_MEMORY COLLECTOR_MEMORY_USED
#endif

struct collector_descriptor {
  const char *name;             /* as on the command line */
  const char *summary;          /* one line */
  const char *source;           /* the paper or system it follows */
  const char *(*version)(void); /* of a peer's library at run time; NULL: gclab's */
  unsigned capabilities;
  const struct setting *knobs;
  size_t knob_count;
};

struct collector_config {
  const int64_t *knobs; /* one a row of the descriptor's table, validated */
  struct journal *journal;
  FILE *deaths;   /* rows of a death schedule (parts/deaths.h), for who replays one; NULL: there is none */
  FILE *report;   /* where an instrument writes what it observes; NULL: nobody wants to know */
  unsigned needs; /* COLLECTOR_WEAK, where there will be weak references: for a peer whose objects need room for them */
  /* Called when memory is refused; bytes is what was asked for (an object, its cell, or a table).  Does not return. */
  void (*out_of_memory)(struct gc_mutator *mutator, uint64_t bytes) __attribute__((noreturn));
};

extern const struct collector_descriptor collector;

/* Starts the collector.  One at a time in a process.  Returns NULL where there is no memory. */
struct gc_mutator *collector_start(const struct collector_config *config);

/*
 * Brings the counters up to date without collecting: afterwards allocated and freed are exact, so that what is still
 * held can be told.  The heap stays usable.
 */
void collector_settle(struct gc_mutator *mutator);

/*
 * Verifies the whole heap: aborts with a message that names the object when an invariant does not hold.  From within a
 * hook only what holds there: while something dies, counts may be above the references that a walk finds.  What it
 * needs of memory for that may be refused like any other.
 */
void collector_check(struct gc_mutator *mutator);

/*
 * What a heap script may ask and order besides gc.h.  A collector defines the two functions where it has something to
 * say; otherwise those of parts/control.c stand, which know what every collector's counters tell.
 */
enum collector_quantity {
  COLLECTOR_ASK_COUNT,          /* of a generation, as gc.get_count() */
  COLLECTOR_ASK_THRESHOLD,      /* of a generation */
  COLLECTOR_ASK_ENABLED,        /* does it collect by itself? */
  COLLECTOR_ASK_FROZEN,         /* objects in the permanent generation */
  COLLECTOR_ASK_GARBAGE,        /* objects set aside as uncollectable */
  COLLECTOR_ASK_GARBAGE_OBJECT, /* the address of that with this number, from 0 on, in place of a generation */
  COLLECTOR_ASK_REFERENCES,     /* of an object: its reference count */
  COLLECTOR_ASK_TRACKED,        /* of an object: does the cycle collector look at it?  0 or 1 */
  COLLECTOR_ASK_GENERATION,     /* of an object that is tracked; 3: permanent */
  COLLECTOR_ASK_FINALIZED       /* of an object: has its finalizer run?  0 or 1 */
};

enum { COLLECTOR_NO_ANSWER = -1 };

/*
 * The quantity, of `generation` or of `object` as it says above; COLLECTOR_NO_ANSWER: this collector has no such thing.
 */
int64_t collector_ask(struct gc_mutator *mutator, enum collector_quantity quantity, int generation, gc_ref object);

enum collector_order {
  COLLECTOR_ORDER_THRESHOLD,      /* of a generation, as gc.set_threshold(): stored, nothing else */
  COLLECTOR_ORDER_ENABLE,         /* 0: no automatic collections any more; 1: again */
  COLLECTOR_ORDER_FREEZE,         /* all objects go to the permanent generation, which is never collected */
  COLLECTOR_ORDER_UNFREEZE,       /* the permanent generation joins the oldest */
  COLLECTOR_ORDER_LEGACY,         /* the object's finalizer is of the old kind (tp_del): uncollectable in a cycle */
  COLLECTOR_ORDER_CLEAR_GARBAGE,  /* del gc.garbage[:] */
  COLLECTOR_ORDER_EXPLICIT_POLLS, /* 1: a script is run as CPython would: automatic collections that wait for the eval
                                     breaker wait for the next order, and NULL in a tuple is None */
  COLLECTOR_ORDER_POLL            /* the eval breaker: a safepoint */
};

/* Carries out the order with the value; false: this collector has no such thing. */
bool collector_order(struct gc_mutator *mutator, enum collector_order order, int generation, gc_ref object,
                     int64_t value);

/*
 * The shape that the object was made with; false: this collector does not keep it (a peer without headers), whatever
 * the object.  Heap scripts keep it themselves then, by address: such a collector must not move objects.
 */
bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape);

/*
 * Numbers of the collector's own that go into a trial's record, after collector_settle.  A collector defines the
 * function where it has some; otherwise that of parts/control.c stands, which has none.  facts has room for
 * COLLECTOR_FACTS_MAX; names are static.  Returns how many there are.
 */
struct collector_fact {
  const char *name;
  uint64_t value;
};

enum { COLLECTOR_FACTS_MAX = 32 };

size_t collector_facts(struct gc_mutator *mutator, struct collector_fact *facts);

/* Ends the collector; all its memory goes back. */
void collector_finish(struct gc_mutator *mutator);

#endif
