#include "collectors/parts/object_table.h"

#include <string.h>
#include <sys/mman.h>

#include "collectors/parts/shadow_stack.h"

enum { INITIAL_CAPACITY = 1024 };

static uint64_t home_of(const struct object_table *table, gc_ref object)
{
  uint64_t hash = ((uint64_t)(uintptr_t)object >> 3) * 0x9e3779b97f4a7c15u; /* Fibonacci hashing */
  hash ^= hash >> 32;
  return hash & (table->capacity - 1);
}

static uint64_t next_of(const struct object_table *table, uint64_t i) { return (i + 1) & (table->capacity - 1); }

/* The entry that holds the object, or the empty one where it belongs. */
static uint64_t locate(const struct object_table *table, gc_ref object)
{
  uint64_t i = home_of(table, object);
  while (table->entries[i].object != NULL && table->entries[i].object != object) i = next_of(table, i);
  return i;
}

static bool grow(struct object_table *table)
{
  const struct object_table old = *table;
  const uint64_t capacity = old.capacity == 0 ? INITIAL_CAPACITY : 2 * old.capacity;
  void *entries =
      mmap(NULL, capacity * sizeof(struct object_entry), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (entries == MAP_FAILED) return false;
  table->capacity = capacity;
  table->entries = entries;
  for (uint64_t i = 0; i < old.capacity; i++) {
    if (old.entries[i].object != NULL) table->entries[locate(table, old.entries[i].object)] = old.entries[i];
  }
  if (old.capacity != 0) munmap(old.entries, old.capacity * sizeof(struct object_entry));
  return true;
}

bool object_table_reserve(struct object_table *table, uint64_t more)
{
  while (2 * (table->count + more) > table->capacity) {
    if (!grow(table)) return false;
  }
  return true;
}

bool object_table_add(struct object_table *table, gc_ref object)
{
  if (!object_table_reserve(table, 1)) gc_fail("no memory for a table of objects", table);
  struct object_entry *entry = &table->entries[locate(table, object)];
  if (entry->object != NULL) return false;
  *entry = (struct object_entry){.object = object};
  table->count++;
  return true;
}

struct object_entry *object_table_find(const struct object_table *table, gc_ref object)
{
  if (table->capacity == 0 || object == NULL) return NULL;
  struct object_entry *entry = &table->entries[locate(table, object)];
  return entry->object != NULL ? entry : NULL;
}

bool object_table_remove(struct object_table *table, gc_ref object)
{
  if (object_table_find(table, object) == NULL) return false;
  uint64_t hole = locate(table, object);
  /* Later entries of the run move up where the hole is not before their home (Knuth, 6.4, algorithm R). */
  for (uint64_t i = next_of(table, hole); table->entries[i].object != NULL; i = next_of(table, i)) {
    const uint64_t home = home_of(table, table->entries[i].object);
    const uint64_t mask = table->capacity - 1;
    if (((i - home) & mask) < ((i - hole) & mask)) continue;
    table->entries[hole] = table->entries[i];
    hole = i;
  }
  table->entries[hole] = (struct object_entry){0};
  table->count--;
  return true;
}

void object_table_clear(struct object_table *table)
{
  for (uint64_t i = 0; i < table->capacity; i++) table->entries[i] = (struct object_entry){0};
  table->count = 0;
}

void object_table_release(struct object_table *table)
{
  if (table->capacity != 0) munmap(table->entries, table->capacity * sizeof(struct object_entry));
  *table = (struct object_table){0};
}
