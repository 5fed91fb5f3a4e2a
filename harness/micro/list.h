/* list: the benchmarks as JSON, for `gclab micro`, which knows them by this alone. */
#ifndef GCLAB_HARNESS_MICRO_LIST_H
#define GCLAB_HARNESS_MICRO_LIST_H

#include "harness/micro/micro.h"

/*
 * {"format": "gclab-micro-1", "collector": NAME, "benchmarks": [{"name", "limit", "limit_scale", "heavy", "skip"}]};
 * skip is the reason, or null.  False after a message.
 */
bool list_print(const struct micro_table *table);

#endif
