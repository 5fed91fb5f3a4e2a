/*
 * marksweep's objects on malloc: gc_new, lifecycle, sweeping.
 */
#include "collectors/marksweep/malloc_space.h"

#include <stdlib.h>
#include <string.h>

#include "collectors/marksweep/marksweep.h"
#include "collectors/parts/cell_malloc.h"

enum { SWEEP_PREFETCH = 16 /* objects ahead */ };

/* Makes room in the vector for one more.  False: there is no memory. */
static bool reserve(struct space *space)
{
  if (GC_LIKELY(space->count < space->capacity)) return true;
  if (!mapping_grow(&space->mapping, (space->count + 1) * sizeof(gc_ref))) return false;
  space->objects = space->mapping.memory;
  space->capacity = space->mapping.bytes / sizeof(gc_ref);
  return true;
}

/* From this size on an allocation has something to look at; below, it has not. */
static void set_attendance(struct marksweep *ms)
{
  const struct trigger *trigger = &ms->trigger;
  uint64_t bytes = trigger->due_bytes;
  if (trigger->limit_bytes != 0 && trigger->limit_bytes < bytes) bytes = trigger->limit_bytes;
  ms->space.attend_at_bytes = ms->stress_period != 0 ? 0 : bytes;
}

bool space_start(struct marksweep *ms, const int64_t *knobs)
{
  (void)knobs;
  set_attendance(ms);
  return reserve(&ms->space);
}

void space_finish(struct marksweep *ms)
{
  for (uint64_t i = 0; i < ms->space.count; i++) free(cell_of(ms->space.objects[i]));
  mapping_release(&ms->space.mapping);
  object_table_release(&ms->space.known);
}

/* Counters are exact at all times; what malloc holds is its own affair. */
void space_settle(struct marksweep *ms) { (void)ms; }
void space_note_footprint(struct marksweep *ms) { (void)ms; }

/* Sweeping has cleared them. */
void space_clear_marks(struct marksweep *ms) { (void)ms; }

static void free_object(struct marksweep *ms, gc_ref object)
{
  char *cell = cell_of(object);
#ifdef GC_CHECKING
  GC_CHECK(object_table_remove(&ms->space.known, object), "a cell is freed twice", object);
  memset(cell, 0, object_cell_bytes(object)); /* no header any more */
#endif
  (void)ms;
  free(cell);
}

void space_reclaim(struct marksweep *ms, struct census *census)
{
  struct space *space = &ms->space;
  const uint64_t count = space->count;
  uint64_t kept = 0;
  for (uint64_t i = 0; i < count; i++) {
    if (i + SWEEP_PREFETCH < count) __builtin_prefetch(header_of(space->objects[i + SWEEP_PREFETCH]), 1);
    const gc_ref object = space->objects[i];
    struct header *header = header_of(object);
    if (!(header->word & HEADER_MARKED)) {
      free_object(ms, object);
      continue;
    }
    header->word &= ~(uint32_t)HEADER_MARKED;
    space->objects[kept++] = object;
    census->bytes += object_cell_bytes(object);
  }
  space->count = kept;
  census->objects = kept;
}

void space_trim(struct marksweep *ms, uint64_t live_bytes)
{
  (void)live_bytes;
  mapping_trim(&ms->space.mapping, ms->space.count * sizeof(gc_ref));
  set_attendance(ms);
}

/* Under AddressSanitizer malloc closes what is freed itself. */
void space_poison_garbage(struct marksweep *ms) { (void)ms; }

/* The cell becomes an object, for which there is room in the vector. */
static inline void put_object(struct marksweep *ms, gc_ref *slot, char *cell, uint64_t cell_bytes,
                              struct gc_shape shape)
{
  struct gc_counters *counters = &ms->mutator.counters;
  const uint32_t packed = header_pack(shape);
  if (GC_UNLIKELY(packed & HEADER_EXTENDED))
    *(struct header_extent *)(void *)cell = (struct header_extent){.fields = shape.fields, .bytes = shape.bytes};
  const gc_ref object = (gc_ref)(void *)(cell + packed_front_bytes(packed) + HEADER_BYTES);
  *header_of(object) = (struct header){.word = HEADER_OBJECT, .packed = packed};
  counters->allocated_objects++;
  counters->allocated_bytes += header_payload_bytes(shape);
  counters->heap_bytes += cell_bytes;
  ms->space.objects[ms->space.count++] = object;
#ifdef GC_CHECKING
  GC_CHECK(object_table_add(&ms->space.known, object), "malloc gave a cell that is in use", cell);
#endif
  *slot = object;
}

static char *try_cell(struct marksweep *ms, uint64_t bytes)
{
  if (!trigger_fits(&ms->trigger, ms->mutator.counters.heap_bytes + bytes)) return NULL;
  if (!reserve(&ms->space)) return NULL;
#ifdef GC_CHECKING
  if (!object_table_reserve(&ms->space.known, 1)) return NULL;
#endif
  return cell_try(bytes);
}

static __attribute__((noinline)) void new_slow(struct marksweep *ms, gc_ref *slot, struct gc_shape shape,
                                               uint64_t bytes)
{
  marksweep_safepoint(ms, bytes);
  char *cell = try_cell(ms, bytes);
  if (cell == NULL) {
    marksweep_collect(ms, JOURNAL_HEAP_LIMIT);
    cell = try_cell(ms, bytes);
  }
  if (cell == NULL) ms->mutator.config->out_of_memory(&ms->mutator, header_payload_bytes(shape));
  put_object(ms, slot, cell, bytes, shape);
  if (ms->mutator.hooks != NULL) marksweep_run_hooks(ms);
}

GC_INLINE_ALWAYS void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  GC_CHECK(shadow_stack_has_slot(mutator, slot), "gc_new: the slot is in no frame on the shadow stack", slot);
  struct marksweep *ms = marksweep_of(mutator);
  const uint64_t bytes = packed_front_bytes(header_pack(shape)) + HEADER_BYTES + header_payload_bytes(shape);
  char *cell = NULL;
#ifndef GC_CHECKING
  if (GC_LIKELY(mutator->counters.heap_bytes + bytes < ms->space.attend_at_bytes &&
                ms->space.count < ms->space.capacity))
    cell = cell_try(bytes);
#endif
  if (GC_UNLIKELY(cell == NULL))
    new_slow(ms, slot, shape, bytes);
  else
    put_object(ms, slot, cell, bytes, shape);
}
