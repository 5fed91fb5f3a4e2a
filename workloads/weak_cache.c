/*
 * weak_cache: a cache that keeps nothing alive; only what was asked for last is held.
 *
 * A table of weak references by key, and a ring of references to the values that were asked for last, a fifth as many
 * as there are keys.  Where the weak reference of a key still yields the value, that is a hit, and else the value is
 * made anew, the same as before, with a new weak reference to it.  So a collector decides how good the cache is: one
 * that frees at once has few hits; one that collects seldom has many, and more memory.  How much it costs to clear
 * 10^5 weak references, and to tell the program, is what is measured.
 *
 * With callbacks, as Python's WeakValueDictionary has them, the program is told of each reference that was cleared, and
 * tidies its table when these are a quarter of it, as Java's WeakHashMap does from its queue.
 *
 * The checksum depends on values alone, which are the same whenever they are made, not on hits.  How many objects are
 * made does depend on the collector.
 */
#include "workloads/workload.h"

#include "collectors/collector.h"
#include "workloads/payload.h"
#include "workloads/sampler.h"

enum { ENTRIES, STRONG, REQUESTS, VALUE_BYTES, CALLBACKS, SAMPLE, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [ENTRIES] = {.name = "entries",
                 .unit = "entries",
                 .type = SETTING_INTEGER,
                 .scale = SETTING_LOG,
                 .default_value = 100000,
                 .small_value = 60,
                 .large_value = 100000,
                 .minimum = 1,
                 .maximum = 100000000,
                 .help = "keys, each with a weak reference (canonical: 10^5)"},
    [STRONG] = {.name = "strong",
                .unit = "percent",
                .type = SETTING_INTEGER,
                .default_value = 20,
                .small_value = 20,
                .large_value = 20,
                .minimum = 0,
                .maximum = 100,
                .help = "values that are held at a time, as a share of the keys (canonical: 20)"},
    [REQUESTS] = {.name = "requests",
                  .unit = "requests",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 500000,
                  .small_value = 400,
                  .large_value = 5000000,
                  .minimum = 1,
                  .maximum = 1000000000,
                  .help = "requests for random keys"},
    [VALUE_BYTES] = {.name = "value_bytes",
                     .unit = "bytes",
                     .type = SETTING_BYTES,
                     .scale = SETTING_LOG,
                     .default_value = 64,
                     .small_value = 8,
                     .large_value = 64,
                     .minimum = PAYLOAD_STAMP_BYTES,
                     .maximum = 1 << 24,
                     .help = "size of the smallest values; the largest are eight times as large"},
    [CALLBACKS] = {.name = "callbacks",
                   .unit = "",
                   .type = SETTING_BOOLEAN,
                   .default_value = 1,
                   .small_value = 1,
                   .large_value = 1,
                   .minimum = 0,
                   .maximum = 1,
                   .help = "the program is told of each weak reference that was cleared, and tidies up"},
    [SAMPLE] = SAMPLER_ROW(1, 10, "requests"),
};

enum { DATA, VALUE_FIELDS };

enum { SIZES = 8, TIDY_PART = 4 };

static const struct gc_shape value_shape = {.fields = VALUE_FIELDS, .bytes = sizeof(uint64_t), .kind = GC_INSTANCE};

struct cache {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *weaks; /* root slots: weak references by key; the values that are held; and what is in hand */
  gc_ref *ring;
  gc_ref *value;
  gc_ref *part;
  uint32_t entries, strong;
  uint32_t cleared; /* weak references that were cleared since the table was tidied */
  uint64_t salt;
};

static uint64_t *value_key(gc_ref value) { return gc_bytes(value, VALUE_FIELDS); }

static uint32_t data_bytes(const struct cache *c, uint64_t key)
{
  return (uint32_t)c->run->parameters[VALUE_BYTES] * (uint32_t)(1 + key % SIZES);
}

static uint64_t digest_value(const struct cache *c, gc_ref value)
{
  const uint64_t key = *value_key(value);
  return payload_digest(gc_bytes(gc_load(c->mutator, value, DATA), 0), data_bytes(c, key)) * 31 + key;
}

static void note_cleared(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  (void)mutator;
  (void)slot;
  struct cache *c = context;
  c->cleared++;
}

/* The value of a key, which is not to be had any more, is made again, and is in hand. */
static void make_value(struct cache *c, uint32_t key)
{
  struct gc_mutator *mutator = c->mutator;
  const uint32_t bytes = data_bytes(c, key);
  gc_new(mutator, c->part, (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
  payload_fill(gc_bytes(*c->part, 0), bytes, c->salt + key);
  gc_new(mutator, c->value, value_shape);
  *value_key(*c->value) = key;
  gc_store(mutator, *c->value, DATA, *c->part);
  const struct gc_hook callback = {.function = c->run->parameters[CALLBACKS] ? note_cleared : NULL, .context = c};
  gc_new_weak(mutator, c->part, c->value, callback);
  gc_store(mutator, *c->weaks, key, *c->part);
  gc_root(mutator, c->part, NULL);
}

/* The value of this key, or NULL. */
static gc_ref find(const struct cache *c, uint32_t key)
{
  const gc_ref weak = gc_load(c->mutator, *c->weaks, key);
  return weak == NULL ? NULL : gc_weak_get(c->mutator, weak);
}

/* Lets go of weak references that yield nothing. */
static void tidy(struct cache *c)
{
  c->cleared = 0;
  for (uint32_t key = 0; key < c->entries; key++) {
    if (gc_load(c->mutator, *c->weaks, key) != NULL && find(c, key) == NULL) gc_store(c->mutator, *c->weaks, key, NULL);
  }
}

/* Request number i. */
static void request(struct cache *c, uint64_t i, uint32_t key)
{
  gc_root(c->mutator, c->value, find(c, key));
  if (*c->value == NULL) make_value(c, key);
  workload_checksum(c->run, digest_value(c, *c->value));
  gc_store(c->mutator, *c->ring, (uint32_t)(i % c->strong), *c->value);
  gc_root(c->mutator, c->value, NULL);
  if (c->cleared > c->entries / TIDY_PART) tidy(c);
}

/* Reads what is held, and sees that whatever weak references yield has its key and data; no safepoint in all of it. */
static void check(const struct cache *c)
{
  for (uint32_t i = 0; i < c->strong; i++) {
    const gc_ref value = gc_load(c->mutator, *c->ring, i);
    if (value != NULL) workload_checksum(c->run, digest_value(c, value));
  }
  uint64_t astray = 0;
  for (uint32_t key = 0; key < c->entries; key++) {
    const gc_ref value = find(c, key);
    if (value == NULL) continue;
    const uint64_t stamp = *(const uint64_t *)gc_bytes(gc_load(c->mutator, value, DATA), 0);
    astray += *value_key(value) != key || stamp != c->salt + key;
  }
  workload_checksum(c->run, astray);
}

static void run_phases(struct cache *c)
{
  struct workload_run *run = c->run;
  const uint64_t requests = (uint64_t)run->parameters[REQUESTS];
  const uint64_t mask = workload_progress_mask(requests);
  workload_phase(run, "fill");
  for (uint32_t key = 0; key < c->entries; key++) request(c, key, key);

  workload_phase(run, "serve");
  struct sampler sampler;
  sampler_begin(&sampler, run->parameters[SAMPLE]);
  for (uint64_t i = 0; i < requests; i++) {
    request(c, c->entries + i, random_below(&run->random, c->entries));
    sampler_note(run, &sampler);
    if ((i & mask) == 0) workload_progress(run, i, requests);
  }
  sampler_end(run, &sampler);

  workload_phase(run, "check");
  check(c);
  workload_progress(run, 1, 1);
}

static void run_weak_cache(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  const int64_t strong = p[ENTRIES] * p[STRONG] / 100;
  enum { WEAKS, RING, VALUE, PART, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct cache cache = {.run = run,
                        .mutator = run->mutator,
                        .weaks = &frame.slot[WEAKS],
                        .ring = &frame.slot[RING],
                        .value = &frame.slot[VALUE],
                        .part = &frame.slot[PART],
                        .entries = (uint32_t)p[ENTRIES],
                        .strong = strong > 1 ? (uint32_t)strong : 1,
                        .salt = random_u64(&run->random)};
  gc_new(run->mutator, cache.weaks, (struct gc_shape){.fields = cache.entries, .kind = GC_LIST});
  gc_new(run->mutator, cache.ring, (struct gc_shape){.fields = cache.strong, .kind = GC_LIST});
  run_phases(&cache);
  gc_root(run->mutator, cache.weaks, NULL); /* before the values, so that no callback comes when the cache is gone */
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_weak_cache = {
    .name = "weak_cache",
    .summary = "a table of weak references, a fifth of whose values are held; the others may go any time",
    .source = "gclab; after Python's WeakValueDictionary and Java's WeakHashMap",
    .needs = COLLECTOR_WEAK,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_weak_cache,
};
