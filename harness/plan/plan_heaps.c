/* Heap limits in multiples of the minimum heap, and the order in which a sweep of them is filled in. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

int plan_heap_knob(const struct plan_cell *cell)
{
  for (size_t i = 0; i < cell->collector->knob_count; i++) {
    if (cell->collector->knobs[i].type == SETTING_HEAP) return (int)i;
  }
  return -1;
}

static bool is_multiple(const struct plan_cell *cell)
{
  const int knob = plan_heap_knob(cell);
  return knob >= 0 && setting_is_multiple(&cell->collector->knobs[knob], cell->knobs[knob]);
}

bool plan_has_multiples(const struct plan_cells *cells)
{
  for (size_t i = 0; i < cells->count; i++) {
    if (is_multiple(&cells->cells[i])) return true;
  }
  return false;
}

/* The same program, but for the collector. */
static bool same_work(const struct plan_cell *a, const struct plan_cell *b)
{
  return a->workload == b->workload && a->size == b->size &&
         memcmp(a->parameters, b->parameters, a->workload->parameter_count * sizeof *a->parameters) == 0;
}

static bool is_among(const struct plan_cell *bases, size_t count, const struct plan_cell *base)
{
  for (size_t i = 0; i < count; i++) {
    if (strcmp(bases[i].id, base->id) == 0) return true;
  }
  return false;
}

/* The cell without its limit. */
static struct plan_cell base_of(const struct plan_cell *cell)
{
  struct plan_cell base = *cell;
  const size_t bytes = (cell->collector->knob_count + 1) * sizeof *base.knobs;
  const int knob = plan_heap_knob(cell);
  base.knobs = memory_require(malloc(bytes));
  memcpy(base.knobs, cell->knobs, cell->collector->knob_count * sizeof *base.knobs);
  base.knobs[knob] = cell->collector->knobs[knob].default_value;
  plan_cell_identify(&base);
  return base;
}

static uint64_t find_unit(const struct plan_cells *cells, const struct plan_cell *cell, plan_find_minimum *find,
                          void *context)
{
  struct plan_cell *bases = memory_require(calloc(cells->count + 1, sizeof *bases));
  size_t count = 0;
  for (size_t i = 0; i < cells->count; i++) {
    if (!is_multiple(&cells->cells[i]) || !same_work(&cells->cells[i], cell)) continue;
    bases[count] = base_of(&cells->cells[i]);
    if (is_among(bases, count, &bases[count]))
      free(bases[count].knobs);
    else
      count++;
  }
  const uint64_t unit = find(context, bases, count);
  for (size_t i = 0; i < count; i++) free(bases[i].knobs);
  free(bases);
  return unit;
}

static void set_bytes(struct plan_cell *cell, uint64_t unit)
{
  const int knob = plan_heap_knob(cell);
  cell->heap_multiple = -cell->knobs[knob];
  cell->knobs[knob] = (int64_t)((double)unit * (double)cell->heap_multiple / SETTING_MULTIPLE_ONE);
  plan_cell_identify(cell);
}

bool plan_resolve_heaps(struct plan_cells *cells, plan_find_minimum *find, void *context)
{
  for (size_t i = 0; i < cells->count; i++) {
    if (!is_multiple(&cells->cells[i])) continue;
    const struct plan_cell *first = &cells->cells[i];
    const uint64_t unit = find_unit(cells, first, find, context);
    if (unit == 0) return false;
    for (size_t k = cells->count; k-- > i;) { /* the first last: the others are told by it */
      if (is_multiple(&cells->cells[k]) && same_work(&cells->cells[k], first)) set_bytes(&cells->cells[k], unit);
    }
  }
  return true;
}

/* ---- the order of filling in ------------------------------------------------------------------------------------ */

unsigned plan_fill_rank(size_t place, size_t count)
{
  if (count < 2 || place == 0 || place == count - 1) return 0;
  size_t low = 0;
  size_t high = count - 1;
  for (unsigned rank = 0;; rank++) {
    const size_t middle = low + (high - low) / 2;
    if (place == middle) return rank;
    if (place < middle)
      high = middle;
    else
      low = middle;
  }
}

/* The place of the cell's multiple among those of its collector and work, and how many there are. */
static unsigned rank_of(const struct plan_cells *cells, const struct plan_cell *cell)
{
  size_t below = 0;
  size_t count = 0;
  for (size_t i = 0; i < cells->count; i++) {
    const struct plan_cell *other = &cells->cells[i];
    if (other->heap_multiple == 0 || other->collector != cell->collector || !same_work(other, cell)) continue;
    bool is_first = true;
    for (size_t k = 0; k < i && is_first; k++) {
      const struct plan_cell *before = &cells->cells[k];
      is_first = before->heap_multiple != other->heap_multiple || before->collector != cell->collector ||
                 !same_work(before, cell);
    }
    count += is_first;
    below += is_first && other->heap_multiple < cell->heap_multiple;
  }
  return plan_fill_rank(below, count);
}

void plan_fill_in(const struct plan_cells *cells, uint32_t *order)
{
  unsigned *ranks = memory_require(calloc(cells->count + 1, sizeof *ranks));
  unsigned most = 0;
  for (size_t i = 0; i < cells->count; i++) {
    if (cells->cells[i].heap_multiple != 0) ranks[i] = rank_of(cells, &cells->cells[i]);
    if (ranks[i] > most) most = ranks[i];
  }
  uint32_t *sorted = memory_require(calloc(cells->count + 1, sizeof *sorted));
  size_t filled = 0;
  for (unsigned rank = 0; rank <= most; rank++) {
    for (size_t i = 0; i < cells->count; i++) {
      if (ranks[order[i]] == rank) sorted[filled++] = order[i];
    }
  }
  memcpy(order, sorted, cells->count * sizeof *order);
  free(sorted);
  free(ranks);
}
