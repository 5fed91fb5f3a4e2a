/* block_mark: mark bits that stand apart from the objects, for mark.c. */
#ifndef GCLAB_COLLECTORS_MARKSWEEP_BLOCK_MARK_H
#define GCLAB_COLLECTORS_MARKSWEEP_BLOCK_MARK_H

#include "collectors/marksweep/marksweep.h"
#include "collectors/parts/fault.h"

/* What the inner loop needs, in registers; `blocks` never changes while marking. */
struct span {
  uintptr_t base;
  uint64_t bytes;
  uint64_t *marks;
};

static inline struct span span_of(const struct marksweep *ms)
{
  const struct blocks *blocks = &ms->space.blocks;
  return (struct span){.base = (uintptr_t)blocks->base, .bytes = blocks->span_bytes, .marks = blocks->marks};
}

static __attribute__((noinline)) uintptr_t *push_large(uintptr_t *top, gc_ref object)
{
  struct large *large = large_of(object);
  if (large->marked || GC_FAULT(large_unmarked)) return top;
  large->marked = true;
  *top = (uintptr_t)object;
  return top + 1;
}

/* Marks the object, and pushes it if it was not marked.  There must be room for one entry. */
static inline __attribute__((always_inline)) uintptr_t *push_edge(struct span span, uintptr_t *top, gc_ref object)
{
  uint64_t offset = (uintptr_t)object - span.base;
  if (object == NULL) offset = 0; /* where a bit is always set */
  if (GC_UNLIKELY(offset >= span.bytes)) return push_large(top, object);
  uint64_t *word = &span.marks[offset >> (GRANULE_SHIFT + 6)];
  const unsigned bit = offset >> GRANULE_SHIFT & 63;
  const uint64_t old = *word;
  *word = old | UINT64_C(1) << bit;
  *top = (uintptr_t)object;
  return top + (~old >> bit & 1);
}

/* Sends for the line of the mark bit of what may be an object, or NULL. */
static inline __attribute__((always_inline)) void prefetch_mark(struct span span, gc_ref object)
{
  const uint64_t offset = (uintptr_t)object - span.base;
  const uintptr_t line = (uintptr_t)span.marks + (offset >> (GRANULE_SHIFT + 3)); /* outside the span: harmless */
  __builtin_prefetch((const void *)line, 1);                                      // NOLINT(performance-no-int-to-ptr)
}

/*
 * Are the bits so near that edges are marked sooner than they could wait for them?  64 MiB of blocks have 512 KiB of
 * bits: with half of that a tree takes 15 % longer where edges wait, with five times as much a random graph a third
 * less.  (A checking build takes both ways in small heaps.)
 */
static inline bool marks_are_near(const struct marksweep *ms)
{
#ifdef GC_CHECKING
  enum { NEAR_BLOCKS = 4 };
#else
  enum { NEAR_BLOCKS = 1024 };
#endif
  return ms->space.blocks.opened <= NEAR_BLOCKS;
}

static inline bool is_marked(struct span span, gc_ref object)
{
  const uint64_t offset = (uintptr_t)object - span.base;
  if (offset >= span.bytes) return large_of(object)->marked;
  return span.marks[offset >> (GRANULE_SHIFT + 6)] >> (offset >> GRANULE_SHIFT & 63) & 1;
}

/* An object that is marked could not be pushed. */
static inline void flag_dropped(struct marksweep *ms, gc_ref object)
{
  ms->dropped = true;
  if (blocks_contain(&ms->space.blocks, object))
    blocks_find(&ms->space.blocks, object)->flags |= BLOCK_DROPPED;
  else
    large_of(object)->dropped = true;
}

typedef void scan_function(struct marksweep *ms, gc_ref object);

static void scan_block(struct marksweep *ms, struct block *block, scan_function *scan)
{
  block->flags &= (uint8_t)~BLOCK_DROPPED;
  const uint64_t *marks = blocks_marks(&ms->space.blocks, block);
  char *cells = blocks_cells(&ms->space.blocks, block);
  for (uint32_t word = 0; word < BLOCK_MARK_WORDS; word++) {
    for (uint64_t left = marks[word]; left != 0; left &= left - 1) {
      const uint32_t granule = word * 64 + (uint32_t)__builtin_ctzll(left);
      scan(ms, object_in_cell(cells + (granule << GRANULE_SHIFT)));
    }
  }
}

/*
 * Scans what has been flagged, and of a flagged block all that is marked; the flags are cleared, and may be set again.
 */
static void scan_dropped(struct marksweep *ms, scan_function *scan)
{
  struct space *space = &ms->space;
  for (uint32_t i = 1; i < space->blocks.opened; i++) {
    struct block *block = &space->blocks.table[i];
    if (block->state == BLOCK_USED && (block->flags & BLOCK_DROPPED)) scan_block(ms, block, scan);
  }
  for (uint64_t i = 0; i < space->large.count; i++) {
    struct large *large = space->large.registry[i];
    if (!large->dropped) continue;
    large->dropped = false;
    scan(ms, large_object(large));
  }
}

#endif
