/* characterise_print: what `gclab characterise` says: tables, Markdown for docs/workloads.md, JSON. */
#ifndef GCLAB_HARNESS_CLI_CHARACTERISE_PRINT_H
#define GCLAB_HARNESS_CLI_CHARACTERISE_PRINT_H

#include <stdio.h>

#include "harness/characterise/suite.h"

/* Every number of one workload among the suite's. */
void characterise_print_workload(const struct suite *suite, size_t which, FILE *out);

/* The suite: each number's range beside real programs', and each workload's nearest neighbour. */
void characterise_print_suite(const struct suite *suite, FILE *out);

void characterise_print_markdown(const struct suite *suite, const char *command, FILE *out);

void characterise_print_json(const struct suite *suite, const char *size, FILE *out);

#endif
