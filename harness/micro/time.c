/*
 * The driver that measures time: every row becomes a benchmark of Google Benchmark's.
 *
 * That calls a row's function several times until it has run for long enough.  So what a row prepared is kept until
 * another row's turn comes; each begins with an empty heap.
 *
 * CPU time is the process's, markers' threads included.  The library takes it around the whole run, so of a manual row
 * it is taken here, and reported as the counter "cpu_ns", an operation.  Reading that clock is a system call, most of
 * which falls between two readings: what two of them in a row take, at least, is subtracted.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "harness/micro/driver.h"
#include "harness/micro/gbench.h"
#include "harness/trial/allocator.h"

struct course {
  struct heap *heap;
  struct micro micro;
  const struct micro_benchmark *prepared; /* whose roots and memory there are; NULL: none */
  struct gb_state *state;
  uint64_t start_ns, taken_ns; /* of a manual row's batch */
  uint64_t start_cpu_ns, cpu_ns;
  uint64_t cpu_clock_ns; /* between two readings of it */
  bool failed;
};

static struct course course; /* one in a process, as the collector */

static void drop_prepared(void)
{
  if (course.prepared != NULL && course.prepared->release != NULL) course.prepared->release(&course.micro);
  course.prepared = NULL;
}

/* Is what is there what the row would prepare? */
static bool is_prepared_for(const struct micro_benchmark *row)
{
  const struct micro_benchmark *prepared = course.prepared;
  if (prepared == NULL || prepared == row) return prepared == row;
  return prepared->only_reads && prepared->prepare != NULL && prepared->prepare == row->prepare &&
         prepared->release == row->release && prepared->count == row->count && prepared->part == row->part;
}

static bool prepare(const struct micro_benchmark *row)
{
  if (is_prepared_for(row)) {
    course.prepared = row;
    course.micro.benchmark = row;
    return true;
  }
  drop_prepared();
  if (!heap_renew(course.heap, &course.micro)) {
    course.failed = true;
    return false;
  }
  course.micro.benchmark = row;
  random_seed(&course.micro.random, 1);
  if (row->prepare != NULL) row->prepare(&course.micro);
  course.prepared = row;
  return true;
}

static bool next_batch(struct micro *micro, int64_t operations)
{
  if (micro->benchmark->manual && course.taken_ns != 0) {
    gb_set_iteration_time(course.state, (double)course.taken_ns * 1e-9);
    course.taken_ns = 0;
  }
  const bool goes_on = gb_keep_running_batch(course.state, operations);
  if (goes_on && micro->benchmark->prepare == NULL && heap_is_spent(micro)) {
    if (!micro->benchmark->manual) gb_pause_timing(course.state);
    if (!heap_renew(course.heap, micro)) exit(MICRO_EXIT_ENVIRONMENT);
    if (!micro->benchmark->manual) gb_resume_timing(course.state);
  }
  return goes_on;
}

static void start_clock(struct micro *micro)
{
  (void)micro;
  course.start_cpu_ns = clock_cpu_ns();
  course.start_ns = clock_now_ns();
}

static void stop_clock(struct micro *micro)
{
  (void)micro;
  course.taken_ns = clock_now_ns() - course.start_ns;
  const uint64_t cpu_ns = clock_cpu_ns() - course.start_cpu_ns;
  if (cpu_ns > course.cpu_clock_ns) course.cpu_ns += cpu_ns - course.cpu_clock_ns;
}

static void calibrate(void)
{
  course.cpu_clock_ns = UINT64_MAX;
  for (int i = 0; i < 1000; i++) {
    const uint64_t start_ns = clock_cpu_ns();
    const uint64_t taken_ns = clock_cpu_ns() - start_ns;
    if (taken_ns < course.cpu_clock_ns) course.cpu_clock_ns = taken_ns;
  }
}

static void run_row(struct gb_state *state, void *context)
{
  const struct micro_benchmark *row = context;
  if (row->skip != NULL) {
    gb_skip(state, row->skip);
    return;
  }
  if (course.failed || !prepare(row)) {
    gb_skip(state, "the collector cannot start");
    return;
  }
  course.state = state;
  course.cpu_ns = 0;
  row->run(&course.micro);
  if (row->manual) gb_set_counter(state, "cpu_ns", (double)course.cpu_ns, GB_COUNTER_PER_ITERATION);
}

int driver_measure_time(struct heap *heap, const struct micro_table *table, int argc, char **argv)
{
  course = (struct course){.heap = heap, .micro = {.next = next_batch, .start = start_clock, .stop = stop_clock}};
  calibrate();
  gb_initialize(&argc, argv);
  gb_add_context("collector", collector.name);
  gb_add_context("allocator", allocator_name());
  for (size_t i = 0; i < table->count; i++) {
    struct micro_benchmark *row = &table->rows[i];
    struct gb_benchmark *benchmark = gb_register(row->name, run_row, row);
    gb_measure_process_cpu_time(benchmark);
    if (row->manual) gb_use_manual_time(benchmark);
  }
  gb_run();
  drop_prepared();
  heap_finish(heap, &course.micro);
  gb_shutdown();
  return course.failed ? MICRO_EXIT_ENVIRONMENT : MICRO_EXIT_OK;
}
