/*
 * Marking: from the frames, depth first, with an explicit stack.
 *
 * A mark bit (block_mark.h, malloc_mark.h) is tested and set when an edge is pushed, so that an object is pushed once
 * and only marked objects are ever on the stack; in blocks the object itself is not touched until it is scanned.  What
 * is popped goes through a short queue first and is prefetched on the way in (Cher, Hosking and Vitek, "Software
 * prefetching for mark-sweep garbage collection", ASPLOS 2004): when it comes out, its line is in the cache.  In a heap
 * of some hundred megabytes the mark bits are not in the cache either: there edges wait in a queue of their own for the
 * lines of their bits.
 *
 * Whether an edge leads to a marked object is as good as random, and a mispredicted branch costs as much as the rest
 * of the edge.  So there is none: a reference is always written at the top of the stack, and the top moves up by the
 * complement of the old bit.  NULL leads to a bit that is always set.
 *
 * An object of many fields is scanned in slices that wait on a stack of their own until all that the slice before
 * has led to is scanned: the mark stack grows by SLICE_FIELDS for it, not by all of its fields.
 *
 * When the stack cannot grow, an object is marked and dropped: its block (or itself) is flagged, and when the stack has
 * run empty the marked objects of flagged blocks (or flagged ones) are scanned once more.  That repeats until none is
 * flagged; it ends, since a flag is only ever set by marking one more object.
 *
 * INVARIANT, when the stacks and the queue are empty: every field of a marked object leads to a marked one, but for
 * objects in flagged blocks.
 */
#include <string.h>

#ifdef COLLECTOR_ON_MALLOC
#include "collectors/marksweep/malloc_mark.h"
#else
#include "collectors/marksweep/block_mark.h"
#endif
#include "collectors/parts/fault.h"
#include "collectors/parts/hooks.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE      __attribute__((noinline))

enum { SLICE_FIELDS = 128, EDGE_QUEUE_LENGTH = 16 };

static void count_object(struct marksweep *ms, struct gc_shape shape)
{
  ms->totals.edges += shape.fields;
  ms->totals.raw_bytes += shape.bytes;
}

/* The same where the stack may be full. */
static void push_or_drop(struct marksweep *ms, gc_ref object)
{
  struct mark_stack *stack = &ms->stack;
  const struct span span = span_of(ms);
  if (mark_stack_reserve(stack, 1)) {
    stack->top = push_edge(span, stack->top, object);
    return;
  }
  uintptr_t one;
  if (push_edge(span, &one, object) == &one) return;
  count_object(ms, shape_of(object));
  flag_dropped(ms, object);
}

/* Marks what some references lead to: at most SLICE_FIELDS of them. */
static NOINLINE void push_fields(struct marksweep *ms, const gc_ref *fields, uint64_t count)
{
  struct mark_stack *stack = &ms->stack;
  if (!mark_stack_reserve(stack, count)) {
    for (uint64_t i = 0; i < count; i++) push_or_drop(ms, fields[i]);
    return;
  }
  const struct span span = span_of(ms);
  uintptr_t *top = stack->top;
  for (uint64_t i = 0; i < count; i++) top = push_edge(span, top, fields[i]);
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
static NOINLINE void scan_slice(struct marksweep *ms)
{
  struct mark_stack *slices = &ms->slices;
  slices->top -= 2;
  const gc_ref object = object_of_entry(slices->top[0]);
  const uint64_t from = slices->top[1];
  const uint64_t left = shape_of(object).fields - from;
  if (left > SLICE_FIELDS) push_slice(ms, object, from + SLICE_FIELDS);
  push_fields(ms, fields_of(object) + from, left < SLICE_FIELDS ? left : SLICE_FIELDS);
}

/* An object that is wide or extended, or one that there is no room on the stack for: the general way. */
static NOINLINE void scan_slow(struct marksweep *ms, gc_ref object)
{
  const struct gc_shape shape = shape_of(object);
  count_object(ms, shape);
  if (shape.fields > SLICE_FIELDS)
    push_slice(ms, object, 0);
  else
    push_fields(ms, fields_of(object), shape.fields);
}

/* Edges on their way to their mark bits. */
struct edge_queue {
  gc_ref edges[EDGE_QUEUE_LENGTH];
  uint32_t next;  /* the oldest, in whose place the next one goes */
  uint32_t empty; /* `next` when all were last pushed */
};

/* Sends an edge for its mark bit's line, and pushes the one that has been waiting longest. */
static ALWAYS_INLINE uintptr_t *delay_edge(struct edge_queue *queue, struct span span, uintptr_t *top, gc_ref object)
{
  prefetch_mark(span, object);
  gc_ref *place = &queue->edges[queue->next++ % EDGE_QUEUE_LENGTH];
  const gc_ref oldest = *place;
  *place = object;
  return push_edge(span, top, oldest);
}

/*
 * Pushes all edges that wait.  In a list that is one after every object, so nothing is done for places where none
 * waits.
 */
static ALWAYS_INLINE uintptr_t *push_waiting(struct edge_queue *queue, struct span span, uintptr_t *top)
{
  const uint32_t added = queue->next - queue->empty;
  const uint32_t count = added < EDGE_QUEUE_LENGTH ? added : EDGE_QUEUE_LENGTH;
  for (uint32_t i = queue->next - count; i != queue->next; i++) {
    gc_ref *place = &queue->edges[i % EDGE_QUEUE_LENGTH];
    top = push_edge(span, top, *place);
    *place = NULL;
  }
  queue->empty = queue->next;
  return top;
}

/* Scans until the stacks and queues are empty.  Where the mark bits are in the cache, edges need not wait for them. */
static ALWAYS_INLINE void scan_all(struct marksweep *ms, bool edges_wait)
{
  gc_ref queue[PREFETCH_DISTANCE_MAX];
  struct edge_queue edge_queue = {.next = 0};
  const uint32_t distance = ms->prefetch_distance;
  const struct span span = span_of(ms);
  struct mark_stack *stack = &ms->stack;
  uintptr_t *top = stack->top;
  uint64_t edges = 0;
  uint64_t raw_bytes = 0;
  uint32_t in = 0; /* how many have entered and left the queue */
  uint32_t out = 0;
  for (;;) {
    while (in - out < distance && top != stack->bottom) {
      const gc_ref object = object_of_entry(*--top);
      __builtin_prefetch(header_of(object));
      queue[in++ % PREFETCH_DISTANCE_MAX] = object;
    }
    if (GC_UNLIKELY(in == out)) {
      if (edges_wait) top = push_waiting(&edge_queue, span, top); /* where any wait, the stack has room for them */
      if (top != stack->bottom) continue;
      stack->top = top;
      if (mark_stack_is_empty(&ms->slices)) break;
      scan_slice(ms);
      top = stack->top;
      continue;
    }
    const gc_ref object = queue[out++ % PREFETCH_DISTANCE_MAX];
    const uint32_t packed = header_of(object)->packed;
    const uint32_t fields = packed_fields(packed);
    if (GC_UNLIKELY((packed & HEADER_EXTENDED) != 0 || fields > SLICE_FIELDS || stack->end - top < SLICE_FIELDS)) {
      stack->top = top;
      scan_slow(ms, object);
      top = stack->top;
      continue;
    }
    edges += fields;
    raw_bytes += packed_bytes(packed);
    for (uint32_t i = 0; i < fields; i++) {
      if (GC_FAULT(missed_mark)) continue;
      const gc_ref referent = fields_of(object)[i];
      top = edges_wait ? delay_edge(&edge_queue, span, top, referent) : push_edge(span, top, referent);
    }
  }
  ms->totals.edges += edges;
  ms->totals.raw_bytes += raw_bytes;
}

static NOINLINE void scan_near(struct marksweep *ms) { scan_all(ms, false); }

static NOINLINE void scan_far(struct marksweep *ms) { scan_all(ms, true); }

static void drain(struct marksweep *ms)
{
  if (marks_are_near(ms))
    scan_near(ms);
  else
    scan_far(ms);
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

static void rescan_dropped(struct marksweep *ms)
{
  while (ms->dropped) {
    ms->dropped = false;
    scan_dropped(ms, rescan);
  }
}

static void push_slots(struct marksweep *ms, const gc_ref *slots, uint64_t count)
{
  for (uint64_t from = 0; from < count; from += SLICE_FIELDS) {
    push_fields(ms, slots + from, count - from < SLICE_FIELDS ? count - from : SLICE_FIELDS);
    if (ms->stack.top - ms->stack.bottom > SLICE_FIELDS) drain(ms);
  }
}

static void finish_marking(struct marksweep *ms)
{
  drain(ms);
  rescan_dropped(ms);
  mark_stack_shrink(&ms->stack);
  mark_stack_shrink(&ms->slices);
}

void marksweep_mark(struct marksweep *ms)
{
  ms->totals = (struct mark_totals){0};
  ms->dropped = false;
  if (!GC_FAULT(marks_kept)) space_clear_marks(ms);
  for (const struct gc_frame *frame = ms->mutator.frames; frame != NULL; frame = frame->previous) {
    if (!GC_FAULT(forgotten_frame)) push_slots(ms, frame->slots, frame->count);
  }
  const struct hooks *hooks = ms->mutator.hooks;
  if (hooks != NULL) push_slots(ms, hooks->queued, hooks->queued_count);
  finish_marking(ms);
}

void marksweep_mark_more(struct marksweep *ms, const gc_ref *slots, uint64_t count)
{
  push_slots(ms, slots, count);
  finish_marking(ms);
}

bool marksweep_is_marked(struct marksweep *ms, gc_ref object) { return is_marked(span_of(ms), object); }
