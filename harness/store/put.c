/* Writing.  Every function is one transaction, and what is there already stays as it is. */
#include "harness/store/internal.h"

bool store_put_host(struct store *store, const struct store_host *host, const char *doing)
{
  sqlite3_stmt *statement =
      store_prepare(store, "INSERT INTO host(id, name, environment) VALUES(?, ?, ?) ON CONFLICT DO NOTHING", doing);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, host->id);
  store_bind_text(statement, 2, host->name);
  store_bind_text(statement, 3, host->environment);
  return store_finish(store, statement, doing);
}

static bool put_campaign(struct store *store, const struct store_campaign *campaign, const char *doing)
{
  static const char sql[] =
      "INSERT INTO campaign(id, name, host_id, plan, command, seed, blocks, version, revision, created_at, updated_at,"
      " status) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
      " ON CONFLICT(id) DO UPDATE SET blocks = max(blocks, excluded.blocks), updated_at = excluded.updated_at,"
      " status = excluded.status";
  sqlite3_stmt *statement = store_prepare(store, sql, doing);
  if (statement == NULL) return false;
  const char *const texts[] = {campaign->id, campaign->name, campaign->host_id, campaign->plan, campaign->command};
  for (int i = 0; i < 5; i++) store_bind_text(statement, i + 1, texts[i]);
  sqlite3_bind_int64(statement, 6, (sqlite3_int64)campaign->seed);
  sqlite3_bind_int64(statement, 7, (sqlite3_int64)campaign->blocks);
  store_bind_text(statement, 8, campaign->version);
  store_bind_text(statement, 9, campaign->revision);
  store_bind_text(statement, 10, campaign->created_at);
  store_bind_text(statement, 11, campaign->updated_at);
  store_bind_text(statement, 12, campaign->status);
  return store_finish(store, statement, doing);
}

static bool put_cell(struct store *store, const struct store_cell *cell, const char *doing)
{
  static const char sql[] = "INSERT INTO cell(id, collector, collector_version, build_id, workload, knobs, parameters,"
                            " varied, size, allocator) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
  sqlite3_stmt *statement = store_prepare(store, sql, doing);
  if (statement == NULL) return false;
  const char *const texts[] = {cell->id,       cell->collector, cell->collector_version, cell->build_id,
                               cell->workload, cell->knobs,     cell->parameters,        cell->varied,
                               cell->size,     cell->allocator};
  for (int i = 0; i < 10; i++) store_bind_text(statement, i + 1, texts[i]);
  return store_finish(store, statement, doing);
}

static bool put_campaign_cell(struct store *store, const char *campaign_id, const char *cell_id, size_t position,
                              const char *doing)
{
  static const char sql[] =
      "INSERT INTO campaign_cell(campaign_id, cell_id, position) VALUES(?, ?, ?) ON CONFLICT DO NOTHING";
  sqlite3_stmt *statement = store_prepare(store, sql, doing);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, campaign_id);
  store_bind_text(statement, 2, cell_id);
  sqlite3_bind_int64(statement, 3, (sqlite3_int64)position);
  return store_finish(store, statement, doing);
}

static bool put_twin(struct store *store, const char *campaign_id, const struct store_cell *cell, const char *doing)
{
  static const char sql[] = "INSERT INTO twin(campaign_id, cell_id, of_cell_id) VALUES(?, ?, ?) ON CONFLICT DO NOTHING";
  if (cell->twin_of == NULL) return true;
  sqlite3_stmt *statement = store_prepare(store, sql, doing);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, campaign_id);
  store_bind_text(statement, 2, cell->id);
  store_bind_text(statement, 3, cell->twin_of);
  return store_finish(store, statement, doing);
}

bool store_put_campaign(struct store *store, const struct store_host *host, const struct store_campaign *campaign,
                        const struct store_cell *cells, size_t cell_count)
{
  static const char doing[] = "the campaign could not be saved";
  if (!store_begin(store, doing)) return false;
  bool ok = store_put_host(store, host, doing) && put_campaign(store, campaign, doing);
  for (size_t i = 0; ok && i < cell_count; i++) {
    ok = put_cell(store, &cells[i], doing) &&
         put_campaign_cell(store, campaign->id, cells[i].id, cells[i].position, doing) &&
         put_twin(store, campaign->id, &cells[i], doing);
  }
  return store_end(store, ok, doing);
}

bool store_set_status(struct store *store, const char *campaign_id, const char *status, uint64_t blocks)
{
  static const char doing[] = "the campaign's state could not be saved";
  static const char sql[] = "UPDATE campaign SET status = ?2, blocks = max(blocks, ?3),"
                            " updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = ?1";
  sqlite3_stmt *statement = store_prepare(store, sql, doing);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, campaign_id);
  store_bind_text(statement, 2, status);
  sqlite3_bind_int64(statement, 3, (sqlite3_int64)blocks);
  return store_finish(store, statement, doing);
}

static bool insert_trial(struct store *store, const struct store_trial *trial, const char *doing)
{
  static const char sql[] =
      "INSERT INTO trial(id, campaign_id, cell_id, outcome, message, started_at, allocator, checksum, record,"
      " block, position, seed, signal, wall_ns, cpu_ns, gc_ns, process_ns, startup_ns, pauses, pause_p50_ns,"
      " pause_p99_ns, pause_max_ns, allocations, allocated_bytes, collections, held_objects, held_bytes,"
      " peak_heap_bytes, peak_footprint_bytes, vmhwm_bytes, steal_ticks) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  sqlite3_stmt *statement = store_prepare(store, sql, doing);
  if (statement == NULL) return false;
  const char *const texts[] = {trial->id,         trial->campaign_id, trial->cell_id,  trial->outcome, trial->message,
                               trial->started_at, trial->allocator,   trial->checksum, trial->record};
  const int64_t numbers[] = {trial->block,
                             trial->position,
                             trial->seed,
                             trial->signal,
                             trial->wall_ns,
                             trial->cpu_ns,
                             trial->gc_ns,
                             trial->process_ns,
                             trial->startup_ns,
                             trial->pauses,
                             trial->pause_p50_ns,
                             trial->pause_p99_ns,
                             trial->pause_max_ns,
                             trial->allocations,
                             trial->allocated_bytes,
                             trial->collections,
                             trial->held_objects,
                             trial->held_bytes,
                             trial->peak_heap_bytes,
                             trial->peak_footprint_bytes,
                             trial->vmhwm_bytes,
                             trial->steal_ticks};
  const int text_count = sizeof texts / sizeof texts[0];
  for (int i = 0; i < text_count; i++) store_bind_text(statement, i + 1, texts[i]);
  for (int i = 0; i < (int)(sizeof numbers / sizeof numbers[0]); i++)
    store_bind_number(statement, text_count + i + 1, numbers[i]);
  return store_finish(store, statement, doing);
}

bool store_put_trial(struct store *store, const struct store_trial *trial, const struct store_series *series)
{
  static const char doing[] = "a trial could not be saved";
  if (!store_begin(store, doing)) return false;
  if (store_has_trial(store, trial->id)) return store_end(store, true, doing);
  const bool ok = insert_trial(store, trial, doing) && (series == NULL || store_put_series(store, trial->id, series));
  return store_end(store, ok, doing);
}

bool store_set_outcome(struct store *store, const char *trial_id, const char *outcome, const char *message)
{
  static const char doing[] = "a trial's outcome could not be saved";
  sqlite3_stmt *statement = store_prepare(store, "UPDATE trial SET outcome = ?2, message = ?3 WHERE id = ?1", doing);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, trial_id);
  store_bind_text(statement, 2, outcome);
  store_bind_text(statement, 3, message);
  return store_finish(store, statement, doing);
}

bool store_has_trial(struct store *store, const char *trial_id)
{
  static const char doing[] = "it could not be read";
  sqlite3_stmt *statement = store_prepare(store, "SELECT 1 FROM trial WHERE id = ?", doing);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, trial_id);
  const int step = sqlite3_step(statement);
  if (step != SQLITE_ROW && step != SQLITE_DONE) store_fail(store, doing);
  sqlite3_finalize(statement);
  return step == SQLITE_ROW;
}
