/* Order statistics: sorting, nearest-rank quantiles, and distributions whose short values were only counted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/stats.h"

static int compare_u64(const void *a, const void *b)
{
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* One pass of a least-significant-digit radix sort, by the byte at shift. */
static void radix_pass(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
  size_t start[256] = {0};
  for (size_t i = 0; i < count; i++) start[(from[i] >> shift) & 255]++;
  size_t sum = 0;
  for (size_t b = 0; b < 256; b++) {
    const size_t here = start[b];
    start[b] = sum;
    sum += here;
  }
  for (size_t i = 0; i < count; i++) to[start[(from[i] >> shift) & 255]++] = from[i];
}

void stats_sort_u64(uint64_t *values, size_t count)
{
  if (count < 2) return;
  uint64_t *scratch = count < 256 ? NULL : malloc(count * sizeof *scratch);
  if (scratch == NULL) { /* short, or no memory for the second array */
    qsort(values, count, sizeof *values, compare_u64);
    return;
  }
  uint64_t differ = 0;
  for (size_t i = 1; i < count; i++) differ |= values[i] ^ values[0];
  uint64_t *from = values, *to = scratch;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    if (((differ >> shift) & 255) == 0) continue;
    radix_pass(from, to, count, shift);
    uint64_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != values) memcpy(values, from, count * sizeof *values);
  free(scratch);
}

/*
 * q n can come out a hair above a whole number (0.99 * 1000 is 990.0000000000001 on some paths); such a hair must not
 * cost a rank.  1e-9 relative is far below the distance of any two quantiles that are told apart.
 */
static double ceil_nearly(double x) { return ceil(x - x * 1e-9); }

size_t stats_rank(size_t n, double q)
{
  const double rank = ceil_nearly(q * (double)n);
  if (rank < 1) return 1;
  return rank > (double)n ? n : (size_t)rank;
}

uint64_t stats_quantile_u64(const uint64_t *sorted, size_t n, double q) { return sorted[stats_rank(n, q) - 1]; }

size_t stats_quantile_minimum(double q)
{
  if (q >= 1) return SIZE_MAX;
  return (size_t)ceil_nearly(10 / (1 - q));
}

bool stats_quantile_allowed(size_t n, double q) { return n >= stats_quantile_minimum(q); }

size_t stats_distribution_count(const struct stats_distribution *distribution)
{
  return distribution->n + distribution->short_count;
}

struct stats_value stats_distribution_quantile(const struct stats_distribution *distribution, double q)
{
  const size_t n = stats_distribution_count(distribution);
  struct stats_value result = {
      .value = distribution->floor, .below_floor = true, .enough = stats_quantile_allowed(n, q)};
  if (n == 0) return (struct stats_value){0};
  const size_t rank = stats_rank(n, q);
  if (rank <= distribution->short_count) return result;
  const uint64_t value = distribution->sorted[rank - distribution->short_count - 1];
  /* Kept values below the floor share their ranks with counted ones: which is which is not known. */
  if (distribution->short_count > 0 && value < distribution->floor) return result;
  result.value = value;
  result.below_floor = false;
  return result;
}

static uint64_t *merge_sorted(const uint64_t *a, size_t an, const uint64_t *b, size_t bn)
{
  uint64_t *merged = malloc((an + bn) * sizeof *merged);
  if (merged == NULL) return NULL;
  size_t i = 0, j = 0, k = 0;
  while (i < an && j < bn) merged[k++] = a[i] <= b[j] ? a[i++] : b[j++];
  while (i < an) merged[k++] = a[i++];
  while (j < bn) merged[k++] = b[j++];
  return merged;
}

bool stats_distribution_merge(struct stats_distribution *distribution, const struct stats_distribution *other)
{
  if (other->n > 0) {
    uint64_t *merged = merge_sorted(distribution->sorted, distribution->n, other->sorted, other->n);
    if (merged == NULL) return false;
    free(distribution->sorted);
    distribution->sorted = merged;
    distribution->n += other->n;
  }
  distribution->short_count += other->short_count;
  for (int b = 0; b < STATS_BUCKETS; b++) distribution->short_histogram[b] += other->short_histogram[b];
  if (other->floor > distribution->floor) distribution->floor = other->floor;
  return true;
}

void stats_distribution_free(struct stats_distribution *distribution)
{
  free(distribution->sorted);
  *distribution = (struct stats_distribution){0};
}

size_t stats_distribution_thin(const struct stats_distribution *distribution, struct stats_point *points,
                               size_t capacity)
{
  const size_t n = stats_distribution_count(distribution);
  const double last = (double)n / 10;
  if (last < 2 || capacity < 2) return 0;
  size_t made = 0, previous_rank = 0;
  for (size_t i = 0; i < capacity; i++) {
    const double x = i + 1 == capacity ? last : pow(last, (double)i / (double)(capacity - 1));
    const double q = 1 - 1 / x;
    const size_t rank = stats_rank(n, q);
    if (rank == previous_rank && i + 1 < capacity) continue; /* the same value again: few values, many points */
    previous_rank = rank;
    const struct stats_value value = stats_distribution_quantile(distribution, q);
    points[made++] = (struct stats_point){.x = x, .value = value.value, .below_floor = value.below_floor};
  }
  return made;
}
