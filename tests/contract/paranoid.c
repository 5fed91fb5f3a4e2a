/*
 * paranoid: a collector for tests that moves every object at every safepoint, and counts references besides.
 *
 * It shows that workloads keep the rules of gc.h.  A workload that holds a raw reference over a safepoint, reads bytes
 * through an old address, forgets a root slot, or writes a slot or field past gc_root and gc_store, ends here at once
 * with the rule named, or at least with another checksum.  It is Cheney's copying collector (1970) with nothing else
 * to it: a move copies all that the frames reach into memory at addresses that were not in use for a long time, and
 * takes the old memory away, so that whoever still goes there faults.  Knobs make it move at every Nth safepoint only,
 * beginning with a chosen one, for programs that are too large to move every time.
 *
 * A safepoint does its work first and moves afterwards: the arguments are good for the call and for nothing after it.
 * gc_store also asks whether the object that was stored into has survived the move: if it has not, it hung from the
 * old value alone, which gc.h forbids.  Weak references are cleared at each move, and callbacks run behind it.
 *
 * INVARIANTS
 *  - All objects lie in [space.base, space.bump), one cell after the other; everything else in the window is without
 *    access.  Regions are taken from the window in turn, so an address comes back only after the whole window.
 *  - Every slot of a frame and every field is NULL or refers to a cell in the space, whose state is cell_live.
 *  - After a move, a cell's `counted`, which the calls of gc.h made, is the number of slots and fields that refer to
 *    it, `found` by tracing.
 *  - A cell ends in its canary: raw bytes that were written beyond their end have damaged it.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "collectors/collector.h"
#include "collectors/parts/header.h"
#include "collectors/parts/hooks.h"
#include "collectors/parts/shadow_stack.h"

enum { KNOB_EVERY, KNOB_OFFSET, KNOBS };

static const struct setting knobs[KNOBS] = {
    [KNOB_EVERY] = {.name = "every",
                    .unit = "safepoints",
                    .type = SETTING_INTEGER,
                    .scale = SETTING_LOG,
                    .default_value = 1,
                    .minimum = 1,
                    .maximum = 1000000000,
                    .help = "move everything at every Nth safepoint"},
    [KNOB_OFFSET] = {.name = "offset",
                     .unit = "safepoints",
                     .type = SETTING_INTEGER,
                     .default_value = 0,
                     .minimum = 0,
                     .maximum = 1000000000,
                     .help = "safepoints before the first that may move"},
};

const struct collector_descriptor collector = {
    .name = "paranoid",
    .summary = "moves every object at every safepoint; for tests",
    .source = "Cheney, A nonrecursive list compacting algorithm (1970)",
    .capabilities = COLLECTOR_RECLAIMS | COLLECTOR_RECLAIMS_CYCLES | COLLECTOR_MOVES | COLLECTOR_WEAK,
    .knobs = knobs,
    .knob_count = KNOBS,
};

struct cell {
  uint32_t fields, bytes;
  uint32_t counted; /* references made and not yet dropped, as a counting collector counts */
  uint32_t found;   /* references that the last move has seen */
  uint64_t kind;
  union {
    uint64_t state;       /* cell_live, */
    struct cell *forward; /* or where the object has gone */
  };
};

static const uint64_t cell_live = 0x4c4956452d4f424a; /* no address: not canonical */
static const uint64_t cell_canary = 0x63616e6172792121;

struct space {
  char *base, *bump, *limit;
};

struct paranoid {
  struct gc_mutator mutator;
  char *window; /* all addresses that regions may have */
  char *next_region;
  struct space space;
  int64_t until_move; /* safepoints */
  uint64_t live_objects, live_bytes;
};

enum { PAGE_BYTES = 4096, ALLOCATION_ROOM_BYTES = 64 << 10 };

static const uint64_t window_bytes = UINT64_C(16) << 30;

static struct paranoid the_paranoid;

static struct paranoid *paranoid_of(struct gc_mutator *mutator) { return (struct paranoid *)(void *)mutator; }

static struct cell *cell_of(gc_ref object) { return (struct cell *)(void *)object - 1; }

static gc_ref object_of(struct cell *cell) { return (gc_ref)(void *)(cell + 1); }

static uint64_t payload_bytes(const struct cell *cell) { return (uint64_t)cell->fields * sizeof(gc_ref) + cell->bytes; }

/* The canary follows the payload directly, aligned or not, so that the first byte too many is noticed. */
static uint64_t cell_bytes(uint64_t payload)
{
  return (sizeof(struct cell) + payload + sizeof cell_canary + 7) & ~UINT64_C(7);
}

static char *canary_of(struct cell *cell) { return (char *)(cell + 1) + payload_bytes(cell); }

static void check_canary(struct cell *cell)
{
  if (memcmp(canary_of(cell), &cell_canary, sizeof cell_canary) != 0)
    gc_fail("something was written beyond the end of this object", object_of(cell));
}

/* A workload has named this object: it must be where objects are now. */
static struct cell *require_object(const struct paranoid *p, gc_ref object, const char *what)
{
  const char *address = (const char *)object;
  const bool inside = address >= p->space.base + sizeof(struct cell) && address < p->space.bump;
  if (!inside || (uintptr_t)address % 8 != 0 || cell_of(object)->state != cell_live) gc_fail(what, object);
  return cell_of(object);
}

/* Takes a fresh region of the window; the bytes behind it stay without access. */
static struct space space_take(struct paranoid *p, uint64_t bytes)
{
  bytes = (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
  if (bytes > window_bytes / 4) p->mutator.config->out_of_memory(&p->mutator, bytes);
  if (p->next_region + bytes + PAGE_BYTES > p->window + window_bytes) p->next_region = p->window;
  void *memory = mmap(p->next_region, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (memory == MAP_FAILED) p->mutator.config->out_of_memory(&p->mutator, bytes);
  p->next_region += bytes + PAGE_BYTES;
  return (struct space){.base = memory, .bump = memory, .limit = (char *)memory + bytes};
}

static void space_drop(const struct space *space)
{
  const size_t bytes = (size_t)(space->limit - space->base);
  if (mmap(space->base, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
    gc_fail("old memory could not be taken away", space->base);
}

/* Where the object is in `to`, copied there if it was not yet. */
static gc_ref forward(struct paranoid *p, struct space *to, gc_ref object, const void *holder)
{
  if (object == NULL) return NULL;
  struct cell *cell = cell_of(object);
  const char *address = (const char *)object;
  if (address < p->space.base + sizeof(struct cell) || address >= p->space.bump)
    gc_fail("this slot or field holds a reference to where no object is", holder);
  if (cell->state == cell_live) {
    check_canary(cell);
    const uint64_t bytes = cell_bytes(payload_bytes(cell));
    struct cell *copy = (struct cell *)(void *)to->bump;
    memcpy(copy, cell, bytes);
    to->bump += bytes;
    copy->found = 0;
    cell->forward = copy;
    p->live_objects++;
    p->live_bytes += payload_bytes(copy);
  }
  cell->forward->found++;
  return object_of(cell->forward);
}

/* Copies all that is reachable and has not been copied; references in `to` from `scan` on are still old. */
static void scan_space(struct paranoid *p, struct space *to)
{
  for (char *scan = to->base; scan < to->bump;) {
    struct cell *cell = (struct cell *)(void *)scan;
    gc_ref *field = (gc_ref *)(void *)(cell + 1);
    for (uint32_t i = 0; i < cell->fields; i++) field[i] = forward(p, to, field[i], &field[i]);
    scan += cell_bytes(payload_bytes(cell));
  }
}

/* Weak references whose callbacks wait are kept, by references that no call of gc.h has made. */
static void forward_queued(struct paranoid *p, struct space *to)
{
  struct hooks *hooks = p->mutator.hooks;
  for (uint32_t i = 0; hooks != NULL && i < hooks->queued_count; i++) {
    hooks->queued[i] = forward(p, to, hooks->queued[i], &hooks->queued[i]);
    if (hooks->queued[i] != NULL) cell_of(hooks->queued[i])->found--;
  }
}

/* Of a hooks table: where what was reached has gone. */
static gc_ref survivor_of(void *state, gc_ref object)
{
  (void)state;
  return cell_of(object)->state == cell_live ? NULL : object_of(cell_of(object)->forward);
}

/* What is still in `old` is dead: its references are dropped. */
static void drop_dead(const struct space *old)
{
  for (char *scan = old->base; scan < old->bump;) {
    struct cell *cell = (struct cell *)(void *)scan;
    const gc_ref *field = (const gc_ref *)(void *)(cell + 1);
    for (uint32_t i = 0; cell->state == cell_live && i < cell->fields; i++) {
      if (field[i] != NULL && cell_of(field[i])->state != cell_live) cell_of(field[i])->forward->counted--;
    }
    scan += cell_bytes(payload_bytes(cell));
  }
}

static void check_counts(const struct space *space)
{
  for (char *scan = space->base; scan < space->bump;) {
    struct cell *cell = (struct cell *)(void *)scan;
    if (cell->counted != cell->found)
      gc_fail("a slot or field that refers to this object was written, but not by gc_new, gc_root or gc_store",
              object_of(cell));
    scan += cell_bytes(payload_bytes(cell));
  }
}

/* survivor: an object that must have been reached, or NULL. */
static void move_all(struct paranoid *p, uint64_t room_bytes, gc_ref survivor)
{
  const struct space old = p->space;
  struct space to = space_take(p, (uint64_t)(old.bump - old.base) + room_bytes);
  struct gc_counters *counters = &p->mutator.counters;
  journal_begin(p->mutator.journal, JOURNAL_COLLECTION, JOURNAL_STRESS, GC_GENERATIONS - 1, counters->heap_bytes);
  p->live_objects = p->live_bytes = 0;
  for (struct gc_frame *frame = p->mutator.frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) frame->slots[i] = forward(p, &to, frame->slots[i], &frame->slots[i]);
  }
  forward_queued(p, &to); /* they have no fields to scan */
  scan_space(p, &to);
  hooks_clear_unreached(&p->mutator, survivor_of, NULL);
  hooks_forget_unreached(&p->mutator, survivor_of, NULL);
  if (survivor != NULL && cell_of(survivor)->state == cell_live)
    gc_fail("gc_store: the field's old value alone kept this object alive", survivor);
  drop_dead(&old);
  check_counts(&to);
  p->space = to;
  const uint64_t freed_objects = counters->allocated_objects - p->live_objects - counters->freed_objects;
  const uint64_t freed_bytes = counters->allocated_bytes - p->live_bytes - counters->freed_bytes;
  counters->freed_objects += freed_objects;
  counters->freed_bytes += freed_bytes;
  counters->heap_bytes = (uint64_t)(to.bump - to.base);
  counters->footprint_bytes = (uint64_t)(to.limit - to.base);
  counters->collections[GC_GENERATIONS - 1]++;
  gc_counters_note_peak(counters);
  space_drop(&old);
  const struct journal_work work = {
      .survived_objects = p->live_objects, .freed_objects = freed_objects, .freed_bytes = freed_bytes};
  journal_end(p->mutator.journal, &work, counters->heap_bytes);
}

/* A safepoint's work is done: survivor, where it is not NULL, must be reachable still. */
static void safepoint(struct paranoid *p, gc_ref survivor)
{
  if (--p->until_move > 0) return;
  p->until_move = p->mutator.config->knobs[KNOB_EVERY];
  move_all(p, ALLOCATION_ROOM_BYTES, survivor);
  hooks_run_queue(&p->mutator);
}

static void count_up(gc_ref object)
{
  if (object != NULL) cell_of(object)->counted++;
}

static void count_down(gc_ref object)
{
  if (object != NULL) cell_of(object)->counted--;
}

static void explain_fault(int signal_number, siginfo_t *info, void *context)
{
  (void)signal_number;
  (void)context;
  signal(SIGSEGV, SIG_DFL);
  const char *address = info->si_addr;
  const struct paranoid *p = &the_paranoid;
  /* The fault is the mutator's own and comes at a known place, so stdio is in order. */
  if (p->window != NULL && address >= p->window && address < p->window + window_bytes)
    gc_fail("a raw reference was used after a safepoint: nothing is at this address any more", address);
}

struct gc_mutator *collector_start(const struct collector_config *config)
{
  struct paranoid *p = &the_paranoid;
  *p = (struct paranoid){.mutator = {.journal = config->journal, .config = config}};
  p->window = mmap(NULL, window_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p->window == MAP_FAILED) return NULL;
  p->next_region = p->window;
  p->space = space_take(p, ALLOCATION_ROOM_BYTES);
  p->until_move = config->knobs[KNOB_OFFSET] + 1;
  struct sigaction action = {.sa_sigaction = explain_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  return &p->mutator;
}

void collector_settle(struct gc_mutator *mutator) { move_all(paranoid_of(mutator), ALLOCATION_ROOM_BYTES, NULL); }

void collector_check(struct gc_mutator *mutator) { move_all(paranoid_of(mutator), ALLOCATION_ROOM_BYTES, NULL); }

void collector_finish(struct gc_mutator *mutator)
{
  struct paranoid *p = paranoid_of(mutator);
  signal(SIGSEGV, SIG_DFL);
  hooks_release(mutator);
  munmap(p->window, window_bytes);
  p->window = NULL;
}

void gc_push(struct gc_mutator *mutator, struct gc_frame *frame)
{
  if (frame->slots == NULL && frame->count > 0) gc_fail("gc_push: a frame that GC_FRAME did not make", frame);
  for (uint32_t i = 0; i < frame->count; i++) {
    if (frame->slots[i] != NULL) gc_fail("gc_push: a slot of this frame has been set before the push", frame);
  }
  shadow_stack_push(mutator, frame);
}

void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame)
{
  if (mutator->frames != frame) gc_fail("gc_pop: the frame is not the topmost one", frame);
  struct paranoid *p = paranoid_of(mutator);
  for (uint32_t i = 0; i < frame->count; i++) {
    if (frame->slots[i] != NULL) require_object(p, frame->slots[i], "gc_pop: a slot refers to where no object is");
    count_down(frame->slots[i]);
  }
  shadow_stack_pop(mutator, frame);
  safepoint(p, NULL);
}

static void require_slot(const struct gc_mutator *mutator, const gc_ref *slot, const char *what)
{
  if (!shadow_stack_has_slot(mutator, slot)) gc_fail(what, slot);
}

void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  require_slot(mutator, slot, "gc_new: the slot is in no frame on the shadow stack");
  if (shape.kind == GC_ATOM && shape.fields > 0) gc_fail("gc_new: an atom has no references", slot);
  struct paranoid *p = paranoid_of(mutator);
  const uint64_t bytes = cell_bytes(header_payload_bytes(shape));
  if ((uint64_t)(p->space.limit - p->space.bump) < bytes) move_all(p, bytes + ALLOCATION_ROOM_BYTES, NULL);
  struct cell *cell = (struct cell *)(void *)p->space.bump;
  p->space.bump += bytes;
  *cell =
      (struct cell){.fields = shape.fields, .bytes = shape.bytes, .kind = shape.kind, .counted = 1, .state = cell_live};
  memcpy(canary_of(cell), &cell_canary, sizeof cell_canary);
  mutator->counters.allocated_objects++;
  mutator->counters.allocated_bytes += header_payload_bytes(shape);
  if (*slot != NULL) require_object(p, *slot, "gc_new: the slot refers to where no object is");
  count_down(*slot);
  *slot = object_of(cell);
  safepoint(p, NULL);
}

void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  struct paranoid *p = paranoid_of(mutator);
  require_slot(mutator, slot, "gc_root: the slot is in no frame on the shadow stack");
  if (value != NULL) require_object(p, value, "gc_root: no object is there now; was it read before a safepoint?");
  if (*slot != NULL) require_object(p, *slot, "gc_root: the slot refers to where no object is");
  count_up(value);
  count_down(*slot);
  *slot = value;
  safepoint(p, NULL);
}

static gc_ref *require_field(const struct paranoid *p, gc_ref object, uint32_t field, const char *what)
{
  const struct cell *cell = require_object(p, object, what);
  if (field >= cell->fields) gc_fail("gc_load or gc_store: the object has no such field", object);
  return (gc_ref *)(void *)object + field;
}

gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  const struct paranoid *p = paranoid_of(mutator);
  return *require_field(p, object, field, "gc_load: no object is there now; was it read before a safepoint?");
}

void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  struct paranoid *p = paranoid_of(mutator);
  gc_ref *place = require_field(p, object, field, "gc_store: no object is there now; was it read before a safepoint?");
  if (value != NULL)
    require_object(p, value, "gc_store: the value is not an object now; was it read before a safepoint?");
  if (*place != NULL) require_object(p, *place, "gc_store: the field refers to where no object is");
  count_up(value);
  count_down(*place);
  *place = value;
  safepoint(p, object);
}

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)generation;
  struct paranoid *p = paranoid_of(mutator);
  const uint64_t before = mutator->counters.freed_objects;
  move_all(p, ALLOCATION_ROOM_BYTES, NULL);
  const uint64_t found = mutator->counters.freed_objects - before;
  hooks_run_queue(mutator);
  return found;
}

bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  const struct cell *cell =
      require_object(paranoid_of(mutator), object, "its shape is asked for, but no object is there");
  *shape = (struct gc_shape){.fields = cell->fields, .bytes = cell->bytes, .kind = (enum gc_kind)cell->kind};
  return true;
}
