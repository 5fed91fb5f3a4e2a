/* The record: one JSON object, written when the clock has stopped. */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/version.h"
#include "harness/trial/allocator.h"
#include "harness/trial/capability.h"
#include "harness/trial/document.h"
#include "harness/trial/trial.h"

static void put_settings(json_t *root, const char *key, const struct setting *settings, size_t count,
                         const int64_t *values)
{
  json_t *object = json_object();
  for (size_t i = 0; i < count; i++) {
    char text[SETTING_TEXT_MAX];
    document_set(object, settings[i].name, json_string(setting_format(&settings[i], values[i], text)));
  }
  document_set(root, key, object);
}

static json_t *generations(const uint64_t *values)
{
  json_t *array = json_array();
  for (int i = 0; i < GC_GENERATIONS; i++) document_append(array, json_integer((json_int_t)values[i]));
  return array;
}

static void put_counters(json_t *root, const struct gc_counters *counters)
{
  document_set_number(root, "allocated_objects", counters->allocated_objects);
  document_set_number(root, "allocated_bytes", counters->allocated_bytes);
  document_set_number(root, "freed_objects", counters->freed_objects);
  document_set_number(root, "freed_bytes", counters->freed_bytes);
  document_set_number(root, "held_objects", counters->allocated_objects - counters->freed_objects);
  document_set_number(root, "held_bytes", counters->allocated_bytes - counters->freed_bytes);
  document_set_number(root, "heap_bytes", counters->heap_bytes);
  document_set_number(root, "peak_heap_bytes", counters->peak_heap_bytes);
  document_set_number(root, "footprint_bytes", counters->footprint_bytes);
  document_set_number(root, "peak_footprint_bytes", counters->peak_footprint_bytes);
  document_set_number(root, "cascades", counters->cascades);
  document_set_number(root, "cascade_max_objects", counters->cascade_max_objects);
  document_set(root, "collections", generations(counters->collections));
  document_set(root, "collected", generations(counters->collected));
  document_set(root, "uncollectable", generations(counters->uncollectable));
}

/* What the collector alone knows to tell; most have nothing. */
static void put_facts(json_t *root, struct gc_mutator *mutator)
{
  struct collector_fact facts[COLLECTOR_FACTS_MAX];
  const size_t count = collector_facts(mutator, facts);
  if (count == 0) return;
  json_t *object = json_object();
  for (size_t i = 0; i < count; i++) document_set_number(object, facts[i].name, facts[i].value);
  document_set(root, "facts", object);
}

/*
 * "VmHWM:    1234 kB" of /proc/self/status, in bytes; ru_maxrss would tell the parent's where that was larger.  Read
 * without stdio, whose buffer would need memory.
 */
static uint64_t status_bytes(const char *key)
{
  char text[8192];
  size_t length = 0;
  const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = 0;
  while (length < sizeof text - 1 && (got = read(fd, text + length, sizeof text - 1 - length)) > 0)
    length += (size_t)got;
  close(fd);
  text[length] = '\0';
  const char *line = strstr(text, key);
  uint64_t kilobytes = 0;
  if (line != NULL) sscanf(line + strlen(key), "%" SCNu64, &kilobytes);
  return kilobytes * 1024;
}

/* Of the work alone. */
static void put_work(json_t *root, const struct trial *trial)
{
  const struct rusage *usage = &trial->work_usage;
  document_set_number(root, "work_minor_faults", (uint64_t)usage->ru_minflt);
  document_set_number(root, "work_major_faults", (uint64_t)usage->ru_majflt);
  document_set_number(root, "work_voluntary_switches", (uint64_t)usage->ru_nvcsw);
  document_set_number(root, "work_involuntary_switches", (uint64_t)usage->ru_nivcsw);
  document_set(root, "hardware", hardware_describe(&trial->hardware));
}

static void put_system(json_t *root)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  document_set_number(root, "vmhwm_bytes", status_bytes("\nVmHWM:"));
  document_set_number(root, "rss_bytes", status_bytes("\nVmRSS:"));
  document_set_number(root, "minor_faults", (uint64_t)usage.ru_minflt);
  document_set_number(root, "major_faults", (uint64_t)usage.ru_majflt);
  document_set_number(root, "voluntary_switches", (uint64_t)usage.ru_nvcsw);
  document_set_number(root, "involuntary_switches", (uint64_t)usage.ru_nivcsw);
  const bool uses_blocks =
      (collector.capabilities & COLLECTOR_USES_BLOCKS) != 0; /* malloc has nothing of the heap then */
  document_set(root, "allocator", json_string(uses_blocks ? "blocks" : allocator_name()));
  document_set(root, "allocator_statistics", uses_blocks ? json_object() : allocator_statistics());
}

static const char *const outcome_names[] = {
    [TRIAL_OK] = "ok", [TRIAL_OUT_OF_MEMORY] = "out_of_memory", [TRIAL_NOT_SUPPORTED] = "not_supported"};

static json_t *make_record(const struct trial *trial)
{
  json_t *root = json_object();
  char checksum[24];
  snprintf(checksum, sizeof checksum, "%016" PRIx64, trial->run.checksum);
  document_set(root, "format", json_string("gclab-record-1"));
  document_set(root, "outcome", json_string(outcome_names[trial->outcome]));
  if (trial->outcome == TRIAL_OUT_OF_MEMORY) document_set_number(root, "failed_bytes", trial->failed_bytes);
  if (trial->outcome == TRIAL_NOT_SUPPORTED) document_set(root, "lacks", capability_names(trial->lacks));
  document_set(root, "collector", json_string(collector.name));
  document_set(root, "collector_version", json_string(collector.version != NULL ? collector.version() : GCLAB_VERSION));
  document_set(root, "gclab_version", json_string(GCLAB_VERSION));
  document_set(root, "revision", json_string(GCLAB_REVISION));
  document_set(root, "workload", json_string(trial->workload->name));
  document_set(root, "size", json_string(setting_size_names[trial->size]));
  document_set_number(root, "seed", trial->seed);
  put_settings(root, "knobs", collector.knobs, collector.knob_count, trial->knobs);
  put_settings(root, "parameters", trial->workload->parameters, trial->workload->parameter_count, trial->parameters);
  document_set(root, "checksum", trial->outcome == TRIAL_OK ? json_string(checksum) : json_null());
  document_set_number(root, "work_start_ns",
                      trial->start_wall_ns - trial->journal.head->origin_ns); /* on the journal's clock */
  document_set_number(root, "wall_ns", trial->wall_ns);
  document_set_number(root, "cpu_ns", trial->cpu_ns);
  document_set_number(root, "gc_ns", journal_total_ns(&trial->journal));
  document_set_number(root, "cascade_floor_ns", trial->cascade_floor_ns);
  document_set(root, "journal", json_boolean(trial->journal_enabled));
  document_set_number(root, "layout", trial->layout);
  put_counters(root, &trial->mutator->counters);
  put_facts(root, trial->mutator);
  put_work(root, trial);
  put_system(root);
  return root;
}

int trial_write_record(const struct trial *trial)
{
  const bool is_shared = trial->record_fd >= 0;
  const bool done = document_write(make_record(trial), is_shared ? trial->record_fd : STDOUT_FILENO,
                                   is_shared ? JSON_COMPACT : JSON_INDENT(1));
  return done ? TRIAL_EXIT_OK : TRIAL_EXIT_ENVIRONMENT;
}
