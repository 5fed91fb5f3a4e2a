/* The command line over the plan. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

void plan_options_free(struct plan_options *options)
{
  plan_words_clear(&options->collectors);
  plan_words_clear(&options->workloads);
  plan_words_clear(&options->set);
  plan_words_clear(&options->param);
  plan_words_clear(&options->allocators);
}

struct applying {
  struct plan *plan;
  const struct catalogue *catalogue;
  const struct plan_options *options;
};

/* ---- single values -------------------------------------------------------------------------------------------- */

static bool said(bool good, const char *option, const char *error)
{
  if (!good) fprintf(stderr, "gclab: %s: %s\n", option, error);
  return good;
}

static void replace_text(char **text, const char *by)
{
  if (by == NULL) return;
  free(*text);
  *text = memory_require(strdup(by));
}

static bool apply_values(struct plan *plan, const struct plan_options *options)
{
  char error[SETTING_ERROR_MAX];
  uint64_t blocks = plan->blocks;
  bool good = true;
  replace_text(&plan->name, options->name);
  replace_text(&plan->description, options->description);
  if (options->blocks != NULL)
    good &= said(quantity_parse_number("blocks", options->blocks, 1, UINT32_MAX, &blocks, error), "--blocks", error);
  plan->blocks = (uint32_t)blocks;
  if (options->precision != NULL) {
    good &= said(quantity_parse_share("precision", options->precision, &plan->precision, error), "--precision", error);
    if (options->blocks == NULL && plan->precision > 0) plan->blocks = PLAN_PRECISE_BLOCKS_MOST;
  }
  if (options->seed != NULL)
    good &= said(quantity_parse_number("seed", options->seed, 0, INT64_MAX, &plan->seed, error), "--seed", error);
  if (options->budget != NULL)
    good &= said(quantity_parse_duration("budget", options->budget, true, &plan->budget_ns, error), "--budget", error);
  if (options->time_limit != NULL)
    good &= said(quantity_parse_duration("time_limit", options->time_limit, false, &plan->time_limit_ns, error),
                 "--time-limit", error);
  if (options->memory_limit != NULL)
    good &= said(quantity_parse_size("memory_limit", options->memory_limit, &plan->memory_limit_bytes, error),
                 "--memory-limit", error);
  if (options->pin != NULL) plan->pin = strcmp(options->pin, "true") == 0;
  if (options->aa != NULL) plan->aa = strcmp(options->aa, "true") == 0;
  if (options->floating != NULL) plan->floating = strcmp(options->floating, "true") == 0;
  return good;
}

static void apply_lists(struct plan *plan, const struct plan_options *options)
{
  for (unsigned i = 0; i < plan->group_count; i++) {
    struct plan_group *group = &plan->groups[i];
    if (options->size != NULL) {
      free(group->size.text);
      group->size = (struct plan_word){.text = memory_require(strdup(options->size)), .option = "--size"};
    }
    if (options->allocators.count == 0) continue;
    plan_words_clear(&group->allocators);
    for (unsigned k = 0; k < options->allocators.count; k++)
      plan_words_add(&group->allocators, &options->allocators.list[k]);
  }
}

/* ---- restricting ---------------------------------------------------------------------------------------------- */

static bool resolve(const struct applying *applying, const struct plan_side *side, const struct plan_words *words,
                    struct plan_chosen *chosen)
{
  if (side == &plan_side_collectors)
    return plan_resolve_collectors(applying->plan, applying->catalogue, words, false, chosen);
  return plan_resolve_workloads(applying->plan, applying->catalogue, words, chosen);
}

/* Sweeps of owners that are no longer in the group go with them. */
static void drop_sweeps(const struct applying *applying, const struct plan_side *side, const struct plan_chosen *chosen,
                        struct plan_words *words)
{
  struct plan_words kept = {0};
  for (unsigned i = 0; i < words->count; i++) {
    struct sweep sweep;
    bool wanted = false;
    if (!sweep_parse(applying->plan, &words->list[i], side->form, &sweep)) continue; /* cannot be: it was expanded */
    for (size_t k = 0; k < chosen->count && !wanted; k++) {
      wanted = (sweep.owner == NULL || strcmp(sweep.owner, side->name(chosen->list[k])) == 0) &&
               plan_side_row(side, chosen->list[k], sweep.name) != NULL;
    }
    if (wanted) plan_words_add(&kept, &words->list[i]);
    sweep_free(&sweep);
  }
  plan_words_clear(words);
  *words = kept;
}

/* Leaves in the group what is in both; used says which of the wanted were. */
static void restrict_group(const struct applying *applying, const struct plan_side *side,
                           const struct plan_chosen *wanted, bool *used, struct plan_words *words,
                           struct plan_words *sweeps)
{
  struct plan_chosen present;
  struct plan_chosen kept = {0};
  struct plan_words names = {0};
  resolve(applying, side, words, &present);
  kept.list = (const void **)memory_require(calloc(present.count + 1, sizeof *kept.list));
  for (size_t i = 0; i < present.count; i++) {
    if (!plan_chosen_has(wanted, present.list[i])) continue;
    const struct plan_word name = {.text = (char *)side->name(present.list[i]), .option = side->option};
    plan_words_add(&names, &name);
    kept.list[kept.count++] = present.list[i];
    for (size_t k = 0; k < wanted->count; k++) used[k] |= wanted->list[k] == present.list[i];
  }
  plan_words_clear(words);
  *words = names;
  drop_sweeps(applying, side, &kept, sweeps);
  plan_chosen_free(&present);
  plan_chosen_free(&kept);
}

static void remove_empty_groups(struct plan *plan)
{
  unsigned kept = 0;
  for (unsigned i = 0; i < plan->group_count; i++) {
    struct plan_group *group = &plan->groups[i];
    if (group->collectors.count > 0 && group->workloads.count > 0) {
      plan->groups[kept++] = *group;
      continue;
    }
    for (int k = 0; k < PLAN_LIST_KEYS; k++)
      plan_words_clear((struct plan_words *)((char *)group + plan_list_keys[k].words_offset));
    free(group->size.text);
  }
  plan->group_count = kept;
}

static bool restrict_side(const struct applying *applying, const struct plan_side *side, const struct plan_words *words)
{
  struct plan *plan = applying->plan;
  const bool collectors = side == &plan_side_collectors;
  struct plan_chosen wanted;
  if (words->count == 0) return true;
  bool good = resolve(applying, side, words, &wanted);
  bool *used = memory_require(calloc(wanted.count + 1, sizeof *used));
  for (unsigned i = 0; good && i < plan->group_count; i++) {
    struct plan_group *group = &plan->groups[i];
    restrict_group(applying, side, &wanted, used, collectors ? &group->collectors : &group->workloads,
                   collectors ? &group->set : &group->param);
  }
  bool any = false;
  for (size_t k = 0; k < wanted.count; k++) any |= used[k];
  for (unsigned i = 0; good && i < words->count; i++) { /* a name that the plan does not have */
    const void *named = side->find(applying->catalogue, words->list[i].text);
    for (size_t k = 0; k < wanted.count; k++) {
      if (wanted.list[k] != named || used[k]) continue;
      plan_complain(plan, &words->list[i], 0, "plan %s does not have this %s", plan->name, side->owner_word);
      good = false;
    }
  }
  if (good && !any) {
    plan_complain(plan, &words->list[0], 0, "plan %s has no such %s", plan->name, side->owner_word);
    good = false;
  }
  remove_empty_groups(plan);
  if (good && plan->group_count == 0) {
    plan_complain(plan, &words->list[0], 0, "nothing of plan %s is left", plan->name);
    good = false;
  }
  free(used);
  plan_chosen_free(&wanted);
  return good;
}

/* ---- replacing sweeps ----------------------------------------------------------------------------------------- */

static bool group_has(const struct plan_side *side, const struct plan_chosen *chosen, const struct sweep *sweep)
{
  for (size_t i = 0; i < chosen->count; i++) {
    if ((sweep->owner == NULL || strcmp(sweep->owner, side->name(chosen->list[i])) == 0) &&
        plan_side_row(side, chosen->list[i], sweep->name) != NULL)
      return true;
  }
  return false;
}

/* An unqualified option takes the place of qualified sweeps too: otherwise it would lose against them. */
static void remove_replaced(const struct applying *applying, const struct plan_side *side, const struct sweep *option,
                            struct plan_words *words)
{
  struct plan_words kept = {0};
  for (unsigned i = 0; i < words->count; i++) {
    const struct plan_word *word = &words->list[i];
    struct sweep sweep;
    if (!sweep_parse(applying->plan, word, side->form, &sweep)) continue;
    const bool same_owner = option->owner == NULL || (sweep.owner != NULL && strcmp(option->owner, sweep.owner) == 0);
    const bool replaced = word->option == NULL && same_owner && strcmp(option->name, sweep.name) == 0;
    if (!replaced) plan_words_add(&kept, word);
    sweep_free(&sweep);
  }
  plan_words_clear(words);
  *words = kept;
}

static bool say_no_place(const struct applying *applying, const struct plan_side *side, const struct sweep *sweep,
                         const struct plan_chosen *all)
{
  const void *owner = sweep->owner != NULL ? side->find(applying->catalogue, sweep->owner) : NULL;
  if (owner != NULL && !plan_chosen_has(all, owner))
    plan_complain(applying->plan, sweep->word, 0, "%s is not among the %ss here", sweep->owner, side->owner_word);
  else if (sweep->owner != NULL && owner == NULL)
    plan_complain(applying->plan, sweep->word, 0, "there is no %s '%s'%s", side->owner_word, sweep->owner,
                  plan_did_you_mean(side->nearest(applying->catalogue, sweep->owner)));
  else
    plan_complain(applying->plan, sweep->word, 0, "no %s here has a %s '%s'%s", side->owner_word, side->setting_word,
                  sweep->name, plan_did_you_mean(plan_side_nearest_row(side, all, sweep->name)));
  return false;
}

static bool replace_sweep(const struct applying *applying, const struct plan_side *side, const struct plan_word *word)
{
  struct plan *plan = applying->plan;
  const bool collectors = side == &plan_side_collectors;
  struct sweep sweep;
  if (!sweep_parse(plan, word, side->form, &sweep)) return false;
  bool placed = false;
  struct plan_chosen all = {0};
  for (unsigned i = 0; i < plan->group_count; i++) {
    struct plan_group *group = &plan->groups[i];
    struct plan_words *sweeps = collectors ? &group->set : &group->param;
    struct plan_chosen chosen;
    resolve(applying, side, collectors ? &group->collectors : &group->workloads, &chosen);
    if (group_has(side, &chosen, &sweep)) {
      remove_replaced(applying, side, &sweep, sweeps);
      plan_words_add(sweeps, word);
      placed = true;
    }
    for (size_t k = 0; k < chosen.count; k++) plan_chosen_add(&all, chosen.list[k]);
    plan_chosen_free(&chosen);
  }
  if (!placed) say_no_place(applying, side, &sweep, &all);
  plan_chosen_free(&all);
  sweep_free(&sweep);
  return placed;
}

static bool replace_sweeps(const struct applying *applying, const struct plan_side *side,
                           const struct plan_words *words)
{
  bool good = true;
  for (unsigned i = 0; i < words->count; i++) good &= replace_sweep(applying, side, &words->list[i]);
  return good;
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

static void add_words_or_all(struct plan_words *to, const struct plan_words *from)
{
  for (unsigned i = 0; i < from->count; i++) plan_words_add(to, &from->list[i]);
  if (from->count == 0) plan_words_add(to, &(struct plan_word){.text = (char[]){"all"}});
}

/* The command line alone: one group of everything that it names. */
static void make_group(struct plan *plan, const struct plan_options *options)
{
  plan->groups = memory_require(calloc(1, sizeof *plan->groups));
  plan->group_count = 1;
  add_words_or_all(&plan->groups[0].collectors, &options->collectors);
  add_words_or_all(&plan->groups[0].workloads, &options->workloads);
}

/* Are its names and values right?  What is dropped or replaced later was so, and is told of now or never. */
static bool check_plan(const struct applying *applying)
{
  struct plan_cells cells;
  if (!plan_expand_quietly(applying->plan, applying->catalogue, &cells)) return false;
  plan_cells_free(&cells);
  return true;
}

bool plan_apply_options(struct plan *plan, const struct catalogue *catalogue, const struct plan_options *options)
{
  const struct applying applying = {plan, catalogue, options};
  bool good = apply_values(plan, options);
  if (plan->group_count == 0) {
    make_group(plan, options);
    good &= check_plan(&applying);
  } else {
    good &= check_plan(&applying);
    good = good && restrict_side(&applying, &plan_side_collectors, &options->collectors) &&
           restrict_side(&applying, &plan_side_workloads, &options->workloads);
  }
  if (!good) return false;
  good = replace_sweeps(&applying, &plan_side_collectors, &options->set);
  good &= replace_sweeps(&applying, &plan_side_workloads, &options->param);
  apply_lists(plan, options);
  return good && plan_write_text(plan);
}
