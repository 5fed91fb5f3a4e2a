/* Minimum heaps and how they were searched. */
#include "harness/store/internal.h"

enum { WITH_MINHEAPS = 3 }; /* the first version that has the tables */

static const char saving[] = "the minimum heap could not be saved";
static const char reading[] = "it could not be read";

static bool put_row(struct store *store, const struct store_minheap *row)
{
  static const char sql[] =
      "INSERT OR REPLACE INTO minheap(id, collector, workload, size, knobs, parameters, build_id,"
      " created_at, attempts, seed, limit_bytes, precision) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  sqlite3_stmt *statement = store_prepare(store, sql, saving);
  if (statement == NULL) return false;
  const char *const texts[] = {row->id,    row->collector,  row->workload, row->size,
                               row->knobs, row->parameters, row->build_id, row->created_at};
  for (int i = 0; i < 8; i++) store_bind_text(statement, i + 1, texts[i]);
  sqlite3_bind_int64(statement, 9, (sqlite3_int64)row->attempts);
  sqlite3_bind_int64(statement, 10, (sqlite3_int64)row->seed);
  sqlite3_bind_int64(statement, 11, (sqlite3_int64)row->limit_bytes);
  sqlite3_bind_double(statement, 12, row->precision);
  return store_finish(store, statement, saving);
}

static bool put_step(struct store *store, const char *id, size_t position, const struct store_minheap_step *step)
{
  static const char sql[] = "INSERT INTO minheap_step(minheap_id, position, limit_bytes, fits, timed_out)"
                            " VALUES(?, ?, ?, ?, ?)";
  sqlite3_stmt *statement = store_prepare(store, sql, saving);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, id);
  sqlite3_bind_int64(statement, 2, (sqlite3_int64)position);
  sqlite3_bind_int64(statement, 3, (sqlite3_int64)step->limit_bytes);
  sqlite3_bind_int64(statement, 4, step->fits);
  sqlite3_bind_int64(statement, 5, step->timed_out);
  return store_finish(store, statement, saving);
}

static bool delete_steps(struct store *store, const char *id)
{
  sqlite3_stmt *statement = store_prepare(store, "DELETE FROM minheap_step WHERE minheap_id = ?", saving);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, id);
  return store_finish(store, statement, saving);
}

bool store_put_minheap(struct store *store, const struct store_minheap *row, const struct store_minheap_step *steps,
                       size_t count)
{
  if (!store_begin(store, saving)) return false;
  bool ok = delete_steps(store, row->id) && put_row(store, row);
  for (size_t i = 0; ok && i < count; i++) ok = put_step(store, row->id, i, &steps[i]);
  return store_end(store, ok, saving);
}

bool store_find_minheap(struct store *store, const char *id, uint64_t *limit_bytes)
{
  *limit_bytes = 0;
  if (store->version < WITH_MINHEAPS) return true;
  sqlite3_stmt *statement = store_prepare(store, "SELECT limit_bytes FROM minheap WHERE id = ?", reading);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, id);
  const int step = sqlite3_step(statement);
  if (step == SQLITE_ROW) *limit_bytes = (uint64_t)sqlite3_column_int64(statement, 0);
  const bool ok = step == SQLITE_ROW || step == SQLITE_DONE || store_fail(store, reading);
  sqlite3_finalize(statement);
  return ok;
}

bool store_each_minheap(struct store *store, store_minheap_visitor *visit, void *context)
{
  static const char sql[] =
      "SELECT id, collector, workload, size, knobs, parameters, build_id, created_at, attempts, seed,"
      " limit_bytes, precision FROM minheap ORDER BY created_at, id";
  if (store->version < WITH_MINHEAPS) return true;
  sqlite3_stmt *statement = store_prepare(store, sql, reading);
  if (statement == NULL) return false;
  int step = SQLITE_DONE;
  bool on = true;
  while (on && (step = sqlite3_step(statement)) == SQLITE_ROW) {
    struct store_minheap row = {.attempts = (uint64_t)sqlite3_column_int64(statement, 8),
                                .seed = (uint64_t)sqlite3_column_int64(statement, 9),
                                .limit_bytes = (uint64_t)sqlite3_column_int64(statement, 10),
                                .precision = sqlite3_column_double(statement, 11)};
    const char **const texts[] = {&row.id,    &row.collector,  &row.workload, &row.size,
                                  &row.knobs, &row.parameters, &row.build_id, &row.created_at};
    for (int i = 0; i < 8; i++) *texts[i] = store_column_text(statement, i);
    on = visit(context, &row);
  }
  const bool ok = !on || step == SQLITE_DONE || store_fail(store, reading);
  sqlite3_finalize(statement);
  return ok;
}

bool store_each_minheap_step(struct store *store, const char *id, store_minheap_step_visitor *visit, void *context)
{
  static const char sql[] =
      "SELECT limit_bytes, fits, timed_out FROM minheap_step WHERE minheap_id = ? ORDER BY position";
  if (store->version < WITH_MINHEAPS) return true;
  sqlite3_stmt *statement = store_prepare(store, sql, reading);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, id);
  int step = SQLITE_DONE;
  bool on = true;
  while (on && (step = sqlite3_step(statement)) == SQLITE_ROW) {
    const struct store_minheap_step row = {(uint64_t)sqlite3_column_int64(statement, 0),
                                           sqlite3_column_int64(statement, 1) != 0,
                                           sqlite3_column_int64(statement, 2) != 0};
    on = visit(context, &row);
  }
  const bool ok = !on || step == SQLITE_DONE || store_fail(store, reading);
  sqlite3_finalize(statement);
  return ok;
}
