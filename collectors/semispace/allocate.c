/*
 * The slow paths of allocation.
 *
 * The piece is used up: it is made longer by what follows in the space.  The space was left by an earlier collection
 * and is full of what was in it then, so a piece is zeroed before it is handed out, 16 KiB at a time: its cells are
 * still in the first-level cache when they are filled, and the collector hears of allocation often enough to be exact
 * about triggers.  Stress mode makes pieces of one cell.
 *
 * A piece is never longer than the largest cell, so the fast path's one test sends large objects here too.
 */
#include <string.h>

#include "collectors/parts/fault.h"
#include "collectors/semispace/semispace.h"

static uint64_t round_up_to_page(uint64_t bytes)
{
  return (bytes + SPACE_PAGE_BYTES - 1) & ~(uint64_t)(SPACE_PAGE_BYTES - 1);
}

/* Would the heap, with so much of the space in use, and as much in the reserve, be within the limit? */
static bool fits(const struct semispace *ss, uint64_t used_bytes, uint64_t large_bytes)
{
  return trigger_fits(&ss->trigger, 2 * round_up_to_page(used_bytes) + large_bytes);
}

/* Makes the piece so long, at least as long as it is.  False: there is no room without collecting. */
static bool extend_to(struct semispace *ss, uint64_t piece_bytes)
{
  struct space *space = spaces_current(&ss->spaces);
  char *limit = ss->bump + piece_bytes;
  const uint64_t used_bytes = (uint64_t)(limit - space->base);
  const uint64_t most_bytes = semispace_most_bytes(ss);
  if (!fits(ss, used_bytes, ss->large.mapped_bytes)) return false;
  /* The reserve first: what is allocated can always be copied. */
  if (!spaces_commit(&ss->spaces, spaces_reserve(&ss->spaces), used_bytes, most_bytes)) return false;
  if (!spaces_commit(&ss->spaces, space, used_bytes, most_bytes)) return false;
  const uint64_t more_bytes = (uint64_t)(limit - ss->limit);
  const uint64_t dirty_bytes = (uint64_t)(space->base + space->touched_bytes - ss->limit);
  if (ss->limit < space->base + space->touched_bytes && !GC_FAULT(piece_dirty)) {
    poison_open(ss->limit, more_bytes);
    memset(ss->limit, 0, dirty_bytes < more_bytes ? dirty_bytes : more_bytes);
    poison_close(ss->limit, more_bytes); /* gc_new opens each cell */
  }
  ss->limit = limit;
  ss->mutator.counters.heap_bytes += more_bytes;
  if (space->touched_bytes < used_bytes) {
    space_touch(space, used_bytes);
    semispace_note_footprint(ss);
  }
  return true;
}

static bool extend(struct semispace *ss, uint64_t cell_bytes)
{
  if ((uint64_t)(ss->limit - ss->bump) >= cell_bytes) return true;
  if (ss->piece_bytes > cell_bytes && extend_to(ss, ss->piece_bytes)) return true;
  return extend_to(ss, cell_bytes);
}

/* Collects where a trigger says so. */
static void safepoint(struct semispace *ss, uint64_t more_bytes)
{
  if (ss->stress_period != 0 && ++ss->stress_count >= ss->stress_period) {
    ss->stress_count = 0;
    semispace_collect(ss, JOURNAL_STRESS);
  } else if (trigger_is_due(&ss->trigger, ss->mutator.counters.heap_bytes + more_bytes)) {
    semispace_collect(ss, ss->trigger.cause);
  }
}

/* A full collection has not made room. */
static _Noreturn void out_of_memory(struct semispace *ss, struct gc_shape shape)
{
  semispace_retire_piece(ss);
  ss->mutator.config->out_of_memory(&ss->mutator, header_payload_bytes(shape));
}

__attribute__((noinline)) void semispace_new_small(struct semispace *ss, gc_ref *slot, uint32_t packed)
{
  const struct gc_shape shape = {.fields = packed_fields(packed), .bytes = packed_bytes(packed)};
  const uint64_t cell_bytes = cell_bytes_of_packed(packed);
  safepoint(ss, 0);
  if (!extend(ss, cell_bytes)) {
    semispace_collect(ss, JOURNAL_HEAP_LIMIT);
    large_release_kept(&ss->large);
    if (!extend(ss, cell_bytes)) out_of_memory(ss, shape);
  }
  semispace_take_cell(ss, slot, cell_bytes, packed, header_payload_bytes(shape));
  if (ss->mutator.hooks != NULL) semispace_run_hooks(ss);
}

/* Under a limit what the spaces hold beyond their use makes way for large objects. */
static void make_way(struct semispace *ss)
{
  const uint64_t most_bytes = semispace_most_bytes(ss);
  space_trim(spaces_current(&ss->spaces), most_bytes);
  space_trim(spaces_reserve(&ss->spaces), most_bytes);
}

static gc_ref try_large(struct semispace *ss, uint64_t payload_bytes)
{
  const uint64_t bytes = large_mapped_bytes(payload_bytes);
  semispace_retire_piece(ss);
  if (!fits(ss, semispace_used_bytes(ss), ss->large.mapped_bytes + bytes)) return NULL;
  const gc_ref object = large_new(&ss->large, payload_bytes);
  if (object == NULL) return NULL;
  ss->mutator.counters.allocated_objects++;
  ss->mutator.counters.heap_bytes += bytes;
  make_way(ss);
  semispace_note_footprint(ss);
  return object;
}

__attribute__((noinline)) void semispace_new_large(struct semispace *ss, gc_ref *slot, struct gc_shape shape)
{
  const uint64_t payload_bytes = header_payload_bytes(shape);
  safepoint(ss, large_mapped_bytes(payload_bytes));
  gc_ref object = try_large(ss, payload_bytes);
  if (object == NULL) {
    semispace_collect(ss, JOURNAL_HEAP_LIMIT);
    object = try_large(ss, payload_bytes);
  }
  if (object == NULL) { /* what the spaces hold of the system's limit */
    space_trim(spaces_current(&ss->spaces), semispace_used_bytes(ss));
    space_trim(spaces_reserve(&ss->spaces), semispace_used_bytes(ss));
    object = try_large(ss, payload_bytes);
  }
  if (object == NULL) out_of_memory(ss, shape);
  struct header *header = header_of(object);
  *((struct header_extent *)(void *)header - 1) = (struct header_extent){.fields = shape.fields, .bytes = shape.bytes};
  *header = (struct header){.word = HEADER_OBJECT, .packed = header_pack(shape)};
  ss->mutator.counters.allocated_bytes += payload_bytes;
  *slot = object;
  if (ss->mutator.hooks != NULL) semispace_run_hooks(ss);
}

/* Gives back what is left of the piece, so that heap_bytes is exact. */
void semispace_retire_piece(struct semispace *ss)
{
  ss->mutator.counters.heap_bytes -= (uint64_t)(ss->limit - ss->bump);
  ss->limit = ss->bump;
}
