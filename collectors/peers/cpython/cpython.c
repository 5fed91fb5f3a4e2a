/*
 * cpython: the real thing.  CPython 3.11's reference counts, object allocator and cycle collector, driven from C.
 *
 * A peer: every object is a Python object, made and freed by libpython, and counted by the rules of extension types.
 * A container is an instance of a heap type with exactly its fields (and raw bytes) inline, like an instance of a
 * class with __slots__: 16 bytes of collector's header, 16 of object header, then the payload.  There is one type a
 * shape, made at first use; none has a free list.  `kind` is looked at no further than this: lists, tuples and dicts
 * are such instances too, so neither lazy tracking of dicts nor untracking of tuples occurs.  An atom (GC_ATOM without
 * fields) has a type that the collector does not know, and its size in a word in front, as bytes and str have theirs.
 *
 * Objects come from CPython's own allocator (pymalloc): up to 512 bytes from arenas that it maps itself, larger ones
 * from malloc.  So the choice of a malloc hardly matters and is no dimension here.
 *
 * Collections happen where CPython 3.11 has them: inside the allocation of a container, before the new object is
 * tracked.  They are timed around that allocation, which is known beforehand to collect (interpreter.h says why there
 * are no callbacks); generation, collected and uncollectable come from the interpreter's own statistics.  freed_* are
 * exact, because deallocation is ours.  Cascades are what one decrement sets off outside collections: CPython's
 * recursive deallocation, which its trashcan cuts at a depth of 50 and goes on with from a list.  mark_ns is not known.
 *
 * Where weak references are announced (collector_config.needs), containers have room for the list of theirs, a word at
 * their end, as instances of a Python class have unless its __slots__ say otherwise; there are none to atoms, as
 * CPython has none to int and str.  Callbacks run where CPython calls them: inside collections, and where an object
 * dies.
 *
 * INVARIANTS
 *  - A gc_ref is the address of the payload: sizeof(PyObject) behind the object, for containers and atoms alike.
 *  - Every slot of a pushed frame and every field owns one reference to what it holds.
 *  - freed counters change in deallocation only, so allocated minus freed is what Python has not freed.
 *  - Types are in the permanent generation, and making one leaves the collector's counts as they were.
 */
#include "collectors/peers/cpython/object.h"

#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/stress.h"
#include "collectors/parts/thresholds.h"

enum { KNOB_STRESS, KNOB_THRESHOLD0, KNOB_THRESHOLD1, KNOB_THRESHOLD2, KNOBS };

static const struct setting knobs[KNOBS] = {
    [KNOB_STRESS] = KNOB_STRESS_ROW,
    [KNOB_THRESHOLD0] = KNOB_THRESHOLD0_ROW,
    [KNOB_THRESHOLD1] = KNOB_THRESHOLD1_ROW,
    [KNOB_THRESHOLD2] = KNOB_THRESHOLD2_ROW,
};

const struct collector_descriptor collector = {
    .name = "cpython",
    .summary = "peer: CPython's reference counting and generational cycle collector",
    .source = "CPython 3.11, embedded",
    .version = interpreter_version,
    .capabilities = COLLECTOR_RECLAIMS | COLLECTOR_RECLAIMS_CYCLES | COLLECTOR_PROMPT | COLLECTOR_GENERATIONAL |
                    COLLECTOR_EXTERNAL | COLLECTOR_WEAK | COLLECTOR_HOOKS_IN_PAUSE,
    .knobs = knobs,
    .knob_count = KNOBS,
};

struct cpython the_cpython;

static struct cpython *cpython_of(struct gc_mutator *mutator) { return (struct cpython *)(void *)mutator; }

/* Called before memory is freed, and at the end: the heap is never larger in between. */
static void note_peak(struct cpython *cpython)
{
  struct gc_counters *counters = &cpython->mutator.counters;
  counters->footprint_bytes = cpython->interpreter.arena_bytes + cpython->large_bytes;
  gc_counters_note_peak(counters);
}

/* ---- collections and cascades ---- */

/* What the interpreter's statistics say now, as our counters. */
static void read_statistics(struct cpython *cpython)
{
  const struct interpreter *interpreter = &cpython->interpreter;
  struct gc_counters *counters = &cpython->mutator.counters;
  for (int i = 0; i < NUM_GENERATIONS; i++) {
    const struct gc_generation_stats *now = &interpreter->gc->generation_stats[i];
    const struct gc_generation_stats *start = &interpreter->stats_at_start[i];
    counters->collections[i] = (uint64_t)(now->collections - start->collections);
    counters->collected[i] = (uint64_t)(now->collected - start->collected);
    counters->uncollectable[i] = (uint64_t)(now->uncollectable - start->uncollectable);
  }
}

struct collection {
  uint64_t start_ns, start_ticks;
  uint64_t cascade_objects; /* of the cascade in whose callback this is */
  struct gc_counters before;
  Py_ssize_t pending_before;
};

static void collection_begin(struct cpython *cpython, struct collection *collection)
{
  note_peak(cpython);
  collection->before = cpython->mutator.counters;
  collection->pending_before = cpython->interpreter.gc->long_lived_pending;
  collection->cascade_objects = cpython->cascade_objects;
  collection->start_ticks = journal_ticks();
  journal_watch(cpython->mutator.journal);
  collection->start_ns = clock_now_ns();
}

/* What a collection in a callback took and freed is not the cascade's, which goes on. */
static void cascade_resume(struct cpython *cpython, const struct collection *collection)
{
  if (cpython->release_depth == 0) return;
  cpython->cascade_objects = collection->cascade_objects;
  cpython->cascade_start_ticks += journal_ticks() - collection->start_ticks;
  cpython->cascade_freed_bytes += cpython->mutator.counters.freed_bytes - collection->before.freed_bytes;
}

/* How many survived is known of generations 1 and 2 alone. */
static uint64_t survivors(const struct cpython *cpython, const struct collection *collection, int generation)
{
  const struct _gc_runtime_state *gc = cpython->interpreter.gc;
  if (generation == 2) return (uint64_t)gc->long_lived_total;
  return generation == 1 ? (uint64_t)(gc->long_lived_pending - collection->pending_before) : 0;
}

static void collection_end(struct cpython *cpython, const struct collection *collection, enum journal_cause cause)
{
  const uint64_t duration_ns = clock_now_ns() - collection->start_ns;
  read_statistics(cpython);
  const struct gc_counters *before = &collection->before;
  const struct gc_counters *after = &cpython->mutator.counters;
  int generation = 0;
  while (generation < NUM_GENERATIONS - 1 && after->collections[generation] == before->collections[generation])
    generation++;
  const uint64_t survived = survivors(cpython, collection, generation);
  const uint64_t collected = after->collected[generation] - before->collected[generation];
  const struct journal_work work = {.examined_objects = generation > 0 ? survived + collected : 0,
                                    .survived_objects = survived,
                                    .freed_objects = after->freed_objects - before->freed_objects,
                                    .freed_bytes = after->freed_bytes - before->freed_bytes};
  journal_enter(cpython->mutator.journal, JOURNAL_COLLECTION, cause, generation, collection->start_ns, duration_ns,
                before->heap_bytes, after->heap_bytes, &work);
  cascade_resume(cpython, collection);
}

static uint64_t collect(struct cpython *cpython, int generation, enum journal_cause cause)
{
  if (cpython->interpreter.gc->collecting) return 0; /* a callback asks for what is under way */
  struct collection collection;
  collection_begin(cpython, &collection);
  const uint64_t found = interpreter_collect(&cpython->interpreter, generation);
  collection_end(cpython, &collection, cause);
  return found;
}

static __attribute__((noinline)) PyObject *allocate_collecting(struct cpython *cpython, PyTypeObject *type)
{
  struct collection collection;
  collection_begin(cpython, &collection);
  PyObject *object = _PyObject_GC_New(type);
  collection_end(cpython, &collection, JOURNAL_ALLOCATION_COUNT);
  return object;
}

/* A count fell to zero, by the mutator's doing. */
static __attribute__((noinline)) void release_last(struct cpython *cpython, PyObject *object)
{
  if (cpython->release_depth > 0 || cpython->interpreter.gc->collecting) { /* in a callback: part of that pause */
    _Py_Dealloc(object);
    return;
  }
  struct gc_counters *counters = &cpython->mutator.counters;
  note_peak(cpython);
  cpython->cascade_freed_bytes = counters->freed_bytes;
  cpython->cascade_objects = 0;
  cpython->release_depth++;
  _Py_Dealloc(object);
  cpython->release_depth--;
  const uint64_t objects = cpython->cascade_objects;
  if (objects < 2) return;
  counters->cascades++;
  if (objects > counters->cascade_max_objects) counters->cascade_max_objects = objects;
  journal_cascade(cpython->mutator.journal, cpython->cascade_start_ticks, objects,
                  counters->freed_bytes - cpython->cascade_freed_bytes, counters->heap_bytes);
}

static inline void retain(gc_ref ref)
{
  if (ref != NULL) Py_INCREF(object_of(ref));
}

static inline void release(struct cpython *cpython, gc_ref ref)
{
  if (ref == NULL) return;
  PyObject *object = object_of(ref);
  if (--object->ob_refcnt == 0) release_last(cpython, object);
}

/* ---- lifecycle ---- */

struct gc_mutator *collector_start(const struct collector_config *config)
{
  struct cpython *cpython = &the_cpython;
  *cpython = (struct cpython){.mutator = {.journal = config->journal, .config = config},
                              .has_weak = (config->needs & COLLECTOR_WEAK) != 0,
                              .stress_countdown = (uint64_t)config->knobs[KNOB_STRESS]};
  const int thresholds[] = {(int)config->knobs[KNOB_THRESHOLD0], (int)config->knobs[KNOB_THRESHOLD1],
                            (int)config->knobs[KNOB_THRESHOLD2]};
  if (!interpreter_start(&cpython->interpreter, thresholds) || !types_start(cpython) || !weak_start(cpython))
    return NULL;
  note_peak(cpython);
  return &cpython->mutator;
}

void collector_settle(struct gc_mutator *mutator)
{
  note_peak(cpython_of(mutator));
  read_statistics(cpython_of(mutator));
}

static void check_container(PyObject *object)
{
  if (Py_REFCNT(object) <= 0) gc_fail("a tracked object has no reference count", ref_of(object));
  const gc_ref *fields = fields_of(object);
  const uint64_t count = type_fields(Py_TYPE(object));
  for (uint64_t i = 0; i < count; i++) {
    if (fields[i] != NULL && Py_REFCNT(object_of(fields[i])) <= 0)
      gc_fail("a field refers to an object without a reference count", ref_of(object));
  }
}

/* Every container is tracked in exactly one generation, so they are never more than what is allocated and not freed. */
void collector_check(struct gc_mutator *mutator)
{
  const struct cpython *cpython = cpython_of(mutator);
  uint64_t containers = 0;
  for (int i = 0; i < NUM_GENERATIONS; i++) {
    PyGC_Head *head = &cpython->interpreter.gc->generations[i].head;
    for (PyGC_Head *gc = _PyGCHead_NEXT(head); gc != head; gc = _PyGCHead_NEXT(gc)) {
      if (_PyGCHead_NEXT(_PyGCHead_PREV(gc)) != gc) gc_fail("a generation's list is broken", gc);
      PyObject *object = (PyObject *)(void *)(gc + 1);
      if (Py_TYPE(object)->tp_dealloc != container_deallocate) continue;
      check_container(object);
      containers++;
    }
  }
  const struct gc_counters *counters = &mutator->counters;
  if (containers > counters->allocated_objects - counters->freed_objects)
    gc_fail("more containers are tracked than were made and not freed", NULL);
  for (const struct gc_frame *frame = mutator->frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) {
      if (frame->slots[i] != NULL && Py_REFCNT(object_of(frame->slots[i])) <= 0)
        gc_fail("a root refers to an object without a reference count", frame->slots[i]);
    }
  }
}

void collector_finish(struct gc_mutator *mutator)
{
  cpython_of(mutator)->finished = true;
  weak_finish(cpython_of(mutator));
  types_finish(cpython_of(mutator));
  interpreter_finish(&cpython_of(mutator)->interpreter);
}

/* ---- gc.h ---- */

static __attribute__((noinline)) void stress(struct cpython *cpython)
{
  if (--cpython->stress_countdown > 0) return;
  cpython->stress_countdown = (uint64_t)cpython->mutator.config->knobs[KNOB_STRESS];
  collect(cpython, NUM_GENERATIONS - 1, JOURNAL_STRESS);
}

static __attribute__((noinline, cold, noreturn)) void run_out(struct cpython *cpython, struct gc_shape shape)
{
  PyErr_Clear();
  note_peak(cpython);
  cpython->mutator.config->out_of_memory(&cpython->mutator, header_payload_bytes(shape));
}

static inline gc_ref new_atom(struct cpython *cpython, struct gc_shape shape)
{
  uint64_t *cell = PyObject_Malloc(sizeof(uint64_t) + sizeof(PyObject) + shape.bytes);
  if (GC_UNLIKELY(cell == NULL)) run_out(cpython, shape);
  *cell = shape.bytes;
  PyObject *atom = (PyObject *)(void *)(cell + 1);
  _PyObject_Init(atom, cpython->atom_type);
  memset(ref_of(atom), 0, shape.bytes);
  note_allocated(cpython, shape.bytes, atom_cell_bytes(shape.bytes));
  return ref_of(atom);
}

static inline gc_ref new_container(struct cpython *cpython, struct gc_shape shape)
{
  PyTypeObject *type = type_place(cpython, shape)->type;
  if (GC_UNLIKELY(type == NULL)) type = types_add(cpython, shape);
  if (GC_UNLIKELY(type == NULL)) run_out(cpython, shape);
  PyObject *object = GC_UNLIKELY(interpreter_will_collect(&cpython->interpreter)) ? allocate_collecting(cpython, type)
                                                                                  : _PyObject_GC_New(type);
  if (GC_UNLIKELY(object == NULL)) run_out(cpython, shape);
  const uint64_t payload_bytes = header_payload_bytes(shape);
  memset(ref_of(object), 0, (uint64_t)type->tp_basicsize - sizeof(PyObject));
  note_allocated(cpython, payload_bytes, container_cell_bytes(type));
  _PyObject_GC_TRACK(object);
  return ref_of(object);
}

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame)
{
  shadow_stack_pop(mutator, frame);
  for (uint32_t i = 0; i < frame->count; i++) release(cpython_of(mutator), frame->slots[i]);
}

GC_INLINE void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new: the slot is in no frame on the shadow stack", slot);
  struct cpython *cpython = cpython_of(mutator);
  if (GC_UNLIKELY(mutator->config->knobs[KNOB_STRESS] > 0)) stress(cpython);
  const bool atom = shape.kind == GC_ATOM && shape.fields == 0;
  const gc_ref made = atom ? new_atom(cpython, shape) : new_container(cpython, shape);
  const gc_ref old = *slot;
  *slot = made;
  release(cpython, old);
}

GC_INLINE void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_root: the slot is in no frame on the shadow stack", slot);
  retain(value);
  const gc_ref old = *slot;
  *slot = value;
  release(cpython_of(mutator), old);
}

static inline void check_field(gc_ref ref, uint32_t field)
{
  GC_CHECK(ref != NULL, "a field of no object", ref);
  GC_CHECK(Py_REFCNT(object_of(ref)) > 0, "the object has been freed", ref);
  GC_CHECK(Py_TYPE(object_of(ref))->tp_dealloc == container_deallocate, "an atom has no fields", ref);
  GC_CHECK(field < type_fields(Py_TYPE(object_of(ref))), "the object has no such field", ref);
  (void)ref;
  (void)field;
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  (void)mutator;
  check_field(object, field);
  return ((gc_ref *)(void *)object)[field];
}

GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  check_field(object, field);
  retain(value);
  gc_ref *place = &((gc_ref *)(void *)object)[field];
  const gc_ref old = *place;
  *place = value;
  release(cpython_of(mutator), old);
}

void gc_new_weak(struct gc_mutator *mutator, gc_ref *slot, const gc_ref *target, struct gc_hook callback)
{
  struct cpython *cpython = cpython_of(mutator);
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new_weak: the slot is in no frame on the shadow stack", slot);
  GC_CHECK(*target != NULL, "gc_new_weak: there is no target", target);
  if (!cpython->has_weak)
    gc_fail("gc_new_weak: objects have no room for weak references (collector_config.needs)", slot);
  PyObject *object = Py_NewRef(object_of(*target)); /* a collection's callbacks may drop the slot */
  if (Py_TYPE(object)->tp_weaklistoffset == 0) gc_fail("gc_new_weak: CPython has no weak references to atoms", *target);
  if (GC_UNLIKELY(mutator->config->knobs[KNOB_STRESS] > 0)) stress(cpython);
  PyObject *weak = callback.function == NULL ? weak_shared(cpython, object) : NULL;
  if (weak == NULL && interpreter_will_collect(&cpython->interpreter)) {
    struct collection collection;
    collection_begin(cpython, &collection);
    weak = weak_make(cpython, object, callback);
    collection_end(cpython, &collection, JOURNAL_ALLOCATION_COUNT);
  } else if (weak == NULL) {
    weak = weak_make(cpython, object, callback);
  }
  if (weak == NULL) run_out(cpython, (struct gc_shape){.bytes = sizeof(PyWeakReference)});
  const gc_ref old = *slot;
  *slot = ref_of(weak);
  release(cpython, old);
  release(cpython, ref_of(object));
}

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  const int oldest = NUM_GENERATIONS - 1;
  return collect(cpython_of(mutator), generation < oldest ? generation : oldest, JOURNAL_EXPLICIT);
}
