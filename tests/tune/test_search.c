/*
 * The search on grids of 100 settings whose truth is known, with the noise that real machines have: trials of a block
 * disturbed in common, each by itself, and one in twenty by a half.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "harness/stats/levels.h"
#include "harness/tune/search.h"

enum { SIDE = 10, COUNT = SIDE * SIDE, TRIALS = 75, BLOCKS_MAX = 32, EXPERIMENTS = 100 };

/* ---- surfaces: the logarithm of what is to be small, over a grid ------------------------------------------------- */

typedef double surface(double x, double y);

/* A bowl, its bottom off the middle. */
static double bowl(double x, double y) { return 1.5 * (x - 0.7) * (x - 0.7) + 0.8 * (y - 0.2) * (y - 0.2); }

/* Falls to a plateau, as times do over a threshold; the other axis hardly counts. */
static double plateau(double x, double y) { return 1.2 * exp(-5 * x) + 0.02 * y; }

/* A bent valley. */
static double valley(double x, double y)
{
  const double off = y - x * x;
  return 2 * off * off + 0.15 * (1 - x);
}

/* Two hollows, the deeper one the narrower. */
static double hollows(double x, double y)
{
  const double a = (x - 0.25) * (x - 0.25) + (y - 0.3) * (y - 0.3), b = (x - 0.8) * (x - 0.8) + (y - 0.75) * (y - 0.75);
  return -0.3 * exp(-a / 0.08) - 0.45 * exp(-b / 0.05);
}

/*
 * A real one: the longest pause in ms of refcount_cyclic on `cycles` over threshold0 and threshold1, ten values of each
 * from 100 to 200000 and from 2 to 100, medians of six trials.  Its cliffs are where a run ends before one more
 * collection of an older generation.
 */
static double cliffs(double x, double y)
{
  static const double pauses_ms[SIDE][SIDE] = {{3.17, 3.57, 3.88, 4.22, 4.12, 3.68, 4.56, 4.7, 6.4, 5.99},
                                               {4.34, 4.05, 3.88, 3.97, 3.56, 5.23, 5.86, 7.34, 9.18, 11.2},
                                               {3.6, 3.99, 4.17, 4.82, 6.38, 6.38, 9.06, 11.1, 15.6, 18.3},
                                               {5.66, 5.03, 5.76, 6.93, 9.56, 12.1, 18.6, 19.2, 27.2, 31.3},
                                               {7.59, 8.74, 10.7, 11.7, 14.9, 19.3, 22.5, 29.2, 7.79, 10.4},
                                               {13.1, 17.4, 16.6, 20.2, 25.2, 31, 7.19, 10.2, 17.5, 22.8},
                                               {23.2, 24.9, 27.9, 32.1, 7.4, 11.4, 15.1, 22.8, 33.7, 45.8},
                                               {35.6, 40.6, 7.83, 11.8, 16.5, 22.2, 33.2, 45.6, 0.942, 1.15},
                                               {10.4, 13, 17.6, 21.7, 29.3, 40.5, 3.22, 2.88, 2.78, 2.87},
                                               {18.5, 21.1, 28.4, 33, 8.25, 7.45, 7.73, 8.26, 8.85, 7.44}};
  return log(pauses_ms[(int)(x * (SIDE - 1) + 0.5)][(int)(y * (SIDE - 1) + 0.5)]);
}

static double flat(double x, double y)
{
  (void)x, (void)y;
  return 0;
}

/* ---- measuring -------------------------------------------------------------------------------------------------- */

struct bench {
  surface *truth;
  struct search *search;
  double values[COUNT * BLOCKS_MAX], levels[COUNT], noise;
  struct random random;
};

static double true_value(const struct bench *bench, size_t point)
{
  const struct search_grid *grid = &bench->search->grid;
  return bench->truth((double)search_rank(grid, point, 0) / (SIDE - 1),
                      (double)search_rank(grid, point, 1) / (SIDE - 1));
}

static double normal(struct random *random)
{
  const double u = random_unit(random), v = random_unit(random);
  return sqrt(-2 * log(1 - u)) * cos(6.283185307179586 * v);
}

static void run_rung(struct bench *bench)
{
  const struct search *search = bench->search;
  for (uint32_t block = search->first_block; block < search->first_block + search->blocks; block++) {
    const double of_block = 0.3 * normal(&bench->random);
    for (size_t i = 0; i < search->member_count; i++) {
      const double spike = random_unit(&bench->random) < 0.05 ? 0.4 : 0;
      bench->values[search->members[i] * BLOCKS_MAX + block] =
          true_value(bench, search->members[i]) + of_block + bench->noise * normal(&bench->random) + spike;
    }
  }
}

static void judge(struct bench *bench, struct front_point *points)
{
  stats_levels(bench->values, COUNT, BLOCKS_MAX, bench->levels);
  for (size_t i = 0; i < COUNT; i++)
    points[i] = (struct front_point){.goals = {isnan(bench->levels[i]) ? INFINITY : bench->levels[i]}};
}

/* How far above the least of all settings the chosen one truly is. */
static double regret_of(surface *truth, double noise, uint64_t seed, size_t *spent)
{
  static struct bench bench;
  const struct search_grid grid = search_grid_of((const size_t[]){SIDE, SIDE}, 2);
  const struct search_terms terms = {.trials = TRIALS, .goals = 1, .usual = 42};
  bench = (struct bench){.truth = truth, .search = search_new(&grid, &terms), .noise = noise};
  random_seed(&bench.random, seed);
  for (size_t i = 0; i < COUNT * BLOCKS_MAX; i++) bench.values[i] = NAN;
  struct front_point points[COUNT + 1] = {{.layer = 0}};
  while (search_next(bench.search, points)) {
    run_rung(&bench);
    judge(&bench, points);
  }
  size_t order[COUNT + 1];
  assert_true(search_order(bench.search, points, order) > 1);
  double least = INFINITY;
  for (size_t i = 0; i < COUNT; i++) least = fmin(least, true_value(&bench, i));
  const double regret = exp(true_value(&bench, order[0]) - least) - 1;
  *spent = bench.search->spent;
  search_free(bench.search);
  return regret;
}

/* 100 settings in five blocks each would be 500 trials: 75 are 15 % of them. */
static void test_few_trials_find_a_good_setting(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    surface *truth;
    double noise;
    int least; /* experiments of a hundred that must end within 3 % */
  } cases[] = {{"bowl", bowl, 0.01, 95},       {"plateau", plateau, 0.01, 95}, {"valley", valley, 0.01, 95},
               {"hollows", hollows, 0.01, 80}, {"bowl", bowl, 0.03, 85},       {"plateau", plateau, 0.03, 85},
               {"cliffs", cliffs, 0.03, 85},   {"cliffs", cliffs, 0.1, 80},    {"flat", flat, 0.03, 100}};
  bool all = true;
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
    int good = 0;
    double worst = 0;
    for (uint64_t seed = 1; seed <= EXPERIMENTS; seed++) {
      size_t spent = 0;
      const double regret = regret_of(cases[c].truth, cases[c].noise, seed, &spent);
      assert_true(spent <= TRIALS);
      good += regret <= 0.03;
      worst = fmax(worst, regret);
    }
    print_message("%s, noise %.0f %%: within 3 %% in %d of %d, %.1f %% at worst\n", cases[c].name, 100 * cases[c].noise,
                  good, EXPERIMENTS, 100 * worst);
    all &= good >= cases[c].least;
  }
  assert_true(all);
}

/* ---- form ------------------------------------------------------------------------------------------------------- */

/* Told the same, it asks for the same: so what was interrupted goes on. */
static void test_same_answers_same_questions(void **state)
{
  (void)state;
  const struct search_grid grid = search_grid_of((const size_t[]){7, 7, 7}, 3);
  const struct search_terms terms = {.trials = 90, .goals = 3, .usual = grid.count};
  struct search *a = search_new(&grid, &terms), *b = search_new(&grid, &terms);
  struct front_point *of_a = calloc(grid.count + 1, sizeof *of_a), *of_b = calloc(grid.count + 1, sizeof *of_b);
  size_t rungs = 0;
  for (; search_next(a, of_a); rungs++) {
    assert_true(search_next(b, of_b));
    assert_int_equal(a->member_count, b->member_count);
    assert_memory_equal(a->members, b->members, a->member_count * sizeof *a->members);
    for (size_t i = 0; i < a->member_count; i++) {
      const size_t point = a->members[i];
      for (size_t g = 0; g < 3 && point < grid.count; g++)
        of_a[point].goals[g] = of_b[point].goals[g] = cos((double)(search_rank(&grid, point, g) * (g + 1)));
    }
  }
  assert_false(search_next(b, of_b));
  assert_true(rungs >= 4);
  free(of_a);
  free(of_b);
  search_free(a);
  search_free(b);
}

/* Settings that fail are tried once; where all do, the search ends. */
static void test_failures_are_not_tried_again(void **state)
{
  (void)state;
  const struct search_grid grid = search_grid_of((const size_t[]){SIDE, SIDE}, 2);
  const struct search_terms terms = {.trials = TRIALS, .goals = 1, .usual = grid.count};
  struct search *search = search_new(&grid, &terms);
  struct front_point *points = calloc(grid.count + 1, sizeof *points);
  while (search_next(search, points)) {
    for (size_t i = 1; i < search->member_count; i++) {
      points[search->members[i]].violation = INFINITY;
      assert_int_equal(search->blocks_of[search->members[i]], search->blocks);
    }
  }
  assert_true(search->spent <= TRIALS);
  free(points);
  search_free(search);
}

/* One that a half of the allowance is enough for is run as a whole at once. */
static void test_a_small_grid_is_run_whole(void **state)
{
  (void)state;
  const struct search_grid grid = search_grid_of((const size_t[]){2, 5}, 2);
  const struct search_terms terms = {.trials = 40, .goals = 1, .usual = 3};
  struct search *search = search_new(&grid, &terms);
  struct front_point *points = calloc(grid.count + 1, sizeof *points);
  assert_true(search_next(search, points));
  assert_int_equal(search->member_count, 10);
  while (search_next(search, points)) assert_true(search->member_count <= 10);
  assert_true(search->spent <= 40);
  free(points);
  search_free(search);
}

/* ---- what it rests on ------------------------------------------------------------------------------------------- */

static void test_blocks_are_taken_out(void **state)
{
  (void)state;
  /* Levels 1, 2, 4; blocks 0, 10, 20; the third was never in the first block, the first not in the last. */
  const double values[] = {1, 11, NAN, 2, 12, 22, NAN, 14, 24};
  double levels[3];
  stats_levels(values, 3, 3, levels);
  assert_true(fabs(levels[1] - levels[0] - 1) < 1e-6);
  assert_true(fabs(levels[2] - levels[1] - 2) < 1e-6);
}

static void test_front_by_hand(void **state)
{
  (void)state;
  struct front_point points[] = {
      {.goals = {1, 5}}, {.goals = {2, 2}}, {.goals = {5, 1}}, {.goals = {3, 3}}, {.goals = {0, 0}, .violation = 1},
      {.goals = {6, 6}}};
  front_sort(points, 6, 2);
  const size_t layers[] = {0, 0, 0, 1, 3, 2};
  for (size_t i = 0; i < 6; i++) assert_int_equal(points[i].layer, layers[i]);
  assert_true(isinf(points[0].crowding) && isinf(points[2].crowding));
  assert_true(fabs(points[1].crowding - 2) < 1e-9);
  assert_true(front_compare(&points[0], &points[1]) < 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_few_trials_find_a_good_setting), cmocka_unit_test(test_same_answers_same_questions),
      cmocka_unit_test(test_failures_are_not_tried_again),   cmocka_unit_test(test_a_small_grid_is_run_whole),
      cmocka_unit_test(test_blocks_are_taken_out),           cmocka_unit_test(test_front_by_hand)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
