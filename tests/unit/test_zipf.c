/* Ranks are drawn by Zipf's law: frequencies against the law itself, for skews and numbers of ranks of every kind. */
#include "workloads/zipf.h"

#include <math.h>

#include "tests/unit/cmocka_all.h"

enum { RANKS_MAX = 100, DRAWS = 400000 };

/* Pearson's statistic of DRAWS draws against r^-s. */
static double chi_square(uint32_t n, uint32_t skew_milli)
{
  struct zipf zipf;
  struct random random;
  uint32_t counts[RANKS_MAX] = {0};
  zipf_init(&zipf, n, skew_milli);
  random_seed(&random, n + skew_milli);
  for (int i = 0; i < DRAWS; i++) {
    const uint32_t rank = zipf_draw(&zipf, &random);
    assert_true(rank < n);
    counts[rank]++;
  }
  double sum = 0.0;
  for (uint32_t rank = 0; rank < n; rank++) sum += pow(rank + 1.0, -(double)skew_milli / 1000);
  double statistic = 0.0;
  for (uint32_t rank = 0; rank < n; rank++) {
    const double expected = DRAWS * pow(rank + 1.0, -(double)skew_milli / 1000) / sum;
    statistic += (counts[rank] - expected) * (counts[rank] - expected) / expected;
  }
  return statistic;
}

/*
 * Critical values at p = 0.001 for n - 1 degrees of freedom, from published tables; seeds are fixed, so this cannot
 * flicker.  100 is not a power of two: the last octave is cut.
 */
static void ranks_follow_the_law(void **state)
{
  (void)state;
  static const uint32_t skews[] = {0, 500, 990, 1000, 1500, 2375};
  for (size_t i = 0; i < sizeof skews / sizeof skews[0]; i++) {
    assert_true(chi_square(2, skews[i]) < 10.83);
    assert_true(chi_square(11, skews[i]) < 29.59);
    assert_true(chi_square(64, skews[i]) < 103.44);
    assert_true(chi_square(100, skews[i]) < 148.23);
  }
}

static void one_rank_is_always_drawn(void **state)
{
  (void)state;
  struct zipf zipf;
  struct random random;
  zipf_init(&zipf, 1, 990);
  random_seed(&random, 1);
  for (int i = 0; i < 100; i++) assert_int_equal(zipf_draw(&zipf, &random), 0);
}

/* Of 2^20 ranks at 0.99 the first 2^18 take the share that the harmonic sums say: a far tail is drawn rightly too. */
static void the_tail_has_its_share(void **state)
{
  (void)state;
  enum { N = 1 << 20, HEAD = 1 << 18 };
  double head = 0.0;
  double all = 0.0;
  for (uint32_t rank = 1; rank <= N; rank++) {
    all += pow(rank, -0.99);
    if (rank == HEAD) head = all;
  }
  struct zipf zipf;
  struct random random;
  zipf_init(&zipf, N, 990);
  random_seed(&random, 3);
  uint32_t in_head = 0;
  for (int i = 0; i < DRAWS; i++) in_head += zipf_draw(&zipf, &random) < HEAD;
  const double share = head / all;
  const double deviation = sqrt(share * (1.0 - share) / DRAWS);
  assert_true(fabs((double)in_head / DRAWS - share) < 4.0 * deviation);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranks_follow_the_law),
      cmocka_unit_test(one_rank_is_always_drawn),
      cmocka_unit_test(the_tail_has_its_share),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
