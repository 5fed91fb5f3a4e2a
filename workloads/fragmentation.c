/*
 * fragmentation: survivors that keep much more memory than they need.
 *
 * Objects of one size after another are made, and most of each die, so that what is left lies scattered among holes
 * that the next size does not fit into.  A collector that does not move objects cannot use the holes; what it occupies
 * beyond the live bytes is what this workload is for.  All sizes are powers of two, the header counted in.  Each object
 * refers to the one of its size that was made before it, and nothing else holds it.
 *
 *   checkerboard   GCBenchmarks' exploit_free_list (JuliaCI): `bytes` of the smallest size, of which every second
 *                  object is kept (or one in `keep_one_in`: one a page), then the same with the next size, up to the
 *                  largest.
 *   alternate      objects of the smallest and of the largest size in turn, `bytes` in all; the small ones are kept.
 *   robson         Robson's adversary (An estimate of the store size necessary for dynamic storage allocation, JACM
 *                  1971; Bounds for some functions concerning dynamic storage allocation, JACM 1974).  M = `bytes` of
 *                  the smallest size are made.  Then, for each size s after it, objects die until each interval of s
 *                  bytes, of those that memory is divided into from a certain offset on, holds no more than one; that
 *                  leaves no hole of s, and M/2 live; and objects of s are made until M is live again.
 *
 * With n the largest size in units of the smallest, Robson's program makes every allocator that cannot move objects
 * need M (log2(n)/2 + 1) - n + 1 units, with M live.  It does so because it looks at addresses: at each size it takes
 * the offset at which most is wasted.  Here it may not look, since what it does would then depend on the collector.  So
 * it plays the game that it would play against an allocator that lays objects of a size side by side in the order in
 * which they are made, where nothing lived before.  There all offsets waste the same, and what is kept is every second
 * object of each list at each step.
 *
 * Against such an allocator the bound holds: M and then log2(n) times M/2 are made, and no hole can be used.  (A bump
 * pointer, a first fit over untouched memory, size classes that fill fresh blocks.)  Size classes in blocks of B bytes
 * need the most at the size B: from then on whole blocks are free.  Objects in another order, or sizes to which an
 * allocator adds more than `header_bytes`, so that they do not double, make the program weaker; it is then no adversary
 * of that allocator, and the bound says nothing about the figure that comes out.
 */
#include "workloads/workload.h"

#include <stdio.h>

#include "workloads/payload.h"

enum { PATTERN, BYTES, SMALLEST, LARGEST, KEEP_ONE_IN, HEADER_BYTES, COLLECT, PARAMETERS };
enum { CHECKERBOARD, ALTERNATE, ROBSON };

static const char *const pattern_names[] = {"checkerboard", "alternate", "robson", NULL};

enum { NEXT, FIELDS };
enum { SMALLEST_BYTES = 32, LARGEST_BYTES = 1 << 30, SMALLEST_SHIFT = 5, SIZES_MAX = 26 };

static const struct setting parameters[PARAMETERS] = {
    [PATTERN] = {.name = "pattern",
                 .unit = "",
                 .type = SETTING_CHOICE,
                 .default_value = CHECKERBOARD,
                 .small_value = CHECKERBOARD,
                 .large_value = CHECKERBOARD,
                 .minimum = 0,
                 .maximum = ROBSON,
                 .choices = pattern_names,
                 .help = "who dies: every second object of a size, the large ones, or Robson's choice"},
    [BYTES] = {.name = "bytes",
               .unit = "bytes",
               .type = SETTING_BYTES,
               .scale = SETTING_LOG,
               .default_value = 24 << 20,
               .small_value = 4096,
               .large_value = 160 << 20,
               .minimum = SMALLEST_BYTES,
               .maximum = INT64_C(1) << 36,
               .help = "made of each size, in all (alternate), or live at most (robson) (GCBenchmarks: 160M a size)"},
    [SMALLEST] = {.name = "smallest",
                  .unit = "bytes",
                  .type = SETTING_BYTES,
                  .scale = SETTING_LOG,
                  .default_value = SMALLEST_BYTES,
                  .small_value = SMALLEST_BYTES,
                  .large_value = SMALLEST_BYTES,
                  .minimum = SMALLEST_BYTES,
                  .maximum = LARGEST_BYTES,
                  .help = "size of the first objects, a power of two (GCBenchmarks: 32)"},
    [LARGEST] = {.name = "largest",
                 .unit = "bytes",
                 .type = SETTING_BYTES,
                 .scale = SETTING_LOG,
                 .default_value = 64 << 10,
                 .small_value = 512,
                 .large_value = 64 << 10,
                 .minimum = SMALLEST_BYTES,
                 .maximum = LARGEST_BYTES,
                 .help = "size of the last objects, a power of two (GCBenchmarks: 2032)"},
    [KEEP_ONE_IN] = {.name = "keep_one_in",
                     .unit = "objects",
                     .type = SETTING_INTEGER,
                     .scale = SETTING_LOG,
                     .default_value = 2,
                     .small_value = 2,
                     .large_value = 2,
                     .minimum = 2,
                     .maximum = 1000000,
                     .help = "checkerboard: one of so many objects is kept (GCBenchmarks: 2, or one a page)"},
    [HEADER_BYTES] = {.name = "header_bytes",
                      .unit = "bytes",
                      .type = SETTING_BYTES,
                      .default_value = 8,
                      .small_value = 8,
                      .large_value = 8,
                      .minimum = 0,
                      .maximum = 16,
                      .help = "part of a size that is left to the collector (8), and to malloc beneath it (16)"},
    [COLLECT] = {.name = "collect",
                 .unit = "",
                 .type = SETTING_BOOLEAN,
                 .default_value = 1,
                 .small_value = 1,
                 .large_value = 1,
                 .minimum = 0,
                 .maximum = 1,
                 .help = "ask for a full collection before the next size, so that holes are known to be holes"},
};

/* A phase is called after the size that it makes. */
static const char *const size_names[SIZES_MAX] = {
    "32 B",   "64 B",   "128 B",  "256 B",   "512 B",   "1 KiB",   "2 KiB",   "4 KiB", "8 KiB",
    "16 KiB", "32 KiB", "64 KiB", "128 KiB", "256 KiB", "512 KiB", "1 MiB",   "2 MiB", "4 MiB",
    "8 MiB",  "16 MiB", "32 MiB", "64 MiB",  "128 MiB", "256 MiB", "512 MiB", "1 GiB",
};

struct fragmentation {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *lists;              /* root slots, one a size: all of the size that are kept, the last made first */
  gc_ref *node;               /* root slots */
  uint64_t kept[SIZES_MAX];   /* objects in the lists */
  uint64_t made, total_bytes; /* for the progress bar */
  uint64_t stamps, salt;
};

static uint64_t bytes_of(int size) { return UINT64_C(1) << (SMALLEST_SHIFT + size); }

static int size_of(int64_t bytes) { return __builtin_ctzll((uint64_t)bytes) - SMALLEST_SHIFT; }

static uint64_t raw_bytes(const struct fragmentation *f, int size)
{
  return bytes_of(size) - (uint64_t)f->run->parameters[HEADER_BYTES] - FIELDS * sizeof(gc_ref);
}

static void make_object(struct fragmentation *f, int size)
{
  const uint32_t bytes = (uint32_t)raw_bytes(f, size);
  gc_new(f->mutator, f->node, (struct gc_shape){.fields = FIELDS, .bytes = bytes, .kind = GC_INSTANCE});
  payload_fill(gc_bytes(*f->node, FIELDS), bytes, f->salt + f->stamps++);
  gc_store(f->mutator, *f->node, NEXT, f->lists[size]);
  gc_root(f->mutator, &f->lists[size], *f->node);
  f->kept[size]++;
  f->made += bytes_of(size);
}

static void make_objects(struct fragmentation *f, int size, uint64_t count)
{
  const uint64_t mask = workload_progress_mask(count);
  for (uint64_t i = 0; i < count; i++) {
    make_object(f, size);
    if ((i & mask) == 0) workload_progress(f->run, f->made, f->total_bytes);
  }
  gc_root(f->mutator, f->node, NULL);
}

static void read_object(const struct fragmentation *f, gc_ref object, int size)
{
  workload_checksum(f->run, payload_digest(gc_bytes(object, FIELDS), raw_bytes(f, size)));
}

/* Keeps the first of each so many objects of a size, and reads those that die. */
static void thin(struct fragmentation *f, int size, int64_t keep_one_in)
{
  struct gc_mutator *mutator = f->mutator;
  f->kept[size] = 0;
  for (gc_root(mutator, f->node, f->lists[size]); *f->node != NULL;
       gc_root(mutator, f->node, gc_load(mutator, *f->node, NEXT))) {
    f->kept[size]++;
    gc_ref next = gc_load(mutator, *f->node, NEXT);
    for (int64_t i = 1; i < keep_one_in && next != NULL; i++) {
      read_object(f, next, size);
      next = gc_load(mutator, next, NEXT);
    }
    gc_store(mutator, *f->node, NEXT, next);
  }
}

static void collect(const struct fragmentation *f)
{
  if (f->run->parameters[COLLECT]) gc_collect(f->mutator, GC_FULL);
}

static void run_checkerboard(struct fragmentation *f, int first, int last)
{
  const int64_t *p = f->run->parameters;
  f->total_bytes = (uint64_t)p[BYTES] * (uint64_t)(last - first + 1);
  for (int size = first; size <= last; size++) {
    workload_phase(f->run, size_names[size]);
    make_objects(f, size, (uint64_t)p[BYTES] / bytes_of(size));
    thin(f, size, p[KEEP_ONE_IN]);
    collect(f);
  }
}

static void run_alternate(struct fragmentation *f, int first, int last)
{
  const uint64_t pairs = (uint64_t)f->run->parameters[BYTES] / (bytes_of(first) + bytes_of(last));
  f->total_bytes = (uint64_t)f->run->parameters[BYTES];
  workload_phase(f->run, "alternate");
  for (uint64_t i = 0; i < pairs; i++) {
    make_objects(f, first, 1);
    make_objects(f, last, 1);
  }
  workload_phase(f->run, "drop");
  for (gc_ref object = f->lists[last]; object != NULL; object = gc_load(f->mutator, object, NEXT))
    read_object(f, object, last);
  gc_root(f->mutator, &f->lists[last], NULL);
  f->kept[last] = 0;
  collect(f);
}

static void run_robson(struct fragmentation *f, int first, int last)
{
  const uint64_t most = (uint64_t)f->run->parameters[BYTES];
  f->total_bytes = most + most / 2 * (uint64_t)(last - first);
  for (int size = first; size <= last; size++) {
    workload_phase(f->run, size_names[size]);
    uint64_t live = 0;
    for (int older = first; older < size; older++) {
      thin(f, older, 2);
      live += f->kept[older] * bytes_of(older);
    }
    collect(f);
    make_objects(f, size, (most - live) / bytes_of(size));
  }
}

static void run_fragmentation(struct workload_run *run)
{
  static void (*const patterns[])(struct fragmentation *, int, int) = {
      [CHECKERBOARD] = run_checkerboard, [ALTERNATE] = run_alternate, [ROBSON] = run_robson};
  const int64_t *p = run->parameters;
  enum { NODE = SIZES_MAX, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct fragmentation f = {.run = run,
                            .mutator = run->mutator,
                            .lists = frame.slot,
                            .node = &frame.slot[NODE],
                            .salt = random_u64(&run->random)};
  const int first = size_of(p[SMALLEST]), last = size_of(p[LARGEST]);
  patterns[p[PATTERN]](&f, first, last);

  workload_phase(run, "check");
  for (int size = first; size <= last; size++) {
    for (gc_ref object = f.lists[size]; object != NULL; object = gc_load(run->mutator, object, NEXT))
      read_object(&f, object, size);
    workload_checksum(run, f.kept[size]);
  }
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

static bool is_power_of_two(int64_t value) { return (value & (value - 1)) == 0; }

static bool validate_fragmentation(const int64_t *p, char *error)
{
  if (!is_power_of_two(p[SMALLEST]) || !is_power_of_two(p[LARGEST])) {
    snprintf(error, SETTING_ERROR_MAX, "smallest and largest must be powers of two");
    return false;
  }
  if (p[SMALLEST] >= p[LARGEST]) {
    snprintf(error, SETTING_ERROR_MAX, "smallest must be below largest: there would be one size alone");
    return false;
  }
  if (p[BYTES] < p[LARGEST] + p[SMALLEST]) {
    snprintf(error, SETTING_ERROR_MAX,
             "bytes must have room for one object of each size: smallest and largest together may not be above it");
    return false;
  }
  return true;
}

const struct workload workload_fragmentation = {
    .name = "fragmentation",
    .summary = "survivors among holes that the next size does not fit into: footprint against live bytes",
    .source = "JuliaCI/GCBenchmarks, exploit_free_list.jl; Robson (1974), Bounds for some functions",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_fragmentation,
    .run = run_fragmentation,
};
