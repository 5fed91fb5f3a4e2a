/*
 * big_array: one object with millions of references.
 *
 * GCBenchmarks' many_refs and single_ref (JuliaCI, serial/big_arrays), whose authors ask that the mark queue should not
 * overflow: a collector that pushes all fields of the array at once needs as large a mark stack as the array, and one
 * that cannot stop within an object has a pause that is as long as the array, whatever it promises otherwise.  The
 * array's references lead to as many objects (`many`) or all to the same one (`single`, whose count of references is
 * the array's length).  Two full collections follow, as there.
 *
 * Then the array is stored into while young objects are made.  Each object that is stored comes after `temporaries`
 * others that are dropped at once, so that most objects die young; but the array is old and refers to those that do
 * not.  Stores go to places at random, or in order.  A collector of the young that remembers objects looks at the whole
 * array each time, one that remembers cards at one card for each store at random, or for some hundred in order.
 */
#include "workloads/workload.h"

#include "workloads/payload.h"

enum { TARGET, LENGTH, COLLECTIONS, STORES, PLACE, TEMPORARIES, OBJECT_BYTES, PARAMETERS };
enum { TARGET_MANY, TARGET_SINGLE };
enum { PLACE_RANDOM, PLACE_IN_ORDER };

static const char *const target_names[] = {"many", "single", NULL};
static const char *const place_names[] = {"random", "in_order", NULL};

static const struct setting parameters[PARAMETERS] = {
    [TARGET] = {.name = "target",
                .unit = "",
                .type = SETTING_CHOICE,
                .default_value = TARGET_MANY,
                .small_value = TARGET_MANY,
                .large_value = TARGET_MANY,
                .minimum = 0,
                .maximum = TARGET_SINGLE,
                .choices = target_names,
                .help = "an object for each reference, or one for all (GCBenchmarks: many_refs, single_ref)"},
    [LENGTH] = {.name = "length",
                .unit = "references",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 2000000,
                .small_value = 150,
                .large_value = 20000000,
                .minimum = 1,
                .maximum = 500000000,
                .help = "references in the array (GCBenchmarks: 35791394 to many, 107374182 to a single one)"},
    [COLLECTIONS] = {.name = "full_collections",
                     .unit = "collections",
                     .type = SETTING_INTEGER,
                     .default_value = 2,
                     .small_value = 2,
                     .large_value = 2,
                     .minimum = 0,
                     .maximum = 1000,
                     .help = "full collections asked for once the array is filled (GCBenchmarks: 2)"},
    [STORES] = {.name = "stores",
                .unit = "stores",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 1000000,
                .small_value = 300,
                .large_value = 4000000,
                .minimum = 0,
                .maximum = 1000000000,
                .help = "young objects stored into the filled array (GCBenchmarks: 0)"},
    [PLACE] = {.name = "place",
               .unit = "",
               .type = SETTING_CHOICE,
               .default_value = PLACE_RANDOM,
               .small_value = PLACE_RANDOM,
               .large_value = PLACE_RANDOM,
               .minimum = 0,
               .maximum = PLACE_IN_ORDER,
               .choices = place_names,
               .help = "where they are stored"},
    [TEMPORARIES] = {.name = "temporaries",
                     .unit = "objects",
                     .type = SETTING_INTEGER,
                     .default_value = 3,
                     .small_value = 2,
                     .large_value = 3,
                     .minimum = 0,
                     .maximum = 1000,
                     .help = "objects made and dropped before each store"},
    [OBJECT_BYTES] = {.name = "object_bytes",
                      .unit = "bytes",
                      .type = SETTING_BYTES,
                      .scale = SETTING_LOG,
                      .default_value = 16,
                      .small_value = 13,
                      .large_value = 16,
                      .minimum = PAYLOAD_STAMP_BYTES,
                      .maximum = 1 << 20,
                      .help = "raw bytes of an object (GCBenchmarks: 8)"},
};

struct array {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *references, *object; /* root slots */
  struct gc_shape shape;
  uint32_t length;
  uint64_t made, total; /* objects */
  uint64_t progress_mask, salt;
};

static void make_object(struct array *a)
{
  gc_new(a->mutator, a->object, a->shape);
  payload_fill(gc_bytes(*a->object, 0), a->shape.bytes, a->salt + a->made);
  if ((a->made & a->progress_mask) == 0) workload_progress(a->run, a->made, a->total);
  a->made++;
}

static uint64_t digest_place(const struct array *a, uint32_t place)
{
  return payload_digest(gc_bytes(gc_load(a->mutator, *a->references, place), 0), a->shape.bytes);
}

static void fill(struct array *a)
{
  const bool many = a->run->parameters[TARGET] == TARGET_MANY;
  gc_new(a->mutator, a->references, (struct gc_shape){.fields = a->length, .kind = GC_LIST});
  for (uint32_t place = 0; place < a->length; place++) {
    if (many || place == 0) make_object(a);
    gc_store(a->mutator, *a->references, place, *a->object);
  }
}

/* The object at the place is read, and the young one that was made last takes its place. */
static void store(struct array *a, uint32_t place)
{
  for (int64_t i = 0; i <= a->run->parameters[TEMPORARIES]; i++) make_object(a);
  workload_checksum(a->run, digest_place(a, place));
  gc_store(a->mutator, *a->references, place, *a->object);
}

static void run_big_array(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  enum { REFERENCES, OBJECT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  const uint64_t filled = p[TARGET] == TARGET_MANY ? (uint64_t)p[LENGTH] : 1;
  const uint64_t total = filled + (uint64_t)(p[STORES] * (p[TEMPORARIES] + 1));
  struct array array = {.run = run,
                        .mutator = run->mutator,
                        .references = &frame.slot[REFERENCES],
                        .object = &frame.slot[OBJECT],
                        .shape = {.bytes = (uint32_t)p[OBJECT_BYTES], .kind = GC_INSTANCE},
                        .length = (uint32_t)p[LENGTH],
                        .total = total,
                        .progress_mask = workload_progress_mask(total),
                        .salt = random_u64(&run->random)};

  workload_phase(run, "fill");
  fill(&array);

  if (p[COLLECTIONS] > 0) workload_phase(run, "trace");
  for (int64_t i = 0; i < p[COLLECTIONS]; i++) gc_collect(run->mutator, GC_FULL);

  workload_phase(run, "store");
  for (uint64_t i = 0; i < (uint64_t)p[STORES]; i++)
    store(&array, p[PLACE] == PLACE_RANDOM ? random_below(&run->random, array.length) : (uint32_t)(i % array.length));

  workload_phase(run, "check");
  for (uint32_t place = 0; place < array.length; place++) workload_checksum(run, digest_place(&array, place));
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_big_array = {
    .name = "big_array",
    .summary = "one array of millions of references, traced, then stored into while young objects die",
    .source = "JuliaCI/GCBenchmarks, serial/big_arrays (many_refs.jl, single_ref.jl)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_big_array,
};
