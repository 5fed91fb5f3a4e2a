#include "collectors/parts/counted.h"

#include "collectors/collector.h"
#include "collectors/parts/mapping.h"
#include "collectors/parts/shadow_stack.h"

/*
 * The table's values are references found.  Where the table is not complete, reached objects wait in a queue until
 * their own fields are looked at: nothing is passed over twice, however long a list is.
 */
struct audit {
  struct gc_mutator *mutator;
  struct object_table *table;
  bool is_complete; /* the table held every object from the start */
  struct mapping queue;
  uint64_t queued;
};

/* Room for one more object that was reached. */
static void reserve(struct audit *audit)
{
  const uint64_t bytes = (audit->queued + 1) * sizeof(gc_ref);
  if (object_table_reserve(audit->table, 1) && (audit->queue.bytes >= bytes || mapping_grow(&audit->queue, bytes)))
    return;
  object_table_release(audit->table);
  mapping_release(&audit->queue);
  audit->mutator->config->out_of_memory(audit->mutator, bytes);
}

static void found(struct audit *audit, gc_ref object)
{
  if (object == NULL) return;
  struct object_entry *entry = object_table_find(audit->table, object);
  if (entry == NULL) {
    if (audit->is_complete) gc_fail("a reference to what is no object", object);
    reserve(audit);
    object_table_add(audit->table, object);
    entry = object_table_find(audit->table, object);
    ((gc_ref *)audit->queue.memory)[audit->queued++] = object;
  }
  entry->value++;
}

static void scan(struct audit *audit, gc_ref reference, uint32_t (*field_count)(const struct counted *object))
{
  struct counted *object = counted_of(reference);
  const gc_ref *fields = counted_fields(object);
  for (uint32_t k = field_count(object); k-- > 0;) found(audit, fields[k]);
}

static void scan_all(struct audit *audit, uint32_t (*field_count)(const struct counted *object))
{
  for (uint64_t i = 0; i < audit->queued; i++) scan(audit, ((gc_ref *)audit->queue.memory)[i], field_count);
  for (uint64_t i = 0; audit->is_complete && i < audit->table->capacity; i++) {
    const gc_ref object = audit->table->entries[i].object;
    if (object != NULL) scan(audit, object, field_count);
  }
}

static void compare(const struct audit *audit)
{
  for (uint64_t i = 0; i < audit->table->capacity; i++) {
    const struct object_entry *entry = &audit->table->entries[i];
    if (entry->object == NULL) continue;
    const uint64_t references = entry->value;
    const uint64_t count = counted_of(entry->object)->count;
    if (count == 0) gc_fail("a live object's count is 0", entry->object);
    if (count < references) gc_fail("a count is below the number of references", entry->object);
    if (audit->is_complete && count > references) gc_fail("a count is above the number of references", entry->object);
  }
}

void counted_audit(struct gc_mutator *mutator, struct object_table *all,
                   uint32_t (*field_count)(const struct counted *object))
{
  struct object_table reached = {0};
  struct audit audit = {.mutator = mutator, .table = all != NULL ? all : &reached, .is_complete = all != NULL};
  for (uint64_t i = 0; i < audit.table->capacity; i++) audit.table->entries[i].value = 0;
  for (const struct gc_frame *frame = mutator->frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) found(&audit, frame->slots[i]);
  }
  scan_all(&audit, field_count);
  compare(&audit);
  object_table_release(&reached);
  mapping_release(&audit.queue);
}
