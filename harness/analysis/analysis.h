/*
 * analysis: every metric of every trial of a campaign, and what follows from comparing cells.
 *
 * A trial's raw series are read once and forgotten; its metrics stay.  Cells are those of the dataset, by the same
 * index; the twins of A/A pairs come behind them.
 */
#ifndef GCLAB_HARNESS_ANALYSIS_ANALYSIS_H
#define GCLAB_HARNESS_ANALYSIS_ANALYSIS_H

#include "harness/analysis/metrics.h"
#include "harness/dataset/dataset.h"
#include "harness/stats/compare.h"
#include "harness/stats/ranks.h"
#include "harness/stats/warmup.h"

struct analysis_trial {
  int64_t block;
  bool ok;
  double *values; /* one a metric; NAN: not known.  NULL where it is not ok */
  enum stats_warmup warmup;
};

struct analysis_cell {
  const struct dataset_cell *cell;
  struct analysis_trial *trials; /* by block */
  size_t trial_count, ok_count;
};

struct analysis {
  struct dataset *dataset;
  struct analysis_cell *cells;
  size_t cell_count; /* of the dataset */
  size_t twin_count; /* behind those */
};

/* Reads all trials; NULL after a message.  Keeps a pointer to the dataset, which is of whole trials. */
struct analysis *analysis_load(struct dataset *dataset);
void analysis_free(struct analysis *analysis);

/* The index of a cell of the dataset. */
size_t analysis_cell_index(const struct analysis *analysis, const struct dataset_cell *cell);

/* The metric over the cell's trials that were ok: values that are known, in block order; returns how many. */
size_t analysis_values(const struct analysis_cell *cell, const struct metric *metric, double *values);

/* Its median over trials, NAN where there is none. */
double analysis_median(const struct analysis_cell *cell, const struct metric *metric);

/*
 * Values of two cells in the blocks in which both were ok and know the metric; returns how many blocks.  a and b have
 * room for the trials of either.
 */
size_t analysis_pairs(const struct analysis_cell *a, const struct analysis_cell *b, const struct metric *metric,
                      double *of_a, double *of_b);

/* The class of warm-up that most of the cell's trials have, from the rate at which they allocated. */
enum stats_warmup analysis_warmup(const struct analysis_cell *cell);

#endif
