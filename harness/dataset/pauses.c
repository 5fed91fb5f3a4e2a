/* Reading raw pauses: by class, a trial at a time, pooled over the trials of a cell. */
#include <stdlib.h>
#include <string.h>

#include "harness/dataset/dataset.h"
#include "harness/text/text.h"

const double pause_quantiles[PAUSE_STATISTICS] = {0.5, 0.9, 0.99, 1};

enum { BASIC_CLASSES = PAUSE_COLLECTIONS };

static enum pause_class class_of(const struct journal_row *row)
{
  switch (row->kind) {
  case JOURNAL_INCREMENT:
    return PAUSE_INCREMENT;
  case JOURNAL_SWEEP:
    return PAUSE_SWEEP;
  case JOURNAL_CASCADE:
    return PAUSE_CASCADE;
  default:
    break;
  }
  return row->generation < 2 ? (enum pause_class)(PAUSE_GENERATION0 + row->generation) : PAUSE_GENERATION2;
}

static bool belongs(enum pause_class basic, enum pause_class sum)
{
  if (sum == PAUSE_ALL) return true;
  if (sum == PAUSE_COLLECTIONS) return basic <= PAUSE_INCREMENT;
  return basic == sum;
}

/* Which numbers of phases are the named one; all where phase is NULL. */
static void find_phase(const struct store_series *series, const char *phase, bool wanted[UINT8_MAX + 1])
{
  for (size_t i = 0; i <= UINT8_MAX; i++)
    wanted[i] = phase == NULL || (i < series->phase_count && strcmp(series->phases[i].name, phase) == 0);
}

/* Distributions by basic class of one trial, or of one of its phases. */
static void sort_out(const struct store_series *series, const char *phase, struct stats_distribution *of)
{
  bool wanted[UINT8_MAX + 1];
  find_phase(series, phase, wanted);
  size_t counts[BASIC_CLASSES] = {0};
  for (size_t i = 0; i < series->pause_count; i++)
    counts[class_of(&series->pauses[i])] += wanted[series->pauses[i].phase];
  for (int c = 0; c < BASIC_CLASSES; c++) {
    of[c] = (struct stats_distribution){.sorted = text_allocate(counts[c] * sizeof(uint64_t))};
    of[c].floor = series->cascade_floor_ns;
  }
  for (size_t i = 0; i < series->pause_count; i++) {
    if (!wanted[series->pauses[i].phase]) continue;
    struct stats_distribution *mine = &of[class_of(&series->pauses[i])];
    mine->sorted[mine->n++] = series->pauses[i].duration_ns;
  }
  for (int c = 0; c < BASIC_CLASSES; c++) stats_sort_u64(of[c].sorted, of[c].n);
  of[PAUSE_CASCADE].short_count = series->short_count;
  if (series->short_count > 0 && series->short_histogram != NULL)
    memcpy(of[PAUSE_CASCADE].short_histogram, series->short_histogram, sizeof of[PAUSE_CASCADE].short_histogram);
}

static void merge(struct stats_distribution *into, const struct stats_distribution *from)
{
  if (stats_distribution_merge(into, from)) return;
  text_allocate(SIZE_MAX / 2); /* ends the program with its message */
}

/* All classes of a cell's trial, sums included; false after a message. */
static bool load_trial(struct dataset *dataset, const struct dataset_cell *cell, size_t trial,
                       struct stats_distribution *of, struct store_series *series)
{
  if (!store_load_series(dataset->store, cell->trials[trial].id, series)) return false;
  const char *phase = dataset->subjects[cell->subject].phase;
  if (phase != NULL) series->short_count = series->short_ns = series->dropped_count = 0; /* they have no phase */
  sort_out(series, phase, of);
  for (int sum = PAUSE_COLLECTIONS; sum < PAUSE_CLASSES; sum++) {
    of[sum] = (struct stats_distribution){0};
    for (int c = 0; c < BASIC_CLASSES; c++) {
      if (belongs((enum pause_class)c, (enum pause_class)sum)) merge(&of[sum], &of[c]);
    }
  }
  if (series->cascade_floor_ns > dataset->floor_ns) dataset->floor_ns = series->cascade_floor_ns;
  return true;
}

static void note_trial(struct pause_summary *summary, const struct stats_distribution *distribution)
{
  if (stats_distribution_count(distribution) == 0) return;
  for (int s = 0; s < PAUSE_STATISTICS; s++) {
    const uint64_t value = stats_distribution_quantile(distribution, pause_quantiles[s]).value;
    if (summary->trials == 0 || value < summary->lowest[s]) summary->lowest[s] = value;
    if (summary->trials == 0 || value > summary->highest[s]) summary->highest[s] = value;
  }
  summary->trials++;
}

const struct cell_pauses *dataset_pauses(struct dataset *dataset, struct dataset_cell *cell)
{
  if (cell->pauses != NULL) return cell->pauses;
  struct cell_pauses *pauses = text_allocate(sizeof *pauses);
  struct stats_distribution pooled[PAUSE_CLASSES] = {0};
  bool ok = true;
  for (size_t t = 0; t < cell->trial_count && ok; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") != 0) continue;
    struct stats_distribution of[PAUSE_CLASSES];
    struct store_series series = {0};
    ok = load_trial(dataset, cell, t, of, &series);
    if (!ok) break;
    pauses->short_count += series.short_count;
    pauses->short_ns += series.short_ns;
    pauses->dropped_count += series.dropped_count;
    if (series.cascade_floor_ns > pauses->floor_ns) pauses->floor_ns = series.cascade_floor_ns;
    for (int c = 0; c < PAUSE_CLASSES; c++) {
      note_trial(&pauses->of[c], &of[c]);
      merge(&pooled[c], &of[c]);
      stats_distribution_free(&of[c]);
    }
    store_series_free(&series);
  }
  for (int c = 0; c < PAUSE_CLASSES; c++) {
    pauses->of[c].n = stats_distribution_count(&pooled[c]);
    for (int s = 0; s < PAUSE_STATISTICS && pauses->of[c].n > 0; s++) {
      pauses->of[c].pooled[s] = stats_distribution_quantile(&pooled[c], pause_quantiles[s]);
      if (s == PAUSE_MAX) pauses->of[c].pooled[s].enough = true; /* the longest is what it is */
    }
    stats_distribution_free(&pooled[c]);
  }
  if (ok) return cell->pauses = pauses;
  free(pauses);
  return NULL;
}

bool dataset_distribution(struct dataset *dataset, const struct dataset_cell *cell, enum pause_class class,
                          struct stats_distribution *distribution)
{
  *distribution = (struct stats_distribution){0};
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") != 0) continue;
    struct stats_distribution of[PAUSE_CLASSES];
    struct store_series series = {0};
    if (!load_trial(dataset, cell, t, of, &series)) {
      stats_distribution_free(distribution);
      return false;
    }
    merge(distribution, &of[class]);
    for (int c = 0; c < PAUSE_CLASSES; c++) stats_distribution_free(&of[c]);
    store_series_free(&series);
  }
  return true;
}
