/*
 * A collection: retire the pieces, mark, look at each block's bitmap, say what is free.
 *
 * What the pause does after marking is proportional to the number of blocks: it counts a block's bits (that is what
 * is alive), and puts the block among the free ones or in its class's list of blocks to sweep.  Cells are not touched,
 * but for lazy_sweep=off, where the free ones are zeroed here, so that the pause carries what allocation otherwise
 * would.  Freed objects are those allocated and not counted alive.
 */
#include <string.h>

#include "collectors/marksweep/marksweep.h"

struct census {
  uint64_t objects, bytes; /* alive; bytes of cells and mappings */
};

static __attribute__((noinline)) void sweep_now(struct marksweep *ms, struct block *block)
{
  const unsigned size_class = block->size_class;
  const uint32_t cells_end = blocks_cells_per_block(size_class) * size_class_cell_bytes(size_class);
  char *cells = blocks_cells(&ms->blocks, block);
  uint32_t start = 0;
  uint32_t end = 0;
  while (blocks_find_run(ms->cell_starts[size_class], blocks_marks(&ms->blocks, block), cells_end, end, &start, &end)) {
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
  memset(ms->sources, 0, sizeof ms->sources);
  for (uint32_t i = ms->blocks.opened; i-- > 1;) {
    struct block *block = &ms->blocks.table[i];
    if (block->state != BLOCK_USED) continue;
    const uint32_t marked = blocks_count_marks(blocks_marks(&ms->blocks, block));
    if (marked == 0) {
      blocks_release(&ms->blocks, block);
      continue;
    }
    const unsigned size_class = block->size_class;
    block->marked_cells = (uint16_t)marked;
    block->cursor_bytes = 0;
    block->flags = 0;
    census->objects += marked;
    census->bytes += (uint64_t)marked * size_class_cell_bytes(size_class);
    if (marked == blocks_cells_per_block(size_class)) continue;
    if (!ms->lazy_sweep) sweep_now(ms, block);
    block->next = ms->sources[size_class].unswept;
    ms->sources[size_class].unswept = i;
  }
}

/*
 * Free blocks are kept as far as the heap may need them before the next collection; the rest goes back to the system.
 */
static void trim(struct marksweep *ms, uint64_t live_bytes)
{
  uint64_t until = ms->trigger.due_bytes - live_bytes;
  if (ms->trigger.limit_bytes != 0) {
    const uint64_t held = (uint64_t)ms->blocks.used * BLOCK_BYTES + ms->large.mapped_bytes;
    const uint64_t room = ms->trigger.limit_bytes > held ? ms->trigger.limit_bytes - held : 0;
    if (room < until) until = room;
  }
  const uint64_t keep = until >> BLOCK_SHIFT;
  blocks_sort_free(&ms->blocks);
  blocks_trim(&ms->blocks, keep < UINT32_MAX ? (uint32_t)keep : UINT32_MAX);
}

static void reclaim(struct marksweep *ms, struct census *census)
{
  classify_blocks(ms, census);
  large_sweep(&ms->large);
  census->objects += ms->large.count;
  census->bytes += ms->large.mapped_bytes;
}

__attribute__((noinline)) uint64_t marksweep_collect(struct marksweep *ms, enum journal_cause cause)
{
  struct gc_counters *counters = &ms->mutator.counters;
  struct journal *journal = ms->mutator.journal;
  marksweep_retire_pieces(ms);
  gc_counters_note_peak(counters);
  const uint64_t before_objects = counters->allocated_objects - counters->freed_objects;
  const uint64_t before_bytes = counters->allocated_bytes - counters->freed_bytes;

  journal_begin(journal, JOURNAL_COLLECTION, cause, GC_GENERATIONS - 1, counters->heap_bytes);
  marksweep_mark(ms);
  if (ms->mutator.hooks != NULL) marksweep_mark_hooked(ms);
  journal_mark_done(journal);
  struct census census = {0};
  reclaim(ms, &census);
  const uint64_t live_payload = ms->totals.edges * sizeof(gc_ref) + ms->totals.raw_bytes;
  const struct journal_work work = {.examined_objects = census.objects,
                                    .followed_edges = ms->totals.edges,
                                    .freed_objects = before_objects - census.objects,
                                    .freed_bytes = before_bytes - live_payload};
  counters->freed_objects += work.freed_objects;
  counters->freed_bytes += work.freed_bytes;
  counters->collections[GC_GENERATIONS - 1]++;
  counters->collected[GC_GENERATIONS - 1] += work.freed_objects;
  counters->heap_bytes = census.bytes;
  ms->live_bytes = census.bytes;
  trigger_update(&ms->trigger, census.bytes);
  trim(ms, census.bytes);
  marksweep_note_footprint(ms);
  journal_end(journal, &work, counters->heap_bytes);
#ifdef GC_CHECKING
  const uint64_t number = counters->collections[GC_GENERATIONS - 1];
  if ((number & (number - 1)) == 0) collector_check(&ms->mutator); /* 1st, 2nd, 4th, 8th ...: it takes long */
  marksweep_poison_garbage(ms);
#endif
  return work.freed_objects;
}
