/*
 * Allocation by size and shape: objects are made into the slots of a frame, which is popped outside of the clock.  So a
 * counting collector frees there, and a tracing one has hardly anything alive when it collects; its collections, and
 * taking the memory that they freed, count: they are what its allocation costs.
 */
#include "harness/micro/allocate.h"

/* Of the cell, for a limit: what a header of one word and the object take. */
int64_t allocate_cell_bytes(struct gc_shape shape) { return 8 + (int64_t)shape.fields * 8 + shape.bytes; }

static inline __attribute__((always_inline)) void allocate(struct micro *micro, struct gc_shape shape,
                                                           const uint32_t batch)
{
  GC_FRAME(held, ALLOCATE_BATCH);
  held.frame.count = batch;
  while (micro_next(micro, batch)) {
    for (uint32_t i = 0; i < batch; i++) held.slot[i] = NULL;
    gc_push(micro->mutator, &held.frame);
    micro_start(micro);
    for (uint32_t i = 0; i < batch; i++) gc_new(micro->mutator, &held.slot[i], shape);
    micro_stop(micro);
    gc_pop(micro->mutator, &held.frame);
  }
}

/* The fast path is that of a shape which the compiler knows, so each has a function of its own. */
#define ALLOCATE(fields_, bytes_, kind_, batch_)                                                                       \
  static void allocate_##fields_##_##bytes_(struct micro *micro)                                                       \
  {                                                                                                                    \
    allocate(micro, (struct gc_shape){.fields = (fields_), .bytes = (bytes_), .kind = (kind_)}, batch_);               \
  }
ALLOCATE_SHAPES(ALLOCATE)
#undef ALLOCATE

/* Shapes that are known only when it runs, as of an interpreter: eight in turn. */
static void allocate_varied(struct micro *micro)
{
  static const struct gc_shape shapes[] = {{2, 8, GC_INSTANCE}, {0, 16, GC_ATOM},  {4, 0, GC_TUPLE}, {2, 0, GC_TUPLE},
                                           {8, 0, GC_LIST},     {0, 100, GC_ATOM}, {1, 24, GC_LIST}, {3, 40, GC_DICT}};
  GC_FRAME(held, ALLOCATE_BATCH);
  while (micro_next(micro, ALLOCATE_BATCH)) {
    for (uint32_t i = 0; i < ALLOCATE_BATCH; i++) held.slot[i] = NULL;
    gc_push(micro->mutator, &held.frame);
    micro_start(micro);
    for (uint32_t i = 0; i < ALLOCATE_BATCH; i++) {
      const struct gc_shape *shape = &shapes[i % (sizeof shapes / sizeof shapes[0])];
      micro_use(shape);
      gc_new(micro->mutator, &held.slot[i], *shape);
    }
    micro_stop(micro);
    gc_pop(micro->mutator, &held.frame);
  }
}

enum { VARIED_BYTES = 46 }; /* mean of a cell */

void micro_add_allocate(struct micro_table *table)
{
  static const struct {
    struct gc_shape shape;
    void (*run)(struct micro *micro);
  } rows[] = {
#define ROW(fields_, bytes_, kind_, batch_)                                                                            \
  {{.fields = (fields_), .bytes = (bytes_), .kind = (kind_)}, allocate_##fields_##_##bytes_},
      ALLOCATE_SHAPES(ROW)
#undef ROW
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const int64_t cell_bytes = allocate_cell_bytes(rows[i].shape);
    const struct micro_benchmark row = {.run = rows[i].run,
                                        .shape = rows[i].shape,
                                        .manual = true,
                                        .counted = cell_bytes <= ALLOCATE_COUNTED_BYTES,
                                        .limit = "limit/memset/memory",
                                        .limit_scale = (double)cell_bytes / 1024};
    micro_add(table, &row, "allocate/fields:%u/bytes:%u", rows[i].shape.fields, rows[i].shape.bytes);
  }
  const struct micro_benchmark varied = {.run = allocate_varied,
                                         .manual = true,
                                         .counted = true,
                                         .limit = "limit/memset/memory",
                                         .limit_scale = VARIED_BYTES / 1024.0};
  micro_add(table, &varied, "allocate/varied");
}
