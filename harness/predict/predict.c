/* predict: see predict.h. */
#include "harness/predict/predict.h"

#include <stdlib.h>

#include "base/memory.h"
#include "harness/predict/costs.h"
#include "harness/predict/trigger.h"
#include "harness/predict/walk.h"
#include "harness/stats/stats.h"

/* ---- a collector of objects that are numbers -------------------------------------------------------------------- */

/* What CPython's collector knows, of which objects it has only counts: gcmodule.c, struct _gc_runtime_state. */
struct model {
  const struct predict_setting *setting;
  struct prediction *prediction;
  uint64_t counts[3];
  double pending, total;       /* long_lived_pending, long_lived_total */
  uint32_t first[3];           /* objects from it on are in that generation or a younger one */
  uint64_t collected_by_young; /* since the last collection of generation 1 or 2, of objects from first[1] on */
  uint64_t collected_by_all;   /* of objects from first[2] on */
  double *pauses;
  size_t pause_count, pause_room;
  bool has_frozen;
};

static void model_begin(struct model *model, const struct recording *recording)
{
  const struct recording_header *header = &recording->header;
  for (int g = 1; g < 3; g++) model->counts[g] = header->counts[g] < 0 ? 0 : (uint64_t)header->counts[g];
  model->pending = (double)header->long_lived_pending;
  model->total = (double)header->long_lived_total;
  model->first[2] = (uint32_t)header->initial[3];
  model->first[1] = model->first[2] + (uint32_t)header->initial[2];
  model->first[0] = model->first[1] + (uint32_t)header->initial[1];
}

/* gcmodule.c, gc_collect_generations: the oldest whose count exceeds its threshold, full ones by the rule of 25 %. */
static int model_choose(const struct model *model)
{
  const int64_t *thresholds = model->setting->thresholds;
  if ((int64_t)model->counts[2] > thresholds[2] && model->pending >= model->total / 4) return 2;
  return (int64_t)model->counts[1] > thresholds[1] ? 1 : 0;
}

/* What is looked at, and what of it is garbage. */
struct scope {
  double live, garbage;
};

/* excludes_last: the object whose allocation triggers is not in the list yet. */
static struct scope model_scope(struct model *model, const struct walk *walk, int generation, bool excludes_last)
{
  uint64_t live = object_set_count_from(&walk->live, model->first[generation]);
  uint64_t known = object_set_count_from(&walk->garbage, model->first[generation]);
  const uint64_t gone = generation == 2 ? model->collected_by_all : generation == 1 ? model->collected_by_young : 0;
  const uint64_t waiting = object_set_count_from(&walk->garbage, model->first[2]) - model->collected_by_all;
  if (model->prediction != NULL && waiting > model->prediction->peak_garbage) model->prediction->peak_garbage = waiting;
  if (excludes_last && walk->objects > 0) {
    live -= object_set_has(&walk->live, walk->objects - 1);
    known -= object_set_has(&walk->garbage, walk->objects - 1);
  }
  return (struct scope){.live = (double)live, .garbage = (double)(known - gone)};
}

/* gcmodule.c, gc_collect_main: counts, promotion, and what the rule of 25 % goes by. */
static void model_promote(struct model *model, const struct walk *walk, int generation, bool excludes_last,
                          double survivors)
{
  if (generation < 2) model->counts[generation + 1]++;
  for (int g = 1; g <= generation; g++) model->counts[g] = 0;
  const uint32_t end = walk->objects - (excludes_last ? 1 : 0);
  model->first[0] = end;
  if (generation >= 1) {
    model->first[1] = end;
    model->collected_by_young = 0;
  }
  if (generation == 1) model->pending += survivors;
  if (generation == 2) {
    model->total = survivors;
    model->pending = 0;
  }
}

static void model_note_pause(struct model *model, int generation, double pause_ns)
{
  struct prediction *prediction = model->prediction;
  prediction->gc_ns += pause_ns;
  prediction->generation_ns[generation] += pause_ns;
  if (pause_ns > prediction->max_pause_ns) prediction->max_pause_ns = pause_ns;
  if (pause_ns > prediction->generation_max_ns[generation]) prediction->generation_max_ns[generation] = pause_ns;
  if (model->pause_count == model->pause_room) {
    model->pause_room = model->pause_room == 0 ? 64 : model->pause_room * 2;
    model->pauses = memory_require(reallocarray(model->pauses, model->pause_room, sizeof(double)));
  }
  model->pauses[model->pause_count++] = pause_ns;
}

/* gcmodule.c, gc_freeze_impl: everything is out of sight from here on, garbage too; what the 25 % rule knows stays. */
static void model_freeze(struct model *model)
{
  model->has_frozen = true;
  model->first[1] = model->first[2] = model->first[0];
  model->counts[1] = model->counts[2] = 0;
  model->collected_by_young = model->collected_by_all = 0;
}

static void model_collect(struct model *model, const struct walk *walk, const struct predict_costs *costs,
                          int generation, bool is_automatic)
{
  const struct scope scope = model_scope(model, walk, generation, is_automatic);
  model->collected_by_all += (uint64_t)scope.garbage;
  if (generation == 0) model->collected_by_young += (uint64_t)scope.garbage;
  model_promote(model, walk, generation, is_automatic, scope.live * costs->tracked_share);
  struct prediction *prediction = model->prediction;
  prediction->collected += (uint64_t)scope.garbage;
  if (is_automatic) {
    prediction->collections[generation]++;
    if (generation == 2 && prediction->first_full_share < 0)
      prediction->first_full_share = (double)walk->tick / (double)walk->recording->tick_count;
  } else {
    prediction->requested++;
  }
  model_note_pause(model, generation, costs_pause_ns(costs, scope.live + scope.garbage, scope.garbage));
}

static void model_end(struct model *model, double longest_ratio)
{
  model->prediction->max_pause_ns *= longest_ratio;
  if (model->pause_count > 0) {
    stats_sort_double(model->pauses, model->pause_count);
    model->prediction->p99_pause_ns = model->pauses[stats_rank(model->pause_count, 0.99) - 1];
  }
  free(model->pauses);
}

/* ---- settings with the same threshold0 -------------------------------------------------------------------------- */

struct group {
  int64_t threshold;
  uint32_t tick;  /* up to which the count has been followed */
  int64_t count;  /* count[0] there */
  uint32_t next;  /* the tick of its next trigger, or RECORDING_NEVER: none before the next requested collection */
  size_t *models; /* indices */
  size_t model_count;
};

struct simulation {
  const struct recording *recording;
  const struct predict_costs *costs;
  uint32_t freeze_tick;
  struct trigger_index index;
  struct walk walk;
  struct group *groups;
  size_t group_count;
  struct model *models;
  size_t model_count;
  size_t next_requested; /* a collection that is not automatic; collection_count: none */
};

static void find_requested(struct simulation *simulation)
{
  const struct recording *recording = simulation->recording;
  while (simulation->next_requested < recording->collection_count &&
         recording->collections[simulation->next_requested].is_automatic)
    simulation->next_requested++;
}

static uint32_t requested_tick(const struct simulation *simulation)
{
  const struct recording *recording = simulation->recording;
  return simulation->next_requested < recording->collection_count
             ? recording->collections[simulation->next_requested].tick
             : recording->tick_count;
}

/* The stretch from the tick on in which gc.enable() and gc.disable() do not change anything. */
static bool enabled_until(const struct recording *recording, uint32_t tick, uint32_t *end)
{
  bool is_enabled = recording->settings[0].is_enabled;
  for (size_t i = 1; i < recording->setting_count; i++) {
    if (recording->settings[i].tick > tick) {
      if (recording->settings[i].tick < *end) *end = recording->settings[i].tick;
      break;
    }
    is_enabled = recording->settings[i].is_enabled;
  }
  return is_enabled;
}

static void group_find_next(struct group *group, const struct simulation *simulation)
{
  const uint32_t limit = requested_tick(simulation);
  group->next = RECORDING_NEVER;
  while (group->tick < limit && group->next == RECORDING_NEVER) {
    uint32_t end = limit;
    const bool is_enabled = enabled_until(simulation->recording, group->tick, &end) && group->threshold != 0;
    group->next =
        trigger_next(&simulation->index, group->tick, end, is_enabled ? group->threshold : INT64_MAX, &group->count);
    group->tick = group->next == RECORDING_NEVER ? end : group->next;
  }
}

static struct group *group_of(struct simulation *simulation, int64_t threshold)
{
  for (size_t i = 0; i < simulation->group_count; i++) {
    if (simulation->groups[i].threshold == threshold) return &simulation->groups[i];
  }
  struct group *group = &simulation->groups[simulation->group_count++];
  *group = (struct group){.threshold = threshold,
                          .count = simulation->recording->header.counts[0],
                          .models = memory_require(calloc(simulation->model_count, sizeof(size_t)))};
  return group;
}

static void collect(const struct simulation *simulation, struct model *model, int generation, bool is_automatic)
{
  model_collect(model, &simulation->walk, simulation->costs, generation, is_automatic);
  if (model->setting->freezes && !model->has_frozen && simulation->walk.tick >= simulation->freeze_tick)
    model_freeze(model);
}

static void collect_automatically(struct simulation *simulation, struct group *group)
{
  for (size_t i = 0; i < group->model_count; i++) {
    struct model *model = &simulation->models[group->models[i]];
    collect(simulation, model, model_choose(model), true);
  }
  group->count = 0;
  group_find_next(group, simulation);
}

static void collect_requested(struct simulation *simulation)
{
  const int generation = simulation->recording->collections[simulation->next_requested++].generation;
  for (size_t i = 0; i < simulation->model_count; i++) collect(simulation, &simulation->models[i], generation, false);
  find_requested(simulation);
  for (size_t i = 0; i < simulation->group_count; i++) {
    simulation->groups[i].count = 0;
    group_find_next(&simulation->groups[i], simulation);
  }
}

/* The next of everything that happens, until nothing does. */
static void simulate(struct simulation *simulation)
{
  for (;;) {
    struct group *first = NULL;
    for (size_t i = 0; i < simulation->group_count; i++) {
      struct group *group = &simulation->groups[i];
      if (group->next != RECORDING_NEVER && (first == NULL || group->next < first->next)) first = group;
    }
    if (first != NULL) {
      walk_to(&simulation->walk, first->next);
      collect_automatically(simulation, first);
    } else if (simulation->next_requested < simulation->recording->collection_count) {
      walk_to(&simulation->walk, requested_tick(simulation));
      collect_requested(simulation);
    } else {
      return;
    }
  }
}

static void simulation_begin(struct simulation *simulation, const struct predict_setting *settings,
                             struct prediction *predictions)
{
  find_requested(simulation);
  for (size_t i = 0; i < simulation->model_count; i++) {
    predictions[i] = (struct prediction){.setting = settings[i], .first_full_share = -1};
    simulation->models[i] = (struct model){.setting = &settings[i], .prediction = &predictions[i]};
    model_begin(&simulation->models[i], simulation->recording);
    struct group *group = group_of(simulation, settings[i].thresholds[0]);
    group->models[group->model_count++] = i;
  }
  for (size_t i = 0; i < simulation->group_count; i++) group_find_next(&simulation->groups[i], simulation);
}

void predict_run(const struct recording *recording, const struct predict_costs *costs,
                 const struct predict_setting *settings, size_t count, uint32_t freeze_tick,
                 struct prediction *predictions)
{
  struct simulation simulation = {.recording = recording,
                                  .costs = costs,
                                  .freeze_tick = freeze_tick,
                                  .index = trigger_index_make(recording),
                                  .walk = walk_make(recording),
                                  .groups = memory_require(calloc(count + 1, sizeof(struct group))),
                                  .models = memory_require(calloc(count + 1, sizeof(struct model))),
                                  .model_count = count};
  simulation_begin(&simulation, settings, predictions);
  simulate(&simulation);
  for (size_t i = 0; i < count; i++) model_end(&simulation.models[i], costs->longest_ratio);
  for (size_t i = 0; i < simulation.group_count; i++) free(simulation.groups[i].models);
  free(simulation.groups);
  free(simulation.models);
  walk_free(&simulation.walk);
  trigger_index_free(&simulation.index);
}

uint32_t predict_tick_at(const struct recording *recording, uint64_t time_ns)
{
  for (size_t i = 0; i < recording->collection_count; i++) {
    if (recording->collections[i].start_ns >= time_ns) return recording->collections[i].tick;
  }
  return RECORDING_NEVER;
}

/* ---- calibration ------------------------------------------------------------------------------------------------ */

/* Survivors as the interpreter counted them, where the next collection tells; negative: it does not. */
static double survivors_of(const struct recording *recording, size_t number)
{
  if (number + 1 >= recording->collection_count) return -1;
  const struct recording_collection *now = &recording->collections[number], *next = now + 1;
  if (now->generation == 1 && next->pending >= now->pending) return (double)(next->pending - now->pending);
  return now->generation == 2 ? (double)next->total : -1;
}

/* Resident memory and the objects that were there, at the first and at the largest of the collections that asked. */
struct memory_samples {
  double first_bytes, first_objects, peak_bytes, peak_objects;
};

static void take_memory(struct memory_samples *samples, const struct recording_collection *collection,
                        const struct walk *walk)
{
  const double bytes = (double)collection->resident_kib * 1024, objects = (double)walk->live.count;
  if (collection->resident_kib == 0) return;
  if (samples->first_bytes == 0) *samples = (struct memory_samples){bytes, objects, bytes, objects};
  if (bytes > samples->peak_bytes) {
    samples->peak_bytes = bytes;
    samples->peak_objects = objects;
  }
}

/* Strings and numbers that hang on the objects are in it. */
static double object_bytes_of(const struct memory_samples *samples)
{
  const double objects = samples->peak_objects - samples->first_objects;
  return objects < 1 ? 0 : (samples->peak_bytes - samples->first_bytes) / objects;
}

/* The recording's own collections, each with the objects that it looked at. */
struct predict_costs predict_calibrate(const struct recording *recording)
{
  struct predict_costs costs = {.tracked_share = 1};
  struct walk walk = walk_make(recording);
  struct model model = {0};
  model_begin(&model, recording);
  struct costs_sample *samples = memory_require(calloc(recording->collection_count + 1, sizeof *samples));
  struct memory_samples memory = {0};
  double counted = 0, tracked = 0;
  size_t count = 0;
  for (size_t i = 0; i < recording->collection_count; i++) {
    const struct recording_collection *collection = &recording->collections[i];
    walk_to(&walk, collection->tick);
    const struct scope scope = model_scope(&model, &walk, collection->generation, collection->is_automatic);
    const double survivors = survivors_of(recording, i);
    model_promote(&model, &walk, collection->generation, collection->is_automatic, 0);
    if (survivors >= 0) {
      counted += scope.live;
      tracked += survivors;
    }
    take_memory(&memory, collection, &walk);
    const double freed = (double)collection->swept;
    const double pause_ns = (double)(collection->pause_ns - collection->recorder_ns);
    if (collection->is_ended) samples[count++] = (struct costs_sample){scope.live + freed, freed, pause_ns};
  }
  if (counted > 0) costs.tracked_share = tracked / counted;
  costs_fit(&costs, samples, count);
  costs.peak_bytes = memory.peak_bytes;
  costs.object_bytes = object_bytes_of(&memory);
  free(samples);
  walk_free(&walk);
  return costs;
}
