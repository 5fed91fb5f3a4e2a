#define _GNU_SOURCE /* mremap */
#include "collectors/parts/large.h"

#include <string.h>
#include <sys/mman.h>

#include "collectors/parts/shadow_stack.h"

enum { REGISTRY_FIRST = LARGE_PAGE_BYTES / sizeof(struct large *) };

_Static_assert(sizeof(struct large) + 16 <= LARGE_OBJECT_OFFSET, "no room for the header");

void large_init(struct large_space *space, bool huge_pages, bool keeps)
{
#ifdef GC_CHECKING
  keeps = false;
#endif
  *space = (struct large_space){.huge_pages = huge_pages, .keeps = keeps};
}

void large_finish(struct large_space *space)
{
  for (uint64_t i = 0; i < space->count; i++) munmap(space->registry[i], space->registry[i]->mapped_bytes);
  large_release_kept(space);
  if (space->registry != NULL) munmap(space->registry, space->capacity * sizeof(struct large *));
  memset(space, 0, sizeof *space);
}

uint64_t large_mapped_bytes(uint64_t payload_bytes)
{
  return (payload_bytes + LARGE_OBJECT_OFFSET + LARGE_PAGE_BYTES - 1) & ~(uint64_t)(LARGE_PAGE_BYTES - 1);
}

static void *map(uint64_t bytes)
{
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

/* The system may refuse to split its map of the address space any further: then the memory goes back at least. */
static void unmap(struct large *large, uint64_t bytes)
{
  if (munmap(large, bytes) != 0) madvise(large, bytes, MADV_DONTNEED);
}

/* The mapping of a dead object, which is no longer in the registry, is kept or goes back. */
static void give_up(struct large_space *space, struct large *large)
{
  const uint64_t bytes = large->mapped_bytes;
  if (!space->keeps || space->kept_count == LARGE_KEPT_MAX || space->kept_bytes + bytes > LARGE_KEPT_BYTES) {
    unmap(large, bytes);
    return;
  }
  large->index = UINT64_MAX; /* no object (large_contains) */
  space->kept[space->kept_count++] = (struct large_kept){.mapping = large, .bytes = bytes};
  space->kept_bytes += bytes;
}

/* Of so many bytes, cleared; the one kept last first, which is most likely in the cache.  NULL: there is none. */
static struct large *take_kept(struct large_space *space, uint64_t bytes)
{
  for (uint32_t i = space->kept_count; i-- > 0;) {
    if (space->kept[i].bytes != bytes) continue;
    struct large *large = space->kept[i].mapping;
    space->kept[i] = space->kept[--space->kept_count];
    space->kept_bytes -= bytes;
    memset(large, 0, bytes);
    return large;
  }
  return NULL;
}

void large_release_kept(struct large_space *space)
{
  while (space->kept_count > 0) {
    const struct large_kept kept = space->kept[--space->kept_count];
    unmap(kept.mapping, kept.bytes);
  }
  space->kept_bytes = 0;
}

/* A mapping of zeroes.  Where there is no memory, what is kept makes way for it.  NULL: there is none at all. */
static struct large *take(struct large_space *space, uint64_t bytes)
{
  struct large *large = take_kept(space, bytes);
  if (large != NULL) return large;
  large = map(bytes);
  if (large == NULL && space->kept_count > 0) {
    large_release_kept(space);
    large = map(bytes);
  }
  if (large != NULL && space->huge_pages) madvise(large, bytes, MADV_HUGEPAGE);
  return large;
}

static bool registry_reserve(struct large_space *space)
{
  if (space->count < space->capacity) return true;
  const uint64_t old_bytes = space->capacity * sizeof(struct large *);
  const uint64_t capacity = space->capacity == 0 ? REGISTRY_FIRST : space->capacity * 2;
  const uint64_t bytes = capacity * sizeof(struct large *);
  void *memory = old_bytes == 0 ? map(bytes) : mremap(space->registry, old_bytes, bytes, MREMAP_MAYMOVE);
  if (memory == NULL || memory == MAP_FAILED) return false;
  space->registry = memory;
  space->capacity = capacity;
  return true;
}

gc_ref large_new(struct large_space *space, uint64_t payload_bytes)
{
  const uint64_t bytes = large_mapped_bytes(payload_bytes);
  if (!registry_reserve(space)) return NULL;
  struct large *large = take(space, bytes);
  if (large == NULL) return NULL;
  *large = (struct large){.mapped_bytes = bytes, .index = space->count};
  space->registry[space->count++] = large;
  space->mapped_bytes += bytes;
  return large_object(large);
}

void large_free(struct large_space *space, struct large *large)
{
  struct large *last = space->registry[--space->count];
  space->registry[large->index] = last;
  last->index = large->index;
  space->mapped_bytes -= large->mapped_bytes;
  give_up(space, large);
}

uint64_t large_sweep(struct large_space *space)
{
  uint64_t kept = 0;
  for (uint64_t i = 0; i < space->count; i++) {
    struct large *large = space->registry[i];
    if (!large->marked) {
      space->mapped_bytes -= large->mapped_bytes;
      give_up(space, large);
      continue;
    }
    large->marked = false;
    large->index = kept;
    space->registry[kept++] = large;
  }
  const uint64_t freed = space->count - kept;
  space->count = kept;
  return freed;
}

bool large_contains(const struct large_space *space, gc_ref object)
{
  if ((uintptr_t)object % LARGE_PAGE_BYTES != LARGE_OBJECT_OFFSET) return false;
  struct large *large = large_of(object);
  unsigned char resident;
  if (mincore(large, LARGE_PAGE_BYTES, &resident) != 0) return false; /* not mapped */
  return large->index < space->count && space->registry[large->index] == large;
}

void large_check(const struct large_space *space)
{
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < space->count; i++) {
    const struct large *large = space->registry[i];
    if (large->index != i) gc_fail("a large object has the wrong place in the registry", large);
    if (large->visited || large->dropped) gc_fail("a large object has a flag left over", large);
    bytes += large->mapped_bytes;
  }
  if (bytes != space->mapped_bytes) gc_fail("the large objects do not add up", space);
  uint64_t kept_bytes = 0;
  for (uint32_t i = 0; i < space->kept_count; i++) kept_bytes += space->kept[i].bytes;
  if (kept_bytes != space->kept_bytes || kept_bytes > LARGE_KEPT_BYTES || (kept_bytes > 0 && !space->keeps))
    gc_fail("the mappings that are kept do not add up", space);
}
