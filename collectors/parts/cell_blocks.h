/*
 * cell_blocks: cells in marksweep's blocks (blocks.h), with free lists.  cell.h says what the functions do.
 *
 * Each block has a list of its free cells, as in mimalloc (Leijen, Zorn and de Moura, "Mimalloc: free list sharding in
 * action", 2019), not the class one for all: what is allocated one after the other is near one another, and a block
 * whose cells are all free goes back to all classes without a search for its cells in a list.  A free cell's first word
 * leads to the next.  Cells of a fresh block are cut a few at a time, so that a list is in the first-level cache when
 * it is used.
 *
 * In front of the lists each class has a small stack of cells that were freed: the one freed last, which is in the
 * cache, is the next one allocated (as from a magazine; Bonwick and Adams, "Magazines and vmem", 2001).  But where the
 * stack is full or empty, as when a large structure is dropped or built, cells go straight to their blocks' lists and
 * come from there: nothing is ever moved from the one to the other, until memory is short.
 *
 * A class takes from the first block of its list, its current one, until that has no cell left; then the block is taken
 * off the list, and comes back, behind the current one, with the first of its cells that returns.  An empty block goes
 * back at once unless it is current.  When the free blocks have become more than those that are used (and 128), half of
 * them stay, and the memory of the others goes back to the system.
 *
 * Cells above SIZE_CLASS_MAX_BYTES are mappings of their own (large.h), most of which go back to the system when they
 * are freed.
 *
 * INVARIANTS
 *  - A used block has a page, and a page's cells below cut_bytes are in its free list or used; the others are not cut.
 *    Cells in a stack count as used.
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

enum { CELL_STACK_CELLS = 128 };

/* Free cells of a class, the one that came last on top. */
struct cell_stack {
  uint32_t count;
  void *cells[CELL_STACK_CELLS];
};

/* What a block's row in the table does not tell; its number is the block's. */
struct cell_page {
  void *free;              /* the first free cell; NULL: none */
  uint32_t used;           /* cells that are objects, or in the stack */
  uint32_t cut_bytes;      /* cells below this have been in the list */
  uint32_t next, previous; /* in its class's list; 0: none */
  bool listed;
};

struct cells {
  struct cell_stack stacks[SIZE_CLASSES];
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

/* The slow paths: a large cell, or one of a class that has none at hand; a large cell again. */
void *cells_allocate(struct gc_mutator *mutator, struct cells *cells, uint64_t bytes);
void cells_free_large(struct cells *cells, void *cell);
/* A cell of the page was freed that is its only free one, or was its last used one. */
void cells_attend(struct cells *cells, struct cell_page *page);

/* The first of the page's free cells; NULL: there is none. */
static inline void *cell_page_pop(struct cell_page *page, uint32_t cell_bytes)
{
  void *cell = page->free;
  if (GC_UNLIKELY(cell == NULL)) return NULL;
  poison_open(cell, cell_bytes);
  memcpy(&page->free, cell, sizeof page->free);
  page->used++;
  return cell;
}

static inline void *cell_allocate(struct gc_mutator *mutator, struct cells *cells, uint64_t bytes)
{
  if (GC_UNLIKELY(bytes > SIZE_CLASS_MAX_BYTES)) return cells_allocate(mutator, cells, bytes);
  const unsigned size_class = size_class_of(bytes);
  const uint32_t cell_bytes = size_class_cell_bytes(size_class);
  struct cell_stack *stack = &cells->stacks[size_class];
  void *cell = NULL;
  if (stack->count != 0) {
    cell = stack->cells[--stack->count];
    poison_open(cell, cell_bytes);
  } else {
    cell = cell_page_pop(cells->current[size_class], cell_bytes);
    if (GC_UNLIKELY(cell == NULL)) return cells_allocate(mutator, cells, bytes);
  }
  mutator->counters.heap_bytes += cell_bytes;
  return memset(cell, 0, bytes);
}

/* The cell joins its page's list, and is closed before the page is attended to: its block may go back to the system. */
static inline void cell_page_push(struct cells *cells, void *cell, uint32_t cell_bytes)
{
  struct cell_page *page = &cells->pages[((uintptr_t)cell - (uintptr_t)cells->blocks.base) >> BLOCK_SHIFT];
  void *next = page->free;
  memcpy(cell, &next, sizeof next);
  poison_close(cell, cell_bytes);
  page->free = cell;
  page->used--;
  if (GC_UNLIKELY(next == NULL || page->used == 0)) cells_attend(cells, page);
}

static inline void cell_free(struct cells *cells, void *cell, uint64_t bytes)
{
  if (GC_UNLIKELY(bytes > SIZE_CLASS_MAX_BYTES)) {
    cells_free_large(cells, cell);
    return;
  }
  const unsigned size_class = size_class_of(bytes);
  const uint32_t cell_bytes = size_class_cell_bytes(size_class);
  struct cell_stack *stack = &cells->stacks[size_class];
  if (stack->count != CELL_STACK_CELLS) {
    stack->cells[stack->count++] = cell;
    poison_close(cell, cell_bytes);
  } else {
    cell_page_push(cells, cell, cell_bytes);
  }
}

static inline uint64_t cell_slack_bytes(uint64_t bytes)
{
  if (GC_UNLIKELY(bytes > SIZE_CLASS_MAX_BYTES)) return large_mapped_bytes(bytes) - bytes;
  return size_class_cell_bytes(size_class_of(bytes)) - bytes;
}

#endif
