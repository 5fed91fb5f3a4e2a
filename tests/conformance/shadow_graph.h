/*
 * shadow_graph: what the heap under test should look like, kept apart from it.
 *
 * The random mutator does everything twice: on the heap, through gc.h, and here, with numbers instead of references.
 * The graph knows which objects are reachable (what a tracing collector must keep) and which ones counting would have
 * kept (it keeps counts of its own), so that both kinds of collectors are held to the exact number.
 *
 * INVARIANTS
 *  - A node's count is the number of root slots and of fields of counted nodes that refer to it.
 *  - counted_alive is the number of nodes whose count is above zero: what immediate counting holds.
 *  - A node with a count of zero has left the graph, as far as counting goes; it is not reachable either.
 */
#ifndef GCLAB_TESTS_CONFORMANCE_SHADOW_GRAPH_H
#define GCLAB_TESTS_CONFORMANCE_SHADOW_GRAPH_H

#include "collectors/gc.h"
#include "tests/conformance/conformance.h"

enum { SHADOW_FIELDS_MAX = 12, SHADOW_NONE = 0 }; /* node 0 is NULL */

struct shadow_node {
  struct gc_shape shape;
  uint32_t count;
  uint32_t stamp; /* of the walk that saw it last */
  uint32_t fields[SHADOW_FIELDS_MAX];
};

struct shadow_graph {
  struct shadow_node *nodes;
  uint32_t node_count, node_capacity; /* numbers below node_count are given out; none is used again */
  uint32_t counted_alive;
  uint32_t stamp;
  uint32_t *stack;   /* for walks and cascades, node_capacity entries */
  gc_ref *addresses; /* of the walk at hand: where the heap has node n */
};

void shadow_open(struct shadow_graph *graph, uint32_t node_capacity);
void shadow_close(struct shadow_graph *graph);

/* A new node; its count is zero until it is put somewhere. */
uint32_t shadow_new(struct shadow_graph *graph, struct gc_shape shape);

/* Puts node `to` (or SHADOW_NONE) where `place` is: a root slot's number, or a node's field. */
void shadow_assign(struct shadow_graph *graph, uint32_t *place, uint32_t to);

/*
 * Compares everything reachable from the root slots, here and in the heap: same shape of graph, every object with its
 * own address, patterns intact.  Returns the number of reachable nodes.
 */
uint32_t shadow_compare(struct shadow_graph *graph, struct heap *heap, const uint32_t *roots, const gc_ref *slots,
                        uint32_t root_count);

#endif
