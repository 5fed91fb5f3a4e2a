/*
 * Allocation in blocks: gc_new, and its slow paths.
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

/*
 * Makes the next cell of a piece, which must have one, into an object.  A line is sent for a piece ahead, where the
 * next piece will most often be cut: the lines come one by one while objects are made, and are there when it is zeroed.
 */
static inline void take_cell(struct marksweep *ms, gc_ref *slot, struct piece *piece, uint32_t cell_bytes,
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

static uint64_t held_bytes(const struct marksweep *ms)
{
  return (uint64_t)ms->space.blocks.used * BLOCK_BYTES + ms->space.large.mapped_bytes;
}

/* Takes [start, end) of the block, zeroed, as the class's piece. */
static void take_piece(struct marksweep *ms, unsigned size_class, uint32_t start, uint32_t end)
{
  struct block *block = ms->space.sources[size_class].block;
  const uint32_t cell_bytes = size_class_cell_bytes(size_class);
  uint32_t bytes = ms->space.piece_bytes / cell_bytes * cell_bytes;
  if (bytes == 0) bytes = cell_bytes;
  if (bytes < end - start) end = start + bytes;
  char *cells = blocks_cells(&ms->space.blocks, block);
  poison_open(cells + start, end - start);
  if (!(block->flags & BLOCK_CLEAN) && start < block->virgin_bytes) {
    const uint32_t until = end < block->virgin_bytes ? end : block->virgin_bytes;
    memset(cells + start, 0, until - start);
  }
  poison_close(cells + start, end - start); /* gc_new opens each cell */
  if (block->virgin_bytes < end) block->virgin_bytes = end;
  block->cursor_bytes = end;
  ms->space.pieces[size_class] = (struct piece){.next = cells + start, .limit = cells + end};
  ms->mutator.counters.allocated_objects += (end - start) / cell_bytes;
  ms->mutator.counters.heap_bytes += end - start;
}

static bool find_piece(struct marksweep *ms, unsigned size_class)
{
  const struct block *block = ms->space.sources[size_class].block;
  const uint32_t cells_end = blocks_cells_per_block(size_class) * size_class_cell_bytes(size_class);
  uint32_t start = block->cursor_bytes;
  uint32_t end = start + size_class_cell_bytes(size_class);
  if (GC_FAULT(cell_reused) && end <= cells_end) {
    take_piece(ms, size_class, start, end);
    return true;
  }
  if (!blocks_find_run(ms->space.cell_starts[size_class], blocks_marks(&ms->space.blocks, block), cells_end,
                       block->cursor_bytes, &start, &end))
    return false;
  take_piece(ms, size_class, start, end);
  return true;
}

/* A fresh block for the class, within the limit.  False: there is no room. */
static bool add_block(struct marksweep *ms, unsigned size_class)
{
  if (!trigger_fits(&ms->trigger, held_bytes(ms) + BLOCK_BYTES)) return false;
  struct block *block = blocks_acquire(&ms->space.blocks);
  if (block == NULL) return false;
  block->size_class = (uint8_t)size_class;
  ms->space.sources[size_class].block = block;
  space_note_footprint(ms);
  return true;
}

/* Fills the class's piece.  False: there is no room without collecting. */
static bool refill(struct marksweep *ms, unsigned size_class)
{
  struct source *source = &ms->space.sources[size_class];
  for (;;) {
    if (source->block != NULL && find_piece(ms, size_class)) return true;
    if (source->unswept == 0) {
      source->block = NULL;
      if (!add_block(ms, size_class)) return false;
      continue;
    }
    source->block = &ms->space.blocks.table[source->unswept];
    source->unswept = source->block->next;
  }
}

/* A full collection has not made room. */
static _Noreturn void out_of_memory(struct marksweep *ms, struct gc_shape shape)
{
  space_settle(ms);
  ms->mutator.config->out_of_memory(&ms->mutator, header_payload_bytes(shape));
}

static __attribute__((noinline)) void new_small(struct marksweep *ms, gc_ref *slot, uint32_t packed)
{
  const struct gc_shape shape = {.fields = packed_fields(packed), .bytes = packed_bytes(packed)};
  const unsigned size_class = size_class_of(HEADER_BYTES + header_payload_bytes(shape));
  struct piece *piece = &ms->space.pieces[size_class];
  marksweep_safepoint(ms, 0);
  if (piece->next == piece->limit && !refill(ms, size_class)) {
    marksweep_collect(ms, JOURNAL_HEAP_LIMIT);
    large_release_kept(&ms->space.large);
    if (!refill(ms, size_class)) out_of_memory(ms, shape);
  }
  take_cell(ms, slot, piece, size_class_cell_bytes(size_class), packed, header_payload_bytes(shape));
  if (ms->mutator.hooks != NULL) marksweep_run_hooks(ms);
}

static gc_ref try_large(struct marksweep *ms, uint64_t payload_bytes)
{
  const uint64_t bytes = large_mapped_bytes(payload_bytes);
  if (!trigger_fits(&ms->trigger, held_bytes(ms) + bytes)) return NULL;
  const gc_ref object = large_new(&ms->space.large, payload_bytes);
  if (object == NULL) return NULL;
  ms->mutator.counters.allocated_objects++;
  ms->mutator.counters.heap_bytes += bytes;
  if (ms->trigger.limit_bytes != 0) /* the pool of free blocks is within the limit too */
    blocks_trim(&ms->space.blocks, (uint32_t)((ms->trigger.limit_bytes - held_bytes(ms)) >> BLOCK_SHIFT));
  space_note_footprint(ms);
  return object;
}

static __attribute__((noinline)) void new_large(struct marksweep *ms, gc_ref *slot, struct gc_shape shape)
{
  const uint64_t payload_bytes = header_payload_bytes(shape);
  marksweep_safepoint(ms, large_mapped_bytes(payload_bytes));
  gc_ref object = try_large(ms, payload_bytes);
  if (object == NULL) {
    marksweep_collect(ms, JOURNAL_HEAP_LIMIT);
    object = try_large(ms, payload_bytes);
  }
  if (object == NULL) {
    blocks_close_free(&ms->space.blocks); /* what blocks hold of the system's limit */
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

GC_INLINE void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new: the slot is in no frame on the shadow stack", slot);
  struct marksweep *ms = marksweep_of(mutator);
  const uint64_t bytes = HEADER_BYTES + header_payload_bytes(shape);
  if (GC_UNLIKELY(bytes > SIZE_CLASS_MAX_BYTES)) {
    new_large(ms, slot, shape);
    return;
  }
  const unsigned size_class = size_class_of(bytes);
  struct piece *piece = &ms->space.pieces[size_class];
  if (GC_UNLIKELY(piece->next == piece->limit)) {
    new_small(ms, slot, header_pack(shape));
    return;
  }
  take_cell(ms, slot, piece, size_class_cell_bytes(size_class), header_pack(shape), bytes - HEADER_BYTES);
}
