/*
 * Every knob of the collector's own table: at its least, its default, its most and values in between, a small
 * program must run as always.  A knob that is added is tried without a line here.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/conformance/objects.h"

/* A little of everything: live structures, acyclic and cyclic garbage, small and large. */
static void small_program(struct heap *heap, uint32_t rounds)
{
  uint64_t cyclic = 0;
  GC_FRAME(frame, 4);
  gc_push(heap->mutator, &frame.frame);
  tree_build(heap, &frame.slot[0], 7);
  for (uint32_t i = 0; i < rounds; i++) {
    list_build(heap, &frame.slot[1], 50);
    ring_build(heap, &frame.slot[2], 12);
    gc_root(heap->mutator, &frame.slot[2], NULL);
    cyclic += 12;
    const struct gc_shape shape = {2, i % 10 == 0 ? 40000 : i, GC_INSTANCE};
    gc_new(heap->mutator, &frame.slot[3], shape);
    object_require_empty(frame.slot[3], shape);
    gc_store(heap->mutator, frame.slot[3], 1, frame.slot[1]);
    object_fill(frame.slot[3], shape, i);
    if (i % 16 == 0) gc_collect(heap->mutator, (int)(i / 16) % GC_GENERATIONS);
    list_require(heap, gc_load(heap->mutator, frame.slot[3], 1), 50);
    object_require(frame.slot[3], shape, i);
  }
  tree_require(heap, frame.slot[0], 7);
  heap_expect(heap, tree_size(7) + 51, cyclic);
  heap_pop(heap, &frame.frame);
  heap_expect(heap, 0, cyclic);
}

static _Noreturn void room_was_too_small(struct heap *heap, uint64_t bytes)
{
  (void)heap;
  (void)bytes;
  conformance_skip("out of memory");
}

/* Does this knob, at this value, leave too little room for the program by its own definition? */
static bool may_run_out(const struct setting *knob, int64_t value)
{
  return knob->type == SETTING_HEAP && value != 0 && value < 4 << 20;
}

static void try_value(struct heap *heap, size_t row, int64_t value)
{
  const struct setting *knob = &collector.knobs[row];
  char text[SETTING_TEXT_MAX];
  fflush(NULL);
  const pid_t child = fork();
  REQUIRE(child >= 0, "fork failed");
  if (child == 0) {
    heap->knobs[row] = value;
    if (may_run_out(knob, value)) heap->out_of_memory = room_was_too_small;
    heap_start(heap);
    small_program(heap, (uint32_t)scaled(120, 60));
    heap_finish(heap);
    conformance_pass();
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child, "waitpid failed");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77 && may_run_out(knob, value)) return;
  REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s=%s: the process ended with status %#x", knob->name,
          setting_format(knob, value, text), status);
}

/* A quarter, a half and three quarters of the way, on the knob's own scale. */
static int64_t between(const struct setting *knob, int quarter)
{
  const double part = (double)quarter / 4;
  const double low = (double)knob->minimum;
  const double high = (double)knob->maximum;
  if (knob->scale == SETTING_LOG && high > 0) {
    const double from = low < 1 ? 1 : low;
    return (int64_t)llround(from * pow(high / from, part));
  }
  return (int64_t)llround(low + (high - low) * part);
}

static void every_value(struct heap *heap)
{
  for (size_t row = 0; row < collector.knob_count; row++) {
    const struct setting *knob = &collector.knobs[row];
    const bool few = knob->maximum - knob->minimum < 8;
    for (int64_t v = knob->minimum; few && v <= knob->maximum; v++) try_value(heap, row, v);
    if (few) continue;
    try_value(heap, row, knob->minimum);
    if (knob->minimum < knob->maximum) try_value(heap, row, knob->minimum + 1);
    for (int quarter = 1; quarter < 4; quarter++) try_value(heap, row, between(knob, quarter));
    try_value(heap, row, knob->default_value);
    try_value(heap, row, knob->maximum);
  }
}

/* All knobs at their least, and all at their most. */
static void extremes_together(struct heap *heap)
{
  for (int most = 0; most < 2; most++) {
    fflush(NULL);
    const pid_t child = fork();
    REQUIRE(child >= 0, "fork failed");
    if (child == 0) {
      for (size_t i = 0; i < collector.knob_count; i++)
        heap->knobs[i] = most ? collector.knobs[i].maximum : collector.knobs[i].minimum;
      heap_start(heap);
      small_program(heap, (uint32_t)scaled(120, 60));
      heap_finish(heap);
      conformance_pass();
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child, "waitpid failed");
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "all knobs at their %s: the process ended with status %#x",
            most ? "most" : "least", status);
  }
}

static const struct conformance_test tests[] = {
    {"every_value", every_value, .unstarted = true},
    {"extremes_together", extremes_together, .unstarted = true},
};

CONFORMANCE_GROUP(knobs, tests);
