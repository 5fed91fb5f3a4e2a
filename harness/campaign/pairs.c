#include "harness/campaign/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const double level = 0.95;

/* The wall time of a cell in a block; NAN where it was not ok. */
static double wall_of(const struct results *results, size_t cell, size_t block)
{
  for (size_t i = 0; i < results->count; i++) {
    const struct result *result = &results->rows[i];
    if (result->cell == cell && result->block == block && strcmp(result->outcome, "ok") == 0 && result->wall_ns > 0)
      return (double)result->wall_ns;
  }
  return NAN;
}

/* Fills in a pair's log ratios, block by block; false where no block has both. */
static bool put_pair(const struct results *results, size_t original, size_t twin, size_t blocks, double *logs)
{
  bool any = false;
  for (size_t block = 0; block < blocks; block++) {
    logs[block] = log(wall_of(results, twin, block) / wall_of(results, original, block));
    any |= !isnan(logs[block]);
  }
  return any;
}

struct pairs pairs_of(const struct results *results, const struct plan_cells *cells)
{
  struct pairs pairs = {.ratio = {NAN, NAN, NAN, 0}};
  size_t blocks = 0;
  for (size_t i = 0; i < results->count; i++) {
    if (results->rows[i].block >= blocks) blocks = results->rows[i].block + 1;
  }
  double *logs = memory_allocate((blocks * cells->count + 1) * sizeof *logs);
  for (size_t i = 0; i < cells->count; i++) {
    if (!cells->cells[i].is_twin) continue;
    if (put_pair(results, cells->cells[i].twin_of, i, blocks, logs + pairs.count * blocks)) pairs.count++;
  }
  if (pairs.count > 0) pairs.ratio = stats_geomean_ratio(logs, pairs.count, blocks, level, 1);
  free(logs);
  return pairs;
}
