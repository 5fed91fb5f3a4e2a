#include "harness/analysis/levels.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "harness/stats/levels.h"

static size_t block_count(const struct analysis_cell *const *cells, size_t count)
{
  size_t blocks = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t t = 0; t < cells[i]->trial_count; t++) {
      if ((size_t)cells[i]->trials[t].block >= blocks) blocks = (size_t)cells[i]->trials[t].block + 1;
    }
  }
  return blocks;
}

static size_t with_most_trials(const struct analysis_cell *const *cells, size_t count)
{
  size_t most = 0;
  for (size_t i = 1; i < count; i++) {
    if (cells[i]->ok_count > cells[most]->ok_count) most = i;
  }
  return most;
}

void levels_of(const struct analysis_cell *const *cells, size_t count, const struct metric *metric, double *values)
{
  if (count == 0) return;
  const size_t blocks = block_count(cells, count), most = with_most_trials(cells, count);
  double *logs = memory_allocate((count * blocks + 1) * sizeof *logs);
  for (size_t i = 0; i < count * blocks; i++) logs[i] = NAN;
  for (size_t i = 0; i < count; i++) {
    for (size_t t = 0; t < cells[i]->trial_count; t++) {
      const struct analysis_trial *trial = &cells[i]->trials[t];
      const double value = trial->ok ? trial->values[metric - metrics] : NAN;
      if (value > 0) logs[i * blocks + (size_t)trial->block] = log(value);
    }
  }
  stats_levels(logs, count, blocks, values);
  const double shift = log(analysis_median(cells[most], metric)) - values[most];
  for (size_t i = 0; i < count; i++) values[i] = exp(values[i] + shift);
  free(logs);
}
