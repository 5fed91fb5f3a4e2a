/*
 * cell_blocks: cells in marksweep's blocks (blocks.h), each block with a list of its free cells.  cell.h says what the
 * functions do.
 *
 * Lists by block, as in mimalloc (Leijen, Zorn and de Moura, "Mimalloc: free list sharding in action", 2019), not one
 * for a size class: cells that are allocated one after the other are near one another, and a block whose cells are all
 * free goes back to all classes without a search for its cells in a list.  A free cell's first word leads to the next.
 * Cells of a fresh block are cut a few at a time, so that a list is in the first-level cache when it is used.
 *
 * A class allocates in the first block of its list, its current one, until that has no cell left; then the block is
 * taken off the list, and comes back, behind the current one, with the first of its cells that is freed.  An empty
 * block goes back at once unless it is current.  Free blocks are kept for as much again as is used, as marksweep keeps
 * them at its growth factor of 2; the memory of others goes back to the system.
 *
 * Cells above SIZE_CLASS_MAX_BYTES are mappings of their own (large.h), which go back to the system when they are freed.
 *
 * INVARIANTS
 *  - A used block has a page, and a page's cells below cut_bytes are in its free list or used; the others are not cut.
 *  - A page is in its class's list unless it has neither a free cell nor one to cut.
 *  - An empty page is the current one of its class.
 */
#ifndef GCLAB_COLLECTORS_PARTS_CELL_BLOCKS_H
#define GCLAB_COLLECTORS_PARTS_CELL_BLOCKS_H

#include <stdint.h>
#include <string.h>

#include "collectors/collector.h"
#include "collectors/parts/blocks.h"
#include "collectors/parts/large.h"
#include "collectors/parts/poison.h"

/* What a block's row in the table does not tell; its number is the block's. */
struct cell_page {
  void *free;              /* the first free cell; NULL: none */
  uint32_t used;           /* cells that are handed out */
  uint32_t cut_bytes;      /* cells below this have been in the list */
  uint32_t next, previous; /* in its class's list; 0: none */
  bool listed;
};

struct cells {
  struct cell_page
      *current[SIZE_CLASSES]; /* the first in the class's list; page 0, which is full, where there is none */
  struct cell_page *pages;
  uint32_t opened; /* pages below have memory */
  struct blocks blocks;
  struct large_space large;
  struct gc_counters *counters;
};

bool cells_init(struct cells *cells, struct gc_counters *counters);
void cells_finish(struct cells *cells);
void cells_check(const struct cells *cells);

/* The slow paths: a large cell, or one of a class whose current page has none; a large cell again. */
void *cells_allocate(struct gc_mutator *mutator, struct cells *cells, uint64_t bytes);
void cells_free_large(struct cells *cells, void *cell);
/* A cell of the page was freed that was its only free one, or its last used one. */
void cells_attend(struct cells *cells, struct cell_page *page);

/* Of a page that has one, taken off the list. */
static inline void *cell_pop(struct cell_page *page, uint32_t cell_bytes)
{
  void *cell = page->free;
  poison_open(cell, cell_bytes);
  memcpy(&page->free, cell, sizeof page->free);
  page->used++;
  return cell;
}

static inline void *cell_allocate(struct gc_mutator *mutator, struct cells *cells, uint64_t bytes)
{
  if (GC_UNLIKELY(bytes > SIZE_CLASS_MAX_BYTES)) return cells_allocate(mutator, cells, bytes);
  const unsigned size_class = size_class_of(bytes);
  struct cell_page *page = cells->current[size_class];
  if (GC_UNLIKELY(page->free == NULL)) return cells_allocate(mutator, cells, bytes);
  mutator->counters.heap_bytes += size_class_cell_bytes(size_class);
  return memset(cell_pop(page, size_class_cell_bytes(size_class)), 0, bytes);
}

static inline void cell_free(struct cells *cells, void *cell, uint64_t bytes)
{
  if (GC_UNLIKELY(bytes > SIZE_CLASS_MAX_BYTES)) {
    cells_free_large(cells, cell);
    return;
  }
  struct cell_page *page = &cells->pages[((uintptr_t)cell - (uintptr_t)cells->blocks.base) >> BLOCK_SHIFT];
  void *next = page->free;
  memcpy(cell, &next, sizeof next);
  page->free = cell;
  page->used--;
  poison_close(cell, size_class_cell_bytes(size_class_of(bytes)));
  if (GC_UNLIKELY(next == NULL || page->used == 0)) cells_attend(cells, page);
}

static inline uint64_t cell_slack_bytes(uint64_t bytes)
{
  if (GC_UNLIKELY(bytes > SIZE_CLASS_MAX_BYTES)) return large_mapped_bytes(bytes) - bytes;
  return size_class_cell_bytes(size_class_of(bytes)) - bytes;
}

#endif
