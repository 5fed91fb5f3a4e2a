/* What a trial program is, as JSON: the harness knows collectors and workloads by this alone. */
#include <unistd.h>

#include "base/build.h"
#include "base/version.h"
#include "harness/trial/capability.h"
#include "harness/trial/document.h"
#include "harness/trial/trial.h"

static json_t *describe_setting(const struct setting *setting, bool has_sizes)
{
  char text[SETTING_TEXT_MAX];
  json_t *row = json_object();
  document_set(row, "name", json_string(setting->name));
  document_set(row, "unit", json_string(setting->unit != NULL ? setting->unit : ""));
  document_set(row, "type", json_string(setting_type_name(setting->type)));
  document_set(row, "scale", json_string(setting->scale == SETTING_LOG ? "log" : "linear"));
  document_set(row, "default", json_string(setting_format(setting, setting->default_value, text)));
  for (enum setting_size size = SETTING_SIZE_SMALL; has_sizes && size < SETTING_SIZES; size++) {
    const int64_t value = setting_at_size(setting, size);
    document_set(row, setting_size_names[size], json_string(setting_format(setting, value, text)));
  }
  document_set(row, "minimum", json_string(setting_format(setting, setting->minimum, text)));
  document_set(row, "maximum", json_string(setting_format(setting, setting->maximum, text)));
  if (setting->search_low != setting->search_high) {
    document_set(row, "search_low", json_string(setting_format(setting, setting->search_low, text)));
    document_set(row, "search_high", json_string(setting_format(setting, setting->search_high, text)));
  }
  if (setting->type == SETTING_CHOICE) {
    json_t *choices = json_array();
    for (int i = 0; setting->choices[i] != NULL; i++) document_append(choices, json_string(setting->choices[i]));
    document_set(row, "choices", choices);
  }
  document_set(row, "help", json_string(setting->help));
  return row;
}

static json_t *describe_settings(const struct setting *settings, size_t count, bool has_sizes)
{
  json_t *rows = json_array();
  for (size_t i = 0; i < count; i++) document_append(rows, describe_setting(&settings[i], has_sizes));
  return rows;
}

static json_t *describe_workload(const struct workload *workload)
{
  json_t *description = json_object();
  document_set(description, "name", json_string(workload->name));
  document_set(description, "summary", json_string(workload->summary));
  document_set(description, "source", json_string(workload->source));
  document_set(description, "makes_cycles", json_boolean(workload->makes_cycles));
  document_set(description, "needs", capability_names(workload->needs));
  document_set(description, "parameters", describe_settings(workload->parameters, workload->parameter_count, true));
  return description;
}

int trial_describe(void)
{
  json_t *root = json_object();
  document_set(root, "format", json_string("gclab-describe-1"));
  document_set(root, "name", json_string(collector.name));
  document_set(root, "summary", json_string(collector.summary));
  document_set(root, "source", json_string(collector.source));
  document_set(root, "version", json_string(collector.version != NULL ? collector.version() : GCLAB_VERSION));
  document_set(root, "capabilities", capability_names(collector.capabilities));
  document_set(root, "knobs", describe_settings(collector.knobs, collector.knob_count, false));
  document_set(root, "gclab_version", json_string(GCLAB_VERSION));
  document_set(root, "revision", json_string(GCLAB_REVISION));
  document_set(root, "compiler", json_string(GCLAB_COMPILER));
  document_set(root, "build", json_string(GCLAB_BUILD));
  document_set(root, "checking", json_boolean(BUILD_CHECKING));
  document_set(root, "sanitized", json_boolean(BUILD_SANITIZED));
  json_t *list = json_array();
  json_t *replays = json_array();
  for (int i = 0; workloads[i] != NULL; i++)
    document_append(workloads[i]->replays ? replays : list, describe_workload(workloads[i]));
  document_set(root, "workloads", list);
  document_set(root, "replays", replays);
  return document_write(root, STDOUT_FILENO, JSON_INDENT(1)) ? TRIAL_EXIT_OK : TRIAL_EXIT_ENVIRONMENT;
}
