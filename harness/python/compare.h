/* compare: two observations of one script, row by row. */
#ifndef GCLAB_HARNESS_PYTHON_COMPARE_H
#define GCLAB_HARNESS_PYTHON_COMPARE_H

#include <stdio.h>

#include "harness/python/python.h"

struct observation_difference {
  size_t row;       /* the first that differs; the shorter one's length, where one only is longer */
  const char *what; /* "count of generation 0", ... */
  int64_t python, ours;
};

/* True where they are equal. */
bool observations_compare(const struct python_observations *python, const struct python_observations *ours,
                          struct observation_difference *difference);

/* In words: the operation, what differs, both states, the operations before. */
void observations_explain(const struct script *script, const char *file, const struct python_observations *python,
                          const struct python_observations *ours, const struct observation_difference *difference,
                          FILE *out);

/*
 * Runs the script on both sides: on the interpreter, and on refcount_cyclic, whose trial program is named, with that
 * version's profile.  Both observations are to be freed.  Returns an exit code of gclab's: 0 where both ran, equal or
 * not.
 */
int python_observe_both(const struct python_interpreter *python, const char *trial, const struct script *script,
                        const char *file, bool is_silent, struct python_observations *of_python,
                        struct python_observations *ours);

#endif
