#include "harness/analysis/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/*
 * How long each of 20 equal parts of the allocated bytes took, interpolated between samples of the heap: times of equal
 * work.  False where there are too few samples to tell.
 */
enum { WARMUP_PARTS = 20, WARMUP_SAMPLES_MIN = 2 * WARMUP_PARTS };

static const double warmup_band = 0.1;

static bool times_of_work(const struct store_series *series, double *times)
{
  const struct store_heap_sample *heap = series->heap;
  if (series->heap_count < WARMUP_SAMPLES_MIN) return false;
  const double first = (double)heap[0].allocated_bytes;
  const double all = (double)heap[series->heap_count - 1].allocated_bytes - first;
  if (!(all > 0)) return false;
  double before_ns = (double)heap[0].time_ns;
  size_t at = 1;
  for (size_t part = 1; part <= WARMUP_PARTS; part++) {
    const double target = first + all * (double)part / WARMUP_PARTS;
    while (at + 1 < series->heap_count && (double)heap[at].allocated_bytes < target) at++;
    const double low = (double)heap[at - 1].allocated_bytes, high = (double)heap[at].allocated_bytes;
    const double share = high > low ? fmin(1, (target - low) / (high - low)) : 1;
    const double now_ns = (double)heap[at - 1].time_ns + share * (double)(heap[at].time_ns - heap[at - 1].time_ns);
    times[part - 1] = now_ns - before_ns;
    before_ns = now_ns;
  }
  return true;
}

static enum stats_warmup classify(const struct store_series *series)
{
  double times[WARMUP_PARTS];
  return times_of_work(series, times) ? stats_warmup_of(times, WARMUP_PARTS, warmup_band).class : STATS_TOO_SHORT;
}

static bool load_trial(struct analysis_trial *mine, struct store *store, const struct dataset_trial *trial)
{
  *mine = (struct analysis_trial){.block = trial->block, .warmup = STATS_TOO_SHORT};
  if (strcmp(trial->outcome, "ok") != 0) return true;
  struct observation observation;
  if (!observation_open(&observation, store, trial)) return false;
  mine->ok = true;
  mine->values = memory_allocate(metric_count * sizeof *mine->values);
  for (size_t m = 0; m < metric_count; m++) mine->values[m] = metrics[m].of(&observation, metrics[m].argument);
  mine->warmup = classify(&observation.series);
  observation_close(&observation);
  return true;
}

static bool load_cell(struct analysis_cell *mine, struct store *store, const struct dataset_cell *cell)
{
  *mine = (struct analysis_cell){.cell = cell,
                                 .trials = memory_require(calloc(cell->trial_count + 1, sizeof *mine->trials))};
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (!load_trial(&mine->trials[t], store, &cell->trials[t])) return false;
    mine->trial_count++;
    mine->ok_count += mine->trials[t].ok;
  }
  return true;
}

struct analysis *analysis_load(struct dataset *dataset)
{
  struct analysis *analysis = memory_require(calloc(1, sizeof *analysis));
  const size_t all = dataset->cell_count + dataset->twin_count;
  *analysis = (struct analysis){.dataset = dataset,
                                .cells = memory_require(calloc(all + 1, sizeof *analysis->cells)),
                                .cell_count = dataset->cell_count};
  bool ok = true;
  for (size_t i = 0; i < dataset->cell_count && ok; i++)
    ok = load_cell(&analysis->cells[i], dataset->store, &dataset->cells[i]);
  for (size_t i = 0; i < dataset->twin_count && ok; i++) {
    ok = load_cell(&analysis->cells[dataset->cell_count + i], dataset->store, &dataset->twins[i].cell);
    analysis->twin_count++;
  }
  if (ok) return analysis;
  analysis_free(analysis);
  return NULL;
}

void analysis_free(struct analysis *analysis)
{
  if (analysis == NULL) return;
  for (size_t i = 0; i < analysis->cell_count + analysis->twin_count; i++) {
    for (size_t t = 0; t < analysis->cells[i].trial_count; t++) free(analysis->cells[i].trials[t].values);
    free(analysis->cells[i].trials);
  }
  free(analysis->cells);
  free(analysis);
}

size_t analysis_cell_index(const struct analysis *analysis, const struct dataset_cell *cell)
{
  return (size_t)(cell - analysis->dataset->cells);
}

size_t analysis_values(const struct analysis_cell *cell, const struct metric *metric, double *values)
{
  const size_t m = (size_t)(metric - metrics);
  size_t n = 0;
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (cell->trials[t].ok && !isnan(cell->trials[t].values[m])) values[n++] = cell->trials[t].values[m];
  }
  return n;
}

double analysis_median(const struct analysis_cell *cell, const struct metric *metric)
{
  double *values = memory_allocate((cell->trial_count + 1) * sizeof *values);
  const size_t n = analysis_values(cell, metric, values);
  const double median = n > 0 ? stats_median(values, n) : NAN;
  free(values);
  return median;
}

size_t analysis_pairs(const struct analysis_cell *a, const struct analysis_cell *b, const struct metric *metric,
                      double *of_a, double *of_b)
{
  const size_t m = (size_t)(metric - metrics);
  size_t n = 0;
  for (size_t i = 0, j = 0; i < a->trial_count && j < b->trial_count;) {
    const struct analysis_trial *x = &a->trials[i], *y = &b->trials[j];
    if (x->block == y->block && x->ok && y->ok && !isnan(x->values[m]) && !isnan(y->values[m])) {
      of_a[n] = x->values[m];
      of_b[n++] = y->values[m];
    }
    i += x->block <= y->block;
    j += y->block <= x->block;
  }
  return n;
}

enum stats_warmup analysis_warmup(const struct analysis_cell *cell)
{
  size_t counts[STATS_TOO_SHORT + 1] = {0};
  enum stats_warmup most = STATS_TOO_SHORT;
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (cell->trials[t].ok) counts[cell->trials[t].warmup]++;
  }
  for (int class = STATS_FLAT; class <= STATS_TOO_SHORT; class ++) {
    if (counts[class] > counts[most]) most = (enum stats_warmup) class;
  }
  return most;
}
