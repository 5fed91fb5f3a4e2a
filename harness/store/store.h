/*
 * store: the results database.  SQLite in write-ahead mode, one file, one transaction a trial.
 *
 * Written by a campaign alone; read by figures, export and everything else.  The schema is harness/store/schema.sql
 * and docs/schema.md.  Functions that can fail return false after a message on standard error that names the file and
 * says what to do.
 */
#ifndef GCLAB_HARNESS_STORE_STORE_H
#define GCLAB_HARNESS_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/journal.h"

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* Opens (STORE_WRITE: creates) the database.  NULL after a message. */
struct store *store_open(const char *path, enum store_mode mode);
void store_close(struct store *store);

/* The file's name, as it was opened. */
const char *store_path(const struct store *store);

struct store_host {
  const char *id, *name, *environment;
};

struct store_campaign {
  const char *id, *name, *host_id, *plan, *command, *version, *revision, *created_at, *updated_at, *status;
  uint64_t seed, blocks;
};

struct store_cell {
  const char *id, *collector, *collector_version, *build_id, *workload, *knobs, *parameters, *varied, *size, *allocator;
  size_t position;     /* in the plan's order; of what is read, not filled in */
  const char *twin_of; /* of an A/A pair: the cell with the same configuration; NULL: not one */
};

/* A value that a trial may not have. */
enum { STORE_NONE = -1 };

/* started_at and the campaign's times are ISO 8601, UTC, to the millisecond. */
struct store_trial {
  const char *id, *campaign_id, *cell_id, *outcome, *message, *started_at, *allocator, *checksum, *record;
  int64_t block, position, seed, signal;
  int64_t wall_ns, cpu_ns, gc_ns, process_ns, startup_ns;
  int64_t pauses, pause_p50_ns, pause_p99_ns, pause_max_ns;
  int64_t allocations, allocated_bytes, collections, held_objects, held_bytes;
  int64_t peak_heap_bytes, peak_footprint_bytes, vmhwm_bytes, steal_ticks;
};

/* One sample of the heap, taken from outside while the trial ran. */
struct store_heap_sample {
  uint64_t time_ns; /* since the trial's start */
  uint64_t heap_bytes, footprint_bytes, allocated_bytes, freed_bytes;
};

/*
 * What a trial held at a moment, and what its program could still reach of that (harness/deaths/floating.h): the
 * difference is floating garbage.
 */
struct store_floating {
  uint64_t time_ns;                                      /* since the trial's start */
  uint64_t allocated_bytes, held_bytes, reachable_bytes; /* requested; reachable_bytes <= held_bytes */
};

/* Everything that one trial leaves.  Arrays may be NULL where their count is 0. */
struct store_series {
  const struct journal_row *pauses;
  size_t pause_count;
  const struct journal_request *requests;
  size_t request_count;
  const struct store_heap_sample *heap;
  size_t heap_count;
  const struct journal_phase *phases;
  size_t phase_count;
  const struct store_floating *floating;
  size_t floating_count;
  /* Pauses that have no row: cascades below the floor, and what did not fit into the journal. */
  const uint64_t *short_histogram; /* JOURNAL_HISTOGRAM_BUCKETS counts, or NULL where no series of this kind is there */
  uint64_t short_count, short_ns, short_max_objects, cascade_floor_ns;
  uint64_t dropped_count, dropped_ns, requests_dropped;
};

/* Writing: each call is one transaction, and idempotent (what is there already stays as it is). */
bool store_put_campaign(struct store *store, const struct store_host *host, const struct store_campaign *campaign,
                        const struct store_cell *cells, size_t cell_count);
bool store_set_status(struct store *store, const char *campaign_id, const char *status, uint64_t blocks);
bool store_put_trial(struct store *store, const struct store_trial *trial, const struct store_series *series);

/* Changes what is said of a trial; message may be NULL. */
bool store_set_outcome(struct store *store, const char *trial_id, const char *outcome, const char *message);

/* Is the trial there? */
bool store_has_trial(struct store *store, const char *trial_id);

/* Reading.  Strings passed to a visitor are good until it returns; a visitor returns false to stop. */
struct store_filter {
  const char *campaign; /* id, a unique beginning of one, or a name (its newest campaign); NULL: the newest of all */
  bool all_campaigns;
};

/* The id (PLAN_ID_MAX bytes) of the campaign that the filter means; false after a message where there is none. */
bool store_find_campaign(struct store *store, const char *campaign, char *id);

typedef bool store_campaign_visitor(void *context, const struct store_campaign *campaign,
                                    const struct store_host *host);
typedef bool store_trial_visitor(void *context, const struct store_trial *trial, const struct store_cell *cell);

bool store_each_campaign(struct store *store, store_campaign_visitor *visit, void *context);

/* Trials of one campaign (NULL: of all, campaign by campaign) in the order of the plan's cells, then blocks. */
bool store_each_trial(struct store *store, const char *campaign_id, store_trial_visitor *visit, void *context);

/* Loads a trial's series into memory of the caller's, to be freed with store_series_free. */
bool store_load_series(struct store *store, const char *trial_id, struct store_series *series);
void store_series_free(struct store_series *series);

/* What else had the processor (harness/platform/noise.h), while a campaign looked. */
enum { STORE_NOISE_BUCKETS = 64 };

struct store_noise {
  const char *campaign_id, *at, *moment; /* before, block, after */
  int64_t block;                         /* STORE_NONE: not of one */
  uint64_t span_ns, floor_ns, gaps, lost_ns, longest_ns;
  uint64_t histogram[STORE_NOISE_BUCKETS];
};

typedef bool store_noise_visitor(void *context, const struct store_noise *noise);

bool store_put_noise(struct store *store, const struct store_noise *noise);
bool store_each_noise(struct store *store, const char *campaign_id, store_noise_visitor *visit, void *context);

/* A minimum heap, and the limits that were tried for it. */
struct store_minheap {
  const char *id, *collector, *workload, *size, *knobs, *parameters, *build_id, *created_at;
  uint64_t attempts, seed, limit_bytes;
  double precision;
};

struct store_minheap_step {
  uint64_t limit_bytes;
  bool fits, timed_out;
};

typedef bool store_minheap_step_visitor(void *context, const struct store_minheap_step *step);

/* One transaction; what is there under this id is replaced. */
bool store_put_minheap(struct store *store, const struct store_minheap *row, const struct store_minheap_step *steps,
                       size_t count);

/* limit_bytes becomes 0 where it is not there. */
bool store_find_minheap(struct store *store, const char *id, uint64_t *limit_bytes);
typedef bool store_minheap_visitor(void *context, const struct store_minheap *row);
bool store_each_minheap(struct store *store, store_minheap_visitor *visit, void *context); /* oldest first */
bool store_each_minheap_step(struct store *store, const char *id, store_minheap_step_visitor *visit, void *context);

/* What is kept of a workload that was characterised (harness/characterise). */
struct store_characterisation {
  const char *id, *workload, *size, *parameters, *varied, *build_id, *heap_build_id, *checksum, *version, *revision,
      *created_at;
  uint64_t seed;
};

struct store_measure {
  const char *name;
  double value;
};

struct store_point {
  const char *curve;
  double x, y;
};

/* One transaction; what is there under this id is replaced. */
bool store_put_characterisation(struct store *store, const struct store_characterisation *characterisation,
                                const struct store_measure *measures, size_t measure_count,
                                const struct store_point *points, size_t point_count);

bool store_has_characterisation(struct store *store, const char *id);

/* Reading, oldest first; points in their order.  A store that was never characterised into has none. */
typedef bool store_characterisation_visitor(void *context, const struct store_characterisation *characterisation);
typedef bool store_measure_visitor(void *context, const struct store_measure *measure);
typedef bool store_point_visitor(void *context, const struct store_point *point);

bool store_each_characterisation(struct store *store, store_characterisation_visitor *visit, void *context);
bool store_each_measure(struct store *store, const char *id, store_measure_visitor *visit, void *context);
bool store_each_point(struct store *store, const char *id, store_point_visitor *visit, void *context);

/*
 * Packing of series: each column of the rows in turn, as the difference from the row before, zigzag and varint
 * (LEB128), a run of zeros as a zero and its length (docs/schema.md).  Exposed for tests.  pack returns malloc'ed
 * bytes, or NULL where there is no memory; unpack returns false where data is not what pack makes of count rows.
 */
uint8_t *store_pack_pauses(const struct journal_row *rows, size_t count, size_t *bytes);
bool store_unpack_pauses(const uint8_t *data, size_t bytes, size_t count, struct journal_row *rows);
uint8_t *store_pack_requests(const struct journal_request *rows, size_t count, size_t *bytes);
bool store_unpack_requests(const uint8_t *data, size_t bytes, size_t count, struct journal_request *rows);
uint8_t *store_pack_heap(const struct store_heap_sample *rows, size_t count, size_t *bytes);
bool store_unpack_heap(const uint8_t *data, size_t bytes, size_t count, struct store_heap_sample *rows);
uint8_t *store_pack_floating(const struct store_floating *rows, size_t count, size_t *bytes);
bool store_unpack_floating(const uint8_t *data, size_t bytes, size_t count, struct store_floating *rows);
uint8_t *store_pack_phases(const struct journal_phase *rows, size_t count, size_t *bytes);
bool store_unpack_phases(const uint8_t *data, size_t bytes, size_t count, struct journal_phase *rows);

#endif
