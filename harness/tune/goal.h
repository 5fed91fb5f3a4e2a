/*
 * goal: what a setting is to be good at, and what it may cost, in the user's words.
 *
 *   min:p99_pause   max:mmu_10ms   wall             a metric ('gclab list metrics'); without min: or max:, its own way
 *   overhead                                        time over what the program by itself needs; as a goal, wall time
 *   overhead<=5%                                    so much more than that at most
 *   peak_heap<=1.3x                                 of what the usual setting takes
 *   max_pause<=5ms   peak_heap<=64M   util_p1_10ms>=50%
 *
 * What the program by itself needs is not known; the least of (wall - pauses) over all settings that were tried stands
 * for it, which is more than that: an overhead is at least what is shown (harness/analysis/overhead.h).
 */
#ifndef GCLAB_HARNESS_TUNE_GOAL_H
#define GCLAB_HARNESS_TUNE_GOAL_H

#include "harness/analysis/metrics.h"

enum { TUNE_GOALS_MAX = 3, TUNE_LIMITS_MAX = 5, TUNE_ERROR_MAX = 320 };

struct tune_goal {
  const struct metric *metric;
  bool is_more; /* to be large */
  bool is_overhead;
};

enum tune_limit_kind { TUNE_LIMIT_VALUE, TUNE_LIMIT_OF_USUAL, TUNE_LIMIT_OVERHEAD };

struct tune_limit {
  const struct metric *metric;
  enum tune_limit_kind kind;
  bool is_least;    /* >= */
  double bound;     /* a value; a ratio to the usual setting; 1 and the share of overhead */
  const char *text; /* as it was written */
};

/* False: error (TUNE_ERROR_MAX bytes) says what is wrong and what is accepted. */
bool tune_goal_parse(const char *text, struct tune_goal *goal, char *error);
bool tune_limit_parse(const char *text, struct tune_limit *limit, char *error);

#endif
