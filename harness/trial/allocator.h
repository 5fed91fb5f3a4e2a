/* allocator: which malloc this process runs on, and what that malloc says of itself. */
#ifndef GCLAB_HARNESS_TRIAL_ALLOCATOR_H
#define GCLAB_HARNESS_TRIAL_ALLOCATOR_H

#include <jansson.h>

/* "jemalloc 5.3.0", "glibc 2.36", "mimalloc 2.0.9", "tcmalloc 2.10", "sanitizer"; the result is static. */
const char *allocator_name(void);

/*
 * The allocator's own statistics in bytes, by its own names ("allocated", "active", "resident", ...).  A new object,
 * empty where there are none.
 */
json_t *allocator_statistics(void);

#endif
