/* Cells in blocks: zeroed, none handed out twice, counted, and given back to the system when they are free. */
#include "cmocka_all.h"

#include <stdlib.h>

#include "base/random.h"
#include "collectors/parts/cell_blocks.h"

const struct collector_descriptor collector = {.name = "test"}; /* for messages of failed checks */

enum { CELLS = 60000, SMALL_BYTES = 512 };

static struct gc_mutator mutator;
static struct cells cells;
static void *memory[CELLS];
static uint64_t sizes[CELLS];

static __attribute__((noreturn)) void refuse(struct gc_mutator *of, uint64_t bytes)
{
  (void)of;
  (void)bytes;
  fail_msg("there is no memory");
  abort();
}

static const struct collector_config config = {.out_of_memory = refuse};

static int start(void **state)
{
  (void)state;
  mutator = (struct gc_mutator){.config = &config};
  return cells_init(&cells, &mutator.counters) ? 0 : -1;
}

static int finish(void **state)
{
  (void)state;
  cells_finish(&cells);
  return 0;
}

/* All of a cell is the object's: filled with its number, to be found again when it is freed. */
static void make(uint32_t number, uint64_t bytes)
{
  unsigned char *cell = cell_allocate(&mutator, &cells, bytes);
  assert_int_equal((uintptr_t)cell % 16, 0);
  for (uint64_t i = 0; i < bytes; i++) assert_int_equal(cell[i], 0);
  memset(cell, (int)(number % 255 + 1), bytes);
  memory[number] = cell;
  sizes[number] = bytes;
}

static void drop(uint32_t number)
{
  const unsigned char *cell = memory[number];
  for (uint64_t i = 0; i < sizes[number]; i++) assert_int_equal(cell[i], number % 255 + 1);
  mutator.counters.heap_bytes -= sizes[number] + cell_slack_bytes(sizes[number]);
  cell_free(&cells, memory[number], sizes[number]);
  memory[number] = NULL;
}

/* Blocks become free one after the other, and the memory of some goes back while cells are still being freed. */
static void test_memory_goes_back(void **state)
{
  (void)state;
  for (int round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < CELLS; i++) make(i, SMALL_BYTES);
    cells_check(&cells);
    assert_int_equal(mutator.counters.heap_bytes, CELLS * SMALL_BYTES);
    const uint64_t full_bytes = mutator.counters.footprint_bytes;
    assert_true(full_bytes >= CELLS * SMALL_BYTES);
    for (uint32_t i = 0; i < CELLS; i++) drop(round == 1 ? CELLS - 1 - i : i);
    cells_check(&cells);
    assert_int_equal(mutator.counters.heap_bytes, 0);
    assert_true(mutator.counters.footprint_bytes < full_bytes / 2);
    assert_int_equal(mutator.counters.peak_footprint_bytes, full_bytes);
  }
}

static uint64_t draw_bytes(struct random *random)
{
  const uint32_t roll = random_below(random, 100);
  if (roll == 0) return SIZE_CLASS_MAX_BYTES + 1 + random_below(random, 100000);
  return 8 + random_below(random, roll < 10 ? SIZE_CLASS_MAX_BYTES - 7 : 200);
}

static void test_random_sizes(void **state)
{
  (void)state;
  enum { LIVE = 3000, STEPS = 40000, CHECK_EVERY = 4000 };
  struct random random;
  random_seed(&random, 3);
  for (int i = 0; i < STEPS; i++) {
    const uint32_t number = random_below(&random, LIVE);
    if (memory[number] != NULL)
      drop(number);
    else
      make(number, draw_bytes(&random));
    if (i % CHECK_EVERY == 0) cells_check(&cells);
  }
  uint64_t live_bytes = 0;
  for (uint32_t i = 0; i < LIVE; i++) {
    if (memory[i] != NULL) live_bytes += sizes[i] + cell_slack_bytes(sizes[i]);
  }
  assert_int_equal(mutator.counters.heap_bytes, live_bytes);
  for (uint32_t i = 0; i < LIVE; i++) {
    if (memory[i] != NULL) drop(i);
  }
  cells_check(&cells);
  assert_int_equal(mutator.counters.heap_bytes, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_memory_goes_back, start, finish),
      cmocka_unit_test_setup_teardown(test_random_sizes, start, finish),
  };
  return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
