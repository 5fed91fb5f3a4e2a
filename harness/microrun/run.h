/*
 * run: micro-benchmarks in random order, interleaved, into the store.
 *
 * What is compared is measured within seconds: in each repetition the subjects come in random order, and for each
 * subject the programs do, the machine's limits among them, which are run as one more program.  A subject's heavy
 * benchmarks are a subject of their own that comes in some repetitions only.
 */
#ifndef GCLAB_HARNESS_MICRORUN_RUN_H
#define GCLAB_HARNESS_MICRORUN_RUN_H

#include <regex.h>

#include "harness/microrun/programs.h"
#include "harness/store/store.h"

struct micro_run_options {
  const char *command;   /* as it was typed */
  const regex_t *filter; /* NULL: all */
  double min_time_s;     /* of one measurement */
  uint32_t repetitions;  /* 0: as many as fit into the budget */
  uint64_t budget_ns;    /* 0: none */
  uint64_t seed;
  bool quiet;
};

enum micro_run_outcome { MICRO_RUN_DONE, MICRO_RUN_FAILED, MICRO_RUN_INTERRUPTED, MICRO_RUN_ENVIRONMENT };

enum { MICRO_RUN_ID_MAX = 33 };

/* What is run of what the programs offer. */
struct micro_selection {
  struct store_micro_benchmark *benchmarks; /* the limits first */
  size_t count;
};

/* Everything that matches the filter, and the limits that it is held against.  Strings are the programs'. */
void micro_select(const struct micro_programs *programs, const regex_t *filter, struct micro_selection *selection);

/* The run and what it is of, into the store; its id into id (MICRO_RUN_ID_MAX bytes). */
bool micro_run_begin(struct store *store, const struct micro_programs *programs,
                     const struct micro_selection *selection, const struct micro_program_request *request,
                     const struct micro_run_options *options, char *id);

/* Measures; each program's results go into the store when it has ended. */
enum micro_run_outcome micro_run_measure(struct store *store, const struct micro_programs *programs,
                                         const struct micro_selection *selection,
                                         const struct micro_program_request *request,
                                         const struct micro_run_options *options, const char *id);

#endif
