/*
 * walk: the objects of a recording at one moment after another, as any collector would find them.
 *
 * Two sets: objects that are in use, and those that have become garbage which only a collection finds.  The latter are
 * never taken out: a collector knows how many of them it has freed already.
 */
#ifndef GCLAB_HARNESS_PREDICT_WALK_H
#define GCLAB_HARNESS_PREDICT_WALK_H

#include "harness/predict/object_set.h"
#include "harness/recording/recording.h"

/* An object that a collection freed, and when it became garbage. */
struct walk_garbage {
  uint32_t tick, object;
};

struct walk {
  const struct recording *recording;
  struct object_set live, garbage;
  uint32_t tick;    /* everything before it has happened */
  uint32_t objects; /* that there have been by now */
  size_t next_freed;
  struct walk_garbage *order; /* by tick */
  size_t order_count, next_garbage;
};

/* At tick 0. */
struct walk walk_make(const struct recording *recording);
void walk_free(struct walk *walk);

/* On to this tick, which is not before the one that it is at. */
void walk_to(struct walk *walk, uint32_t tick);

#endif
