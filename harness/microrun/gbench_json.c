#define _GNU_SOURCE
#include "harness/microrun/gbench_json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

static json_t *describe_run(const struct micro_results *results)
{
  char name[256] = "unknown";
  gethostname(name, sizeof name - 1);
  json_t *columns = json_object();
  for (size_t i = 0; i < results->column_count; i++) {
    const struct micro_column *column = &results->columns[i];
    json_object_set_new(columns, column->collector,
                        json_pack("{s:s, s:s, s:s, s:s}", "version", column->version, "build_id", column->build_id,
                                  "knobs", column->knobs, "allocator", column->allocator));
  }
  return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "date", results->created_at, "host_name",
                   name, "executable", "gclab micro", "num_cpus", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "machine",
                   results->host, "run_id", results->id, "command", results->command, "gclab_version", results->version,
                   "seed", (json_int_t)results->seed, "library_build_type", "release", "collectors", columns);
}

static json_t *describe_measurement(const char *name, size_t index, const struct micro_cell *cell, size_t which)
{
  const struct micro_measurement *one = &cell->measurements[which];
  json_t *entry =
      json_pack("{s:s, s:i, s:i, s:s, s:s, s:I, s:I, s:i, s:I, s:f, s:f, s:s}", "name", name, "family_index",
                (int)index, "per_family_instance_index", 0, "run_name", name, "run_type", "iteration", "repetitions",
                (json_int_t)cell->count, "repetition_index", (json_int_t)which, "threads", 1, "iterations",
                (json_int_t)one->iterations, "real_time", one->real_ns, "cpu_time", one->cpu_ns, "time_unit", "ns");
  if (cell->operations == 0) return entry;
  json_object_set_new(entry, "instructions", json_real(micro_results_instructions(cell)));
  json_object_set_new(entry, "library_instructions", json_real(micro_results_library_instructions(cell)));
  return entry;
}

bool gbench_json_write(const struct micro_results *results, FILE *out)
{
  json_t *entries = json_array();
  for (size_t column = 0; column < results->column_count; column++) {
    for (size_t row = 0; row < results->row_count; row++) {
      const struct micro_cell *cell = micro_results_cell(results, row, column);
      char *name = memory_format("%s/%s", results->columns[column].collector, results->rows[row].name);
      for (size_t i = 0; i < cell->count; i++)
        json_array_append_new(entries, describe_measurement(name, column * results->row_count + row, cell, i));
      free(name);
    }
  }
  json_t *root = json_pack("{s:o, s:o}", "context", describe_run(results), "benchmarks", entries);
  const bool ok = json_dumpf(root, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF && fflush(out) == 0;
  json_decref(root);
  return ok;
}
