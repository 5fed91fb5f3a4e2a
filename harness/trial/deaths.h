/*
 * deaths: opens the file of a death schedule that a collector is to replay (docs/schema.md, gclab-deaths-1).
 */
#ifndef GCLAB_HARNESS_TRIAL_DEATHS_H
#define GCLAB_HARNESS_TRIAL_DEATHS_H

#include <stdio.h>

#include "harness/trial/trial.h"

/*
 * The file, at its first row.  NULL, after a message that names the file: it cannot be read, is no such file, or is the
 * schedule of another workload, seed or other parameters than the trial's.
 */
FILE *deaths_open(const struct trial *trial, const char *path);

#endif
