#include "harness/characterise/schedule.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "collectors/parts/deaths.h"
#include "harness/stats/stats.h"

static uint64_t payload_bytes(struct gc_shape shape) { return (uint64_t)shape.fields * sizeof(gc_ref) + shape.bytes; }

/* What the first reading adds up. */
struct totals {
  struct stats_histogram sizes, lifetimes;
  uint64_t bytes, large_bytes, reference_bytes;
  uint64_t dead, kept, in_cycle;
  uint64_t live_max;
  double lived; /* sum of bytes times bytes allocated meanwhile */
};

/* The live size between deaths, which is what has been allocated less what has died; it is highest before a death. */
struct live_curve {
  struct curve_point *points;
  uint64_t total_bytes; /* allocated in all */
  uint64_t dead_bytes;
};

static size_t step_of(const struct live_curve *curve, uint64_t clock_bytes)
{
  const double share = (double)clock_bytes / (double)curve->total_bytes;
  const size_t step = (size_t)ceil(share * CURVE_LIVE_POINTS);
  return step == 0 ? 0 : step > CURVE_LIVE_POINTS ? CURVE_LIVE_POINTS - 1 : step - 1;
}

/* Nothing dies between `from` and `to` on the clock: the live size rises with it. */
static void climb(struct live_curve *curve, uint64_t from_bytes, uint64_t to_bytes)
{
  for (size_t step = step_of(curve, from_bytes); step <= step_of(curve, to_bytes); step++) {
    double until = (double)curve->total_bytes * (double)(step + 1) / CURVE_LIVE_POINTS;
    if (until > (double)to_bytes) until = (double)to_bytes;
    const double live = until - (double)curve->dead_bytes;
    if (live > curve->points[step].y) curve->points[step].y = live;
  }
}

static void add_row(struct totals *totals, const struct death *death)
{
  const uint64_t bytes = payload_bytes(death->shape);
  stats_histogram_add(&totals->sizes, bytes);
  stats_histogram_add(&totals->lifetimes, death->lifetime_bytes);
  totals->bytes += bytes;
  totals->reference_bytes += (uint64_t)death->shape.fields * sizeof(gc_ref);
  if (bytes >= MEASURE_LARGE_BYTES) totals->large_bytes += bytes;
  totals->lived += (double)bytes * (double)death->lifetime_bytes;
  if ((death->flags & DEATH_AT_END) != 0) return;
  totals->dead++;
  totals->kept += (death->flags & DEATH_KEPT_BY_COUNTING) != 0;
  totals->in_cycle += (death->flags & DEATH_IN_CYCLE) != 0;
}

static const char *read_totals(FILE *file, uint64_t objects, struct totals *totals, struct live_curve *curve)
{
  struct death_stream stream = {.file = file};
  struct death death;
  uint64_t clock_bytes = 0;
  enum death_read got = DEATH_ROW;
  while ((got = death_read(&stream, &death)) == DEATH_ROW) {
    const uint64_t live = death.clock_bytes - curve->dead_bytes;
    if (live > totals->live_max) totals->live_max = live;
    climb(curve, clock_bytes, death.clock_bytes);
    clock_bytes = death.clock_bytes;
    add_row(totals, &death);
    if ((death.flags & DEATH_AT_END) == 0) curve->dead_bytes += payload_bytes(death.shape);
  }
  if (got == DEATH_DAMAGED) return "the death schedule is damaged";
  if (stream.rows != objects || totals->bytes != curve->total_bytes)
    return "the death schedule does not have every object that was allocated";
  climb(curve, clock_bytes, curve->total_bytes);
  return NULL;
}

/* Bytes that have reached an age, of those that could: objects born too close to the end are not asked. */
struct survival {
  double ages[CURVE_AGES]; /* bytes allocated since birth */
  double reached[CURVE_AGES], asked[CURVE_AGES];
};

/* How many of the ages are not above this one. */
static size_t ages_until(const struct survival *survival, double age)
{
  size_t low = 0;
  size_t high = CURVE_AGES;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (survival->ages[middle] <= age)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static const char *read_survival(FILE *file, uint64_t total_bytes, struct survival *survival)
{
  struct death_stream stream = {.file = file};
  struct death death;
  enum death_read got = DEATH_ROW;
  while ((got = death_read(&stream, &death)) == DEATH_ROW) {
    const uint64_t until_end = total_bytes - (death.clock_bytes - death.lifetime_bytes);
    const double bytes = (double)payload_bytes(death.shape);
    const size_t reached = ages_until(survival, (double)death.lifetime_bytes);
    const size_t asked = ages_until(survival, (double)until_end);
    if (reached > 0) survival->reached[reached - 1] += bytes;
    if (asked > 0) survival->asked[asked - 1] += bytes;
  }
  for (size_t i = CURVE_AGES - 1; i > 0; i--) { /* who reaches an age has reached those before it */
    survival->reached[i - 1] += survival->reached[i];
    survival->asked[i - 1] += survival->asked[i];
  }
  return got == DEATH_END ? NULL : "the death schedule is damaged";
}

/* Below this share of all bytes, those that are asked were born at the beginning, and say little of the program. */
static const double least_asked = 0.1;

static double survival_at(const struct survival *survival, uint64_t total_bytes, size_t age)
{
  if (survival->asked[age] < least_asked * (double)total_bytes) return NAN;
  return survival->reached[age] / survival->asked[age];
}

static void fill_survival(const struct survival *survival, uint64_t total_bytes, struct characterisation *into)
{
  const size_t one = (size_t)-CURVE_FIRST_DECADE * CURVE_AGES_DECADE; /* the age of live_max itself */
  into->values[MEASURE_SURVIVAL_1] = 100 * survival_at(survival, total_bytes, one - 2 * CURVE_AGES_DECADE);
  into->values[MEASURE_SURVIVAL_10] = 100 * survival_at(survival, total_bytes, one - CURVE_AGES_DECADE);
  into->values[MEASURE_SURVIVAL_100] = 100 * survival_at(survival, total_bytes, one);
  into->survival_count = 0;
  for (size_t i = 0; i < CURVE_AGES; i++) {
    const double share = survival_at(survival, total_bytes, i);
    if (isnan(share)) break;
    const double age = pow(10, CURVE_FIRST_DECADE + (double)i / CURVE_AGES_DECADE);
    into->survival[into->survival_count++] = (struct curve_point){age, share};
  }
}

static double percent(uint64_t part, uint64_t whole) { return whole == 0 ? NAN : 100 * (double)part / (double)whole; }

static void fill_totals(const struct totals *totals, struct characterisation *into)
{
  static const struct {
    enum measure size, lifetime;
    double quantile;
  } quantiles[] = {{MEASURE_SIZE_P10, MEASURE_LIFETIME_P10, 0.1},
                   {MEASURE_SIZE_MEDIAN, MEASURE_LIFETIME_MEDIAN, 0.5},
                   {MEASURE_SIZE_P90, MEASURE_LIFETIME_P90, 0.9},
                   {MEASURES, MEASURE_LIFETIME_P99, 0.99}};
  double *values = into->values;
  for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
    const double q = quantiles[i].quantile;
    if (quantiles[i].size != MEASURES) values[quantiles[i].size] = (double)stats_histogram_quantile(&totals->sizes, q);
    values[quantiles[i].lifetime] = (double)stats_histogram_quantile(&totals->lifetimes, q);
  }
  values[MEASURE_OBJECTS] = (double)totals->sizes.n;
  values[MEASURE_BYTES] = (double)totals->bytes;
  values[MEASURE_SIZE_MEAN] = (double)totals->bytes / (double)totals->sizes.n;
  values[MEASURE_LARGE_SHARE] = percent(totals->large_bytes, totals->bytes);
  values[MEASURE_REFERENCE_SHARE] = percent(totals->reference_bytes, totals->bytes);
  values[MEASURE_LIVE_MAX] = (double)totals->live_max;
  values[MEASURE_LIVE_MEAN] = 100 * totals->lived / (double)totals->bytes / (double)totals->live_max;
  values[MEASURE_CYCLIC] = percent(totals->kept, totals->dead);
  values[MEASURE_IN_CYCLE] = percent(totals->in_cycle, totals->dead);
}

static const char *measure(FILE *file, uint64_t objects, uint64_t bytes, struct totals *totals,
                           struct characterisation *into)
{
  const long start = ftell(file);
  struct live_curve curve = {.points = into->live, .total_bytes = bytes};
  for (size_t i = 0; i < CURVE_LIVE_POINTS; i++)
    into->live[i] = (struct curve_point){.x = (double)bytes * (double)(i + 1) / CURVE_LIVE_POINTS};
  into->live_count = CURVE_LIVE_POINTS;
  const char *wrong = read_totals(file, objects, totals, &curve);
  if (wrong != NULL) return wrong;
  fill_totals(totals, into);
  struct survival survival = {0};
  for (size_t i = 0; i < CURVE_AGES; i++)
    survival.ages[i] = (double)totals->live_max * pow(10, CURVE_FIRST_DECADE + (double)i / CURVE_AGES_DECADE);
  if (fseek(file, start, SEEK_SET) != 0) return "the death schedule cannot be read again";
  wrong = read_survival(file, bytes, &survival);
  if (wrong == NULL) fill_survival(&survival, bytes, into);
  return wrong;
}

const char *schedule_measure(FILE *file, uint64_t objects, uint64_t bytes, struct characterisation *into)
{
  if (objects == 0 || bytes == 0) return "it allocates nothing";
  struct totals totals = {0};
  if (!stats_histogram_open(&totals.sizes) || !stats_histogram_open(&totals.lifetimes)) memory_require(NULL);
  const char *wrong = measure(file, objects, bytes, &totals, into);
  stats_histogram_free(&totals.sizes);
  stats_histogram_free(&totals.lifetimes);
  return wrong;
}
