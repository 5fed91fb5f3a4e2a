/*
 * A full collection, per object: of a graph that is all alive, as list, tree, random graph and wide array; and of one that
 * is all garbage, in rings of ten.
 */
#include <stdio.h>

#include "collectors/collector.h"
#include "harness/micro/heap.h"
#include "harness/micro/shapes.h"

enum { RING = 10 };

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

static void collect_dead(struct micro *micro)
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

static void add_dead(struct micro_table *table, uint32_t count)
{
  struct micro_benchmark row = {
      .run = collect_dead, .skip = reason(), .count = count, .manual = true, .counted = count == 1000};
  snprintf(row.limit, sizeof row.limit, "limit/in_order/objects:%u", count);
  micro_add(table, &row, "full/dead_rings/%u", count);
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
  for (uint32_t count = 1000; count <= (table->size == MICRO_SMALL ? 1000 : 100000); count *= 100)
    add_dead(table, count);
}
