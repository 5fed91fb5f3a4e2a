/*
 * Allocation and immediate death: one root slot is assigned one new object after another.  What dies costs a counting
 * collector a free each time, and a tracing one its next collection.
 */
#include <stdio.h>

#include "harness/micro/allocate.h"

static inline __attribute__((always_inline)) void replace(struct micro *micro, struct gc_shape shape,
                                                          const uint32_t batch)
{
  gc_ref *slot = &micro->roots[0];
  while (micro_next(micro, batch)) {
    for (uint32_t i = 0; i < batch; i++) gc_new(micro->mutator, slot, shape);
  }
}

#define REPLACE(fields_, bytes_, kind_, batch_)                                                                        \
  static void replace_##fields_##_##bytes_(struct micro *micro)                                                        \
  {                                                                                                                    \
    replace(micro, (struct gc_shape){.fields = (fields_), .bytes = (bytes_), .kind = (kind_)}, batch_);                \
  }
ALLOCATE_SHAPES(REPLACE)
#undef REPLACE

void micro_add_death(struct micro_table *table)
{
  static const struct {
    struct gc_shape shape;
    void (*run)(struct micro *micro);
  } rows[] = {
#define ROW(fields_, bytes_, kind_, batch_)                                                                            \
  {{.fields = (fields_), .bytes = (bytes_), .kind = (kind_)}, replace_##fields_##_##bytes_},
      ALLOCATE_SHAPES(ROW)
#undef ROW
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const int64_t cell_bytes = allocate_cell_bytes(rows[i].shape);
    struct micro_benchmark row = {
        .run = rows[i].run, .shape = rows[i].shape, .counted = cell_bytes <= ALLOCATE_COUNTED_BYTES};
    snprintf(row.limit, sizeof row.limit, "limit/malloc_free/bytes:%lld", (long long)cell_bytes);
    micro_add(table, &row, "death/fields:%u/bytes:%u", rows[i].shape.fields, rows[i].shape.bytes);
  }
}
