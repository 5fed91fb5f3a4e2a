#include "harness/characterise/measures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define REAL(minimum, median, maximum)                                                                                 \
  {                                                                                                                    \
    true, minimum, median, maximum                                                                                     \
  }
#define MIB 1048576.0

/*
 * Real programs: 22 Java programs, DaCapo Chopin (stats-nominal.yml; Blackburn and others, Rethinking Java performance
 * analysis, ASPLOS 2025).  Their object sizes have a header of 12 or 16 bytes in them, ours have none; their turnover and
 * minimum heap are G1's.
 */
const struct measure_row measure_rows[MEASURES] = {
    [MEASURE_OBJECTS] = {"objects", "objects", "objects allocated", MEASURE_PRINT_COUNT},
    [MEASURE_BYTES] = {"bytes", "bytes", "bytes allocated: fields and raw bytes, no headers", MEASURE_PRINT_BYTES},
    [MEASURE_SIZE_MEAN] = {"size_mean", "bytes", "mean object size", MEASURE_PRINT_REAL, true, true, REAL(28, 58, 211)},
    [MEASURE_SIZE_P10] = {"size_p10", "bytes", "10th percentile of object sizes", MEASURE_PRINT_COUNT},
    [MEASURE_SIZE_MEDIAN] = {"size_median", "bytes", "median object size", MEASURE_PRINT_COUNT, true, true,
                             REAL(24, 32, 48)},
    [MEASURE_SIZE_P90] = {"size_p90", "bytes", "90th percentile of object sizes", MEASURE_PRINT_COUNT, true, true,
                          REAL(24, 56, 200)},
    [MEASURE_LARGE_SHARE] = {"large", "%", "share of the bytes that is in objects of 8 KiB and more",
                             MEASURE_PRINT_PERCENT, true},
    [MEASURE_REFERENCE_SHARE] = {"references", "%", "share of the bytes that is references", MEASURE_PRINT_PERCENT,
                                 true},
    [MEASURE_LIVE_MAX] = {"live_max", "bytes", "most bytes reachable at any moment", MEASURE_PRINT_BYTES},
    [MEASURE_LIVE_MEAN] = {"live_mean", "%", "bytes reachable, averaged over the allocation clock, of live_max",
                           MEASURE_PRINT_PERCENT, true},
    [MEASURE_MIN_HEAP] = {"min_heap", "bytes", "smallest heap_limit in which marksweep finishes, to 3 %",
                          MEASURE_PRINT_BYTES, false, false, REAL(5 * MIB, 71 * MIB, 681 * MIB)},
    [MEASURE_TURNOVER] = {"turnover", "ratio", "bytes allocated over min_heap", MEASURE_PRINT_REAL, true, true,
                          REAL(3, 52, 1211)},
    [MEASURE_LIFETIME_P10] = {"lifetime_p10", "bytes",
                              "10th percentile of lifetimes: bytes allocated from birth to death", MEASURE_PRINT_BYTES},
    [MEASURE_LIFETIME_MEDIAN] = {"lifetime_median", "bytes", "median lifetime", MEASURE_PRINT_BYTES},
    [MEASURE_LIFETIME_P90] = {"lifetime_p90", "bytes", "90th percentile of lifetimes", MEASURE_PRINT_BYTES},
    [MEASURE_LIFETIME_P99] = {"lifetime_p99", "bytes", "99th percentile of lifetimes", MEASURE_PRINT_BYTES},
    [MEASURE_SURVIVAL_1] = {"survival_1", "%",
                            "share of the bytes that survives until 1 % of live_max has been allocated since",
                            MEASURE_PRINT_PERCENT, true},
    [MEASURE_SURVIVAL_10] = {"survival_10", "%", "the same, until 10 % has", MEASURE_PRINT_PERCENT, true},
    [MEASURE_SURVIVAL_100] = {"survival_100", "%", "the same, until 100 % has", MEASURE_PRINT_PERCENT, true},
    [MEASURE_CYCLIC] = {"cyclic", "%",
                        "share of the dead objects that reference counting alone would not free: in a dead cycle, or "
                        "kept by one",
                        MEASURE_PRINT_PERCENT, true},
    [MEASURE_IN_CYCLE] = {"in_cycle", "%", "share of the dead objects that is in a dead cycle itself",
                          MEASURE_PRINT_PERCENT, true},
    [MEASURE_STORES] = {"stores", "per object", "stores of references into fields, for each object allocated",
                        MEASURE_PRINT_REAL, true},
    [MEASURE_OLD_TO_YOUNG] = {"old_to_young", "%",
                              "share of the stores (not of NULL) whose value is younger than the object stored into",
                              MEASURE_PRINT_PERCENT, true},
    [MEASURE_ROOT_ASSIGNMENTS] = {"root_assignments", "per object",
                                  "assignments to root slots, new objects' apart, for each object allocated",
                                  MEASURE_PRINT_REAL, true},
    [MEASURE_FAN_OUT_MEAN] = {"fan_out", "references",
                              "mean number of references from a live object, which is also the mean number to one; "
                              "sampled at traces",
                              MEASURE_PRINT_REAL, true},
    [MEASURE_FAN_OUT_MAX] = {"fan_out_max", "references", "most references from one live object, sampled",
                             MEASURE_PRINT_COUNT, true, true},
    [MEASURE_FAN_IN_MAX] = {"fan_in_max", "references", "most references from live objects to one, sampled",
                            MEASURE_PRINT_COUNT, true, true},
    [MEASURE_SHARED] = {"shared", "%", "share of the live objects that has several references from objects, sampled",
                        MEASURE_PRINT_PERCENT, true},
    [MEASURE_DEPTH_MAX] = {"depth_max", "references",
                           "most references between a root slot and a live object, on the shortest way; sampled",
                           MEASURE_PRINT_COUNT, true, true},
    [MEASURE_COLLECTIONS] = {"collections_2x", "collections",
                             "collections of marksweep with heap_limit at twice min_heap", MEASURE_PRINT_COUNT, false,
                             false, REAL(31, 965, 17270)},
};

int measure_find(const char *name)
{
  for (int i = 0; i < MEASURES; i++) {
    if (strcmp(measure_rows[i].name, name) == 0) return i;
  }
  return -1;
}

/* "1,234,567" */
static void format_count(double value, char *text)
{
  char digits[MEASURE_TEXT_MAX];
  const int length = snprintf(digits, sizeof digits, "%.0f", value);
  size_t used = 0;
  for (int i = 0; i < length && used + 2 < MEASURE_TEXT_MAX; i++) {
    if (i > 0 && (length - i) % 3 == 0) text[used++] = ',';
    text[used++] = digits[i];
  }
  text[used] = '\0';
}

static void format_bytes(double value, char *text)
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
    value /= 1024;
    unit++;
  }
  const int decimals = unit == 0 || value >= 99.95 ? 0 : 1;
  snprintf(text, MEASURE_TEXT_MAX, "%.*f %s", decimals, value, units[unit]);
}

/* Three significant digits, or all before the point. */
static void format_real(double value, char *text)
{
  if (value >= 1000)
    format_count(value, text);
  else
    snprintf(text, MEASURE_TEXT_MAX, "%.*f", value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value);
}

char *measure_format(enum measure measure, double value, char *text)
{
  if (isnan(value)) {
    snprintf(text, MEASURE_TEXT_MAX, "-");
    return text;
  }
  switch (measure_rows[measure].print) {
  case MEASURE_PRINT_COUNT:
    format_count(value, text);
    break;
  case MEASURE_PRINT_BYTES:
    format_bytes(value, text);
    break;
  case MEASURE_PRINT_PERCENT:
    snprintf(text, MEASURE_TEXT_MAX, "%.1f", value);
    break;
  case MEASURE_PRINT_REAL:
    format_real(value, text);
    break;
  }
  return text;
}

double measure_component(enum measure measure, double value)
{
  if (!measure_rows[measure].is_log) return value;
  return log10(value > 1 ? value : 1);
}
