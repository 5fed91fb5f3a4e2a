/*
 * semispace, inside: the state and what its files do for one another.  semispace.c tells the whole story.
 *
 *   semispace.c  descriptor, lifecycle, the functions of gc.h
 *   collect.c    a collection from trigger to journal
 *   copy.c       copying
 *   allocate.c   the slow paths of allocation: the next piece, large objects
 *   finalize.c   weak references and finalizers
 *   check.c      verification
 *   spaces.c     addresses and memory of the two spaces
 */
#ifndef GCLAB_COLLECTORS_SEMISPACE_SEMISPACE_H
#define GCLAB_COLLECTORS_SEMISPACE_SEMISPACE_H

#include "collectors/collector.h"
#include "collectors/parts/header.h"
#include "collectors/parts/large.h"
#include "collectors/parts/poison.h"
#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/trigger.h"
#include "collectors/semispace/spaces.h"

enum semispace_knob {
  KNOB_GROWTH_FACTOR,
  KNOB_MIN_HEAP,
  KNOB_HEAP_LIMIT,
  KNOB_ALLOCATION_BUDGET,
  KNOB_HUGE_PAGES,
  KNOB_STRESS,
  KNOBS
};

/* In front of every object; large objects have an extent in front of that (header.h). */
struct header {
  union {
    struct {
      uint32_t word;   /* HEADER_OBJECT */
      uint32_t packed; /* its shape */
    };
    uint64_t forward; /* during a collection, of an object that was copied: the copy's address, which is even */
  };
};

#define HEADER_OBJECT UINT32_C(0x6a4f424b) /* odd */

_Static_assert(HEADER_OBJECT % 2 == 1, "a header must not look like an address");

enum { HEADER_BYTES = sizeof(struct header), CELL_MAX_BYTES = 16384, PIECE_BYTES = CELL_MAX_BYTES };

/* What a collection counts, of what it reaches. */
struct copy_totals {
  uint64_t objects; /* copied */
  uint64_t large_objects;
  uint64_t edges; /* fields, NULL or not */
  uint64_t raw_bytes;
};

struct semispace {
  struct gc_mutator mutator;
  char *bump, *limit; /* the piece: zero, to allocate through */
  struct spaces spaces;
  struct large_space large;
  struct trigger trigger;
  uint64_t piece_bytes;
  uint64_t stress_period, stress_count; /* allocations; period 0: off */
  uint64_t live_bytes;                  /* cells and mappings after the last collection */
  /* of the collection that runs */
  char *from_first; /* where the first object of the space that is left would be */
  uint64_t from_bytes;
  char *scan, *free;        /* in the reserve: copies before `scan` have been scanned; the next copy goes to `free` */
  struct large *grey_large; /* list of marked large objects to scan, by next_grey */
  struct copy_totals totals;
};

static inline struct semispace *semispace_of(struct gc_mutator *mutator) { return (struct semispace *)(void *)mutator; }

static inline struct header *header_of(gc_ref object) { return (struct header *)(void *)object - 1; }

static inline gc_ref *fields_of(gc_ref object) { return (gc_ref *)(void *)object; }

static inline gc_ref object_in_cell(char *cell) { return (gc_ref)(void *)(cell + HEADER_BYTES); }

/* Of an object in the space, whose header is never extended. */
static inline uint32_t packed_fields(uint32_t packed) { return packed & (HEADER_SIZE_LIMIT - 1); }

static inline uint32_t packed_bytes(uint32_t packed) { return packed >> HEADER_SIZE_BITS & (HEADER_SIZE_LIMIT - 1); }

/* What an object takes in the space. */
static inline uint64_t cell_bytes_of_payload(uint64_t payload_bytes)
{
  return (HEADER_BYTES + payload_bytes + sizeof(gc_ref) - 1) & ~(uint64_t)(sizeof(gc_ref) - 1);
}

static inline uint64_t cell_bytes_of_packed(uint32_t packed)
{
  return cell_bytes_of_payload((uint64_t)packed_fields(packed) * sizeof(gc_ref) + packed_bytes(packed));
}

static inline struct gc_shape shape_of(gc_ref object)
{
  const struct header *header = header_of(object);
  return header_shape(header->packed, header);
}

/* Bytes of the space in use, the piece among them. */
static inline uint64_t semispace_used_bytes(struct semispace *ss)
{
  return (uint64_t)(ss->limit - spaces_current(&ss->spaces)->base);
}

/* The most memory that each of the two spaces may have beside the large objects, in whole pages. */
static inline uint64_t semispace_most_bytes(const struct semispace *ss)
{
  const uint64_t limit_bytes = ss->trigger.limit_bytes;
  if (limit_bytes == 0) return ss->spaces.region_bytes;
  const uint64_t half = limit_bytes > ss->large.mapped_bytes ? (limit_bytes - ss->large.mapped_bytes) / 2 : 0;
  return half & ~(uint64_t)(SPACE_PAGE_BYTES - 1);
}

/*
 * Makes the next cell of the piece, which has room for it, into an object.  A line is sent for a piece ahead: the lines
 * of the next piece come one by one while objects are made, and are there when it is zeroed.
 */
static inline void semispace_take_cell(struct semispace *ss, gc_ref *slot, uint64_t cell_bytes, uint32_t packed,
                                       uint64_t payload_bytes)
{
  char *cell = ss->bump;
  ss->bump = cell + cell_bytes;
  __builtin_prefetch(cell + PIECE_BYTES, 1);
  poison_open(cell, cell_bytes);
  const gc_ref object = object_in_cell(cell);
  *header_of(object) = (struct header){.word = HEADER_OBJECT, .packed = packed};
  ss->mutator.counters.allocated_objects++;
  ss->mutator.counters.allocated_bytes += payload_bytes;
  *slot = object;
}

/* semispace.c */
void semispace_note_footprint(struct semispace *ss);

/* allocate.c */
void semispace_new_small(struct semispace *ss, gc_ref *slot, uint32_t packed);
void semispace_new_large(struct semispace *ss, gc_ref *slot, struct gc_shape shape);
void semispace_retire_piece(struct semispace *ss);

/* collect.c: returns the number of objects found unreachable. */
uint64_t semispace_collect(struct semispace *ss, enum journal_cause cause);

/* copy.c: copies everything that the frames, and hooks that wait, lead to; totals are in ss->totals. */
void semispace_copy(struct semispace *ss);
/* The same from further root slots, after semispace_copy. */
void semispace_copy_more(struct semispace *ss, gc_ref *slots, uint64_t count);
/* During a collection: where the object is now; NULL: it was not reached. */
gc_ref semispace_survivor(struct semispace *ss, gc_ref object);

/* finalize.c: after copying, where there are hooks; and after the pause. */
void semispace_copy_hooked(struct semispace *ss);
void semispace_run_hooks(struct semispace *ss);

/* check.c: aborts with `what` and the address unless this is an object where objects are now. */
void semispace_require_object(struct semispace *ss, gc_ref object, const char *what);

#endif
