/* A row a pause, or a row a point of floating garbage: what is in a trial's series. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "base/memory.h"
#include "harness/analysis/floating.h"
#include "harness/cli/export.h"

/* What every row says of its trial. */
#define SHARED_COLUMNS "campaign", "trial", "collector", "workload", "varied", "block"

static const char *const pause_columns[] = {
    SHARED_COLUMNS,
    "kind",
    "cause",
    "generation",
    "phase",
    "start_ns",
    "duration_ns",
    "mark_ns",
    "heap_before_bytes",
    "heap_after_bytes",
    "examined_objects",
    "followed_edges",
    "freed_objects",
    "freed_bytes",
    "survived_objects",
    "preempted",
    "allocated_bytes",
    "held_bytes",
};

static const char *const floating_columns[] = {
    SHARED_COLUMNS, "time_ns", "allocated_bytes", "held_bytes", "reachable_bytes", "floating_bytes",
};

char *export_shared_fields(const struct export_writer *writer, const char *campaign, const struct store_trial *trial,
                           const struct store_cell *cell)
{
  char *text = NULL;
  size_t bytes = 0;
  struct export_writer shared = {.out = memory_require(open_memstream(&text, &bytes)), .json = writer->json};
  export_text(&shared, "campaign", campaign);
  export_text(&shared, "trial", trial->id);
  export_text(&shared, "collector", cell->collector);
  export_text(&shared, "workload", cell->workload);
  export_settings(&shared, "varied", cell->varied);
  export_number(&shared, "block", trial->block);
  memory_close(shared.out);
  return text;
}

void export_begin_shared_row(struct export_writer *writer, const char *shared)
{
  export_begin_row(writer);
  fputs(shared, writer->out);
  writer->in_row = true;
}

static void write_pause(struct export_writer *writer, const char *shared, const struct store_series *series,
                        const struct journal_row *row)
{
  export_begin_shared_row(writer, shared);
  export_text(writer, "kind", journal_kind_names[row->kind]);
  export_text(writer, "cause", journal_cause_names[row->cause]);
  export_count(writer, "generation", row->generation);
  export_text(writer, "phase", row->phase < series->phase_count ? series->phases[row->phase].name : NULL);
  export_count(writer, "start_ns", row->start_ns);
  export_count(writer, "duration_ns", row->duration_ns);
  export_count(writer, "mark_ns", row->mark_ns);
  export_count(writer, "heap_before_bytes", row->heap_before_bytes);
  export_count(writer, "heap_after_bytes", row->heap_after_bytes);
  export_count(writer, "examined_objects", row->examined_objects);
  export_count(writer, "followed_edges", row->followed_edges);
  export_count(writer, "freed_objects", row->freed_objects);
  export_count(writer, "freed_bytes", row->freed_bytes);
  export_count(writer, "survived_objects", row->survived_objects);
  export_number(writer, "preempted",
                (row->flags & JOURNAL_WATCHED) != 0 ? (row->flags & JOURNAL_PREEMPTED) != 0 : STORE_NONE);
  /* Of an older store nothing is known: a pause without anything allocated before it there is none. */
  export_number(writer, "allocated_bytes", row->allocated_bytes > 0 ? (int64_t)row->allocated_bytes : STORE_NONE);
  export_number(writer, "held_bytes", row->allocated_bytes > 0 ? (int64_t)row->held_bytes : STORE_NONE);
  export_end_row(writer);
}

static void write_pauses(struct export_writer *writer, const char *campaign, const struct store_trial *trial,
                         const struct store_cell *cell, const struct store_series *series)
{
  char *shared = export_shared_fields(writer, campaign, trial, cell);
  for (size_t i = 0; i < series->pause_count; i++) write_pause(writer, shared, series, &series->pauses[i]);
  free(shared);
}

static void write_floating(struct export_writer *writer, const char *campaign, const struct store_trial *trial,
                           const struct store_cell *cell, const struct store_series *series)
{
  char *shared = export_shared_fields(writer, campaign, trial, cell);
  for (size_t i = 0; i < series->floating_count; i++) {
    const struct store_floating *point = &series->floating[i];
    export_begin_shared_row(writer, shared);
    export_count(writer, "time_ns", point->time_ns);
    export_count(writer, "allocated_bytes", point->allocated_bytes);
    export_count(writer, "held_bytes", point->held_bytes);
    export_count(writer, "reachable_bytes", point->reachable_bytes);
    export_count(writer, "floating_bytes", floating_garbage_bytes(point));
    export_end_row(writer);
  }
  free(shared);
}

#define COUNT_OF(columns) (sizeof(columns) / sizeof((columns)[0]))

const struct export_rows export_pauses = {pause_columns, COUNT_OF(pause_columns), write_pauses, true};
const struct export_rows export_floating = {floating_columns, COUNT_OF(floating_columns), write_floating, true};
