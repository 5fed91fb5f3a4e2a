/* Costs of collections, from those of a recording: see predict.h. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "harness/predict/costs.h"
#include "harness/stats/stats.h"

/* A constant is only told apart where nothing is looked at; CPython's is about this much: callbacks, three lists. */
static const double constant_ns = 500;
/*
 * A collection that frees less than this share of what it looks at says what looking takes; one that frees more, what
 * freeing takes.
 */
static const double clean_share = 0.1;
enum { ROUNDS = 4 }; /* from the one to the other and back */

double costs_object_ns(const struct predict_costs *costs, double objects)
{
  if (objects < 1) return costs->object_ns[0];
  const double position = log2(objects);
  const int below = (int)position;
  if (below >= COST_POINTS - 1) return costs->object_ns[COST_POINTS - 1];
  const double share = position - below;
  return costs->object_ns[below] * (1 - share) + costs->object_ns[below + 1] * share;
}

double costs_pause_ns(const struct predict_costs *costs, double objects, double freed)
{
  return costs->constant_ns + costs_object_ns(costs, objects) * objects + costs->freed_ns * freed;
}

/* Rates of collections whose number of objects rounds to a power of two. */
struct point {
  double *rates;
  size_t count;
};

static double rate_of(const struct costs_sample *sample, double freed_ns)
{
  const double rest = sample->pause_ns - constant_ns - freed_ns * sample->freed;
  return rest > 0 ? rest / sample->objects : 0;
}

/* Between two points that are known: along a line over the logarithm; outside: as the nearest. */
static void fill_between(double *object_ns, const size_t *counts)
{
  int last = -1;
  for (int i = 0; i < COST_POINTS; i++) {
    if (counts[i] == 0) continue;
    for (int j = last + 1; j < i; j++) {
      const double share = last < 0 ? 1 : (double)(j - last) / (i - last);
      object_ns[j] = last < 0 ? object_ns[i] : object_ns[last] * (1 - share) + object_ns[i] * share;
    }
    last = i;
  }
  for (int j = last + 1; last >= 0 && j < COST_POINTS; j++) object_ns[j] = object_ns[last];
}

static size_t fit_curve(struct predict_costs *costs, const struct costs_sample *samples, size_t count, bool only_clean)
{
  struct point points[COST_POINTS] = {0};
  size_t counts[COST_POINTS] = {0}, used = 0;
  for (int i = 0; i < COST_POINTS; i++) points[i].rates = memory_require(calloc(count + 1, sizeof(double)));
  for (size_t i = 0; i < count; i++) {
    const struct costs_sample *sample = &samples[i];
    if (sample->objects < 1 || (only_clean && sample->freed > clean_share * sample->objects)) continue;
    const int at = (int)lround(log2(sample->objects));
    if (at >= COST_POINTS) continue;
    points[at].rates[counts[at]++] = rate_of(sample, costs->freed_ns);
    used++;
  }
  for (int i = 0; i < COST_POINTS; i++) {
    if (counts[i] > 0) costs->object_ns[i] = stats_median(points[i].rates, counts[i]);
    free(points[i].rates);
  }
  fill_between(costs->object_ns, counts);
  return used;
}

/* What is left of the pauses, spread over what was freed. */
static double fit_freed(const struct predict_costs *costs, const struct costs_sample *samples, size_t count)
{
  double rest = 0, freed = 0;
  for (size_t i = 0; i < count; i++) {
    if (samples[i].freed <= clean_share * samples[i].objects) continue;
    rest += samples[i].pause_ns - costs_pause_ns(costs, samples[i].objects, 0);
    freed += samples[i].freed;
  }
  return freed > 0 && rest > 0 ? rest / freed : 0;
}

static double relative_error(const struct predict_costs *costs, const struct costs_sample *samples, size_t count)
{
  double error = 0, whole = 0;
  for (size_t i = 0; i < count; i++) {
    error += fabs(costs_pause_ns(costs, samples[i].objects, samples[i].freed) - samples[i].pause_ns);
    whole += samples[i].pause_ns;
  }
  return whole > 0 ? error / whole : 0;
}

/* Of many pauses the longest is longer than its like, by what the machine and the heap did to it just then. */
static double longest_ratio(const struct predict_costs *costs, const struct costs_sample *samples, size_t count)
{
  double fitted = 0, longest = 0;
  for (size_t i = 0; i < count; i++) {
    fitted = fmax(fitted, costs_pause_ns(costs, samples[i].objects, samples[i].freed));
    longest = fmax(longest, samples[i].pause_ns);
  }
  return fitted > 0 ? fmin(fmax(longest / fitted, 1), 2) : 1;
}

/*
 * The curve from collections that free little, what freeing takes from the others, and again with that, since the first
 * free something too.  Where all free much, looking and freeing cannot be told apart, and half goes to each.
 */
void costs_fit(struct predict_costs *costs, const struct costs_sample *samples, size_t count)
{
  costs->constant_ns = constant_ns;
  costs->longest_ratio = 1;
  costs->samples = count;
  if (count == 0) return;
  if (fit_curve(costs, samples, count, true) == 0) {
    fit_curve(costs, samples, count, false);
    for (int i = 0; i < COST_POINTS; i++) costs->object_ns[i] /= 2;
    costs->freed_ns = fit_freed(costs, samples, count);
  }
  for (int round = 0; round < ROUNDS; round++) {
    costs->freed_ns = fit_freed(costs, samples, count);
    fit_curve(costs, samples, count, true);
  }
  costs->relative_error = relative_error(costs, samples, count);
  costs->longest_ratio = longest_ratio(costs, samples, count);
}
