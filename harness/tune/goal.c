#include "harness/tune/goal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char overhead_word[] = "overhead";

static const struct {
  enum metric_unit unit;
  const char *suffix;
  double factor;
} suffixes[] = {{METRIC_NS, "ns", 1},         {METRIC_NS, "us", 1e3},       {METRIC_NS, "ms", 1e6},
                {METRIC_NS, "s", 1e9},        {METRIC_BYTES, "", 1},        {METRIC_BYTES, "K", 1 << 10},
                {METRIC_BYTES, "M", 1 << 20}, {METRIC_BYTES, "G", 1 << 30}, {METRIC_SHARE, "%", 0.01},
                {METRIC_BYTE_SECONDS, "", 1}, {METRIC_COUNT, "", 1},        {METRIC_PER_SECOND, "", 1},
                {METRIC_RATIO, "", 1}};

/* What a value of the unit looks like. */
static const char *form_of(enum metric_unit unit)
{
  switch (unit) {
  case METRIC_NS:
    return "a time such as 5ms or 200us";
  case METRIC_BYTES:
    return "a size such as 64M";
  case METRIC_SHARE:
    return "a share such as 5%";
  default:
    return "a number";
  }
}

/* The metric of that name, of so many characters. */
static const struct metric *find_metric(const char *text, size_t length, bool *is_overhead, char *error)
{
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)length, text);
  *is_overhead = strcmp(name, overhead_word) == 0;
  const struct metric *metric = metric_find(*is_overhead ? "wall" : name);
  if (metric != NULL) return metric;
  const char *nearest = metric_nearest(name);
  snprintf(error, TUNE_ERROR_MAX, "there is no metric '%s'%s%s; 'gclab list metrics' lists them, and there is overhead",
           name, nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
  return NULL;
}

bool tune_goal_parse(const char *text, struct tune_goal *goal, char *error)
{
  const bool is_min = strncmp(text, "min:", 4) == 0, is_max = strncmp(text, "max:", 4) == 0;
  const char *name = is_min || is_max ? text + 4 : text;
  *goal = (struct tune_goal){0};
  goal->metric = find_metric(name, strlen(name), &goal->is_overhead, error);
  if (goal->metric == NULL) return false;
  goal->is_more = is_max || (!is_min && goal->metric->direction == METRIC_MORE);
  if (is_min || is_max || goal->metric->direction != METRIC_NEITHER) return true;
  snprintf(error, TUNE_ERROR_MAX, "%s is neither good nor bad by itself: write min:%s or max:%s", name, name, name);
  return false;
}

static bool parse_value(const char *text, const struct metric *metric, double *value, char *error)
{
  char *end = NULL;
  const double number = strtod(text, &end);
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0] && end != text && isfinite(number); i++) {
    if (suffixes[i].unit != metric->unit || strcmp(end, suffixes[i].suffix) != 0) continue;
    *value = number * suffixes[i].factor;
    if (*value > 0) return true;
  }
  snprintf(error, TUNE_ERROR_MAX, "'%s' is no bound for %s: it takes %s, or 1.3x of what the default takes", text,
           metric->name, form_of(metric->unit));
  return false;
}

static bool parse_bound(const char *text, bool is_overhead, struct tune_limit *limit, char *error)
{
  char *end = NULL;
  const double number = strtod(text, &end);
  if (is_overhead) {
    limit->kind = TUNE_LIMIT_OVERHEAD;
    limit->bound = 1 + number / 100;
    if (end != text && strcmp(end, "%") == 0 && number >= 0 && isfinite(number) && !limit->is_least) return true;
    snprintf(error, TUNE_ERROR_MAX, "a limit on overhead is of the form overhead<=5%%");
    return false;
  }
  if (end != text && strcmp(end, "x") == 0 && number > 0 && isfinite(number)) {
    limit->kind = TUNE_LIMIT_OF_USUAL;
    limit->bound = number;
    return true;
  }
  limit->kind = TUNE_LIMIT_VALUE;
  return parse_value(text, limit->metric, &limit->bound, error);
}

bool tune_limit_parse(const char *text, struct tune_limit *limit, char *error)
{
  const char *sign = strpbrk(text, "<>");
  if (sign == NULL || sign == text || sign[1] != '=') {
    snprintf(error, TUNE_ERROR_MAX, "'%s' is not of the form METRIC<=VALUE or METRIC>=VALUE, such as peak_heap<=1.3x",
             text);
    return false;
  }
  size_t length = (size_t)(sign - text);
  while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
  bool is_overhead = false;
  *limit = (struct tune_limit){.is_least = *sign == '>', .text = text};
  limit->metric = find_metric(text, length, &is_overhead, error);
  const char *value = sign + 2;
  while (isspace((unsigned char)*value)) value++;
  return limit->metric != NULL && parse_bound(value, is_overhead, limit, error);
}
