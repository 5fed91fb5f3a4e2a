#include "harness/campaign/identity.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "base/memory.h"

void identity_hash(const char *text, size_t bytes, char *id)
{
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(text, bytes));
  for (size_t i = 0; i < sizeof canonical.digest; i++) snprintf(id + 2 * i, 3, "%02x", canonical.digest[i]);
}

bool identity_campaign(const struct plan *plan, uint64_t seed, const char *host_id, const struct plan_cells *cells,
                       char *id)
{
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = memory_require(open_memstream(&text, &bytes));
  fprintf(out, "gclab-campaign-1\n%s\n%" PRIu64 "\n%" PRIu64 "\n%" PRIu64 "\n%d\n%s\n", plan->name, seed,
          plan->time_limit_ns, plan->memory_limit_bytes, plan->pin, host_id);
  if (plan->floating) fputs("floating\n", out);
  for (size_t i = 0; i < cells->count; i++) fprintf(out, "%s\n", cells->cells[i].id);
  memory_close(out);
  identity_hash(text, bytes, id);
  free(text);
  return true;
}

void identity_trial(const char *campaign_id, const char *cell_id, uint32_t block, uint64_t seed, char *id)
{
  char text[160];
  const int bytes = snprintf(text, sizeof text, "gclab-trial-1\n%s\n%s\n%" PRIu32 "\n%" PRIu64 "\n", campaign_id,
                             cell_id, block, seed);
  identity_hash(text, (size_t)bytes, id);
}

static void put(json_t *object, const char *name, const struct setting *setting, int64_t value)
{
  char text[SETTING_TEXT_MAX];
  json_object_set_new(object, name, json_string(setting_format(setting, value, text)));
}

static char *dump_and_release(json_t *object)
{
  char *text = json_dumps(object, JSON_COMPACT);
  json_decref(object);
  return text;
}

static char *all_settings(const struct setting *settings, size_t count, const int64_t *values)
{
  json_t *object = json_object();
  for (size_t i = 0; i < count; i++) put(object, settings[i].name, &settings[i], values[i]);
  return dump_and_release(object);
}

char *identity_knobs(const struct plan_cell *cell)
{
  return all_settings(cell->collector->knobs, cell->collector->knob_count, cell->knobs);
}

char *identity_parameters(const struct plan_cell *cell)
{
  return all_settings(cell->workload->parameters, cell->workload->parameter_count, cell->parameters);
}

/* Knobs, then parameters.  A parameter that is called like one of the collector's knobs is qualified. */
static json_t *varied(const struct plan_cell *cell)
{
  json_t *object = json_object();
  const struct catalogue_collector *collector = cell->collector;
  const struct catalogue_workload *workload = cell->workload;
  for (size_t i = 0; i < collector->knob_count; i++) {
    const struct setting *row = &collector->knobs[i];
    if (cell->knobs[i] != row->default_value) put(object, row->name, row, cell->knobs[i]);
  }
  for (size_t i = 0; i < workload->parameter_count; i++) {
    const struct setting *row = &workload->parameters[i];
    if (cell->parameters[i] == setting_at_size(row, cell->size)) continue;
    char name[128];
    const bool taken = setting_find(collector->knobs, collector->knob_count, row->name) >= 0;
    snprintf(name, sizeof name, "%s%s%s", taken ? workload->name : "", taken ? "." : "", row->name);
    put(object, name, row, cell->parameters[i]);
  }
  return object;
}

const char *identity_size_note(const struct plan_cell *cell)
{
  static const char *const notes[SETTING_SIZES] = {"", " (small)", " (large)"};
  return notes[cell->size];
}

char *identity_varied(const struct plan_cell *cell) { return dump_and_release(varied(cell)); }

char *identity_varied_words(const struct plan_cell *cell)
{
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = memory_require(open_memstream(&text, &bytes));
  json_t *object = varied(cell);
  const int heap = plan_heap_knob(cell);
  const char *heap_name = heap >= 0 ? cell->collector->knobs[heap].name : "";
  const char *key = NULL;
  json_t *value = NULL;
  const char *gap = "";
  json_object_foreach (object, key, value) {
    fprintf(out, "%s%s=%s", gap, key, json_string_value(value));
    if (cell->heap_multiple != 0 && strcmp(key, heap_name) == 0)
      fprintf(out, " (%.4gx)", (double)cell->heap_multiple / SETTING_MULTIPLE_ONE);
    gap = " ";
  }
  json_decref(object);
  memory_close(out);
  return text;
}

bool identity_store_cell(const struct plan_cells *cells, size_t index, struct store_cell *row)
{
  const struct plan_cell *cell = &cells->cells[index];
  *row = (struct store_cell){.id = cell->id,
                             .collector = cell->collector->name,
                             .collector_version = cell->collector->version,
                             .build_id = cell->collector->build_id,
                             .workload = cell->workload->name,
                             .knobs = identity_knobs(cell),
                             .parameters = identity_parameters(cell),
                             .varied = identity_varied(cell),
                             .size = setting_size_names[cell->size],
                             .position = index,
                             .allocator = cell->allocator,
                             .twin_of = cell->is_twin ? cells->cells[cell->twin_of].id : NULL};
  return row->knobs != NULL && row->parameters != NULL && row->varied != NULL;
}

void identity_store_cell_free(struct store_cell *row)
{
  free((void *)row->knobs);
  free((void *)row->parameters);
  free((void *)row->varied);
}

char *identity_time_now(char *text)
{
  struct timespec now;
  struct tm date;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &date);
  const size_t length = strftime(text, IDENTITY_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &date);
  snprintf(text + length, IDENTITY_TIME_MAX - length, ".%03dZ", (int)(now.tv_nsec / 1000000));
  return text;
}
