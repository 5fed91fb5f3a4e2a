/*
 * block_space: marksweep's usual memory, size-class blocks with mark bits on the side (parts/blocks.h); large objects
 * are mappings of their own (parts/large.h).
 *
 *   block_allocate.c  gc_new and its slow paths: lazy sweeping, fresh blocks, large objects
 *   block_sweep.c     lifecycle, and what a pause does after marking
 *   block_mark.h      mark bits
 *   block_check.c     what an object is, and verification
 *
 * INVARIANTS
 *  - A cell of a used block holds an object if it is marked, or lies below the block's cursor and not in the piece
 *    [next, limit) of its class.  Every other cell is free.  (Marks are those of the last collection; a new object is
 *    unmarked.)
 *  - Every object's header has HEADER_OBJECT in its word; its shape's size class is its block's, or it is large.
 *  - A piece is zero, and lies in its source's block, just below the cursor.
 *  - A block with free cells that no piece has reached is in its class's unswept list, in the order of addresses.
 *  - heap_bytes = cells of objects and of pieces + mappings of large objects; collector_settle leaves no pieces.
 *  - allocated_objects counts pieces as allocated until they are retired; freed ones are known when a collection ends.
 *  - Between collections no large object is marked, and nothing is flagged as dropped.
 */
#ifndef GCLAB_COLLECTORS_MARKSWEEP_BLOCK_SPACE_H
#define GCLAB_COLLECTORS_MARKSWEEP_BLOCK_SPACE_H

#include "collectors/marksweep/object.h"
#include "collectors/parts/blocks.h"
#include "collectors/parts/large.h"
#include "collectors/parts/poison.h"
#include "collectors/parts/size_class.h"

enum { PIECE_BYTES = 16384 };

/* Free cells, zeroed, to bump through: part of a run of free cells in a block. */
struct piece {
  char *next, *limit;
};

/* Where a size class gets its cells from. */
struct source {
  struct block *block; /* that the piece is in; NULL: none */
  uint32_t unswept;    /* list of blocks with free cells, by block->next; 0: empty */
};

struct space {
  struct piece pieces[SIZE_CLASSES];
  struct source sources[SIZE_CLASSES];
  struct blocks blocks;
  struct large_space large;
  bool lazy_sweep;
  uint32_t piece_bytes;
  uint64_t cell_starts[SIZE_CLASSES][BLOCK_MARK_WORDS];
};

/* A check's own marks; large objects have theirs in their descriptor. */
struct space_visited {
  uint64_t *bits; /* one a granule */
  uint64_t bytes;
};

static inline gc_ref object_in_cell(char *cell) { return (gc_ref)(void *)(cell + HEADER_BYTES); }

#endif
