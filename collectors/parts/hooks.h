/*
 * hooks: weak references and finalizers, what all own collectors share of them.
 *
 * A table beside the heap says which objects have a finalizer, which have weak references to them, and which weak
 * references there are.  A program that uses neither has no table (mutator->hooks is NULL), and pays one comparison
 * where an object dies or a collection ends.  gc_new_weak, gc_weak_get and gc_set_finalizer are defined once, here and
 * in weak.c.
 *
 * A counting collector looks an object up when its count has fallen to 0 (hooks_find), and calls at once (hooks_call).
 * A tracing one walks the tables when it has marked, in this order:
 *
 *   hooks_clear_unreached      weak references to what was not reached are cleared; callbacks of those that were
 *                              reached themselves are queued
 *   hooks_queue_finalizers     objects that were not reached and have a finalizer yet to run are queued
 *   (the collector marks from the queue, which is a range of root slots: hooks->queued, hooks->queued_count)
 *   hooks_forget_unreached     what is still not reached leaves the tables; the others' addresses are brought up to
 *                              date, where a collector moves
 *   (the pause ends)
 *   hooks_run_queue            at the end of the safepoint
 *
 * INVARIANTS
 *  - objects[] is dense; each entry has a finalizer, has had one, or has a weak reference; `index` leads from an
 *    object's address to its position plus one.
 *  - A weak reference that has not been cleared is in the list of its target's entry, linked both ways, newest first,
 *    but the one without callback before all others (CPython's order).  There is one such at most, or a second, where a
 *    hook made it in the middle of the making of the first; as in CPython.
 *  - hidden_count is the number of entries that are hidden.
 *  - The raw bytes of a weak reference hold the number of its entry in weaks[]; entries of dead ones are on a free
 *    list.
 *  - queued[] are root slots: a collector keeps alive, and updates, what they hold.
 */
#ifndef GCLAB_COLLECTORS_PARTS_HOOKS_H
#define GCLAB_COLLECTORS_PARTS_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "collectors/parts/mapping.h"
#include "collectors/parts/object_table.h"

enum { HOOKS_NONE = UINT32_MAX };

struct hooks_object {
  gc_ref object;
  struct gc_hook finalizer; /* function NULL: none */
  bool finalized;           /* it has run, or is about to */
  bool legacy;              /* of the old kind (COLLECTOR_ORDER_LEGACY) */
  bool hidden;              /* dead, and its death waits: weak references to it stay, and yield NULL meanwhile */
  uint32_t first_weak;      /* or HOOKS_NONE */
};

struct hooks_weak {
  gc_ref weak;   /* the weak reference; NULL: the entry is free */
  gc_ref target; /* NULL: cleared */
  struct gc_hook callback;
  uint32_t next; /* weak reference to the same target, or free entry */
  uint32_t previous;
};

struct hooks {
  struct mapping object_memory, weak_memory, queued_memory, call_memory;
  struct hooks_object *objects;
  uint32_t object_count, hidden_count;
  struct object_table index;
  struct hooks_weak *weaks;
  uint32_t weak_count, first_free_weak; /* weak_count counts free entries too */
  gc_ref *queued;                       /* objects whose hooks are to be called */
  struct gc_hook *calls;                /* beside them */
  uint32_t queued_count, next_call;     /* below next_call they have been called, and hold NULL */
  bool is_running;
  uint32_t call_depth;  /* hooks that are being called, one in the other */
  uint32_t death_depth; /* deaths under way that may call some */
  uint32_t timed_count; /* of the cascades under way, those whose pause has begun (counting.h) */
};

enum { HOOKS_WEAK_BYTES = sizeof(uint64_t) };

/* What a weak reference is to gc_new. */
static inline struct gc_shape hooks_weak_shape(void)
{
  return (struct gc_shape){.fields = 0, .bytes = HOOKS_WEAK_BYTES, .kind = GC_WEAK};
}

/* The object's entry, good until the next change; NULL: it has no hooks. */
struct hooks_object *hooks_find(const struct hooks *hooks, gc_ref object);

/* The weak reference without callback to the object, which gc_new_weak gives again; NULL: there is none. */
gc_ref hooks_shared_weak(const struct hooks *hooks, gc_ref object);

/* Enters a weak reference that has just been made, of the shape above, to the target; both are in root slots. */
void hooks_add_weak(struct gc_mutator *mutator, const gc_ref *weak, const gc_ref *target, struct gc_hook callback);

/* The entry of a weak reference. */
struct hooks_weak *hooks_weak_of(const struct hooks *hooks, gc_ref weak);

/*
 * Of a counting collector, when something that is dead has to wait before its weak references can be cleared, while
 * other hooks may run: they do not yield it until it is shown again, as when its own finalizer is called.
 */
void hooks_hide(struct hooks *hooks, gc_ref object);
void hooks_show(struct hooks *hooks, gc_ref object);

/* Takes the weak reference, which refers to something, off its target: from now on it yields NULL. */
void hooks_clear(struct hooks *hooks, struct hooks_weak *weak);

/* The object is about to be freed: its entry goes, weak references to it are cleared, no callback is called. */
void hooks_forget_object(struct hooks *hooks, gc_ref object);

/*
 * The same, and returns those of the weak references that have a callback, for the caller to call: the number of the
 * first, or HOOKS_NONE; the others follow by `next`, which stays as it is for as long as the weak references live.
 */
uint32_t hooks_detach_object(struct hooks *hooks, gc_ref object);

/* The weak reference is about to be freed. */
void hooks_forget_weak(struct hooks *hooks, gc_ref weak);

/*
 * Is a hook being called, or may it be, since something is dying?  Then counts may be above what a walk of the heap
 * finds: the collector itself holds objects, and what dies has not dropped all of its references yet.
 */
static inline bool hooks_are_called(const struct hooks *hooks)
{
  return hooks != NULL && hooks->call_depth + hooks->death_depth > 0;
}

/* Calls the hook now, with the object in a root slot of a frame of its own. */
void hooks_call(struct gc_mutator *mutator, struct gc_hook hook, gc_ref object);

/* Where the object is after the collection: itself, its new address, or NULL where it was not reached. */
typedef gc_ref hooks_survivor(void *state, gc_ref object);

void hooks_clear_unreached(struct gc_mutator *mutator, hooks_survivor *survivor, void *state);
void hooks_queue_finalizers(struct gc_mutator *mutator, hooks_survivor *survivor, void *state);
void hooks_forget_unreached(struct gc_mutator *mutator, hooks_survivor *survivor, void *state);

/*
 * Calls what is queued, in order, and what is queued meanwhile.  Does nothing when it is called from a hook.
 * Safepoint.
 */
void hooks_run_queue(struct gc_mutator *mutator);

/* Gives all memory back; mutator->hooks is NULL afterwards.  For collector_finish. */
void hooks_release(struct gc_mutator *mutator);

/* Aborts with the entry named where an invariant does not hold. */
void hooks_check(const struct hooks *hooks);

#endif
