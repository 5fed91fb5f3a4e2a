/*
 * graph: snapshots of the object graph in a recording, measured as they are read.
 *
 * A snapshot is taken right after a full collection, of every object that this looked at and left: which other objects
 * that the collector counts it refers to, as its type's traversal says.  Strings, numbers and whatever else is not
 * counted are not in it.
 */
#ifndef GCLAB_HARNESS_RECORDING_GRAPH_H
#define GCLAB_HARNESS_RECORDING_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording_graph {
  uint32_t tick;
  uint64_t objects, references; /* references among them, and to objects that are younger or frozen */
  uint64_t most_references;     /* of one object */
  uint64_t cyclic, cycles;      /* objects that can reach themselves; strongly connected sets of them */
  uint64_t largest_cycle;       /* objects of the largest set */
};

/* A snapshot while it is read. */
struct graph_builder {
  bool is_open;
  uint32_t *nodes;      /* numbers of objects, in the order of the snapshot */
  uint32_t *node_of;    /* by number: 1 and its place among the nodes, or 0 */
  size_t *first;        /* by node: where its references begin */
  uint32_t *references; /* numbers of objects */
  size_t node_count, node_room, reference_count, reference_room, object_count;
};

/* object_count: numbers are below it.  False: one is open already. */
bool graph_begin(struct graph_builder *builder, size_t object_count);

/* The next object, and references of the last one.  False: there is no such object, it was there, or nothing is open. */
bool graph_add_object(struct graph_builder *builder, uint64_t number);
bool graph_add_reference(struct graph_builder *builder, uint64_t number);

/* Measures what is open and closes it.  False: nothing is. */
bool graph_end(struct graph_builder *builder, struct recording_graph *graph);
void graph_free(struct graph_builder *builder);

#endif
