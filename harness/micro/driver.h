/*
 * driver: what runs the benchmarks of the table: by time or by instructions.
 */
#ifndef GCLAB_HARNESS_MICRO_DRIVER_H
#define GCLAB_HARNESS_MICRO_DRIVER_H

#include "harness/micro/heap.h"
#include "harness/micro/micro.h"

enum { MICRO_EXIT_OK = 0, MICRO_EXIT_USAGE = 2, MICRO_EXIT_FAILED = 3, MICRO_EXIT_ENVIRONMENT = 4 };

/*
 * Google Benchmark's options (what begins with --benchmark_), and what it prints.  Registers every row and runs it.
 * Returns an exit code.
 */
int driver_measure_time(struct heap *heap, const struct micro_table *table, int argc, char **argv);

/*
 * Runs every row that is `counted` under callgrind, which dumps what each executed: the dump's trigger is "NAME
 * OPERATIONS". Returns an exit code.
 */
int driver_count_instructions(struct heap *heap, const struct micro_table *table);

#endif
