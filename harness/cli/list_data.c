/* JSON and bare names, for scripts and for completion. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/cli/list.h"
#include "harness/cli/list_metrics.h"
#include "harness/analysis/metrics.h"
#include "harness/figures/figures.h"

enum { FIGURES_MAX = 64 };

size_t list_figures(struct list_figure *list, size_t room)
{
  size_t count = 0;
  for (; count < room && figures[count].name != NULL; count++)
    list[count] = (struct list_figure){figures[count].name, figures[count].summary};
  return count;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------- */

/* What the program said of itself, without the workloads, and what the catalogue adds. */
static json_t *json_of_collector(const struct catalogue *catalogue, const struct catalogue_collector *collector)
{
  json_t *object = json_object();
  json_object_set_new(object, "kind", json_string("collector"));
  json_object_update(object, collector->description);
  json_object_del(object, "format");
  json_object_del(object, "workloads");
  json_object_set_new(object, "program", json_string(collector->trial_path));
  json_object_set_new(object, "build_id", json_string(collector->build_id));
  json_t *variants = json_array();
  for (size_t i = catalogue->collector_count; i < catalogue->program_count; i++) {
    const struct catalogue_collector *variant = &catalogue->collectors[i];
    if (variant == collector || strcmp(variant->name, collector->name) != 0) continue;
    json_array_append_new(variants, json_pack("{s:s, s:s, s:s, s:s}", "name", variant->program_name, "memory",
                                              catalogue_collector_memory(variant), "program", variant->trial_path,
                                              "build_id", variant->build_id));
  }
  json_object_set_new(object, "variants", variants);
  return object;
}

static json_t *json_of_workload(const struct listing *listing, size_t index)
{
  json_t *object = json_object();
  json_object_set_new(object, "kind", json_string("workload"));
  json_object_update(
      object, json_array_get(json_object_get(listing->catalogue->collectors[0].description, "workloads"), index));
  return object;
}

static json_t *json_of_missing(const struct catalogue_missing *missing)
{
  return json_pack("{s:s, s:s, s:s, s:s}", "kind", "missing", "name", missing->name, "why", missing->why, "package",
                   missing->package);
}

static json_t *json_of_plan(const struct plan_shipped *shipped)
{
  struct plan *plan = plan_load(shipped->path);
  if (plan == NULL) return NULL;
  json_t *object =
      json_pack("{s:s, s:s, s:s?, s:s, s:I, s:s}", "kind", "plan", "name", shipped->name, "description",
                plan->description, "path", shipped->path, "blocks", (json_int_t)plan->blocks, "text", plan->text);
  plan_free(plan);
  return object;
}

static json_t *json_of_figure(const struct list_figure *figure)
{
  return json_pack("{s:s, s:s, s:s}", "kind", "figure", "name", figure->name, "summary", figure->summary);
}

json_t *list_json_collectors(const struct listing *listing)
{
  json_t *list = json_array();
  for (size_t i = 0; i < listing->catalogue->collector_count; i++)
    json_array_append_new(list, json_of_collector(listing->catalogue, &listing->catalogue->collectors[i]));
  return list;
}

json_t *list_json_workloads(const struct listing *listing)
{
  json_t *list = json_array();
  for (size_t i = 0; i < listing->catalogue->workload_count; i++)
    json_array_append_new(list, json_of_workload(listing, i));
  return list;
}

json_t *list_json_plans(const struct listing *listing)
{
  json_t *list = json_array();
  for (size_t i = 0; i < listing->plan_count; i++) {
    json_t *plan = json_of_plan(&listing->plans[i]);
    if (plan != NULL) json_array_append_new(list, plan);
  }
  return list;
}

json_t *list_json_figures(const struct listing *listing)
{
  (void)listing;
  struct list_figure figures_found[FIGURES_MAX];
  const size_t count = list_figures(figures_found, FIGURES_MAX);
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) json_array_append_new(list, json_of_figure(&figures_found[i]));
  return list;
}

json_t *list_json_missing(const struct listing *listing)
{
  json_t *list = json_array();
  for (size_t i = 0; i < listing->catalogue->missing_count; i++)
    json_array_append_new(list, json_of_missing(&listing->catalogue->missing[i]));
  return list;
}

json_t *list_json_named(const struct listing *listing, const char *name)
{
  const struct catalogue *catalogue = listing->catalogue;
  const struct catalogue_collector *collector = catalogue_program(catalogue, name);
  const struct catalogue_missing *missing = catalogue_missing(catalogue, name);
  if (collector != NULL) return json_of_collector(catalogue, collector);
  if (missing != NULL) return json_of_missing(missing);
  for (size_t i = 0; i < catalogue->workload_count; i++) {
    if (strcmp(catalogue->workloads[i].name, name) == 0) return json_of_workload(listing, i);
  }
  for (size_t i = 0; i < listing->plan_count; i++) {
    if (strcmp(listing->plans[i].name, name) == 0) return json_of_plan(&listing->plans[i]);
  }
  struct list_figure figures_found[FIGURES_MAX];
  const size_t count = list_figures(figures_found, FIGURES_MAX);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(figures_found[i].name, name) == 0) return json_of_figure(&figures_found[i]);
  }
  return list_json_metric(name);
}

/* ---- names ---------------------------------------------------------------------------------------------------- */

void list_names_collectors(const struct listing *listing)
{
  for (size_t i = 0; i < listing->catalogue->collector_count; i++) puts(listing->catalogue->collectors[i].name);
}

void list_names_workloads(const struct listing *listing)
{
  for (size_t i = 0; i < listing->catalogue->workload_count; i++) puts(listing->catalogue->workloads[i].name);
}

void list_names_plans(const struct listing *listing)
{
  for (size_t i = 0; i < listing->plan_count; i++) puts(listing->plans[i].name);
}

void list_names_figures(const struct listing *listing)
{
  (void)listing;
  struct list_figure figures_found[FIGURES_MAX];
  const size_t count = list_figures(figures_found, FIGURES_MAX);
  for (size_t i = 0; i < count; i++) puts(figures_found[i].name);
}

static void print_setting_names(const char *owner, const struct setting *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) printf("%s\n%s.%s\n", rows[i].name, owner, rows[i].name);
}

void list_names_knobs(const struct listing *listing)
{
  for (size_t i = 0; i < listing->catalogue->collector_count; i++) {
    const struct catalogue_collector *collector = &listing->catalogue->collectors[i];
    print_setting_names(collector->name, collector->knobs, collector->knob_count);
  }
}

void list_names_parameters(const struct listing *listing)
{
  for (size_t i = 0; i < listing->catalogue->workload_count; i++) {
    const struct catalogue_workload *workload = &listing->catalogue->workloads[i];
    print_setting_names(workload->name, workload->parameters, workload->parameter_count);
  }
}

const char *list_nearest(const struct listing *listing, const char *word)
{
  static const char *const kinds[] = {"collectors", "workloads", "plans", "figures", "metrics"};
  enum { KINDS = sizeof kinds / sizeof kinds[0] };
  struct list_figure figures_found[FIGURES_MAX];
  const struct catalogue *catalogue = listing->catalogue;
  const size_t figure_count = list_figures(figures_found, FIGURES_MAX);
  const size_t room = KINDS + catalogue->collector_count + catalogue->missing_count + catalogue->workload_count +
                      listing->plan_count + figure_count + metric_count;
  const char **names = memory_require(calloc(room, sizeof *names));
  size_t count = 0;
  for (size_t i = 0; i < KINDS; i++) names[count++] = kinds[i];
  for (size_t i = 0; i < catalogue->collector_count; i++) names[count++] = catalogue->collectors[i].name;
  for (size_t i = 0; i < catalogue->missing_count; i++) names[count++] = catalogue->missing[i].name;
  for (size_t i = 0; i < catalogue->workload_count; i++) names[count++] = catalogue->workloads[i].name;
  for (size_t i = 0; i < listing->plan_count; i++) names[count++] = listing->plans[i].name;
  for (size_t i = 0; i < figure_count; i++) names[count++] = figures_found[i].name;
  for (size_t i = 0; i < metric_count; i++) names[count++] = metrics[i].name;
  const char *nearest = setting_nearest(word, names, count);
  free((void *)names);
  return nearest;
}
