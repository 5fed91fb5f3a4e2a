/* graph: see graph.h. */
#include "harness/recording/graph.h"

#include <stdlib.h>

#include "base/memory.h"

enum { ROOM_FIRST = 1024 };

/* ---- reading ---------------------------------------------------------------------------------------------------- */

bool graph_begin(struct graph_builder *builder, size_t object_count)
{
  if (builder->is_open) return false;
  graph_free(builder);
  *builder = (struct graph_builder){.is_open = true,
                                    .object_count = object_count,
                                    .node_of = memory_require(calloc(object_count + 1, sizeof(uint32_t)))};
  return true;
}

bool graph_add_object(struct graph_builder *builder, uint64_t number)
{
  if (!builder->is_open || number >= builder->object_count || builder->node_of[number] != 0) return false;
  if (builder->node_count == builder->node_room) {
    builder->node_room = builder->node_room == 0 ? ROOM_FIRST : 2 * builder->node_room;
    builder->nodes = memory_require(reallocarray(builder->nodes, builder->node_room, sizeof *builder->nodes));
    builder->first = memory_require(reallocarray(builder->first, builder->node_room + 1, sizeof *builder->first));
  }
  builder->first[builder->node_count] = builder->reference_count;
  builder->nodes[builder->node_count++] = (uint32_t)number;
  builder->node_of[number] = (uint32_t)builder->node_count;
  return true;
}

bool graph_add_reference(struct graph_builder *builder, uint64_t number)
{
  if (!builder->is_open || builder->node_count == 0 || number >= builder->object_count) return false;
  if (builder->reference_count == builder->reference_room) {
    builder->reference_room = builder->reference_room == 0 ? ROOM_FIRST : 2 * builder->reference_room;
    builder->references =
        memory_require(reallocarray(builder->references, builder->reference_room, sizeof *builder->references));
  }
  builder->references[builder->reference_count++] = (uint32_t)number;
  return true;
}

void graph_free(struct graph_builder *builder)
{
  free(builder->nodes);
  free(builder->node_of);
  free(builder->first);
  free(builder->references);
  *builder = (struct graph_builder){0};
}

/* ---- cycles ----------------------------------------------------------------------------------------------------- */

/*
 * Strongly connected components (Tarjan, Depth-first search and linear graph algorithms, 1972), with a stack of its own
 * in place of recursion: a list may be a million objects deep.
 */
struct tarjan {
  const struct graph_builder *graph;
  uint32_t *index, *low; /* by node; index 0: not reached yet */
  size_t *next;          /* by node: the reference that is followed next */
  uint32_t *stack, *way; /* reached and not yet in a component; from the root to here */
  size_t stack_count, way_count;
  bool *is_stacked;
  uint32_t reached;
  struct recording_graph *result;
};

static void reach(struct tarjan *tarjan, uint32_t node)
{
  tarjan->index[node] = tarjan->low[node] = ++tarjan->reached;
  tarjan->next[node] = tarjan->graph->first[node];
  tarjan->stack[tarjan->stack_count++] = tarjan->way[tarjan->way_count++] = node;
  tarjan->is_stacked[node] = true;
}

static bool refers_to_itself(const struct graph_builder *graph, uint32_t node)
{
  for (size_t i = graph->first[node]; i < graph->first[node + 1]; i++) {
    if (graph->references[i] == graph->nodes[node]) return true;
  }
  return false;
}

/* A component is whole: what lies above its root on the stack. */
static void close_component(struct tarjan *tarjan, uint32_t root)
{
  uint64_t size = 0;
  for (uint32_t node = root + 1; node != root; size++) {
    node = tarjan->stack[--tarjan->stack_count];
    tarjan->is_stacked[node] = false;
  }
  if (size == 1 && !refers_to_itself(tarjan->graph, root)) return;
  tarjan->result->cyclic += size;
  tarjan->result->cycles++;
  if (size > tarjan->result->largest_cycle) tarjan->result->largest_cycle = size;
}

static void leave(struct tarjan *tarjan, uint32_t node)
{
  tarjan->way_count--;
  if (tarjan->low[node] == tarjan->index[node]) close_component(tarjan, node);
  if (tarjan->way_count == 0) return;
  const uint32_t parent = tarjan->way[tarjan->way_count - 1];
  if (tarjan->low[node] < tarjan->low[parent]) tarjan->low[parent] = tarjan->low[node];
}

/* Follows one reference, or leaves the node when all are followed. */
static void step(struct tarjan *tarjan, uint32_t node)
{
  const struct graph_builder *graph = tarjan->graph;
  if (tarjan->next[node] == graph->first[node + 1]) {
    leave(tarjan, node);
    return;
  }
  const uint32_t to = graph->node_of[graph->references[tarjan->next[node]++]];
  if (to == 0) return; /* not in the snapshot */
  if (tarjan->index[to - 1] == 0)
    reach(tarjan, to - 1);
  else if (tarjan->is_stacked[to - 1] && tarjan->index[to - 1] < tarjan->low[node])
    tarjan->low[node] = tarjan->index[to - 1];
}

static void find_cycles(const struct graph_builder *graph, struct recording_graph *result)
{
  const size_t count = graph->node_count + 1;
  struct tarjan tarjan = {.graph = graph,
                          .index = memory_require(calloc(count, sizeof(uint32_t))),
                          .low = memory_require(calloc(count, sizeof(uint32_t))),
                          .next = memory_require(calloc(count, sizeof(size_t))),
                          .stack = memory_require(calloc(count, sizeof(uint32_t))),
                          .way = memory_require(calloc(count, sizeof(uint32_t))),
                          .is_stacked = memory_require(calloc(count, sizeof(bool))),
                          .result = result};
  for (uint32_t node = 0; node < graph->node_count; node++) {
    if (tarjan.index[node] == 0) reach(&tarjan, node);
    while (tarjan.way_count > 0) step(&tarjan, tarjan.way[tarjan.way_count - 1]);
  }
  free(tarjan.index);
  free(tarjan.low);
  free(tarjan.next);
  free(tarjan.stack);
  free(tarjan.way);
  free(tarjan.is_stacked);
}

bool graph_end(struct graph_builder *builder, struct recording_graph *graph)
{
  if (!builder->is_open) return false;
  *graph = (struct recording_graph){.objects = builder->node_count, .references = builder->reference_count};
  if (builder->node_count > 0) {
    builder->first[builder->node_count] = builder->reference_count;
    for (size_t node = 0; node < builder->node_count; node++) {
      const uint64_t references = builder->first[node + 1] - builder->first[node];
      if (references > graph->most_references) graph->most_references = references;
    }
    find_cycles(builder, graph);
  }
  graph_free(builder);
  return true;
}
