/*
 * measures: what a workload's characterisation consists of.  One row a number; the row feeds the table, the JSON, the
 * documentation and the principal components.
 *
 * All but the last few follow from the death schedule and counts, so they are the same on every machine.
 */
#ifndef GCLAB_HARNESS_CHARACTERISE_MEASURES_H
#define GCLAB_HARNESS_CHARACTERISE_MEASURES_H

#include <stdbool.h>
#include <stddef.h>

enum measure {
  MEASURE_OBJECTS,
  MEASURE_BYTES,
  MEASURE_SIZE_MEAN,
  MEASURE_SIZE_P10,
  MEASURE_SIZE_MEDIAN,
  MEASURE_SIZE_P90,
  MEASURE_LARGE_SHARE,
  MEASURE_REFERENCE_SHARE,
  MEASURE_LIVE_MAX,
  MEASURE_LIVE_MEAN,
  MEASURE_MIN_HEAP,
  MEASURE_TURNOVER,
  MEASURE_LIFETIME_P10,
  MEASURE_LIFETIME_MEDIAN,
  MEASURE_LIFETIME_P90,
  MEASURE_LIFETIME_P99,
  MEASURE_SURVIVAL_1,
  MEASURE_SURVIVAL_10,
  MEASURE_SURVIVAL_100,
  MEASURE_CYCLIC,
  MEASURE_IN_CYCLE,
  MEASURE_STORES,
  MEASURE_OLD_TO_YOUNG,
  MEASURE_ROOT_ASSIGNMENTS,
  MEASURE_FAN_OUT_MEAN,
  MEASURE_FAN_OUT_MAX,
  MEASURE_FAN_IN_MAX,
  MEASURE_SHARED,
  MEASURE_DEPTH_MAX,
  MEASURE_COLLECTIONS,
  MEASURES
};

enum measure_print { MEASURE_PRINT_COUNT, MEASURE_PRINT_BYTES, MEASURE_PRINT_PERCENT, MEASURE_PRINT_REAL };

/* Smallest, median and largest over real programs; used is false where nobody has published any. */
struct measure_anchor {
  bool used;
  double minimum, median, maximum;
};

struct measure_row {
  const char *name, *unit, *description;
  enum measure_print print;
  bool is_component; /* a dimension of the principal components */
  bool is_log;       /* which takes its logarithm (of 1 at least) */
  struct measure_anchor real;
};

extern const struct measure_row measure_rows[MEASURES];

/* Objects from this size on are large. */
enum { MEASURE_LARGE_BYTES = 8192, MEASURE_TEXT_MAX = 32 };

/* The measure of that name, or -1. */
int measure_find(const char *name);

/* The value as it is printed, without its unit: "12.3 MiB", "61.5", "1,234"; "-" for NAN.  Returns text. */
char *measure_format(enum measure measure, double value, char *text);

/* The value as a dimension of the principal components. */
double measure_component(enum measure measure, double value);

#endif
