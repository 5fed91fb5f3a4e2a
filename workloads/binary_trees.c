/*
 * binary_trees: nothing but perfect binary trees, made, walked and dropped.
 *
 * The Benchmarks Game's binary-trees (after GCBench): a stretch tree of depth N+1, a long-lived tree of depth N that
 * is kept to the end, and for each depth d from the smallest to N in steps of 2, 2^(N - d + min) trees that live only
 * until they have been walked.  Each depth makes nearly the same number of nodes, 2^(N + min + 1).  Nodes are two
 * references and no data; the walk counts them.  The Game runs N = 21 (600 million nodes).
 */
#include "workloads/workload.h"

#include <stdio.h>

enum { DEPTH, DEPTH_MIN, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [DEPTH] = {.name = "depth",
               .unit = "levels",
               .type = SETTING_INTEGER,
               .default_value = 16,
               .small_value = 6,
               .large_value = 21,
               .minimum = 2,
               .maximum = 26,
               .help = "depth N of the long-lived tree and of the deepest others (the Benchmarks Game: 21)"},
    [DEPTH_MIN] = {.name = "min_depth",
                   .unit = "levels",
                   .type = SETTING_INTEGER,
                   .default_value = 4,
                   .small_value = 2,
                   .large_value = 4,
                   .minimum = 0,
                   .maximum = 26,
                   .help = "depth of the smallest trees"},
};

enum { LEFT, RIGHT, FIELDS };

static const struct gc_shape node_shape = {.fields = FIELDS, .kind = GC_INSTANCE};

static bool validate_binary_trees(const int64_t *p, char *error)
{
  if (p[DEPTH_MIN] <= p[DEPTH]) return true;
  snprintf(error, SETTING_ERROR_MAX, "min_depth may not be above depth");
  return false;
}

/* Builds a tree into the slot, children before parents.  Recursion is as deep as the tree. */
static void make_tree(struct gc_mutator *mutator, int64_t depth, gc_ref *slot)
{
  if (depth == 0) {
    gc_new(mutator, slot, node_shape);
    return;
  }
  GC_FRAME(frame, FIELDS);
  gc_push(mutator, &frame.frame);
  make_tree(mutator, depth - 1, &frame.slot[LEFT]);
  make_tree(mutator, depth - 1, &frame.slot[RIGHT]);
  gc_new(mutator, slot, node_shape);
  gc_store(mutator, *slot, LEFT, frame.slot[LEFT]);
  gc_store(mutator, *slot, RIGHT, frame.slot[RIGHT]);
  gc_pop(mutator, &frame.frame);
}

static uint64_t count_nodes(struct gc_mutator *mutator, gc_ref node)
{
  const gc_ref left = gc_load(mutator, node, LEFT);
  if (left == NULL) return 1;
  return 1 + count_nodes(mutator, left) + count_nodes(mutator, gc_load(mutator, node, RIGHT));
}

/* Makes, walks and drops a tree; returns its nodes. */
static uint64_t check_tree(struct gc_mutator *mutator, int64_t depth, gc_ref *slot)
{
  make_tree(mutator, depth, slot);
  const uint64_t nodes = count_nodes(mutator, *slot);
  gc_root(mutator, slot, NULL);
  return nodes;
}

static void run_binary_trees(struct workload_run *run)
{
  struct gc_mutator *mutator = run->mutator;
  const int64_t max_depth = run->parameters[DEPTH];
  const int64_t min_depth = run->parameters[DEPTH_MIN];
  enum { TEMPORARY, LONG_LIVED, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);

  workload_phase(run, "stretch");
  workload_checksum(run, check_tree(mutator, max_depth + 1, &frame.slot[TEMPORARY]));

  workload_phase(run, "long-lived");
  make_tree(mutator, max_depth, &frame.slot[LONG_LIVED]);

  workload_phase(run, "short-lived");
  const uint64_t depths = (uint64_t)(max_depth - min_depth) / 2 + 1;
  uint64_t depths_done = 0;
  for (int64_t depth = min_depth; depth <= max_depth; depth += 2) {
    const uint64_t iterations = UINT64_C(1) << (max_depth - depth + min_depth);
    const uint64_t mask = workload_progress_mask(iterations);
    uint64_t nodes = 0;
    for (uint64_t i = 0; i < iterations; i++) {
      nodes += check_tree(mutator, depth, &frame.slot[TEMPORARY]);
      if ((i & mask) == 0) workload_progress(run, depths_done * iterations + i, depths * iterations);
    }
    workload_checksum(run, nodes);
    depths_done++;
  }

  workload_checksum(run, count_nodes(mutator, frame.slot[LONG_LIVED]));
  workload_progress(run, 1, 1);
  gc_pop(mutator, &frame.frame);
}

const struct workload workload_binary_trees = {
    .name = "binary_trees",
    .summary = "perfect binary trees, made, walked and dropped",
    .source = "The Computer Language Benchmarks Game, binary-trees",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_binary_trees,
    .run = run_binary_trees,
};
