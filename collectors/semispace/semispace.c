/*
 * semispace: stop-the-world copying between two spaces.
 *
 * After Cheney, "A nonrecursive list compacting algorithm" (CACM 13, 1970), which gave Fenichel and Yochelson's two
 * spaces (1969) a breadth-first copy that needs no stack.  It departs from them in that large objects (above 16 KiB)
 * are not copied but marked where they are, each in a mapping of its own (parts/large.h); that the spaces grow and
 * shrink with what is alive; that the space is zeroed piece by piece, just before it is allocated through; and that the
 * scan prefetches (copy.c).
 *
 * The course of things:
 *   - gc_new bumps through a piece of zeroed memory at the end of the space.  A piece used up: allocate.c makes it
 *     longer.
 *   - When a trigger says so (parts/trigger.h), collect.c copies all that is reachable into the reserve (copy.c), which
 *     then is the space.  Every object moves at every collection; what was not copied is gone without being looked at.
 *   - Where there are weak references or finalizers, finalize.c sees to them after copying; hooks run after the pause.
 *   - Beyond what the heap may need before the next collection, the memory of both spaces goes back to the system.
 *
 * What it costs is memory: the reserve must be able to take all that is in the space.  heap_limit bounds both together,
 * and the large objects, so that a limit means the same memory here as for a collector that needs no reserve.
 *
 * INVARIANTS
 *  - [base, bump) of the current space is full of objects, one cell after the other, without gaps; a cell is a header
 *    and the payload, in whole words.  [bump, limit), the piece, is zero.
 *  - Every object's header has HEADER_OBJECT in its word, which is odd; during a collection the header of one that was
 *    copied holds the even address of its copy instead.
 *  - The reserve has memory for all of [base, limit): a collection never runs out of it.  (In a checking build this is
 *    made so when a collection starts.)
 *  - Under a limit, twice what is in use of the space and the large objects are within it, and so is what is held,
 *    and what the system might give (committed), also where it gives huge pages.
 *  - heap_bytes = limit - base + mappings of large objects; after collector_settle the piece is empty.
 *  - Between collections no large object is marked.  All references lead to objects in the space or to large ones.
 */
#include "collectors/semispace/semispace.h"

#include <unistd.h>

#include "collectors/parts/hooks.h"
#include "collectors/parts/huge_pages.h"
#include "collectors/parts/stress.h"

static const struct setting knobs[KNOBS] = {
    [KNOB_GROWTH_FACTOR] = KNOB_GROWTH_FACTOR_ROW,
    [KNOB_MIN_HEAP] = KNOB_MIN_HEAP_ROW,
    [KNOB_HEAP_LIMIT] = {.name = "heap_limit",
                         .unit = "bytes",
                         .type = SETTING_HEAP,
                         .scale = SETTING_LOG,
                         .default_value = 0,
                         .minimum = 0,
                         .maximum = INT64_C(1) << 40,
                         .help = "fixed size of the heap, both spaces and large objects together; out of memory when "
                                 "collecting makes no room (0: none)"},
    [KNOB_ALLOCATION_BUDGET] = KNOB_ALLOCATION_BUDGET_ROW,
    [KNOB_HUGE_PAGES] = KNOB_HUGE_PAGES_ROW,
    [KNOB_STRESS] = KNOB_STRESS_ROW,
};

const struct collector_descriptor collector = {
    .name = "semispace",
    .summary = "stop-the-world copying between two spaces: bump allocation, breadth first, large objects stay",
    .source = "Cheney, A nonrecursive list compacting algorithm (1970)",
    .capabilities =
        COLLECTOR_RECLAIMS | COLLECTOR_RECLAIMS_CYCLES | COLLECTOR_MOVES | COLLECTOR_WEAK | COLLECTOR_FINALIZES,
    .knobs = knobs,
    .knob_count = KNOBS,
};

static struct semispace the_semispace;

/* Addresses of one space: as many as the machine has memory, so that memory runs out first, not addresses. */
static uint64_t region_bytes(void)
{
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return UINT64_C(1) << 36;
  return (uint64_t)pages * (uint64_t)page_bytes;
}

void semispace_note_footprint(struct semispace *ss)
{
  struct gc_counters *counters = &ss->mutator.counters;
  counters->footprint_bytes = spaces_held_bytes(&ss->spaces) + large_held_bytes(&ss->large);
  if (counters->footprint_bytes > counters->peak_footprint_bytes)
    counters->peak_footprint_bytes = counters->footprint_bytes;
}

struct gc_mutator *collector_start(const struct collector_config *config)
{
  const int64_t *values = config->knobs;
  struct semispace *ss = &the_semispace;
  *ss = (struct semispace){.mutator = {.journal = config->journal, .config = config}};
  ss->trigger = (struct trigger){.growth_milli = (uint64_t)values[KNOB_GROWTH_FACTOR],
                                 .min_heap_bytes = (uint64_t)values[KNOB_MIN_HEAP],
                                 .limit_bytes = (uint64_t)values[KNOB_HEAP_LIMIT],
                                 .budget_bytes = (uint64_t)values[KNOB_ALLOCATION_BUDGET]};
  trigger_update(&ss->trigger, 0);
  ss->stress_period = (uint64_t)values[KNOB_STRESS];
  ss->piece_bytes = ss->stress_period != 0 ? 0 : PIECE_BYTES;
  const bool huge_pages = values[KNOB_HUGE_PAGES] != 0;
  large_init(&ss->large, huge_pages, ss->trigger.limit_bytes == 0);
  if (!spaces_init(&ss->spaces, region_bytes(), huge_pages)) return NULL;
  ss->bump = ss->limit = spaces_current(&ss->spaces)->base;
  return &ss->mutator;
}

void collector_settle(struct gc_mutator *mutator)
{
  semispace_retire_piece(semispace_of(mutator));
  gc_counters_note_peak(&mutator->counters);
}

void collector_finish(struct gc_mutator *mutator)
{
  struct semispace *ss = semispace_of(mutator);
  hooks_release(mutator);
  large_finish(&ss->large);
  spaces_finish(&ss->spaces);
}

#define ARGUMENTS_REQUIRE_OBJECT(mutator, object, what) semispace_require_object(semispace_of(mutator), object, what)
#include "collectors/parts/unbarriered.h"

GC_INLINE void gc_new(struct gc_mutator *mutator, gc_ref *slot, struct gc_shape shape)
{
  check_slot(mutator, slot, "gc_new: the slot is in no frame on the shadow stack");
  struct semispace *ss = semispace_of(mutator);
  const uint64_t payload_bytes = header_payload_bytes(shape);
  const uint64_t cell_bytes = cell_bytes_of_payload(payload_bytes);
  if (GC_UNLIKELY((uint64_t)(ss->limit - ss->bump) < cell_bytes)) {
    if (cell_bytes > CELL_MAX_BYTES)
      semispace_new_large(ss, slot, shape);
    else
      semispace_new_small(ss, slot, header_pack(shape));
    return;
  }
  semispace_take_cell(ss, slot, cell_bytes, header_pack(shape), payload_bytes);
}

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)generation; /* there are none */
  const uint64_t found = semispace_collect(semispace_of(mutator), JOURNAL_EXPLICIT);
  if (mutator->hooks != NULL) semispace_run_hooks(semispace_of(mutator));
  return found;
}

bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  (void)mutator;
  *shape = shape_of(object);
  return true;
}
