/* What module gc asks and orders, of the interpreter that is embedded (collector.h). */
#include "collectors/peers/cpython/object.h"

static struct _gc_runtime_state *state_of(struct gc_mutator *mutator)
{
  return ((struct cpython *)(void *)mutator)->interpreter.gc;
}

static bool is_tracked(gc_ref ref)
{
  PyObject *object = object_of(ref);
  return PyObject_IS_GC(object) && _PyObject_GC_IS_TRACKED(object);
}

/* The generation whose list the object is in, found by going to its end; 3: the permanent one. */
static int64_t generation_of(struct _gc_runtime_state *gc, gc_ref ref)
{
  if (!is_tracked(ref)) return -1;
  for (PyGC_Head *head = _Py_AS_GC(object_of(ref));; head = _PyGCHead_NEXT(head)) {
    for (int i = 0; i < NUM_GENERATIONS; i++) {
      if (head == &gc->generations[i].head) return i;
    }
    if (head == &gc->permanent_generation.head) return NUM_GENERATIONS;
  }
}

/* The program's own: types, which are made when a shape is first met, are in the permanent generation too. */
static int64_t frozen_objects(struct _gc_runtime_state *gc)
{
  int64_t count = 0;
  PyGC_Head *head = &gc->permanent_generation.head;
  for (PyGC_Head *gc_head = _PyGCHead_NEXT(head); gc_head != head; gc_head = _PyGCHead_NEXT(gc_head)) {
    const PyObject *object = (PyObject *)(void *)(gc_head + 1);
    count += Py_TYPE(object)->tp_dealloc == container_deallocate;
  }
  return count;
}

int64_t collector_ask(struct gc_mutator *mutator, enum collector_quantity quantity, int generation, gc_ref object)
{
  struct _gc_runtime_state *gc = state_of(mutator);
  switch (quantity) {
  case COLLECTOR_ASK_COUNT:
    return gc->generations[generation].count;
  case COLLECTOR_ASK_THRESHOLD:
    return gc->generations[generation].threshold;
  case COLLECTOR_ASK_ENABLED:
    return gc->enabled;
  case COLLECTOR_ASK_FROZEN:
    return frozen_objects(gc);
  case COLLECTOR_ASK_GARBAGE:
    return PyList_GET_SIZE(gc->garbage);
  case COLLECTOR_ASK_REFERENCES:
    return Py_REFCNT(object_of(object));
  case COLLECTOR_ASK_TRACKED:
    return is_tracked(object);
  case COLLECTOR_ASK_GENERATION:
    return generation_of(gc, object);
  case COLLECTOR_ASK_FINALIZED: /* there are no finalizers, so that nothing is set aside */
  case COLLECTOR_ASK_GARBAGE_OBJECT:
    break;
  }
  return COLLECTOR_NO_ANSWER;
}

bool collector_order(struct gc_mutator *mutator, enum collector_order order, int generation, gc_ref object,
                     int64_t value)
{
  const struct interpreter *interpreter = &((struct cpython *)(void *)mutator)->interpreter;
  struct _gc_runtime_state *gc = interpreter->gc;
  (void)object;
  switch (order) {
  case COLLECTOR_ORDER_THRESHOLD:
    gc->generations[generation].threshold = (int)value;
    return true;
  case COLLECTOR_ORDER_ENABLE:
    gc->enabled = value != 0;
    return true;
  case COLLECTOR_ORDER_FREEZE:
    return interpreter_call(interpreter->freeze);
  case COLLECTOR_ORDER_UNFREEZE:
    return interpreter_call(interpreter->unfreeze);
  case COLLECTOR_ORDER_CLEAR_GARBAGE:
    return PyList_SetSlice(gc->garbage, 0, PyList_GET_SIZE(gc->garbage), NULL) == 0;
  case COLLECTOR_ORDER_LEGACY:
  case COLLECTOR_ORDER_EXPLICIT_POLLS:
  case COLLECTOR_ORDER_POLL:
    break;
  }
  return false;
}
