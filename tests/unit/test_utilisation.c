/* utilisation and latency, against brute force. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/stats/latency.h"
#include "harness/stats/utilisation.h"
#include "tests/unit/cmocka_all.h"

enum { TOTAL = 400, PAUSES_MAX = 40, PROGRAMS = 200 };

static void assert_near(double found, double expected, double tolerance)
{
  if (!(fabs(found - expected) <= tolerance)) fail_msg("%.12g is not %.12g", found, expected);
}

/* Pauses in whole nanoseconds over a short run, so that every window can be tried. */
static size_t random_pauses(struct random *random, struct stats_pause *pauses)
{
  const size_t n = random_below(random, PAUSES_MAX);
  for (size_t i = 0; i < n; i++) {
    const uint64_t start_ns = random_below(random, TOTAL + 20);
    pauses[i] = (struct stats_pause){start_ns, start_ns + random_below(random, random_below(random, 4) == 0 ? 60 : 8)};
  }
  return n;
}

struct brute {
  unsigned before[TOTAL + 1]; /* nanoseconds paused before t */
};

static struct brute brute_of(const struct stats_pause *pauses, size_t n)
{
  bool paused[TOTAL] = {false};
  struct brute brute = {{0}};
  for (size_t i = 0; i < n; i++) {
    for (uint64_t t = pauses[i].start_ns; t < pauses[i].end_ns && t < TOTAL; t++) paused[t] = true;
  }
  for (size_t t = 0; t < TOTAL; t++) brute.before[t + 1] = brute.before[t] + (paused[t] ? 1 : 0);
  return brute;
}

static double brute_mmu(const struct brute *brute, size_t window)
{
  double least = 1;
  for (size_t t = 0; t + window <= TOTAL; t++)
    least = fmin(least, 1 - (double)(brute->before[t + window] - brute->before[t]) / (double)window);
  return least;
}

static void check_curves(const struct stats_utilisation *utilisation, const struct brute *brute)
{
  uint64_t windows[TOTAL];
  double mmu[TOTAL], bmu[TOTAL], least = 1;
  for (size_t w = 0; w < TOTAL; w++) windows[w] = w + 1;
  stats_mmu_curve(utilisation, windows, TOTAL, mmu, bmu);
  for (size_t w = TOTAL; w > 0; w--) {
    const double expected = brute_mmu(brute, w);
    least = fmin(least, expected);
    assert_near(mmu[w - 1], expected, 1e-12);
    assert_near(bmu[w - 1], least, 1e-12);
  }
  /* BMU on a coarse grid is that of all windows, not only of the grid's. */
  const uint64_t coarse[] = {3, 50, 170};
  double coarse_mmu[3], coarse_bmu[3];
  stats_mmu_curve(utilisation, coarse, 3, coarse_mmu, coarse_bmu);
  for (size_t i = 0; i < 3; i++) assert_near(coarse_bmu[i], bmu[coarse[i] - 1], 1e-12);
}

/* The share of windows with utilisation of at most the value found is q, the integral over continuous begins. */
static void check_quantiles(const struct stats_utilisation *utilisation, const struct brute *brute, size_t window)
{
  static const double q[] = {0.01, 0.1, 0.5, 0.9};
  double values[4];
  stats_utilisation_quantiles(utilisation, window, q, 4, values);
  for (size_t k = 0; k < 4; k++) {
    double at_most = 0, below = 0;
    for (size_t t = 0; t + window < TOTAL; t++) {
      const double a = 1 - (double)(brute->before[t + window] - brute->before[t]) / (double)window;
      const double b = 1 - (double)(brute->before[t + window + 1] - brute->before[t + 1]) / (double)window;
      const double low = fmin(a, b), high = fmax(a, b), value = values[k];
      /* Between whole nanoseconds utilisation goes evenly from a to b. */
      at_most += value + 1e-9 >= high ? 1 : value <= low ? 0 : (value - low) / (high - low);
      below += value - 1e-9 > high ? 1 : value <= low + 1e-9 ? 0 : (value - low) / (high - low);
    }
    const double all = (double)(TOTAL - window);
    assert_true(at_most / all >= q[k] - 1e-6);
    assert_true(below / all <= q[k] + 1e-6);
  }
}

static void check_worst(const struct stats_utilisation *utilisation, const struct brute *brute, size_t window)
{
  struct stats_window worst[5];
  const size_t found = stats_worst_windows(utilisation, window, worst, 5);
  if (found > 0) assert_near(worst[0].utilisation, brute_mmu(brute, window), 1e-12);
  for (size_t i = 0; i < found; i++) {
    const uint64_t start = worst[i].start_ns;
    assert_true(start + window <= TOTAL);
    assert_near(worst[i].utilisation,
                1 - (double)(brute->before[start + window] - brute->before[start]) / (double)window, 1e-12);
    for (size_t j = 0; j < i; j++) {
      assert_true(worst[j].utilisation <= worst[i].utilisation);
      assert_true(start >= worst[j].start_ns + window || worst[j].start_ns >= start + window);
    }
  }
}

static void test_against_brute_force(void **state)
{
  (void)state;
  struct random random;
  random_seed(&random, 17);
  for (size_t program = 0; program < PROGRAMS; program++) {
    struct stats_pause pauses[PAUSES_MAX];
    const size_t raw = random_pauses(&random, pauses);
    const struct brute brute = brute_of(pauses, raw);
    const size_t n = stats_pauses_normalise(pauses, raw, TOTAL);
    for (size_t i = 0; i < n; i++) {
      assert_true(pauses[i].start_ns < pauses[i].end_ns && pauses[i].end_ns <= TOTAL);
      if (i > 0) assert_true(pauses[i].start_ns > pauses[i - 1].end_ns);
    }
    struct stats_utilisation utilisation = stats_utilisation_of(pauses, n, TOTAL);
    check_curves(&utilisation, &brute);
    check_quantiles(&utilisation, &brute, 30);
    check_quantiles(&utilisation, &brute, 111);
    check_worst(&utilisation, &brute, 25);
    assert_near(stats_tail_share(&utilisation, 0), (double)brute.before[TOTAL] / TOTAL, 1e-12);
    stats_utilisation_free(&utilisation);
  }
}

static void test_by_hand(void **state)
{
  (void)state;
  /* 10 ms in the middle of 100 ms. */
  const struct stats_pause pause = {40000000, 50000000};
  struct stats_utilisation utilisation = stats_utilisation_of(&pause, 1, 100000000);
  assert_true(stats_mmu(&utilisation, 1000000) == 0);
  assert_true(stats_mmu(&utilisation, 10000000) == 0);
  assert_near(stats_mmu(&utilisation, 20000000), 0.5, 1e-12);
  assert_near(stats_mmu(&utilisation, 1000000000), 0.9, 1e-12); /* longer than the run: the run */
  assert_near(stats_tail_share(&utilisation, 10000000), 0.1, 1e-12);
  assert_true(stats_tail_share(&utilisation, 10000001) == 0);
  stats_utilisation_free(&utilisation);
  utilisation = stats_utilisation_of(NULL, 0, 100);
  uint64_t window = 10;
  double mmu = 0, bmu = 0, q = 0.5, value = 0;
  stats_mmu_curve(&utilisation, &window, 1, &mmu, &bmu);
  stats_utilisation_quantiles(&utilisation, 10, &q, 1, &value);
  assert_true(mmu == 1 && bmu == 1 && value == 1);
  assert_int_equal(stats_worst_windows(&utilisation, 10, NULL, 0), 0);
  stats_utilisation_free(&utilisation);
}

static void test_grid(void **state)
{
  (void)state;
  uint64_t windows[500];
  const size_t count = stats_utilisation_grid(10000, 10000000000, windows, 500);
  assert_int_equal(count, 6 * STATS_WINDOWS_A_DECADE + 1);
  assert_int_equal(windows[0], 10000);
  assert_int_equal(windows[count - 1], 10000000000);
  assert_int_equal(windows[STATS_WINDOWS_A_DECADE], 100000);
  assert_int_equal(stats_utilisation_grid(10000, 5000, windows, 500), 1);
  assert_int_equal(windows[0], 5000);
  assert_int_equal(stats_utilisation_grid(1, 1000000, windows, 5), 5);
}

/* ---- latency ---------------------------------------------------------------------------------------------------- */

/*
 * Word for word what methodology gives of DaCapo's reporter: a is the first with start >= start_i - W/2, b the first
 * with start >= start_i + W/2 (or the last); the even start is start_a + (i - a) (start_b - start_a) / (b - a).
 */
static double reference(const struct stats_request *requests, size_t n, size_t i, uint64_t window)
{
  size_t a = 0, b = n - 1;
  const double start = (double)requests[i].start_ns, half = (double)(window >> 1);
  for (size_t k = n; k > 0; k--) {
    if ((double)requests[k - 1].start_ns >= start - half) a = k - 1;
    if ((double)requests[k - 1].start_ns >= start + half) b = k - 1;
  }
  if (b < i) b = i;
  if (a == b) return (double)requests[i].latency_ns;
  const double interval = ((double)requests[b].start_ns - (double)requests[a].start_ns) / (double)(b - a);
  const double even = (double)requests[a].start_ns + (double)(i - a) * interval;
  const double end = start + (double)requests[i].latency_ns;
  return fmax((double)requests[i].latency_ns, end - even);
}

static void test_metered_latency(void **state)
{
  (void)state;
  static const uint64_t windows[] = {0, 1, 40, 1000, 100000, STATS_WINDOW_FULL};
  struct random random;
  random_seed(&random, 5);
  for (size_t program = 0; program < PROGRAMS; program++) {
    struct stats_request requests[100];
    uint64_t metered[100];
    const size_t n = 1 + random_below(&random, 100);
    for (size_t i = 0; i < n; i++)
      requests[i] = (struct stats_request){random_below(&random, 2000), random_below(&random, 50)};
    for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
      stats_latency_metered(requests, n, windows[w], metered);
      for (size_t i = 0; i < n; i++) {
        if (windows[w] == 0)
          assert_int_equal(metered[i], requests[i].latency_ns);
        else
          assert_near((double)metered[i], reference(requests, n, i, windows[w]), 1.0001);
      }
    }
  }
}

static void test_a_queue_behind_a_pause(void **state)
{
  (void)state;
  /* One a millisecond for 100 ms, but none from 40 to 50 ms: then eleven at once. */
  struct stats_request requests[100];
  uint64_t metered[100], most = 0;
  for (size_t i = 0; i < 100; i++) {
    const uint64_t at = i * 1000000;
    requests[i] = (struct stats_request){i >= 40 && i < 50 ? 50000000 : at, 1000};
  }
  stats_latency_metered(requests, 100, STATS_WINDOW_FULL, metered);
  for (size_t i = 0; i < 100; i++) most = metered[i] > most ? metered[i] : most;
  assert_near((double)most, 10001000, 1000);
  stats_latency_metered(requests, 0, STATS_WINDOW_FULL, metered);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_brute_force),
      cmocka_unit_test(test_by_hand),
      cmocka_unit_test(test_grid),
      cmocka_unit_test(test_metered_latency),
      cmocka_unit_test(test_a_queue_behind_a_pause),
  };
  return cmocka_run_group_tests_name("utilisation", tests, NULL, NULL);
}
