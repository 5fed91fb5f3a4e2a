/*
 * cycles: a live set of small structures that are replaced one by one, all or some of them cyclic.
 *
 * What only tracing, or a cycle collector, can free, at a steady rate.  The live set is an array of structures of
 * `size` objects; each step makes one structure and puts it into the place of another, chosen at random, so that
 * lifetimes are exponential (the radioactive decay of Baker, 1993) and no age is a good one to collect at.  Shapes:
 *   ring   each object refers to the next, the last to the first;
 *   list   each object refers to the next and to the one before;
 *   tree   each object refers to its children, as balanced as can be, and they refer to it.
 * A structure that is not to be cyclic has the same objects without the closing, backward or upward references: it
 * dies by counting alone.  `cyclic` is the share of structures that are, spread evenly.
 *
 * Ring sizes of interest are 2, 10, 100 and 10 000.  The grid of size, live objects, cyclic share and extra bytes is
 * that of nascheme/cyclotron, with which CPython's collectors were compared (there: size 4, 10 000 live, 1 000 000 in
 * all, every structure cyclic; it drops its whole live set at once).
 */
#include "workloads/workload.h"

#include <stdio.h>

#include "workloads/payload.h"

enum { SHAPE, SIZE, LIVE, CYCLIC, EXTRA_BYTES, REPLACED, FAN_OUT, PARAMETERS };
enum { SHAPE_RING, SHAPE_LIST, SHAPE_TREE };

static const char *const shape_names[] = {"ring", "list", "tree", NULL};

static const struct setting parameters[PARAMETERS] = {
    [SHAPE] = {.name = "shape",
               .unit = "",
               .type = SETTING_CHOICE,
               .default_value = SHAPE_RING,
               .small_value = SHAPE_RING,
               .large_value = SHAPE_RING,
               .minimum = 0,
               .maximum = SHAPE_TREE,
               .choices = shape_names,
               .help = "ring, doubly linked list, or tree with parent pointers"},
    [SIZE] = {.name = "size",
              .unit = "objects",
              .type = SETTING_INTEGER,
              .scale = SETTING_LOG,
              .default_value = 10,
              .small_value = 6,
              .large_value = 10,
              .minimum = 1,
              .maximum = 100000000,
              .help = "objects in a structure"},
    [LIVE] = {.name = "live",
              .unit = "objects",
              .type = SETTING_INTEGER,
              .scale = SETTING_LOG,
              .default_value = 100000,
              .small_value = 120,
              .large_value = 1000000,
              .minimum = 1,
              .maximum = 100000000,
              .help = "objects in the live set, in whole structures"},
    [CYCLIC] = {.name = "cyclic",
                .unit = "percent",
                .type = SETTING_INTEGER,
                .default_value = 100,
                .small_value = 100,
                .large_value = 100,
                .minimum = 0,
                .maximum = 100,
                .help = "share of the structures that are cyclic"},
    [EXTRA_BYTES] = {.name = "extra_bytes",
                     .unit = "bytes",
                     .type = SETTING_BYTES,
                     .default_value = 64,
                     .small_value = 5,
                     .large_value = 64,
                     .minimum = 0,
                     .maximum = 1 << 20,
                     .help = "raw bytes in each object, beside its number"},
    [REPLACED] = {.name = "replaced",
                  .unit = "objects",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 2000000,
                  .small_value = 1200,
                  .large_value = 30000000,
                  .minimum = 1,
                  .maximum = 1000000000,
                  .help = "objects that become garbage in all, in whole structures"},
    [FAN_OUT] = {.name = "fan_out",
                 .unit = "children",
                 .type = SETTING_INTEGER,
                 .default_value = 8,
                 .small_value = 3,
                 .large_value = 8,
                 .minimum = 2,
                 .maximum = 64,
                 .help = "children of a tree's object"},
};

enum { NEXT, PREVIOUS }; /* of rings and lists; a tree's object has its children first, then its parent */

struct cycles {
  struct workload_run *run;
  struct gc_mutator *mutator;
  struct gc_shape node;
  uint64_t size;
  uint32_t fan_out;
  bool cyclic;     /* the structure that is being made */
  uint64_t stamps; /* of objects made so far: the number of the next */
  uint64_t salt;
};

/* Makes the next object of a structure. */
static void make_node(struct cycles *c, gc_ref *slot)
{
  gc_new(c->mutator, slot, c->node);
  payload_fill(gc_bytes(*slot, c->node.fields), c->node.bytes, c->salt + c->stamps++);
}

static uint64_t digest_node(const struct cycles *c, gc_ref node)
{
  return payload_digest(gc_bytes(node, c->node.fields), c->node.bytes);
}

/* Rings and lists, from the head on. */
static void make_chain(struct cycles *c, gc_ref *head)
{
  struct gc_mutator *mutator = c->mutator;
  const bool is_list = c->run->parameters[SHAPE] == SHAPE_LIST;
  enum { LAST, NODE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  make_node(c, head);
  gc_root(mutator, &frame.slot[LAST], *head);
  for (uint64_t i = 1; i < c->size; i++) {
    make_node(c, &frame.slot[NODE]);
    gc_store(mutator, frame.slot[LAST], NEXT, frame.slot[NODE]);
    if (is_list && c->cyclic) gc_store(mutator, frame.slot[NODE], PREVIOUS, frame.slot[LAST]);
    gc_root(mutator, &frame.slot[LAST], frame.slot[NODE]);
  }
  if (!is_list && c->cyclic) gc_store(mutator, frame.slot[LAST], NEXT, *head);
  gc_pop(mutator, &frame.frame);
}

/* What a reference is: to the object that it should lead to, to nothing, or astray. */
static uint64_t digest_link(gc_ref link, gc_ref expected) { return link == NULL ? 1 : link == expected ? 2 : 3; }

/* Ends at the last object, or where the ring closes.  No safepoint. */
static uint64_t digest_chain(const struct cycles *c, gc_ref head)
{
  const bool is_list = c->run->parameters[SHAPE] == SHAPE_LIST;
  uint64_t digest = 0;
  gc_ref last = NULL;
  gc_ref node = head;
  do {
    digest = digest * 31 + digest_node(c, node);
    if (is_list) digest = digest * 31 + digest_link(gc_load(c->mutator, node, PREVIOUS), last);
    last = node;
    node = gc_load(c->mutator, node, NEXT);
  } while (node != NULL && node != head);
  return digest * 31 + digest_link(node, head);
}

/* Objects in the child'th subtree of a tree of `size`: sizes differ by one at most. */
static uint64_t subtree_size(uint64_t size, uint64_t child, uint64_t fan_out)
{
  return (size - 1) / fan_out + (child < (size - 1) % fan_out ? 1 : 0);
}

/* Recursion is as deep as a balanced tree: log(size) to the base of fan_out, which is 2 at least. */
static void make_tree(struct cycles *c, uint64_t size, gc_ref *slot)
{
  struct gc_mutator *mutator = c->mutator;
  make_node(c, slot);
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (uint32_t child = 0; child < c->fan_out; child++) {
    const uint64_t child_size = subtree_size(size, child, c->fan_out);
    if (child_size == 0) break;
    make_tree(c, child_size, &frame.slot[0]);
    gc_store(mutator, *slot, child, frame.slot[0]);
    if (c->cyclic) gc_store(mutator, frame.slot[0], c->fan_out, *slot);
  }
  gc_pop(mutator, &frame.frame);
}

static uint64_t digest_tree(const struct cycles *c, gc_ref node)
{
  uint64_t digest = digest_node(c, node);
  for (uint32_t child = 0; child < c->fan_out; child++) {
    const gc_ref below = gc_load(c->mutator, node, child);
    if (below == NULL) break;
    digest = digest * 31 + digest_link(gc_load(c->mutator, below, c->fan_out), node);
    digest = digest * 31 + digest_tree(c, below);
  }
  return digest;
}

/* Makes the structure with the number i, cyclic where the evenly spread share says so. */
static void make_structure(struct cycles *c, uint64_t i, gc_ref *slot)
{
  const uint64_t percent = (uint64_t)c->run->parameters[CYCLIC];
  c->cyclic = (i + 1) * percent / 100 != i * percent / 100;
  if (c->run->parameters[SHAPE] == SHAPE_TREE)
    make_tree(c, c->size, slot);
  else
    make_chain(c, slot);
}

static void read_structure(const struct cycles *c, gc_ref structure)
{
  const bool is_tree = c->run->parameters[SHAPE] == SHAPE_TREE;
  workload_checksum(c->run, is_tree ? digest_tree(c, structure) : digest_chain(c, structure));
}

static struct gc_shape node_shape(const int64_t *p)
{
  const uint32_t fields[] = {[SHAPE_RING] = 1, [SHAPE_LIST] = 2, [SHAPE_TREE] = (uint32_t)p[FAN_OUT] + 1};
  return (struct gc_shape){
      .fields = fields[p[SHAPE]], .bytes = PAYLOAD_STAMP_BYTES + (uint32_t)p[EXTRA_BYTES], .kind = GC_INSTANCE};
}

static void run_cycles(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  struct gc_mutator *mutator = run->mutator;
  struct cycles c = {.run = run,
                     .mutator = mutator,
                     .node = node_shape(p),
                     .size = (uint64_t)p[SIZE],
                     .fan_out = (uint32_t)p[FAN_OUT],
                     .salt = random_u64(&run->random)};
  const uint32_t places = (uint32_t)(p[LIVE] / p[SIZE]);
  const uint64_t replacements = (uint64_t)(p[REPLACED] / p[SIZE]);
  const uint64_t total = places + replacements;
  const uint64_t mask = workload_progress_mask(total);
  enum { LIVE_SET, STRUCTURE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);

  workload_phase(run, "fill");
  gc_new(mutator, &frame.slot[LIVE_SET], (struct gc_shape){.fields = places, .kind = GC_LIST});
  for (uint32_t i = 0; i < places; i++) {
    make_structure(&c, i, &frame.slot[STRUCTURE]);
    gc_store(mutator, frame.slot[LIVE_SET], i, frame.slot[STRUCTURE]);
    if ((i & mask) == 0) workload_progress(run, i, total);
  }

  workload_phase(run, "replace");
  for (uint64_t i = places; i < total; i++) {
    make_structure(&c, i, &frame.slot[STRUCTURE]);
    const uint32_t place = random_below(&run->random, places);
    read_structure(&c, gc_load(mutator, frame.slot[LIVE_SET], place));
    gc_store(mutator, frame.slot[LIVE_SET], place, frame.slot[STRUCTURE]);
    if ((i & mask) == 0) workload_progress(run, i, total);
  }

  workload_phase(run, "check");
  for (uint32_t i = 0; i < places; i++) read_structure(&c, gc_load(mutator, frame.slot[LIVE_SET], i));
  workload_progress(run, 1, 1);
  gc_pop(mutator, &frame.frame);
}

static bool validate_cycles(const int64_t *p, char *error)
{
  if (p[SHAPE] != SHAPE_RING && p[SIZE] < 2) {
    snprintf(error, SETTING_ERROR_MAX, "a %s of one object has no cycle: size must be 2 or more",
             shape_names[p[SHAPE]]);
    return false;
  }
  if (p[LIVE] < p[SIZE] || p[REPLACED] < p[SIZE]) {
    snprintf(error, SETTING_ERROR_MAX,
             "live and replaced must have room for one structure: size may not be above them");
    return false;
  }
  return true;
}

const struct workload workload_cycles = {
    .name = "cycles",
    .summary = "rings, doubly linked lists or trees with parent pointers, replaced at random",
    .source = "gclab; parameters after nascheme/cyclotron, lifetimes after Baker (1993)",
    .makes_cycles = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_cycles,
    .run = run_cycles,
};
