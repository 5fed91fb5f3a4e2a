/*
 * shapes: the object graphs that are traced and freed: list, tree, random graph, wide array.
 *
 * All but the array are made of nodes of two references and 8 bytes (MICRO_NODE).  What holds a tree's levels while it
 * is built becomes garbage; nothing else does.
 */
#ifndef GCLAB_HARNESS_MICRO_SHAPES_H
#define GCLAB_HARNESS_MICRO_SHAPES_H

#include "harness/micro/micro.h"

enum shape { SHAPE_LIST, SHAPE_TREE, SHAPE_GRAPH, SHAPE_ARRAY, SHAPES };

const char *shape_name(enum shape shape);

/* The limit that tracing or freeing such a graph is held against: in allocation order, or at random. */
const char *shape_limit(enum shape shape);

/*
 * Builds one of `count` objects that roots[0] alone keeps alive; roots[1] and roots[2] are used, and empty afterwards.
 *
 *   list   each node refers to the one that was made before it
 *   tree   binary, of depth log2(count), filled level by level; made from the leaves upwards
 *   graph  each node refers to two others at random; an array refers to all and makes them reachable.  acyclic: only to
 *          those that were made before it, so that counting frees them
 *   array  one array of count - 1 references to objects of 8 bytes
 */
void shape_build(struct micro *micro, enum shape shape, uint32_t count, bool acyclic);

/* An array in roots[0] of 2^bits nodes, each of which refers to a random one by its first field, and by its second to
 * the next on a cycle through all of them in random order. */
void shape_build_working_set(struct micro *micro, unsigned bits);

/* The order of that cycle: next[i] follows i (Sattolo's algorithm).  malloc'ed. */
uint32_t *shape_random_cycle(struct random *random, uint32_t count);

#endif
