/* Mutator utilisation: MMU, BMU, the worst windows, quantiles. */
#include "harness/stats/utilisation.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

static int compare_pauses(const void *a, const void *b)
{
  const struct stats_pause *x = a, *y = b;
  if (x->start_ns != y->start_ns) return x->start_ns < y->start_ns ? -1 : 1;
  return (x->end_ns > y->end_ns) - (x->end_ns < y->end_ns);
}

static bool is_sorted(const struct stats_pause *pauses, size_t n)
{
  for (size_t i = 1; i < n; i++) {
    if (pauses[i].start_ns < pauses[i - 1].start_ns) return false;
  }
  return true;
}

size_t stats_pauses_normalise(struct stats_pause *pauses, size_t n, uint64_t total_ns)
{
  if (!is_sorted(pauses, n)) qsort(pauses, n, sizeof *pauses, compare_pauses);
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    struct stats_pause pause = pauses[i];
    if (pause.end_ns > total_ns) pause.end_ns = total_ns;
    if (pause.start_ns >= pause.end_ns) continue;
    if (kept > 0 && pause.start_ns <= pauses[kept - 1].end_ns) {
      if (pause.end_ns > pauses[kept - 1].end_ns) pauses[kept - 1].end_ns = pause.end_ns;
    } else {
      pauses[kept++] = pause;
    }
  }
  return kept;
}

struct stats_utilisation stats_utilisation_of(const struct stats_pause *pauses, size_t n, uint64_t total_ns)
{
  struct stats_utilisation utilisation = {pauses, n, total_ns, memory_allocate((n + 1) * sizeof(uint64_t))};
  utilisation.before_ns[0] = 0;
  for (size_t i = 0; i < n; i++)
    utilisation.before_ns[i + 1] = utilisation.before_ns[i] + (pauses[i].end_ns - pauses[i].start_ns);
  return utilisation;
}

void stats_utilisation_free(struct stats_utilisation *utilisation) { free(utilisation->before_ns); }

/* Time in pauses before t, where `next` is the first pause that ends after t. */
static uint64_t paused_before(const struct stats_utilisation *utilisation, size_t next, uint64_t t_ns)
{
  uint64_t paused_ns = utilisation->before_ns[next];
  if (next < utilisation->n && utilisation->pauses[next].start_ns < t_ns)
    paused_ns += t_ns - utilisation->pauses[next].start_ns;
  return paused_ns;
}

/* The first pause that ends after t. */
static size_t find_pause(const struct stats_utilisation *utilisation, uint64_t t_ns)
{
  size_t low = 0, high = utilisation->n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (utilisation->pauses[middle].end_ns > t_ns)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static uint64_t paused_in(const struct stats_utilisation *utilisation, uint64_t from_ns, uint64_t to_ns)
{
  return paused_before(utilisation, find_pause(utilisation, to_ns), to_ns) -
         paused_before(utilisation, find_pause(utilisation, from_ns), from_ns);
}

/* A place where a window of some length may be at its worst: it begins with a pause, or ends with one. */
struct candidates {
  const struct stats_utilisation *utilisation;
  uint64_t window_ns;
  size_t left, right; /* first pause that ends after the window's begin, its end */
};

/* Time paused in the window that begins here; begins must not fall from call to call. */
static uint64_t paused_in_window(struct candidates *at, uint64_t begin_ns)
{
  const struct stats_utilisation *u = at->utilisation;
  const uint64_t end_ns = begin_ns + at->window_ns;
  while (at->left < u->n && u->pauses[at->left].end_ns <= begin_ns) at->left++;
  while (at->right < u->n && u->pauses[at->right].end_ns <= end_ns) at->right++;
  return paused_before(u, at->right, end_ns) - paused_before(u, at->left, begin_ns);
}

static uint64_t clamp(uint64_t value, uint64_t most) { return value < most ? value : most; }

double stats_mmu(const struct stats_utilisation *utilisation, uint64_t window_ns)
{
  const uint64_t window = clamp(window_ns, utilisation->total_ns), last = utilisation->total_ns - window;
  struct candidates begins = {utilisation, window, 0, 0}, ends = begins;
  uint64_t most_ns = 0;
  for (size_t i = 0; i < utilisation->n; i++) {
    const struct stats_pause *pause = &utilisation->pauses[i];
    const uint64_t first = paused_in_window(&begins, clamp(pause->start_ns, last));
    const uint64_t second = paused_in_window(&ends, clamp(pause->end_ns > window ? pause->end_ns - window : 0, last));
    const uint64_t larger = first > second ? first : second;
    if (larger > most_ns) most_ns = larger;
  }
  return 1 - (double)most_ns / (double)window;
}

/* A stretch from the begin of pause `from` to the end of pause `to`: the share of it that is paused. */
static double density(const struct stats_utilisation *utilisation, size_t from, size_t to)
{
  const uint64_t paused_ns = utilisation->before_ns[to + 1] - utilisation->before_ns[from];
  return (double)paused_ns / (double)(utilisation->pauses[to].end_ns - utilisation->pauses[from].start_ns);
}

/*
 * The densest stretch from a pause's begin to a pause's end that is at least window_ns long, if it is denser than
 * `least`: the one that has most paused time above least times its length (then the caller asks again with what that
 * one has: Dinkelbach, 1967).  Returns least where there is none.
 */
static double denser(const struct stats_utilisation *utilisation, uint64_t window_ns, double least)
{
  double lowest = INFINITY, most = 0;
  size_t lowest_at = 0, next = 0, from = 0, to = SIZE_MAX;
  for (size_t i = 0; i < utilisation->n; i++) {
    const uint64_t end_ns = utilisation->pauses[i].end_ns;
    if (end_ns < window_ns) continue;
    for (; next <= i && utilisation->pauses[next].start_ns <= end_ns - window_ns; next++) {
      const double level = (double)utilisation->before_ns[next] - least * (double)utilisation->pauses[next].start_ns;
      if (level < lowest) {
        lowest = level;
        lowest_at = next;
      }
    }
    const double gain = (double)utilisation->before_ns[i + 1] - least * (double)end_ns - lowest;
    if (gain > most) {
      most = gain;
      from = lowest_at;
      to = i;
    }
  }
  return to == SIZE_MAX ? least : fmax(least, density(utilisation, from, to));
}

void stats_mmu_curve(const struct stats_utilisation *utilisation, const uint64_t *windows_ns, size_t count, double *mmu,
                     double *bmu)
{
  for (size_t i = 0; i < count; i++) mmu[i] = stats_mmu(utilisation, windows_ns[i]);
  if (bmu == NULL) return;
  double paused = 0;
  for (size_t i = count; i > 0; i--) {
    paused = fmax(paused, 1 - mmu[i - 1]);
    bool is_more = true;
    while (is_more) {
      const double more = denser(utilisation, windows_ns[i - 1], paused);
      is_more = more > paused;
      paused = fmax(paused, more);
    }
    bmu[i - 1] = 1 - paused;
  }
}

size_t stats_utilisation_grid(uint64_t least_ns, uint64_t total_ns, uint64_t *windows_ns, size_t capacity)
{
  if (least_ns == 0 || least_ns >= total_ns || capacity < 2) {
    if (capacity > 0) windows_ns[0] = total_ns;
    return capacity > 0 && total_ns > 0;
  }
  const double decades = log10((double)total_ns / (double)least_ns);
  size_t steps = (size_t)ceil(decades * STATS_WINDOWS_A_DECADE);
  if (steps > capacity - 1) steps = capacity - 1;
  size_t count = 0;
  for (size_t i = 0; i <= steps; i++) {
    const double at = (double)least_ns * pow(10, decades * (double)i / (double)steps);
    const uint64_t window_ns = i == steps ? total_ns : (uint64_t)(at + 0.5);
    if (count == 0 || window_ns > windows_ns[count - 1]) windows_ns[count++] = window_ns;
  }
  return count;
}

/* ---- windows one by one ----------------------------------------------------------------------------------------- */

static int compare_windows(const void *a, const void *b)
{
  const struct stats_window *x = a, *y = b;
  if (x->utilisation != y->utilisation) return x->utilisation < y->utilisation ? -1 : 1;
  return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static bool is_apart(const struct stats_window *window, const struct stats_window *others, size_t count,
                     uint64_t length_ns)
{
  for (size_t i = 0; i < count; i++) {
    const uint64_t a = window->start_ns, b = others[i].start_ns;
    if ((a > b ? a - b : b - a) < length_ns) return false;
  }
  return true;
}

size_t stats_worst_windows(const struct stats_utilisation *utilisation, uint64_t window_ns, struct stats_window *worst,
                           size_t capacity)
{
  const uint64_t window = clamp(window_ns, utilisation->total_ns), last = utilisation->total_ns - window;
  struct stats_window *all = memory_allocate((utilisation->n + 1) * 2 * sizeof *all);
  size_t count = 0, found = 0;
  for (size_t i = 0; i < utilisation->n; i++) {
    const struct stats_pause *pause = &utilisation->pauses[i];
    const uint64_t starts[] = {clamp(pause->start_ns, last),
                               clamp(pause->end_ns > window ? pause->end_ns - window : 0, last)};
    for (size_t k = 0; k < 2; k++) {
      const uint64_t paused_ns = paused_in(utilisation, starts[k], starts[k] + window);
      all[count++] = (struct stats_window){starts[k], 1 - (double)paused_ns / (double)window};
    }
  }
  qsort(all, count, sizeof *all, compare_windows);
  for (size_t i = 0; i < count && found < capacity; i++) {
    if (is_apart(&all[i], worst, found, window)) worst[found++] = all[i];
  }
  free(all);
  return found;
}

/* ---- quantiles -------------------------------------------------------------------------------------------------- */

/* While the window's begin moves over `length_ns`, utilisation goes evenly from one value to the other. */
struct piece {
  double low, high, length_ns;
};

static int compare_u64(const void *a, const void *b)
{
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* Begins of windows at which an edge meets an edge of a pause, ascending. */
static size_t list_breaks(const struct stats_utilisation *utilisation, uint64_t window, uint64_t last, uint64_t *breaks)
{
  size_t count = 0;
  breaks[count++] = 0;
  breaks[count++] = last;
  for (size_t i = 0; i < utilisation->n; i++) {
    const uint64_t edges[] = {utilisation->pauses[i].start_ns, utilisation->pauses[i].end_ns};
    for (size_t k = 0; k < 2; k++) {
      if (edges[k] < last) breaks[count++] = edges[k];
      if (edges[k] > window && edges[k] - window < last) breaks[count++] = edges[k] - window;
    }
  }
  qsort(breaks, count, sizeof *breaks, compare_u64);
  return count;
}

static size_t list_pieces(const struct stats_utilisation *utilisation, uint64_t window, struct piece *pieces,
                          const uint64_t *breaks, size_t count)
{
  size_t made = 0;
  struct candidates at = {utilisation, window, 0, 0};
  double before = 1 - (double)paused_in_window(&at, breaks[0]) / (double)window;
  for (size_t i = 1; i < count; i++) {
    if (breaks[i] == breaks[i - 1]) continue;
    const double now = 1 - (double)paused_in_window(&at, breaks[i]) / (double)window;
    pieces[made++] = (struct piece){fmin(before, now), fmax(before, now), (double)(breaks[i] - breaks[i - 1])};
    before = now;
  }
  return made;
}

/* The share of window begins for which utilisation is at most `value`. */
static double share_at_most(const struct piece *pieces, size_t count, double total, double value)
{
  double length = 0;
  for (size_t i = 0; i < count; i++) {
    const struct piece *piece = &pieces[i];
    if (value >= piece->high)
      length += piece->length_ns;
    else if (value > piece->low)
      length += piece->length_ns * (value - piece->low) / (piece->high - piece->low);
  }
  return length / total;
}

/* Of a quantile, which is searched: so much of the window. */
static const double quantile_precision = 1e-10;

void stats_utilisation_quantiles(const struct stats_utilisation *utilisation, uint64_t window_ns, const double *q,
                                 size_t count, double *values)
{
  const uint64_t window = clamp(window_ns, utilisation->total_ns), last = utilisation->total_ns - window;
  uint64_t *breaks = memory_allocate((utilisation->n * 4 + 2) * sizeof *breaks);
  const size_t break_count = list_breaks(utilisation, window, last, breaks);
  struct piece *pieces = memory_allocate((break_count + 1) * sizeof *pieces);
  const size_t piece_count = list_pieces(utilisation, window, pieces, breaks, break_count);
  for (size_t k = 0; k < count; k++) {
    double low = stats_mmu(utilisation, window), high = 1;
    for (int i = 0; i < 50 && piece_count > 0 && high - low > quantile_precision; i++) {
      const double middle = (low + high) / 2;
      if (share_at_most(pieces, piece_count, (double)last, middle) < q[k])
        low = middle;
      else
        high = middle;
    }
    values[k] = piece_count > 0 ? high : low;
  }
  free(pieces);
  free(breaks);
}

double stats_tail_share(const struct stats_utilisation *utilisation, uint64_t x_ns)
{
  uint64_t sum_ns = 0;
  for (size_t i = 0; i < utilisation->n; i++) {
    const uint64_t length_ns = utilisation->pauses[i].end_ns - utilisation->pauses[i].start_ns;
    if (length_ns >= x_ns) sum_ns += length_ns;
  }
  return (double)sum_ns / (double)utilisation->total_ns;
}
