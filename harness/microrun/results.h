/*
 * results: one run of micro-benchmarks as a table: a row a benchmark, a column a collector, and the machine's limits.
 */
#ifndef GCLAB_HARNESS_MICRORUN_RESULTS_H
#define GCLAB_HARNESS_MICRORUN_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/stats.h"
#include "harness/store/micro.h"

struct micro_measurement {
  int64_t repetition, iterations;
  double real_ns, cpu_ns; /* of one operation */
};

struct micro_cell {
  struct micro_measurement *measurements; /* by repetition */
  size_t count;
  char *skip;                                             /* why it was not measured; NULL: no reason */
  int64_t operations, instructions, library_instructions; /* operations 0: not counted */
};

struct micro_row {
  char *name;
  char *limit; /* "": none */
  double limit_scale;
};

struct micro_column {
  char *collector, *version, *build_id, *knobs, *allocator;
};

struct micro_results {
  char *id, *host, *command, *size, *version, *revision, *created_at;
  uint64_t seed;
  struct micro_column *columns;
  size_t column_count;
  struct micro_row *rows;
  size_t row_count, row_capacity;
  struct micro_cell *cells; /* row by row; made with the first result */
};

/* The newest run with times, or the one with this id.  NULL after a message, also where there is none. */
struct micro_results *micro_results_load(struct store *store, const char *run_id);

/* The newest run with times; NULL where there is none.  False after a message. */
bool micro_results_find(struct store *store, struct micro_results **results);
void micro_results_free(struct micro_results *results);

/* -1: none. */
int micro_results_row(const struct micro_results *results, const char *name);
int micro_results_column(const struct micro_results *results, const char *collector);

const struct micro_cell *micro_results_cell(const struct micro_results *results, size_t row, size_t column);

/* CPU time of one operation, over repetitions; n is 0 where it was not measured. */
struct stats_spread micro_results_time(const struct micro_results *results, size_t row, size_t column);

/*
 * The time in multiples of the row's limit: median, over repetitions that have both, of the ratios within a repetition,
 * since what disturbs the machine disturbs both.  NAN where there is no limit or no such repetition.
 */
double micro_results_ratio(const struct micro_results *results, size_t row, size_t column);

/* The limit of a row, as the machine showed it: median CPU time of so many of its operations; NAN. */
double micro_results_limit_ns(const struct micro_results *results, size_t row);

/* Instructions of one operation in the program itself, and in libraries; NAN where they were not counted. */
double micro_results_instructions(const struct micro_cell *cell);
double micro_results_library_instructions(const struct micro_cell *cell);

/* Is it one of the limits? */
bool micro_results_is_limit(const struct micro_row *row);

#endif
