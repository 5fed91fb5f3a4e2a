/*
 * A collection: retire the piece, copy what is reachable into the reserve, go over there.
 *
 * All of it is proportional to what is alive, but for the unmapping of large objects that are dead: the space that is
 * left is not looked at.  Freed objects are those allocated and not copied or marked.
 */
#include "collectors/semispace/semispace.h"

/* Both spaces keep the memory that they may need before the next collection; the rest goes back to the system. */
static void trim(struct semispace *ss)
{
  const uint64_t most_bytes = semispace_most_bytes(ss);
  uint64_t keep_bytes = ss->trigger.due_bytes - ss->large.mapped_bytes; /* due_bytes is above what is alive */
  if (keep_bytes > most_bytes) keep_bytes = most_bytes;
  const uint64_t used_bytes = semispace_used_bytes(ss);
  if (keep_bytes < used_bytes) keep_bytes = used_bytes;
  space_trim(spaces_current(&ss->spaces), keep_bytes);
  space_trim(spaces_reserve(&ss->spaces), keep_bytes);
}

/* Goes over to the space that the survivors are in, and lets go of the rest. */
static void reclaim(struct semispace *ss)
{
  struct space *to = spaces_reserve(&ss->spaces);
  space_touch(to, (uint64_t)(ss->free - to->base));
  /* Both spaces are in use at this moment, and all copies are there twice: that is the heap's peak. */
  ss->mutator.counters.heap_bytes += (uint64_t)(ss->free - to->base);
  semispace_note_footprint(ss);
  gc_counters_note_peak(&ss->mutator.counters);
  large_sweep(&ss->large);
  ss->bump = ss->limit = ss->free;
  spaces_flip(&ss->spaces);
  ss->live_bytes = semispace_used_bytes(ss) + ss->large.mapped_bytes;
  trigger_update(&ss->trigger, ss->live_bytes);
  trim(ss);
  semispace_note_footprint(ss);
}

__attribute__((noinline)) uint64_t semispace_collect(struct semispace *ss, enum journal_cause cause)
{
  struct gc_counters *counters = &ss->mutator.counters;
  struct journal *journal = ss->mutator.journal;
  semispace_retire_piece(ss);
  gc_counters_note_peak(counters);
  /* There is always enough, but for a checking build whose new reserve got no memory. */
  const uint64_t used_bytes = semispace_used_bytes(ss);
  if (!spaces_commit(&ss->spaces, spaces_reserve(&ss->spaces), used_bytes, semispace_most_bytes(ss)))
    ss->mutator.config->out_of_memory(&ss->mutator, used_bytes);
  const uint64_t before_objects = counters->allocated_objects - counters->freed_objects;
  const uint64_t before_bytes = counters->allocated_bytes - counters->freed_bytes;

  journal_begin(journal, JOURNAL_COLLECTION, cause, GC_GENERATIONS - 1, counters->heap_bytes);
  semispace_copy(ss);
  if (ss->mutator.hooks != NULL) semispace_copy_hooked(ss);
  journal_mark_done(journal);
  reclaim(ss);
  const struct copy_totals *totals = &ss->totals;
  const uint64_t live_objects = totals->objects + totals->large_objects;
  const uint64_t live_payload = totals->edges * sizeof(gc_ref) + totals->raw_bytes;
  const struct journal_work work = {.examined_objects = live_objects,
                                    .followed_edges = totals->edges,
                                    .freed_objects = before_objects - live_objects,
                                    .survived_objects = live_objects,
                                    .freed_bytes = before_bytes - live_payload};
  counters->freed_objects += work.freed_objects;
  counters->freed_bytes += work.freed_bytes;
  counters->collections[GC_GENERATIONS - 1]++;
  counters->collected[GC_GENERATIONS - 1] += work.freed_objects;
  counters->heap_bytes = ss->live_bytes;
  journal_end(journal, &work, counters->heap_bytes);
#ifdef GC_CHECKING
  const uint64_t number = counters->collections[GC_GENERATIONS - 1];
  if ((number & (number - 1)) == 0) collector_check(&ss->mutator); /* 1st, 2nd, 4th, 8th ...: it takes long */
#endif
  return work.freed_objects;
}
