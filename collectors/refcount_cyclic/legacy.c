/*
 * Finalizers of the old kind, and the garbage list, as in CPython (tp_del; move_legacy_finalizers,
 * move_legacy_finalizer_reachable, handle_legacy_finalizers).
 *
 * In which order a cycle with such finalizers may be taken apart nobody can know, so nothing of it is: not the objects
 * that have one, nor what these lead to.  No weak reference to them is cleared and no finalizer run.  All join the
 * older generation; those that have such a finalizer are uncollectable garbage, which is held by a list until the
 * program empties it.  They will be found again then, if they are unreachable still.
 *
 * By counting, such an object dies as any other, with its finalizer run (deallocate.c), as often as it dies.
 */
#include "collectors/parts/hooks.h"
#include "collectors/refcount_cyclic/collect.h"

static bool is_legacy(const struct cyclic *cyclic, struct counted *object)
{
  const struct hooks_object *entry = hooks_find(cyclic->mutator.hooks, counted_ref(object));
  return entry != NULL && entry->legacy;
}

static void move(struct cyclic *cyclic, uint32_t number, struct counted *object)
{
  cyclic_untrack(cyclic, object);
  cyclic_append(cyclic, number, object);
}

void legacy_set_apart(struct cyclic *cyclic)
{
  const struct generation *condemned = &cyclic->generations[CONDEMNED];
  const struct generation *apart = &cyclic->generations[UNCOLLECTABLE];
  for (uint32_t i = 0; i < condemned->size; i++) {
    if (is_legacy(cyclic, condemned->objects[i])) move(cyclic, UNCOLLECTABLE, condemned->objects[i]);
  }
  for (uint32_t i = 0; i < apart->size; i++) { /* which grows meanwhile */
    const uint32_t fields = object_fields(apart->objects[i]);
    for (uint32_t k = 0; k < fields; k++) {
      const gc_ref referent = *object_field_in_order(apart->objects[i], fields, k);
      if (referent == NULL || object_is_untracked(counted_of(referent))) continue;
      if (place_of(counted_of(referent))->generation == CONDEMNED) move(cyclic, UNCOLLECTABLE, counted_of(referent));
    }
  }
}

static void add_to_garbage(struct cyclic *cyclic, struct counted *object)
{
  struct mapping *mapping = &cyclic->garbage;
  const uint64_t bytes = ((uint64_t)cyclic->garbage_count + 1) * sizeof(gc_ref);
  if (mapping->bytes < bytes) cyclic_require(cyclic, mapping_grow(mapping, bytes), bytes);
  counted_increment(object);
  cyclic_garbage(cyclic)[cyclic->garbage_count++] = counted_ref(object);
}

/* What died meanwhile, with what was collected, has left the vector, and does not count. */
uint64_t legacy_keep(struct cyclic *cyclic, uint32_t older)
{
  struct generation *apart = &cyclic->generations[UNCOLLECTABLE];
  const uint64_t kept = apart->size - apart->holes;
  for (uint32_t i = 0; i < apart->size; i++) {
    struct counted *object = apart->objects[i];
    if (object == NULL) continue;
    if (is_legacy(cyclic, object)) add_to_garbage(cyclic, object);
    cyclic_append(cyclic, older, object);
  }
  apart->size = 0;
  apart->holes = 0;
  return kept;
}

/* The list is empty before the first object dies of it: what that sets off may fill it again. */
void cyclic_clear_garbage(struct cyclic *cyclic)
{
  struct mapping taken = cyclic->garbage;
  const gc_ref *objects = taken.memory;
  uint32_t count = cyclic->garbage_count;
  cyclic->garbage = (struct mapping){0};
  cyclic->garbage_count = 0;
  while (count > 0) {
    struct counted *object = counted_of(objects[--count]);
    if (counted_decrement(object)) cyclic_release_dead(cyclic, object);
  }
  mapping_release(&taken);
}
