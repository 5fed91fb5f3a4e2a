/*
 * matching: which cells are meant by a word of the command line, and which cells of two campaigns belong together.
 *
 * A word is COLLECTOR[/ALLOCATOR] [KNOB=VALUE]...: marksweep, refcount/glibc, "marksweep/blocks heap_limit=32M".  Knobs
 * that are not named must be at their defaults.
 */
#ifndef GCLAB_HARNESS_ANALYSIS_MATCHING_H
#define GCLAB_HARNESS_ANALYSIS_MATCHING_H

#include <stdbool.h>

#include "harness/dataset/dataset.h"

enum { MATCHING_KNOBS_MAX = 16, MATCHING_ERROR_MAX = 256 };

struct matching_word {
  char *text;                        /* the parts point into it */
  const char *collector, *allocator; /* allocator is NULL where none was named: any */
  struct {
    const char *name, *value;
  } knobs[MATCHING_KNOBS_MAX];
  size_t knob_count;
};

/* False: error (MATCHING_ERROR_MAX bytes) says what is wrong with the word's form. */
bool matching_parse(const char *text, struct matching_word *word, char *error);
void matching_free(struct matching_word *word);

bool matching_has(const struct matching_word *word, const struct dataset_cell *cell);

/* Is it the same configuration, whatever the build? */
bool matching_same(const struct dataset_cell *a, const struct dataset_cell *b);

#endif
