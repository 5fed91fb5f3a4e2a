/*
 * marksweep's limit is of blocks, in use or free and not given back, and of large objects.  What stands beside the heap
 * (rows and mark bits of blocks, the registry of large objects, the mark stack) is not counted, as the knob says.
 */
#include "collectors/marksweep/marksweep.h"
#include "tests/faults/heap_limit.h"

const uint64_t account_spaces = 1;
const bool account_has_huge_pages = false; /* a huge page is 32 blocks, some of which may not be counted */

uint64_t account_held_bytes(struct gc_mutator *mutator)
{
  const struct marksweep *ms = marksweep_of(mutator);
  return ((uint64_t)ms->space.blocks.used + ms->space.blocks.free[BLOCK_DIRTY].count) * BLOCK_BYTES +
         ms->space.large.mapped_bytes;
}

uint64_t account_needed_bytes(struct gc_mutator *mutator, uint64_t payload_bytes)
{
  const struct marksweep *ms = marksweep_of(mutator);
  const bool is_large = HEADER_BYTES + payload_bytes > SIZE_CLASS_MAX_BYTES;
  return (uint64_t)ms->space.blocks.used * BLOCK_BYTES + ms->space.large.mapped_bytes +
         (is_large ? large_mapped_bytes(payload_bytes) : BLOCK_BYTES);
}

bool account_has_address(struct gc_mutator *mutator, uintptr_t address)
{
  const struct blocks *blocks = &marksweep_of(mutator)->space.blocks;
  return address - (uintptr_t)blocks->base < blocks->span_bytes;
}

uint64_t account_large_bytes(struct gc_mutator *mutator) { return marksweep_of(mutator)->space.large.mapped_bytes; }
