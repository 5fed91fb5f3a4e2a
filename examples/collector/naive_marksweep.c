/*
 * naive_marksweep: the textbook's stop-the-world mark-sweep on malloc (McCarthy, 1960; Jones, Hosking and Moss, "The
 * Garbage Collection Handbook", chapter 2).
 *
 * An example of a collector outside gclab's tree, and one to measure against: one list of all objects, a mark in each
 * header, a sweep that calls free for each dead object.  Everything that gclab's own marksweep does differently (side
 * bitmaps, prefetching, lazy sweeping, blocks of one size) shows in the difference between the two.
 *
 * Collects when the heap has grown by growth_factor since the last collection.
 *
 * INVARIANTS
 *  - `objects` leads to every object that has not been freed, each once.
 *  - Outside a collection no object is marked, and no object is grey.
 *  - During marking: an object is marked exactly when it is on the grey list, or its fields have been scanned.  So the
 *    grey list (a link in each header) needs no memory of its own, and depth is no limit.
 */
#include <stdlib.h>

#include "collectors/collector.h"
#include "collectors/parts/header.h"
#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/stress.h"

enum { KNOB_STRESS, KNOB_GROWTH_FACTOR, KNOBS };

static const struct setting knobs[KNOBS] = {
    [KNOB_STRESS] = KNOB_STRESS_ROW,
    [KNOB_GROWTH_FACTOR] = {.name = "growth_factor",
                            .unit = "ratio",
                            .type = SETTING_MILLI,
                            .scale = SETTING_LOG,
                            .default_value = 2000,
                            .minimum = 1050,
                            .maximum = 100000,
                            .help = "collect when the heap is this many times what the last collection left"},
};

const struct collector_descriptor collector = {
    .name = "naive_marksweep",
    .summary = "example: mark-sweep on malloc with a list of all objects",
    .source = "McCarthy 1960; The Garbage Collection Handbook, chapter 2",
    .capabilities = COLLECTOR_RECLAIMS | COLLECTOR_RECLAIMS_CYCLES | COLLECTOR_USES_MALLOC,
    .knobs = knobs,
    .knob_count = KNOBS,
};

struct object {
  struct object *next; /* in the list of all objects */
  struct object *grey; /* in the list of marked objects whose fields are still to be scanned */
  uint32_t fields, bytes;
  uint64_t marked;
  gc_ref field[]; /* what a gc_ref points to; raw bytes follow the fields */
};

struct naive {
  struct gc_mutator mutator; /* first: a gc_mutator is cast to this */
  struct object *objects, *grey;
  uint64_t trigger_bytes; /* of heap_bytes */
  uint64_t stress_countdown;
};

enum { HEAP_MIN_BYTES = 1 << 20 }; /* below this the heap is not worth collecting */

static struct naive the_naive;

static struct naive *naive_of(struct gc_mutator *mutator) { return (struct naive *)(void *)mutator; }

static struct object *object_of(gc_ref ref) { return (struct object *)(void *)((char *)ref - sizeof(struct object)); }

static uint64_t cell_bytes(uint64_t payload_bytes) { return sizeof(struct object) + payload_bytes; }

static uint64_t payload_bytes(const struct object *object)
{
  return header_payload_bytes((struct gc_shape){.fields = object->fields, .bytes = object->bytes});
}

static void mark(struct naive *naive, gc_ref ref)
{
  if (ref == NULL) return;
  struct object *object = object_of(ref);
  if (object->marked) return;
  object->marked = true;
  object->grey = naive->grey;
  naive->grey = object;
}

static void mark_all(struct naive *naive, struct journal_work *work)
{
  for (struct gc_frame *frame = naive->mutator.frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) mark(naive, frame->slots[i]);
  }
  while (naive->grey != NULL) {
    const struct object *object = naive->grey;
    naive->grey = object->grey;
    work->examined_objects++;
    work->followed_edges += object->fields;
    for (uint32_t i = 0; i < object->fields; i++) mark(naive, object->field[i]);
  }
}

static void sweep(struct naive *naive, struct journal_work *work)
{
  struct object **link = &naive->objects;
  while (*link != NULL) {
    struct object *object = *link;
    if (object->marked) {
      object->marked = false;
      link = &object->next;
      continue;
    }
    *link = object->next;
    work->freed_objects++;
    work->freed_bytes += payload_bytes(object);
    free(object);
  }
}

static uint64_t collect(struct naive *naive, enum journal_cause cause)
{
  struct gc_counters *counters = &naive->mutator.counters;
  struct journal_work work = {0};
  gc_counters_note_peak(counters);
  journal_begin(naive->mutator.journal, JOURNAL_COLLECTION, cause, GC_GENERATIONS - 1, counters->heap_bytes);
  mark_all(naive, &work);
  journal_mark_done(naive->mutator.journal);
  sweep(naive, &work);
  counters->freed_objects += work.freed_objects;
  counters->freed_bytes += work.freed_bytes;
  counters->heap_bytes -= work.freed_bytes + work.freed_objects * sizeof(struct object);
  counters->collections[GC_GENERATIONS - 1]++;
  counters->collected[GC_GENERATIONS - 1] += work.freed_objects;
  const uint64_t base_bytes = counters->heap_bytes > HEAP_MIN_BYTES ? counters->heap_bytes : HEAP_MIN_BYTES;
  naive->trigger_bytes = base_bytes * (uint64_t)naive->mutator.config->knobs[KNOB_GROWTH_FACTOR] / 1000;
  journal_end(naive->mutator.journal, &work, counters->heap_bytes);
  return work.freed_objects;
}

struct gc_mutator *collector_start(const struct collector_config *config)
{
  the_naive = (struct naive){.mutator = {.journal = config->journal, .config = config},
                             .trigger_bytes = HEAP_MIN_BYTES,
                             .stress_countdown = (uint64_t)config->knobs[KNOB_STRESS]};
  return &the_naive.mutator;
}

void collector_settle(struct gc_mutator *mutator) { gc_counters_note_peak(&mutator->counters); }

/* Counts the list against the counters; a reference to freed memory is what AddressSanitizer finds here. */
void collector_check(struct gc_mutator *mutator)
{
  uint64_t held = 0;
  for (struct object *object = naive_of(mutator)->objects; object != NULL; object = object->next, held++) {
    if (object->marked) gc_fail("an object is marked outside a collection", object->field);
    for (uint32_t i = 0; i < object->fields; i++) {
      if (object->field[i] != NULL && object_of(object->field[i])->marked)
        gc_fail("a field refers to a marked object", object->field);
    }
  }
  if (held != mutator->counters.allocated_objects - mutator->counters.freed_objects)
    gc_fail("the list of objects and the counters disagree", mutator);
}

void collector_finish(struct gc_mutator *mutator)
{
  mutator->frames = NULL; /* nothing is reachable: the sweep frees all */
  struct journal_work work = {0};
  sweep(naive_of(mutator), &work);
}

static __attribute__((noinline)) void collect_if_due(struct naive *naive, uint64_t bytes)
{
  const int64_t stress = naive->mutator.config->knobs[KNOB_STRESS];
  if (stress > 0 && --naive->stress_countdown == 0) {
    naive->stress_countdown = (uint64_t)stress;
    collect(naive, JOURNAL_STRESS);
  } else if (naive->mutator.counters.heap_bytes + bytes > naive->trigger_bytes) {
    collect(naive, JOURNAL_HEAP_GROWTH);
  }
}

/* Zeroed; from a collected heap where there is no memory at first. */
static struct object *allocate(struct naive *naive, uint64_t payload)
{
  struct object *object = calloc(1, cell_bytes(payload));
  if (GC_LIKELY(object != NULL)) return object;
  collect(naive, JOURNAL_HEAP_LIMIT);
  object = calloc(1, cell_bytes(payload));
  if (object == NULL) naive->mutator.config->out_of_memory(&naive->mutator, payload);
  return object;
}

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_pop(mutator, frame); }

GC_INLINE void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new: the slot is in no frame on the shadow stack", slot);
  struct naive *naive = naive_of(mutator);
  const uint64_t payload = header_payload_bytes(shape);
  const bool due = mutator->counters.heap_bytes + cell_bytes(payload) > naive->trigger_bytes;
  if (GC_UNLIKELY(due || naive->stress_countdown > 0)) collect_if_due(naive, cell_bytes(payload));
  struct object *object = allocate(naive, payload);
  object->fields = shape.fields;
  object->bytes = shape.bytes;
  object->next = naive->objects;
  naive->objects = object;
  mutator->counters.allocated_objects++;
  mutator->counters.allocated_bytes += payload;
  mutator->counters.heap_bytes += cell_bytes(payload);
  *slot = (gc_ref)(void *)object->field;
}

/* A tracing collector that moves nothing needs no barrier: assigning is all. */
GC_INLINE void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_root: the slot is in no frame on the shadow stack", slot);
  (void)mutator;
  *slot = value;
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  GC_CHECK(field < object_of(object)->fields, "gc_load: the object has no such field", object);
  (void)mutator;
  return object_of(object)->field[field];
}

GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  GC_CHECK(field < object_of(object)->fields, "gc_store: the object has no such field", object);
  (void)mutator;
  object_of(object)->field[field] = value;
}

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)generation;
  return collect(naive_of(mutator), JOURNAL_EXPLICIT);
}
