/*
 * long_list: one reference is dropped, and a list of millions of objects dies.
 *
 * The deepest graph there is: to mark it, a collector goes from each object to the next and has no other work to turn
 * to while it waits for memory; to count it free is one cascade as long as the list.  A collector that recurses in
 * either runs out of stack.  The list is that of GCBenchmarks (JuliaCI, linked/list.jl), which prepends 128 * 2^20
 * nodes of a number and a reference.  Shapes:
 *   singly   each node refers to the one made before it;
 *   doubly   and that one refers back to it: two references to all but the ends, and neighbours are a cycle;
 *   ring     as singly, and the first node made refers to the last: one cycle as long as the list.
 *
 * Each list is made, marked while it is live (`full_collections`), read from end to end, and dropped.  A full
 * collection follows the drop, so that collectors which do not notice it at once pay for it there, and the next list is
 * made in the memory of the last.
 */
#include "workloads/workload.h"

#include "workloads/payload.h"

enum { SHAPE, LENGTH, LISTS, COLLECTIONS, NODE_BYTES, PARAMETERS };
enum { SHAPE_SINGLY, SHAPE_DOUBLY, SHAPE_RING };

enum { LISTS_MAX = 63 }; /* a list has four phases, and a journal has room for 255 */

static const char *const shape_names[] = {"singly", "doubly", "ring", NULL};

static const struct setting parameters[PARAMETERS] = {
    [SHAPE] = {.name = "shape",
               .unit = "",
               .type = SETTING_CHOICE,
               .default_value = SHAPE_SINGLY,
               .small_value = SHAPE_SINGLY,
               .large_value = SHAPE_SINGLY,
               .minimum = 0,
               .maximum = SHAPE_RING,
               .choices = shape_names,
               .help = "singly or doubly linked, or a ring"},
    [LENGTH] = {.name = "length",
                .unit = "objects",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 2000000,
                .small_value = 150,
                .large_value = 20000000,
                .minimum = 1,
                .maximum = 1000000000,
                .help = "nodes of a list (GCBenchmarks: 134217728)"},
    [LISTS] = {.name = "lists",
               .unit = "lists",
               .type = SETTING_INTEGER,
               .default_value = 3,
               .small_value = 3,
               .large_value = 3,
               .minimum = 1,
               .maximum = LISTS_MAX,
               .help = "lists that are made and dropped, one after the other"},
    [COLLECTIONS] = {.name = "full_collections",
                     .unit = "collections",
                     .type = SETTING_INTEGER,
                     .default_value = 1,
                     .small_value = 1,
                     .large_value = 1,
                     .minimum = 0,
                     .maximum = 1000,
                     .help = "full collections asked for while a list is live"},
    [NODE_BYTES] = {.name = "node_bytes",
                    .unit = "bytes",
                    .type = SETTING_BYTES,
                    .scale = SETTING_LOG,
                    .default_value = 8,
                    .small_value = 13,
                    .large_value = 8,
                    .minimum = PAYLOAD_STAMP_BYTES,
                    .maximum = 1 << 20,
                    .help = "raw bytes of a node (GCBenchmarks: 8)"},
};

enum { NEXT, PREVIOUS };

struct list {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *head, *first, *node; /* root slots: the node made last, the one made first (of a ring), a new one */
  struct gc_shape shape;
  uint64_t salt;
};

/* Makes the list, each node in front of the one before. */
static void make_list(const struct list *l, uint64_t number, uint64_t mask)
{
  struct gc_mutator *mutator = l->mutator;
  const int64_t *p = l->run->parameters;
  const uint64_t length = (uint64_t)p[LENGTH];
  for (uint64_t i = 0; i < length; i++) {
    gc_new(mutator, l->node, l->shape);
    payload_fill(gc_bytes(*l->node, l->shape.fields), l->shape.bytes, l->salt + number * length + i);
    if (*l->head != NULL) {
      gc_store(mutator, *l->node, NEXT, *l->head);
      if (p[SHAPE] == SHAPE_DOUBLY) gc_store(mutator, *l->head, PREVIOUS, *l->node);
    } else if (p[SHAPE] == SHAPE_RING) {
      gc_root(mutator, l->first, *l->node);
    }
    gc_root(mutator, l->head, *l->node);
    if ((i & mask) == 0) workload_progress(l->run, number * length + i, length * (uint64_t)p[LISTS]);
  }
  if (p[SHAPE] == SHAPE_RING) gc_store(mutator, *l->first, NEXT, *l->head);
  gc_root(mutator, l->first, NULL);
  gc_root(mutator, l->node, NULL);
}

/* What a reference is: to the object that it should lead to, to nothing, or astray. */
static uint64_t digest_link(gc_ref link, gc_ref expected) { return link == NULL ? 1 : link == expected ? 2 : 3; }

/* From the head to the end, or to where the ring closes.  No safepoint. */
static void read_list(const struct list *l)
{
  uint64_t digest = 0;
  gc_ref last = NULL;
  gc_ref node = *l->head;
  do {
    digest = digest * 31 + payload_digest(gc_bytes(node, l->shape.fields), l->shape.bytes);
    if (l->shape.fields > PREVIOUS) digest = digest * 31 + digest_link(gc_load(l->mutator, node, PREVIOUS), last);
    last = node;
    node = gc_load(l->mutator, node, NEXT);
  } while (node != NULL && node != *l->head);
  workload_checksum(l->run, digest * 31 + digest_link(node, *l->head));
}

static void run_long_list(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  enum { HEAD, FIRST, NODE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  const struct list list = {
      .run = run,
      .mutator = run->mutator,
      .head = &frame.slot[HEAD],
      .first = &frame.slot[FIRST],
      .node = &frame.slot[NODE],
      .shape = {.fields = p[SHAPE] == SHAPE_DOUBLY ? 2 : 1, .bytes = (uint32_t)p[NODE_BYTES], .kind = GC_INSTANCE},
      .salt = random_u64(&run->random)};
  const uint64_t mask = workload_progress_mask((uint64_t)(p[LENGTH] * p[LISTS]));

  for (uint64_t i = 0; i < (uint64_t)p[LISTS]; i++) {
    workload_phase(run, "make");
    make_list(&list, i, mask);
    if (p[COLLECTIONS] > 0) workload_phase(run, "trace");
    for (int64_t collection = 0; collection < p[COLLECTIONS]; collection++) gc_collect(run->mutator, GC_FULL);
    workload_phase(run, "read");
    read_list(&list);
    workload_phase(run, "drop");
    gc_root(run->mutator, list.head, NULL);
    gc_collect(run->mutator, GC_FULL);
  }
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_long_list = {
    .name = "long_list",
    .summary = "lists of millions of nodes, each of which dies of one drop",
    .source = "JuliaCI/GCBenchmarks, linked/list.jl",
    .makes_cycles = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_long_list,
};
