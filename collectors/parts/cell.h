/*
 * cell: zeroed cells for collectors that give each back by itself, on the memory that the program was built with.
 *
 *   malloc   whichever one the process runs on (cell_malloc.h)
 *   blocks   the size-class blocks of marksweep, with free lists (cell_blocks.h)
 *
 * A collector is compiled once for each (gclab_add_collector's MEMORY), so that allocation and freeing are inlined on
 * both.  The functions are the same:
 *
 *   bool     cells_init(cells, counters)   false: no memory.  counters: where the footprint is kept, if it is known
 *   void     cells_finish(cells)           what the cells have of the system goes back, as far as that is ours
 *   void    *cell_allocate(mutator, cells, bytes)   zeroed, on a multiple of 16, and added to the counter heap_bytes;
 *                                          does not return when there is no memory
 *   void     cell_free(cells, cell, bytes) bytes as it was asked for; the counter is the caller's
 *   uint64_t cell_slack_bytes(bytes)       what a cell of so many bytes takes besides, as far as known, in heap_bytes
 *   void     cells_check(cells)            aborts with a message when an invariant does not hold
 */
#ifndef GCLAB_COLLECTORS_PARTS_CELL_H
#define GCLAB_COLLECTORS_PARTS_CELL_H

#ifdef COLLECTOR_ON_BLOCKS
#include "collectors/parts/cell_blocks.h"
#else
#include "collectors/parts/cell_malloc.h"
#endif

#endif
