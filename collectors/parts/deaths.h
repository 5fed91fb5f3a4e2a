/*
 * deaths: the death schedule of a program, one row an object, in the order of the deaths.
 *
 * A row says after which operation of the mutator the object was unreachable for good.  Operations are gc_new, gc_root,
 * gc_store and gc_pop, counted from 1 on; a program whose behaviour does not depend on when memory is reclaimed does
 * the same ones on every collector, so that its frees can be replayed: after operation N, free the objects of all rows
 * whose operation is N.  Objects are numbered in the order of their allocation, from 0 on.
 *
 * In a file a row is these numbers, each a varint (LEB128: seven bits a byte, the lowest first; the top bit says that
 * another byte follows):
 *
 *   operation          difference to the row before (the first: to 0)
 *   clock_objects      objects allocated by then; difference to the row before
 *   clock_bytes        bytes allocated by then (fields and raw bytes); difference to the row before
 *   object             its number; difference to the row before, zigzag (d >= 0: 2d; d < 0: -2d - 1)
 *   lifetime_bytes     bytes allocated between its allocation and its death
 *   fields, bytes      its shape
 *   kind and flags     kind + 8 * flags
 *
 * docs/schema.md has the head of the file that `gclab characterise --deaths` writes.
 */
#ifndef GCLAB_COLLECTORS_PARTS_DEATHS_H
#define GCLAB_COLLECTORS_PARTS_DEATHS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "collectors/gc.h"

enum death_flag {
  DEATH_KEPT_BY_COUNTING =
      1 << 0,              /* reference counting alone would not have freed it: in a dead cycle, or kept by one */
  DEATH_IN_CYCLE = 1 << 1, /* in a dead cycle itself */
  DEATH_AT_END = 1 << 2    /* was still alive when the program ended */
};

struct death {
  uint64_t operation;
  uint64_t clock_objects, clock_bytes;
  uint64_t object;
  uint64_t lifetime_bytes;
  struct gc_shape shape;
  unsigned flags; /* of enum death_flag */
};

/* Writes or reads rows; starts as {.file = file}. */
struct death_stream {
  FILE *file;
  struct death previous; /* row */
  uint64_t rows;
};

/* Appends a row; its operation and clocks are not below the previous row's.  False, with errno: it was not written. */
bool death_write(struct death_stream *stream, const struct death *death);

enum death_read { DEATH_ROW, DEATH_END, DEATH_DAMAGED };

/* Reads the next row.  The file may end only where a row ends. */
enum death_read death_read(struct death_stream *stream, struct death *death);

#endif
