/*
 * marksweep: stop-the-world mark-sweep, non-moving, on a heap of its own, or over malloc.
 *
 * After McCarthy (1960), with what has been learnt since: size-class blocks and mark bits on the side (Boehm and
 * Weiser, 1988), marking with a queue that prefetches (Cher, Hosking and Vitek, 2004), lazy sweeping (Hughes, 1982)
 * by runs of free cells that are bump-allocated through (as Immix does with lines; Blackburn and McKinley, 2008).
 * It departs from Boehm's collector in that roots are exact, mark bits stand apart from the blocks (parts/blocks.h
 * says why), free cells have no free list, and large objects are mappings of their own.
 *
 * The course of things:
 *   - gc_new bumps through its size class's piece of zeroed cells.  A piece used up: block_allocate.c finds the next
 *     one.
 *   - When a trigger says so (parts/trigger.h), collect.c marks (mark.c), and block_sweep.c counts bits and lists
 *     blocks by what is free in them.  Nothing else is swept in the pause.
 *   - Where there are weak references or finalizers, finalize.c sees to them after marking; hooks run after the pause.
 *   - Blocks without a live cell are shared by all classes again; beyond what the heap may need before the next
 *     collection, their memory goes back to the system.  So does most dead large objects' (parts/large.h).
 *
 * That is its usual memory, whose invariants are in block_space.h.  Built over malloc (malloc_space.h), everything else
 * is the same: triggers, marking in the same order, hooks, the journal.
 */
#include "collectors/marksweep/marksweep.h"

#include <string.h>

#include "collectors/parts/hooks.h"
#include "collectors/parts/huge_pages.h"
#include "collectors/parts/stress.h"

static const struct setting knobs[KNOBS] = {
    [KNOB_GROWTH_FACTOR] = KNOB_GROWTH_FACTOR_ROW,
    [KNOB_MIN_HEAP] = KNOB_MIN_HEAP_ROW,
    [KNOB_HEAP_LIMIT] = KNOB_HEAP_LIMIT_ROW,
    [KNOB_ALLOCATION_BUDGET] = KNOB_ALLOCATION_BUDGET_ROW,
    [KNOB_PREFETCH_DISTANCE] = {.name = "prefetch_distance",
                                .unit = "objects",
                                .type = SETTING_INTEGER,
                                .scale = SETTING_LOG,
                                .default_value = 64,
                                .minimum = 1,
                                .maximum = PREFETCH_DISTANCE_MAX,
                                .help = "length of the queue in front of the mark stack (1: no prefetching)"},
    [KNOB_MARK_STACK_LIMIT] = {.name = "mark_stack_limit",
                               .unit = "entries",
                               .type = SETTING_INTEGER,
                               .scale = SETTING_LOG,
                               .default_value = 0,
                               .minimum = 0,
                               .maximum = INT64_C(1) << 40,
                               .help =
                                   "most entries on the mark stack; what does not fit is found again (0: no limit)"},
    [KNOB_STRESS] = KNOB_STRESS_ROW,
    [KNOB_LAZY_SWEEP] = {.name = "lazy_sweep",
                         .unit = "",
                         .type = SETTING_BOOLEAN,
                         .default_value = 1,
                         .minimum = 0,
                         .maximum = 1,
                         .search_low = 0,
                         .search_high = 1,
                         .help = "clear dead cells when they are allocated again, not in the pause"},
    [KNOB_HUGE_PAGES] = KNOB_HUGE_PAGES_ROW,
};

const struct collector_descriptor collector = {
    .name = "marksweep",
#ifdef COLLECTOR_ON_MALLOC
    .summary =
        "stop-the-world mark-sweep over malloc: mark bits in headers, prefetching, dead objects freed in the pause",
    .knob_count = KNOBS_ON_MALLOC,
#else
    .summary = "stop-the-world mark-sweep: size-class blocks, side mark bits, prefetching, lazy sweeping",
    .knob_count = KNOBS,
#endif
    .source = "McCarthy 1960; Boehm and Weiser 1988 (blocks, side marks); Cher, Hosking and Vitek 2004 (prefetching)",
    .capabilities =
        COLLECTOR_RECLAIMS | COLLECTOR_RECLAIMS_CYCLES | COLLECTOR_MEMORY | COLLECTOR_WEAK | COLLECTOR_FINALIZES,
    .knobs = knobs,
};

static struct marksweep the_marksweep;

struct gc_mutator *collector_start(const struct collector_config *config)
{
  const int64_t *values = config->knobs;
  struct marksweep *ms = &the_marksweep;
  *ms = (struct marksweep){.mutator = {.journal = config->journal, .config = config}};
  ms->trigger = (struct trigger){.growth_milli = (uint64_t)values[KNOB_GROWTH_FACTOR],
                                 .min_heap_bytes = (uint64_t)values[KNOB_MIN_HEAP],
                                 .limit_bytes = (uint64_t)values[KNOB_HEAP_LIMIT],
                                 .budget_bytes = (uint64_t)values[KNOB_ALLOCATION_BUDGET]};
  trigger_update(&ms->trigger, 0);
  ms->prefetch_distance = (uint32_t)values[KNOB_PREFETCH_DISTANCE];
  ms->stress_period = (uint64_t)values[KNOB_STRESS];
  const uint64_t limit_entries = (uint64_t)values[KNOB_MARK_STACK_LIMIT];
  if (space_start(ms, values) && mark_stack_init(&ms->stack, limit_entries) &&
      mark_stack_init(&ms->slices, limit_entries)) {
    space_note_footprint(ms);
    return &ms->mutator;
  }
  collector_finish(&ms->mutator);
  return NULL;
}

void collector_settle(struct gc_mutator *mutator)
{
  space_settle(marksweep_of(mutator));
  gc_counters_note_peak(&mutator->counters);
}

void collector_finish(struct gc_mutator *mutator)
{
  struct marksweep *ms = marksweep_of(mutator);
  hooks_release(mutator);
  mark_stack_finish(&ms->slices);
  mark_stack_finish(&ms->stack);
  space_finish(ms);
}

#define ARGUMENTS_REQUIRE_OBJECT(mutator, object, what) marksweep_require_object(marksweep_of(mutator), object, what)
#include "collectors/parts/unbarriered.h"

uint64_t gc_collect(struct gc_mutator *mutator, int generation)
{
  (void)generation; /* there are none */
  const uint64_t found = marksweep_collect(marksweep_of(mutator), JOURNAL_EXPLICIT);
  if (mutator->hooks != NULL) marksweep_run_hooks(marksweep_of(mutator));
  return found;
}

bool collector_shape(struct gc_mutator *mutator, gc_ref object, struct gc_shape *shape)
{
  (void)mutator;
  *shape = shape_of(object);
  return true;
}
