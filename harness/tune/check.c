#include "harness/tune/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/text/text.h"

/* Block b of a campaign has seed + b: a search is far from having so many blocks. */
enum { SEED_STRIDE = 100000 };

/* ---- the plan --------------------------------------------------------------------------------------------------- */

static void add_word(struct plan_words *words, const char *option, char *text)
{
  plan_words_add_option(words, option, text, false);
  free(text);
}

/* What the cell has that is not as its row says. */
static void add_settings(struct plan_words *words, const char *option, const struct setting *rows, size_t count,
                         const int64_t *values, enum setting_size size)
{
  char text[SETTING_TEXT_MAX];
  for (size_t i = 0; i < count; i++) {
    if (values[i] != setting_at_size(&rows[i], size))
      add_word(words, option, text_format("%s=%s", rows[i].name, setting_format(&rows[i], values[i], text)));
  }
}

/* One setting on some workloads; on the tuned one with its parameters. */
static void fill_group(struct plan_group *group, const struct plan_cell *cell, const char *const *workloads,
                       size_t count, bool is_tuned)
{
  const struct catalogue_collector *collector = cell->collector;
  *group = (struct plan_group){0};
  plan_words_add_option(&group->collectors, "COLLECTOR", collector->name, false);
  for (size_t i = 0; i < count; i++) plan_words_add_option(&group->workloads, "--check-on", workloads[i], false);
  add_settings(&group->set, "--set", collector->knobs, collector->knob_count, cell->knobs, SETTING_SIZE_DEFAULT);
  if (is_tuned)
    add_settings(&group->param, "--param", cell->workload->parameters, cell->workload->parameter_count,
                 cell->parameters, cell->size);
  if (strcmp(cell->allocator, "own") != 0)
    plan_words_add_option(&group->allocators, "--allocator", cell->allocator, false);
  group->size = (struct plan_word){.text = text_copy(setting_size_names[cell->size]), .option = "--size"};
}

bool check_plan(struct check *check, const struct check_request *request)
{
  const struct tune_space *space = request->explore->space;
  const struct plan_cell *const cells[] = {&space->cells.cells[space->usual], &space->cells.cells[request->best]};
  const struct plan_options nothing = {0};
  *check = (struct check){0};
  char *name = text_format("%s-check", space->plan->name);
  struct plan *plan = plan_new(name);
  free(name);
  plan->seed = space->plan->seed + SEED_STRIDE;
  plan->blocks = request->blocks;
  plan->budget_ns = request->budget_ns;
  plan->time_limit_ns = space->plan->time_limit_ns;
  plan->memory_limit_bytes = space->plan->memory_limit_bytes;
  plan->pin = space->plan->pin;
  plan->aa = false;
  plan->groups = memory_require(calloc(4, sizeof *plan->groups));
  for (size_t i = 0; i < 2; i++)
    fill_group(&plan->groups[plan->group_count++], cells[i], &cells[i]->workload->name, 1, true);
  for (size_t i = 0; i < 2 && request->other_count > 0; i++)
    fill_group(&plan->groups[plan->group_count++], cells[i], request->others, request->other_count, false);
  check->plan = plan;
  return plan_apply_options(plan, request->catalogue, &nothing) &&
         plan_expand_quietly(plan, request->catalogue, &check->cells) && plan_validate(&check->cells);
}

void check_free(struct check *check)
{
  analysis_free(check->analysis);
  dataset_free(check->dataset);
  plan_cells_free(&check->cells);
  if (check->plan != NULL) plan_free(check->plan);
  *check = (struct check){0};
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

static const struct analysis_cell *find_cell(const struct check *check, const char *id)
{
  for (size_t i = 0; i < check->analysis->cell_count; i++) {
    if (strcmp(check->analysis->cells[i].cell->id, id) == 0) return &check->analysis->cells[i];
  }
  return NULL;
}

static const char *failure_of(const struct analysis_cell *cell)
{
  return cell != NULL && cell->cell->failure != NULL ? cell->cell->failure : NULL;
}

static bool has_no_pauses(const struct analysis_cell *cell)
{
  return cell != NULL && cell->ok_count > 0 && analysis_median(cell, metric_find("pauses")) <= 0;
}

/* The plan's cells: usual and choice on the tuned workload, then the usual on each other, then the choice on each. */
static void compare_all(struct check *check, const struct check_request *request)
{
  const size_t others = request->other_count;
  struct comparison family[CHECK_WORKLOADS_MAX * CHECK_METRICS_MAX];
  size_t count = 0;
  check->metric_count = request->explore->metric_count;
  check->workload_count = 1 + others;
  memcpy(check->metrics, request->explore->metrics, sizeof check->metrics);
  for (size_t w = 0; w < check->workload_count; w++) {
    const size_t a_index = w == 0 ? 0 : 1 + w, b_index = w == 0 ? 1 : 1 + others + w;
    struct check_workload *mine = &check->workloads[w];
    mine->name = check->cells.cells[a_index].workload->name;
    const struct analysis_cell *a = find_cell(check, check->cells.cells[a_index].id);
    const struct analysis_cell *b = find_cell(check, check->cells.cells[b_index].id);
    mine->failed = a == NULL || b == NULL || a->ok_count == 0 || b->ok_count == 0;
    mine->is_without_pauses[0] = has_no_pauses(a);
    mine->is_without_pauses[1] = has_no_pauses(b);
    mine->outcome = failure_of(a) != NULL ? failure_of(a) : failure_of(b);
    for (size_t m = 0; m < check->metric_count && !mine->failed; m++)
      family[count++] = comparison_of(a, b, check->metrics[m], true, &comparison_default_terms);
  }
  comparison_judge(family, count, &comparison_default_terms);
  count = 0;
  for (size_t w = 0; w < check->workload_count; w++) {
    for (size_t m = 0; m < check->metric_count && !check->workloads[w].failed; m++)
      check->workloads[w].comparisons[m] = family[count++];
  }
}

int check_run(struct check *check, const struct check_request *request, struct store *store,
              const struct campaign_options *options)
{
  struct campaign_options with = *options;
  with.id = check->campaign_id;
  with.search = NULL;
  const int code = campaign_run(check->plan, &check->cells, store, &with);
  if (code == CAMPAIGN_ENVIRONMENT) return code;
  check->dataset = dataset_load(store, check->campaign_id, NULL, NULL);
  check->analysis = check->dataset != NULL ? analysis_load(check->dataset) : NULL;
  if (check->analysis == NULL) return CAMPAIGN_ENVIRONMENT;
  compare_all(check, request);
  return code;
}

const struct comparison *check_comparison(const struct check *check, size_t workload, const struct metric *metric)
{
  for (size_t m = 0; m < check->metric_count; m++) {
    if (check->metrics[m] == metric) return &check->workloads[workload].comparisons[m];
  }
  return NULL;
}

const char *check_words(const struct check *check, size_t workload, const struct metric *metric)
{
  const struct comparison *comparison = check_comparison(check, workload, metric);
  if (comparison->kind != COMPARISON_NONE) return comparison_words(comparison);
  if (metric->group == METRIC_PAUSES && check->workloads[workload].is_without_pauses[1]) return "no pauses at all";
  return comparison->reason;
}

int check_verdict(const struct check *check, size_t workload, const struct tune_goal *goal)
{
  const struct comparison *comparison = check_comparison(check, workload, goal->metric);
  if (check->workloads[workload].failed || comparison == NULL) return 0;
  const bool *none = check->workloads[workload].is_without_pauses;
  if (goal->metric->group == METRIC_PAUSES && comparison->kind == COMPARISON_NONE && none[0] != none[1])
    return none[1] ? 1 : -1;
  const int less = comparison->verdict == STATS_FASTER ? 1 : comparison->verdict == STATS_SLOWER ? -1 : 0;
  return goal->is_more ? -less : less;
}
