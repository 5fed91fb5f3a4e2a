#include "harness/stats/levels.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

/*
 * Rounds of fitting rows and columns in turn, and between two rounds of weights.  TUNING is Huber's 1.345, for 95 % of
 * the efficiency of means where the noise is normal; 1.4826 makes the median of absolute residuals a standard
 * deviation's estimate there.
 */
enum { REWEIGHTINGS = 10, ROUNDS = 60 };
static const double tuning = 1.345, normal_scale = 1.4826, nothing = 1e-12, near_enough = 1e-6;

struct fit {
  const double *values;
  size_t rows, columns;
  double *of_row, *of_column, *weights, *room;
  size_t *counts; /* values of a row */
};

static double value_at(const struct fit *fit, size_t row, size_t column)
{
  return fit->values[row * fit->columns + column];
}

static double weight_at(const struct fit *fit, size_t row, size_t column)
{
  return fit->weights[row * fit->columns + column];
}

static void fit_rows(const struct fit *fit)
{
  for (size_t row = 0; row < fit->rows; row++) {
    double sum = 0, weight = 0;
    for (size_t column = 0; column < fit->columns && fit->counts[row] > 0; column++) {
      if (isnan(value_at(fit, row, column))) continue;
      sum += weight_at(fit, row, column) * (value_at(fit, row, column) - fit->of_column[column]);
      weight += weight_at(fit, row, column);
    }
    fit->of_row[row] = weight > 0 ? sum / weight : NAN;
  }
}

/* Returns the largest change of an effect. */
static double fit_columns(const struct fit *fit)
{
  double largest = 0;
  for (size_t column = 0; column < fit->columns; column++) {
    double sum = 0, weight = 0;
    for (size_t row = 0; row < fit->rows; row++) {
      if (fit->counts[row] < 2 || isnan(value_at(fit, row, column))) continue;
      sum += weight_at(fit, row, column) * (value_at(fit, row, column) - fit->of_row[row]);
      weight += weight_at(fit, row, column);
    }
    if (weight <= 0) continue;
    largest = fmax(largest, fabs(sum / weight - fit->of_column[column]));
    fit->of_column[column] = sum / weight;
  }
  return largest;
}

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double residual_at(const struct fit *fit, size_t row, size_t column)
{
  return value_at(fit, row, column) - fit->of_row[row] - fit->of_column[column];
}

/* Of the noise, from settings with more than one value: of one the residual is 0. */
static double scale_of(const struct fit *fit)
{
  size_t count = 0;
  for (size_t row = 0; row < fit->rows; row++) {
    for (size_t column = 0; column < fit->columns && fit->counts[row] > 1; column++) {
      if (!isnan(value_at(fit, row, column))) fit->room[count++] = fabs(residual_at(fit, row, column));
    }
  }
  if (count == 0) return 0;
  qsort(fit->room, count, sizeof *fit->room, by_value);
  return normal_scale * fit->room[count / 2];
}

static void set_weights(const struct fit *fit)
{
  const double bound = tuning * scale_of(fit);
  for (size_t row = 0; row < fit->rows; row++) {
    for (size_t column = 0; column < fit->columns; column++) {
      if (isnan(value_at(fit, row, column))) continue;
      const double size = fabs(residual_at(fit, row, column));
      fit->weights[row * fit->columns + column] = size <= bound || size < nothing ? 1 : bound / size + nothing;
    }
  }
}

static void begin(const struct fit *fit)
{
  for (size_t row = 0; row < fit->rows; row++) {
    for (size_t column = 0; column < fit->columns; column++) {
      fit->counts[row] += isnan(value_at(fit, row, column)) ? 0 : 1;
      fit->weights[row * fit->columns + column] = 1;
    }
  }
}

void stats_levels(const double *values, size_t settings, size_t blocks, double *levels)
{
  const size_t cells = settings * blocks + 1;
  const struct fit fit = {.values = values,
                          .rows = settings,
                          .columns = blocks,
                          .of_row = levels,
                          .of_column = memory_require(calloc(blocks + 1, sizeof(double))),
                          .weights = memory_allocate(cells * sizeof(double)),
                          .room = memory_allocate(cells * sizeof(double)),
                          .counts = memory_require(calloc(settings + 1, sizeof(size_t)))};
  begin(&fit);
  for (int reweighting = 0; reweighting < REWEIGHTINGS; reweighting++) {
    bool goes_on = true;
    for (int round = 0; round < ROUNDS && goes_on; round++) {
      fit_rows(&fit);
      goes_on = fit_columns(&fit) > near_enough;
    }
    fit_rows(&fit);
    set_weights(&fit);
  }
  free(fit.of_column);
  free(fit.weights);
  free(fit.room);
  free(fit.counts);
}
