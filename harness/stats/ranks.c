/* Mann-Whitney, Hodges-Lehmann, Cliff's delta, order statistics. */
#include "harness/stats/ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/stats/stats.h"

enum { EXACT_MOST = 20 };

/* How many pairs have a above b, a tie as half of one: the U of a. */
static double count_above(const double *a, size_t a_count, const double *b, size_t b_count)
{
  double above = 0;
  for (size_t i = 0; i < a_count; i++) {
    for (size_t j = 0; j < b_count; j++) above += a[i] > b[j] ? 1 : a[i] == b[j] ? 0.5 : 0;
  }
  return above;
}

double stats_cliffs_delta(const double *a, size_t a_count, const double *b, size_t b_count)
{
  const double pairs = (double)a_count * (double)b_count;
  return 2 * count_above(a, a_count, b, b_count) / pairs - 1;
}

/* The sum over groups of equal values of t^3 - t; 0: no ties. */
static double tie_term(const double *a, size_t a_count, const double *b, size_t b_count)
{
  const size_t n = a_count + b_count;
  double *all = memory_allocate(n * sizeof *all), sum = 0;
  memcpy(all, a, a_count * sizeof *all);
  memcpy(all + a_count, b, b_count * sizeof *all);
  stats_sort_double(all, n);
  for (size_t i = 0, end = 0; i < n; i = end) {
    for (end = i; end < n && all[end] == all[i]; end++) continue;
    const double t = (double)(end - i);
    sum += t * t * t - t;
  }
  free(all);
  return sum;
}

/*
 * How likely U is at most u, of all orders of m and n values without ties: by counting them (Mann and Whitney, 1947),
 * ways(u, m, n) = ways(u - n, m - 1, n) + ways(u, m, n - 1).
 */
static double exact_tail(size_t m, size_t n, size_t u)
{
  static double ways[EXACT_MOST + 1][EXACT_MOST + 1][EXACT_MOST * EXACT_MOST + 1];
  double tail = 0, all = 0;
  for (size_t i = 0; i <= m; i++) {
    for (size_t j = 0; j <= n; j++) {
      for (size_t k = 0; k <= m * n; k++) {
        if (i == 0 || j == 0)
          ways[i][j][k] = k == 0;
        else
          ways[i][j][k] = (k >= j ? ways[i - 1][j][k - j] : 0) + ways[i][j - 1][k];
      }
    }
  }
  for (size_t k = 0; k <= m * n; k++) {
    all += ways[m][n][k];
    if (k <= u) tail += ways[m][n][k];
  }
  return tail / all;
}

double stats_mann_whitney_p(const double *a, size_t a_count, const double *b, size_t b_count)
{
  if (a_count == 0 || b_count == 0) return 1;
  const double m = (double)a_count, n = (double)b_count, all = m + n;
  const double above = count_above(a, a_count, b, b_count), least = fmin(above, m * n - above);
  const double ties = tie_term(a, a_count, b, b_count);
  if (ties == 0 && a_count <= EXACT_MOST && b_count <= EXACT_MOST)
    return fmin(1, 2 * exact_tail(a_count, b_count, (size_t)least));
  const double variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)));
  if (!(variance > 0)) return 1;
  const double z = fmax(0, m * n / 2 - least - 0.5) / sqrt(variance);
  return fmin(1, erfc(z / sqrt(2)));
}

struct stats_estimate stats_hodges_lehmann(const double *a, size_t a_count, const double *b, size_t b_count,
                                           double level)
{
  const size_t pairs = a_count * b_count;
  struct stats_estimate estimate = {.value = NAN, .low = NAN, .high = NAN, .n = a_count < b_count ? a_count : b_count};
  if (pairs == 0) return estimate;
  double *differences = memory_allocate(pairs * sizeof *differences);
  for (size_t i = 0; i < pairs; i++) differences[i] = a[i / b_count] - b[i % b_count];
  stats_sort_double(differences, pairs);
  estimate.value = (differences[(pairs - 1) / 2] + differences[pairs / 2]) / 2;
  const double m = (double)a_count, n = (double)b_count;
  const double z = stats_normal_quantile((1 + level) / 2);
  const double rank = floor(m * n / 2 - z * sqrt(m * n * (m + n + 1) / 12));
  if (rank >= 1) {
    estimate.low = differences[(size_t)rank - 1];
    estimate.high = differences[pairs - (size_t)rank];
  }
  free(differences);
  return estimate;
}

/* The chance of at most k of n, each with probability q. */
static double binomial_tail(size_t k, size_t n, double q)
{
  double sum = 0;
  for (size_t i = 0; i <= k; i++) {
    const double ways = lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1);
    sum += exp(ways + (double)i * log(q) + (double)(n - i) * log1p(-q));
  }
  return sum;
}

struct stats_estimate stats_quantile_interval(const double *sorted, size_t n, double q, double level)
{
  struct stats_estimate estimate = {.value = NAN, .low = NAN, .high = NAN, .n = n};
  if (n == 0 || !(q > 0 && q < 1)) return estimate;
  estimate.value = sorted[stats_rank(n, q) - 1];
  const double tail = (1 - level) / 2;
  /* The largest value of which at most `tail` says that the quantile is below it, and the least above. */
  for (size_t rank = 1; rank <= n && binomial_tail(rank - 1, n, q) <= tail; rank++) estimate.low = sorted[rank - 1];
  for (size_t rank = 1; rank <= n; rank++) {
    if (binomial_tail(rank - 1, n, q) < 1 - tail) continue;
    estimate.high = sorted[rank - 1];
    break;
  }
  return estimate;
}
