/* identity: the ids of campaigns and trials, and a cell as the store has it. */
#ifndef GCLAB_HARNESS_CAMPAIGN_IDENTITY_H
#define GCLAB_HARNESS_CAMPAIGN_IDENTITY_H

#include "harness/plan/plan.h"
#include "harness/store/store.h"

/* 32 hexadecimal digits of the XXH3-128 of text. */
void identity_hash(const char *text, size_t bytes, char *id);

/* false: no memory. */
bool identity_campaign(const struct plan *plan, uint64_t seed, const char *host_id, const struct plan_cells *cells,
                       char *id);
void identity_trial(const char *campaign_id, const char *cell_id, uint32_t block, uint64_t seed, char *id);

/* Settings as a JSON object with values as text. */
char *identity_knobs(const struct plan_cell *cell);
char *identity_parameters(const struct plan_cell *cell);
char *identity_varied(const struct plan_cell *cell);

/* Empty at the default size, else " (small)" or " (large)", to stand behind the workload's name. */
const char *identity_size_note(const struct plan_cell *cell);

/* What is varied as words: "threshold0=700 depth=12"; malloc'ed. */
char *identity_varied_words(const struct plan_cell *cell);

/* The cell as the store keeps it; strings of its own where they are made here. */
bool identity_store_cell(const struct plan_cells *cells, size_t index, struct store_cell *row);
void identity_store_cell_free(struct store_cell *row);

/* Now, UTC, as ISO 8601 with milliseconds (IDENTITY_TIME_MAX bytes). */
enum { IDENTITY_TIME_MAX = 32 };
char *identity_time_now(char *text);

#endif
