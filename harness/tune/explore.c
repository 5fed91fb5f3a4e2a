#include "harness/tune/explore.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/analysis/observation.h"
#include "harness/campaign/results.h"
#include "harness/dataset/dataset.h"
#include "harness/stats/levels.h"
#include "harness/text/text.h"

static const char *const always[EXPLORE_ALWAYS] = {"wall", "mutator", "max_pause", "p99_pause", "peak_heap"};

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

static void take_metric(struct explore *explore, const struct metric *metric)
{
  for (size_t m = 0; m < explore->metric_count; m++) {
    if (explore->metrics[m] == metric) return;
  }
  explore->metrics[explore->metric_count++] = metric;
}

size_t explore_metric(const struct explore *explore, const struct metric *metric)
{
  size_t m = 0;
  while (m + 1 < explore->metric_count && explore->metrics[m] != metric) m++;
  return m;
}

/* Pause, time and memory.  Which pause, is known when there is a trial. */
static void set_default_goals(struct explore *explore)
{
  static const size_t three[] = {EXPLORE_P99_PAUSE, EXPLORE_WALL, EXPLORE_PEAK_HEAP};
  explore->are_default_goals = true;
  for (size_t g = 0; g < sizeof three / sizeof three[0]; g++)
    explore->terms.goals[explore->terms.goal_count++] = (struct tune_goal){.metric = explore->metrics[three[g]]};
}

struct explore *explore_new(const struct tune_space *space, const struct explore_terms *terms, struct store *store)
{
  struct explore *explore = memory_require(calloc(1, sizeof *explore));
  *explore = (struct explore){.space = space, .terms = *terms, .store = store, .overhead_base = NAN};
  for (size_t m = 0; m < EXPLORE_ALWAYS; m++) take_metric(explore, metric_find(always[m]));
  if (terms->goal_count == 0) set_default_goals(explore);
  for (size_t g = 0; g < terms->goal_count; g++) take_metric(explore, terms->goals[g].metric);
  for (size_t l = 0; l < terms->limit_count; l++) take_metric(explore, terms->limits[l].metric);
  const struct search_terms search = {
      .trials = terms->trials, .goals = explore->terms.goal_count, .usual = space->usual};
  explore->search = search_new(&space->grid, &search);
  explore->points = memory_require(calloc(space->grid.count + 1, sizeof *explore->points));
  explore->settings = memory_require(calloc(space->grid.count + 1, sizeof *explore->settings));
  return explore;
}

void explore_free(struct explore *explore)
{
  if (explore == NULL) return;
  for (size_t i = 0; i < explore->trial_count; i++) free(explore->trials[i].logs);
  free(explore->trials);
  free(explore->choices);
  free(explore->points);
  free(explore->settings);
  free(explore->broken);
  search_free(explore->search);
  free(explore);
}

/* ---- trials to numbers ------------------------------------------------------------------------------------------ */

/*
 * Logarithms need values above 0.  A trial without any pause has none of a length: they count as what the journal takes
 * for nothing, a microsecond.
 */
static double log_of(const struct metric *metric, const struct observation *observation)
{
  static const double no_pause_ns = 1000, least_share = 1e-6, least_rate = 1e-3, least_count = 0.5;
  double value = metric->of(observation, metric->argument);
  if (isnan(value) && metric->group == METRIC_PAUSES && observation->trial->pauses == 0) value = no_pause_ns;
  if (isnan(value)) return NAN;
  if (metric->unit == METRIC_SHARE) value = fmax(value, least_share);
  if (metric->unit == METRIC_PER_SECOND || metric->unit == METRIC_RATIO) value = fmax(value, least_rate);
  if (metric->unit == METRIC_COUNT) value = fmax(value, least_count);
  if (metric->unit == METRIC_NS || metric->unit == METRIC_BYTES) value = fmax(value, 1);
  return log(value);
}

static bool read_trial(struct explore *explore, struct explore_trial *mine, const struct dataset_trial *trial)
{
  mine->is_read = true;
  if (strcmp(trial->outcome, "ok") != 0) {
    if (explore->settings[mine->point].failure == NULL)
      explore->settings[mine->point].failure = results_outcome(trial->outcome);
    return true;
  }
  struct observation observation;
  if (!observation_open(&observation, explore->store, trial)) return false;
  mine->logs = memory_allocate(explore->metric_count * sizeof *mine->logs);
  for (size_t m = 0; m < explore->metric_count; m++) mine->logs[m] = log_of(explore->metrics[m], &observation);
  observation_close(&observation);
  explore->settings[mine->point].blocks++;
  return true;
}

static bool read_cell(struct explore *explore, const struct dataset_cell *cell)
{
  for (size_t i = 0; i < explore->trial_count; i++) {
    struct explore_trial *mine = &explore->trials[i];
    if (mine->is_read || strcmp(explore->space->cells.cells[mine->point].id, cell->id) != 0) continue;
    for (size_t t = 0; t < cell->trial_count; t++) {
      if (cell->trials[t].block == mine->block && !read_trial(explore, mine, &cell->trials[t])) return false;
    }
  }
  return true;
}

/* What the store has of the trials that were asked for. */
static bool read_trials(struct explore *explore)
{
  struct dataset *dataset = dataset_load(explore->store, explore->campaign_id, NULL, NULL);
  bool ok = dataset != NULL;
  for (size_t i = 0; ok && i < dataset->cell_count; i++) ok = read_cell(explore, &dataset->cells[i]);
  dataset_free(dataset);
  return ok;
}

/* ---- numbers to levels ------------------------------------------------------------------------------------------ */

static uint32_t block_count(const struct explore *explore)
{
  uint32_t count = 0;
  for (size_t i = 0; i < explore->trial_count; i++) {
    if (explore->trials[i].block >= count) count = explore->trials[i].block + 1;
  }
  return count;
}

/* Ratios of a metric to the usual setting, for every point. */
static void find_ratios(struct explore *explore, size_t metric)
{
  const size_t points = explore->space->grid.count + 1, blocks = block_count(explore);
  double *values = memory_allocate((points * blocks + 1) * sizeof *values);
  double *levels = memory_allocate(points * sizeof *levels);
  double *usual = memory_allocate((blocks + 1) * sizeof *usual);
  size_t usual_count = 0;
  for (size_t i = 0; i < points * blocks; i++) values[i] = NAN;
  for (size_t i = 0; i < explore->trial_count; i++) {
    const struct explore_trial *trial = &explore->trials[i];
    if (trial->logs == NULL) continue;
    values[trial->point * blocks + trial->block] = trial->logs[metric];
    if (trial->point == explore->space->usual && !isnan(trial->logs[metric]))
      usual[usual_count++] = exp(trial->logs[metric]);
  }
  stats_levels(values, points, blocks, levels);
  const double reference = levels[explore->space->usual];
  for (size_t point = 0; point < points; point++)
    explore->settings[point].ratio[metric] = exp(levels[point] - reference);
  explore->usual[metric] = usual_count > 0 ? stats_median(usual, usual_count) : NAN;
  free(values);
  free(levels);
  free(usual);
}

/* The least distilled time, of settings in two blocks at least: the least of many single trials is luck. */
static void find_overhead_base(struct explore *explore)
{
  double least = INFINITY;
  for (size_t point = 0; point <= explore->space->grid.count; point++) {
    const struct explore_setting *setting = &explore->settings[point];
    if (setting->blocks >= 2 || point == explore->space->usual)
      least = fmin(least, setting->ratio[EXPLORE_MUTATOR] * explore->usual[EXPLORE_MUTATOR]);
  }
  explore->overhead_base = least / explore->usual[EXPLORE_WALL];
}

double explore_limited(const struct explore *explore, size_t point, const struct tune_limit *limit)
{
  const size_t metric = explore_metric(explore, limit->metric);
  const double ratio = explore->settings[point].ratio[metric];
  switch (limit->kind) {
  case TUNE_LIMIT_OF_USUAL:
    return ratio;
  case TUNE_LIMIT_OVERHEAD:
    return ratio / explore->overhead_base;
  default:
    return ratio * explore->usual[metric];
  }
}

/* By how much limits are broken, on the log scale; INFINITY where that is not known. */
static double violation_of(const struct explore *explore, size_t point)
{
  double sum = explore->settings[point].failure != NULL || explore->settings[point].blocks == 0 ? INFINITY : 0;
  for (size_t l = 0; l < explore->terms.limit_count; l++) {
    const struct tune_limit *limit = &explore->terms.limits[l];
    const double over = log(explore_limited(explore, point, limit) / limit->bound) * (limit->is_least ? -1 : 1);
    sum += isnan(over) ? INFINITY : fmax(over, 0);
  }
  return sum;
}

bool explore_keeps_limits(const struct explore *explore, size_t point) { return explore->points[point].violation <= 0; }

static double goal_of(const struct explore *explore, size_t point, const struct tune_goal *goal)
{
  const double ratio = explore->settings[point].ratio[explore_metric(explore, goal->metric)];
  return isnan(ratio) ? INFINITY : log(ratio) * (goal->is_more ? -1 : 1);
}

static void judge_points(struct explore *explore)
{
  for (size_t point = 0; point <= explore->space->grid.count; point++) {
    struct front_point *mine = &explore->points[point];
    mine->violation = violation_of(explore, point);
    for (size_t g = 0; g < explore->terms.goal_count; g++) {
      mine->goals[g] = goal_of(explore, point, &explore->terms.goals[g]);
      if (isinf(mine->goals[g])) mine->violation = INFINITY;
    }
  }
}

/* A quantile that the usual setting has too few pauses for gives way to the longest pause. */
static void settle_default_goals(struct explore *explore)
{
  if (explore->are_default_goals && isnan(explore->usual[EXPLORE_P99_PAUSE]))
    explore->terms.goals[0].metric = explore->metrics[EXPLORE_MAX_PAUSE];
}

static void evaluate(struct explore *explore)
{
  for (size_t m = 0; m < explore->metric_count; m++) find_ratios(explore, m);
  find_overhead_base(explore);
  settle_default_goals(explore);
  judge_points(explore);
}

/* ---- the campaign's side ---------------------------------------------------------------------------------------- */

/* The rung's trials, block by block, each in an order of its own. */
static void ask(struct explore *explore)
{
  const struct search *search = explore->search;
  const size_t count = search->member_count * search->blocks;
  uint32_t *order = memory_allocate(search->member_count * sizeof *order);
  explore->asked = explore->trial_count;
  explore->trials =
      memory_require(reallocarray(explore->trials, explore->trial_count + count, sizeof *explore->trials));
  explore->choices = memory_require(reallocarray(explore->choices, count, sizeof *explore->choices));
  for (uint32_t b = 0; b < search->blocks; b++) {
    const uint32_t block = search->first_block + b;
    plan_block_order(explore->space->plan->seed, block, search->member_count, order);
    for (size_t i = 0; i < search->member_count; i++) {
      const size_t point = search->members[order[i]];
      explore->choices[explore->trial_count - explore->asked] = (struct campaign_choice){block, point};
      explore->trials[explore->trial_count++] = (struct explore_trial){.point = point, .block = block};
    }
  }
  free(order);
}

static char *say_unknown(const struct metric *metric)
{
  return text_format(
      "%s is not known of the default setting: too little happens in a trial for it; take another metric "
      "('gclab list metrics'), or make the workload larger (--size large, --param)",
      metric->name);
}

/* Why the search cannot go on; NULL: it can. */
static char *reason_to_stop(const struct explore *explore)
{
  const size_t usual = explore->space->usual;
  if (explore->settings[usual].failure != NULL)
    return text_format("the default setting fails: %s", explore->settings[usual].failure);
  for (size_t g = 0; g < explore->terms.goal_count; g++) {
    const struct metric *metric = explore->terms.goals[g].metric;
    if (isnan(explore->usual[explore_metric(explore, metric)])) return say_unknown(metric);
  }
  for (size_t l = 0; l < explore->terms.limit_count; l++) {
    const struct metric *metric = explore->terms.limits[l].metric;
    if (isnan(explore->usual[explore_metric(explore, metric)])) return say_unknown(metric);
  }
  return NULL;
}

static const struct campaign_choice *next(void *context, const char *campaign_id, size_t *count)
{
  struct explore *explore = context;
  snprintf(explore->campaign_id, sizeof explore->campaign_id, "%s", campaign_id);
  if (explore->search->rung > 0) {
    if (!read_trials(explore)) return NULL;
    evaluate(explore);
    explore->broken = reason_to_stop(explore);
    if (explore->broken != NULL) return NULL;
  }
  if (!search_next(explore->search, explore->points)) {
    explore->is_whole = true;
    return NULL;
  }
  ask(explore);
  *count = explore->trial_count - explore->asked;
  return explore->choices;
}

int explore_run(struct explore *explore, const struct campaign_options *options)
{
  const struct campaign_search search = {.next = next, .context = explore, .trials = explore->terms.trials};
  struct campaign_options with = *options;
  with.search = &search;
  const int code = campaign_run(explore->space->plan, &explore->space->cells, explore->store, &with);
  if (code == CAMPAIGN_ENVIRONMENT || explore->search->rung == 0) return code;
  if (!explore->is_whole && explore->broken == NULL) { /* cut short within a rung */
    if (!read_trials(explore)) return CAMPAIGN_ENVIRONMENT;
    evaluate(explore);
  }
  return code;
}

/* ---- what is recommended ---------------------------------------------------------------------------------------- */

static double merit_of(const struct explore *explore, size_t point)
{
  static const double tenfold = 2.302585092994046;
  const struct front_point *mine = &explore->points[point];
  if (explore->terms.goal_count == 1) return mine->goals[0];
  double sum = 0;
  for (size_t g = 0; g < explore->terms.goal_count; g++) sum += fmax(mine->goals[g], -tenfold);
  return sum;
}

size_t explore_best(const struct explore *explore)
{
  const size_t usual = explore->space->usual;
  uint32_t most = 0;
  for (size_t point = 0; point <= explore->space->grid.count; point++) {
    if (point != usual && explore->settings[point].blocks > most) most = explore->settings[point].blocks;
  }
  size_t best = usual;
  for (size_t point = 0; point <= explore->space->grid.count; point++) {
    if (2 * explore->settings[point].blocks < most || isinf(explore->points[point].violation)) continue;
    const double more = explore->points[point].violation - explore->points[best].violation;
    if (more < 0 || (more <= 0 && merit_of(explore, point) < merit_of(explore, best))) best = point;
  }
  return best;
}

/* ---- the front -------------------------------------------------------------------------------------------------- */

/* What the front is over: goals, then limited metrics, then time and memory, as many as there is room for. */
static size_t front_metrics(const struct explore *explore, const struct tune_goal **goals, struct tune_goal *extra)
{
  size_t count = 0, extras = 0;
  for (size_t g = 0; g < explore->terms.goal_count; g++) goals[count++] = &explore->terms.goals[g];
  for (size_t l = 0; l < explore->terms.limit_count; l++)
    extra[extras++] =
        (struct tune_goal){.metric = explore->terms.limits[l].metric, .is_more = explore->terms.limits[l].is_least};
  if (count + extras == 1) {
    extra[extras++] = (struct tune_goal){.metric = explore->metrics[EXPLORE_WALL]};
    extra[extras++] = (struct tune_goal){.metric = explore->metrics[EXPLORE_PEAK_HEAP]};
  }
  for (size_t e = 0; e < extras && count < FRONT_GOALS_MAX; e++) {
    bool is_there = false;
    for (size_t k = 0; k < count; k++) is_there |= goals[k]->metric == extra[e].metric;
    if (!is_there) goals[count++] = &extra[e];
  }
  return count;
}

/* To a hundredth of a percent, which no level is known to: what is equal but for the fit's last digits is equal. */
static double round_goal(double goal)
{
  static const double parts = 1e4;
  return isinf(goal) ? goal : round(goal * parts) / parts;
}

static void order_by_first(const struct front_point *known, size_t *points, size_t count)
{
  for (size_t i = 1; i < count; i++) {
    const size_t point = points[i];
    size_t k = i;
    for (; k > 0 && known[points[k - 1]].goals[0] > known[point].goals[0]; k--) points[k] = points[k - 1];
    points[k] = point;
  }
}

size_t explore_front(const struct explore *explore, size_t *points)
{
  const struct tune_goal *goals[FRONT_GOALS_MAX];
  struct tune_goal extra[TUNE_LIMITS_MAX + 2];
  const size_t goal_count = front_metrics(explore, goals, extra), all = explore->space->grid.count + 1;
  struct front_point *known = memory_require(calloc(all, sizeof *known));
  for (size_t point = 0; point < all; point++) {
    const struct explore_setting *setting = &explore->settings[point];
    for (size_t g = 0; g < goal_count; g++) {
      known[point].goals[g] = round_goal(goal_of(explore, point, goals[g]));
      if (isinf(known[point].goals[g])) known[point].violation = INFINITY;
    }
    if (setting->blocks < 2 || setting->failure != NULL) known[point].violation = INFINITY;
  }
  front_sort(known, all, goal_count);
  size_t count = 0;
  for (size_t point = 0; point < all; point++) {
    if (known[point].layer == 0 && !isinf(known[point].violation)) points[count++] = point;
  }
  order_by_first(known, points, count);
  free(known);
  return count;
}
