/*
 * expectation: instructions that fast paths took, kept in a file, and what became of them.
 *
 * A line that begins with # is a comment.  "compiler", "machine" and "build" tell what the counts are of; every other
 * line is COLLECTOR BENCHMARK INSTRUCTIONS, of one operation in the program itself.  Peers are not in it.
 */
#ifndef GCLAB_HARNESS_MICRORUN_EXPECTATION_H
#define GCLAB_HARNESS_MICRORUN_EXPECTATION_H

#include <regex.h>

#include "harness/microrun/instructions.h"

enum expectation_outcome {
  EXPECTATION_MET,
  EXPECTATION_NOT_MET,        /* something takes more or less than `tolerance` allows, is missing, or is new */
  EXPECTATION_NOT_COMPARABLE, /* of another compiler, machine or kind of build */
  EXPECTATION_UNREADABLE
};

/*
 * Compares the counts with the file's; what differs is printed to out, as a table, and said in words.  Rows of
 * collectors that were not counted are left alone, and of benchmarks that the filter (NULL: none) does not match.
 * tolerance 0.02 is 2 %.
 */
enum expectation_outcome expectation_check(const char *path, const struct micro_programs *programs,
                                           const struct micro_counts *counts, const regex_t *filter, double tolerance,
                                           FILE *out);

/* Can what these programs take be compared with the file at all?  EXPECTATION_MET: yes.  Others after a message. */
enum expectation_outcome expectation_is_comparable(const char *path, const struct micro_programs *programs);

/* Writes the counts as such a file, in place of what is there.  False after a message. */
bool expectation_write(const char *path, const struct micro_programs *programs, const struct micro_counts *counts);

#endif
