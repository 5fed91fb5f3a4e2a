#include "collectors/parts/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Has it one of these? */
static bool can(unsigned capabilities) { return (collector.capabilities & capabilities) != 0; }

static _Noreturn void fail(const char *what, uint64_t journal, uint64_t counters)
{
  fprintf(stderr, "gclab: journal and counters of %s differ: %s: %" PRIu64 " in the journal, %" PRIu64 " counted\n",
          collector.name, what, journal, counters);
  abort();
}

static void require_equal(const char *what, uint64_t journal, uint64_t counters)
{
  if (journal != counters) fail(what, journal, counters);
}

static void require_at_most(const char *what, uint64_t journal, uint64_t counters)
{
  if (journal > counters) fail(what, journal, counters);
}

struct totals {
  uint64_t collections[GC_GENERATIONS], cascades;
  uint64_t freed_objects, freed_bytes;
};

static void add_row(struct totals *totals, const struct journal_row *row)
{
  require_at_most("a row's generation", row->generation, GC_GENERATIONS - 1);
  require_at_most("nanoseconds of marking, beside those of its pause", row->mark_ns, row->duration_ns);
  if (row->kind == JOURNAL_COLLECTION) totals->collections[row->generation]++;
  if (row->kind == JOURNAL_CASCADE) {
    totals->cascades++;
    if (row->freed_objects < 2) fail("a cascade frees two objects and more", row->freed_objects, 2);
  }
  totals->freed_objects += row->freed_objects;
  totals->freed_bytes += row->freed_bytes;
  require_at_most("bytes held after a pause", row->held_bytes, row->allocated_bytes);
  if (can(COLLECTOR_PROMPT | COLLECTOR_EXTERNAL | COLLECTOR_REPLAYS_DEATHS)) return; /* what dies alone has no row */
  require_equal("bytes that were freed until then", row->allocated_bytes - row->held_bytes, totals->freed_bytes);
}

void audit_journal(const struct gc_mutator *mutator)
{
  const struct journal *journal = mutator->journal;
  const struct gc_counters *counters = &mutator->counters;
  struct totals totals = {0};
  if (!journal->enabled) return;
  journal_check(journal);
  for (uint64_t i = 0; i < journal->head->row_count; i++) add_row(&totals, &journal->rows[i]);
  require_at_most("objects freed in rows", totals.freed_objects, counters->freed_objects);
  if (!can(COLLECTOR_EXTERNAL)) require_at_most("bytes freed in rows", totals.freed_bytes, counters->freed_bytes);
  if (journal->head->dropped_count > 0) return;
  if (!can(COLLECTOR_INCREMENTAL)) {
    for (int i = 0; i < GC_GENERATIONS; i++)
      require_equal("collections of a generation", totals.collections[i], counters->collections[i]);
  }
  if (can(COLLECTOR_EXTERNAL)) return; /* their cascades have a floor of their own, their frees no rows */
  require_equal("cascades", totals.cascades + journal->head->short_count, counters->cascades);
  if (can(COLLECTOR_PROMPT | COLLECTOR_REPLAYS_DEATHS)) return;
  require_equal("objects that collections freed", totals.freed_objects, counters->freed_objects);
  require_equal("bytes that collections freed", totals.freed_bytes, counters->freed_bytes);
}
