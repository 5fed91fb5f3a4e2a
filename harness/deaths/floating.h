/*
 * floating: floating garbage, which is what the program can no longer reach and the collector has not yet reclaimed.
 *
 * At a point in time the collector holds what was allocated and not yet freed, and the program can reach what was
 * allocated and has not yet died: the one is the collector's counters, the other the death schedule, which is exact to
 * the operation.  The difference is floating garbage, in requested bytes, whatever the collector.
 *
 * The clock that a trial and its schedule share is that of allocation, and several objects may die while it stands
 * still.  At the beginning of an allocation, where tracing collectors collect, all of them are dead; in between, as
 * where a heap is sampled or a count falls to zero, some may not be.  So for collections all deaths of that instant
 * count, and for all else none of them does: floating garbage is never said to be more than it is.
 */
#ifndef GCLAB_HARNESS_DEATHS_FLOATING_H
#define GCLAB_HARNESS_DEATHS_FLOATING_H

#include "harness/store/store.h"

/* The span of the work, and what was so at its end; reachable_bytes is not known yet. */
struct floating_span {
  uint64_t start_ns; /* since the trial's start, as in its series */
  struct store_floating end;
};

/*
 * The points of a trial: at its beginning, before and after each pause, at each sample of its heap, and at its end, in
 * the order of time; at most FLOATING_POINTS_MAX, of which those with the most and the least garbage of their span of
 * time are kept.  The points are the caller's; NULL, after a message that names the schedule: it could not be read.
 */
enum { FLOATING_POINTS_MAX = 1 << 14 };

struct store_floating *floating_points(const char *deaths_path, const struct store_series *series,
                                       const struct floating_span *span, size_t *count);

#endif
