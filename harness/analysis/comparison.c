#include "harness/analysis/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct comparison_terms comparison_default_terms = {.level = 0.95, .band = 0.02, .seed = 1};

static bool are_positive(const double *values, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (!(values[i] > 0)) return false;
  }
  return true;
}

static struct comparison refuse(struct comparison comparison, const char *reason)
{
  comparison.kind = COMPARISON_NONE;
  comparison.reason = reason;
  return comparison;
}

/* Why there are no values. */
static const char *reason_of(const struct analysis_cell *cell, const char *failed, const char *unknown)
{
  return cell->ok_count == 0 ? failed : unknown;
}

struct comparison comparison_of(const struct analysis_cell *a, const struct analysis_cell *b,
                                const struct metric *metric, bool is_paired, const struct comparison_terms *terms)
{
  struct comparison comparison = {.a = a,
                                  .b = b,
                                  .metric = metric,
                                  .kind = is_paired ? COMPARISON_PAIRED : COMPARISON_UNPAIRED,
                                  .median_a = analysis_median(a, metric),
                                  .median_b = analysis_median(b, metric),
                                  .ratio = {NAN, NAN, NAN, 0},
                                  .p = NAN,
                                  .adjusted_p = NAN,
                                  .sd_log = NAN,
                                  .verdict = STATS_INCONCLUSIVE};
  if (isnan(comparison.median_a))
    return refuse(comparison, reason_of(a, "A has no trial that is ok", "A does not know"));
  if (isnan(comparison.median_b))
    return refuse(comparison, reason_of(b, "B has no trial that is ok", "B does not know"));
  double *of_a = memory_allocate((a->trial_count + 1) * sizeof *of_a);
  double *of_b = memory_allocate((b->trial_count + 1) * sizeof *of_b);
  size_t count_a = 0, count_b = 0;
  if (is_paired) {
    count_a = count_b = analysis_pairs(a, b, metric, of_a, of_b);
  } else {
    count_a = analysis_values(a, metric, of_a);
    count_b = analysis_values(b, metric, of_b);
  }
  if (count_a == 0) {
    comparison = refuse(comparison, "no block has both");
  } else if (!are_positive(of_a, count_a) || !are_positive(of_b, count_b)) {
    comparison = refuse(comparison, "there are zeros");
  } else if (is_paired) {
    comparison.ratio = stats_ratio_paired(of_b, of_a, count_a, terms->level, terms->seed);
    comparison.p = stats_sign_flip_p(of_b, of_a, count_a, terms->seed);
    comparison.sd_log = stats_sd_log_ratio(of_b, of_a, count_a);
  } else {
    comparison.ratio = stats_ratio_unpaired(of_b, count_b, of_a, count_a, terms->level, terms->seed);
    comparison.p = stats_mann_whitney_p(of_b, count_b, of_a, count_a);
  }
  free(of_a);
  free(of_b);
  return comparison;
}

void comparison_judge(struct comparison *family, size_t count, const struct comparison_terms *terms)
{
  double *p = memory_allocate((count + 1) * sizeof *p), *adjusted = memory_allocate((count + 1) * sizeof *adjusted);
  for (size_t i = 0; i < count; i++) p[i] = family[i].p;
  stats_benjamini_hochberg(p, count, adjusted);
  for (size_t i = 0; i < count; i++) {
    family[i].adjusted_p = adjusted[i];
    const bool is_significant = adjusted[i] <= 1 - terms->level + 1e-12;
    family[i].verdict = stats_verdict_of(&family[i].ratio, terms->band, is_significant);
  }
  free(adjusted);
  free(p);
}

const char *comparison_words(const struct comparison *comparison)
{
  static const char *const pairs[][2] = {
      [METRIC_NS] = {"shorter", "longer"},
      [METRIC_BYTES] = {"smaller", "larger"},
      [METRIC_BYTE_SECONDS] = {"smaller", "larger"},
      [METRIC_SHARE] = {"less", "more"},
      [METRIC_COUNT] = {"fewer", "more"},
      [METRIC_PER_SECOND] = {"fewer", "more"},
      [METRIC_RATIO] = {"less", "more"},
  };
  if (comparison->kind == COMPARISON_NONE) return comparison->reason;
  if (comparison->verdict == STATS_EQUIVALENT || comparison->verdict == STATS_INCONCLUSIVE)
    return stats_verdict_names[comparison->verdict];
  const char *name = comparison->metric->name;
  if (strcmp(name, "wall") == 0 || strcmp(name, "cpu") == 0) return stats_verdict_names[comparison->verdict];
  return pairs[comparison->metric->unit][comparison->verdict == STATS_FASTER ? 0 : 1];
}

bool comparison_is_regression(const struct comparison *comparison, double margin)
{
  switch (comparison->metric->direction) {
  case METRIC_LESS:
    return comparison->verdict == STATS_SLOWER && comparison->ratio.low > 1 + margin;
  case METRIC_MORE:
    return comparison->verdict == STATS_FASTER && comparison->ratio.high < 1 / (1 + margin);
  default:
    return false;
  }
}

static int64_t last_block(const struct analysis_cell *cell)
{
  int64_t last = -1;
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (cell->trials[t].block > last) last = cell->trials[t].block;
  }
  return last;
}

/* log(B/A) of a comparison's blocks, at the blocks' own numbers. */
static void put_logs(const struct comparison *comparison, double *logs, size_t blocks)
{
  const size_t m = (size_t)(comparison->metric - metrics);
  for (size_t i = 0; i < blocks; i++) logs[i] = NAN;
  for (size_t i = 0; i < comparison->a->trial_count; i++) {
    const struct analysis_trial *a = &comparison->a->trials[i];
    for (size_t j = 0; j < comparison->b->trial_count && a->ok; j++) {
      const struct analysis_trial *b = &comparison->b->trials[j];
      if (b->ok && b->block == a->block) logs[a->block] = log(b->values[m] / a->values[m]);
    }
  }
}

struct stats_estimate comparison_geomean(const struct comparison *const *list, size_t count,
                                         const struct comparison_terms *terms)
{
  int64_t last = -1;
  for (size_t i = 0; i < count; i++) last = last_block(list[i]->a) > last ? last_block(list[i]->a) : last;
  const size_t blocks = (size_t)(last + 1);
  double *logs = memory_allocate((blocks * count + 1) * sizeof *logs);
  for (size_t i = 0; i < count; i++) put_logs(list[i], logs + i * blocks, blocks);
  const struct stats_estimate mean = stats_geomean_ratio(logs, count, blocks, terms->level, terms->seed);
  free(logs);
  return mean;
}

/* How far from 1, as a ratio above 1. */
static double distance(double ratio) { return isnan(ratio) ? 1 : ratio > 1 ? ratio : 1 / ratio; }

struct noise_floor comparison_noise_floor(const struct analysis *analysis, const struct metric *metric,
                                          const struct comparison_terms *terms)
{
  struct noise_floor floor = {.ratio = {NAN, NAN, NAN, 0}, .widest = NAN};
  struct comparison *pairs = memory_require(calloc(analysis->twin_count + 1, sizeof *pairs));
  const struct comparison **list =
      (const struct comparison **)memory_require(calloc(analysis->twin_count + 1, sizeof(void *)));
  double widest = 1;
  for (size_t i = 0; i < analysis->twin_count; i++) {
    const struct analysis_cell *twin = &analysis->cells[analysis->cell_count + i];
    const struct analysis_cell *original = &analysis->cells[analysis->dataset->twins[i].of];
    pairs[floor.pairs] = comparison_of(original, twin, metric, true, terms);
    if (pairs[floor.pairs].kind == COMPARISON_NONE) continue;
    list[floor.pairs] = &pairs[floor.pairs];
    widest = fmax(widest, distance(pairs[floor.pairs].ratio.value));
    floor.pairs++;
  }
  if (floor.pairs > 0) {
    floor.ratio = comparison_geomean(list, floor.pairs, terms);
    floor.widest = fmax(widest, fmax(distance(floor.ratio.low), distance(floor.ratio.high)));
    floor.excludes_one = floor.ratio.low > 1 || floor.ratio.high < 1;
  }
  free((void *)list);
  free(pairs);
  return floor;
}
