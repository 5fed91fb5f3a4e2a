/*
 * campaign: runs a plan's cells, trial by trial, into a store.
 *
 * A campaign's id is the hash of the plan's name, seed, limits and pinning, the host, and its cells' ids (which contain
 * the build of each trial program); its trials' ids follow from it.  So the same command on the same build goes on
 * where the last one stopped, more blocks go on with the same campaign, and a rebuilt collector starts anew.
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_CAMPAIGN_H
#define GCLAB_HARNESS_CAMPAIGN_CAMPAIGN_H

#include "harness/plan/plan.h"
#include "harness/store/store.h"

/* One trial of a campaign that does not run every cell in every block. */
struct campaign_choice {
  uint32_t block; /* below the plan's blocks */
  size_t cell;
};

/*
 * What decides which trials are run, in place of blocks of all cells.  next is called when all that it asked for before
 * is in the store (what was there already is not run again); it returns what it wants next, which stays its own, and how
 * many; NULL: it has enough.  Cells that it never asks for are not in the store.
 */
struct campaign_search {
  const struct campaign_choice *(*next)(void *context, const char *campaign_id, size_t *count);
  void *context;
  size_t trials; /* that it will ask for in all, about: for progress */
};

struct json_t;

struct campaign_options {
  const char *command;  /* as the user typed it; kept in the store */
  bool quiet;           /* no progress, only the summary */
  bool again;           /* measure anew even if every trial is there: a new campaign with the next free seed offset */
  struct json_t *about; /* what the JSON says of a recording that is replayed, as "replay"; NULL: nothing */
  bool json;            /* the summary as JSON on standard output */
  const struct campaign_search *search;         /* NULL: every cell in every block */
  bool no_summary;                              /* somebody else says what came of it */
  char *id;                                     /* NULL, or room for PLAN_ID_MAX: the campaign's, once it is known */
  const struct catalogue_collector *instrument; /* collectors/lifetimes, for death schedules; NULL: not built */
};

enum campaign_exit {
  CAMPAIGN_DONE = 0,
  CAMPAIGN_TRIAL_FAILED = 3, /* at least one trial was not ok (out of memory where it was not foreseen, crash, ...) */
  CAMPAIGN_ENVIRONMENT = 4,
  CAMPAIGN_INTERRUPTED = 130
};

/*
 * Runs what is not in the store yet.  Progress goes to standard error: a bar with the time left on a terminal, plain
 * lines elsewhere.  Prints a summary when it ends, however it ends.  Returns one of campaign_exit.
 */
int campaign_run(const struct plan *plan, const struct plan_cells *cells, struct store *store,
                 const struct campaign_options *options);

/*
 * The whole plan's time, from what the store (or NULL) knows of such trials; where it knows nothing, a guess from cells
 * that are alike, or from how long workloads take at their default parameters, which other parameters may put wrong by
 * any factor.  So it says how many cells have been measured, and what the time limit allows at most.
 */
struct campaign_estimate {
  uint64_t ns, most_ns;
  size_t measured_cells;
};
struct campaign_estimate campaign_estimate(const struct plan *plan, const struct plan_cells *cells,
                                           struct store *store);

#endif
