/*
 * objects: the structures that conformance tests build, and the patterns by which they know them again.
 *
 * An object's raw bytes are filled from its id, so that a byte that was overwritten, or an object that was mistaken
 * for another, is found out.
 */
#ifndef GCLAB_TESTS_CONFORMANCE_OBJECTS_H
#define GCLAB_TESTS_CONFORMANCE_OBJECTS_H

#include "tests/conformance/conformance.h"

/* One field and eight bytes: the node of lists and rings.  field 0 is the next node, the bytes are its number. */
enum { NODE_NEXT, NODE_FIELDS };
static const struct gc_shape node_shape = {.fields = NODE_FIELDS, .bytes = 8, .kind = GC_INSTANCE};

static inline uint64_t *node_number(gc_ref node) { return gc_bytes(node, NODE_FIELDS); }

/* Fills the raw bytes with a pattern made from id. */
void object_fill(gc_ref object, struct gc_shape shape, uint64_t id);

/* Requires that the raw bytes are the pattern of id. */
void object_require(gc_ref object, struct gc_shape shape, uint64_t id);

/* Requires that all fields are NULL and all bytes are zero. */
void object_require_empty(gc_ref object, struct gc_shape shape);

/* A list of `length` nodes in the slot; the first has the number length - 1, the last 0. */
void list_build(struct heap *heap, gc_ref *slot, uint64_t length);

/* Requires that the list is as list_build made it. */
void list_require(struct heap *heap, gc_ref first, uint64_t length);

/* A ring of `length` nodes, one of them in the slot. */
void ring_build(struct heap *heap, gc_ref *slot, uint64_t length);
void ring_require(struct heap *heap, gc_ref first, uint64_t length);

/* A binary tree of the given depth (0: one node); every node has two fields and its heap number (root 1) in bytes. */
enum { TREE_LEFT, TREE_RIGHT, TREE_FIELDS };
void tree_build(struct heap *heap, gc_ref *slot, uint32_t depth);
void tree_require(struct heap *heap, gc_ref root, uint32_t depth);
static inline uint64_t tree_size(uint32_t depth) { return (UINT64_C(2) << depth) - 1; }

/* Overwrites stale references that dead stack frames left behind, for collectors that scan conservatively. */
void stack_clear(void);

#endif
