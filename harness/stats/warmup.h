/*
 * warmup: does a series settle?  A benchmark that is taken to be steady without asking may be anything but (Barrett et
 * al., Virtual Machine Warmup Blows Hot and Cold, OOPSLA 2017, whose classes these follow).
 */
#ifndef GCLAB_HARNESS_STATS_WARMUP_H
#define GCLAB_HARNESS_STATS_WARMUP_H

#include <stddef.h>

enum stats_warmup { STATS_FLAT, STATS_WARMING, STATS_SLOWING, STATS_UNSTEADY, STATS_TOO_SHORT };

/* "flat", "warm-up", "slowdown", "no steady state", "too short" */
extern const char *const stats_warmup_names[];

struct stats_warmup_result {
  enum stats_warmup class;
  size_t changes_at;    /* WARMING, SLOWING: the first value of the steady end; else 0 */
  double before, after; /* medians of the two parts; of the whole where there is one */
};

/*
 * Classifies n times of equal work, in their order: less is faster.  The series is cut in two where that explains most
 * (least absolute deviation from each part's median); the cut counts where the medians differ by more than `band` of
 * the later one (such as 0.05) and by more than twice the spread (median absolute deviation) in both parts.  A part
 * after the cut that is shorter than a third of the series, or whose own halves differ as much, is no steady state.
 * Fewer than STATS_WARMUP_MINIMUM values are too few to tell.
 */
enum { STATS_WARMUP_MINIMUM = 8 };

struct stats_warmup_result stats_warmup_of(const double *values, size_t n, double band);

#endif
