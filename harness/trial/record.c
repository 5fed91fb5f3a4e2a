/* The record: one JSON object, written when the clock has stopped. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/version.h"
#include "harness/trial/allocator.h"
#include "harness/trial/trial.h"

/* What there was no memory for is not in the record, which then must not pass for one. */
static bool is_incomplete;

static void set_new(json_t *object, const char *key, json_t *value)
{
  if (json_object_set_new(object, key, value) != 0) is_incomplete = true;
}

static void put(json_t *object, const char *key, uint64_t value)
{
  set_new(object, key, json_integer((json_int_t)value));
}

static void put_settings(json_t *root, const char *key, const struct setting *settings, size_t count,
                         const int64_t *values)
{
  json_t *object = json_object();
  for (size_t i = 0; i < count; i++) {
    char text[SETTING_TEXT_MAX];
    set_new(object, settings[i].name, json_string(setting_format(&settings[i], values[i], text)));
  }
  set_new(root, key, object);
}

static json_t *generations(const uint64_t *values)
{
  json_t *array = json_array();
  for (int i = 0; i < GC_GENERATIONS; i++) {
    if (json_array_append_new(array, json_integer((json_int_t)values[i])) != 0) is_incomplete = true;
  }
  return array;
}

static void put_counters(json_t *root, const struct gc_counters *counters)
{
  put(root, "allocated_objects", counters->allocated_objects);
  put(root, "allocated_bytes", counters->allocated_bytes);
  put(root, "freed_objects", counters->freed_objects);
  put(root, "freed_bytes", counters->freed_bytes);
  put(root, "held_objects", counters->allocated_objects - counters->freed_objects);
  put(root, "held_bytes", counters->allocated_bytes - counters->freed_bytes);
  put(root, "heap_bytes", counters->heap_bytes);
  put(root, "peak_heap_bytes", counters->peak_heap_bytes);
  put(root, "footprint_bytes", counters->footprint_bytes);
  put(root, "peak_footprint_bytes", counters->peak_footprint_bytes);
  put(root, "cascades", counters->cascades);
  put(root, "cascade_max_objects", counters->cascade_max_objects);
  set_new(root, "collections", generations(counters->collections));
  set_new(root, "collected", generations(counters->collected));
  set_new(root, "uncollectable", generations(counters->uncollectable));
}

/* "VmHWM:    1234 kB" of /proc/self/status, in bytes; ru_maxrss would tell the parent's where that was larger. */
static uint64_t status_bytes(const char *key)
{
  FILE *status = fopen("/proc/self/status", "re");
  if (status == NULL) return 0;
  char line[256];
  uint64_t kilobytes = 0;
  const size_t length = strlen(key);
  while (fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, key, length) == 0 && line[length] == ':') sscanf(line + length + 1, "%" SCNu64, &kilobytes);
  }
  fclose(status);
  return kilobytes * 1024;
}

static void put_system(json_t *root)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  put(root, "vmhwm_bytes", status_bytes("VmHWM"));
  put(root, "rss_bytes", status_bytes("VmRSS"));
  put(root, "minor_faults", (uint64_t)usage.ru_minflt);
  put(root, "major_faults", (uint64_t)usage.ru_majflt);
  put(root, "voluntary_switches", (uint64_t)usage.ru_nvcsw);
  put(root, "involuntary_switches", (uint64_t)usage.ru_nivcsw);
  set_new(root, "allocator", json_string(allocator_name()));
  set_new(root, "allocator_statistics", allocator_statistics());
}

static json_t *make_record(const struct trial *trial)
{
  json_t *root = json_object();
  char checksum[24];
  snprintf(checksum, sizeof checksum, "%016" PRIx64, trial->run.checksum);
  set_new(root, "format", json_string("gclab-record-1"));
  set_new(root, "outcome", json_string(trial->outcome == TRIAL_OK ? "ok" : "out_of_memory"));
  if (trial->outcome == TRIAL_OUT_OF_MEMORY) put(root, "failed_bytes", trial->failed_bytes);
  set_new(root, "collector", json_string(collector.name));
  set_new(root, "collector_version", json_string(collector.version != NULL ? collector.version() : GCLAB_VERSION));
  set_new(root, "gclab_version", json_string(GCLAB_VERSION));
  set_new(root, "revision", json_string(GCLAB_REVISION));
  set_new(root, "workload", json_string(trial->workload->name));
  set_new(root, "size", json_string(trial->small ? "small" : "default"));
  put(root, "seed", trial->seed);
  put_settings(root, "knobs", collector.knobs, collector.knob_count, trial->knobs);
  put_settings(root, "parameters", trial->workload->parameters, trial->workload->parameter_count, trial->parameters);
  set_new(root, "checksum", trial->outcome == TRIAL_OK ? json_string(checksum) : json_null());
  put(root, "work_start_ns", trial->start_wall_ns - trial->journal.head->origin_ns); /* on the journal's clock */
  put(root, "wall_ns", trial->wall_ns);
  put(root, "cpu_ns", trial->cpu_ns);
  put(root, "gc_ns", journal_total_ns(&trial->journal));
  put(root, "cascade_floor_ns", trial->cascade_floor_ns);
  set_new(root, "journal", json_boolean(trial->journal_enabled));
  put_counters(root, &trial->mutator->counters);
  put_system(root);
  return root;
}

int trial_write_record(const struct trial *trial)
{
  json_t *record = make_record(trial);
  bool failed = is_incomplete;
  if (failed) {
    fprintf(stderr, "gclab-trial: no memory is left for the record\n");
  } else if (trial->record_fd >= 0) {
    failed = json_dumpfd(record, trial->record_fd, JSON_COMPACT) != 0;
  } else {
    failed = json_dumpf(record, stdout, JSON_INDENT(1)) != 0 || putchar('\n') == EOF;
  }
  json_decref(record);
  if (!failed) return TRIAL_EXIT_OK;
  fprintf(stderr, "gclab-trial: the record could not be written\n");
  return TRIAL_EXIT_ENVIRONMENT;
}
