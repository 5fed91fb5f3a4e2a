/* A row a window: the worst of a trial, and what was in them. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "base/memory.h"
#include "harness/cli/export.h"
#include "harness/stats/utilisation.h"

enum { WORST_MAX = 10 };

static const char *const worst_columns[] = {
    "campaign",     "trial",         "collector",          "workload",  "varied",   "block",     "rank",
    "window_ns",    "start_ns",      "utilisation",        "pauses",    "cascades", "paused_ns", "longest_ns",
    "longest_kind", "longest_cause", "longest_generation", "preempted",
};

/* What of the rows reaches into a window. */
struct content {
  uint64_t pauses, cascades, preempted, paused_ns;
  const struct journal_row *longest; /* NULL: there is none */
};

static uint64_t overlap_ns(const struct journal_row *row, uint64_t start_ns, uint64_t end_ns)
{
  const uint64_t from = row->start_ns > start_ns ? row->start_ns : start_ns;
  const uint64_t row_end = row->start_ns + row->duration_ns;
  const uint64_t to = row_end < end_ns ? row_end : end_ns;
  return to > from ? to - from : 0;
}

static struct content content_of(const struct store_series *series, uint64_t start_ns, uint64_t end_ns)
{
  struct content content = {0};
  for (size_t i = 0; i < series->pause_count; i++) {
    const struct journal_row *row = &series->pauses[i];
    const uint64_t inside_ns = overlap_ns(row, start_ns, end_ns);
    if (inside_ns == 0) continue;
    content.pauses++;
    content.cascades += row->kind == JOURNAL_CASCADE;
    content.preempted += (row->flags & JOURNAL_PREEMPTED) != 0;
    content.paused_ns += inside_ns;
    if (content.longest == NULL || row->duration_ns > content.longest->duration_ns) content.longest = row;
  }
  return content;
}

static void write_window(struct export_writer *writer, const char *shared, size_t rank,
                         const struct stats_window *window, const struct store_series *series)
{
  const struct content content = content_of(series, window->start_ns, window->start_ns + writer->window_ns);
  export_begin_shared_row(writer, shared);
  export_count(writer, "rank", rank + 1);
  export_count(writer, "window_ns", writer->window_ns);
  export_count(writer, "start_ns", window->start_ns);
  export_real(writer, "utilisation", window->utilisation);
  export_count(writer, "pauses", content.pauses);
  export_count(writer, "cascades", content.cascades);
  export_count(writer, "paused_ns", content.paused_ns);
  export_number(writer, "longest_ns", content.longest != NULL ? (int64_t)content.longest->duration_ns : STORE_NONE);
  export_text(writer, "longest_kind", content.longest != NULL ? journal_kind_names[content.longest->kind] : NULL);
  export_text(writer, "longest_cause", content.longest != NULL ? journal_cause_names[content.longest->cause] : NULL);
  export_number(writer, "longest_generation", content.longest != NULL ? content.longest->generation : STORE_NONE);
  export_count(writer, "preempted", content.preempted);
  export_end_row(writer);
}

static void write_worst(struct export_writer *writer, const char *campaign, const struct store_trial *trial,
                        const struct store_cell *cell, const struct store_series *series)
{
  uint64_t total_ns = trial->wall_ns > 0 ? (uint64_t)trial->wall_ns : 0;
  struct stats_pause *pauses = memory_allocate((series->pause_count + 1) * sizeof *pauses);
  for (size_t i = 0; i < series->pause_count; i++) {
    const struct journal_row *row = &series->pauses[i];
    pauses[i] = (struct stats_pause){row->start_ns, row->start_ns + row->duration_ns};
    if (pauses[i].end_ns > total_ns) total_ns = pauses[i].end_ns;
  }
  const size_t count = stats_pauses_normalise(pauses, series->pause_count, total_ns);
  struct stats_utilisation utilisation = stats_utilisation_of(pauses, count, total_ns);
  struct stats_window worst[WORST_MAX];
  const size_t windows =
      total_ns >= writer->window_ns ? stats_worst_windows(&utilisation, writer->window_ns, worst, WORST_MAX) : 0;
  char *shared = export_shared_fields(writer, campaign, trial, cell);
  for (size_t i = 0; i < windows; i++) write_window(writer, shared, i, &worst[i], series);
  free(shared);
  stats_utilisation_free(&utilisation);
  free(pauses);
}

const struct export_rows export_worst = {worst_columns, sizeof worst_columns / sizeof worst_columns[0], write_worst,
                                         true};
