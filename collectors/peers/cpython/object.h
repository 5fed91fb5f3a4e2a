/* object: how Python objects carry ours.  The layout, the types and the counting of the cpython peer. */
#ifndef GCLAB_COLLECTORS_PEERS_CPYTHON_OBJECT_H
#define GCLAB_COLLECTORS_PEERS_CPYTHON_OBJECT_H

#include "collectors/peers/cpython/interpreter.h"

#include <structmember.h>

#include "collectors/collector.h"
#include "collectors/parts/header.h"

struct shape_type {
  uint32_t fields, bytes;
  PyTypeObject *type; /* NULL: an empty place */
};

struct cpython {
  struct gc_mutator mutator;
  struct interpreter interpreter;
  PyTypeObject *atom_type;
  struct shape_type *types; /* open addressing, at most half full; capacity is a power of two */
  uint32_t type_count, type_capacity;
  uint64_t cascade_objects, cascade_start_ticks; /* of the decrement under way */
  uint64_t cascade_freed_bytes;                  /* freed before it, and by collections in its callbacks */
  uint64_t large_bytes;                          /* cells beyond what arenas hold: in malloc's memory */
  uint64_t stress_countdown;
  uint32_t release_depth; /* counts that fell to zero, one in a callback of the other */
  bool has_weak;          /* containers have room for weak references (weak.c) */
  bool finished;          /* no callback is called any more */
  PyTypeObject *weak_type, *callback_type;
  PyObject *weak_arguments; /* a tuple for two, used again and again, which the collector does not see */
};

extern struct cpython the_cpython; /* deallocation has no other way to it */

enum { ARENA_CELL_MAX_BYTES = 512, CELL_GRANULE_BYTES = 16 };

static inline PyObject *object_of(gc_ref ref) { return (PyObject *)(void *)ref - 1; }
static inline gc_ref ref_of(PyObject *object) { return (gc_ref)(void *)(object + 1); }
static inline gc_ref *fields_of(PyObject *object) { return (gc_ref *)(void *)(object + 1); }

/*
 * The members of a container's type: where the raw bytes begin, which says how many fields there are, and where they
 * end.  Behind that a type that was made for weak references has room for the head of their list.
 */
enum { MEMBER_RAW, MEMBER_END };

static inline uint64_t type_fields(PyTypeObject *type)
{
  const PyMemberDef *raw = _PyHeapType_GET_MEMBERS((PyHeapTypeObject *)type) + MEMBER_RAW;
  return ((uint64_t)raw->offset - sizeof(PyObject)) / sizeof(gc_ref);
}

static inline uint64_t type_payload_bytes(PyTypeObject *type)
{
  const PyMemberDef *end = _PyHeapType_GET_MEMBERS((PyHeapTypeObject *)type) + MEMBER_END;
  return (uint64_t)end->offset - sizeof(PyObject);
}

/* In front of an atom. */
static inline uint64_t *atom_size(PyObject *atom) { return (uint64_t *)(void *)atom - 1; }

static inline uint64_t round_cell(uint64_t bytes)
{
  return (bytes + CELL_GRANULE_BYTES - 1) & ~(uint64_t)(CELL_GRANULE_BYTES - 1);
}

static inline uint64_t container_cell_bytes(const PyTypeObject *type)
{
  return round_cell(sizeof(PyGC_Head) + (uint64_t)type->tp_basicsize);
}

static inline uint64_t atom_cell_bytes(uint64_t payload_bytes)
{
  return round_cell(sizeof(uint64_t) + sizeof(PyObject) + payload_bytes);
}

static inline void note_allocated(struct cpython *cpython, uint64_t payload_bytes, uint64_t cell_bytes)
{
  struct gc_counters *counters = &cpython->mutator.counters;
  counters->allocated_objects++;
  counters->allocated_bytes += payload_bytes;
  counters->heap_bytes += cell_bytes;
  if (cell_bytes > ARENA_CELL_MAX_BYTES) cpython->large_bytes += cell_bytes;
}

static inline void note_freed(struct cpython *cpython, uint64_t payload_bytes, uint64_t cell_bytes)
{
  struct gc_counters *counters = &cpython->mutator.counters;
  if (++cpython->cascade_objects == 2) cpython->cascade_start_ticks = journal_ticks();
  counters->freed_objects++;
  counters->freed_bytes += payload_bytes;
  counters->heap_bytes -= cell_bytes;
  if (cell_bytes > ARENA_CELL_MAX_BYTES) cpython->large_bytes -= cell_bytes;
}

void container_deallocate(PyObject *object);

/* The type of containers of this shape, or the empty place for it. */
static inline struct shape_type *type_place(const struct cpython *cpython, struct gc_shape shape)
{
  const uint32_t mask = cpython->type_capacity - 1;
  uint32_t i = (shape.fields * 0x9e3779b1u ^ shape.bytes * 0x85ebca6bu) >> 16 & mask;
  while (cpython->types[i].type != NULL &&
         (cpython->types[i].fields != shape.fields || cpython->types[i].bytes != shape.bytes)) {
    i = (i + 1) & mask;
  }
  return &cpython->types[i];
}

/* Makes the type for containers of this shape, unnoticed by the collector.  NULL where there is no memory. */
PyTypeObject *types_add(struct cpython *cpython, struct gc_shape shape);

/* Makes the table, empty, and the type of atoms.  Returns false where there is no memory. */
bool types_start(struct cpython *cpython);
void types_finish(struct cpython *cpython);

/* Makes what weak references need, where there are any.  Returns false where there is no memory. */
bool weak_start(struct cpython *cpython);
void weak_finish(struct cpython *cpython);

/* The weak reference without callback that the target has already, as a new reference; NULL: it has none. */
PyObject *weak_shared(const struct cpython *cpython, PyObject *target);

/* A new weak reference to a container, which the caller holds; may collect.  NULL where there is no memory. */
PyObject *weak_make(struct cpython *cpython, PyObject *target, struct gc_hook hook);

#endif
