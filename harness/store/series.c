/* The series of a trial: rows of the table `series`, one a kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/internal.h"

/* More rows than this come from damage alone: no journal has room for them. */
enum { SERIES_ROWS_MAX = 1 << 28 };

static bool put_blob(struct store *store, const char *trial_id, const char *kind, size_t count, const uint8_t *data,
                     size_t bytes)
{
  static const char doing[] = "a trial's series could not be saved";
  if (data == NULL) {
    fprintf(stderr, "gclab: %s: %s: there is not enough memory\n", store->path, doing);
    return false;
  }
  sqlite3_stmt *statement =
      store_prepare(store, "INSERT INTO series(trial_id, kind, count, data) VALUES(?, ?, ?, ?)", doing);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, trial_id);
  store_bind_text(statement, 2, kind);
  sqlite3_bind_int64(statement, 3, (sqlite3_int64)count);
  sqlite3_bind_blob64(statement, 4, data, bytes, SQLITE_STATIC);
  return store_finish(store, statement, doing);
}

static bool put_packed(struct store *store, const char *trial_id, const char *kind, size_t count, uint8_t *data,
                       size_t bytes)
{
  const bool done = put_blob(store, trial_id, kind, count, data, bytes);
  free(data);
  return done;
}

/* "short": numbers, each as eight bytes, least significant first; their order is docs/schema.md's. */
enum { SHORT_SCALARS = 7, SHORT_NUMBERS = SHORT_SCALARS + JOURNAL_HISTOGRAM_BUCKETS, SHORT_BYTES = 8 * SHORT_NUMBERS };

static void save_number(uint8_t *data, uint64_t value)
{
  for (int i = 0; i < 8; i++) data[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t load_number(const uint8_t *data)
{
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value |= (uint64_t)data[i] << 8 * i;
  return value;
}

static bool put_short(struct store *store, const char *trial_id, const struct store_series *series)
{
  uint8_t data[SHORT_BYTES];
  const uint64_t scalars[SHORT_SCALARS] = {series->short_count,      series->short_ns,      series->short_max_objects,
                                           series->cascade_floor_ns, series->dropped_count, series->dropped_ns,
                                           series->requests_dropped};
  for (int i = 0; i < SHORT_SCALARS; i++) save_number(data + 8 * i, scalars[i]);
  for (int i = 0; i < JOURNAL_HISTOGRAM_BUCKETS; i++)
    save_number(data + 8 * (SHORT_SCALARS + i), series->short_histogram[i]);
  return put_blob(store, trial_id, "short", series->short_count, data, sizeof data);
}

bool store_put_series(struct store *store, const char *trial_id, const struct store_series *series)
{
  size_t bytes = 0;
  uint8_t *data = NULL;
  if (series->pause_count > 0) {
    data = store_pack_pauses(series->pauses, series->pause_count, &bytes);
    if (!put_packed(store, trial_id, "pauses", series->pause_count, data, bytes)) return false;
  }
  if (series->request_count > 0) {
    data = store_pack_requests(series->requests, series->request_count, &bytes);
    if (!put_packed(store, trial_id, "requests", series->request_count, data, bytes)) return false;
  }
  if (series->heap_count > 0) {
    data = store_pack_heap(series->heap, series->heap_count, &bytes);
    if (!put_packed(store, trial_id, "heap", series->heap_count, data, bytes)) return false;
  }
  if (series->phase_count > 0) {
    data = store_pack_phases(series->phases, series->phase_count, &bytes);
    if (!put_packed(store, trial_id, "phases", series->phase_count, data, bytes)) return false;
  }
  if (series->floating_count > 0) {
    data = store_pack_floating(series->floating, series->floating_count, &bytes);
    if (!put_packed(store, trial_id, "floating", series->floating_count, data, bytes)) return false;
  }
  return series->short_histogram == NULL || put_short(store, trial_id, series);
}

static bool unpack_short(const uint8_t *data, size_t bytes, struct store_series *series)
{
  if (bytes != SHORT_BYTES) return false;
  uint64_t *histogram = malloc(JOURNAL_HISTOGRAM_BUCKETS * sizeof *histogram);
  if (histogram == NULL) return false;
  uint64_t *const scalars[SHORT_SCALARS] = {
      &series->short_count,   &series->short_ns,   &series->short_max_objects, &series->cascade_floor_ns,
      &series->dropped_count, &series->dropped_ns, &series->requests_dropped};
  for (int i = 0; i < SHORT_SCALARS; i++) *scalars[i] = load_number(data + 8 * i);
  for (int i = 0; i < JOURNAL_HISTOGRAM_BUCKETS; i++) histogram[i] = load_number(data + 8 * (SHORT_SCALARS + i));
  free((void *)series->short_histogram);
  series->short_histogram = histogram;
  return true;
}

/* Unpacks one blob into memory of its own, which becomes part of the series even where unpacking fails. */
static bool unpack_kind(const char *kind, const uint8_t *data, size_t bytes, size_t count, struct store_series *series)
{
  if (strcmp(kind, "short") == 0) return unpack_short(data, bytes, series);
  if (strcmp(kind, "pauses") == 0) {
    struct journal_row *rows = calloc(count + 1, sizeof *rows);
    series->pauses = rows;
    series->pause_count = count;
    return rows != NULL && store_unpack_pauses(data, bytes, count, rows);
  }
  if (strcmp(kind, "requests") == 0) {
    struct journal_request *rows = calloc(count + 1, sizeof *rows);
    series->requests = rows;
    series->request_count = count;
    return rows != NULL && store_unpack_requests(data, bytes, count, rows);
  }
  if (strcmp(kind, "heap") == 0) {
    struct store_heap_sample *rows = calloc(count + 1, sizeof *rows);
    series->heap = rows;
    series->heap_count = count;
    return rows != NULL && store_unpack_heap(data, bytes, count, rows);
  }
  if (strcmp(kind, "phases") == 0) {
    struct journal_phase *rows = calloc(count + 1, sizeof *rows);
    series->phases = rows;
    series->phase_count = count;
    return rows != NULL && store_unpack_phases(data, bytes, count, rows);
  }
  if (strcmp(kind, "floating") == 0) {
    struct store_floating *rows = calloc(count + 1, sizeof *rows);
    series->floating = rows;
    series->floating_count = count;
    return rows != NULL && store_unpack_floating(data, bytes, count, rows);
  }
  return true; /* of a later gclab */
}

static bool load_row(struct store *store, sqlite3_stmt *statement, const char *trial_id, struct store_series *series)
{
  const char *kind = store_column_text(statement, 0);
  const int64_t count = sqlite3_column_int64(statement, 1);
  const uint8_t *data = sqlite3_column_blob(statement, 2);
  const size_t bytes = (size_t)sqlite3_column_bytes(statement, 2);
  const bool is_short = strcmp(kind, "short") == 0; /* counts cascades, not rows */
  if ((is_short || (count >= 0 && count <= SERIES_ROWS_MAX)) && unpack_kind(kind, data, bytes, (size_t)count, series))
    return true;
  fprintf(stderr,
          "gclab: %s: the series '%s' of trial %.8s is damaged: delete that trial (docs/schema.md) and run its "
          "campaign again to measure it anew\n",
          store->path, kind, trial_id);
  return false;
}

bool store_load_series(struct store *store, const char *trial_id, struct store_series *series)
{
  static const char doing[] = "a trial's series could not be read";
  *series = (struct store_series){0};
  sqlite3_stmt *statement = store_prepare(store, "SELECT kind, count, data FROM series WHERE trial_id = ?", doing);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, trial_id);
  int step = SQLITE_DONE;
  bool ok = true;
  while (ok && (step = sqlite3_step(statement)) == SQLITE_ROW) ok = load_row(store, statement, trial_id, series);
  if (ok && step != SQLITE_DONE) ok = store_fail(store, doing);
  sqlite3_finalize(statement);
  if (!ok) store_series_free(series);
  return ok;
}

void store_series_free(struct store_series *series)
{
  free((void *)series->pauses);
  free((void *)series->requests);
  free((void *)series->heap);
  free((void *)series->phases);
  free((void *)series->floating);
  free((void *)series->short_histogram);
  *series = (struct store_series){0};
}
