/*
 * decay: radioactive objects, whose age says nothing about how long they will still live.
 *
 * The negative control for everything that bets on age.  Baker (Infant mortality and generational garbage collection,
 * 1993) put the case: where objects die as atoms decay, the young are no more likely to die than the old, and a
 * collector of the young alone finds no more garbage than one of the same number of old objects would.  Clinger and
 * Rojas (Linear combinations of radioactive decay models for generational garbage collection, 2006) made it a model.
 *
 * The half-life is counted in allocations.  L objects are live, and each allocation replaces one of them, drawn
 * uniformly: every object dies at every step with probability 1/L, so lifetimes are geometric, exactly, from the first
 * replacement on.  Half of any set of objects is gone after h steps where (1 - 1/L)^h = 1/2, which is
 * L = h / ln 2 + 1/2 to within 1/h.
 *
 * Objects have no references, so that nothing but the draw decides when one dies.  What holds them are lists of
 * `list_length` places under one root list: a new object is stored into an old list, at random.  With short lists that
 * costs a collector which remembers lists little more than the new object; `list_length` as large as the live set makes
 * it one large array.
 */
#include "workloads/workload.h"

#include "workloads/payload.h"

enum { HALF_LIFE, HALF_LIVES, OBJECT_BYTES, LIST_LENGTH, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [HALF_LIFE] = {.name = "half_life",
                   .unit = "objects",
                   .type = SETTING_INTEGER,
                   .scale = SETTING_LOG,
                   .default_value = 200000,
                   .small_value = 60,
                   .large_value = 1000000,
                   .minimum = 1,
                   .maximum = 100000000,
                   .help = "allocations after which half of all objects are dead; 1.44 times as many are live"},
    [HALF_LIVES] = {.name = "half_lives",
                    .unit = "half-lives",
                    .type = SETTING_INTEGER,
                    .scale = SETTING_LOG,
                    .default_value = 20,
                    .small_value = 12,
                    .large_value = 20,
                    .minimum = 1,
                    .maximum = 1000000,
                    .help = "how long objects are replaced, in half-lives"},
    [OBJECT_BYTES] = {.name = "object_bytes",
                      .unit = "bytes",
                      .type = SETTING_BYTES,
                      .scale = SETTING_LOG,
                      .default_value = 40,
                      .small_value = 21,
                      .large_value = 40,
                      .minimum = PAYLOAD_STAMP_BYTES,
                      .maximum = 1 << 20,
                      .help = "raw bytes of an object"},
    [LIST_LENGTH] = {.name = "list_length",
                     .unit = "places",
                     .type = SETTING_INTEGER,
                     .scale = SETTING_LOG,
                     .default_value = 64,
                     .small_value = 8,
                     .large_value = 64,
                     .minimum = 1,
                     .maximum = 1000000000,
                     .help = "places in a list; as many as are live: all in one array"},
};

struct decay {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *lists; /* root slots */
  gc_ref *object;
  struct gc_shape shape;
  uint32_t live, list_length;
  uint64_t salt;
};

/* Objects that are live at this half-life; see above. */
static uint64_t live_objects(int64_t half_life) { return (uint64_t)((double)half_life * 1.4426950408889634 + 1.0); }

static gc_ref list_of(const struct decay *d, uint32_t place)
{
  return gc_load(d->mutator, *d->lists, place / d->list_length);
}

/* Makes the object with this number and puts it into the place; what was there dies. */
static void put(const struct decay *d, uint32_t place, uint64_t number)
{
  gc_new(d->mutator, d->object, d->shape);
  payload_fill(gc_bytes(*d->object, 0), d->shape.bytes, d->salt + number);
  gc_store(d->mutator, list_of(d, place), place % d->list_length, *d->object);
}

static void read_place(const struct decay *d, uint32_t place)
{
  const gc_ref object = gc_load(d->mutator, list_of(d, place), place % d->list_length);
  workload_checksum(d->run, payload_digest(gc_bytes(object, 0), d->shape.bytes));
}

static void make_lists(const struct decay *d)
{
  const uint32_t lists = (d->live - 1) / d->list_length + 1;
  gc_new(d->mutator, d->lists, (struct gc_shape){.fields = lists, .kind = GC_LIST});
  for (uint32_t i = 0; i < lists; i++) {
    const uint32_t left = d->live - i * d->list_length;
    const uint32_t length = left < d->list_length ? left : d->list_length;
    gc_new(d->mutator, d->object, (struct gc_shape){.fields = length, .kind = GC_LIST});
    gc_store(d->mutator, *d->lists, i, *d->object);
  }
}

static void run_decay(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  enum { LISTS, OBJECT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  const struct decay d = {.run = run,
                          .mutator = run->mutator,
                          .lists = &frame.slot[LISTS],
                          .object = &frame.slot[OBJECT],
                          .shape = {.bytes = (uint32_t)p[OBJECT_BYTES], .kind = GC_INSTANCE},
                          .live = (uint32_t)live_objects(p[HALF_LIFE]),
                          .list_length = (uint32_t)p[LIST_LENGTH],
                          .salt = random_u64(&run->random)};
  const uint64_t total = d.live + (uint64_t)p[HALF_LIFE] * (uint64_t)p[HALF_LIVES];
  const uint64_t mask = workload_progress_mask(total);

  workload_phase(run, "fill");
  make_lists(&d);
  for (uint32_t place = 0; place < d.live; place++) {
    put(&d, place, place);
    if ((place & mask) == 0) workload_progress(run, place, total);
  }

  workload_phase(run, "decay");
  for (uint64_t number = d.live; number < total; number++) {
    const uint32_t place = random_below(&run->random, d.live);
    read_place(&d, place);
    put(&d, place, number);
    if ((number & mask) == 0) workload_progress(run, number, total);
  }

  workload_phase(run, "check");
  for (uint32_t place = 0; place < d.live; place++) read_place(&d, place);
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_decay = {
    .name = "decay",
    .summary = "objects that die as atoms decay, at any age alike: the negative control for generations",
    .source = "Baker (1993), Infant mortality and generational garbage collection; Clinger and Rojas (2006)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_decay,
};
