/* `gclab list metrics`: what is measured of a trial. */
#include <stdio.h>

#include "harness/analysis/metrics.h"
#include "harness/cli/list.h"
#include "harness/cli/list_metrics.h"
#include "harness/cli/table.h"

static const char *const directions[] = {
    [METRIC_LESS] = "less is better", [METRIC_MORE] = "more is better", [METRIC_NEITHER] = "neither is better"};

void list_print_metrics(const struct listing *listing)
{
  static const char *const headings[] = {"METRIC", "", "", NULL};
  (void)listing;
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < metric_count; i++)
    table_add(&table, (const char *const[]){metrics[i].name, metric_group_titles[metrics[i].group], metrics[i].title});
  table_print(&table, stdout, 0);
}

bool list_print_metric(const char *name)
{
  const struct metric *metric = metric_find(name);
  if (metric == NULL) return false;
  printf("%s: metric\n  %s, in %s; %s\n", metric->name, metric->title, metric_unit_name(metric->unit),
         directions[metric->direction]);
  printf("  ");
  table_print_wrapped(stdout, metric->formula, 2, 2);
  if (metric->source != NULL) printf("  after %s\n", metric->source);
  if (metric->is_count) puts("  a count: the same on every machine");
  printf("\n'gclab compare A B --metric %s' compares it.\n", metric->name);
  return true;
}

static json_t *json_of(const struct metric *metric)
{
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:b}", "kind", "metric", "name", metric->name, "title",
                   metric->title, "group", metric_group_titles[metric->group], "unit", metric_unit_name(metric->unit),
                   "direction", directions[metric->direction], "formula", metric->formula, "source", metric->source,
                   "is_count", metric->is_count);
}

json_t *list_json_metric(const char *name)
{
  const struct metric *metric = metric_find(name);
  return metric != NULL ? json_of(metric) : NULL;
}

json_t *list_json_metrics(const struct listing *listing)
{
  (void)listing;
  json_t *list = json_array();
  for (size_t i = 0; i < metric_count; i++) json_array_append_new(list, json_of(&metrics[i]));
  return list;
}

void list_names_metrics(const struct listing *listing)
{
  (void)listing;
  for (size_t i = 0; i < metric_count; i++) puts(metrics[i].name);
}
