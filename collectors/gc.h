/*
 * gc: the mutator interface.  All that a workload may call, and the same for every collector: one that counts
 * references, one that traces, one that does both, or one that we did not write.
 *
 * A collector is chosen when a program is linked: it is a library that defines the functions below.  Workloads are
 * compiled once; link-time optimisation inlines the one into the other, so nothing on the hot path is called through
 * a pointer.
 *
 * THE CONTRACT
 *  1. An object is `fields` references, all NULL at birth, followed by `bytes` raw bytes, all zero at birth.  The
 *     collector's header stands in front and is its own affair.  A gc_ref is the address of the first field.
 *  2. A reference that must survive a safepoint lives in a root slot: a slot of a frame that has been pushed and not
 *     yet popped.  A raw gc_ref in a C local is good until the next safepoint.  gc_new, gc_new_weak, gc_root, gc_store,
 *     gc_pop and gc_collect are safepoints: a counting collector may free there, a moving one may move.
 *  3. Every store of a reference into an object goes through gc_store, the first store into a new object too:
 *     counting needs it.  Every store into a root slot goes through gc_root or gc_new.
 *  4. Tracing finds everything from the frames; counting counts slots and fields alike.  Nothing is scanned
 *     conservatively, except by a peer that works so.
 *  5. The mutator is passed everywhere, so that several mutator threads can come later without touching a workload.
 *  6. Frames are popped in the reverse order of their pushes, and before the block that holds them ends.
 *  7. A weak reference is an object of its own (kind GC_WEAK, no fields) that refers to its target without keeping it
 *     alive.  It is cleared, once and for good, before the target's memory can be used again; what it yields until
 *     then is the whole target.  A callback runs after the weak reference has been cleared, if the weak reference
 *     itself is reachable then.
 *  8. A finalizer runs at most once, on the whole object with all that it refers to, when the collector finds the
 *     object unreachable.  It may make it reachable again: then the object lives on, and no finalizer runs a second
 *     time.  A tracing collector clears the weak references to what it found unreachable before it runs a finalizer; a
 *     counting one, like CPython, runs the finalizer first.
 *  9. Hooks (callbacks and finalizers) run in the mutator's thread, at a safepoint, inside or after the pause as the
 *     collector documents.  They may do all that a mutator may; collections that they ask for while one of CPython's
 *     kind is running do nothing.  What is still alive when the collector is finished is not finalized.
 *
 * Checking builds (GC_CHECKING) make a broken rule fail at once, with the object or frame named.
 */
#ifndef GCLAB_COLLECTORS_GC_H
#define GCLAB_COLLECTORS_GC_H

#include <stdint.h>

typedef struct gc_object *gc_ref;

struct gc_mutator;

/*
 * What a Python object of this shape would be.  Only collectors that imitate CPython look at it: an instance, list,
 * tuple or dict is a container and is tracked; an atom has no references and never is.  GC_WEAK is a weak reference,
 * which only gc_new_weak makes.
 */
enum gc_kind { GC_INSTANCE, GC_LIST, GC_TUPLE, GC_DICT, GC_ATOM, GC_WEAK };

struct gc_shape {
  uint32_t fields; /* references */
  uint32_t bytes;  /* raw bytes behind them */
  enum gc_kind kind;
};

/* A group of root slots.  Declare one with GC_FRAME; its slots are `name.slot[0]` and so on, NULL at first. */
struct gc_frame {
  struct gc_frame *previous;
  gc_ref *slots;
  uint32_t count;
};

/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a variable takes none */
#define GC_FRAME(name, slot_count)                                                                                     \
  struct {                                                                                                             \
    struct gc_frame frame;                                                                                             \
    gc_ref slot[slot_count];                                                                                           \
  } name = {.slot = {0}};                                                                                              \
  name.frame.slots = name.slot;                                                                                        \
  name.frame.count = (slot_count)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Puts the frame on the shadow stack. */
void gc_push(struct gc_mutator *mutator, struct gc_frame *frame);

/* Takes the frame, which must be the topmost, off the shadow stack; its references are dropped.  Safepoint. */
void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame);

/*
 * Makes an object and puts it into the root slot, dropping what the slot held.  Does not return when there is no
 * memory: the trial then ends with the outcome "out of memory".  Safepoint.
 */
void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape);

/* Assigns a root slot.  Safepoint, but value itself may be a raw reference: it is protected first. */
void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value);

/* The reference in a field; field < fields.  Not a safepoint. */
gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field);

/*
 * Stores value (or NULL) into a field of object.  Safepoint, but only for what the old value alone kept alive: object
 * and value may be raw references as long as object stays reachable without the old value.
 */
void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value);

/*
 * Collects generation 0 to `generation` (GC_FULL: everything) now.  A collector without generations collects
 * everything; one that cannot collect does nothing.  Returns the number of unreachable objects it found.  Safepoint.
 */
enum { GC_FULL = 100 };
uint64_t gc_collect(struct gc_mutator *mutator, int generation);

/*
 * What a collector calls back.  slot is a root slot that holds the object to be finalized, or the weak reference that
 * has been cleared; function NULL: nothing is called.
 */
struct gc_hook {
  void (*function)(struct gc_mutator *mutator, gc_ref *slot, void *context);
  void *context;
};

/*
 * Makes a weak reference to the object in the root slot `target`, which is not NULL and neither a weak reference itself
 * nor an atom (CPython has none to int or str), and puts it into the root slot.  Without a callback, an object that has
 * such a weak reference already gets that one again, as in CPython.  Only of a collector with the capability
 * COLLECTOR_WEAK.  Safepoint.
 */
void gc_new_weak(struct gc_mutator *mutator, gc_ref *slot, const gc_ref *target, struct gc_hook callback);

/* The target, or NULL when the weak reference has been cleared.  Not a safepoint; the result is a raw reference. */
gc_ref gc_weak_get(struct gc_mutator *mutator, gc_ref weak);

/*
 * Gives the object, which is not a weak reference and has none, a finalizer.  Only of a collector with the capability
 * COLLECTOR_FINALIZES.  Not a safepoint.
 */
void gc_set_finalizer(struct gc_mutator *mutator, gc_ref object, struct gc_hook finalizer);

/* The raw bytes of an object that has `fields` references.  Good until the next safepoint. */
static inline void *gc_bytes(gc_ref object, uint32_t fields)
{
  return (char *)object + (uint64_t)fields * sizeof(gc_ref);
}

#endif
