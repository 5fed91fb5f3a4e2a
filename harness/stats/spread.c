/* Spread over trials: median, quartiles, bootstrap interval, geometric mean. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/stats/stats.h"

static int compare_double(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

void stats_sort_double(double *values, size_t count) { qsort(values, count, sizeof *values, compare_double); }

static double median_of_sorted(const double *sorted, size_t n)
{
  return n % 2 == 1 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
}

struct stats_spread stats_spread_of(const double *values, size_t n)
{
  double *sorted = malloc(n * sizeof *sorted);
  if (sorted == NULL || n == 0) {
    free(sorted);
    return (struct stats_spread){.minimum = NAN, .quartile1 = NAN, .median = NAN, .quartile3 = NAN, .maximum = NAN};
  }
  memcpy(sorted, values, n * sizeof *sorted);
  stats_sort_double(sorted, n);
  const struct stats_spread spread = {
      .minimum = sorted[0],
      .quartile1 = sorted[stats_rank(n, 0.25) - 1],
      .median = median_of_sorted(sorted, n),
      .quartile3 = sorted[stats_rank(n, 0.75) - 1],
      .maximum = sorted[n - 1],
      .n = n,
  };
  free(sorted);
  return spread;
}

double stats_median(const double *values, size_t n) { return stats_spread_of(values, n).median; }

double stats_geometric_mean(const double *values, size_t n)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += log(values[i]);
  return exp(sum / (double)n);
}

struct stats_interval stats_bootstrap_median(const double *values, size_t n, double level, unsigned resamples,
                                             uint64_t seed)
{
  double *medians = malloc(resamples * sizeof *medians);
  double *sample = malloc(n * sizeof *sample);
  struct stats_interval interval = {.low = NAN, .high = NAN};
  if (medians != NULL && sample != NULL && n > 0 && resamples > 0) {
    struct random random;
    random_seed(&random, seed);
    for (unsigned r = 0; r < resamples; r++) {
      for (size_t i = 0; i < n; i++) sample[i] = values[random_below(&random, (uint32_t)n)];
      stats_sort_double(sample, n);
      medians[r] = median_of_sorted(sample, n);
    }
    stats_sort_double(medians, resamples);
    interval.low = medians[stats_rank(resamples, (1 - level) / 2) - 1];
    interval.high = medians[stats_rank(resamples, (1 + level) / 2) - 1];
  }
  free(medians);
  free(sample);
  return interval;
}
