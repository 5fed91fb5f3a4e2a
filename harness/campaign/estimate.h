/* estimate: how long trials will take, from those that there are. */
#ifndef GCLAB_HARNESS_CAMPAIGN_ESTIMATE_H
#define GCLAB_HARNESS_CAMPAIGN_ESTIMATE_H

#include "harness/campaign/results.h"

struct estimate {
  const struct plan_cells *cells;
  struct {
    uint64_t total_ns;
    uint32_t trials;
  } * of_cell; /* by cell */
};

bool estimate_begin(struct estimate *estimate, const struct plan_cells *cells);
void estimate_add(struct estimate *estimate, size_t cell, int64_t process_ns);

/*
 * One trial of this cell: the mean of the cell's own trials; else of the cells with its workload and size, of its
 * collector first; else a default.
 */
uint64_t estimate_cell_ns(const struct estimate *estimate, size_t cell);
void estimate_end(struct estimate *estimate);

#endif
