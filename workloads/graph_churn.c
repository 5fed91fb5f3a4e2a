/*
 * graph_churn: a random directed graph whose edges are rewired and whose nodes are replaced.
 *
 * A table holds n nodes; each has d references, its edges, to nodes of the table.  A round rewires r edges: a random
 * node's random edge goes to another node.  Then it replaces a random node: a new one, with d new edges, takes its
 * place in the table.  The old one lives on as long as edges lead to it, and with it all that its own edges lead to,
 * though nobody rewires those any more.  So nodes die late, one by one or in tangles: some when the last edge to them
 * moves, others when they and more like them are held by nothing but each other.  Lifetimes have a long tail, stores
 * go from nodes of any age to nodes of any age, and memory is walked in no order.
 *
 * Edges reach at most `span` places along the table (the ring lattice of Watts and Strogatz, 1998, with its edges
 * drawn anew).  A small span makes short cycles likely, hence cyclic garbage; from a uniform random digraph (span as
 * large as the table) hardly any comes, as short cycles are of the order of 1/n there, though the little that comes
 * is enough to make counting alone leak ever more: what a dead cycle holds can never die.
 *
 * Replaced nodes hold on to one another.  With too few rewirings a round they do so faster than they are let go, and
 * the live graph grows without end: at degree 3 it is steady from about 12 rewirings on in a span of 16, and from
 * about 30 in a uniform graph; what is needed grows with the square of the degree.
 */
#include "workloads/workload.h"

#include "workloads/payload.h"

enum { NODES, DEGREE, SPAN, COLLECTIONS, ROUNDS, REWIRED, EXTRA_BYTES, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [NODES] = {.name = "nodes",
               .unit = "nodes",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 100000,
               .small_value = 60,
               .large_value = 1000000,
               .minimum = 1,
               .maximum = 100000000,
               .help = "nodes in the table"},
    [DEGREE] = {.name = "degree",
                .unit = "edges",
                .type = SETTING_INTEGER,
                .default_value = 3,
                .small_value = 3,
                .large_value = 3,
                .minimum = 1,
                .maximum = 1000,
                .help = "edges that leave a node"},
    [SPAN] = {.name = "span",
              .unit = "nodes",
              .type = SETTING_INTEGER,
              .scale = SETTING_LOG,
              .default_value = 16,
              .small_value = 8,
              .large_value = 16,
              .minimum = 1,
              .maximum = 100000000,
              .help = "places around a node that its edges go to; as many as nodes: anywhere"},
    [COLLECTIONS] = {.name = "full_collections",
                     .unit = "collections",
                     .type = SETTING_INTEGER,
                     .default_value = 0,
                     .small_value = 1,
                     .large_value = 0,
                     .minimum = 0,
                     .maximum = 1000,
                     .help = "full collections asked for once the graph is built, to see what one costs"},
    [ROUNDS] = {.name = "rounds",
                .unit = "nodes",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 500000,
                .small_value = 600,
                .large_value = 5000000,
                .minimum = 0,
                .maximum = 1000000000,
                .help = "nodes replaced in all, one a round"},
    [REWIRED] = {.name = "rewired",
                 .unit = "edges",
                 .type = SETTING_INTEGER,
                 .scale = SETTING_LOG,
                 .default_value = 24,
                 .small_value = 24,
                 .large_value = 24,
                 .minimum = 1,
                 .maximum = 1000000,
                 .help = "edges rewired in a round"},
    [EXTRA_BYTES] = {.name = "extra_bytes",
                     .unit = "bytes",
                     .type = SETTING_BYTES,
                     .default_value = 32,
                     .small_value = 5,
                     .large_value = 32,
                     .minimum = 0,
                     .maximum = 1 << 20,
                     .help = "raw bytes in each node, beside its number"},
};

struct graph {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *table; /* root slots */
  gc_ref *node;
  struct gc_shape shape;
  uint32_t nodes, degree, span;
  uint64_t stamps; /* of nodes made so far: the number of the next */
  uint64_t salt;
};

static gc_ref table_node(const struct graph *g, uint32_t place) { return gc_load(g->mutator, *g->table, place); }

/* A random place that an edge from this one may lead to. */
static uint32_t random_neighbour(const struct graph *g, uint32_t place)
{
  const uint32_t offset = random_below(&g->run->random, g->span);
  return (place + (g->nodes - g->span / 2) + offset) % g->nodes;
}

static void make_node(struct graph *g)
{
  gc_new(g->mutator, g->node, g->shape);
  payload_fill(gc_bytes(*g->node, g->degree), g->shape.bytes, g->salt + g->stamps++);
}

static void build(struct graph *g)
{
  gc_new(g->mutator, g->table, (struct gc_shape){.fields = g->nodes, .kind = GC_LIST});
  for (uint32_t place = 0; place < g->nodes; place++) {
    make_node(g);
    gc_store(g->mutator, *g->table, place, *g->node);
  }
  for (uint32_t place = 0; place < g->nodes; place++) {
    for (uint32_t edge = 0; edge < g->degree; edge++) {
      const uint32_t target = random_neighbour(g, place);
      gc_store(g->mutator, table_node(g, place), edge, table_node(g, target));
    }
  }
}

static void rewire(struct graph *g)
{
  const uint32_t place = random_below(&g->run->random, g->nodes);
  const uint32_t edge = random_below(&g->run->random, g->degree);
  const uint32_t target = random_neighbour(g, place);
  gc_store(g->mutator, table_node(g, place), edge, table_node(g, target));
}

/* What a node and its neighbours hold.  No safepoint. */
static uint64_t digest_node(const struct graph *g, gc_ref node)
{
  uint64_t digest = payload_digest(gc_bytes(node, g->degree), g->shape.bytes);
  for (uint32_t edge = 0; edge < g->degree; edge++) {
    const gc_ref target = gc_load(g->mutator, node, edge);
    digest = digest * 31 + payload_digest(gc_bytes(target, g->degree), g->shape.bytes);
  }
  return digest;
}

static void replace(struct graph *g)
{
  const uint32_t place = random_below(&g->run->random, g->nodes);
  make_node(g);
  for (uint32_t edge = 0; edge < g->degree; edge++) {
    const uint32_t target = random_neighbour(g, place);
    gc_store(g->mutator, *g->node, edge, table_node(g, target));
  }
  workload_checksum(g->run, digest_node(g, table_node(g, place)));
  gc_store(g->mutator, *g->table, place, *g->node);
}

static void run_graph_churn(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  enum { TABLE, NODE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct graph g = {
      .run = run,
      .mutator = run->mutator,
      .table = &frame.slot[TABLE],
      .node = &frame.slot[NODE],
      .shape = {.fields = (uint32_t)p[DEGREE],
                .bytes = PAYLOAD_STAMP_BYTES + (uint32_t)p[EXTRA_BYTES],
                .kind = GC_INSTANCE},
      .nodes = (uint32_t)p[NODES],
      .degree = (uint32_t)p[DEGREE],
      .span = (uint32_t)(p[SPAN] < p[NODES] ? p[SPAN] : p[NODES]),
      .salt = random_u64(&run->random),
  };

  workload_phase(run, "build");
  build(&g);

  if (p[COLLECTIONS] > 0) workload_phase(run, "collect");
  for (int64_t i = 0; i < p[COLLECTIONS]; i++) gc_collect(run->mutator, GC_FULL);

  workload_phase(run, "churn");
  const uint64_t rounds = (uint64_t)p[ROUNDS];
  const uint64_t mask = workload_progress_mask(rounds);
  for (uint64_t i = 0; i < rounds; i++) {
    for (int64_t edge = 0; edge < p[REWIRED]; edge++) rewire(&g);
    replace(&g);
    if ((i & mask) == 0) workload_progress(run, i, rounds);
  }

  workload_phase(run, "check");
  for (uint32_t place = 0; place < g.nodes; place++) workload_checksum(run, digest_node(&g, table_node(&g, place)));
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_graph_churn = {
    .name = "graph_churn",
    .summary = "a random digraph whose edges are rewired and whose nodes are replaced",
    .source = "gclab; a random digraph as in garbage collection folklore, local edges after Watts and Strogatz (1998)",
    .makes_cycles = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_graph_churn,
};
