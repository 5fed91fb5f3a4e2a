/* tune_python: what `gclab tune -- PROGRAM` knows when it has run, and how it is told. */
#ifndef GCLAB_HARNESS_CLI_TUNE_PYTHON_H
#define GCLAB_HARNESS_CLI_TUNE_PYTHON_H

#include <stdio.h>

#include "harness/advise/grid.h"
#include "harness/advise/verify.h"
#include "harness/cli/python_program.h"

enum { TUNE_TRIES_MAX = 8, TUNE_BEST = 3 };

struct tune_python {
  struct python_program program;
  struct grid_terms terms;
  struct predict_setting tries[TUNE_TRIES_MAX];
  size_t try_count, rounds;
  uint64_t startup_ns; /* when start-up is over, for gc.freeze(); 0: that is not tried */
  uint64_t seed;
  const char *recording_path; /* NULL: to be made */
  bool json;

  char *directory, *path; /* of the recording that was made; of the process that is advised */
  bool was_recorded;
  struct launch_result recorded;
  struct recording recording; /* until predictions are made */
  size_t object_count, collection_count, process_count;
  bool sets_thresholds;
  struct predict_costs costs;
  double slowdown;                /* of the recorded run, by one at the default without the recorder; 1: not known */
  struct prediction *predictions; /* the grid, the default first, and what was asked for */
  size_t grid_count, prediction_count;
  uint64_t predict_ns;
  size_t chosen[1 + TUNE_BEST + TUNE_TRIES_MAX]; /* the default, the best, what was asked for; as cells of verify */
  size_t chosen_count, best_count;
  struct verify verify;
};

/*
 * The cell that is advised: 0 where nothing beats the default.  Measured where there are runs: the least for the goal of
 * those whose interval lies below the default, and which keep to the terms; predicted otherwise.
 */
size_t tune_python_advised(const struct tune_python *tune);

void tune_python_print(const struct tune_python *tune, FILE *out);
void tune_python_print_json(const struct tune_python *tune, FILE *out);

#endif
