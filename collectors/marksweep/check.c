/*
 * Verification: whether what an operation is given is an object, and whether the whole heap is what it should be.
 *
 * collector_check works out reachability once more, by other means than mark.c: marks and a stack of its own, one
 * object at a time, every reference examined before it is followed.  What an object is, the memory says (block_check.c,
 * malloc_check.c).
 */
#include <stdio.h>

#include "collectors/marksweep/marksweep.h"
#include "collectors/parts/hooks.h"

void marksweep_require_object(struct marksweep *ms, gc_ref object, const char *what)
{
  const char *fault = space_fault_of(ms, object);
  if (fault == NULL) return;
  char text[160];
  snprintf(text, sizeof text, "%s (%s)", what, fault);
  gc_fail(text, object);
}

/* The check's own marking. */
struct walk {
  struct marksweep *ms;
  struct space_visited visited;
  struct mark_stack stack;
  uint64_t objects;
  bool is_short; /* of memory: the walk ends */
};

static void visit(struct walk *walk, gc_ref object, const void *from)
{
  if (object == NULL) return;
  const char *fault = space_fault_of(walk->ms, object);
  if (fault != NULL) {
    char text[160];
    snprintf(text, sizeof text, "%p holds a reference to what is no object: %s", from, fault);
    gc_fail(text, object);
  }
  if (!space_visit(walk->ms, &walk->visited, object)) return;
  walk->objects++;
  if (mark_stack_reserve(&walk->stack, 1))
    *walk->stack.top++ = (uintptr_t)object;
  else
    walk->is_short = true;
}

static void walk_reachable(struct walk *walk)
{
  for (const struct gc_frame *frame = walk->ms->mutator.frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) visit(walk, frame->slots[i], &frame->slots[i]);
  }
  while (!mark_stack_is_empty(&walk->stack) && !walk->is_short) {
    const gc_ref object = object_of_entry(*--walk->stack.top);
    const uint32_t fields = shape_of(object).fields;
    for (uint32_t i = 0; i < fields; i++) visit(walk, fields_of(object)[i], object);
  }
}

/* Every reference that can be reached leads to an object.  Returns how many objects can be reached. */
static uint64_t check_reachable(struct walk *walk)
{
  walk->is_short = !mark_stack_init(&walk->stack, 0);
  if (!walk->is_short) walk_reachable(walk);
  mark_stack_finish(&walk->stack);
  return walk->objects;
}

static void check_counters(const struct gc_counters *counters, const struct tally *tally, uint64_t reachable)
{
  if (counters->allocated_objects - counters->freed_objects != tally->objects + tally->spare_objects)
    gc_fail("the count of objects is wrong", counters);
  if (counters->allocated_bytes - counters->freed_bytes != tally->payload_bytes)
    gc_fail("the count of requested bytes is wrong", counters);
  if (counters->heap_bytes != tally->bytes + tally->spare_bytes) gc_fail("heap_bytes is wrong", counters);
  if (reachable > tally->objects) gc_fail("more objects can be reached than there are", counters);
}

void collector_check(struct gc_mutator *mutator)
{
  struct marksweep *ms = marksweep_of(mutator);
  mark_stack_check(&ms->stack);
  mark_stack_check(&ms->slices);
  trigger_check(&ms->trigger, ms->live_bytes);
  hooks_check(ms->mutator.hooks);
  struct walk walk = {.ms = ms};
  struct tally tally = {0};
  uint64_t refused_bytes = space_visit_begin(ms, &walk.visited);
  if (refused_bytes == 0) {
    space_check(ms, &tally);
    check_counters(&mutator->counters, &tally, check_reachable(&walk));
  }
  space_visit_end(ms, &walk.visited);
  if (walk.is_short) refused_bytes = sizeof(uintptr_t);
  if (refused_bytes != 0) mutator->config->out_of_memory(mutator, refused_bytes);
}
