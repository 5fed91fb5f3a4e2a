/*
 * shrink: the smallest part of a script that still shows what the whole one shows.
 *
 * Delta debugging (Zeller and Hildebrandt, 2002): parts are taken away, first large, then small, as long as the rest
 * still fails; then what is left is made simpler, value by value.  Works on expanded scripts, whose operations may each
 * be taken away.  Loops, actions and their ends stay.
 */
#ifndef GCLAB_HARNESS_FUZZ_SHRINK_H
#define GCLAB_HARNESS_FUZZ_SHRINK_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/script/script.h"

/* Does the script show it? */
typedef bool shrink_test(void *context, const struct script *script);

struct shrink_progress {
  size_t tests, operations; /* so far; left */
};

/*
 * A new script.  At most tests_max tests are made, and none once an end was asked for (process/interrupt.h).
 * progress, if not NULL, is called after each improvement.
 */
struct script *script_shrink(const struct script *script, shrink_test *test, void *context, size_t tests_max,
                             void (*progress)(const struct shrink_progress *));

#endif
