/* What a collector answers and does that has nothing of its own to say (collector.h); a collector's own come first. */
#include "collectors/collector.h"
#include "collectors/parts/hooks.h"

__attribute__((weak)) int64_t collector_ask(struct gc_mutator *mutator, enum collector_quantity quantity,
                                            int generation, gc_ref object)
{
  (void)generation;
  if (quantity != COLLECTOR_ASK_FINALIZED) return COLLECTOR_NO_ANSWER;
  const struct hooks_object *entry = hooks_find(mutator->hooks, object);
  return entry != NULL && entry->finalized;
}

__attribute__((weak)) bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  (void)mutator;
  (void)object;
  (void)shape;
  return false;
}

__attribute__((weak)) bool collector_order(struct gc_mutator *mutator, enum collector_order order, int generation,
                                           gc_ref object, int64_t value)
{
  (void)mutator;
  (void)order;
  (void)generation;
  (void)object;
  (void)value;
  return false;
}

__attribute__((weak)) size_t collector_facts(struct gc_mutator *mutator, struct collector_fact *facts)
{
  (void)mutator;
  (void)facts;
  return 0;
}
