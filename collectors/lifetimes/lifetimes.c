/*
 * lifetimes: an instrument, no contender.  It finds out after which operation each object became unreachable.
 *
 * The algorithm is Merlin (Hertz, Blackburn, Moss, McKinley and Stefanovic, Error-free garbage collection traces,
 * SIGMETRICS 2002; Generating object lifetime traces with Merlin, TOPLAS 2006).  An object that loses a reference gets
 * a time stamp: the loss may have been its death.  At a full trace now and then, the dead are known, and a dead object
 * died when the last of all dead objects that lead to it lost its last reference: so the latest stamp is handed on from
 * dead objects to those that they refer to, beginning with the latest of all (date.c).
 *
 * Departures.  The clock of the stamps is not the allocation clock: every gc_new, gc_root, gc_store and gc_pop is an
 * operation of its own, so that deaths are exact to the operation; the allocation clock at an operation follows from
 * the operations that made the objects since the last trace.  Slots are stamped when they are overwritten or popped,
 * not by walking the stack at each allocation: gc.h sees every store into a slot.  Beside each death stands whether
 * reference counting would have noticed it (counting.c): every object has the count that it would have if counting were
 * the collector and what cycles keep were never freed.
 *
 * Weak references are cleared, and finalizers queued, at traces (parts/hooks.h), as a tracing collector does.  A
 * program that gets an unreachable object back from a weak reference, or a finalizer that does, makes it live on: its
 * death is the last one.  Such a program's deaths depend on when traces are; all others' do not.
 *
 * Cells come from malloc; each has a record in front.  Nothing is freed but at traces.
 *
 * INVARIANTS
 *  - records[] holds every object there is, in the order of birth; from traced_count on are those born since the last
 *    trace, and births[] has their operations, in the same order.
 *  - No object that is alive after a trace had died before it: every death found at a trace has a stamp above
 *    traced_at.
 *  - An object's count is at least the number of root slots and fields that refer to it; what is more are references
 *    from objects that counting would never have freed.
 *  - Between traces no flag is set, and scratch is 0.
 *  - capacity >= count, and every table has room for that many.
 */
#include "collectors/lifetimes/lifetimes.h"

#include <string.h>

#include "collectors/parts/hooks.h"
#include "collectors/parts/stress.h"

static const struct setting knobs[KNOBS] = {
    [KNOB_TRACE_EVERY] =
        {.name = "trace_every",
         .unit = "bytes",
         .type = SETTING_BYTES,
         .scale = SETTING_LOG,
         .default_value = 8 << 20,
         .minimum = 64 << 10,
         .maximum = INT64_C(1) << 40,
         .help = "trace when so many bytes have been allocated (fewer at first), and at least as many as are alive"},
    [KNOB_STRESS] = KNOB_STRESS_ROW,
};

const struct collector_descriptor collector = {
    .name = "lifetimes",
    .summary = "an instrument: finds the operation at which each object becomes unreachable (gclab characterise)",
    .source = "Merlin: Hertz, Blackburn, Moss, McKinley and Stefanovic 2002, 2006",
    .capabilities = COLLECTOR_RECLAIMS | COLLECTOR_RECLAIMS_CYCLES | COLLECTOR_USES_MALLOC | COLLECTOR_WEAK |
                    COLLECTOR_FINALIZES | COLLECTOR_INSTRUMENT,
    .knobs = knobs,
    .knob_count = KNOBS,
};

static struct lifetimes the_lifetimes;

struct gc_mutator *collector_start(const struct collector_config *config)
{
  struct lifetimes *lt = &the_lifetimes;
  *lt = (struct lifetimes){.mutator = {.journal = config->journal, .config = config},
                           .stream = {.file = config->report},
                           .due_bytes = LIFETIMES_FIRST_BYTES,
                           .stress_count = (uint64_t)config->knobs[KNOB_STRESS]};
  return &lt->mutator;
}

/*
 * Where a report is wanted the program has ended now: what died since the last trace is found, and what is alive is
 * written.  Otherwise counters are exact as they are.
 */
void collector_settle(struct gc_mutator *mutator)
{
  struct lifetimes *lt = lifetimes_of(mutator);
  gc_counters_note_peak(&mutator->counters);
  if (lt->stream.file == NULL) return;
  lifetimes_trace(lt, JOURNAL_EXPLICIT);
  lifetimes_write_survivors(lt);
}

void collector_finish(struct gc_mutator *mutator)
{
  struct lifetimes *lt = lifetimes_of(mutator);
  hooks_release(mutator);
  for (uint64_t i = 0; i < lt->count; i++) lifetimes_free(lt, lt->records[i]);
  object_table_release(&lt->all);
  lifetimes_release_tables(lt);
}

size_t collector_facts(struct gc_mutator *mutator, struct collector_fact *facts)
{
  const struct lifetimes *lt = lifetimes_of(mutator);
  const struct lifetimes_sums *sums = &lt->sums;
  const struct collector_fact rows[] = {
      {"operations", lt->operation},
      {"stores", sums->stores},
      {"null_stores", sums->null_stores},
      {"old_to_young_stores", sums->old_to_young_stores},
      {"root_assignments", sums->root_assignments},
      {"traces", sums->traces},
      {"sampled_objects", sums->sampled_objects},
      {"sampled_edges", sums->sampled_edges},
      {"sampled_shared", sums->sampled_shared},
      {"fan_out_max", sums->fan_out_max},
      {"fan_in_max", sums->fan_in_max},
      {"depth_max", sums->depth_max},
      {"kept_objects", sums->kept_objects},
      {"in_cycle_objects", sums->in_cycle_objects},
      {"deaths", lt->stream.rows},
      {"write_error", (uint64_t)lt->write_error},
  };
  _Static_assert(sizeof rows / sizeof rows[0] <= COLLECTOR_FACTS_MAX, "room for every fact");
  memcpy(facts, rows, sizeof rows);
  return sizeof rows / sizeof rows[0];
}

#define ARGUMENTS_REQUIRE_OBJECT(mutator, object, what) lifetimes_require_object(lifetimes_of(mutator), object, what)
#include "collectors/parts/arguments.h"

/* A slot or field refers to the object now. */
static inline void gain(gc_ref object)
{
  if (object != NULL) record_of(object)->count++;
}

/* A slot or field refers to it no longer. */
static inline void lose(const struct lifetimes *lt, gc_ref object)
{
  if (object == NULL) return;
  struct record *record = record_of(object);
  record->count--;
  record->stamp = lt->operation;
}

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame)
{
  struct lifetimes *lt = lifetimes_of(mutator);
  shadow_stack_pop(mutator, frame);
  lt->operation++;
  for (uint32_t i = 0; i < frame->count; i++) lose(lt, frame->slots[i]);
}

static void trace_where_due(struct lifetimes *lt)
{
  if (lt->stress_count != 0 && --lt->stress_count == 0) {
    lt->stress_count = (uint64_t)lt->mutator.config->knobs[KNOB_STRESS];
    lifetimes_trace(lt, JOURNAL_STRESS);
  } else if (lt->mutator.counters.heap_bytes >= lt->due_bytes) {
    lifetimes_trace(lt, JOURNAL_HEAP_GROWTH);
  }
}

void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  check_slot(mutator, slot, "gc_new: the slot is in no frame on the shadow stack");
  struct lifetimes *lt = lifetimes_of(mutator);
  struct gc_counters *counters = &mutator->counters;
  trace_where_due(lt);
  const uint64_t payload_bytes = header_payload_bytes(shape);
  struct record *record = lifetimes_allocate(lt, payload_bytes);
  lt->operation++;
  lt->births[lt->count - lt->traced_count] = lt->operation;
  lt->records[lt->count++] = record;
  record->number = counters->allocated_objects++;
  counters->allocated_bytes += payload_bytes;
  counters->heap_bytes += sizeof *record + payload_bytes;
  record->birth_bytes = counters->allocated_bytes;
  record->stamp = lt->operation;
  record->fields = shape.fields;
  record->bytes = shape.bytes;
  record->kind = (uint8_t)shape.kind;
  record->count = 1;
  record->word = RECORD_OBJECT;
#ifdef GC_CHECKING
  GC_CHECK(object_table_add(&lt->all, object_of(record)), "malloc gave a cell that is in use", record);
#endif
  const gc_ref old = *slot;
  *slot = object_of(record);
  lose(lt, old);
  if (GC_UNLIKELY(mutator->hooks != NULL)) hooks_run_queue(mutator);
}

GC_INLINE void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  check_slot(mutator, slot, "gc_root: the slot is in no frame on the shadow stack");
  check_reference(mutator, value, "gc_root: the value is not an object, or no longer one");
  struct lifetimes *lt = lifetimes_of(mutator);
  lt->operation++;
  lt->sums.root_assignments++;
  const gc_ref old = *slot;
  *slot = value;
  gain(value);
  lose(lt, old);
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  check_object(mutator, object, "gc_load: not an object, or no longer one");
  GC_CHECK(field < record_of(object)->fields, "gc_load: the object has no such field", object);
  (void)mutator;
  return fields_of(record_of(object))[field];
}

GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  check_object(mutator, object, "gc_store: not an object, or no longer one");
  GC_CHECK(field < record_of(object)->fields, "gc_store: the object has no such field", object);
  check_reference(mutator, value, "gc_store: the value is not an object, or no longer one");
  struct lifetimes *lt = lifetimes_of(mutator);
  struct record *record = record_of(object);
  lt->operation++;
  lt->sums.stores++;
  if (value == NULL) {
    lt->sums.null_stores++;
  } else {
    lt->sums.old_to_young_stores += record_of(value)->number > record->number;
    gain(value);
  }
  const gc_ref old = fields_of(record)[field];
  fields_of(record)[field] = value;
  lose(lt, old);
}

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)generation; /* there are none */
  const uint64_t found = lifetimes_trace(lifetimes_of(mutator), JOURNAL_EXPLICIT);
  if (mutator->hooks != NULL) hooks_run_queue(mutator);
  return found;
}

bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  (void)mutator;
  const struct record *record = record_of(object);
  *shape = (struct gc_shape){.fields = record->fields, .bytes = record->bytes, .kind = (enum gc_kind)record->kind};
  return true;
}
