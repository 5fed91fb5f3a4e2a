/* compare: what `gclab compare` has compared, for those who print it. */
#ifndef GCLAB_HARNESS_CLI_COMPARE_H
#define GCLAB_HARNESS_CLI_COMPARE_H

#include "harness/analysis/comparison.h"

/* One comparison, and what it is of. */
struct compare_row {
  struct comparison comparison;
  const char *a_label, *b_label; /* cells, or campaigns */
  char *subject;                 /* workload, with what else tells this pair from others */
  size_t side;                   /* number of B */
};

/* Over the workloads of a side and metric. */
struct compare_mean {
  size_t side;
  const struct metric *metric;
  struct stats_estimate ratio;
  size_t workloads;
  char *left_out; /* workloads that not both finished; NULL: none */
};

struct compare_result {
  struct compare_row *rows;
  size_t row_count;
  struct compare_mean *means;
  size_t mean_count;
  struct noise_floor floor; /* of wall time */
  const char *campaign;     /* its name; of both, "A against B" */
  bool is_paired;
  struct comparison_terms terms;
  size_t least_blocks; /* of any row with a ratio; 0: there is none */
};

enum compare_format { COMPARE_TABLE, COMPARE_MARKDOWN, COMPARE_JSON };

void compare_print(const struct compare_result *result, enum compare_format format);

#endif
