/*
 * interpreter: CPython 3.11 embedded, and the state of its cycle collector.
 *
 * The collector's counters are read directly, through the interpreter's internal headers, instead of through
 * gc.callbacks: calling Python code at each collection allocates a dictionary, which the collector counts after each
 * full collection, so that later collections come one allocation early.  Reading perturbs nothing.
 */
#ifndef GCLAB_COLLECTORS_PEERS_CPYTHON_INTERPRETER_H
#define GCLAB_COLLECTORS_PEERS_CPYTHON_INTERPRETER_H

#define PY_SSIZE_T_CLEAN 1
#define Py_BUILD_CORE    1 /* for the internal headers; nothing of the interpreter is built here */
#include <Python.h>

#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_object.h>

#include <stdbool.h>
#include <stdint.h>

#if PY_VERSION_HEX >> 16 != 0x030b
#error "the cpython peer follows the internals of CPython 3.11 and is built against nothing else"
#endif

struct interpreter {
  struct _gc_runtime_state *gc;
  PyObject *collect, *freeze, *unfreeze; /* gc.collect, ... */
  PyObject *generations[NUM_GENERATIONS];
  struct gc_generation_stats stats_at_start[NUM_GENERATIONS];
  uint64_t arena_bytes; /* held by the object allocator, start-up objects included */
  /* Between quiet_begin and quiet_end: */
  PyGC_Head *quiet_tail;
  int quiet_count, quiet_enabled;
};

/* "3.11.2"; may be called at any time. */
const char *interpreter_version(void);

/*
 * Starts the interpreter without site and with nothing taken from the environment, sets the thresholds, and puts
 * every object made so far out of the collector's sight.  Returns false where that cannot be; what is wrong is then
 * on standard error, unless it is memory.
 */
bool interpreter_start(struct interpreter *interpreter, const int thresholds[NUM_GENERATIONS]);

void interpreter_finish(struct interpreter *interpreter);

/*
 * Between these two, Python objects may be made without the collector noticing: nothing is collected, and afterwards
 * the counts are what they were and the new objects are in the permanent generation.
 */
void interpreter_quiet_begin(struct interpreter *interpreter);
void interpreter_quiet_end(struct interpreter *interpreter);

/* Will the next allocation of a container collect first?  The interpreter's own condition. */
static inline bool interpreter_will_collect(const struct interpreter *interpreter)
{
  const struct gc_generation *youngest = &interpreter->gc->generations[0];
  return youngest->count >= youngest->threshold && youngest->threshold != 0 && interpreter->gc->enabled &&
         !interpreter->gc->collecting;
}

/* gc.freeze() or gc.unfreeze(), which make no object that the collector counts.  False: it failed. */
bool interpreter_call(PyObject *function);

/* gc.collect(generation): the number of unreachable objects it found. */
uint64_t interpreter_collect(struct interpreter *interpreter, int generation);

#endif
