/*
 * list: what `gclab list` shows, as tables, as JSON, and as bare names.
 */
#ifndef GCLAB_HARNESS_CLI_LIST_H
#define GCLAB_HARNESS_CLI_LIST_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/catalogue/catalogue.h"
#include "harness/plan/plan.h"

struct listing {
  struct catalogue *catalogue;
  struct plan_shipped *plans;
  size_t plan_count;
};

void list_print_collectors(const struct listing *listing);
void list_print_workloads(const struct listing *listing);
void list_print_plans(const struct listing *listing);
void list_print_figures(const struct listing *listing);
void list_print_metrics(const struct listing *listing);

/* One collector, workload, plan, figure or metric; false where there is none of that name. */
bool list_print_named(const struct listing *listing, const char *name);

json_t *list_json_collectors(const struct listing *listing);
json_t *list_json_workloads(const struct listing *listing);
json_t *list_json_plans(const struct listing *listing);
json_t *list_json_figures(const struct listing *listing);
json_t *list_json_metrics(const struct listing *listing);
json_t *list_json_missing(const struct listing *listing);
json_t *list_json_named(const struct listing *listing, const char *name); /* NULL: none */

void list_names_collectors(const struct listing *listing);
void list_names_workloads(const struct listing *listing);
void list_names_plans(const struct listing *listing);
void list_names_figures(const struct listing *listing);
void list_names_metrics(const struct listing *listing);
void list_names_knobs(const struct listing *listing);      /* NAME and COLLECTOR.NAME */
void list_names_parameters(const struct listing *listing); /* NAME and WORKLOAD.NAME */

const char *list_nearest(const struct listing *listing, const char *word);

/* The figures, as rows of names and summaries. */
struct list_figure {
  const char *name, *summary;
};

size_t list_figures(struct list_figure *list, size_t room);

#endif
