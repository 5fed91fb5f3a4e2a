/* Names in a plan to what the catalogue has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

bool plan_chosen_has(const struct plan_chosen *chosen, const void *item)
{
  for (size_t i = 0; i < chosen->count; i++) {
    if (chosen->list[i] == item) return true;
  }
  return false;
}

void plan_chosen_add(struct plan_chosen *chosen, const void *item)
{
  if (plan_chosen_has(chosen, item)) return;
  chosen->list =
      (const void **)memory_require(reallocarray((void *)chosen->list, chosen->count + 1, sizeof *chosen->list));
  chosen->list[chosen->count++] = item;
}

void plan_chosen_free(struct plan_chosen *chosen)
{
  free((void *)chosen->list);
  *chosen = (struct plan_chosen){0};
}

/* ---- collectors ----------------------------------------------------------------------------------------------- */

struct resolving {
  const struct plan *plan;
  const struct catalogue *catalogue;
  bool notes;
};

static void leave_out(const struct resolving *resolving, const struct plan_word *word,
                      const struct catalogue_missing *missing, struct plan_chosen *chosen)
{
  chosen->left_out++;
  if (resolving->notes)
    plan_note(resolving->plan, word, "%s was not built and is left out: %s (Debian package %s)", missing->name,
              missing->why, missing->package);
}

/* "all", "own" and "peers"; false where the word is none of them. */
static bool choose_class(const struct resolving *resolving, const struct plan_word *word, struct plan_chosen *chosen)
{
  const bool peers = strcmp(word->text, "all") == 0 || strcmp(word->text, "peers") == 0;
  if (!peers && strcmp(word->text, "own") != 0) return false;
  for (size_t i = 0; i < resolving->catalogue->collector_count; i++) {
    const struct catalogue_collector *collector = &resolving->catalogue->collectors[i];
    if (catalogue_collector_is_in(collector, word->text)) plan_chosen_add(chosen, collector);
  }
  for (size_t i = 0; peers && i < resolving->catalogue->missing_count; i++)
    leave_out(resolving, word, &resolving->catalogue->missing[i], chosen);
  return true;
}

static bool choose_named(const struct resolving *resolving, const struct plan_word *word, struct plan_chosen *chosen)
{
  const struct catalogue_collector *collector = catalogue_collector(resolving->catalogue, word->text);
  const struct catalogue_missing *missing = catalogue_missing(resolving->catalogue, word->text);
  const struct catalogue_collector *variant = catalogue_program(resolving->catalogue, word->text);
  if (collector != NULL) {
    plan_chosen_add(chosen, collector);
    return true;
  }
  if (missing != NULL && word->option == NULL) {
    leave_out(resolving, word, missing, chosen);
    return true;
  }
  if (missing != NULL)
    plan_complain(resolving->plan, word, 0, "it was not built: %s; install %s and build again", missing->why,
                  missing->package);
  else if (variant != NULL)
    plan_complain(resolving->plan, word, 0, "'%s' is %s on another memory: name %s, and the memory as its allocator",
                  word->text, variant->name, variant->name);
  else
    plan_complain(resolving->plan, word, 0, "there is no collector '%s'%s", word->text,
                  plan_did_you_mean(catalogue_nearest_collector(resolving->catalogue, word->text)));
  return false;
}

bool plan_resolve_collectors(const struct plan *plan, const struct catalogue *catalogue, const struct plan_words *words,
                             bool notes, struct plan_chosen *chosen)
{
  const struct resolving resolving = {plan, catalogue, notes};
  bool good = true;
  *chosen = (struct plan_chosen){0};
  for (unsigned i = 0; i < words->count; i++) {
    const struct plan_word *word = &words->list[i];
    if (!choose_class(&resolving, word, chosen)) good &= choose_named(&resolving, word, chosen);
  }
  return good;
}

/* ---- workloads ------------------------------------------------------------------------------------------------ */

static const struct catalogue_workload *find_replay(const struct catalogue *catalogue, const char *name)
{
  for (size_t i = 0; i < catalogue->replay_count; i++) {
    if (strcmp(catalogue->replays[i].name, name) == 0) return &catalogue->replays[i];
  }
  return NULL;
}

bool plan_resolve_workloads(const struct plan *plan, const struct catalogue *catalogue, const struct plan_words *words,
                            struct plan_chosen *chosen)
{
  bool good = true;
  *chosen = (struct plan_chosen){0};
  for (unsigned i = 0; i < words->count; i++) {
    const struct plan_word *word = &words->list[i];
    const struct catalogue_workload *replay = find_replay(catalogue, word->text);
    const struct catalogue_workload *workload =
        replay != NULL && plan->replay_path != NULL ? replay : catalogue_workload(catalogue, word->text);
    if (strcmp(word->text, "all") == 0) {
      for (size_t k = 0; k < catalogue->workload_count; k++) plan_chosen_add(chosen, &catalogue->workloads[k]);
    } else if (workload != NULL) {
      plan_chosen_add(chosen, workload);
    } else if (replay != NULL) {
      plan_complain(plan, word, 0, "%s runs a recording of a Python program: use 'gclab replay RECORDING'", word->text);
      good = false;
    } else {
      plan_complain(plan, word, 0, "there is no workload '%s'%s", word->text,
                    plan_did_you_mean(catalogue_nearest_workload(catalogue, word->text)));
      good = false;
    }
  }
  return good;
}

/* ---- the two sides -------------------------------------------------------------------------------------------- */

static const char *collector_name(const void *owner) { return ((const struct catalogue_collector *)owner)->name; }

static const struct setting *collector_settings(const void *owner, size_t *count)
{
  const struct catalogue_collector *collector = owner;
  *count = collector->knob_count;
  return collector->knobs;
}

static const void *find_collector(const struct catalogue *catalogue, const char *name)
{
  return catalogue_collector(catalogue, name);
}

static const char *workload_name(const void *owner) { return ((const struct catalogue_workload *)owner)->name; }

static const struct setting *workload_settings(const void *owner, size_t *count)
{
  const struct catalogue_workload *workload = owner;
  *count = workload->parameter_count;
  return workload->parameters;
}

static const void *find_workload(const struct catalogue *catalogue, const char *name)
{
  return catalogue_workload(catalogue, name);
}

const struct plan_side plan_side_collectors = {"collector",    "knob",
                                               "KNOB",         "--collector",
                                               collector_name, collector_settings,
                                               find_collector, catalogue_nearest_collector};
const struct plan_side plan_side_workloads = {
    "workload",    "parameter",       "NAME",        "--workload",
    workload_name, workload_settings, find_workload, catalogue_nearest_workload};

const struct setting *plan_side_row(const struct plan_side *side, const void *owner, const char *name)
{
  size_t count = 0;
  const struct setting *settings = side->settings(owner, &count);
  const int row = setting_find(settings, count, name);
  return row < 0 ? NULL : &settings[row];
}

const char *plan_side_nearest_row(const struct plan_side *side, const struct plan_chosen *owners, const char *name)
{
  const char **names = NULL;
  size_t total = 0;
  for (size_t i = 0; i < owners->count; i++) {
    size_t count = 0;
    const struct setting *settings = side->settings(owners->list[i], &count);
    names = (const char **)memory_require(reallocarray((void *)names, total + count + 1, sizeof *names));
    for (size_t k = 0; k < count; k++) names[total++] = settings[k].name;
  }
  const char *nearest = total > 0 ? setting_nearest(name, names, total) : NULL;
  free((void *)names);
  return nearest;
}
