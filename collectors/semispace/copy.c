/*
 * Copying: breadth first, with no memory but the reserve itself.
 *
 * The copies that have not been scanned yet are the queue of a breadth-first walk: they lie between `scan` and `free`
 * in the reserve (Cheney, "A nonrecursive list compacting algorithm", 1970).  To scan one is to give each of its
 * fields the address where its referent is now, and to copy the referent first if it has not been.  A copied object's
 * header in the space that is left is overwritten with the address of its copy; headers are odd, addresses even.
 *
 * A large object is not copied but marked, and waits on a list through the descriptors until its fields are scanned.
 *
 * Where a referent lies in memory is as good as random, so its header is what the scan waits for.  The queue says long
 * before which ones will be needed: the words LOOK_AHEAD_BYTES further on in the reserve are taken for references and
 * prefetched.  Those that are none (headers, raw bytes) cost a prefetch that leads nowhere.
 *
 * INVARIANT: fields of copies before `scan`, and of large objects that are marked and not on the list, hold new
 * addresses; all other references are as they were.
 */
#include <string.h>

#include "collectors/parts/fault.h"
#include "collectors/parts/hooks.h"
#include "collectors/semispace/semispace.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE      __attribute__((noinline))

enum { LOOK_AHEAD_BYTES = 512, SMALL_COPY_BYTES = 128 };

/* What the inner loop needs, in registers. */
struct copier {
  uintptr_t from_first;
  uint64_t from_bytes;
  char *free;
  uint64_t objects; /* copied */
};

static inline struct copier copier_of(const struct semispace *ss)
{
  return (struct copier){.from_first = (uintptr_t)ss->from_first, .from_bytes = ss->from_bytes, .free = ss->free};
}

static void copier_done(const struct copier *copier, struct semispace *ss)
{
  ss->free = copier->free;
  ss->totals.objects += copier->objects;
}

/* A reference that does not lead into the space that is left: to a large object, or to where something was copied. */
static NOINLINE void meet_outside(struct semispace *ss, gc_ref object)
{
  if (spaces_contain(&ss->spaces, object)) return;
  GC_CHECK(large_contains(&ss->large, object), "a root slot or field leads to what is no object", object);
  struct large *large = large_of(object);
  if (large->marked || GC_FAULT(large_freed)) return;
  large->marked = true;
  large->next_grey = ss->grey_large;
  ss->grey_large = large;
  ss->totals.large_objects++;
}

/* Word by word where the object is small: a call costs more than the words. */
static ALWAYS_INLINE void copy_cell(char *to, const char *from, uint64_t bytes)
{
  if (GC_UNLIKELY(bytes > SMALL_COPY_BYTES)) {
    memcpy(to, from, bytes);
    return;
  }
  for (uint64_t at = 0; at < bytes; at += sizeof(uint64_t)) {
    __builtin_memcpy(to + at, from + at, sizeof(uint64_t));
    __asm__ volatile(""); /* or the compiler makes a call of it after all */
  }
}

/* Where the object is from now on. */
static ALWAYS_INLINE gc_ref forward(struct semispace *ss, struct copier *copier, gc_ref object)
{
  if (object == NULL) return NULL;
  if (GC_UNLIKELY((uintptr_t)object - copier->from_first >= copier->from_bytes)) {
    meet_outside(ss, object);
    return object;
  }
  struct header *header = header_of(object);
  const struct header old = *header;
  if (old.forward % 2 == 0)
    return (gc_ref)old.forward; // NOLINT(performance-no-int-to-ptr): an address and a header share it
  GC_CHECK(old.word == HEADER_OBJECT, "a root slot or field leads to what is no object", object);
  const uint64_t bytes = cell_bytes_of_packed(old.packed);
  char *cell = copier->free;
  copier->free = cell + bytes;
  copier->objects++;
  poison_open(cell, bytes);
  copy_cell(cell, (const char *)header, bytes - (GC_FAULT(copy_short) ? sizeof(uint64_t) : 0));
  const gc_ref copy = object_in_cell(cell);
  if (!GC_FAULT(copied_twice)) header->forward = (uintptr_t)copy;
  return copy;
}

/* Sends for the header of what a field further on leads to; fields may be looked at up to `end`. */
static ALWAYS_INLINE void look_ahead(const char *field, const char *end)
{
  const char *ahead = field + LOOK_AHEAD_BYTES;
  if (ahead >= end) return;
  uintptr_t word;
  memcpy(&word, ahead, sizeof word);
  __builtin_prefetch((const void *)(word - HEADER_BYTES)); // NOLINT(performance-no-int-to-ptr): perhaps no reference
}

static ALWAYS_INLINE void scan_fields(struct semispace *ss, struct copier *copier, gc_ref *fields, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++) {
    look_ahead((const char *)(fields + i), copier->free);
    if (GC_FAULT(field_kept_old)) continue;
    fields[i] = forward(ss, copier, fields[i]);
  }
}

/* Scans copies until there are no more. */
static NOINLINE void scan_copies(struct semispace *ss)
{
  struct copier copier = copier_of(ss);
  char *scan = ss->scan;
  uint64_t edges = 0;
  uint64_t raw_bytes = 0;
  while (scan != copier.free) {
    const gc_ref object = object_in_cell(scan);
    const uint32_t packed = header_of(object)->packed;
    const uint32_t fields = packed_fields(packed);
    edges += fields;
    raw_bytes += packed_bytes(packed);
    scan += cell_bytes_of_packed(packed);
    scan_fields(ss, &copier, fields_of(object), fields);
  }
  ss->scan = scan;
  ss->totals.edges += edges;
  ss->totals.raw_bytes += raw_bytes;
  copier_done(&copier, ss);
}

static NOINLINE void forward_slots(struct semispace *ss, gc_ref *slots, uint64_t count)
{
  struct copier copier = copier_of(ss);
  for (uint64_t i = 0; i < count; i++) {
    look_ahead((const char *)(slots + i), (const char *)(slots + count));
    if (GC_FAULT(slot_kept_old)) continue;
    slots[i] = forward(ss, &copier, slots[i]);
  }
  copier_done(&copier, ss);
}

static void scan_large(struct semispace *ss, struct large *large)
{
  const gc_ref object = large_object(large);
  const struct gc_shape shape = shape_of(object);
  ss->totals.edges += shape.fields;
  ss->totals.raw_bytes += shape.bytes;
  forward_slots(ss, fields_of(object), shape.fields);
}

static void scan_all(struct semispace *ss)
{
  for (;;) {
    scan_copies(ss);
    struct large *large = ss->grey_large;
    if (large == NULL) return;
    ss->grey_large = large->next_grey;
    large->next_grey = NULL;
    scan_large(ss, large);
  }
}

void semispace_copy(struct semispace *ss)
{
  const struct space *from = spaces_current(&ss->spaces);
  ss->totals = (struct copy_totals){0};
  ss->from_first = from->base + HEADER_BYTES;
  ss->from_bytes = (uint64_t)(ss->bump - from->base);
  ss->scan = ss->free = spaces_reserve(&ss->spaces)->base;
  for (const struct gc_frame *frame = ss->mutator.frames; frame != NULL; frame = frame->previous)
    forward_slots(ss, frame->slots, frame->count);
  const struct hooks *hooks = ss->mutator.hooks;
  if (hooks != NULL) forward_slots(ss, hooks->queued, hooks->queued_count);
  scan_all(ss);
}

void semispace_copy_more(struct semispace *ss, gc_ref *slots, uint64_t count)
{
  forward_slots(ss, slots, count);
  scan_all(ss);
}

gc_ref semispace_survivor(struct semispace *ss, gc_ref object)
{
  if ((uintptr_t)object - (uintptr_t)ss->from_first < ss->from_bytes) {
    const uint64_t forward = header_of(object)->forward;
    return forward % 2 == 0 ? (gc_ref)forward : NULL; // NOLINT(performance-no-int-to-ptr): as above
  }
  if (spaces_contain(&ss->spaces, object)) return object;
  return large_of(object)->marked ? object : NULL;
}
