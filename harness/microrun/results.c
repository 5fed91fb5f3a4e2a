#include "harness/microrun/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static char *copy(const char *text) { return memory_require(strdup(text != NULL ? text : "")); }

int micro_results_row(const struct micro_results *results, const char *name)
{
  for (size_t i = 0; i < results->row_count; i++) {
    if (strcmp(results->rows[i].name, name) == 0) return (int)i;
  }
  return -1;
}

int micro_results_column(const struct micro_results *results, const char *collector)
{
  for (size_t i = 0; i < results->column_count; i++) {
    if (strcmp(results->columns[i].collector, collector) == 0) return (int)i;
  }
  return -1;
}

const struct micro_cell *micro_results_cell(const struct micro_results *results, size_t row, size_t column)
{
  return &results->cells[row * results->column_count + column];
}

bool micro_results_is_limit(const struct micro_row *row) { return strncmp(row->name, "limit/", 6) == 0; }

/* ---- loading ---------------------------------------------------------------------------------------------------- */

static bool take_run(void *context, const struct store_micro_run *run)
{
  struct micro_results *results = context;
  results->id = copy(run->id);
  results->host = copy(run->host_name);
  results->command = copy(run->command);
  results->size = copy(run->size);
  results->version = copy(run->version);
  results->revision = copy(run->revision);
  results->created_at = copy(run->created_at);
  results->seed = run->seed;
  return true;
}

static bool take_program(void *context, const struct store_micro_program *program)
{
  struct micro_results *results = context;
  results->columns =
      memory_require(reallocarray(results->columns, results->column_count + 1, sizeof *results->columns));
  results->columns[results->column_count++] = (struct micro_column){.collector = copy(program->collector),
                                                                    .version = copy(program->collector_version),
                                                                    .build_id = copy(program->build_id),
                                                                    .knobs = copy(program->knobs),
                                                                    .allocator = copy(program->allocator)};
  return true;
}

static bool take_benchmark(void *context, const struct store_micro_benchmark *benchmark)
{
  struct micro_results *results = context;
  if (results->row_count == results->row_capacity) {
    results->row_capacity = 2 * results->row_capacity + 64;
    results->rows = memory_require(reallocarray(results->rows, results->row_capacity, sizeof *results->rows));
  }
  results->rows[results->row_count++] = (struct micro_row){
      .name = copy(benchmark->name), .limit = copy(benchmark->limit_name), .limit_scale = benchmark->limit_scale};
  return true;
}

/* NULL: the run does not have such a one, as its tables should say. */
static struct micro_cell *cell_of(struct micro_results *results, const char *benchmark, const char *collector)
{
  const int row = micro_results_row(results, benchmark), column = micro_results_column(results, collector);
  if (row < 0 || column < 0) return NULL;
  if (results->cells == NULL)
    results->cells = memory_require(calloc(results->row_count * results->column_count, sizeof *results->cells));
  return &results->cells[(size_t)row * results->column_count + (size_t)column];
}

static bool take_result(void *context, const struct store_micro_result *result)
{
  struct micro_cell *cell = cell_of(context, result->benchmark, result->collector);
  if (cell == NULL) return true;
  cell->measurements = memory_require(reallocarray(cell->measurements, cell->count + 1, sizeof *cell->measurements));
  cell->measurements[cell->count++] = (struct micro_measurement){.repetition = result->repetition,
                                                                 .iterations = result->iterations,
                                                                 .real_ns = result->real_ns,
                                                                 .cpu_ns = result->cpu_ns};
  return true;
}

static bool take_skipped(void *context, const struct store_micro_skipped *skipped)
{
  struct micro_cell *cell = cell_of(context, skipped->benchmark, skipped->collector);
  if (cell != NULL && cell->skip == NULL) cell->skip = copy(skipped->reason);
  return true;
}

static bool take_instructions(void *context, const struct store_micro_instructions *row)
{
  struct micro_cell *cell = cell_of(context, row->benchmark, row->collector);
  if (cell == NULL) return true;
  cell->operations = row->operations;
  cell->instructions = row->instructions;
  cell->library_instructions = row->library_instructions;
  return true;
}

static bool load(struct store *store, const char *run_id, struct micro_results **found)
{
  static const struct store_micro_visitor visitor = {.run = take_run,
                                                     .program = take_program,
                                                     .benchmark = take_benchmark,
                                                     .result = take_result,
                                                     .skipped = take_skipped,
                                                     .instructions = take_instructions};
  struct micro_results *results = memory_require(calloc(1, sizeof *results));
  const bool ok = run_id != NULL ? store_visit_micro_run(store, run_id, &visitor, results)
                                 : store_visit_newest_micro_run(store, &visitor, results);
  *found = ok && results->cells != NULL ? results : NULL;
  if (*found == NULL) micro_results_free(results);
  return ok;
}

bool micro_results_find(struct store *store, struct micro_results **results) { return load(store, NULL, results); }

struct micro_results *micro_results_load(struct store *store, const char *run_id)
{
  struct micro_results *results = NULL;
  if (load(store, run_id, &results) && results == NULL)
    fprintf(stderr, "gclab: %s: there are no micro-benchmarks in it; 'gclab micro' runs them\n", store_path(store));
  return results;
}

void micro_results_free(struct micro_results *results)
{
  if (results == NULL) return;
  for (size_t i = 0; results->cells != NULL && i < results->row_count * results->column_count; i++) {
    free(results->cells[i].measurements);
    free(results->cells[i].skip);
  }
  for (size_t i = 0; i < results->row_count; i++) {
    free(results->rows[i].name);
    free(results->rows[i].limit);
  }
  for (size_t i = 0; i < results->column_count; i++) {
    const struct micro_column *column = &results->columns[i];
    char *const texts[] = {column->collector, column->version, column->build_id, column->knobs, column->allocator};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) free(texts[k]);
  }
  char *const texts[] = {results->id,      results->host,     results->command,   results->size,
                         results->version, results->revision, results->created_at};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) free(texts[k]);
  free(results->cells);
  free(results->rows);
  free(results->columns);
  free(results);
}

/* ---- what they say ---------------------------------------------------------------------------------------------- */

struct stats_spread micro_results_time(const struct micro_results *results, size_t row, size_t column)
{
  const struct micro_cell *cell = micro_results_cell(results, row, column);
  if (cell->count == 0) return (struct stats_spread){0};
  double *values = memory_require(reallocarray(NULL, cell->count, sizeof *values));
  for (size_t i = 0; i < cell->count; i++) values[i] = cell->measurements[i].cpu_ns;
  const struct stats_spread spread = stats_spread_of(values, cell->count);
  free(values);
  return spread;
}

/* The machine's measurements of a row's limit, or NULL. */
static const struct micro_cell *limit_of(const struct micro_results *results, size_t row)
{
  if (results->rows[row].limit[0] == '\0') return NULL;
  const int limit = micro_results_row(results, results->rows[row].limit);
  const int machine = micro_results_column(results, STORE_MICRO_MACHINE);
  if (limit < 0 || machine < 0) return NULL;
  const struct micro_cell *cell = micro_results_cell(results, (size_t)limit, (size_t)machine);
  return cell->count > 0 ? cell : NULL;
}

double micro_results_limit_ns(const struct micro_results *results, size_t row)
{
  if (limit_of(results, row) == NULL) return NAN;
  const int limit = micro_results_row(results, results->rows[row].limit);
  const int machine = micro_results_column(results, STORE_MICRO_MACHINE);
  return micro_results_time(results, (size_t)limit, (size_t)machine).median * results->rows[row].limit_scale;
}

/* The measurement of this repetition, or NULL. */
static const struct micro_measurement *of_repetition(const struct micro_cell *cell, int64_t repetition)
{
  for (size_t i = 0; i < cell->count; i++) {
    if (cell->measurements[i].repetition == repetition) return &cell->measurements[i];
  }
  return NULL;
}

double micro_results_ratio(const struct micro_results *results, size_t row, size_t column)
{
  const struct micro_cell *cell = micro_results_cell(results, row, column), *limit = limit_of(results, row);
  if (cell->count == 0 || limit == NULL) return NAN;
  double *ratios = memory_require(reallocarray(NULL, cell->count, sizeof *ratios));
  size_t count = 0;
  for (size_t i = 0; i < cell->count; i++) {
    const struct micro_measurement *beside = of_repetition(limit, cell->measurements[i].repetition);
    if (beside == NULL || beside->cpu_ns <= 0) continue;
    ratios[count++] = cell->measurements[i].cpu_ns / (beside->cpu_ns * results->rows[row].limit_scale);
  }
  const double median = count > 0 ? stats_median(ratios, count) : NAN;
  free(ratios);
  return median;
}

double micro_results_instructions(const struct micro_cell *cell)
{
  return cell->operations > 0 ? (double)cell->instructions / (double)cell->operations : NAN;
}

double micro_results_library_instructions(const struct micro_cell *cell)
{
  return cell->operations > 0 ? (double)cell->library_instructions / (double)cell->operations : NAN;
}
