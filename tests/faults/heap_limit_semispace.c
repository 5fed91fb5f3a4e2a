/*
 * semispace's limit is of both spaces, each in whole pages up to where it has been written to, and of large objects:
 * all that is in the space has a place in the reserve.  The registry of large objects is not counted.
 */
#include "collectors/semispace/semispace.h"
#include "tests/faults/heap_limit.h"

const uint64_t account_spaces = 2;
const bool account_has_huge_pages = true;

uint64_t account_held_bytes(struct gc_mutator *mutator)
{
  const struct semispace *ss = semispace_of(mutator);
  return spaces_held_bytes(&ss->spaces) + ss->large.mapped_bytes;
}

uint64_t account_needed_bytes(struct gc_mutator *mutator, uint64_t payload_bytes)
{
  struct semispace *ss = semispace_of(mutator);
  const uint64_t cell_bytes = cell_bytes_of_payload(payload_bytes);
  const bool is_large = cell_bytes > CELL_MAX_BYTES;
  const uint64_t used_bytes = (uint64_t)(ss->bump - spaces_current(&ss->spaces)->base) + (is_large ? 0 : cell_bytes);
  const uint64_t pages = (used_bytes + SPACE_PAGE_BYTES - 1) / SPACE_PAGE_BYTES;
  return account_spaces * pages * SPACE_PAGE_BYTES + ss->large.mapped_bytes +
         (is_large ? large_mapped_bytes(payload_bytes) : 0);
}

bool account_has_address(struct gc_mutator *mutator, uintptr_t address)
{
  const struct spaces *spaces = &semispace_of(mutator)->spaces;
  return address - (uintptr_t)spaces->regions[0].base < spaces->region_bytes * REGIONS;
}

uint64_t account_large_bytes(struct gc_mutator *mutator) { return semispace_of(mutator)->large.mapped_bytes; }
