#include "harness/campaign/precision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/stats/compare.h"

static const double level = 0.95;

static bool same_program(const struct plan_cell *a, const struct plan_cell *b)
{
  return a->workload == b->workload && a->size == b->size &&
         memcmp(a->parameters, b->parameters, a->workload->parameter_count * sizeof *a->parameters) == 0;
}

size_t precision_base_of(const struct plan_cells *cells, size_t cell)
{
  size_t base = 0;
  while (!same_program(&cells->cells[base], &cells->cells[cell])) base++;
  return base;
}

/* The cell's wall times by block, NAN where there is none; false where a trial was not ok. */
static bool read_walls(const struct results *results, size_t cell, uint32_t blocks, double *walls)
{
  bool good = true;
  for (uint32_t b = 0; b < blocks; b++) walls[b] = NAN;
  for (size_t i = 0; i < results->count; i++) {
    const struct result *result = &results->rows[i];
    if (result->cell != cell || result->block >= blocks) continue;
    if (strcmp(result->outcome, "ok") == 0 && result->wall_ns > 0)
      walls[result->block] = (double)result->wall_ns;
    else
      good = false;
  }
  return good;
}

double precision_half_width(const struct results *results, const struct plan_cells *cells, size_t cell, uint32_t blocks)
{
  double *a = memory_allocate((blocks + 1) * sizeof *a), *b = memory_allocate((blocks + 1) * sizeof *b);
  const bool is_base_good = read_walls(results, precision_base_of(cells, cell), blocks, b);
  const bool good = read_walls(results, cell, blocks, a) && is_base_good;
  size_t n = 0;
  for (uint32_t i = 0; i < blocks; i++) {
    if (isnan(a[i]) || isnan(b[i])) continue;
    a[n] = a[i];
    b[n++] = b[i];
  }
  double width = NAN;
  if (good && n >= 2) {
    const struct stats_estimate ratio = stats_ratio_paired(a, b, n, level, 1);
    width = sqrt(ratio.high / ratio.low) - 1;
  }
  free(a);
  free(b);
  return width;
}

void precision_find_done(const struct results *results, const struct plan_cells *cells, uint32_t blocks,
                         double precision, bool *done)
{
  memset(done, 0, cells->count * sizeof *done);
  if (precision <= 0 || blocks < PLAN_PRECISE_BLOCKS_LEAST) return;
  for (size_t cell = 0; cell < cells->count; cell++) {
    if (precision_base_of(cells, cell) != cell)
      done[cell] = precision_half_width(results, cells, cell, blocks) <= precision;
  }
  for (size_t cell = 0; cell < cells->count; cell++) {
    if (precision_base_of(cells, cell) != cell) continue;
    done[cell] = true;
    for (size_t other = cell + 1; other < cells->count; other++)
      done[cell] &= done[other] || precision_base_of(cells, other) != cell;
  }
}

size_t precision_widest(const double *half_widths, const bool *may_go_on, size_t count, double precision)
{
  size_t widest = count;
  for (size_t cell = 0; cell < count; cell++) {
    if (!may_go_on[cell] || !(half_widths[cell] > precision)) continue;
    if (widest == count || half_widths[cell] > half_widths[widest]) widest = cell;
  }
  return widest;
}
