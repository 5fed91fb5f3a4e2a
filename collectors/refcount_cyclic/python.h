/*
 * python: what differs between kinds of objects, and between versions of CPython.
 *
 * Free lists are counted, not kept: an object that CPython would park keeps no memory here, but its death and the
 * birth that would reuse it leave the count of generation 0 alone, as there.
 */
#ifndef GCLAB_COLLECTORS_REFCOUNT_CYCLIC_PYTHON_H
#define GCLAB_COLLECTORS_REFCOUNT_CYCLIC_PYTHON_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/gc.h"

/* How CPython treats objects of a kind. */
struct python_kind {
  bool is_container;        /* has a GC header: is counted, and can be tracked */
  bool traverses_backwards; /* tp_traverse visits the last element first */
};

static const struct python_kind python_kinds[] = {
    [GC_INSTANCE] = {.is_container = true},
    [GC_LIST] = {.is_container = true, .traverses_backwards = true},
    [GC_TUPLE] = {.is_container = true, .traverses_backwards = true},
    [GC_DICT] = {.is_container = true},
    [GC_ATOM] = {.is_container = false},
    [GC_WEAK] = {.is_container = true},
};

/* The switches between versions.  A version is a row. */
struct python_profile {
  const char *name;
  bool tracks_dicts_lazily;       /* a dict is untracked until a value that may be tracked is stored; again when full */
  bool takes_tuples_of_20;        /* those parked are used again; before 3.13 they were parked for nothing */
  bool waits_for_eval_breaker;    /* an allocation that is one too many only asks for the collection */
  bool always_has_callback_tuple; /* a single callback of a dying object's weak reference needs the tuple too */
  bool counts_tracked;            /* the count of generation 0 is of objects tracked, not of allocations */
  bool is_verified;               /* compared with a real interpreter */
  bool trash_counts_calls;        /* the trashcan's depth is that of C recursion: calls of functions are part of it */
  uint32_t trash_depth;           /* at this depth of deallocations one more is put off (deallocate.c) */
  uint32_t trash_resume_depth;    /* those put off are taken up when the depth has fallen to this */
};

enum { PYTHON_PROFILES = 5 };

extern const struct python_profile python_profiles[PYTHON_PROFILES];
extern const char *const python_profile_names[PYTHON_PROFILES + 1];

enum { PYTHON_PARKED_LISTS = 80, PYTHON_PARKED_DICTS = 80, PYTHON_PARKED_TUPLES = 2000, PYTHON_PARKED_TUPLE_SIZE = 20 };

struct python_free_lists {
  bool enabled;
  uint32_t lists, dicts;
  uint32_t tuples[PYTHON_PARKED_TUPLE_SIZE + 1]; /* by size, 1 to 20 */
};

/* An object is born: true if it comes from a free list. */
bool python_free_lists_take(struct python_free_lists *free_lists, const struct python_profile *profile,
                            enum gc_kind kind, uint32_t fields);

/* An object died: true if it is parked. */
bool python_free_lists_park(struct python_free_lists *free_lists, enum gc_kind kind, uint32_t fields);

/* A full collection empties them.  Returns how many objects were parked. */
uint64_t python_free_lists_clear(struct python_free_lists *free_lists);

#endif
