/*
 * The machine's limits: what no collector can be faster than, measured by the same driver.
 *
 *   independent  reads of one line each at random addresses, which do not wait for one another
 *   dependent    a chain of reads in random order, in which each waits for the one before
 *   in_order     the same chain in the order of addresses, which the processor fetches ahead
 *   store        to one place, in the first-level cache
 *   memset, memcpy  per KiB, in pieces of 16 KiB through the second-level cache or through memory
 *   malloc_free  a block is taken, zeroed and freed
 *
 * Working sets have as many objects of MICRO_OBJECT_BYTES as those of the benchmarks that are held against them.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/micro/allocate.h"
#include "harness/micro/shapes.h"

enum { BATCH = 1000, PIECE_BYTES = 16384, PAGE_BYTES = 4096 };

/* As large as an object of the working sets. */
struct cell {
  struct cell *next;
  uint64_t words[MICRO_OBJECT_BYTES / 8 - 1];
};

static void *allocate_pages(size_t bytes) { return memory_require(aligned_alloc(PAGE_BYTES, bytes)); }

static size_t round_up(size_t bytes) { return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES; }

static struct cell *make_cells(struct micro *micro)
{
  const size_t count = (size_t)micro->benchmark->count;
  struct cell *cells = allocate_pages(round_up(count * sizeof *cells));
  for (size_t i = 0; i < count; i++) cells[i] = (struct cell){.next = &cells[i + 1 == count ? 0 : i + 1]};
  micro->memory = cells;
  return cells;
}

static void prepare_in_order(struct micro *micro) { make_cells(micro); }

static void prepare_at_random(struct micro *micro)
{
  struct cell *cells = make_cells(micro);
  uint32_t *next = shape_random_cycle(&micro->random, (uint32_t)micro->benchmark->count);
  for (int64_t i = 0; i < micro->benchmark->count; i++) cells[i].next = &cells[next[i]];
  free(next);
}

static void release(struct micro *micro)
{
  free(micro->memory);
  micro->memory = NULL;
}

/* Multiply-shift of the generator's upper half, since counts are no powers of two. */
static void read_independent(struct micro *micro)
{
  const struct cell *cells = micro->memory;
  const uint64_t count = (uint64_t)micro->benchmark->count;
  uint64_t state = 1;
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i++) {
      const uint64_t at = ((uint64_t)micro_random_pair(&state, 23).first * count) >> 23;
      micro_use(cells[at].next);
    }
  }
}

static void read_dependent(struct micro *micro)
{
  const struct cell *cell = micro->memory;
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i++) cell = cell->next;
    micro_use(cell);
  }
}

static void store_again(struct micro *micro)
{
  static struct cell cell;
  while (micro_next(micro, BATCH)) {
    for (int i = 0; i < BATCH; i += 4) {
      for (int store = 0; store < 4; store++) { /* unrolled: a processor stores more often than it jumps */
        cell.next = &cell;
        micro_use(&cell);
      }
    }
  }
}

/* Count bytes, and as many for a copy. */
static void prepare_bytes(struct micro *micro)
{
  const size_t bytes = (size_t)micro->benchmark->count;
  micro->memory = allocate_pages(2 * bytes);
  memset(micro->memory, 1, 2 * bytes);
}

static void set_bytes(struct micro *micro)
{
  const int64_t bytes = micro->benchmark->count;
  char *memory = micro->memory;
  int64_t at = 0;
  while (micro_next(micro, PIECE_BYTES / 1024)) {
    memset(memory + at, 0, PIECE_BYTES);
    micro_use(memory);
    at = at + PIECE_BYTES < bytes ? at + PIECE_BYTES : 0;
  }
}

static void copy_bytes(struct micro *micro)
{
  const int64_t bytes = micro->benchmark->count;
  char *memory = micro->memory;
  int64_t at = 0;
  while (micro_next(micro, PIECE_BYTES / 1024)) {
    memcpy(memory + at, memory + bytes + at, PIECE_BYTES);
    micro_use(memory);
    at = at + PIECE_BYTES < bytes ? at + PIECE_BYTES : 0;
  }
}

static void allocate_and_free(struct micro *micro)
{
  const size_t bytes = (size_t)micro->benchmark->count;
  const int batch = bytes <= 1024 ? BATCH : BATCH / 50;
  while (micro_next(micro, batch)) {
    for (int i = 0; i < batch; i++) {
      void *block = memory_require(malloc(bytes));
      memset(block, 0, bytes);
      micro_use(block);
      free(block);
    }
  }
}

static void add_level(struct micro_table *table, enum micro_level level)
{
  const char *name = micro_level_name(level);
  const int64_t count = INT64_C(1) << micro_level_bits(level, table->size);
  const struct micro_benchmark independent = {
      .prepare = prepare_in_order, .run = read_independent, .release = release, .count = count};
  const struct micro_benchmark dependent = {
      .prepare = prepare_at_random, .run = read_dependent, .release = release, .count = count};
  micro_add(table, &independent, "limit/independent/%s", name);
  micro_add(table, &dependent, "limit/dependent/%s", name);
}

static void add_objects(struct micro_table *table, int64_t count)
{
  const bool heavy = count > 1000000;
  const struct micro_benchmark independent = {
      .prepare = prepare_in_order, .run = read_independent, .release = release, .count = count, .heavy = heavy};
  const struct micro_benchmark in_order = {
      .prepare = prepare_in_order, .run = read_dependent, .release = release, .count = count, .heavy = heavy};
  micro_add(table, &independent, "limit/independent/objects:%lld", (long long)count);
  micro_add(table, &in_order, "limit/in_order/objects:%lld", (long long)count);
}

static void add_bytes(struct micro_table *table, const char *name, int64_t bytes)
{
  const struct micro_benchmark set = {.prepare = prepare_bytes, .run = set_bytes, .release = release, .count = bytes};
  const struct micro_benchmark copy = {.prepare = prepare_bytes, .run = copy_bytes, .release = release, .count = bytes};
  micro_add(table, &set, "limit/memset/%s", name);
  micro_add(table, &copy, "limit/memcpy/%s", name);
}

static void add_blocks(struct micro_table *table)
{
  static const int64_t bytes[] = {
#define BYTES(fields_, bytes_, kind_, batch_) 8 + 8 * (fields_) + (bytes_),
      ALLOCATE_SHAPES(BYTES)
#undef BYTES
  };
  for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
    bool is_known = false;
    for (size_t before = 0; before < i; before++) is_known |= bytes[before] == bytes[i];
    const struct micro_benchmark row = {.run = allocate_and_free, .count = bytes[i]};
    if (!is_known) micro_add(table, &row, "limit/malloc_free/bytes:%lld", (long long)bytes[i]);
  }
}

void micro_add_limits(struct micro_table *table)
{
  const struct micro_benchmark store = {.run = store_again};
  micro_add(table, &store, "limit/store/L1");
  for (enum micro_level level = MICRO_L2; level < MICRO_LEVELS; level++) add_level(table, level);
  for (int64_t count = 1000; count <= (table->size == MICRO_SMALL ? 1000 : 10000000); count *= 10)
    add_objects(table, count);
  const unsigned shift = table->size == MICRO_SMALL ? 16 : 27;
  add_bytes(table, "L2", INT64_C(1) << (shift < 18 ? shift : 18));
  add_bytes(table, "memory", INT64_C(1) << shift);
  add_blocks(table);
}
