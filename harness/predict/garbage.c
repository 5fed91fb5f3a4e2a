/* garbage: see garbage.h. */
#include "harness/predict/garbage.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

struct garbage_collections garbage_collections_make(const struct recording *recording)
{
  const size_t count = recording->collection_count;
  struct garbage_collections next = {.recording = recording,
                                     .of_middle = memory_require(calloc(count + 1, sizeof(uint32_t))),
                                     .of_full = memory_require(calloc(count + 1, sizeof(uint32_t)))};
  next.of_middle[count] = next.of_full[count] = (uint32_t)count;
  for (size_t i = count; i-- > 0;) {
    const uint8_t generation = recording->collections[i].generation;
    next.of_middle[i] = generation >= 1 ? (uint32_t)i : next.of_middle[i + 1];
    next.of_full[i] = generation == 2 ? (uint32_t)i : next.of_full[i + 1];
  }
  return next;
}

void garbage_collections_free(struct garbage_collections *collections)
{
  free(collections->of_middle);
  free(collections->of_full);
  *collections = (struct garbage_collections){0};
}

/* The first collection that looks at an object allocated before tick `born` was over: the first that comes later. */
static uint32_t first_collection_after(const struct recording *recording, uint32_t object)
{
  size_t low = 0, high = recording->collection_count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const struct recording_collection *collection = &recording->collections[middle];
    if (collection->allocated - collection->is_automatic > object) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return (uint32_t)low;
}

uint32_t garbage_last_seen_alive(const struct garbage_collections *next, uint32_t object)
{
  const struct recording *recording = next->recording;
  const uint32_t end = recording->objects[object].swept_by;
  uint32_t seen = recording->objects[object].born;
  uint32_t at = first_collection_after(recording, object);
  int generation = 0;
  while (at < end) {
    seen = recording->collections[at].tick;
    const int collected = recording->collections[at].generation;
    generation = collected < 2 ? collected + 1 : 2;
    at = generation == 1 ? next->of_middle[at + 1] : next->of_full[at + 1];
  }
  return seen;
}

uint32_t garbage_draw_death(uint32_t born, uint32_t low, uint32_t high, uint32_t object)
{
  if (high <= low) return high;
  struct random random;
  random_seed(&random, object / 32);
  const double youngest = low > born ? low - born : 1, oldest = (double)high - born;
  const double age = youngest * pow(oldest / youngest, random_unit(&random));
  const uint32_t tick = born + (uint32_t)age;
  return tick < low ? low : tick > high ? high : tick;
}
