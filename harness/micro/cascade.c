/*
 * A cascade: the last reference to a graph of n objects is dropped, and counting frees them all.  Per object.  Only for
 * collectors that free at once.
 */
#include <stdio.h>

#include "collectors/collector.h"
#include "harness/micro/heap.h"
#include "harness/micro/shapes.h"

static void cascade(struct micro *micro)
{
  const struct micro_benchmark *row = micro->benchmark;
  heap_hold_collections(micro);
  while (micro_next(micro, row->count)) {
    shape_build(micro, (enum shape)row->part, (uint32_t)row->count, true);
    micro_start(micro);
    gc_root(micro->mutator, &micro->roots[0], NULL);
    micro_stop(micro);
  }
  heap_resume_collections(micro);
}

void micro_add_cascade(struct micro_table *table)
{
  static const struct {
    uint32_t count;
    enum micro_size from;
  } counts[] = {{1000, MICRO_SMALL},
                {10000, MICRO_FULL},
                {100000, MICRO_DEFAULT},
                {1000000, MICRO_DEFAULT},
                {10000000, MICRO_FULL}};
  const bool is_prompt = (collector.capabilities & COLLECTOR_PROMPT) != 0;
  for (enum shape shape = SHAPE_LIST; shape < SHAPE_ARRAY; shape++) {
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
      if (table->size < counts[i].from) continue;
      struct micro_benchmark row = {.run = cascade,
                                    .skip = is_prompt ? NULL : "what dies is found by a collection, not at once",
                                    .count = counts[i].count,
                                    .part = shape,
                                    .manual = true,
                                    .counted = counts[i].count == 1000};
      snprintf(row.limit, sizeof row.limit, "%s/objects:%u", shape_limit(shape), counts[i].count);
      micro_add(table, &row, "cascade/%s/%u", shape_name(shape), counts[i].count);
    }
  }
}
