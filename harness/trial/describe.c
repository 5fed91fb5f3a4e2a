/* What a trial program is, as JSON: the harness knows collectors and workloads by this alone. */
#include <jansson.h>

#include "base/build.h"
#include "base/version.h"
#include "harness/trial/trial.h"

static json_t *describe_setting(const struct setting *setting, bool has_small)
{
  char text[SETTING_TEXT_MAX];
  json_t *row = json_object();
  json_object_set_new(row, "name", json_string(setting->name));
  json_object_set_new(row, "unit", json_string(setting->unit != NULL ? setting->unit : ""));
  json_object_set_new(row, "type", json_string(setting_type_name(setting->type)));
  json_object_set_new(row, "scale", json_string(setting->scale == SETTING_LOG ? "log" : "linear"));
  json_object_set_new(row, "default", json_string(setting_format(setting, setting->default_value, text)));
  if (has_small) json_object_set_new(row, "small", json_string(setting_format(setting, setting->small_value, text)));
  json_object_set_new(row, "minimum", json_string(setting_format(setting, setting->minimum, text)));
  json_object_set_new(row, "maximum", json_string(setting_format(setting, setting->maximum, text)));
  if (setting->type == SETTING_CHOICE) {
    json_t *choices = json_array();
    for (int i = 0; setting->choices[i] != NULL; i++) json_array_append_new(choices, json_string(setting->choices[i]));
    json_object_set_new(row, "choices", choices);
  }
  json_object_set_new(row, "help", json_string(setting->help));
  return row;
}

static json_t *describe_settings(const struct setting *settings, size_t count, bool has_small)
{
  json_t *rows = json_array();
  for (size_t i = 0; i < count; i++) json_array_append_new(rows, describe_setting(&settings[i], has_small));
  return rows;
}

static json_t *describe_capabilities(void)
{
  static const struct {
    unsigned bit;
    const char *name;
  } names[] = {
      {COLLECTOR_RECLAIMS, "reclaims"},
      {COLLECTOR_RECLAIMS_CYCLES, "reclaims_cycles"},
      {COLLECTOR_PROMPT, "prompt"},
      {COLLECTOR_MOVES, "moves"},
      {COLLECTOR_GENERATIONAL, "generational"},
      {COLLECTOR_INCREMENTAL, "incremental"},
      {COLLECTOR_CONCURRENT, "concurrent"},
      {COLLECTOR_THREADS, "threads"},
      {COLLECTOR_EXTERNAL, "external"},
      {COLLECTOR_CONSERVATIVE, "conservative"},
      {COLLECTOR_USES_MALLOC, "uses_malloc"},
      {COLLECTOR_WEAK, "weak"},
      {COLLECTOR_FINALIZES, "finalizes"},
  };
  json_t *list = json_array();
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (collector.capabilities & names[i].bit) json_array_append_new(list, json_string(names[i].name));
  }
  return list;
}

static json_t *describe_workload(const struct workload *workload)
{
  json_t *description = json_object();
  json_object_set_new(description, "name", json_string(workload->name));
  json_object_set_new(description, "summary", json_string(workload->summary));
  json_object_set_new(description, "source", json_string(workload->source));
  json_object_set_new(description, "makes_cycles", json_boolean(workload->makes_cycles));
  json_object_set_new(description, "parameters",
                      describe_settings(workload->parameters, workload->parameter_count, true));
  return description;
}

int trial_describe(FILE *out)
{
  json_t *root = json_object();
  json_object_set_new(root, "format", json_string("gclab-describe-1"));
  json_object_set_new(root, "name", json_string(collector.name));
  json_object_set_new(root, "summary", json_string(collector.summary));
  json_object_set_new(root, "source", json_string(collector.source));
  json_object_set_new(root, "version", json_string(collector.version != NULL ? collector.version() : GCLAB_VERSION));
  json_object_set_new(root, "capabilities", describe_capabilities());
  json_object_set_new(root, "knobs", describe_settings(collector.knobs, collector.knob_count, false));
  json_object_set_new(root, "gclab_version", json_string(GCLAB_VERSION));
  json_object_set_new(root, "revision", json_string(GCLAB_REVISION));
  json_object_set_new(root, "compiler", json_string(GCLAB_COMPILER));
  json_object_set_new(root, "build", json_string(GCLAB_BUILD));
  json_object_set_new(root, "checking", json_boolean(BUILD_CHECKING));
  json_object_set_new(root, "sanitized", json_boolean(BUILD_SANITIZED));
  json_t *list = json_array();
  for (int i = 0; workloads[i] != NULL; i++) json_array_append_new(list, describe_workload(workloads[i]));
  json_object_set_new(root, "workloads", list);
  const int failed = json_dumpf(root, out, JSON_INDENT(1)) != 0 || fputc('\n', out) == EOF;
  json_decref(root);
  return failed ? TRIAL_EXIT_ENVIRONMENT : TRIAL_EXIT_OK;
}
