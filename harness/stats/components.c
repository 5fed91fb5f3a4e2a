/* Principal components, and distances between observations: how far a set spreads, and what adds nothing to it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/stats.h"

enum { SWEEPS_MAX = 64 };

static double off_diagonal(const double *matrix, size_t n)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i + 1; j < n; j++) sum += matrix[i * n + j] * matrix[i * n + j];
  }
  return sum;
}

static void rotate(double *matrix, size_t n, size_t i, size_t j, double cosine, double sine, bool columns_too)
{
  for (size_t k = 0; k < n; k++) {
    const double a = matrix[i * n + k], b = matrix[j * n + k];
    matrix[i * n + k] = cosine * a - sine * b;
    matrix[j * n + k] = sine * a + cosine * b;
  }
  for (size_t k = 0; columns_too && k < n; k++) {
    const double a = matrix[k * n + i], b = matrix[k * n + j];
    matrix[k * n + i] = cosine * a - sine * b;
    matrix[k * n + j] = sine * a + cosine * b;
  }
}

/* The rotation that makes matrix[i][j] zero, by the smaller of the two angles. */
static void annihilate(double *matrix, double *vectors, size_t n, size_t i, size_t j)
{
  const double off = matrix[i * n + j];
  if (off == 0) return;
  const double theta = (matrix[j * n + j] - matrix[i * n + i]) / (2 * off);
  const double tangent = copysign(1, theta) / (fabs(theta) + hypot(theta, 1));
  const double cosine = 1 / hypot(tangent, 1);
  rotate(matrix, n, i, j, cosine, tangent * cosine, true);
  rotate(vectors, n, i, j, cosine, tangent * cosine, false);
}

static void swap_rows(double *rows, size_t n, size_t a, size_t b)
{
  for (size_t k = 0; k < n; k++) {
    const double kept = rows[a * n + k];
    rows[a * n + k] = rows[b * n + k];
    rows[b * n + k] = kept;
  }
}

/* Falling order, and signs that do not depend on the course of the rotations. */
static void put_in_order(double *values, double *vectors, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    size_t largest = i;
    for (size_t j = i + 1; j < n; j++) largest = values[j] > values[largest] ? j : largest;
    const double kept = values[i];
    values[i] = values[largest];
    values[largest] = kept;
    swap_rows(vectors, n, i, largest);
    size_t strongest = 0;
    for (size_t k = 1; k < n; k++) {
      if (fabs(vectors[i * n + k]) > fabs(vectors[i * n + strongest]) * (1 + 1e-9)) strongest = k;
    }
    for (size_t k = 0, negative = vectors[i * n + strongest] < 0; negative && k < n; k++) vectors[i * n + k] *= -1;
  }
}

void stats_eigen_symmetric(double *matrix, size_t n, double *values, double *vectors)
{
  double scale = 0;
  for (size_t i = 0; i < n * n; i++) scale += matrix[i] * matrix[i];
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) vectors[i * n + j] = i == j;
  }
  for (int sweep = 0; sweep < SWEEPS_MAX && off_diagonal(matrix, n) > scale * 1e-30; sweep++) {
    for (size_t i = 0; i < n; i++) {
      for (size_t j = i + 1; j < n; j++) annihilate(matrix, vectors, n, i, j);
    }
  }
  for (size_t i = 0; i < n; i++) values[i] = matrix[i * n + i];
  put_in_order(values, vectors, n);
}

/* Rounding makes a deviation of something that does not vary: it is none below this share of the mean. */
static const double least_deviation = 1e-12;

static void standardise(const double *data, size_t rows, size_t columns, double *standard)
{
  for (size_t c = 0; c < columns; c++) {
    double mean = 0, squares = 0;
    for (size_t r = 0; r < rows; r++) mean += data[r * columns + c] / (double)rows;
    for (size_t r = 0; r < rows; r++) squares += pow(data[r * columns + c] - mean, 2);
    const double deviation = sqrt(squares / (double)(rows - 1));
    const bool varies = deviation > least_deviation * fabs(mean);
    for (size_t r = 0; r < rows; r++)
      standard[r * columns + c] = varies ? (data[r * columns + c] - mean) / deviation : 0;
  }
}

static void correlate(const double *standard, size_t rows, size_t columns, double *matrix)
{
  for (size_t i = 0; i < columns; i++) {
    for (size_t j = 0; j < columns; j++) {
      double sum = 0;
      for (size_t r = 0; r < rows; r++) sum += standard[r * columns + i] * standard[r * columns + j];
      matrix[i * columns + j] = sum / (double)(rows - 1);
    }
  }
}

bool stats_components_of(const double *data, size_t rows, size_t columns, struct stats_components *components)
{
  if (rows < 2 || columns == 0) return false;
  double *memory = malloc((2 * rows * columns + 2 * columns * columns + columns) * sizeof *memory);
  if (memory == NULL) return false;
  double *matrix = memory + 2 * rows * columns + columns * columns + columns;
  *components = (struct stats_components){.rows = rows,
                                          .columns = columns,
                                          .standard = memory,
                                          .scores = memory + rows * columns,
                                          .loadings = memory + 2 * rows * columns,
                                          .share = memory + 2 * rows * columns + columns * columns};
  standardise(data, rows, columns, components->standard);
  correlate(components->standard, rows, columns, matrix);
  stats_eigen_symmetric(matrix, columns, components->share, components->loadings);
  double total = 0;
  for (size_t k = 0; k < columns; k++) total += components->share[k];
  for (size_t k = 0; k < columns; k++) components->share[k] = total > 0 ? components->share[k] / total : 0;
  for (size_t r = 0; r < rows; r++) {
    for (size_t k = 0; k < columns; k++) {
      double score = 0;
      for (size_t c = 0; c < columns; c++)
        score += components->standard[r * columns + c] * components->loadings[k * columns + c];
      components->scores[r * columns + k] = score;
    }
  }
  return true;
}

void stats_components_free(struct stats_components *components)
{
  free(components->standard);
  *components = (struct stats_components){0};
}

static double distance_of(const double *standard, size_t columns, size_t a, size_t b)
{
  double sum = 0;
  for (size_t c = 0; c < columns; c++) sum += pow(standard[a * columns + c] - standard[b * columns + c], 2);
  return sqrt(sum);
}

void stats_nearest(const double *standard, size_t rows, size_t columns, size_t *neighbours, double *distances)
{
  for (size_t a = 0; a < rows; a++) {
    distances[a] = INFINITY;
    for (size_t b = 0; b < rows; b++) {
      const double distance = a == b ? INFINITY : distance_of(standard, columns, a, b);
      if (distance >= distances[a]) continue;
      distances[a] = distance;
      neighbours[a] = b;
    }
  }
}

double stats_median_distance(const double *standard, size_t rows, size_t columns)
{
  const size_t pairs = rows * (rows - 1) / 2;
  double *distances = malloc(pairs * sizeof *distances);
  if (distances == NULL) return NAN;
  size_t count = 0;
  for (size_t a = 0; a < rows; a++) {
    for (size_t b = a + 1; b < rows; b++) distances[count++] = distance_of(standard, columns, a, b);
  }
  const double median = stats_median(distances, pairs);
  free(distances);
  return median;
}
