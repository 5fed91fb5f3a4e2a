/* Reading campaigns and trials. */
#include <stdio.h>
#include <string.h>

#include "harness/store/internal.h"

static const char reading[] = "it could not be read";

#define CAMPAIGN_COLUMNS                                                                                               \
  "c.id, c.name, c.host_id, c.plan, c.command, c.version, c.revision, c.created_at, c.updated_at, c.status,"           \
  " c.seed, c.blocks"

bool store_each_campaign(struct store *store, store_campaign_visitor *visit, void *context)
{
  static const char sql[] = "SELECT " CAMPAIGN_COLUMNS ", h.id, h.name, h.environment FROM campaign c"
                            " JOIN host h ON h.id = c.host_id ORDER BY c.created_at, c.id";
  sqlite3_stmt *statement = store_prepare(store, sql, reading);
  if (statement == NULL) return false;
  int step = SQLITE_DONE;
  bool on = true;
  while (on && (step = sqlite3_step(statement)) == SQLITE_ROW) {
    const struct store_campaign campaign = {.id = store_column_text(statement, 0),
                                            .name = store_column_text(statement, 1),
                                            .host_id = store_column_text(statement, 2),
                                            .plan = store_column_text(statement, 3),
                                            .command = store_column_text(statement, 4),
                                            .version = store_column_text(statement, 5),
                                            .revision = store_column_text(statement, 6),
                                            .created_at = store_column_text(statement, 7),
                                            .updated_at = store_column_text(statement, 8),
                                            .status = store_column_text(statement, 9),
                                            .seed = (uint64_t)sqlite3_column_int64(statement, 10),
                                            .blocks = (uint64_t)sqlite3_column_int64(statement, 11)};
    const struct store_host host = {.id = store_column_text(statement, 12),
                                    .name = store_column_text(statement, 13),
                                    .environment = store_column_text(statement, 14)};
    on = visit(context, &campaign, &host);
  }
  const bool ok = !on || step == SQLITE_DONE || store_fail(store, reading);
  sqlite3_finalize(statement);
  return ok;
}

#define TRIAL_COLUMNS                                                                                                  \
  "t.id, t.campaign_id, t.cell_id, t.outcome, t.message, t.started_at, t.allocator, t.checksum, t.block, t.position,"  \
  " t.seed, t.signal, t.wall_ns, t.cpu_ns, t.gc_ns, t.process_ns, t.startup_ns, t.pauses, t.pause_p50_ns,"             \
  " t.pause_p99_ns, t.pause_max_ns, t.allocations, t.allocated_bytes, t.collections, t.held_objects, t.held_bytes,"    \
  " t.peak_heap_bytes, t.peak_footprint_bytes, t.vmhwm_bytes, t.steal_ticks, t.record"

enum { TRIAL_COLUMN_COUNT = 31 };

static struct store_trial read_trial(sqlite3_stmt *statement)
{
  struct store_trial trial = {0};
  const char **const texts[] = {&trial.id,      &trial.campaign_id, &trial.cell_id,   &trial.outcome,
                                &trial.message, &trial.started_at,  &trial.allocator, &trial.checksum};
  int64_t *const numbers[] = {&trial.block,
                              &trial.position,
                              &trial.seed,
                              &trial.signal,
                              &trial.wall_ns,
                              &trial.cpu_ns,
                              &trial.gc_ns,
                              &trial.process_ns,
                              &trial.startup_ns,
                              &trial.pauses,
                              &trial.pause_p50_ns,
                              &trial.pause_p99_ns,
                              &trial.pause_max_ns,
                              &trial.allocations,
                              &trial.allocated_bytes,
                              &trial.collections,
                              &trial.held_objects,
                              &trial.held_bytes,
                              &trial.peak_heap_bytes,
                              &trial.peak_footprint_bytes,
                              &trial.vmhwm_bytes,
                              &trial.steal_ticks};
  int column = 0;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) *texts[i] = store_column_text(statement, column++);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    *numbers[i] = store_column_number(statement, column++);
  trial.record = store_column_text(statement, column);
  return trial;
}

static struct store_cell read_cell(sqlite3_stmt *statement, int column)
{
  struct store_cell cell = {0};
  const char **const texts[] = {&cell.id,         &cell.collector, &cell.collector_version,
                                &cell.build_id,   &cell.workload,  &cell.knobs,
                                &cell.parameters, &cell.varied,    &cell.size,
                                &cell.allocator,  &cell.twin_of};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) *texts[i] = store_column_text(statement, column++);
  return cell;
}

/* A store without the table of twins, which is an older one, has none. */
#define EACH_TRIAL(twin_column, twin_join)                                                                             \
  "SELECT " TRIAL_COLUMNS ", e.id, e.collector, e.collector_version, e.build_id, e.workload, e.knobs,"                 \
  " e.parameters, e.varied, e.size, e.allocator, " twin_column                                                         \
  " FROM trial t JOIN cell e ON e.id = t.cell_id JOIN campaign c ON c.id = t.campaign_id"                              \
  " LEFT JOIN campaign_cell p ON p.campaign_id = t.campaign_id AND p.cell_id = t.cell_id" twin_join                    \
  " WHERE ?1 IS NULL OR t.campaign_id = ?1 ORDER BY c.created_at, c.id, p.position, t.block, t.id"

bool store_each_trial(struct store *store, const char *campaign_id, store_trial_visitor *visit, void *context)
{
  static const char with_twins[] =
      EACH_TRIAL("w.of_cell_id", " LEFT JOIN twin w ON w.campaign_id = t.campaign_id AND w.cell_id = t.cell_id");
  static const char without_twins[] = EACH_TRIAL("NULL", "");
  sqlite3_stmt *statement = store_prepare(store, store->version >= 3 ? with_twins : without_twins, reading);
  if (statement == NULL) return false;
  store_bind_text(statement, 1, campaign_id);
  int step = SQLITE_DONE;
  bool on = true;
  while (on && (step = sqlite3_step(statement)) == SQLITE_ROW) {
    const struct store_trial trial = read_trial(statement);
    const struct store_cell cell = read_cell(statement, TRIAL_COLUMN_COUNT);
    on = visit(context, &trial, &cell);
  }
  const bool ok = !on || step == SQLITE_DONE || store_fail(store, reading);
  sqlite3_finalize(statement);
  return ok;
}

enum { ID_BYTES = 33, LISTED_MAX = 5 };

/* Puts the id of the statement's first row into id; returns how many rows there are, at most 2, or -1. */
static int first_id(struct store *store, const char *sql, const char *wanted, char *id)
{
  sqlite3_stmt *statement = store_prepare(store, sql, reading);
  if (statement == NULL) return -1;
  store_bind_text(statement, 1, wanted);
  int rows = 0;
  int step = SQLITE_DONE;
  while (rows < 2 && (step = sqlite3_step(statement)) == SQLITE_ROW) {
    if (rows++ == 0) snprintf(id, ID_BYTES, "%s", store_column_text(statement, 0));
  }
  if (rows < 2 && step != SQLITE_DONE) {
    store_fail(store, reading);
    rows = -1;
  }
  sqlite3_finalize(statement);
  return rows;
}

static void list_campaigns(struct store *store)
{
  sqlite3_stmt *statement =
      store_prepare(store, "SELECT name, id, created_at FROM campaign ORDER BY updated_at DESC LIMIT 5", reading);
  if (statement == NULL) return;
  fprintf(stderr, "gclab: the newest campaigns in it, with the beginnings of their ids:\n");
  while (sqlite3_step(statement) == SQLITE_ROW) {
    fprintf(stderr, "  %-20s %.8s  begun %.16s\n", store_column_text(statement, 0), store_column_text(statement, 1),
            store_column_text(statement, 2));
  }
  sqlite3_finalize(statement);
}

bool store_find_campaign(struct store *store, const char *campaign, char *id)
{
  if (campaign == NULL) {
    const int rows = first_id(
        store, "SELECT id FROM campaign WHERE ?1 IS NULL ORDER BY updated_at DESC, created_at DESC, id", NULL, id);
    if (rows == 0)
      fprintf(stderr, "gclab: %s: there is no campaign in it yet: `gclab run` measures one\n", store->path);
    return rows > 0;
  }
  static const char *const by_name[] = {
      "SELECT id FROM campaign WHERE id = ?1",
      "SELECT id FROM campaign WHERE name = ?1 ORDER BY updated_at DESC, created_at DESC, id",
  };
  for (int i = 0; i < 2; i++) {
    const int rows = first_id(store, by_name[i], campaign, id);
    if (rows != 0) return rows > 0;
  }
  const int rows =
      first_id(store, "SELECT id FROM campaign WHERE length(?1) > 0 AND substr(id, 1, length(?1)) = ?1", campaign, id);
  if (rows == 1 || rows < 0) return rows == 1;
  fprintf(stderr,
          rows > 1 ? "gclab: %s: more than one campaign's id begins with '%s'\n"
                   : "gclab: %s: there is no campaign '%s' in it\n",
          store->path, campaign);
  list_campaigns(store);
  return false;
}
