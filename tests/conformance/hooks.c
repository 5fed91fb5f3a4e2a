/*
 * Weak references and finalizers: cleared in time and for good, run once, on whole objects, wherever that leads.
 *
 * What a hook has to say stands in `seen`, which is the test's own: every test has a process of its own.  Between
 * safepoints references are kept in root slots only, so that a collector that moves is held to the same.
 */
#include <string.h>

#include "tests/conformance/objects.h"

enum { LEFT, RIGHT, FIELDS }; /* of most objects here */
static const struct gc_shape shape = {.fields = FIELDS, .bytes = 24, .kind = GC_INSTANCE};

static struct {
  struct heap *heap;
  uint64_t runs;
  gc_ref *roots; /* slots of a frame of the test's */
  uint64_t kept; /* targets that nothing refers to, and that a conservative collector keeps */
  uint64_t last; /* number of the last object or weak reference that a hook was about */
  bool descends; /* numbers have only become smaller */
} seen;

static void require_weak(struct heap *heap)
{
  if (!can(COLLECTOR_WEAK)) conformance_skip("%s has no weak references", collector.name);
  seen.heap = heap;
  seen.descends = true;
  seen.last = UINT64_MAX;
}

static void require_hooks(struct heap *heap)
{
  require_weak(heap);
  if (!can(COLLECTOR_FINALIZES)) conformance_skip("%s has no finalizers", collector.name);
}

/* A step is over: all is well with the heap. */
static void step(struct heap *heap) { collector_check(heap->mutator); }

/* Collects until finalizers that are due have run, and what they left over is freed: a tracing collector needs two. */
static void collect(struct heap *heap)
{
  stack_clear();
  for (int i = 0; i < 3; i++) {
    gc_collect(heap->mutator, GC_FULL);
    step(heap);
  }
}

/* How many hooks of `count` objects run once these are garbage: a cycle of them, or not. */
static uint64_t runs_of(uint64_t count, bool is_cyclic)
{
  return !can(COLLECTOR_RECLAIMS) || (is_cyclic && !can(COLLECTOR_RECLAIMS_CYCLES)) ? 0 : count;
}

static bool reclaims(bool is_cyclic) { return runs_of(1, is_cyclic) != 0; }

/* What a conservative collector may keep of a test's objects because of a word that looks like a reference. */
enum { KEPT_MAX = 8 };

/* The hooks of so many dead objects have run. */
static void require_runs(uint64_t expected, uint64_t objects, const char *what)
{
  const uint64_t kept = can(COLLECTOR_CONSERVATIVE) ? KEPT_MAX : 0;
  const uint64_t missed = kept < objects ? kept * (expected / objects) : expected;
  REQUIRE(seen.runs <= expected + kept && seen.runs + missed >= expected, "%s: %llu, expected %llu", what,
          (unsigned long long)seen.runs, (unsigned long long)expected);
}

/* The target of this weak reference is garbage, and there has been a collection. */
static void require_cleared(struct heap *heap, gc_ref weak, const char *what)
{
  const bool is_kept = gc_weak_get(heap->mutator, weak) != NULL;
  if (can(COLLECTOR_CONSERVATIVE)) {
    seen.kept += is_kept;
    REQUIRE(seen.kept <= KEPT_MAX, "%llu targets are kept that nothing refers to", (unsigned long long)seen.kept);
  } else {
    REQUIRE(is_kept != reclaims(false), "%s", what);
  }
}

static void new_object(struct heap *heap, gc_ref *slot, uint64_t id)
{
  gc_new(heap->mutator, slot, shape);
  object_fill(*slot, shape, id);
}

static void count_run(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)mutator;
  (void)context;
  REQUIRE(*slot != NULL, "a hook is called with nothing");
  seen.runs++;
}

static const struct gc_hook no_hook = {NULL, NULL};
static const struct gc_hook counting_hook = {count_run, NULL};

static void new_finalized(struct heap *heap, gc_ref *slot, uint64_t id, struct gc_hook finalizer)
{
  new_object(heap, slot, id);
  gc_set_finalizer(heap->mutator, *slot, finalizer);
}

/* -- weak references ---------------------------------------------------------------------------------------------- */

static void weak_yields_its_target(struct heap *heap)
{
  require_weak(heap);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  new_object(heap, &frame.slot[0], 7);
  gc_new_weak(heap->mutator, &frame.slot[1], &frame.slot[0], no_hook);
  for (int i = 0; i < 3; i++) {
    REQUIRE(gc_weak_get(heap->mutator, frame.slot[1]) == frame.slot[0], "a weak reference yields another object");
    object_require(gc_weak_get(heap->mutator, frame.slot[1]), shape, 7);
    collect(heap);
  }
  heap_expect(heap, 2, 0);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  if (can(COLLECTOR_PROMPT)) REQUIRE(gc_weak_get(heap->mutator, frame.slot[1]) == NULL, "the target died at once");
  collect(heap);
  require_cleared(heap, frame.slot[1], "cleared where targets die");
  heap_expect(heap, 1, 0);
  for (uint64_t i = 0; i < 100; i++) new_object(heap, &frame.slot[2], i); /* in the target's memory, perhaps */
  require_cleared(heap, frame.slot[1], "once and for good");
  heap_pop(heap, &frame.frame);
  collect(heap);
  heap_expect(heap, 0, 0);
}

/* What a weak reference yields is always the object that it was made for, whoever has that memory by now. */
static void weak_never_yields_another(struct heap *heap)
{
  require_weak(heap);
  enum { WEAKS = 500 };
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], (struct gc_shape){WEAKS, 0, GC_LIST});
  for (uint32_t i = 0; i < WEAKS; i++) {
    new_object(heap, &frame.slot[1], i);
    gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[1], i % 2 == 0 ? no_hook : counting_hook);
    gc_store(heap->mutator, frame.slot[0], i, frame.slot[2]);
    if (i % 50 == 49) gc_collect(heap->mutator, (int)i % GC_GENERATIONS);
    for (uint32_t j = 0; j <= i; j++) {
      const gc_ref target = gc_weak_get(heap->mutator, gc_load(heap->mutator, frame.slot[0], j));
      if (target != NULL) object_require(target, shape, j);
    }
  }
  gc_root(heap->mutator, &frame.slot[1], NULL);
  gc_root(heap->mutator, &frame.slot[2], NULL);
  collect(heap);
  require_runs(runs_of(WEAKS / 2, false), WEAKS / 2, "callbacks");
  heap_expect(heap, 1 + WEAKS, 0);
  heap_pop(heap, &frame.frame);
  collect(heap);
  heap_expect(heap, 0, 0);
}

static void weak_is_shared_without_callback(struct heap *heap)
{
  require_weak(heap);
  GC_FRAME(frame, 6);
  gc_push(heap->mutator, &frame.frame);
  new_object(heap, &frame.slot[0], 1);
  new_object(heap, &frame.slot[5], 2);
  gc_new_weak(heap->mutator, &frame.slot[3], &frame.slot[0], counting_hook);
  gc_new_weak(heap->mutator, &frame.slot[1], &frame.slot[0], no_hook);
  gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[0], no_hook);
  gc_new_weak(heap->mutator, &frame.slot[4], &frame.slot[0], counting_hook);
  REQUIRE(frame.slot[1] == frame.slot[2], "the one without callback comes back");
  REQUIRE(frame.slot[3] != frame.slot[4], "those with one are new each time");
  REQUIRE(frame.slot[3] != frame.slot[1] && frame.slot[4] != frame.slot[1], "with and without callback are not one");
  heap_expect(heap, 5, 0);
  gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[5], no_hook);
  REQUIRE(frame.slot[1] != frame.slot[2], "another object has another");
  heap_expect(heap, 6, 0);
  for (int i = 1; i < 5; i++) gc_root(heap->mutator, &frame.slot[i], NULL);
  heap_expect_promptly(heap, 2);
  collect(heap);
  heap_expect(heap, 2, 0);
  gc_new_weak(heap->mutator, &frame.slot[1], &frame.slot[0], no_hook); /* the shared one died: here is a new one */
  REQUIRE(gc_weak_get(heap->mutator, frame.slot[1]) == frame.slot[0], "the new one yields the target");
  gc_root(heap->mutator, &frame.slot[0], NULL);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, 0, "callbacks of weak references that had died before their target");
  heap_pop(heap, &frame.frame);
  collect(heap);
  heap_expect(heap, 0, 0);
}

/* The slot that gets the weak reference may be the one that held the target. */
static void weak_takes_the_targets_slot(struct heap *heap)
{
  require_weak(heap);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (int i = 0; i < 100; i++) {
    new_object(heap, &frame.slot[0], 3);
    gc_new_weak(heap->mutator, &frame.slot[0], &frame.slot[0], i % 2 == 0 ? no_hook : counting_hook);
    collect(heap);
    require_cleared(heap, frame.slot[0], "nothing holds the target");
  }
  heap_pop(heap, &frame.frame);
  collect(heap);
  heap_expect(heap, 0, 0);
}

/* A cycle that holds weak references to itself: they die with it, and nobody is told. */
static void weak_in_the_garbage_is_silent(struct heap *heap)
{
  require_weak(heap);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  new_object(heap, &frame.slot[0], 1);
  new_object(heap, &frame.slot[1], 2);
  gc_store(heap->mutator, frame.slot[0], LEFT, frame.slot[1]);
  gc_store(heap->mutator, frame.slot[1], LEFT, frame.slot[0]);
  gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[0], counting_hook);
  gc_store(heap->mutator, frame.slot[0], RIGHT, frame.slot[2]);
  gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[0], counting_hook);
  gc_store(heap->mutator, frame.slot[1], RIGHT, frame.slot[2]);
  for (int i = 0; i < 3; i++) gc_root(heap->mutator, &frame.slot[i], NULL);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, 0, "callbacks of weak references that are garbage themselves");
  heap_expect(heap, 0, 4);
  heap_pop(heap, &frame.frame);
}

/* -- callbacks ---------------------------------------------------------------------------------------------------- */

enum { CALLBACKS = 40 };

/* Of number *context: all weak references in the list at roots[0] are cleared; none can bring the target back. */
static void look_at_all(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  const uint64_t number = *(const uint64_t *)context;
  REQUIRE(gc_weak_get(mutator, *slot) == NULL, "a callback runs, and the weak reference is not cleared");
  REQUIRE(gc_load(mutator, seen.roots[0], (uint32_t)number) == *slot, "a callback is called with another reference");
  for (uint32_t i = 0; i < CALLBACKS; i++) {
    const gc_ref weak = gc_load(mutator, seen.roots[0], i);
    REQUIRE(gc_weak_get(mutator, weak) == NULL, "callback %llu finds the target by weak reference %u",
            (unsigned long long)number, i);
  }
  seen.descends &= number < seen.last;
  seen.last = number;
  seen.runs++;
}

static void callbacks_run_once_newest_first(struct heap *heap)
{
  require_weak(heap);
  static uint64_t numbers[CALLBACKS];
  for (int is_cyclic = 0; is_cyclic < 2; is_cyclic++) {
    GC_FRAME(frame, 3);
    gc_push(heap->mutator, &frame.frame);
    seen.roots = frame.slot;
    seen.runs = 0;
    seen.last = UINT64_MAX;
    gc_new(heap->mutator, &frame.slot[0], (struct gc_shape){CALLBACKS, 0, GC_LIST});
    new_object(heap, &frame.slot[1], 1);
    if (is_cyclic) gc_store(heap->mutator, frame.slot[1], LEFT, frame.slot[1]);
    for (uint32_t i = 0; i < CALLBACKS; i++) {
      numbers[i] = i;
      gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[1], (struct gc_hook){look_at_all, &numbers[i]});
      gc_store(heap->mutator, frame.slot[0], i, frame.slot[2]);
    }
    gc_root(heap->mutator, &frame.slot[2], NULL);
    gc_root(heap->mutator, &frame.slot[1], NULL);
    if (can(COLLECTOR_PROMPT) && !is_cyclic) REQUIRE_EQUAL(seen.runs, CALLBACKS, "callbacks at once");
    collect(heap);
    require_runs(runs_of(CALLBACKS, is_cyclic), 1, "callbacks");
    REQUIRE(seen.descends, "callbacks of one target do not run newest first");
    heap_pop(heap, &frame.frame);
    collect(heap);
  }
  heap_expect(heap, 0, 1);
}

enum { GARBAGE = 201 }; /* a third of it refers to itself */

/* roots: 0 a living object, 1 the weak reference that is called back, 2 a new one */
static void do_everything(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  REQUIRE(gc_weak_get(mutator, *slot) == NULL, "a callback runs, and the weak reference is not cleared");
  gc_root(mutator, &seen.roots[1], NULL); /* only the call holds it now */
  gc_new_weak(mutator, &seen.roots[2], &seen.roots[0], no_hook);
  gc_new_weak(mutator, &frame.slot[0], &seen.roots[0], counting_hook);
  gc_new_weak(mutator, &frame.slot[0], &seen.roots[0], no_hook);
  REQUIRE(frame.slot[0] == seen.roots[2], "the shared one comes back in a callback");
  for (int i = 0; i < GARBAGE; i++) {
    new_object(seen.heap, &frame.slot[1], (uint64_t)i);
    gc_store(mutator, frame.slot[1], LEFT, frame.slot[i % 3 == 0]);
  }
  gc_collect(mutator, GC_FULL);
  REQUIRE(gc_weak_get(mutator, *slot) == NULL, "the weak reference is whole after a collection in its callback");
  gc_pop(mutator, &frame.frame);
  (void)context;
  seen.runs++;
}

static void callbacks_may_do_anything(struct heap *heap)
{
  require_weak(heap);
  enum { ROUNDS = 30 };
  GC_FRAME(frame, 4);
  gc_push(heap->mutator, &frame.frame);
  seen.roots = frame.slot;
  new_object(heap, &frame.slot[0], 5);
  for (uint64_t i = 0; i < ROUNDS; i++) {
    new_object(heap, &frame.slot[3], 6);
    if (i % 2 == 1) gc_store(heap->mutator, frame.slot[3], LEFT, frame.slot[3]);
    gc_new_weak(heap->mutator, &frame.slot[1], &frame.slot[3], (struct gc_hook){do_everything, NULL});
    gc_root(heap->mutator, &frame.slot[3], NULL);
    collect(heap);
    object_require(frame.slot[0], shape, 5);
  }
  require_runs(runs_of(ROUNDS / 2, false) + runs_of(ROUNDS / 2, true), ROUNDS, "callbacks");
  heap_pop(heap, &frame.frame);
  collect(heap);
  heap_expect(heap, 0, ROUNDS / 2 + GARBAGE / 3 * seen.runs);
}

/* -- finalizers --------------------------------------------------------------------------------------------------- */

/* The object holds a ring of 10 at RIGHT, and at LEFT a holder with a list of 100, and perhaps the object, in it. */
static void look_at_whole(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)context;
  object_require(*slot, shape, 11);
  list_require(seen.heap, gc_load(mutator, gc_load(mutator, *slot, LEFT), LEFT), 100);
  ring_require(seen.heap, gc_load(mutator, *slot, RIGHT), 10);
  seen.runs++;
}

static void finalizer_sees_the_whole(struct heap *heap)
{
  require_hooks(heap);
  for (int is_cyclic = 0; is_cyclic < 2; is_cyclic++) {
    seen.runs = 0;
    GC_FRAME(frame, 3);
    gc_push(heap->mutator, &frame.frame);
    new_finalized(heap, &frame.slot[0], 11, (struct gc_hook){look_at_whole, NULL});
    new_object(heap, &frame.slot[1], 12);
    gc_store(heap->mutator, frame.slot[0], LEFT, frame.slot[1]);
    if (is_cyclic) gc_store(heap->mutator, frame.slot[1], RIGHT, frame.slot[0]);
    list_build(heap, &frame.slot[2], 100);
    gc_store(heap->mutator, frame.slot[1], LEFT, frame.slot[2]);
    ring_build(heap, &frame.slot[2], 10);
    gc_store(heap->mutator, frame.slot[0], RIGHT, frame.slot[2]);
    gc_root(heap->mutator, &frame.slot[2], NULL);
    gc_root(heap->mutator, &frame.slot[1], NULL);
    collect(heap);
    REQUIRE_EQUAL(seen.runs, 0, "finalizers of an object that is held");
    gc_root(heap->mutator, &frame.slot[0], NULL);
    if (can(COLLECTOR_PROMPT) && !is_cyclic) REQUIRE_EQUAL(seen.runs, 1, "finalizers at once");
    collect(heap);
    REQUIRE_EQUAL(seen.runs, runs_of(1, is_cyclic), "finalizers");
    heap_pop(heap, &frame.frame);
  }
  heap_expect(heap, 0, 10 + 112); /* the ring of the first round, and all of the second */
}

/* Into roots[0]; what roots[1] refers to weakly is, or is not, what is finalized. */
static void rise_into_root(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  const bool is_cyclic = *(const bool *)context;
  object_require(*slot, shape, 21);
  const bool is_cleared = gc_weak_get(mutator, seen.roots[1]) == NULL;
  REQUIRE(is_cleared == (is_cyclic || !can(COLLECTOR_PROMPT)),
          "counting finalizes first and tracing clears first: the weak reference is %s",
          is_cleared ? "clear" : "whole");
  gc_root(mutator, &seen.roots[0], *slot);
  seen.runs++;
}

static void resurrected_object_lives_on(struct heap *heap)
{
  require_hooks(heap);
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s finds no garbage", collector.name);
  static bool is_cyclic;
  for (int round = 0; round < 2; round++) {
    is_cyclic = round == 1;
    if (!reclaims(is_cyclic)) continue;
    seen.runs = 0;
    GC_FRAME(frame, 3);
    gc_push(heap->mutator, &frame.frame);
    seen.roots = frame.slot;
    new_finalized(heap, &frame.slot[2], 21, (struct gc_hook){rise_into_root, &is_cyclic});
    list_build(heap, &frame.slot[0], 50);
    gc_store(heap->mutator, frame.slot[2], RIGHT, frame.slot[0]);
    gc_root(heap->mutator, &frame.slot[0], NULL);
    if (is_cyclic) gc_store(heap->mutator, frame.slot[2], LEFT, frame.slot[2]);
    gc_new_weak(heap->mutator, &frame.slot[1], &frame.slot[2], no_hook);
    gc_root(heap->mutator, &frame.slot[2], NULL);
    collect(heap);
    REQUIRE_EQUAL(seen.runs, 1, "finalizers");
    REQUIRE(frame.slot[0] != NULL, "the finalizer put the object into a root");
    object_require(frame.slot[0], shape, 21);
    list_require(heap, gc_load(heap->mutator, frame.slot[0], RIGHT), 50);
    const gc_ref yielded = gc_weak_get(heap->mutator, frame.slot[1]);
    REQUIRE(yielded == (is_cyclic || !can(COLLECTOR_PROMPT) ? NULL : frame.slot[0]), "cleared is for good");
    heap_expect(heap, 52, 0);
    gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[0], no_hook); /* the second life has weak references too */
    REQUIRE(gc_weak_get(heap->mutator, frame.slot[2]) == frame.slot[0], "a new weak reference yields it");
    gc_root(heap->mutator, &frame.slot[0], NULL);
    collect(heap);
    REQUIRE_EQUAL(seen.runs, 1, "finalizers, at the second death");
    REQUIRE(gc_weak_get(heap->mutator, frame.slot[1]) == NULL && gc_weak_get(heap->mutator, frame.slot[2]) == NULL,
            "weak references at the second death");
    heap_pop(heap, &frame.frame);
    collect(heap);
    heap_expect(heap, 0, 0);
  }
}

/* The object hangs itself to the living one in roots[0]. */
static void rise_into_object(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)context;
  gc_store(mutator, *slot, LEFT, gc_load(mutator, seen.roots[0], LEFT));
  gc_store(mutator, seen.roots[0], LEFT, *slot);
  seen.runs++;
}

/* Another's finalizer: brings back what its object refers to at RIGHT, whose own has run or will. */
static void rise_the_other(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)context;
  gc_store(mutator, seen.roots[0], RIGHT, gc_load(mutator, *slot, RIGHT));
  seen.runs++;
}

static void resurrected_into_objects(struct heap *heap)
{
  require_hooks(heap);
  enum { OBJECTS = 100 };
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s finds no garbage", collector.name);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  seen.roots = frame.slot;
  new_object(heap, &frame.slot[0], 1);
  for (uint64_t i = 0; i < OBJECTS; i++)
    new_finalized(heap, &frame.slot[1], 100 + i, (struct gc_hook){rise_into_object, NULL});
  gc_root(heap->mutator, &frame.slot[1], NULL);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, OBJECTS, "finalizers");
  heap_expect(heap, 1 + OBJECTS, 0);
  uint64_t chained = 0;
  for (gc_ref at = gc_load(heap->mutator, frame.slot[0], LEFT); at != NULL; at = gc_load(heap->mutator, at, LEFT))
    chained++;
  REQUIRE_EQUAL(chained, OBJECTS, "objects that hung themselves to the living one");
  gc_store(heap->mutator, frame.slot[0], LEFT, NULL);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, OBJECTS, "finalizers, at the second death");
  heap_expect(heap, 1, 0);
  seen.runs = 0;
  new_finalized(heap, &frame.slot[1], 1, (struct gc_hook){rise_the_other, NULL});
  new_finalized(heap, &frame.slot[2], 2, counting_hook);
  gc_store(heap->mutator, frame.slot[1], RIGHT, frame.slot[2]);
  gc_root(heap->mutator, &frame.slot[2], NULL);
  gc_root(heap->mutator, &frame.slot[1], NULL);
  collect(heap);
  object_require(gc_load(heap->mutator, frame.slot[0], RIGHT), shape, 2);
  heap_expect(heap, 2, 0);
  gc_store(heap->mutator, frame.slot[0], RIGHT, NULL);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, 2, "finalizers: each once, the one brought back by the other too");
  heap_pop(heap, &frame.frame);
  collect(heap);
  heap_expect(heap, 0, 0);
}

/* -- many at once ------------------------------------------------------------------------------------------------- */

/* A chain of objects with finalizers, from the last to the first made; is_ring: closed. */
static void finalized_chain(struct heap *heap, gc_ref *slot, uint64_t length, bool is_ring, struct gc_hook finalizer)
{
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  for (uint64_t i = 0; i < length; i++) {
    new_finalized(heap, &frame.slot[0], i, finalizer);
    gc_store(heap->mutator, frame.slot[0], LEFT, *slot);
    if (i == 0) gc_root(heap->mutator, &frame.slot[1], frame.slot[0]);
    gc_root(heap->mutator, slot, frame.slot[0]);
  }
  if (is_ring) gc_store(heap->mutator, frame.slot[1], LEFT, *slot);
  heap_pop(heap, &frame.frame);
}

/* Both neighbours are there, and so is theirs, dead or not. */
static void look_at_neighbours(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)context;
  gc_ref at = *slot;
  for (int i = 0; i < 3; i++) {
    at = gc_load(mutator, at, LEFT);
    REQUIRE(at != NULL, "a neighbour in the ring is gone");
  }
  seen.runs++;
}

static void finalizers_of_a_ring(struct heap *heap)
{
  require_hooks(heap);
  const uint64_t length = scaled(50000, 5000);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  finalized_chain(heap, &frame.slot[0], length, true, (struct gc_hook){look_at_neighbours, NULL});
  collect(heap);
  REQUIRE_EQUAL(seen.runs, 0, "finalizers of a ring that is held");
  heap_pop(heap, &frame.frame);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, runs_of(length, true), "finalizers of a ring");
  heap_expect(heap, 0, length);
}

static void finalizers_of_a_deep_chain(struct heap *heap)
{
  require_hooks(heap);
  const uint64_t length = scaled(500000, 100000);
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  finalized_chain(heap, &frame.slot[0], length, false, counting_hook);
  heap_pop(heap, &frame.frame);
  if (can(COLLECTOR_PROMPT)) REQUIRE_EQUAL(seen.runs, length, "finalizers at once");
  collect(heap);
  REQUIRE_EQUAL(seen.runs, runs_of(length, false), "finalizers of a chain");
  heap_expect(heap, 0, 0);
}

/* Drops the next one, which then dies inside of this finalizer where that is at once. */
static void drop_the_next(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)context;
  gc_store(mutator, *slot, LEFT, NULL);
  seen.runs++;
}

static void objects_die_inside_finalizers(struct heap *heap)
{
  require_hooks(heap);
  enum { LENGTH = 400 };
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  finalized_chain(heap, &frame.slot[0], LENGTH, false, (struct gc_hook){drop_the_next, NULL});
  heap_pop(heap, &frame.frame);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, runs_of(LENGTH, false), "finalizers that kill each other");
  heap_expect(heap, 0, 0);
  gc_push(heap->mutator, &frame.frame);
  finalized_chain(heap, &frame.slot[0], LENGTH, true, (struct gc_hook){drop_the_next, NULL});
  heap_pop(heap, &frame.frame);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, runs_of(LENGTH, false) + runs_of(LENGTH, true), "finalizers that cut their own ring");
  heap_expect(heap, 0, LENGTH);
}

/* Stores new objects, with finalizers of their own, into the neighbours, which may be dead. */
static void store_into_neighbours(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)context;
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  gc_root(mutator, &frame.slot[0], gc_load(mutator, *slot, LEFT));
  for (uint64_t i = 0; i < 5; i++) {
    new_finalized(seen.heap, &frame.slot[1], 31 + i, counting_hook);
    gc_store(mutator, frame.slot[0], RIGHT, frame.slot[1]);
    object_require(gc_load(mutator, frame.slot[0], RIGHT), shape, 31 + i);
  }
  gc_pop(mutator, &frame.frame);
  seen.runs++;
}

static void finalizers_store_into_dead_neighbours(struct heap *heap)
{
  require_hooks(heap);
  enum { LENGTH = 50 };
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  finalized_chain(heap, &frame.slot[0], LENGTH, true, (struct gc_hook){store_into_neighbours, NULL});
  heap_pop(heap, &frame.frame);
  collect(heap);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, runs_of(LENGTH * 6, true), "finalizers, and those of what they made");
  heap_expect(heap, 0, LENGTH);
}

/* Makes garbage of every kind, some of it with finalizers, and collects; the first of three generations goes on. */
static void go_on(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  static uint64_t generations[] = {1, 2, 3};
  const uint64_t generation = *(const uint64_t *)context;
  object_require(*slot, shape, generation);
  GC_FRAME(frame, 2);
  gc_push(mutator, &frame.frame);
  for (int i = 0; i < 60; i++) {
    new_object(seen.heap, &frame.slot[0], 1);
    gc_store(mutator, frame.slot[0], LEFT, frame.slot[0]);
  }
  if (generation < 3)
    new_finalized(seen.heap, &frame.slot[1], generation + 1, (struct gc_hook){go_on, &generations[generation]});
  object_require(*slot, shape, generation);
  gc_collect(mutator, GC_FULL);
  object_require(*slot, shape, generation);
  gc_pop(mutator, &frame.frame);
  seen.runs++;
}

static void finalizers_allocate_and_collect(struct heap *heap)
{
  if (!heap_set_knob(heap, "stress", 7)) conformance_skip("%s has no stress knob", collector.name);
  heap_start(heap);
  require_hooks(heap);
  static uint64_t first = 1;
  enum { OBJECTS = 20 };
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  for (int i = 0; i < OBJECTS; i++) {
    new_finalized(heap, &frame.slot[0], first, (struct gc_hook){go_on, &first});
    if (i % 2 == 1) gc_store(heap->mutator, frame.slot[0], LEFT, frame.slot[0]);
  }
  heap_pop(heap, &frame.frame);
  for (int i = 0; i < 3; i++) collect(heap);
  REQUIRE_EQUAL(seen.runs, 3 * (runs_of(OBJECTS / 2, false) + runs_of(OBJECTS / 2, true)), "finalizers");
  heap_expect(heap, 0, can(COLLECTOR_RECLAIMS_CYCLES) ? 0 : 60 * seen.runs + OBJECTS / 2);
}

/* As many weak references to one object: they die all at once, or it does. */
static void many_weak_references_to_one(struct heap *heap)
{
  require_weak(heap);
  const uint64_t count = scaled(200000, 30000);
  GC_FRAME(frame, 4);
  gc_push(heap->mutator, &frame.frame);
  new_object(heap, &frame.slot[0], 1);
  for (int round = 0; round < 2; round++) { /* a chain of objects, each of which holds one */
    for (uint64_t i = 0; i < count; i++) {
      gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[0], counting_hook);
      gc_new(heap->mutator, &frame.slot[3], (struct gc_shape){2, 0, GC_INSTANCE});
      gc_store(heap->mutator, frame.slot[3], LEFT, frame.slot[2]);
      gc_store(heap->mutator, frame.slot[3], RIGHT, frame.slot[1]);
      gc_root(heap->mutator, &frame.slot[1], frame.slot[3]);
    }
    gc_root(heap->mutator, &frame.slot[2], NULL);
    gc_root(heap->mutator, &frame.slot[3], NULL);
    if (round == 1) gc_root(heap->mutator, &frame.slot[0], NULL);
    collect(heap);
    require_runs(round == 0 ? 0 : runs_of(count, false), 1, "callbacks");
    gc_root(heap->mutator, &frame.slot[1], NULL);
    collect(heap);
    heap_expect(heap, round == 0 ? 1 : 0, 0);
  }
  heap_pop(heap, &frame.frame);
}

/* As many objects, each with a weak reference and a finalizer. */
static void many_objects_with_hooks(struct heap *heap)
{
  require_hooks(heap);
  const uint64_t count = scaled(1000000, 60000);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  for (uint64_t i = 0; i < count; i++) {
    new_finalized(heap, &frame.slot[1], i, counting_hook);
    gc_store(heap->mutator, frame.slot[1], LEFT, frame.slot[0]);
    gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[1], no_hook);
    gc_store(heap->mutator, frame.slot[1], RIGHT, frame.slot[2]);
    gc_root(heap->mutator, &frame.slot[0], frame.slot[1]);
  }
  gc_root(heap->mutator, &frame.slot[1], NULL);
  collect(heap);
  REQUIRE(gc_weak_get(heap->mutator, frame.slot[2]) == frame.slot[0], "the last one yields its target");
  gc_root(heap->mutator, &frame.slot[2], NULL);
  heap_expect(heap, 2 * count, 0);
  gc_root(heap->mutator, &frame.slot[0], NULL);
  collect(heap);
  REQUIRE_EQUAL(seen.runs, runs_of(count, false), "finalizers");
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

/* -- when and where ----------------------------------------------------------------------------------------------- */

static void hooks_of_popped_frames(struct heap *heap)
{
  require_hooks(heap);
  enum { ROUNDS = 50, SLOTS = 8 };
  GC_FRAME(outer, 1);
  gc_push(heap->mutator, &outer.frame);
  gc_new(heap->mutator, &outer.slot[0], (struct gc_shape){ROUNDS, 0, GC_LIST});
  for (uint32_t i = 0; i < ROUNDS; i++) {
    GC_FRAME(frame, SLOTS);
    gc_push(heap->mutator, &frame.frame);
    for (int j = 0; j < SLOTS; j += 2) {
      new_finalized(heap, &frame.slot[j], i, counting_hook);
      gc_new_weak(heap->mutator, &frame.slot[j + 1], &frame.slot[j], counting_hook);
    }
    gc_store(heap->mutator, outer.slot[0], i, frame.slot[1]);
    heap_pop(heap, &frame.frame);
    if (i % 10 == 0) step(heap);
  }
  /* In each round four finalizers; one callback, that of the weak reference which the list holds, comes for sure. */
  collect(heap);
  const uint64_t finalizers = runs_of(ROUNDS * SLOTS / 2, false);
  const uint64_t callbacks = seen.runs - finalizers;
  REQUIRE(callbacks >= runs_of(ROUNDS, false) && callbacks <= runs_of(ROUNDS * SLOTS / 2, false),
          "%llu callbacks of %d rounds", (unsigned long long)callbacks, ROUNDS);
  heap_expect(heap, 1 + ROUNDS, 0);
  heap_pop(heap, &outer.frame);
  collect(heap);
  heap_expect(heap, 0, 0);
}

/* Inside the pause its row is not complete yet. */
static void note_rows(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)slot;
  *(uint64_t *)context = mutator->journal->head->row_count;
  seen.runs++;
}

static void hooks_run_in_the_pause_or_after_it(struct heap *heap)
{
  require_hooks(heap);
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s finds no garbage", collector.name);
  static uint64_t rows_of_callback;
  static uint64_t rows_of_finalizer;
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  new_object(heap, &frame.slot[0], 1); /* dies with the other: a cascade of two */
  new_finalized(heap, &frame.slot[1], 2, (struct gc_hook){note_rows, &rows_of_finalizer});
  gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[1], (struct gc_hook){note_rows, &rows_of_callback});
  gc_store(heap->mutator, frame.slot[0], LEFT, frame.slot[1]);
  if (can(COLLECTOR_RECLAIMS_CYCLES)) gc_store(heap->mutator, frame.slot[1], LEFT, frame.slot[0]);
  gc_root(heap->mutator, &frame.slot[1], NULL);
  const uint64_t before = heap->journal.head->row_count;
  gc_root(heap->mutator, &frame.slot[0], NULL);
  gc_collect(heap->mutator, GC_FULL);
  const uint64_t after = can(COLLECTOR_HOOKS_IN_PAUSE) ? before : before + 1;
  REQUIRE_EQUAL(seen.runs, 2, "hooks");
  REQUIRE_EQUAL(rows_of_callback, after, "complete rows of the journal when the callback ran");
  REQUIRE_EQUAL(rows_of_finalizer, after, "complete rows of the journal when the finalizer ran");
  heap_pop(heap, &frame.frame);
  collect(heap);
  heap_expect(heap, 0, 0);
}

static void drop_first_root(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)slot;
  (void)context;
  gc_root(mutator, &seen.roots[0], NULL);
  seen.runs++;
}

/* What a hook sets off while a cascade is timed is part of that pause: no time is in the journal twice. */
static void cascades_of_hooks_are_in_the_pause(struct heap *heap)
{
  require_hooks(heap);
  if (!can(COLLECTOR_PROMPT)) conformance_skip("%s has no cascades", collector.name);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  seen.roots = frame.slot;
  for (uint64_t i = 0; i < 5; i++) {
    new_object(heap, &frame.slot[1], i);
    gc_store(heap->mutator, frame.slot[1], LEFT, frame.slot[0]);
    gc_root(heap->mutator, &frame.slot[0], frame.slot[1]);
  }
  new_object(heap, &frame.slot[1], 5);
  new_finalized(heap, &frame.slot[2], 6, (struct gc_hook){drop_first_root, NULL});
  gc_store(heap->mutator, frame.slot[1], LEFT, frame.slot[2]);
  gc_root(heap->mutator, &frame.slot[2], NULL);
  const uint64_t cascades = heap->mutator->counters.cascades;
  const uint64_t rows = heap->journal.head->row_count;
  gc_root(heap->mutator, &frame.slot[1], NULL);
  REQUIRE_EQUAL(seen.runs, 1, "finalizers");
  REQUIRE_EQUAL(heap->mutator->counters.cascades, cascades + 1, "cascades");
  REQUIRE_EQUAL(heap->journal.head->row_count, rows + 1, "pauses");
  heap_expect(heap, 0, 0);
  heap_pop(heap, &frame.frame);
}

/* The object that makes room for a weak reference runs hooks, and one of them drops the root slot of the target. */
static void target_is_dropped_meanwhile(struct heap *heap)
{
  if (!heap_set_knob(heap, "stress", 1)) conformance_skip("%s has no stress knob", collector.name);
  heap_start(heap);
  require_hooks(heap);
  GC_FRAME(frame, 3);
  gc_push(heap->mutator, &frame.frame);
  seen.roots = frame.slot;
  for (int i = 0; i < 10; i++) {
    new_object(heap, &frame.slot[0], 1);
    new_finalized(heap, &frame.slot[1], 2, (struct gc_hook){drop_first_root, NULL});
    gc_store(heap->mutator, frame.slot[1], LEFT, frame.slot[1]);
    gc_root(heap->mutator, &frame.slot[1], NULL);
    gc_new_weak(heap->mutator, &frame.slot[2], &frame.slot[0], no_hook);
    REQUIRE(frame.slot[2] != NULL, "there is no weak reference");
    gc_root(heap->mutator, &frame.slot[0], NULL);
    collect(heap);
    REQUIRE((gc_weak_get(heap->mutator, frame.slot[2]) == NULL) == reclaims(false), "nothing holds the target");
  }
  REQUIRE_EQUAL(seen.runs, runs_of(10, true), "finalizers");
  heap_pop(heap, &frame.frame);
}

/* What the end finds still held, or not collected yet, is not finalized. */
static void nothing_runs_at_the_end(struct heap *heap)
{
  require_hooks(heap);
  GC_FRAME(frame, 2);
  gc_push(heap->mutator, &frame.frame);
  new_finalized(heap, &frame.slot[0], 1, counting_hook);
  gc_store(heap->mutator, frame.slot[0], LEFT, frame.slot[0]);
  gc_new_weak(heap->mutator, &frame.slot[1], &frame.slot[0], counting_hook);
  gc_store(heap->mutator, frame.slot[0], RIGHT, frame.slot[1]);
  heap_pop(heap, &frame.frame);
  heap_finish(heap);
  REQUIRE_EQUAL(seen.runs, 0, "hooks that ran when the collector was finished");
}

static const struct conformance_test tests[] = {
    {"weak_yields_its_target", weak_yields_its_target, false},
    {"weak_never_yields_another", weak_never_yields_another, false},
    {"weak_is_shared_without_callback", weak_is_shared_without_callback, false},
    {"weak_takes_the_targets_slot", weak_takes_the_targets_slot, false},
    {"weak_in_the_garbage_is_silent", weak_in_the_garbage_is_silent, false},
    {"callbacks_run_once_newest_first", callbacks_run_once_newest_first, false},
    {"callbacks_may_do_anything", callbacks_may_do_anything, false},
    {"finalizer_sees_the_whole", finalizer_sees_the_whole, false},
    {"resurrected_object_lives_on", resurrected_object_lives_on, false},
    {"resurrected_into_objects", resurrected_into_objects, false},
    {"finalizers_of_a_ring", finalizers_of_a_ring, false},
    {"finalizers_of_a_deep_chain", finalizers_of_a_deep_chain, false},
    {"objects_die_inside_finalizers", objects_die_inside_finalizers, false},
    {"finalizers_store_into_dead_neighbours", finalizers_store_into_dead_neighbours, false},
    {"finalizers_allocate_and_collect", finalizers_allocate_and_collect, true},
    {"many_weak_references_to_one", many_weak_references_to_one, false},
    {"many_objects_with_hooks", many_objects_with_hooks, false},
    {"hooks_of_popped_frames", hooks_of_popped_frames, false},
    {"hooks_run_in_the_pause_or_after_it", hooks_run_in_the_pause_or_after_it, false},
    {"cascades_of_hooks_are_in_the_pause", cascades_of_hooks_are_in_the_pause, false},
    {"target_is_dropped_meanwhile", target_is_dropped_meanwhile, true},
    {"nothing_runs_at_the_end", nothing_runs_at_the_end, false},
};

CONFORMANCE_GROUP(hooks, tests);
