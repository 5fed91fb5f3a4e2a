#include "collectors/parts/counted.h"

#include "collectors/collector.h"
#include "collectors/parts/shadow_stack.h"

/* The table's values are references found; reached objects that have not been scanned wait in the table's order. */
struct audit {
  struct object_table *table;
  bool is_complete; /* the table held every object from the start */
  bool has_new;     /* objects were added since the last sweep over the table */
};

enum { SCANNED = 1 }; /* bit 0 of a value: the object's fields have been looked at; the rest is the number found */

static void found(struct audit *audit, gc_ref object)
{
  if (object == NULL) return;
  struct object_entry *entry = object_table_find(audit->table, object);
  if (entry == NULL) {
    if (audit->is_complete) gc_fail("a reference to what is no object", object);
    object_table_add(audit->table, object);
    entry = object_table_find(audit->table, object);
    audit->has_new = true;
  }
  entry->value += 2;
}

static void scan_all(struct audit *audit, uint32_t (*field_count)(const struct counted *object))
{
  do {
    audit->has_new = false;
    for (uint64_t i = 0; i < audit->table->capacity; i++) { /* the table may grow, and entries move, meanwhile */
      struct object_entry *entry = &audit->table->entries[i];
      if (entry->object == NULL || entry->value & SCANNED) continue;
      entry->value |= SCANNED;
      struct counted *object = counted_of(entry->object);
      const gc_ref *fields = counted_fields(object);
      for (uint32_t k = field_count(object); k-- > 0;) found(audit, fields[k]);
    }
  } while (audit->has_new);
}

static void compare(const struct audit *audit)
{
  for (uint64_t i = 0; i < audit->table->capacity; i++) {
    const struct object_entry *entry = &audit->table->entries[i];
    if (entry->object == NULL) continue;
    const uint64_t references = entry->value >> 1;
    const uint64_t count = counted_of(entry->object)->count;
    if (count == 0) gc_fail("a live object's count is 0", entry->object);
    if (count < references) gc_fail("a count is below the number of references", entry->object);
    if (audit->is_complete && count > references) gc_fail("a count is above the number of references", entry->object);
  }
}

void counted_audit(const struct gc_mutator *mutator, struct object_table *all,
                   uint32_t (*field_count)(const struct counted *object))
{
  struct object_table reached = {0};
  struct audit audit = {.table = all != NULL ? all : &reached, .is_complete = all != NULL};
  for (uint64_t i = 0; i < audit.table->capacity; i++) audit.table->entries[i].value = 0;
  for (const struct gc_frame *frame = mutator->frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) found(&audit, frame->slots[i]);
  }
  scan_all(&audit, field_count);
  compare(&audit);
  object_table_release(&reached);
}
