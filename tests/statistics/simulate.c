/*
 * simulate: do the statistics keep what they promise?  Experiments with a known truth, many times over.
 *
 *   simulate             a few hundred of each, held against limits: what ctest runs, the same every time
 *   simulate --table N   N of each; a table of the coverage on standard output (scripts/statistics draws it)
 *
 * An experiment is a number of blocks; what it measures in a block is drawn from a distribution whose mean is known.
 * Coverage is how many of 100 intervals of level 0.95 hold that mean.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/stats/compare.h"
#include "harness/stats/stats.h"

static const double level = 0.95;

enum { BLOCKS_MAX = 50 };

/* ---- distributions, each with mean 0 ---------------------------------------------------------------------------- */

static double draw_normal(struct random *random)
{
  const double u = 1 - random_unit(random), v = random_unit(random);
  return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

static double draw_lognormal(struct random *random) /* of spread 0.3: skewed as times are */
{
  return exp(0.3 * draw_normal(random)) - exp(0.3 * 0.3 / 2);
}

static double draw_heavy(struct random *random) /* Student's t with 3 degrees of freedom */
{
  double squares = 0;
  for (int i = 0; i < 3; i++) {
    const double x = draw_normal(random);
    squares += x * x;
  }
  return draw_normal(random) / sqrt(squares / 3);
}

static double draw_exponential(struct random *random) { return -log(1 - random_unit(random)) - 1; }

static double draw_disturbed(struct random *random) /* every tenth trial is disturbed, by 3 standard deviations more */
{
  const double disturbance = random_unit(random) < 0.1 ? 3 : 0;
  return draw_normal(random) + disturbance - 0.3;
}

/* least: the coverage that ctest demands of 400 experiments, for 5, 10 and 20 blocks. */
static const struct {
  const char *name;
  double (*draw)(struct random *random);
  double least[3];
} distributions[] = {
    {"normal", draw_normal, {0.92, 0.92, 0.92}},       {"log-normal", draw_lognormal, {0.91, 0.91, 0.91}},
    {"heavy tails", draw_heavy, {0.91, 0.89, 0.89}},   {"exponential", draw_exponential, {0.89, 0.89, 0.91}},
    {"disturbed", draw_disturbed, {0.91, 0.89, 0.89}},
};

enum { DISTRIBUTIONS = sizeof distributions / sizeof distributions[0] };

static const size_t block_counts[] = {5, 10, 20, 50};

enum { BLOCK_COUNTS = sizeof block_counts / sizeof block_counts[0] };

/* ---- coverage --------------------------------------------------------------------------------------------------- */

struct coverage {
  double studentised, percentile, median_width;
};

/* The percentile bootstrap of the mean, for comparison. */
static bool percentile_covers(const double *values, size_t n, struct random *random)
{
  enum { RESAMPLES = 1000 };
  static double means[RESAMPLES];
  for (size_t r = 0; r < RESAMPLES; r++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += values[random_below(random, (uint32_t)n)];
    means[r] = sum / (double)n;
  }
  stats_sort_double(means, RESAMPLES);
  return means[stats_rank(RESAMPLES, (1 - level) / 2) - 1] <= 0 &&
         means[stats_rank(RESAMPLES, (1 + level) / 2) - 1] >= 0;
}

static struct coverage cover(double (*draw)(struct random *random), size_t n, size_t experiments)
{
  struct coverage coverage = {0};
  struct random random;
  double *widths = malloc(experiments * sizeof *widths);
  random_seed(&random, 1000 + n);
  for (size_t e = 0; e < experiments && widths != NULL; e++) {
    double values[BLOCKS_MAX];
    for (size_t i = 0; i < n; i++) values[i] = draw(&random);
    const struct stats_estimate mean = stats_mean(values, n, level, e);
    coverage.studentised += mean.low <= 0 && mean.high >= 0;
    coverage.percentile += percentile_covers(values, n, &random);
    widths[e] = mean.high - mean.low;
  }
  if (widths != NULL) coverage.median_width = stats_median(widths, experiments);
  free(widths);
  coverage.studentised /= (double)experiments;
  coverage.percentile /= (double)experiments;
  return coverage;
}

static int print_table(size_t experiments)
{
  printf("# Coverage of intervals of level %.2f, %zu experiments each; by tests/statistics/simulate.\n", level,
         experiments);
  printf("# distribution blocks studentised percentile median_width\n");
  for (size_t d = 0; d < DISTRIBUTIONS; d++) {
    for (size_t b = 0; b < BLOCK_COUNTS; b++) {
      const struct coverage coverage = cover(distributions[d].draw, block_counts[b], experiments);
      printf("\"%s\" %zu %.4f %.4f %.4f\n", distributions[d].name, block_counts[b], coverage.studentised,
             coverage.percentile, coverage.median_width);
      fflush(stdout);
    }
    printf("\n\n");
  }
  return 0;
}

/* ---- what ctest holds against limits ---------------------------------------------------------------------------- */

static int faults;

static void expect(bool holds, const char *what, double found)
{
  printf("%s  %s: %.4f\n", holds ? "ok    " : "FAILED", what, found);
  faults += !holds;
}

static void check_coverage(void)
{
  char what[96];
  for (size_t d = 0; d < DISTRIBUTIONS; d++) {
    for (size_t b = 0; b < 3; b++) {
      const double found = cover(distributions[d].draw, block_counts[b], 400).studentised;
      snprintf(what, sizeof what, "coverage, %s, %zu blocks", distributions[d].name, block_counts[b]);
      expect(found >= distributions[d].least[b] && found <= 0.99, what, found);
    }
  }
}

/* Pairs of one block: both have its drift; the ratio of the two is what is asked. */
static void draw_pairs(struct random *random, double *a, double *b, size_t n, double ratio)
{
  for (size_t i = 0; i < n; i++) {
    const double drift = exp(0.3 * draw_normal(random));
    a[i] = 100 * drift * ratio * exp(0.03 * draw_normal(random));
    b[i] = 100 * drift * exp(0.03 * draw_normal(random));
  }
}

enum { FAMILY = 20, FAMILIES = 60, PAIRS = 10 };

struct tally {
  size_t found[4];      /* by verdict, of those without an effect */
  size_t found_effect;  /* of those with one, in the right direction */
  double false_share;   /* of discoveries, summed over families */
  size_t any_discovery; /* families that had one that is false */
};

/* Families of comparisons, of which the first `effects` have one of 10 %. */
static struct tally run_families(size_t effects, bool adjust)
{
  struct tally tally = {0};
  struct random random;
  random_seed(&random, 77 + effects);
  for (size_t family = 0; family < FAMILIES; family++) {
    double a[PAIRS], b[PAIRS], p[FAMILY], adjusted[FAMILY];
    struct stats_estimate ratios[FAMILY];
    size_t right = 0, wrong = 0;
    for (size_t i = 0; i < FAMILY; i++) {
      draw_pairs(&random, a, b, PAIRS, i < effects ? 1.1 : 1);
      ratios[i] = stats_ratio_paired(a, b, PAIRS, level, i);
      p[i] = stats_sign_flip_p(a, b, PAIRS, i);
    }
    stats_benjamini_hochberg(p, FAMILY, adjusted);
    for (size_t i = 0; i < FAMILY; i++) {
      const bool is_significant = (adjust ? adjusted[i] : p[i]) <= 1 - level;
      const enum stats_verdict verdict = stats_verdict_of(&ratios[i], 0.02, is_significant);
      if (i >= effects) tally.found[verdict]++;
      right += i < effects && verdict == STATS_SLOWER;
      wrong += i >= effects && (verdict == STATS_SLOWER || verdict == STATS_FASTER);
    }
    tally.found_effect += right;
    tally.false_share += right + wrong > 0 ? (double)wrong / (double)(right + wrong) : 0;
    tally.any_discovery += wrong > 0;
  }
  tally.false_share /= FAMILIES;
  return tally;
}

static void check_families(void)
{
  const double all = (double)FAMILY * FAMILIES;
  const struct tally single = run_families(0, false);
  const double called = (double)(single.found[STATS_FASTER] + single.found[STATS_SLOWER]) / all;
  expect(called <= 0.065, "A/A pairs that one comparison by itself calls different", called);
  const struct tally adjusted = run_families(0, true);
  const double families = (double)adjusted.any_discovery / FAMILIES;
  expect(families <= 0.12, "families of 20 A/A pairs with any that is called different", families);
  const struct tally mixed = run_families(8, true);
  expect(mixed.false_share <= 0.08, "false discoveries, where 8 of 20 differ by 10 %", mixed.false_share);
  const double power = (double)mixed.found_effect / (8.0 * FAMILIES);
  expect(power >= 0.9, "differences of 10 % that are found", power);
}

/* The same to 0.1 %: equivalent within 2 %, nearly always; and hardly ever where the ratio is at the band's edge. */
static void check_equivalence(void)
{
  struct random random;
  random_seed(&random, 5);
  size_t same = 0, edge = 0;
  enum { EXPERIMENTS = 400 };
  for (size_t e = 0; e < EXPERIMENTS; e++) {
    double a[PAIRS], b[PAIRS];
    for (size_t kind = 0; kind < 2; kind++) {
      for (size_t i = 0; i < PAIRS; i++) {
        b[i] = 100;
        a[i] = 100 * (kind == 0 ? 1.001 : 1.02) * exp(0.01 * draw_normal(&random));
      }
      const struct stats_estimate ratio = stats_ratio_paired(a, b, PAIRS, level, e);
      const bool is_equivalent = stats_verdict_of(&ratio, 0.02, false) == STATS_EQUIVALENT;
      if (kind == 0)
        same += is_equivalent;
      else
        edge += is_equivalent;
    }
  }
  expect((double)same / EXPERIMENTS >= 0.9, "pairs alike to 0.1 % that are called equivalent",
         (double)same / EXPERIMENTS);
  expect((double)edge / EXPERIMENTS <= 0.05, "pairs 2 % apart that are called equivalent within 2 %",
         (double)edge / EXPERIMENTS);
}

/* What stats_minimum_detectable promises: an effect of that size is found four times out of five. */
static void check_power(void)
{
  struct random random;
  random_seed(&random, 9);
  size_t found = 0;
  enum { EXPERIMENTS = 400 };
  const double ratio = stats_minimum_detectable(0.05, PAIRS, level);
  for (size_t e = 0; e < EXPERIMENTS; e++) {
    double a[PAIRS], b[PAIRS];
    for (size_t i = 0; i < PAIRS; i++) {
      b[i] = 1;
      a[i] = ratio * exp(0.05 * draw_normal(&random));
    }
    found += stats_sign_flip_p(a, b, PAIRS, e) <= 1 - level;
  }
  const double power = (double)found / EXPERIMENTS;
  expect(power >= 0.72 && power <= 0.9, "smallest detectable effects that are found", power);
}

int main(int argc, char **argv)
{
  if (argc == 3 && strcmp(argv[1], "--table") == 0) return print_table(strtoul(argv[2], NULL, 10));
  if (argc != 1) {
    fprintf(stderr, "simulate: usage: simulate [--table N]\n");
    return 2;
  }
  check_coverage();
  check_families();
  check_equivalence();
  check_power();
  return faults > 0 ? 1 : 0;
}
