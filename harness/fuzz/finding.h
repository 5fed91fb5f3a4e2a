/* finding: what the fuzzers have in common: progress, and findings as files. */
#ifndef GCLAB_HARNESS_FUZZ_FINDING_H
#define GCLAB_HARNESS_FUZZ_FINDING_H

#include <stdio.h>

#include "harness/fuzz/fuzz.h"

void fuzz_progress(const struct fuzz_options *options, const struct fuzz_summary *summary, const char *what);

/* Where the last program was not come to: a new line for what follows. */
void fuzz_progress_end(const struct fuzz_options *options, const struct fuzz_summary *summary);

/* DIRECTORY/NAME.heap, with how to see it again and what is seen in its first lines. */
bool fuzz_write_finding(const struct fuzz_options *options, const struct script *script, const char *name,
                        const char *how, const char *what);

#endif
