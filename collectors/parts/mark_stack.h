/*
 * mark_stack: what is marked and not yet scanned.
 *
 * Words in memory from the system that doubles as needed.  A marker makes room for a whole object's references with
 * one test (mark_stack_reserve) and then pushes without one.  Where the limit is reached, or the system has no more,
 * mark_stack_reserve says so, and the marker must find the objects again that it could not push.
 *
 * INVARIANT: bottom <= top <= end; only entries below top mean anything.
 */
#ifndef GCLAB_COLLECTORS_PARTS_MARK_STACK_H
#define GCLAB_COLLECTORS_PARTS_MARK_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mark_stack {
  uintptr_t *bottom, *top, *end;
  uint64_t mapped_bytes;
  uint64_t limit_entries; /* 0: none */
};

/* False where there is no memory. */
bool mark_stack_init(struct mark_stack *stack, uint64_t limit_entries);
void mark_stack_finish(struct mark_stack *stack);

/* Out of line: makes room for `count` more entries, or returns false and changes nothing. */
bool mark_stack_grow(struct mark_stack *stack, uint64_t count);

static inline bool mark_stack_reserve(struct mark_stack *stack, uint64_t count)
{
  if (__builtin_expect((uint64_t)(stack->end - stack->top) >= count, 1)) return true;
  return mark_stack_grow(stack, count);
}

static inline bool mark_stack_is_empty(const struct mark_stack *stack) { return stack->top == stack->bottom; }

/* Gives back memory beyond the first megabyte; the stack must be empty. */
void mark_stack_shrink(struct mark_stack *stack);

/* Aborts with a message when the invariant does not hold. */
void mark_stack_check(const struct mark_stack *stack);

#endif
