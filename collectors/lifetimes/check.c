/* Verification: is every reference to an object, and does every count have its references? */
#include "collectors/lifetimes/lifetimes.h"
#include "collectors/parts/hooks.h"

void lifetimes_require_object(struct lifetimes *lt, gc_ref object, const char *what)
{
  if (object_table_find(&lt->all, object) == NULL) gc_fail(what, object);
}

/* A table of its own, in which each object's value becomes the number of references to it. */
static void gather(struct lifetimes *lt, struct object_table *table)
{
  if (!object_table_reserve(table, lt->count))
    lt->mutator.config->out_of_memory(&lt->mutator, lt->count * sizeof(struct object_entry));
  for (uint64_t i = 0; i < lt->count; i++) {
    struct record *record = lt->records[i];
    if (record->word != RECORD_OBJECT) gc_fail("an object's record is damaged", object_of(record));
    if (record->flags != 0 || record->scratch != 0) gc_fail("an object is marked between traces", object_of(record));
    if (i > 0 && record->number <= lt->records[i - 1]->number) gc_fail("objects are out of order", object_of(record));
    if (!object_table_add(table, object_of(record))) gc_fail("an object is there twice", object_of(record));
  }
}

static void count_references(const struct object_table *table, const gc_ref *places, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++) {
    if (places[i] == NULL) continue;
    struct object_entry *entry = object_table_find(table, places[i]);
    if (entry == NULL) gc_fail("this slot or field refers to what is no object", &places[i]);
    entry->value++;
  }
}

static void check_counters(const struct lifetimes *lt)
{
  const struct gc_counters *counters = &lt->mutator.counters;
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < lt->count; i++) bytes += payload_bytes_of(lt->records[i]);
  if (counters->allocated_objects - counters->freed_objects != lt->count)
    gc_fail("the count of objects is wrong", counters);
  if (counters->allocated_bytes - counters->freed_bytes != bytes)
    gc_fail("the count of requested bytes is wrong", counters);
  if (counters->heap_bytes != bytes + lt->count * sizeof(struct record)) gc_fail("heap_bytes is wrong", counters);
}

void collector_check(struct gc_mutator *mutator)
{
  struct lifetimes *lt = lifetimes_of(mutator);
  struct object_table table = {0};
  hooks_check(mutator->hooks);
  check_counters(lt);
  gather(lt, &table);
  for (const struct gc_frame *frame = mutator->frames; frame != NULL; frame = frame->previous)
    count_references(&table, frame->slots, frame->count);
  for (uint64_t i = 0; i < lt->count; i++) count_references(&table, fields_of(lt->records[i]), lt->records[i]->fields);
  for (uint64_t i = 0; i < lt->count; i++) {
    const gc_ref object = object_of(lt->records[i]);
    if (object_table_find(&table, object)->value > lt->records[i]->count)
      gc_fail("an object has more references than were counted", object);
  }
  object_table_release(&table);
}
