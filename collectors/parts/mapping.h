/*
 * mapping: arrays in memory from the system that grow in place or move, for a collector's own tables.
 *
 * Pages come zeroed and cost nothing until they are touched.  Large ones ask for huge pages, which makes the random
 * accesses of a collection cheaper.
 */
#ifndef GCLAB_COLLECTORS_PARTS_MAPPING_H
#define GCLAB_COLLECTORS_PARTS_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

struct mapping {
  void *memory; /* NULL: none yet */
  uint64_t bytes;
};

/*
 * Makes the mapping at least `bytes` long, twice as long as it was at least; what it held is kept.  False: no memory.
 */
bool mapping_grow(struct mapping *mapping, uint64_t bytes);

/* The memory behind the first `bytes` goes back to the system where that is worth a system call. */
void mapping_trim(const struct mapping *mapping, uint64_t bytes);

void mapping_release(struct mapping *mapping);

#endif
