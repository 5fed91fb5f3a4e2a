/*
 * What a collection does with the unreachable where there are hooks, as in CPython (handle_weakrefs, finalize_garbage,
 * handle_resurrected_objects, delete_garbage):
 *
 *   what has a finalizer of the old kind, and what that leads to, is set apart (legacy.c);
 *   all weak references to the rest are cleared, then the callbacks of those that are not themselves unreachable are
 *   called;
 *   finalizers run, in list order; what is reachable from outside afterwards was resurrected, and joins the next
 *   generation;
 *   the rest is cleared, object by object.
 *
 * Where no program has hooks none of this runs (mutator->hooks is NULL), and deaths go the fast way.
 */
#include "collectors/parts/hooks.h"
#include "collectors/refcount_cyclic/collect.h"

/* A reference that the collection itself holds is dropped.  True: the object died of it. */
static bool let_go(struct cyclic *cyclic, struct counted *object, struct cascade *cascade)
{
  if (!counted_decrement(object)) return false;
  cyclic_deallocate_hooked(cyclic, object, cascade);
  return true;
}

static void condemn(struct cyclic *cyclic, struct counted **unreachable, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) cyclic_append(cyclic, CONDEMNED, unreachable[i]);
}

/* Clears all weak references to the condemned, and those condemned; returns how many callbacks are to be called. */
static uint32_t clear_weak(struct cyclic *cyclic)
{
  struct hooks *hooks = cyclic->mutator.hooks;
  const struct generation *condemned = &cyclic->generations[CONDEMNED];
  uint32_t calls = 0;
  for (uint32_t i = 0; i < condemned->size; i++) {
    if (condemned->objects[i] == NULL) continue; /* set apart */
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
      cyclic_append(cyclic, older, reference);
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
    cyclic_append(cyclic, older, condemned->objects[i]);
    condemned->objects[i] = NULL;
    condemned->holes++;
  }
  for (uint32_t q = 0; q < again.moved_count; q++) {
    const uint32_t i = again.moved[q];
    cyclic_append(cyclic, older, condemned->objects[i]);
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
    gc_ref *field = object_field_in_order(object, fields, k);
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
    cyclic_append(cyclic, older, object);
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
  legacy_set_apart(cyclic);
  const uint32_t calls = clear_weak(cyclic);
  const uint64_t died = call_back(collection, calls, older, cascade);
  const uint32_t runs = finalize_condemned(cyclic, cascade);
  if (calls + runs > 0) spare_resurrected(cyclic, older);
  const uint64_t found = condemned->size - condemned->holes;
  delete_garbage(cyclic, older, cascade);
  collection->uncollectable_count = legacy_keep(cyclic, older);
  return found + died;
}
