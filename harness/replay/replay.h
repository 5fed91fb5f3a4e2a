/*
 * replay: a recording as the file that the workload replay runs (workloads/replay.h).
 *
 * Kept exactly: every object that the collector counts, the order of allocations and of frees by reference counting.
 * What a collection freed becomes garbage at a moment that harness/predict/garbage draws, by the rule of predictions,
 * and is cyclic: such objects of one collection whose numbers lie within the same REPLAY_RING_SPAN are one ring, each
 * referring to the next, or to itself where it is alone.  A ring is closed when its last object is there, and all of
 * it is dropped at once.  Objects that a collection did not look at, but that were freed while it ran, are freed as by
 * counting.
 */
#ifndef GCLAB_HARNESS_REPLAY_REPLAY_H
#define GCLAB_HARNESS_REPLAY_REPLAY_H

#include "harness/recording/recording.h"
#include "workloads/replay.h"

/* Neighbours that share a drawn moment (garbage_draw_death). */
enum { REPLAY_RING_SPAN = 32 };

/* A file in memory. */
struct replay_file {
  struct replay_header header;
  uint8_t *events;
};

/* Never fails; the recording is of objects (RECORDING_OBJECTS).  To be freed. */
struct replay_file replay_make(const struct recording *recording);
void replay_free(struct replay_file *file);

/* False, with errno, where it cannot be written. */
bool replay_write(const struct replay_file *file, const char *path);

#endif
