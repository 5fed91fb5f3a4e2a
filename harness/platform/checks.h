/*
 * checks: what about this machine makes results doubtful, and what can be done about it.  A row a check, for `gclab
 * doctor`.
 */
#ifndef GCLAB_HARNESS_PLATFORM_CHECKS_H
#define GCLAB_HARNESS_PLATFORM_CHECKS_H

#include <jansson.h>
#include <stddef.h>

#include "harness/platform/busy.h"
#include "harness/platform/noise.h"

enum check_verdict { CHECK_FINE, CHECK_DOUBTFUL, CHECK_UNKNOWN };

extern const char *const check_verdict_names[]; /* "fine", "doubtful", "unknown" */

enum { CHECK_TEXT_MAX = 200, CHECKS_MAX = 24 };

struct check {
  const char *name;
  char found[CHECK_TEXT_MAX];
  enum check_verdict verdict;
  const char *remedy; /* what to do where it is doubtful; NULL: nothing can be done, or need be */
};

/* What is looked at. */
struct checks_input {
  const struct noise *noise;
  const struct busy_process *busy;
  size_t busy_count;
  json_t *environment;   /* as a campaign keeps it (docs/schema.md, host) */
  long long steal_ticks; /* while it was measured; -1: not known */
};

/* Fills in the list; returns how many. */
size_t checks_make(const struct checks_input *input, struct check *list);

#endif
