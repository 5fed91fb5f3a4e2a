/* observation: one trial with its raw series, worked up so that any metric of it is a look. */
#ifndef GCLAB_HARNESS_ANALYSIS_OBSERVATION_H
#define GCLAB_HARNESS_ANALYSIS_OBSERVATION_H

#include "harness/analysis/floating.h"
#include "harness/dataset/dataset.h"
#include "harness/stats/utilisation.h"

/* What collections of one sort did, summed over a trial. */
struct observation_work {
  uint64_t count, total_ns, longest_ns;
  uint64_t examined, freed, survived; /* objects */
  uint64_t useless, useless_ns;       /* collections that freed nothing */
};

enum observation_sort {
  OBSERVATION_YOUNG,   /* collections of generations 0 and 1 of a generational collector */
  OBSERVATION_FULL,    /* collections of everything */
  OBSERVATION_OTHER,   /* increments and lazy sweeping that the mutator waited for */
  OBSERVATION_CASCADE, /* recursive frees that have a row */
  OBSERVATION_SORTS
};

struct observation {
  const struct dataset_trial *trial;
  struct store_series series;
  uint64_t total_ns; /* length of the run */
  struct observation_work work[OBSERVATION_SORTS];
  size_t watched, preempted; /* pauses with a row: that could tell, and during which the processor was taken away */
  struct stats_distribution pauses;     /* all of them, short cascades as counts */
  struct stats_pause *rows;             /* those with a row, normalised */
  struct stats_utilisation utilisation; /* over rows */
  uint64_t *latencies_ns;               /* sorted; as many as series has requests */
  struct floating_sums floating;        /* where the series has points of it */
};

/* Loads the trial's series from the store; false after a message.  To be closed. */
bool observation_open(struct observation *observation, struct store *store, const struct dataset_trial *trial);
void observation_close(struct observation *observation);

/* Metered latencies for a window (harness/stats/latency.h), sorted; to be freed.  NULL where there are no requests. */
uint64_t *observation_metered(const struct observation *observation, uint64_t window_ns);

#endif
