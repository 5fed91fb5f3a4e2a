#include "harness/characterise/nominal.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "harness/stats/stats.h"

enum { BEST = 10, LEAST = 1 };

/* By those that differ, so that the smallest value has the lowest score even where most workloads share it. */
static int score_of(size_t above, size_t below)
{
  if (above + below == 0) return 0;
  return LEAST + (int)lround((BEST - LEAST) * (double)below / (double)(above + below));
}

struct nominal nominal_of(const struct characterisation *all, size_t count, size_t which, enum measure measure)
{
  const double value = all[which].values[measure];
  struct nominal nominal = {.value = value, .minimum = NAN, .median = NAN, .maximum = NAN};
  double *known = memory_require(malloc((count + 1) * sizeof *known));
  size_t ranked = 0;
  size_t above = 0, below = 0;
  for (size_t i = 0; i < count; i++) {
    const double other = all[i].values[measure];
    if (isnan(other)) continue;
    known[ranked++] = other;
    above += other > value;
    below += other < value;
  }
  if (ranked > 0) {
    const struct stats_spread spread = stats_spread_of(known, ranked);
    nominal.minimum = spread.minimum;
    nominal.median = spread.median;
    nominal.maximum = spread.maximum;
  }
  if (!isnan(value)) {
    nominal.rank = above + 1;
    nominal.ranked = ranked;
    nominal.score = score_of(above, below);
  }
  free(known);
  return nominal;
}
