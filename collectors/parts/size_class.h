/*
 * size_class: the cell sizes of a block heap.
 *
 * Up to 512 bytes a class every 16 bytes; above, eight classes a doubling, so that rounding wastes at most an eighth.
 * The largest cell is 16 KiB: a quarter of a block, and below what needs an extended header (header.h).  All
 * functions fold to constants where the size is one.
 */
#ifndef GCLAB_COLLECTORS_PARTS_SIZE_CLASS_H
#define GCLAB_COLLECTORS_PARTS_SIZE_CLASS_H

#include <stdint.h>

enum {
  GRANULE_SHIFT = 4,
  GRANULE_BYTES = 1 << GRANULE_SHIFT,
  SIZE_CLASS_FINE_SHIFT = 9, /* every granule up to 2^9 bytes */
  SIZE_CLASS_STEP_BITS = 3,  /* then 2^3 steps a doubling */
  SIZE_CLASS_MAX_SHIFT = 14,
  SIZE_CLASS_MAX_BYTES = 1 << SIZE_CLASS_MAX_SHIFT,
  SIZE_CLASS_FINE_COUNT = 1 << (SIZE_CLASS_FINE_SHIFT - GRANULE_SHIFT),
  SIZE_CLASSES = SIZE_CLASS_FINE_COUNT + ((SIZE_CLASS_MAX_SHIFT - SIZE_CLASS_FINE_SHIFT) << SIZE_CLASS_STEP_BITS)
};

/* The class of the smallest cell that holds so many bytes; 0 < bytes <= SIZE_CLASS_MAX_BYTES. */
static inline unsigned size_class_of(uint64_t bytes)
{
  const uint32_t last = (uint32_t)bytes - 1;
  if (bytes <= 1 << SIZE_CLASS_FINE_SHIFT) return last >> GRANULE_SHIFT;
  const unsigned log = 31 - (unsigned)__builtin_clz(last);
  const unsigned step = last >> (log - SIZE_CLASS_STEP_BITS) & ((1u << SIZE_CLASS_STEP_BITS) - 1);
  return SIZE_CLASS_FINE_COUNT + ((log - SIZE_CLASS_FINE_SHIFT) << SIZE_CLASS_STEP_BITS) + step;
}

/* Size of the cells of a class. */
static inline uint32_t size_class_cell_bytes(unsigned size_class)
{
  if (size_class < SIZE_CLASS_FINE_COUNT) return (size_class + 1) << GRANULE_SHIFT;
  const unsigned above = size_class - SIZE_CLASS_FINE_COUNT;
  const unsigned log = (above >> SIZE_CLASS_STEP_BITS) + SIZE_CLASS_FINE_SHIFT;
  const unsigned step = above & ((1u << SIZE_CLASS_STEP_BITS) - 1);
  return ((1u << SIZE_CLASS_STEP_BITS) + step + 1) << (log - SIZE_CLASS_STEP_BITS);
}

#endif
