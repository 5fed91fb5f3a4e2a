/* What Python's module gc asks and orders: counts, thresholds, enable, freeze (collector.h). */
#include "collectors/parts/hooks.h"
#include "collectors/refcount_cyclic/cyclic.h"

/* Objects in a generation's vector, with those of the interpreter that python_foreign_objects stands for. */
static int64_t frozen_objects(const struct cyclic *cyclic)
{
  const struct generation *permanent = &cyclic->generations[PERMANENT];
  return (int64_t)(permanent->size - permanent->holes) + (int64_t)cyclic->foreign_frozen;
}

int64_t collector_ask(struct gc_mutator *mutator, enum collector_quantity quantity, int generation, gc_ref object)
{
  struct cyclic *cyclic = cyclic_of(mutator);
  switch (quantity) {
  case COLLECTOR_ASK_COUNT:
    return cyclic->count[generation];
  case COLLECTOR_ASK_THRESHOLD:
    return cyclic->threshold[generation];
  case COLLECTOR_ASK_ENABLED:
    return cyclic->is_enabled;
  case COLLECTOR_ASK_FROZEN:
    return frozen_objects(cyclic);
  case COLLECTOR_ASK_REFERENCES:
    return counted_of(object)->count;
  case COLLECTOR_ASK_TRACKED:
    return !object_is_untracked(counted_of(object));
  case COLLECTOR_ASK_GENERATION:
    if (object_is_untracked(counted_of(object))) return -1;
    return place_of(counted_of(object))->generation;
  case COLLECTOR_ASK_FINALIZED: {
    const struct hooks_object *entry = hooks_find(mutator->hooks, object);
    return entry != NULL && entry->finalized;
  }
  case COLLECTOR_ASK_GARBAGE:
    return cyclic->garbage_count;
  case COLLECTOR_ASK_GARBAGE_OBJECT:
    return (int64_t)(intptr_t)cyclic_garbage(cyclic)[generation];
  }
  return COLLECTOR_NO_ANSWER;
}

/*
 * A collection is due when the count of generation 0 exceeds this: never, where the threshold is 0 or it is disabled.
 */
void cyclic_set_trigger(struct cyclic *cyclic)
{
  const bool attends_always = cyclic->stress_at != UINT64_MAX || cyclic->free_lists.enabled || cyclic->is_pending;
  cyclic->trigger = cyclic->threshold[0] == 0 || !cyclic->is_enabled ? INT64_MAX : cyclic->threshold[0];
  cyclic->attend_at = attends_always ? INT64_MIN : cyclic->trigger;
}

/* The objects of one generation join the end of another. */
static void join(struct cyclic *cyclic, int younger, int older)
{
  struct generation *from = &cyclic->generations[younger];
  struct generation *to = &cyclic->generations[older];
  cyclic_require(cyclic, generation_reserve(to, from->size), (uint64_t)from->size * sizeof(void *));
  for (uint32_t i = 0; i < from->size; i++) {
    struct counted *object = from->objects[i];
    if (object == NULL) continue;
    *place_of(object) = (struct place){.index = to->size, .generation = (uint32_t)older};
    to->objects[to->size++] = object;
  }
  from->size = 0;
  from->holes = 0;
}

/* gc.freeze(): counts are 0 then; what was long-lived still counts as such for the 25 % rule, as in CPython. */
static void freeze(struct cyclic *cyclic)
{
  for (int i = 0; i < GC_GENERATIONS; i++) {
    join(cyclic, i, PERMANENT);
    cyclic->count[i] = 0;
  }
  cyclic->foreign_frozen = cyclic->foreign_objects;
}

static void unfreeze(struct cyclic *cyclic)
{
  join(cyclic, PERMANENT, GC_GENERATIONS - 1);
  cyclic->foreign_frozen = 0;
}

bool collector_order(struct gc_mutator *mutator, enum collector_order order, int generation, gc_ref object,
                     int64_t value)
{
  struct cyclic *cyclic = cyclic_of(mutator);
  switch (order) {
  case COLLECTOR_ORDER_THRESHOLD:
    cyclic->threshold[generation] = value;
    cyclic_set_trigger(cyclic);
    return true;
  case COLLECTOR_ORDER_ENABLE:
    cyclic->is_enabled = value != 0;
    cyclic_set_trigger(cyclic);
    return true;
  case COLLECTOR_ORDER_FREEZE:
    freeze(cyclic);
    return true;
  case COLLECTOR_ORDER_UNFREEZE:
    unfreeze(cyclic);
    return true;
  case COLLECTOR_ORDER_EXPLICIT_POLLS:
    cyclic->polls_explicitly = value != 0;
    return true;
  case COLLECTOR_ORDER_POLL:
    cyclic_poll(cyclic);
    return true;
  case COLLECTOR_ORDER_LEGACY:
    hooks_find(mutator->hooks, object)->legacy = value != 0;
    return true;
  case COLLECTOR_ORDER_CLEAR_GARBAGE:
    cyclic_clear_garbage(cyclic);
    return true;
  }
  return false;
}
