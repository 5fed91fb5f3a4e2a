/*
 * The slow paths of allocation.
 *
 * A class's piece is used up: the next one is cut from the next run of free cells, found in the bitmap of the block
 * at hand (lazy sweeping: a cell is never touched between its death and its next birth), of the class's next unswept
 * block, or of a fresh block.  Runs are zeroed and handed out a piece of 16 KiB at a time, so that the cells are still
 * in the first-level cache when they are filled, and so that the collector hears of allocation often enough to be
 * exact about triggers; stress mode makes pieces of one cell.
 *
 * None of it takes long: a search looks at one block's 64 words, since only blocks with free cells are listed, and a
 * piece is 16 KiB.  So lazy sweeping needs no entry in the journal.
 */
#include <string.h>

#include "collectors/marksweep/marksweep.h"
#include "collectors/parts/fault.h"

static uint64_t held_bytes(const struct marksweep *ms)
{
  return (uint64_t)ms->blocks.used * BLOCK_BYTES + ms->large.mapped_bytes;
}

/* Takes [start, end) of the block, zeroed, as the class's piece. */
static void take_piece(struct marksweep *ms, unsigned size_class, uint32_t start, uint32_t end)
{
  struct block *block = ms->sources[size_class].block;
  const uint32_t cell_bytes = size_class_cell_bytes(size_class);
  uint32_t bytes = ms->piece_bytes / cell_bytes * cell_bytes;
  if (bytes == 0) bytes = cell_bytes;
  if (bytes < end - start) end = start + bytes;
  char *cells = blocks_cells(&ms->blocks, block);
  poison_open(cells + start, end - start);
  if (!(block->flags & BLOCK_CLEAN) && start < block->virgin_bytes) {
    const uint32_t until = end < block->virgin_bytes ? end : block->virgin_bytes;
    memset(cells + start, 0, until - start);
  }
  poison_close(cells + start, end - start); /* gc_new opens each cell */
  if (block->virgin_bytes < end) block->virgin_bytes = end;
  block->cursor_bytes = end;
  ms->pieces[size_class] = (struct piece){.next = cells + start, .limit = cells + end};
  ms->mutator.counters.allocated_objects += (end - start) / cell_bytes;
  ms->mutator.counters.heap_bytes += end - start;
}

static bool find_piece(struct marksweep *ms, unsigned size_class)
{
  const struct block *block = ms->sources[size_class].block;
  const uint32_t cells_end = blocks_cells_per_block(size_class) * size_class_cell_bytes(size_class);
  uint32_t start = block->cursor_bytes;
  uint32_t end = start + size_class_cell_bytes(size_class);
  if (GC_FAULT(cell_reused) && end <= cells_end) {
    take_piece(ms, size_class, start, end);
    return true;
  }
  if (!blocks_find_run(ms->cell_starts[size_class], blocks_marks(&ms->blocks, block), cells_end, block->cursor_bytes,
                       &start, &end))
    return false;
  take_piece(ms, size_class, start, end);
  return true;
}

/* A fresh block for the class, within the limit.  False: there is no room. */
static bool add_block(struct marksweep *ms, unsigned size_class)
{
  if (!trigger_fits(&ms->trigger, held_bytes(ms) + BLOCK_BYTES)) return false;
  struct block *block = blocks_acquire(&ms->blocks);
  if (block == NULL) return false;
  block->size_class = (uint8_t)size_class;
  ms->sources[size_class].block = block;
  marksweep_note_footprint(ms);
  return true;
}

/* Fills the class's piece.  False: there is no room without collecting. */
static bool refill(struct marksweep *ms, unsigned size_class)
{
  struct source *source = &ms->sources[size_class];
  for (;;) {
    if (source->block != NULL && find_piece(ms, size_class)) return true;
    if (source->unswept == 0) {
      source->block = NULL;
      if (!add_block(ms, size_class)) return false;
      continue;
    }
    source->block = &ms->blocks.table[source->unswept];
    source->unswept = source->block->next;
  }
}

/* Collects where a trigger says so. */
static void safepoint(struct marksweep *ms, uint64_t more_bytes)
{
  if (ms->stress_period != 0 && ++ms->stress_count >= ms->stress_period) {
    ms->stress_count = 0;
    marksweep_collect(ms, JOURNAL_STRESS);
  } else if (trigger_is_due(&ms->trigger, ms->mutator.counters.heap_bytes + more_bytes)) {
    marksweep_collect(ms, ms->trigger.cause);
  }
}

/* A full collection has not made room. */
static _Noreturn void out_of_memory(struct marksweep *ms, struct gc_shape shape)
{
  marksweep_retire_pieces(ms);
  ms->mutator.config->out_of_memory(&ms->mutator, header_payload_bytes(shape));
}

__attribute__((noinline)) void marksweep_new_small(struct marksweep *ms, gc_ref *slot, uint32_t packed)
{
  const struct gc_shape shape = {.fields = packed_fields(packed), .bytes = packed_bytes(packed)};
  const unsigned size_class = size_class_of(HEADER_BYTES + header_payload_bytes(shape));
  struct piece *piece = &ms->pieces[size_class];
  safepoint(ms, 0);
  if (piece->next == piece->limit && !refill(ms, size_class)) {
    marksweep_collect(ms, JOURNAL_HEAP_LIMIT);
    if (!refill(ms, size_class)) out_of_memory(ms, shape);
  }
  marksweep_take_cell(ms, slot, piece, size_class_cell_bytes(size_class), packed, header_payload_bytes(shape));
  if (ms->mutator.hooks != NULL) marksweep_run_hooks(ms);
}

static gc_ref try_large(struct marksweep *ms, uint64_t payload_bytes)
{
  const uint64_t bytes = large_mapped_bytes(payload_bytes);
  if (!trigger_fits(&ms->trigger, held_bytes(ms) + bytes)) return NULL;
  const gc_ref object = large_new(&ms->large, payload_bytes);
  if (object == NULL) return NULL;
  ms->mutator.counters.allocated_objects++;
  ms->mutator.counters.heap_bytes += bytes;
  if (ms->trigger.limit_bytes != 0) /* the pool of free blocks is within the limit too */
    blocks_trim(&ms->blocks, (uint32_t)((ms->trigger.limit_bytes - held_bytes(ms)) >> BLOCK_SHIFT));
  marksweep_note_footprint(ms);
  return object;
}

__attribute__((noinline)) void marksweep_new_large(struct marksweep *ms, gc_ref *slot, struct gc_shape shape)
{
  const uint64_t payload_bytes = header_payload_bytes(shape);
  safepoint(ms, large_mapped_bytes(payload_bytes));
  gc_ref object = try_large(ms, payload_bytes);
  if (object == NULL) {
    marksweep_collect(ms, JOURNAL_HEAP_LIMIT);
    object = try_large(ms, payload_bytes);
  }
  if (object == NULL) {
    blocks_close_free(&ms->blocks); /* what blocks hold of the system's limit */
    object = try_large(ms, payload_bytes);
  }
  if (object == NULL) out_of_memory(ms, shape);
  struct header *header = header_of(object);
  *((struct header_extent *)(void *)header - 1) = (struct header_extent){.fields = shape.fields, .bytes = shape.bytes};
  *header = (struct header){.word = HEADER_OBJECT, .packed = header_pack(shape)};
  ms->mutator.counters.allocated_bytes += payload_bytes;
  *slot = object;
  if (ms->mutator.hooks != NULL) marksweep_run_hooks(ms);
}

/* Gives back what is left of every piece, so that counters and cursors are exact. */
void marksweep_retire_pieces(struct marksweep *ms)
{
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    struct piece *piece = &ms->pieces[size_class];
    const uint64_t left = (uint64_t)(piece->limit - piece->next);
    if (left == 0) continue;
    struct block *block = ms->sources[size_class].block;
    block->cursor_bytes = (uint32_t)(piece->next - blocks_cells(&ms->blocks, block));
    ms->mutator.counters.allocated_objects -= left / size_class_cell_bytes(size_class);
    ms->mutator.counters.heap_bytes -= left;
    piece->limit = piece->next;
  }
}
