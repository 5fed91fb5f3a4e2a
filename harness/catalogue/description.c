#include "harness/catalogue/description.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(char *error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error, DESCRIPTION_ERROR_MAX, format, arguments);
  va_end(arguments);
  return false;
}

/* An array of strings, NULL-terminated; the strings stay the document's. */
static const char **read_strings(json_t *array, size_t *count)
{
  const char **strings = memory_require(calloc(json_array_size(array) + 1, sizeof *strings));
  size_t index = 0;
  json_t *item = NULL;
  *count = 0;
  json_array_foreach (array, index, item) {
    if (json_is_string(item)) strings[(*count)++] = json_string_value(item);
  }
  return strings;
}

/* Values are written as a user would write them: setting_parse reads them back under the row's own type. */
static bool read_value(const struct setting *setting, const char *text, int64_t *value, char *error)
{
  char reason[SETTING_ERROR_MAX];
  return setting_parse(setting, text, value, reason) || fail(error, "%s", reason);
}

static bool read_setting(json_t *row, struct setting *setting, char *error)
{
  const char *type = NULL;
  const char *scale = NULL;
  const char *value = NULL;
  const char *small = NULL;
  const char *large = NULL;
  const char *minimum = NULL;
  const char *maximum = NULL;
  const char *search_low = NULL;
  const char *search_high = NULL;
  json_t *choices = NULL;
  json_error_t why;
  if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s?s, s?s, s?s, s?s, s?o}", "name",
                     &setting->name, "unit", &setting->unit, "type", &type, "scale", &scale, "default", &value,
                     "minimum", &minimum, "maximum", &maximum, "help", &setting->help, "small", &small, "large", &large,
                     "search_low", &search_low, "search_high", &search_high, "choices", &choices) != 0)
    return fail(error, "a setting: %.200s", why.text);
  if (!setting_type_parse(type, &setting->type))
    return fail(error, "%s has the unknown type '%s'", setting->name, type);
  setting->scale = strcmp(scale, "log") == 0 ? SETTING_LOG : SETTING_LINEAR;
  if (setting->type == SETTING_CHOICE) {
    size_t count = 0;
    setting->choices = read_strings(choices, &count);
    if (count == 0) return fail(error, "%s has no choices", setting->name);
  }
  setting->minimum = INT64_MIN;
  setting->maximum = INT64_MAX;
  int64_t lowest = 0;
  int64_t highest = 0;
  if (!read_value(setting, minimum, &lowest, error) || !read_value(setting, maximum, &highest, error)) return false;
  setting->minimum = lowest;
  setting->maximum = highest;
  if (!read_value(setting, value, &setting->default_value, error)) return false;
  setting->small_value = setting->default_value;
  setting->large_value = setting->default_value;
  return (small == NULL || read_value(setting, small, &setting->small_value, error)) &&
         (large == NULL || read_value(setting, large, &setting->large_value, error)) &&
         (search_low == NULL || read_value(setting, search_low, &setting->search_low, error)) &&
         (search_high == NULL || read_value(setting, search_high, &setting->search_high, error));
}

static void free_settings(struct setting *settings, size_t count)
{
  for (size_t i = 0; i < count; i++) free((void *)settings[i].choices);
  free(settings);
}

/* On failure too, what was read is there to be freed. */
static bool read_settings(json_t *rows, struct setting **settings, size_t *count, char *error)
{
  *count = json_array_size(rows);
  *settings = memory_require(calloc(*count + 1, sizeof **settings));
  for (size_t i = 0; i < *count; i++) {
    if (!read_setting(json_array_get(rows, i), &(*settings)[i], error)) return false;
  }
  return true;
}

bool description_read_collector(json_t *document, struct catalogue_collector *collector, char *error)
{
  const char *format = NULL;
  json_t *capabilities = NULL;
  json_t *knobs = NULL;
  int checking = 0;
  int sanitized = 0;
  json_error_t why;
  if (json_unpack_ex(document, &why, 0, "{s:s}", "format", &format) != 0 || strcmp(format, "gclab-describe-1") != 0)
    return fail(error, "its answer is not of the form gclab-describe-1");
  if (json_unpack_ex(document, &why, 0, "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:o}", "name",
                     &collector->name, "summary", &collector->summary, "source", &collector->source, "version",
                     &collector->version, "revision", &collector->revision, "compiler", &collector->compiler, "build",
                     &collector->build, "checking", &checking, "sanitized", &sanitized, "capabilities", &capabilities,
                     "knobs", &knobs) != 0)
    return fail(error, "%.200s", why.text);
  collector->checking = checking != 0;
  collector->sanitized = sanitized != 0;
  collector->capabilities = read_strings(capabilities, &collector->capability_count);
  return read_settings(knobs, &collector->knobs, &collector->knob_count, error);
}

void description_free_collector(struct catalogue_collector *collector)
{
  free((void *)collector->capabilities);
  free_settings(collector->knobs, collector->knob_count);
  free(collector->program_name);
  free(collector->trial_path);
  json_decref(collector->description);
}

static bool read_workload(json_t *row, struct catalogue_workload *workload, char *error)
{
  json_t *parameters = NULL;
  json_t *needs = NULL;
  int makes_cycles = 0;
  json_error_t why;
  if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:b, s:o, s?o}", "name", &workload->name, "summary",
                     &workload->summary, "source", &workload->source, "makes_cycles", &makes_cycles, "parameters",
                     &parameters, "needs", &needs) != 0)
    return fail(error, "a workload: %.200s", why.text);
  workload->makes_cycles = makes_cycles != 0;
  workload->needs = read_strings(needs, &workload->need_count);
  return read_settings(parameters, &workload->parameters, &workload->parameter_count, error);
}

bool description_read_workloads(json_t *document, const char *key, struct catalogue_workload **workloads, size_t *count,
                                char *error)
{
  json_t *rows = json_object_get(document, key);
  *count = json_array_size(rows);
  *workloads = memory_require(calloc(*count + 1, sizeof **workloads));
  for (size_t i = 0; i < *count; i++) {
    if (read_workload(json_array_get(rows, i), &(*workloads)[i], error)) continue;
    description_free_workloads(*workloads, *count);
    *workloads = NULL;
    *count = 0;
    return false;
  }
  return true;
}

void description_free_workloads(struct catalogue_workload *workloads, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    free((void *)workloads[i].needs);
    free_settings(workloads[i].parameters, workloads[i].parameter_count);
  }
  free(workloads);
}
