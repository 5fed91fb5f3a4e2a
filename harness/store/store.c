/* Opening and closing, transactions, and what is said when SQLite fails. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/store/internal.h"

enum { BUSY_MS = 10000 };

static const char *advice(int code)
{
  static const struct {
    int code;
    const char *text;
  } rows[] = {
      {SQLITE_FULL, "the disk is full: free some space and run the same command again; what was saved is kept"},
      {SQLITE_BUSY, "another program has kept it locked for 10 s: wait for it or end it, then try again"},
      {SQLITE_LOCKED, "another program has kept it locked: wait for it or end it, then try again"},
      {SQLITE_READONLY, "it must not be written: change its permissions or name another file with --store"},
      {SQLITE_PERM, "there is no permission: change its permissions or name another file with --store"},
      {SQLITE_CANTOPEN, "it cannot be opened: look at its permissions and its directory's, or name another file "
                        "with --store"},
      {SQLITE_NOTADB, "it is no results database (not SQLite at all): name another file with --store"},
      {SQLITE_CORRUPT, "it is damaged: `sqlite3 FILE .recover | sqlite3 NEW` saves what can be saved; then use "
                       "--store NEW"},
      {SQLITE_IOERR, "its disk could not be read or written: look at the disk's state and space, and try again"},
      {SQLITE_NOMEM, "there is not enough memory"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].code == (code & 0xff)) return rows[i].text;
  }
  return NULL;
}

bool store_fail(const struct store *store, const char *doing)
{
  const int code = sqlite3_errcode(store->db);
  const char *text = advice(code);
  fprintf(stderr, "gclab: %s: %s: %s\n", store->path, doing, text != NULL ? text : sqlite3_errmsg(store->db));
  return false;
}

sqlite3_stmt *store_prepare(struct store *store, const char *sql, const char *doing)
{
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK) return statement;
  store_fail(store, doing);
  return NULL;
}

bool store_finish(struct store *store, sqlite3_stmt *statement, const char *doing)
{
  if (statement == NULL) return false;
  const bool done = sqlite3_step(statement) == SQLITE_DONE || store_fail(store, doing);
  sqlite3_finalize(statement);
  return done;
}

bool store_execute(struct store *store, const char *sql, const char *doing)
{
  return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(store, doing);
}

bool store_begin(struct store *store, const char *doing) { return store_execute(store, "BEGIN IMMEDIATE", doing); }

bool store_end(struct store *store, bool ok, const char *doing)
{
  if (ok && store_execute(store, "COMMIT", doing)) return true;
  if (!sqlite3_get_autocommit(store->db)) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return false;
}

void store_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
  sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC); /* NULL binds NULL */
}

void store_bind_number(sqlite3_stmt *statement, int index, int64_t value)
{
  if (value == STORE_NONE)
    sqlite3_bind_null(statement, index);
  else
    sqlite3_bind_int64(statement, index, value);
}

const char *store_column_text(sqlite3_stmt *statement, int column)
{
  return (const char *)sqlite3_column_text(statement, column);
}

int64_t store_column_number(sqlite3_stmt *statement, int column)
{
  return sqlite3_column_type(statement, column) == SQLITE_NULL ? STORE_NONE : sqlite3_column_int64(statement, column);
}

/* The one number that a statement gives, or -1 after a failure (whose code is left for the caller to judge). */
static int64_t single_number(struct store *store, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  int64_t number = -1;
  if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) return -1;
  if (sqlite3_step(statement) == SQLITE_ROW) number = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return number;
}

static bool complain(const char *path, const char *text)
{
  fprintf(stderr, "gclab: %s: %s\n", path, text);
  return false;
}

/* Says what SQLite would say less well. */
static bool path_is_usable(const char *path, enum store_mode mode)
{
  struct stat status;
  if (stat(path, &status) == 0) {
    if (S_ISDIR(status.st_mode)) return complain(path, "is a directory: --store wants the name of a file");
    if (!S_ISREG(status.st_mode)) return complain(path, "is no regular file: --store wants the name of one");
    if (access(path, R_OK) != 0)
      return complain(path, "there is no permission to read it: change that or name another file with --store");
    if (mode == STORE_WRITE && access(path, W_OK) != 0)
      return complain(path, "there is no permission to write it: change that or name another file with --store");
    return true;
  }
  if (errno != ENOENT) return complain(path, strerror(errno));
  if (mode == STORE_READ)
    return complain(path, "there is no such file: `gclab run` makes it; or name another with --store");
  char directory[PATH_MAX];
  const char *slash = strrchr(path, '/');
  const int length = slash == NULL ? 0 : (int)(slash - path);
  snprintf(directory, sizeof directory, "%.*s", slash == path ? 1 : length, path);
  if (slash == NULL) snprintf(directory, sizeof directory, ".");
  if (access(directory, F_OK) != 0)
    return complain(path, "its directory is not there: create it, or name another file with --store");
  if (access(directory, W_OK) != 0)
    return complain(path, "there is no permission to create it: name a file elsewhere with --store");
  return true;
}

/* "file:PATH?immutable=1", with what has a meaning in URIs escaped. */
static char *immutable_uri(const char *path)
{
  char *uri = NULL;
  size_t bytes = 0;
  FILE *out = open_memstream(&uri, &bytes);
  if (out == NULL) return NULL;
  fputs("file:", out);
  for (; *path != '\0'; path++) {
    if (strchr("%?#", *path) != NULL)
      fprintf(out, "%%%02X", (unsigned)(unsigned char)*path);
    else
      fputc(*path, out);
  }
  fputs("?immutable=1", out);
  if (fclose(out) == 0) return uri;
  free(uri);
  return NULL;
}

static bool connect(struct store *store, const char *name, int flags)
{
  sqlite3_close(store->db);
  store->db = NULL;
  if (sqlite3_open_v2(name, &store->db, flags, NULL) != SQLITE_OK) return false;
  sqlite3_extended_result_codes(store->db, 1);
  sqlite3_busy_timeout(store->db, BUSY_MS);
  return single_number(store, "SELECT count(*) FROM sqlite_master") >= 0;
}

/*
 * Where neither the file nor its directory can be written, or the disk is full, SQLite cannot set up the shared memory
 * that a database in write-ahead mode wants.  The file alone can be read as one that does not change.
 */
static bool connect_immutable(struct store *store)
{
  char *uri = immutable_uri(store->path);
  if (uri == NULL) return false;
  const bool done = connect(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  free(uri);
  char log[PATH_MAX];
  struct stat status;
  snprintf(log, sizeof log, "%s-wal", store->path);
  if (done && stat(log, &status) == 0 && status.st_size > 0)
    complain(store->path, "nothing can be written beside it, so that what is only in its -wal file yet is not seen");
  return done;
}

/*
 * Opened for writing where that is allowed (SQLite falls back to reading by itself), so that the files which go with
 * the write-ahead mode are cleared away at the end; prepare_to_read forbids any change.
 */
static bool connect_to_read(struct store *store)
{
  if (connect(store, store->path, SQLITE_OPEN_READWRITE)) return true;
  const int code = sqlite3_errcode(store->db) & 0xff;
  return (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_IOERR) && connect_immutable(store);
}

static bool check_version(struct store *store, int64_t version)
{
  if (version > STORE_SCHEMA_VERSION) {
    fprintf(stderr,
            "gclab: %s: it was written by a newer gclab (schema %lld; this one knows %d): update gclab, or name "
            "another file with --store\n",
            store->path, (long long)version, STORE_SCHEMA_VERSION);
    return false;
  }
  store->version = version;
  if (version >= 1 && single_number(store, "PRAGMA application_id") == STORE_APPLICATION_ID) return true;
  return complain(store->path, "it is an SQLite database, but no results of gclab's: name another file with --store");
}

/* Makes the tables that are not there: all of a new database, or what is new since an older version. */
static bool make_tables(struct store *store)
{
  static const char doing[] = "the tables could not be made";
  char mark[128];
  snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION_ID,
           STORE_SCHEMA_VERSION);
  store->version = STORE_SCHEMA_VERSION;
  if (!store_begin(store, doing)) return false;
  bool ok = true;
  for (const char *const *part = store_schema_parts; ok && *part != NULL; part++)
    ok = store_execute(store, *part, doing);
  return store_end(store, ok && store_execute(store, mark, doing), doing);
}

static bool prepare_to_write(struct store *store)
{
  static const char doing[] = "it could not be opened for writing";
  /*
   * A trial with a million pauses is some megabytes.  Large pages save most of the calls that writing it takes, and
   * with SQLite's own limit for the log (4 MB) each such trial would be carried over into the database, and waited for
   * on the disk, between two trials.  4,096 pages are 64 MB.
   */
  static const char settings[] = "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                 "PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4096";
  if (!store_execute(store, settings, doing)) return false;
  const int64_t version = single_number(store, "PRAGMA user_version");
  const bool empty = single_number(store, "SELECT count(*) FROM sqlite_master") == 0;
  if (version == 0 && empty) return make_tables(store);
  return check_version(store, version) && (version == STORE_SCHEMA_VERSION || make_tables(store));
}

static bool prepare_to_read(struct store *store)
{
  if (!store_execute(store, "PRAGMA query_only = ON", "it could not be opened for reading")) return false;
  const int64_t version = single_number(store, "PRAGMA user_version");
  if (version < 0) return store_fail(store, "it could not be read");
  if (version == 0 && single_number(store, "SELECT count(*) FROM sqlite_master") == 0)
    return complain(store->path, "there is nothing in it yet: `gclab run` fills it");
  return check_version(store, version);
}

static bool open_database(struct store *store, enum store_mode mode)
{
  if (!path_is_usable(store->path, mode)) return false;
  if (mode == STORE_READ)
    return (connect_to_read(store) || store_fail(store, "it could not be opened")) && prepare_to_read(store);
  return (connect(store, store->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) ||
          store_fail(store, "it could not be opened")) &&
         prepare_to_write(store);
}

struct store *store_open(const char *path, enum store_mode mode)
{
  struct store *store = calloc(1, sizeof *store);
  if (store != NULL) store->path = strdup(path);
  if (store == NULL || store->path == NULL) {
    complain(path, "there is not enough memory");
    free(store);
    return NULL;
  }
  if (open_database(store, mode)) return store;
  store_close(store);
  return NULL;
}

void store_close(struct store *store)
{
  if (store == NULL) return;
  sqlite3_close(store->db);
  free(store->path);
  free(store);
}

const char *store_path(const struct store *store) { return store->path; }
