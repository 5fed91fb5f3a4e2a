/* What the parts of the store share. */
#ifndef GCLAB_HARNESS_STORE_INTERNAL_H
#define GCLAB_HARNESS_STORE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "harness/store/store.h"

/*
 * Of the parts of the schema, kept in the database as user_version; and "GCLB", kept as application_id.  Versions so
 * far only added tables: 2, micro.sql and characterisation.sql; 3, twin.sql, noise.sql and minheap.sql.
 */
enum { STORE_SCHEMA_VERSION = 3, STORE_APPLICATION_ID = 0x47434c42 };

/* Statements that make what is not there yet; ends with NULL. */
extern const char *const store_schema_parts[];

struct store {
  sqlite3 *db;
  char *path;
  int64_t version; /* of its tables; below STORE_SCHEMA_VERSION where an older one is only read */
};

/* Says that `doing` ("a trial could not be saved") failed, why, and what to do about it.  Returns false. */
bool store_fail(const struct store *store, const char *doing);

/* Prepares sql; NULL after a message. */
sqlite3_stmt *store_prepare(struct store *store, const char *sql, const char *doing);

/* Runs a statement that returns no rows and finalizes it (NULL: false).  Prints a message when it fails. */
bool store_finish(struct store *store, sqlite3_stmt *statement, const char *doing);

/* One statement without parameters. */
bool store_execute(struct store *store, const char *sql, const char *doing);

/* One transaction around writes: begins; ends with commit where ok, else with rollback.  end returns whether all went
 * well. */
bool store_begin(struct store *store, const char *doing);
bool store_end(struct store *store, bool ok, const char *doing);

/* Binding and reading with NULL for what is not there. */
void store_bind_text(sqlite3_stmt *statement, int index, const char *text);
void store_bind_number(sqlite3_stmt *statement, int index, int64_t value);
const char *store_column_text(sqlite3_stmt *statement, int column);
int64_t store_column_number(sqlite3_stmt *statement, int column);

/* A host, inside a transaction. */
bool store_put_host(struct store *store, const struct store_host *host, const char *doing);

/* The series of a trial, inside a transaction. */
bool store_put_series(struct store *store, const char *trial_id, const struct store_series *series);

#endif
