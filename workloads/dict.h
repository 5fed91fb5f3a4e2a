/*
 * dict: strings and hash tables on the heap, for workloads that use them as a library.
 *
 * A string is one object of raw bytes: its hash, its length, and UTF-8 text.  A dict is a hash table by string that
 * keeps the order of insertion, as CPython's does since 3.6 (Hettinger): an object with its length, and a table of
 * entries in order with an index of places beside them; when two thirds of the index are used, a table of three times
 * as many entries as there are, rounded up to a power of two, replaces it, and the old one dies.  Each entry has a tag,
 * a byte of the user's.  Nothing is ever deleted.
 *
 * Where a function may allocate or store, what it works on is passed as root slots, because references are void
 * afterwards.  Functions that take a gc_ref have no safepoint.
 */
#ifndef GCLAB_WORKLOADS_DICT_H
#define GCLAB_WORKLOADS_DICT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "collectors/gc.h"

/* --- strings --- */

struct string_data {
  uint32_t hash, length;
  char text[];
};

static inline struct string_data *string_data(gc_ref string) { return gc_bytes(string, 0); }

/* FNV-1a (Fowler, Noll and Vo), 32 bits. */
static inline uint32_t string_hash(const char *text, uint32_t length)
{
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  return hash;
}

/* Makes a string of this length into the slot, all zeros: fill its text, then call string_seal. */
static inline void string_new(struct gc_mutator *mutator, gc_ref *slot, uint32_t length)
{
  gc_new(mutator, slot, (struct gc_shape){.bytes = (uint32_t)sizeof(struct string_data) + length, .kind = GC_ATOM});
  string_data(*slot)->length = length;
}

static inline void string_seal(gc_ref string)
{
  struct string_data *data = string_data(string);
  data->hash = string_hash(data->text, data->length);
}

static inline bool string_equals(gc_ref string, const struct string_data *other)
{
  const struct string_data *data = string_data(string);
  return data->hash == other->hash && data->length == other->length &&
         memcmp(data->text, other->text, data->length) == 0;
}

/* --- dicts --- */

enum { DICT_TABLE, DICT_FIELDS };
enum { DICT_NONE = -1, DICT_FIRST_SLOTS = 8 };

struct dict_data {
  uint32_t length;
  uint32_t capacity; /* entries that the table has room for: two thirds of its slots */
  uint32_t slots;    /* of the index, a power of two; 0: there is no table yet */
};

/* A table has a key and a value for each entry as its fields; then, as raw bytes, the index and the tags. */
static inline struct dict_data *dict_data(gc_ref dict) { return gc_bytes(dict, DICT_FIELDS); }

static inline uint32_t dict_length(gc_ref dict) { return dict_data(dict)->length; }

/* The index: the number of an entry and 1, or 0.  Linear probing. */
static inline uint32_t *dict_index(struct gc_mutator *mutator, gc_ref dict)
{
  return gc_bytes(gc_load(mutator, dict, DICT_TABLE), 2 * dict_data(dict)->capacity);
}

static inline uint8_t *dict_tags(struct gc_mutator *mutator, gc_ref dict)
{
  return (uint8_t *)(dict_index(mutator, dict) + dict_data(dict)->slots);
}

/* Of the entry with the number i, in the order of insertion; i is below the length. */
static inline gc_ref dict_key(struct gc_mutator *mutator, gc_ref dict, uint32_t i)
{
  return gc_load(mutator, gc_load(mutator, dict, DICT_TABLE), 2 * i);
}

static inline gc_ref dict_value(struct gc_mutator *mutator, gc_ref dict, uint32_t i)
{
  return gc_load(mutator, gc_load(mutator, dict, DICT_TABLE), 2 * i + 1);
}

static inline uint8_t dict_tag(struct gc_mutator *mutator, gc_ref dict, uint32_t i)
{
  return dict_tags(mutator, dict)[i];
}

/* Makes an empty dict, without a table, into the slot. */
static inline void dict_new(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, slot,
         (struct gc_shape){.fields = DICT_FIELDS, .bytes = sizeof(struct dict_data), .kind = GC_INSTANCE});
}

/* The number of the entry with this key, or DICT_NONE. */
static inline int64_t dict_find(struct gc_mutator *mutator, gc_ref dict, const struct string_data *key)
{
  const uint32_t slots = dict_data(dict)->slots;
  if (slots == 0) return DICT_NONE;
  const uint32_t *index = dict_index(mutator, dict);
  for (uint32_t at = key->hash & (slots - 1); index[at] != 0; at = (at + 1) & (slots - 1)) {
    if (string_equals(dict_key(mutator, dict, index[at] - 1), key)) return index[at] - 1;
  }
  return DICT_NONE;
}

/* Enters the number of an entry into the index. */
static inline void dict_enter(uint32_t *index, uint32_t slots, uint32_t hash, uint32_t entry)
{
  uint32_t at = hash & (slots - 1);
  while (index[at] != 0) at = (at + 1) & (slots - 1);
  index[at] = entry + 1;
}

/* Gives the dict a larger table. */
static __attribute__((noinline, unused)) void dict_grow(struct gc_mutator *mutator, const gc_ref *dict)
{
  const struct dict_data old = *dict_data(*dict);
  struct dict_data new = {.length = old.length, .slots = DICT_FIRST_SLOTS};
  while (new.slots < 3 * old.length) new.slots *= 2;
  new.capacity = 2 * new.slots / 3;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_ref *const table = &frame.slot[0];
  gc_new(mutator, table,
         (struct gc_shape){.fields = 2 * new.capacity,
                           .bytes = (uint32_t)sizeof(uint32_t) * new.slots + new.capacity,
                           .kind = GC_DICT});
  for (uint32_t i = 0; i < old.length; i++) {
    gc_store(mutator, *table, 2 * i, dict_key(mutator, *dict, i));
    gc_store(mutator, *table, 2 * i + 1, dict_value(mutator, *dict, i));
  }
  uint32_t *index = gc_bytes(*table, 2 * new.capacity);
  for (uint32_t i = 0; i < old.length; i++)
    dict_enter(index, new.slots, string_data(dict_key(mutator, *dict, i))->hash, i);
  if (old.length > 0) memcpy(index + new.slots, dict_tags(mutator, *dict), old.length);
  gc_store(mutator, *dict, DICT_TABLE, *table);
  *dict_data(*dict) = new;
  gc_pop(mutator, &frame.frame);
}

/* Gives the key this value, NULL too, and this tag.  The three are root slots. */
static inline void dict_put(struct gc_mutator *mutator, const gc_ref *dict, const gc_ref *key, const gc_ref *value,
                            uint8_t tag)
{
  int64_t entry = dict_find(mutator, *dict, string_data(*key));
  if (entry == DICT_NONE) {
    if (dict_data(*dict)->length == dict_data(*dict)->capacity) dict_grow(mutator, dict);
    struct dict_data *data = dict_data(*dict);
    entry = data->length++;
    dict_enter(dict_index(mutator, *dict), data->slots, string_data(*key)->hash, (uint32_t)entry);
    gc_store(mutator, gc_load(mutator, *dict, DICT_TABLE), 2 * (uint32_t)entry, *key);
  }
  gc_store(mutator, gc_load(mutator, *dict, DICT_TABLE), 2 * (uint32_t)entry + 1, *value);
  dict_tags(mutator, *dict)[entry] = tag;
}

#endif
