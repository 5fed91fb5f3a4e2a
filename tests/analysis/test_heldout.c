/*
 * heldout: settings that are equal, apart from noise, hundreds of times over: the chosen one looks faster where it was
 * chosen, and is not on the other blocks; and one that is faster is found, and judged so.
 */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "harness/analysis/heldout.h"
#include "tests/unit/cmocka_all.h"

enum { BLOCKS = 20, SETTINGS = 16, EXPERIMENTS = 300 };

static struct random noise;

static double normal(void)
{
  const double u = random_unit(&noise) + 1e-12;
  const double v = random_unit(&noise);
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static struct analysis_cell make_cell(double wall_ns, const double *drift)
{
  struct analysis_cell cell = {
      .trials = memory_require(calloc(BLOCKS, sizeof *cell.trials)), .trial_count = BLOCKS, .ok_count = BLOCKS};
  for (size_t b = 0; b < BLOCKS; b++) {
    double *values = memory_allocate(metric_count * sizeof *values);
    for (size_t m = 0; m < metric_count; m++) values[m] = NAN;
    values[metric_find("wall") - metrics] = wall_ns * drift[b] * exp(0.05 * normal());
    values[metric_find("mmu_10ms") - metrics] = 1e8 / wall_ns * exp(0.05 * normal());
    cell.trials[b] = (struct analysis_trial){.block = (int64_t)b, .ok = true, .values = values};
  }
  return cell;
}

/* Chooses among settings whose times are so many times the default's. */
static struct heldout choose(const double *factors, const char *metric)
{
  struct analysis_cell cells[SETTINGS];
  const struct analysis_cell *candidates[SETTINGS];
  double drift[BLOCKS];
  struct heldout result;
  for (size_t b = 0; b < BLOCKS; b++) drift[b] = exp(0.3 * normal());
  for (size_t i = 0; i < SETTINGS; i++) {
    cells[i] = make_cell(1e9 * factors[i], drift);
    candidates[i] = &cells[i];
  }
  assert_true(heldout_choose(&cells[0], candidates, SETTINGS, metric_find(metric), &comparison_default_terms, &result));
  assert_int_equal(result.candidates, SETTINGS);
  result.candidates = (size_t)(result.best - cells); /* which; the cells go */
  for (size_t i = 0; i < SETTINGS; i++) {
    for (size_t b = 0; b < BLOCKS; b++) free(cells[i].trials[b].values);
    free(cells[i].trials);
  }
  return result;
}

static void luck_is_not_held(void **state)
{
  (void)state;
  double equal[SETTINGS];
  for (size_t i = 0; i < SETTINGS; i++) equal[i] = 1;
  double chosen = 0;
  double held = 0;
  size_t covered = 0;
  size_t significant = 0;
  random_seed(&noise, 5);
  for (int i = 0; i < EXPERIMENTS; i++) {
    const struct heldout result = choose(equal, "wall");
    chosen += log(result.chosen.value) / EXPERIMENTS;
    held += log(result.held.value) / EXPERIMENTS;
    covered += result.held.low <= 1 && result.held.high >= 1;
    significant += result.verdict == STATS_FASTER || result.verdict == STATS_SLOWER;
  }
  /* Of 15 with a standard error of 0.05 sqrt(2 / 10) each, the least is expected some 1.7 of them below. */
  assert_true(chosen < -0.025 && chosen > -0.055);
  assert_true(fabs(held) < 0.006); /* four standard errors of the mean over experiments are 0.0052 */
  assert_true((double)covered > EXPERIMENTS * 0.90);
  assert_true((double)significant < EXPERIMENTS * 0.10);
}

static void what_is_faster_is_found(void **state)
{
  (void)state;
  double factors[SETTINGS];
  for (size_t i = 0; i < SETTINGS; i++) factors[i] = i == 7 ? 0.8 : 1;
  random_seed(&noise, 6);
  struct heldout result = choose(factors, "wall");
  assert_int_equal(result.candidates, 7);
  assert_int_equal(result.verdict, STATS_FASTER);
  assert_true(result.held.low < 0.8 && result.held.high > 0.8);
  /* More is better: the least utilisation is that of the slowest. */
  result = choose(factors, "mmu_10ms");
  assert_int_equal(result.candidates, 7);
  assert_true(result.held.value > 1.15);
}

static void halves_need_two_blocks_each(void **state)
{
  (void)state;
  const double drift[BLOCKS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  random_seed(&noise, 7);
  struct analysis_cell a = make_cell(1e9, drift);
  struct analysis_cell b = make_cell(1e9, drift);
  const struct analysis_cell *const candidates[] = {&a, &b};
  struct heldout result;
  a.trial_count = 3; /* two choose, one is left */
  assert_false(heldout_choose(&a, candidates, 2, metric_find("wall"), &comparison_default_terms, &result));
  a.trial_count = 4;
  assert_true(heldout_choose(&a, candidates, 2, metric_find("wall"), &comparison_default_terms, &result));
  a.trial_count = BLOCKS;
  for (size_t t = 0; t < BLOCKS; t++) {
    free(a.trials[t].values);
    free(b.trials[t].values);
  }
  free(a.trials);
  free(b.trials);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(luck_is_not_held),
      cmocka_unit_test(what_is_faster_is_found),
      cmocka_unit_test(halves_need_two_blocks_each),
  };
  return cmocka_run_group_tests_name("heldout", tests, NULL, NULL);
}
