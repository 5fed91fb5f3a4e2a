/*
 * Marking: from the frames, depth first, with an explicit stack.
 *
 * A mark bit is tested and set when an edge is pushed, so that an object is pushed once and only marked objects are
 * ever on the stack; the object itself is not touched until it is scanned.  What is popped goes through a short
 * queue first and is prefetched on the way in (Cher, Hosking and Vitek, "Software prefetching for mark-sweep garbage
 * collection", ASPLOS 2004): when it comes out, its line is in the cache.
 *
 * Whether an edge leads to a marked object is as good as random, and a mispredicted branch costs as much as the rest
 * of the edge.  So there is none: a reference is always written at the top of the stack, and the top moves up by the
 * complement of the old bit.  NULL leads to a bit that is always set.
 *
 * An object of many fields is scanned in slices that wait on a stack of their own until all that the slice before
 * has led to is scanned: the mark stack grows by SLICE_FIELDS for it, not by all of its fields.
 *
 * When the stack cannot grow, an object is marked and dropped: its block (or descriptor) is flagged, and when the
 * stack has run empty the marked objects of flagged blocks are scanned once more.  That repeats until none is flagged;
 * it ends, since a flag is only ever set by marking one more object.
 *
 * INVARIANT, when the stacks and the queue are empty: every field of a marked object leads to a marked one, but for
 * objects in flagged blocks.
 */
#include "collectors/marksweep/marksweep.h"

enum { SLICE_FIELDS = 128 };

/* Accounts for an object that has been read for the first time. */
static inline void count_object(struct marksweep *ms, uint32_t fields, uint32_t bytes)
{
  ms->totals.edges += fields;
  ms->totals.raw_bytes += bytes;
}

static void flag_dropped(struct marksweep *ms, gc_ref object)
{
  ms->dropped = true;
  if (blocks_contain(&ms->blocks, object))
    blocks_find(&ms->blocks, object)->flags |= BLOCK_DROPPED;
  else
    large_of(object)->dropped = true;
}

static __attribute__((noinline)) uintptr_t *push_large(uintptr_t *top, gc_ref object)
{
  struct large *large = large_of(object);
  if (large->marked) return top;
  large->marked = true;
  *top = (uintptr_t)object;
  return top + 1;
}

/* Marks the object, and pushes it if it was not marked.  There must be room for one entry. */
static inline uintptr_t *push_edge(const struct blocks *blocks, uintptr_t *top, gc_ref object)
{
  const void *target = object == NULL ? blocks_marked_nothing(blocks) : object;
  if (GC_UNLIKELY(!blocks_contain(blocks, target))) return push_large(top, object);
  *top = (uintptr_t)object;
  return top + blocks_mark(blocks, target);
}

/* The same where the stack may be full. */
static void push_or_drop(struct marksweep *ms, gc_ref object)
{
  struct mark_stack *stack = &ms->stack;
  if (mark_stack_reserve(stack, 1)) {
    stack->top = push_edge(&ms->blocks, stack->top, object);
    return;
  }
  uintptr_t one;
  if (push_edge(&ms->blocks, &one, object) == &one) return;
  const struct gc_shape shape = shape_of(object);
  count_object(ms, shape.fields, shape.bytes);
  flag_dropped(ms, object);
}

/* Marks what some references lead to: at most SLICE_FIELDS of them. */
static void push_fields(struct marksweep *ms, const gc_ref *fields, uint64_t count)
{
  struct mark_stack *stack = &ms->stack;
  if (GC_UNLIKELY(!mark_stack_reserve(stack, count))) {
    for (uint64_t i = 0; i < count; i++) push_or_drop(ms, fields[i]);
    return;
  }
  uintptr_t *top = stack->top;
  for (uint64_t i = 0; i < count; i++) top = push_edge(&ms->blocks, top, fields[i]);
  stack->top = top;
}

static void push_slice(struct marksweep *ms, gc_ref object, uint64_t from)
{
  struct mark_stack *slices = &ms->slices;
  if (!mark_stack_reserve(slices, 2)) {
    flag_dropped(ms, object);
    return;
  }
  slices->top[0] = (uintptr_t)object;
  slices->top[1] = from;
  slices->top += 2;
}

/* Scans the next slice of the wide object on top of the slices. */
static void scan_slice(struct marksweep *ms)
{
  struct mark_stack *slices = &ms->slices;
  slices->top -= 2;
  const gc_ref object = (gc_ref)slices->top[0]; // NOLINT(performance-no-int-to-ptr): entries are words
  const uint64_t from = slices->top[1];
  const uint64_t left = shape_of(object).fields - from;
  if (left > SLICE_FIELDS) push_slice(ms, object, from + SLICE_FIELDS);
  push_fields(ms, fields_of(object) + from, left < SLICE_FIELDS ? left : SLICE_FIELDS);
}

static __attribute__((noinline)) void scan_wide(struct marksweep *ms, gc_ref object)
{
  const struct gc_shape shape = shape_of(object);
  count_object(ms, shape.fields, shape.bytes);
  if (shape.fields > 0) push_slice(ms, object, 0);
}

static inline void scan(struct marksweep *ms, gc_ref object)
{
  const uint32_t packed = header_of(object)->packed;
  const uint32_t fields = packed & (HEADER_SIZE_LIMIT - 1);
  if (GC_UNLIKELY((packed & HEADER_EXTENDED) != 0 || fields > SLICE_FIELDS)) {
    scan_wide(ms, object);
    return;
  }
  count_object(ms, fields, packed >> HEADER_SIZE_BITS & (HEADER_SIZE_LIMIT - 1));
  push_fields(ms, fields_of(object), fields);
}

/* Scans until the stacks are empty. */
static void drain(struct marksweep *ms)
{
  gc_ref queue[PREFETCH_DISTANCE_MAX];
  const uint32_t distance = ms->prefetch_distance;
  struct mark_stack *stack = &ms->stack;
  uint32_t first = 0; /* place of the oldest in the queue */
  uint32_t waiting = 0;
  for (;;) {
    while (waiting < distance && !mark_stack_is_empty(stack)) {
      const gc_ref object = (gc_ref) * --stack->top; // NOLINT(performance-no-int-to-ptr): entries are words
      __builtin_prefetch(header_of(object));
      queue[(first + waiting++) % PREFETCH_DISTANCE_MAX] = object;
    }
    if (GC_UNLIKELY(waiting == 0)) {
      if (mark_stack_is_empty(&ms->slices)) return;
      scan_slice(ms);
      continue;
    }
    const gc_ref object = queue[first % PREFETCH_DISTANCE_MAX];
    first++;
    waiting--;
    scan(ms, object);
  }
}

/* Scans an object that has been counted, whether or not it has been scanned. */
static void rescan(struct marksweep *ms, gc_ref object)
{
  const uint64_t fields = shape_of(object).fields;
  for (uint64_t from = 0; from < fields; from += SLICE_FIELDS) {
    push_fields(ms, fields_of(object) + from, fields - from < SLICE_FIELDS ? fields - from : SLICE_FIELDS);
    drain(ms);
  }
}

static void rescan_block(struct marksweep *ms, struct block *block)
{
  block->flags &= (uint8_t)~BLOCK_DROPPED;
  const uint64_t *marks = blocks_marks(&ms->blocks, block);
  char *cells = blocks_cells(&ms->blocks, block);
  for (uint32_t word = 0; word < BLOCK_MARK_WORDS; word++) {
    for (uint64_t left = marks[word]; left != 0; left &= left - 1) {
      const uint32_t granule = word * 64 + (uint32_t)__builtin_ctzll(left);
      rescan(ms, object_in_cell(cells + (granule << GRANULE_SHIFT)));
    }
  }
}

static void rescan_dropped(struct marksweep *ms)
{
  while (ms->dropped) {
    ms->dropped = false;
    for (uint32_t i = 1; i < ms->blocks.opened; i++) {
      struct block *block = &ms->blocks.table[i];
      if (block->state == BLOCK_USED && (block->flags & BLOCK_DROPPED)) rescan_block(ms, block);
    }
    for (uint64_t i = 0; i < ms->large.count; i++) {
      struct large *large = ms->large.registry[i];
      if (!large->dropped) continue;
      large->dropped = false;
      rescan(ms, large_object(large));
    }
  }
}

void marksweep_mark(struct marksweep *ms)
{
  ms->totals = (struct mark_totals){0};
  ms->dropped = false;
  blocks_clear_marks(&ms->blocks);
  for (const struct gc_frame *frame = ms->mutator.frames; frame != NULL; frame = frame->previous) {
    for (uint64_t from = 0; from < frame->count; from += SLICE_FIELDS) {
      const uint64_t left = frame->count - from;
      push_fields(ms, frame->slots + from, left < SLICE_FIELDS ? left : SLICE_FIELDS);
      if (ms->stack.top - ms->stack.bottom > SLICE_FIELDS) drain(ms);
    }
  }
  drain(ms);
  rescan_dropped(ms);
  mark_stack_shrink(&ms->stack);
  mark_stack_shrink(&ms->slices);
}
