/*
 * oracle: what the heap should look like, kept beside it by the interpreter and never by the collector.
 *
 * A shadow graph: every object that the script made, by number; its fields, root slots, weak references and finalizers.
 * The interpreter tells it of every change, and asks it to compare: everything reachable has its number, shape and
 * payload unchanged and is where the graph says; after a full collection the number of objects held is exactly that
 * of the reachable ones (for a collector that only counts: of those that counting keeps); reference counts are the true
 * in-degrees; weak references yield their target exactly as long as they must.
 *
 * Numbers are given by the interpreter, from 1 up; 0 is none.  An object carries its number in its raw bytes.
 */
#ifndef GCLAB_HARNESS_SCRIPT_ORACLE_H
#define GCLAB_HARNESS_SCRIPT_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"

struct oracle;

/* An oracle for a heap whose root slots are slots[0 ... root_count). */
struct oracle *oracle_open(struct gc_mutator *mutator, const gc_ref *slots, uint32_t root_count);
void oracle_close(struct oracle *oracle);

/*
 * The interpreter's reports, each after the heap was changed.  A `root` is a slot's number.  An object is new
 * without any reference to it; every reference, temporary ones too, is reported.  Objects that the collector calls
 * hooks of are held by a temporary slot meanwhile: oracle_hold and oracle_release.
 */
void oracle_new(struct oracle *oracle, uint32_t number, struct gc_shape shape, gc_ref object, bool has_finalizer);
void oracle_root(struct oracle *oracle, uint32_t root, uint32_t number);
void oracle_store(struct oracle *oracle, uint32_t object, uint32_t field, uint32_t number);
void oracle_weak(struct oracle *oracle, uint32_t weak,
                 uint32_t target); /* a new weak reference, made by oracle_new before */
void oracle_hold(struct oracle *oracle, uint32_t number);
void oracle_release(struct oracle *oracle, uint32_t number);

/*
 * A finalizer runs on the object: it must be one that has a finalizer, once (of the old kind: each time that it dies),
 * and unreachable but for this.
 */
void oracle_finalizer_runs(struct oracle *oracle, uint32_t number, gc_ref object);
/* It has run, and the hold under which it did is over. */
void oracle_finalizer_ran(struct oracle *oracle, uint32_t number);
/*
 * The new object's finalizer is of the old kind: it runs at each death, and the object is set aside if it is in a
 * cycle.
 */
void oracle_legacy(struct oracle *oracle, uint32_t number);
/* The garbage list is about to be emptied; what is put into it the oracle sees for itself. */
void oracle_clear_garbage(struct oracle *oracle);
/* The callback of a weak reference runs. */
void oracle_callback_runs(struct oracle *oracle, uint32_t weak);
/* The heap answered `found` (0: none) for the target of the weak reference. */
void oracle_weak_yields(struct oracle *oracle, uint32_t weak, uint32_t found);
/* A load of the field of an object gave `found`. */
void oracle_load_yields(struct oracle *oracle, uint32_t object, uint32_t field, uint32_t found);
/* A collection of everything is over (explicit ones, outside of hooks): what is held must be exact. */
void oracle_collected_fully(struct oracle *oracle);
/* Compares all that is reachable; also called by the others every so many operations. */
void oracle_compare(struct oracle *oracle);

/* How many objects are reachable; how many counting alone would hold. */
uint64_t oracle_reachable(struct oracle *oracle);
uint64_t oracle_counted(struct oracle *oracle);

/*
 * A disagreement ends the process: it prints what is wrong, the object by number, and the operation (oracle_at), and
 * exits with code 1 (the collector's own checks abort), or calls what oracle_on_disagreement set, which does not
 * return.
 */
void oracle_at(struct oracle *oracle, uint32_t line, uint64_t operation);
void oracle_on_disagreement(void (*end)(void));

#endif
