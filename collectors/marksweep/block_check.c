/*
 * Verification of a block heap: what an object is, at any time, and whether the structure is what it should be.
 */
#include <string.h>
#include <sys/mman.h>

#include "collectors/marksweep/marksweep.h"

static bool cell_is_allocated(struct marksweep *ms, const struct block *block, const char *cell)
{
  if (blocks_is_marked(&ms->space.blocks, cell)) return true;
  if (cell >= blocks_cells(&ms->space.blocks, block) + block->cursor_bytes) return false;
  const struct source *source = &ms->space.sources[block->size_class];
  const struct piece *piece = &ms->space.pieces[block->size_class];
  return source->block != block || cell < piece->next || cell >= piece->limit;
}

const char *space_fault_of(struct marksweep *ms, gc_ref object)
{
  if ((uintptr_t)object % sizeof(gc_ref) != 0) return "the address is not aligned";
  if (!blocks_contain(&ms->space.blocks, object))
    return large_contains(&ms->space.large, object) ? NULL : "the address is outside the heap";
  const struct block *block = blocks_find(&ms->space.blocks, object);
  const uint32_t index = blocks_index(&ms->space.blocks, block);
  if (index == 0 || index >= ms->space.blocks.opened || block->state != BLOCK_USED)
    return "the address is in a free block";
  char *cell = (char *)object - HEADER_BYTES;
  const uint64_t offset = (uint64_t)(cell - blocks_cells(&ms->space.blocks, block));
  if (offset >= BLOCK_BYTES || offset % size_class_cell_bytes(block->size_class) != 0)
    return "the address is not an object's";
  if (!cell_is_allocated(ms, block, cell)) return "the object has been freed";
  if (header_of(object)->word != HEADER_OBJECT) return "the header is damaged";
  const uint64_t bytes = HEADER_BYTES + header_payload_bytes(shape_of(object));
  if (bytes > SIZE_CLASS_MAX_BYTES || size_class_of(bytes) != block->size_class) return "the header is damaged";
  return NULL;
}

static void poison_cells(char *cells, uint64_t bytes, bool must_be_zero)
{
  if (!must_be_zero) poison_fill(cells, bytes);
  poison_close(cells, bytes);
}

void space_poison_garbage(struct marksweep *ms)
{
  for (uint32_t i = 1; i < ms->space.blocks.opened; i++) {
    const struct block *block = &ms->space.blocks.table[i];
    char *cells = blocks_cells(&ms->space.blocks, block);
    if (block->state == BLOCK_DIRTY) poison_cells(cells, BLOCK_BYTES, false);
    if (block->state != BLOCK_USED) continue;
    const uint32_t cell_bytes = size_class_cell_bytes(block->size_class);
    for (uint32_t at = 0; at + cell_bytes <= block->virgin_bytes; at += cell_bytes) {
      if (!blocks_is_marked(&ms->space.blocks, cells + at))
        poison_cells(cells + at, cell_bytes, (block->flags & BLOCK_CLEAN) != 0);
    }
  }
}

uint64_t space_visit_begin(struct marksweep *ms, struct space_visited *visited)
{
  visited->bytes = (uint64_t)ms->space.blocks.opened * BLOCK_MARK_WORDS * 8;
  void *bits = mmap(NULL, visited->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  visited->bits = bits != MAP_FAILED ? bits : NULL;
  return bits != MAP_FAILED ? 0 : visited->bytes;
}

bool space_visit(struct marksweep *ms, struct space_visited *visited, gc_ref object)
{
  if (!blocks_contain(&ms->space.blocks, object)) {
    struct large *large = large_of(object);
    const bool first = !large->visited;
    large->visited = true;
    return first;
  }
  const uint64_t granule = (uint64_t)((char *)object - ms->space.blocks.base) >> GRANULE_SHIFT;
  uint64_t *word = &visited->bits[granule / 64];
  const uint64_t bit = UINT64_C(1) << granule % 64;
  const bool first = (*word & bit) == 0;
  *word |= bit;
  return first;
}

void space_visit_end(struct marksweep *ms, struct space_visited *visited)
{
  for (uint64_t i = 0; i < ms->space.large.count; i++) ms->space.large.registry[i]->visited = false;
  if (visited->bits != NULL) munmap(visited->bits, visited->bytes);
}

static void check_cell(struct marksweep *ms, const struct block *block, char *cell, struct tally *tally)
{
  const gc_ref object = object_in_cell(cell);
  const uint32_t cell_bytes = size_class_cell_bytes(block->size_class);
  if (cell_is_allocated(ms, block, cell)) {
    marksweep_require_object(ms, object, "an allocated cell holds no object");
    tally->objects++;
    tally->bytes += cell_bytes;
    tally->payload_bytes += header_payload_bytes(shape_of(object));
    return;
  }
  const struct piece *piece = &ms->space.pieces[block->size_class];
  const bool in_piece = cell >= piece->next && cell < piece->limit;
  if (!in_piece && !(block->flags & BLOCK_CLEAN)) return;
  poison_open(cell, cell_bytes);
  for (uint32_t i = 0; i < cell_bytes; i++) {
    if (cell[i] != 0) gc_fail("a free cell that should be zero is not", cell);
  }
  if (cell < blocks_cells(&ms->space.blocks, block) + block->virgin_bytes) poison_close(cell, cell_bytes);
}

static void check_block(struct marksweep *ms, const struct block *block, struct tally *tally)
{
  const uint64_t *marks = blocks_marks(&ms->space.blocks, block);
  const uint64_t *starts = ms->space.cell_starts[block->size_class];
  char *cells = blocks_cells(&ms->space.blocks, block);
  for (int word = 0; word < BLOCK_MARK_WORDS; word++) {
    if ((marks[word] & ~starts[word]) != 0) gc_fail("a mark bit is set where no cell starts", cells);
  }
  if (blocks_count_marks(marks) != block->marked_cells)
    gc_fail("a block's marks have changed since they were counted", cells);
  if (block->flags & BLOCK_DROPPED) gc_fail("a block is still flagged as dropped", cells);
  if (block->cursor_bytes > BLOCK_BYTES) gc_fail("a block's cursor is beyond its end", cells);
  const uint32_t cell_bytes = size_class_cell_bytes(block->size_class);
  for (uint32_t at = 0; at + cell_bytes <= BLOCK_BYTES; at += cell_bytes) check_cell(ms, block, cells + at, tally);
}

static uint32_t count_unswept(const struct marksweep *ms)
{
  uint32_t count = 0;
  for (uint32_t i = 1; i < ms->space.blocks.opened; i++) {
    const struct block *block = &ms->space.blocks.table[i];
    if (block->state != BLOCK_USED || block->cursor_bytes != 0) continue;
    if (block->marked_cells < blocks_cells_per_block(block->size_class)) count++;
  }
  return count;
}

/* Every block with free cells that is not being allocated in is listed, once, in the order of addresses. */
static void check_sources(struct marksweep *ms)
{
  uint32_t listed = 0;
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    uint32_t last = 0;
    for (uint32_t i = ms->space.sources[size_class].unswept; i != 0; i = ms->space.blocks.table[i].next) {
      const struct block *block = &ms->space.blocks.table[i];
      if (i <= last) gc_fail("a list of unswept blocks is out of order", block);
      if (block->state != BLOCK_USED || block->size_class != size_class) gc_fail("a block is in the wrong list", block);
      if (block->cursor_bytes != 0) gc_fail("an unswept block has been allocated in", block);
      last = i;
      listed++;
    }
    const struct piece *piece = &ms->space.pieces[size_class];
    const struct block *block = ms->space.sources[size_class].block;
    if (piece->next > piece->limit) gc_fail("a piece ends before its start", piece);
    if (piece->next == piece->limit) continue;
    if (block == NULL || piece->limit != blocks_cells(&ms->space.blocks, block) + block->cursor_bytes)
      gc_fail("a piece is not just below its block's cursor", piece->next);
  }
  if (listed != count_unswept(ms)) gc_fail("blocks with free cells are in no list", ms->space.sources);
}

static void count_spare(const struct marksweep *ms, struct tally *tally)
{
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    const uint64_t bytes = (uint64_t)(ms->space.pieces[size_class].limit - ms->space.pieces[size_class].next);
    tally->spare_objects += bytes / size_class_cell_bytes(size_class);
    tally->spare_bytes += bytes;
  }
}

void space_check(struct marksweep *ms, struct tally *tally)
{
  blocks_check(&ms->space.blocks);
  large_check(&ms->space.large);
  check_sources(ms);
  count_spare(ms, tally);
  for (uint32_t i = 1; i < ms->space.blocks.opened; i++) {
    if (ms->space.blocks.table[i].state == BLOCK_USED) check_block(ms, &ms->space.blocks.table[i], tally);
  }
  for (uint64_t i = 0; i < ms->space.large.count; i++) {
    const gc_ref object = large_object(ms->space.large.registry[i]);
    if (ms->space.large.registry[i]->marked) gc_fail("a large object is marked between collections", object);
    tally->objects++;
    tally->bytes += ms->space.large.registry[i]->mapped_bytes;
    tally->payload_bytes += header_payload_bytes(shape_of(object));
  }
}
