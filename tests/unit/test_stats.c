/* stats, against values worked out by hand or by an independent program (Python's statistics and fractions). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/stats/stats.h"
#include "tests/unit/cmocka_all.h"

static void test_sort_is_a_sorted_permutation(void **state)
{
  (void)state;
  static const size_t sizes[] = {0, 1, 2, 255, 256, 1000, 70000};
  struct random random;
  random_seed(&random, 3);
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    uint64_t *values = malloc((sizes[s] + 1) * sizeof *values);
    uint64_t sum = 0, mixed = 0;
    for (size_t i = 0; i < sizes[s]; i++) {
      values[i] = random_u64(&random) >> (random_below(&random, 64)); /* all magnitudes, many ties */
      sum += values[i];
      mixed += values[i] * values[i];
    }
    stats_sort_u64(values, sizes[s]);
    for (size_t i = 0; i < sizes[s]; i++) {
      if (i > 0) assert_true(values[i - 1] <= values[i]);
      sum -= values[i];
      mixed -= values[i] * values[i];
    }
    assert_int_equal(sum, 0);
    assert_int_equal(mixed, 0);
    free(values);
  }
}

static void test_rank_is_exact(void **state)
{
  (void)state;
  /* ceil(n * a / b) in whole numbers, for every n: no rank may be lost or won to rounding. */
  static const struct {
    double q;
    size_t a, b;
  } quantiles[] = {{0.5, 1, 2}, {0.25, 1, 4}, {0.9, 9, 10}, {0.99, 99, 100}, {0.999, 999, 1000}, {0.9999, 9999, 10000}};
  for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
    for (size_t n = 1; n <= 100000; n += n < 3000 ? 1 : 97)
      assert_int_equal(stats_rank(n, quantiles[i].q), (n * quantiles[i].a + quantiles[i].b - 1) / quantiles[i].b);
  }
  assert_int_equal(stats_rank(5, 0), 1);
  assert_int_equal(stats_rank(5, 1), 5);
}

static void test_quantile_is_nearest_rank(void **state)
{
  (void)state;
  const uint64_t values[] = {15, 20, 35, 40, 50};
  assert_int_equal(stats_quantile_u64(values, 5, 0.05), 15);
  assert_int_equal(stats_quantile_u64(values, 5, 0.30), 20);
  assert_int_equal(stats_quantile_u64(values, 5, 0.40), 20);
  assert_int_equal(stats_quantile_u64(values, 5, 0.50), 35);
  assert_int_equal(stats_quantile_u64(values, 5, 1), 50);
}

static void test_minimum_sample_rule(void **state)
{
  (void)state;
  assert_int_equal(stats_quantile_minimum(0.5), 20);
  assert_int_equal(stats_quantile_minimum(0.9), 100);
  assert_int_equal(stats_quantile_minimum(0.99), 1000);
  assert_int_equal(stats_quantile_minimum(0.999), 10000);
  assert_int_equal(stats_quantile_minimum(0.9999), 100000);
  assert_true(stats_quantile_allowed(1000, 0.99));
  assert_false(stats_quantile_allowed(999, 0.99));
  assert_false(stats_quantile_allowed(SIZE_MAX - 1, 1));
}

static void test_spread(void **state)
{
  (void)state;
  const double values[] = {14, 10, 11.5, 9.25, 10.75, 30, 10.5};
  const struct stats_spread spread = stats_spread_of(values, 7);
  assert_true(spread.minimum == 9.25 && spread.maximum == 30 && spread.median == 10.75 && spread.n == 7);
  assert_true(spread.quartile1 == 10 && spread.quartile3 == 14);
  const double even[] = {4, 1, 3, 2};
  assert_true(stats_median(even, 4) == 2.5);
  assert_true(stats_median(even, 1) == 4);
  assert_true(isnan(stats_median(even, 0)));
}

static void test_geometric_mean(void **state)
{
  (void)state;
  const double values[] = {1.5, 0.25, 8, 2};
  assert_true(fabs(stats_geometric_mean(values, 4) - 1.5650845800732873) < 1e-12); /* 6 ^ (1/4) */
}

static void test_bootstrap_is_reproducible(void **state)
{
  (void)state;
  const double values[] = {10, 11.5, 9.25, 14, 10.75, 30, 10.5};
  const struct stats_interval interval = stats_bootstrap_median(values, 7, 0.95, STATS_RESAMPLES, 7);
  assert_true(interval.low == 10 && interval.high == 14);
  const double eight[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const struct stats_interval other = stats_bootstrap_median(eight, 8, 0.95, STATS_RESAMPLES, 1);
  assert_true(other.low == 2 && other.high == 7);
  const struct stats_interval one = stats_bootstrap_median(values, 1, 0.95, STATS_RESAMPLES, 7);
  assert_true(one.low == 10 && one.high == 10);
}

static struct stats_distribution make(const uint64_t *values, size_t n, uint64_t short_count, uint64_t floor)
{
  struct stats_distribution made = {.n = n, .short_count = short_count, .floor = floor};
  made.short_histogram[5] = short_count;
  made.sorted = malloc((n + 1) * sizeof *made.sorted);
  for (size_t i = 0; i < n; i++) made.sorted[i] = values[i];
  stats_sort_u64(made.sorted, n);
  return made;
}

static void test_short_values_count_in_ranks(void **state)
{
  (void)state;
  const uint64_t kept[] = {5000, 1000, 2000, 3000, 4000};
  struct stats_distribution distribution = make(kept, 5, 15, 1000);
  assert_int_equal(stats_distribution_count(&distribution), 20);
  struct stats_value value = stats_distribution_quantile(&distribution, 0.5); /* rank 10 of 20: a short one */
  assert_true(value.below_floor && value.value == 1000 && value.enough);
  value = stats_distribution_quantile(&distribution, 0.75); /* rank 15: the last short one */
  assert_true(value.below_floor && !value.enough);
  value = stats_distribution_quantile(&distribution, 0.80); /* rank 16: the first that was kept */
  assert_true(!value.below_floor && value.value == 1000);
  value = stats_distribution_quantile(&distribution, 1);
  assert_true(!value.below_floor && value.value == 5000);
  stats_distribution_free(&distribution);
}

static void test_kept_values_below_the_floor_are_not_told_apart(void **state)
{
  (void)state;
  const uint64_t kept[] = {300, 400, 2000}; /* collections are kept however short */
  struct stats_distribution with_short = make(kept, 3, 2, 1000);
  assert_true(stats_distribution_quantile(&with_short, 0.7).below_floor); /* rank 4: 300 or 400 or a short one */
  assert_false(stats_distribution_quantile(&with_short, 0.9).below_floor);
  struct stats_distribution without = make(kept, 3, 0, 1000);
  assert_false(stats_distribution_quantile(&without, 0.3).below_floor);
  assert_int_equal(stats_distribution_quantile(&without, 0.3).value, 300);
  stats_distribution_free(&with_short);
  stats_distribution_free(&without);
}

static void test_merging_is_pooling(void **state)
{
  (void)state;
  const uint64_t a[] = {9, 1, 5}, b[] = {2, 7, 7, 100}, both[] = {1, 2, 5, 7, 7, 9, 100};
  struct stats_distribution pool = make(a, 3, 4, 1000), other = make(b, 4, 6, 500);
  assert_true(stats_distribution_merge(&pool, &other));
  assert_int_equal(pool.n, 7);
  for (size_t i = 0; i < 7; i++) assert_int_equal(pool.sorted[i], both[i]);
  assert_int_equal(pool.short_count, 10);
  assert_int_equal(pool.short_histogram[5], 10);
  assert_int_equal(pool.floor, 1000);
  stats_distribution_free(&pool);
  stats_distribution_free(&other);
}

static void test_thinning_keeps_to_the_rule(void **state)
{
  (void)state;
  enum { N = 100000 };
  static uint64_t values[N];
  for (size_t i = 0; i < N; i++) values[i] = i + 1; /* the quantile of rank r is r */
  struct stats_distribution distribution = make(values, N, 0, 0);
  struct stats_point points[STATS_THIN_POINTS];
  const size_t made = stats_distribution_thin(&distribution, points, STATS_THIN_POINTS);
  assert_in_range(made, 200, STATS_THIN_POINTS);
  assert_true(points[0].x == 1 && points[0].value == 1);
  assert_true(points[made - 1].x == N / 10.0);
  assert_int_equal(points[made - 1].value, N - 10); /* ten values lie beyond the last point */
  for (size_t i = 1; i < made; i++) {
    assert_true(points[i].x > points[i - 1].x && points[i].value >= points[i - 1].value);
    const double exact = (1 - 1 / points[i].x) * N;
    assert_true((double)points[i].value >= exact - 1e-3 && (double)points[i].value < exact + 1.001);
  }
  distribution.n = 19;
  assert_int_equal(stats_distribution_thin(&distribution, points, STATS_THIN_POINTS), 0);
  stats_distribution_free(&distribution);
}

/* Exact below 2^10; above, the quantile is the lowest value of a bucket that is a thousandth wide. */
static void test_histogram_is_near(void **state)
{
  (void)state;
  struct stats_histogram histogram;
  assert_true(stats_histogram_open(&histogram));
  for (uint64_t value = 0; value < 1024; value++) stats_histogram_add(&histogram, value);
  for (int percent = 5; percent < 100; percent += 5)
    assert_int_equal(stats_histogram_quantile(&histogram, percent / 100.0), stats_rank(1024, percent / 100.0) - 1);
  stats_histogram_free(&histogram);
  assert_true(stats_histogram_open(&histogram));
  struct random random;
  random_seed(&random, 5);
  enum { N = 20000 };
  static uint64_t values[N];
  for (size_t i = 0; i < N; i++) {
    values[i] = random_u64(&random) >> random_below(&random, 64);
    stats_histogram_add(&histogram, values[i]);
  }
  stats_sort_u64(values, N);
  for (int percent = 0; percent <= 100; percent++) {
    const double exact = (double)stats_quantile_u64(values, N, percent / 100.0);
    const double found = (double)stats_histogram_quantile(&histogram, percent / 100.0);
    assert_true(found <= exact && found >= exact * (1 - 1.0 / 1024));
  }
  stats_histogram_free(&histogram);
}

static void assert_near(double found, double expected, double tolerance)
{
  if (fabs(found - expected) <= tolerance) return;
  fail_msg("%.17g is not %.17g", found, expected);
}

/* Of the Hilbert matrix of order 4: the values that are printed in textbooks (MATLAB's eig(hilb(4)) among others). */
static void test_eigenvalues_of_the_hilbert_matrix(void **state)
{
  (void)state;
  enum { N = 4 };
  static const double expected[N] = {1.5002142800592426, 0.16914122022144993, 0.006738273605760747,
                                     9.67023040225869e-05};
  double matrix[N * N], values[N], vectors[N * N];
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) matrix[i * N + j] = 1.0 / (i + j + 1);
  }
  stats_eigen_symmetric(matrix, N, values, vectors);
  for (int k = 0; k < N; k++) assert_near(values[k], expected[k], 1e-14);
}

/* A v = value v, the vectors are orthonormal, and the sum of the values is the trace: on random matrices. */
static void test_eigenvectors_are_eigenvectors(void **state)
{
  (void)state;
  enum { N = 20 };
  struct random random;
  random_seed(&random, 11);
  for (int round = 0; round < 20; round++) {
    double original[N * N], matrix[N * N], values[N], vectors[N * N];
    double trace = 0, sum = 0;
    for (int i = 0; i < N; i++) {
      for (int j = 0; j <= i; j++) original[i * N + j] = original[j * N + i] = random_unit(&random) - 0.5;
      trace += original[i * N + i];
    }
    memcpy(matrix, original, sizeof matrix);
    stats_eigen_symmetric(matrix, N, values, vectors);
    for (int k = 0; k < N; k++) {
      sum += values[k];
      assert_true(k == 0 || values[k] <= values[k - 1]);
      for (int i = 0; i < N; i++) {
        double product = 0, inner = 0;
        for (int j = 0; j < N; j++) product += original[i * N + j] * vectors[k * N + j];
        for (int j = 0; j < N; j++) inner += vectors[i * N + j] * vectors[k * N + j];
        assert_near(product, values[k] * vectors[k * N + i], 1e-12);
        assert_near(inner, i == k, 1e-12);
      }
    }
    assert_near(sum, trace, 1e-12);
  }
}

/*
 * Two variables with correlation r have components with (1 + r) / 2 and (1 - r) / 2 of the variance, along the
 * diagonals; a third that does not vary has none.
 */
static void test_components_of_two_variables(void **state)
{
  (void)state;
  enum { ROWS = 5, COLUMNS = 3 };
  static const double data[ROWS * COLUMNS] = {1, 2, 7, 2, 1, 7, 3, 4, 7, 4, 3, 7, 5, 5, 7};
  const double r = 0.8; /* Pearson's of 1..5 and 2 1 4 3 5, which is Spearman's: 1 - 6 * 4 / (5 * 24) */
  struct stats_components components;
  assert_true(stats_components_of(data, ROWS, COLUMNS, &components));
  assert_near(components.share[0], (1 + r) / 2, 1e-12);
  assert_near(components.share[1], (1 - r) / 2, 1e-12);
  assert_near(components.share[2], 0, 1e-12);
  assert_near(components.loadings[0], sqrt(0.5), 1e-9);
  assert_near(components.loadings[1], sqrt(0.5), 1e-9);
  for (int i = 0; i < ROWS; i++) {
    assert_near(components.standard[i * COLUMNS], (data[i * COLUMNS] - 3) / sqrt(2.5), 1e-12);
    assert_near(components.standard[i * COLUMNS + 2], 0, 0);
    assert_near(components.scores[i * COLUMNS],
                (components.standard[i * COLUMNS] + components.standard[i * COLUMNS + 1]) * sqrt(0.5), 1e-9);
  }
  stats_components_free(&components);
  assert_false(stats_components_of(data, 1, COLUMNS, &components));
}

static void test_nearest(void **state)
{
  (void)state;
  static const double points[] = {0, 0, 3, 4, 0, 1, 10, 0};
  size_t neighbours[4];
  double distances[4];
  stats_nearest(points, 4, 2, neighbours, distances);
  static const size_t expected[] = {2, 2, 0, 1};
  for (int i = 0; i < 4; i++) assert_int_equal(neighbours[i], expected[i]);
  assert_near(distances[0], 1, 1e-15);
  assert_near(distances[1], sqrt(18), 1e-15);
  assert_near(distances[3], sqrt(65), 1e-15);
  /* 1, sqrt(18), 5, sqrt(65), 10, sqrt(101) */
  assert_near(stats_median_distance(points, 4, 2), (5 + sqrt(65)) / 2, 1e-12);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_histogram_is_near),
      cmocka_unit_test(test_eigenvalues_of_the_hilbert_matrix),
      cmocka_unit_test(test_eigenvectors_are_eigenvectors),
      cmocka_unit_test(test_components_of_two_variables),
      cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_sort_is_a_sorted_permutation),
      cmocka_unit_test(test_rank_is_exact),
      cmocka_unit_test(test_quantile_is_nearest_rank),
      cmocka_unit_test(test_minimum_sample_rule),
      cmocka_unit_test(test_spread),
      cmocka_unit_test(test_geometric_mean),
      cmocka_unit_test(test_bootstrap_is_reproducible),
      cmocka_unit_test(test_short_values_count_in_ranks),
      cmocka_unit_test(test_kept_values_below_the_floor_are_not_told_apart),
      cmocka_unit_test(test_merging_is_pooling),
      cmocka_unit_test(test_thinning_keeps_to_the_rule),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
