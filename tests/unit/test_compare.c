/* compare, ranks and warmup, against published values and against scipy 1.10's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/stats/compare.h"
#include "harness/stats/ranks.h"
#include "harness/stats/stats.h"
#include "harness/stats/warmup.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void assert_near(double found, double expected, double tolerance)
{
  if (!(fabs(found - expected) <= tolerance)) fail_msg("%.12g is not %.12g", found, expected);
}

/* ---- quantiles: scipy.stats.norm.ppf, t.ppf --------------------------------------------------------------------- */

static void test_quantiles(void **state)
{
  (void)state;
  static const struct {
    double degrees, value;
  } students[] = {{1, 12.706204736432095}, {2, 4.302652729911275},  {3, 3.182446305284263}, {4, 2.7764451051977987},
                  {9, 2.2621571627409915}, {19, 2.093024054408263}, {49, 2.009575234489209}};
  for (size_t i = 0; i < COUNT(students); i++) {
    assert_near(stats_student_quantile(0.975, students[i].degrees), students[i].value, 1e-8);
    assert_near(stats_student_quantile(0.025, students[i].degrees), -students[i].value, 1e-8);
  }
  assert_near(stats_student_quantile(0.9, 5), 1.4758840487820273, 1e-9);
  assert_near(stats_normal_quantile(0.8), 0.8416212335729143, 1e-9);
  assert_near(stats_normal_quantile(0.975), 1.959963984540054, 1e-9);
  assert_near(stats_normal_quantile(0.001), -3.090232306167813, 1e-9);
}

/* ---- means and ratios ------------------------------------------------------------------------------------------- */

static void test_few_values_get_students_interval(void **state)
{
  (void)state;
  const double values[] = {1, 2, 4};
  const struct stats_estimate mean = stats_mean(values, 3, 0.95, 1);
  assert_near(mean.value, 7.0 / 3, 1e-12); /* scipy: t.interval(0.95, 2, mean, sem) */
  assert_near(mean.low, -1.4612497004061313, 1e-8);
  assert_near(mean.high, 6.127916367072798, 1e-8);
  assert_int_equal(mean.n, 3);
}

static void test_degenerate_samples(void **state)
{
  (void)state;
  const double values[] = {5, 5, 5, 5, 5, 5};
  assert_true(isnan(stats_mean(values, 0, 0.95, 1).value));
  const struct stats_estimate one = stats_mean(values, 1, 0.95, 1);
  assert_true(one.value == 5 && isnan(one.low) && isnan(one.high));
  for (size_t n = 2; n <= 6; n++) {
    const struct stats_estimate alike = stats_mean(values, n, 0.95, 1);
    assert_true(alike.value == 5 && alike.low == 5 && alike.high == 5);
  }
  assert_true(isnan(stats_ratio_unpaired(values, 0, values, 6, 0.95, 1).value));
  assert_true(isnan(stats_ratio_unpaired(values, 1, values, 6, 0.95, 1).low));
  assert_true(stats_ratio_unpaired(values, 6, values, 5, 0.95, 1).high == 1);
}

enum { BLOCKS = 12 };

static void make_pair(double *a, double *b, uint64_t seed, double ratio)
{
  struct random random;
  random_seed(&random, seed);
  for (size_t i = 0; i < BLOCKS; i++) {
    const double drift = 1 + random_unit(&random); /* of the block: of both */
    b[i] = 100 * drift;
    a[i] = b[i] * ratio * (1 + 0.02 * (random_unit(&random) - 0.5));
  }
}

static void test_pairing_cancels_what_blocks_have_in_common(void **state)
{
  (void)state;
  double a[BLOCKS], b[BLOCKS];
  make_pair(a, b, 4, 1.25);
  const struct stats_estimate paired = stats_ratio_paired(a, b, BLOCKS, 0.95, 1);
  const struct stats_estimate unpaired = stats_ratio_unpaired(a, BLOCKS, b, BLOCKS, 0.95, 1);
  assert_near(paired.value, 1.25, 0.01);
  assert_near(unpaired.value, paired.value, 1e-9); /* the same logarithms are added */
  assert_true(paired.low > 1.24 && paired.high < 1.26);
  assert_true(unpaired.high - unpaired.low > 10 * (paired.high - paired.low));
}

static void test_the_other_way_round_is_the_reciprocal(void **state)
{
  (void)state;
  double a[BLOCKS], b[BLOCKS], scaled[BLOCKS];
  make_pair(a, b, 9, 0.8);
  for (size_t i = 0; i < BLOCKS; i++) scaled[i] = 1e6 * a[i];
  const struct stats_estimate one = stats_ratio_paired(a, b, BLOCKS, 0.95, 1);
  const struct stats_estimate other = stats_ratio_paired(b, a, BLOCKS, 0.95, 1);
  const struct stats_estimate larger = stats_ratio_paired(scaled, b, BLOCKS, 0.95, 1);
  assert_near(one.value * other.value, 1, 1e-12);
  assert_near(one.low * other.high, 1, 1e-3); /* ranks of the resamples are not quite symmetric */
  assert_near(larger.low / one.low, 1e6, 1e-3);
  assert_true(one.low <= one.value && one.value <= one.high);
  const struct stats_estimate again = stats_ratio_paired(a, b, BLOCKS, 0.95, 1);
  assert_memory_equal(&again, &one, sizeof one);
}

static void test_difference(void **state)
{
  (void)state;
  const double a[] = {3, 5, 4, 6, 5, 7}, b[] = {0, 2, 1, 3, 2, 4};
  const struct stats_estimate difference = stats_difference_paired(a, b, 6, 0.95, 1);
  assert_true(difference.value == 3 && difference.low == 3 && difference.high == 3);
}

static void test_geometric_mean_over_workloads(void **state)
{
  (void)state;
  /* Two workloads, 2 and 1/2 in every block: 1 in all, for certain, however far apart they are. */
  double logs[2 * 6];
  for (size_t b = 0; b < 6; b++) {
    logs[b] = log(2);
    logs[6 + b] = -log(2);
  }
  struct stats_estimate mean = stats_geomean_ratio(logs, 2, 6, 0.95, 1);
  assert_near(mean.value, 1, 1e-12);
  assert_int_equal(mean.n, 6);
  logs[3] = NAN; /* a block that lacks a workload is left out, of both */
  mean = stats_geomean_ratio(logs, 2, 6, 0.95, 1);
  assert_near(mean.value, 1, 1e-12);
  assert_int_equal(mean.n, 5);
  assert_int_equal(stats_geomean_ratio(logs, 0, 6, 0.95, 1).n, 0);
}

/* ---- p values and verdicts -------------------------------------------------------------------------------------- */

static void test_sign_flips(void **state)
{
  (void)state;
  const double ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  const double above[] = {1.10, 1.07, 1.15, 1.02, 1.09, 1.12}; /* by itertools.product in Python: 2 of 64 */
  assert_true(stats_sign_flip_p(above, ones, 6, 1) == 2.0 / 64);
  assert_true(stats_sign_flip_p(above, ones, 5, 1) == 2.0 / 32); /* never significant at 5 % */
  double mixed[8];                                               /* logarithms 0.3, -0.1, ...: 16 of 256 */
  const double logs[] = {0.3, -0.1, 0.25, 0.4, 0.05, -0.02, 0.1, 0.2};
  for (size_t i = 0; i < 8; i++) mixed[i] = exp(logs[i]);
  assert_true(stats_sign_flip_p(mixed, ones, 8, 1) == 0.0625);
  assert_true(stats_sign_flip_p(ones, ones, 8, 1) == 1);
  assert_true(stats_sign_flip_p(ones, ones, 0, 1) == 1);
}

static void test_random_flips_agree_with_exact_ones(void **state)
{
  (void)state;
  double a[40], b[40];
  struct random random;
  random_seed(&random, 11);
  for (size_t i = 0; i < 40; i++) {
    b[i] = 1;
    a[i] = exp(0.1 + 0.5 * (random_unit(&random) - 0.5));
  }
  /* The normal approximation of the flips' distribution. */
  double sum = 0, squares = 0;
  for (size_t i = 0; i < 40; i++) {
    sum += log(a[i]);
    squares += log(a[i]) * log(a[i]);
  }
  const double p = erfc(fabs(sum) / sqrt(squares) / sqrt(2));
  assert_near(stats_sign_flip_p(a, b, 40, 1), p, 0.003);
}

static void test_benjamini_hochberg(void **state)
{
  (void)state;
  /* The example of Benjamini and Hochberg (1995), section 4: the first four are rejected at 0.05. */
  static const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                             0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000};
  double adjusted[16], shuffled[16];
  stats_benjamini_hochberg(p, 15, adjusted);
  for (size_t i = 0; i < 15; i++) assert_true((adjusted[i] <= 0.05) == (i < 4));
  assert_near(adjusted[0], 0.0015, 1e-12);
  assert_near(adjusted[3], 0.0095 * 15 / 4, 1e-12);
  assert_near(adjusted[14], 1, 1e-12);
  /* In another order, and with one that is no member of the family. */
  for (size_t i = 0; i < 15; i++) shuffled[15 - i] = p[i];
  shuffled[0] = NAN;
  double other[16];
  stats_benjamini_hochberg(shuffled, 16, other);
  assert_true(isnan(other[0]));
  for (size_t i = 0; i < 15; i++) assert_true(other[15 - i] == adjusted[i]);
}

static void test_verdicts(void **state)
{
  (void)state;
  static const struct {
    double low, high;
    bool is_significant;
    enum stats_verdict verdict;
  } cases[] = {
      {0.99, 1.01, false, STATS_EQUIVALENT},  {0.99, 1.01, true, STATS_EQUIVALENT},
      {0.90, 0.95, true, STATS_FASTER},       {0.90, 0.95, false, STATS_INCONCLUSIVE},
      {1.05, 1.10, true, STATS_SLOWER},       {1.05, 1.10, false, STATS_INCONCLUSIVE},
      {0.95, 1.05, true, STATS_INCONCLUSIVE}, {NAN, NAN, true, STATS_INCONCLUSIVE},
      {1.005, 1.01, true, STATS_EQUIVALENT},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const struct stats_estimate ratio = {1, cases[i].low, cases[i].high, 10};
    assert_int_equal(stats_verdict_of(&ratio, 0.02, cases[i].is_significant), cases[i].verdict);
  }
}

static void test_minimum_detectable(void **state)
{
  (void)state;
  /* n = 10: (2.26216 + 0.84162) * 0.05 / sqrt(10), and e to that. */
  assert_near(stats_minimum_detectable(0.05, 10, 0.95), 1.050306, 1e-5);
  assert_true(isnan(stats_minimum_detectable(0.05, 1, 0.95)));
  assert_true(stats_minimum_detectable(0.05, 40, 0.95) < stats_minimum_detectable(0.05, 10, 0.95));
}

/* ---- ranks ------------------------------------------------------------------------------------------------------ */

/* Hollander and Wolfe, Nonparametric Statistical Methods, example 4.1 (permeability of the chorioamnion). */
static const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
static const double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};

static void test_mann_whitney(void **state)
{
  (void)state;
  assert_near(stats_mann_whitney_p(term, 10, early, 5), 0.2544122544122544, 1e-12); /* scipy, exact */
  assert_near(stats_mann_whitney_p(early, 5, term, 10), 0.2544122544122544, 1e-12);
  const double a[] = {1, 2, 2, 3, 5, 5}, b[] = {2, 4, 4, 5, 6, 7, 7}; /* scipy, asymptotic, with continuity */
  assert_near(stats_mann_whitney_p(a, 6, b, 7), 0.09573338486463373, 1e-12);
  assert_true(stats_mann_whitney_p(a, 0, b, 7) == 1);
  const double alike[] = {3, 3, 3};
  assert_true(stats_mann_whitney_p(alike, 3, alike, 3) == 1);
}

static void test_hodges_lehmann(void **state)
{
  (void)state;
  const struct stats_estimate shift = stats_hodges_lehmann(term, 10, early, 5, 0.95);
  assert_near(shift.value, 0.305, 1e-12); /* Hollander and Wolfe give 0.305 */
  assert_true(shift.low < 0 && shift.high > 0.5);
  double moved[10];
  for (size_t i = 0; i < 10; i++) moved[i] = term[i] + 7;
  assert_near(stats_hodges_lehmann(moved, 10, term, 10, 0.95).value, 7, 1e-12);
  assert_true(isnan(stats_hodges_lehmann(term, 0, early, 5, 0.95).value));
}

static void test_cliffs_delta(void **state)
{
  (void)state;
  const double low[] = {1, 2, 3}, high[] = {4, 5, 6}, same[] = {1, 2, 3};
  assert_true(stats_cliffs_delta(high, 3, low, 3) == 1);
  assert_true(stats_cliffs_delta(low, 3, high, 3) == -1);
  assert_true(stats_cliffs_delta(low, 3, same, 3) == 0);
}

static void test_quantile_intervals(void **state)
{
  (void)state;
  double values[100];
  for (size_t i = 0; i < 100; i++) values[i] = (double)(i + 1);
  /* Ranks by scipy.stats.binom.cdf. */
  static const struct {
    size_t n;
    double q, low, value, high;
  } cases[] = {{10, 0.5, 2, 5, 9}, {20, 0.5, 6, 10, 15}, {100, 0.9, 84, 90, 96}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    const struct stats_estimate interval = stats_quantile_interval(values, cases[i].n, cases[i].q, 0.95);
    assert_true(interval.value == cases[i].value);
    assert_true(interval.low == cases[i].low && interval.high == cases[i].high);
  }
  assert_true(isnan(stats_quantile_interval(values, 20, 0.99, 0.95).high)); /* nothing can be said of the tail */
}

/* ---- warm-up ---------------------------------------------------------------------------------------------------- */

static enum stats_warmup class_of(double (*value)(size_t i), size_t n, size_t *changes_at)
{
  double values[200];
  struct random random;
  random_seed(&random, 21);
  for (size_t i = 0; i < n; i++) values[i] = value(i) * (1 + 0.02 * (random_unit(&random) - 0.5));
  const struct stats_warmup_result result = stats_warmup_of(values, n, 0.05);
  if (changes_at != NULL) *changes_at = result.changes_at;
  return result.class;
}

static double flat(size_t i) { return i == 60 ? 300 : 100; } /* one outlier is no change */
static double warming(size_t i) { return i < 25 ? 150 : 100; }
static double slowing(size_t i) { return i < 50 ? 100 : 130; }
static double rising(size_t i) { return 100 + 2 * (double)i; }
static double late(size_t i) { return i < 80 ? 100 : 50; }

static void test_warmup_classes(void **state)
{
  (void)state;
  size_t changes_at = 0;
  assert_int_equal(class_of(flat, 100, NULL), STATS_FLAT);
  assert_int_equal(class_of(warming, 100, &changes_at), STATS_WARMING);
  assert_int_equal(changes_at, 25);
  assert_int_equal(class_of(slowing, 100, &changes_at), STATS_SLOWING);
  assert_int_equal(changes_at, 50);
  assert_int_equal(class_of(rising, 100, NULL), STATS_UNSTEADY);
  assert_int_equal(class_of(late, 100, NULL), STATS_UNSTEADY); /* what is left is too short to be called steady */
  assert_int_equal(class_of(flat, 7, NULL), STATS_TOO_SHORT);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quantiles),
      cmocka_unit_test(test_few_values_get_students_interval),
      cmocka_unit_test(test_degenerate_samples),
      cmocka_unit_test(test_pairing_cancels_what_blocks_have_in_common),
      cmocka_unit_test(test_the_other_way_round_is_the_reciprocal),
      cmocka_unit_test(test_difference),
      cmocka_unit_test(test_geometric_mean_over_workloads),
      cmocka_unit_test(test_sign_flips),
      cmocka_unit_test(test_random_flips_agree_with_exact_ones),
      cmocka_unit_test(test_benjamini_hochberg),
      cmocka_unit_test(test_verdicts),
      cmocka_unit_test(test_minimum_detectable),
      cmocka_unit_test(test_mann_whitney),
      cmocka_unit_test(test_hodges_lehmann),
      cmocka_unit_test(test_cliffs_delta),
      cmocka_unit_test(test_quantile_intervals),
      cmocka_unit_test(test_warmup_classes),
  };
  return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
