/* cell: zeroed cells from malloc, for collectors that leave the heap to it. */
#ifndef GCLAB_COLLECTORS_PARTS_CELL_H
#define GCLAB_COLLECTORS_PARTS_CELL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"

/* Up to this many bytes malloc and stores are faster than calloc; above, calloc knows which pages are zero already. */
enum { CELL_INLINE_ZERO_BYTES = 512 };

/* A cell of zeroes; does not return when there is no memory. */
static inline void *cell_allocate(struct gc_mutator *mutator, uint64_t bytes)
{
  void *cell = NULL;
  if (bytes <= CELL_INLINE_ZERO_BYTES) {
    cell = malloc(bytes);
    __asm__("" : "+r"(cell)); /* or gcc would make calloc of the two again, where the size is constant and above 32 */
    if (GC_LIKELY(cell != NULL)) memset(cell, 0, bytes);
  } else {
    cell = calloc(1, bytes);
  }
  if (GC_UNLIKELY(cell == NULL)) mutator->config->out_of_memory(mutator, bytes);
  return cell;
}

#endif
