/*
 * none: never reclaims.
 *
 * Bump allocation through chunks from the system, and nothing else: the baseline that overheads are measured
 * against, as OpenJDK's Epsilon (JEP 318) is.  What it shows is the cost of a workload without collection; it also
 * has no barrier, and the locality of pure allocation order.  Fresh pages cost it what reuse would spare others.
 *
 * INVARIANTS
 *  - [bump, limit) is zeroed and unused, and lies in the chunk obtained last.
 *  - footprint_bytes is the sum of all chunks; heap_bytes is what has been bumped through.
 */
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "collectors/collector.h"
#include "collectors/parts/header.h"
#include "collectors/parts/hooks.h"
#include "collectors/parts/shadow_stack.h"
#include "collectors/parts/huge_pages.h"
#include "collectors/parts/stress.h"

enum { KNOB_STRESS, KNOB_HUGE_PAGES, KNOBS };

static const struct setting knobs[KNOBS] = {
    [KNOB_STRESS] = KNOB_STRESS_ROW,
    [KNOB_HUGE_PAGES] = KNOB_HUGE_PAGES_ROW,
};

const struct collector_descriptor collector = {
    .name = "none",
    .summary = "never reclaims; bump allocation; the baseline for overheads",
    .source = "after OpenJDK's Epsilon collector (JEP 318)",
    .capabilities = COLLECTOR_WEAK | COLLECTOR_FINALIZES, /* nothing is ever cleared or finalized */
    .knobs = knobs,
    .knob_count = KNOBS,
};

struct chunk {
  struct chunk *previous;
  uint64_t bytes;
};

struct none {
  struct gc_mutator mutator;
  char *bump, *limit;
  struct chunk *chunks;
};

enum { CHUNK_BYTES = 32 << 20, GRANULE_BYTES = 8 };

static struct none the_none;

static struct none *none_of(struct gc_mutator *mutator) { return (struct none *)(void *)mutator; }

static uint64_t extent_bytes(struct gc_shape shape)
{
  return header_shape_is_extended(shape) ? sizeof(struct header_extent) : 0;
}

static uint64_t cell_bytes(struct gc_shape shape)
{
  /* The header's word is there for comparison with others, and for checks. */
  const uint64_t bytes = extent_bytes(shape) + 8 + header_payload_bytes(shape);
  return (bytes + GRANULE_BYTES - 1) & ~(uint64_t)(GRANULE_BYTES - 1);
}

static bool chunk_add(struct none *none, uint64_t wanted_bytes)
{
  uint64_t bytes = sizeof(struct chunk) + wanted_bytes;
  if (bytes < CHUNK_BYTES) bytes = CHUNK_BYTES;
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  if (none->mutator.config->knobs[KNOB_HUGE_PAGES]) madvise(memory, bytes, MADV_HUGEPAGE);
  struct chunk *chunk = memory;
  *chunk = (struct chunk){.previous = none->chunks, .bytes = bytes};
  none->chunks = chunk;
  none->bump = (char *)(chunk + 1);
  none->limit = (char *)memory + bytes;
  none->mutator.counters.footprint_bytes += bytes;
  return true;
}

struct gc_mutator *collector_start(const struct collector_config *config)
{
  the_none = (struct none){.mutator = {.journal = config->journal, .config = config}};
  return chunk_add(&the_none, CHUNK_BYTES) ? &the_none.mutator : NULL;
}

void collector_settle(struct gc_mutator *mutator) { gc_counters_note_peak(&mutator->counters); }

void collector_check(struct gc_mutator *mutator)
{
  const struct none *none = none_of(mutator);
  if (none->bump > none->limit) gc_fail("the bump pointer is beyond its chunk", none->bump);
  hooks_check(mutator->hooks);
}

void collector_finish(struct gc_mutator *mutator)
{
  struct none *none = none_of(mutator);
  hooks_release(mutator);
  while (none->chunks != NULL) {
    struct chunk *chunk = none->chunks;
    none->chunks = chunk->previous;
    munmap(chunk, chunk->bytes);
  }
}

static __attribute__((noinline)) void refill(struct none *none, uint64_t bytes)
{
  if (chunk_add(none, bytes)) return;
  none->mutator.config->out_of_memory(&none->mutator, bytes);
}

GC_INLINE void gc_push(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_push(mutator, frame); }

GC_INLINE void gc_pop(struct gc_mutator *mutator, struct gc_frame *frame) { shadow_stack_pop(mutator, frame); }

GC_INLINE void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new: the slot is in no frame on the shadow stack", slot);
  struct none *none = none_of(mutator);
  const uint64_t bytes = cell_bytes(shape);
  if (GC_UNLIKELY((uint64_t)(none->limit - none->bump) < bytes)) refill(none, bytes);
  char *cell = none->bump;
  none->bump += bytes;
  if (GC_UNLIKELY(header_shape_is_extended(shape))) {
    *(struct header_extent *)(void *)cell = (struct header_extent){.fields = shape.fields, .bytes = shape.bytes};
    cell += sizeof(struct header_extent);
  }
  *(uint64_t *)(void *)cell = header_pack(shape);
  mutator->counters.allocated_objects++;
  mutator->counters.allocated_bytes += header_payload_bytes(shape);
  mutator->counters.heap_bytes += bytes;
  *slot = (gc_ref)(void *)(cell + 8);
}

GC_INLINE void gc_root(struct gc_mutator *mutator, gc_ref *slot, gc_ref value)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_root: the slot is in no frame on the shadow stack", slot);
  (void)mutator;
  *slot = value;
}

static inline void check_field(gc_ref object, uint32_t field)
{
  GC_CHECK(object != NULL, "a field of no object", object);
#ifdef GC_CHECKING
  const uint64_t *header = (const uint64_t *)(const void *)object - 1;
  GC_CHECK(field < header_fields((uint32_t)*header, header), "the object has fewer fields", object);
#endif
  (void)object;
  (void)field;
}

GC_INLINE gc_ref gc_load(struct gc_mutator *mutator, gc_ref object, uint32_t field)
{
  (void)mutator;
  check_field(object, field);
  return ((gc_ref *)(void *)object)[field];
}

GC_INLINE void gc_store(struct gc_mutator *mutator, gc_ref object, uint32_t field, gc_ref value)
{
  (void)mutator;
  check_field(object, field);
  ((gc_ref *)(void *)object)[field] = value;
}

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)mutator;
  (void)generation;
  return 0;
}

bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  (void)mutator;
  const uint64_t *header = (const uint64_t *)(const void *)object - 1;
  *shape = header_shape((uint32_t)*header, header);
  return true;
}
