/* The table of metrics, and how each is worked out. */
#include "harness/analysis/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/setting.h"
#include "harness/stats/latency.h"
#include "harness/text/text.h"

static double known(int64_t value) { return value >= 0 ? (double)value : NAN; }

static double positive(int64_t value) { return value > 0 ? (double)value : NAN; }

/* ---- time ------------------------------------------------------------------------------------------------------- */

static double wall(const struct observation *o, double unused)
{
  (void)unused;
  return positive(o->trial->wall_ns);
}

static double cpu(const struct observation *o, double unused)
{
  (void)unused;
  return positive(o->trial->cpu_ns);
}

static double gc_time(const struct observation *o, double unused)
{
  (void)unused;
  return known(o->trial->gc_ns);
}

static double gc_share(const struct observation *o, double unused)
{
  (void)unused;
  return dataset_gc_share(o->trial);
}

static double mutator(const struct observation *o, double unused) { return wall(o, unused) - gc_time(o, unused); }

/* ---- pauses ----------------------------------------------------------------------------------------------------- */

static double pause_count(const struct observation *o, double unused)
{
  (void)unused;
  return known(o->trial->pauses);
}

/* A quantile below the floor is known only as "less": the floor stands for it. */
static double pause_quantile(const struct observation *o, double q)
{
  if (!stats_quantile_allowed(stats_distribution_count(&o->pauses), q)) return NAN;
  return (double)stats_distribution_quantile(&o->pauses, q).value;
}

static double longest_of(const struct observation *o, enum observation_sort sort)
{
  return o->work[sort].count > 0 ? (double)o->work[sort].longest_ns : NAN;
}

static double longest_pause(const struct observation *o, double unused)
{
  (void)unused;
  if (o->pauses.n > 0) return (double)o->pauses.sorted[o->pauses.n - 1];
  return o->pauses.short_count > 0 ? (double)o->pauses.floor : NAN; /* shorter than this */
}

static double longest_young(const struct observation *o, double unused)
{
  (void)unused;
  return longest_of(o, OBSERVATION_YOUNG);
}

static double longest_full(const struct observation *o, double unused)
{
  (void)unused;
  return longest_of(o, OBSERVATION_FULL);
}

static double longest_cascade(const struct observation *o, double unused)
{
  (void)unused;
  return longest_of(o, OBSERVATION_CASCADE);
}

static double pauses_per_second(const struct observation *o, double at_least_ns)
{
  size_t below = 0, above = o->pauses.n;
  while (below < above) {
    const size_t middle = below + (above - below) / 2;
    if ((double)o->pauses.sorted[middle] < at_least_ns)
      below = middle + 1;
    else
      above = middle;
  }
  return o->total_ns > 0 ? (double)(o->pauses.n - below) / ((double)o->total_ns / 1e9) : NAN;
}

static double tail_share(const struct observation *o, double at_least_ns)
{
  return o->total_ns > 0 ? stats_tail_share(&o->utilisation, (uint64_t)at_least_ns) : NAN;
}

static double mmu(const struct observation *o, double window_ns)
{
  return (double)o->total_ns >= window_ns ? stats_mmu(&o->utilisation, (uint64_t)window_ns) : NAN;
}

/* The share of a window that one in a hundred has at most; argument: its length. */
static double utilisation_p1(const struct observation *o, double window_ns)
{
  const double q = 0.01;
  double value = NAN;
  if ((double)o->total_ns >= window_ns)
    stats_utilisation_quantiles(&o->utilisation, (uint64_t)window_ns, &q, 1, &value);
  return value;
}

/* ---- floating garbage ------------------------------------------------------------------------------------------- */

static bool has_floating(const struct observation *o) { return o->series.floating_count >= 2; }

static double floating_peak(const struct observation *o, double unused)
{
  (void)unused;
  return has_floating(o) ? (double)o->floating.peak_bytes : NAN;
}

static double floating_mean(const struct observation *o, double unused)
{
  (void)unused;
  return has_floating(o) ? o->floating.mean_bytes : NAN;
}

static double delay_bytes(const struct observation *o, double unused)
{
  (void)unused;
  return has_floating(o) ? o->floating.delay_bytes : NAN;
}

static double delay_ns(const struct observation *o, double unused)
{
  (void)unused;
  return has_floating(o) ? o->floating.delay_ns : NAN;
}

/* ---- latency ---------------------------------------------------------------------------------------------------- */

static double quantile_of(const uint64_t *sorted, size_t n, double q)
{
  if (n == 0 || (q < 1 && !stats_quantile_allowed(n, q))) return NAN;
  return (double)stats_quantile_u64(sorted, n, q);
}

static double latency(const struct observation *o, double q)
{
  return quantile_of(o->latencies_ns, o->series.request_count, q);
}

static double metered_p99(const struct observation *o, double window_ns)
{
  const uint64_t window = window_ns > 0 ? (uint64_t)window_ns : STATS_WINDOW_FULL;
  uint64_t *metered_ns = observation_metered(o, window);
  const double value = quantile_of(metered_ns, o->series.request_count, 0.99);
  free(metered_ns);
  return value;
}

/* ---- space ------------------------------------------------------------------------------------------------------ */

static double peak_heap(const struct observation *o, double unused)
{
  (void)unused;
  return positive(o->trial->peak_heap_bytes);
}

static double peak_footprint(const struct observation *o, double unused)
{
  (void)unused;
  return positive(o->trial->peak_footprint_bytes);
}

/* Trapezoids between samples. */
static double space_time(const struct observation *o, double unused)
{
  (void)unused;
  const struct store_heap_sample *heap = o->series.heap;
  double sum = 0;
  for (size_t i = 1; i < o->series.heap_count; i++) {
    const double seconds = (double)(heap[i].time_ns - heap[i - 1].time_ns) / 1e9;
    sum += seconds * ((double)heap[i].heap_bytes + (double)heap[i - 1].heap_bytes) / 2;
  }
  return o->series.heap_count >= 2 ? sum : NAN;
}

static double average_heap(const struct observation *o, double unused)
{
  if (o->series.heap_count < 2) return NAN;
  const uint64_t span_ns = o->series.heap[o->series.heap_count - 1].time_ns - o->series.heap[0].time_ns;
  return span_ns > 0 ? space_time(o, unused) / ((double)span_ns / 1e9) : NAN;
}

static double fragmentation(const struct observation *o, double unused)
{
  const double heap = peak_heap(o, unused), footprint = peak_footprint(o, unused);
  return 1 - heap / footprint;
}

static double vmhwm(const struct observation *o, double unused)
{
  (void)unused;
  return positive(o->trial->vmhwm_bytes);
}

static double held(const struct observation *o, double unused)
{
  (void)unused;
  return dataset_held_share(o->trial);
}

/* ---- work ------------------------------------------------------------------------------------------------------- */

static double collections(const struct observation *o, double unused)
{
  (void)unused;
  return known(o->trial->collections);
}

/* Over all collections; cascades examine nothing. */
static struct observation_work all_collections(const struct observation *o)
{
  struct observation_work all = {0};
  for (int sort = OBSERVATION_YOUNG; sort <= OBSERVATION_OTHER; sort++) {
    all.count += o->work[sort].count;
    all.total_ns += o->work[sort].total_ns;
    all.examined += o->work[sort].examined;
    all.freed += o->work[sort].freed;
    all.survived += o->work[sort].survived;
    all.useless += o->work[sort].useless;
    all.useless_ns += o->work[sort].useless_ns;
  }
  return all;
}

static double over(uint64_t a, uint64_t b) { return b > 0 ? (double)a / (double)b : NAN; }

static double mark_cons(const struct observation *o, double unused)
{
  (void)unused;
  const struct observation_work all = all_collections(o);
  return all.examined > 0 && o->trial->allocations > 0 ? (double)all.examined / (double)o->trial->allocations : NAN;
}

static double yield(const struct observation *o, double unused)
{
  (void)unused;
  const struct observation_work all = all_collections(o);
  return all.survived > 0 ? over(all.freed, all.freed + all.survived) : NAN;
}

static double cost_per_freed(const struct observation *o, double unused)
{
  (void)unused;
  const struct observation_work all = all_collections(o);
  return over(all.total_ns, all.freed);
}

static double useless(const struct observation *o, double unused)
{
  (void)unused;
  const struct observation_work all = all_collections(o);
  return all.survived > 0 ? over(all.useless, all.count) : NAN;
}

static double useless_time(const struct observation *o, double unused)
{
  (void)unused;
  const struct observation_work all = all_collections(o);
  return all.survived > 0 ? (double)all.useless_ns : NAN;
}

static double young_survival(const struct observation *o, double unused)
{
  (void)unused;
  const struct observation_work *young = &o->work[OBSERVATION_YOUNG];
  return young->survived > 0 ? over(young->survived, young->survived + young->freed) : NAN;
}

static double promotion(const struct observation *o, double unused)
{
  (void)unused;
  const struct observation_work *young = &o->work[OBSERVATION_YOUNG];
  return young->survived > 0 && o->trial->allocations > 0 ? (double)young->survived / (double)o->trial->allocations
                                                          : NAN;
}

static double largest_cascade(const struct observation *o, double unused)
{
  (void)unused;
  uint64_t most = o->series.short_count > 0 ? o->series.short_max_objects : 0;
  for (size_t i = 0; i < o->series.pause_count; i++) {
    const struct journal_row *row = &o->series.pauses[i];
    if (row->kind == JOURNAL_CASCADE && row->freed_objects > most) most = row->freed_objects;
  }
  return most > 0 ? (double)most : NAN;
}

/* ---- system ----------------------------------------------------------------------------------------------------- */

static double page_faults(const struct observation *o, double unused)
{
  (void)unused;
  return known(o->trial->page_faults);
}

static double instructions(const struct observation *o, double unused)
{
  (void)unused;
  return positive(o->trial->instructions);
}

static double cycles(const struct observation *o, double unused)
{
  (void)unused;
  return positive(o->trial->cycles);
}

static double cache_misses(const struct observation *o, double unused)
{
  (void)unused;
  return known(o->trial->cache_misses);
}

static double dtlb_misses(const struct observation *o, double unused)
{
  (void)unused;
  return known(o->trial->dtlb_misses);
}

static double switches(const struct observation *o, double unused)
{
  (void)unused;
  return known(o->trial->switches);
}

static double preempted(const struct observation *o, double unused)
{
  (void)unused;
  return over(o->preempted, o->watched);
}

static double steal(const struct observation *o, double unused)
{
  (void)unused;
  return known(o->trial->steal_ticks);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

#define MS(count) ((count)*1e6)

const char *const metric_group_titles[METRIC_GROUPS] = {
    [METRIC_TIME] = "time",   [METRIC_PAUSES] = "pauses",       [METRIC_LATENCY] = "request latency",
    [METRIC_SPACE] = "space", [METRIC_WORK] = "collector work", [METRIC_SYSTEM] = "system",
};

/* clang-format off */
const struct metric metrics[] = {
  {"wall", "wall time", METRIC_TIME, METRIC_NS, METRIC_LESS, false,
   "wall-clock time of the work: without process start, settling and the record", NULL, wall, 0},
  {"cpu", "CPU time", METRIC_TIME, METRIC_NS, METRIC_LESS, false,
   "CPU time of all threads during the work; with one thread, wall time less what the system took away", NULL, cpu, 0},
  {"gc_time", "time in pauses", METRIC_TIME, METRIC_NS, METRIC_LESS, false,
   "sum of all pauses, short cascades included; what counting costs between pauses is not in it", NULL, gc_time, 0},
  {"gc_share", "share in pauses", METRIC_TIME, METRIC_SHARE, METRIC_LESS, false,
   "gc_time / wall", NULL, gc_share, 0},
  {"mutator", "mutator time", METRIC_TIME, METRIC_NS, METRIC_LESS, false,
   "wall - gc_time: the program with its barriers, allocation and the locality that the collector leaves it", NULL,
   mutator, 0},

  {"pauses", "number of pauses", METRIC_PAUSES, METRIC_COUNT, METRIC_NEITHER, false,
   "collections, increments, lazy sweeps that were waited for, and cascades of two objects and more", NULL,
   pause_count, 0},
  {"p50_pause", "median pause", METRIC_PAUSES, METRIC_NS, METRIC_LESS, false,
   "nearest-rank median of all pauses of the trial; at least 20. More and shorter pauses lower it: read it with "
   "tail_1ms and mmu_10ms", NULL, pause_quantile, 0.5},
  {"p99_pause", "99th percentile pause", METRIC_PAUSES, METRIC_NS, METRIC_LESS, false,
   "nearest-rank 99th percentile; at least 1,000 pauses", NULL, pause_quantile, 0.99},
  {"p999_pause", "99.9th percentile pause", METRIC_PAUSES, METRIC_NS, METRIC_LESS, false,
   "nearest-rank 99.9th percentile; at least 10,000 pauses", NULL, pause_quantile, 0.999},
  {"max_pause", "longest pause", METRIC_PAUSES, METRIC_NS, METRIC_LESS, false,
   "the longest pause of the trial, the floor where all were shorter; what the system took away in it is in it", NULL, longest_pause, 0},
  {"max_young", "longest young collection", METRIC_PAUSES, METRIC_NS, METRIC_LESS, false,
   "the longest collection of generation 0 or 1, of a generational collector", NULL, longest_young, 0},
  {"max_full", "longest full collection", METRIC_PAUSES, METRIC_NS, METRIC_LESS, false,
   "the longest collection of the whole heap", NULL, longest_full, 0},
  {"max_cascade", "longest cascade", METRIC_PAUSES, METRIC_NS, METRIC_LESS, false,
   "the longest run of frees that one decrement set off, of those above the floor", NULL, longest_cascade, 0},
  {"pauses_1ms", "pauses of 1 ms and more", METRIC_PAUSES, METRIC_PER_SECOND, METRIC_LESS, false,
   "pauses of at least 1 ms per second of the run", NULL, pauses_per_second, MS(1)},
  {"pauses_10ms", "pauses of 10 ms and more", METRIC_PAUSES, METRIC_PER_SECOND, METRIC_LESS, false,
   "pauses of at least 10 ms per second of the run", NULL, pauses_per_second, MS(10)},
  {"tail_1ms", "time in pauses of 1 ms and more", METRIC_PAUSES, METRIC_SHARE, METRIC_LESS, false,
   "sum of the pauses of at least 1 ms / run: the chance that a random instant is in one", NULL, tail_share, MS(1)},
  {"tail_10ms", "time in pauses of 10 ms and more", METRIC_PAUSES, METRIC_SHARE, METRIC_LESS, false,
   "sum of the pauses of at least 10 ms / run", NULL, tail_share, MS(10)},
  {"mmu_1ms", "MMU over 1 ms", METRIC_PAUSES, METRIC_SHARE, METRIC_MORE, false,
   "minimum mutator utilisation: the least share that the program had of any window of 1 ms; exact over the pauses that "
   "have a row", "Cheng and Blelloch, PLDI 2001", mmu, MS(1)},
  {"mmu_10ms", "MMU over 10 ms", METRIC_PAUSES, METRIC_SHARE, METRIC_MORE, false,
   "the same over windows of 10 ms", "Cheng and Blelloch, PLDI 2001", mmu, MS(10)},
  {"mmu_100ms", "MMU over 100 ms", METRIC_PAUSES, METRIC_SHARE, METRIC_MORE, false,
   "the same over windows of 100 ms", "Cheng and Blelloch, PLDI 2001", mmu, MS(100)},
  {"util_p1_10ms", "1st percentile of utilisation over 10 ms", METRIC_PAUSES, METRIC_SHARE, METRIC_MORE, false,
   "of all windows of 10 ms, wherever they begin, one in a hundred has at most this share for the program; exact "
   "over the pauses that have a row", "after Cheng and Blelloch, PLDI 2001", utilisation_p1, MS(10)},

  {"latency_p50", "median latency", METRIC_LATENCY, METRIC_NS, METRIC_LESS, false,
   "median of completion - start over the requests; where arrivals are on a schedule (open loop: request_server) the "
   "intended start, so that waiting in the queue is in it", NULL, latency, 0.5},
  {"latency_p99", "99th percentile latency", METRIC_LATENCY, METRIC_NS, METRIC_LESS, false,
   "the same, 99th percentile; at least 1,000 requests", NULL, latency, 0.99},
  {"latency_p999", "99.9th percentile latency", METRIC_LATENCY, METRIC_NS, METRIC_LESS, false,
   "the same, 99.9th percentile; at least 10,000 requests", NULL, latency, 0.999},
  {"latency_max", "longest latency", METRIC_LATENCY, METRIC_NS, METRIC_LESS, false,
   "the slowest request of the trial", NULL, latency, 1},
  {"metered_10ms", "99th percentile metered latency, 10 ms", METRIC_LATENCY, METRIC_NS, METRIC_LESS, false,
   "99th percentile of latency from where each request would have begun, had those within 10 ms arrived evenly",
   "DaCapo Chopin; Blackburn et al., ASPLOS 2025", metered_p99, MS(10)},
  {"metered_100ms", "99th percentile metered latency, 100 ms", METRIC_LATENCY, METRIC_NS, METRIC_LESS, false,
   "the same within 100 ms", "DaCapo Chopin; Blackburn et al., ASPLOS 2025", metered_p99, MS(100)},
  {"metered_full", "99th percentile metered latency, whole run", METRIC_LATENCY, METRIC_NS, METRIC_LESS, false,
   "the same over the whole run: perfectly uniform arrivals; any drift of speed is in it, too",
   "DaCapo Chopin; Blackburn et al., ASPLOS 2025", metered_p99, 0},

  {"peak_heap", "peak heap", METRIC_SPACE, METRIC_BYTES, METRIC_LESS, false,
   "most bytes in objects not yet reclaimed, with headers and rounding as far as the collector knows them", NULL,
   peak_heap, 0},
  {"average_heap", "average heap", METRIC_SPACE, METRIC_BYTES, METRIC_LESS, false,
   "space_time / run", NULL, average_heap, 0},
  {"space_time", "space-time", METRIC_SPACE, METRIC_BYTE_SECONDS, METRIC_LESS, false,
   "integral of the heap over time, from samples every 10 ms", NULL, space_time, 0},
  {"peak_footprint", "peak footprint", METRIC_SPACE, METRIC_BYTES, METRIC_LESS, false,
   "most memory held from the system or the allocator for the heap", NULL, peak_footprint, 0},
  {"fragmentation", "footprint without objects", METRIC_SPACE, METRIC_SHARE, METRIC_LESS, false,
   "1 - peak_heap / peak_footprint: what was held and not in objects when most was held", NULL, fragmentation, 0},
  {"floating_peak", "peak floating garbage", METRIC_SPACE, METRIC_BYTES, METRIC_LESS, false,
   "most requested bytes held that the program could no longer reach, by the deaths of its objects; campaigns with "
   "--floating", "deaths: Hertz et al., SIGMETRICS 2002", floating_peak, 0},
  {"floating_mean", "average floating garbage", METRIC_SPACE, METRIC_BYTES, METRIC_LESS, false,
   "its integral over time / run, with straight lines between what was seen before and after pauses and every 10 ms",
   NULL, floating_mean, 0},
  {"reclaim_delay", "reclamation delay", METRIC_SPACE, METRIC_NS, METRIC_LESS, false,
   "mean time from death to reclamation, a byte: integral of floating garbage over time / bytes that died",
   "Little 1961", delay_ns, 0},
  {"reclaim_distance", "reclamation delay, in allocation", METRIC_SPACE, METRIC_BYTES, METRIC_LESS, false,
   "the same in bytes allocated meanwhile: integral over the allocation clock / bytes that died", "Little 1961",
   delay_bytes, 0},
  {"vmhwm", "peak resident set", METRIC_SPACE, METRIC_BYTES, METRIC_LESS, false,
   "VmHWM of the process, read by itself: program, libraries and journal included", NULL, vmhwm, 0},
  {"held", "objects held at the end", METRIC_SPACE, METRIC_SHARE, METRIC_LESS, true,
   "objects not reclaimed when the work was done / objects allocated", NULL, held, 0},

  {"collections", "collections", METRIC_WORK, METRIC_COUNT, METRIC_NEITHER, true,
   "of all generations", NULL, collections, 0},
  {"mark_cons", "mark/cons", METRIC_WORK, METRIC_RATIO, METRIC_LESS, true,
   "objects that collections examined / objects allocated", "Baker 1993; Jones, Hosking and Moss", mark_cons, 0},
  {"yield", "yield", METRIC_WORK, METRIC_SHARE, METRIC_MORE, true,
   "objects that collections freed / those and the objects that they found alive", NULL, yield, 0},
  {"cost_per_freed", "cost per freed object", METRIC_WORK, METRIC_NS, METRIC_LESS, false,
   "time in collections / objects that they freed", NULL, cost_per_freed, 0},
  {"useless", "useless collections", METRIC_WORK, METRIC_SHARE, METRIC_LESS, true,
   "collections that freed nothing / collections: what a threshold too low costs", NULL, useless, 0},
  {"useless_time", "time in useless collections", METRIC_WORK, METRIC_NS, METRIC_LESS, false,
   "time in collections that freed nothing", NULL, useless_time, 0},
  {"young_survival", "survival of young collections", METRIC_WORK, METRIC_SHARE, METRIC_NEITHER, true,
   "objects that collections of generation 0 and 1 found alive / those and the objects that they freed", NULL, young_survival, 0},
  {"promotion", "promotion", METRIC_WORK, METRIC_SHARE, METRIC_LESS, true,
   "objects promoted by collections of generation 0 and 1 / objects allocated", NULL, promotion, 0},
  {"largest_cascade", "largest cascade", METRIC_WORK, METRIC_COUNT, METRIC_LESS, true,
   "objects freed by one decrement, at most", NULL, largest_cascade, 0},

  {"page_faults", "page faults", METRIC_SYSTEM, METRIC_COUNT, METRIC_NEITHER, false,
   "of the work, minor and major", NULL, page_faults, 0},
  {"switches", "involuntary switches", METRIC_SYSTEM, METRIC_COUNT, METRIC_NEITHER, false,
   "times that the system took the processor away: a disturbance, not the collector's", NULL, switches, 0},
  {"instructions", "instructions", METRIC_SYSTEM, METRIC_COUNT, METRIC_LESS, false,
   "of the work in user mode, by the processor's counters; not known where the system gives none", NULL, instructions, 0},
  {"cycles", "cycles", METRIC_SYSTEM, METRIC_COUNT, METRIC_LESS, false, "the same, in cycles", NULL, cycles, 0},
  {"cache_misses", "cache misses", METRIC_SYSTEM, METRIC_COUNT, METRIC_LESS, false,
   "the same, reads that missed the last cache", NULL, cache_misses, 0},
  {"dtlb_misses", "TLB misses", METRIC_SYSTEM, METRIC_COUNT, METRIC_LESS, false,
   "the same, reads that missed the data TLB", NULL, dtlb_misses, 0},
  {"preempted", "pauses that were hit", METRIC_SYSTEM, METRIC_SHARE, METRIC_NEITHER, false,
   "pauses during which the system took the processor away / pauses that can tell (restartable sequences)", NULL,
   preempted, 0},
  {"steal", "steal", METRIC_SYSTEM, METRIC_COUNT, METRIC_NEITHER, false,
   "ticks of /proc/stat that the hypervisor took, of the trial's core where it is pinned", NULL, steal, 0},
};
/* clang-format on */

const size_t metric_count = sizeof metrics / sizeof metrics[0];

const struct metric *metric_find(const char *name)
{
  for (size_t i = 0; i < metric_count; i++) {
    if (strcmp(metrics[i].name, name) == 0) return &metrics[i];
  }
  return NULL;
}

const char *metric_nearest(const char *name)
{
  const char *names[sizeof metrics / sizeof metrics[0]];
  for (size_t i = 0; i < metric_count; i++) names[i] = metrics[i].name;
  return setting_nearest(name, names, metric_count);
}

static char *format_number(double value, char *text)
{
  if (value == floor(value) && fabs(value) < 1e15) return text_count((uint64_t)fabs(value), text);
  snprintf(text, TEXT_NUMBER_MAX, "%.3g", value);
  return text;
}

char *metric_format(const struct metric *metric, double value, char *text)
{
  char bytes[TEXT_NUMBER_MAX];
  if (isnan(value)) {
    snprintf(text, TEXT_NUMBER_MAX, "-");
    return text;
  }
  switch (metric->unit) {
  case METRIC_NS:
    return text_duration(value, text);
  case METRIC_BYTES:
    return text_bytes(value, text);
  case METRIC_BYTE_SECONDS:
    snprintf(text, TEXT_NUMBER_MAX, "%.40s·s", text_bytes(value, bytes));
    return text;
  case METRIC_SHARE:
    snprintf(text, TEXT_NUMBER_MAX, "%.3g %%", 100 * value);
    return text;
  case METRIC_PER_SECOND:
    snprintf(text, TEXT_NUMBER_MAX, "%.3g/s", value);
    return text;
  default:
    return format_number(value, text);
  }
}

const char *metric_unit_name(enum metric_unit unit)
{
  static const char *const names[] = {
      [METRIC_NS] = "ns",       [METRIC_BYTES] = "bytes", [METRIC_BYTE_SECONDS] = "byte seconds",
      [METRIC_SHARE] = "share", [METRIC_COUNT] = "count", [METRIC_PER_SECOND] = "per second",
      [METRIC_RATIO] = "ratio",
  };
  return names[unit];
}
