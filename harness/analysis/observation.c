#include "harness/analysis/observation.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/stats/latency.h"

static enum observation_sort sort_of(const struct journal_row *row, bool is_generational)
{
  switch (row->kind) {
  case JOURNAL_CASCADE:
    return OBSERVATION_CASCADE;
  case JOURNAL_COLLECTION:
    return is_generational && row->generation < 2 ? OBSERVATION_YOUNG : OBSERVATION_FULL;
  default:
    return OBSERVATION_OTHER;
  }
}

static void add_row(struct observation_work *work, const struct journal_row *row)
{
  work->count++;
  work->total_ns += row->duration_ns;
  if (row->duration_ns > work->longest_ns) work->longest_ns = row->duration_ns;
  work->examined += row->examined_objects;
  work->freed += row->freed_objects;
  work->survived += row->survived_objects;
  if (row->freed_objects > 0 || row->survived_objects == 0) return; /* a peer may know neither */
  work->useless++;
  work->useless_ns += row->duration_ns;
}

/* A collector without generations collects everything as generation 0. */
static bool has_generations(const struct store_series *series)
{
  for (size_t i = 0; i < series->pause_count; i++) {
    if (series->pauses[i].kind == JOURNAL_COLLECTION && series->pauses[i].generation > 0) return true;
  }
  return false;
}

static void read_pauses(struct observation *observation)
{
  const struct store_series *series = &observation->series;
  const bool is_generational = has_generations(series);
  const size_t n = series->pause_count;
  observation->rows = memory_allocate((n + 1) * sizeof *observation->rows);
  observation->pauses = (struct stats_distribution){.sorted = memory_allocate((n + 1) * sizeof(uint64_t)),
                                                    .n = n,
                                                    .short_count = series->short_count,
                                                    .floor = series->cascade_floor_ns};
  if (series->short_histogram != NULL && series->short_count > 0)
    memcpy(observation->pauses.short_histogram, series->short_histogram, sizeof observation->pauses.short_histogram);
  for (size_t i = 0; i < n; i++) {
    const struct journal_row *row = &series->pauses[i];
    const uint64_t end_ns = row->start_ns + row->duration_ns;
    observation->rows[i] = (struct stats_pause){row->start_ns, end_ns};
    observation->pauses.sorted[i] = row->duration_ns;
    if (end_ns > observation->total_ns) observation->total_ns = end_ns;
    observation->watched += (row->flags & JOURNAL_WATCHED) != 0;
    observation->preempted += (row->flags & JOURNAL_PREEMPTED) != 0;
    add_row(&observation->work[sort_of(row, is_generational)], row);
  }
  stats_sort_u64(observation->pauses.sorted, n);
  const size_t disjoint = stats_pauses_normalise(observation->rows, n, observation->total_ns);
  observation->utilisation = stats_utilisation_of(observation->rows, disjoint, observation->total_ns);
}

static void read_requests(struct observation *observation)
{
  const size_t n = observation->series.request_count;
  if (n == 0) return;
  observation->latencies_ns = memory_allocate(n * sizeof *observation->latencies_ns);
  for (size_t i = 0; i < n; i++) observation->latencies_ns[i] = observation->series.requests[i].latency_ns;
  stats_sort_u64(observation->latencies_ns, n);
}

bool observation_open(struct observation *observation, struct store *store, const struct dataset_trial *trial)
{
  *observation = (struct observation){.trial = trial, .total_ns = trial->wall_ns > 0 ? (uint64_t)trial->wall_ns : 0};
  if (!store_load_series(store, trial->id, &observation->series)) return false;
  read_pauses(observation);
  read_requests(observation);
  observation->floating = floating_sums(observation->series.floating, observation->series.floating_count);
  return true;
}

void observation_close(struct observation *observation)
{
  stats_utilisation_free(&observation->utilisation);
  stats_distribution_free(&observation->pauses);
  store_series_free(&observation->series);
  free(observation->rows);
  free(observation->latencies_ns);
}

uint64_t *observation_metered(const struct observation *observation, uint64_t window_ns)
{
  const size_t n = observation->series.request_count;
  if (n == 0) return NULL;
  struct stats_request *requests = memory_allocate(n * sizeof *requests);
  uint64_t *metered_ns = memory_allocate(n * sizeof *metered_ns);
  for (size_t i = 0; i < n; i++) {
    const struct journal_request *request = &observation->series.requests[i];
    requests[i] = (struct stats_request){request->start_ns, request->latency_ns};
  }
  stats_latency_metered(requests, n, window_ns, metered_ns);
  stats_sort_u64(metered_ns, n);
  free(requests);
  return metered_ns;
}
