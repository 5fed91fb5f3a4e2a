/*
 * weak: the weak references of the boehm peer, out of libgc's disappearing links.
 *
 * A weak reference is an object without references in libgc's sense.  It holds its target's address hidden, which libgc
 * sets to 0 when it finds the target unreachable (GC_general_register_disappearing_link), before it frees anything.
 * libgc forgets the link itself where the weak reference is what dies.  Two things libgc does not know, so they are
 * kept in tables here, hidden from it and looked through at each collection: which weak references have a callback, and
 * which reference without one an object has already.
 *
 * When a collection has marked, what of these tables was not reached leaves them; when the call of libgc is over, those
 * with a callback whose link has been cleared are queued, newest first, and called.
 *
 * INVARIANTS
 *  - called[] are weak references with a callback yet to come, oldest first; shared[] those without, each with its
 *    target, and `index` leads from the target's address to the place in shared[].
 *  - queue[] are root slots, shown to libgc by weak_push_queue.
 */
#ifndef GCLAB_COLLECTORS_PEERS_BOEHM_WEAK_H
#define GCLAB_COLLECTORS_PEERS_BOEHM_WEAK_H

#include <stdbool.h>

#include "collectors/gc.h"

/* What a weak reference is made as, by gc_new; to those who count it is hooks_weak_shape(). */
struct gc_shape weak_shape(void);

/* Makes the object in the root slot, of that shape, a weak reference to the target, which is in another. */
void weak_bind(struct gc_mutator *mutator, const gc_ref *weak, const gc_ref *target, struct gc_hook callback);

/* The weak reference without callback that the target has already; NULL: none. */
gc_ref weak_shared(gc_ref target);

/* libgc has marked, and holds its lock: drops what was not reached. */
void weak_forget_unmarked(void);

/* libgc marks: shows it the queue. */
void weak_push_queue(void);

/* Outside of libgc: calls the callbacks of weak references that have been cleared.  Safepoint. */
void weak_run_callbacks(struct gc_mutator *mutator);

/* There has been a collection since, and there were weak references with a callback. */
extern bool weak_is_due;

/* Gives the tables' memory back. */
void weak_release(void);

#endif
