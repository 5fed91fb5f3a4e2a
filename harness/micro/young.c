/*
 * A young collection against its survivors: so many objects are made since the last one, of which a part survives, held
 * by an array; the others are garbage in pairs that refer to each other.  Per young object.
 */
#include <stdio.h>

#include "collectors/collector.h"
#include "harness/micro/heap.h"

static void make_pair(struct micro *micro)
{
  gc_new(micro->mutator, &micro->roots[1], MICRO_NODE);
  gc_new(micro->mutator, &micro->roots[2], MICRO_NODE);
  gc_store(micro->mutator, micro->roots[1], 0, micro->roots[2]);
  gc_store(micro->mutator, micro->roots[2], 0, micro->roots[1]);
}

/* Evenly among the garbage, pairs survive so that `percent` of all do. */
static void make_young(struct micro *micro, uint32_t count, uint32_t percent)
{
  gc_new(micro->mutator, &micro->roots[0], (struct gc_shape){.fields = count / 2, .kind = GC_LIST});
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count / 2; i++) {
    make_pair(micro);
    if ((uint64_t)(i + 1) * percent / 100 == kept) continue;
    gc_store(micro->mutator, micro->roots[0], kept++, micro->roots[1]);
  }
  gc_root(micro->mutator, &micro->roots[1], NULL);
  gc_root(micro->mutator, &micro->roots[2], NULL);
}

static void collect_young(struct micro *micro)
{
  const struct micro_benchmark *row = micro->benchmark;
  heap_hold_collections(micro);
  while (micro_next(micro, row->count)) {
    make_young(micro, (uint32_t)row->count, (uint32_t)row->part);
    micro_start(micro);
    gc_collect(micro->mutator, 0);
    micro_stop(micro);
    gc_root(micro->mutator, &micro->roots[0], NULL);
    gc_collect(micro->mutator, GC_FULL); /* the survivors, which are garbage now */
  }
  heap_resume_collections(micro);
}

void micro_add_young(struct micro_table *table)
{
  static const uint32_t percents[] = {0, 1, 10, 50, 100};
  const uint32_t count = table->size == MICRO_SMALL ? 1000 : 100000;
  const bool has_generations = (collector.capabilities & COLLECTOR_GENERATIONAL) != 0;
  for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
    struct micro_benchmark row = {.run = collect_young,
                                  .skip = has_generations ? NULL : "there are no generations",
                                  .count = count,
                                  .part = percents[i],
                                  .manual = true,
                                  .counted = percents[i] % 50 == 0};
    snprintf(row.limit, sizeof row.limit, "limit/in_order/objects:%u", count);
    micro_add(table, &row, "young/survivors:%u%%", percents[i]);
  }
}
