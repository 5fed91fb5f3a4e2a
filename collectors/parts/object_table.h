/*
 * object_table: a hash table from objects to numbers, for checks.
 *
 * Open addressing with linear probing in memory from the system, never from malloc, so that checking a heap does not
 * disturb it.  A look-up never touches the object, so any pointer may be asked about, dangling ones too.
 *
 * INVARIANTS
 *  - capacity is 0 or a power of two; at most half of the entries are in use.
 *  - No empty entry lies between an object's home and the entry that it is in.
 */
#ifndef GCLAB_COLLECTORS_PARTS_OBJECT_TABLE_H
#define GCLAB_COLLECTORS_PARTS_OBJECT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/gc.h"

struct object_entry {
  gc_ref object; /* NULL: empty */
  uint64_t value;
};

struct object_table {
  struct object_entry *entries;
  uint64_t capacity, count;
};

/* Makes room, so that so many additions need no memory.  False: there is none. */
bool object_table_reserve(struct object_table *table, uint64_t more);

/* Adds the object with value 0; false if it was there.  Aborts where there is no memory and none was reserved. */
bool object_table_add(struct object_table *table, gc_ref object);

/* The object's entry, good until the next addition or removal; NULL if there is none. */
struct object_entry *object_table_find(const struct object_table *table, gc_ref object);

/* Removes the object; false if it was not there. */
bool object_table_remove(struct object_table *table, gc_ref object);

/* Removes everything; the memory stays. */
void object_table_clear(struct object_table *table);

/* Gives the memory back; the table is empty then. */
void object_table_release(struct object_table *table);

#endif
