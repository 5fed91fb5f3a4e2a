#include "harness/analysis/heldout.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static double value_in(const struct analysis_cell *cell, int64_t block, const struct metric *metric)
{
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (cell->trials[t].block == block && cell->trials[t].ok) return cell->trials[t].values[metric - metrics];
  }
  return NAN;
}

/* The values of both in the blocks of one half that both have; how many. */
static size_t half_of(const struct analysis_cell *usual, const struct analysis_cell *cell, const struct metric *metric,
                      bool chooses, double *of_cell, double *of_usual)
{
  size_t n = 0;
  for (size_t t = 0; t < usual->trial_count; t++) {
    const int64_t block = usual->trials[t].block;
    if ((block % 2 == 0) != chooses) continue; /* the first block is number 0 here */
    const double a = value_in(cell, block, metric);
    const double b = value_in(usual, block, metric);
    if (!(a > 0) || !(b > 0)) continue;
    of_cell[n] = a;
    of_usual[n++] = b;
  }
  return n;
}

static double mean_log_ratio(const double *a, const double *b, size_t n)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += log(a[i] / b[i]);
  return n > 0 ? sum / (double)n : NAN;
}

/* Less is better, or more. */
static bool is_better(double log_ratio, double than, const struct metric *metric)
{
  return metric->direction == METRIC_MORE ? log_ratio > than : log_ratio < than;
}

bool heldout_choose(const struct analysis_cell *usual, const struct analysis_cell *const *candidates, size_t count,
                    const struct metric *metric, const struct comparison_terms *terms, struct heldout *result)
{
  enum { LEAST = 2 };
  double *a = memory_allocate((usual->trial_count + 1) * sizeof *a);
  double *b = memory_allocate((usual->trial_count + 1) * sizeof *b);
  double best = 0;
  *result = (struct heldout){.usual = usual, .best = usual, .p = NAN, .verdict = STATS_INCONCLUSIVE};
  for (size_t i = 0; i < count; i++) {
    const size_t held = half_of(usual, candidates[i], metric, false, a, b);
    const size_t n = half_of(usual, candidates[i], metric, true, a, b);
    if (n < LEAST || held < LEAST) continue;
    result->candidates++;
    const double log_ratio = mean_log_ratio(a, b, n);
    if (candidates[i] == usual || !is_better(log_ratio, best, metric)) continue;
    best = log_ratio;
    result->best = candidates[i];
  }
  size_t n = half_of(usual, result->best, metric, true, a, b);
  result->chosen = stats_ratio_paired(a, b, n, terms->level, terms->seed);
  n = half_of(usual, result->best, metric, false, a, b);
  result->held = stats_ratio_paired(a, b, n, terms->level, terms->seed);
  result->p = stats_sign_flip_p(a, b, n, terms->seed);
  result->verdict = stats_verdict_of(&result->held, terms->band, result->p < 1 - terms->level);
  free(a);
  free(b);
  return result->candidates > 1;
}
