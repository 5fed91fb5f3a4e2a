/*
 * Random programs: a seeded mutator that makes, links, drops and collects as it comes, beside a shadow graph.
 *
 * Every few thousand steps everything reachable is compared, and after a full collection the number of objects held
 * must be the shadow graph's to the last one: its reachable nodes for a tracing collector, its counted ones for a
 * counting one.  Profiles differ in what they do often.
 */
#include <string.h>

#include "base/random.h"
#include "tests/conformance/objects.h"
#include "tests/conformance/shadow_graph.h"

enum { FRAMES = 24, FRAME_SLOTS = 6, ROOTS = FRAMES * FRAME_SLOTS };

enum operation { MAKE, LINK, CUT, COPY_ROOT, LOAD_ROOT, DROP_ROOT, PUSH, POP, COLLECT_YOUNG, COLLECT_FULL, OPERATIONS };

struct profile {
  uint32_t weights[OPERATIONS];
  uint32_t steps, slow_steps; /* in fast and slow builds */
  uint32_t fields_max, bytes_max;
  uint32_t large_one_in; /* one object in so many is large */
};

struct program {
  struct heap *heap;
  const struct profile *profile;
  struct random random;
  struct shadow_graph graph;
  struct gc_frame frames[FRAMES];
  gc_ref slots[ROOTS];
  uint32_t roots[ROOTS]; /* the node in each slot */
  uint32_t depth;        /* frames pushed */
};

static uint32_t draw(struct program *program, uint32_t bound) { return random_below(&program->random, bound); }
static uint32_t draw_root(struct program *program) { return draw(program, program->depth * FRAME_SLOTS); }

static struct gc_shape draw_shape(struct program *program)
{
  static const enum gc_kind kinds[] = {GC_INSTANCE, GC_INSTANCE, GC_LIST, GC_TUPLE, GC_DICT};
  struct gc_shape shape = {.fields = draw(program, program->profile->fields_max + 1),
                           .bytes = draw(program, program->profile->bytes_max + 1)};
  if (program->profile->large_one_in != 0 && draw(program, program->profile->large_one_in) == 0)
    shape.bytes = 8000 + draw(program, 200000);
  shape.kind = shape.fields == 0 && draw(program, 2) ? GC_ATOM : kinds[draw(program, 5)];
  return shape;
}

static void make(struct program *program)
{
  const uint32_t root = draw_root(program);
  const struct gc_shape shape = draw_shape(program);
  gc_new(program->heap->mutator, &program->slots[root], shape);
  const uint32_t number = shadow_new(&program->graph, shape);
  object_fill(program->slots[root], shape, number);
  shadow_assign(&program->graph, &program->roots[root], number);
}

/* An object some steps away from a root slot, by its number and address; no safepoint in between. */
static uint32_t wander(struct program *program, gc_ref *object)
{
  const uint32_t root = draw_root(program);
  uint32_t number = program->roots[root];
  *object = program->slots[root];
  for (uint32_t steps = draw(program, 8); steps > 0 && number != SHADOW_NONE; steps--) {
    const struct shadow_node *node = &program->graph.nodes[number];
    if (node->shape.fields == 0) break;
    const uint32_t field = draw(program, node->shape.fields);
    if (node->fields[field] == SHADOW_NONE) break;
    number = node->fields[field];
    *object = gc_load(program->heap->mutator, *object, field);
  }
  return number;
}

/*
 * Stores something, or NULL, into a field of an object found by wandering.  The object may hang on the old value
 * alone (a field of its own ring), which gc_store does not allow for raw references; so it gets a root meanwhile.
 */
static void link_objects(struct program *program, bool cut)
{
  struct gc_mutator *mutator = program->heap->mutator;
  gc_ref from = NULL;
  gc_ref to = NULL;
  const uint32_t from_number = wander(program, &from);
  const uint32_t to_number = cut ? SHADOW_NONE : wander(program, &to);
  if (from_number == SHADOW_NONE || program->graph.nodes[from_number].shape.fields == 0) return;
  const uint32_t field = draw(program, program->graph.nodes[from_number].shape.fields);
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_root(mutator, &frame.slot[0], from);
  gc_store(mutator, frame.slot[0], field, to);
  heap_pop(program->heap, &frame.frame);
  uint32_t hold = SHADOW_NONE;
  shadow_assign(&program->graph, &hold, from_number);
  shadow_assign(&program->graph, &program->graph.nodes[from_number].fields[field], to_number);
  shadow_assign(&program->graph, &hold, SHADOW_NONE);
}

static void assign_root(struct program *program, uint32_t root, uint32_t number, gc_ref object)
{
  gc_root(program->heap->mutator, &program->slots[root], object);
  shadow_assign(&program->graph, &program->roots[root], number);
}

static void load_root(struct program *program)
{
  gc_ref object = NULL;
  const uint32_t number = wander(program, &object);
  assign_root(program, draw_root(program), number, object);
}

static void copy_root(struct program *program)
{
  const uint32_t from = draw_root(program);
  assign_root(program, draw_root(program), program->roots[from], program->slots[from]);
}

static void push(struct program *program)
{
  if (program->depth == FRAMES) return;
  const uint32_t first = program->depth * FRAME_SLOTS;
  for (uint32_t i = 0; i < FRAME_SLOTS; i++) program->slots[first + i] = NULL;
  gc_push(program->heap->mutator, &program->frames[program->depth++]);
}

static void pop(struct program *program)
{
  if (program->depth <= 1) return;
  heap_pop(program->heap, &program->frames[--program->depth]);
  for (uint32_t i = 0; i < FRAME_SLOTS; i++)
    shadow_assign(&program->graph, &program->roots[program->depth * FRAME_SLOTS + i], SHADOW_NONE);
}

static enum operation draw_operation(struct program *program)
{
  uint32_t total = 0;
  for (int i = 0; i < OPERATIONS; i++) total += program->profile->weights[i];
  uint32_t at = draw(program, total);
  int operation = 0;
  while (at >= program->profile->weights[operation]) at -= program->profile->weights[operation++];
  return (enum operation)operation;
}

static void step(struct program *program)
{
  switch (draw_operation(program)) {
  case MAKE:
    make(program);
    break;
  case LINK:
    link_objects(program, false);
    break;
  case CUT:
    link_objects(program, true);
    break;
  case COPY_ROOT:
    copy_root(program);
    break;
  case LOAD_ROOT:
    load_root(program);
    break;
  case DROP_ROOT:
    assign_root(program, draw_root(program), SHADOW_NONE, NULL);
    break;
  case PUSH:
    push(program);
    break;
  case POP:
    pop(program);
    break;
  case COLLECT_YOUNG:
    gc_collect(program->heap->mutator, (int)draw(program, GC_GENERATIONS));
    break;
  case COLLECT_FULL:
    gc_collect(program->heap->mutator, GC_FULL);
    break;
  case OPERATIONS:
    break;
  }
}

static uint32_t compare(struct program *program)
{
  return shadow_compare(&program->graph, program->heap, program->roots, program->slots, program->depth * FRAME_SLOTS);
}

static void verify(struct program *program)
{
  compare(program);
  if (can(COLLECTOR_PROMPT) && !can(COLLECTOR_RECLAIMS_CYCLES))
    REQUIRE_EQUAL(heap_held(program->heap), program->graph.counted_alive, "objects held by counting");
  collector_check(program->heap->mutator);
}

static void verify_exactly(struct program *program)
{
  const uint32_t reachable = compare(program);
  heap_expect(program->heap, reachable, program->graph.counted_alive - reachable);
  REQUIRE_EQUAL(compare(program), reachable, "reachable nodes after a full collection");
}

static void run_program(struct heap *heap, const struct profile *profile, uint64_t seed)
{
  struct program program = {.heap = heap, .profile = profile};
  const uint32_t steps = (uint32_t)scaled(profile->steps, profile->slow_steps);
  enum { VERIFY_EVERY = 2000, VERIFY_EXACTLY_EVERY = 10000 };
  random_seed(&program.random, seed);
  shadow_open(&program.graph, steps + 1);
  for (uint32_t i = 0; i < FRAMES; i++)
    program.frames[i] = (struct gc_frame){.slots = &program.slots[i * FRAME_SLOTS], .count = FRAME_SLOTS};
  push(&program);
  for (uint32_t i = 1; i <= steps; i++) {
    step(&program);
    if (i % VERIFY_EVERY == 0) verify(&program);
    if (i % VERIFY_EXACTLY_EVERY == 0) verify_exactly(&program);
  }
  while (program.depth > 1) pop(&program);
  verify_exactly(&program);
  for (uint32_t i = 0; i < FRAME_SLOTS; i++) assign_root(&program, i, SHADOW_NONE, NULL);
  heap_pop(heap, &program.frames[0]);
  heap_expect(heap, 0, program.graph.counted_alive);
  shadow_close(&program.graph);
}

/* Each seed starts anew where that is possible, and goes on in the same heap where it is not. */
static void run_seeds(struct heap *heap, const struct profile *profile, uint64_t seeds)
{
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    if (seed > 1) heap_start(heap);
    run_program(heap, profile, seed);
    if (can(COLLECTOR_EXTERNAL)) break;
    heap_finish(heap);
  }
}

static void ordinary_program(struct heap *heap)
{
  static const struct profile profile = {.weights = {[MAKE] = 300,
                                                     [LINK] = 300,
                                                     [CUT] = 40,
                                                     [COPY_ROOT] = 40,
                                                     [LOAD_ROOT] = 80,
                                                     [DROP_ROOT] = 60,
                                                     [PUSH] = 20,
                                                     [POP] = 20,
                                                     [COLLECT_YOUNG] = 2,
                                                     [COLLECT_FULL] = 1},
                                         .steps = 200000,
                                         .slow_steps = 40000,
                                         .fields_max = 6,
                                         .bytes_max = 120,
                                         .large_one_in = 500};
  run_seeds(heap, &profile, scaled(4, 2));
}

/* Few roots dropped, many links: a heap that grows into one tangle, with much cyclic garbage at its edges. */
static void tangled_program(struct heap *heap)
{
  static const struct profile profile = {.weights = {[MAKE] = 200,
                                                     [LINK] = 600,
                                                     [CUT] = 30,
                                                     [LOAD_ROOT] = 100,
                                                     [DROP_ROOT] = 4,
                                                     [PUSH] = 3,
                                                     [POP] = 3,
                                                     [COLLECT_YOUNG] = 1},
                                         .steps = 200000,
                                         .slow_steps = 40000,
                                         .fields_max = SHADOW_FIELDS_MAX,
                                         .bytes_max = 40};
  run_seeds(heap, &profile, scaled(3, 1));
}

/* Nearly everything dies at once. */
static void short_lived_program(struct heap *heap)
{
  static const struct profile profile = {
      .weights = {[MAKE] = 600, [LINK] = 100, [DROP_ROOT] = 300, [PUSH] = 50, [POP] = 50, [COLLECT_YOUNG] = 1},
      .steps = 300000,
      .slow_steps = 40000,
      .fields_max = 3,
      .bytes_max = 64};
  run_seeds(heap, &profile, scaled(3, 1));
}

/* Objects of all sizes up to 200 KB, and collections all the time. */
static void large_object_program(struct heap *heap)
{
  static const struct profile profile = {.weights = {[MAKE] = 300,
                                                     [LINK] = 300,
                                                     [CUT] = 30,
                                                     [LOAD_ROOT] = 60,
                                                     [DROP_ROOT] = 100,
                                                     [PUSH] = 10,
                                                     [POP] = 10,
                                                     [COLLECT_YOUNG] = 5,
                                                     [COLLECT_FULL] = 5},
                                         .steps = 20000,
                                         .slow_steps = 6000,
                                         .fields_max = SHADOW_FIELDS_MAX,
                                         .bytes_max = 9000,
                                         .large_one_in = 20};
  run_seeds(heap, &profile, scaled(3, 1));
}

/* A collection at nearly every step. */
static void collecting_program(struct heap *heap)
{
  static const struct profile profile = {.weights = {[MAKE] = 20,
                                                     [LINK] = 20,
                                                     [CUT] = 3,
                                                     [COPY_ROOT] = 3,
                                                     [LOAD_ROOT] = 6,
                                                     [DROP_ROOT] = 4,
                                                     [PUSH] = 1,
                                                     [POP] = 1,
                                                     [COLLECT_YOUNG] = 40,
                                                     [COLLECT_FULL] = 20},
                                         .steps = 20000,
                                         .slow_steps = 5000,
                                         .fields_max = 4,
                                         .bytes_max = 60,
                                         .large_one_in = 200};
  run_seeds(heap, &profile, scaled(2, 1));
}

/* The collector's own stress knob, at every allocation and at every third. */
static void stressed_program(struct heap *heap)
{
  static const struct profile profile = {.weights = {[MAKE] = 300,
                                                     [LINK] = 300,
                                                     [CUT] = 30,
                                                     [COPY_ROOT] = 30,
                                                     [LOAD_ROOT] = 60,
                                                     [DROP_ROOT] = 60,
                                                     [PUSH] = 20,
                                                     [POP] = 20},
                                         .steps = 20000,
                                         .slow_steps = 4000,
                                         .fields_max = 5,
                                         .bytes_max = 100,
                                         .large_one_in = 300};
  for (int64_t every = 1; every <= 3; every += 2) {
    heap_set_knob(heap, "stress", every);
    heap_start(heap);
    run_program(heap, &profile, (uint64_t)every);
    if (can(COLLECTOR_EXTERNAL)) break;
    heap_finish(heap);
  }
}

static const struct conformance_test tests[] = {
    {"ordinary_program", ordinary_program, false},       {"tangled_program", tangled_program, false},
    {"short_lived_program", short_lived_program, false}, {"large_object_program", large_object_program, false},
    {"collecting_program", collecting_program, false},   {"stressed_program", stressed_program, .unstarted = true},
};

CONFORMANCE_GROUP(random, tests);
