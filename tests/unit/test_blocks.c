/* Blocks, size classes and large objects. */
#include "cmocka_all.h"

#include <string.h>

#include "base/random.h"
#include "collectors/collector.h"
#include "collectors/parts/blocks.h"
#include "collectors/parts/large.h"

const struct collector_descriptor collector = {.name = "test"}; /* for messages of failed checks */

static void test_size_classes_hold_what_they_are_for(void **state)
{
  (void)state;
  unsigned last = 0;
  for (uint32_t bytes = 1; bytes <= SIZE_CLASS_MAX_BYTES; bytes++) {
    const unsigned size_class = size_class_of(bytes);
    const uint32_t cell_bytes = size_class_cell_bytes(size_class);
    assert_in_range(size_class, last, last + 1); /* no class is skipped */
    assert_true(cell_bytes >= bytes);
    assert_int_equal(cell_bytes % GRANULE_BYTES, 0);
    assert_true(cell_bytes - bytes < GRANULE_BYTES || (cell_bytes - bytes) * 8 <= cell_bytes);
    if (size_class > 0) assert_true(size_class_cell_bytes(size_class - 1) < bytes);
    last = size_class;
  }
  assert_int_equal(last, SIZE_CLASSES - 1);
}

static void test_cell_starts_and_counts(void **state)
{
  (void)state;
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    uint64_t starts[BLOCK_MARK_WORDS];
    blocks_cell_starts(size_class, starts);
    assert_int_equal(blocks_count_marks(starts), blocks_cells_per_block(size_class));
    assert_true(starts[0] & 1);
  }
}

/* The obvious search, to compare with. */
static bool find_run_slowly(uint32_t cell_bytes, const bool *marked, uint32_t from, uint32_t *start, uint32_t *end)
{
  const uint32_t cells = BLOCK_BYTES / cell_bytes;
  uint32_t cell = (from + cell_bytes - 1) / cell_bytes;
  while (cell < cells && marked[cell]) cell++;
  if (cell == cells) return false;
  *start = cell * cell_bytes;
  while (cell < cells && !marked[cell]) cell++;
  *end = cell * cell_bytes;
  return true;
}

static void compare_runs(unsigned size_class, uint32_t per_mille_marked, struct random *random)
{
  const uint32_t cell_bytes = size_class_cell_bytes(size_class);
  const uint32_t cells = blocks_cells_per_block(size_class);
  uint64_t starts[BLOCK_MARK_WORDS];
  uint64_t marks[BLOCK_MARK_WORDS] = {0};
  bool marked[BLOCK_GRANULES] = {false};
  blocks_cell_starts(size_class, starts);
  for (uint32_t cell = 0; cell < cells; cell++) {
    marked[cell] = random_below(random, 1000) < per_mille_marked;
    const uint32_t granule = cell * cell_bytes / GRANULE_BYTES;
    if (marked[cell]) marks[granule / 64] |= UINT64_C(1) << granule % 64;
  }
  uint32_t from = 0;
  for (;;) {
    uint32_t start = 0;
    uint32_t end = 0;
    uint32_t expected_start = 0;
    uint32_t expected_end = 0;
    const bool found = blocks_find_run(starts, marks, cells * cell_bytes, from, &start, &end);
    assert_int_equal(found, find_run_slowly(cell_bytes, marked, from, &expected_start, &expected_end));
    if (!found) return;
    assert_int_equal(start, expected_start);
    assert_int_equal(end, expected_end);
    from = random_below(random, 2) ? end : start + cell_bytes;
  }
}

static void test_runs_of_free_cells(void **state)
{
  (void)state;
  struct random random;
  random_seed(&random, 1);
  static const uint32_t densities[] = {0, 1, 30, 500, 970, 999, 1000};
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    for (size_t i = 0; i < sizeof densities / sizeof densities[0]; i++) compare_runs(size_class, densities[i], &random);
  }
}

static void test_acquire_and_release(void **state)
{
  (void)state;
  enum { COUNT = 300 };
  struct blocks blocks;
  assert_true(blocks_init(&blocks, UINT64_C(1) << 30, false));
  struct block *taken[COUNT];
  for (int i = 0; i < COUNT; i++) {
    taken[i] = blocks_acquire(&blocks);
    assert_non_null(taken[i]);
    assert_int_not_equal(blocks_index(&blocks, taken[i]), 0);
    assert_int_equal(taken[i]->virgin_bytes, 0);
    char *cells = blocks_cells(&blocks, taken[i]);
    assert_ptr_equal(blocks_find(&blocks, cells + BLOCK_BYTES - 1), taken[i]);
    memset(cells, 0xff, BLOCK_BYTES);
    taken[i]->virgin_bytes = BLOCK_BYTES;
    if (i > 0) assert_ptr_not_equal(taken[i], taken[i - 1]);
  }
  blocks_check(&blocks);
  assert_int_equal(blocks.used, COUNT);
  for (int i = 0; i < COUNT; i++) blocks_release(&blocks, taken[i]);
  blocks_sort_free(&blocks);
  blocks_check(&blocks);
  const uint64_t held_bytes = blocks_held_bytes(&blocks);

  struct block *again = blocks_acquire(&blocks); /* out of the pool, not zero */
  assert_int_equal(again->virgin_bytes, BLOCK_BYTES);
  blocks_release(&blocks, again);

  blocks_trim(&blocks, 10);
  blocks_check(&blocks); /* what was given back is zero again */
  assert_int_equal(blocks.free[BLOCK_DIRTY].count, 10);
  assert_int_equal(held_bytes - blocks_held_bytes(&blocks), (COUNT - 10) * BLOCK_BYTES);

  blocks_close_free(&blocks);
  blocks_check(&blocks);
  assert_int_equal(blocks.free[BLOCK_DIRTY].count + blocks.free[BLOCK_VIRGIN].count, 0);
  for (int i = 0; i < COUNT; i++) {
    struct block *block = blocks_acquire(&blocks);
    assert_non_null(block);
    assert_int_equal(block->virgin_bytes, 0);
    blocks_cells(&blocks, block)[0] = 1; /* it has memory */
    block->virgin_bytes = BLOCK_BYTES;
  }
  blocks_check(&blocks);
  blocks_finish(&blocks);
}

static void test_addresses_run_out(void **state)
{
  (void)state;
  struct blocks blocks;
  assert_true(blocks_init(&blocks, 1, false)); /* as few as there can be */
  uint32_t count = 0;
  while (blocks_acquire(&blocks) != NULL) count++;
  assert_int_equal(count, blocks.capacity - 1);
  blocks_check(&blocks);
  blocks_finish(&blocks);
}

static void test_marks(void **state)
{
  (void)state;
  struct blocks blocks;
  assert_true(blocks_init(&blocks, UINT64_C(1) << 30, false));
  struct block *block = blocks_acquire(&blocks);
  char *cells = blocks_cells(&blocks, block);
  assert_true(blocks_is_marked(&blocks, blocks_marked_nothing(&blocks)));
  for (uint32_t at = 0; at < BLOCK_BYTES; at += 48) {
    assert_false(blocks_is_marked(&blocks, cells + at));
    assert_true(blocks_mark(&blocks, cells + at));
    assert_false(blocks_mark(&blocks, cells + at + 8)); /* the same granule */
    assert_true(blocks_is_marked(&blocks, cells + at));
  }
  assert_int_equal(blocks_count_marks(blocks_marks(&blocks, block)), (BLOCK_BYTES + 47) / 48);
  blocks_clear_marks(&blocks);
  assert_int_equal(blocks_count_marks(blocks_marks(&blocks, block)), 0);
  assert_true(blocks_is_marked(&blocks, blocks_marked_nothing(&blocks)));
  assert_false(blocks_contain(&blocks, &blocks));
  assert_true(blocks_contain(&blocks, cells));
  blocks_finish(&blocks);
}

static void test_large_objects(void **state)
{
  (void)state;
  enum { COUNT = 1500 }; /* more than the registry's first page */
  struct large_space space;
  large_init(&space, false, false);
  static gc_ref objects[COUNT];
  for (int i = 0; i < COUNT; i++) {
    objects[i] = large_new(&space, 20000);
    assert_non_null(objects[i]);
    assert_true(large_contains(&space, objects[i]));
    assert_int_equal(*(char *)gc_bytes(objects[i], 0), 0);
    large_of(objects[i])->marked = i % 3 == 0;
  }
  assert_int_equal(space.mapped_bytes, COUNT * large_mapped_bytes(20000));
  large_check(&space);
  assert_int_equal(large_sweep(&space), COUNT - COUNT / 3);
  large_check(&space);
  for (int i = 0; i < COUNT; i++) assert_int_equal(large_contains(&space, objects[i]), i % 3 == 0);
  assert_false(large_contains(&space, (gc_ref)(void *)&space));
  assert_int_equal(space.mapped_bytes, COUNT / 3 * large_mapped_bytes(20000));
  assert_int_equal(large_sweep(&space), COUNT / 3); /* marks were cleared */
  assert_int_equal(space.mapped_bytes, 0);
  large_finish(&space);
}

/*
 * A kept mapping is handed out again for an object of its size, zeroed, and for no other; what is kept has its bounds.
 */
static void test_mappings_are_kept(void **state)
{
  (void)state;
  struct large_space space;
  large_init(&space, false, true);
  const uint64_t payload = 100000;
  gc_ref first = large_new(&space, payload);
  assert_non_null(first);
  memset(gc_bytes(first, 0), 0x5a, payload);
  large_free(&space, large_of(first));
  assert_false(large_contains(&space, first));
  assert_int_equal(space.mapped_bytes, 0);
  large_check(&space);
  if (space.keeps) assert_int_equal(space.kept_bytes, large_mapped_bytes(payload)); /* a checking build keeps none */
  gc_ref other = large_new(&space, 2 * payload);
  assert_ptr_not_equal(other, first);
  gc_ref again = large_new(&space, payload);
  if (space.keeps) assert_ptr_equal(again, first);
  assert_int_equal(space.kept_count, 0);
  const char *bytes = gc_bytes(again, 0);
  for (uint64_t i = 0; i < payload; i++) assert_int_equal(bytes[i], 0);
  assert_true(large_contains(&space, again));
  for (int i = 0; i < 3 * LARGE_KEPT_MAX; i++) assert_non_null(large_new(&space, i % 2 == 0 ? payload : 20000));
  const uint64_t count = space.count;
  assert_int_equal(large_sweep(&space), count); /* nothing is marked */
  large_check(&space);
  assert_true(space.kept_count <= LARGE_KEPT_MAX && space.kept_bytes <= LARGE_KEPT_BYTES);
  assert_int_equal(large_held_bytes(&space), space.kept_bytes + space.capacity * sizeof(struct large *));
  large_release_kept(&space);
  assert_int_equal(space.kept_bytes, 0);
  large_finish(&space);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_size_classes_hold_what_they_are_for),
      cmocka_unit_test(test_cell_starts_and_counts),
      cmocka_unit_test(test_runs_of_free_cells),
      cmocka_unit_test(test_acquire_and_release),
      cmocka_unit_test(test_addresses_run_out),
      cmocka_unit_test(test_marks),
      cmocka_unit_test(test_large_objects),
      cmocka_unit_test(test_mappings_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
