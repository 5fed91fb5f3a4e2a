/* walk: see walk.h. */
#include "harness/predict/walk.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

/* ---- when garbage became garbage -------------------------------------------------------------------------------- */

/* For each collection, the next one from it on that is of generation 1 at least, and of generation 2. */
struct next_collections {
  uint32_t *of_middle, *of_full;
};

static struct next_collections next_collections_make(const struct recording *recording)
{
  const size_t count = recording->collection_count;
  struct next_collections next = {.of_middle = memory_require(calloc(count + 1, sizeof(uint32_t))),
                                  .of_full = memory_require(calloc(count + 1, sizeof(uint32_t)))};
  next.of_middle[count] = next.of_full[count] = (uint32_t)count;
  for (size_t i = count; i-- > 0;) {
    const uint8_t generation = recording->collections[i].generation;
    next.of_middle[i] = generation >= 1 ? (uint32_t)i : next.of_middle[i + 1];
    next.of_full[i] = generation == 2 ? (uint32_t)i : next.of_full[i + 1];
  }
  return next;
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

/* The tick of the last collection that looked at the object and found it alive; when it was born, if there is none. */
static uint32_t last_seen_alive(const struct recording *recording, const struct next_collections *next, uint32_t object)
{
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

/*
 * A moment after `low`, up to `high`, of an object born at `born`.  Most objects die young, so that the chance of dying
 * falls with age: by 1/age, which makes the logarithm of the age uniform.  Neighbours share their draw, since what is
 * born together dies together.
 */
static uint32_t draw_death(uint32_t born, uint32_t low, uint32_t high, uint32_t object)
{
  if (high <= low) return high;
  struct random random;
  random_seed(&random, object / 32);
  const double youngest = low > born ? low - born : 1, oldest = (double)high - born;
  const double age = youngest * pow(oldest / youngest, random_unit(&random));
  const uint32_t tick = born + (uint32_t)age;
  return tick < low ? low : tick > high ? high : tick;
}

static int compare_garbage(const void *a, const void *b)
{
  const struct walk_garbage *left = a, *right = b;
  if (left->tick != right->tick) return left->tick < right->tick ? -1 : 1;
  return left->object < right->object ? -1 : left->object > right->object;
}

static void order_garbage(struct walk *walk)
{
  const struct recording *recording = walk->recording;
  struct next_collections next = next_collections_make(recording);
  size_t count = 0;
  for (size_t i = 0; i < recording->object_count; i++) count += recording->objects[i].swept_by != RECORDING_NEVER;
  walk->order = memory_require(calloc(count + 1, sizeof *walk->order));
  for (uint32_t i = 0; i < recording->object_count; i++) {
    if (recording->objects[i].swept_by == RECORDING_NEVER) continue;
    const uint32_t tick =
        draw_death(recording->objects[i].born, last_seen_alive(recording, &next, i), recording->objects[i].died, i);
    walk->order[walk->order_count++] = (struct walk_garbage){tick, i};
  }
  qsort(walk->order, walk->order_count, sizeof *walk->order, compare_garbage);
  free(next.of_middle);
  free(next.of_full);
}

/* ---- walking ---------------------------------------------------------------------------------------------------- */

struct walk walk_make(const struct recording *recording)
{
  struct walk walk = {.recording = recording,
                      .live = object_set_make(recording->object_count),
                      .garbage = object_set_make(recording->object_count)};
  order_garbage(&walk);
  for (; walk.objects < recording->object_count && recording->objects[walk.objects].born == 0; walk.objects++)
    object_set_add(&walk.live, walk.objects);
  return walk;
}

void walk_free(struct walk *walk)
{
  object_set_free(&walk->live);
  object_set_free(&walk->garbage);
  free(walk->order);
}

static void take_tick(struct walk *walk)
{
  if (!recording_tick_is_free(walk->recording, walk->tick)) {
    object_set_add(&walk->live, walk->objects++);
  } else {
    const uint32_t object = walk->recording->freed[walk->next_freed++];
    if (object != RECORDING_NEVER) object_set_remove(&walk->live, object);
  }
  walk->tick++;
}

static void take_garbage(struct walk *walk)
{
  while (walk->next_garbage < walk->order_count && walk->order[walk->next_garbage].tick <= walk->tick) {
    const uint32_t object = walk->order[walk->next_garbage++].object;
    object_set_remove(&walk->live, object);
    object_set_add(&walk->garbage, object);
  }
}

void walk_to(struct walk *walk, uint32_t tick)
{
  while (walk->tick < tick) {
    take_tick(walk);
    take_garbage(walk);
  }
  take_garbage(walk);
}
