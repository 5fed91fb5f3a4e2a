#include "collectors/parts/cell_blocks.h"

#include <sys/mman.h>

#include "collectors/parts/shadow_stack.h"

enum { PAGES_OPENED = 4096 / sizeof(struct cell_page), CUT_BYTES = 2048, KEPT_BLOCKS_MIN = 64 };

static uint32_t index_of(const struct cells *cells, const struct cell_page *page)
{
  return (uint32_t)(page - cells->pages);
}

static struct block *block_of(const struct cells *cells, const struct cell_page *page)
{
  return &cells->blocks.table[index_of(cells, page)];
}

static uint32_t cells_end(unsigned size_class)
{
  return blocks_cells_per_block(size_class) * size_class_cell_bytes(size_class);
}

static void note_footprint(struct cells *cells)
{
  const uint64_t held = (uint64_t)cells->blocks.used + cells->blocks.free[BLOCK_DIRTY].count;
  cells->counters->footprint_bytes = held * BLOCK_BYTES + cells->blocks.opened * sizeof(struct block) +
                                     cells->opened * sizeof(struct cell_page) + large_held_bytes(&cells->large);
  if (cells->counters->footprint_bytes > cells->counters->peak_footprint_bytes)
    cells->counters->peak_footprint_bytes = cells->counters->footprint_bytes;
}

static uint64_t pages_bytes(const struct cells *cells)
{
  return ((uint64_t)cells->blocks.capacity + PAGES_OPENED) * sizeof(struct cell_page);
}

/* Pages below `end` get memory.  False: there is none. */
static bool open_pages(struct cells *cells, uint32_t end)
{
  if (end <= cells->opened) return true;
  end = (end + PAGES_OPENED - 1) / PAGES_OPENED * PAGES_OPENED;
  struct cell_page *first = cells->pages + cells->opened;
  if (mprotect(first, (end - cells->opened) * sizeof *first, PROT_READ | PROT_WRITE) != 0) return false;
  cells->opened = end;
  return true;
}

bool cells_init(struct cells *cells, struct gc_counters *counters)
{
  *cells = (struct cells){.counters = counters};
  large_init(&cells->large, false, true);
  if (!blocks_init(&cells->blocks, blocks_reservation_bytes(), false)) return false;
  void *pages = mmap(NULL, pages_bytes(cells), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages != MAP_FAILED) cells->pages = pages;
  if (pages == MAP_FAILED || !open_pages(cells, 1)) {
    cells_finish(cells);
    return false;
  }
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) cells->current[size_class] = cells->pages;
  note_footprint(cells);
  return true;
}

void cells_finish(struct cells *cells)
{
  if (cells->pages != NULL) munmap(cells->pages, pages_bytes(cells));
  poison_open(cells->blocks.base, (uint64_t)cells->blocks.opened * BLOCK_BYTES); /* addresses may be used again */
  blocks_finish(&cells->blocks);
  large_finish(&cells->large);
  cells->pages = NULL;
}

/* The first of its class's list, or behind it. */
static void list_add(struct cells *cells, struct cell_page *page)
{
  struct cell_page **current = &cells->current[block_of(cells, page)->size_class];
  page->listed = true;
  page->previous = index_of(cells, *current);
  page->next = 0;
  if (page->previous == 0) {
    *current = page;
    return;
  }
  page->next = (*current)->next;
  if (page->next != 0) cells->pages[page->next].previous = index_of(cells, page);
  (*current)->next = index_of(cells, page);
}

static void list_remove(struct cells *cells, struct cell_page *page)
{
  page->listed = false;
  if (page->next != 0) cells->pages[page->next].previous = page->previous;
  if (page->previous != 0)
    cells->pages[page->previous].next = page->next;
  else
    cells->current[block_of(cells, page)->size_class] = &cells->pages[page->next]; /* page 0 where the list is empty */
}

/* The next few cells of a page that has no free one join its list.  False: all of them have. */
static bool cut(struct cells *cells, struct cell_page *page)
{
  struct block *block = block_of(cells, page);
  const uint32_t cell_bytes = size_class_cell_bytes(block->size_class);
  const uint32_t start = page->cut_bytes;
  uint32_t end = start + (cell_bytes < CUT_BYTES ? CUT_BYTES / cell_bytes * cell_bytes : cell_bytes);
  if (end > cells_end(block->size_class)) end = cells_end(block->size_class);
  if (start == end) return false;
  char *base = blocks_cells(&cells->blocks, block);
  poison_open(base + start, end - start);
  for (uint32_t at = end; at > start;) {
    at -= cell_bytes;
    memcpy(base + at, &page->free, sizeof page->free);
    page->free = base + at;
  }
  poison_close(base + start, end - start);
  page->cut_bytes = end;
  if (block->virgin_bytes < end) block->virgin_bytes = end;
  return true;
}

/* An empty page, which is in its list, becomes a free block. */
static void release(struct cells *cells, struct cell_page *page)
{
  list_remove(cells, page);
  blocks_release(&cells->blocks, block_of(cells, page));
  const uint32_t most = cells->blocks.used + 2 * KEPT_BLOCKS_MIN;
  if (cells->blocks.free[BLOCK_DIRTY].count > most) blocks_trim(&cells->blocks, most / 2);
  note_footprint(cells);
}

__attribute__((noinline)) void cells_attend(struct cells *cells, struct cell_page *page)
{
  if (!page->listed) list_add(cells, page);
  if (page->used == 0 && cells->current[block_of(cells, page)->size_class] != page) release(cells, page);
}

static void return_stack(struct cells *cells, unsigned size_class)
{
  struct cell_stack *stack = &cells->stacks[size_class];
  const uint32_t cell_bytes = size_class_cell_bytes(size_class);
  for (; stack->count > 0; stack->count--) {
    void *cell = stack->cells[stack->count - 1];
    poison_open(cell, cell_bytes);
    cell_page_push(cells, cell, cell_bytes);
  }
}

/* All that is free goes back to the system: when memory is short. */
static void give_back(struct cells *cells)
{
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    return_stack(cells, size_class);
    struct cell_page *page = cells->current[size_class];
    if (index_of(cells, page) != 0 && page->used == 0) release(cells, page);
  }
  blocks_close_free(&cells->blocks);
  large_release_kept(&cells->large);
  note_footprint(cells);
}

static struct cell_page *add_page(struct cells *cells, unsigned size_class)
{
  struct block *block = blocks_acquire(&cells->blocks);
  if (block == NULL) return NULL;
  const uint32_t index = blocks_index(&cells->blocks, block);
  if (!open_pages(cells, index + 1)) {
    blocks_release(&cells->blocks, block);
    return NULL;
  }
  block->size_class = (uint8_t)size_class;
  struct cell_page *page = &cells->pages[index];
  *page = (struct cell_page){0};
  list_add(cells, page);
  note_footprint(cells);
  return page;
}

/* Makes a page current that has a free cell. */
static void refill(struct gc_mutator *mutator, struct cells *cells, unsigned size_class)
{
  for (;;) {
    struct cell_page *page = cells->current[size_class];
    if (index_of(cells, page) == 0) {
      page = add_page(cells, size_class);
      if (page == NULL) {
        give_back(cells);
        page = add_page(cells, size_class);
      }
      if (page == NULL) mutator->config->out_of_memory(mutator, size_class_cell_bytes(size_class));
    }
    if (page->free != NULL || cut(cells, page)) return;
    list_remove(cells, page);
  }
}

static void *allocate_large(struct gc_mutator *mutator, struct cells *cells, uint64_t bytes)
{
  gc_ref memory = large_new(&cells->large, bytes);
  if (memory == NULL) {
    give_back(cells);
    memory = large_new(&cells->large, bytes);
  }
  if (memory == NULL) mutator->config->out_of_memory(mutator, bytes);
  note_footprint(cells);
  mutator->counters.heap_bytes += large_mapped_bytes(bytes);
  return memory;
}

__attribute__((noinline)) void *cells_allocate(struct gc_mutator *mutator, struct cells *cells, uint64_t bytes)
{
  if (bytes > SIZE_CLASS_MAX_BYTES) return allocate_large(mutator, cells, bytes);
  refill(mutator, cells, size_class_of(bytes));
  return cell_allocate(mutator, cells, bytes);
}

__attribute__((noinline)) void cells_free_large(struct cells *cells, void *cell)
{
  large_free(&cells->large, large_of(cell));
  note_footprint(cells);
}

/* Free cells are closed to access: a check opens each, and closes it again. */
static void *next_free(void *cell, uint32_t cell_bytes)
{
  void *next;
  poison_open(cell, cell_bytes);
  memcpy(&next, cell, sizeof next);
  poison_close(cell, cell_bytes);
  return next;
}

static void check_page(const struct cells *cells, const struct cell_page *page)
{
  const struct block *block = block_of(cells, page);
  const uint32_t cell_bytes = size_class_cell_bytes(block->size_class);
  const char *base = blocks_cells(&cells->blocks, block);
  uint32_t free_count = 0;
  for (void *cell = page->free; cell != NULL; cell = next_free(cell, cell_bytes)) {
    const uint64_t offset = (uint64_t)((char *)cell - base);
    if (offset >= page->cut_bytes || offset % cell_bytes != 0) gc_fail("a free list leads out of its block", cell);
    if (++free_count > BLOCK_GRANULES) gc_fail("a free list has no end", base);
  }
  if (free_count + page->used != page->cut_bytes / cell_bytes) gc_fail("a block's cells do not add up", base);
  const bool has_room = page->free != NULL || page->cut_bytes != cells_end(block->size_class);
  if (has_room && !page->listed) gc_fail("a block with free cells is in no list", base);
  if (page->used == 0 && cells->current[block->size_class] != page) gc_fail("an empty block was not given back", base);
}

static void check_stack(const struct cells *cells, unsigned size_class)
{
  const struct cell_stack *stack = &cells->stacks[size_class];
  if (stack->count > CELL_STACK_CELLS) gc_fail("a stack of free cells has overflowed", stack);
  for (uint32_t i = 0; i < stack->count; i++) {
    const struct block *block = blocks_find(&cells->blocks, stack->cells[i]);
    const uint64_t offset = (uint64_t)((char *)stack->cells[i] - blocks_cells(&cells->blocks, block));
    if (block->state != BLOCK_USED || block->size_class != size_class ||
        offset >= cells->pages[blocks_index(&cells->blocks, block)].cut_bytes ||
        offset % size_class_cell_bytes(size_class) != 0)
      gc_fail("a stack of free cells holds what is none of its class", stack->cells[i]);
  }
}

void cells_check(const struct cells *cells)
{
  uint32_t listed = 0;
  blocks_check(&cells->blocks);
  large_check(&cells->large);
  for (uint32_t i = 1; i < cells->blocks.opened; i++) {
    if (cells->blocks.table[i].state != BLOCK_USED) continue;
    check_page(cells, &cells->pages[i]);
    listed += cells->pages[i].listed;
  }
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    uint32_t previous = 0;
    check_stack(cells, size_class);
    for (uint32_t i = index_of(cells, cells->current[size_class]); i != 0; i = cells->pages[i].next) {
      if (cells->blocks.table[i].state != BLOCK_USED || cells->blocks.table[i].size_class != size_class)
        gc_fail("a block is in the wrong class's list", &cells->pages[i]);
      if (cells->pages[i].previous != previous) gc_fail("a list of blocks is broken", &cells->pages[i]);
      previous = i;
      if (listed-- == 0) gc_fail("a list of blocks has no end", &cells->pages[i]);
    }
  }
  if (listed != 0) gc_fail("a block says that it is in a list, but is not", cells);
}
