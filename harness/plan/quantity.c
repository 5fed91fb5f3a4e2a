#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/plan/plan_internal.h"

static const struct {
  const char *suffix;
  uint64_t ns;
} units[] = {{"d", UINT64_C(86400000000000)},
             {"h", UINT64_C(3600000000000)},
             {"m", UINT64_C(60000000000)},
             {"s", UINT64_C(1000000000)},
             {"ms", UINT64_C(1000000)}};

enum { UNITS = sizeof units / sizeof units[0] };

static const double duration_limit_ns = 365 * 86400e9;

static uint64_t unit_of(const char *text, size_t length)
{
  for (size_t i = 0; i < UNITS; i++) {
    if (strlen(units[i].suffix) == length && strncmp(units[i].suffix, text, length) == 0) return units[i].ns;
  }
  return 0;
}

/* One or more numbers, each with its unit: 90s, 1.5h, 1h30m. */
static bool parse_duration(const char *text, double *total_ns)
{
  *total_ns = 0.0;
  while (*text != '\0') {
    if (strspn(text, "0123456789.") == 0) return false;
    char *end = NULL;
    const double number = strtod(text, &end);
    const size_t length = strspn(end, "dhms");
    const uint64_t unit = unit_of(end, length);
    if (end == text || unit == 0) return false;
    *total_ns += number * (double)unit;
    text = end + length;
  }
  return true;
}

bool quantity_parse_duration(const char *name, const char *text, bool may_be_none, uint64_t *ns, char *error)
{
  double total_ns = 0.0;
  if (may_be_none && (strcmp(text, "none") == 0 || strcmp(text, "0") == 0)) {
    *ns = 0;
    return true;
  }
  if (*text == '\0' || !parse_duration(text, &total_ns)) {
    snprintf(error, SETTING_ERROR_MAX, "%s: '%.40s' is not a duration such as 90s, 10m or 1h30m%s", name, text,
             may_be_none ? ", or none" : "");
    return false;
  }
  if (total_ns < 1e6 || total_ns > duration_limit_ns) {
    snprintf(error, SETTING_ERROR_MAX, "%s: %.40s is out of range, 1ms to 365d", name, text);
    return false;
  }
  *ns = (uint64_t)llround(total_ns);
  return true;
}

static const struct setting size_row = {
    .name = "", .type = SETTING_BYTES, .minimum = 1 << 20, .maximum = INT64_MAX, .help = ""};

bool quantity_parse_size(const char *name, const char *text, uint64_t *bytes, char *error)
{
  struct setting row = size_row;
  int64_t value = 0;
  row.name = name;
  if (strcmp(text, "none") != 0 && strcmp(text, "0") != 0 && !setting_parse(&row, text, &value, error)) return false;
  *bytes = (uint64_t)value;
  return true;
}

bool quantity_parse_number(const char *name, const char *text, uint64_t minimum, uint64_t maximum, uint64_t *value,
                           char *error)
{
  char *end = NULL;
  errno = 0;
  const unsigned long long number = strtoull(text, &end, 10);
  if (*text == '\0' || strspn(text, "0123456789") != strlen(text)) {
    snprintf(error, SETTING_ERROR_MAX, "%s: '%.40s' is not a whole number", name, text);
    return false;
  }
  if (errno != 0 || number < minimum || number > maximum) {
    snprintf(error, SETTING_ERROR_MAX, "%s: %.40s is out of range, %" PRIu64 " to %" PRIu64, name, text, minimum,
             maximum);
    return false;
  }
  *value = number;
  return true;
}

void quantity_format_duration(uint64_t ns, char *text)
{
  if (ns == 0) {
    snprintf(text, SETTING_TEXT_MAX, "none");
    return;
  }
  for (size_t i = 0; i < UNITS; i++) {
    if (ns % units[i].ns != 0) continue;
    snprintf(text, SETTING_TEXT_MAX, "%" PRIu64 "%s", ns / units[i].ns, units[i].suffix);
    return;
  }
  snprintf(text, SETTING_TEXT_MAX, "%.6fms", (double)ns / 1e6);
}

void quantity_format_size(uint64_t bytes, char *text)
{
  if (bytes == 0) {
    snprintf(text, SETTING_TEXT_MAX, "none");
    return;
  }
  setting_format(&size_row, (int64_t)bytes, text);
}

bool quantity_parse_share(const char *name, const char *text, double *share, char *error)
{
  char *end = NULL;
  if (strcmp(text, "none") == 0) {
    *share = 0;
    return true;
  }
  const double percent = strtod(text, &end);
  const bool is_number = end != text;
  end += strspn(end, " ");
  if (is_number && strcmp(end, "%") == 0 && percent > 0 && percent < 100) {
    *share = percent / 100;
    return true;
  }
  snprintf(error, SETTING_ERROR_MAX, "%s: '%.40s' is no share; it takes a percentage such as 2%%, or none", name, text);
  return false;
}
