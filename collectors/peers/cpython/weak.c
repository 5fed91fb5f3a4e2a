/*
 * Weak references of the cpython peer: real ones, instances of a subtype of weakref.ref, which the interpreter clears
 * and calls back by its own rules.  The subtype is there to count them when they are freed; what the interpreter does
 * for weakref.ref itself, to give a reference without callback out again, is therefore done here.
 *
 * A callback is a callable object that the cycle collector does not track, so that it changes no count of its.  It is
 * called by vectorcall, which makes no tuple either.
 */
#include "collectors/peers/cpython/object.h"

#include "collectors/parts/hooks.h"

struct callback {
  PyObject head;
  vectorcallfunc call;
  struct gc_hook hook;
};

static PyObject *callback_call(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
  (void)count;
  (void)names;
  const struct gc_hook hook = ((const struct callback *)self)->hook;
  struct gc_mutator *mutator = &the_cpython.mutator;
  if (!the_cpython.finished) {
    GC_FRAME(frame, 1);
    gc_push(mutator, &frame.frame);
    gc_root(mutator, &frame.slot[0], ref_of(arguments[0]));
    hook.function(mutator, &frame.slot[0], hook.context);
    gc_pop(mutator, &frame.frame);
  }
  Py_RETURN_NONE;
}

static void callback_deallocate(PyObject *self)
{
  PyTypeObject *type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

static PyTypeObject *make_callback_type(void)
{
  PyMemberDef members[] = {
      {.name = "__vectorcalloffset__",
       .type = T_PYSSIZET,
       .offset = offsetof(struct callback, call),
       .flags = READONLY},
      {0},
  };
  PyType_Slot slots[] = {
      {Py_tp_dealloc, (void *)callback_deallocate},
      {Py_tp_call, (void *)PyVectorcall_Call},
      {Py_tp_members, members},
      {0, NULL},
  };
  PyType_Spec spec = {.name = "gclab.Callback",
                      .basicsize = sizeof(struct callback),
                      .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      .slots = slots};
  return (PyTypeObject *)PyType_FromSpec(&spec);
}

static uint64_t weak_cell_bytes(void) { return round_cell(sizeof(PyGC_Head) + sizeof(PyWeakReference)); }

static void weak_deallocate(PyObject *weak)
{
  PyTypeObject *type = Py_TYPE(weak);
  note_freed(&the_cpython, HOOKS_WEAK_BYTES, weak_cell_bytes());
  _PyWeakref_RefType.tp_dealloc(weak);
  Py_DECREF(type);
}

static int weak_traverse(PyObject *weak, visitproc visit, void *arg)
{
  Py_VISIT(Py_TYPE(weak)); /* instances own their heap type */
  return _PyWeakref_RefType.tp_traverse(weak, visit, arg);
}

static PyTypeObject *make_weak_type(void)
{
  PyType_Slot slots[] = {
      {Py_tp_dealloc, (void *)weak_deallocate},
      {Py_tp_traverse, (void *)weak_traverse},
      {Py_tp_clear, (void *)_PyWeakref_RefType.tp_clear},
      {0, NULL},
  };
  PyType_Spec spec = {.name = "gclab.Weak",
                      .basicsize = sizeof(PyWeakReference),
                      .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                      .slots = slots};
  PyObject *bases = PyTuple_Pack(1, (PyObject *)&_PyWeakref_RefType);
  if (bases == NULL) return NULL;
  PyTypeObject *type = (PyTypeObject *)PyType_FromSpecWithBases(&spec, bases);
  Py_DECREF(bases);
  return type;
}

bool weak_start(struct cpython *cpython)
{
  if (!cpython->has_weak) return true;
  interpreter_quiet_begin(&cpython->interpreter);
  cpython->weak_type = make_weak_type();
  cpython->callback_type = make_callback_type();
  cpython->weak_arguments = PyTuple_New(2);
  if (cpython->weak_arguments != NULL) PyObject_GC_UnTrack(cpython->weak_arguments);
  interpreter_quiet_end(&cpython->interpreter);
  return cpython->weak_type != NULL && cpython->callback_type != NULL && cpython->weak_arguments != NULL;
}

void weak_finish(struct cpython *cpython)
{
  Py_CLEAR(cpython->weak_arguments);
  Py_CLEAR(cpython->weak_type);
  Py_CLEAR(cpython->callback_type);
}

PyObject *weak_shared(const struct cpython *cpython, PyObject *target)
{
  PyObject **list = _PyObject_GET_WEAKREFS_LISTPTR(target);
  for (PyWeakReference *weak = (PyWeakReference *)*list; weak != NULL; weak = weak->wr_next) {
    if (Py_TYPE(weak) == cpython->weak_type && weak->wr_callback == NULL) return Py_NewRef((PyObject *)weak);
  }
  return NULL;
}

static PyObject *make_callback(const struct cpython *cpython, struct gc_hook hook)
{
  struct callback *callback = PyObject_New(struct callback, cpython->callback_type);
  if (callback == NULL) return NULL;
  callback->call = callback_call;
  callback->hook = hook;
  return (PyObject *)callback;
}

/* The arguments are borrowed, and read before anything else happens: the tuple is free again for a callback's own. */
PyObject *weak_make(struct cpython *cpython, PyObject *target, struct gc_hook hook)
{
  PyObject *callback = hook.function == NULL ? Py_NewRef(Py_None) : make_callback(cpython, hook);
  if (callback == NULL) return NULL;
  PyObject *arguments = cpython->weak_arguments;
  PyTuple_SET_ITEM(arguments, 0, target);
  PyTuple_SET_ITEM(arguments, 1, callback);
  PyObject *weak = cpython->weak_type->tp_new(cpython->weak_type, arguments, NULL);
  PyTuple_SET_ITEM(arguments, 0, NULL);
  PyTuple_SET_ITEM(arguments, 1, NULL);
  Py_DECREF(callback);
  if (weak != NULL) note_allocated(cpython, HOOKS_WEAK_BYTES, weak_cell_bytes());
  return weak;
}

gc_ref gc_weak_get(struct gc_mutator *mutator, gc_ref weak)
{
  (void)mutator;
  PyObject *target = PyWeakref_GET_OBJECT(object_of(weak));
  return target == Py_None ? NULL : ref_of(target);
}
