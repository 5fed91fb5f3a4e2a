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
 * analysis, ASPLOS 2025).  Their object sizes have a header of 12 or 16 bytes in them, ours have none; their turnover
 * and minimum heap are G1's.
 */
const struct measure_row measure_rows[MEASURES] = {
    [MEASURE_OBJECTS] = {.name = "objects",
                         .unit = "objects",
                         .description = "objects allocated",
                         .print = MEASURE_PRINT_COUNT},
    [MEASURE_BYTES] = {.name = "bytes",
                       .unit = "bytes",
                       .description = "bytes allocated: fields and raw bytes, no headers",
                       .print = MEASURE_PRINT_BYTES},
    [MEASURE_SIZE_MEAN] = {.name = "size_mean",
                           .unit = "bytes",
                           .description = "mean object size",
                           .print = MEASURE_PRINT_REAL,
                           .is_component = true,
                           .is_log = true,
                           .real = REAL(28, 58, 211)},
    [MEASURE_SIZE_P10] = {.name = "size_p10",
                          .unit = "bytes",
                          .description = "10th percentile of object sizes",
                          .print = MEASURE_PRINT_COUNT},
    [MEASURE_SIZE_MEDIAN] = {.name = "size_median",
                             .unit = "bytes",
                             .description = "median object size",
                             .print = MEASURE_PRINT_COUNT,
                             .is_component = true,
                             .is_log = true,
                             .real = REAL(24, 32, 48)},
    [MEASURE_SIZE_P90] = {.name = "size_p90",
                          .unit = "bytes",
                          .description = "90th percentile of object sizes",
                          .print = MEASURE_PRINT_COUNT,
                          .is_component = true,
                          .is_log = true,
                          .real = REAL(24, 56, 200)},
    [MEASURE_LARGE_SHARE] = {.name = "large",
                             .unit = "%",
                             .description = "share of the bytes that is in objects of 8 KiB and more",
                             .print = MEASURE_PRINT_PERCENT,
                             .is_component = true},
    [MEASURE_REFERENCE_SHARE] = {.name = "references",
                                 .unit = "%",
                                 .description = "share of the bytes that is references",
                                 .print = MEASURE_PRINT_PERCENT,
                                 .is_component = true},
    [MEASURE_LIVE_MAX] = {.name = "live_max",
                          .unit = "bytes",
                          .description = "most bytes reachable at any moment",
                          .print = MEASURE_PRINT_BYTES},
    [MEASURE_LIVE_MEAN] = {.name = "live_mean",
                           .unit = "%",
                           .description = "bytes reachable, averaged over the allocation clock, of live_max",
                           .print = MEASURE_PRINT_PERCENT,
                           .is_component = true},
    [MEASURE_MIN_HEAP] = {.name = "min_heap",
                          .unit = "bytes",
                          .description = "smallest heap_limit in which marksweep finishes, to 3 %",
                          .print = MEASURE_PRINT_BYTES,
                          .real = REAL(5 * MIB, 71 * MIB, 681 * MIB)},
    [MEASURE_TURNOVER] = {.name = "turnover",
                          .unit = "ratio",
                          .description = "bytes allocated over min_heap",
                          .print = MEASURE_PRINT_REAL,
                          .is_component = true,
                          .is_log = true,
                          .real = REAL(3, 52, 1211)},
    [MEASURE_LIFETIME_P10] = {.name = "lifetime_p10",
                              .unit = "bytes",
                              .description = "10th percentile of lifetimes: bytes allocated from birth to death",
                              .print = MEASURE_PRINT_BYTES},
    [MEASURE_LIFETIME_MEDIAN] = {.name = "lifetime_median",
                                 .unit = "bytes",
                                 .description = "median lifetime",
                                 .print = MEASURE_PRINT_BYTES},
    [MEASURE_LIFETIME_P90] = {.name = "lifetime_p90",
                              .unit = "bytes",
                              .description = "90th percentile of lifetimes",
                              .print = MEASURE_PRINT_BYTES},
    [MEASURE_LIFETIME_P99] = {.name = "lifetime_p99",
                              .unit = "bytes",
                              .description = "99th percentile of lifetimes",
                              .print = MEASURE_PRINT_BYTES},
    [MEASURE_SURVIVAL_1] = {.name = "survival_1",
                            .unit = "%",
                            .description =
                                "share of the bytes that survives until 1 % of live_max has been allocated since",
                            .print = MEASURE_PRINT_PERCENT,
                            .is_component = true},
    [MEASURE_SURVIVAL_10] = {.name = "survival_10",
                             .unit = "%",
                             .description = "the same, until 10 % has",
                             .print = MEASURE_PRINT_PERCENT,
                             .is_component = true},
    [MEASURE_SURVIVAL_100] = {.name = "survival_100",
                              .unit = "%",
                              .description = "the same, until 100 % has",
                              .print = MEASURE_PRINT_PERCENT,
                              .is_component = true},
    [MEASURE_CYCLIC] =
        {.name = "cyclic",
         .unit = "%",
         .description = "share of the dead objects that reference counting alone would not free: in a dead cycle, or "
                        "kept by one",
         .print = MEASURE_PRINT_PERCENT,
         .is_component = true},
    [MEASURE_IN_CYCLE] = {.name = "in_cycle",
                          .unit = "%",
                          .description = "share of the dead objects that is in a dead cycle itself",
                          .print = MEASURE_PRINT_PERCENT,
                          .is_component = true},
    [MEASURE_STORES] = {.name = "stores",
                        .unit = "per object",
                        .description = "stores of references into fields, for each object allocated",
                        .print = MEASURE_PRINT_REAL,
                        .is_component = true},
    [MEASURE_OLD_TO_YOUNG] =
        {.name = "old_to_young",
         .unit = "%",
         .description = "share of the stores (not of NULL) whose value is younger than the object stored into",
         .print = MEASURE_PRINT_PERCENT,
         .is_component = true},
    [MEASURE_ROOT_ASSIGNMENTS] = {.name = "root_assignments",
                                  .unit = "per object",
                                  .description =
                                      "assignments to root slots, new objects' apart, for each object allocated",
                                  .print = MEASURE_PRINT_REAL,
                                  .is_component = true},
    [MEASURE_FAN_OUT_MEAN] = {.name = "fan_out",
                              .unit = "references",
                              .description =
                                  "mean number of references from a live object, which is also the mean number to one; "
                                  "sampled at traces",
                              .print = MEASURE_PRINT_REAL,
                              .is_component = true},
    [MEASURE_FAN_OUT_MAX] = {.name = "fan_out_max",
                             .unit = "references",
                             .description = "most references from one live object, sampled",
                             .print = MEASURE_PRINT_COUNT,
                             .is_component = true,
                             .is_log = true},
    [MEASURE_FAN_IN_MAX] = {.name = "fan_in_max",
                            .unit = "references",
                            .description = "most references from live objects to one, sampled",
                            .print = MEASURE_PRINT_COUNT,
                            .is_component = true,
                            .is_log = true},
    [MEASURE_SHARED] = {.name = "shared",
                        .unit = "%",
                        .description = "share of the live objects that has several references from objects, sampled",
                        .print = MEASURE_PRINT_PERCENT,
                        .is_component = true},
    [MEASURE_DEPTH_MAX] = {.name = "depth_max",
                           .unit = "references",
                           .description =
                               "most references between a root slot and a live object, on the shortest way; sampled",
                           .print = MEASURE_PRINT_COUNT,
                           .is_component = true,
                           .is_log = true},
    [MEASURE_COLLECTIONS] = {.name = "collections_2x",
                             .unit = "collections",
                             .description = "collections of marksweep with heap_limit at twice min_heap",
                             .print = MEASURE_PRINT_COUNT,
                             .real = REAL(31, 965, 17270)},
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
