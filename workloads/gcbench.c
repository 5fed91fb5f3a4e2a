/*
 * gcbench: short-lived trees of every size beside a long-lived tree and a large array.
 *
 * John Ellis and Pete Kovac of Post Communications, translated by Hans Boehm ("An Artificial Garbage Collection
 * Benchmark", 1997).  Constants are theirs: stretch tree of depth 18, long-lived tree of depth 16, an array of
 * 500 000 doubles, trees of depth 4 to 16 in steps of 2 built top-down and bottom-up, as many of each depth as make
 * twice the stretch tree's nodes.  The holes variant (Boehm's HOLES) drops an object between a node's children, so
 * that the long-lived heap is not contiguous.  Known deficiencies, from its own header: no cycles, and sizes hardly
 * vary.
 */
#include "workloads/workload.h"

enum { DEPTH_STRETCH, DEPTH_LONG, DEPTH_MIN, DEPTH_MAX, ARRAY, HOLES, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [DEPTH_STRETCH] = {.name = "stretch_depth",
                       .unit = "levels",
                       .type = SETTING_INTEGER,
                       .default_value = 18,
                       .small_value = 10,
                       .minimum = 1,
                       .maximum = 26,
                       .help = "depth of the tree that stretches the heap first"},
    [DEPTH_LONG] = {.name = "long_lived_depth",
                    .unit = "levels",
                    .type = SETTING_INTEGER,
                    .default_value = 16,
                    .small_value = 8,
                    .minimum = 1,
                    .maximum = 26,
                    .help = "depth of the tree that lives to the end"},
    [DEPTH_MIN] = {.name = "min_depth",
                   .unit = "levels",
                   .type = SETTING_INTEGER,
                   .default_value = 4,
                   .small_value = 4,
                   .minimum = 1,
                   .maximum = 26,
                   .help = "depth of the smallest short-lived trees"},
    [DEPTH_MAX] = {.name = "max_depth",
                   .unit = "levels",
                   .type = SETTING_INTEGER,
                   .default_value = 16,
                   .small_value = 8,
                   .minimum = 1,
                   .maximum = 26,
                   .help = "depth of the largest short-lived trees"},
    [ARRAY] = {.name = "array",
               .unit = "doubles",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 500000,
               .small_value = 1000,
               .minimum = 1,
               .maximum = 100000000,
               .help = "length of the long-lived array"},
    [HOLES] = {.name = "holes",
               .unit = "",
               .type = SETTING_BOOLEAN,
               .default_value = 0,
               .small_value = 0,
               .minimum = 0,
               .maximum = 1,
               .help = "drop an object between a node's children, to leave holes"},
};

enum { LEFT, RIGHT, FIELDS };

struct payload {
  int32_t i, j;
};

static const struct gc_shape node_shape = {.fields = FIELDS, .bytes = sizeof(struct payload), .kind = GC_INSTANCE};
static const struct gc_shape hole_shape = {.fields = 0, .bytes = 40, .kind = GC_ATOM};

static uint64_t tree_size(int64_t depth) { return (UINT64_C(1) << (depth + 1)) - 1; }

/* Gives an existing node its subtrees, parents before children: stores go from old objects to young ones. */
static void populate(struct workload_run *run, int64_t depth, gc_ref node)
{
  if (depth <= 0) return;
  struct gc_mutator *mutator = run->mutator;
  GC_FRAME(frame, 3);
  gc_push(mutator, &frame.frame);
  gc_root(mutator, &frame.slot[0], node);
  for (uint32_t side = LEFT; side <= RIGHT; side++) {
    gc_new(mutator, &frame.slot[1], node_shape);
    if (run->parameters[HOLES]) gc_new(mutator, &frame.slot[2], hole_shape);
    gc_store(mutator, frame.slot[0], side, frame.slot[1]);
  }
  populate(run, depth - 1, gc_load(mutator, frame.slot[0], LEFT));
  populate(run, depth - 1, gc_load(mutator, frame.slot[0], RIGHT));
  gc_pop(mutator, &frame.frame);
}

/* Builds a tree into the slot, children before parents. */
static void make_tree(struct workload_run *run, int64_t depth, gc_ref *slot)
{
  struct gc_mutator *mutator = run->mutator;
  if (depth <= 0) {
    gc_new(mutator, slot, node_shape);
    return;
  }
  GC_FRAME(frame, 3);
  gc_push(mutator, &frame.frame);
  make_tree(run, depth - 1, &frame.slot[LEFT]);
  make_tree(run, depth - 1, &frame.slot[RIGHT]);
  gc_new(mutator, slot, node_shape);
  if (run->parameters[HOLES]) gc_new(mutator, &frame.slot[2], hole_shape);
  gc_store(mutator, *slot, LEFT, frame.slot[LEFT]);
  gc_store(mutator, *slot, RIGHT, frame.slot[RIGHT]);
  gc_pop(mutator, &frame.frame);
}

static uint64_t count_nodes(struct workload_run *run, gc_ref node)
{
  if (node == NULL) return 0;
  return 1 + count_nodes(run, gc_load(run->mutator, node, LEFT)) + count_nodes(run, gc_load(run->mutator, node, RIGHT));
}

/* Short-lived trees of one depth, half of them top-down, half bottom-up. */
static void construct(struct workload_run *run, int64_t depth)
{
  struct gc_mutator *mutator = run->mutator;
  const uint64_t iterations = 2 * tree_size(run->parameters[DEPTH_STRETCH]) / tree_size(depth);
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  for (uint64_t i = 0; i < iterations; i++) {
    gc_new(mutator, &frame.slot[0], node_shape);
    populate(run, depth, frame.slot[0]);
    if (i == 0) workload_checksum(run, count_nodes(run, frame.slot[0]));
    gc_root(mutator, &frame.slot[0], NULL);
  }
  for (uint64_t i = 0; i < iterations; i++) {
    make_tree(run, depth, &frame.slot[0]);
    if (i == 0) workload_checksum(run, count_nodes(run, frame.slot[0]));
    gc_root(mutator, &frame.slot[0], NULL);
  }
  gc_pop(mutator, &frame.frame);
}

static void fill_array(struct workload_run *run, gc_ref array)
{
  double *elements = gc_bytes(array, 0);
  for (int64_t i = 0; i < run->parameters[ARRAY] / 2; i++) elements[i] = 1.0 / (double)(i + 1);
}

static void run_gcbench(struct workload_run *run)
{
  struct gc_mutator *mutator = run->mutator;
  const int64_t *p = run->parameters;
  enum { TEMPORARY, LONG_LIVED, ARRAY_SLOT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);

  workload_phase(run, "stretch");
  make_tree(run, p[DEPTH_STRETCH], &frame.slot[TEMPORARY]);
  gc_root(mutator, &frame.slot[TEMPORARY], NULL);

  workload_phase(run, "long-lived");
  gc_new(mutator, &frame.slot[LONG_LIVED], node_shape);
  populate(run, p[DEPTH_LONG], frame.slot[LONG_LIVED]);
  const uint32_t array_bytes = (uint32_t)(p[ARRAY] * (int64_t)sizeof(double));
  gc_new(mutator, &frame.slot[ARRAY_SLOT], (struct gc_shape){.bytes = array_bytes, .kind = GC_ATOM});
  fill_array(run, frame.slot[ARRAY_SLOT]);

  workload_phase(run, "short-lived");
  for (int64_t depth = p[DEPTH_MIN]; depth <= p[DEPTH_MAX]; depth += 2) {
    construct(run, depth);
    workload_progress(run, (uint64_t)(depth - p[DEPTH_MIN] + 2), (uint64_t)(p[DEPTH_MAX] - p[DEPTH_MIN] + 2));
  }

  workload_checksum(run, count_nodes(run, frame.slot[LONG_LIVED]));
  const double *elements = gc_bytes(frame.slot[ARRAY_SLOT], 0);
  workload_checksum(run, elements[p[ARRAY] / 4] == 1.0 / (double)(p[ARRAY] / 4 + 1));
  gc_pop(mutator, &frame.frame);
}

const struct workload workload_gcbench = {
    .name = "gcbench",
    .summary = "trees of every size beside a long-lived tree and a large array",
    .source = "Ellis, Kovac and Boehm, An Artificial Garbage Collection Benchmark (GCBench)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_gcbench,
};
