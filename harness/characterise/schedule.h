/* schedule: what a death schedule tells of sizes, lifetimes, survival and live size. */
#ifndef GCLAB_HARNESS_CHARACTERISE_SCHEDULE_H
#define GCLAB_HARNESS_CHARACTERISE_SCHEDULE_H

#include <stdio.h>

#include "harness/characterise/characterisation.h"

/*
 * Reads all rows from where the file stands (collectors/parts/deaths.h), twice, and fills in the measures and curves
 * that follow from them.  objects and bytes are what the program allocated: as many rows there must be.  Returns what
 * is wrong with the file, or NULL.
 */
const char *schedule_measure(FILE *file, uint64_t objects, uint64_t bytes, struct characterisation *into);

#endif
