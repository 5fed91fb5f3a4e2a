/*
 * The store barrier: a reference to a random object is stored into another one, `a[i].field = a[j]`, with objects
 * enough to fill the second-level cache, the last-level one, or neither.  What keeps the objects is an array, from
 * which both are loaded; `none` shows what that takes without a barrier.  Nothing dies.
 */
#include <stdio.h>

#include "harness/micro/heap.h"
#include "harness/micro/shapes.h"

enum { BATCH = 1000 };

static void prepare(struct micro *micro)
{
  heap_hold_collections(micro);
  shape_build_working_set(micro, (unsigned)micro->benchmark->count);
}

static void store(struct micro *micro)
{
  const unsigned bits = (unsigned)micro->benchmark->count;
  uint64_t state = 1;
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i++) {
      const struct micro_pair at = micro_random_pair(&state, bits);
      const gc_ref array = micro->roots[0];
      const gc_ref object = gc_load(micro->mutator, array, at.first);
      gc_store(micro->mutator, object, 0, gc_load(micro->mutator, array, at.second));
      micro_use(object);
    }
  }
}

static void release(struct micro *micro) { heap_resume_collections(micro); }

void micro_add_store(struct micro_table *table)
{
  for (enum micro_level level = MICRO_L2; level < MICRO_LEVELS; level++) {
    struct micro_benchmark row = {.prepare = prepare,
                                  .run = store,
                                  .release = release,
                                  .count = micro_level_bits(level, table->size),
                                  .heavy = level == MICRO_MEMORY,
                                  .counted = level == MICRO_L2};
    snprintf(row.limit, sizeof row.limit, "limit/independent/%s", micro_level_name(level));
    micro_add(table, &row, "store/%s", micro_level_name(level));
  }
}
