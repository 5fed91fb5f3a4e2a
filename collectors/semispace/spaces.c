#include "collectors/semispace/spaces.h"

#include <stddef.h>
#include <sys/mman.h>

#include "collectors/parts/poison.h"
#include "collectors/parts/shadow_stack.h"

enum { STEP_BYTES = 256 << 10 }; /* memory is asked for in steps: a system call each */

#define REGION_LEAST_BYTES (UINT64_C(64) << 20)
#define HUGE_PAGE_BYTES    (UINT64_C(2) << 20)

static uint64_t round_up(uint64_t bytes, uint64_t unit) { return (bytes + unit - 1) & ~(unit - 1); }

bool spaces_init(struct spaces *spaces, uint64_t max_bytes, bool huge_pages)
{
  *spaces = (struct spaces){0};
  for (uint64_t bytes = round_up(max_bytes, HUGE_PAGE_BYTES); bytes >= REGION_LEAST_BYTES;
       bytes = round_up(bytes / 2, HUGE_PAGE_BYTES)) {
    char *window = mmap(NULL, bytes * REGIONS, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (window == MAP_FAILED) continue;
    if (huge_pages) madvise(window, bytes * REGIONS, MADV_HUGEPAGE); /* a wish: failure is no fault */
    spaces->region_bytes = bytes;
    for (int i = 0; i < REGIONS; i++) spaces->regions[i].base = window + (uint64_t)i * bytes;
    return true;
  }
  return false;
}

void spaces_finish(struct spaces *spaces)
{
  if (spaces->region_bytes == 0) return;
  for (int i = 0; i < REGIONS; i++) poison_open(spaces->regions[i].base, spaces->opened_bytes); /* to be used again */
  munmap(spaces->regions[0].base, spaces->region_bytes * REGIONS);
  *spaces = (struct spaces){0};
}

bool spaces_commit(struct spaces *spaces, struct space *space, uint64_t bytes, uint64_t most_bytes)
{
  if (bytes <= space->committed_bytes) return true;
  if (bytes > spaces->region_bytes) return false;
  /* A whole step, or, where there is no memory for that, what is needed. */
  const uint64_t step_bytes = round_up(bytes, STEP_BYTES);
  const uint64_t wanted[] = {step_bytes < most_bytes ? step_bytes : most_bytes, round_up(bytes, SPACE_PAGE_BYTES)};
  for (int i = 0; i < 2; i++) {
    char *from = space->base + space->committed_bytes;
    const uint64_t more = wanted[i] - space->committed_bytes;
    if (mprotect(from, more, PROT_READ | PROT_WRITE) != 0) continue;
    poison_close(from, more);
    space->committed_bytes = wanted[i];
    if (spaces->opened_bytes < wanted[i]) spaces->opened_bytes = wanted[i];
    return true;
  }
  return false;
}

void space_trim(struct space *space, uint64_t bytes)
{
  bytes = round_up(bytes, SPACE_PAGE_BYTES);
  if (bytes >= space->committed_bytes) return;
  char *from = space->base + bytes;
  const uint64_t less = space->committed_bytes - bytes;
  if (space->touched_bytes > bytes) {
    if (madvise(from, less, MADV_DONTNEED) != 0) return;
    space->touched_bytes = bytes;
  }
  /* The system may refuse to split its map of the address space any further: then it stays committed. */
  if (mprotect(from, less, PROT_NONE) == 0) space->committed_bytes = bytes;
}

/*
 * Of a checking build: the space that was left is closed.  Where the system refuses, it stays as in a Release build,
 * and a stale reference is not noticed there.  The next region stands for what would have been kept, so that limits and
 * footprints are as in other builds.
 */
static void close_left(struct spaces *spaces, struct space *left)
{
  const uint64_t kept_bytes = left->touched_bytes;
  poison_close(left->base, left->committed_bytes);
  space_trim(left, 0);
  spaces->has_open_region |= left->committed_bytes != 0;
  struct space *reserve = spaces_reserve(spaces);
  if (spaces_commit(spaces, reserve, kept_bytes, round_up(kept_bytes, SPACE_PAGE_BYTES)))
    space_touch(reserve, kept_bytes);
}

void spaces_flip(struct spaces *spaces)
{
  const uint32_t left = spaces->current;
  spaces->current = (left + 1) % REGIONS;
  if (BUILD_CHECKING) close_left(spaces, &spaces->regions[left]);
}

uint64_t spaces_held_bytes(const struct spaces *spaces)
{
  uint64_t bytes = 0;
  for (int i = 0; i < REGIONS; i++) bytes += round_up(spaces->regions[i].touched_bytes, SPACE_PAGE_BYTES);
  return bytes;
}

void spaces_check(const struct spaces *spaces)
{
  const uint32_t reserve = (spaces->current + 1) % REGIONS;
  for (uint32_t i = 0; i < REGIONS; i++) {
    const struct space *space = &spaces->regions[i];
    if (space->touched_bytes > space->committed_bytes) gc_fail("a space is used beyond its memory", space->base);
    if (space->committed_bytes > spaces->region_bytes) gc_fail("a space is longer than its region", space->base);
    if (i != spaces->current && i != reserve && space->committed_bytes != 0 && !spaces->has_open_region)
      gc_fail("a space that was left has memory", space->base);
  }
}
