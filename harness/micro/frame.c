/*
 * A frame of root slots is pushed and popped, as in each call of a function that holds references; with its slots
 * empty, and with an object assigned to each, which lives on.
 */
#include "harness/micro/micro.h"

enum { BATCH = 1000 };

static void make_object(struct micro *micro) { gc_new(micro->mutator, &micro->roots[0], MICRO_NODE); }

#define PUSH_AND_POP(slots)                                                                                            \
  static void push_and_pop_##slots(struct micro *micro)                                                                \
  {                                                                                                                    \
    while (micro_next(micro, BATCH)) {                                                                                 \
      for (int i = 0; i < BATCH; i++) {                                                                                \
        GC_FRAME(called, slots);                                                                                       \
        gc_push(micro->mutator, &called.frame);                                                                        \
        micro_use(&called);                                                                                            \
        gc_pop(micro->mutator, &called.frame);                                                                         \
      }                                                                                                                \
    }                                                                                                                  \
  }
PUSH_AND_POP(1)
PUSH_AND_POP(4)

static void push_assign_pop(struct micro *micro)
{
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i++) {
      GC_FRAME(called, 4);
      gc_push(micro->mutator, &called.frame);
      for (int slot = 0; slot < 4; slot++) gc_root(micro->mutator, &called.slot[slot], micro->roots[0]);
      micro_use(&called);
      gc_pop(micro->mutator, &called.frame);
    }
  }
}

void micro_add_frame(struct micro_table *table)
{
  static const struct {
    const char *name;
    void (*run)(struct micro *micro);
  } rows[] = {
      {"frame/slots:1", push_and_pop_1}, {"frame/slots:4", push_and_pop_4}, {"frame/assigned:4", push_assign_pop}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct micro_benchmark row = {
        .prepare = make_object, .run = rows[i].run, .counted = true, .limit = "limit/store/L1"};
    micro_add(table, &row, "%s", rows[i].name);
  }
}
