/* cell_malloc: cells from malloc, for collectors that leave the heap to it.  cell.h says what the functions do. */
#ifndef GCLAB_COLLECTORS_PARTS_CELL_MALLOC_H
#define GCLAB_COLLECTORS_PARTS_CELL_MALLOC_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"

/* Up to this many bytes malloc and stores are faster than calloc; above, calloc knows which pages are zero already. */
enum { CELL_INLINE_ZERO_BYTES = 512 };

struct cells {
  struct gc_counters *counters; /* not used: what malloc holds is its own affair */
};

static inline bool cells_init(struct cells *cells, struct gc_counters *counters)
{
  cells->counters = counters;
  return true;
}

static inline void cells_finish(struct cells *cells) { (void)cells; }

static inline void cells_check(const struct cells *cells) { (void)cells; }

/* NULL where there is no memory. */
static inline void *cell_try(uint64_t bytes)
{
  if (bytes > CELL_INLINE_ZERO_BYTES) return calloc(1, bytes);
  void *cell = malloc(bytes);
  __asm__("" : "+r"(cell)); /* or gcc makes a calloc of the two, and glibc's knows no thread cache */
  if (GC_LIKELY(cell != NULL)) memset(cell, 0, bytes); // NOLINT(clang-analyzer-unix.Malloc): it is returned
  return cell;
}

static inline void *cell_allocate(struct gc_mutator *mutator, struct cells *cells, uint64_t bytes)
{
  (void)cells;
  void *cell = cell_try(bytes);
  if (GC_UNLIKELY(cell == NULL)) mutator->config->out_of_memory(mutator, bytes);
  mutator->counters.heap_bytes += bytes;
  return cell;
}

static inline void cell_free(struct cells *cells, void *cell, uint64_t bytes)
{
  (void)cells;
  (void)bytes;
  free(cell);
}

static inline uint64_t cell_slack_bytes(uint64_t bytes)
{
  (void)bytes;
  return 0;
}

#endif
