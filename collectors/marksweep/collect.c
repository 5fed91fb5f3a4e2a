/*
 * A collection: settle, mark, have the memory reclaim what is not marked and say what is alive.
 *
 * Freed objects are those allocated and not counted alive.
 */
#include "collectors/marksweep/marksweep.h"

__attribute__((noinline)) uint64_t marksweep_collect(struct marksweep *ms, enum journal_cause cause)
{
  struct gc_counters *counters = &ms->mutator.counters;
  struct journal *journal = ms->mutator.journal;
  space_settle(ms);
  gc_counters_note_peak(counters);
  const uint64_t before_objects = counters->allocated_objects - counters->freed_objects;
  const uint64_t before_bytes = counters->allocated_bytes - counters->freed_bytes;

  journal_begin(journal, JOURNAL_COLLECTION, cause, GC_GENERATIONS - 1, counters->heap_bytes);
  marksweep_mark(ms);
  if (ms->mutator.hooks != NULL) marksweep_mark_hooked(ms);
  journal_mark_done(journal);
  struct census census = {0};
  space_reclaim(ms, &census);
  const uint64_t live_payload = ms->totals.edges * sizeof(gc_ref) + ms->totals.raw_bytes;
  const struct journal_work work = {.examined_objects = census.objects,
                                    .survived_objects = census.objects,
                                    .followed_edges = ms->totals.edges,
                                    .freed_objects = before_objects - census.objects,
                                    .freed_bytes = before_bytes - live_payload};
  counters->freed_objects += work.freed_objects;
  counters->freed_bytes += work.freed_bytes;
  counters->collections[GC_GENERATIONS - 1]++;
  counters->collected[GC_GENERATIONS - 1] += work.freed_objects;
  counters->heap_bytes = census.bytes;
  ms->live_bytes = census.bytes;
  trigger_update(&ms->trigger, census.bytes);
  space_trim(ms, census.bytes);
  space_note_footprint(ms);
  journal_end(journal, &work, counters->heap_bytes);
#ifdef GC_CHECKING
  const uint64_t number = counters->collections[GC_GENERATIONS - 1];
  if ((number & (number - 1)) == 0) collector_check(&ms->mutator); /* 1st, 2nd, 4th, 8th ...: it takes long */
  space_poison_garbage(ms);
#endif
  return work.freed_objects;
}

void marksweep_safepoint(struct marksweep *ms, uint64_t more_bytes)
{
  if (ms->stress_period != 0 && ++ms->stress_count >= ms->stress_period) {
    ms->stress_count = 0;
    marksweep_collect(ms, JOURNAL_STRESS);
  } else if (trigger_is_due(&ms->trigger, ms->mutator.counters.heap_bytes + more_bytes)) {
    marksweep_collect(ms, ms->trigger.cause);
  }
}
