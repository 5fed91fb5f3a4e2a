/*
 * garbage: when an object that a collection freed had become garbage, which a recording does not know.
 *
 * It knows the last collection that looked at the object and found it alive, and the one that freed it; a moment is
 * drawn between them.
 */
#ifndef GCLAB_HARNESS_PREDICT_GARBAGE_H
#define GCLAB_HARNESS_PREDICT_GARBAGE_H

#include "harness/recording/recording.h"

/* For each collection, the next one from it on that is of generation 1 at least, and of generation 2. */
struct garbage_collections {
  const struct recording *recording; /* which must outlive this */
  uint32_t *of_middle, *of_full;
};

struct garbage_collections garbage_collections_make(const struct recording *recording);
void garbage_collections_free(struct garbage_collections *collections);

/*
 * Of an object that a collection freed: the tick of the last collection that looked at it and found it alive; when it
 * was born, if there is none.
 */
uint32_t garbage_last_seen_alive(const struct garbage_collections *next, uint32_t object);

/*
 * A moment (a tick) after `low`, up to `high`, of an object born at `born`.  Most objects die young, so that the chance
 * of dying falls with age: by 1/age, which makes the logarithm of the age uniform.  Neighbours share their draw, since
 * what is born together dies together.  The same arguments give the same moment.
 */
uint32_t garbage_draw_death(uint32_t born, uint32_t low, uint32_t high, uint32_t object);

#endif
