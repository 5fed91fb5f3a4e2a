#include "harness/campaign/estimate.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/campaign/campaign.h"

/*
 * Before anything is known: workloads are made to take 0.3 to 3 s, some milliseconds when small, 5 to 30 s when large.
 */
static const uint64_t unknown_ns[SETTING_SIZES] = {
    [SETTING_SIZE_DEFAULT] = 1000000000,
    [SETTING_SIZE_SMALL] = 50000000,
    [SETTING_SIZE_LARGE] = 15000000000,
};

bool estimate_begin(struct estimate *estimate, const struct plan_cells *cells)
{
  estimate->cells = cells;
  estimate->of_cell = memory_require(calloc(cells->count + 1, sizeof *estimate->of_cell));
  return estimate->of_cell != NULL;
}

void estimate_end(struct estimate *estimate) { free(estimate->of_cell); }

void estimate_add(struct estimate *estimate, size_t cell, int64_t process_ns)
{
  if (process_ns < 0) return;
  estimate->of_cell[cell].total_ns += (uint64_t)process_ns;
  estimate->of_cell[cell].trials++;
}

uint64_t estimate_cell_ns(const struct estimate *estimate, size_t cell)
{
  if (estimate->of_cell[cell].trials > 0) return estimate->of_cell[cell].total_ns / estimate->of_cell[cell].trials;
  const struct plan_cell *cells = estimate->cells->cells;
  for (int any_collector = 0; any_collector < 2; any_collector++) {
    uint64_t total_ns = 0;
    uint64_t trials = 0;
    for (size_t i = 0; i < estimate->cells->count; i++) {
      if (cells[i].workload != cells[cell].workload || cells[i].size != cells[cell].size) continue;
      if (!any_collector && cells[i].collector != cells[cell].collector) continue;
      total_ns += estimate->of_cell[i].total_ns;
      trials += estimate->of_cell[i].trials;
    }
    if (trials > 0) return total_ns / trials;
  }
  return unknown_ns[cells[cell].size];
}

/* A stored trial counts for its cell, from whichever campaign it is. */
static bool take_trial(void *context, const struct store_trial *trial, const struct store_cell *stored)
{
  struct estimate *estimate = context;
  for (size_t i = 0; i < estimate->cells->count; i++) {
    if (strcmp(estimate->cells->cells[i].id, stored->id) != 0) continue;
    estimate_add(estimate, i, trial->process_ns);
    break;
  }
  return true;
}

struct campaign_estimate campaign_estimate(const struct plan *plan, const struct plan_cells *cells, struct store *store)
{
  struct estimate estimate;
  struct campaign_estimate whole = {0};
  if (!estimate_begin(&estimate, cells)) return whole;
  if (store != NULL) store_each_trial(store, NULL, take_trial, &estimate);
  const uint64_t trials = (uint64_t)cells->count * plan->blocks;
  whole.most_ns = trials > 0 && plan->time_limit_ns > INT64_MAX / trials ? INT64_MAX : trials * plan->time_limit_ns;
  for (size_t i = 0; i < cells->count; i++) {
    const uint64_t trial_ns = estimate_cell_ns(&estimate, i);
    whole.ns += plan->blocks * (trial_ns < plan->time_limit_ns ? trial_ns : plan->time_limit_ns);
    whole.measured_cells += estimate.of_cell[i].trials > 0;
  }
  estimate_end(&estimate);
  return whole;
}
