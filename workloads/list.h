/*
 * list: a growing array of references on the heap, for workloads that use one as a library.
 *
 * As in Python, a list is an object that knows its length and refers to an array with room for more; a full array is
 * replaced by a larger one, and dies.  Room grows as CPython 3.11's does (list_resize: an eighth, and 6 or less), so
 * that as many arrays die on the way.  Fields behind the length are NULL.  A list may keep a tag, a byte of the user's,
 * beside each item: what a reference alone does not tell, such as what kind of thing it leads to.
 *
 * Where a function may allocate or store, lists and values are passed as root slots (or as pointers to what else stays
 * where it is), because references are void afterwards.  Functions that take a gc_ref have no safepoint.
 */
#ifndef GCLAB_WORKLOADS_LIST_H
#define GCLAB_WORKLOADS_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "collectors/gc.h"

enum { LIST_ARRAY, LIST_FIELDS };

struct list_data {
  uint32_t length, capacity;
  bool is_tagged; /* the array has a byte for each item behind its fields */
};

static inline struct list_data *list_data(gc_ref list) { return gc_bytes(list, LIST_FIELDS); }

static inline uint32_t list_length(gc_ref list) { return list_data(list)->length; }

/* The item with the number i, which is below the length. */
static inline gc_ref list_get(struct gc_mutator *mutator, gc_ref list, uint32_t i)
{
  return gc_load(mutator, gc_load(mutator, list, LIST_ARRAY), i);
}

/* The tags of a list that has them and is not empty, one a byte. */
static inline uint8_t *list_tags(struct gc_mutator *mutator, gc_ref list)
{
  return gc_bytes(gc_load(mutator, list, LIST_ARRAY), list_data(list)->capacity);
}

/* Makes an empty list, without an array, into the slot. */
static inline void list_new(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, slot,
         (struct gc_shape){.fields = LIST_FIELDS, .bytes = sizeof(struct list_data), .kind = GC_INSTANCE});
}

static inline void list_new_tagged(struct gc_mutator *mutator, gc_ref *slot)
{
  list_new(mutator, slot);
  list_data(*slot)->is_tagged = true;
}

/* Gives the list an array with room for one more item than it has. */
static __attribute__((noinline, unused)) void list_grow(struct gc_mutator *mutator, const gc_ref *list)
{
  const uint32_t length = list_length(*list);
  const uint32_t capacity = (length + 1 + ((length + 1) >> 3) + 6) & ~UINT32_C(3);
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  const uint32_t tag_bytes = list_data(*list)->is_tagged ? capacity : 0;
  gc_new(mutator, &frame.slot[0], (struct gc_shape){.fields = capacity, .bytes = tag_bytes, .kind = GC_LIST});
  if (tag_bytes > 0 && length > 0) memcpy(gc_bytes(frame.slot[0], capacity), list_tags(mutator, *list), length);
  for (uint32_t i = 0; i < length; i++) gc_store(mutator, frame.slot[0], i, list_get(mutator, *list, i));
  gc_store(mutator, *list, LIST_ARRAY, frame.slot[0]);
  list_data(*list)->capacity = capacity;
  gc_pop(mutator, &frame.frame);
}

static inline void list_append(struct gc_mutator *mutator, const gc_ref *list, const gc_ref *value)
{
  if (list_data(*list)->length == list_data(*list)->capacity) list_grow(mutator, list);
  const uint32_t place = list_data(*list)->length++;
  gc_store(mutator, gc_load(mutator, *list, LIST_ARRAY), place, *value);
}

/* The same with a tag, to a list that has them.  value: a root slot, which may hold NULL. */
static inline void list_append_tagged(struct gc_mutator *mutator, const gc_ref *list, const gc_ref *value, uint8_t tag)
{
  list_append(mutator, list, value);
  list_tags(mutator, *list)[list_length(*list) - 1] = tag;
}

/* Takes the last item off the list, which is not empty, into the slot. */
static inline void list_pop(struct gc_mutator *mutator, const gc_ref *list, gc_ref *slot)
{
  const uint32_t last = list_length(*list) - 1;
  gc_root(mutator, slot, list_get(mutator, *list, last));
  gc_store(mutator, gc_load(mutator, *list, LIST_ARRAY), last, NULL);
  list_data(*list)->length = last;
}

/* Takes every occurrence of the value out of a list without tags; the others keep their order. */
static inline void list_remove(struct gc_mutator *mutator, const gc_ref *list, const gc_ref *value)
{
  const uint32_t length = list_length(*list);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < length; i++) {
    const gc_ref item = list_get(mutator, *list, i);
    if (item == *value) continue;
    if (kept < i) gc_store(mutator, gc_load(mutator, *list, LIST_ARRAY), kept, item);
    kept++;
  }
  for (uint32_t i = kept; i < length; i++) gc_store(mutator, gc_load(mutator, *list, LIST_ARRAY), i, NULL);
  list_data(*list)->length = kept;
}

#endif
