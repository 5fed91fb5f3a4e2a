/*
 * noise: how often a second there is a pause of some length or longer, beside how often the machine's own gaps are so
 * long; a panel a workload, a line a collector at its default knobs.
 *
 * The machine was looked at while no trial ran (harness/platform/noise.h).  Where a collector's line lies near that of
 * the gaps or below it, its pauses cannot be told from what the machine does to any program.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/curves.h"
#include "harness/figures/palette.h"
#include "harness/text/text.h"

enum { STEPS_A_DECADE = 12, STEPS = 7 * STEPS_A_DECADE + 1 };

static const double least_ns = 1000;

static double length_at(size_t step) { return least_ns * pow(10, (double)step / STEPS_A_DECADE); }

struct gaps {
  uint64_t span_ns, floor_ns, samples;
  uint64_t histogram[STORE_NOISE_BUCKETS];
};

static bool add_sample(void *context, const struct store_noise *noise)
{
  struct gaps *gaps = context;
  gaps->span_ns += noise->span_ns;
  gaps->samples++;
  if (noise->floor_ns > gaps->floor_ns) gaps->floor_ns = noise->floor_ns;
  for (size_t b = 0; b < STORE_NOISE_BUCKETS; b++) gaps->histogram[b] += noise->histogram[b];
  return true;
}

static void add_gaps(struct curve_sheet *sheet, const struct gaps *gaps)
{
  struct curve *curve = curve_add(sheet, PALETTE_GREY, CANVAS_LINES, STORE_NOISE_BUCKETS, "gaps");
  uint64_t above = 0;
  double rates[STORE_NOISE_BUCKETS];
  for (size_t b = STORE_NOISE_BUCKETS; b-- > 0;) {
    above += gaps->histogram[b];
    rates[b] = (double)above / ((double)gaps->span_ns / 1e9);
  }
  for (size_t b = 0; b < STORE_NOISE_BUCKETS && curve != NULL; b++) {
    const double length_ns = ldexp(1, (int)b);
    if (rates[b] > 0 && length_ns >= (double)gaps->floor_ns) curve_put(curve, length_ns, rates[b]);
  }
}

/* Rows of a cell's trials by length, all and those that were hit: the system took the processor away in them. */
struct counts {
  uint64_t all[STEPS], hit[STEPS];
  double seconds; /* that the trials ran */
};

static bool count_pauses(struct dataset *dataset, const struct dataset_cell *cell, struct counts *counts)
{
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") != 0) continue;
    struct store_series series = {0};
    if (!store_load_series(dataset->store, cell->trials[t].id, &series)) return false;
    for (size_t i = 0; i < series.pause_count; i++) {
      if ((double)series.pauses[i].duration_ns < least_ns) continue;
      const double step = log10((double)series.pauses[i].duration_ns / least_ns) * STEPS_A_DECADE;
      const size_t at = (size_t)fmin(step, STEPS - 1);
      counts->all[at]++;
      counts->hit[at] += (series.pauses[i].flags & JOURNAL_PREEMPTED) != 0;
    }
    counts->seconds += (double)cell->trials[t].wall_ns / 1e9;
    store_series_free(&series);
  }
  return true;
}

static void add_pauses(struct curve_sheet *sheet, const struct dataset_series *series, const uint64_t *counts,
                       double seconds, bool is_all)
{
  struct curve *curve = curve_add(sheet, palette_collector(series->collector), is_all ? CANVAS_LINES : CANVAS_DOTTED,
                                  STEPS, is_all ? series->label : NULL);
  uint64_t above = 0, left[STEPS];
  for (size_t s = STEPS; s-- > 0;) left[s] = above += counts[s];
  for (size_t s = 0; s < STEPS && curve != NULL && left[s] > 0; s++)
    curve_put(curve, length_at(s), (double)left[s] / seconds);
}

static bool load(const struct figure_job *job, const void *gaps, size_t subject, struct curve_sheet *sheet, bool *drawn,
                 struct curve_figure *figure)
{
  struct dataset *dataset = job->dataset;
  for (size_t s = 0; s < dataset->series_count; s++) {
    const struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
    struct counts counts = {0};
    if (cell == NULL || cell->ok_count == 0 || !dataset->series[s].main_allocator) continue;
    if (!count_pauses(dataset, cell, &counts)) return false;
    uint64_t all = 0;
    uint64_t hit = 0;
    for (size_t i = 0; i < STEPS; i++) {
      all += counts.all[i];
      hit += counts.hit[i];
    }
    if (all == 0) continue;
    add_pauses(sheet, &dataset->series[s], counts.all, counts.seconds, true);
    if (hit > 0) add_pauses(sheet, &dataset->series[s], counts.hit, counts.seconds, false);
    drawn[s] = true;
    figure->pauses += all;
    parts_count_trials(cell, &figure->least_trials, &figure->most_trials);
  }
  if (sheet->count > 0) add_gaps(sheet, gaps);
  return true;
}

static char *rate_text(double value, char *text)
{
  char number[TEXT_NUMBER_MAX];
  snprintf(text, TEXT_NUMBER_MAX, "%.40s/s", text_short(value, number));
  return text;
}

static void rate_ticks(struct axis *axis, double length_px, bool texts)
{
  axis_log_ticks(axis, texts ? rate_text : text_nothing, 10, length_px, CANVAS_TEXT_POINTS);
}

static void describe(const struct figure_job *job, const void *context, const struct curve_sheet *sheets, size_t count,
                     const bool *drawn, struct curve_figure *figure)
{
  const struct gaps *gaps = context;
  char *collectors = parts_collectors(job->dataset, drawn);
  char floor[TEXT_NUMBER_MAX], span[TEXT_NUMBER_MAX];
  figure->name = text_copy("noise");
  figure->title = text_copy("Pauses beside the machine's own gaps");
  figure->subtitle = text_format(
      "How often a second there is a pause, or a gap, of this length or longer. %s at default knobs, all trials "
      "together; dotted: those of them in which the system took the processor away. Grey: what else had the core while "
      "no trial ran, in %llu samples, %s in all; gaps under %s do not "
      "count, nor do cascades without a row. Pauses near that line or below it cannot be told from the machine's "
      "noise.",
      collectors, (unsigned long long)gaps->samples, text_duration((double)gaps->span_ns, span),
      text_duration_tick((double)gaps->floor_ns, floor));
  free(collectors);
  figure->x_title = text_copy("length");
  curves_log_log(sheets, count, figure);
  figure->x_ticks = curves_duration_ticks;
  figure->y_ticks = rate_ticks;
}

enum figure_status figure_noise(struct figure_job *job)
{
  static const struct curve_kind kind = {load, describe, "has no pauses at default knobs"};
  struct gaps gaps = {0};
  if (!store_each_noise(job->store, job->dataset->campaign_id, add_sample, &gaps)) return FIGURE_FAILED;
  if (gaps.span_ns == 0)
    return parts_without_data(job,
                              "campaign '%s' has no samples of the machine's noise; one that is run now takes them",
                              job->dataset->campaign_name);
  return curves_of_subjects(job, &kind, &gaps);
}
