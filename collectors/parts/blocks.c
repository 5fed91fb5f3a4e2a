#include "collectors/parts/blocks.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collectors/parts/poison.h"
#include "collectors/parts/shadow_stack.h"

enum {
  PAGE_BYTES = 4096,
  HUGE_PAGE_BYTES = 2 << 20,
  MARK_BYTES = BLOCK_MARK_WORDS * 8,
  OPEN_BLOCKS = 64, /* given memory at a time: 4 MiB, one system call */
  BLOCKS_MIN = 256  /* less than this is no heap */
};

static uint64_t round_up(uint64_t bytes, uint64_t unit) { return (bytes + unit - 1) & ~(unit - 1); }

static void list_push(struct blocks *blocks, enum block_state state, struct block *block)
{
  struct block_list *list = &blocks->free[state];
  block->state = (uint8_t)state;
  block->next = list->first;
  list->first = blocks_index(blocks, block);
  list->count++;
}

static struct block *list_pop(struct blocks *blocks, enum block_state state)
{
  struct block_list *list = &blocks->free[state];
  if (list->first == 0) return NULL;
  struct block *block = &blocks->table[list->first];
  list->first = block->next;
  list->count--;
  return block;
}

static bool give_memory(void *from, const void *to)
{
  char *first = (char *)from - (uintptr_t)from % PAGE_BYTES;
  return mprotect(first, round_up((uint64_t)((const char *)to - first), PAGE_BYTES), PROT_READ | PROT_WRITE) == 0;
}

/* Opens the next `count` blocks: their rows, their bits, themselves. */
static bool open_some(struct blocks *blocks, uint32_t count)
{
  const uint32_t first = blocks->opened;
  if (count > blocks->capacity - first) count = blocks->capacity - first;
  if (count == 0) return false;
  const uint32_t end = first + count;
  if (!give_memory(blocks->table + first, blocks->table + end)) return false;
  if (!give_memory(blocks->marks + (uint64_t)first * BLOCK_MARK_WORDS,
                   blocks->marks + (uint64_t)end * BLOCK_MARK_WORDS))
    return false;
  if (!give_memory(blocks->base + (uint64_t)first * BLOCK_BYTES, blocks->base + (uint64_t)end * BLOCK_BYTES))
    return false;
  blocks->opened = end;
  for (uint32_t i = end; i-- > first;) {
    if (i != 0) list_push(blocks, BLOCK_VIRGIN, &blocks->table[i]);
  }
  blocks->marks[0] |= 1; /* NULL's */
  return true;
}

uint64_t blocks_reservation_bytes(void)
{
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return UINT64_C(1) << 36;
  return 2 * (uint64_t)pages * (uint64_t)page_bytes;
}

void blocks_finish(struct blocks *blocks)
{
  if (blocks->reservation != NULL) munmap(blocks->reservation, blocks->reservation_bytes);
  memset(blocks, 0, sizeof *blocks);
}

bool blocks_init(struct blocks *blocks, uint64_t max_bytes, bool huge_pages)
{
  uint64_t capacity = (max_bytes >> BLOCK_SHIFT) + 1;
  if (capacity > UINT32_MAX) capacity = UINT32_MAX;
  if (capacity < BLOCKS_MIN) capacity = BLOCKS_MIN;
  for (;; capacity /= 2) {
    if (capacity < BLOCKS_MIN) return false;
    const uint64_t table_bytes = round_up(capacity * sizeof(struct block), PAGE_BYTES);
    const uint64_t marks_bytes = round_up(capacity * MARK_BYTES, HUGE_PAGE_BYTES);
    const uint64_t cells_bytes = capacity * BLOCK_BYTES;
    const uint64_t bytes = table_bytes + marks_bytes + cells_bytes + HUGE_PAGE_BYTES;
    char *memory = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) continue;
    char *marks = memory + table_bytes;
    marks += round_up((uintptr_t)marks, HUGE_PAGE_BYTES) - (uintptr_t)marks;
    *blocks = (struct blocks){.base = marks + marks_bytes,
                              .span_bytes = cells_bytes,
                              .marks = (uint64_t *)(void *)marks,
                              .table = (struct block *)(void *)memory,
                              .capacity = (uint32_t)capacity,
                              .reservation = memory,
                              .reservation_bytes = bytes};
    break;
  }
  if (huge_pages) {
    const char *end = blocks->base + blocks->span_bytes;
    madvise(blocks->marks, (size_t)(end - (char *)blocks->marks), MADV_HUGEPAGE);
  }
  if (open_some(blocks, OPEN_BLOCKS)) return true;
  blocks_finish(blocks);
  return false;
}

static struct block *reopen(struct blocks *blocks)
{
  struct block *block = list_pop(blocks, BLOCK_CLOSED);
  if (block == NULL) return NULL;
  char *cells = blocks_cells(blocks, block);
  if (give_memory(cells, cells + BLOCK_BYTES)) return block;
  list_push(blocks, BLOCK_CLOSED, block);
  return NULL;
}

struct block *blocks_acquire(struct blocks *blocks)
{
  struct block *block = list_pop(blocks, BLOCK_DIRTY);
  uint32_t virgin_bytes = BLOCK_BYTES;
  if (block == NULL) {
    virgin_bytes = 0;
    block = list_pop(blocks, BLOCK_VIRGIN);
    if (block == NULL) block = reopen(blocks);
    if (block == NULL && (open_some(blocks, OPEN_BLOCKS) || open_some(blocks, 2)))
      block = list_pop(blocks, BLOCK_VIRGIN);
    if (block == NULL) return NULL;
  }
  *block = (struct block){.state = BLOCK_USED, .virgin_bytes = virgin_bytes};
  blocks->used++;
  return block;
}

void blocks_release(struct blocks *blocks, struct block *block)
{
  blocks->used--;
  list_push(blocks, BLOCK_DIRTY, block);
}

void blocks_sort_free(struct blocks *blocks)
{
  memset(blocks->free, 0, sizeof blocks->free);
  for (uint32_t i = blocks->opened; i-- > 1;) {
    struct block *block = &blocks->table[i];
    if (block->state != BLOCK_USED) list_push(blocks, (enum block_state)block->state, block);
  }
}

/* The run of blocks below `end` that is in this state; returns its first. */
static uint32_t run_below(const struct blocks *blocks, uint32_t end, enum block_state state, uint32_t most)
{
  uint32_t first = end;
  while (first > 1 && end - first < most && blocks->table[first - 1].state == state) first--;
  return first;
}

static void set_states(struct blocks *blocks, uint32_t first, uint32_t end, enum block_state state)
{
  for (uint32_t i = first; i < end; i++) blocks->table[i].state = (uint8_t)state;
}

void blocks_trim(struct blocks *blocks, uint32_t keep)
{
  uint32_t surplus = blocks->free[BLOCK_DIRTY].count;
  if (surplus <= keep) return;
  surplus -= keep;
  for (uint32_t end = blocks->opened; end > 1 && surplus > 0;) {
    const uint32_t first = run_below(blocks, end, BLOCK_DIRTY, surplus);
    if (first == end) {
      end--;
      continue;
    }
    char *cells = blocks->base + (uint64_t)first * BLOCK_BYTES;
    const uint64_t bytes = (uint64_t)(end - first) * BLOCK_BYTES;
    if (madvise(cells, bytes, MADV_DONTNEED) != 0) break;
    poison_open(cells, bytes); /* virgin blocks may be looked at */
    set_states(blocks, first, end, BLOCK_VIRGIN);
    surplus -= end - first;
    end = first;
  }
  blocks_sort_free(blocks);
}

void blocks_close_free(struct blocks *blocks)
{
  blocks_trim(blocks, 0);
  for (uint32_t end = blocks->opened; end > 1;) {
    const uint32_t first = run_below(blocks, end, BLOCK_VIRGIN, UINT32_MAX);
    if (first == end) {
      end--;
      continue;
    }
    char *cells = blocks->base + (uint64_t)first * BLOCK_BYTES;
    /* The system may refuse to split its map of the address space any further: then they stay open. */
    if (mprotect(cells, (uint64_t)(end - first) * BLOCK_BYTES, PROT_NONE) == 0)
      set_states(blocks, first, end, BLOCK_CLOSED);
    end = first;
  }
  blocks_sort_free(blocks);
}

void blocks_clear_marks(struct blocks *blocks)
{
  memset(blocks->marks, 0, (uint64_t)blocks->opened * MARK_BYTES);
  blocks->marks[0] = 1;
}

bool blocks_find_run(const uint64_t *starts, const uint64_t *marks, uint32_t cells_end_bytes, uint32_t from_bytes,
                     uint32_t *run_start_bytes, uint32_t *run_end_bytes)
{
  if (from_bytes >= cells_end_bytes) return false;
  const uint32_t from = from_bytes >> GRANULE_SHIFT;
  uint32_t word = from / 64;
  uint64_t mask = ~UINT64_C(0) << (from & 63);
  uint64_t found = starts[word] & ~marks[word] & mask;
  while (found == 0) {
    if (++word == BLOCK_MARK_WORDS) return false;
    found = starts[word] & ~marks[word];
  }
  const uint32_t bit = (uint32_t)__builtin_ctzll(found);
  *run_start_bytes = (word * 64 + bit) << GRANULE_SHIFT;
  found = marks[word] & ~UINT64_C(0) << bit;
  while (found == 0) {
    if (++word == BLOCK_MARK_WORDS) {
      *run_end_bytes = cells_end_bytes;
      return true;
    }
    found = marks[word];
  }
  *run_end_bytes = (word * 64 + (uint32_t)__builtin_ctzll(found)) << GRANULE_SHIFT;
  return true;
}

void blocks_cell_starts(unsigned size_class, uint64_t starts[BLOCK_MARK_WORDS])
{
  memset(starts, 0, BLOCK_MARK_WORDS * sizeof starts[0]);
  const uint32_t cell_granules = size_class_cell_bytes(size_class) >> GRANULE_SHIFT;
  for (uint32_t at = 0; at + cell_granules <= BLOCK_GRANULES; at += cell_granules)
    starts[at / 64] |= UINT64_C(1) << (at & 63);
}

/* Without the machine's own instruction, which not every x86-64 has; the compiler makes vectors of it. */
uint32_t blocks_count_marks(const uint64_t *marks)
{
  uint64_t sum = 0;
  for (int i = 0; i < BLOCK_MARK_WORDS; i++) {
    uint64_t w = marks[i];
    w -= w >> 1 & 0x5555555555555555u;
    w = (w & 0x3333333333333333u) + (w >> 2 & 0x3333333333333333u);
    w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    sum += w * 0x0101010101010101u >> 56;
  }
  return (uint32_t)sum;
}

static bool is_zero(const void *memory, uint64_t bytes)
{
  const char *at = memory;
  return bytes == 0 || (*at == 0 && memcmp(at, at + 1, bytes - 1) == 0);
}

static void check_list(const struct blocks *blocks, enum block_state state)
{
  uint32_t count = 0;
  for (uint32_t i = blocks->free[state].first; i != 0; i = blocks->table[i].next) {
    if (i >= blocks->opened) gc_fail("a list of free blocks leads out of the table", blocks->table + i);
    if (blocks->table[i].state != state) gc_fail("a block is in the list of another state", blocks->table + i);
    if (++count > blocks->free[state].count) break;
  }
  if (count != blocks->free[state].count) gc_fail("a list of free blocks has lost count", &blocks->free[state]);
}

void blocks_check(const struct blocks *blocks)
{
  uint32_t by_state[BLOCK_STATES] = {0};
  if ((blocks->marks[0] & 1) == 0) gc_fail("NULL's mark bit is clear", blocks->marks);
  for (uint32_t i = 1; i < blocks->opened; i++) {
    const struct block *block = &blocks->table[i];
    if (block->state >= BLOCK_STATES) gc_fail("a block in no known state", block);
    by_state[block->state]++;
    const char *cells = blocks_cells(blocks, block);
    if (block->state == BLOCK_VIRGIN && !is_zero(cells, BLOCK_BYTES)) gc_fail("a virgin block is not zero", cells);
    if (block->state == BLOCK_USED && !is_zero(cells + block->virgin_bytes, BLOCK_BYTES - block->virgin_bytes))
      gc_fail("the virgin part of a block is not zero", cells);
    if (block->state != BLOCK_USED && blocks_count_marks(blocks_marks(blocks, block)) != 0)
      gc_fail("a free block has mark bits", cells);
  }
  if (by_state[BLOCK_USED] != blocks->used) gc_fail("the count of used blocks is wrong", blocks);
  for (int state = 0; state < BLOCK_USED; state++) {
    if (by_state[state] != blocks->free[state].count) gc_fail("a free block is in no list", blocks);
    check_list(blocks, (enum block_state)state);
  }
}
