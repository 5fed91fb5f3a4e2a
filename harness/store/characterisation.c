/* Characterisations of workloads: their numbers and curves. */
#include "harness/store/internal.h"

enum { WITH_CHARACTERISATIONS = 2 }; /* the first version that has the tables */

static const char saving[] = "the characterisation could not be saved";
static const char reading[] = "it could not be read";

/* Whatever is there under this id goes first. */
static bool delete_old(struct store *store, const char *id)
{
  static const char *const statements[] = {"DELETE FROM curve WHERE characterisation_id = ?",
                                           "DELETE FROM measure WHERE characterisation_id = ?",
                                           "DELETE FROM characterisation WHERE id = ?"};
  for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
    sqlite3_stmt *statement = store_prepare(store, statements[i], saving);
    if (statement == NULL) return false;
    store_bind_text(statement, 1, id);
    if (!store_finish(store, statement, saving)) return false;
  }
  return true;
}

static bool put_row(struct store *store, const struct store_characterisation *row)
{
  static const char sql[] = "INSERT INTO characterisation(id, workload, size, parameters, varied, build_id,"
                            " heap_build_id, checksum, version, revision, created_at, seed)"
                            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  sqlite3_stmt *statement = store_prepare(store, sql, saving);
  if (statement == NULL) return false;
  const char *const texts[] = {row->id,      row->workload, row->size,          row->parameters,
                               row->varied,  row->build_id, row->heap_build_id, row->checksum,
                               row->version, row->revision, row->created_at};
  enum { TEXTS = sizeof texts / sizeof texts[0] };
  for (int i = 0; i < TEXTS; i++) store_bind_text(statement, i + 1, texts[i]);
  sqlite3_bind_int64(statement, TEXTS + 1, (sqlite3_int64)row->seed);
  return store_finish(store, statement, saving);
}

static bool put_measure(struct store *store, const char *id, const struct store_measure *measure)
{
  sqlite3_stmt *statement =
      store_prepare(store, "INSERT INTO measure(characterisation_id, name, value) VALUES(?, ?, ?)", saving);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, id);
  store_bind_text(statement, 2, measure->name);
  sqlite3_bind_double(statement, 3, measure->value);
  return store_finish(store, statement, saving);
}

static bool put_point(struct store *store, const char *id, const struct store_point *point, size_t position)
{
  sqlite3_stmt *statement = store_prepare(
      store, "INSERT INTO curve(characterisation_id, name, position, x, y) VALUES(?, ?, ?, ?, ?)", saving);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, id);
  store_bind_text(statement, 2, point->curve);
  sqlite3_bind_int64(statement, 3, (sqlite3_int64)position);
  sqlite3_bind_double(statement, 4, point->x);
  sqlite3_bind_double(statement, 5, point->y);
  return store_finish(store, statement, saving);
}

bool store_put_characterisation(struct store *store, const struct store_characterisation *characterisation,
                                const struct store_measure *measures, size_t measure_count,
                                const struct store_point *points, size_t point_count)
{
  const char *id = characterisation->id;
  if (!store_begin(store, saving)) return false;
  bool ok = delete_old(store, id) && put_row(store, characterisation);
  for (size_t i = 0; ok && i < measure_count; i++) ok = put_measure(store, id, &measures[i]);
  for (size_t i = 0; ok && i < point_count; i++) ok = put_point(store, id, &points[i], i);
  return store_end(store, ok, saving);
}

bool store_has_characterisation(struct store *store, const char *id)
{
  if (store->version < WITH_CHARACTERISATIONS) return false;
  sqlite3_stmt *statement = store_prepare(store, "SELECT 1 FROM characterisation WHERE id = ?", reading);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, id);
  const bool found = sqlite3_step(statement) == SQLITE_ROW;
  sqlite3_finalize(statement);
  return found;
}

/* Steps through the rows; a statement's id is bound where it has one. */
static bool each(struct store *store, const char *sql, const char *id, bool (*see)(void *, sqlite3_stmt *),
                 void *context)
{
  if (store->version < WITH_CHARACTERISATIONS) return true;
  sqlite3_stmt *statement = store_prepare(store, sql, reading);
  if (statement == NULL) return false;
  if (id != NULL) store_bind_text(statement, 1, id);
  int step = SQLITE_DONE;
  bool on = true;
  while (on && (step = sqlite3_step(statement)) == SQLITE_ROW) on = see(context, statement);
  const bool ok = !on || step == SQLITE_DONE || store_fail(store, reading);
  sqlite3_finalize(statement);
  return ok;
}

struct visit {
  store_characterisation_visitor *characterisation;
  store_measure_visitor *measure;
  store_point_visitor *point;
  void *context;
};

static bool see_characterisation(void *context, sqlite3_stmt *statement)
{
  const struct visit *visit = context;
  struct store_characterisation row = {0};
  const char **const texts[] = {&row.id,      &row.workload, &row.size,          &row.parameters,
                                &row.varied,  &row.build_id, &row.heap_build_id, &row.checksum,
                                &row.version, &row.revision, &row.created_at};
  enum { TEXTS = sizeof texts / sizeof texts[0] };
  for (int i = 0; i < TEXTS; i++) *texts[i] = store_column_text(statement, i);
  row.seed = (uint64_t)sqlite3_column_int64(statement, TEXTS);
  return visit->characterisation(visit->context, &row);
}

bool store_each_characterisation(struct store *store, store_characterisation_visitor *visit, void *context)
{
  static const char sql[] = "SELECT id, workload, size, parameters, varied, build_id, heap_build_id, checksum, version,"
                            " revision, created_at, seed FROM characterisation ORDER BY created_at, id";
  struct visit visiting = {.characterisation = visit, .context = context};
  return each(store, sql, NULL, see_characterisation, &visiting);
}

static bool see_measure(void *context, sqlite3_stmt *statement)
{
  const struct visit *visit = context;
  const struct store_measure measure = {store_column_text(statement, 0), sqlite3_column_double(statement, 1)};
  return visit->measure(visit->context, &measure);
}

bool store_each_measure(struct store *store, const char *id, store_measure_visitor *visit, void *context)
{
  struct visit visiting = {.measure = visit, .context = context};
  return each(store, "SELECT name, value FROM measure WHERE characterisation_id = ?", id, see_measure, &visiting);
}

static bool see_point(void *context, sqlite3_stmt *statement)
{
  const struct visit *visit = context;
  const struct store_point point = {store_column_text(statement, 0), sqlite3_column_double(statement, 1),
                                    sqlite3_column_double(statement, 2)};
  return visit->point(visit->context, &point);
}

bool store_each_point(struct store *store, const char *id, store_point_visitor *visit, void *context)
{
  struct visit visiting = {.point = visit, .context = context};
  return each(store, "SELECT name, x, y FROM curve WHERE characterisation_id = ? ORDER BY name, position", id,
              see_point, &visiting);
}
