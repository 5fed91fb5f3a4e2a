/*
 * export: rows of fields, as CSV (RFC 4180) or JSON, and what each kind of row has.
 */
#ifndef GCLAB_HARNESS_CLI_EXPORT_H
#define GCLAB_HARNESS_CLI_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/store/store.h"

struct export_writer {
  FILE *out;
  bool json;
  bool in_row;        /* a field was written already */
  uint64_t window_ns; /* of export_worst */
  uint64_t rows;
};

void export_begin_row(struct export_writer *writer);
void export_end_row(struct export_writer *writer);

/* The text may be NULL, the number STORE_NONE, and the settings a JSON object as text. */
void export_text(struct export_writer *writer, const char *name, const char *text);
void export_number(struct export_writer *writer, const char *name, int64_t value);
void export_count(struct export_writer *writer, const char *name, uint64_t value);
void export_real(struct export_writer *writer, const char *name, double value);
void export_settings(struct export_writer *writer, const char *name, const char *text);

/* A kind of row: its columns in their order, and how the rows of one trial are written. */
struct export_rows {
  const char *const *columns;
  size_t column_count;
  /* series is NULL where needs_series is not set. */
  void (*write)(struct export_writer *writer, const char *campaign, const struct store_trial *trial,
                const struct store_cell *cell, const struct store_series *series);
  bool needs_series;
};

extern const struct export_rows export_trials, export_pauses, export_floating, export_worst;

/* What every row of a trial's series begins with, written once; to be freed. */
char *export_shared_fields(const struct export_writer *writer, const char *campaign, const struct store_trial *trial,
                           const struct store_cell *cell);
void export_begin_shared_row(struct export_writer *writer, const char *shared);

/* Google Benchmark's JSON (export_gbench.c), written bit by bit. */
struct export_gbench_place {
  bool is_first;        /* of all trials */
  uint64_t family;      /* number of the cell */
  uint64_t repetitions; /* of the campaign */
  bool with_allocator;  /* the collector was run on several */
};

void export_gbench_begin(FILE *out, const struct store_campaign *campaign, const struct store_host *host);
void export_gbench_trial(FILE *out, const struct export_gbench_place *place, const struct store_trial *trial,
                         const struct store_cell *cell);
void export_gbench_end(FILE *out);

#endif
