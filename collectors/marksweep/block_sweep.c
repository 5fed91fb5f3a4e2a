/*
 * A block heap's lifecycle, and what a pause does after marking: proportional to the number of blocks.
 *
 * It counts a block's bits (that is what is alive), and puts the block among the free ones or in its class's list of
 * blocks to sweep.  Cells are not touched, but for lazy_sweep=off, where the free ones are zeroed here, so that the
 * pause carries what allocation otherwise would.
 */
#include <string.h>

#include "collectors/marksweep/marksweep.h"

bool space_start(struct marksweep *ms, const int64_t *knobs)
{
  struct space *space = &ms->space;
  const bool huge_pages = knobs[KNOB_HUGE_PAGES] != 0;
  space->lazy_sweep = knobs[KNOB_LAZY_SWEEP] != 0;
  space->piece_bytes = ms->stress_period != 0 ? 1 : PIECE_BYTES;
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++)
    blocks_cell_starts(size_class, space->cell_starts[size_class]);
  large_init(&space->large, huge_pages, knobs[KNOB_HEAP_LIMIT] == 0);
  return blocks_init(&space->blocks, blocks_reservation_bytes(), huge_pages);
}

void space_finish(struct marksweep *ms)
{
  poison_open(ms->space.blocks.base, (uint64_t)ms->space.blocks.opened * BLOCK_BYTES); /* addresses may be used again */
  large_finish(&ms->space.large);
  blocks_finish(&ms->space.blocks);
}

void space_note_footprint(struct marksweep *ms)
{
  struct gc_counters *counters = &ms->mutator.counters;
  counters->footprint_bytes = blocks_held_bytes(&ms->space.blocks) + large_held_bytes(&ms->space.large) +
                              ms->stack.mapped_bytes + ms->slices.mapped_bytes;
  if (counters->footprint_bytes > counters->peak_footprint_bytes)
    counters->peak_footprint_bytes = counters->footprint_bytes;
}

/* Gives back what is left of every piece, so that counters and cursors are exact. */
void space_settle(struct marksweep *ms)
{
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    struct piece *piece = &ms->space.pieces[size_class];
    const uint64_t left = (uint64_t)(piece->limit - piece->next);
    if (left == 0) continue;
    struct block *block = ms->space.sources[size_class].block;
    block->cursor_bytes = (uint32_t)(piece->next - blocks_cells(&ms->space.blocks, block));
    ms->mutator.counters.allocated_objects -= left / size_class_cell_bytes(size_class);
    ms->mutator.counters.heap_bytes -= left;
    piece->limit = piece->next;
  }
}

void space_clear_marks(struct marksweep *ms) { blocks_clear_marks(&ms->space.blocks); }

static __attribute__((noinline)) void sweep_now(struct marksweep *ms, struct block *block)
{
  const unsigned size_class = block->size_class;
  const uint32_t cells_end = blocks_cells_per_block(size_class) * size_class_cell_bytes(size_class);
  char *cells = blocks_cells(&ms->space.blocks, block);
  uint32_t start = 0;
  uint32_t end = 0;
  while (blocks_find_run(ms->space.cell_starts[size_class], blocks_marks(&ms->space.blocks, block), cells_end, end,
                         &start, &end)) {
    const uint32_t until = end < block->virgin_bytes ? end : block->virgin_bytes;
    if (start >= until) continue;
    poison_open(cells + start, until - start);
    memset(cells + start, 0, until - start);
  }
  block->flags |= BLOCK_CLEAN;
}

/* From the last block to the first, so that every list is in the order of addresses. */
static void classify_blocks(struct marksweep *ms, struct census *census)
{
  memset(ms->space.sources, 0, sizeof ms->space.sources);
  for (uint32_t i = ms->space.blocks.opened; i-- > 1;) {
    struct block *block = &ms->space.blocks.table[i];
    if (block->state != BLOCK_USED) continue;
    const uint32_t marked = blocks_count_marks(blocks_marks(&ms->space.blocks, block));
    if (marked == 0) {
      blocks_release(&ms->space.blocks, block);
      continue;
    }
    const unsigned size_class = block->size_class;
    block->marked_cells = (uint16_t)marked;
    block->cursor_bytes = 0;
    block->flags = 0;
    census->objects += marked;
    census->bytes += (uint64_t)marked * size_class_cell_bytes(size_class);
    if (marked == blocks_cells_per_block(size_class)) continue;
    if (!ms->space.lazy_sweep) sweep_now(ms, block);
    block->next = ms->space.sources[size_class].unswept;
    ms->space.sources[size_class].unswept = i;
  }
}

/*
 * Free blocks are kept as far as the heap may need them before the next collection; the rest goes back to the system.
 */
void space_trim(struct marksweep *ms, uint64_t live_bytes)
{
  uint64_t until = ms->trigger.due_bytes - live_bytes;
  if (ms->trigger.limit_bytes != 0) {
    const uint64_t held = (uint64_t)ms->space.blocks.used * BLOCK_BYTES + ms->space.large.mapped_bytes;
    const uint64_t room = ms->trigger.limit_bytes > held ? ms->trigger.limit_bytes - held : 0;
    if (room < until) until = room;
  }
  const uint64_t keep = until >> BLOCK_SHIFT;
  blocks_sort_free(&ms->space.blocks);
  blocks_trim(&ms->space.blocks, keep < UINT32_MAX ? (uint32_t)keep : UINT32_MAX);
}

void space_reclaim(struct marksweep *ms, struct census *census)
{
  classify_blocks(ms, census);
  large_sweep(&ms->space.large);
  census->objects += ms->space.large.count;
  census->bytes += ms->space.large.mapped_bytes;
}
