/* compare: what the files of `gclab compare` share: what was asked for, and what came of it. */
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

/* What was asked for. */
enum { COMPARE_SIDES_MAX = 16, COMPARE_METRICS_MAX = 64 };

struct compare_request {
  const char *store, *campaign;
  const char *words[COMPARE_SIDES_MAX]; /* A, then each B */
  size_t word_count;
  const struct metric *metrics[COMPARE_METRICS_MAX];
  size_t metric_count;
  const char *workloads[COMPARE_SIDES_MAX]; /* none: all */
  size_t workload_count;
  struct comparison_terms terms;
  double fail_above; /* NAN: not asked */
  bool best;         /* the best setting of each word's collector, held against other blocks */
  enum compare_format format;
};

struct compare_job {
  const struct compare_request *request;
  struct compare_result result;
  size_t room; /* for rows */
};

/* A with B as cells of one campaign, or as two campaigns of `store` (where they are no files).  Exit codes. */
int compare_cells(struct compare_job *job, struct dataset *dataset);
int compare_campaigns(struct compare_job *job, struct store *store);

/* `--best`: words are collectors.  Exit codes. */
int compare_best(const struct compare_request *request, struct dataset *dataset);

/* Compares two cells by each metric that was asked for; side is the number of B, from 0. */
void compare_add_rows(struct compare_job *job, const struct analysis_cell *a, const struct analysis_cell *b,
                      const char *a_label, const char *b_label, const char *subject, size_t side, bool counts_only);

/* Does the request want the workload? */
bool compare_wants(const struct compare_request *request, const char *workload);

/* Judges all rows together, adds the means over the sides, prints, and says what came of it; an exit code. */
int compare_conclude(struct compare_job *job, size_t sides);
void compare_free(struct compare_result *result);

void compare_print(const struct compare_result *result, enum compare_format format);

#endif
