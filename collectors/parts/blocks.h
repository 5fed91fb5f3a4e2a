/*
 * blocks: memory in blocks of 64 KiB that each hold cells of one size, with mark bits on the side.
 *
 * One range of addresses is reserved at the start, without memory behind it, for all blocks that there can ever be.
 * So an address tells by one subtraction whether it is in a block, in which, and where its mark bit is.  Mark bits
 * (one for 16 bytes) and the table of blocks stand apart from the cells, each densely in one array:
 *
 *   [struct block: one a block] [mark bits: 512 bytes a block] [blocks: 64 KiB each, full of cells]
 *
 * Bits inside the blocks, in a header found by masking, would put every block's bits on the same few cache sets (all
 * headers are equal modulo 64 KiB) and on a page of their own.  Dense, the bits of 32 MiB of cells take 256 KiB and
 * 64 pages: they fit into the second-level cache and its TLB.
 *
 * Block 0 is never handed out: its number stands for "no block", and its first mark bit, always set, for NULL
 * (blocks_marked_nothing), which lets a marker do without a branch for NULL.
 *
 * INVARIANTS
 *  - Every block is in exactly one state; free ones are in the list of their state, used ones belong to the client.
 *  - virgin_bytes of a used block: from here to its end it is zero, as it came from the system.
 *  - Blocks at and above `opened` have no memory, nor have their mark bits and table rows.
 *  - Bits are set only in used blocks and at starts of cells, but for block 0's first bit.
 */
#ifndef GCLAB_COLLECTORS_PARTS_BLOCKS_H
#define GCLAB_COLLECTORS_PARTS_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/parts/size_class.h"

enum {
  BLOCK_SHIFT = 16,
  BLOCK_BYTES = 1 << BLOCK_SHIFT,
  BLOCK_GRANULES = BLOCK_BYTES / GRANULE_BYTES,
  BLOCK_MARK_WORDS = BLOCK_GRANULES / 64
};

enum block_state {
  BLOCK_CLOSED, /* no memory: taken back from the system's accounting too */
  BLOCK_VIRGIN, /* free, and zero as it came from the system */
  BLOCK_DIRTY,  /* free, with what was in it: the pool */
  BLOCK_USED,
  BLOCK_STATES
};

struct block {
  uint8_t state;
  uint8_t size_class;    /* the client's, and all below too */
  uint8_t flags;         /* BLOCK_CLEAN, BLOCK_DROPPED */
  uint16_t marked_cells; /* by the last collection */
  uint32_t cursor_bytes; /* cells below this were marked or have been handed out since */
  uint32_t virgin_bytes; /* from here on zero */
  uint32_t next;         /* in the list of its state, or the client's */
};

enum {
  BLOCK_CLEAN = 1 << 0,  /* all its free cells are zero */
  BLOCK_DROPPED = 1 << 1 /* the mark stack was full: a marked object in it has not been scanned */
};

struct block_list {
  uint32_t first; /* 0: empty */
  uint32_t count;
};

struct blocks {
  char *base;          /* of block 0 */
  uint64_t span_bytes; /* of all blocks that there can be */
  uint64_t *marks;
  struct block *table;
  uint32_t capacity;                  /* blocks that there can be */
  uint32_t opened;                    /* blocks below this have been given memory at some time */
  uint32_t used;                      /* in state BLOCK_USED */
  struct block_list free[BLOCK_USED]; /* by state */
  void *reservation;
  uint64_t reservation_bytes;
};

/* Addresses to reserve: twice what the machine has, so that memory runs out first, not addresses. */
uint64_t blocks_reservation_bytes(void);

/* Reserves addresses for blocks of max_bytes in all, or as much as the system allows.  False: not even a little. */
bool blocks_init(struct blocks *blocks, uint64_t max_bytes, bool huge_pages);
void blocks_finish(struct blocks *blocks);

/* Takes a free block, dirty ones first, and makes it used, with no bit set.  NULL where there is no memory. */
struct block *blocks_acquire(struct blocks *blocks);

/* Makes a used block free.  Its bits must be clear.  Memory stays until blocks_trim. */
void blocks_release(struct blocks *blocks, struct block *block);

/* Puts the free lists in the order of addresses, so that the heap stays together. */
void blocks_sort_free(struct blocks *blocks);

/* Gives the memory of dirty blocks back to the system, the highest first, until no more than `keep` are left. */
void blocks_trim(struct blocks *blocks, uint32_t keep);

/* Closes all free blocks, so that they no longer count against a limit on data either: when memory is short. */
void blocks_close_free(struct blocks *blocks);

/* Clears all mark bits, but for the one of NULL. */
void blocks_clear_marks(struct blocks *blocks);

/* Memory held for blocks and for what stands beside them. */
static inline uint64_t blocks_held_bytes(const struct blocks *blocks)
{
  const uint64_t held = (uint64_t)blocks->used + blocks->free[BLOCK_DIRTY].count;
  return held * BLOCK_BYTES + (uint64_t)blocks->opened * (BLOCK_MARK_WORDS * 8 + sizeof(struct block));
}

/* Aborts with a message when an invariant does not hold.  Looks at every block and, where free and virgin, byte. */
void blocks_check(const struct blocks *blocks);

static inline bool blocks_contain(const struct blocks *blocks, const void *address)
{
  return (uintptr_t)address - (uintptr_t)blocks->base < blocks->span_bytes;
}

static inline uint32_t blocks_index(const struct blocks *blocks, const struct block *block)
{
  return (uint32_t)(block - blocks->table);
}

/* The block that an address in the range lies in. */
static inline struct block *blocks_find(const struct blocks *blocks, const void *address)
{
  return &blocks->table[((uintptr_t)address - (uintptr_t)blocks->base) >> BLOCK_SHIFT];
}

static inline char *blocks_cells(const struct blocks *blocks, const struct block *block)
{
  return blocks->base + ((uint64_t)blocks_index(blocks, block) << BLOCK_SHIFT);
}

static inline uint64_t *blocks_marks(const struct blocks *blocks, const struct block *block)
{
  return blocks->marks + (uint64_t)blocks_index(blocks, block) * BLOCK_MARK_WORDS;
}

static inline bool blocks_is_marked(const struct blocks *blocks, const void *address)
{
  const uint64_t offset = (uintptr_t)address - (uintptr_t)blocks->base;
  return blocks->marks[offset >> (GRANULE_SHIFT + 6)] >> (offset >> GRANULE_SHIFT & 63) & 1;
}

/* Marks the cell that starts in this granule; returns whether it was not marked before. */
static inline __attribute__((always_inline)) bool blocks_mark(const struct blocks *blocks, const void *address)
{
  const uint64_t offset = (uintptr_t)address - (uintptr_t)blocks->base;
  uint64_t *word = &blocks->marks[offset >> (GRANULE_SHIFT + 6)];
  const uint64_t old = *word;
  const unsigned bit = offset >> GRANULE_SHIFT & 63;
  *word = old | UINT64_C(1) << bit;
  return ~old >> bit & 1;
}

/* An address that is always marked. */
static inline void *blocks_marked_nothing(const struct blocks *blocks) { return blocks->base; }

/*
 * Runs of free cells.  `starts` has a bit for each granule of a block where a cell of its class starts
 * (blocks_cell_starts).  Finds the first run of unmarked cells at or behind from_bytes and returns true, with its
 * bounds in bytes from the block's start; false where there is none.  Looks at 64 words at most.
 */
bool blocks_find_run(const uint64_t *starts, const uint64_t *marks, uint32_t cells_end_bytes, uint32_t from_bytes,
                     uint32_t *run_start_bytes, uint32_t *run_end_bytes);

/* Fills in the bitmap of cell starts of a class. */
void blocks_cell_starts(unsigned size_class, uint64_t starts[BLOCK_MARK_WORDS]);

static inline uint32_t blocks_cells_per_block(unsigned size_class)
{
  return BLOCK_BYTES / size_class_cell_bytes(size_class);
}

/* Number of bits set in a block's marks. */
uint32_t blocks_count_marks(const uint64_t *marks);

#endif
