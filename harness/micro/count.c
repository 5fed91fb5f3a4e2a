/*
 * The driver that counts instructions, under callgrind.
 *
 * Collection of costs is off until a row's clock starts, and off again when it stops; then callgrind dumps what was
 * executed in between.  So the counts hold nothing of what was prepared, and are the same each time: after a batch that
 * is not counted, BATCHES are.  Without callgrind the same work is done, and nothing is dumped.
 */
#include <inttypes.h>
#include <stdio.h>

#include "harness/micro/driver.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define HAS_CALLGRIND 1
#else
#define HAS_CALLGRIND               0
#define CALLGRIND_TOGGLE_COLLECT    (void)0
#define CALLGRIND_ZERO_STATS        (void)0
#define CALLGRIND_DUMP_STATS_AT(at) (void)(at)
#endif

enum { BATCHES = 8 };

struct count {
  int batches; /* begun so far */
  int64_t operations;
  bool is_on;
};

static struct count count;

static void turn(bool on)
{
  if (count.is_on == on) return;
  count.is_on = on;
  CALLGRIND_TOGGLE_COLLECT;
}

static bool next_batch(struct micro *micro, int64_t operations)
{
  const bool goes_on = count.batches++ <= BATCHES;
  if (count.batches == 2) CALLGRIND_ZERO_STATS;
  if (goes_on && count.batches > 1) count.operations += operations;
  if (!micro->benchmark->manual) turn(goes_on && count.batches > 1);
  return goes_on;
}

static void start_counting(struct micro *micro)
{
  (void)micro;
  turn(count.batches > 1);
}

static void stop_counting(struct micro *micro)
{
  (void)micro;
  turn(false);
}

static bool count_row(struct heap *heap, struct micro *micro, const struct micro_benchmark *row)
{
  if (!heap_renew(heap, micro)) return false;
  micro->benchmark = row;
  random_seed(&micro->random, 1);
  count = (struct count){0};
  if (row->prepare != NULL) row->prepare(micro);
  row->run(micro);
  char trigger[MICRO_NAME_MAX + 32];
  snprintf(trigger, sizeof trigger, "%s %" PRId64, row->name, count.operations);
  CALLGRIND_DUMP_STATS_AT(trigger);
  if (row->release != NULL) row->release(micro);
  return true;
}

int driver_count_instructions(struct heap *heap, const struct micro_table *table)
{
  struct micro micro = {.next = next_batch, .start = start_counting, .stop = stop_counting};
  if (!HAS_CALLGRIND) {
    fputs("gclab-micro: instructions cannot be counted: this was built without valgrind/callgrind.h (Debian package: "
          "valgrind)\n",
          stderr);
    return MICRO_EXIT_ENVIRONMENT;
  }
  for (size_t i = 0; i < table->count; i++) {
    const struct micro_benchmark *row = &table->rows[i];
    if (!row->counted || row->skip != NULL) continue;
    if (!count_row(heap, &micro, row)) return MICRO_EXIT_ENVIRONMENT;
  }
  heap_finish(heap, &micro);
  return MICRO_EXIT_OK;
}
