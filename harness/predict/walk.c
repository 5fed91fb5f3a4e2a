/* walk: see walk.h. */
#include "harness/predict/walk.h"

#include <stdlib.h>

#include "base/memory.h"
#include "harness/predict/garbage.h"

/* ---- when garbage became garbage -------------------------------------------------------------------------------- */

static int compare_garbage(const void *a, const void *b)
{
  const struct walk_garbage *left = a, *right = b;
  if (left->tick != right->tick) return left->tick < right->tick ? -1 : 1;
  return left->object < right->object ? -1 : left->object > right->object;
}

static void order_garbage(struct walk *walk)
{
  const struct recording *recording = walk->recording;
  struct garbage_collections next = garbage_collections_make(recording);
  size_t count = 0;
  for (size_t i = 0; i < recording->object_count; i++) count += recording->objects[i].swept_by != RECORDING_NEVER;
  walk->order = memory_require(calloc(count + 1, sizeof *walk->order));
  for (uint32_t i = 0; i < recording->object_count; i++) {
    if (recording->objects[i].swept_by == RECORDING_NEVER) continue;
    const uint32_t tick = garbage_draw_death(recording->objects[i].born, garbage_last_seen_alive(&next, i),
                                             recording->objects[i].died, i);
    walk->order[walk->order_count++] = (struct walk_garbage){tick, i};
  }
  qsort(walk->order, walk->order_count, sizeof *walk->order, compare_garbage);
  garbage_collections_free(&next);
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
