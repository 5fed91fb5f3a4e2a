/* Random recordings to replay files: every object is born once and dropped at most once, in the recording's order. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "harness/replay/replay.h"
#include "tests/unit/cmocka_all.h"

enum { OBJECTS_MAX = 1500, TICKS_MAX = 3 * OBJECTS_MAX, COLLECTIONS_MAX = 64, NOBODY = UINT32_MAX };

static struct recording_object objects[OBJECTS_MAX];
static uint64_t is_free[TICKS_MAX / 64 + 1];
static uint32_t freed[TICKS_MAX];
static struct recording_collection collections[COLLECTIONS_MAX];

/* A collection frees each of the objects that it may with a chance of one in four. */
static void add_collection(struct recording *recording, struct random *random)
{
  const uint32_t number = (uint32_t)recording->collection_count++;
  collections[number] = (struct recording_collection){.tick = recording->tick_count,
                                                      .allocated = (uint32_t)recording->object_count,
                                                      .generation = (uint8_t)random_below(random, 3),
                                                      .is_automatic = random_below(random, 2) == 0,
                                                      .is_ended = true};
  const uint32_t seen = collections[number].allocated - collections[number].is_automatic;
  for (uint32_t i = 0; i < seen; i++) {
    if (objects[i].died != RECORDING_NEVER || random_below(random, 4) != 0) continue;
    objects[i].died = recording->tick_count;
    objects[i].swept_by = number;
  }
}

static void add_free(struct recording *recording, struct random *random)
{
  const uint32_t object = random_below(random, (uint32_t)recording->object_count);
  if (objects[object].died != RECORDING_NEVER) return;
  const uint32_t tick = recording->tick_count++;
  is_free[tick / 64] |= UINT64_C(1) << tick % 64;
  freed[recording->freed_count++] = object;
  objects[object].died = recording->tick_count;
}

static struct recording make(uint64_t seed)
{
  struct random random;
  struct recording recording = {.objects = objects, .is_free = is_free, .freed = freed, .collections = collections};
  random_seed(&random, seed);
  memset(is_free, 0, sizeof is_free);
  const uint32_t initial = 1 + random_below(&random, 100), count = initial + random_below(&random, 1000);
  while (recording.object_count < count) {
    const uint32_t choice = random_below(&random, 40);
    const bool is_initial = recording.object_count < initial;
    if (is_initial || choice < 25) {
      if (!is_initial) recording.tick_count++;
      objects[recording.object_count++] =
          (struct recording_object){.born = recording.tick_count, .died = RECORDING_NEVER, .swept_by = RECORDING_NEVER};
    } else if (choice < 39) {
      add_free(&recording, &random);
    } else if (recording.collection_count < COLLECTIONS_MAX) {
      add_collection(&recording, &random);
    }
  }
  return recording;
}

struct seen {
  uint32_t holds[OBJECTS_MAX], links[OBJECTS_MAX]; /* by slot; by object */
  uint32_t drops[OBJECTS_MAX], drop_count;         /* objects in the order of their drops */
  bool is_dropped[OBJECTS_MAX];
  uint32_t born;
};

static void take(struct seen *seen, const struct replay_event *event)
{
  uint32_t *slot = &seen->holds[event->slot];
  if (event->tag == REPLAY_ALLOCATE) {
    assert_int_equal(*slot, NOBODY);
    *slot = seen->born++;
    return;
  }
  assert_int_not_equal(*slot, NOBODY);
  if (event->tag == REPLAY_LINK) {
    assert_int_not_equal(seen->holds[event->target], NOBODY);
    assert_int_equal(seen->links[*slot], NOBODY);
    seen->links[*slot] = seen->holds[event->target];
    return;
  }
  assert_int_equal(event->tag, REPLAY_DROP);
  seen->is_dropped[*slot] = true;
  seen->drops[seen->drop_count++] = *slot;
  *slot = NOBODY;
}

/* Frees by counting in the recording's order; each linked object in a ring, with those of its collection alone. */
static void check(const struct recording *recording, const struct replay_file *file, const struct seen *seen)
{
  size_t next = 0;
  uint64_t swept = 0, live = 0;
  for (uint32_t i = 0; i < seen->drop_count; i++) {
    if (objects[seen->drops[i]].swept_by == RECORDING_NEVER) assert_int_equal(seen->drops[i], freed[next++]);
  }
  assert_int_equal(next, recording->freed_count);
  for (uint32_t i = 0; i < recording->object_count; i++) {
    const bool is_swept = objects[i].swept_by != RECORDING_NEVER;
    swept += is_swept;
    live += objects[i].died == RECORDING_NEVER;
    assert_int_equal(seen->is_dropped[i], objects[i].died != RECORDING_NEVER);
    assert_int_equal(seen->links[i] != NOBODY, is_swept);
    if (!is_swept) continue;
    uint32_t at = i;
    for (int steps = 0; steps < REPLAY_RING_SPAN; steps++) {
      at = seen->links[at];
      assert_int_equal(objects[at].swept_by, objects[i].swept_by);
      if (at == i) break;
    }
    assert_int_equal(at, i);
  }
  assert_int_equal(file->header.cyclic, swept);
  assert_int_equal(file->header.live, live);
  assert_int_equal(file->header.objects, recording->object_count);
}

static void test_random(void **state)
{
  (void)state;
  static struct seen seen;
  for (uint64_t seed = 1; seed <= 200; seed++) {
    const struct recording recording = make(seed);
    struct replay_file file = replay_make(&recording);
    const struct replay_input input = {.header = &file.header, .events = file.events};
    struct replay_reader reader = replay_reader_make(&input);
    struct replay_event event;
    uint64_t events = 0;
    seen = (struct seen){0};
    memset(seen.holds, 0xff, sizeof seen.holds);
    memset(seen.links, 0xff, sizeof seen.links);
    for (; replay_next(&reader, &event); events++) {
      assert_true(event.slot < file.header.slots);
      take(&seen, &event);
    }
    assert_ptr_equal(reader.at, reader.end);
    assert_int_equal(events, file.header.events);
    assert_int_equal(seen.born, recording.object_count);
    check(&recording, &file, &seen);
    struct replay_file again = replay_make(&recording);
    assert_int_equal(again.header.identity, file.header.identity);
    replay_free(&again);
    replay_free(&file);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
