/*
 * What gclab predicts of CPython's collector, against one that is written as simply as can be: lists of objects that
 * are gone through at every tick.
 */
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/predict/costs.h"
#include "harness/predict/object_set.h"
#include "harness/predict/predict.h"
#include "harness/predict/trigger.h"
#include "harness/predict/walk.h"
#include "tests/unit/cmocka_all.h"

/* ---- random recordings ------------------------------------------------------------------------------------------ */

enum { OBJECTS_MAX = 20000, TICKS = 12000, INITIAL = 300 };

struct maker {
  struct recording *recording;
  uint32_t alive[OBJECTS_MAX];
  size_t alive_count;
  struct random random;
};

static void make_object(struct maker *maker)
{
  struct recording *recording = maker->recording;
  maker->alive[maker->alive_count++] = (uint32_t)recording->object_count;
  recording->objects[recording->object_count++] =
      (struct recording_object){.born = recording->tick_count, .died = RECORDING_NEVER, .swept_by = RECORDING_NEVER};
}

static uint32_t take_alive(struct maker *maker)
{
  const size_t young = maker->alive_count > 50 && random_below(&maker->random, 4) > 0 ? 50 : maker->alive_count;
  const size_t at = maker->alive_count - 1 - random_below(&maker->random, (uint32_t)young);
  const uint32_t object = maker->alive[at];
  memmove(maker->alive + at, maker->alive + at + 1, (maker->alive_count - at - 1) * sizeof maker->alive[0]);
  maker->alive_count--;
  return object;
}

/* A collection that frees some objects, as no collector would: what was swept and when is all that is looked at. */
static void make_collection(struct maker *maker, bool is_automatic)
{
  struct recording *recording = maker->recording;
  recording->collections[recording->collection_count] = (struct recording_collection){
      .tick = recording->tick_count,
      .allocated = (uint32_t)recording->object_count,
      .generation = (uint8_t)random_below(&maker->random, 3),
      .is_automatic = is_automatic,
      .is_ended = true,
      .pause_ns = 1000 + random_below(&maker->random, 100000),
  };
  for (uint32_t i = random_below(&maker->random, 30); i > 0 && maker->alive_count > 10; i--) {
    const uint32_t object = take_alive(maker);
    if (is_automatic && object == recording->object_count - 1) {
      maker->alive[maker->alive_count++] = object;
      continue;
    }
    recording->objects[object].died = recording->tick_count;
    recording->objects[object].swept_by = (uint32_t)recording->collection_count;
    recording->collections[recording->collection_count].swept++;
  }
  recording->collection_count++;
}

static void make_tick(struct maker *maker, bool is_free)
{
  struct recording *recording = maker->recording;
  if (is_free) recording->is_free[recording->tick_count / 64] |= UINT64_C(1) << recording->tick_count % 64;
  recording->tick_count++;
  if (!is_free) {
    make_object(maker);
    return;
  }
  const bool is_known = maker->alive_count > 10 && random_below(&maker->random, 100) > 0;
  const uint32_t object = is_known ? take_alive(maker) : RECORDING_NEVER;
  if (is_known) recording->objects[object].died = recording->tick_count;
  recording->freed[recording->freed_count++] = object;
}

static struct recording make_recording(uint64_t seed, bool has_requests)
{
  struct recording recording = {.objects = calloc(OBJECTS_MAX, sizeof(struct recording_object)),
                                .is_free = calloc(TICKS / 64 + 1, sizeof(uint64_t)),
                                .freed = calloc(TICKS, sizeof(uint32_t)),
                                .collections = calloc(TICKS, sizeof(struct recording_collection)),
                                .settings = calloc(4, sizeof(struct recording_setting)),
                                .setting_count = 1};
  assert_true(recording.objects && recording.is_free && recording.freed && recording.collections && recording.settings);
  recording.settings[0].is_enabled = true;
  struct maker maker = {.recording = &recording};
  random_seed(&maker.random, seed);
  for (int i = 0; i < INITIAL; i++) make_object(&maker);
  recording.header.initial[3] = 20;
  recording.header.initial[2] = 180;
  recording.header.initial[1] = 60;
  recording.header.initial[0] = 40;
  recording.header.counts[0] = (int32_t)random_below(&maker.random, 40);
  recording.header.counts[1] = (int32_t)random_below(&maker.random, 4);
  recording.header.long_lived_total = 180;
  for (uint32_t i = 0; i < TICKS; i++) {
    make_tick(&maker, random_below(&maker.random, 100) < 42 + 6 * (i / 3000 % 2) && maker.alive_count > 20);
    if (random_below(&maker.random, 60) == 0)
      make_collection(&maker, !has_requests || random_below(&maker.random, 20) > 0);
  }
  if (has_requests) { /* disabled for a while */
    recording.settings[1] = (struct recording_setting){.tick = 3000};
    recording.settings[2] = (struct recording_setting){.tick = 4000, .is_enabled = true};
    recording.setting_count = 3;
  }
  return recording;
}

static const struct predict_setting settings[] = {
    {{20, 2, 2}, false},  {{20, 2, 1}, false},  {{100, 3, 3}, false},  {{100, 1, 1}, false}, {{500, 0, 0}, false},
    {{0, 10, 10}, false}, {{7, 10, 10}, false}, {{3000, 1, 1}, false}, {{20, 2, 1}, true},   {{100, 1, 1}, true}};
static const uint32_t freeze_tick = 5000;
enum { SETTINGS = sizeof settings / sizeof settings[0] };

/* ---- the simple collector --------------------------------------------------------------------------------------- */

enum place { NOWHERE, GENERATION_0, GENERATION_1, GENERATION_2, FROZEN };

struct simple {
  const struct recording *recording;
  const int64_t *thresholds;
  uint8_t places[OBJECTS_MAX];
  uint32_t garbage_at[OBJECTS_MAX]; /* RECORDING_NEVER: never */
  int64_t counts[3];
  uint64_t pending, total;
  bool freezes, has_frozen;
  struct prediction result;
};

static void simple_begin(struct simple *simple)
{
  const struct recording_header *header = &simple->recording->header;
  uint32_t object = 0;
  for (int generation = 3; generation >= 0; generation--) {
    for (uint64_t i = 0; i < header->initial[generation]; i++) simple->places[object++] = (uint8_t)(generation + 1);
  }
  for (int g = 0; g < 3; g++) simple->counts[g] = header->counts[g];
  simple->total = header->long_lived_total;
  memset(simple->garbage_at, 0xff, sizeof simple->garbage_at);
  struct walk walk = walk_make(simple->recording); /* when garbage became so is drawn there */
  for (size_t i = 0; i < walk.order_count; i++) simple->garbage_at[walk.order[i].object] = walk.order[i].tick;
  walk_free(&walk);
}

static bool is_garbage(const struct simple *simple, size_t object, uint32_t tick)
{
  return simple->garbage_at[object] <= tick;
}

static void simple_collect(struct simple *simple, int generation, uint32_t tick, size_t excluded, bool is_automatic)
{
  uint64_t survivors = 0, waiting = 0;
  for (size_t i = 0; i < simple->recording->object_count; i++) {
    const int place = simple->places[i];
    waiting += place >= GENERATION_0 && place <= GENERATION_2 && is_garbage(simple, i, tick);
  }
  if (waiting > simple->result.peak_garbage) simple->result.peak_garbage = waiting;
  for (size_t i = 0; i < simple->recording->object_count; i++) {
    const int place = simple->places[i];
    if (i == excluded || place < GENERATION_0 || place > GENERATION_0 + generation) continue;
    if (is_garbage(simple, i, tick)) {
      simple->places[i] = NOWHERE;
      simple->result.collected++;
      continue;
    }
    survivors++;
    simple->places[i] = (uint8_t)(generation == 2 ? GENERATION_2 : GENERATION_1 + generation);
  }
  if (generation < 2) simple->counts[generation + 1]++;
  for (int g = 0; g <= generation; g++) simple->counts[g] = 0;
  if (generation == 1) simple->pending += survivors;
  if (generation == 2) {
    simple->total = survivors;
    simple->pending = 0;
  }
  if (is_automatic) {
    simple->result.collections[generation]++;
  } else {
    simple->result.requested++;
  }
}

static void simple_freeze(struct simple *simple, uint32_t tick, size_t excluded)
{
  if (!simple->freezes || simple->has_frozen || tick < freeze_tick) return;
  simple->has_frozen = true;
  for (int g = 0; g < 3; g++) simple->counts[g] = 0;
  for (size_t i = 0; i < simple->recording->object_count; i++) {
    if (i != excluded && simple->places[i] != NOWHERE) simple->places[i] = FROZEN;
  }
}

static void simple_request(struct simple *simple, int generation, uint32_t tick)
{
  simple_collect(simple, generation, tick, SIZE_MAX, false);
  simple_freeze(simple, tick, SIZE_MAX);
}

static bool simple_is_enabled(const struct recording *recording, uint32_t tick)
{
  bool is_enabled = true;
  for (size_t i = 0; i < recording->setting_count; i++) {
    if (recording->settings[i].tick <= tick) is_enabled = recording->settings[i].is_enabled;
  }
  return is_enabled;
}

static void simple_trigger(struct simple *simple, uint32_t tick, size_t newest)
{
  for (int g = 2; g >= 0; g--) {
    if (simple->counts[g] <= simple->thresholds[g]) continue;
    if (g == 2 && (double)simple->pending < (double)simple->total / 4) continue;
    simple_collect(simple, g, tick, newest, true);
    simple_freeze(simple, tick, newest);
    return;
  }
}

static void simple_run(struct simple *simple)
{
  const struct recording *recording = simple->recording;
  size_t objects = INITIAL, freed = 0, next = 0;
  for (uint32_t tick = 0; tick <= recording->tick_count; tick++) {
    for (; next < recording->collection_count && recording->collections[next].tick <= tick; next++) {
      if (!recording->collections[next].is_automatic)
        simple_request(simple, recording->collections[next].generation, tick);
    }
    if (tick == recording->tick_count) return;
    if (recording_tick_is_free(recording, tick)) {
      const uint32_t object = recording->freed[freed++];
      if (object != RECORDING_NEVER) simple->places[object] = NOWHERE;
      if (simple->counts[0] > 0) simple->counts[0]--;
      continue;
    }
    simple->places[objects++] = GENERATION_0;
    const bool is_triggered = ++simple->counts[0] > simple->thresholds[0] && simple->thresholds[0] != 0;
    if (is_triggered && simple_is_enabled(recording, tick)) simple_trigger(simple, tick + 1, objects - 1);
  }
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void compare_with_simple(uint64_t seed, bool has_requests)
{
  struct recording recording = make_recording(seed, has_requests);
  const struct predict_costs costs = {.tracked_share = 1};
  struct prediction predictions[SETTINGS];
  predict_run(&recording, &costs, settings, SETTINGS, freeze_tick, predictions);
  struct simple *simple = malloc(sizeof *simple);
  assert_non_null(simple);
  for (size_t i = 0; i < SETTINGS; i++) {
    memset(simple, 0, sizeof *simple);
    simple->recording = &recording;
    simple->thresholds = settings[i].thresholds;
    simple->freezes = settings[i].freezes;
    simple_begin(simple);
    simple_run(simple);
    for (int g = 0; g < 3; g++) assert_int_equal(simple->result.collections[g], predictions[i].collections[g]);
    assert_int_equal(simple->result.requested, predictions[i].requested);
    assert_int_equal(simple->result.collected, predictions[i].collected);
    assert_int_equal(simple->result.peak_garbage, predictions[i].peak_garbage);
  }
  free(simple);
  recording_free(&recording);
}

static void test_same_as_simple(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 12; seed++) compare_with_simple(seed, false);
}

static void test_same_with_requests(void **state)
{
  (void)state;
  for (uint64_t seed = 101; seed <= 112; seed++) compare_with_simple(seed, true);
}

static void test_object_set(void **state)
{
  (void)state;
  enum { SIZE = 3 * OBJECT_SET_SUPERBLOCK / 2 + 77, STEPS = 30000 };
  struct object_set set = object_set_make(SIZE);
  uint8_t *there = calloc(SIZE, 1);
  assert_non_null(there);
  struct random random;
  random_seed(&random, 5);
  for (int i = 0; i < STEPS; i++) {
    const size_t number = random_below(&random, SIZE);
    assert_int_equal(object_set_has(&set, number), there[number]);
    if (there[number]) {
      object_set_remove(&set, number);
    } else {
      object_set_add(&set, number);
    }
    there[number] = !there[number];
  }
  assert_true(object_set_check(&set));
  const size_t places[] = {0,      1,        63,  64, 1023, 1024, OBJECT_SET_SUPERBLOCK - 1, OBJECT_SET_SUPERBLOCK,
                           300001, SIZE - 1, SIZE};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    uint64_t count = 0;
    for (size_t number = places[i]; number < SIZE; number++) count += there[number];
    assert_int_equal(object_set_count_from(&set, places[i]), count);
  }
  free(there);
  object_set_free(&set);
}

/* Costs that are known: so much an object, so much a freed one. */
static void test_costs(void **state)
{
  (void)state;
  enum { SAMPLES = 400 };
  struct costs_sample samples[SAMPLES];
  struct random random;
  random_seed(&random, 9);
  for (int i = 0; i < SAMPLES; i++) {
    const double objects = 500 + random_below(&random, 200000), freed = i % 3 == 0 ? objects / 2 : objects / 50;
    samples[i] = (struct costs_sample){objects, freed, 500 + 30 * objects + 120 * freed};
  }
  struct predict_costs costs = {0};
  costs_fit(&costs, samples, SAMPLES);
  assert_true(costs.freed_ns > 119 && costs.freed_ns < 121);
  assert_true(costs_object_ns(&costs, 50000) > 29.8 && costs_object_ns(&costs, 50000) < 30.2);
  assert_true(costs.relative_error < 0.01);
}

static void test_no_collections(void **state)
{
  (void)state;
  struct recording recording = make_recording(3, false);
  recording.collection_count = 0;
  for (size_t i = 0; i < recording.object_count; i++) {
    if (recording.objects[i].swept_by == RECORDING_NEVER) continue;
    recording.objects[i].swept_by = RECORDING_NEVER;
    recording.objects[i].died = RECORDING_NEVER;
  }
  const struct predict_costs costs = predict_calibrate(&recording);
  struct prediction prediction;
  predict_run(&recording, &costs, settings, 1, freeze_tick, &prediction);
  assert_true(prediction.collections[0] > 0);
  assert_int_equal(prediction.collected, 0);
  recording_free(&recording);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_as_simple), cmocka_unit_test(test_same_with_requests),
      cmocka_unit_test(test_object_set),     cmocka_unit_test(test_costs),
      cmocka_unit_test(test_no_collections),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
