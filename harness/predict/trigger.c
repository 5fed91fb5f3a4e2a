/* trigger: see trigger.h. */
#include "harness/predict/trigger.h"

#include <stdlib.h>

#include "base/memory.h"

static int32_t step_of(const struct recording *recording, uint32_t tick)
{
  return recording_tick_is_free(recording, tick) ? -1 : 1;
}

static struct trigger_block block_of(const struct recording *recording, uint32_t first)
{
  struct trigger_block block = {0};
  for (uint32_t tick = first; tick < first + TRIGGER_BLOCK; tick++) {
    block.sum += step_of(recording, tick);
    if (block.sum < block.least) block.least = block.sum;
    if (block.sum > block.greatest) block.greatest = block.sum;
    if (block.sum - block.least > block.rise) block.rise = block.sum - block.least;
  }
  return block;
}

struct trigger_index trigger_index_make(const struct recording *recording)
{
  struct trigger_index index = {.recording = recording, .block_count = recording->tick_count / TRIGGER_BLOCK};
  index.blocks = memory_require(calloc(index.block_count + 1, sizeof *index.blocks));
  for (size_t i = 0; i < index.block_count; i++) {
    index.blocks[i] = block_of(recording, (uint32_t)i * TRIGGER_BLOCK);
  }
  return index;
}

void trigger_index_free(struct trigger_index *index) { free(index->blocks); }

/* Whether the count stays at or below the threshold throughout the block; if so it is advanced. */
static bool pass_block(const struct trigger_block *block, int64_t threshold, int64_t *count)
{
  if (*count + block->greatest > threshold || block->rise > threshold) return false;
  const int64_t unclamped = *count + block->sum, clamped = block->sum - block->least;
  *count = unclamped > clamped ? unclamped : clamped;
  return true;
}

uint32_t trigger_next(const struct trigger_index *index, uint32_t tick, uint32_t end, int64_t threshold, int64_t *count)
{
  while (tick < end) {
    const size_t block = tick / TRIGGER_BLOCK;
    if (tick % TRIGGER_BLOCK == 0 && block < index->block_count && tick + TRIGGER_BLOCK <= end &&
        pass_block(&index->blocks[block], threshold, count)) {
      tick += TRIGGER_BLOCK;
      continue;
    }
    const int32_t step = step_of(index->recording, tick++);
    *count += step;
    if (*count < 0) *count = 0;
    if (step > 0 && *count > threshold) return tick;
  }
  return RECORDING_NEVER;
}
