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

static bool load_sheet(struct dataset *dataset, size_t subject, struct curve_sheet *sheet, bool *drawn,
                       struct curve_figure *figure)
{
  sheet->title = text_copy(dataset->subjects[subject].label);
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

static enum figure_status draw(struct figure_job *job, struct curve_figure *figure, const struct curve_sheet *sheets,
                               size_t count, const bool *drawn)
{
  char *collectors = parts_collectors(job->dataset, drawn);
  char *trials = parts_pooled(figure->least_trials, figure->most_trials);
  figure->name = "latency";
  figure->title = text_copy("Request latency");
  figure->subtitle = text_format("%s at default knobs; requests of %s. Line: from start to completion; request_server "
                                 "has its starts on a schedule "
                                 "(open loop), in others a request begins when the last one has ended, so that only "
                                 "metered latency shows who waited. "
                                 "Metered, as if arrivals had been even: dashed within 100 ms, dotted over the whole "
                                 "run, which any drift of speed is "
                                 "in, too. Lines end where fewer than ten requests took longer.",
                                 collectors, trials);
  figure->x_title = text_copy("percentile of requests");
  figure->x = figure->y = AXIS_EMPTY;
  figure->x.log = figure->y.log = true;
  curves_measure(sheets, count, &figure->x, &figure->y);
  axis_pad(&figure->y, 0.04, 0.06);
  figure->x_ticks = curves_percentile_ticks;
  figure->y_ticks = curves_time_ticks;
  figure->rule_y = NAN;
  const enum figure_status status = curves_draw(job, figure, sheets, count, drawn);
  free(figure->title);
  free(figure->subtitle);
  free(figure->x_title);
  free(trials);
  free(collectors);
  return status;
}

enum figure_status figure_latency(struct figure_job *job)
{
  struct dataset *dataset = job->dataset;
  struct curve_sheet *sheets = text_allocate((dataset->subject_count + 1) * sizeof *sheets);
  bool *drawn = text_allocate((dataset->series_count + 1) * sizeof *drawn);
  struct curve_figure figure = {0};
  size_t count = 0;
  enum figure_status status = FIGURE_DRAWN;
  for (size_t subject = 0; subject < dataset->subject_count && status == FIGURE_DRAWN; subject++) {
    if (!load_sheet(dataset, subject, &sheets[count], drawn, &figure)) status = FIGURE_FAILED;
    if (sheets[count].count > 0) {
      count++;
    } else {
      free(sheets[count].title);
      sheets[count].title = NULL;
    }
  }
  if (status == FIGURE_DRAWN && count == 0)
    status = parts_without_data(job, "no workload of campaign '%s' serves requests; 'gclab run latency' measures some",
                                dataset->campaign_name);
  else if (status == FIGURE_DRAWN)
    status = draw(job, &figure, sheets, count, drawn);
  curves_free(sheets, dataset->subject_count);
  free(drawn);
  return status;
}
