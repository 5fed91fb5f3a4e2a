/*
 * Weak references and finalizers as in CPython, on both ways an object dies.
 *
 * By counting (subtype_dealloc, PyObject_ClearWeakRefs): the object leaves its generation; its finalizer runs, with the
 * object at the end of generation 0 meanwhile; if something holds it then, it stays there.  Otherwise weak references to
 * it are cleared, that without callback first, and callbacks are called; then its own references are dropped one after
 * the other, each with all that dies of it, and last its memory goes.  Lists and tuples are dropped from the end.  This is
 * the order of CPython's recursion, on a stack of our own; CPython's trashcan puts off what is nested more than 50 deep,
 * which changes nothing but the order, and is not followed.
 *
 * In a collection (handle_weakrefs, finalize_garbage, handle_resurrected_objects, delete_garbage): all weak references
 * to the unreachable are cleared, then the callbacks of those that are not themselves unreachable are called; then
 * finalizers run, in list order; what is reachable from outside afterwards, was resurrected, and joins the next generation;
 * the rest is cleared, object by object.
 *
 * Where no program has hooks none of this runs (mutator->hooks is NULL), and deaths go the fast way.
 */
#include "collectors/parts/hooks.h"
#include "collectors/refcount_cyclic/collect.h"

/* An object that is being deallocated, and the next of its references to be dropped, counted in the order of dropping. */
struct dying {
  struct counted *object;
  uint32_t next;
};

static void push_dying(struct cyclic *cyclic, uint32_t *depth, struct counted *object)
{
  const uint64_t bytes = ((uint64_t)*depth + 1) * sizeof(struct dying);
  struct mapping *mapping = &cyclic->side.dying;
  if (mapping->bytes < bytes) cyclic_require(cyclic, mapping_grow(mapping, bytes), bytes);
  ((struct dying *)mapping->memory)[(*depth)++] = (struct dying){.object = object};
  cyclic->dying_depth = *depth;
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
 * Several weak references with callbacks, or from 3.13 on a single one too: CPython puts them into a tuple, two elements
 * each, clears them all, and then calls back.  The tuple is an object like others: its allocation counts, may collect,
 * and it holds the weak references.
 */
static void call_back_from_tuple(struct cyclic *cyclic, gc_ref object, uint32_t count)
{
  struct gc_mutator *mutator = &cyclic->mutator;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  mutator->hooks->call_depth++; /* the object is dying: what checks the heap must know */
  gc_new(mutator, &frame.slot[0], (struct gc_shape){.fields = 2 * count, .kind = GC_TUPLE});
  mutator->hooks->call_depth--;
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

/* Of an object that has died: clears what refers to it weakly, and calls back.  It has no hooks afterwards. */
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
  hooks_forget_object(hooks, object);
}

/* Runs the finalizer of an object that has just died, if it has one yet to run.  True: it is alive again. */
static bool finalize_dead(struct cyclic *cyclic, struct counted *dead)
{
  struct hooks_object *entry = hooks_find(cyclic->mutator.hooks, counted_ref(dead));
  if (entry == NULL || entry->finalizer.function == NULL || entry->finalized) return false;
  const struct gc_hook finalizer = entry->finalizer;
  entry->finalized = true;
  cyclic_track(cyclic, dead);
  dead->count = 1;
  hooks_call(&cyclic->mutator, finalizer, counted_ref(dead));
  if (!counted_decrement(dead)) return true;
  if (!object_is_untracked(dead)) cyclic_untrack(cyclic, dead);
  return false;
}

/* The object's count is 0: all that comes before its references are dropped.  True: they are to be dropped now. */
static bool begin_death(struct cyclic *cyclic, struct counted *dead)
{
  if (packed_is_atom(dead->packed)) return true;
  if (!object_is_untracked(dead)) cyclic_untrack(cyclic, dead);
  if (header_kind(dead->packed) == GC_WEAK) {
    hooks_forget_weak(cyclic->mutator.hooks, counted_ref(dead));
    return true;
  }
  if (finalize_dead(cyclic, dead)) return false;
  clear_weak_of_dead(cyclic, counted_ref(dead));
  return true;
}

/* The reference that is dropped as number k: lists and tuples begin with the last. */
static gc_ref *field_to_drop(struct counted *object, uint32_t fields, uint32_t k)
{
  const enum gc_kind kind = header_kind(object->packed);
  return counted_fields(object) + (kind == GC_LIST || kind == GC_TUPLE ? fields - 1 - k : k);
}

/* Deallocates what is on the stack above `bottom`, depth first. */
static void run_dying(struct cyclic *cyclic, uint32_t bottom, struct cascade *cascade)
{
  uint32_t depth = cyclic->dying_depth;
  while (depth > bottom) {
    struct dying *top = (struct dying *)cyclic->side.dying.memory + (depth - 1);
    struct counted *object = top->object;
    const uint32_t fields = object_fields(object);
    if (top->next == fields) {
      cyclic->dying_depth = --depth;
      cyclic_account_death(cyclic, object, !packed_is_atom(object->packed), cascade);
      cyclic_free_cell(cyclic, object);
      continue;
    }
    const gc_ref referent = *field_to_drop(object, fields, top->next++);
    if (referent == NULL || !counted_decrement(counted_of(referent))) continue;
    if (cascade->start_ticks == 0) cascade->start_ticks = journal_ticks();
    if (begin_death(cyclic, counted_of(referent))) push_dying(cyclic, &depth, counted_of(referent));
  }
}

void cyclic_deallocate_hooked(struct cyclic *cyclic, struct counted *dead, struct cascade *cascade)
{
  uint32_t bottom = cyclic->dying_depth;
  const uint32_t first = bottom;
  struct hooks *hooks = cyclic->mutator.hooks;
  hooks->call_depth++; /* the tuple of callbacks, and the stack of the dying, are made in the midst of a death */
  if (begin_death(cyclic, dead)) {
    push_dying(cyclic, &bottom, dead);
    run_dying(cyclic, first, cascade);
  }
  hooks->call_depth--;
}

/* A reference that the collection itself holds is dropped.  True: the object died of it. */
static bool let_go(struct cyclic *cyclic, struct counted *object, struct cascade *cascade)
{
  if (!counted_decrement(object)) return false;
  cyclic_deallocate_hooked(cyclic, object, cascade);
  return true;
}

static void append(struct cyclic *cyclic, uint32_t number, struct counted *object)
{
  struct generation *to = &cyclic->generations[number];
  cyclic_require(cyclic, generation_reserve(to, 1), sizeof(void *));
  *place_of(object) = (struct place){.index = to->size, .generation = number};
  to->objects[to->size++] = object;
}

static void condemn(struct cyclic *cyclic, struct counted **unreachable, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) append(cyclic, CONDEMNED, unreachable[i]);
}

/* Clears all weak references to the condemned, and those condemned; returns how many callbacks are to be called. */
static uint32_t clear_weak(struct cyclic *cyclic)
{
  struct hooks *hooks = cyclic->mutator.hooks;
  const struct generation *condemned = &cyclic->generations[CONDEMNED];
  uint32_t calls = 0;
  for (uint32_t i = 0; i < condemned->size; i++) {
    const gc_ref object = counted_ref(condemned->objects[i]);
    if (header_kind(condemned->objects[i]->packed) == GC_WEAK) {
      struct hooks_weak *weak = hooks_weak_of(hooks, object);
      if (weak->target != NULL) hooks_clear(hooks, weak);
      continue;
    }
    const struct hooks_object *entry;
    while ((entry = hooks_find(hooks, object)) != NULL && entry->first_weak != HOOKS_NONE) {
      struct hooks_weak *weak = &hooks->weaks[entry->first_weak];
      struct counted *reference = counted_of(weak->weak);
      const bool is_called = weak->callback.function != NULL && place_of(reference)->generation != CONDEMNED;
      hooks_clear(hooks, weak);
      if (!is_called) continue;
      const uint64_t bytes = ((uint64_t)calls + 1) * sizeof(struct counted *);
      struct mapping *mapping = &cyclic->side.calls;
      if (mapping->bytes < bytes) cyclic_require(cyclic, mapping_grow(mapping, bytes), bytes);
      counted_increment(reference);
      if (!object_is_untracked(reference)) cyclic_untrack(cyclic, reference);
      ((struct counted **)mapping->memory)[calls++] = reference;
    }
  }
  return calls;
}

/* Returns how many of the weak references died when they were let go. */
static uint64_t call_back(struct collection *collection, uint32_t calls, uint32_t older, struct cascade *cascade)
{
  struct cyclic *cyclic = collection->cyclic;
  uint64_t died = 0;
  for (uint32_t i = 0; i < calls; i++) {
    struct counted *reference = ((struct counted **)cyclic->side.calls.memory)[i];
    const struct gc_hook callback = hooks_weak_of(cyclic->mutator.hooks, counted_ref(reference))->callback;
    hooks_call(&cyclic->mutator, callback, counted_ref(reference));
    if (let_go(cyclic, reference, cascade))
      died++;
    else
      append(cyclic, older, reference);
  }
  return died;
}

/* Runs the finalizers of the condemned, in order.  Returns how many there were. */
static uint32_t finalize_condemned(struct cyclic *cyclic, struct cascade *cascade)
{
  struct hooks *hooks = cyclic->mutator.hooks;
  const struct generation *condemned = &cyclic->generations[CONDEMNED];
  uint32_t runs = 0;
  for (uint32_t i = 0; i < condemned->size; i++) {
    struct counted *object = condemned->objects[i];
    if (object == NULL) continue;
    struct hooks_object *entry = hooks_find(hooks, counted_ref(object));
    if (entry == NULL || entry->finalizer.function == NULL || entry->finalized) continue;
    const struct gc_hook finalizer = entry->finalizer;
    entry->finalized = true;
    counted_increment(object);
    hooks_call(&cyclic->mutator, finalizer, counted_ref(object));
    let_go(cyclic, object, cascade);
    runs++;
  }
  return runs;
}

/* What hooks have made reachable again joins the older generation, in the order in which it was found. */
static void spare_resurrected(struct cyclic *cyclic, uint32_t older)
{
  struct generation *condemned = &cyclic->generations[CONDEMNED];
  struct collection again = {.cyclic = cyclic, .collected = condemned, .number = CONDEMNED};
  collection_deduce_again(&again);
  /* Those that were passed over first come behind the others. */
  for (uint32_t q = 0; q < again.moved_count; q++)
    again.reached[again.moved[q] / 64] &= ~(UINT64_C(1) << again.moved[q] % 64);
  for (uint32_t i = 0; i < again.size; i++) {
    if (condemned->objects[i] == NULL || !collection_is_reached(&again, i)) continue;
    append(cyclic, older, condemned->objects[i]);
    condemned->objects[i] = NULL;
    condemned->holes++;
  }
  for (uint32_t q = 0; q < again.moved_count; q++) {
    const uint32_t i = again.moved[q];
    append(cyclic, older, condemned->objects[i]);
    condemned->objects[i] = NULL;
    condemned->holes++;
  }
}

/* tp_clear: drops the object's references.  Tuples have none: they go when what they are part of does. */
static void clear_object(struct cyclic *cyclic, struct counted *object, struct cascade *cascade)
{
  if (header_kind(object->packed) == GC_TUPLE) return;
  const uint32_t fields = object_fields(object);
  for (uint32_t k = 0; k < fields; k++) {
    gc_ref *field = field_to_drop(object, fields, k);
    const gc_ref referent = *field;
    *field = NULL;
    if (referent != NULL && counted_decrement(counted_of(referent)))
      cyclic_deallocate_hooked(cyclic, counted_of(referent), cascade);
  }
}

/* Each of the condemned in turn; one that is still alive then will die of a later one, or live on. */
static void delete_garbage(struct cyclic *cyclic, uint32_t older, struct cascade *cascade)
{
  struct generation *condemned = &cyclic->generations[CONDEMNED];
  for (uint32_t i = 0; i < condemned->size; i++) {
    struct counted *object = condemned->objects[i];
    if (object == NULL) continue;
    counted_increment(object);
    clear_object(cyclic, object, cascade);
    if (let_go(cyclic, object, cascade)) continue;
    if (condemned->objects[i] == NULL) continue;
    cyclic_untrack(cyclic, object);
    append(cyclic, older, object);
  }
  condemned->size = 0;
  condemned->holes = 0;
}

uint64_t collection_dispose_hooked(struct collection *collection, struct counted **unreachable, struct cascade *cascade)
{
  struct cyclic *cyclic = collection->cyclic;
  struct generation *condemned = &cyclic->generations[CONDEMNED];
  const uint32_t older =
      (uint32_t)(collection->number < GC_GENERATIONS - 1 ? collection->number + 1 : collection->number);
  condemn(cyclic, unreachable, collection->unreachable_count);
  const uint32_t calls = clear_weak(cyclic);
  const uint64_t died = call_back(collection, calls, older, cascade);
  const uint32_t runs = finalize_condemned(cyclic, cascade);
  if (calls + runs > 0) spare_resurrected(cyclic, older);
  const uint64_t found = condemned->size - condemned->holes;
  delete_garbage(cyclic, older, cascade);
  return found + died;
}
