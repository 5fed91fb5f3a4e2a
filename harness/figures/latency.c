/*
 * latency: percentiles of request latency, simple and metered, a panel a workload that serves requests, a line a
 * collector at its default knobs.
 *
 * Arrivals are on a schedule (open loop), so a request that waits behind a pause says so by itself.  Metered latency
 * (harness/stats/latency.h) respaces arrivals evenly within 100 ms, or over the whole run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/observation.h"
#include "harness/figures/curves.h"
#include "harness/figures/palette.h"
#include "harness/stats/latency.h"
#include "harness/text/text.h"

static const struct {
  uint64_t window_ns;
  enum canvas_layer layer;
} forms[] = {{0, CANVAS_LINES}, {100000000, CANVAS_DASHES}, {STATS_WINDOW_FULL, CANVAS_DOTTED}};

enum { FORMS = sizeof forms / sizeof forms[0] };

/* All trials' latencies together, sorted, in each form; each trial is metered by itself. */
struct pool {
  uint64_t *values[FORMS];
  size_t n;
};

static void add_trial(struct pool *pool, const struct observation *observation)
{
  const size_t more = observation->series.request_count;
  for (size_t f = 0; f < FORMS && more > 0; f++) {
    pool->values[f] = text_reallocate(pool->values[f], (pool->n + more) * sizeof(uint64_t));
    uint64_t *metered_ns = observation_metered(observation, forms[f].window_ns);
    memcpy(pool->values[f] + pool->n, metered_ns, more * sizeof *metered_ns);
    free(metered_ns);
  }
  pool->n += more;
}

static bool load_pool(struct dataset *dataset, const struct dataset_cell *cell, struct pool *pool)
{
  *pool = (struct pool){0};
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") != 0) continue;
    struct observation observation;
    if (!observation_open(&observation, dataset->store, &cell->trials[t])) return false;
    add_trial(pool, &observation);
    observation_close(&observation);
  }
  for (size_t f = 0; f < FORMS; f++) stats_sort_u64(pool->values[f], pool->n);
  return true;
}

static void add_curves(struct curve_sheet *sheet, const struct dataset_series *series, const struct pool *pool)
{
  for (size_t f = 0; f < FORMS; f++) {
    struct stats_point points[STATS_THIN_POINTS];
    const struct stats_distribution distribution = {.sorted = pool->values[f], .n = pool->n};
    const size_t count = stats_distribution_thin(&distribution, points, STATS_THIN_POINTS);
    struct curve *curve =
        curve_add(sheet, palette_collector(series->collector), forms[f].layer, count, f == 0 ? series->label : NULL);
    for (size_t i = 0; curve != NULL && i < count; i++)
      curve_put(curve, points[i].x, points[i].value > 0 ? (double)points[i].value : NAN);
  }
}

static bool load(const struct figure_job *job, const void *unused, size_t subject, struct curve_sheet *sheet,
                 bool *drawn, struct curve_figure *figure)
{
  struct dataset *dataset = job->dataset;
  (void)unused;
  for (size_t s = 0; s < dataset->series_count; s++) {
    const struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
    if (cell == NULL || cell->ok_count == 0 || !dataset->series[s].main_allocator) continue;
    struct pool pool;
    const bool ok = load_pool(dataset, cell, &pool);
    if (ok && pool.n > 0) {
      add_curves(sheet, &dataset->series[s], &pool);
      drawn[s] = true;
      parts_count_trials(cell, &figure->least_trials, &figure->most_trials);
    }
    for (size_t f = 0; f < FORMS; f++) free(pool.values[f]);
    if (!ok) return false;
  }
  return true;
}

static void describe(const struct figure_job *job, const void *unused, const struct curve_sheet *sheets, size_t count,
                     const bool *drawn, struct curve_figure *figure)
{
  (void)unused;
  char *collectors = parts_collectors(job->dataset, drawn);
  char *trials = parts_pooled(figure->least_trials, figure->most_trials);
  figure->name = text_copy("latency");
  figure->title = text_copy("Request latency");
  figure->subtitle = text_format(
      "%s at default knobs; requests of %s. Line: from start to completion; request_server has its starts on a "
      "schedule (open loop), in others a request begins when the last one has ended, so that only metered latency "
      "shows who waited. Metered, as if arrivals had been even: dashed within 100 ms, dotted over the whole run, which "
      "any drift of speed is in, too. Lines end where fewer than ten requests took longer.",
      collectors, trials);
  free(trials);
  free(collectors);
  figure->x_title = text_copy("percentile of requests");
  curves_log_log(sheets, count, figure);
  figure->x_ticks = curves_percentile_ticks;
  figure->y_ticks = curves_time_ticks;
}

enum figure_status figure_latency(struct figure_job *job)
{
  static const struct curve_kind kind = {load, describe,
                                         "has no workload that serves requests; 'gclab run latency' measures some"};
  return curves_of_subjects(job, &kind, NULL);
}
