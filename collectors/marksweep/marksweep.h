/*
 * marksweep, inside: the state and what its files do for one another.  marksweep.c tells the whole story.
 *
 *   marksweep.c  descriptor, lifecycle, the functions of gc.h
 *   collect.c    a collection from trigger to journal
 *   mark.c       marking
 *   allocate.c   the slow paths of allocation: lazy sweeping, fresh blocks, large objects
 *   finalize.c   weak references and finalizers
 *   check.c      verification
 */
#ifndef GCLAB_COLLECTORS_MARKSWEEP_MARKSWEEP_H
#define GCLAB_COLLECTORS_MARKSWEEP_MARKSWEEP_H

#include "collectors/collector.h"
#include "collectors/parts/blocks.h"
#include "collectors/parts/header.h"
#include "collectors/parts/large.h"
#include "collectors/parts/mark_stack.h"
#include "collectors/parts/poison.h"
#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/size_class.h"
#include "collectors/parts/trigger.h"

enum marksweep_knob {
  KNOB_GROWTH_FACTOR,
  KNOB_MIN_HEAP,
  KNOB_HEAP_LIMIT,
  KNOB_ALLOCATION_BUDGET,
  KNOB_LAZY_SWEEP,
  KNOB_PREFETCH_DISTANCE,
  KNOB_MARK_STACK_LIMIT,
  KNOB_HUGE_PAGES,
  KNOB_STRESS,
  KNOBS
};

/* In front of every object; large objects have an extent in front of that (header.h). */
struct header {
  uint32_t word;   /* HEADER_OBJECT in every object, in no free cell */
  uint32_t packed; /* its shape */
};

#define HEADER_OBJECT UINT32_C(0x6a4f424a)

enum { HEADER_BYTES = sizeof(struct header), PIECE_BYTES = 16384, PREFETCH_DISTANCE_MAX = 64 };

/* Free cells, zeroed, to bump through: part of a run of free cells in a block. */
struct piece {
  char *next, *limit;
};

/* Where a size class gets its cells from. */
struct source {
  struct block *block; /* that the piece is in; NULL: none */
  uint32_t unswept;    /* list of blocks with free cells, by block->next; 0: empty */
};

struct mark_totals {
  uint64_t edges;     /* fields of marked objects, NULL or not */
  uint64_t raw_bytes; /* their raw bytes */
};

struct marksweep {
  struct gc_mutator mutator;
  struct piece pieces[SIZE_CLASSES];
  struct source sources[SIZE_CLASSES];
  struct blocks blocks;
  struct large_space large;
  struct trigger trigger;
  struct mark_stack stack;   /* references of objects to scan */
  struct mark_stack slices;  /* wide objects, two words each: the reference, the field to go on from */
  struct mark_totals totals; /* of the collection that runs */
  bool dropped;              /* some marked object could not be pushed; its block or descriptor says so */
  bool lazy_sweep;
  uint32_t prefetch_distance;
  uint32_t piece_bytes;
  uint64_t stress_period, stress_count; /* allocations; period 0: off */
  uint64_t live_bytes;                  /* cells and mappings after the last collection */
  uint64_t cell_starts[SIZE_CLASSES][BLOCK_MARK_WORDS];
};

static inline struct marksweep *marksweep_of(struct gc_mutator *mutator) { return (struct marksweep *)(void *)mutator; }

/* What an entry of the mark stack refers to. */
static inline gc_ref object_of_entry(uintptr_t entry)
{
  return (gc_ref)entry; // NOLINT(performance-no-int-to-ptr): the stack holds words
}

static inline struct header *header_of(gc_ref object) { return (struct header *)(void *)object - 1; }

static inline gc_ref *fields_of(gc_ref object) { return (gc_ref *)(void *)object; }

static inline gc_ref object_in_cell(char *cell) { return (gc_ref)(void *)(cell + HEADER_BYTES); }

/* Of an object in a block, whose header is never extended. */
static inline uint32_t packed_fields(uint32_t packed) { return packed & (HEADER_SIZE_LIMIT - 1); }

static inline uint32_t packed_bytes(uint32_t packed) { return packed >> HEADER_SIZE_BITS & (HEADER_SIZE_LIMIT - 1); }

static inline struct gc_shape shape_of(gc_ref object)
{
  const struct header *header = header_of(object);
  return header_shape(header->packed, header);
}

/*
 * Makes the next cell of a piece, which must have one, into an object.  A line is sent for a piece ahead, where the next
 * piece will most often be cut: the lines come one by one while objects are made, and are there when it is zeroed.
 */
static inline void marksweep_take_cell(struct marksweep *ms, gc_ref *slot, struct piece *piece, uint32_t cell_bytes,
                                       uint32_t packed, uint64_t payload_bytes)
{
  char *cell = piece->next;
  piece->next = cell + cell_bytes;
  __builtin_prefetch(cell + PIECE_BYTES, 1);
  poison_open(cell, cell_bytes);
  const gc_ref object = object_in_cell(cell);
  *header_of(object) = (struct header){.word = HEADER_OBJECT, .packed = packed};
  ms->mutator.counters.allocated_bytes += payload_bytes;
  *slot = object;
}

/* marksweep.c */
void marksweep_note_footprint(struct marksweep *ms);

/* allocate.c */
void marksweep_new_small(struct marksweep *ms, gc_ref *slot, uint32_t packed);
void marksweep_new_large(struct marksweep *ms, gc_ref *slot, struct gc_shape shape);
void marksweep_retire_pieces(struct marksweep *ms);

/* collect.c: returns the number of objects found unreachable. */
uint64_t marksweep_collect(struct marksweep *ms, enum journal_cause cause);

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
bool marksweep_is_object(struct marksweep *ms, gc_ref object);
/* check.c, checking builds: closes all free cells to access, after a collection. */
void marksweep_poison_garbage(struct marksweep *ms);

#endif
