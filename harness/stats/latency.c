/* Metered latency. */
#include "harness/stats/latency.h"

#include <stdlib.h>

static int compare_requests(const void *a, const void *b)
{
  const struct stats_request *x = a, *y = b;
  if (x->start_ns != y->start_ns) return x->start_ns < y->start_ns ? -1 : 1;
  return (x->latency_ns > y->latency_ns) - (x->latency_ns < y->latency_ns);
}

/* The even start of request i among those from first to last, which span it. */
static uint64_t even_start(const struct stats_request *requests, size_t first, size_t last, size_t i)
{
  const uint64_t span_ns = requests[last].start_ns - requests[first].start_ns;
  if (last == first) return requests[i].start_ns;
  const double share = (double)(i - first) / (double)(last - first);
  return requests[first].start_ns + (uint64_t)(share * (double)span_ns);
}

/*
 * As DaCapo's LatencyReporter has it: the window of a request goes from the first one that starts at most half a window
 * before it to the first that starts at least half a window after it, or the last of all.
 */
void stats_latency_metered(struct stats_request *requests, size_t n, uint64_t window_ns, uint64_t *metered_ns)
{
  qsort(requests, n, sizeof *requests, compare_requests);
  const uint64_t half_ns = window_ns / 2;
  size_t first = 0, last = 0;
  for (size_t i = 0; i < n; i++) {
    const uint64_t start_ns = requests[i].start_ns;
    metered_ns[i] = requests[i].latency_ns;
    if (window_ns == 0) continue;
    while (start_ns - requests[first].start_ns > half_ns) first++;
    while (last + 1 < n && (last < i || requests[last].start_ns - start_ns < half_ns)) last++;
    const uint64_t even_ns = even_start(requests, first, last, i);
    if (even_ns < start_ns) metered_ns[i] += start_ns - even_ns;
  }
}
