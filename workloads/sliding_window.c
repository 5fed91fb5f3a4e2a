/*
 * sliding_window: the last W messages are kept; each push makes one and drops the oldest.
 *
 * James Fisher's case against GHC's collector (Pusher, 2016), measured across languages in the gc-latency-experiment
 * of Gabriel Scherer and Will Sewell: a window of 200 000 messages of 1 KiB out of 10 000 000 pushed, and the longest
 * push is what counts.  The live set is large and simple, its lifetimes are first in, first out, and all else of it
 * is raw bytes.  Messages are kept by number in
 *   array   one object with a field a message: a large array of references, which the experiment's C version has;
 *   map     a hash table of chains, two objects a message;
 *   tree    a treap (Seidel and Aragon, 1996), two objects a message.
 * Map and tree are asked for each message at the end.
 *
 * Defaults push fewer and smaller messages, so that a collector that frees nothing gets through too.  Every push is a
 * request.  A trial's journal has room for a million; where more are pushed, `sample` keeps the worst of each so many.
 */
#include "workloads/workload.h"

#include <stdio.h>

#include "workloads/payload.h"
#include "workloads/sampler.h"

enum { STRUCTURE, WINDOW, MESSAGES, MESSAGE_BYTES, SAMPLE, PARAMETERS };

static const char *const structure_names[] = {"array", "map", "tree", NULL};

static const struct setting parameters[PARAMETERS] = {
    [STRUCTURE] = {.name = "structure",
                   .unit = "",
                   .type = SETTING_CHOICE,
                   .default_value = 0,
                   .small_value = 0,
                   .large_value = 0,
                   .minimum = 0,
                   .maximum = 2,
                   .choices = structure_names,
                   .help = "what keeps the messages"},
    [WINDOW] = {.name = "window",
                .unit = "messages",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 200000,
                .small_value = 50,
                .large_value = 200000,
                .minimum = 1,
                .maximum = 100000000,
                .help = "messages kept (the experiment: 200000)"},
    [MESSAGES] = {.name = "messages",
                  .unit = "messages",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 1000000,
                  .small_value = 600,
                  .large_value = 10000000,
                  .minimum = 1,
                  .maximum = 1000000000,
                  .help = "messages pushed in all (the experiment: 10000000)"},
    [MESSAGE_BYTES] = {.name = "message_bytes",
                       .unit = "bytes",
                       .type = SETTING_BYTES,
                       .scale = SETTING_LOG,
                       .default_value = 384,
                       .small_value = 64,
                       .large_value = 1024,
                       .minimum = PAYLOAD_STAMP_BYTES,
                       .maximum = 1 << 30,
                       .help = "size of a message (the experiment: 1K)"},
    [SAMPLE] = SAMPLER_ROW(1, 16, "pushes"),
};

struct window {
  struct gc_mutator *mutator;
  gc_ref *set;     /* root slot: the array, the hash table, or the object that holds the treap's root */
  gc_ref *message; /* root slot: the message to be pushed */
  gc_ref *entry;   /* root slots for the structure's own use */
  gc_ref *parent;
  uint64_t capacity; /* messages in the window */
  int table_shift;   /* map: a hash's upper 64 - table_shift bits choose the chain */
  struct random random;
};

/* Each keeps `message` under the number id, and forgets id - capacity where there is such a message. */
struct structure {
  void (*create)(struct window *window);
  void (*push)(struct window *window, uint64_t id);
  gc_ref (*find)(const struct window *window, uint64_t id);
};

/* --- array: the field id modulo capacity --- */

static void array_create(struct window *w)
{
  gc_new(w->mutator, w->set, (struct gc_shape){.fields = (uint32_t)w->capacity, .kind = GC_LIST});
}

static void array_push(struct window *w, uint64_t id)
{
  gc_store(w->mutator, *w->set, (uint32_t)(id % w->capacity), *w->message);
}

static gc_ref array_find(const struct window *w, uint64_t id)
{
  return gc_load(w->mutator, *w->set, (uint32_t)(id % w->capacity));
}

/* --- map: chains of entries, newest first, as many as the least power of two that is not below capacity --- */

enum { ENTRY_NEXT, ENTRY_MESSAGE, ENTRY_FIELDS };

static const struct gc_shape entry_shape = {.fields = ENTRY_FIELDS, .bytes = sizeof(uint64_t), .kind = GC_INSTANCE};

static uint64_t entry_id(gc_ref entry) { return *(const uint64_t *)gc_bytes(entry, ENTRY_FIELDS); }

/* Fibonacci hashing (Knuth): consecutive numbers spread evenly. */
static uint32_t map_chain(const struct window *w, uint64_t id)
{
  return w->table_shift == 64 ? 0 : (uint32_t)(id * 0x9e3779b97f4a7c15u >> w->table_shift);
}

static void map_create(struct window *w)
{
  uint32_t chains = 1;
  w->table_shift = 64;
  for (; chains < w->capacity; chains *= 2) w->table_shift--;
  gc_new(w->mutator, w->set, (struct gc_shape){.fields = chains, .kind = GC_LIST});
}

static void map_remove(const struct window *w, uint64_t id)
{
  struct gc_mutator *mutator = w->mutator;
  gc_ref holder = *w->set;
  uint32_t field = map_chain(w, id);
  gc_ref entry = gc_load(mutator, holder, field);
  while (entry != NULL && entry_id(entry) != id) {
    holder = entry;
    field = ENTRY_NEXT;
    entry = gc_load(mutator, holder, field);
  }
  if (entry != NULL) gc_store(mutator, holder, field, gc_load(mutator, entry, ENTRY_NEXT));
}

static void map_push(struct window *w, uint64_t id)
{
  struct gc_mutator *mutator = w->mutator;
  const uint32_t chain = map_chain(w, id);
  gc_new(mutator, w->entry, entry_shape);
  *(uint64_t *)gc_bytes(*w->entry, ENTRY_FIELDS) = id;
  gc_store(mutator, *w->entry, ENTRY_MESSAGE, *w->message);
  gc_store(mutator, *w->entry, ENTRY_NEXT, gc_load(mutator, *w->set, chain));
  gc_store(mutator, *w->set, chain, *w->entry);
  if (id >= w->capacity) map_remove(w, id - w->capacity);
}

static gc_ref map_find(const struct window *w, uint64_t id)
{
  gc_ref entry = gc_load(w->mutator, *w->set, map_chain(w, id));
  while (entry != NULL && entry_id(entry) != id) entry = gc_load(w->mutator, entry, ENTRY_NEXT);
  return entry == NULL ? NULL : gc_load(w->mutator, entry, ENTRY_MESSAGE);
}

/*
 * --- tree: a treap ---
 * Ordered by number, and no node has a higher priority than its parent.  The new number is always the highest, so it
 * goes in somewhere on the right spine and takes what is below as its left subtree; the oldest is the last of the left
 * spine.  Both spines are about ln(capacity) long.
 */

enum { NODE_LEFT, NODE_RIGHT, NODE_MESSAGE, NODE_FIELDS };
enum { HOLDER_ROOT, HOLDER_FIELDS };

struct node_data {
  uint64_t id, priority;
};

static const struct gc_shape node_shape = {
    .fields = NODE_FIELDS, .bytes = sizeof(struct node_data), .kind = GC_INSTANCE};

static struct node_data *node_data(gc_ref node) { return gc_bytes(node, NODE_FIELDS); }

static void tree_create(struct window *w)
{
  gc_new(w->mutator, w->set, (struct gc_shape){.fields = HOLDER_FIELDS, .kind = GC_INSTANCE});
}

static void tree_insert_last(struct window *w, uint64_t id)
{
  struct gc_mutator *mutator = w->mutator;
  const uint64_t priority = random_u64(&w->random);
  gc_new(mutator, w->entry, node_shape);
  *node_data(*w->entry) = (struct node_data){.id = id, .priority = priority};
  gc_store(mutator, *w->entry, NODE_MESSAGE, *w->message);
  gc_ref parent = *w->set;
  uint32_t field = HOLDER_ROOT;
  gc_ref node = gc_load(mutator, parent, field);
  while (node != NULL && node_data(node)->priority > priority) {
    parent = node;
    field = NODE_RIGHT;
    node = gc_load(mutator, parent, field);
  }
  gc_root(mutator, w->parent, parent);
  gc_store(mutator, *w->entry, NODE_LEFT, gc_load(mutator, *w->parent, field));
  gc_store(mutator, *w->parent, field, *w->entry);
}

static void tree_remove_first(const struct window *w)
{
  struct gc_mutator *mutator = w->mutator;
  gc_ref parent = *w->set;
  uint32_t field = HOLDER_ROOT;
  gc_ref node = gc_load(mutator, parent, field);
  gc_ref left = gc_load(mutator, node, NODE_LEFT);
  while (left != NULL) {
    parent = node;
    field = NODE_LEFT;
    node = left;
    left = gc_load(mutator, node, NODE_LEFT);
  }
  gc_store(mutator, parent, field, gc_load(mutator, node, NODE_RIGHT));
}

static void tree_push(struct window *w, uint64_t id)
{
  tree_insert_last(w, id);
  if (id >= w->capacity) tree_remove_first(w);
}

static gc_ref tree_find(const struct window *w, uint64_t id)
{
  gc_ref node = gc_load(w->mutator, *w->set, HOLDER_ROOT);
  while (node != NULL && node_data(node)->id != id)
    node = gc_load(w->mutator, node, id < node_data(node)->id ? NODE_LEFT : NODE_RIGHT);
  return node == NULL ? NULL : gc_load(w->mutator, node, NODE_MESSAGE);
}

static const struct structure structures[] = {
    {array_create, array_push, array_find},
    {map_create, map_push, map_find},
    {tree_create, tree_push, tree_find},
};

/* --- the experiment --- */

static void push_all(struct workload_run *run, struct window *w, const struct structure *structure)
{
  const uint64_t messages = (uint64_t)run->parameters[MESSAGES];
  const struct gc_shape message_shape = {.bytes = (uint32_t)run->parameters[MESSAGE_BYTES], .kind = GC_ATOM};
  const uint64_t salt = random_u64(&run->random);
  const uint64_t mask = workload_progress_mask(messages);
  struct sampler sampler;
  sampler_begin(&sampler, run->parameters[SAMPLE]);
  for (uint64_t id = 0; id < messages; id++) {
    if (id == w->capacity) workload_phase(run, "slide");
    gc_new(w->mutator, w->message, message_shape);
    payload_fill(gc_bytes(*w->message, 0), message_shape.bytes, salt + id);
    structure->push(w, id);
    sampler_note(run, &sampler);
    if ((id & mask) == 0) workload_progress(run, id, messages);
  }
  sampler_end(run, &sampler);
}

/* Reads every message in the window; no safepoint in all of it. */
static void read_window(struct workload_run *run, const struct window *w, const struct structure *structure)
{
  const uint64_t messages = (uint64_t)run->parameters[MESSAGES];
  for (uint64_t id = messages > w->capacity ? messages - w->capacity : 0; id < messages; id++) {
    const gc_ref message = structure->find(w, id);
    if (message == NULL) return; /* lost: the checksum tells */
    workload_checksum(run, payload_digest(gc_bytes(message, 0), (uint64_t)run->parameters[MESSAGE_BYTES]));
  }
}

static void run_sliding_window(struct workload_run *run)
{
  enum { SET, MESSAGE, ENTRY, PARENT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct window window = {.mutator = run->mutator,
                          .set = &frame.slot[SET],
                          .message = &frame.slot[MESSAGE],
                          .entry = &frame.slot[ENTRY],
                          .parent = &frame.slot[PARENT],
                          .capacity = (uint64_t)run->parameters[WINDOW]};
  random_seed(&window.random, random_u64(&run->random));
  const struct structure *structure = &structures[run->parameters[STRUCTURE]];

  workload_phase(run, "fill");
  structure->create(&window);
  push_all(run, &window, structure);

  workload_phase(run, "check");
  read_window(run, &window, structure);
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

static bool validate_sliding_window(const int64_t *p, char *error)
{
  if (p[WINDOW] <= p[MESSAGES]) return true;
  snprintf(error, SETTING_ERROR_MAX, "window may not be above messages: it would never be full");
  return false;
}

const struct workload workload_sliding_window = {
    .name = "sliding_window",
    .summary = "a window of the last messages, first in, first out; the longest push counts",
    .source = "gc-latency-experiment (Fisher, Scherer and Sewell)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_sliding_window,
    .run = run_sliding_window,
};
