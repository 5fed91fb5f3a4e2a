/* list_metrics: one metric, for `gclab list NAME`. */
#ifndef GCLAB_HARNESS_CLI_LIST_METRICS_H
#define GCLAB_HARNESS_CLI_LIST_METRICS_H

#include <jansson.h>
#include <stdbool.h>

/* False, NULL: there is none of this name. */
bool list_print_metric(const char *name);
json_t *list_json_metric(const char *name);

#endif
