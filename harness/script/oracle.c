/*
 * The shadow graph.
 *
 * INVARIANTS
 *  - A node's count is the number of root slots, holds, places in the garbage list and fields of counted nodes that
 *    refer to it: what a counting collector would keep alive has a count above 0.
 *  - A node that counting has freed (is_counted false) holds no references any more.
 *  - Nodes are never used again; numbers are the interpreter's.
 *
 * A node that only finalizers or pending collections keep is not "reachable"; so a comparison of numbers of objects is
 * made only where the heap must agree to the last object (oracle_collected_fully).
 */
#include "harness/script/oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/script/machine.h"

enum {
  FINDING = 1,
  COMPARE_EVERY = 128, /* operations, or a fourth of the objects met the last time, so that large heaps stay linear */
  COMPARE_FRACTION = 4
};

struct node {
  struct gc_shape shape;
  uint32_t count;
  uint32_t met; /* references to it from what is reachable, of the comparison at hand */
  uint32_t stamp;
  uint32_t target;  /* of a weak reference; 0: cleared, or none */
  uint32_t *fields; /* NULL: none, or the node has been freed by counting */
  bool exists;      /* made, and not known to be gone */
  bool has_finalizer;
  bool finalized;  /* of the old kind: it is running, or was the last that happened to the object */
  bool is_legacy;  /* the finalizer is of the old kind: it runs each time that the object dies */
  bool is_counted; /* counting has not freed it */
  bool is_weak;
  bool is_cleared; /* the weak reference has yielded none */
};

struct oracle {
  struct gc_mutator *mutator;
  const gc_ref *slots;
  uint32_t *roots;
  uint32_t root_count;
  struct node *nodes; /* by number; 0 is none */
  uint32_t node_count, node_capacity;
  uint32_t *holds; /* a stack of what is held */
  size_t hold_count, hold_capacity;
  uint32_t *garbage; /* what the collector has set aside as uncollectable, as far as it was noticed */
  size_t garbage_count, garbage_capacity;
  uint32_t *work; /* of a walk */
  gc_ref *addresses;
  size_t work_capacity;
  uint32_t stamp;
  uint64_t counted_alive;
  uint64_t objects_before; /* on the heap when the oracle was opened */
  uint32_t line;
  uint64_t operation;
  uint64_t finalizers;       /* that have run */
  uint64_t operations_since; /* the last comparison */
  uint64_t objects_met;      /* in it */
};

static void (*end_of_disagreement)(void);

void oracle_on_disagreement(void (*end)(void)) { end_of_disagreement = end; }

static _Noreturn void disagree(const struct oracle *oracle, const char *what, uint32_t number, uint64_t is,
                               uint64_t should)
{
  fflush(stdout);
  fprintf(stderr, "oracle: line %u, operation %" PRIu64 ": %s", oracle->line, oracle->operation, what);
  if (number != 0) fprintf(stderr, " (object %u)", number);
  if (is != should) fprintf(stderr, ": it is %" PRIu64 ", it should be %" PRIu64, is, should);
  fprintf(stderr, " [%s]\n", collector.name);
  fflush(stderr);
  if (end_of_disagreement != NULL) end_of_disagreement();
  _Exit(FINDING);
}

static void *require(void *memory)
{
  if (memory != NULL) return memory;
  fputs("gclab: no memory for the oracle\n", stderr);
  exit(4);
}

static bool can(enum collector_capability capability) { return (collector.capabilities & capability) != 0; }

struct oracle *oracle_open(struct gc_mutator *mutator, const gc_ref *slots, uint32_t root_count)
{
  struct oracle *oracle = require(calloc(1, sizeof *oracle));
  *oracle = (struct oracle){.mutator = mutator, .slots = slots, .root_count = root_count, .node_count = 1};
  oracle->roots = require(calloc((size_t)root_count + 1, sizeof *oracle->roots));
  collector_settle(mutator);
  oracle->objects_before = mutator->counters.allocated_objects - mutator->counters.freed_objects;
  return oracle;
}

void oracle_close(struct oracle *oracle)
{
  for (uint32_t i = 1; i < oracle->node_count; i++) free(oracle->nodes[i].fields);
  free(oracle->nodes);
  free(oracle->roots);
  free(oracle->holds);
  free(oracle->garbage);
  free(oracle->work);
  free(oracle->addresses);
  free(oracle);
}

void oracle_at(struct oracle *oracle, uint32_t line, uint64_t operation)
{
  oracle->line = line;
  oracle->operation = operation;
  if (++oracle->operations_since < COMPARE_EVERY) return;
  if (oracle->operations_since < oracle->objects_met / COMPARE_FRACTION) return;
  oracle_compare(oracle);
}

void oracle_new(struct oracle *oracle, uint32_t number, struct gc_shape shape, gc_ref object, bool has_finalizer)
{
  (void)object;
  if (number >= oracle->node_capacity) {
    const uint32_t capacity = 2 * number + 64;
    oracle->nodes = require(reallocarray(oracle->nodes, capacity, sizeof *oracle->nodes));
    memset(oracle->nodes + oracle->node_capacity, 0, (capacity - oracle->node_capacity) * sizeof *oracle->nodes);
    oracle->node_capacity = capacity;
  }
  oracle->nodes[number] = (struct node){.shape = shape,
                                        .exists = true,
                                        .has_finalizer = has_finalizer,
                                        .is_counted = true,
                                        .is_weak = shape.kind == GC_WEAK,
                                        .fields = require(calloc((size_t)shape.fields + 1, sizeof(uint32_t)))};
  if (number >= oracle->node_count) oracle->node_count = number + 1;
  oracle->counted_alive++;
}

static void push_work(struct oracle *oracle, size_t *depth, uint32_t number)
{
  if (*depth == oracle->work_capacity) {
    oracle->work_capacity = oracle->work_capacity == 0 ? 1024 : 2 * oracle->work_capacity;
    oracle->work = require(reallocarray(oracle->work, oracle->work_capacity, sizeof *oracle->work));
  }
  oracle->work[(*depth)++] = number;
}

/* Counting frees the node, unless its finalizer has yet to run: then that is for the collector to do. */
static void drop(struct oracle *oracle, uint32_t number)
{
  size_t depth = 0;
  if (number == 0) return;
  if (--oracle->nodes[number].count != 0) return;
  push_work(oracle, &depth, number);
  while (depth > 0) {
    struct node *node = &oracle->nodes[oracle->work[--depth]];
    if (node->count != 0 || !node->is_counted || (node->has_finalizer && !node->finalized)) continue;
    node->is_counted = false;
    oracle->counted_alive--;
    for (uint32_t i = 0; i < node->shape.fields; i++) {
      const uint32_t child = node->fields[i];
      if (child != 0 && --oracle->nodes[child].count == 0) push_work(oracle, &depth, child);
    }
  }
}

/*
 * A hook was called with an object that counting has freed here: on the heap its death is still under way, since the
 * hook is of something that died a moment before it.  It, and what it leads to, is alive again.
 */
static void revive(struct oracle *oracle, uint32_t number)
{
  size_t depth = 0;
  push_work(oracle, &depth, number);
  while (depth > 0) {
    struct node *node = &oracle->nodes[oracle->work[--depth]];
    if (node->is_counted) continue;
    node->is_counted = true;
    oracle->counted_alive++;
    for (uint32_t i = 0; i < node->shape.fields; i++) {
      if (node->fields[i] == 0) continue;
      oracle->nodes[node->fields[i]].count++;
      push_work(oracle, &depth, node->fields[i]);
    }
  }
}

static gc_ref garbage_at(const struct oracle *oracle, size_t i)
{
  const int64_t address = collector_ask(oracle->mutator, COLLECTOR_ASK_GARBAGE_OBJECT, (int)i, NULL);
  gc_ref object;
  memcpy(&object, &address, sizeof address);
  return object;
}

/* Of an object that is no weak reference. */
static uint32_t number_of(const struct oracle *oracle, gc_ref object)
{
  struct gc_shape shape = {0};
  collector_shape(oracle->mutator, object, &shape);
  return ((const struct script_payload *)gc_bytes(object, shape.fields))->number;
}

/* One more of what refers to nodes from outside: a stack of holds, or the garbage list. */
static void refer(struct oracle *oracle, uint32_t **list, size_t *count, size_t *capacity, uint32_t number)
{
  if (!oracle->nodes[number].is_counted) revive(oracle, number);
  if (*count == *capacity) {
    *capacity = *capacity == 0 ? 64 : 2 * *capacity;
    *list = require(reallocarray(*list, *capacity, sizeof(uint32_t)));
  }
  (*list)[(*count)++] = number;
  oracle->nodes[number].count++;
}

/*
 * What collections have set aside since the last time: no report tells of it, so it is looked for before anything is
 * counted or walked.
 */
static void notice_garbage(struct oracle *oracle)
{
  const int64_t answer = collector_ask(oracle->mutator, COLLECTOR_ASK_GARBAGE, 0, NULL);
  const size_t now = answer == COLLECTOR_NO_ANSWER ? 0 : (size_t)answer;
  if (now < oracle->garbage_count)
    disagree(oracle, "uncollectable objects are set aside no more", 0, now, oracle->garbage_count);
  while (oracle->garbage_count < now)
    refer(oracle, &oracle->garbage, &oracle->garbage_count, &oracle->garbage_capacity,
          number_of(oracle, garbage_at(oracle, oracle->garbage_count)));
}

void oracle_clear_garbage(struct oracle *oracle)
{
  notice_garbage(oracle);
  const size_t count = oracle->garbage_count;
  oracle->garbage_count = 0;
  for (size_t i = count; i-- > 0;) drop(oracle, oracle->garbage[i]);
}

static void assign(struct oracle *oracle, uint32_t *place, uint32_t number)
{
  notice_garbage(oracle);
  const uint32_t old = *place;
  if (number != 0) oracle->nodes[number].count++;
  *place = number;
  drop(oracle, old);
}

void oracle_root(struct oracle *oracle, uint32_t root, uint32_t number)
{
  assign(oracle, &oracle->roots[root], number);
}

void oracle_store(struct oracle *oracle, uint32_t object, uint32_t field, uint32_t number)
{
  assign(oracle, &oracle->nodes[object].fields[field], number);
}

void oracle_weak(struct oracle *oracle, uint32_t weak, uint32_t target) { oracle->nodes[weak].target = target; }

void oracle_hold(struct oracle *oracle, uint32_t number)
{
  notice_garbage(oracle);
  if (number != 0) refer(oracle, &oracle->holds, &oracle->hold_count, &oracle->hold_capacity, number);
}

/* Holds end in nearly the reverse order of their beginnings. */
void oracle_release(struct oracle *oracle, uint32_t number)
{
  notice_garbage(oracle);
  if (number == 0) return;
  size_t i = oracle->hold_count;
  while (i > 0 && oracle->holds[i - 1] != number) i--;
  if (i == 0) disagree(oracle, "a hold ends that never began", number, 0, 1);
  memmove(oracle->holds + i - 1, oracle->holds + i, (oracle->hold_count - i) * sizeof *oracle->holds);
  oracle->hold_count--;
  drop(oracle, number);
}

static void stamp_all(struct oracle *oracle, size_t *depth, const uint32_t *numbers, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (numbers[i] == 0 || oracle->nodes[numbers[i]].stamp == oracle->stamp) continue;
    oracle->nodes[numbers[i]].stamp = oracle->stamp;
    push_work(oracle, depth, numbers[i]);
  }
}

/* Stamps all that root slots, holds and the garbage list lead to.  Returns how many that are. */
static uint64_t stamp_reachable(struct oracle *oracle)
{
  size_t depth = 0;
  uint64_t reachable = 0;
  notice_garbage(oracle);
  const uint32_t stamp = ++oracle->stamp;
  stamp_all(oracle, &depth, oracle->roots, oracle->root_count);
  stamp_all(oracle, &depth, oracle->holds, oracle->hold_count);
  stamp_all(oracle, &depth, oracle->garbage, oracle->garbage_count);
  while (depth > 0) {
    const struct node *node = &oracle->nodes[oracle->work[--depth]];
    reachable++;
    for (uint32_t i = 0; i < node->shape.fields; i++) {
      const uint32_t child = node->fields[i];
      if (child == 0 || oracle->nodes[child].stamp == stamp) continue;
      oracle->nodes[child].stamp = stamp;
      push_work(oracle, &depth, child);
    }
  }
  return reachable;
}

uint64_t oracle_reachable(struct oracle *oracle) { return stamp_reachable(oracle); }
uint64_t oracle_counted(struct oracle *oracle) { return oracle->counted_alive; }

void oracle_finalizer_runs(struct oracle *oracle, uint32_t number, gc_ref object)
{
  (void)object;
  struct node *node = &oracle->nodes[number];
  if (!node->has_finalizer) disagree(oracle, "a finalizer runs on an object that has none", number, 0, 0);
  if (node->finalized) disagree(oracle, "a finalizer runs a second time", number, 0, 0);
  /* The hold under which this is called is the last one; nothing else may lead here. */
  oracle->hold_count--;
  stamp_reachable(oracle);
  oracle->hold_count++;
  /* Where several are found at once, an earlier finalizer may have made this one's object reachable again. */
  if (node->stamp == oracle->stamp && !can(COLLECTOR_RECLAIMS_CYCLES))
    disagree(oracle, "a finalizer runs on an object that is reachable", number, 0, 0);
  node->finalized = true;
  oracle->finalizers++;
}

void oracle_legacy(struct oracle *oracle, uint32_t number) { oracle->nodes[number].is_legacy = true; }

void oracle_finalizer_ran(struct oracle *oracle, uint32_t number)
{
  struct node *node = &oracle->nodes[number];
  if (node->is_legacy && node->count > 0)
    node->finalized = false; /* it was resurrected, and the next death counts anew */
}

void oracle_callback_runs(struct oracle *oracle, uint32_t weak)
{
  struct node *node = &oracle->nodes[weak];
  if (!node->is_weak || node->target == 0)
    disagree(oracle, "the callback of a cleared weak reference runs", weak, 0, 0);
  stamp_reachable(oracle);
  if (oracle->nodes[node->target].stamp == oracle->stamp && !oracle->nodes[node->target].has_finalizer)
    disagree(oracle, "a weak reference to a reachable object is cleared", weak, 0, 0);
  node->target = 0;
}

/*
 * Once none, always none; but counting can put off the death of an object, during which weak references do not yield
 * it, and its finalizer may resurrect it after that.  Their callbacks are called in any case.
 */
void oracle_weak_yields(struct oracle *oracle, uint32_t weak, uint32_t found)
{
  struct node *node = &oracle->nodes[weak];
  if (found != 0) {
    if (node->target != found) disagree(oracle, "a weak reference yields another object", weak, found, node->target);
    if (node->is_cleared && !(can(COLLECTOR_PROMPT) && oracle->nodes[found].has_finalizer))
      disagree(oracle, "a weak reference yields an object that it did not yield before", weak, found, 0);
    node->is_cleared = false;
    return;
  }
  if (node->target == 0) return;
  stamp_reachable(oracle);
  /* What was resurrected lost its weak references before; an object without a finalizer can have been held by one. */
  if (oracle->nodes[node->target].stamp == oracle->stamp && oracle->finalizers == 0)
    disagree(oracle, "a weak reference to a reachable object is cleared", weak, 0, 0);
  node->is_cleared = true;
}

void oracle_load_yields(struct oracle *oracle, uint32_t object, uint32_t field, uint32_t found)
{
  const uint32_t should = oracle->nodes[object].fields[field];
  if (should != found) disagree(oracle, "a field holds another object", object, found, should);
}

static bool is_intact(const struct script_payload *payload, const struct gc_shape *shape, uint32_t number)
{
  const unsigned char *raw = (const unsigned char *)(payload + 1);
  if (shape->kind == GC_DICT) raw += shape->fields * sizeof(uint32_t);
  for (uint32_t i = 0; i < payload->bytes; i++) {
    if (raw[i] != (unsigned char)(number * 31 + i * 7 + 1)) return false;
  }
  return true;
}

/* The object at the address is the node, whole. */
static void compare_object(struct oracle *oracle, uint32_t number, gc_ref object)
{
  const struct node *node = &oracle->nodes[number];
  struct gc_shape shape;
  if (!collector_shape(oracle->mutator, object, &shape)) shape = node->shape; /* of a peer's, the payload tells */
  if (shape.kind != node->shape.kind || shape.fields != node->shape.fields || shape.bytes != node->shape.bytes)
    disagree(oracle, "an object has another shape", number, shape.fields, node->shape.fields);
  if (!node->is_weak) {
    const struct script_payload *payload = gc_bytes(object, shape.fields);
    if (payload->number != number) disagree(oracle, "another object is in its place", number, payload->number, number);
    if (!is_intact(payload, &shape, number)) disagree(oracle, "an object's raw bytes have changed", number, 0, 0);
  }
}

/*
 * References from the reachable there must be; those from garbage that counting cannot free there may be, until a
 * collection finds it.  For a collector that only counts, they are there.
 */
static void compare_counts(struct oracle *oracle)
{
  const bool may_be_fewer = can(COLLECTOR_RECLAIMS_CYCLES);
  if (oracle->hold_count != 0) return;
  for (uint32_t i = 1; i < oracle->node_count; i++) {
    const struct node *node = &oracle->nodes[i];
    if (node->stamp != oracle->stamp) continue;
    const int64_t references = collector_ask(oracle->mutator, COLLECTOR_ASK_REFERENCES, 0, oracle->addresses[i]);
    if (references == COLLECTOR_NO_ANSWER) return;
    const uint64_t least = may_be_fewer ? node->met : node->count;
    if ((uint64_t)references < least) disagree(oracle, "a reference count is too low", i, (uint64_t)references, least);
    if ((uint64_t)references > node->count)
      disagree(oracle, "a reference count is too high", i, (uint64_t)references, node->count);
  }
}

/* Visits the object once; a second way to it must lead to the same address. */
static void meet(struct oracle *oracle, size_t *depth, uint32_t number, gc_ref object)
{
  if (number == 0) {
    if (object != NULL) disagree(oracle, "there is an object where none should be", 0, 0, 0);
    return;
  }
  struct node *node = &oracle->nodes[number];
  if (object == NULL) disagree(oracle, "an object is missing", number, 0, 0);
  if (node->stamp == oracle->stamp) {
    node->met++;
    if (oracle->addresses[number] != object) disagree(oracle, "an object is in two places", number, 0, 0);
    return;
  }
  node->stamp = oracle->stamp;
  node->met = 1;
  oracle->addresses[number] = object;
  compare_object(oracle, number, object);
  push_work(oracle, depth, number);
}

static int compare_addresses(const void *left, const void *right)
{
  const gc_ref a = *(const gc_ref *)left;
  const gc_ref b = *(const gc_ref *)right;
  return (a > b) - (a < b);
}

/* No two objects have one address. */
static void compare_distinct(struct oracle *oracle, uint64_t count)
{
  gc_ref *sorted = require(calloc(count + 1, sizeof(gc_ref)));
  uint64_t n = 0;
  for (uint32_t i = 1; i < oracle->node_count && n < count; i++) {
    if (oracle->nodes[i].stamp == oracle->stamp) sorted[n++] = oracle->addresses[i];
  }
  qsort((void *)sorted, n, sizeof(gc_ref), compare_addresses);
  for (uint64_t i = 1; i < n; i++) {
    if (sorted[i] == sorted[i - 1]) disagree(oracle, "two objects are in one place", 0, 0, 0);
  }
  free((void *)sorted);
}

void oracle_compare(struct oracle *oracle)
{
  size_t depth = 0;
  uint64_t count = 0;
  notice_garbage(oracle);
  oracle->operations_since = 0;
  oracle->addresses = require(reallocarray((void *)oracle->addresses, oracle->node_count, sizeof(gc_ref)));
  oracle->stamp++;
  for (uint32_t i = 0; i < oracle->root_count; i++) meet(oracle, &depth, oracle->roots[i], oracle->slots[i]);
  for (size_t i = 0; i < oracle->garbage_count; i++) meet(oracle, &depth, oracle->garbage[i], garbage_at(oracle, i));
  while (depth > 0) {
    const uint32_t number = oracle->work[--depth];
    const gc_ref object = oracle->addresses[number];
    count++;
    for (uint32_t i = 0; i < oracle->nodes[number].shape.fields; i++)
      meet(oracle, &depth, oracle->nodes[number].fields[i], gc_load(oracle->mutator, object, i));
  }
  oracle->objects_met = count;
  compare_distinct(oracle, count);
  compare_counts(oracle);
}

/* A full collection has freed what is not reachable, but for what finalizers are yet to see. */
static void forget_unreachable(struct oracle *oracle)
{
  for (uint32_t i = 1; i < oracle->node_count; i++) {
    struct node *node = &oracle->nodes[i];
    if (!node->is_counted || node->stamp == oracle->stamp || (node->has_finalizer && !node->finalized)) continue;
    node->is_counted = false;
    oracle->counted_alive--;
    for (uint32_t k = 0; k < node->shape.fields; k++) {
      if (node->fields[k] != 0) oracle->nodes[node->fields[k]].count--;
    }
  }
}

static uint64_t objects_held(struct oracle *oracle)
{
  collector_settle(oracle->mutator);
  return oracle->mutator->counters.allocated_objects - oracle->mutator->counters.freed_objects - oracle->objects_before;
}

/*
 * Finalizers that have just run may have made garbage, and what they were run on is freed by the next collection: so
 * it is collected until nothing more happens, or as often as finalizers may follow upon one another.
 */
static uint64_t collect_to_the_end(struct oracle *oracle)
{
  enum { ROUNDS = 64 };
  uint64_t held = objects_held(oracle);
  for (int i = 0; i < ROUNDS; i++) {
    const uint64_t before = oracle->finalizers;
    gc_collect(oracle->mutator, GC_FULL);
    const uint64_t now = objects_held(oracle);
    if (now == held && oracle->finalizers == before) break;
    held = now;
  }
  return held;
}

void oracle_collected_fully(struct oracle *oracle)
{
  oracle_compare(oracle);
  if (!can(COLLECTOR_RECLAIMS)) return;
  if (can(COLLECTOR_CONSERVATIVE) || oracle->hold_count != 0) return;
  if (collector_ask(oracle->mutator, COLLECTOR_ASK_FROZEN, 0, NULL) > 0) return; /* garbage may be frozen */
  const bool finds_cycles = can(COLLECTOR_RECLAIMS_CYCLES);
  uint64_t held = objects_held(oracle);
  uint64_t should = finds_cycles ? stamp_reachable(oracle) : oracle->counted_alive;
  if (held != should && finds_cycles) {
    held = collect_to_the_end(oracle);
    should = stamp_reachable(oracle);
  }
  if (finds_cycles) forget_unreachable(oracle);
  if (held != should) disagree(oracle, "after a full collection another number of objects is held", 0, held, should);
}
