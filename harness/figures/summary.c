/* summary: what the figures show, in words and tables; Markdown that reads well on a terminal too. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/figures.h"
#include "harness/figures/sweep.h"
#include "harness/text/text.h"

enum { COLUMNS_MAX = 10, BOOTSTRAP_SEED = 1 };

/* A table whose columns are padded to their width when it is printed. */
struct sheet {
  char **cells;
  size_t count, columns;
};

static void add(struct sheet *sheet, char *text) /* takes the text */
{
  sheet->cells = text_reallocate(sheet->cells, (sheet->count + 1) * sizeof *sheet->cells);
  sheet->cells[sheet->count++] = text;
}

static size_t letters(const char *text)
{
  size_t n = 0;
  for (; *text != '\0'; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
  return n;
}

/* Nothing at all where there is no row below the heading; returns whether there was one. */
static bool print_sheet(struct sheet *sheet, const char *title, FILE *out)
{
  size_t widths[COLUMNS_MAX] = {0};
  const bool has_rows = sheet->count > sheet->columns;
  if (has_rows) fputs(title, out);
  for (size_t i = 0; i < sheet->count; i++) {
    const size_t width = letters(sheet->cells[i]), column = i % sheet->columns;
    if (width > widths[column]) widths[column] = width;
  }
  for (size_t i = 0; has_rows && i < sheet->count; i++) {
    const size_t column = i % sheet->columns;
    fprintf(out, "| %s%*s ", sheet->cells[i], (int)(widths[column] - letters(sheet->cells[i])), "");
    if (column + 1 < sheet->columns) continue;
    fputs("|\n", out);
    for (size_t c = 0; i < sheet->columns && c < sheet->columns; c++) {
      fputs("| ", out);
      for (size_t k = 0; k < widths[c]; k++) fputc('-', out);
      fputs(c + 1 < sheet->columns ? " " : " |\n", out);
    }
  }
  for (size_t i = 0; i < sheet->count; i++) free(sheet->cells[i]);
  free(sheet->cells);
  return has_rows;
}

static char *duration(double ns)
{
  char number[TEXT_NUMBER_MAX];
  return text_copy(isfinite(ns) ? text_duration(ns, number) : "-");
}

static char *bytes(double count)
{
  char number[TEXT_NUMBER_MAX];
  return text_copy(isfinite(count) ? text_bytes(count, number) : "-");
}

/* A quantile as the rules want it: "< 1 µs" below the floor, "n/a" where there are too few pauses. */
static char *quantile(const struct pause_summary *summary, enum pause_statistic statistic)
{
  if (summary->n == 0) return text_copy("-");
  const struct stats_value *value = &summary->pooled[statistic];
  if (!value->enough) return text_copy("n/a");
  char number[TEXT_NUMBER_MAX];
  if (value->below_floor) return text_format("< %s", text_duration_tick((double)value->value, number));
  return duration((double)value->value);
}

static size_t wall_values(const struct dataset_cell *cell, double *values)
{
  size_t n = 0;
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") == 0 && cell->trials[t].wall_ns > 0)
      values[n++] = (double)cell->trials[t].wall_ns;
  }
  return n;
}

/* "807 ms [801, 815]": the median with its 95 % bootstrap interval over trials. */
static char *wall_with_interval(const struct dataset_cell *cell)
{
  double *values = text_allocate(cell->trial_count * sizeof *values);
  const size_t n = wall_values(cell, values);
  char *text = duration(n > 0 ? stats_median(values, n) : NAN);
  if (n >= 3) {
    const struct stats_interval interval = stats_bootstrap_median(values, n, 0.95, STATS_RESAMPLES, BOOTSTRAP_SEED);
    char low[TEXT_NUMBER_MAX], high[TEXT_NUMBER_MAX];
    text_append(&text, " [%s, %s]", text_duration(interval.low, low), text_duration(interval.high, high));
  }
  free(values);
  return text;
}

/* "workload" stands for what the dataset's subjects are. */
static void add_heading(struct sheet *sheet, const struct dataset *dataset, const char *const *names)
{
  for (sheet->columns = 0; names[sheet->columns] != NULL; sheet->columns++) {
    const bool subject = strcmp(names[sheet->columns], "workload") == 0;
    add(sheet, text_copy(subject ? dataset_subject_word(dataset) : names[sheet->columns]));
  }
}

static void add_cell(struct sheet *sheet, struct dataset *dataset, struct dataset_cell *cell)
{
  add(sheet, text_copy(dataset->subjects[cell->subject].label));
  add(sheet, text_copy(dataset->series[cell->series].label));
  if (cell->failure != NULL) {
    add(sheet, text_copy(cell->failure));
    while (sheet->count % sheet->columns != 0) add(sheet, text_copy("-"));
    return;
  }
  char number[TEXT_NUMBER_MAX];
  const struct stats_spread share = dataset_spread(cell, dataset_gc_share);
  const struct cell_pauses *pauses = dataset_pauses(dataset, cell);
  static const struct pause_summary nothing;
  const struct pause_summary *all = pauses != NULL ? &pauses->of[PAUSE_ALL] : &nothing;
  add(sheet, wall_with_interval(cell));
  add(sheet, share.n > 0 ? text_format("%.1f %%", share.median * 100) : text_copy("-"));
  add(sheet, text_copy(text_count(all->n, number)));
  add(sheet, quantile(all, PAUSE_MEDIAN));
  add(sheet, quantile(all, PAUSE_P99));
  add(sheet, quantile(all, PAUSE_MAX));
  add(sheet, bytes(dataset_spread(cell, dataset_peak_heap).median));
}

static void write_matrix(struct dataset *dataset, FILE *out)
{
  static const char *const heading[] = {
      "workload",  "collector", "total time [95 % interval]", "in collector", "pauses", "median", "99th", "longest",
      "peak heap", NULL};
  struct sheet sheet = {0};
  add_heading(&sheet, dataset, heading);
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    for (size_t s = 0; s < dataset->series_count; s++) {
      struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
      if (cell != NULL) add_cell(&sheet, dataset, cell);
    }
  }
  if (!print_sheet(&sheet, "## Collectors at their default knobs\n\n", out)) return;
  fputs(
      "\nPauses are those of all trials of a cell together; a percentile needs ten pauses beyond it (n/a: too few).\n",
      out);
}

/* "cycles: replaced=500000", for what is said of a workload to be read rightly. */
static void write_parameters(const struct dataset *dataset, FILE *out)
{
  bool begun = false;
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    const struct dataset_cell *cell = NULL;
    for (size_t i = 0; i < dataset->cell_count && cell == NULL; i++) {
      if (dataset->cells[i].subject == subject) cell = &dataset->cells[i];
    }
    char *text = NULL;
    for (size_t p = 0; cell != NULL && p < cell->parameter_count; p++) {
      const struct dataset_setting *parameter = &cell->parameters[p];
      if (!parameter->is_default) text_append(&text, " %s=%s", parameter->name, parameter->text);
    }
    if (text == NULL) continue;
    fprintf(out, "%s%s%s", begun ? "; " : "Parameters off their defaults: ", dataset->subjects[subject].label, text);
    begun = true;
    free(text);
  }
  if (begun) fputs(".\n", out);
}

/* The setting of a slice at which the measure is least, or NULL. */
typedef double cell_measure(const struct dataset_cell *cell);

static double wall_of(const struct dataset_cell *cell) { return dataset_spread(cell, dataset_wall_ns).median; }

static double longest_of(const struct dataset_cell *cell)
{
  const struct pause_summary *summary = cell->pauses != NULL ? &cell->pauses->of[PAUSE_COLLECTIONS] : NULL;
  if (summary == NULL || summary->n == 0) summary = cell->pauses != NULL ? &cell->pauses->of[PAUSE_ALL] : NULL;
  return summary != NULL && summary->n > 0 ? (double)summary->pooled[PAUSE_MAX].value : NAN;
}

static size_t best_of(const struct sweep_slice *slice, cell_measure *measure)
{
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < slice->count; i++) {
    if (slice->cells[i]->ok_count == 0 || !isfinite(measure(slice->cells[i]))) continue;
    if (best == SIZE_MAX || measure(slice->cells[i]) < measure(slice->cells[best])) best = i;
  }
  return best;
}

static char *setting(const struct sweep_knob *knob, const struct sweep_slice *slice, size_t at, cell_measure *measure)
{
  if (at == SIZE_MAX) return text_copy("-");
  char *value = duration(measure(slice->cells[at]));
  char *text = text_format("%s: %s", knob->values[slice->values[at]].text, value);
  free(value);
  return text;
}

static void add_slice(struct sheet *sheet, struct dataset *dataset, const struct sweep_knob *knob,
                      const struct sweep_slice *slice)
{
  size_t usual = SIZE_MAX;
  for (size_t i = 0; i < slice->count; i++) {
    if (slice->cells[i]->ok_count > 0) dataset_pauses(dataset, slice->cells[i]);
    if (knob->values[slice->values[i]].is_default && slice->cells[i]->ok_count > 0) usual = i;
  }
  const struct dataset_cell *first = slice->cells[0];
  add(sheet, text_copy(knob->name));
  add(sheet, text_copy(dataset->series[first->series].label));
  add(sheet, text_format("%s%s%s", dataset->subjects[first->subject].label, slice->base != NULL ? " at " : "",
                         slice->base != NULL ? slice->base : ""));
  add(sheet, setting(knob, slice, usual, wall_of));
  add(sheet, setting(knob, slice, best_of(slice, wall_of), wall_of));
  add(sheet, usual != SIZE_MAX ? duration(longest_of(slice->cells[usual])) : text_copy("-"));
  add(sheet, setting(knob, slice, best_of(slice, longest_of), longest_of));
}

static void write_knobs(struct dataset *dataset, FILE *out)
{
  static const char *const heading[] = {"knob",
                                        "collector",
                                        "workload",
                                        "default: time",
                                        "fastest: time",
                                        "default: longest pause",
                                        "least: longest pause",
                                        NULL};
  size_t count = 0;
  const char **names = sweep_find_knobs(dataset, &count);
  struct sheet sheet = {0};
  add_heading(&sheet, dataset, heading);
  for (size_t k = 0; k < count; k++) {
    struct sweep_knob knob = sweep_describe(dataset, names[k]);
    for (size_t s = 0; s < dataset->series_count; s++) {
      for (size_t subject = 0; subject < dataset->subject_count; subject++) {
        struct sweep_slice slice;
        if (sweep_find_slice(dataset, &knob, s, subject, &slice)) add_slice(&sheet, dataset, &knob, &slice);
        sweep_slice_free(&slice);
      }
    }
    sweep_knob_free(&knob);
  }
  free(names);
  print_sheet(&sheet, "\n## Knobs that were varied, the others at one setting\n\n", out);
}

/* It may be fast, but it reclaimed nothing: counting, where all garbage is cyclic, or no collection was due. */
static bool kept_everything(const struct dataset_cell *cell)
{
  return dataset_spread(cell, dataset_held_share).median > 0.99;
}

/* "fastest that reclaims: marksweep (807 ms, 1.37 x none)" and the like, a line a workload. */
static void write_winners(struct dataset *dataset, FILE *out)
{
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    struct dataset_cell *fastest = NULL, *calmest = NULL, *smallest = NULL, *none = NULL;
    char *kept = NULL;
    for (size_t s = 0; s < dataset->series_count; s++) {
      struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
      if (cell != NULL && cell->ok_count > 0 && strcmp(cell->collector, "none") == 0) none = cell;
    }
    for (size_t s = 0; s < dataset->series_count; s++) {
      struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
      if (cell == NULL || cell->ok_count == 0 || cell == none) continue;
      if (kept_everything(cell)) {
        text_append(&kept, "%s%s", kept != NULL ? ", " : "", dataset->series[s].label);
        continue;
      }
      if (dataset_pauses(dataset, cell) == NULL) continue;
      const double wall = wall_of(cell), heap = dataset_spread(cell, dataset_peak_heap).median;
      const struct pause_summary *all = &cell->pauses->of[PAUSE_ALL];
      if (fastest == NULL || wall < wall_of(fastest)) fastest = cell;
      if (isfinite(heap) && (smallest == NULL || heap < dataset_spread(smallest, dataset_peak_heap).median))
        smallest = cell;
      if (all->n > 0 &&
          (calmest == NULL || all->pooled[PAUSE_MAX].value < calmest->pauses->of[PAUSE_ALL].pooled[PAUSE_MAX].value))
        calmest = cell;
    }
    if (fastest == NULL) {
      free(kept);
      continue;
    }
    char number[TEXT_NUMBER_MAX];
    fprintf(out, "- %s: fastest that reclaims is %s (%s", dataset->subjects[subject].label,
            dataset->series[fastest->series].label, text_duration(wall_of(fastest), number));
    if (none != NULL) fprintf(out, ", %.2f times none", wall_of(fastest) / wall_of(none));
    fputs(")", out);
    if (calmest != NULL)
      fprintf(out, "; its longest pause is shortest for %s (%s)", dataset->series[calmest->series].label,
              text_duration((double)calmest->pauses->of[PAUSE_ALL].pooled[PAUSE_MAX].value, number));
    if (smallest != NULL)
      fprintf(out, "; the smallest heap has %s (%s)", dataset->series[smallest->series].label,
              text_bytes(dataset_spread(smallest, dataset_peak_heap).median, number));
    if (kept != NULL) fprintf(out, "; reclaimed nothing: %s", kept);
    fputs(".\n", out);
    free(kept);
  }
}

/* Geometric mean of times relative to none, over the workloads that every collector finished. */
static void write_means(const struct dataset *dataset, FILE *out)
{
  bool *common = text_allocate(dataset->subject_count * sizeof *common);
  double *ratios = text_allocate(dataset->subject_count * sizeof *ratios);
  size_t none = SIZE_MAX, workloads = 0;
  for (size_t s = 0; s < dataset->series_count; s++) {
    if (strcmp(dataset->series[s].collector, "none") == 0) none = s;
  }
  for (size_t subject = 0; subject < dataset->subject_count && none != SIZE_MAX; subject++) {
    common[subject] = true;
    for (size_t s = 0; s < dataset->series_count; s++) {
      const struct dataset_cell *cell = dataset_default_cell(dataset, s, subject);
      if (dataset->series[s].main_allocator) common[subject] &= cell != NULL && cell->ok_count > 0;
    }
    workloads += common[subject];
  }
  if (workloads >= 2)
    fprintf(out, "- Total time relative to none, geometric mean over the %zu workloads that every collector finished:",
            workloads);
  for (size_t s = 0; s < dataset->series_count && workloads >= 2; s++) {
    if (s == none || !dataset->series[s].main_allocator) continue;
    size_t n = 0;
    for (size_t subject = 0; subject < dataset->subject_count; subject++) {
      if (common[subject])
        ratios[n++] =
            wall_of(dataset_default_cell(dataset, s, subject)) / wall_of(dataset_default_cell(dataset, none, subject));
    }
    fprintf(out, " %s %.2f,", dataset->series[s].label, stats_geometric_mean(ratios, n));
  }
  if (workloads >= 2) fputs(" none 1.\n", out);
  free(common);
  free(ratios);
}

/* Cells that were not ok, and trials of one workload and seed whose checksums differ. */
static void write_faults(const struct dataset *dataset, FILE *out)
{
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    if (cell->ok_count == cell->trial_count) continue;
    char *varied = NULL;
    for (size_t k = 0; k < cell->knob_count; k++) {
      if (!cell->knobs[k].is_default) text_append(&varied, ", %s=%s", cell->knobs[k].name, cell->knobs[k].text);
    }
    fprintf(out, "- %s on %s%s: %zu of %zu trials were not ok (%s).\n", dataset->series[cell->series].label,
            dataset->subjects[cell->subject].label, varied != NULL ? varied : "", cell->trial_count - cell->ok_count,
            cell->trial_count, cell->failure != NULL ? cell->failure : "the others were");
    free(varied);
  }
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *a = &dataset->cells[i];
    for (size_t j = 0; j < i; j++) {
      const struct dataset_cell *b = &dataset->cells[j];
      if (a->subject != b->subject || strcmp(a->size, b->size) != 0) continue;
      for (size_t t = 0; t < a->trial_count; t++) {
        for (size_t u = 0; u < b->trial_count; u++) {
          const struct dataset_trial *x = &a->trials[t], *y = &b->trials[u];
          if (x->block != y->block || x->checksum[0] == '\0' || y->checksum[0] == '\0') continue;
          if (strcmp(x->checksum, y->checksum) == 0) continue;
          fprintf(out, "- CHECKSUMS DIFFER on %s, block %lld: %s and %s.\n", dataset->subjects[a->subject].label,
                  (long long)x->block, dataset->series[b->series].label, dataset->series[a->series].label);
          return;
        }
      }
    }
  }
}

/* What the words of the tables mean where phases stand for trials. */
static void write_split(const struct dataset *dataset, FILE *out)
{
  char number[TEXT_NUMBER_MAX];
  fputs("Times, pauses and heaps are those of the phase.", out);
  if (dataset->floor_ns > 0)
    fprintf(out, " Cascades under %s have no phase and are left out.",
            text_duration_tick((double)dataset->floor_ns, number));
  fputs("\n\n", out);
}

void summary_write(struct dataset *dataset, FILE *out)
{
  char number[TEXT_NUMBER_MAX];
  const bool whole = dataset->view == DATASET_WHOLE;
  fprintf(out, "# Campaign %s%s%s\n\n", dataset->campaign_name, whole ? "" : ", ", whole ? "" : dataset->view_label);
  fprintf(out, "gclab %s (%s) · %s%s%s · ", dataset->version, dataset->revision, dataset->machine,
          dataset->allocators != NULL ? " · " : "", dataset->allocators != NULL ? dataset->allocators : "");
  if (whole) fprintf(out, "%zu cells, %zu trials, ", dataset->cell_count, dataset->trial_count);
  fprintf(out, "%s pauses · %s\n\n", text_count(dataset->pause_count, number), dataset->status);
  if (dataset->held_allocator != NULL) fprintf(out, "Only what ran on the allocator %s.\n\n", dataset->held_allocator);
  if (!whole) write_split(dataset, out);
  if (whole) {
    write_winners(dataset, out);
    write_means(dataset, out);
    write_faults(dataset, out);
    fputc('\n', out);
  }
  write_matrix(dataset, out);
  if (dataset->involuntary_switches > 0 && whole)
    fprintf(out, "The system took the processor away %s times in %zu trials: a longest pause may be its doing.\n",
            text_count(dataset->involuntary_switches, number), dataset->trial_count);
  write_parameters(dataset, out);
  write_knobs(dataset, out);
}
