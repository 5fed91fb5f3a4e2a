/*
 * refcount: immediate reference counting, and nothing else.
 *
 * Every reference from a root slot or a field counts (Collins, "A method for overlapping and erasure of lists", 1960);
 * an object is freed when its count falls to zero, and what dies of it with it, in one cascade (parts/counting.h).
 * Cells come from malloc, or from blocks (parts/cell.h).  Cycles are never reclaimed: what is still held at the end of
 * a trial tells how many objects they kept.
 *
 * With cascade_limit the collector frees at most that many objects when a count falls to zero, and at most that many
 * more at each allocation; the rest waits on a worklist (deferred freeing, as Weizenbaum had it in 1963).  A pause is
 * bounded then, at the price of memory that is held a while longer.
 *
 *   [extent, where the shape does not fit into the header] [count:32 packed shape:32] fields... raw bytes...
 *
 * so that an object of 24 bytes takes a cell of 32.
 *
 * INVARIANTS
 *  - An object's count is the number of root slots and fields, of objects that are not dead, that hold it.
 *  - `pending` is empty unless cascade_limit is set, and but for the time inside a cascade.
 *  - allocated_objects - freed_objects is the number of cells held.
 *  - What waits on a worklist has no hooks (parts/hooks.h): finalizers and callbacks run when the count falls to 0.
 *  - Checking builds: `objects` holds exactly the objects that are not dead.
 */
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "collectors/parts/cell.h"
#include "collectors/parts/hooks.h"
#include "collectors/parts/fault.h"
#include "collectors/parts/header.h"
#include "collectors/parts/object_table.h"
#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/stress.h"

struct refcount;
#define COUNTING_COLLECTOR struct refcount
#include "collectors/parts/counting.h"

enum { KNOB_CASCADE_LIMIT, KNOB_STRESS, KNOBS };

static const struct setting knobs[KNOBS] = {
    [KNOB_CASCADE_LIMIT] = {.name = "cascade_limit",
                            .unit = "objects",
                            .type = SETTING_INTEGER,
                            .scale = SETTING_LOG,
                            .default_value = 0,
                            .minimum = 0,
                            .maximum = 1000000000,
                            .search_low = 16,
                            .search_high = 65536,
                            .help = "objects freed at once; the rest waits for allocations to come (0: all at once)"},
    [KNOB_STRESS] = KNOB_STRESS_ROW,
};

const struct collector_descriptor collector = {
    .name = "refcount",
    .summary = "immediate reference counting; cycles leak",
    .source = "Collins 1960; deferred freeing after Weizenbaum 1963",
    .capabilities = COLLECTOR_RECLAIMS | COLLECTOR_PROMPT | COLLECTOR_MEMORY | COLLECTOR_WEAK | COLLECTOR_FINALIZES |
                    COLLECTOR_HOOKS_IN_PAUSE,
    .knobs = knobs,
    .knob_count = KNOBS,
};

struct refcount {
  struct gc_mutator mutator;
  struct counted *pending; /* worklist of dead objects */
  uint64_t cascade_limit;  /* 0: none */
  uint64_t stress_at;      /* attend to stress when this many objects have been allocated; UINT64_MAX: never */
  uint64_t attend_at;      /* attend to anything at all then: stress_at, or 0 where something is pending */
  struct cells cells;
  struct object_table objects;
};

static struct refcount the_refcount;

static struct refcount *refcount_of(struct gc_mutator *mutator) { return (struct refcount *)(void *)mutator; }

static inline uint32_t counting_extended_fields(const struct counted *object) { return header_extent(object)->fields; }

static inline uint64_t extent_bytes(uint32_t packed)
{
  return GC_UNLIKELY(packed & HEADER_EXTENDED) ? sizeof(struct header_extent) : 0;
}

static inline void counting_reclaim(struct refcount *refcount, struct counted *object, struct cascade *cascade)
{
  const uint32_t packed = object->packed;
  char *cell = (char *)object;
  struct header_extent size = {.fields = packed & (HEADER_SIZE_LIMIT - 1),
                               .bytes = packed >> HEADER_SIZE_BITS & (HEADER_SIZE_LIMIT - 1)};
  if (GC_UNLIKELY(packed & HEADER_EXTENDED)) {
    size = *header_extent(object);
    cell -= sizeof size;
    cascade->freed_other_bytes += sizeof size;
  }
  const uint64_t bytes = (uint64_t)size.fields * sizeof(gc_ref) + size.bytes;
  const uint64_t cell_bytes = (uint64_t)((char *)(object + 1) - cell) + bytes;
  cascade->freed_other_bytes += cell_slack_bytes(cell_bytes);
  cascade->freed_objects++;
  cascade->freed_bytes += bytes;
#ifdef GC_CHECKING
  GC_CHECK(object_table_remove(&refcount->objects, counted_ref(object)), "a cell is freed twice", object);
  memset(cell, (int)(COUNTED_POISON & 0xff), cell_bytes);
#endif
  cell_free(&refcount->cells, cell, cell_bytes);
}

static void set_pending(struct refcount *refcount, struct counted *worklist)
{
  refcount->pending = worklist;
  refcount->attend_at = worklist != NULL ? 0 : refcount->stress_at;
}

/*
 * Weak references to the dead object are cleared, all of them before the first callback is called, which could bring
 * the object back by another.  They are held until theirs has been called.  The object has no hooks afterwards.
 */
static void clear_weak(struct gc_mutator *mutator, gc_ref object)
{
  struct hooks *hooks = mutator->hooks;
  uint32_t at = hooks_detach_object(hooks, object);
  for (uint32_t i = at; i != HOOKS_NONE; i = hooks->weaks[i].next) counted_increment(counted_of(hooks->weaks[i].weak));
  while (at != HOOKS_NONE) {
    GC_FRAME(frame, 1);
    gc_push(mutator, &frame.frame);
    frame.slot[0] = hooks->weaks[at].weak; /* the reference by which it is held */
    const struct gc_hook callback = hooks->weaks[at].callback;
    at = hooks->weaks[at].next;
    hooks_call(mutator, callback, frame.slot[0]);
    gc_pop(mutator, &frame.frame);
  }
}

/*
 * What dies when the count of an object that may have hooks falls to 0: its finalizer runs, on the whole object, which
 * a reference holds meanwhile; if that was the last one again, weak references to it are cleared and their callbacks
 * run.  True: it is dead, and has no hooks any more, so that it can wait in a worklist.
 */
static bool settle_death(struct refcount *refcount, struct counted *dead)
{
  struct gc_mutator *mutator = &refcount->mutator;
  const gc_ref object = counted_ref(dead);
  if (header_kind(dead->packed) == GC_WEAK) {
    hooks_forget_weak(mutator->hooks, object);
    return true;
  }
  struct hooks_object *entry = hooks_find(mutator->hooks, object);
  if (entry == NULL) return true;
  if (entry->finalizer.function != NULL && !entry->finalized) {
    const struct gc_hook finalizer = entry->finalizer;
    entry->finalized = true;
    dead->count = 1;
    hooks_call(mutator, finalizer, object);
    if (!counted_decrement(dead) && !GC_FAULT(resurrected_freed)) return false;
  }
  clear_weak(mutator, object);
  return true;
}

/*
 * The cascade where there are hooks.  They run when a count falls to 0, in the order of fields, before the dead object
 * waits for its own references to be dropped: what waits has no hooks, and nothing leads to it, so whatever a hook
 * does, cascades of its own included, cannot touch it.  Depth costs no stack but for hooks that release from within
 * hooks.  cascade_limit does not bound these: a finalizer that waited could be overtaken by a weak reference.
 */
static __attribute__((noinline)) void release_with_hooks(struct refcount *refcount, struct cascade *cascade)
{
  while (cascade->worklist != NULL) {
    uint32_t from;
    struct counted *dead = cascade_pop(cascade, &from);
    const uint32_t count = counting_fields(dead);
    const gc_ref *fields = counted_fields(dead);
    for (uint32_t i = from; i < count && !GC_FAULT(cascade_stops); i++) {
      if (fields[i] == NULL || !counted_decrement(counted_of(fields[i]))) continue;
      struct counted *child = counted_of(fields[i]);
      cascade_begin_pause(&refcount->mutator, cascade);
      if (!settle_death(refcount, child)) continue;
      if (counting_fields(child) != 0)
        cascade_push(cascade, child);
      else
        counting_reclaim(refcount, child, cascade);
    }
    counting_reclaim(refcount, dead, cascade);
  }
}

static __attribute__((noinline)) void release_hooked(struct refcount *refcount, struct counted *dead)
{
  struct cascade cascade = {.worklist = refcount->pending};
  set_pending(refcount, NULL);
  if (dead != NULL && settle_death(refcount, dead)) {
    if (counting_fields(dead) != 0)
      cascade_push(&cascade, dead);
    else
      counting_reclaim(refcount, dead, &cascade);
  }
  release_with_hooks(refcount, &cascade);
  cascade_account(&refcount->mutator, &cascade, cascade_end_pause(&refcount->mutator, &cascade));
}

static __attribute__((noinline)) void release_step(struct refcount *refcount, uint64_t limit, bool is_pause)
{
  if (GC_UNLIKELY(refcount->mutator.hooks != NULL)) {
    release_hooked(refcount, NULL);
    return;
  }
  struct cascade cascade = {.worklist = refcount->pending};
  cascade_step(refcount, &cascade, limit);
  set_pending(refcount, cascade.worklist);
  cascade_account(&refcount->mutator, &cascade, is_pause);
}

/* With a limit: the object waits behind what waits already, and so many are freed. */
static __attribute__((noinline)) void release_limited(struct refcount *refcount, struct counted *dead)
{
  struct cascade cascade = {.worklist = refcount->pending};
  cascade_push(&cascade, dead);
  set_pending(refcount, cascade.worklist);
  release_step(refcount, refcount->cascade_limit, true);
}

static __attribute__((noinline)) void release_dead(struct refcount *refcount, struct counted *dead)
{
#ifdef GC_CHECKING
  GC_CHECK(object_table_find(&refcount->objects, counted_ref(dead)) != NULL, "a dead object that never was one",
           counted_ref(dead));
#endif
  if (GC_UNLIKELY(refcount->mutator.hooks != NULL))
    release_hooked(refcount, dead);
  else if (GC_UNLIKELY(refcount->cascade_limit != 0 && counting_fields(dead) != 0))
    release_limited(refcount, dead);
  else
    cascade_release(refcount, &refcount->mutator, dead);
}

static inline void release(struct refcount *refcount, gc_ref object)
{
  if (object == NULL || GC_FAULT(release_skipped)) return;
  struct counted *counted = counted_of(object);
  if (GC_UNLIKELY(counted_decrement(counted))) release_dead(refcount, counted);
}

static inline void check_object(const struct gc_mutator *mutator, gc_ref object, const char *what)
{
#ifdef GC_CHECKING
  GC_CHECK(object_table_find(&((const struct refcount *)(const void *)mutator)->objects, object) != NULL, what, object);
#endif
  (void)mutator;
  (void)object;
  (void)what;
}

static void drain(struct refcount *refcount, bool is_pause)
{
  if (refcount->pending != NULL) release_step(refcount, UINT64_MAX, is_pause);
}

struct gc_mutator *collector_start(const struct collector_config *config)
{
  const uint64_t stress = (uint64_t)config->knobs[KNOB_STRESS];
  the_refcount = (struct refcount){.mutator = {.journal = config->journal, .config = config},
                                   .cascade_limit = (uint64_t)config->knobs[KNOB_CASCADE_LIMIT],
                                   .stress_at = stress == 0 ? UINT64_MAX : stress - 1};
  set_pending(&the_refcount, NULL);
  return cells_init(&the_refcount.cells, &the_refcount.mutator.counters) ? &the_refcount.mutator : NULL;
}

void collector_settle(struct gc_mutator *mutator)
{
  gc_counters_note_peak(&mutator->counters);
  drain(refcount_of(mutator), false); /* the trial's clock has stopped: no pause of the mutator */
}

static uint32_t field_count(const struct counted *object) { return counting_fields(object); }

void collector_check(struct gc_mutator *mutator)
{
  struct refcount *refcount = refcount_of(mutator);
  drain(refcount, false); /* dead objects have links where counts were */
  cells_check(&refcount->cells);
#ifdef GC_CHECKING
  hooks_check(mutator->hooks);
  if (hooks_are_called(mutator->hooks)) { /* what is dying is still counted, and still counts */
    counted_audit(mutator, NULL, field_count);
    return;
  }
  counted_audit(mutator, &refcount->objects, field_count);
  GC_CHECK(refcount->objects.count == mutator->counters.allocated_objects - mutator->counters.freed_objects,
           "the counters disagree with the number of objects", mutator);
#else
  counted_audit(mutator, NULL, field_count);
#endif
}

void collector_finish(struct gc_mutator *mutator)
{
  struct refcount *refcount = refcount_of(mutator);
  drain(refcount, false);
  hooks_release(mutator);
#ifdef GC_CHECKING /* what cycles kept; a release build leaves it to the end of the process */
  for (uint64_t i = 0; i < refcount->objects.capacity; i++) {
    const gc_ref object = refcount->objects.entries[i].object;
    if (object == NULL) continue;
    const uint64_t front_bytes = extent_bytes(counted_of(object)->packed);
    const struct gc_shape shape = header_shape(counted_of(object)->packed, counted_of(object));
    cell_free(&refcount->cells, (char *)counted_of(object) - front_bytes,
              front_bytes + sizeof(struct counted) + header_payload_bytes(shape));
  }
  object_table_release(&refcount->objects);
#endif
  cells_finish(&refcount->cells);
}

/* At an allocation: what is pending, and the stress knob. */
static __attribute__((noinline)) void attend(struct refcount *refcount)
{
  if (refcount->pending != NULL) release_step(refcount, refcount->cascade_limit, true);
  if (refcount->mutator.counters.allocated_objects != refcount->stress_at) return;
  refcount->stress_at += (uint64_t)refcount->mutator.config->knobs[KNOB_STRESS];
  drain(refcount, true);
  set_pending(refcount, NULL);
#ifdef GC_CHECKING
  if (!hooks_are_called(refcount->mutator.hooks)) collector_check(&refcount->mutator);
#endif
}

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame)
{
  shadow_stack_pop(mutator, frame);
  const gc_ref *slots = frame->slots;
  const uint32_t count = frame->count;
  for (uint32_t i = 0; i < count; i++) release(refcount_of(mutator), slots[i]);
}

GC_INLINE_ALWAYS void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new: the slot is in no frame on the shadow stack", slot);
  struct refcount *refcount = refcount_of(mutator);
  struct gc_counters *counters = &mutator->counters;
  if (GC_UNLIKELY(counters->allocated_objects >= refcount->attend_at)) attend(refcount);
  const uint32_t packed = header_pack(shape);
  const uint64_t payload_bytes = header_payload_bytes(shape);
  const uint64_t front_bytes = extent_bytes(packed);
  const uint64_t cell_bytes = front_bytes + sizeof(struct counted) + payload_bytes;
#ifdef GC_CHECKING
  if (!object_table_reserve(&refcount->objects, 1)) mutator->config->out_of_memory(mutator, cell_bytes);
#endif
  char *cell = cell_allocate(mutator, &refcount->cells, cell_bytes);
  if (GC_UNLIKELY(front_bytes != 0))
    *(struct header_extent *)(void *)cell = (struct header_extent){.fields = shape.fields, .bytes = shape.bytes};
  struct counted *object = (struct counted *)(void *)(cell + front_bytes);
  counted_init(object, packed);
  counters->allocated_objects++;
  counters->allocated_bytes += payload_bytes;
#ifdef GC_CHECKING
  GC_CHECK((uint64_t)(uintptr_t)cell < CASCADE_ADDRESS_MASK, "a cell at an address of more than 48 bits", cell);
  GC_CHECK(object_table_add(&refcount->objects, counted_ref(object)), "a cell is handed out that is in use", cell);
#endif
  const gc_ref old = *slot;
  *slot = counted_ref(object);
  release(refcount, old);
}

GC_INLINE void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_root: the slot is in no frame on the shadow stack", slot);
  if (value != NULL) {
    check_object(mutator, value, "gc_root: the value is no object");
    counted_increment(counted_of(value));
  }
  const gc_ref old = *slot;
  *slot = value;
  release(refcount_of(mutator), old);
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  check_object(mutator, object, "gc_load: this is no object");
  GC_CHECK(field < counting_fields(counted_of(object)), "gc_load: the object has fewer fields", object);
  (void)mutator;
  return counted_fields(counted_of(object))[field];
}

GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  check_object(mutator, object, "gc_store: this is no object");
  GC_CHECK(field < counting_fields(counted_of(object)), "gc_store: the object has fewer fields", object);
  if (value != NULL) {
    check_object(mutator, value, "gc_store: the value is no object");
    if (!GC_FAULT(store_uncounted)) counted_increment(counted_of(value));
  }
  gc_ref *place = &counted_fields(counted_of(object))[field];
  const gc_ref old = *place;
  *place = value;
  release(refcount_of(mutator), old);
}

/* Nothing is found unreachable here; what is pending is freed. */
uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)generation;
  drain(refcount_of(mutator), true);
  return 0;
}

bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  (void)mutator;
  const struct counted *counted = counted_of(object);
  *shape = header_shape(counted->packed, counted);
  return true;
}

int64_t collector_ask(struct gc_mutator *mutator, enum collector_quantity quantity, int generation, gc_ref object)
{
  (void)generation;
  if (quantity == COLLECTOR_ASK_FINALIZED) {
    const struct hooks_object *entry = hooks_find(mutator->hooks, object);
    return entry != NULL && entry->finalized;
  }
  return quantity == COLLECTOR_ASK_REFERENCES ? (int64_t)counted_of(object)->count : COLLECTOR_NO_ANSWER;
}
