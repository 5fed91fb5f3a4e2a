/* A histogram with linear buckets inside each power of two. */
#include <stdlib.h>

#include "harness/stats/stats.h"

static size_t bucket_of(uint64_t value)
{
  if (value >> STATS_HISTOGRAM_BITS == 0) return (size_t)value;
  const unsigned shift = 63 - (unsigned)__builtin_clzll(value) - STATS_HISTOGRAM_BITS;
  return ((size_t)shift << STATS_HISTOGRAM_BITS) + (size_t)(value >> shift);
}

static uint64_t lowest_of(size_t bucket)
{
  if (bucket >> STATS_HISTOGRAM_BITS < 2) return bucket;
  const unsigned shift = (unsigned)(bucket >> STATS_HISTOGRAM_BITS) - 1;
  return ((bucket & ((1u << STATS_HISTOGRAM_BITS) - 1)) + (UINT64_C(1) << STATS_HISTOGRAM_BITS)) << shift;
}

bool stats_histogram_open(struct stats_histogram *histogram)
{
  *histogram = (struct stats_histogram){.counts = calloc(STATS_HISTOGRAM_BUCKETS, sizeof(uint64_t))};
  return histogram->counts != NULL;
}

void stats_histogram_free(struct stats_histogram *histogram)
{
  free(histogram->counts);
  *histogram = (struct stats_histogram){0};
}

void stats_histogram_add(struct stats_histogram *histogram, uint64_t value)
{
  histogram->counts[bucket_of(value)]++;
  histogram->n++;
}

uint64_t stats_histogram_quantile(const struct stats_histogram *histogram, double q)
{
  const size_t rank = stats_rank(histogram->n, q);
  uint64_t below = 0;
  size_t bucket = 0;
  while ((below += histogram->counts[bucket]) < rank) bucket++;
  return lowest_of(bucket);
}
