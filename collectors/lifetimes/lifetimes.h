/*
 * lifetimes, inside: the state and what its files do for one another.  lifetimes.c tells the whole story.
 *
 *   lifetimes.c  descriptor, lifecycle, the functions of gc.h
 *   allocate.c   cells, and room in the tables
 *   trace.c      a trace from mark to sweep, and what is measured on the way
 *   date.c       when each dead object died
 *   counting.c   what reference counting alone would have freed
 *   check.c      verification
 */
#ifndef GCLAB_COLLECTORS_LIFETIMES_LIFETIMES_H
#define GCLAB_COLLECTORS_LIFETIMES_LIFETIMES_H

#include "collectors/collector.h"
#include "collectors/parts/deaths.h"
#include "collectors/parts/header.h"
#include "collectors/parts/mapping.h"
#include "collectors/parts/object_table.h"
#include "collectors/parts/shadow_stack.h"

enum lifetimes_knob { KNOB_TRACE_EVERY, KNOB_STRESS, KNOBS };

enum record_flag {
  RECORD_MARKED = 1 << 0,
  RECORD_DATED = 1 << 1,    /* dead, and its time of death is known */
  RECORD_COUNTED = 1 << 2,  /* dead, and counting alone would have freed it */
  RECORD_ON_STACK = 1 << 3, /* of counting.c's search for cycles */
  RECORD_SELF = 1 << 4,     /* refers to itself */
  RECORD_IN_CYCLE = 1 << 5
};

/* In front of every object. */
struct record {
  uint64_t birth_bytes; /* allocated when it had been made, itself included */
  uint64_t number;      /* in the order of allocation */
  uint64_t stamp;       /* the operation at which it last lost a reference */
  uint32_t fields, bytes;
  uint32_t count;   /* as reference counting has it, were it the collector */
  uint32_t scratch; /* while tracing: references from live objects; of dead ones, a number of counting.c; else 0 */
  uint32_t word;    /* RECORD_OBJECT in every object */
  uint8_t kind, flags;
  uint16_t unused;
};

#define RECORD_OBJECT UINT32_C(0x6c4f424a)

enum { LIFETIMES_FIRST_BYTES = 64 << 10 }; /* the first trace is due when the heap is so large */

/* An object to be sorted by its stamp. */
struct dated {
  uint64_t key;
  struct record *record;
};

/* Where a walk through an object's fields stands. */
struct walk {
  struct record *record;
  uint32_t field;
};

/* What is counted as it happens, and at traces. */
struct lifetimes_sums {
  uint64_t stores, null_stores, old_to_young_stores, root_assignments;
  uint64_t traces, sampled_objects, sampled_edges, sampled_shared;
  uint64_t fan_out_max, fan_in_max, depth_max;
  uint64_t in_cycle_objects, kept_objects;
};

struct lifetimes {
  struct gc_mutator mutator;
  uint64_t operation;    /* number of the last one */
  uint64_t due_bytes;    /* trace when the heap has grown to this */
  uint64_t stress_count; /* allocations until the knob asks for a trace */
  struct lifetimes_sums sums;

  /* Tables with room for `capacity` objects each, so that a trace needs no more memory. */
  struct mapping record_memory, queue_memory, birth_memory, dated_memory, spare_memory;
  uint64_t capacity;
  struct record **records; /* all objects, in the order of their birth */
  uint64_t count;
  struct record **queue;  /* while marking, what is marked; then the dead, the last death first */
  uint64_t queued;        /* entries of queue */
  uint64_t *births;       /* the operation that made each object since the last trace: the newest of records[] */
  struct dated *dated;    /* the dead by stamp; afterwards counting.c's */
  struct dated *spare;    /* for sorting, and stacks */
  uint64_t traced_at;     /* the operation before which the last trace was */
  uint64_t traced_count;  /* records[] then */
  uint64_t traced_number; /* objects allocated then, */
  uint64_t traced_bytes;  /* and bytes */

  struct death_stream stream; /* file NULL: nobody wants to know */
  int write_error;            /* errno of the first row that could not be written */
  struct object_table all;    /* checking builds */
};

static inline struct lifetimes *lifetimes_of(struct gc_mutator *mutator) { return (struct lifetimes *)(void *)mutator; }

static inline struct record *record_of(gc_ref object) { return (struct record *)(void *)object - 1; }

static inline gc_ref object_of(struct record *record) { return (gc_ref)(void *)(record + 1); }

static inline gc_ref *fields_of(struct record *record) { return (gc_ref *)(void *)(record + 1); }

static inline uint64_t payload_bytes_of(const struct record *record)
{
  return (uint64_t)record->fields * sizeof(gc_ref) + record->bytes;
}

static inline bool is_dead(const struct record *record) { return (record->flags & RECORD_MARKED) == 0; }

/*
 * allocate.c: a new object's record, zeroed, and room for it in every table.  May trace; does not return without
 * memory.
 */
struct record *lifetimes_allocate(struct lifetimes *lt, uint64_t payload_bytes);
void lifetimes_release_tables(struct lifetimes *lt);
void lifetimes_free(struct lifetimes *lt, struct record *record);

/* trace.c: a whole trace; returns how many objects were dead.  Hooks are queued, not run. */
uint64_t lifetimes_trace(struct lifetimes *lt, enum journal_cause cause);
/* What is alive when the program has ended is written too. */
void lifetimes_write_survivors(struct lifetimes *lt);

/*
 * date.c: queue[] gets the dead, each with its time of death as its stamp, from the last to the first.  Their number.
 */
uint64_t lifetimes_date(struct lifetimes *lt);

/* counting.c: flags the dead in queue[] that counting would have freed, and those in cycles. */
void lifetimes_count(struct lifetimes *lt, uint64_t dead);

/* check.c: aborts unless this is an object; checking builds alone can tell. */
void lifetimes_require_object(struct lifetimes *lt, gc_ref object, const char *what);

#endif
