/*
 * gbench_json: a run as Google Benchmark's JSON, which its compare.py reads: benchmarks are called
 * COLLECTOR/BENCHMARK, each repetition is an entry, times are nanoseconds of one operation.
 */
#ifndef GCLAB_HARNESS_MICRORUN_GBENCH_JSON_H
#define GCLAB_HARNESS_MICRORUN_GBENCH_JSON_H

#include <stdio.h>

#include "harness/microrun/results.h"

/* False: out could not be written, errno says why. */
bool gbench_json_write(const struct micro_results *results, FILE *out);

#endif
