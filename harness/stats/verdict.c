/* Verdicts: p values by flipping signs, families of them, and what may be said. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "harness/stats/compare.h"
#include "harness/stats/stats.h"

const char *const stats_verdict_names[] = {
    [STATS_FASTER] = "faster",
    [STATS_SLOWER] = "slower",
    [STATS_EQUIVALENT] = "equivalent",
    [STATS_INCONCLUSIVE] = "inconclusive",
};

enum { EXACT_MOST = 16 };

/* A sum as far out as the observed one, give or take what another order of adding may change. */
static bool is_as_far(double sum, double observed) { return fabs(sum) >= fabs(observed) * (1 - 1e-12); }

static double exact_p(const double *logs, size_t n, double observed)
{
  const uint32_t flips = UINT32_C(1) << n;
  uint32_t as_far = 0;
  for (uint32_t flip = 0; flip < flips; flip++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (flip >> i & 1) != 0 ? -logs[i] : logs[i];
    as_far += is_as_far(sum, observed);
  }
  return (double)as_far / flips;
}

/* The observed signs count as one of the flips, so that p is never 0 (Phipson and Smyth, 2010). */
static double random_p(const double *logs, size_t n, double observed, uint64_t seed)
{
  struct random random;
  random_seed(&random, seed);
  uint32_t as_far = 1;
  for (int r = 0; r < STATS_RESAMPLES; r++) {
    double sum = 0;
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
      if (i % 64 == 0) bits = random_u64(&random);
      sum += (bits >> i % 64 & 1) != 0 ? -logs[i] : logs[i];
    }
    as_far += is_as_far(sum, observed);
  }
  return (double)as_far / (STATS_RESAMPLES + 1);
}

double stats_sign_flip_p(const double *a, const double *b, size_t n, uint64_t seed)
{
  if (n == 0) return 1;
  double *logs = memory_allocate(n * sizeof *logs);
  double observed = 0;
  for (size_t i = 0; i < n; i++) {
    logs[i] = log(a[i] / b[i]);
    observed += logs[i];
  }
  const double p = n <= EXACT_MOST ? exact_p(logs, n, observed) : random_p(logs, n, observed, seed);
  free(logs);
  return p;
}

struct ranked {
  double p;
  size_t index;
};

static int compare_ranked(const void *a, const void *b)
{
  const struct ranked *x = a, *y = b;
  if (x->p != y->p) return x->p < y->p ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

void stats_benjamini_hochberg(const double *p, size_t n, double *adjusted)
{
  struct ranked *ranked = memory_allocate((n + 1) * sizeof *ranked);
  size_t family = 0;
  for (size_t i = 0; i < n; i++) {
    adjusted[i] = NAN;
    if (!isnan(p[i])) ranked[family++] = (struct ranked){p[i], i};
  }
  qsort(ranked, family, sizeof *ranked, compare_ranked);
  double least = 1;
  for (size_t rank = family; rank > 0; rank--) {
    least = fmin(least, ranked[rank - 1].p * (double)family / (double)rank);
    adjusted[ranked[rank - 1].index] = least;
  }
  free(ranked);
}

enum stats_verdict stats_verdict_of(const struct stats_estimate *ratio, double band, bool is_significant)
{
  if (isnan(ratio->low) || isnan(ratio->high)) return STATS_INCONCLUSIVE;
  if (ratio->low >= 1 / (1 + band) && ratio->high <= 1 + band) return STATS_EQUIVALENT;
  if (is_significant && ratio->high < 1) return STATS_FASTER;
  if (is_significant && ratio->low > 1) return STATS_SLOWER;
  return STATS_INCONCLUSIVE;
}

double stats_minimum_detectable(double sd_log, size_t n, double level)
{
  const double power = 0.8;
  if (n < 2) return NAN;
  const double quantiles = stats_student_quantile((1 + level) / 2, (double)(n - 1)) + stats_normal_quantile(power);
  return exp(quantiles * sd_log / sqrt((double)n));
}
