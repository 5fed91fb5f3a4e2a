/* object_set: see object_set.h. */
#include "harness/predict/object_set.h"

#include <stdlib.h>

#include "base/memory.h"

struct object_set object_set_make(size_t size)
{
  return (struct object_set){
      .bits = memory_require(calloc(size / 64 + 1, sizeof(uint64_t))),
      .blocks = memory_require(calloc(size / OBJECT_SET_BLOCK + 1, sizeof(uint32_t))),
      .superblocks = memory_require(calloc(size / OBJECT_SET_SUPERBLOCK + 1, sizeof(uint32_t))),
      .size = size,
  };
}

void object_set_free(struct object_set *set)
{
  free(set->bits);
  free(set->blocks);
  free(set->superblocks);
  *set = (struct object_set){0};
}

void object_set_add(struct object_set *set, size_t number)
{
  set->bits[number / 64] |= UINT64_C(1) << number % 64;
  set->blocks[number / OBJECT_SET_BLOCK]++;
  set->superblocks[number / OBJECT_SET_SUPERBLOCK]++;
  set->count++;
}

void object_set_remove(struct object_set *set, size_t number)
{
  set->bits[number / 64] &= ~(UINT64_C(1) << number % 64);
  set->blocks[number / OBJECT_SET_BLOCK]--;
  set->superblocks[number / OBJECT_SET_SUPERBLOCK]--;
  set->count--;
}

bool object_set_has(const struct object_set *set, size_t number) { return set->bits[number / 64] >> number % 64 & 1; }

static uint64_t count_words(const struct object_set *set, size_t first, size_t end)
{
  uint64_t count = 0;
  for (size_t word = first; word < end; word++) count += (uint64_t)__builtin_popcountll(set->bits[word]);
  return count;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Up the words to the next block, the blocks to the next superblock, and the superblocks. */
uint64_t object_set_count_from(const struct object_set *set, size_t from)
{
  if (from >= set->size) return 0;
  if (from == 0) return set->count;
  const size_t words = set->size / 64 + 1, blocks = set->size / OBJECT_SET_BLOCK + 1,
               superblocks = set->size / OBJECT_SET_SUPERBLOCK + 1;
  const size_t first_block = from / OBJECT_SET_BLOCK + 1, first_superblock = from / OBJECT_SET_SUPERBLOCK + 1;
  uint64_t count = (uint64_t)__builtin_popcountll(set->bits[from / 64] >> from % 64);
  count += count_words(set, from / 64 + 1, least(first_block * (OBJECT_SET_BLOCK / 64), words));
  const size_t last_block = least(first_superblock * (OBJECT_SET_SUPERBLOCK / OBJECT_SET_BLOCK), blocks);
  for (size_t block = first_block; block < last_block; block++) count += set->blocks[block];
  for (size_t i = first_superblock; i < superblocks; i++) count += set->superblocks[i];
  return count;
}

bool object_set_check(const struct object_set *set)
{
  uint64_t total = 0;
  for (size_t i = 0; i < set->size / OBJECT_SET_BLOCK + 1; i++) {
    const size_t first = i * (OBJECT_SET_BLOCK / 64);
    if (count_words(set, first, least(first + OBJECT_SET_BLOCK / 64, set->size / 64 + 1)) != set->blocks[i])
      return false;
    total += set->blocks[i];
  }
  uint64_t above = 0;
  for (size_t i = 0; i < set->size / OBJECT_SET_SUPERBLOCK + 1; i++) above += set->superblocks[i];
  return total == set->count && above == set->count;
}
