/*
 * A full collection of a graph that is all alive, per object: list, tree, random graph and wide array, from 10^3 to
 * 10^7 objects.
 */
#include <stdio.h>

#include "collectors/collector.h"
#include "harness/micro/heap.h"
#include "harness/micro/shapes.h"

/* What the first collection does once (its tables, the second space) is not what is measured. */
static void prepare(struct micro *micro)
{
  const struct micro_benchmark *row = micro->benchmark;
  heap_hold_collections(micro);
  shape_build(micro, (enum shape)row->part, (uint32_t)row->count, false);
  gc_collect(micro->mutator, GC_FULL);
}

static void collect_live(struct micro *micro)
{
  while (micro_next(micro, micro->benchmark->count)) gc_collect(micro->mutator, GC_FULL);
}

static void release(struct micro *micro) { heap_resume_collections(micro); }

static const char *reason(void)
{
  if (!(collector.capabilities & COLLECTOR_RECLAIMS)) return "nothing is ever collected";
  return collector.capabilities & COLLECTOR_RECLAIMS_CYCLES ? NULL : "it counts, and never traces";
}

static void add_live(struct micro_table *table, enum shape shape, uint32_t count)
{
  struct micro_benchmark row = {.prepare = prepare,
                                .run = collect_live,
                                .release = release,
                                .skip = reason(),
                                .count = count,
                                .part = shape,
                                .heavy = count > 1000000,
                                .counted = count == 1000};
  snprintf(row.limit, sizeof row.limit, "%s/objects:%u", shape_limit(shape), count);
  micro_add(table, &row, "full/%s/%u", shape_name(shape), count);
}

void micro_add_full(struct micro_table *table)
{
  for (enum shape shape = SHAPE_LIST; shape < SHAPES; shape++) {
    for (uint32_t count = 1000; count <= 10000000; count *= 10) {
      const bool is_wanted = count == 1000 || (count <= 1000000 && table->size >= MICRO_DEFAULT) ||
                             (table->size >= MICRO_DEFAULT && shape == SHAPE_GRAPH) || table->size == MICRO_FULL;
      if (is_wanted) add_live(table, shape, count);
    }
  }
}
