#define _GNU_SOURCE /* mremap */
#include "collectors/parts/mark_stack.h"

#include <string.h>
#include <sys/mman.h>

#include "collectors/parts/shadow_stack.h"

enum { FIRST_BYTES = 64 << 10, KEPT_BYTES = 1 << 20 };

static void set_bounds(struct mark_stack *stack, void *memory, uint64_t bytes)
{
  const ptrdiff_t used = stack->top - stack->bottom;
  uint64_t entries = bytes / sizeof(uintptr_t);
  if (stack->limit_entries != 0 && entries > stack->limit_entries) entries = stack->limit_entries;
  stack->bottom = memory;
  stack->top = stack->bottom + used;
  stack->end = stack->bottom + entries;
  stack->mapped_bytes = bytes;
}

bool mark_stack_init(struct mark_stack *stack, uint64_t limit_entries)
{
  *stack = (struct mark_stack){.limit_entries = limit_entries};
  void *memory = mmap(NULL, FIRST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  set_bounds(stack, memory, FIRST_BYTES);
  return true;
}

void mark_stack_finish(struct mark_stack *stack)
{
  if (stack->bottom != NULL) munmap(stack->bottom, stack->mapped_bytes);
  memset(stack, 0, sizeof *stack);
}

bool mark_stack_grow(struct mark_stack *stack, uint64_t count)
{
  const uint64_t wanted = (uint64_t)(stack->top - stack->bottom) + count;
  if (stack->limit_entries != 0 && wanted > stack->limit_entries) return false;
  uint64_t bytes = stack->mapped_bytes;
  while (bytes / sizeof(uintptr_t) < wanted) bytes *= 2;
  void *memory = mremap(stack->bottom, stack->mapped_bytes, bytes, MREMAP_MAYMOVE);
  if (memory == MAP_FAILED) return false;
  set_bounds(stack, memory, bytes);
  return true;
}

void mark_stack_shrink(struct mark_stack *stack)
{
  if (stack->mapped_bytes <= KEPT_BYTES) return;
  void *memory = mremap(stack->bottom, stack->mapped_bytes, KEPT_BYTES, 0);
  if (memory != MAP_FAILED) set_bounds(stack, memory, KEPT_BYTES);
}

void mark_stack_check(const struct mark_stack *stack)
{
  if (stack->bottom > stack->top || stack->top > stack->end) gc_fail("the mark stack is out of bounds", stack->top);
  const uint64_t entries = (uint64_t)(stack->end - stack->bottom);
  if (entries * sizeof(uintptr_t) > stack->mapped_bytes) gc_fail("the mark stack ends beyond its memory", stack->end);
  if (stack->limit_entries != 0 && entries > stack->limit_entries) gc_fail("the mark stack is above its limit", stack);
}
