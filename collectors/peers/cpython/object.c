#include "collectors/peers/cpython/object.h"

#include <stdio.h>

static int container_traverse(PyObject *object, visitproc visit, void *arg)
{
  gc_ref *fields = fields_of(object);
  const uint64_t count = type_fields(Py_TYPE(object));
  for (uint64_t i = 0; i < count; i++) {
    if (fields[i] == NULL) continue;
    const int stop = visit(object_of(fields[i]), arg);
    if (stop != 0) return stop;
  }
  Py_VISIT(Py_TYPE(object)); /* instances own their heap type */
  return 0;
}

static int container_clear(PyObject *object)
{
  gc_ref *fields = fields_of(object);
  const uint64_t count = type_fields(Py_TYPE(object));
  for (uint64_t i = 0; i < count; i++) {
    gc_ref old = fields[i];
    fields[i] = NULL;
    if (old != NULL) Py_DECREF(object_of(old));
  }
  return 0;
}

void container_deallocate(PyObject *object)
{
  PyTypeObject *type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  Py_TRASHCAN_BEGIN(object, container_deallocate);
  if (type->tp_weaklistoffset > 0) PyObject_ClearWeakRefs(object);
  note_freed(&the_cpython, type_payload_bytes(type), container_cell_bytes(type));
  gc_ref *fields = fields_of(object);
  const uint64_t count = type_fields(type);
  for (uint64_t i = 0; i < count; i++) {
    if (fields[i] != NULL) Py_DECREF(object_of(fields[i]));
  }
  PyObject_GC_Del(object);
  Py_DECREF(type);
  Py_TRASHCAN_END
}

static void atom_deallocate(PyObject *atom)
{
  PyTypeObject *type = Py_TYPE(atom);
  const uint64_t payload_bytes = *atom_size(atom);
  note_freed(&the_cpython, payload_bytes, atom_cell_bytes(payload_bytes));
  PyObject_Free(atom_size(atom));
  Py_DECREF(type);
}

/* Puts the head of the list of weak references behind everything else. */
static void make_room_for_weak(PyTypeObject *type)
{
  const Py_ssize_t word = sizeof(PyObject *);
  type->tp_weaklistoffset = (type->tp_basicsize + word - 1) / word * word;
  type->tp_basicsize = type->tp_weaklistoffset + word;
}

static PyTypeObject *make_container_type(uint32_t fields, uint32_t bytes)
{
  char name[64];
  snprintf(name, sizeof name, "gclab.Container_%u_%u", fields, bytes);
  const Py_ssize_t raw_offset = (Py_ssize_t)(sizeof(PyObject) + (uint64_t)fields * sizeof(gc_ref));
  PyMemberDef members[] = {
      [MEMBER_RAW] = {.name = "raw", .type = T_UBYTE, .offset = raw_offset, .flags = READONLY},
      [MEMBER_END] = {.name = "end", .type = T_UBYTE, .offset = raw_offset + (Py_ssize_t)bytes, .flags = READONLY},
      {0},
  };
  PyType_Slot slots[] = {
      {Py_tp_traverse, (void *)container_traverse},
      {Py_tp_clear, (void *)container_clear},
      {Py_tp_dealloc, (void *)container_deallocate},
      {Py_tp_members, members},
      {0, NULL},
  };
  PyType_Spec spec = {.name = name,
                      .basicsize = sizeof(PyObject),
                      .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      .slots = slots};
  PyTypeObject *type = (PyTypeObject *)PyType_FromSpec(&spec);
  if (type == NULL) return NULL;
  type->tp_basicsize = raw_offset + (Py_ssize_t)bytes; /* the specification's is only an int */
  if (the_cpython.has_weak) make_room_for_weak(type);
  return type;
}

static PyTypeObject *make_atom_type(void)
{
  PyType_Slot slots[] = {{Py_tp_dealloc, (void *)atom_deallocate}, {0, NULL}};
  PyType_Spec spec = {.name = "gclab.Atom",
                      .basicsize = sizeof(PyObject),
                      .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      .slots = slots};
  return (PyTypeObject *)PyType_FromSpec(&spec);
}

static bool types_grow(struct cpython *cpython)
{
  struct shape_type *old = cpython->types;
  const uint32_t old_capacity = cpython->type_capacity;
  const uint32_t capacity = old_capacity == 0 ? 64 : 2 * old_capacity;
  struct shape_type *types = PyMem_RawCalloc(capacity, sizeof *types);
  if (types == NULL) return false;
  cpython->types = types;
  cpython->type_capacity = capacity;
  for (uint32_t i = 0; i < old_capacity; i++) {
    if (old[i].type == NULL) continue;
    *type_place(cpython, (struct gc_shape){.fields = old[i].fields, .bytes = old[i].bytes}) = old[i];
  }
  PyMem_RawFree(old);
  return true;
}

__attribute__((noinline)) PyTypeObject *types_add(struct cpython *cpython, struct gc_shape shape)
{
  if (2 * (cpython->type_count + 1) > cpython->type_capacity && !types_grow(cpython)) return NULL;
  interpreter_quiet_begin(&cpython->interpreter);
  PyTypeObject *type = make_container_type(shape.fields, shape.bytes);
  interpreter_quiet_end(&cpython->interpreter);
  if (type == NULL) return NULL;
  *type_place(cpython, shape) = (struct shape_type){.fields = shape.fields, .bytes = shape.bytes, .type = type};
  cpython->type_count++;
  return type;
}

bool types_start(struct cpython *cpython)
{
  if (!types_grow(cpython)) return false;
  interpreter_quiet_begin(&cpython->interpreter);
  cpython->atom_type = make_atom_type();
  interpreter_quiet_end(&cpython->interpreter);
  return cpython->atom_type != NULL;
}

void types_finish(struct cpython *cpython)
{
  for (uint32_t i = 0; i < cpython->type_capacity; i++) Py_CLEAR(cpython->types[i].type);
  Py_CLEAR(cpython->atom_type);
  PyMem_RawFree(cpython->types);
  cpython->types = NULL;
  cpython->type_capacity = 0;
}
