/* The heap under test: starting it, asking what it holds, and comparing its counters with its journal at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/build.h"
#include "collectors/parts/audit.h"
#include "tests/conformance/conformance.h"
#include "tests/conformance/objects.h"

bool build_is_sanitized(void) { return BUILD_SANITIZED; }
bool build_is_checking(void) { return BUILD_CHECKING; }
uint64_t scaled(uint64_t full, uint64_t slow) { return BUILD_SANITIZED || BUILD_CHECKING ? slow : full; }

/* Of LeakSanitizer, where the build has it: nonzero if memory is lost. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static struct heap *current; /* out_of_memory gets the mutator alone */

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  REQUIRE(mutator == current->mutator, "out_of_memory was called with another mutator");
  if (current->out_of_memory != NULL) current->out_of_memory(current, bytes);
  conformance_fail(__FILE__, __LINE__, "there is memory", "out of memory for an object of %llu bytes",
                   (unsigned long long)bytes);
}

enum { JOURNAL_ROWS = 1 << 18 };

void heap_start(struct heap *heap)
{
  current = heap;
  /* A floor of zero: every cascade has a row, so that rows can be compared with counters. */
  REQUIRE(journal_open(&heap->journal, -1, JOURNAL_ROWS, 0, 0), "no memory for the journal");
  heap->config = (struct collector_config){
      .knobs = heap->knobs, .journal = &heap->journal, .needs = COLLECTOR_WEAK, .out_of_memory = out_of_memory};
  heap->mutator = collector_start(&heap->config);
  REQUIRE(heap->mutator != NULL, "collector_start found no memory");
  REQUIRE(heap->mutator->frames == NULL, "the shadow stack is not empty at the start");
  REQUIRE(heap->mutator->journal == &heap->journal, "the mutator has another journal");
  gc_mutator_meter(heap->mutator);
  REQUIRE(heap->mutator->config == &heap->config, "the mutator has another configuration");
  REQUIRE_EQUAL(heap->mutator->counters.allocated_objects, 0, "objects allocated at the start");
  REQUIRE_EQUAL(heap->mutator->counters.freed_objects, 0, "objects freed at the start");
}

static void check_counters(const struct gc_counters *counters)
{
  REQUIRE(counters->freed_objects <= counters->allocated_objects, "more objects freed than allocated");
  REQUIRE(counters->freed_bytes <= counters->allocated_bytes, "more bytes freed than allocated");
  REQUIRE(counters->heap_bytes <= counters->peak_heap_bytes, "heap_bytes is above its peak");
  REQUIRE(counters->footprint_bytes <= counters->peak_footprint_bytes, "footprint_bytes is above its peak");
  if (counters->footprint_bytes != 0)
    REQUIRE(counters->peak_heap_bytes <= counters->peak_footprint_bytes, "the heap's peak is above the footprint's");
}

void heap_finish(struct heap *heap)
{
  REQUIRE(heap->mutator->frames == NULL, "the test left a frame on the shadow stack");
  collector_settle(heap->mutator);
  collector_check(heap->mutator);
  check_counters(&heap->mutator->counters);
  audit_journal(heap->mutator);
  const uint64_t held = heap->mutator->counters.allocated_objects - heap->mutator->counters.freed_objects;
  collector_finish(heap->mutator);
  heap->mutator = NULL;
  journal_close(&heap->journal);
  if (held == 0 && !can(COLLECTOR_EXTERNAL) && __lsan_do_recoverable_leak_check != NULL)
    REQUIRE(__lsan_do_recoverable_leak_check() == 0, "memory is lost after collector_finish");
}

bool heap_set_knob(struct heap *heap, const char *name, int64_t value)
{
  const int row = setting_find(collector.knobs, collector.knob_count, name);
  if (row < 0) return false;
  heap->knobs[row] = value;
  return true;
}

uint64_t heap_held(struct heap *heap)
{
  collector_settle(heap->mutator);
  return heap->mutator->counters.allocated_objects - heap->mutator->counters.freed_objects;
}

/*
 * A word on the stack or in a register that looks like a reference to one object keeps all that it leads to.  So a
 * conservative collector is held to this much here, and to a share of garbage where there are many structures
 * (accounting.c, many_structures_are_freed).
 */
static void expect_conservative(uint64_t held, uint64_t reachable)
{
  REQUIRE(held >= reachable, "%llu objects held, but %llu are reachable", (unsigned long long)held,
          (unsigned long long)reachable);
}

void heap_expect(struct heap *heap, uint64_t reachable, uint64_t cyclic)
{
  stack_clear();
  gc_collect(heap->mutator, GC_FULL);
  const uint64_t held = heap_held(heap);
  if (!can(COLLECTOR_RECLAIMS)) {
    REQUIRE_EQUAL(held, heap->mutator->counters.allocated_objects, "objects held by a collector that never frees");
  } else if (can(COLLECTOR_CONSERVATIVE)) {
    expect_conservative(held, reachable);
  } else {
    const uint64_t expected = can(COLLECTOR_RECLAIMS_CYCLES) ? reachable : reachable + cyclic;
    REQUIRE_EQUAL(held, expected, "objects held after a full collection");
  }
}

void heap_expect_promptly(struct heap *heap, uint64_t held)
{
  if (can(COLLECTOR_PROMPT)) REQUIRE_EQUAL(heap_held(heap), held, "objects held at once");
}

uint64_t process_data_bytes(void)
{
  FILE *status = fopen("/proc/self/status", "re");
  REQUIRE(status != NULL, "/proc/self/status cannot be read");
  char line[256];
  unsigned long long kilobytes = 0;
  while (fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "VmData:", 7) == 0) kilobytes = strtoull(line + 7, NULL, 10);
  }
  fclose(status);
  return kilobytes * 1024;
}

void process_limit_memory(uint64_t more_bytes)
{
  if (build_is_sanitized()) conformance_skip("a sanitizer's shadow memory does not live with RLIMIT_DATA");
  if (build_is_checking()) conformance_skip("the tables of a checking build count against RLIMIT_DATA too");
  const struct rlimit limit = {process_data_bytes() + more_bytes, RLIM_INFINITY};
  REQUIRE(setrlimit(RLIMIT_DATA, &limit) == 0, "RLIMIT_DATA cannot be set");
}
