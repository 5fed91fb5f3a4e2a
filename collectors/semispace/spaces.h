/*
 * spaces: the two halves of a copying heap, as ranges of addresses that get memory as they need it.
 *
 * One window of addresses is reserved at the start, without memory behind it, and cut into regions of equal size.  One
 * region is the current space, in which objects are; another is the reserve, into which the next collection copies.
 * Both are contiguous, so that an object is found to be in the space by one subtraction, allocation only ever moves an
 * end, and no copy can fail for want of a place: memory is committed to the reserve before it is used in the current
 * space.
 *
 * In a Release build there are two regions, which change places; memory stays in the one that was left, so that its
 * pages need not be asked for again.  In a checking build there are REGIONS of them, taken in turn: a region that was
 * left loses its memory and is closed to access, so a reference from before the collection faults when it is used, and
 * its address means no other object until all regions have had their turn.
 *
 *   base                 touched               committed                     base of the next region
 *    | objects, or left-overs | zero, no memory yet |  no access                  |
 *
 * INVARIANTS
 *  - touched <= committed <= region_bytes, in every region; regions other than the current one and the reserve have
 *    neither, in a checking build, unless the system refused to close one (has_open_region).
 *  - From touched to committed a region is zero, as it came from the system.
 *  - Under AddressSanitizer all of a region is closed but what the client has opened.
 */
#ifndef GCLAB_COLLECTORS_SEMISPACE_SPACES_H
#define GCLAB_COLLECTORS_SEMISPACE_SPACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/build.h"

enum { REGIONS = BUILD_CHECKING ? 8 : 2, SPACE_PAGE_BYTES = 4096 };

struct space {
  char *base;
  uint64_t committed_bytes; /* from base on: may be written to */
  uint64_t touched_bytes;   /* from base on: has been written to */
};

struct spaces {
  struct space regions[REGIONS];
  uint32_t current;      /* the region that objects are in */
  uint64_t region_bytes; /* addresses of one */
  uint64_t opened_bytes; /* the most that was ever committed in one */
  bool has_open_region;
};

/* Reserves addresses for regions of max_bytes each, or as much as the system allows.  False: not even a little. */
bool spaces_init(struct spaces *spaces, uint64_t max_bytes, bool huge_pages);
void spaces_finish(struct spaces *spaces);

static inline struct space *spaces_current(struct spaces *spaces) { return &spaces->regions[spaces->current]; }

static inline struct space *spaces_reserve(struct spaces *spaces)
{
  return &spaces->regions[(spaces->current + 1) % REGIONS];
}

/*
 * Makes the first `bytes` of the space usable, and as a rule some more, for a system call is dear; but never more than
 * most_bytes, which is not below `bytes` in whole pages.  False: there is no memory, and nothing has changed.
 */
bool spaces_commit(struct spaces *spaces, struct space *space, uint64_t bytes, uint64_t most_bytes);

/* The client has written to the first `bytes`, which are committed. */
static inline void space_touch(struct space *space, uint64_t bytes)
{
  if (space->touched_bytes < bytes) space->touched_bytes = bytes;
}

/* Gives the memory behind the first `bytes` back to the system, and no longer counts it as usable. */
void space_trim(struct space *space, uint64_t bytes);

/* The reserve becomes the current space; what is left of the old one is garbage. */
void spaces_flip(struct spaces *spaces);

/* Memory that the spaces hold: what has been written to and not given back. */
uint64_t spaces_held_bytes(const struct spaces *spaces);

static inline bool spaces_contain(const struct spaces *spaces, const void *address)
{
  return (uintptr_t)address - (uintptr_t)spaces->regions[0].base < spaces->region_bytes * REGIONS;
}

/* Aborts with a message when an invariant does not hold. */
void spaces_check(const struct spaces *spaces);

#endif
