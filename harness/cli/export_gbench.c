/*
 * A campaign as Google Benchmark's JSON, which its compare.py reads.
 *
 * A cell is a benchmark, COLLECTOR/WORKLOAD/NAME:VALUE..., and /allocator:NAME where the collector was run on several;
 * a trial is a repetition of one iteration, its times are nanoseconds.  A trial that was not ok has no times but
 * error_occurred and error_message, as a benchmark that skips with an error.
 */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/version.h"
#include "harness/cli/export.h"

static void write_json(FILE *out, json_t *value)
{
  json_dumpf(value, out, JSON_COMPACT);
  json_decref(value);
}

static json_t *text_or_null(const char *text) { return text != NULL ? json_string(text) : json_null(); }

void export_gbench_begin(FILE *out, const struct store_campaign *campaign, const struct store_host *host)
{
  json_t *environment = json_loads(host->environment, 0, NULL);
  const json_t *cores = json_object_get(environment, "cores");
  json_t *context = json_object();
  json_object_set_new(context, "date", text_or_null(campaign->created_at));
  json_object_set_new(context, "host_name", text_or_null(host->name));
  json_object_set_new(context, "executable", json_string("gclab run"));
  if (json_is_integer(cores)) json_object_set_new(context, "num_cpus", json_integer(json_integer_value(cores)));
  json_object_set_new(context, "library_build_type", json_string("release"));
  json_object_set_new(context, "campaign", text_or_null(campaign->name));
  json_object_set_new(context, "campaign_id", text_or_null(campaign->id));
  json_object_set_new(context, "command", text_or_null(campaign->command));
  json_object_set_new(context, "gclab_version", text_or_null(campaign->version));
  json_object_set_new(context, "seed", json_integer((json_int_t)campaign->seed));
  if (environment != NULL) json_object_set_new(context, "environment", environment);
  fputs("{\"context\": ", out);
  write_json(out, context);
  fputs(",\n\"benchmarks\": [\n", out);
}

static void append_settings(char **name, const char *settings)
{
  json_t *object = json_loads(settings, 0, NULL);
  for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
    const char *value = json_string_value(json_object_iter_value(at));
    char *longer = memory_format("%s/%s:%s", *name, json_object_iter_key(at), value != NULL ? value : "");
    free(*name);
    *name = longer;
  }
  json_decref(object);
}

static char *make_name(const struct export_gbench_place *place, const struct store_cell *cell)
{
  const bool is_default = strcmp(cell->size, "default") == 0;
  char *name = memory_format("%s/%s%s%s%s%s%s", cell->collector, cell->workload, cell->twin_of != NULL ? "/again" : "",
                             is_default ? "" : "/size:", is_default ? "" : cell->size,
                             place->with_allocator ? "/allocator:" : "", place->with_allocator ? cell->allocator : "");
  append_settings(&name, cell->varied);
  return name;
}

static void put_counters(json_t *entry, const struct store_trial *trial)
{
  const struct {
    const char *name;
    int64_t value;
  } counters[] = {
      {"gc_ns", trial->gc_ns},
      {"pauses", trial->pauses},
      {"pause_p50_ns", trial->pause_p50_ns},
      {"pause_p99_ns", trial->pause_p99_ns},
      {"pause_max_ns", trial->pause_max_ns},
      {"peak_heap_bytes", trial->peak_heap_bytes},
      {"peak_footprint_bytes", trial->peak_footprint_bytes},
      {"vmhwm_bytes", trial->vmhwm_bytes},
      {"collections", trial->collections},
  };
  for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
    if (counters[i].value != STORE_NONE) json_object_set_new(entry, counters[i].name, json_integer(counters[i].value));
  }
}

static void put_outcome(json_t *entry, const struct store_trial *trial)
{
  if (strcmp(trial->outcome, "ok") == 0) {
    json_object_set_new(entry, "iterations", json_integer(1));
    json_object_set_new(entry, "real_time", json_real((double)trial->wall_ns));
    json_object_set_new(entry, "cpu_time", json_real((double)trial->cpu_ns));
    json_object_set_new(entry, "time_unit", json_string("ns"));
    put_counters(entry, trial);
    return;
  }
  char *why = memory_format("%s%s%s", trial->outcome, trial->message != NULL ? ": " : "",
                            trial->message != NULL ? trial->message : "");
  json_object_set_new(entry, "error_occurred", json_true());
  json_object_set_new(entry, "error_message", json_string(why));
  free(why);
}

void export_gbench_trial(FILE *out, const struct export_gbench_place *place, const struct store_trial *trial,
                         const struct store_cell *cell)
{
  char *name = make_name(place, cell);
  json_t *entry =
      json_pack("{s:s, s:I, s:i, s:s, s:s, s:I, s:I, s:i}", "name", name, "family_index", (json_int_t)place->family,
                "per_family_instance_index", 0, "run_name", name, "run_type", "iteration", "repetitions",
                (json_int_t)place->repetitions, "repetition_index", (json_int_t)trial->block, "threads", 1);
  put_outcome(entry, trial);
  if (!place->is_first) fputs(",\n", out);
  write_json(out, entry);
  free(name);
}

void export_gbench_end(FILE *out) { fputs("\n]}\n", out); }
