/*
 * Death by counting where there are hooks, as in CPython (subtype_dealloc, PyObject_ClearWeakRefs, Py_TRASHCAN_BEGIN).
 *
 * The object leaves its generation; its finalizer runs, with the object at the end of generation 0 meanwhile; if
 * something holds it then, it stays there.  Otherwise weak references to it are cleared, that without callback first,
 * and callbacks are called; a finalizer of the old kind runs after that, and may resurrect too, each time anew; then
 * the object's own references are dropped one after the other, each with all that dies of it, and last its memory goes.
 * Lists and tuples are dropped from the end.
 *
 * This is the order of CPython's recursion, on a stack of our own, which needs no limit.  CPython's has one: what is
 * nested too deep is put off, before anything is done about it but that it leaves its generation, and taken up, the
 * last one first, when the recursion has come back (the trashcan).  Hooks that are called at some depth begin at that
 * depth.
 *
 * INVARIANTS
 *  - dying_nesting is the number of entries on the stack that CPython's trashcan counts: containers, but not weak
 *    references, and one for each time that what was put off is being taken up; and of objects whose hooks run.
 *  - What is put off is dead and in no generation, and no weak reference yields it; there is nothing when dying_nesting
 *    is 0.
 */
#include "collectors/parts/hooks.h"
#include "collectors/refcount_cyclic/cyclic.h"

/*
 * An object that is being deallocated, and the next of its references to be dropped, counted in the order of dropping.
 * NULL: what was put off is being taken up.
 */
struct dying {
  struct counted *object;
  uint32_t next;
};

static void push_dying(struct cyclic *cyclic, struct counted *object)
{
  const uint64_t bytes = ((uint64_t)cyclic->dying_depth + 1) * sizeof(struct dying);
  struct mapping *mapping = &cyclic->side.dying;
  if (mapping->bytes < bytes) cyclic_require(cyclic, mapping_grow(mapping, bytes), bytes);
  ((struct dying *)mapping->memory)[cyclic->dying_depth++] = (struct dying){.object = object};
}

/* The first weak reference in the list of a dead object's, which has just been cleared; NULL: there is none left. */
static struct counted *clear_next(struct hooks *hooks, gc_ref object)
{
  const struct hooks_object *entry = hooks_find(hooks, object);
  if (entry == NULL || entry->first_weak == HOOKS_NONE) return NULL;
  struct hooks_weak *weak = &hooks->weaks[entry->first_weak];
  struct counted *reference = counted_of(weak->weak);
  hooks_clear(hooks, weak);
  return reference;
}

static void call_callback_of(struct cyclic *cyclic, gc_ref weak)
{
  hooks_call(&cyclic->mutator, hooks_weak_of(cyclic->mutator.hooks, weak)->callback, weak);
}

static uint32_t count_weak(const struct hooks *hooks, gc_ref object)
{
  uint32_t count = 0;
  const struct hooks_object *entry = hooks_find(hooks, object);
  if (entry == NULL) return 0;
  for (uint32_t i = entry->first_weak; i != HOOKS_NONE; i = hooks->weaks[i].next) count++;
  return count;
}

/*
 * Several weak references with callbacks, or from 3.13 on a single one too: CPython puts them into a tuple, two
 * elements each, clears them all, and then calls back.  The tuple is an object like others: its allocation counts, may
 * collect, and it holds the weak references.
 */
static void call_back_from_tuple(struct cyclic *cyclic, gc_ref object, uint32_t count)
{
  struct gc_mutator *mutator = &cyclic->mutator;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  hooks_hide(mutator->hooks, object); /* what this collects may have finalizers */
  gc_new(mutator, &frame.slot[0], (struct gc_shape){.fields = 2 * count, .kind = GC_TUPLE});
  hooks_show(mutator->hooks, object);
  struct counted *reference;
  for (uint32_t i = 0; (reference = clear_next(mutator->hooks, object)) != NULL; i++) {
    if (i < count && reference->count != 0) gc_store(mutator, frame.slot[0], 2 * i, counted_ref(reference));
  }
  for (uint32_t i = 0; i < count; i++) {
    const gc_ref weak = gc_load(mutator, frame.slot[0], 2 * i);
    if (weak != NULL) call_callback_of(cyclic, weak);
  }
  gc_pop(mutator, &frame.frame);
}

/* Of an object that has died: clears what refers to it weakly, and calls back. */
static void clear_weak_of_dead(struct cyclic *cyclic, gc_ref object)
{
  struct hooks *hooks = cyclic->mutator.hooks;
  if (hooks_shared_weak(hooks, object) != NULL) clear_next(hooks, object); /* the one without callback */
  const uint32_t count = count_weak(hooks, object);
  if (count > 1 || (count == 1 && cyclic->profile->always_has_callback_tuple)) {
    call_back_from_tuple(cyclic, object, count);
  } else if (count == 1) {
    struct counted *reference = clear_next(hooks, object);
    if (reference->count != 0) call_callback_of(cyclic, counted_ref(reference));
  }
}

/*
 * Calls the finalizer of an object that has just died, which is at the end of generation 0 meanwhile.  True: it is
 * alive again, and stays there.
 */
static bool resurrects(struct cyclic *cyclic, struct counted *dead, struct gc_hook finalizer)
{
  cyclic_track(cyclic, dead);
  dead->count = 1;
  hooks_call(&cyclic->mutator, finalizer, counted_ref(dead));
  if (!counted_decrement(dead)) return true;
  if (!object_is_untracked(dead)) cyclic_untrack(cyclic, dead);
  return false;
}

/* Finalizer, weak references, finalizer of the old kind.  True: the object is alive again. */
static bool call_hooks_of_dead(struct cyclic *cyclic, struct counted *dead)
{
  struct hooks *hooks = cyclic->mutator.hooks;
  struct hooks_object *entry = hooks_find(hooks, counted_ref(dead));
  if (entry == NULL) return false;
  if (entry->finalizer.function != NULL && !entry->legacy && !entry->finalized) {
    entry->finalized = true;
    if (resurrects(cyclic, dead, entry->finalizer)) return true;
  }
  clear_weak_of_dead(cyclic, counted_ref(dead));
  entry = hooks_find(hooks, counted_ref(dead)); /* which callbacks may have moved */
  if (entry != NULL && entry->legacy && resurrects(cyclic, dead, entry->finalizer)) return true;
  hooks_forget_object(hooks, counted_ref(dead));
  return false;
}

/*
 * How deep the interpreter would be in, as far as its trashcan looks.  Each call of Python code from C counts twice;
 * there is always that of the program.
 */
static uint32_t trash_depth(const struct cyclic *cyclic)
{
  const uint32_t calls = cyclic->profile->trash_counts_calls ? 2 * (1 + cyclic->mutator.hooks->call_depth) : 0;
  return cyclic->dying_nesting + calls;
}

static void put_off(struct cyclic *cyclic, struct counted *dead)
{
  const uint64_t bytes = ((uint64_t)cyclic->put_off_count + 1) * sizeof(struct counted *);
  struct mapping *mapping = &cyclic->side.put_off;
  if (mapping->bytes < bytes) cyclic_require(cyclic, mapping_grow(mapping, bytes), bytes);
  ((struct counted **)mapping->memory)[cyclic->put_off_count++] = dead;
  hooks_hide(cyclic->mutator.hooks, counted_ref(dead));
}

/* One deallocation less; if that is little enough, what was put off is taken up next. */
static void leave_nesting(struct cyclic *cyclic)
{
  cyclic->dying_nesting--;
  if (cyclic->put_off_count == 0 || trash_depth(cyclic) > cyclic->profile->trash_resume_depth) return;
  cyclic->dying_nesting++;
  push_dying(cyclic, NULL);
}

static bool is_nested(const struct counted *object)
{
  return !packed_is_atom(object->packed) && header_kind(object->packed) != GC_WEAK;
}

/* The object's count is 0: does all that comes before its references are dropped, which is next if it is pushed. */
static void begin_death(struct cyclic *cyclic, struct counted *dead)
{
  if (!object_is_untracked(dead)) cyclic_untrack(cyclic, dead);
  if (is_nested(dead)) {
    if (trash_depth(cyclic) >= cyclic->profile->trash_depth) {
      put_off(cyclic, dead);
      return;
    }
    cyclic->dying_nesting++;
    if (call_hooks_of_dead(cyclic, dead)) {
      leave_nesting(cyclic);
      return;
    }
  } else if (header_kind(dead->packed) == GC_WEAK) {
    hooks_forget_weak(cyclic->mutator.hooks, counted_ref(dead));
  }
  push_dying(cyclic, dead);
}

/* All references of the topmost object have been dropped. */
static void end_death(struct cyclic *cyclic, struct counted *dead, struct cascade *cascade)
{
  const bool was_nested = is_nested(dead);
  cyclic->dying_depth--;
  cyclic_account_death(cyclic, dead, !packed_is_atom(dead->packed), cascade);
  cyclic_free_cell(cyclic, dead);
  if (was_nested) leave_nesting(cyclic);
}

static void take_up(struct cyclic *cyclic)
{
  if (cyclic->put_off_count > 0) {
    struct counted *dead = ((struct counted **)cyclic->side.put_off.memory)[--cyclic->put_off_count];
    hooks_show(cyclic->mutator.hooks, counted_ref(dead));
    begin_death(cyclic, dead);
    return;
  }
  cyclic->dying_depth--;
  cyclic->dying_nesting--;
}

/* Deallocates what is on the stack above `bottom`, depth first. */
static void run_dying(struct cyclic *cyclic, uint32_t bottom, struct cascade *cascade)
{
  while (cyclic->dying_depth > bottom) {
    struct dying *top = (struct dying *)cyclic->side.dying.memory + (cyclic->dying_depth - 1);
    struct counted *object = top->object;
    if (object == NULL) {
      take_up(cyclic);
      continue;
    }
    const uint32_t fields = object_fields(object);
    if (top->next == fields) {
      end_death(cyclic, object, cascade);
      continue;
    }
    const gc_ref referent = *object_field_in_order(object, fields, top->next++);
    if (referent == NULL || !counted_decrement(counted_of(referent))) continue;
    cascade_begin_pause(&cyclic->mutator, cascade);
    begin_death(cyclic, counted_of(referent));
  }
}

/* Not inlined into what is called for each death: it would save a register more there, hooks or not. */
__attribute__((noinline)) void cyclic_deallocate_hooked(struct cyclic *cyclic, struct counted *dead,
                                                        struct cascade *cascade)
{
  const uint32_t bottom = cyclic->dying_depth;
  struct hooks *hooks = cyclic->mutator.hooks;
  hooks->death_depth++; /* the tuple of callbacks, and the stack of the dying, are made in the midst of a death */
  begin_death(cyclic, dead);
  run_dying(cyclic, bottom, cascade);
  hooks->death_depth--;
}
