/* A collector that is started with some knobs changed, for tests that use it through gc.h. */
#ifndef GCLAB_TESTS_UNIT_HEAP_FIXTURE_H
#define GCLAB_TESTS_UNIT_HEAP_FIXTURE_H

#include <stdlib.h>

#include "collectors/collector.h"
#include "tests/unit/cmocka_all.h"

struct heap_knob {
  const char *name;
  int64_t value;
};

struct heap {
  struct gc_mutator *mutator;
  struct journal journal;
  struct collector_config config;
  int64_t knobs[32];
  struct gc_frame frame; /* pushed; as many slots as the test asked for */
};

static inline __attribute__((noreturn)) void heap_out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  (void)bytes;
  abort();
}

/* Starts the collector with one frame of root slots.  `changes` ends with a row without a name. */
static inline void heap_start(struct heap *heap, uint32_t slots, const struct heap_knob *changes)
{
  if (clock_ns_per_tick == 0) clock_calibrate();
  assert_true(journal_open(&heap->journal, -1, 100000, 10, 0));
  for (size_t i = 0; i < collector.knob_count; i++) heap->knobs[i] = collector.knobs[i].default_value;
  for (; changes->name != NULL; changes++) {
    const int row = setting_find(collector.knobs, collector.knob_count, changes->name);
    assert_true(row >= 0);
    heap->knobs[row] = changes->value;
  }
  heap->config =
      (struct collector_config){.knobs = heap->knobs, .journal = &heap->journal, .out_of_memory = heap_out_of_memory};
  heap->mutator = collector_start(&heap->config);
  assert_non_null(heap->mutator);
  heap->frame = (struct gc_frame){.slots = calloc(slots, sizeof(gc_ref)), .count = slots};
  assert_non_null(heap->frame.slots);
  gc_push(heap->mutator, &heap->frame);
}

/* Objects that are held: exact after this. */
static inline uint64_t heap_held(struct heap *heap)
{
  collector_settle(heap->mutator);
  return heap->mutator->counters.allocated_objects - heap->mutator->counters.freed_objects;
}

static inline void heap_finish(struct heap *heap)
{
  collector_check(heap->mutator);
  journal_check(&heap->journal);
  gc_pop(heap->mutator, &heap->frame);
  collector_finish(heap->mutator);
  journal_close(&heap->journal);
  free(heap->frame.slots);
}

#endif
