#define _GNU_SOURCE
#include "harness/campaign/summary.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/campaign/identity.h"
#include "harness/campaign/pairs.h"
#include "harness/campaign/units.h"
#include "harness/stats/stats.h"

enum { FAILURES_NAMED_MAX = 12, CELLS_NAMED_MAX = 12 };

/* One cell's numbers over its trials that are ok: medians, but for the largest pause and the largest heap. */
struct row {
  size_t ok, failed;
  int64_t wall_ns, gc_permille, pauses, pause_p50_ns, pause_p99_ns, pause_max_ns, peak_heap_bytes, spread_permille;
};

/* Values of one column over the trials of a cell; those that a trial has not are left out. */
struct sample {
  double *values;
  size_t count;
};

static void sample_add(struct sample *sample, int64_t value)
{
  if (value >= 0) sample->values[sample->count++] = (double)value;
}

static int64_t sample_median(const struct sample *sample)
{
  return sample->count > 0 ? (int64_t)(stats_median(sample->values, sample->count) + 0.5) : -1;
}

static int64_t largest(int64_t a, int64_t b) { return a > b ? a : b; }

static bool is_ok(const struct result *result) { return strcmp(result->outcome, "ok") == 0; }

enum { WALL, GC, PAUSES, P50, P99, SAMPLES };

static struct row summarize(const struct summary *summary, size_t cell, double *scratch)
{
  const struct results *results = summary->results;
  struct sample samples[SAMPLES];
  for (size_t i = 0; i < SAMPLES; i++) samples[i] = (struct sample){.values = scratch + i * results->count};
  struct row row = {.pause_max_ns = -1, .peak_heap_bytes = -1, .spread_permille = -1};
  for (size_t i = 0; i < results->count; i++) {
    const struct result *result = &results->rows[i];
    if (result->cell != cell) continue;
    if (!is_ok(result)) {
      row.failed++;
      continue;
    }
    row.ok++;
    sample_add(&samples[WALL], result->wall_ns);
    if (result->wall_ns > 0 && result->gc_ns >= 0) sample_add(&samples[GC], 1000 * result->gc_ns / result->wall_ns);
    sample_add(&samples[PAUSES], result->pauses);
    sample_add(&samples[P50], result->pause_p50_ns);
    sample_add(&samples[P99], result->pause_p99_ns);
    row.pause_max_ns = largest(row.pause_max_ns, result->pause_max_ns);
    row.peak_heap_bytes = largest(row.peak_heap_bytes, result->peak_heap_bytes);
  }
  row.wall_ns = sample_median(&samples[WALL]);
  row.gc_permille = sample_median(&samples[GC]);
  row.pauses = sample_median(&samples[PAUSES]);
  row.pause_p50_ns = sample_median(&samples[P50]);
  row.pause_p99_ns = sample_median(&samples[P99]);
  if (samples[WALL].count >= 2 && row.wall_ns > 0) {
    const struct stats_spread spread = stats_spread_of(samples[WALL].values, samples[WALL].count);
    row.spread_permille = (int64_t)(1000 * (spread.maximum - spread.minimum) / spread.median + 0.5);
  }
  return row;
}

/* ---- as a table ------------------------------------------------------------------------------------------------- */

enum { COLUMNS = 13, TEXT_MAX = 160 };

struct line {
  char cells[COLUMNS][TEXT_MAX];
};

static const struct {
  const char *heading;
  bool left;
} columns[COLUMNS] = {
    {"collector", true}, {"workload", true}, {"varied", true},     {"allocator", true}, {"ok", false},
    {"wall", false},     {"spread", false},  {"gc", false},        {"pauses", false},   {"p50", false},
    {"p99", false},      {"max", false},     {"peak heap", false},
};

static void write_permille(char *text, int64_t permille)
{
  if (permille < 0)
    snprintf(text, TEXT_MAX, "-");
  else
    snprintf(text, TEXT_MAX, "%" PRId64 ".%" PRId64 " %%", permille / 10, permille % 10);
}

static void write_line(const struct summary *summary, size_t cell, const struct row *row, struct line *line)
{
  const struct plan_cell *of = &summary->cells->cells[cell];
  char *varied = identity_varied_words(of);
  int column = 0;
  snprintf(line->cells[column++], TEXT_MAX, "%s", of->collector->name);
  snprintf(line->cells[column++], TEXT_MAX, "%s%s", of->workload->name, identity_size_note(of));
  snprintf(line->cells[column++], TEXT_MAX, "%s", varied != NULL && *varied != '\0' ? varied : "-");
  snprintf(line->cells[column++], TEXT_MAX, "%s", of->allocator);
  snprintf(line->cells[column++], TEXT_MAX, "%zu/%zu", row->ok, row->ok + row->failed);
  units_time(row->wall_ns, line->cells[column++]);
  write_permille(line->cells[column++], row->spread_permille);
  write_permille(line->cells[column++], row->gc_permille);
  if (row->pauses < 0)
    snprintf(line->cells[column++], TEXT_MAX, "-");
  else
    snprintf(line->cells[column++], TEXT_MAX, "%" PRId64, row->pauses);
  units_time(row->pause_p50_ns, line->cells[column++]);
  units_time(row->pause_p99_ns, line->cells[column++]);
  units_time(row->pause_max_ns, line->cells[column++]);
  units_bytes(row->peak_heap_bytes, line->cells[column]);
  free(varied);
}

static void print_line(const struct line *line, const size_t *widths, const bool *shown)
{
  const char *gap = "";
  for (int i = 0; i < COLUMNS; i++) {
    if (!shown[i]) continue;
    if (columns[i].left)
      printf("%s%-*s", gap, (int)widths[i], line->cells[i]);
    else
      printf("%s%*s", gap, (int)widths[i], line->cells[i]);
    gap = "  ";
  }
  putchar('\n');
}

/* Columns that say nothing ("-" in every row) are left out. */
static void print_table(const struct line *lines, size_t count)
{
  size_t widths[COLUMNS];
  bool shown[COLUMNS];
  struct line headings;
  for (int i = 0; i < COLUMNS; i++) {
    snprintf(headings.cells[i], TEXT_MAX, "%s", columns[i].heading);
    widths[i] = strlen(columns[i].heading);
    shown[i] = false;
    for (size_t k = 0; k < count; k++) {
      const size_t width = strlen(lines[k].cells[i]);
      if (width > widths[i]) widths[i] = width;
      shown[i] = shown[i] || strcmp(lines[k].cells[i], "-") != 0;
    }
  }
  print_line(&headings, widths, shown);
  for (size_t k = 0; k < count; k++) print_line(&lines[k], widths, shown);
}

static void print_failures(const struct summary *summary)
{
  size_t count = 0;
  for (size_t i = 0; i < summary->results->count; i++) {
    const struct result *result = &summary->results->rows[i];
    if (is_ok(result)) continue;
    if (count++ == 0) puts("\nNot ok:");
    if (count > FAILURES_NAMED_MAX) continue;
    const struct plan_cell *cell = &summary->cells->cells[result->cell];
    char *varied = identity_varied_words(cell);
    char *reason = results_reason(result);
    printf("  %s %s%s%s, block %" PRIu32 ": %s%s: %s\n", cell->collector->name, cell->workload->name,
           varied != NULL && *varied != '\0' ? " " : "", varied != NULL ? varied : "", result->block + 1,
           result->outcome, results_is_foreseen(result, summary->cells) ? " (as foreseen)" : "",
           reason != NULL ? reason : "");
    free(reason);
    free(varied);
  }
  if (count > FAILURES_NAMED_MAX)
    printf("  and %zu more: `gclab export --format csv` has them all\n", count - FAILURES_NAMED_MAX);
}

/* Cells that an end before the first block's has left without a trial: no figure will show that they were meant. */
static void print_untried(const struct summary *summary, const bool *tried)
{
  size_t count = 0;
  for (size_t i = 0; i < summary->cells->count; i++) count += !tried[i];
  if (count == 0) return;
  printf("\nWithout any trial yet: %zu of %zu cells\n", count, summary->cells->count);
  size_t named = 0;
  for (size_t i = 0; i < summary->cells->count && named < CELLS_NAMED_MAX; i++) {
    if (tried[i]) continue;
    const struct plan_cell *cell = &summary->cells->cells[i];
    char *varied = identity_varied_words(cell);
    printf("  %s %s%s%s, %s\n", cell->collector->name, cell->workload->name,
           varied != NULL && *varied != '\0' ? " " : "", varied != NULL ? varied : "", cell->allocator);
    free(varied);
    named++;
  }
  if (count > named) printf("  and %zu more\n", count - named);
}

/* Of the trials that were run just now: time between trials, and from fork to work. */
static void print_overhead(const struct summary *summary)
{
  if (summary->run == 0) return;
  char elapsed[UNITS_TEXT_MAX];
  char startup[UNITS_TEXT_MAX];
  double *values = memory_require(malloc((summary->results->count + 1) * sizeof *values));
  struct sample startups = {.values = values};
  for (size_t i = 0; i < summary->results->count; i++) sample_add(&startups, summary->results->rows[i].startup_ns);
  printf("%zu trial%s in %s; the harness itself took %.1f %% of that; a trial starts in %s (median)\n", summary->run,
         summary->run == 1 ? "" : "s", units_time((int64_t)summary->elapsed_ns, elapsed),
         100.0 * (1.0 - (double)summary->processes_ns / (double)(summary->elapsed_ns - summary->noise_ns)),
         units_time(sample_median(&startups), startup));
  free(values);
}

/* What two cells that are the same differ by. */
static void print_pairs(const struct summary *summary)
{
  const struct pairs pairs = pairs_of(summary->results, summary->cells);
  if (pairs.count == 0) return;
  printf("\nA/A: the same configuration twice, %zu pair%s, %zu block%s: wall times differ by %+.1f %%", pairs.count,
         pairs.count == 1 ? "" : "s", pairs.ratio.n, pairs.ratio.n == 1 ? "" : "s", 100 * (pairs.ratio.value - 1));
  if (isnan(pairs.ratio.low))
    puts("; no interval from one block");
  else
    printf(" (95 %%: %+.1f to %+.1f)\n", 100 * (pairs.ratio.low - 1), 100 * (pairs.ratio.high - 1));
}

static json_t *real_or_null(double value) { return isnan(value) ? json_null() : json_real(value); }

static json_t *json_of_pairs(const struct summary *summary)
{
  const struct pairs pairs = pairs_of(summary->results, summary->cells);
  if (pairs.count == 0) return json_null();
  return json_pack("{s:I, s:I, s:o, s:o, s:o}", "pairs", (json_int_t)pairs.count, "blocks", (json_int_t)pairs.ratio.n,
                   "wall_ratio", real_or_null(pairs.ratio.value), "low", real_or_null(pairs.ratio.low), "high",
                   real_or_null(pairs.ratio.high));
}

void summary_print(const struct summary *summary)
{
  struct line *lines = memory_require(calloc(summary->cells->count, sizeof *lines));
  double *scratch = memory_require(calloc(SAMPLES * summary->results->count + 1, sizeof *scratch));
  bool *tried = memory_require(calloc(summary->cells->count, sizeof *tried));
  size_t count = 0;
  size_t ok = 0;
  for (size_t i = 0; i < summary->cells->count; i++) {
    const struct row row = summarize(summary, i, scratch);
    tried[i] = row.ok + row.failed > 0;
    ok += row.ok;
    if (tried[i] && !summary->cells->cells[i].is_twin) write_line(summary, i, &row, &lines[count++]);
  }
  if (count > 0) print_table(lines, count);
  if (ok > 0) {
    puts("\nMedians over trials, but for max and peak heap; spread: (largest - smallest) / median of wall;\n"
         "p50, p99 and max: of the pauses above the journal's floor (p99 where there are 1000 of them).");
  }
  free(scratch);
  free(lines);
  print_pairs(summary);
  print_failures(summary);
  print_untried(summary, tried);
  free(tried);
  putchar('\n');
  print_overhead(summary);
  printf("Campaign %s (%.8s) is %s, in %s\n", summary->plan->name, summary->campaign_id, summary->status,
         summary->store_path);
  if (summary->missing > 0)
    printf("%zu trial%s missing; to go on: %s\n", summary->missing, summary->missing == 1 ? " is" : "s are",
           summary->command);
  else
    puts("Next: gclab plot");
}

/* ---- as JSON ---------------------------------------------------------------------------------------------------- */

static json_t *value_or_null(int64_t value) { return value >= 0 ? json_integer(value) : json_null(); }

static json_t *ratio_or_null(int64_t permille)
{
  return permille >= 0 ? json_real((double)permille / 1000) : json_null();
}

static json_t *parse_and_release(char *text)
{
  json_t *object = text != NULL ? json_loads(text, 0, NULL) : NULL;
  free(text);
  return object != NULL ? object : json_object();
}

static json_t *json_of_cell(const struct summary *summary, size_t index, const struct row *row)
{
  const struct plan_cell *cell = &summary->cells->cells[index];
  return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
                   cell->id, "collector", cell->collector->name, "workload", cell->workload->name, "size",
                   setting_size_names[cell->size], "knobs", parse_and_release(identity_knobs(cell)), "parameters",
                   parse_and_release(identity_parameters(cell)), "varied", parse_and_release(identity_varied(cell)),
                   "allocator", cell->allocator, "ok", (json_int_t)row->ok, "failed", (json_int_t)row->failed,
                   "wall_ns", value_or_null(row->wall_ns), "wall_spread", ratio_or_null(row->spread_permille),
                   "gc_share", ratio_or_null(row->gc_permille), "pauses", value_or_null(row->pauses), "pause_p50_ns",
                   value_or_null(row->pause_p50_ns), "pause_p99_ns", value_or_null(row->pause_p99_ns), "pause_max_ns",
                   value_or_null(row->pause_max_ns), "peak_heap_bytes", value_or_null(row->peak_heap_bytes));
}

static json_t *json_of_failures(const struct summary *summary)
{
  json_t *list = json_array();
  for (size_t i = 0; i < summary->results->count; i++) {
    const struct result *result = &summary->results->rows[i];
    if (is_ok(result)) continue;
    json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s, s:b, s:s?}", "trial", result->id, "cell",
                                          summary->cells->cells[result->cell].id, "block", (json_int_t)result->block,
                                          "outcome", result->outcome, "foreseen",
                                          results_is_foreseen(result, summary->cells), "message", result->message));
  }
  return list;
}

void summary_print_json(const struct summary *summary)
{
  json_t *cells = json_array();
  double *scratch = memory_require(calloc(SAMPLES * summary->results->count + 1, sizeof *scratch));
  for (size_t i = 0; i < summary->cells->count; i++) {
    const struct row row = summarize(summary, i, scratch);
    if (!summary->cells->cells[i].is_twin) json_array_append_new(cells, json_of_cell(summary, i, &row));
  }
  free(scratch);
  json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "campaign", summary->campaign_id,
                           "name", summary->plan->name, "store", summary->store_path, "status", summary->status,
                           "missing", (json_int_t)summary->missing, "run", (json_int_t)summary->run, "elapsed_ns",
                           (json_int_t)summary->elapsed_ns, "processes_ns", (json_int_t)summary->processes_ns, "cells",
                           cells, "failures", json_of_failures(summary), "aa", json_of_pairs(summary));
  if (summary->about != NULL) json_object_set(root, "replay", summary->about);
  json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(4));
  putchar('\n');
  json_decref(root);
}
