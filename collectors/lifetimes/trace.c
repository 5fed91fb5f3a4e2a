/*
 * A trace: mark what is alive, breadth first, so that the distance from the roots is known; date the dead, ask what
 * counting would have made of them, write their rows, free them.
 *
 * The heap graph is measured on the way: references from each live object and to it, and how far the farthest is from
 * the root slots.  These are samples, one a trace; the rest that this collector tells is exact.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/lifetimes/lifetimes.h"
#include "collectors/parts/hooks.h"

enum { PREFETCH_DISTANCE = 8 };

static void mark(struct lifetimes *lt, gc_ref object)
{
  struct record *record = record_of(object);
  if (!is_dead(record)) return;
  record->flags |= RECORD_MARKED;
  lt->queue[lt->queued++] = record;
}

static void mark_slots(struct lifetimes *lt, const gc_ref *slots, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++) {
    if (slots[i] != NULL) mark(lt, slots[i]);
  }
}

static void scan(struct lifetimes *lt, struct record *record)
{
  struct lifetimes_sums *sums = &lt->sums;
  const gc_ref *field = fields_of(record);
  uint64_t fan_out = 0;
  for (uint32_t i = 0; i < record->fields; i++) {
    if (field[i] == NULL) continue;
    fan_out++;
    record_of(field[i])->scratch++;
    mark(lt, field[i]);
  }
  sums->sampled_edges += fan_out;
  if (fan_out > sums->fan_out_max) sums->fan_out_max = fan_out;
}

/* From queue[from] on; each round is one step farther from the roots. */
static void scan_queue(struct lifetimes *lt, uint64_t from)
{
  for (uint64_t depth = 1; from < lt->queued; depth++) {
    if (depth > lt->sums.depth_max) lt->sums.depth_max = depth;
    for (const uint64_t end = lt->queued; from < end; from++) {
      if (from + PREFETCH_DISTANCE < lt->queued) __builtin_prefetch(lt->queue[from + PREFETCH_DISTANCE]);
      scan(lt, lt->queue[from]);
    }
  }
}

static void mark_all(struct lifetimes *lt)
{
  lt->queued = 0;
  for (const struct gc_frame *frame = lt->mutator.frames; frame != NULL; frame = frame->previous)
    mark_slots(lt, frame->slots, frame->count);
  const struct hooks *hooks = lt->mutator.hooks;
  if (hooks != NULL) mark_slots(lt, hooks->queued, hooks->queued_count);
  scan_queue(lt, 0);
}

static gc_ref survivor(void *state, gc_ref object)
{
  (void)state;
  return is_dead(record_of(object)) ? NULL : object;
}

static void mark_hooked(struct lifetimes *lt)
{
  struct gc_mutator *mutator = &lt->mutator;
  hooks_clear_unreached(mutator, survivor, lt);
  hooks_queue_finalizers(mutator, survivor, lt);
  const uint64_t from = lt->queued;
  mark_slots(lt, mutator->hooks->queued, mutator->hooks->queued_count);
  scan_queue(lt, from);
  hooks_forget_unreached(mutator, survivor, lt);
}

/* All that is alive is in queue[]. */
static void sample_fan_in(struct lifetimes *lt)
{
  struct lifetimes_sums *sums = &lt->sums;
  for (uint64_t i = 0; i < lt->queued; i++) {
    struct record *record = lt->queue[i];
    if (record->scratch > sums->fan_in_max) sums->fan_in_max = record->scratch;
    sums->sampled_shared += record->scratch > 1;
    record->scratch = 0;
  }
  sums->sampled_objects += lt->queued;
  sums->traces++;
}

static void write_row(struct lifetimes *lt, const struct death *death)
{
  if (lt->write_error != 0 || death_write(&lt->stream, death)) return;
  lt->write_error = errno != 0 ? errno : EIO;
  fprintf(stderr, "gclab: lifetimes: a death could not be written: %s\n", strerror(lt->write_error));
}

static unsigned flags_of(const struct record *record)
{
  const unsigned kept = (record->flags & RECORD_COUNTED) == 0 ? DEATH_KEPT_BY_COUNTING : 0;
  return kept | ((record->flags & RECORD_IN_CYCLE) != 0 ? DEATH_IN_CYCLE : 0);
}

static struct gc_shape shape_of(const struct record *record)
{
  return (struct gc_shape){.fields = record->fields, .bytes = record->bytes, .kind = (enum gc_kind)record->kind};
}

/* The allocation clock stands still between two births, so it is that of the last birth until the death. */
static void write_deaths(struct lifetimes *lt, uint64_t dead)
{
  uint64_t born = 0;
  for (uint64_t i = dead; i-- > 0;) {
    const struct record *record = lt->queue[i];
    while (born < lt->count - lt->traced_count && lt->births[born] <= record->stamp) born++;
    const uint64_t clock_bytes = born == 0 ? lt->traced_bytes : lt->records[lt->traced_count + born - 1]->birth_bytes;
    const struct death death = {.operation = record->stamp,
                                .clock_objects = lt->traced_number + born,
                                .clock_bytes = clock_bytes,
                                .object = record->number,
                                .lifetime_bytes = clock_bytes - record->birth_bytes,
                                .shape = shape_of(record),
                                .flags = flags_of(record)};
    write_row(lt, &death);
  }
}

void lifetimes_write_survivors(struct lifetimes *lt)
{
  const struct gc_counters *counters = &lt->mutator.counters;
  for (uint64_t i = 0; i < lt->count; i++) {
    const struct record *record = lt->records[i];
    const struct death death = {.operation = lt->operation,
                                .clock_objects = counters->allocated_objects,
                                .clock_bytes = counters->allocated_bytes,
                                .object = record->number,
                                .lifetime_bytes = counters->allocated_bytes - record->birth_bytes,
                                .shape = shape_of(record),
                                .flags = DEATH_AT_END};
    write_row(lt, &death);
  }
  if (lt->write_error == 0 && fflush(lt->stream.file) != 0) lt->write_error = errno;
}

/* Frees the dead; those alive move up, in their order. */
static void sweep(struct lifetimes *lt, struct journal_work *work)
{
  uint64_t kept = 0;
  for (uint64_t i = 0; i < lt->count; i++) {
    struct record *record = lt->records[i];
    if (!is_dead(record)) {
      record->flags = 0;
      lt->records[kept++] = record;
      continue;
    }
    work->freed_objects++;
    work->freed_bytes += payload_bytes_of(record);
    lifetimes_free(lt, record);
  }
  lt->count = kept;
}

/*
 * How many bytes until the next trace: as many as are alive, so that tracing costs no more than allocation, and no
 * fewer than the knob says; but a sixteenth of all that was allocated will do, so that short programs have their
 * samples too.
 */
static uint64_t until_next(const struct lifetimes *lt)
{
  const struct gc_counters *counters = &lt->mutator.counters;
  uint64_t least = (uint64_t)lt->mutator.config->knobs[KNOB_TRACE_EVERY];
  if (counters->allocated_bytes / 16 < least) least = counters->allocated_bytes / 16;
  if (least < LIFETIMES_FIRST_BYTES) least = LIFETIMES_FIRST_BYTES;
  return counters->heap_bytes > least ? counters->heap_bytes : least;
}

static void account(struct lifetimes *lt, const struct journal_work *work)
{
  struct gc_counters *counters = &lt->mutator.counters;
  counters->freed_objects += work->freed_objects;
  counters->freed_bytes += work->freed_bytes;
  counters->heap_bytes -= work->freed_bytes + work->freed_objects * sizeof(struct record);
  counters->collections[GC_GENERATIONS - 1]++;
  counters->collected[GC_GENERATIONS - 1] += work->freed_objects;
  lt->traced_at = lt->operation;
  lt->traced_count = lt->count;
  lt->traced_number = counters->allocated_objects;
  lt->traced_bytes = counters->allocated_bytes;
  lt->due_bytes = counters->heap_bytes + until_next(lt);
}

uint64_t lifetimes_trace(struct lifetimes *lt, enum journal_cause cause)
{
  struct gc_counters *counters = &lt->mutator.counters;
  gc_counters_note_peak(counters);
  journal_begin(lt->mutator.journal, JOURNAL_COLLECTION, cause, GC_GENERATIONS - 1, counters->heap_bytes);
  const uint64_t edges_before = lt->sums.sampled_edges;
  mark_all(lt);
  if (lt->mutator.hooks != NULL) mark_hooked(lt);
  struct journal_work work = {.examined_objects = lt->queued, .followed_edges = lt->sums.sampled_edges - edges_before};
  sample_fan_in(lt);
  journal_mark_done(lt->mutator.journal);
  const uint64_t dead = lifetimes_date(lt);
  lifetimes_count(lt, dead);
  if (lt->stream.file != NULL) write_deaths(lt, dead);
  sweep(lt, &work);
  account(lt, &work);
  journal_end(lt->mutator.journal, &work, counters->heap_bytes);
  return work.freed_objects;
}
