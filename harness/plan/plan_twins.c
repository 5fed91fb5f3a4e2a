/* The A/A pairs of a campaign. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

static struct plan_cell twin_of(const struct plan_cells *cells, size_t index)
{
  const struct plan_cell *original = &cells->cells[index];
  struct plan_cell twin = *original;
  char text[96];
  const int length = snprintf(text, sizeof text, "gclab-twin-1\n%s\n", original->id);
  const XXH128_hash_t digest = XXH3_128bits(text, (size_t)length);
  snprintf(twin.id, sizeof twin.id, "%016" PRIx64 "%016" PRIx64, (uint64_t)digest.high64, (uint64_t)digest.low64);
  twin.knobs = plan_copy_values(original->knobs, original->collector->knob_count);
  twin.parameters = plan_copy_values(original->parameters, original->workload->parameter_count);
  twin.is_twin = true;
  twin.twin_of = index;
  return twin;
}

/* The workload's first cell that reclaims, else its first. */
static size_t choose(const struct plan_cells *cells, size_t count, const struct catalogue_workload *workload)
{
  size_t first = count;
  for (size_t i = 0; i < count; i++) {
    if (cells->cells[i].workload != workload) continue;
    if (catalogue_collector_can(cells->cells[i].collector, "reclaims")) return i;
    if (first == count) first = i;
  }
  return first;
}

void plan_add_twins(const struct plan *plan, struct plan_cells *cells)
{
  const size_t count = cells->count;
  if (!plan->aa || count < 2) return;
  for (size_t i = 0; i < count; i++) {
    bool is_first = true;
    for (size_t k = 0; k < i; k++) is_first &= cells->cells[k].workload != cells->cells[i].workload;
    if (!is_first) continue;
    const struct plan_cell twin = twin_of(cells, choose(cells, count, cells->cells[i].workload));
    cells->cells = memory_require(reallocarray(cells->cells, cells->count + 1, sizeof *cells->cells));
    cells->cells[cells->count++] = twin;
  }
}
