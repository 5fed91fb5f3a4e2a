/*
 * Loads: of random objects that an array names, which do not wait for one another; and along a chain in random order,
 * in which each load waits for the one before.  Working sets as in store.c.
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

static void load_independent(struct micro *micro)
{
  const unsigned bits = (unsigned)micro->benchmark->count;
  const gc_ref array = micro->roots[0]; /* no safepoint below */
  uint64_t state = 1;
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i++) {
      const gc_ref object = gc_load(micro->mutator, array, micro_random_pair(&state, bits).first);
      micro_use(gc_load(micro->mutator, object, 0));
    }
  }
}

static void load_dependent(struct micro *micro)
{
  gc_ref object = gc_load(micro->mutator, micro->roots[0], 0);
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i++) object = gc_load(micro->mutator, object, 1);
    micro_use(object);
  }
}

static void release(struct micro *micro) { heap_resume_collections(micro); }

static void add(struct micro_table *table, const char *name, void (*run)(struct micro *micro), enum micro_level level)
{
  struct micro_benchmark row = {.prepare = prepare,
                                .run = run,
                                .release = release,
                                .count = micro_level_bits(level, table->size),
                                .only_reads = true,
                                .heavy = level == MICRO_MEMORY,
                                .counted = level == MICRO_L2};
  snprintf(row.limit, sizeof row.limit, "limit/%s/%s", name, micro_level_name(level));
  micro_add(table, &row, "load/%s/%s", name, micro_level_name(level));
}

void micro_add_load(struct micro_table *table)
{
  for (enum micro_level level = MICRO_L2; level < MICRO_LEVELS; level++) {
    add(table, "independent", load_independent, level);
    add(table, "dependent", load_dependent, level);
  }
}
