/*
 * explore: a search as a campaign, and what is known of each setting from it.
 *
 * The search's rungs are run as the trials of one campaign (harness/campaign), which keeps each as soon as it has ended:
 * the same command goes on where it was interrupted, since the search asks the same and finds it there.  A setting's
 * numbers are its levels over the blocks that it was in (harness/stats/levels.h), as ratios to the usual setting.
 */
#ifndef GCLAB_HARNESS_TUNE_EXPLORE_H
#define GCLAB_HARNESS_TUNE_EXPLORE_H

#include "harness/campaign/campaign.h"
#include "harness/tune/goal.h"
#include "harness/tune/space.h"

/* Metrics that every setting is known by, whatever the goals. */
enum { EXPLORE_WALL, EXPLORE_MUTATOR, EXPLORE_MAX_PAUSE, EXPLORE_P99_PAUSE, EXPLORE_PEAK_HEAP, EXPLORE_ALWAYS };
enum { EXPLORE_METRICS_MAX = EXPLORE_ALWAYS + TUNE_GOALS_MAX + TUNE_LIMITS_MAX };

struct explore_terms {
  struct tune_goal goals[TUNE_GOALS_MAX]; /* none: pause, time and memory */
  size_t goal_count;
  struct tune_limit limits[TUNE_LIMITS_MAX];
  size_t limit_count;
  size_t trials;
};

struct explore_setting {
  uint32_t blocks;                   /* in which it was ok */
  const char *failure;               /* outcome of its first trial that was not; NULL: all were */
  double ratio[EXPLORE_METRICS_MAX]; /* to the usual setting; NAN: not known */
};

struct explore_trial {
  size_t point;
  uint32_t block;
  bool is_read;
  double *logs; /* one a metric; NULL: it was not ok, or not read */
};

struct explore {
  const struct tune_space *space;
  struct explore_terms terms;
  bool are_default_goals;
  const struct metric *metrics[EXPLORE_METRICS_MAX];
  size_t metric_count;
  struct store *store;
  struct search *search;
  struct front_point *points;        /* by point */
  struct explore_setting *settings;  /* by point */
  double usual[EXPLORE_METRICS_MAX]; /* medians of the usual setting's trials; NAN: not known */
  double overhead_base;              /* the least distilled time, as a ratio to the usual setting's wall time */
  struct explore_trial *trials;      /* that the search asked for, in that order */
  size_t trial_count, asked;         /* asked: index of the first of the last rung */
  struct campaign_choice *choices;   /* of the last rung */
  char campaign_id[PLAN_ID_MAX];
  bool is_whole; /* the search came to its end */
  char *broken;  /* why it could not go on; NULL */
};

/*
 * Prepares; goals of the terms may be none, and are chosen once the usual setting's trials are known: its longest pause
 * stands for the 99th percentile where it has too few pauses for that.  space and store stay the caller's.
 */
struct explore *explore_new(const struct tune_space *space, const struct explore_terms *terms, struct store *store);
void explore_free(struct explore *explore);

/* Runs it.  Returns one of campaign_exit; TRIAL_FAILED says that some settings do not work, which is a result. */
int explore_run(struct explore *explore, const struct campaign_options *options);

/* The metric's place in settings' ratios. */
size_t explore_metric(const struct explore *explore, const struct metric *metric);

/* How a setting stands to a limit: what is limited there, in the limit's own unit (value, ratio, or 1 + overhead). */
double explore_limited(const struct explore *explore, size_t point, const struct tune_limit *limit);
bool explore_keeps_limits(const struct explore *explore, size_t point);

/*
 * What is recommended: of the settings that were in at least half as many blocks as the one with most, that with the
 * least of the one goal within the limits; of several goals the least product of ratios, of which none counts as less
 * than a tenth.  The usual setting's point, where nothing is better.
 */
size_t explore_best(const struct explore *explore);

/*
 * The front over goals and limited metrics, with time and memory where that is one alone; of settings in two blocks
 * at least; by the first of them.  points has room for grid.count + 1; returns how many.
 */
size_t explore_front(const struct explore *explore, size_t *points);

#endif
