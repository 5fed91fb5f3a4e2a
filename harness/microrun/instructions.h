/*
 * instructions: how many instructions a primitive takes, counted by valgrind's callgrind: exact, and the same at each
 * run.
 *
 * Counted apart are those of the program itself, which is the collector inlined into the benchmark, and those of shared
 * libraries (malloc, memset, a peer's own library): which variant of memset a library chooses depends on the processor.
 * valgrind counts each step of a string instruction (rep stos) as one.
 */
#ifndef GCLAB_HARNESS_MICRORUN_INSTRUCTIONS_H
#define GCLAB_HARNESS_MICRORUN_INSTRUCTIONS_H

#include <stdio.h>

#include "harness/microrun/run.h"
#include "harness/store/micro.h"

struct micro_counts {
  struct store_micro_instructions *rows; /* strings are the programs' */
  size_t count;
};

/* Counts what the selection has of every program but the machine's, one after the other.  False after a message. */
enum micro_run_outcome micro_count(const struct micro_programs *programs, const struct micro_selection *selection,
                                   const struct micro_program_request *request, bool quiet,
                                   struct micro_counts *counts);
void micro_counts_free(struct micro_counts *counts);

/*
 * Reads callgrind's dumps (docs/cl-format.html in valgrind's documentation): the part whose trigger is "NAME
 * OPERATIONS" is of the program's benchmark NAME.  Adds to counts.  False: the file is not what callgrind writes.
 */
bool micro_counts_read(FILE *file, const struct micro_program *program, struct micro_counts *counts);

#endif
