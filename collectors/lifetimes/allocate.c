/*
 * Cells from malloc, and tables that grow with the number of objects.
 *
 * Room is made in every table before an object is, so that a trace, which is what is done when memory runs out, needs
 * none.  Tables are mappings, whose pages cost nothing until they are touched: those for the dead are touched as far as
 * there are dead.
 */
#include <stdlib.h>

#include "collectors/lifetimes/lifetimes.h"

enum { FIRST_CAPACITY = 4096 };

/* Some may have grown before, when there was no memory for the next. */
static bool grow(struct mapping *mapping, uint64_t bytes)
{
  return mapping->bytes >= bytes || mapping_grow(mapping, bytes);
}

static bool grow_tables(struct lifetimes *lt)
{
  const uint64_t capacity = lt->capacity == 0 ? FIRST_CAPACITY : 2 * lt->capacity;
  const bool done = grow(&lt->record_memory, capacity * sizeof(struct record *)) &&
                    grow(&lt->queue_memory, capacity * sizeof(struct record *)) &&
                    grow(&lt->birth_memory, capacity * sizeof *lt->births) &&
                    grow(&lt->dated_memory, capacity * sizeof *lt->dated) &&
                    grow(&lt->spare_memory, capacity * sizeof *lt->spare);
  lt->records = lt->record_memory.memory; /* each may have moved */
  lt->queue = lt->queue_memory.memory;
  lt->births = lt->birth_memory.memory;
  lt->dated = lt->dated_memory.memory;
  lt->spare = lt->spare_memory.memory;
  if (done) lt->capacity = capacity;
  return done;
}

static struct record *try_to_allocate(struct lifetimes *lt, uint64_t payload_bytes)
{
  if (lt->count == lt->capacity && !grow_tables(lt)) return NULL;
#ifdef GC_CHECKING
  if (!object_table_reserve(&lt->all, 1)) return NULL;
#endif
  return calloc(1, sizeof(struct record) + payload_bytes);
}

struct record *lifetimes_allocate(struct lifetimes *lt, uint64_t payload_bytes)
{
  struct record *record = try_to_allocate(lt, payload_bytes);
  if (GC_LIKELY(record != NULL)) return record;
  lifetimes_trace(lt, JOURNAL_HEAP_LIMIT);
  record = try_to_allocate(lt, payload_bytes);
  if (record == NULL) lt->mutator.config->out_of_memory(&lt->mutator, sizeof *record + payload_bytes);
  return record;
}

void lifetimes_free(struct lifetimes *lt, struct record *record)
{
  (void)lt;
#ifdef GC_CHECKING
  GC_CHECK(object_table_remove(&lt->all, object_of(record)), "a cell is freed twice", record);
#endif
  free(record);
}

void lifetimes_release_tables(struct lifetimes *lt)
{
  mapping_release(&lt->record_memory);
  mapping_release(&lt->queue_memory);
  mapping_release(&lt->birth_memory);
  mapping_release(&lt->dated_memory);
  mapping_release(&lt->spare_memory);
}
