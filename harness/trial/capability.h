/*
 * capability: what collectors can do and workloads need, by name, as JSON has it.
 */
#ifndef GCLAB_HARNESS_TRIAL_CAPABILITY_H
#define GCLAB_HARNESS_TRIAL_CAPABILITY_H

#include <jansson.h>

/* The names of a set of COLLECTOR_* (collectors/collector.h), as a list; the caller's. */
json_t *capability_names(unsigned capabilities);

#endif
