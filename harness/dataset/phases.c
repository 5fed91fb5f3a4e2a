/*
 * Splitting a dataset by the workloads' phases: a cell becomes one cell for each phase, with what its trials did in it.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/dataset/dataset.h"
#include "harness/text/text.h"

/* A phase of a subject, which is to be a subject. */
struct part {
  size_t whole; /* the subject's index */
  const char *phase;
};

static bool is_known(char *const *phases, size_t count, const char *name)
{
  for (size_t i = 0; i < count; i++) {
    if (strcmp(phases[i], name) == 0) return true;
  }
  return false;
}

/* A trial of the subject that was ok, else any; its id. */
static const char *find_trial(const struct dataset *dataset, size_t subject)
{
  const char *any = NULL;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    if (cell->subject != subject) continue;
    for (size_t t = 0; t < cell->trial_count; t++) {
      if (strcmp(cell->trials[t].outcome, "ok") == 0) return cell->trials[t].id;
      any = cell->trials[t].id;
    }
  }
  return any;
}

char **dataset_phases(const struct dataset *dataset, size_t subject, size_t *count)
{
  *count = 0;
  struct store_series series = {0};
  const char *trial = find_trial(dataset, subject);
  if (trial != NULL && !store_load_series(dataset->store, trial, &series)) return NULL;
  char **phases = text_allocate((series.phase_count + 1) * sizeof *phases);
  for (size_t i = 0; i < series.phase_count; i++) {
    if (!is_known(phases, *count, series.phases[i].name)) phases[(*count)++] = text_copy(series.phases[i].name);
  }
  store_series_free(&series);
  return phases;
}

void dataset_phases_free(char **phases, size_t count)
{
  for (size_t i = 0; phases != NULL && i < count; i++) free(phases[i]);
  free(phases);
}

/* The most that samples in [from, to) saw. */
static int64_t highest_sample(const struct store_series *series, uint64_t from, uint64_t to)
{
  int64_t highest = STORE_NONE;
  for (size_t i = 0; i < series->heap_count; i++) {
    const struct store_heap_sample *sample = &series->heap[i];
    if (sample->time_ns < from || sample->time_ns >= to) continue;
    if ((int64_t)sample->heap_bytes > highest) highest = (int64_t)sample->heap_bytes;
  }
  return highest;
}

static void add_pause(struct dataset_trial *trial, const struct journal_row *row)
{
  const uint64_t heap = row->heap_before_bytes > row->heap_after_bytes ? row->heap_before_bytes : row->heap_after_bytes;
  trial->pauses++;
  trial->gc_ns += (int64_t)row->duration_ns;
  trial->collections += row->kind == JOURNAL_COLLECTION;
  if ((int64_t)row->duration_ns > trial->pause_max_ns) trial->pause_max_ns = (int64_t)row->duration_ns;
  if (heap > 0 && (int64_t)heap > trial->peak_heap_bytes) trial->peak_heap_bytes = (int64_t)heap;
}

/* What the trial did in the phase, in the place of what it did in all; a phase may begin more than once. */
static void narrow_trial(struct dataset_trial *trial, const struct store_series *series, const char *phase)
{
  const uint64_t end = series->phase_count > 0 && trial->wall_ns > 0
                           ? series->phases[0].start_ns + (uint64_t)trial->wall_ns /* the work begins with a phase */
                           : 0;
  trial->wall_ns = trial->cpu_ns = trial->peak_heap_bytes = trial->peak_footprint_bytes = trial->vmhwm_bytes =
      STORE_NONE;
  trial->gc_ns = trial->pauses = trial->pause_max_ns = trial->collections = 0;
  for (size_t i = 0; i < series->phase_count; i++) {
    if (strcmp(series->phases[i].name, phase) != 0) continue;
    const uint64_t from = series->phases[i].start_ns;
    const uint64_t to = i + 1 < series->phase_count ? series->phases[i + 1].start_ns : end;
    if (trial->wall_ns == STORE_NONE) trial->wall_ns = 0;
    if (to > from) trial->wall_ns += (int64_t)(to - from);
    const int64_t highest = highest_sample(series, from, to);
    if (highest > trial->peak_heap_bytes) trial->peak_heap_bytes = highest;
  }
  for (size_t i = 0; i < series->pause_count; i++) {
    const struct journal_row *row = &series->pauses[i];
    if (row->phase < series->phase_count && strcmp(series->phases[row->phase].name, phase) == 0) add_pause(trial, row);
  }
}

/* A cell for each part of the whole cell's subject, at the end of the dataset's.  False after a message. */
static bool split_cell(struct dataset *dataset, const struct dataset_cell *whole, const struct part *parts,
                       size_t count)
{
  const size_t first = dataset->cell_count;
  for (size_t p = 0; p < count; p++) {
    if (parts[p].whole != whole->subject) continue;
    struct dataset_cell *cell = &dataset->cells[dataset->cell_count++];
    *cell = *whole;
    cell->subject = p;
    cell->trials = text_allocate((whole->trial_count + 1) * sizeof *cell->trials);
    memcpy(cell->trials, whole->trials, whole->trial_count * sizeof *cell->trials);
  }
  for (size_t t = 0; t < whole->trial_count && dataset->cell_count > first; t++) {
    struct store_series series = {0};
    if (!store_load_series(dataset->store, whole->trials[t].id, &series)) return false;
    for (size_t i = first; i < dataset->cell_count; i++) {
      struct dataset_trial *trial = &dataset->cells[i].trials[t];
      narrow_trial(trial, &series, parts[dataset->cells[i].subject].phase);
      dataset->pause_count += (uint64_t)trial->pauses;
    }
    dataset->dropped_count += series.dropped_count;
    if (series.cascade_floor_ns > dataset->floor_ns) dataset->floor_ns = series.cascade_floor_ns;
    store_series_free(&series);
  }
  return true;
}

static struct dataset_subject *make_subjects(const struct dataset *dataset, const struct part *parts, size_t count)
{
  struct dataset_subject *subjects = text_allocate(count * sizeof *subjects);
  for (size_t p = 0; p < count; p++) {
    const struct dataset_subject *whole = &dataset->subjects[parts[p].whole];
    const bool each = dataset->view == DATASET_EACH_PHASE;
    subjects[p] = (struct dataset_subject){.label = text_copy(each ? parts[p].phase : whole->label),
                                           .slug = each ? text_slug(parts[p].phase) : text_copy(whole->slug),
                                           .workload = whole->workload,
                                           .phase = text_copy(parts[p].phase)};
  }
  return subjects;
}

static bool split(struct dataset *dataset, const struct part *parts, size_t count)
{
  struct dataset_subject *subjects = make_subjects(dataset, parts, count);
  dataset->whole_cells = dataset->cells;
  dataset->whole_cell_count = dataset->cell_count;
  dataset->cells = text_allocate((dataset->cell_count * count + 1) * sizeof *dataset->cells);
  dataset->cell_count = 0;
  dataset->pause_count = 0;
  bool ok = true;
  for (size_t i = 0; i < dataset->whole_cell_count && ok; i++)
    ok = split_cell(dataset, &dataset->whole_cells[i], parts, count);
  for (size_t i = 0; i < dataset->subject_count; i++) {
    free(dataset->subjects[i].label);
    free(dataset->subjects[i].slug);
  }
  free(dataset->subjects);
  dataset->subjects = subjects;
  dataset->subject_count = count;
  return ok;
}

bool dataset_split_by_each(struct dataset *dataset, size_t subject)
{
  size_t count = 0;
  char **phases = dataset_phases(dataset, subject, &count);
  if (phases == NULL) return false;
  struct part *parts = text_allocate((count + 1) * sizeof *parts);
  for (size_t p = 0; p < count; p++) parts[p] = (struct part){subject, phases[p]};
  dataset->view = DATASET_EACH_PHASE;
  dataset->view_label = text_format("%s by phase", dataset->subjects[subject].label);
  dataset->view_slug = text_format("by-phase-%s", dataset->subjects[subject].slug);
  const bool ok = split(dataset, parts, count);
  free(parts);
  dataset_phases_free(phases, count);
  return ok;
}

bool dataset_split_by_one(struct dataset *dataset, const char *phase)
{
  struct part *parts = text_allocate((dataset->subject_count + 1) * sizeof *parts);
  size_t found = 0;
  bool ok = true;
  for (size_t s = 0; s < dataset->subject_count && ok; s++) {
    size_t count = 0;
    char **phases = dataset_phases(dataset, s, &count);
    ok = phases != NULL;
    if (ok && is_known(phases, count, phase)) parts[found++] = (struct part){s, phase};
    dataset_phases_free(phases, count);
  }
  char *slug = text_slug(phase);
  dataset->view = DATASET_ONE_PHASE;
  dataset->view_label = text_format("phase %s", phase);
  dataset->view_slug = text_format("in-%s", slug);
  free(slug);
  ok = ok && split(dataset, parts, found);
  free(parts);
  return ok;
}

const char *dataset_subject_word(const struct dataset *dataset)
{
  return dataset->view == DATASET_EACH_PHASE ? "phase" : "workload";
}
