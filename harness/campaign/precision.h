/*
 * precision: which cells are measured well enough.
 *
 * A cell is compared with the first cell of its workload, parameters and size in the plan.  It is done when the interval
 * of that ratio of wall times is narrow enough; it is looked at between blocks only, and what it looks at is the width,
 * never p: to stop when a difference is significant would make differences of noise.  The first cell goes on as long as
 * anybody is compared with it.  A cell with a trial that is not ok is never done.
 *
 * Where there is a budget besides, what is left of it after the least number of blocks goes to the widest interval: that
 * cell and the one that it is compared with get another trial each, of one block and seed, one right after the other.
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_PRECISION_H
#define GCLAB_HARNESS_CAMPAIGN_PRECISION_H

#include "harness/campaign/results.h"

/* Fills in done[cell] for the state after `blocks` whole blocks.  All false below PLAN_PRECISE_BLOCKS_LEAST. */
void precision_find_done(const struct results *results, const struct plan_cells *cells, uint32_t blocks,
                         double precision, bool *done);

/* The first cell of the same workload, parameters and size, with which the cell is compared; a first cell's is itself. */
size_t precision_base_of(const struct plan_cells *cells, size_t cell);

/*
 * Of the cells whose half-width is above the precision, that with the widest; the number of cells where there is none.
 * may_go_on[cell]: it can have another trial.  NAN is no width.
 */
size_t precision_widest(const double *half_widths, const bool *may_go_on, size_t count, double precision);

/* Half the width of the interval of a cell's ratio, as a share of the ratio; NAN where there is none. */
double precision_half_width(const struct results *results, const struct plan_cells *cells, size_t cell,
                            uint32_t blocks);

#endif
