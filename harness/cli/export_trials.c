/* A row a trial. */
#include <stddef.h>

#include "harness/cli/export.h"

/*
 * The columns in their order: where the value of each is.  A row of this list makes the name and the place.
 */
#define EACH_COLUMN(COLUMN)                                                                                            \
  COLUMN(campaign, OF_CAMPAIGN, 0)                                                                                     \
  COLUMN(campaign_id, TRIAL_TEXT, offsetof(struct store_trial, campaign_id))                                           \
  COLUMN(trial, TRIAL_TEXT, offsetof(struct store_trial, id))                                                          \
  COLUMN(cell, CELL_TEXT, offsetof(struct store_cell, id))                                                             \
  COLUMN(collector, CELL_TEXT, offsetof(struct store_cell, collector))                                                 \
  COLUMN(collector_version, CELL_TEXT, offsetof(struct store_cell, collector_version))                                 \
  COLUMN(workload, CELL_TEXT, offsetof(struct store_cell, workload))                                                   \
  COLUMN(size, CELL_TEXT, offsetof(struct store_cell, size))                                                           \
  COLUMN(knobs, CELL_SETTINGS, offsetof(struct store_cell, knobs))                                                     \
  COLUMN(parameters, CELL_SETTINGS, offsetof(struct store_cell, parameters))                                           \
  COLUMN(varied, CELL_SETTINGS, offsetof(struct store_cell, varied))                                                   \
  COLUMN(allocator, CELL_TEXT, offsetof(struct store_cell, allocator))                                                 \
  COLUMN(allocator_version, TRIAL_TEXT, offsetof(struct store_trial, allocator))                                       \
  COLUMN(block, TRIAL_NUMBER, offsetof(struct store_trial, block))                                                     \
  COLUMN(position, TRIAL_NUMBER, offsetof(struct store_trial, position))                                               \
  COLUMN(seed, TRIAL_NUMBER, offsetof(struct store_trial, seed))                                                       \
  COLUMN(started_at, TRIAL_TEXT, offsetof(struct store_trial, started_at))                                             \
  COLUMN(outcome, TRIAL_TEXT, offsetof(struct store_trial, outcome))                                                   \
  COLUMN(signal, TRIAL_NUMBER, offsetof(struct store_trial, signal))                                                   \
  COLUMN(message, TRIAL_TEXT, offsetof(struct store_trial, message))                                                   \
  COLUMN(wall_ns, TRIAL_NUMBER, offsetof(struct store_trial, wall_ns))                                                 \
  COLUMN(cpu_ns, TRIAL_NUMBER, offsetof(struct store_trial, cpu_ns))                                                   \
  COLUMN(gc_ns, TRIAL_NUMBER, offsetof(struct store_trial, gc_ns))                                                     \
  COLUMN(process_ns, TRIAL_NUMBER, offsetof(struct store_trial, process_ns))                                           \
  COLUMN(startup_ns, TRIAL_NUMBER, offsetof(struct store_trial, startup_ns))                                           \
  COLUMN(pauses, TRIAL_NUMBER, offsetof(struct store_trial, pauses))                                                   \
  COLUMN(pause_p50_ns, TRIAL_NUMBER, offsetof(struct store_trial, pause_p50_ns))                                       \
  COLUMN(pause_p99_ns, TRIAL_NUMBER, offsetof(struct store_trial, pause_p99_ns))                                       \
  COLUMN(pause_max_ns, TRIAL_NUMBER, offsetof(struct store_trial, pause_max_ns))                                       \
  COLUMN(allocations, TRIAL_NUMBER, offsetof(struct store_trial, allocations))                                         \
  COLUMN(allocated_bytes, TRIAL_NUMBER, offsetof(struct store_trial, allocated_bytes))                                 \
  COLUMN(collections, TRIAL_NUMBER, offsetof(struct store_trial, collections))                                         \
  COLUMN(held_objects, TRIAL_NUMBER, offsetof(struct store_trial, held_objects))                                       \
  COLUMN(held_bytes, TRIAL_NUMBER, offsetof(struct store_trial, held_bytes))                                           \
  COLUMN(peak_heap_bytes, TRIAL_NUMBER, offsetof(struct store_trial, peak_heap_bytes))                                 \
  COLUMN(peak_footprint_bytes, TRIAL_NUMBER, offsetof(struct store_trial, peak_footprint_bytes))                       \
  COLUMN(vmhwm_bytes, TRIAL_NUMBER, offsetof(struct store_trial, vmhwm_bytes))                                         \
  COLUMN(steal_ticks, TRIAL_NUMBER, offsetof(struct store_trial, steal_ticks))                                         \
  COLUMN(checksum, TRIAL_TEXT, offsetof(struct store_trial, checksum))                                                 \
  COLUMN(twin_of, CELL_TEXT, offsetof(struct store_cell, twin_of))

static const struct column {
  const char *name;
  enum { OF_CAMPAIGN, TRIAL_TEXT, TRIAL_NUMBER, CELL_TEXT, CELL_SETTINGS } kind;
  size_t offset;
} columns[] = {
#define COLUMN(name, kind, offset) {#name, kind, offset},
    EACH_COLUMN(COLUMN)
#undef COLUMN
};

static const char *const names[] = {
#define COLUMN(name, kind, offset) #name,
    EACH_COLUMN(COLUMN)
#undef COLUMN
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const char *text_at(const void *row, size_t offset)
{
  return *(const char *const *)(const void *)((const char *)row + offset);
}

static void write_trial(struct export_writer *writer, const char *campaign, const struct store_trial *trial,
                        const struct store_cell *cell, const struct store_series *series)
{
  (void)series;
  export_begin_row(writer);
  for (size_t i = 0; i < COLUMNS; i++) {
    const struct column *column = &columns[i];
    switch (column->kind) {
    case OF_CAMPAIGN:
      export_text(writer, column->name, campaign);
      break;
    case TRIAL_TEXT:
      export_text(writer, column->name, text_at(trial, column->offset));
      break;
    case TRIAL_NUMBER:
      export_number(writer, column->name, *(const int64_t *)(const void *)((const char *)trial + column->offset));
      break;
    case CELL_TEXT:
      export_text(writer, column->name, text_at(cell, column->offset));
      break;
    case CELL_SETTINGS:
      export_settings(writer, column->name, text_at(cell, column->offset));
      break;
    }
  }
  export_end_row(writer);
}

const struct export_rows export_trials = {names, COLUMNS, write_trial, false};
