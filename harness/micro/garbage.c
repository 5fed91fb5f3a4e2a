/*
 * A full collection of garbage, per object: what was allocated since the last one is all dead, in rings of ten nodes,
 * which counting alone would not free.
 */
#include <stdio.h>

#include "collectors/collector.h"
#include "harness/micro/heap.h"

enum { RING = 10 };

/* roots[1] is the ring's first node, roots[2] its last. */
static void make_ring(struct micro *micro)
{
  gc_new(micro->mutator, &micro->roots[1], MICRO_NODE);
  gc_root(micro->mutator, &micro->roots[2], micro->roots[1]);
  for (int i = 1; i < RING; i++) {
    gc_new(micro->mutator, &micro->roots[3], MICRO_NODE);
    gc_store(micro->mutator, micro->roots[3], 0, micro->roots[2]);
    gc_root(micro->mutator, &micro->roots[2], micro->roots[3]);
  }
  gc_store(micro->mutator, micro->roots[1], 0, micro->roots[2]);
}

static void collect_garbage(struct micro *micro)
{
  const struct micro_benchmark *row = micro->benchmark;
  heap_hold_collections(micro);
  while (micro_next(micro, row->count)) {
    for (int64_t i = 0; i < row->count; i += RING) make_ring(micro);
    for (int i = 1; i <= 3; i++) gc_root(micro->mutator, &micro->roots[i], NULL);
    micro_start(micro);
    gc_collect(micro->mutator, GC_FULL);
    micro_stop(micro);
  }
  heap_resume_collections(micro);
}

static const char *reason(void)
{
  if (!(collector.capabilities & COLLECTOR_RECLAIMS)) return "nothing is ever collected";
  return collector.capabilities & COLLECTOR_RECLAIMS_CYCLES ? NULL : "it counts, and never traces";
}

static void add_rings(struct micro_table *table, uint32_t count)
{
  struct micro_benchmark row = {
      .run = collect_garbage, .skip = reason(), .count = count, .manual = true, .counted = count == 1000};
  snprintf(row.limit, sizeof row.limit, "limit/in_order/objects:%u", count);
  micro_add(table, &row, "garbage/rings:%u", count);
}

void micro_add_garbage(struct micro_table *table)
{
  for (uint32_t count = 1000; count <= (table->size == MICRO_SMALL ? 1000 : 100000); count *= 100)
    add_rings(table, count);
}
