/*
 * Lazy sweeping: one object in 2, or in 8, survives a collection; then objects of the same size are allocated into the
 * cells between.  Per object allocated: what finding and clearing free cells costs, where the pause does not do it.
 */
#include "collectors/collector.h"
#include "harness/micro/heap.h"

/* In roots[0] an array, of whose objects one in `part` survives. */
static void make_gaps(struct micro *micro, uint32_t count, uint32_t part)
{
  gc_new(micro->mutator, &micro->roots[0], (struct gc_shape){.fields = count, .kind = GC_LIST});
  for (uint32_t i = 0; i < count; i++) {
    gc_new(micro->mutator, &micro->roots[1], MICRO_NODE);
    if (i % part == 0) gc_store(micro->mutator, micro->roots[0], i, micro->roots[1]);
  }
  gc_root(micro->mutator, &micro->roots[1], NULL);
  gc_collect(micro->mutator, GC_FULL);
}

static void fill_gaps(struct micro *micro)
{
  const struct micro_benchmark *row = micro->benchmark;
  const uint32_t gaps = (uint32_t)(row->count - row->count / row->part);
  gc_ref *slot = &micro->roots[1];
  while (micro_next(micro, gaps)) {
    make_gaps(micro, (uint32_t)row->count, (uint32_t)row->part);
    micro_start(micro);
    for (uint32_t i = 0; i < gaps; i++) gc_new(micro->mutator, slot, MICRO_NODE);
    micro_stop(micro);
    gc_root(micro->mutator, slot, NULL);
    gc_root(micro->mutator, &micro->roots[0], NULL);
    gc_collect(micro->mutator, GC_FULL);
  }
}

static const char *reason(void)
{
  if (!(collector.capabilities & COLLECTOR_RECLAIMS)) return "nothing is ever freed";
  if (collector.capabilities & COLLECTOR_PROMPT) return "what dies is freed at once: nothing is swept";
  return collector.capabilities & COLLECTOR_MOVES ? "what lives is copied: nothing is swept" : NULL;
}

void micro_add_sweep(struct micro_table *table)
{
  for (int64_t part = 2; part <= 8; part *= 4) {
    const struct micro_benchmark row = {.run = fill_gaps,
                                        .skip = reason(),
                                        .count = table->size == MICRO_SMALL ? 4096 : 131072,
                                        .part = part,
                                        .manual = true,
                                        .counted = true,
                                        .limit = "limit/memset/memory",
                                        .limit_scale = MICRO_OBJECT_BYTES / 1024.0};
    micro_add(table, &row, "sweep/survives:1_in_%lld", (long long)part);
  }
}
