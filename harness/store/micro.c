#include "harness/store/micro.h"

#include "harness/store/internal.h"

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* One row: texts, then whole numbers, then reals, in this order of columns. */
struct values {
  const char *const *texts;
  int text_count;
  const int64_t *numbers;
  int number_count;
  const double *reals;
  int real_count;
};

static bool insert(struct store *store, const char *sql, const struct values *values, const char *doing)
{
  sqlite3_stmt *statement = store_prepare(store, sql, doing);
  if (statement == NULL) return false;
  int index = 1;
  for (int i = 0; i < values->text_count; i++) store_bind_text(statement, index++, values->texts[i]);
  for (int i = 0; i < values->number_count; i++) sqlite3_bind_int64(statement, index++, values->numbers[i]);
  for (int i = 0; i < values->real_count; i++) sqlite3_bind_double(statement, index++, values->reals[i]);
  return store_finish(store, statement, doing);
}

static bool put_run(struct store *store, const struct store_micro_run *run, const char *doing)
{
  const char *const texts[] = {run->id,      run->host_id,  run->command,   run->size,
                               run->version, run->revision, run->created_at};
  const int64_t numbers[] = {(int64_t)run->seed};
  return insert(store,
                "INSERT INTO micro_run(id, host_id, command, size, version, revision, created_at, seed)"
                " VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                &(struct values){.texts = texts, .text_count = 7, .numbers = numbers, .number_count = 1}, doing);
}

static bool put_program(struct store *store, const char *run_id, const struct store_micro_program *program,
                        size_t position, const char *doing)
{
  const char *const texts[] = {run_id,         program->collector, program->collector_version, program->build_id,
                               program->knobs, program->allocator};
  const int64_t numbers[] = {(int64_t)position};
  return insert(store,
                "INSERT INTO micro_program(run_id, collector, collector_version, build_id, knobs, allocator, position)"
                " VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                &(struct values){.texts = texts, .text_count = 6, .numbers = numbers, .number_count = 1}, doing);
}

static bool put_benchmark(struct store *store, const char *run_id, const struct store_micro_benchmark *benchmark,
                          size_t position, const char *doing)
{
  const char *const texts[] = {run_id, benchmark->name, benchmark->limit_name};
  const int64_t numbers[] = {(int64_t)position};
  const double reals[] = {benchmark->limit_scale};
  return insert(
      store,
      "INSERT INTO micro_benchmark(run_id, benchmark, limit_name, position, limit_scale)"
      " VALUES(?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      &(struct values){
          .texts = texts, .text_count = 3, .numbers = numbers, .number_count = 1, .reals = reals, .real_count = 1},
      doing);
}

static bool put_skipped(struct store *store, const char *run_id, const struct store_micro_skipped *skipped,
                        const char *doing)
{
  const char *const texts[] = {run_id, skipped->collector, skipped->benchmark, skipped->reason};
  return insert(store,
                "INSERT INTO micro_skipped(run_id, collector, benchmark, reason) VALUES(?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                &(struct values){.texts = texts, .text_count = 4}, doing);
}

bool store_put_micro_run(struct store *store, const struct store_host *host, const struct store_micro_run *run,
                         const struct store_micro_program *programs, size_t program_count,
                         const struct store_micro_benchmark *benchmarks, size_t benchmark_count,
                         const struct store_micro_skipped *skipped, size_t skipped_count)
{
  static const char doing[] = "the run of micro-benchmarks could not be saved";
  if (!store_begin(store, doing)) return false;
  bool ok = store_put_host(store, host, doing) && put_run(store, run, doing);
  for (size_t i = 0; ok && i < program_count; i++) ok = put_program(store, run->id, &programs[i], i, doing);
  for (size_t i = 0; ok && i < benchmark_count; i++) ok = put_benchmark(store, run->id, &benchmarks[i], i, doing);
  for (size_t i = 0; ok && i < skipped_count; i++) ok = put_skipped(store, run->id, &skipped[i], doing);
  return store_end(store, ok, doing);
}

bool store_put_micro_results(struct store *store, const char *run_id, const struct store_micro_result *results,
                             size_t count)
{
  static const char doing[] = "results of micro-benchmarks could not be saved";
  static const char sql[] = "INSERT INTO micro_result(run_id, collector, benchmark, repetition, iterations, real_ns,"
                            " cpu_ns) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
  if (!store_begin(store, doing)) return false;
  bool ok = true;
  for (size_t i = 0; ok && i < count; i++) {
    const struct store_micro_result *result = &results[i];
    const char *const texts[] = {run_id, result->collector, result->benchmark};
    const int64_t numbers[] = {result->repetition, result->iterations};
    const double reals[] = {result->real_ns, result->cpu_ns};
    ok = insert(
        store, sql,
        &(struct values){
            .texts = texts, .text_count = 3, .numbers = numbers, .number_count = 2, .reals = reals, .real_count = 2},
        doing);
  }
  return store_end(store, ok, doing);
}

bool store_put_micro_instructions(struct store *store, const char *run_id, const struct store_micro_instructions *rows,
                                  size_t count)
{
  static const char doing[] = "counts of instructions could not be saved";
  static const char sql[] =
      "INSERT INTO micro_instructions(run_id, collector, benchmark, operations, instructions, library_instructions)"
      " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
  if (!store_begin(store, doing)) return false;
  bool ok = true;
  for (size_t i = 0; ok && i < count; i++) {
    const char *const texts[] = {run_id, rows[i].collector, rows[i].benchmark};
    const int64_t numbers[] = {rows[i].operations, rows[i].instructions, rows[i].library_instructions};
    ok = insert(store, sql, &(struct values){.texts = texts, .text_count = 3, .numbers = numbers, .number_count = 3},
                doing);
  }
  return store_end(store, ok, doing);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static const char reading[] = "micro-benchmarks could not be read";

struct visit {
  const struct store_micro_visitor *visitor;
  void *context;
};

/* Steps through the rows of a query about one run.  False after a message. */
static bool each(struct store *store, const char *sql, const char *run_id, const struct visit *visit,
                 bool (*take)(const struct visit *visit, sqlite3_stmt *row))
{
  sqlite3_stmt *statement = store_prepare(store, sql, reading);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, run_id);
  int step = sqlite3_step(statement);
  while (step == SQLITE_ROW && take(visit, statement)) step = sqlite3_step(statement);
  const bool ok = step == SQLITE_ROW || step == SQLITE_DONE || store_fail(store, reading);
  sqlite3_finalize(statement);
  return ok;
}

static bool take_run(const struct visit *visit, sqlite3_stmt *row)
{
  const struct store_micro_run run = {.id = store_column_text(row, 0),
                                      .host_id = store_column_text(row, 1),
                                      .host_name = store_column_text(row, 2),
                                      .command = store_column_text(row, 3),
                                      .size = store_column_text(row, 4),
                                      .version = store_column_text(row, 5),
                                      .revision = store_column_text(row, 6),
                                      .created_at = store_column_text(row, 7),
                                      .seed = (uint64_t)sqlite3_column_int64(row, 8)};
  return visit->visitor->run(visit->context, &run);
}

static bool take_program(const struct visit *visit, sqlite3_stmt *row)
{
  const struct store_micro_program program = {.collector = store_column_text(row, 0),
                                              .collector_version = store_column_text(row, 1),
                                              .build_id = store_column_text(row, 2),
                                              .knobs = store_column_text(row, 3),
                                              .allocator = store_column_text(row, 4)};
  return visit->visitor->program(visit->context, &program);
}

static bool take_benchmark(const struct visit *visit, sqlite3_stmt *row)
{
  const struct store_micro_benchmark benchmark = {.name = store_column_text(row, 0),
                                                  .limit_name = store_column_text(row, 1),
                                                  .limit_scale = sqlite3_column_double(row, 2)};
  return visit->visitor->benchmark(visit->context, &benchmark);
}

static bool take_result(const struct visit *visit, sqlite3_stmt *row)
{
  const struct store_micro_result result = {.collector = store_column_text(row, 0),
                                            .benchmark = store_column_text(row, 1),
                                            .repetition = sqlite3_column_int64(row, 2),
                                            .iterations = sqlite3_column_int64(row, 3),
                                            .real_ns = sqlite3_column_double(row, 4),
                                            .cpu_ns = sqlite3_column_double(row, 5)};
  return visit->visitor->result(visit->context, &result);
}

static bool take_skipped(const struct visit *visit, sqlite3_stmt *row)
{
  const struct store_micro_skipped skipped = {.collector = store_column_text(row, 0),
                                              .benchmark = store_column_text(row, 1),
                                              .reason = store_column_text(row, 2)};
  return visit->visitor->skipped(visit->context, &skipped);
}

static bool take_instructions(const struct visit *visit, sqlite3_stmt *row)
{
  const struct store_micro_instructions instructions = {.collector = store_column_text(row, 0),
                                                        .benchmark = store_column_text(row, 1),
                                                        .operations = sqlite3_column_int64(row, 2),
                                                        .instructions = sqlite3_column_int64(row, 3),
                                                        .library_instructions = sqlite3_column_int64(row, 4)};
  return visit->visitor->instructions(visit->context, &instructions);
}

bool store_visit_micro_run(struct store *store, const char *run_id, const struct store_micro_visitor *visitor,
                           void *context)
{
  const struct visit visit = {.visitor = visitor, .context = context};
  return each(store,
              "SELECT r.id, r.host_id, h.name, r.command, r.size, r.version, r.revision, r.created_at, r.seed"
              " FROM micro_run r JOIN host h ON h.id = r.host_id WHERE r.id = ?",
              run_id, &visit, take_run) &&
         each(store,
              "SELECT collector, collector_version, build_id, knobs, allocator FROM micro_program WHERE run_id = ?"
              " ORDER BY position",
              run_id, &visit, take_program) &&
         each(store,
              "SELECT benchmark, limit_name, limit_scale FROM micro_benchmark WHERE run_id = ? ORDER BY position",
              run_id, &visit, take_benchmark) &&
         each(store,
              "SELECT collector, benchmark, repetition, iterations, real_ns, cpu_ns FROM micro_result WHERE run_id = ?"
              " ORDER BY repetition",
              run_id, &visit, take_result) &&
         each(store, "SELECT collector, benchmark, reason FROM micro_skipped WHERE run_id = ?", run_id, &visit,
              take_skipped) &&
         each(store,
              "SELECT collector, benchmark, operations, instructions, library_instructions FROM micro_instructions"
              " WHERE run_id = ?",
              run_id, &visit, take_instructions);
}

/* Is there such a table?  Not in a database of an older version that is only read. */
static bool has_runs(struct store *store, bool *ok)
{
  sqlite3_stmt *statement =
      store_prepare(store, "SELECT count(*) FROM sqlite_master WHERE name = 'micro_result'", reading);
  *ok = statement != NULL && (sqlite3_step(statement) == SQLITE_ROW || store_fail(store, reading));
  const bool found = *ok && sqlite3_column_int64(statement, 0) > 0;
  sqlite3_finalize(statement);
  return found;
}

bool store_visit_newest_micro_run(struct store *store, const struct store_micro_visitor *visitor, void *context)
{
  bool ok = true;
  if (!has_runs(store, &ok)) return ok;
  sqlite3_stmt *statement =
      store_prepare(store,
                    "SELECT id FROM micro_run r WHERE EXISTS (SELECT 1 FROM micro_result WHERE run_id = r.id)"
                    " ORDER BY created_at DESC LIMIT 1",
                    reading);
  if (statement == NULL) return false;
  const int step = sqlite3_step(statement);
  ok = step == SQLITE_ROW || step == SQLITE_DONE || store_fail(store, reading);
  if (step == SQLITE_ROW) ok = store_visit_micro_run(store, store_column_text(statement, 0), visitor, context);
  sqlite3_finalize(statement);
  return ok;
}
