/*
 * description: the JSON that a trial program answers to `describe`, as rows of the catalogue.
 */
#ifndef GCLAB_HARNESS_CATALOGUE_DESCRIPTION_H
#define GCLAB_HARNESS_CATALOGUE_DESCRIPTION_H

#include <jansson.h>

#include "harness/catalogue/catalogue.h"

enum { DESCRIPTION_ERROR_MAX = 256 };

/* Fills in the collector from the document, whose strings it goes on using.  On failure error says what is wrong. */
bool description_read_collector(json_t *document, struct catalogue_collector *collector, char *error);
void description_free_collector(struct catalogue_collector *collector);

/* The document's workloads under this key: "workloads", or "replays", which may be missing. */
bool description_read_workloads(json_t *document, const char *key, struct catalogue_workload **workloads, size_t *count,
                                char *error);
void description_free_workloads(struct catalogue_workload *workloads, size_t count);

#endif
