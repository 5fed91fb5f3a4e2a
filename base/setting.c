#include "base/setting.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const type_names[] = {
    [SETTING_INTEGER] = "integer", [SETTING_BYTES] = "bytes",   [SETTING_MILLI] = "real",
    [SETTING_BOOLEAN] = "boolean", [SETTING_CHOICE] = "choice", [SETTING_HEAP] = "heap",
};

const char *setting_type_name(enum setting_type type) { return type_names[type]; }

bool setting_type_parse(const char *text, enum setting_type *type)
{
  for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
    if (strcmp(text, type_names[i]) != 0) continue;
    *type = (enum setting_type)i;
    return true;
  }
  return false;
}

const char *const setting_size_names[] = {
    [SETTING_SIZE_DEFAULT] = "default",
    [SETTING_SIZE_SMALL] = "small",
    [SETTING_SIZE_LARGE] = "large",
    [SETTING_SIZES] = NULL,
};

bool setting_size_parse(const char *text, enum setting_size *size)
{
  for (size_t i = 0; i < SETTING_SIZES; i++) {
    if (strcmp(text, setting_size_names[i]) != 0) continue;
    *size = (enum setting_size)i;
    return true;
  }
  return false;
}

int64_t setting_at_size(const struct setting *setting, enum setting_size size)
{
  switch (size) {
  case SETTING_SIZE_SMALL:
    return setting->small_value;
  case SETTING_SIZE_LARGE:
    return setting->large_value;
  default:
    return setting->default_value;
  }
}

/* What a text is to a row: no value of its type, a value, or one that is further out than any row reaches. */
enum reading { READ_NOTHING, READ_VALUE, READ_BEYOND };

static enum reading parse_integer(const char *text, int64_t *value)
{
  char *end = NULL;
  errno = 0;
  const long long read = strtoll(text, &end, 10);
  if (end == text || *end != '\0') return READ_NOTHING;
  *value = read;
  return errno == ERANGE ? READ_BEYOND : READ_VALUE;
}

/*
 * Bits to the left for what stands behind the number: K, M, G, T, each alone, with B or with iB.  -1: something else.
 */
static int parse_suffix(const char *text)
{
  static const char suffixes[] = "KMGT";
  if (*text == '\0') return 0;
  const char upper = (char)(*text & ~0x20);
  const char *found = strchr(suffixes, upper);
  if (found == NULL || *found == '\0') return -1;
  text++;
  if (*text != '\0' && strcasecmp(text, "iB") != 0 && strcasecmp(text, "B") != 0) return -1;
  return 10 * (int)(found - suffixes + 1);
}

static enum reading parse_bytes(const char *text, int64_t *value)
{
  char *end = NULL;
  errno = 0;
  const long long read = strtoll(text, &end, 10);
  const bool is_beyond = errno == ERANGE;
  if (end == text || read < 0) return READ_NOTHING;
  const int shift = parse_suffix(end);
  if (shift < 0) return READ_NOTHING;
  if (is_beyond || read > (INT64_MAX >> shift)) return READ_BEYOND;
  *value = read << shift;
  return READ_VALUE;
}

static enum reading parse_milli(const char *text, int64_t *value)
{
  char *end = NULL;
  errno = 0;
  const double read = strtod(text, &end);
  const bool is_beyond = errno == ERANGE && isinf(read); /* not what is written "inf" */
  if (end == text || *end != '\0' || (!isfinite(read) && !is_beyond)) return READ_NOTHING;
  if (is_beyond || fabs(read) > 1e12) return READ_BEYOND;
  *value = llround(read * 1000.0);
  return READ_VALUE;
}

/* Bytes, or a number and an x. */
static enum reading parse_heap(const char *text, int64_t *value)
{
  char number[SETTING_TEXT_MAX];
  const size_t length = strlen(text);
  if (length < 2 || length > sizeof number || text[length - 1] != 'x') return parse_bytes(text, value);
  memcpy(number, text, length - 1);
  number[length - 1] = '\0';
  int64_t thousandths = 0;
  const enum reading reading = parse_milli(number, &thousandths);
  if (reading != READ_VALUE) return reading;
  const bool is_beyond = thousandths < SETTING_MULTIPLE_ONE || thousandths > SETTING_MULTIPLE_MAX;
  *value = is_beyond ? -1 : -thousandths; /* a multiple in any case */
  return is_beyond ? READ_BEYOND : READ_VALUE;
}

static enum reading parse_boolean(const char *text, int64_t *value)
{
  static const char *const yes[] = {"on", "true", "yes", "1"};
  static const char *const no[] = {"off", "false", "no", "0"};
  for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
    if (strcasecmp(text, yes[i]) == 0) return *value = 1, READ_VALUE;
    if (strcasecmp(text, no[i]) == 0) return *value = 0, READ_VALUE;
  }
  return READ_NOTHING;
}

static enum reading parse_choice(const struct setting *setting, const char *text, int64_t *value)
{
  for (int64_t i = 0; setting->choices[i] != NULL; i++) {
    if (strcmp(text, setting->choices[i]) != 0) continue;
    *value = i;
    return READ_VALUE;
  }
  return READ_NOTHING;
}

static enum reading parse_by_type(const struct setting *setting, const char *text, int64_t *value)
{
  switch (setting->type) {
  case SETTING_INTEGER:
    return parse_integer(text, value);
  case SETTING_BYTES:
    return parse_bytes(text, value);
  case SETTING_HEAP:
    return parse_heap(text, value);
  case SETTING_MILLI:
    return parse_milli(text, value);
  case SETTING_BOOLEAN:
    return parse_boolean(text, value);
  case SETTING_CHOICE:
    return parse_choice(setting, text, value);
  }
  return READ_NOTHING;
}

static const char heap_form[] = "a size such as 64M, or a multiple of the minimum heap such as 1.5x";

static void explain_expected(const struct setting *setting, char *text, size_t size)
{
  static const char *const forms[] = {[SETTING_INTEGER] = "a whole number",
                                      [SETTING_BYTES] = "a size such as 512K or 64M",
                                      [SETTING_HEAP] = heap_form,
                                      [SETTING_MILLI] = "a number such as 1.5",
                                      [SETTING_BOOLEAN] = "on or off"};
  if (setting->type != SETTING_CHOICE) {
    snprintf(text, size, "%s", forms[setting->type]);
    return;
  }
  size_t used = (size_t)snprintf(text, size, "one of");
  for (int i = 0; setting->choices[i] != NULL && used < size; i++) {
    used += (size_t)snprintf(text + used, size - used, "%s %s", i == 0 ? "" : ",", setting->choices[i]);
  }
}

bool setting_parse(const struct setting *setting, const char *text, int64_t *value, char *error)
{
  int64_t read = 0;
  const enum reading reading = parse_by_type(setting, text, &read);
  if (reading == READ_NOTHING) {
    char expected[160];
    explain_expected(setting, expected, sizeof expected);
    snprintf(error, SETTING_ERROR_MAX, "%s: '%.40s' is not %s", setting->name, text, expected);
    return false;
  }
  if (reading == READ_BEYOND && setting_is_multiple(setting, read)) {
    snprintf(error, SETTING_ERROR_MAX, "%s: %.40s is out of range, 1x (in less no program runs) to %dx", setting->name,
             text, SETTING_MULTIPLE_MAX / SETTING_MULTIPLE_ONE);
    return false;
  }
  const bool is_multiple = setting_is_multiple(setting, read);
  if (reading == READ_BEYOND || (!is_multiple && read < setting->minimum) || read > setting->maximum) {
    char low[SETTING_TEXT_MAX];
    char high[SETTING_TEXT_MAX];
    snprintf(error, SETTING_ERROR_MAX, "%s: %.40s is out of range, %s to %s", setting->name, text,
             setting_format(setting, setting->minimum, low), setting_format(setting, setting->maximum, high));
    return false;
  }
  *value = read;
  return true;
}

static void format_bytes(int64_t value, char *text)
{
  static const char suffixes[] = "KMGT";
  int step = 0;
  while (value != 0 && value % 1024 == 0 && step < 4) {
    value /= 1024;
    step++;
  }
  const char suffix[] = {step == 0 ? '\0' : suffixes[step - 1], '\0'}; /* a "%.1s" makes gcc 12 -O0 crash under UBSan */
  snprintf(text, SETTING_TEXT_MAX, "%" PRId64 "%s", value, suffix);
}

char *setting_format(const struct setting *setting, int64_t value, char *text)
{
  switch (setting->type) {
  case SETTING_INTEGER:
    snprintf(text, SETTING_TEXT_MAX, "%" PRId64, value);
    break;
  case SETTING_BYTES:
    format_bytes(value, text);
    break;
  case SETTING_HEAP:
    if (value < 0)
      snprintf(text, SETTING_TEXT_MAX, "%.12gx", (double)-value / SETTING_MULTIPLE_ONE);
    else
      format_bytes(value, text);
    break;
  case SETTING_MILLI:
    snprintf(text, SETTING_TEXT_MAX, "%.12g", (double)value / 1000.0);
    break;
  case SETTING_BOOLEAN:
    snprintf(text, SETTING_TEXT_MAX, "%s", value ? "on" : "off");
    break;
  case SETTING_CHOICE:
    snprintf(text, SETTING_TEXT_MAX, "%s", setting->choices[value]);
    break;
  }
  return text;
}

int setting_find(const struct setting *settings, size_t count, const char *name)
{
  for (size_t i = 0; i < count; i++) {
    if (strcmp(settings[i].name, name) == 0) return (int)i;
  }
  return -1;
}

enum { WORD_MAX = 64 };

/* Levenshtein distance with one row of memory; words longer than WORD_MAX are never near anything. */
static size_t edit_distance(const char *a, const char *b)
{
  const size_t a_length = strlen(a);
  const size_t b_length = strlen(b);
  if (a_length > WORD_MAX || b_length > WORD_MAX) return SIZE_MAX;
  size_t row[WORD_MAX + 1];
  for (size_t j = 0; j <= b_length; j++) row[j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      const size_t above = row[j];
      size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
      diagonal = above;
    }
  }
  return row[b_length];
}

const char *setting_nearest(const char *word, const char *const *candidates, size_t count)
{
  const size_t third = strlen(word) / 3;
  size_t best_distance = third < 2 ? 2 : third;
  const char *best = NULL;
  for (size_t i = 0; i < count; i++) {
    const size_t distance = edit_distance(word, candidates[i]);
    if (distance > best_distance || (best != NULL && distance == best_distance)) continue;
    best_distance = distance;
    best = candidates[i];
  }
  return best;
}

enum { ASSIGNED_MAX = 32 };

bool setting_assign(const char *text, const struct setting *settings, size_t count, int64_t *values, const char *owner,
                    char *error)
{
  const char *equals = strchr(text, '=');
  char name[WORD_MAX];
  if (equals == NULL || (size_t)(equals - text) >= sizeof name) {
    snprintf(error, SETTING_ERROR_MAX, "'%s' is not of the form NAME=VALUE", text);
    return false;
  }
  memcpy(name, text, (size_t)(equals - text));
  name[equals - text] = '\0';
  const int row = setting_find(settings, count, name);
  if (row < 0) {
    const char *names[ASSIGNED_MAX];
    size_t known = 0;
    for (; known < count && known < ASSIGNED_MAX; known++) names[known] = settings[known].name;
    const char *nearest = setting_nearest(name, names, known);
    snprintf(error, SETTING_ERROR_MAX, "%s has nothing called '%s'%s%s", owner, name,
             nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
    return false;
  }
  char why[SETTING_ERROR_MAX];
  int64_t value = 0;
  if (!setting_parse(&settings[row], equals + 1, &value, why)) {
    snprintf(error, SETTING_ERROR_MAX, "%s: %.200s", owner, why);
    return false;
  }
  if (setting_is_multiple(&settings[row], value)) {
    snprintf(error, SETTING_ERROR_MAX, "%s: %s: give bytes; what %.40s is in bytes, 'gclab run' finds out", owner,
             settings[row].name, equals + 1);
    return false;
  }
  values[row] = value;
  return true;
}
