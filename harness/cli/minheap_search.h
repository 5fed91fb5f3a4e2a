/*
 * minheap_search: the minimum heap of a cell, from the store or by a search that is then kept there.
 */
#ifndef GCLAB_HARNESS_CLI_MINHEAP_SEARCH_H
#define GCLAB_HARNESS_CLI_MINHEAP_SEARCH_H

#include "harness/plan/plan.h"
#include "harness/store/store.h"

/* How it is searched: what is found depends on it, and so does the id under which it is kept. */
struct minheap_terms {
  uint64_t attempts; /* so many of so many trials must succeed */
  uint64_t seed;     /* of the first attempt */
  uint64_t time_limit_ns;
  double precision;
  bool again; /* search anew what the store has */
};

extern const struct minheap_terms minheap_terms_usual; /* 3 attempts, to 1 % */

enum { MINHEAP_STEPS_MAX = 128 };

struct minheap_search {
  const struct plan_cell *cell; /* its own limit does not count */
  const char *who;              /* whose messages these are: "gclab minheap" */
  char id[PLAN_ID_MAX];
  uint64_t limit_bytes; /* 0: not found */
  char *failure;        /* why, where it was not for an interruption */
  struct store_minheap_step steps[MINHEAP_STEPS_MAX];
  size_t step_count;
  bool quiet;
};

/* "enough", "takes too long" or "too small". */
const char *minheap_search_word(const struct store_minheap_step *step);

/*
 * Looks it up, or searches, a line on standard error for each limit unless quiet.  Returns an exit code: EXIT_DONE and
 * limit_bytes; EXIT_TRIAL_FAILED, EXIT_ENVIRONMENT after a message, EXIT_INTERRUPTED.  Signals are watched for.
 */
int minheap_search_run(struct minheap_search *search, struct store *store, const struct minheap_terms *terms);
void minheap_search_free(struct minheap_search *search);

/*
 * Heap limits of the cells that are multiples of the minimum heap to bytes (harness/plan/plan.h), by what the store at
 * this path has and by searches.  Returns an exit code, after messages of `who` where it is not EXIT_DONE.
 */
int minheap_resolve(struct plan_cells *cells, const char *store_path, const char *who, bool quiet);

#endif
