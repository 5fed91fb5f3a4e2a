/* collect: the state of a collection, which its two files share.  collect.c says what it means. */
#ifndef GCLAB_COLLECTORS_REFCOUNT_CYCLIC_COLLECT_H
#define GCLAB_COLLECTORS_REFCOUNT_CYCLIC_COLLECT_H

#include "collectors/refcount_cyclic/cyclic.h"

enum { COLLECTION_QUEUE = 32 /* edges between the prefetch of a referent's place and its use; a power of two */ };

struct collection {
  struct cyclic *cyclic;
  struct generation *collected;
  int number;                   /* of the generation */
  uint32_t size;                /* n above */
  uint32_t own_size;            /* the first so many were in this generation before */
  uint64_t base[UNTRACKED + 1]; /* of a generation's objects in the collected vector; size: not collected */
  uint8_t *refs;
  uint64_t *reached;
  uint32_t *starts, *edges, *moved;
  uint64_t edge_count;
  uint32_t hole_count, untracked_count, moved_count, unreachable_count, survivor_count;
  uint64_t uncollectable_count;
  bool has_tuples, has_dicts, has_heavy;
  gc_ref queue[COLLECTION_QUEUE]; /* referents whose positions are yet to be looked up */
};

static inline bool collection_is_reached(const struct collection *collection, uint32_t position)
{
  return collection->reached[position / 64] >> position % 64 & 1;
}

/* Of the vector CONDEMNED alone, after hooks: what is reachable from outside of it has been resurrected. */
void collection_deduce_again(struct collection *collection);

/*
 * finalize.c: what CPython does with the unreachable where there are hooks.  Returns how many objects were found
 * unreachable for good; uncollectable ones, which are not among them, are counted in the collection.
 */
uint64_t collection_dispose_hooked(struct collection *collection, struct counted **unreachable,
                                   struct cascade *cascade);

/*
 * legacy.c: what of the condemned has a finalizer of the old kind, and what that leads to, goes from CONDEMNED to
 * UNCOLLECTABLE; at the end of the collection it goes to the older generation, and those with such finalizers to the
 * garbage list too.  The second returns how many objects there were.
 */
void legacy_set_apart(struct cyclic *cyclic);
uint64_t legacy_keep(struct cyclic *cyclic, uint32_t older);

#endif
