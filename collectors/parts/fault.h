/*
 * fault: faults that are planted on purpose, to see whether the oracle sees them (tests/planted).
 *
 * GC_FAULT(name) is false and costs nothing, but in the test's own build of the collectors (GCLAB_FAULTS): there it is
 * true at every 16th time that its place is passed, if the environment's GCLAB_FAULT is this name.
 */
#ifndef GCLAB_COLLECTORS_PARTS_FAULT_H
#define GCLAB_COLLECTORS_PARTS_FAULT_H

/* name, the collector whose fuzzing must show it, what is wrong.  tests/planted/run_planted reads these rows. */
#define GC_FAULTS(X)                                                                                                   \
  X(missed_mark, marksweep, "a field's referent is not marked")                                                        \
  X(forgotten_frame, marksweep, "a frame of root slots is not looked at")                                              \
  X(large_unmarked, marksweep, "a large object is not marked when it is met")                                          \
  X(marks_kept, marksweep, "mark bits of the last collection are not cleared")                                         \
  X(cell_reused, marksweep, "the next cell is taken, whether an object is in it or not")                               \
  X(weak_kept, marksweep, "a weak reference to what is freed is not cleared")                                          \
  X(weak_cleared, marksweep, "a weak reference to what is reachable is cleared")                                       \
  X(finalizer_again, marksweep, "that a finalizer has run is forgotten")                                               \
  X(queue_unmarked, marksweep, "what a finalizer is to see is not kept")                                               \
  X(slot_kept_old, semispace, "a root slot is not forwarded")                                                          \
  X(field_kept_old, semispace, "a field is not forwarded")                                                             \
  X(copied_twice, semispace, "where an object was copied to is not noted")                                             \
  X(copy_short, semispace, "the last word of an object is not copied")                                                 \
  X(piece_dirty, semispace, "memory is used again without being zeroed")                                               \
  X(large_freed, semispace, "a large object is not marked when it is met")                                             \
  X(weak_kept_old, semispace, "a weak reference is not told where its target is")                                      \
  X(queue_kept_old, semispace, "what a finalizer is to see is not copied")                                             \
  X(store_uncounted, refcount, "a store does not count the new reference")                                             \
  X(release_skipped, refcount, "an old value is not released")                                                         \
  X(cascade_stops, refcount, "a dead object's references are not dropped")                                             \
  X(resurrected_freed, refcount, "an object that its finalizer resurrected is freed all the same")                     \
  X(subtraction_skipped, refcount_cyclic, "a reference from inside is taken for one from outside")                     \
  X(count_one_low, refcount_cyclic, "an object's references from outside are one too few")                             \
  X(edge_unvisited, refcount_cyclic, "a reachable object's referent is not reached")                                   \
  X(promotion_lost, refcount_cyclic, "a survivor is in no generation any more")

#ifdef GCLAB_FAULTS

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GC_FAULT_EVERY = 16 };

static inline bool gc_fault_strikes(const char *name)
{
  static const char *active;
  static unsigned passed;
  if (active == NULL) {
    active = getenv("GCLAB_FAULT");
    if (active == NULL) active = "";
  }
  return strcmp(active, name) == 0 && ++passed % GC_FAULT_EVERY == 0;
}

#define GC_FAULT(name) __builtin_expect(gc_fault_strikes(#name), 0)

#else
#define GC_FAULT(name) 0
#endif

#endif
