/*
 * micro: runs of micro-benchmarks in the results database (harness/store/micro.sql).
 *
 * Written while `gclab micro` runs, one transaction a program that has ended; read as rows.  As in store.h, functions
 * return false after a message.
 */
#ifndef GCLAB_HARNESS_STORE_MICRO_H
#define GCLAB_HARNESS_STORE_MICRO_H

#include "harness/store/store.h"

struct store_micro_run {
  const char *id, *host_id, *host_name, *command, *size, *version, *revision, *created_at; /* host_name: only read */
  uint64_t seed;
};

/* The collector of the limits. */
#define STORE_MICRO_MACHINE "machine"

struct store_micro_program {
  const char *collector, *collector_version, *build_id, *knobs, *allocator;
};

struct store_micro_benchmark {
  const char *name, *limit_name;
  double limit_scale;
};

struct store_micro_result {
  const char *collector, *benchmark;
  int64_t repetition, iterations;
  double real_ns, cpu_ns;
};

struct store_micro_skipped {
  const char *collector, *benchmark, *reason;
};

struct store_micro_instructions {
  const char *collector, *benchmark;
  int64_t operations, instructions, library_instructions;
};

/* A run begins: what it is of. */
bool store_put_micro_run(struct store *store, const struct store_host *host, const struct store_micro_run *run,
                         const struct store_micro_program *programs, size_t program_count,
                         const struct store_micro_benchmark *benchmarks, size_t benchmark_count,
                         const struct store_micro_skipped *skipped, size_t skipped_count);

bool store_put_micro_results(struct store *store, const char *run_id, const struct store_micro_result *results,
                             size_t count);
bool store_put_micro_instructions(struct store *store, const char *run_id, const struct store_micro_instructions *rows,
                                  size_t count);

/*
 * Reading.  What is passed to a visitor is good until it returns; it returns false to stop.  Programs and benchmarks
 * come in their order, results by repetition.  A database of before there were micro-benchmarks has none.
 */
struct store_micro_visitor {
  bool (*run)(void *context, const struct store_micro_run *run);
  bool (*program)(void *context, const struct store_micro_program *program);
  bool (*benchmark)(void *context, const struct store_micro_benchmark *benchmark);
  bool (*result)(void *context, const struct store_micro_result *result);
  bool (*skipped)(void *context, const struct store_micro_skipped *skipped);
  bool (*instructions)(void *context, const struct store_micro_instructions *row);
};

/* The newest run that has times; visits nothing where there is none. */
bool store_visit_newest_micro_run(struct store *store, const struct store_micro_visitor *visitor, void *context);

/* The run with this id. */
bool store_visit_micro_run(struct store *store, const char *run_id, const struct store_micro_visitor *visitor,
                           void *context);

#endif
