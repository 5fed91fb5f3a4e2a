/* Intervals of means and ratios by the studentised bootstrap. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "harness/stats/compare.h"
#include "harness/stats/stats.h"

struct moments {
  double mean, error; /* standard error of the mean */
};

static struct moments moments_of(const double *values, size_t n)
{
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += values[i];
  const double mean = sum / (double)n;
  for (size_t i = 0; i < n; i++) squares += (values[i] - mean) * (values[i] - mean);
  return (struct moments){mean, n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : NAN};
}

/* How far from the center, in standard errors; all values alike but off the center: infinitely far. */
static double studentise(double mean, double error, double center)
{
  const double difference = mean - center;
  if (error > 1e-12 * fabs(difference)) return difference / error;
  return difference == 0 ? 0 : copysign(INFINITY, difference);
}

static struct moments resample(const double *values, double *sample, size_t n, struct random *random)
{
  for (size_t i = 0; i < n; i++) sample[i] = values[random_below(random, (uint32_t)n)];
  return moments_of(sample, n);
}

/* The interval of an estimate whose error is known, from the studentised values of its resamples, which get sorted. */
static void set_interval(struct stats_estimate *estimate, double error, double *studentised, double level)
{
  stats_sort_double(studentised, STATS_RESAMPLES);
  estimate->low = estimate->value - error * studentised[stats_rank(STATS_RESAMPLES, (1 + level) / 2) - 1];
  estimate->high = estimate->value - error * studentised[stats_rank(STATS_RESAMPLES, (1 - level) / 2) - 1];
}

/* The center is in the interval, however lopsided the resamples are. */
static void include_value(struct stats_estimate *estimate)
{
  estimate->low = fmin(estimate->low, estimate->value);
  estimate->high = fmax(estimate->high, estimate->value);
}

static void student_interval(struct stats_estimate *estimate, double error, double degrees, double level)
{
  const double half = error * stats_student_quantile((1 + level) / 2, degrees);
  estimate->low = estimate->value - half;
  estimate->high = estimate->value + half;
}

struct stats_estimate stats_mean(const double *values, size_t n, double level, uint64_t seed)
{
  struct stats_estimate estimate = {.value = NAN, .low = NAN, .high = NAN, .n = n};
  if (n == 0) return estimate;
  const struct moments whole = moments_of(values, n);
  estimate.value = whole.mean;
  if (n < 2) return estimate;
  if (!(whole.error > 1e-12 * fabs(whole.mean))) { /* all alike */
    estimate.low = estimate.high = whole.mean;
    return estimate;
  }
  if (n < STATS_BOOTSTRAP_MINIMUM) {
    student_interval(&estimate, whole.error, (double)(n - 1), level);
    return estimate;
  }
  double *studentised = memory_allocate(STATS_RESAMPLES * sizeof *studentised);
  double *sample = memory_allocate(n * sizeof *sample);
  struct random random;
  random_seed(&random, seed);
  for (int r = 0; r < STATS_RESAMPLES; r++) {
    const struct moments one = resample(values, sample, n, &random);
    studentised[r] = studentise(one.mean, one.error, whole.mean);
  }
  set_interval(&estimate, whole.error, studentised, level);
  include_value(&estimate);
  free(sample);
  free(studentised);
  return estimate;
}

static struct stats_estimate exponentiate(struct stats_estimate logs)
{
  return (struct stats_estimate){exp(logs.value), exp(logs.low), exp(logs.high), logs.n};
}

static double *log_ratios(const double *a, const double *b, size_t n)
{
  double *logs = memory_allocate((n + 1) * sizeof *logs);
  for (size_t i = 0; i < n; i++) logs[i] = log(a[i] / b[i]);
  return logs;
}

struct stats_estimate stats_ratio_paired(const double *a, const double *b, size_t n, double level, uint64_t seed)
{
  double *logs = log_ratios(a, b, n);
  const struct stats_estimate estimate = exponentiate(stats_mean(logs, n, level, seed));
  free(logs);
  return estimate;
}

struct stats_estimate stats_difference_paired(const double *a, const double *b, size_t n, double level, uint64_t seed)
{
  double *differences = memory_allocate((n + 1) * sizeof *differences);
  for (size_t i = 0; i < n; i++) differences[i] = a[i] - b[i];
  const struct stats_estimate estimate = stats_mean(differences, n, level, seed);
  free(differences);
  return estimate;
}

double stats_sd_log_ratio(const double *a, const double *b, size_t n)
{
  if (n < 2) return NAN;
  double *logs = log_ratios(a, b, n);
  const double error = moments_of(logs, n).error;
  free(logs);
  return error * sqrt((double)n);
}

/* ---- two samples ------------------------------------------------------------------------------------------------ */

struct sample {
  double *logs, *drawn;
  size_t n;
};

static struct sample sample_of(const double *values, size_t n)
{
  struct sample sample = {memory_allocate((n + 1) * sizeof(double)), memory_allocate((n + 1) * sizeof(double)), n};
  for (size_t i = 0; i < n; i++) sample.logs[i] = log(values[i]);
  return sample;
}

static void sample_free(struct sample *sample)
{
  free(sample->logs);
  free(sample->drawn);
}

/* Welch and Satterthwaite's degrees of freedom. */
static double welch_degrees(struct moments a, size_t a_count, struct moments b, size_t b_count)
{
  const double va = a.error * a.error, vb = b.error * b.error;
  return (va + vb) * (va + vb) / (va * va / (double)(a_count - 1) + vb * vb / (double)(b_count - 1));
}

static void bootstrap_two(struct stats_estimate *estimate, const struct sample *a, const struct sample *b, double error,
                          double level, uint64_t seed)
{
  double *studentised = memory_allocate(STATS_RESAMPLES * sizeof *studentised);
  struct random random;
  random_seed(&random, seed);
  for (int r = 0; r < STATS_RESAMPLES; r++) {
    const struct moments one = resample(a->logs, a->drawn, a->n, &random);
    const struct moments other = resample(b->logs, b->drawn, b->n, &random);
    studentised[r] = studentise(one.mean - other.mean, hypot(one.error, other.error), estimate->value);
  }
  set_interval(estimate, error, studentised, level);
  include_value(estimate);
  free(studentised);
}

struct stats_estimate stats_ratio_unpaired(const double *a, size_t a_count, const double *b, size_t b_count,
                                           double level, uint64_t seed)
{
  struct stats_estimate estimate = {.value = NAN, .low = NAN, .high = NAN, .n = a_count < b_count ? a_count : b_count};
  if (estimate.n == 0) return estimate;
  struct sample first = sample_of(a, a_count), second = sample_of(b, b_count);
  const struct moments of_a = moments_of(first.logs, a_count), of_b = moments_of(second.logs, b_count);
  estimate.value = of_a.mean - of_b.mean;
  const double error = hypot(of_a.error, of_b.error);
  if (estimate.n >= 2 && !(error > 1e-12 * fabs(estimate.value)))
    estimate.low = estimate.high = estimate.value;
  else if (estimate.n >= STATS_BOOTSTRAP_MINIMUM)
    bootstrap_two(&estimate, &first, &second, error, level, seed);
  else if (estimate.n >= 2)
    student_interval(&estimate, error, welch_degrees(of_a, a_count, of_b, b_count), level);
  sample_free(&first);
  sample_free(&second);
  return exponentiate(estimate);
}

/* ---- over workloads --------------------------------------------------------------------------------------------- */

/*
 * The mean over workloads of a block is one value of that block: resampling blocks is resampling these.  A workload's
 * own level cancels out, since every block has every workload.
 */
struct stats_estimate stats_geomean_ratio(const double *logs, size_t workloads, size_t blocks, double level,
                                          uint64_t seed)
{
  double *means = memory_allocate((blocks + 1) * sizeof *means);
  size_t n = 0;
  for (size_t b = 0; b < blocks && workloads > 0; b++) {
    double sum = 0;
    for (size_t w = 0; w < workloads; w++) sum += logs[w * blocks + b];
    if (!isnan(sum)) means[n++] = sum / (double)workloads;
  }
  const struct stats_estimate estimate = exponentiate(stats_mean(means, n, level, seed));
  free(means);
  return estimate;
}
