/* tune_workload: what `gclab tune COLLECTOR -w WORKLOAD` knows when it has run, and how it is told. */
#ifndef GCLAB_HARNESS_CLI_TUNE_WORKLOAD_H
#define GCLAB_HARNESS_CLI_TUNE_WORKLOAD_H

#include "harness/tune/check.h"
#include "harness/tune/explore.h"

enum { TUNE_FILES_MAX = 8 };

/* What came of it, in the order in which it is asked. */
enum tune_answer {
  TUNE_NOTHING_KEEPS,   /* no setting keeps to the limits */
  TUNE_DEFAULT_BEST,    /* none that was tried is better than the default */
  TUNE_NOT_CHECKED,     /* one is, in the search; it was not checked on fresh seeds */
  TUNE_DEFAULT_AS_GOOD, /* fresh seeds do not show it */
  TUNE_BREAKS_LIMIT,    /* they show it, and that it breaks a limit */
  TUNE_BETTER
};

struct tune_workload {
  const struct explore *explore;
  size_t best;               /* point */
  const struct check *check; /* NULL: there was none */
  bool is_cut_short;         /* by the budget, or by an interruption */

  char *files[TUNE_FILES_MAX]; /* that were drawn */
  size_t file_count;
};

enum tune_answer tune_workload_answer(const struct tune_workload *tune);

/*
 * What is shown of a setting: goals, limited metrics, then wall time, peak heap and the longest pause while there is room;
 * places among the explored metrics.  Returns how many, three at least where there is room for them.
 */
size_t tune_workload_metrics(const struct explore *explore, size_t *shown, size_t room);

void tune_workload_print(const struct tune_workload *tune);
void tune_workload_print_json(const struct tune_workload *tune);

#endif
