/* malloc_mark: mark bits in the objects' headers, for mark.c. */
#ifndef GCLAB_COLLECTORS_MARKSWEEP_MALLOC_MARK_H
#define GCLAB_COLLECTORS_MARKSWEEP_MALLOC_MARK_H

#include "collectors/marksweep/marksweep.h"

/* What the inner loop needs, in registers. */
struct span {
  struct header *nothing; /* of NULL: always marked, so that it needs no branch */
};

static inline struct span span_of(const struct marksweep *ms)
{
  static struct header nothing = {.word = HEADER_OBJECT | HEADER_MARKED};
  (void)ms;
  return (struct span){.nothing = &nothing};
}

/* Marks the object, and pushes it if it was not marked.  There must be room for one entry. */
static inline __attribute__((always_inline)) uintptr_t *push_edge(struct span span, uintptr_t *top, gc_ref object)
{
  struct header *header = object == NULL ? span.nothing : header_of(object);
  const uint32_t old = header->word;
  header->word = old | HEADER_MARKED;
  *top = (uintptr_t)object;
  return top + (~old & HEADER_MARKED);
}

/* Sends for the header of what may be an object, or NULL. */
static inline __attribute__((always_inline)) void prefetch_mark(struct span span, gc_ref object)
{
  (void)span;
  const uintptr_t line = (uintptr_t)object - HEADER_BYTES; /* of NULL: harmless */
  __builtin_prefetch((const void *)line, 1);               // NOLINT(performance-no-int-to-ptr)
}

/* Marks are as far as the objects. */
static inline bool marks_are_near(const struct marksweep *ms)
{
  (void)ms;
  return false;
}

static inline bool is_marked(struct span span, gc_ref object)
{
  (void)span;
  return (header_of(object)->word & HEADER_MARKED) != 0;
}

/* An object that is marked could not be pushed. */
static inline void flag_dropped(struct marksweep *ms, gc_ref object)
{
  ms->dropped = true;
  header_of(object)->word |= HEADER_DROPPED;
}

typedef void scan_function(struct marksweep *ms, gc_ref object);

/* Scans what has been flagged; the flags are cleared, and may be set again. */
static void scan_dropped(struct marksweep *ms, scan_function *scan)
{
  for (uint64_t i = 0; i < ms->space.count; i++) {
    struct header *header = header_of(ms->space.objects[i]);
    if (!(header->word & HEADER_DROPPED)) continue;
    header->word &= ~(uint32_t)HEADER_DROPPED;
    scan(ms, ms->space.objects[i]);
  }
}

#endif
