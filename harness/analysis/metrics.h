/*
 * metrics: what is measured of a trial, one row each.
 *
 * A row gives a metric its name, unit, direction, definition and function, and with that its place in `gclab compare
 * --metric`, `gclab list metrics`, the report's tables and glossary.  A metric is of one trial: the trial is the
 * independent unit, and everything that is said of a cell is said over its trials.
 */
#ifndef GCLAB_HARNESS_ANALYSIS_METRICS_H
#define GCLAB_HARNESS_ANALYSIS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/analysis/observation.h"

enum metric_unit {
  METRIC_NS,
  METRIC_BYTES,
  METRIC_BYTE_SECONDS,
  METRIC_SHARE, /* 0 to 1, shown in percent */
  METRIC_COUNT,
  METRIC_PER_SECOND,
  METRIC_RATIO
};

enum metric_direction { METRIC_LESS, METRIC_MORE, METRIC_NEITHER }; /* which is better */

enum metric_group {
  METRIC_TIME,
  METRIC_PAUSES,
  METRIC_LATENCY,
  METRIC_SPACE,
  METRIC_WORK,
  METRIC_SYSTEM,
  METRIC_GROUPS
};

struct metric {
  const char *name, *title;
  enum metric_group group;
  enum metric_unit unit;
  enum metric_direction direction;
  bool is_count;       /* follows from program, settings and seed alone: the same on every machine */
  const char *formula; /* what it is, with how it is worked out */
  const char *source;  /* whose metric; NULL: everybody's */
  double (*of)(const struct observation *observation, double argument); /* NAN: not known, or too few to say */
  double argument;                                                      /* quantile, window, threshold in ns */
};

extern const struct metric metrics[];
extern const size_t metric_count;
extern const char *const metric_group_titles[METRIC_GROUPS];

/* NULL where there is none of this name. */
const struct metric *metric_find(const char *name);
const char *metric_nearest(const char *name);

/* "1.23 ms", "12.3 MiB", "12.3 %"; "-" for NAN.  text has TEXT_NUMBER_MAX bytes. */
char *metric_format(const struct metric *metric, double value, char *text);

/* "ns", "bytes", ...: for machines. */
const char *metric_unit_name(enum metric_unit unit);

#endif
