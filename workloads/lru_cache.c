/*
 * lru_cache: a cache that drops the entry that was used least recently, and gives most of its memory back in the end.
 *
 * A hash table for finding and a doubly linked list for the order of use lead to the same entries, each of which has a
 * value of 64 to 1024 raw bytes.  A request asks for a key by Zipf's law (Cooper et al., 2010, use the same skew).  A
 * hit moves its entry to the list's head; a miss makes entry and value anew, and where the cache is full, the entry at
 * the tail goes.  So the oldest die first, the opposite of what generations hope for, and what dies has been written
 * to a short time before it dies.
 *
 * Then the capacity drops to a part of what it was, as when a service is told to make room: the rest is evicted at
 * once, and requests go on with the small cache.  A heap that stays as large as it ever was shows here.
 *
 * Neighbours in the list refer to each other.  An entry that is evicted is unlinked on both sides, so that counting
 * alone frees it; what is in the cache when the trial ends is cyclic garbage.
 */
#include "workloads/workload.h"

#include <stdio.h>

#include "workloads/chains.h"
#include "workloads/payload.h"
#include "workloads/sampler.h"
#include "workloads/zipf.h"

enum { CAPACITY, KEYS, SKEW, VALUE_MIN, VALUE_MAX, REQUESTS, SHRINK_TO, REQUESTS_AFTER, SAMPLE, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [CAPACITY] = {.name = "capacity",
                  .unit = "entries",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 1 << 16,
                  .small_value = 40,
                  .large_value = 1 << 18,
                  .minimum = 1,
                  .maximum = 1 << 28,
                  .help = "entries that the cache holds (canonical: 262144)"},
    [KEYS] = {.name = "keys",
              .unit = "ratio",
              .type = SETTING_MILLI,
              .scale = SETTING_LOG,
              .default_value = 4000,
              .small_value = 4000,
              .large_value = 4000,
              .minimum = 1000,
              .maximum = 8000,
              .help = "different keys for each entry that the cache holds (canonical: 4)"},
    [SKEW] = {.name = "skew",
              .unit = "",
              .type = SETTING_MILLI,
              .default_value = 990,
              .small_value = 990,
              .large_value = 990,
              .minimum = 0,
              .maximum = 4000,
              .help = "exponent of Zipf's law; 0: all keys alike (canonical: 0.99)"},
    [VALUE_MIN] = {.name = "value_min",
                   .unit = "bytes",
                   .type = SETTING_BYTES,
                   .scale = SETTING_LOG,
                   .default_value = 64,
                   .small_value = 9,
                   .large_value = 64,
                   .minimum = PAYLOAD_STAMP_BYTES,
                   .maximum = 1 << 24,
                   .help = "size of the smallest value (canonical: 64)"},
    [VALUE_MAX] = {.name = "value_max",
                   .unit = "bytes",
                   .type = SETTING_BYTES,
                   .scale = SETTING_LOG,
                   .default_value = 1024,
                   .small_value = 60,
                   .large_value = 1024,
                   .minimum = PAYLOAD_STAMP_BYTES,
                   .maximum = 1 << 24,
                   .help = "size of the largest value (canonical: 1K)"},
    [REQUESTS] = {.name = "requests",
                  .unit = "requests",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 1500000,
                  .small_value = 500,
                  .large_value = 10000000,
                  .minimum = 1,
                  .maximum = 1000000000,
                  .help = "requests to the large cache"},
    [SHRINK_TO] = {.name = "shrink_to",
                   .unit = "ratio",
                   .type = SETTING_MILLI,
                   .scale = SETTING_LOG,
                   .default_value = 125,
                   .small_value = 125,
                   .large_value = 125,
                   .minimum = 1,
                   .maximum = 1000,
                   .help = "part of the capacity that is left then (canonical: 1/8)"},
    [REQUESTS_AFTER] = {.name = "requests_after",
                        .unit = "requests",
                        .type = SETTING_INTEGER,
                        .scale = SETTING_LOG,
                        .default_value = 500000,
                        .small_value = 200,
                        .large_value = 3000000,
                        .minimum = 0,
                        .maximum = 1000000000,
                        .help = "requests to the small cache"},
    [SAMPLE] = SAMPLER_ROW(10, 100, "requests"),
};

enum { CHAIN_NEXT, OLDER, NEWER, VALUE, ENTRY_FIELDS };

struct entry_data {
  uint64_t key;
  uint64_t value_bytes;
};

static const struct gc_shape entry_shape = {
    .fields = ENTRY_FIELDS, .bytes = sizeof(struct entry_data), .kind = GC_INSTANCE};

struct cache {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *chains; /* root slots: the hash table; the ends of the list; the entry and the value in hand */
  gc_ref *newest;
  gc_ref *oldest;
  gc_ref *entry;
  gc_ref *value;
  int chains_log;
  uint64_t capacity, entries;
  uint64_t misses; /* the stamp of a value is the number of the miss that made it */
  uint64_t salt;
  struct zipf zipf;
};

static struct entry_data *entry_data(gc_ref entry) { return gc_bytes(entry, ENTRY_FIELDS); }

static uint32_t key_chain(const struct cache *c, uint64_t key) { return chain_of_key(key, c->chains_log); }

static gc_ref find(const struct cache *c, uint64_t key)
{
  gc_ref entry = gc_load(c->mutator, *c->chains, key_chain(c, key));
  while (entry != NULL && entry_data(entry)->key != key) entry = gc_load(c->mutator, entry, CHAIN_NEXT);
  return entry;
}

/* Takes the entry in hand out of the list. */
static void list_unlink(const struct cache *c)
{
  struct gc_mutator *mutator = c->mutator;
  if (*c->entry == *c->newest)
    gc_root(mutator, c->newest, gc_load(mutator, *c->entry, OLDER));
  else
    gc_store(mutator, gc_load(mutator, *c->entry, NEWER), OLDER, gc_load(mutator, *c->entry, OLDER));
  if (*c->entry == *c->oldest)
    gc_root(mutator, c->oldest, gc_load(mutator, *c->entry, NEWER));
  else
    gc_store(mutator, gc_load(mutator, *c->entry, OLDER), NEWER, gc_load(mutator, *c->entry, NEWER));
  gc_store(mutator, *c->entry, OLDER, NULL);
  gc_store(mutator, *c->entry, NEWER, NULL);
}

/* Puts the entry in hand, which is in no list, at the list's head. */
static void list_push(const struct cache *c)
{
  struct gc_mutator *mutator = c->mutator;
  if (*c->newest == NULL) {
    gc_root(mutator, c->oldest, *c->entry);
  } else {
    gc_store(mutator, *c->entry, OLDER, *c->newest);
    gc_store(mutator, *c->newest, NEWER, *c->entry);
  }
  gc_root(mutator, c->newest, *c->entry);
}

/* Takes the entry in hand out of its chain. */
static void chain_unlink(const struct cache *c)
{
  struct gc_mutator *mutator = c->mutator;
  gc_ref holder = *c->chains;
  uint32_t field = key_chain(c, entry_data(*c->entry)->key);
  while (gc_load(mutator, holder, field) != *c->entry) {
    holder = gc_load(mutator, holder, field);
    field = CHAIN_NEXT;
  }
  gc_store(mutator, holder, field, gc_load(mutator, *c->entry, CHAIN_NEXT));
}

static void evict_oldest(struct cache *c)
{
  gc_root(c->mutator, c->entry, *c->oldest);
  list_unlink(c);
  chain_unlink(c);
  gc_root(c->mutator, c->entry, NULL);
  c->entries--;
}

static uint32_t random_value_bytes(const struct cache *c)
{
  const int64_t *p = c->run->parameters;
  return (uint32_t)p[VALUE_MIN] + random_below(&c->run->random, (uint32_t)(p[VALUE_MAX] - p[VALUE_MIN]) + 1);
}

/* What is not in the cache is made, and the cache keeps it. */
static void miss(struct cache *c, uint64_t key)
{
  struct gc_mutator *mutator = c->mutator;
  if (c->entries == c->capacity) evict_oldest(c);
  const uint32_t bytes = random_value_bytes(c);
  gc_new(mutator, c->value, (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
  payload_fill(gc_bytes(*c->value, 0), bytes, c->salt + c->misses++);
  gc_new(mutator, c->entry, entry_shape);
  *entry_data(*c->entry) = (struct entry_data){.key = key, .value_bytes = bytes};
  gc_store(mutator, *c->entry, VALUE, *c->value);
  gc_root(mutator, c->value, NULL);
  const uint32_t chain = key_chain(c, key);
  gc_store(mutator, *c->entry, CHAIN_NEXT, gc_load(mutator, *c->chains, chain));
  gc_store(mutator, *c->chains, chain, *c->entry);
  c->entries++;
}

static void read_entry(const struct cache *c, gc_ref entry)
{
  const void *bytes = gc_bytes(gc_load(c->mutator, entry, VALUE), 0);
  workload_checksum(c->run, payload_digest(bytes, entry_data(entry)->value_bytes));
}

static void request(struct cache *c)
{
  const uint64_t key = zipf_draw(&c->zipf, &c->run->random);
  gc_root(c->mutator, c->entry, find(c, key));
  if (*c->entry == NULL)
    miss(c, key);
  else
    list_unlink(c);
  list_push(c);
  read_entry(c, *c->entry);
  gc_root(c->mutator, c->entry, NULL);
}

static void serve(struct cache *c, struct sampler *sampler, uint64_t requests, uint64_t done, uint64_t total)
{
  const uint64_t mask = workload_progress_mask(total);
  for (uint64_t i = 0; i < requests; i++) {
    request(c);
    sampler_note(c->run, sampler);
    if ((i & mask) == 0) workload_progress(c->run, done + i, total);
  }
}

/* Evicts what is above the new capacity, oldest first. */
static void shrink(struct cache *c)
{
  const uint64_t capacity = c->capacity * (uint64_t)c->run->parameters[SHRINK_TO] / 1000;
  c->capacity = capacity > 1 ? capacity : 1;
  while (c->entries > c->capacity) evict_oldest(c);
}

/* Reads the list from the newest to the oldest, and finds each entry by its key; no safepoint in all of it. */
static void check(const struct cache *c)
{
  for (gc_ref entry = *c->newest; entry != NULL; entry = gc_load(c->mutator, entry, OLDER)) {
    workload_checksum(c->run, find(c, entry_data(entry)->key) == entry);
    read_entry(c, entry);
  }
  workload_checksum(c->run, c->entries);
}

static void run_phases(struct cache *c)
{
  struct workload_run *run = c->run;
  const uint64_t before = (uint64_t)run->parameters[REQUESTS];
  const uint64_t after = (uint64_t)run->parameters[REQUESTS_AFTER];
  struct sampler sampler;
  workload_phase(run, "serve");
  sampler_begin(&sampler, run->parameters[SAMPLE]);
  serve(c, &sampler, before, 0, before + after);
  sampler_end(run, &sampler);

  workload_phase(run, "shrink");
  shrink(c);

  workload_phase(run, "serve-small");
  sampler_begin(&sampler, run->parameters[SAMPLE]);
  serve(c, &sampler, after, before, before + after);
  sampler_end(run, &sampler);

  workload_phase(run, "check");
  check(c);
  workload_progress(run, 1, 1);
}

static uint32_t key_count(const int64_t *p) { return (uint32_t)(p[CAPACITY] * p[KEYS] / 1000); }

static void run_lru_cache(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  enum { CHAINS, NEWEST, OLDEST, ENTRY, NEW_VALUE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct cache cache = {.run = run,
                        .mutator = run->mutator,
                        .chains = &frame.slot[CHAINS],
                        .newest = &frame.slot[NEWEST],
                        .oldest = &frame.slot[OLDEST],
                        .entry = &frame.slot[ENTRY],
                        .value = &frame.slot[NEW_VALUE],
                        .chains_log = 1,
                        .capacity = (uint64_t)p[CAPACITY],
                        .salt = random_u64(&run->random)};
  zipf_init(&cache.zipf, key_count(p), (uint32_t)p[SKEW]);
  while (UINT64_C(1) << cache.chains_log < cache.capacity) cache.chains_log++;
  gc_new(run->mutator, cache.chains, (struct gc_shape){.fields = 1u << cache.chains_log, .kind = GC_LIST});
  run_phases(&cache);
  gc_pop(run->mutator, &frame.frame);
}

static bool validate_lru_cache(const int64_t *p, char *error)
{
  if (p[VALUE_MIN] <= p[VALUE_MAX]) return true;
  snprintf(error, SETTING_ERROR_MAX, "value_min may not be above value_max");
  return false;
}

const struct workload workload_lru_cache = {
    .name = "lru_cache",
    .summary = "a cache by Zipf's law that evicts what was used least recently, and shrinks in the end",
    .source = "gclab; requests as in the Yahoo! Cloud Serving Benchmark (Cooper et al., 2010)",
    .makes_cycles = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_lru_cache,
    .run = run_lru_cache,
};
