/*
 * utilisation: what share of the time the mutator had, over windows of every length.
 *
 * u(t, w) is the share of the window [t, t + w) that no pause took.  MMU(w), the minimum mutator utilisation, is the
 * least u(t, w) over all windows within the run (Cheng and Blelloch, PLDI 2001); BMU(w), the bounded one, the least
 * MMU(w') over w' >= w, which never falls as windows grow (Sachindran, Moss and Berger, OOPSLA 2004).  MMU(w) is 0 up
 * to the longest pause, and at the run's length the mutator's share of the whole run.
 *
 * EXACT: u(t, w) is piecewise linear in t and has its minima where a window begins with a pause or ends with one, so
 * these are all that is looked at; two pointers make it O(n) a window.
 */
#ifndef GCLAB_HARNESS_STATS_UTILISATION_H
#define GCLAB_HARNESS_STATS_UTILISATION_H

#include <stddef.h>
#include <stdint.h>

struct stats_pause {
  uint64_t start_ns, end_ns;
};

/*
 * Makes pauses what the rest of these functions take: sorted by their start, within [0, total_ns), of some length, and
 * disjoint (those that overlap or touch become one).  In place; returns how many there are then.
 */
size_t stats_pauses_normalise(struct stats_pause *pauses, size_t n, uint64_t total_ns);

/* Normalised pauses of a run [0, total_ns), with what makes asking quick.  Keeps a pointer to pauses. */
struct stats_utilisation {
  const struct stats_pause *pauses;
  size_t n;
  uint64_t total_ns;
  uint64_t *before_ns; /* n + 1: the sum of the pauses in front of each */
};

struct stats_utilisation stats_utilisation_of(const struct stats_pause *pauses, size_t n, uint64_t total_ns);
void stats_utilisation_free(struct stats_utilisation *utilisation);

/* MMU of a window, 0 to 1; window_ns > 0; one longer than the run counts as the run.  total_ns > 0. */
double stats_mmu(const struct stats_utilisation *utilisation, uint64_t window_ns);

/*
 * MMU at each of the ascending windows, and BMU (may be NULL), over the windows of the grid and over all between and
 * beyond them: a window whose utilisation is least among the longer ones either has the least length or reaches from a
 * pause's begin to a pause's end, and the worst of those is found by Dinkelbach's method in O(n) a step, few steps.
 */
void stats_mmu_curve(const struct stats_utilisation *utilisation, const uint64_t *windows_ns, size_t count, double *mmu,
                     double *bmu);

/*
 * Windows from least_ns to total_ns, both included, evenly spaced on a log scale, STATS_WINDOWS_A_DECADE and more to a
 * decade as far as capacity allows.  Returns how many.
 */
enum { STATS_WINDOWS_A_DECADE = 24 };

size_t stats_utilisation_grid(uint64_t least_ns, uint64_t total_ns, uint64_t *windows_ns, size_t capacity);

struct stats_window {
  uint64_t start_ns;
  double utilisation;
};

/*
 * The worst windows of this length that do not overlap, worst first: the worst of all, then the worst of what lies
 * apart from it, and so on.  Ones without any pause are not listed.  Returns how many, at most capacity.
 */
size_t stats_worst_windows(const struct stats_utilisation *utilisation, uint64_t window_ns, struct stats_window *worst,
                           size_t capacity);

/*
 * The mutator utilisation distribution: quantiles q (ascending) of u(t, window) over all t, time-weighted, and exact (to 1e-10)
 * for the piecewise linear function.
 */
void stats_utilisation_quantiles(const struct stats_utilisation *utilisation, uint64_t window_ns, const double *q,
                                 size_t count, double *values);

/* The chance that a random instant of the run lies in a pause of x_ns or longer. */
double stats_tail_share(const struct stats_utilisation *utilisation, uint64_t x_ns);

#endif
