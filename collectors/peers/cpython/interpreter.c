#include "collectors/peers/cpython/interpreter.h"

#include <stdio.h>
#include <string.h>

const char *interpreter_version(void)
{
  static char text[24];
  const char *version = Py_GetVersion(); /* "3.11.2 (main, ...) [GCC ...]" */
  snprintf(text, sizeof text, "%.*s", (int)strcspn(version, " "), version);
  return text;
}

/* Asked by the leak sanitizer, where there is one: what CPython itself keeps after Py_FinalizeEx is no leak of ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void) { return "leak:libpython"; }
const char *__lsan_default_options(void) { return "print_suppressions=0"; }

static PyObjectArenaAllocator system_arenas;

static void *arena_allocate(void *context, size_t bytes)
{
  struct interpreter *interpreter = context;
  void *arena = system_arenas.alloc(system_arenas.ctx, bytes);
  if (arena != NULL) interpreter->arena_bytes += bytes;
  return arena;
}

static void arena_free(void *context, void *arena, size_t bytes)
{
  struct interpreter *interpreter = context;
  interpreter->arena_bytes -= bytes;
  system_arenas.free(system_arenas.ctx, arena, bytes);
}

static bool initialise(void)
{
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.site_import = 0;
  config.pathconfig_warnings = 0;
  config.write_bytecode = 0;
  const PyStatus status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (!PyStatus_Exception(status)) return true;
  fprintf(stderr, "gclab: cpython: the interpreter does not start: %s\n",
          status.err_msg != NULL ? status.err_msg : "no reason given");
  return false;
}

/* Does what we read directly agree with what the gc module says?  The headers may be another version's. */
static bool state_is_understood(const struct interpreter *interpreter, PyObject *module, const int *thresholds)
{
  int told[NUM_GENERATIONS] = {-1, -1, -1};
  PyObject *tuple = PyObject_CallMethod(module, "get_threshold", NULL);
  bool same = tuple != NULL && PyArg_ParseTuple(tuple, "iii", &told[0], &told[1], &told[2]);
  for (int i = 0; i < NUM_GENERATIONS; i++) {
    same = same && told[i] == thresholds[i] && interpreter->gc->generations[i].threshold == thresholds[i];
  }
  Py_XDECREF(tuple);
  same = same && interpreter->gc->enabled == 1 && interpreter->gc->collecting == 0;
  if (!same) {
    PyErr_Clear();
    fprintf(stderr, "gclab: cpython: libpython %s does not match its headers (%s), or collects already\n",
            interpreter_version(), PY_VERSION);
  }
  return same;
}

/* Collect, freeze, collect: afterwards every list is empty, every count 0 and the 25 % rule's totals are 0. */
static bool put_away_start_up(struct interpreter *interpreter)
{
  PyGC_Collect();
  const bool frozen = interpreter_call(interpreter->freeze);
  PyGC_Collect();
  memcpy(interpreter->stats_at_start, interpreter->gc->generation_stats, sizeof interpreter->stats_at_start);
  return frozen;
}

bool interpreter_start(struct interpreter *interpreter, const int thresholds[NUM_GENERATIONS])
{
  PyObject_GetArenaAllocator(&system_arenas);
  PyObjectArenaAllocator counting = {.ctx = interpreter, .alloc = arena_allocate, .free = arena_free};
  PyObject_SetArenaAllocator(&counting);
  if (!initialise()) return false;
  interpreter->gc = &PyInterpreterState_Get()->gc;
  PyObject *module = PyImport_ImportModule("gc");
  if (module == NULL) return false;
  interpreter->collect = PyObject_GetAttrString(module, "collect");
  interpreter->freeze = PyObject_GetAttrString(module, "freeze");
  interpreter->unfreeze = PyObject_GetAttrString(module, "unfreeze");
  for (int i = 0; i < NUM_GENERATIONS; i++) interpreter->generations[i] = PyLong_FromLong(i);
  PyObject *none = PyObject_CallMethod(module, "set_threshold", "iii", thresholds[0], thresholds[1], thresholds[2]);
  Py_XDECREF(none);
  const bool has_functions =
      interpreter->collect != NULL && interpreter->freeze != NULL && interpreter->unfreeze != NULL;
  const bool started = none != NULL && has_functions && state_is_understood(interpreter, module, thresholds) &&
                       put_away_start_up(interpreter);
  Py_DECREF(module);
  return started;
}

void interpreter_finish(struct interpreter *interpreter)
{
  Py_CLEAR(interpreter->collect);
  Py_CLEAR(interpreter->freeze);
  Py_CLEAR(interpreter->unfreeze);
  for (int i = 0; i < NUM_GENERATIONS; i++) Py_CLEAR(interpreter->generations[i]);
  Py_FinalizeEx();
  PyObject_SetArenaAllocator(&system_arenas);
}

void interpreter_quiet_begin(struct interpreter *interpreter)
{
  struct gc_generation *youngest = &interpreter->gc->generations[0];
  interpreter->quiet_enabled = interpreter->gc->enabled;
  interpreter->gc->enabled = 0;
  interpreter->quiet_count = youngest->count;
  interpreter->quiet_tail = _PyGCHead_PREV(&youngest->head);
}

void interpreter_quiet_end(struct interpreter *interpreter)
{
  struct gc_generation *youngest = &interpreter->gc->generations[0];
  PyGC_Head *head = &youngest->head;
  PyGC_Head *tail = interpreter->quiet_tail;
  PyGC_Head *first = _PyGCHead_NEXT(tail);
  if (first != head) { /* what was appended since: to the end of the permanent generation */
    PyGC_Head *last = _PyGCHead_PREV(head);
    PyGC_Head *permanent = &interpreter->gc->permanent_generation.head;
    PyGC_Head *permanent_tail = _PyGCHead_PREV(permanent);
    _PyGCHead_SET_NEXT(tail, head);
    _PyGCHead_SET_PREV(head, tail);
    _PyGCHead_SET_NEXT(permanent_tail, first);
    _PyGCHead_SET_PREV(first, permanent_tail);
    _PyGCHead_SET_NEXT(last, permanent);
    _PyGCHead_SET_PREV(permanent, last);
  }
  youngest->count = interpreter->quiet_count;
  interpreter->gc->enabled = interpreter->quiet_enabled;
}

bool interpreter_call(PyObject *function)
{
  PyObject *none = PyObject_CallNoArgs(function);
  if (none == NULL) PyErr_Print();
  Py_XDECREF(none);
  return none != NULL;
}

uint64_t interpreter_collect(struct interpreter *interpreter, int generation)
{
  PyObject *found = PyObject_CallOneArg(interpreter->collect, interpreter->generations[generation]);
  if (found == NULL) {
    PyErr_Print();
    return 0;
  }
  const uint64_t count = PyLong_AsUnsignedLongLong(found);
  Py_DECREF(found);
  return count;
}
