/* Classes of warm-up. */
#include "harness/stats/warmup.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "harness/stats/stats.h"

const char *const stats_warmup_names[] = {
    [STATS_FLAT] = "flat",           [STATS_WARMING] = "warm-up",
    [STATS_SLOWING] = "slowdown",    [STATS_UNSTEADY] = "no steady state",
    [STATS_TOO_SHORT] = "too short",
};

struct part {
  double median, deviation; /* median absolute deviation */
  double cost;              /* sum of absolute deviations */
};

static struct part part_of(const double *values, size_t n, double *scratch)
{
  struct part part = {.median = stats_median(values, n)};
  for (size_t i = 0; i < n; i++) {
    scratch[i] = fabs(values[i] - part.median);
    part.cost += scratch[i];
  }
  part.deviation = stats_median(scratch, n);
  return part;
}

static bool do_differ(struct part a, struct part b, double band)
{
  const double difference = fabs(a.median - b.median);
  return difference > band * b.median && difference > 2 * fmax(a.deviation, b.deviation);
}

/* Where to cut: both parts keep at least a sixteenth of the series, and three values. */
static size_t find_cut(const double *values, size_t n, double *scratch)
{
  const size_t least = n / 16 > 3 ? n / 16 : 3;
  size_t cut = least;
  double best = INFINITY;
  for (size_t at = least; at + least <= n; at++) {
    const double cost = part_of(values, at, scratch).cost + part_of(values + at, n - at, scratch).cost;
    if (cost < best) {
      best = cost;
      cut = at;
    }
  }
  return cut;
}

struct stats_warmup_result stats_warmup_of(const double *values, size_t n, double band)
{
  if (n < STATS_WARMUP_MINIMUM) {
    const double median = stats_median(values, n);
    return (struct stats_warmup_result){STATS_TOO_SHORT, 0, median, median};
  }
  double *scratch = memory_allocate(n * sizeof *scratch);
  const size_t cut = find_cut(values, n, scratch), rest = n - cut;
  const struct part before = part_of(values, cut, scratch), after = part_of(values + cut, rest, scratch);
  const struct part first = part_of(values + cut, rest / 2, scratch);
  const struct part second = part_of(values + cut + rest / 2, rest - rest / 2, scratch);
  free(scratch);
  if (!do_differ(before, after, band)) {
    const double median = stats_median(values, n);
    return (struct stats_warmup_result){STATS_FLAT, 0, median, median};
  }
  if (rest < n / 3 || (rest >= STATS_WARMUP_MINIMUM && do_differ(first, second, band)))
    return (struct stats_warmup_result){STATS_UNSTEADY, 0, before.median, after.median};
  return (struct stats_warmup_result){before.median > after.median ? STATS_WARMING : STATS_SLOWING, cut, before.median,
                                      after.median};
}
