/* Cells beside those that a plan says. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

int64_t *plan_copy_values(const int64_t *values, size_t count)
{
  int64_t *copy = memory_allocate((count + 1) * sizeof *copy);
  memcpy(copy, values, count * sizeof *copy);
  return copy;
}

size_t plan_add_cell(struct plan_cells *cells, size_t like, const int64_t *knobs)
{
  struct plan_cell cell = cells->cells[like];
  cell.knobs = plan_copy_values(knobs, cell.collector->knob_count);
  cell.parameters = plan_copy_values(cell.parameters, cell.workload->parameter_count);
  cell.heap_multiple = 0;
  plan_cell_identify(&cell);
  for (size_t i = 0; i < cells->count; i++) {
    if (strcmp(cells->cells[i].id, cell.id) != 0) continue;
    free(cell.knobs);
    free(cell.parameters);
    return i;
  }
  cells->cells = memory_require(reallocarray(cells->cells, cells->count + 1, sizeof *cells->cells));
  cells->cells[cells->count] = cell;
  return cells->count++;
}
