#define _GNU_SOURCE
#include "harness/campaign/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *results_outcome(const char *outcome)
{
  static const char *const outcomes[] = {"ok",      "out_of_memory",  "timed_out",
                                         "crashed", "wrong_checksum", "not_supported"};
  for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
    if (strcmp(outcome, outcomes[i]) == 0) return outcomes[i];
  }
  return "failed";
}

bool results_add(struct results *results, uint32_t cell, const struct store_trial *trial)
{
  if (results->count == results->capacity) {
    const size_t capacity = 2 * results->capacity + 64;
    struct result *rows = memory_require(realloc(results->rows, capacity * sizeof *rows));
    results->rows = rows;
    results->capacity = capacity;
  }
  struct result *row = &results->rows[results->count++];
  *row = (struct result){.cell = cell,
                         .block = (uint32_t)trial->block,
                         .outcome = results_outcome(trial->outcome),
                         .message = trial->message != NULL ? memory_require(strdup(trial->message)) : NULL,
                         .wall_ns = trial->wall_ns,
                         .gc_ns = trial->gc_ns,
                         .process_ns = trial->process_ns,
                         .startup_ns = trial->startup_ns,
                         .pauses = trial->pauses,
                         .pause_p50_ns = trial->pause_p50_ns,
                         .pause_p99_ns = trial->pause_p99_ns,
                         .pause_max_ns = trial->pause_max_ns,
                         .peak_heap_bytes = trial->peak_heap_bytes};
  snprintf(row->id, sizeof row->id, "%s", trial->id);
  snprintf(row->checksum, sizeof row->checksum, "%s", trial->checksum != NULL ? trial->checksum : "");
  return true;
}

struct loading {
  struct results *results;
  const struct plan_cells *cells;
  size_t cell; /* where the last one was found: trials come in the order of the cells */
  bool failed;
};

static bool load_trial(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  struct loading *loading = context;
  const size_t count = loading->cells->count;
  for (size_t i = 0; i < count; i++) {
    const size_t at = (loading->cell + i) % count;
    if (strcmp(loading->cells->cells[at].id, cell->id) != 0) continue;
    loading->cell = at;
    loading->failed = !results_add(loading->results, (uint32_t)at, trial);
    break;
  }
  return !loading->failed;
}

bool results_load(struct results *results, struct store *store, const char *campaign_id, const struct plan_cells *cells)
{
  struct loading loading = {.results = results, .cells = cells};
  if (!store_each_trial(store, campaign_id, load_trial, &loading)) return false;
  if (loading.failed) fprintf(stderr, "gclab: there is not enough memory\n");
  return !loading.failed;
}

void results_free(struct results *results)
{
  for (size_t i = 0; i < results->count; i++) free(results->rows[i].message);
  free(results->rows);
  *results = (struct results){0};
}

char *results_reason(const struct result *result)
{
  const char *message = result->message != NULL ? result->message : "";
  const int head = (int)strcspn(message, "\n");
  const char *printed = message + head + strspn(message + head, "\n");
  const bool says_little = strcmp(result->outcome, "failed") == 0 && strncmp(message, "exit status", 11) == 0;
  return memory_format("%.*s%s%.*s", head, message, says_little && *printed != '\0' ? ": " : "",
                       says_little ? (int)strcspn(printed, "\n") : 0, printed);
}

bool results_is_foreseen(const struct result *result, const struct plan_cells *cells)
{
  const struct plan_cell *cell = &cells->cells[result->cell];
  if (strcmp(result->outcome, "not_supported") == 0) return true;
  if (strcmp(result->outcome, "out_of_memory") != 0) return false;
  if (cell->heap_multiple != 0) return true; /* of the least of several collectors: others may need more */
  if (catalogue_collector_can(cell->collector, "replays_deaths")) return false; /* it reclaims everything */
  if (!catalogue_collector_can(cell->collector, "reclaims")) return true;
  return cell->workload->makes_cycles && !catalogue_collector_can(cell->collector, "reclaims_cycles");
}
