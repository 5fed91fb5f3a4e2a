/*
 * grid: the settings of CPython's thresholds that are predicted, and the few of them that are worth a run.
 */
#ifndef GCLAB_HARNESS_ADVISE_GRID_H
#define GCLAB_HARNESS_ADVISE_GRID_H

#include "harness/predict/predict.h"

enum grid_goal {
  GRID_GC_TIME,   /* least time in collections */
  GRID_MAX_PAUSE, /* least longest pause */
  GRID_P99_PAUSE, /* least 99th percentile of pauses */
  GRID_GOALS
};

extern const char *const grid_goal_names[GRID_GOALS]; /* as the option has them */
extern const char *const grid_goal_words[GRID_GOALS]; /* as sentences have them */

struct grid_terms {
  enum grid_goal goal;
  double longest_pause; /* no setting may lengthen the longest pause to more than so many times the default's */
  double memory;        /* nor the program's peak to more than so many times, as far as garbage goes; <= 0: no matter */
  double peak_bytes, object_bytes; /* of the program at the default, and of an object; 0: unknown */
};

/* The grid, the usual thresholds first; with_freezes: each once more with gc.freeze() after start-up.  To be freed. */
struct predict_setting *grid_make(const int64_t *usual, bool with_freezes, size_t *count);

double grid_goal_of(enum grid_goal goal, const struct prediction *prediction);

/* What the terms allow, beside the usual setting. */
bool grid_allows(const struct grid_terms *terms, const struct prediction *usual, const struct prediction *prediction);

/*
 * Chooses up to `wanted` predictions to try, best first: the best for the goal among those allowed, then ones that are
 * no mere neighbours of those chosen (threshold0 by a factor of 1.5 at least, or twice as good in the longest pause).
 * Returns how many; chosen[] are indices.  None where nothing promises to be better than the usual setting by 1 %.
 */
size_t grid_choose(const struct grid_terms *terms, const struct prediction *predictions, size_t count, size_t wanted,
                   size_t *chosen);

#endif
