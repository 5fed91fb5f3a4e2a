#include "harness/micro/heap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/micro/driver.h"

enum { JOURNAL_ROWS = 1 << 16, CASCADE_FLOOR_NS = 1000 };

void heap_set_defaults(struct heap *heap)
{
  for (size_t i = 0; i < collector.knob_count; i++) heap->knobs[i] = collector.knobs[i].default_value;
}

bool heap_set_knob(struct heap *heap, const char *text)
{
  char error[SETTING_ERROR_MAX];
  if (setting_assign(text, collector.knobs, collector.knob_count, heap->knobs, collector.name, error)) return true;
  fprintf(stderr, "gclab-micro: %s\n", error);
  return false;
}

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  fflush(NULL);
  fprintf(stderr,
          "gclab-micro: %s is out of memory: there was no room for %llu bytes; leave out what is large with "
          "--filter or --size\n",
          collector.name, (unsigned long long)bytes);
  _exit(MICRO_EXIT_FAILED);
}

static void put_roots(struct heap *heap, struct micro *micro)
{
  memset(heap->roots, 0, sizeof heap->roots);
  heap->frame = (struct gc_frame){.slots = heap->roots, .count = MICRO_ROOTS};
  micro->roots = heap->roots;
  gc_push(micro->mutator, &heap->frame);
}

bool heap_start(struct heap *heap, struct micro *micro)
{
  if (clock_ns_per_tick == 0) clock_calibrate();
  if (!journal_open(&heap->journal, -1, JOURNAL_ROWS, 1, CASCADE_FLOOR_NS)) {
    fprintf(stderr, "gclab-micro: no memory for a journal: %s\n", strerror(errno));
    return false;
  }
  heap->config =
      (struct collector_config){.knobs = heap->knobs, .journal = &heap->journal, .out_of_memory = out_of_memory};
  micro->mutator = collector_start(&heap->config);
  if (micro->mutator == NULL) {
    fprintf(stderr, "gclab-micro: %s cannot start: no memory for its heap\n", collector.name);
    journal_close(&heap->journal);
    return false;
  }
  gc_mutator_meter(micro->mutator);
  heap->is_open = true;
  put_roots(heap, micro);
  return true;
}

bool heap_renew(struct heap *heap, struct micro *micro)
{
  if (heap->is_open && (collector.capabilities & COLLECTOR_EXTERNAL)) {
    for (int i = 0; i < MICRO_ROOTS; i++) gc_root(micro->mutator, &heap->roots[i], NULL);
    gc_collect(micro->mutator, GC_FULL);
    return true;
  }
  heap_finish(heap, micro);
  return heap_start(heap, micro);
}

bool heap_is_spent(const struct micro *micro)
{
  return !(collector.capabilities & COLLECTOR_RECLAIMS) &&
         micro->mutator->counters.allocated_bytes > MICRO_UNRECLAIMED_BYTES;
}

void heap_finish(struct heap *heap, struct micro *micro)
{
  if (!heap->is_open) return;
  gc_pop(micro->mutator, &heap->frame);
  collector_settle(micro->mutator);
  collector_finish(micro->mutator);
  journal_close(&heap->journal);
  micro->mutator = NULL;
  heap->is_open = false;
}

void heap_hold_collections(struct micro *micro) { collector_order(micro->mutator, COLLECTOR_ORDER_ENABLE, 0, NULL, 0); }

void heap_resume_collections(struct micro *micro)
{
  collector_order(micro->mutator, COLLECTOR_ORDER_ENABLE, 0, NULL, 1);
}
