/* The answer of gclab tune COLLECTOR -w WORKLOAD, in words, tables and JSON. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/cli/table.h"
#include "harness/cli/tune_workload.h"
#include "harness/text/text.h"

enum { ROWS_MAX = 16, SHOWN_MAX = 5, KNOB_COLUMNS_MAX = 6 };

/* Levels of what has no pause at all are those of a microsecond, which is the journal's floor. */
static const double no_pause_ns = 1100;

/* ---- what is the case ------------------------------------------------------------------------------------------- */

static const struct explore_terms *terms_of(const struct tune_workload *tune) { return &tune->explore->terms; }

/* A limit on fresh seeds: what is limited there, in the limit's own unit.  NAN: not known. */
static struct stats_estimate checked_limit(const struct tune_workload *tune, const struct tune_limit *limit)
{
  struct stats_estimate value = {NAN, NAN, NAN, 0};
  const struct comparison *comparison = check_comparison(tune->check, 0, limit->metric);
  if (comparison == NULL || tune->check->workloads[0].failed) return value;
  double unit = 1;
  if (limit->kind == TUNE_LIMIT_VALUE) unit = comparison->median_a;
  if (limit->kind == TUNE_LIMIT_OVERHEAD) unit = 1 / tune->explore->overhead_base;
  value = comparison->ratio;
  value.value *= unit;
  value.low *= unit;
  value.high *= unit;
  return value;
}

static bool is_beyond(const struct tune_limit *limit, double value)
{
  return limit->is_least ? value < limit->bound : value > limit->bound;
}

/* The whole interval is beyond the bound: fresh seeds show it. */
static bool is_broken(const struct tune_workload *tune, const struct tune_limit *limit)
{
  const struct stats_estimate value = checked_limit(tune, limit);
  const double nearest = limit->is_least ? value.high : value.low;
  return is_beyond(limit, value.value) && (isnan(nearest) || is_beyond(limit, nearest));
}

static const struct tune_limit *broken_limit(const struct tune_workload *tune)
{
  for (size_t l = 0; l < terms_of(tune)->limit_count; l++) {
    if (is_broken(tune, &terms_of(tune)->limits[l])) return &terms_of(tune)->limits[l];
  }
  return NULL;
}

static bool is_any_goal_better(const struct tune_workload *tune)
{
  for (size_t g = 0; g < terms_of(tune)->goal_count; g++) {
    if (check_verdict(tune->check, 0, &terms_of(tune)->goals[g]) > 0) return true;
  }
  return false;
}

/* Does the default itself break limits, which the choice keeps? */
static bool is_for_limits(const struct tune_workload *tune)
{
  return !explore_keeps_limits(tune->explore, tune->explore->space->usual);
}

enum tune_answer tune_workload_answer(const struct tune_workload *tune)
{
  if (!explore_keeps_limits(tune->explore, tune->best)) return TUNE_NOTHING_KEEPS;
  if (tune->best == tune->explore->space->usual) return TUNE_DEFAULT_BEST;
  if (tune->check == NULL || tune->check->workload_count == 0 || tune->check->workloads[0].failed)
    return TUNE_NOT_CHECKED;
  /* With fewer blocks nothing can be significant. */
  const struct comparison *wall = check_comparison(tune->check, 0, tune->explore->metrics[EXPLORE_WALL]);
  if (wall->ratio.n < STATS_SIGNIFICANT_MINIMUM) return TUNE_NOT_CHECKED;
  if (!is_any_goal_better(tune) && !is_for_limits(tune)) return TUNE_DEFAULT_AS_GOOD;
  return broken_limit(tune) != NULL ? TUNE_BREAKS_LIMIT : TUNE_BETTER;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static char *goal_words(const struct explore_terms *terms)
{
  char *text = NULL;
  for (size_t g = 0; g < terms->goal_count; g++) {
    const struct tune_goal *goal = &terms->goals[g];
    text_append(&text, "%s%s:%s", g > 0 ? ", " : "", goal->is_more ? "max" : "min",
                goal->is_overhead ? "overhead" : goal->metric->name);
  }
  for (size_t l = 0; l < terms->limit_count; l++)
    text_append(&text, "%s%s", l > 0 ? ", " : ", subject to ", terms->limits[l].text);
  return text;
}

static char *ratio_words(const struct stats_estimate *ratio)
{
  if (isnan(ratio->value)) return text_copy("-");
  if (isnan(ratio->low)) return text_format("%.3f", ratio->value);
  return text_format("%.3f (%.3f to %.3f)", ratio->value, ratio->low, ratio->high);
}

/* "1.25x", "5.3 %", "2.1 ms": a value in a limit's unit. */
static char *limit_words(const struct tune_limit *limit, double value)
{
  char text[TEXT_NUMBER_MAX];
  if (limit->kind == TUNE_LIMIT_OF_USUAL) return text_format("%.3fx", value);
  if (limit->kind == TUNE_LIMIT_OVERHEAD) return text_format("%.1f %%", 100 * (value - 1));
  return text_copy(metric_format(limit->metric, value, text));
}

static void print_head(const struct tune_workload *tune)
{
  const struct explore *explore = tune->explore;
  const struct plan_cell *cell = &explore->space->cells.cells[explore->space->usual];
  char *goals = goal_words(&explore->terms);
  printf("%s on %s: %s\n", cell->collector->name, cell->workload->name, goals);
  printf("Searched %zu settings of", explore->space->grid.count);
  for (size_t axis = 0; axis < explore->space->grid.axes; axis++)
    printf("%s %s", axis > 0 ? "," : "", cell->collector->knobs[explore->space->axes[axis]].name);
  size_t read = 0, tried = 0;
  for (size_t i = 0; i < explore->trial_count; i++) read += explore->trials[i].is_read;
  for (size_t point = 0; point <= explore->space->grid.count; point++)
    tried += explore->settings[point].blocks > 0 || explore->settings[point].failure != NULL;
  printf(" by %zu trials of %zu settings%s (campaign %s)\n", read, tried,
         tune->is_cut_short ? ", and was cut short" : "", explore->space->plan->name);
  free(goals);
}

/* ---- the front -------------------------------------------------------------------------------------------------- */

size_t tune_workload_metrics(const struct explore *explore, size_t *shown, size_t room)
{
  size_t wanted[EXPLORE_METRICS_MAX + 4], count = 0, wanted_count = 0;
  for (size_t g = 0; g < explore->terms.goal_count; g++)
    wanted[wanted_count++] = explore_metric(explore, explore->terms.goals[g].metric);
  for (size_t l = 0; l < explore->terms.limit_count; l++)
    wanted[wanted_count++] = explore_metric(explore, explore->terms.limits[l].metric);
  wanted[wanted_count++] = EXPLORE_WALL;
  wanted[wanted_count++] = EXPLORE_PEAK_HEAP;
  wanted[wanted_count++] = EXPLORE_MAX_PAUSE;
  for (size_t i = 0; i < wanted_count && count < room; i++) {
    bool is_there = false;
    for (size_t k = 0; k < count; k++) is_there |= shown[k] == wanted[i];
    if (!is_there) shown[count++] = wanted[i];
  }
  return count;
}

static char *value_words(const struct explore *explore, size_t point, size_t metric)
{
  char text[TEXT_NUMBER_MAX];
  const double ratio = explore->settings[point].ratio[metric];
  if (isnan(ratio)) return text_copy("-");
  if (explore->metrics[metric]->group == METRIC_PAUSES && explore->metrics[metric]->unit == METRIC_NS &&
      explore->usual[metric] * ratio < no_pause_ns)
    return text_copy("none");
  if (point == explore->space->usual)
    return text_copy(metric_format(explore->metrics[metric], explore->usual[metric], text));
  return text_format("%s (%.3g)", metric_format(explore->metrics[metric], explore->usual[metric] * ratio, text), ratio);
}

static const char *mark_of(const struct tune_workload *tune, size_t point)
{
  const bool keeps = explore_keeps_limits(tune->explore, point);
  if (point == tune->explore->space->usual) return keeps ? "default" : "default, over";
  if (!keeps) return point == tune->best ? "best, over" : "over";
  return point == tune->best ? "best" : "";
}

/* Knobs in columns of their own while there is room: that is narrower than to name them in each row. */
static size_t knob_columns(const struct tune_space *space)
{
  return space->grid.axes <= KNOB_COLUMNS_MAX ? space->grid.axes : 1;
}

static size_t add_knobs(const struct tune_space *space, size_t point, char **cells)
{
  char text[SETTING_TEXT_MAX];
  if (space->grid.axes > KNOB_COLUMNS_MAX) {
    cells[0] = space_words(space, point);
    return 1;
  }
  const struct plan_cell *cell = &space->cells.cells[point];
  for (size_t axis = 0; axis < space->grid.axes; axis++)
    cells[axis] =
        text_copy(setting_format(&cell->collector->knobs[space->axes[axis]], cell->knobs[space->axes[axis]], text));
  return space->grid.axes;
}

static void add_row(struct table *table, const struct tune_workload *tune, size_t point, const size_t *shown,
                    size_t shown_count)
{
  char *cells[TABLE_COLUMNS_MAX] = {NULL};
  const char *row[TABLE_COLUMNS_MAX];
  size_t count = 0;
  cells[count++] = text_copy(mark_of(tune, point));
  count += add_knobs(tune->explore->space, point, &cells[count]);
  cells[count++] = text_format("%u", tune->explore->settings[point].blocks);
  for (size_t i = 0; i < shown_count; i++) cells[count++] = value_words(tune->explore, point, shown[i]);
  for (size_t i = 0; i < count; i++) row[i] = cells[i];
  table_add(table, row);
  for (size_t i = 0; i < count; i++) free(cells[i]);
}

/* Headings of the columns; those that are made here are behind `made`, to be freed. */
static void make_headings(const struct explore *explore, const size_t *shown, size_t shown_count, const char **headings,
                          char **made)
{
  const struct tune_space *space = explore->space;
  const struct setting *rows = space->cells.cells[0].collector->knobs;
  size_t count = 0;
  headings[count++] = "";
  for (size_t i = 0; i < knob_columns(space); i++)
    headings[count++] = made[i] =
        space->grid.axes <= KNOB_COLUMNS_MAX ? text_format(">%s", rows[space->axes[i]].name) : text_copy("setting");
  headings[count++] = ">blocks";
  for (size_t i = 0; i < shown_count; i++)
    headings[count++] = made[knob_columns(space) + i] = text_format(">%s", explore->metrics[shown[i]]->name);
  headings[count] = NULL;
}

/* The front, at most so many, and the default and the best wherever they are. */
static void print_front(const struct tune_workload *tune)
{
  const struct explore *explore = tune->explore;
  size_t shown[SHOWN_MAX], *points = memory_allocate((explore->space->grid.count + 1) * sizeof *points);
  const size_t shown_count = tune_workload_metrics(explore, shown, SHOWN_MAX), count = explore_front(explore, points);
  const char *headings[TABLE_COLUMNS_MAX + 1];
  char *made[KNOB_COLUMNS_MAX + SHOWN_MAX];
  make_headings(explore, shown, shown_count, headings, made);

  struct table table;
  table_init(&table, headings);
  bool has_usual = false, has_best = false;
  const size_t stride = count > ROWS_MAX ? (count + ROWS_MAX - 1) / ROWS_MAX : 1;
  for (size_t i = 0; i < count; i++) {
    const bool is_marked = points[i] == explore->space->usual || points[i] == tune->best;
    if (i % stride != 0 && i + 1 != count && !is_marked) continue;
    has_usual |= points[i] == explore->space->usual;
    has_best |= points[i] == tune->best;
    add_row(&table, tune, points[i], shown, shown_count);
  }
  if (!has_best && tune->best != explore->space->usual) add_row(&table, tune, tune->best, shown, shown_count);
  if (!has_usual) add_row(&table, tune, explore->space->usual, shown, shown_count);
  printf("\nThe front: what no other setting beats in everything (in brackets: of the default's)\n");
  table_print(&table, stdout, 2);
  if (explore->terms.limit_count > 0) puts("  over: breaks a limit");
  if (stride > 1) printf("  %zu of its %zu settings are shown; --json has all\n", count / stride, count);
  for (size_t i = 0; i < knob_columns(explore->space) + shown_count; i++) free(made[i]);
  free(points);
}

static void print_failures(const struct explore *explore)
{
  size_t failed = 0, example = 0;
  for (size_t point = 0; point <= explore->space->grid.count; point++) {
    if (explore->settings[point].failure == NULL) continue;
    failed++;
    example = point;
  }
  if (failed == 0) return;
  char *words = space_words(explore->space, example);
  printf("%zu setting%s did not work, such as %s: %s\n", failed, failed == 1 ? "" : "s", words,
         explore->settings[example].failure);
  free(words);
}

/* ---- the check -------------------------------------------------------------------------------------------------- */

static void add_check_row(struct table *table, const struct check *check, size_t w, const struct metric *metric)
{
  char a[TEXT_NUMBER_MAX], b[TEXT_NUMBER_MAX];
  const struct comparison *comparison = check_comparison(check, w, metric);
  char *ratio = comparison->kind == COMPARISON_NONE ? text_copy("-") : ratio_words(&comparison->ratio);

  char *n = text_format("%zu", comparison->ratio.n);
  table_add(table, (const char *const[]){
                       check->workloads[w].name, metric->name, metric_format(metric, comparison->median_a, a),
                       metric_format(metric, comparison->median_b, b), ratio, n, check_words(check, w, metric)});
  free(ratio);
  free(n);
}

static void print_check(const struct tune_workload *tune)
{
  static const char *const headings[] = {"workload", "metric", ">default", ">setting", ">ratio", ">n", "verdict", NULL};
  const struct check *check = tune->check;
  size_t shown[SHOWN_MAX];
  const size_t shown_count = tune_workload_metrics(tune->explore, shown, SHOWN_MAX);
  struct table table;
  table_init(&table, headings);
  for (size_t w = 0; w < check->workload_count; w++) {
    if (check->workloads[w].failed) {
      const char *outcome = check->workloads[w].outcome;
      table_add(&table, (const char *const[]){check->workloads[w].name, "", "", "", "-", "0",
                                              outcome != NULL ? outcome : "not run"});
      continue;
    }
    for (size_t i = 0; i < shown_count; i++) add_check_row(&table, check, w, tune->explore->metrics[shown[i]]);
  }
  char *words = space_words(tune->explore->space, tune->best);
  printf("\n%s against the default, on seeds that the search had not; %s is what it was tuned on (campaign %s)\n",
         words, check->workloads[0].name, check->plan->name);
  table_print(&table, stdout, 2);
  free(words);
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static void print_goals(const struct tune_workload *tune)
{
  for (size_t g = 0; g < terms_of(tune)->goal_count; g++) {
    const struct metric *metric = terms_of(tune)->goals[g].metric;
    const struct comparison *comparison = check_comparison(tune->check, 0, metric);
    if (comparison->kind == COMPARISON_NONE) {
      printf("  %s: %s\n", metric->title, check_words(tune->check, 0, metric));
      continue;
    }

    char *ratio = ratio_words(&comparison->ratio);
    printf("  %s: %s of the default's, n = %zu\n", metric->title, ratio, comparison->ratio.n);
    free(ratio);
  }
  for (size_t l = 0; l < terms_of(tune)->limit_count; l++) {
    const struct tune_limit *limit = &terms_of(tune)->limits[l];
    const struct stats_estimate value = checked_limit(tune, limit);
    char *words = limit_words(limit, value.value), *low = limit_words(limit, value.low),
         *high = limit_words(limit, value.high);
    printf("  %s: %s (%s to %s)%s\n", limit->text, words, low, high,
           is_broken(tune, limit)          ? ", which breaks it"
           : is_beyond(limit, value.value) ? ", which may break it"
                                           : "");
    free(words);
    free(low);
    free(high);
  }
}

/* Limits of what the default takes hold for other workloads too; those by value are of the tuned one. */
static void print_limits_broken(const struct tune_workload *tune, size_t w)
{
  for (size_t l = 0; l < terms_of(tune)->limit_count; l++) {
    const struct tune_limit *limit = &terms_of(tune)->limits[l];
    const struct comparison *comparison = check_comparison(tune->check, w, limit->metric);
    if (limit->kind != TUNE_LIMIT_OF_USUAL || comparison == NULL || tune->check->workloads[w].failed) continue;
    const double nearest = limit->is_least ? comparison->ratio.high : comparison->ratio.low;
    if (!isnan(nearest) && is_beyond(limit, nearest))
      printf("On %s it breaks %s: %.3fx.\n", tune->check->workloads[w].name, limit->text, comparison->ratio.value);
  }
}

/* Where the choice is worse than the default in a goal, or breaks a limit, on what it was not tuned on. */
static void print_warnings(const struct tune_workload *tune)
{
  for (size_t w = 1; w < tune->check->workload_count; w++) {
    print_limits_broken(tune, w);
    for (size_t g = 0; g < terms_of(tune)->goal_count; g++) {
      if (check_verdict(tune->check, w, &terms_of(tune)->goals[g]) >= 0) continue;
      const struct metric *metric = terms_of(tune)->goals[g].metric;
      printf("On %s it makes %s worse: %.3f of the default's.\n", tune->check->workloads[w].name, metric->name,
             check_comparison(tune->check, w, metric)->ratio.value);
    }
  }
}

static void print_nothing_keeps(const struct tune_workload *tune, const char *words)
{
  printf("No setting that was tried keeps to the limits. The nearest is %s:\n", words);
  for (size_t l = 0; l < terms_of(tune)->limit_count; l++) {
    const struct tune_limit *limit = &terms_of(tune)->limits[l];
    char *value = limit_words(limit, explore_limited(tune->explore, tune->best, limit));
    printf("  %s: %s\n", limit->text, value);
    free(value);
    if (limit->kind == TUNE_LIMIT_OVERHEAD)
      puts("    (over what the program needs by itself, by the least time outside pauses that was seen; for a limit of "
           "time\n    beside the default's write wall<=1.05x)");
  }
}

static void print_answer(const struct tune_workload *tune)
{
  char *words = space_words(tune->explore->space, tune->best);
  putchar('\n');
  switch (tune_workload_answer(tune)) {
  case TUNE_NOTHING_KEEPS:
    print_nothing_keeps(tune, words);
    break;
  case TUNE_DEFAULT_BEST:
    puts("Keep the default: no setting that was tried is better.");
    break;
  case TUNE_NOT_CHECKED:
    printf("Best in the search: %s. It was not checked on %d fresh seeds, so part of its lead may be luck.\n", words,
           STATS_SIGNIFICANT_MINIMUM);
    break;
  case TUNE_DEFAULT_AS_GOOD:
    printf("Keep the default: it is as good. The best of the search, %s, is not shown to be better on fresh seeds:\n",
           words);
    print_goals(tune);
    break;
  case TUNE_BREAKS_LIMIT:
    printf("%s is better than the default, but breaks a limit on fresh seeds; ask for a tighter one:\n", words);
    print_goals(tune);
    break;
  case TUNE_BETTER:
    printf("Recommended: %s\n", words);
    print_goals(tune);
    break;
  }
  if (tune->check != NULL && tune->check->workload_count > 0) print_warnings(tune);
  free(words);
}

void tune_workload_print(const struct tune_workload *tune)
{
  print_head(tune);
  print_front(tune);
  print_failures(tune->explore);
  if (tune->check != NULL && tune->check->workload_count > 0) print_check(tune);
  print_answer(tune);
  for (size_t i = 0; i < tune->file_count; i++) printf("%s%s", i == 0 ? "\n" : "", tune->files[i]), putchar('\n');
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *number_or_null(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *json_of_settings(const struct tune_space *space, size_t point)
{
  json_t *object = json_object();
  char text[SETTING_TEXT_MAX];
  const struct plan_cell *cell = &space->cells.cells[point];
  for (size_t axis = 0; axis < space->grid.axes; axis++) {
    const struct setting *row = &cell->collector->knobs[space->axes[axis]];
    json_object_set_new(object, row->name, json_string(setting_format(row, cell->knobs[space->axes[axis]], text)));
  }
  return object;
}

static json_t *json_of_point(const struct explore *explore, size_t point)
{
  json_t *ratios = json_object(), *values = json_object();
  for (size_t m = 0; m < explore->metric_count; m++) {
    const double ratio = explore->settings[point].ratio[m];
    json_object_set_new(ratios, explore->metrics[m]->name, number_or_null(ratio));
    json_object_set_new(values, explore->metrics[m]->name, number_or_null(ratio * explore->usual[m]));
  }
  return json_pack("{s:o, s:s, s:I, s:b, s:s?, s:o, s:o}", "settings", json_of_settings(explore->space, point), "cell",
                   explore->space->cells.cells[point].id, "blocks", (json_int_t)explore->settings[point].blocks,
                   "keeps_limits", explore_keeps_limits(explore, point), "failure", explore->settings[point].failure,
                   "ratios", ratios, "values", values);
}

static json_t *json_of_tried(const struct explore *explore)
{
  json_t *list = json_array();
  for (size_t point = 0; point <= explore->space->grid.count; point++) {
    if (explore->settings[point].blocks > 0 || explore->settings[point].failure != NULL)
      json_array_append_new(list, json_of_point(explore, point));
  }
  return list;
}

static json_t *json_of_front(const struct explore *explore)
{
  size_t *points = memory_allocate((explore->space->grid.count + 1) * sizeof *points);
  const size_t count = explore_front(explore, points);
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(list, json_string(explore->space->cells.cells[points[i]].id));
  free(points);
  return list;
}

static json_t *json_of_check(const struct check *check)
{
  json_t *list = json_array();
  for (size_t w = 0; check != NULL && w < check->workload_count; w++) {
    for (size_t m = 0; m < check->metric_count && !check->workloads[w].failed; m++) {
      const struct comparison *comparison = &check->workloads[w].comparisons[m];
      json_array_append_new(
          list,
          json_pack("{s:s, s:b, s:s, s:o, s:o, s:{s:o, s:o, s:o, s:I}, s:o, s:s}", "workload", check->workloads[w].name,
                    "tuned_on", w == 0, "metric", check->metrics[m]->name, "default",
                    number_or_null(comparison->median_a), "setting", number_or_null(comparison->median_b), "ratio",
                    "value", number_or_null(comparison->ratio.value), "low", number_or_null(comparison->ratio.low),
                    "high", number_or_null(comparison->ratio.high), "n", (json_int_t)comparison->ratio.n, "adjusted_p",
                    number_or_null(comparison->adjusted_p), "verdict", comparison_words(comparison)));
    }
  }
  return list;
}

static json_t *json_of_goals(const struct explore_terms *terms)
{
  json_t *list = json_array();
  for (size_t g = 0; g < terms->goal_count; g++)
    json_array_append_new(list, json_pack("{s:s, s:s}", "metric", terms->goals[g].metric->name, "direction",
                                          terms->goals[g].is_more ? "max" : "min"));
  return list;
}

void tune_workload_print_json(const struct tune_workload *tune)
{
  static const char *const answers[] = {[TUNE_NOTHING_KEEPS] = "nothing_keeps_the_limits",
                                        [TUNE_DEFAULT_BEST] = "default_is_best",
                                        [TUNE_NOT_CHECKED] = "not_checked",
                                        [TUNE_DEFAULT_AS_GOOD] = "default_is_as_good",
                                        [TUNE_BREAKS_LIMIT] = "breaks_a_limit",
                                        [TUNE_BETTER] = "better"};
  const struct explore *explore = tune->explore;
  const struct plan_cell *usual = &explore->space->cells.cells[explore->space->usual];
  json_t *limits = json_array(), *files = json_array();
  for (size_t l = 0; l < explore->terms.limit_count; l++)
    json_array_append_new(limits, json_string(explore->terms.limits[l].text));
  for (size_t i = 0; i < tune->file_count; i++) json_array_append_new(files, json_string(tune->files[i]));
  json_t *root =
      json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:I, s:I, s:b, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "format",
                "gclab-tune-1", "collector", usual->collector->name, "workload", usual->workload->name, "campaign",
                explore->campaign_id, "check_campaign", tune->check != NULL ? tune->check->campaign_id : NULL, "goals",
                json_of_goals(&explore->terms), "limits", limits, "grid", (json_int_t)explore->space->grid.count,
                "trials", (json_int_t)explore->trial_count, "cut_short", tune->is_cut_short, "overhead_base",
                number_or_null(explore->overhead_base), "answer", answers[tune_workload_answer(tune)], "default",
                usual->id, "best", explore->space->cells.cells[tune->best].id, "front", json_of_front(explore), "tried",
                json_of_tried(explore), "check", json_of_check(tune->check), "files", files);
  json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
  putchar('\n');
  json_decref(root);
}
