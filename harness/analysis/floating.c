#include "harness/analysis/floating.h"

struct floating_sums floating_sums(const struct store_floating *points, size_t count)
{
  struct floating_sums sums = {0};
  double over_time = 0;
  double over_clock = 0;
  for (size_t i = 0; i < count; i++) {
    const uint64_t garbage = floating_garbage_bytes(&points[i]);
    if (garbage > sums.peak_bytes) sums.peak_bytes = garbage;
    if (i == 0) continue;
    const double mean = ((double)garbage + (double)floating_garbage_bytes(&points[i - 1])) / 2;
    over_time += mean * (double)(points[i].time_ns - points[i - 1].time_ns);
    over_clock += mean * ((double)points[i].allocated_bytes - (double)points[i - 1].allocated_bytes);
  }
  if (count < 2) return sums;
  const struct store_floating *last = &points[count - 1];
  const double span_ns = (double)(last->time_ns - points[0].time_ns);
  const double died_bytes = (double)last->allocated_bytes - (double)last->reachable_bytes;
  if (span_ns > 0) sums.mean_bytes = over_time / span_ns;
  if (died_bytes > 0) {
    sums.delay_bytes = over_clock / died_bytes;
    sums.delay_ns = over_time / died_bytes;
  }
  return sums;
}
