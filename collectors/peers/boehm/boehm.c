/*
 * boehm: the Boehm-Demers-Weiser conservative collector (libgc 8.2), as a C program would use it.
 *
 * A peer: mark-sweep with size-class blocks, lazy sweeping and, on request, incremental and generational collection
 * by dirty pages (Boehm and Weiser, "Garbage Collection in an Uncooperative Environment", 1988; Boehm, Demers and
 * Shenker, "Mostly Parallel Garbage Collection", 1991).  gc_new is GC_malloc, or GC_malloc_atomic where an object has
 * no references; there is no header, so an object is exactly its payload plus what libgc itself rounds it to.
 *
 * Roots: libgc scans the C stack, registers and static data by itself.  Frames elsewhere (in malloc's memory, on
 * another stack) are shown to it through its hook for further roots.
 *
 * Weak references are libgc's disappearing links (weak.h); callbacks run after the pause, at the end of the safepoint.
 *
 * What cannot be known from outside:
 *  - Which objects are freed: libgc sweeps lazily and does not say.  collector_settle and gc_collect therefore count
 *    the objects that the last collection marked; freed_objects is what had been allocated by then and is not among
 *    them, and gc_collect returns what that adds.  It is too small by the cells that wait, marked, on the thread's
 *    free lists (a block's worth of each size), and by what stale words on the stack keep.  Marked objects tell their
 *    cells' sizes, not what was asked for: so freed_bytes is too small by the rounding of what is held, too.  While a
 *    trial runs both stand still.
 *  - heap_bytes is libgc's heap without its free blocks: dead cells in blocks that are not quite empty are included
 *    until sweeping finds them.  It is read when a collection begins and ends.
 *  - Lazy sweeping inside GC_malloc, and the page faults that find dirty pages in incremental mode, are no pauses in
 *    the journal: no event tells of them.
 *
 * Pauses are what the mutator waits for: from the first event of a collection inside GC_malloc or GC_gcollect until
 * that call returns.  In incremental mode marking also goes on, without any event, inside ordinary calls of GC_malloc;
 * so while a collection is under way every allocation is timed, and those that last longer than the journal's floor
 * for cascades are entered as increments.
 *
 * INVARIANTS
 *  - pause_open only between an event and the return of the libgc call that caused it.
 *  - watched is true while allocations must take the slow path: stress, or an incremental collection under way.
 *  - Every reference is the base address of an object of libgc's.
 */
#define GC_THREADS             1 /* the library is built so; declares the number of markers */
#define GC_NO_THREAD_REDIRECTS 1
#include <gc/gc.h>
#include <gc/gc_mark.h>
#include <stdio.h>
#include <string.h>

#include "collectors/collector.h"
#include "collectors/parts/header.h"
#include "collectors/parts/hooks.h"
#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/stress.h"
#include "collectors/peers/boehm/weak.h"

enum {
  KNOB_STRESS,
  KNOB_INCREMENTAL,
  KNOB_FREE_SPACE_DIVISOR,
  KNOB_MARKERS,
  KNOB_HEAP_LIMIT,
  KNOB_INITIAL_HEAP,
  KNOB_INTERIOR_POINTERS,
  KNOBS
};

static const struct setting knobs[KNOBS] = {
    [KNOB_STRESS] = KNOB_STRESS_ROW,
    [KNOB_INCREMENTAL] = {.name = "incremental",
                          .unit = "",
                          .type = SETTING_BOOLEAN,
                          .default_value = 0,
                          .minimum = 0,
                          .maximum = 1,
                          .search_low = 0,
                          .search_high = 1,
                          .help = "incremental and generational collection (GC_enable_incremental)"},
    [KNOB_FREE_SPACE_DIVISOR] = {.name = "free_space_divisor",
                                 .unit = "ratio",
                                 .type = SETTING_INTEGER,
                                 .scale = SETTING_LOG,
                                 .default_value = 3,
                                 .minimum = 1,
                                 .maximum = 1000,
                                 .search_low = 1,
                                 .search_high = 20,
                                 .help = "larger: smaller heap, more collections (GC_set_free_space_divisor)"},
    [KNOB_MARKERS] = {.name = "markers",
                      .unit = "threads",
                      .type = SETTING_INTEGER,
                      .default_value = 1,
                      .minimum = 0,
                      .maximum = 16,
                      .help = "threads that mark; 1: no parallel marking, 0: as many as processors"},
    [KNOB_HEAP_LIMIT] = {.name = "heap_limit",
                         .unit = "bytes",
                         .type = SETTING_HEAP,
                         .scale = SETTING_LOG,
                         .default_value = 0,
                         .minimum = 0,
                         .maximum = INT64_C(1) << 40,
                         .help = "the heap never grows beyond this (0: no limit)"},
    [KNOB_INITIAL_HEAP] = {.name = "initial_heap",
                           .unit = "bytes",
                           .type = SETTING_BYTES,
                           .scale = SETTING_LOG,
                           .default_value = 0,
                           .minimum = 0,
                           .maximum = INT64_C(1) << 33,
                           .help = "grow the heap by this at the start (GC_expand_hp)"},
    [KNOB_INTERIOR_POINTERS] = {.name = "interior_pointers",
                                .unit = "",
                                .type = SETTING_BOOLEAN,
                                .default_value = 1,
                                .minimum = 0,
                                .maximum = 1,
                                .help = "addresses inside objects count as references; costs a byte an object"},
};

static const char *library_version(void)
{
  static char text[24];
  const unsigned version = GC_get_version();
  snprintf(text, sizeof text, "%u.%u.%u", version >> 16, version >> 8 & 255, version & 255);
  return text;
}

const struct collector_descriptor collector = {
    .name = "boehm",
    .summary = "peer: the Boehm-Demers-Weiser conservative mark-sweep collector",
    .source = "Boehm and Weiser 1988; Boehm, Demers and Shenker 1991; libgc",
    .version = library_version,
    .capabilities = COLLECTOR_RECLAIMS | COLLECTOR_RECLAIMS_CYCLES | COLLECTOR_EXTERNAL | COLLECTOR_CONSERVATIVE |
                    COLLECTOR_INCREMENTAL | COLLECTOR_WEAK,
    .knobs = knobs,
    .knob_count = KNOBS,
};

struct boehm {
  struct gc_mutator mutator;
  bool incremental;
  bool watched;    /* allocations take the slow path */
  bool marking;    /* incremental mode: a collection has begun and has not come to sweeping */
  bool pause_open; /* the journal has an open row */
  bool full;       /* the collection under way marks everything */
  uint64_t heap_before_bytes;
  enum journal_cause cause;
  uint64_t stress_countdown;
  uint64_t known_objects, known_bytes; /* allocated when the last collection had marked what lives */
  const char *stack_base;              /* frames between the stack pointer and here are scanned anyway */
};

static struct boehm the_boehm;

static struct boehm *boehm_of(struct gc_mutator *mutator) { return (struct boehm *)(void *)mutator; }

/* Lock-free, and so good inside callbacks too. */
static void read_heap(struct boehm *boehm)
{
  struct gc_counters *counters = &boehm->mutator.counters;
  const uint64_t heap_bytes = GC_get_heap_size();
  counters->footprint_bytes = heap_bytes;
  counters->heap_bytes = heap_bytes - GC_get_free_bytes();
  gc_counters_note_peak(counters);
}

/* Only incremental mode has collections of young objects alone. */
static int generation_of(const struct boehm *boehm)
{
  return boehm->incremental && !boehm->full ? 0 : GC_GENERATIONS - 1;
}

static void open_pause(struct boehm *boehm, enum journal_kind kind)
{
  if (boehm->pause_open) return;
  read_heap(boehm);
  boehm->pause_open = true;
  boehm->heap_before_bytes = boehm->mutator.counters.heap_bytes;
  journal_begin(boehm->mutator.journal, kind, boehm->cause, generation_of(boehm), boehm->heap_before_bytes);
}

/* The libgc call is over: so is the mutator's wait. */
static __attribute__((noinline)) void close_pause(struct boehm *boehm)
{
  read_heap(boehm);
  boehm->pause_open = false;
  const uint64_t heap_bytes = boehm->mutator.counters.heap_bytes;
  const uint64_t before_bytes = boehm->heap_before_bytes;
  const struct journal_work work = {.freed_bytes = before_bytes > heap_bytes ? before_bytes - heap_bytes : 0};
  journal_end(boehm->mutator.journal, &work, heap_bytes);
}

static void set_marking(struct boehm *boehm, bool marking)
{
  boehm->marking = marking;
  boehm->watched = marking || boehm->mutator.config->knobs[KNOB_STRESS] > 0;
}

/* Called by libgc with its lock held. */
static void on_event(GC_EventType event)
{
  struct boehm *boehm = &the_boehm;
  switch (event) {
  case GC_EVENT_START: /* a whole collection with the world stopped */
    open_pause(boehm, JOURNAL_COLLECTION);
    break;
  case GC_EVENT_PRE_STOP_WORLD: /* in incremental mode perhaps only a slice */
    open_pause(boehm, JOURNAL_INCREMENT);
    if (boehm->incremental) set_marking(boehm, true);
    break;
  case GC_EVENT_MARK_END:
    journal_mark_done(boehm->mutator.journal);
    break;
  case GC_EVENT_RECLAIM_START: /* every collection comes here once, when marking is complete */
    open_pause(boehm, JOURNAL_INCREMENT);
    set_marking(boehm, false);
    boehm->mutator.counters.collections[generation_of(boehm)]++;
    boehm->full = false;
    weak_forget_unmarked();
    boehm->known_objects = boehm->mutator.counters.allocated_objects;
    boehm->known_bytes = boehm->mutator.counters.allocated_bytes;
    break;
  default:
    break;
  }
}

/* Called by libgc before each collection that marks everything. */
static void on_full_collection(void) { the_boehm.full = true; }

static GC_push_other_roots_proc push_roots_before;

/* Called by libgc while it marks: shows it frames that are not on the stack it scans. */
static void push_frames(void)
{
  const char *stack_pointer = __builtin_frame_address(0);
  for (const struct gc_frame *frame = the_boehm.mutator.frames; frame != NULL; frame = frame->previous) {
    if (frame->count == 0) continue; /* slots may be NULL */
    const char *slots = (const char *)frame->slots;
    if (slots >= stack_pointer && slots < the_boehm.stack_base) continue;
    GC_push_all_eager(frame->slots, frame->slots + frame->count);
  }
  weak_push_queue();
  if (push_roots_before != NULL) push_roots_before();
}

/* libgc as it is before it starts: what must be set early. */
static void configure(const int64_t *values)
{
  GC_set_warn_proc(GC_ignore_warn_proc);
  GC_set_all_interior_pointers((int)values[KNOB_INTERIOR_POINTERS]);
  if (values[KNOB_MARKERS] > 0) GC_set_markers_count((unsigned)values[KNOB_MARKERS]);
  GC_INIT();
  GC_set_free_space_divisor((GC_word)values[KNOB_FREE_SPACE_DIVISOR]);
  GC_set_max_heap_size((GC_word)values[KNOB_HEAP_LIMIT]);
  if (values[KNOB_MARKERS] != 1) GC_start_mark_threads();
  if (values[KNOB_INCREMENTAL]) GC_enable_incremental();
}

struct gc_mutator *collector_start(const struct collector_config *config)
{
  the_boehm = (struct boehm){.mutator = {.journal = config->journal, .config = config}, .cause = JOURNAL_EXTERNAL};
  const int64_t *values = config->knobs;
  configure(values);
  struct GC_stack_base base;
  the_boehm.stack_base = GC_get_stack_base(&base) == GC_SUCCESS ? base.mem_base : NULL;
  the_boehm.incremental = GC_is_incremental_mode() != 0;
  the_boehm.stress_countdown = (uint64_t)values[KNOB_STRESS];
  set_marking(&the_boehm, false);
  if (values[KNOB_INCREMENTAL] && !the_boehm.incremental) {
    fprintf(stderr, "gclab: boehm: libgc cannot collect incrementally on this system\n");
    return NULL;
  }
  if (values[KNOB_INITIAL_HEAP] > 0 && GC_expand_hp((size_t)values[KNOB_INITIAL_HEAP]) == 0) return NULL;
  push_roots_before = GC_get_push_other_roots();
  GC_set_push_other_roots(push_frames);
  GC_set_start_callback(on_full_collection);
  GC_set_on_collection_event(on_event);
  read_heap(&the_boehm);
  return &the_boehm.mutator;
}

struct marked {
  uint64_t objects, bytes;
};

static void add_marked(void *object, size_t bytes, void *data)
{
  (void)object;
  struct marked *marked = data;
  marked->objects++;
  marked->bytes += bytes;
}

static void *count_marked(void *data)
{
  GC_enumerate_reachable_objects_inner(add_marked, data);
  return NULL;
}

/* Works out what the last collection freed: what had been allocated and was not marked. */
static void count_freed(struct boehm *boehm)
{
  struct marked marked = {0};
  if (boehm->marking || boehm->known_objects == 0) return; /* marks are half set, or none ever were */
  GC_call_with_alloc_lock(count_marked, &marked);
  struct gc_counters *counters = &boehm->mutator.counters;
  if (boehm->known_objects > marked.objects + counters->freed_objects)
    counters->freed_objects = boehm->known_objects - marked.objects;
  if (boehm->known_bytes > marked.bytes + counters->freed_bytes)
    counters->freed_bytes = boehm->known_bytes - marked.bytes;
}

void collector_settle(struct gc_mutator *mutator)
{
  read_heap(boehm_of(mutator));
  count_freed(boehm_of(mutator));
}

void collector_check(struct gc_mutator *mutator)
{
  for (const struct gc_frame *frame = mutator->frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) {
      const gc_ref object = frame->slots[i];
      if (object != NULL && GC_base(object) != (void *)object) gc_fail("a root is no object of libgc's", object);
    }
  }
  if (boehm_of(mutator)->pause_open) gc_fail("a pause was left open", mutator);
}

/* libgc gives nothing back to the system on request; the process's end does. */
void collector_finish(struct gc_mutator *mutator)
{
  (void)mutator;
  GC_set_on_collection_event(NULL);
  GC_set_start_callback(NULL);
  GC_set_push_other_roots(push_roots_before);
  GC_deinit();
  weak_release();
}

static void collect(struct boehm *boehm, enum journal_cause cause)
{
  boehm->cause = cause;
  GC_gcollect();
  boehm->cause = JOURNAL_EXTERNAL;
  if (boehm->pause_open) close_pause(boehm);
}

#ifdef GC_CHECKING
/* Checking builds keep the number of fields at the very end of an object's cell, since there is no header. */
enum { CHECKING_BYTES = sizeof(uint64_t) };

static uint64_t *field_count(void *object) { return (uint64_t *)(void *)((char *)object + GC_size(object)) - 1; }
#else
enum { CHECKING_BYTES = 0 };
#endif

static inline void *allocate(struct gc_shape shape)
{
  const uint64_t bytes = header_payload_bytes(shape);
  void *object = NULL;
  if (shape.fields > 0) {
    object = GC_malloc(bytes + CHECKING_BYTES); /* zeroed by libgc */
  } else {
    object = GC_malloc_atomic(bytes + CHECKING_BYTES);
    if (object != NULL) memset(object, 0, bytes);
  }
#ifdef GC_CHECKING
  if (object != NULL) *field_count(object) = shape.fields;
#endif
  return object;
}

/* Under stress, or while an incremental collection is under way and may mark inside any allocation. */
static __attribute__((noinline)) void *allocate_watched(struct boehm *boehm, struct gc_shape shape)
{
  const int64_t stress = boehm->mutator.config->knobs[KNOB_STRESS];
  if (stress > 0 && --boehm->stress_countdown == 0) {
    boehm->stress_countdown = (uint64_t)stress;
    collect(boehm, JOURNAL_STRESS);
  }
  if (!boehm->marking) return allocate(shape);
  struct journal *journal = boehm->mutator.journal;
  const uint64_t start_ticks = clock_ticks();
  void *object = allocate(shape);
  if (boehm->pause_open || !journal->enabled) return object; /* the events say more */
  const uint64_t duration_ns = clock_ticks_to_ns(clock_ticks() - start_ticks);
  if (duration_ns < journal->head->cascade_floor_ns) return object;
  read_heap(boehm);
  const uint64_t heap_bytes = boehm->mutator.counters.heap_bytes;
  journal_enter(journal, JOURNAL_INCREMENT, JOURNAL_EXTERNAL, generation_of(boehm), clock_now_ns() - duration_ns,
                duration_ns, heap_bytes, heap_bytes, &(struct journal_work){0});
  return object;
}

/*
 * No memory.  libgc gives up without a collection where the heap may not grow; and what the slot holds is to be dropped
 * anyway, and may be what is in the way.
 */
static __attribute__((noinline, cold)) void *allocate_last_resort(struct boehm *boehm, gc_ref *slot,
                                                                  struct gc_shape shape)
{
  *slot = NULL;
  collect(boehm, JOURNAL_HEAP_LIMIT);
  void *object = allocate(shape);
  if (boehm->pause_open) close_pause(boehm);
  if (object != NULL) return object;
  read_heap(boehm);
  boehm->mutator.config->out_of_memory(&boehm->mutator, header_payload_bytes(shape));
}

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

/* The frame may stay on the C stack for a while, where libgc would see its references. */
GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame)
{
  shadow_stack_pop(mutator, frame);
  for (uint32_t i = 0; i < frame->count; i++) frame->slots[i] = NULL;
}

GC_INLINE void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new: the slot is in no frame on the shadow stack", slot);
  struct boehm *boehm = boehm_of(mutator);
  void *object = GC_LIKELY(!boehm->watched) ? allocate(shape) : allocate_watched(boehm, shape);
  if (GC_UNLIKELY(boehm->pause_open)) close_pause(boehm);
  if (GC_UNLIKELY(object == NULL)) object = allocate_last_resort(boehm, slot, shape);
  mutator->counters.allocated_objects++;
  mutator->counters.allocated_bytes += header_payload_bytes(shape);
  *slot = (gc_ref)object;
  if (GC_UNLIKELY(weak_is_due)) weak_run_callbacks(mutator);
}

GC_INLINE void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_root: the slot is in no frame on the shadow stack", slot);
  (void)mutator;
  *slot = value;
}

static inline void check_field(gc_ref object, uint32_t field)
{
  GC_CHECK(object != NULL && GC_base(object) == (void *)object, "this is no object of libgc's", object);
  GC_CHECK(field < *field_count(object), "the object has no such field", object);
  (void)object;
  (void)field;
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  (void)mutator;
  check_field(object, field);
  return ((gc_ref *)(void *)object)[field];
}

/* Incremental mode finds dirty pages by itself: no barrier. */
GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  (void)mutator;
  check_field(object, field);
  ((gc_ref *)(void *)object)[field] = value;
}

/* The target is held meanwhile, since callbacks may run that drop the slot. */
void gc_new_weak(struct gc_mutator *mutator, gc_ref *slot, const gc_ref *target, struct gc_hook callback)
{
  GC_CHECK(*target != NULL, "gc_new_weak: there is no target", target);
  const gc_ref shared = callback.function == NULL ? weak_shared(*target) : NULL;
  if (shared != NULL) {
    gc_root(mutator, slot, shared);
    return;
  }
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  gc_root(mutator, &frame.slot[1], *target);
  gc_new(mutator, &frame.slot[0], weak_shape());
  mutator->counters.allocated_bytes -= header_payload_bytes(weak_shape()) - header_payload_bytes(hooks_weak_shape());
  weak_bind(mutator, &frame.slot[0], &frame.slot[1], callback);
  if (boehm_of(mutator)->pause_open) close_pause(boehm_of(mutator)); /* a link takes memory of libgc's too */
  gc_root(mutator, slot, frame.slot[0]);
  gc_pop(mutator, &frame.frame);
}

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)generation;
  const uint64_t freed_before = mutator->counters.freed_objects;
  collect(boehm_of(mutator), JOURNAL_EXPLICIT);
  count_freed(boehm_of(mutator));
  const uint64_t found = mutator->counters.freed_objects - freed_before;
  if (GC_UNLIKELY(weak_is_due)) weak_run_callbacks(mutator);
  return found;
}
