/* Assignment of a root slot: one slot refers to two objects in turn, which live on; and is emptied and set in turn. */
#include "harness/micro/micro.h"

enum { BATCH = 1000 };

static void make_objects(struct micro *micro)
{
  gc_new(micro->mutator, &micro->roots[1], MICRO_NODE);
  gc_new(micro->mutator, &micro->roots[2], MICRO_NODE);
}

static void assign(struct micro *micro)
{
  gc_ref *slot = &micro->roots[0];
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i += 2) {
      gc_root(micro->mutator, slot, micro->roots[1]);
      micro_use(slot);
      gc_root(micro->mutator, slot, micro->roots[2]);
      micro_use(slot);
    }
  }
}

static void clear(struct micro *micro)
{
  gc_ref *slot = &micro->roots[0];
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i += 2) {
      gc_root(micro->mutator, slot, micro->roots[1]);
      micro_use(slot);
      gc_root(micro->mutator, slot, NULL);
      micro_use(slot);
    }
  }
}

void micro_add_root(struct micro_table *table)
{
  const struct micro_benchmark rows[] = {
      {.prepare = make_objects, .run = assign, .counted = true, .limit = "limit/store/L1"},
      {.prepare = make_objects, .run = clear, .counted = true, .limit = "limit/store/L1"},
  };
  micro_add(table, &rows[0], "root/assign");
  micro_add(table, &rows[1], "root/set_and_clear");
}
