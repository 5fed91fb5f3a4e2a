#include "tests/conformance/shadow_graph.h"

#include <stdlib.h>

#include "tests/conformance/objects.h"

void shadow_open(struct shadow_graph *graph, uint32_t node_capacity)
{
  *graph = (struct shadow_graph){.nodes = calloc(node_capacity, sizeof(struct shadow_node)),
                                 .node_count = 1,
                                 .node_capacity = node_capacity,
                                 .stack = calloc(node_capacity, sizeof(uint32_t)),
                                 .addresses = calloc(node_capacity, sizeof(gc_ref))};
  REQUIRE(graph->nodes != NULL && graph->stack != NULL && graph->addresses != NULL, "no memory for the shadow graph");
}

void shadow_close(struct shadow_graph *graph)
{
  free(graph->nodes);
  free(graph->stack);
  free((void *)graph->addresses);
}

uint32_t shadow_new(struct shadow_graph *graph, struct gc_shape shape)
{
  REQUIRE(graph->node_count < graph->node_capacity, "the shadow graph is full");
  graph->nodes[graph->node_count].shape = shape;
  return graph->node_count++;
}

/* A node's count has fallen to zero: it goes, and so do those that only it kept. */
static void release(struct shadow_graph *graph, uint32_t first)
{
  uint32_t depth = 0;
  graph->stack[depth++] = first;
  while (depth > 0) {
    struct shadow_node *node = &graph->nodes[graph->stack[--depth]];
    graph->counted_alive--;
    for (uint32_t f = 0; f < node->shape.fields; f++) {
      const uint32_t to = node->fields[f];
      node->fields[f] = SHADOW_NONE;
      if (to != SHADOW_NONE && --graph->nodes[to].count == 0) graph->stack[depth++] = to;
    }
  }
}

void shadow_assign(struct shadow_graph *graph, uint32_t *place, uint32_t to)
{
  const uint32_t old = *place;
  *place = to;
  if (to != SHADOW_NONE && graph->nodes[to].count++ == 0) graph->counted_alive++;
  if (old != SHADOW_NONE && --graph->nodes[old].count == 0) release(graph, old);
}

/* Notes that the heap has node `number` at `address`; true when that is news. */
static bool visit(struct shadow_graph *graph, uint32_t number, gc_ref address)
{
  REQUIRE((number == SHADOW_NONE) == (address == NULL), "node %u is at %p", number, (void *)address);
  if (number == SHADOW_NONE) return false;
  struct shadow_node *node = &graph->nodes[number];
  if (node->stamp == graph->stamp) {
    REQUIRE(graph->addresses[number] == address, "node %u is at %p and at %p", number, (void *)graph->addresses[number],
            (void *)address);
    return false;
  }
  node->stamp = graph->stamp;
  graph->addresses[number] = address;
  object_require(address, node->shape, number);
  return true;
}

uint32_t shadow_compare(struct shadow_graph *graph, struct heap *heap, const uint32_t *roots, const gc_ref *slots,
                        uint32_t root_count)
{
  graph->stamp++;
  uint32_t depth = 0;
  uint32_t reachable = 0;
  for (uint32_t r = 0; r < root_count; r++)
    if (visit(graph, roots[r], slots[r])) graph->stack[depth++] = roots[r];
  while (depth > 0) {
    const uint32_t number = graph->stack[--depth];
    const struct shadow_node *node = &graph->nodes[number];
    reachable++;
    for (uint32_t f = 0; f < node->shape.fields; f++) {
      gc_ref field = gc_load(heap->mutator, graph->addresses[number], f);
      if (visit(graph, node->fields[f], field)) graph->stack[depth++] = node->fields[f];
    }
  }
  for (uint32_t i = 1; i < graph->node_count; i++) graph->addresses[i] = NULL; /* nothing for a scan to find */
  return reachable;
}
