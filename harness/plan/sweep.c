/* "OWNER.NAME=VALUE,VALUE,A..B/N" */
#define _GNU_SOURCE
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

enum { POINTS_MAX = 1000 };

static bool is_name(const char *text, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    if (!isalnum((unsigned char)text[i]) && text[i] != '_') return false;
  }
  return length > 0;
}

bool sweep_parse(const struct plan *plan, const struct plan_word *word, const char *what, struct sweep *sweep)
{
  const char *text = word->text;
  const char *equals = strchr(text, '=');
  *sweep = (struct sweep){.word = word};
  if (equals == NULL) {
    plan_complain(plan, word, 0, "'%s' is not of the form %s=VALUE,VALUE%s", text, what,
                  word->line > 0 ? "; inside [ ] it needs quotes" : "");
    return false;
  }
  const char *dot = memchr(text, '.', (size_t)(equals - text));
  const char *name = dot != NULL ? dot + 1 : text;
  if (!is_name(name, (size_t)(equals - name)) || (dot != NULL && !is_name(text, (size_t)(dot - text)))) {
    plan_complain(plan, word, 0, "'%.*s' is not a name; the form is %s=VALUE,VALUE or OWNER.%s=VALUE,VALUE",
                  (int)(equals - text), text, what, what);
    return false;
  }
  sweep->name_offset = (size_t)(name - text);
  sweep->values_offset = (size_t)(equals + 1 - text);
  if (equals[1] == '\0') {
    plan_complain(plan, word, sweep->values_offset, "%.*s has no value", (int)(equals - text), text);
    return false;
  }
  if (dot != NULL) sweep->owner = memory_require(strndup(text, (size_t)(dot - text)));
  sweep->name = memory_require(strndup(name, (size_t)(equals - name)));
  return true;
}

void sweep_free(struct sweep *sweep)
{
  free(sweep->owner);
  free(sweep->name);
  sweep->owner = NULL;
  sweep->name = NULL;
}

static void add_value(struct sweep_values *values, int64_t value)
{
  for (size_t i = 0; i < values->count; i++) {
    if (values->list[i] == value) return;
  }
  values->list = memory_require(reallocarray(values->list, values->count + 1, sizeof *values->list));
  values->list[values->count++] = value;
}

/* One value, or an end of a range. */
struct part {
  const struct plan *plan;
  const struct sweep *sweep;
  const struct setting *row;
  size_t offset; /* into the word */
};

static bool read_value(const struct part *part, const char *text, size_t offset, int64_t *value)
{
  char error[SETTING_ERROR_MAX];
  if (setting_parse(part->row, text, value, error)) return true;
  plan_complain(part->plan, part->sweep->word, offset, "%s", error);
  return false;
}

/* N points from low to high, both among them, evenly on the row's scale. */
static void add_points(const struct part *part, int64_t low, int64_t high, uint64_t points, struct sweep_values *values)
{
  const double first = (double)low;
  const double last = (double)high;
  for (uint64_t i = 0; i < points; i++) {
    const double share = (double)i / (double)(points - 1);
    const double value =
        part->row->scale == SETTING_LOG ? first * pow(last / first, share) : first + (last - first) * share;
    add_value(values, i == 0 ? low : i == points - 1 ? high : llround(value));
  }
}

static bool read_range(const struct part *part, char *text, char *dots, struct sweep_values *values)
{
  const struct plan_word *word = part->sweep->word;
  const struct setting *row = part->row;
  const size_t high_offset = part->offset + (size_t)(dots + 2 - text);
  char *slash = strchr(dots, '/');
  char error[SETTING_ERROR_MAX];
  uint64_t points = 0;
  int64_t low = 0;
  int64_t high = 0;
  if (row->type == SETTING_BOOLEAN || row->type == SETTING_CHOICE) {
    plan_complain(part->plan, word, part->offset, "%s: '%s': there are no ranges of words; name each", row->name, text);
    return false;
  }
  if (slash == NULL) {
    plan_complain(part->plan, word, part->offset, "%s: '%s' does not say how many points; the form is FROM..TO/POINTS",
                  row->name, text);
    return false;
  }
  *slash = '\0';
  *dots = '\0';
  if (!quantity_parse_number("points of a range", slash + 1, 2, POINTS_MAX, &points, error)) {
    plan_complain(part->plan, word, part->offset + (size_t)(slash + 1 - text), "%s", error);
    return false;
  }
  if (!read_value(part, text, part->offset, &low) || !read_value(part, dots + 2, high_offset, &high)) return false;
  if (setting_is_multiple(row, low) != setting_is_multiple(row, high)) {
    plan_complain(part->plan, word, part->offset, "%s: a range is of bytes or of multiples, not from one to the other",
                  row->name);
    return false;
  }
  if (setting_is_multiple(row, low)) { /* kept below 0: the points of the mirrored range, mirrored */
    struct sweep_values mirrored = {0};
    add_points(part, -low, -high, points, &mirrored);
    for (size_t i = 0; i < mirrored.count; i++) add_value(values, -mirrored.list[i]);
    free(mirrored.list);
    return true;
  }
  if (row->scale == SETTING_LOG && (low <= 0 || high <= 0)) {
    plan_complain(part->plan, word, low <= 0 ? part->offset : high_offset,
                  "%s has a logarithmic scale: a range of it must lie above 0", row->name);
    return false;
  }
  add_points(part, low, high, points, values);
  return true;
}

bool sweep_read_values(const struct plan *plan, const struct sweep *sweep, const struct setting *row,
                       struct sweep_values *values)
{
  char *copy = memory_require(strdup(sweep->word->text + sweep->values_offset));
  char *rest = copy;
  bool good = true;
  for (char *text = NULL; (text = strsep(&rest, ",")) != NULL;) {
    const struct part part = {plan, sweep, row, sweep->values_offset + (size_t)(text - copy)};
    char *dots = strstr(text, "..");
    int64_t value = 0;
    if (*text == '\0') {
      plan_complain(plan, sweep->word, part.offset, "%s: a value is missing between commas", row->name);
      good = false;
    } else if (dots != NULL) {
      good &= read_range(&part, text, dots, values);
    } else if (read_value(&part, text, part.offset, &value)) {
      add_value(values, value);
    } else {
      good = false;
    }
  }
  free(copy);
  return good;
}
