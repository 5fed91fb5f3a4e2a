/*
 * check: is the setting that a search has found better than the usual one, on what it was not found by?
 *
 * A search that looks at many settings finds some that were lucky (harness/analysis/heldout.h).  So the choice and the
 * usual setting are run once more, alone, as a campaign of their own with seeds that the search had not: on the
 * workload that was tuned on, and on others.  What is told of the choice is told of these trials.
 */
#ifndef GCLAB_HARNESS_TUNE_CHECK_H
#define GCLAB_HARNESS_TUNE_CHECK_H

#include "harness/analysis/comparison.h"
#include "harness/tune/explore.h"

enum { CHECK_WORKLOADS_MAX = 9, CHECK_METRICS_MAX = EXPLORE_METRICS_MAX };

struct check_request {
  const struct explore *explore;
  const struct catalogue *catalogue;
  size_t best;                                 /* point */
  const char *others[CHECK_WORKLOADS_MAX - 1]; /* workloads beside the tuned one, at their defaults */
  size_t other_count;
  uint32_t blocks;
  uint64_t budget_ns; /* 0: none */
};

struct check_workload {
  const char *name;
  bool is_without_pauses[2]; /* the usual setting, the choice: no trial had any */
  bool failed;               /* either setting: outcome says how */

  const char *outcome;
  struct comparison comparisons[CHECK_METRICS_MAX]; /* by metric: usual is A, the choice is B */
};

struct check {
  struct plan *plan;
  struct plan_cells cells;
  char campaign_id[PLAN_ID_MAX];
  struct dataset *dataset;
  struct analysis *analysis;
  const struct metric *metrics[CHECK_METRICS_MAX];
  size_t metric_count;
  struct check_workload workloads[CHECK_WORKLOADS_MAX]; /* the tuned one first */
  size_t workload_count;
};

/* Makes the campaign's cells.  False after messages. */
bool check_plan(struct check *check, const struct check_request *request);

/* Runs it and compares.  Returns one of campaign_exit. */
int check_run(struct check *check, const struct check_request *request, struct store *store,
              const struct campaign_options *options);
void check_free(struct check *check);

/*
 * "faster", "equivalent", ...: the verdict in the metric's words; where there is no ratio, why: "no pauses at all" where
 * the choice had none in any trial.
 */
const char *check_words(const struct check *check, size_t workload, const struct metric *metric);

/* Is the choice better in a goal, on a workload: -1 worse, 1 better, 0 neither is shown. */

int check_verdict(const struct check *check, size_t workload, const struct tune_goal *goal);

const struct comparison *check_comparison(const struct check *check, size_t workload, const struct metric *metric);

#endif
