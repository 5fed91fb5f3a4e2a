/*
 * When each dead object died: Merlin's propagation of time stamps.
 *
 * A dead object's stamp is the operation at which it last lost a reference.  It was unreachable from then on, or from
 * the latest stamp of a dead object that leads to it: while one of those was reachable, so was it.  Beginning with the
 * latest stamp of all, each object hands its stamp to what it leads to and has none yet; since stamps come in falling
 * order, the first to arrive is the latest.  Each reference is followed once.
 *
 * Stamps from before the last trace only sort behind all others: whatever such an object died of came later.
 */
#include <string.h>

#include "collectors/lifetimes/lifetimes.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

static uint64_t gather_dead(struct lifetimes *lt)
{
  uint64_t dead = 0;
  for (uint64_t i = 0; i < lt->count; i++) {
    struct record *record = lt->records[i];
    if (!is_dead(record)) continue;
    const uint64_t key = record->stamp > lt->traced_at ? record->stamp - lt->traced_at : 0;
    lt->dated[dead++] = (struct dated){.key = key, .record = record};
  }
  return dead;
}

/* One pass of a radix sort, stable. */
static void sort_by_digit(const struct dated *from, struct dated *to, uint64_t count, unsigned shift)
{
  uint64_t place[DIGITS] = {0};
  for (uint64_t i = 0; i < count; i++) place[from[i].key >> shift & (DIGITS - 1)]++;
  uint64_t before = 0;
  for (unsigned digit = 0; digit < DIGITS; digit++) {
    const uint64_t here = place[digit];
    place[digit] = before;
    before += here;
  }
  for (uint64_t i = 0; i < count; i++) to[place[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
}

/* By rising keys; returns which of the two tables has them. */
static const struct dated *sort(struct lifetimes *lt, uint64_t count)
{
  struct dated *from = lt->dated;
  struct dated *to = lt->spare;
  const uint64_t largest = lt->operation - lt->traced_at;
  for (unsigned shift = 0; shift < 64 && largest >> shift != 0; shift += DIGIT_BITS) {
    sort_by_digit(from, to, count, shift);
    struct dated *const swapped = from;
    from = to;
    to = swapped;
  }
  return from;
}

/*
 * Dates everything that the object leads to and that has no date yet.  The stack is the queue's own end: each is once.
 */
static void hand_on(struct lifetimes *lt, struct record *first)
{
  const uint64_t stamp = first->stamp;
  GC_CHECK(stamp > lt->traced_at, "this object was alive at the last trace, but has died before it", object_of(first));
  first->flags |= RECORD_DATED;
  uint64_t next = lt->queued;
  lt->queue[lt->queued++] = first;
  for (; next < lt->queued; next++) {
    struct record *record = lt->queue[next];
    record->stamp = stamp;
    const gc_ref *field = fields_of(record);
    for (uint32_t i = 0; i < record->fields; i++) {
      if (field[i] == NULL) continue;
      struct record *child = record_of(field[i]);
      if ((child->flags & (RECORD_MARKED | RECORD_DATED)) != 0) continue;
      child->flags |= RECORD_DATED;
      lt->queue[lt->queued++] = child;
    }
  }
}

uint64_t lifetimes_date(struct lifetimes *lt)
{
  const uint64_t dead = gather_dead(lt);
  const struct dated *sorted = sort(lt, dead);
  lt->queued = 0;
  for (uint64_t i = dead; i-- > 0;) {
    if ((sorted[i].record->flags & RECORD_DATED) == 0) hand_on(lt, sorted[i].record);
  }
  return dead;
}
