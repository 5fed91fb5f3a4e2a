/* levels: a metric of several cells that were not all run in the same blocks (harness/stats/levels.h). */
#ifndef GCLAB_HARNESS_ANALYSIS_LEVELS_H
#define GCLAB_HARNESS_ANALYSIS_LEVELS_H

#include "harness/analysis/analysis.h"

/*
 * values[i] becomes what cell i would have had in the blocks of the cell with the most trials, whose value is its median.
 * NAN where a cell knows no value above 0.
 */
void levels_of(const struct analysis_cell *const *cells, size_t count, const struct metric *metric, double *values);

#endif
