#include "harness/analysis/overhead.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static double distilled_of(const struct analysis_trial *trial, const struct metric *metric)
{
  const double total = trial->values[metric - metrics], gc_ns = trial->values[metric_find("gc_time") - metrics];
  return isnan(gc_ns) ? total : total - gc_ns; /* a collector that does not say keeps it in */
}

static double distilled_median(const struct analysis_cell *cell, const struct metric *metric)
{
  double *values = memory_allocate((cell->trial_count + 1) * sizeof *values);
  size_t n = 0;
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (!cell->trials[t].ok) continue;
    const double value = distilled_of(&cell->trials[t], metric);
    if (value > 0) values[n++] = value;
  }
  const double median = n > 0 ? stats_median(values, n) : NAN;
  free(values);
  return median;
}

struct overhead_base overhead_base_of(const struct analysis *analysis, size_t subject, const struct metric *metric)
{
  struct overhead_base base = {.distilled_ns = NAN};
  for (size_t i = 0; i < analysis->cell_count; i++) {
    const struct analysis_cell *cell = &analysis->cells[i];
    if (cell->cell->subject != subject) continue;
    const double distilled_ns = distilled_median(cell, metric);
    if (isnan(distilled_ns) || distilled_ns >= base.distilled_ns) continue;
    base = (struct overhead_base){cell, distilled_ns};
  }
  return base;
}

struct stats_estimate overhead_of(const struct analysis_cell *cell, const struct overhead_base *base,
                                  const struct metric *metric, const struct comparison_terms *terms)
{
  struct stats_estimate none = {NAN, NAN, NAN, 0};
  if (base->cell == NULL) return none;
  double *totals = memory_allocate((cell->trial_count + 1) * sizeof *totals);
  double *bases = memory_allocate((cell->trial_count + 1) * sizeof *bases);
  size_t n = 0;
  for (size_t i = 0; i < cell->trial_count; i++) {
    for (size_t j = 0; j < base->cell->trial_count && cell->trials[i].ok; j++) {
      const struct analysis_trial *other = &base->cell->trials[j];
      if (!other->ok || other->block != cell->trials[i].block) continue;
      totals[n] = cell->trials[i].values[metric - metrics];
      bases[n] = distilled_of(other, metric);
      n += totals[n] > 0 && bases[n] > 0;
    }
  }
  if (n > 0) none = stats_ratio_paired(totals, bases, n, terms->level, terms->seed);
  free(bases);
  free(totals);
  return none;
}
