/*
 * gcbench: short-lived trees of every size beside a long-lived tree and a large array.
 *
 * John Ellis and Pete Kovac of Post Communications, translated by Hans Boehm ("An Artificial Garbage Collection
 * Benchmark", 1997).  Constants are theirs: stretch tree of depth 18, long-lived tree of depth 16, an array of
 * 500 000 doubles of which the first half is set, trees of depth 4 to 16 in steps of 2 built top-down and bottom-up,
 * as many of each depth and way as make twice the stretch tree's nodes.  The holes variant (Boehm's HOLES) makes and
 * drops another node after every node, so that the heap is not contiguous.  Known deficiencies, from its own header:
 * no cycles, and sizes hardly vary.
 *
 * One addition: the two numbers in each node, which the original never sets, hold the levels below it and their
 * complement, so that what is read back can be told from anything else.
 */
#include "workloads/workload.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_STRETCH, DEPTH_LONG, DEPTH_MIN, DEPTH_MAX, ARRAY, HOLES, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [DEPTH_STRETCH] = {.name = "stretch_depth",
                       .unit = "levels",
                       .type = SETTING_INTEGER,
                       .default_value = 18,
                       .small_value = 7,
                       .large_value = 22,
                       .minimum = 1,
                       .maximum = 26,
                       .help = "depth of the tree that stretches the heap first (original: 18)"},
    [DEPTH_LONG] = {.name = "long_lived_depth",
                    .unit = "levels",
                    .type = SETTING_INTEGER,
                    .default_value = 16,
                    .small_value = 6,
                    .large_value = 20,
                    .minimum = 1,
                    .maximum = 26,
                    .help = "depth of the tree that lives to the end (original: 16)"},
    [DEPTH_MIN] = {.name = "min_depth",
                   .unit = "levels",
                   .type = SETTING_INTEGER,
                   .default_value = 4,
                   .small_value = 2,
                   .large_value = 4,
                   .minimum = 1,
                   .maximum = 26,
                   .help = "depth of the smallest short-lived trees (original: 4)"},
    [DEPTH_MAX] = {.name = "max_depth",
                   .unit = "levels",
                   .type = SETTING_INTEGER,
                   .default_value = 16,
                   .small_value = 6,
                   .large_value = 20,
                   .minimum = 1,
                   .maximum = 26,
                   .help = "depth of the largest short-lived trees (original: 16)"},
    [ARRAY] = {.name = "array",
               .unit = "doubles",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 500000,
               .small_value = 100,
               .large_value = 8000000,
               .minimum = 1,
               .maximum = 100000000,
               .help = "length of the long-lived array (original: 500000)"},
    [HOLES] = {.name = "holes",
               .unit = "",
               .type = SETTING_BOOLEAN,
               .default_value = 0,
               .small_value = 0,
               .large_value = 0,
               .minimum = 0,
               .maximum = 1,
               .help = "drop a node after every node, to leave holes"},
};

enum { LEFT, RIGHT, FIELDS };

struct payload {
  int32_t i, j;
};

static const struct gc_shape node_shape = {.fields = FIELDS, .bytes = sizeof(struct payload), .kind = GC_INSTANCE};

static uint64_t tree_size(int64_t depth) { return (UINT64_C(1) << (depth + 1)) - 1; }

/* Out of line, so that make_node stays small enough to be inlined where there are no holes. */
static __attribute__((noinline)) void leave_hole(struct gc_mutator *mutator, gc_ref *hole)
{
  gc_new(mutator, hole, node_shape);
  gc_root(mutator, hole, NULL);
}

/* Makes a node with `levels` below it into the slot.  `hole` is a root slot for what leaves a hole. */
static inline void make_node(struct workload_run *run, int64_t levels, gc_ref *slot, gc_ref *hole)
{
  gc_new(run->mutator, slot, node_shape);
  struct payload *payload = gc_bytes(*slot, FIELDS);
  *payload = (struct payload){.i = (int32_t)levels, .j = ~(int32_t)levels};
  if (run->parameters[HOLES]) leave_hole(run->mutator, hole);
}

/* Gives an existing node its subtrees, parents before children: stores go from old objects to young ones. */
static void populate(struct workload_run *run, int64_t depth, gc_ref node, gc_ref *hole)
{
  if (depth <= 0) return;
  struct gc_mutator *mutator = run->mutator;
  enum { NODE, CHILD, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  gc_root(mutator, &frame.slot[NODE], node);
  for (uint32_t side = LEFT; side <= RIGHT; side++) {
    make_node(run, depth - 1, &frame.slot[CHILD], hole);
    gc_store(mutator, frame.slot[NODE], side, frame.slot[CHILD]);
  }
  populate(run, depth - 1, gc_load(mutator, frame.slot[NODE], LEFT), hole);
  populate(run, depth - 1, gc_load(mutator, frame.slot[NODE], RIGHT), hole);
  gc_pop(mutator, &frame.frame);
}

/* Builds a tree into the slot, children before parents. */
static void make_tree(struct workload_run *run, int64_t depth, gc_ref *slot, gc_ref *hole)
{
  if (depth <= 0) {
    make_node(run, 0, slot, hole);
    return;
  }
  struct gc_mutator *mutator = run->mutator;
  GC_FRAME(frame, FIELDS);
  gc_push(mutator, &frame.frame);
  make_tree(run, depth - 1, &frame.slot[LEFT], hole);
  make_tree(run, depth - 1, &frame.slot[RIGHT], hole);
  make_node(run, depth, slot, hole);
  gc_store(mutator, *slot, LEFT, frame.slot[LEFT]);
  gc_store(mutator, *slot, RIGHT, frame.slot[RIGHT]);
  gc_pop(mutator, &frame.frame);
}

/* What a tree holds, as one number that depends on its shape and on all of its data. */
static uint64_t digest_tree(struct gc_mutator *mutator, gc_ref node)
{
  if (node == NULL) return 1;
  const struct payload *payload = gc_bytes(node, FIELDS);
  const uint64_t own = (uint64_t)(uint32_t)payload->i << 32 | (uint32_t)payload->j;
  const uint64_t left = digest_tree(mutator, gc_load(mutator, node, LEFT));
  return (own * 31 + left) * 31 + digest_tree(mutator, gc_load(mutator, node, RIGHT));
}

/* Short-lived trees of one depth, first all top-down, then all bottom-up; of each, the first is read. */
static void construct(struct workload_run *run, int64_t depth, uint64_t depths_done, uint64_t depths)
{
  struct gc_mutator *mutator = run->mutator;
  const uint64_t iterations = 2 * tree_size(run->parameters[DEPTH_STRETCH]) / tree_size(depth);
  const uint64_t mask = workload_progress_mask(iterations);
  enum { TREE, HOLE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  for (uint64_t i = 0; i < 2 * iterations; i++) {
    if (i < iterations) {
      make_node(run, depth, &frame.slot[TREE], &frame.slot[HOLE]);
      populate(run, depth, frame.slot[TREE], &frame.slot[HOLE]);
    } else {
      make_tree(run, depth, &frame.slot[TREE], &frame.slot[HOLE]);
    }
    if (i == 0 || i == iterations) workload_checksum(run, digest_tree(mutator, frame.slot[TREE]));
    gc_root(mutator, &frame.slot[TREE], NULL);
    if ((i & mask) == 0) workload_progress(run, depths_done * 2 * iterations + i, depths * 2 * iterations);
  }
  gc_pop(mutator, &frame.frame);
}

static void fill_array(struct workload_run *run, gc_ref array)
{
  double *elements = gc_bytes(array, 0);
  for (int64_t i = 0; i < run->parameters[ARRAY] / 2; i++) elements[i] = 1.0 / (double)(i + 1);
}

static void read_array(struct workload_run *run, gc_ref array)
{
  const double *elements = gc_bytes(array, 0);
  for (int64_t i = 0; i < run->parameters[ARRAY]; i++) {
    uint64_t bits = 0;
    memcpy(&bits, &elements[i], sizeof bits);
    workload_checksum(run, bits);
  }
}

static void run_gcbench(struct workload_run *run)
{
  struct gc_mutator *mutator = run->mutator;
  const int64_t *p = run->parameters;
  enum { TEMPORARY, LONG_LIVED, ARRAY_SLOT, HOLE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);

  workload_phase(run, "stretch");
  make_tree(run, p[DEPTH_STRETCH], &frame.slot[TEMPORARY], &frame.slot[HOLE]);
  gc_root(mutator, &frame.slot[TEMPORARY], NULL);

  workload_phase(run, "long-lived");
  make_node(run, p[DEPTH_LONG], &frame.slot[LONG_LIVED], &frame.slot[HOLE]);
  populate(run, p[DEPTH_LONG], frame.slot[LONG_LIVED], &frame.slot[HOLE]);
  const uint32_t array_bytes = (uint32_t)(p[ARRAY] * (int64_t)sizeof(double));
  gc_new(mutator, &frame.slot[ARRAY_SLOT], (struct gc_shape){.bytes = array_bytes, .kind = GC_ATOM});
  fill_array(run, frame.slot[ARRAY_SLOT]);

  workload_phase(run, "short-lived");
  const uint64_t depths = (uint64_t)(p[DEPTH_MAX] - p[DEPTH_MIN]) / 2 + 1;
  for (uint64_t done = 0; done < depths; done++) construct(run, p[DEPTH_MIN] + 2 * (int64_t)done, done, depths);

  workload_phase(run, "check");
  workload_checksum(run, digest_tree(mutator, frame.slot[LONG_LIVED]));
  read_array(run, frame.slot[ARRAY_SLOT]);
  workload_progress(run, 1, 1);
  gc_pop(mutator, &frame.frame);
}

static bool validate_gcbench(const int64_t *p, char *error)
{
  if (p[DEPTH_MIN] <= p[DEPTH_MAX] && p[DEPTH_MAX] <= p[DEPTH_STRETCH]) return true;
  snprintf(error, SETTING_ERROR_MAX, "min_depth may not be above max_depth, nor max_depth above stretch_depth");
  return false;
}

const struct workload workload_gcbench = {
    .name = "gcbench",
    .summary = "trees of every size beside a long-lived tree and a large array",
    .source = "Ellis, Kovac and Boehm, An Artificial Garbage Collection Benchmark (GCBench)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_gcbench,
    .run = run_gcbench,
};
