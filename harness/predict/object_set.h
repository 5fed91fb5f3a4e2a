/*
 * object_set: a set of objects by their numbers, with the count of those from some number on.
 *
 * A bit an object, and counts of blocks and of superblocks of them: adding and removing touch three words, whose
 * neighbours are warm since most objects die young; counting looks at some hundred.
 *
 * INVARIANT: a block's count is that of its bits, a superblock's that of its blocks.  object_set_check() says whether.
 */
#ifndef GCLAB_HARNESS_PREDICT_OBJECT_SET_H
#define GCLAB_HARNESS_PREDICT_OBJECT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OBJECT_SET_BLOCK = 1024, OBJECT_SET_SUPERBLOCK = 256 * OBJECT_SET_BLOCK };

struct object_set {
  uint64_t *bits;
  uint32_t *blocks, *superblocks;
  size_t size; /* numbers are below it */
  uint64_t count;
};

/* The empty set; ends the program where there is no memory. */
struct object_set object_set_make(size_t size);
void object_set_free(struct object_set *set);

/* Not there yet; there. */
void object_set_add(struct object_set *set, size_t number);
void object_set_remove(struct object_set *set, size_t number);

bool object_set_has(const struct object_set *set, size_t number);

/* How many are at least `from`. */
uint64_t object_set_count_from(const struct object_set *set, size_t from);

bool object_set_check(const struct object_set *set);

#endif
