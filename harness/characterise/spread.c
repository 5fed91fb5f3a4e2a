#include "harness/characterise/spread.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* A column of the data; false where no workload has the number. */
static bool fill_column(const struct characterisation *all, size_t count, enum measure measure, double *data,
                        size_t column)
{
  double sum = 0;
  size_t known = 0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(all[i].values[measure])) continue;
    sum += measure_component(measure, all[i].values[measure]);
    known++;
  }
  for (size_t i = 0; i < count && known > 0; i++) {
    const double value = all[i].values[measure];
    data[i * MEASURES + column] = isnan(value) ? sum / (double)known : measure_component(measure, value);
  }
  return known > 0;
}

/* Rows of MEASURES numbers become rows of `columns`. */
static void close_up(double *data, size_t rows, size_t columns)
{
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) data[r * columns + c] = data[r * MEASURES + c];
  }
}

bool spread_of(const struct characterisation *all, size_t count, struct spread *spread)
{
  if (count < SPREAD_LEAST) return false;
  *spread = (struct spread){0};
  double *data = memory_require(calloc(count, MEASURES * sizeof *data));
  for (int i = 0; i < MEASURES; i++) {
    if (measure_rows[i].is_component && fill_column(all, count, (enum measure)i, data, spread->measure_count))
      spread->measures[spread->measure_count++] = (enum measure)i;
  }
  close_up(data, count, spread->measure_count);
  spread->neighbours = memory_require(calloc(count, sizeof *spread->neighbours));
  spread->distances = memory_require(calloc(count, sizeof *spread->distances));
  if (!stats_components_of(data, count, spread->measure_count, &spread->components)) memory_require(NULL);
  free(data);
  const double *standard = spread->components.standard;
  stats_nearest(standard, count, spread->measure_count, spread->neighbours, spread->distances);
  const double median = stats_median_distance(standard, count, spread->measure_count);
  for (size_t i = 0; i < count; i++) spread->distances[i] = median > 0 ? spread->distances[i] / median : 0;
  return true;
}

void spread_free(struct spread *spread)
{
  stats_components_free(&spread->components);
  free(spread->neighbours);
  free(spread->distances);
  *spread = (struct spread){0};
}
