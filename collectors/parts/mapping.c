#define _GNU_SOURCE
#include "collectors/parts/mapping.h"

#include <stddef.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096, HUGE_FROM_BYTES = 4 << 20, TRIM_FROM_BYTES = 1 << 20 };

bool mapping_grow(struct mapping *mapping, uint64_t bytes)
{
  if (bytes < 2 * mapping->bytes) bytes = 2 * mapping->bytes;
  bytes = (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
  void *memory = mapping->memory == NULL ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                         : mremap(mapping->memory, mapping->bytes, bytes, MREMAP_MAYMOVE);
  if (memory == MAP_FAILED) return false;
  if (bytes >= HUGE_FROM_BYTES) madvise(memory, bytes, MADV_HUGEPAGE); /* a wish: failure is no fault */
  *mapping = (struct mapping){.memory = memory, .bytes = bytes};
  return true;
}

void mapping_trim(const struct mapping *mapping, uint64_t bytes)
{
  bytes = (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
  if (mapping->bytes < bytes + TRIM_FROM_BYTES) return;
  madvise((char *)mapping->memory + bytes, mapping->bytes - bytes, MADV_DONTNEED);
}

void mapping_release(struct mapping *mapping)
{
  if (mapping->memory != NULL) munmap(mapping->memory, mapping->bytes);
  *mapping = (struct mapping){0};
}
