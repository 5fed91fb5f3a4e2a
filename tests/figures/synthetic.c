/*
 * Made-up results with the shape of real ones: pauses of a generation grow with its threshold, the thresholds of older
 * generations multiply, growth factors trade time for space.  Everything follows from seeds, so a store is the same
 * each time.
 */
#include "tests/figures/synthetic.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/store/store.h"

enum { TRIALS = 3, CELLS_MAX = 400, ROWS_MAX = 1000000, WORK_START_NS = 250000000, REQUESTS = 2000, POINTS = 400 };

struct made_cell {
  char id[33], knobs[256], varied[128];
  const char *collector, *version, *workload, *allocator, *outcome;
  int threshold0, threshold1;
  double growth;
};

static struct made_cell made[CELLS_MAX];
static size_t made_count;
static struct journal_row *rows;
static struct random noise;

static double normal(void)
{
  const double u = random_unit(&noise) + 1e-12, v = random_unit(&noise);
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static struct made_cell *add(const char *collector, const char *workload)
{
  struct made_cell *cell = &made[made_count];
  *cell = (struct made_cell){.collector = collector,
                             .version = "0.1.0",
                             .workload = workload,
                             .allocator = "jemalloc",
                             .outcome = "ok",
                             .threshold0 = 700,
                             .threshold1 = 10,
                             .growth = 2};
  if (strcmp(collector, "cpython") == 0) cell->version = "3.11.2";
  if (strcmp(collector, "boehm") == 0) cell->version = "8.2.2";
  if (strcmp(collector, "none") == 0 || strcmp(collector, "semispace") == 0) cell->allocator = "own";
  if (strcmp(collector, "marksweep") == 0) cell->allocator = "blocks";
  snprintf(cell->id, sizeof cell->id, "%032zx", ++made_count);
  return cell;
}

static void describe_knobs(struct made_cell *cell)
{
  const bool counting = strcmp(cell->collector, "refcount_cyclic") == 0 || strcmp(cell->collector, "cpython") == 0;
  strcpy(cell->knobs, "{}");
  strcpy(cell->varied, "{}");
  if (counting) {
    snprintf(cell->knobs, sizeof cell->knobs, "{\"threshold0\":\"%d\",\"threshold1\":\"%d\",\"threshold2\":\"10\"}",
             cell->threshold0, cell->threshold1);
    char first[48] = "", second[48] = "";
    if (cell->threshold0 != 700) snprintf(first, sizeof first, "\"threshold0\":\"%d\"", cell->threshold0);
    if (cell->threshold1 != 10) snprintf(second, sizeof second, "\"threshold1\":\"%d\"", cell->threshold1);
    snprintf(cell->varied, sizeof cell->varied, "{%s%s%s}", first, first[0] && second[0] ? "," : "", second);
  } else if (strcmp(cell->collector, "marksweep") == 0) {
    snprintf(cell->knobs, sizeof cell->knobs, "{\"growth_factor\":\"%g\",\"heap_limit\":\"0\"}", cell->growth);
    if (cell->growth != 2) snprintf(cell->varied, sizeof cell->varied, "{\"growth_factor\":\"%g\"}", cell->growth);
  }
}

static void plan_wide(void)
{
  static const char *const collectors[] = {"none",      "refcount", "refcount_cyclic", "marksweep",
                                           "semispace", "boehm",    "cpython",         "manual"};
  static const char *const workloads[] = {
      "gcbench",   "binary_trees", "splay",         "sliding_window", "cycles",         "hash_churn",
      "lru_cache", "hyperalloc",   "message_queue", "weak_cache",     "nqueens_lists",  "request_server",
      "deltablue", "json_trees",   "compiler",      "string_mix",     "python_objects", "big_array",
      "long_list", "decay",        "fragmentation", "tangles"};
  for (size_t w = 0; w < sizeof workloads / sizeof workloads[0]; w++) {
    for (size_t c = 0; c < sizeof collectors / sizeof collectors[0]; c++) add(collectors[c], workloads[w]);
  }
}

static void plan_cells(unsigned parts)
{
  static const char *const collectors[] = {"none", "refcount", "refcount_cyclic", "marksweep", "boehm", "cpython"};
  static const char *const workloads[] = {"gcbench", "cycles", "splay"};
  static const int thresholds0[] = {50, 100, 200, 400, 700, 1500, 3000, 7000, 20000, 50000};
  static const int thresholds1[] = {2, 5, 10, 20, 50};
  static const double growths[] = {1.2, 1.5, 2, 3, 4, 6};
  made_count = 0;
  for (int w = 0; w < 3 && parts & SYNTHETIC_DEFAULTS; w++) {
    for (int c = 0; c < 6; c++) add(collectors[c], workloads[w]);
  }
  for (int w = 0; w < 2 && parts & SYNTHETIC_SWEEP; w++) {
    for (int c = 2; c < 6; c += 3) {
      for (int t = 0; t < 10; t++) {
        if (thresholds0[t] == 700 && parts & SYNTHETIC_DEFAULTS) continue;
        add(collectors[c], workloads[w])->threshold0 = thresholds0[t];
      }
    }
  }
  for (int t = 0; t < 10 && parts & SYNTHETIC_GRID; t++) {
    for (int u = 0; u < 5; u++) {
      if (thresholds1[u] == 10 && parts & SYNTHETIC_SWEEP) continue;
      if (thresholds1[u] == 10 && thresholds0[t] == 700 && parts & SYNTHETIC_DEFAULTS) continue;
      if (t == 4 && u == 1) continue; /* not run */
      struct made_cell *cell = add("refcount_cyclic", "cycles");
      cell->threshold0 = thresholds0[t];
      cell->threshold1 = thresholds1[u];
      if (t == 9 && u == 4) cell->outcome = "out_of_memory";
      if (t == 0 && u == 0) cell->outcome = "timed_out";
    }
  }
  for (int w = 0; w < 3 && parts & SYNTHETIC_GROWTH; w++) {
    for (int g = 0; g < 6; g++) {
      if (growths[g] == 2 && parts & SYNTHETIC_DEFAULTS) continue;
      add("marksweep", workloads[w])->growth = growths[g];
    }
  }
  if (parts & SYNTHETIC_ALLOCATORS) add("refcount", "gcbench")->allocator = "glibc";
  if (parts & SYNTHETIC_LARGE) add("refcount", "graph_churn");
  if (parts & SYNTHETIC_WIDE) plan_wide();
  for (size_t i = 0; i < made_count; i++) describe_knobs(&made[i]);
}

struct shape {
  uint64_t wall_ns, live_bytes, garbage_bytes; /* the heap swings between live and live + garbage */
  int collections;
  double pause_ns, spread;
  bool generations, cascades;
};

static struct shape shape_of(const struct made_cell *cell)
{
  const double work = strcmp(cell->workload, "gcbench") == 0 ? 1 : strcmp(cell->workload, "cycles") == 0 ? 0.7 : 1.6;
  struct shape shape = {.wall_ns = (uint64_t)(6e8 * work), .live_bytes = 40u << 20, .garbage_bytes = 30u << 20};
  if (strcmp(cell->collector, "none") == 0) {
    shape.garbage_bytes = 900u << 20;
  } else if (strcmp(cell->collector, "refcount") == 0) {
    shape = (struct shape){(uint64_t)(8.2e8 * work), 40u << 20, 2u << 20, 0, 3000, 1.1, false, true};
    if (strcmp(cell->allocator, "glibc") == 0) shape.wall_ns = shape.wall_ns * 13 / 10;
  } else if (strcmp(cell->collector, "marksweep") == 0) {
    const double extra = cell->growth - 1;
    shape.wall_ns = (uint64_t)(6e8 * work * (1 + 0.35 / extra));
    shape.garbage_bytes = (uint64_t)((40u << 20) * extra);
    shape.collections = (int)(40 / extra);
    shape.pause_ns = 5e6;
    shape.spread = 0.3;
  } else if (strcmp(cell->collector, "semispace") == 0) {
    shape.wall_ns = (uint64_t)(9e8 * work);
    shape.collections = 55;
    shape.pause_ns = 7e6;
    shape.spread = 0.3;
  } else if (strcmp(cell->collector, "manual") == 0) {
    shape.garbage_bytes = 0;
  } else if (strcmp(cell->collector, "boehm") == 0) {
    shape = (struct shape){(uint64_t)(2.4e9 * work), 55u << 20, 40u << 20, 30, 2.1e7, 0.25, false, false};
  } else {
    const bool ours = strcmp(cell->collector, "refcount_cyclic") == 0;
    const double t = cell->threshold0 / 700.0;
    shape.wall_ns = (uint64_t)((ours ? 1.0e9 : 2.3e9) * work * (1 + 0.08 / t));
    shape.live_bytes = ours ? 46u << 20 : 60u << 20;
    shape.garbage_bytes = (uint64_t)(4e6 + 6e5 * t);
    shape.collections = (int)fmin(2500 / t, 20000);
    shape.pause_ns = (ours ? 9e3 : 3e4) * t;
    shape.spread = 0.35;
    shape.generations = true;
    shape.cascades = ours;
  }
  return shape;
}

static int compare_rows(const void *a, const void *b)
{
  const struct journal_row *x = a, *y = b;
  return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static bool has_phases(const struct made_cell *cell) { return strcmp(cell->workload, "cycles") == 0; }

static size_t make_rows(const struct made_cell *cell, const struct shape *shape, int cascades)
{
  size_t n = 0;
  for (int i = 0; i < shape->collections; i++) {
    struct journal_row *row = &rows[n++];
    *row = (struct journal_row){.kind = JOURNAL_COLLECTION, .generation = 2};
    double scale = 1;
    if (shape->generations) {
      const int every = cell->threshold1 + 1;
      row->generation = i % every != every - 1 ? 0 : (i / every) % 11 != 10 ? 1 : 2;
      scale = row->generation == 0 ? 1 : row->generation == 1 ? pow(every, 0.8) : 800 / (cell->threshold0 / 700.0);
    }
    row->start_ns = (uint64_t)((double)shape->wall_ns * (i + 0.5) / shape->collections);
    row->duration_ns = (uint64_t)(shape->pause_ns * scale * exp(shape->spread * normal()));
    row->mark_ns = row->duration_ns / 2;
    row->heap_before_bytes = shape->live_bytes + shape->garbage_bytes;
    row->heap_after_bytes = shape->live_bytes + (row->generation < 2 ? shape->garbage_bytes / 2 : 0);
  }
  for (int i = 0; i < cascades; i++) {
    struct journal_row *row = &rows[n++];
    *row = (struct journal_row){.kind = JOURNAL_CASCADE, .cause = JOURNAL_RELEASE};
    row->start_ns = (uint64_t)(random_unit(&noise) * (double)shape->wall_ns);
    row->duration_ns = 1000 + (uint64_t)(800 * exp(1.5 * normal()));
    row->heap_before_bytes = shape->live_bytes + shape->garbage_bytes;
    row->heap_after_bytes = row->heap_before_bytes - row->duration_ns;
  }
  qsort(rows, n, sizeof *rows, compare_rows);
  for (size_t i = 0; i < n; i++) rows[i].phase = has_phases(cell) && rows[i].start_ns >= WORK_START_NS;
  return n;
}

/* Arrivals on a schedule; now and then one waits for a pause. */
static void make_requests(const struct shape *shape, struct journal_request *requests)
{
  for (size_t i = 0; i < REQUESTS; i++) {
    const double wait = random_unit(&noise) < 0.02 ? shape->pause_ns + 1e5 : 0;
    requests[i] = (struct journal_request){i * (shape->wall_ns / REQUESTS),
                                           (uint64_t)(2e4 * exp(0.3 * normal()) + wait * random_unit(&noise))};
  }
}

/* What floats swings between nothing and the garbage. */
static void make_floating(const struct shape *shape, struct store_floating *points)
{
  for (size_t i = 0; i < POINTS; i++) {
    const uint64_t garbage = (uint64_t)((double)shape->garbage_bytes * fmod((double)i * 0.17, 1));
    points[i] =
        (struct store_floating){i * (shape->wall_ns / POINTS), i << 20, shape->live_bytes + garbage, shape->live_bytes};
  }
}

static bool put_noise(struct store *store)
{
  struct store_noise row = {.campaign_id = "0123456789abcdef0123456789abcdef",
                            .at = "2026-01-01T00:00:00.000Z",
                            .moment = "before",
                            .block = STORE_NONE,
                            .span_ns = 100000000,
                            .floor_ns = 1000,
                            .gaps = 40,
                            .lost_ns = 900000,
                            .longest_ns = 150000};
  row.histogram[12] = 30;
  row.histogram[14] = 9;
  row.histogram[17] = 1;
  return store_put_noise(store, &row);
}

static bool put_trial(struct store *store, const struct made_cell *cell, int block)
{
  char id[40];
  snprintf(id, sizeof id, "%.24s%08d", cell->id + 8, block);
  const struct shape shape = shape_of(cell);
  const bool ok = strcmp(cell->outcome, "ok") == 0;
  const int cascades = shape.cascades ? (strcmp(cell->workload, "graph_churn") == 0 ? ROWS_MAX : 1200) : 0;
  const size_t n = ok ? make_rows(cell, &shape, cascades) : 0;
  uint64_t gc_ns = 0, longest = 0;
  for (size_t i = 0; i < n; i++) {
    gc_ns += rows[i].duration_ns;
    if (rows[i].duration_ns > longest) longest = rows[i].duration_ns;
  }
  uint64_t histogram[JOURNAL_HISTOGRAM_BUCKETS] = {0};
  histogram[8] = 5000;
  histogram[9] = 3000;
  struct store_heap_sample heap[200];
  for (size_t i = 0; i < 200; i++) {
    const double part = fmod((double)i * (shape.collections > 0 ? 0.13 : 1.0 / 200), 1);
    const uint64_t bytes = shape.live_bytes * (i < 20 ? i : 20) / 20 + (uint64_t)((double)shape.garbage_bytes * part);
    heap[i] = (struct store_heap_sample){i * shape.wall_ns / 200, bytes, bytes * 5 / 4, i << 20, 0};
  }
  const bool serves = strcmp(cell->workload, "splay") == 0;
  const bool floats = strcmp(cell->workload, "gcbench") == 0 || strcmp(cell->workload, "cycles") == 0;
  static struct journal_request requests[REQUESTS];
  static struct store_floating floating[POINTS];
  if (serves) make_requests(&shape, requests);
  if (floats) make_floating(&shape, floating);
  static const struct journal_phase phases[] = {{"build", 0}, {"work", WORK_START_NS}};
  const struct store_trial trial = {
      .id = id,
      .campaign_id = "0123456789abcdef0123456789abcdef",
      .cell_id = cell->id,
      .outcome = cell->outcome,
      .started_at = "2026-01-01T00:00:00.000Z",
      .allocator = "jemalloc 5.3.0",
      .checksum = ok ? "1234" : NULL,
      .record = "{}",
      .block = block,
      .seed = block + 1,
      .signal = STORE_NONE,
      .wall_ns = ok ? (int64_t)((double)shape.wall_ns * exp(0.02 * normal())) : STORE_NONE,
      .cpu_ns = (int64_t)shape.wall_ns,
      .gc_ns = ok ? (int64_t)gc_ns : STORE_NONE,
      .process_ns = (int64_t)shape.wall_ns,
      .pauses = ok ? (int64_t)(n + (shape.cascades ? 8000 : 0)) : STORE_NONE,
      .pause_max_ns = (int64_t)longest,
      .pause_p50_ns = STORE_NONE,
      .pause_p99_ns = STORE_NONE,
      .collections = shape.collections,
      .allocations = 1000000,
      .allocated_bytes = (int64_t)POINTS << 20,
      .peak_heap_bytes = (int64_t)(shape.live_bytes + shape.garbage_bytes),
      .peak_footprint_bytes = STORE_NONE,
      .vmhwm_bytes = 100 << 20,
  };
  const struct store_series series = {
      .pauses = rows,
      .pause_count = n,
      .heap = heap,
      .heap_count = ok ? 200 : 0,
      .requests = requests,
      .request_count = ok && serves ? REQUESTS : 0,
      .floating = floating,
      .floating_count = ok && floats ? POINTS : 0,
      .phases = phases,
      .phase_count = has_phases(cell) ? 2 : 0,
      .short_histogram = shape.cascades ? histogram : NULL,
      .short_count = shape.cascades ? 8000 : 0,
      .short_ns = shape.cascades ? 3000000 : 0,
      .cascade_floor_ns = 1000,
  };
  return store_put_trial(store, &trial, &series);
}

bool synthetic_make(const char *path, unsigned parts)
{
  random_seed(&noise, 11);
  plan_cells(parts);
  rows = malloc((ROWS_MAX + 50000) * sizeof *rows);
  struct store_cell *cells = calloc(made_count + 1, sizeof *cells);
  struct store *store = rows != NULL && cells != NULL ? store_open(path, STORE_WRITE) : NULL;
  bool ok = store != NULL;
  for (size_t i = 0; ok && i < made_count; i++) {
    cells[i] = (struct store_cell){.id = made[i].id,
                                   .collector = made[i].collector,
                                   .collector_version = made[i].version,
                                   .build_id = "b",
                                   .workload = made[i].workload,
                                   .knobs = made[i].knobs,
                                   .parameters = "{}",
                                   .varied = made[i].varied,
                                   .size = "default",
                                   .position = i,
                                   .allocator = made[i].allocator};
  }
  const struct store_host host = {
      .id = "h", .name = "test", .environment = "{\"cpu\":\"Intel(R) Xeon(R) CPU @ 2.50GHz\",\"cores\":2}"};
  const struct store_campaign campaign = {.id = "0123456789abcdef0123456789abcdef",
                                          .name = "synthetic",
                                          .host_id = "h",
                                          .plan = "name: synthetic\n",
                                          .command = "test",
                                          .version = "0.1.0",
                                          .revision = "test",
                                          .created_at = "2026-01-01T00:00:00.000Z",
                                          .updated_at = "2026-01-01T00:00:00.000Z",
                                          .status = "complete",
                                          .seed = 1,
                                          .blocks = TRIALS};
  ok = ok && store_put_campaign(store, &host, &campaign, cells, made_count);
  for (size_t i = 0; ok && i < made_count; i++) {
    for (int block = 0; ok && block < TRIALS; block++) ok = put_trial(store, &made[i], block);
  }
  ok = ok && put_noise(store);
  if (store != NULL) store_close(store);
  free(cells);
  free(rows);
  return ok;
}
