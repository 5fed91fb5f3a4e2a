/*
 * refcount_cyclic: reference counting, and CPython's generational collector for the cycles that counting leaves.
 *
 * It follows CPython 3.11 (Modules/gcmodule.c), and by its knob `profile` later versions (python.h): the same three
 * generations and thresholds, the same rules for what is counted, when a collection runs and of which generation, and
 * the same order of objects in every list, so that collections and what they find are equal to the interpreter's, one
 * by one.  Counting frees what is acyclic at once (parts/counting.h); collections are in collect.c; generations are
 * vectors in list order (cyclic.h, generation.c) where CPython has linked lists through the objects; kinds, versions
 * and free lists are in python.h.
 *
 * What is as in CPython:
 *  - An allocation of a container counts; its death uncounts, but never below 0.  Atoms do neither.
 *  - The allocation that takes the count of generation 0 above its threshold collects, before the new object is
 *    tracked: the object is not part of that collection, and its own count is swallowed by the reset.
 *  - The oldest generation whose count is above its threshold is collected, with the younger ones.  A full collection
 *    waits until a quarter of the long-lived objects has been promoted since the last (full_collection_percent).
 *  - What survives is promoted once.  What is unreachable is freed, and counted as collected.
 *
 *  - Weak references, their callbacks, finalizers and resurrection (deallocate.c, finalize.c); finalizers of the old
 *    kind, tp_del, and the garbage list (legacy.c); freezing and the rest of module gc (control.c).  Hooks run inside
 *    the pause, where CPython runs them, and in the order in which its recursion and its trashcan come to them.
 *
 * Departures: where there are no hooks, deaths go through an explicit worklist, not through tp_dealloc and the
 * trashcan; the same objects die, and nothing can tell in which order.  Out of memory does not collect, as in CPython.
 * CPython's tuples never change once they are made.  Here one can be stored into after it was untracked, and is tracked
 * again then, but not those untracked tuples and dicts that hold it: a cycle through one of these is not found.
 *
 * INVARIANTS, besides those of cyclic.h and counting.h
 *  - Outside a collection no object is dead.
 *  - No count is negative.  Outside a collection the vector CONDEMNED is empty.
 */
#include "base/setting.h"
#include "collectors/parts/hooks.h"
#include "collectors/parts/stress.h"
#include "collectors/parts/thresholds.h"
#include "collectors/refcount_cyclic/cyclic.h"

enum {
  KNOB_THRESHOLD0,
  KNOB_THRESHOLD1,
  KNOB_THRESHOLD2,
  KNOB_PERCENT,
  KNOB_PROFILE,
  KNOB_FREE_LISTS,
  KNOB_FOREIGN,
  KNOB_IMMORTAL,
  KNOB_STRESS,
  KNOBS
};

static const struct setting knobs[KNOBS] = {
    [KNOB_THRESHOLD0] = KNOB_THRESHOLD0_ROW,
    [KNOB_THRESHOLD1] = KNOB_THRESHOLD1_ROW,
    [KNOB_THRESHOLD2] = KNOB_THRESHOLD2_ROW,
    [KNOB_PERCENT] = {.name = "full_collection_percent",
                      .unit = "%",
                      .type = SETTING_INTEGER,
                      .scale = SETTING_LINEAR,
                      .default_value = 25,
                      .minimum = 0,
                      .maximum = 1000,
                      .help = "a full collection waits for promotions of this part of the long-lived (0: never waits)"},
    [KNOB_PROFILE] =
        {.name = "profile",
         .unit = "",
         .type = SETTING_CHOICE,
         .default_value = 0,
         .minimum = 0,
         .maximum = PYTHON_PROFILES - 1,
         .choices = python_profile_names,
         .help = "the version of CPython whose rules are followed (3.14.5 and 3.15: by what is known, not verified)"},
    [KNOB_FREE_LISTS] = {.name = "python_free_lists",
                         .unit = "",
                         .type = SETTING_BOOLEAN,
                         .default_value = 0,
                         .minimum = 0,
                         .maximum = 1,
                         .help = "count as if lists, dicts and tuples went through CPython's free lists"},
    [KNOB_FOREIGN] = {.name = "python_foreign_objects",
                      .unit = "objects",
                      .type = SETTING_INTEGER,
                      .scale = SETTING_LINEAR,
                      .default_value = 0,
                      .minimum = 0,
                      .maximum = 1000000000,
                      .help = "so many objects of the interpreter itself are frozen at the start, as far as counts go"},
    [KNOB_IMMORTAL] = {.name = "python_immortal_objects",
                       .unit = "objects",
                       .type = SETTING_INTEGER,
                       .scale = SETTING_LINEAR,
                       .default_value = 0,
                       .minimum = 0,
                       .maximum = 1000000000,
                       .help = "of those, so many are immortal and return to the permanent generation (from 3.12 on)"},
    [KNOB_STRESS] = KNOB_STRESS_ROW,
};

const struct collector_descriptor collector = {
    .name = "refcount_cyclic",
    .summary = "reference counting with CPython's generational cycle collector",
    .source =
        "CPython 3.11 to 3.13, Modules/gcmodule.c (Schemenauer 2000); after Bacon and Rajan's trial deletion in kind",
    .capabilities = COLLECTOR_RECLAIMS | COLLECTOR_RECLAIMS_CYCLES | COLLECTOR_PROMPT | COLLECTOR_GENERATIONAL |
                    COLLECTOR_MEMORY | COLLECTOR_WEAK | COLLECTOR_FINALIZES | COLLECTOR_HOOKS_IN_PAUSE,
    .knobs = knobs,
    .knob_count = KNOBS,
};

static struct cyclic the_cyclic;

static __attribute__((noinline)) void release_hooked(struct cyclic *cyclic, struct counted *dead)
{
  struct cascade cascade = {0};
  cyclic_deallocate_hooked(cyclic, dead, &cascade);
  const bool is_outermost = cascade_end_pause(&cyclic->mutator, &cascade);
  cascade_account(&cyclic->mutator, &cascade, is_outermost && !cyclic->is_collecting);
}

__attribute__((noinline)) void cyclic_release_dead(struct cyclic *cyclic, struct counted *dead)
{
#ifdef GC_CHECKING
  GC_CHECK(object_table_find(&cyclic->objects, counted_ref(dead)) != NULL, "a dead object that never was one",
           counted_ref(dead));
#endif
  if (GC_LIKELY(cyclic->mutator.hooks == NULL))
    cascade_release(cyclic, &cyclic->mutator, dead);
  else
    release_hooked(cyclic, dead);
}

__attribute__((noinline)) void cyclic_reclaim(struct cyclic *cyclic, struct counted *object, struct cascade *cascade)
{
  const bool was_tracked = !object_is_untracked(object);
  if (was_tracked) cyclic_untrack(cyclic, object);
  cyclic_account_death(cyclic, object, was_tracked, cascade);
  cyclic_free_cell(cyclic, object);
}

static inline void release(struct cyclic *cyclic, gc_ref object)
{
  if (object == NULL) return;
  struct counted *counted = counted_of(object);
  if (GC_UNLIKELY(counted_decrement(counted))) cyclic_release_dead(cyclic, counted);
}

static inline void check_object(struct gc_mutator *mutator, gc_ref object, const char *what)
{
#ifdef GC_CHECKING
  GC_CHECK(object_table_find(&cyclic_of(mutator)->objects, object) != NULL, what, object);
#endif
  (void)mutator;
  (void)object;
  (void)what;
}

struct gc_mutator *collector_start(const struct collector_config *config)
{
  const int64_t *values = config->knobs;
  const int64_t stress = values[KNOB_STRESS];
  the_cyclic = (struct cyclic){
      .mutator = {.journal = config->journal, .config = config},
      .threshold = {values[KNOB_THRESHOLD0], values[KNOB_THRESHOLD1], values[KNOB_THRESHOLD2]},
      .is_enabled = true,
      .foreign_objects = (uint64_t)values[KNOB_FOREIGN],
      .foreign_immortal = (uint64_t)values[KNOB_IMMORTAL],
      .foreign_frozen = (uint64_t)values[KNOB_FOREIGN],
      .full_collection_percent = (uint64_t)values[KNOB_PERCENT],
      .stress_at = stress == 0 ? UINT64_MAX : (uint64_t)stress - 1,
      .profile = &python_profiles[values[KNOB_PROFILE]],
      .free_lists = {.enabled = values[KNOB_FREE_LISTS] != 0},
  };
  the_cyclic.counts_every_death = !the_cyclic.profile->counts_tracked && !the_cyclic.free_lists.enabled;
  cyclic_set_trigger(&the_cyclic);
  if (!cells_init(&the_cyclic.cells, &the_cyclic.mutator.counters)) return NULL;
  for (int i = 0; i < GC_GENERATIONS; i++) {
    if (generation_reserve(&the_cyclic.generations[i], 1)) continue;
    while (i-- > 0) mapping_release(&the_cyclic.generations[i].mapping);
    cells_finish(&the_cyclic.cells);
    return NULL;
  }
  return &the_cyclic.mutator;
}

void collector_settle(struct gc_mutator *mutator) { gc_counters_note_peak(&mutator->counters); }

static uint32_t field_count(const struct counted *object) { return object_fields(object); }

void collector_check(struct gc_mutator *mutator)
{
  struct cyclic *cyclic = cyclic_of(mutator);
  for (uint32_t i = 0; i < VECTORS; i++) generation_check(&cyclic->generations[i], i);
  hooks_check(mutator->hooks);
  cells_check(&cyclic->cells);
  for (uint32_t i = 0; i < GC_GENERATIONS; i++) {
    if (cyclic->count[i] < 0) gc_fail("a generation's count is negative", cyclic);
  }
  /* The garbage list refers to its objects as a frame would. */
  struct gc_frame garbage = {
      .previous = mutator->frames, .slots = cyclic_garbage(cyclic), .count = cyclic->garbage_count};
  mutator->frames = &garbage;
#ifdef GC_CHECKING
  /* From within a hook, what is dying is still counted, and still counts. */
  const bool is_exact = !hooks_are_called(mutator->hooks);
  counted_audit(mutator, is_exact ? &cyclic->objects : NULL, field_count);
  GC_CHECK(!is_exact || cyclic->objects.count == mutator->counters.allocated_objects - mutator->counters.freed_objects,
           "the counters disagree with the number of objects", mutator);
#else
  counted_audit(mutator, NULL, field_count);
#endif
  mutator->frames = garbage.previous;
}

/* With no roots left a full collection frees every cycle, and counting has freed everything else. */
void collector_finish(struct gc_mutator *mutator)
{
  struct cyclic *cyclic = cyclic_of(mutator);
  const bool journal_was_enabled = mutator->journal->enabled;
  mutator->journal->enabled = false;
  hooks_release(mutator);
  cyclic_clear_garbage(cyclic);
  collector_order(mutator, COLLECTOR_ORDER_UNFREEZE, 0, NULL, 0);
  cyclic_collect(cyclic, GC_GENERATIONS - 1, JOURNAL_EXPLICIT);
  mutator->journal->enabled = journal_was_enabled;
  for (int i = 0; i < VECTORS; i++) mapping_release(&cyclic->generations[i].mapping);
  struct side_tables *side = &cyclic->side;
  struct mapping *const tables[] = {&side->refs,  &side->reached, &side->starts, &side->edges,   &side->moved,
                                    &side->apart, &side->inside,  &side->dying,  &side->put_off, &side->calls};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) mapping_release(tables[i]);
  object_table_release(&cyclic->objects);
  cells_finish(&cyclic->cells);
}

static __attribute__((noinline)) void collect_for_stress(struct cyclic *cyclic)
{
  cyclic->stress_at += (uint64_t)cyclic->mutator.config->knobs[KNOB_STRESS];
  cyclic_collect(cyclic, GC_GENERATIONS - 1, JOURNAL_STRESS);
#ifdef GC_CHECKING
  if (!hooks_are_called(cyclic->mutator.hooks)) collector_check(&cyclic->mutator);
#endif
}

/* Up to 3.11 the collection runs inside the allocation; later ones wait for the eval breaker. */
static __attribute__((noinline)) void collect_due(struct cyclic *cyclic)
{
  if (cyclic->is_collecting) return;
  if (cyclic->profile->waits_for_eval_breaker) {
    cyclic->is_pending = true;
    cyclic_set_trigger(cyclic);
  } else {
    cyclic_collect_due(cyclic);
  }
}

/*
 * The eval breaker, while the new object is still on the stack: in CPython instances and atoms are made by
 * calls, which look at it; lists, tuples and dicts are not, and wait for the end of the statement.  So do weak
 * references: theirs is a call too, but one whose arguments' tuple is gone before.
 */
static __attribute__((noinline)) void poll_after_making(struct cyclic *cyclic, enum gc_kind kind)
{
  const bool is_call = kind == GC_INSTANCE || kind == GC_ATOM;
  if (is_call || !cyclic->polls_explicitly) cyclic_poll(cyclic);
}

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame)
{
  shadow_stack_pop(mutator, frame);
  const gc_ref *slots = frame->slots;
  const uint32_t count = frame->count;
  for (uint32_t i = 0; i < count; i++) release(cyclic_of(mutator), slots[i]);
}

static inline void count_allocation(struct cyclic *cyclic, struct gc_shape shape)
{
  if (GC_UNLIKELY(cyclic->free_lists.enabled) && !cyclic->profile->counts_tracked &&
      python_free_lists_take(&cyclic->free_lists, cyclic->profile, shape.kind, shape.fields))
    return;
  if (GC_UNLIKELY(++cyclic->count[0] > cyclic->trigger)) collect_due(cyclic);
}

/* The object, in no vector yet, with the one reference that its root slot will be.  Always inlined, as gc_new is. */
static inline __attribute__((always_inline)) struct counted *make(struct cyclic *cyclic, struct gc_shape shape)
{
  struct gc_counters *counters = &cyclic->mutator.counters;
  const uint32_t packed = header_pack(shape);
  const uint64_t payload_bytes = header_payload_bytes(shape);
  const uint64_t front_bytes = packed_front_bytes(packed);
  const uint64_t cell_bytes = front_bytes + sizeof(struct counted) + payload_bytes;
#ifdef GC_CHECKING
  cyclic_require(cyclic, object_table_reserve(&cyclic->objects, 1), cell_bytes);
#endif
  char *cell = cell_allocate(&cyclic->mutator, &cyclic->cells, cell_bytes);
  if (GC_UNLIKELY(packed & HEADER_EXTENDED))
    *(struct header_extent *)(void *)cell = (struct header_extent){.fields = shape.fields, .bytes = shape.bytes};
  struct counted *object = (struct counted *)(void *)(cell + front_bytes);
  counted_init(object, packed);
  counters->allocated_objects++;
  counters->allocated_bytes += payload_bytes;
#ifdef GC_CHECKING
  GC_CHECK((uint64_t)(uintptr_t)cell < CASCADE_ADDRESS_MASK, "a cell at an address of more than 48 bits", cell);
  GC_CHECK(object_table_add(&cyclic->objects, counted_ref(object)), "a cell is handed out that is in use", cell);
#endif
  return object;
}

/* The new object joins generation 0, where there is room, if the collector has to know of it. */
static inline void enter(struct cyclic *cyclic, struct counted *object, enum gc_kind kind)
{
  if (kind == GC_DICT && cyclic->profile->tracks_dicts_lazily)
    place_of(object)->generation = UNTRACKED;
  else if (kind != GC_ATOM)
    cyclic_place(cyclic, 0, object);
}

/* The slot takes over the new object's one reference. */
static inline void hand_over(struct cyclic *cyclic, gc_ref *slot, struct counted *object)
{
  const gc_ref old = *slot;
  *slot = counted_ref(object);
  release(cyclic, old);
}

/* The long way: a collection may be due or pending, room be made, or the count follow CPython's free lists. */
static __attribute__((noinline)) void new_attended(struct cyclic *cyclic, gc_ref *slot, struct gc_shape shape)
{
  if (cyclic->mutator.counters.allocated_objects == cyclic->stress_at) collect_for_stress(cyclic);
  if (shape.kind != GC_ATOM) {
    count_allocation(cyclic, shape);
    cyclic_reserve_place(cyclic, 0);
  }
  struct counted *object = make(cyclic, shape);
  enter(cyclic, object, shape.kind);
  if (cyclic->is_pending) poll_after_making(cyclic, shape.kind);
  hand_over(cyclic, slot, object);
}

/* Nothing but the object itself has to be seen to. */
static inline bool is_common(const struct cyclic *cyclic, enum gc_kind kind)
{
  if (kind == GC_ATOM) return cyclic->attend_at >= 0;
  return cyclic->count[0] < cyclic->attend_at && cyclic->generations[0].size != cyclic->generations[0].capacity;
}

/* With a constant shape the common way is inlined: some 25 instructions and malloc. */
GC_INLINE_ALWAYS void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new: the slot is in no frame on the shadow stack", slot);
  GC_CHECK(shape.kind != GC_ATOM || shape.fields == 0, "gc_new: an atom has no fields", slot);
  struct cyclic *cyclic = cyclic_of(mutator);
  if (GC_UNLIKELY(!is_common(cyclic, shape.kind))) {
    new_attended(cyclic, slot, shape);
    return;
  }
  cyclic->count[0] += shape.kind != GC_ATOM;
  struct counted *object = make(cyclic, shape);
  enter(cyclic, object, shape.kind);
  hand_over(cyclic, slot, object);
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
  release(cyclic_of(mutator), old);
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  check_object(mutator, object, "gc_load: this is no object");
  GC_CHECK(field < object_fields(counted_of(object)), "gc_load: the object has fewer fields", object);
  (void)mutator;
  return counted_fields(counted_of(object))[field];
}

/*
 * An object that was not tracked, since nothing that it held could be, has to be from now on if value can.  A tuple may
 * be made to hold itself, or another that holds it: so any container will do there.
 */
static __attribute__((noinline)) void track_again(struct cyclic *cyclic, struct counted *object, gc_ref value)
{
  const bool is_tuple = header_kind(object->packed) == GC_TUPLE;
  if (is_tuple ? !packed_is_atom(counted_of(value)->packed) : object_may_be_tracked(value))
    cyclic_track(cyclic, object);
}

GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  check_object(mutator, object, "gc_store: this is no object");
  GC_CHECK(field < object_fields(counted_of(object)), "gc_store: the object has fewer fields", object);
  if (value != NULL) {
    check_object(mutator, value, "gc_store: the value is no object");
    if (GC_UNLIKELY(place_of(counted_of(object))->generation == UNTRACKED)) /* first, since memory may run out */
      track_again(cyclic_of(mutator), counted_of(object), value);
    counted_increment(counted_of(value));
  }
  gc_ref *place = &counted_fields(counted_of(object))[field];
  const gc_ref old = *place;
  *place = value;
  release(cyclic_of(mutator), old);
}

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  const int number = generation < 0 ? 0 : generation >= GC_GENERATIONS ? GC_GENERATIONS - 1 : generation;
  return cyclic_collect(cyclic_of(mutator), number, JOURNAL_EXPLICIT);
}

bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  (void)mutator;
  const struct counted *counted = counted_of(object);
  *shape = header_shape(counted->packed, object_before(counted));
  return true;
}
