/* The random numbers are the published generators', so that seeds mean the same on every machine. */
#include "base/random.h"
#include "tests/unit/cmocka_all.h"

/* splitmix64 from seed 1234567: the values that its reference implementation prints (Vigna, splitmix64.c). */
static void splitmix_is_the_published_one(void **state)
{
  (void)state;
  static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                      4593380528125082431u, 16408922859458223821u};
  uint64_t seed = 1234567;
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) assert_true(random_mix64(&seed) == expected[i]);
}

/* xoshiro256** from the state 1, 2, 3, 4: the first values of its reference implementation. */
static void xoshiro_is_the_published_one(void **state)
{
  (void)state;
  static const uint64_t expected[] = {11520u, 0u, 1509978240u, 1215971899390074240u};
  struct random random = {{1, 2, 3, 4}};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) assert_true(random_u64(&random) == expected[i]);
}

static void below_is_uniform(void **state)
{
  (void)state;
  enum { BOUND = 10, DRAWS = 100000 };
  uint32_t counts[BOUND] = {0};
  struct random random;
  random_seed(&random, 42);
  for (int i = 0; i < DRAWS; i++) counts[random_below(&random, BOUND)]++;
  double chi_square = 0;
  for (int i = 0; i < BOUND; i++) {
    const double difference = (double)counts[i] - (double)DRAWS / BOUND;
    chi_square += difference * difference / ((double)DRAWS / BOUND);
  }
  assert_true(chi_square < 27.88); /* 9 degrees of freedom, p = 0.001; the seed is fixed, so this cannot flicker */
}

static void unit_is_in_range(void **state)
{
  (void)state;
  struct random random;
  random_seed(&random, 7);
  double sum = 0;
  for (int i = 0; i < 10000; i++) {
    const double x = random_unit(&random);
    assert_true(x >= 0.0 && x < 1.0);
    sum += x;
  }
  assert_true(sum > 4900 && sum < 5100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(splitmix_is_the_published_one),
      cmocka_unit_test(xoshiro_is_the_published_one),
      cmocka_unit_test(below_is_uniform),
      cmocka_unit_test(unit_is_in_range),
  };
  return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
