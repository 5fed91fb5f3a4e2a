/* micro_print: a run of micro-benchmarks for people. */
#ifndef GCLAB_HARNESS_CLI_MICRO_PRINT_H
#define GCLAB_HARNESS_CLI_MICRO_PRINT_H

#include <stdio.h>

#include "harness/microrun/programs.h"
#include "harness/microrun/results.h"
#include "harness/microrun/run.h"

/* A line a benchmark and collector: median, range, ratio to the limit, instructions. */
void micro_print_lines(const struct micro_results *results, FILE *out);

/* A line a benchmark, a column a collector, in Markdown: median and ratio. */
void micro_print_markdown(const struct micro_results *results, FILE *out);

/* What there is to run, and what a collector cannot do. */
void micro_print_list(const struct micro_programs *programs, const struct micro_selection *selection, FILE *out);

#endif
