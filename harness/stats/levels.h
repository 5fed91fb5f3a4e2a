/*
 * levels: how settings compare that were not all run in the same blocks.
 *
 * A log value is taken as its setting's level plus its block's effect plus noise, and both are fitted to all values: so a
 * setting that was run in a slow block alone is not taken for a slow one.  The fit is Huber's M-estimate (Huber, Robust
 * Estimation of a Location Parameter, 1964), by least squares whose weights follow from the residuals: trials that the
 * machine disturbed do not decide.  Settings with one value say nothing about its block, and have their level from what
 * the others say of it.  What has no block in common with the rest, directly or over others, cannot be compared with
 * them.
 */
#ifndef GCLAB_HARNESS_STATS_LEVELS_H
#define GCLAB_HARNESS_STATS_LEVELS_H

#include <stddef.h>

/*
 * values[setting * blocks + block], NAN where there is none; levels gets one a setting, NAN where it has no value.
 * Levels are determined up to one constant in common.
 */
void stats_levels(const double *values, size_t settings, size_t blocks, double *levels);

#endif
