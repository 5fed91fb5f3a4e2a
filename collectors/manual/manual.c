/*
 * manual: a baseline, no contender.  It frees each object right after the operation at which it became unreachable, as
 * a programmer would who never errs, and looks for nothing: what to free is known before the program starts.
 *
 * It follows Hertz and Berger (Quantifying the performance of garbage collection vs. explicit memory management, OOPSLA
 * 2005): a program whose behaviour does not depend on when memory is reclaimed is run twice, first on an instrument
 * that finds every object's death (collectors/lifetimes), then here, where the frees of that schedule (parts/deaths.h)
 * are replayed.  Theirs is the reachability-based oracle; their other one, which frees after an object's last use, is
 * not here.
 *
 * Departures.  They replay in a simulator, so that the oracle costs nothing; here the oracle costs what it costs: an
 * operation is a decrement and a branch that is not taken, a birth pops a seat and writes its address there, a free
 * reads eight bytes of the schedule in sequence and the address.  All this counts as the program's own time, so what
 * manual takes is an upper bound of what explicit frees would.  A programmer's own bookkeeping (who owns what) is not
 * in it.
 *
 * Frees are the program's, not pauses: the journal stays empty.  Without a schedule (collector_config.deaths) nothing
 * is ever freed.  There are no weak references and finalizers: programs that use them may depend on when memory is
 * reclaimed.  The schedule and the seats lie outside of the heap and its counters, but in the process, so VmHWM
 * contains them.
 *
 *   [extent, where the shape does not fit into the header] [unused:32 packed shape:32] fields... raw bytes...
 *
 * INVARIANTS
 *  - Births take seats as schedule.c has foreseen it: the seat that was left last, else the first that was never taken.
 *  - seats[] below seats_used are taken, and hold the address of a live object, or are in the list of free ones.
 *  - until_due is above 0, and MANUAL_NEVER once the last object of the schedule has been freed.
 *  - allocated_objects - freed_objects is the number of cells held.
 */
#include <stdlib.h>
#include <string.h>

#include "collectors/manual/manual.h"
#include "collectors/parts/header.h"
#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/stress.h"

enum { KNOB_STRESS, KNOBS };

static const struct setting knobs[KNOBS] = {
    [KNOB_STRESS] = KNOB_STRESS_ROW,
};

const struct collector_descriptor collector = {
    .name = "manual",
    .summary = "a baseline: explicit frees at the moment of death, replayed from a death schedule",
    .source = "Hertz and Berger 2005",
    .capabilities = COLLECTOR_REPLAYS_DEATHS | COLLECTOR_MEMORY,
    .knobs = knobs,
    .knob_count = KNOBS,
};

/* In front of every object. */
struct head {
  uint32_t unused;
  uint32_t packed; /* shape (parts/header.h) */
};

static struct manual the_manual;

static inline struct head *head_of(gc_ref object) { return (struct head *)(void *)object - 1; }

static inline gc_ref *fields_of(gc_ref object) { return (gc_ref *)(void *)object; }

static inline struct gc_shape shape_of(gc_ref object) { return header_shape(head_of(object)->packed, head_of(object)); }

static inline uint64_t extent_bytes(bool is_extended) { return is_extended ? sizeof(struct header_extent) : 0; }

#ifdef GC_CHECKING
static void require_object(struct gc_mutator *mutator, gc_ref object, const char *what)
{
  GC_CHECK(object_table_find(&manual_of(mutator)->objects, object) != NULL, what, object);
}
#define ARGUMENTS_REQUIRE_OBJECT(mutator, object, what) require_object(mutator, object, what)
#endif
#include "collectors/parts/arguments.h"

/* ---- lifecycle -------------------------------------------------------------------------------------------------- */

/* The next free of the schedule; without one, none ever. */
static void await_next(struct manual *manual)
{
  const struct schedule *schedule = &manual->schedule;
  const bool is_over = manual->next == schedule->due + schedule->due_count;
  manual->until_due = is_over ? MANUAL_NEVER : manual->next->operations;
}

static bool start_schedule(struct manual *manual, FILE *deaths)
{
  if (deaths != NULL && !schedule_read(&manual->schedule, deaths)) return false;
  const uint64_t seats = manual->schedule.seat_count;
  if (seats > 0 && !mapping_grow(&manual->seat_memory, seats * sizeof *manual->seats)) return false;
  manual->seats = manual->seat_memory.memory;
  manual->free_seat = seats;
  manual->next = manual->schedule.due;
  await_next(manual);
  return true;
}

struct gc_mutator *collector_start(const struct collector_config *config)
{
  struct manual *manual = &the_manual;
  *manual = (struct manual){.mutator = {.journal = config->journal, .config = config}};
  if (start_schedule(manual, config->deaths) && cells_init(&manual->cells, &manual->mutator.counters))
    return &manual->mutator;
  schedule_release(&manual->schedule);
  mapping_release(&manual->seat_memory);
  return NULL;
}

void collector_settle(struct gc_mutator *mutator) { gc_counters_note_peak(&mutator->counters); }

static void check_seats(const struct manual *manual)
{
  const uint64_t end = manual->schedule.seat_count;
  uint64_t free_seats = 0;
  for (uint64_t seat = manual->free_seat; seat != end; seat = manual->seats[seat].next) {
    if (seat >= manual->seats_used) gc_fail("a free seat that was never taken", &manual->seats[seat]);
    if (++free_seats > manual->seats_used) gc_fail("the list of free seats has no end", manual->seats);
  }
  const struct gc_counters *counters = &manual->mutator.counters;
  if (end != 0 && manual->seats_used - free_seats > counters->allocated_objects - counters->freed_objects)
    gc_fail("more seats are taken than there are objects", manual->seats);
}

void collector_check(struct gc_mutator *mutator)
{
  const struct manual *manual = manual_of(mutator);
  cells_check(&manual->cells);
  check_seats(manual);
  if (manual->until_due == 0) gc_fail("a free that was due was left out", manual->next);
#ifdef GC_CHECKING
  GC_CHECK(manual->objects.count == mutator->counters.allocated_objects - mutator->counters.freed_objects,
           "the counters disagree with the number of objects", mutator);
#endif
}

/* ---- birth and death -------------------------------------------------------------------------------------------- */

static void reclaim(struct manual *manual, gc_ref object)
{
  struct gc_counters *counters = &manual->mutator.counters;
  const struct gc_shape shape = shape_of(object);
  const uint64_t front_bytes = extent_bytes((head_of(object)->packed & HEADER_EXTENDED) != 0);
  const uint64_t payload_bytes = header_payload_bytes(shape);
  const uint64_t cell_bytes = front_bytes + sizeof(struct head) + payload_bytes;
#ifdef GC_CHECKING
  GC_CHECK(object_table_remove(&manual->objects, object), "a cell is freed twice", object);
#endif
  counters->freed_objects++;
  counters->freed_bytes += payload_bytes;
  counters->heap_bytes -= cell_bytes + cell_slack_bytes(cell_bytes);
  cell_free(&manual->cells, (char *)head_of(object) - front_bytes, cell_bytes);
}

/* Whatever is due after this operation dies. */
static __attribute__((noinline)) void free_due(struct manual *manual)
{
  gc_counters_note_peak(&manual->mutator.counters);
  while (manual->until_due == 0) {
    const uint32_t seat = manual->next->seat;
    if (seat != DUE_NO_SEAT) {
      GC_CHECK(seat < manual->seats_used, "the schedule frees what was not born: it is another program's", manual);
      reclaim(manual, (gc_ref)(void *)manual->seats[seat].object);
      manual->seats[seat].next = manual->free_seat;
      manual->free_seat = seat;
    }
    manual->next++;
    await_next(manual);
  }
}

static inline void operation_done(struct manual *manual)
{
  if (GC_UNLIKELY(--manual->until_due == 0)) free_due(manual);
}

static inline void take_seat(struct manual *manual, gc_ref object)
{
  const uint64_t end = manual->schedule.seat_count;
  uint64_t seat = manual->free_seat;
  if (seat != end)
    manual->free_seat = manual->seats[seat].next;
  else if (manual->seats_used != end)
    seat = manual->seats_used++;
  else
    return; /* born after the last death of the schedule, or there is none: it stays */
  manual->seats[seat].object = (char *)object;
}

void collector_finish(struct gc_mutator *mutator)
{
  struct manual *manual = manual_of(mutator);
#ifdef GC_CHECKING /* a release build leaves what is alive to the end of the process */
  for (uint64_t i = 0; i < manual->objects.capacity; i++) {
    const gc_ref object = manual->objects.entries[i].object;
    if (object == NULL) continue;
    const struct gc_shape shape = shape_of(object);
    const uint64_t front_bytes = extent_bytes((head_of(object)->packed & HEADER_EXTENDED) != 0);
    cell_free(&manual->cells, (char *)head_of(object) - front_bytes,
              front_bytes + sizeof(struct head) + header_payload_bytes(shape));
  }
  object_table_release(&manual->objects);
#endif
  cells_finish(&manual->cells);
  schedule_release(&manual->schedule);
  mapping_release(&manual->seat_memory);
}

/* ---- gc.h ------------------------------------------------------------------------------------------------------- */

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame)
{
  shadow_stack_pop(mutator, frame);
  operation_done(manual_of(mutator));
}

GC_INLINE_ALWAYS void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  check_slot(mutator, slot, "gc_new: the slot is in no frame on the shadow stack");
  struct manual *manual = manual_of(mutator);
  const bool is_extended = header_shape_is_extended(shape);
  const uint64_t payload_bytes = header_payload_bytes(shape);
  const uint64_t cell_bytes = extent_bytes(is_extended) + sizeof(struct head) + payload_bytes;
#ifdef GC_CHECKING
  if (!object_table_reserve(&manual->objects, 1)) mutator->config->out_of_memory(mutator, cell_bytes);
#endif
  char *cell = cell_allocate(mutator, &manual->cells, cell_bytes);
  if (GC_UNLIKELY(is_extended))
    *(struct header_extent *)(void *)cell = (struct header_extent){.fields = shape.fields, .bytes = shape.bytes};
  struct head *head = (struct head *)(void *)(cell + extent_bytes(is_extended));
  *head = (struct head){.packed = header_pack(shape)};
  const gc_ref object = (gc_ref)(void *)(head + 1);
  mutator->counters.allocated_objects++;
  mutator->counters.allocated_bytes += payload_bytes;
#ifdef GC_CHECKING
  GC_CHECK(object_table_add(&manual->objects, object), "a cell is handed out that is in use", object);
#endif
  take_seat(manual, object);
  *slot = object;
  operation_done(manual);
}

GC_INLINE void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  check_slot(mutator, slot, "gc_root: the slot is in no frame on the shadow stack");
  check_reference(mutator, value, "gc_root: the value is not an object, or no longer one");
  *slot = value;
  operation_done(manual_of(mutator));
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  check_object(mutator, object, "gc_load: not an object, or no longer one");
  GC_CHECK(field < shape_of(object).fields, "gc_load: the object has no such field", object);
  (void)mutator;
  return fields_of(object)[field];
}

GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  check_object(mutator, object, "gc_store: not an object, or no longer one");
  GC_CHECK(field < shape_of(object).fields, "gc_store: the object has no such field", object);
  check_reference(mutator, value, "gc_store: the value is not an object, or no longer one");
  fields_of(object)[field] = value;
  operation_done(manual_of(mutator));
}

/* Nothing is ever looked for. */
uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)mutator;
  (void)generation;
  return 0;
}

bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  (void)mutator;
  *shape = shape_of(object);
  return true;
}
