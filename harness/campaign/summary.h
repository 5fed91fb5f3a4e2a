/* summary: what a campaign has measured, a row a cell. */
#ifndef GCLAB_HARNESS_CAMPAIGN_SUMMARY_H
#define GCLAB_HARNESS_CAMPAIGN_SUMMARY_H

#include "harness/campaign/results.h"

struct json_t;

struct summary {
  const struct plan *plan;
  const struct plan_cells *cells;
  const struct results *results;
  const char *campaign_id, *store_path, *status;
  size_t missing;        /* trials that are not there yet */
  size_t run;            /* trials that were run just now */
  uint64_t elapsed_ns;   /* of this campaign_run */
  uint64_t noise_ns;     /* of which the machine's noise was looked at */
  uint64_t processes_ns; /* of which trials ran */
  struct json_t *about;  /* for the JSON: as "replay"; NULL: nothing */
  const char *command;   /* that goes on with it */
};

/* On standard output: a table, or JSON. */
void summary_print(const struct summary *summary);
void summary_print_json(const struct summary *summary);

#endif
