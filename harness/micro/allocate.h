/* allocate: the shapes that allocation, and allocation with death, are measured with. */
#ifndef GCLAB_HARNESS_MICRO_ALLOCATE_H
#define GCLAB_HARNESS_MICRO_ALLOCATE_H

#include "harness/micro/micro.h"

enum { ALLOCATE_BATCH = 1024, ALLOCATE_COUNTED_BYTES = 128 };

/* Fields, raw bytes, kind, how many at a time. */
#define ALLOCATE_SHAPES(X)                                                                                             \
  X(2, 0, GC_TUPLE, ALLOCATE_BATCH)                                                                                    \
  X(2, 8, GC_INSTANCE, ALLOCATE_BATCH)                                                                                 \
  X(8, 0, GC_LIST, ALLOCATE_BATCH)                                                                                     \
  X(64, 0, GC_LIST, ALLOCATE_BATCH)                                                                                    \
  X(0, 16, GC_ATOM, ALLOCATE_BATCH)                                                                                    \
  X(0, 256, GC_ATOM, ALLOCATE_BATCH)                                                                                   \
  X(0, 4096, GC_ATOM, 64)                                                                                              \
  X(0, 65536, GC_ATOM, 16)

/* What a header of one word and the object take: for limits. */
int64_t allocate_cell_bytes(struct gc_shape shape);

#endif
