/* preload: the allocators that a trial can be run on. */
#ifndef GCLAB_HARNESS_CAMPAIGN_PRELOAD_H
#define GCLAB_HARNESS_CAMPAIGN_PRELOAD_H

#include "harness/plan/plan.h"

/*
 * Finds the library of every allocator that the cells want.  False, after a message that names the package, where one
 * is not there.
 */
bool preload_find(const struct plan_cells *cells);

/* What a trial of this cell has in LD_PRELOAD: a path, or NULL for nothing.  Static; preload_find comes first. */
const char *preload_of(const struct plan_cell *cell);

#endif
