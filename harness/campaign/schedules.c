#include "harness/campaign/schedules.h"

#include <stdio.h>

bool schedules_is_replayed(const struct plan_cell *cell)
{
  return catalogue_collector_can(cell->collector, "replays_deaths");
}

static enum schedules_outcome fail(char *error, const char *why)
{
  snprintf(error, INSTRUMENT_ERROR_MAX, "%s", why);
  return SCHEDULES_FAILED;
}

enum schedules_outcome schedules_find(struct schedules *schedules, const struct plan_cell *cell, uint64_t seed,
                                      const char **path, char *error)
{
  *path = NULL;
  *error = '\0';
  if (!schedules->for_all && !schedules_is_replayed(cell)) return SCHEDULES_NOT_NEEDED;
  if (cell->workload->need_count > 0) return SCHEDULES_NOT_NEEDED;
  if (schedules->instrument == NULL) return fail(error, "there is no program gclab-trial-lifetimes: build gclab again");
  if (schedules->cache == NULL) schedules->cache = deaths_cache_make(schedules->instrument->trial_path);
  if (schedules->cache == NULL) return fail(error, "there is no place for it: set TMPDIR");
  const struct deaths_key key = {.workload = cell->workload, .parameters = cell->parameters, .seed = seed};
  *path = deaths_cache_find(schedules->cache, &key, error);
  if (*path != NULL) return SCHEDULES_FOUND;
  return *error == '\0' ? SCHEDULES_INTERRUPTED : SCHEDULES_FAILED;
}

void schedules_forget(struct schedules *schedules)
{
  if (schedules->cache != NULL) deaths_cache_clear(schedules->cache);
}

void schedules_release(struct schedules *schedules)
{
  deaths_cache_free(schedules->cache);
  *schedules = (struct schedules){0};
}
