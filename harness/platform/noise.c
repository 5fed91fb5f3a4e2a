#define _GNU_SOURCE
#include "harness/platform/noise.h"

#include <sched.h>

#include "base/clock.h"

void noise_add(struct noise *noise, uint64_t difference_ns)
{
  noise->readings++;
  if (difference_ns < noise->floor_ns) return;
  noise->gaps++;
  noise->lost_ns += difference_ns;
  noise->histogram[63 - __builtin_clzll(difference_ns | 1)]++;
  if (difference_ns > noise->longest_ns) noise->longest_ns = difference_ns;
}

struct noise noise_measure(uint64_t span_ns, int core)
{
  struct noise noise = {.floor_ns = NOISE_FLOOR_NS};
  cpu_set_t before, one;
  const bool moves = core >= 0 && sched_getaffinity(0, sizeof before, &before) == 0;
  if (moves) {
    CPU_ZERO(&one);
    CPU_SET((size_t)core, &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  const uint64_t start_ns = clock_now_ns();
  uint64_t last_ns = start_ns;
  while (last_ns - start_ns < span_ns) {
    const uint64_t now_ns = clock_now_ns();
    noise_add(&noise, now_ns - last_ns);
    last_ns = now_ns;
  }
  noise.span_ns = last_ns - start_ns;
  if (moves) sched_setaffinity(0, sizeof before, &before);
  return noise;
}

double noise_share(const struct noise *noise)
{
  return noise->span_ns > 0 ? (double)noise->lost_ns / (double)noise->span_ns : 0;
}

uint64_t noise_each_second_ns(const struct noise *noise)
{
  const double seconds = (double)noise->span_ns / 1e9;
  uint64_t above = 0;
  for (int b = NOISE_BUCKETS - 1; b >= 0; b--) {
    above += noise->histogram[b];
    if ((double)above >= seconds && above > 0) return UINT64_C(1) << b;
  }
  return 0;
}

bool noise_is_doubtful(const struct noise *noise)
{
  return noise_share(noise) > NOISE_SHARE_MOST || noise->longest_ns > NOISE_LONGEST_MOST_NS;
}
