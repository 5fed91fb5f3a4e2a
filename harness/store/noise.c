/* Noise of the platform, as a campaign samples it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/internal.h"

enum { WITH_NOISE = 3 }; /* the first version that has the table */

static const char saving[] = "the noise of the machine could not be saved";
static const char reading[] = "it could not be read";

/* "[0,0,3]": to the last that is not 0. */
static void write_histogram(const uint64_t *histogram, char *text, size_t size)
{
  size_t last = STORE_NOISE_BUCKETS, used = 0;
  while (last > 0 && histogram[last - 1] == 0) last--;
  used += (size_t)snprintf(text, size, "[");
  for (size_t b = 0; b < last && used < size; b++)
    used += (size_t)snprintf(text + used, size - used, "%s%llu", b > 0 ? "," : "", (unsigned long long)histogram[b]);
  if (used < size) snprintf(text + used, size - used, "]");
}

static void read_histogram(const char *text, uint64_t *histogram)
{
  memset(histogram, 0, STORE_NOISE_BUCKETS * sizeof *histogram);
  const char *at = text != NULL && *text == '[' ? text + 1 : "";
  for (size_t b = 0; b < STORE_NOISE_BUCKETS && *at >= '0' && *at <= '9'; b++) {
    char *end = NULL;
    histogram[b] = strtoull(at, &end, 10);
    at = *end == ',' ? end + 1 : end;
  }
}

bool store_put_noise(struct store *store, const struct store_noise *noise)
{
  static const char sql[] = "INSERT INTO noise(campaign_id, at, moment, block, span_ns, floor_ns, gaps, lost_ns,"
                            " longest_ns, histogram) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
  char histogram[STORE_NOISE_BUCKETS * 21 + 3];
  sqlite3_stmt *statement = store_prepare(store, sql, saving);
  if (statement == NULL) return false;
  write_histogram(noise->histogram, histogram, sizeof histogram);
  store_bind_text(statement, 1, noise->campaign_id);
  store_bind_text(statement, 2, noise->at);
  store_bind_text(statement, 3, noise->moment);
  store_bind_number(statement, 4, noise->block);
  const uint64_t numbers[] = {noise->span_ns, noise->floor_ns, noise->gaps, noise->lost_ns, noise->longest_ns};
  for (int i = 0; i < 5; i++) sqlite3_bind_int64(statement, 5 + i, (sqlite3_int64)numbers[i]);
  store_bind_text(statement, 10, histogram);
  return store_finish(store, statement, saving);
}

bool store_each_noise(struct store *store, const char *campaign_id, store_noise_visitor *visit, void *context)
{
  static const char sql[] = "SELECT campaign_id, at, moment, block, span_ns, floor_ns, gaps, lost_ns, longest_ns,"
                            " histogram FROM noise WHERE campaign_id = ? ORDER BY at, moment";
  if (store->version < WITH_NOISE) return true;
  sqlite3_stmt *statement = store_prepare(store, sql, reading);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, campaign_id);
  int step = SQLITE_DONE;
  bool on = true;
  while (on && (step = sqlite3_step(statement)) == SQLITE_ROW) {
    struct store_noise noise = {.campaign_id = store_column_text(statement, 0),
                                .at = store_column_text(statement, 1),
                                .moment = store_column_text(statement, 2),
                                .block = store_column_number(statement, 3),
                                .span_ns = (uint64_t)sqlite3_column_int64(statement, 4),
                                .floor_ns = (uint64_t)sqlite3_column_int64(statement, 5),
                                .gaps = (uint64_t)sqlite3_column_int64(statement, 6),
                                .lost_ns = (uint64_t)sqlite3_column_int64(statement, 7),
                                .longest_ns = (uint64_t)sqlite3_column_int64(statement, 8)};
    read_histogram(store_column_text(statement, 9), noise.histogram);
    on = visit(context, &noise);
  }
  const bool ok = !on || step == SQLITE_DONE || store_fail(store, reading);
  sqlite3_finalize(statement);
  return ok;
}
