/*
 * hash_churn: a hash table in the heap that grows, is churned at random, and shrinks.
 *
 * The table is one array of references, the heads of chains; an entry is a small object that refers to its value,
 * another.  Where the array becomes too full, or too empty, another of twice or half its length is made and every entry
 * moves over: one operation does all of that, so the cost is constant only on average (amortised), and the array that
 * is left is a large object that dies.  Large arrays with references to small objects of every age, written at random
 * places: what card tables, remembered sets and the scanning of large objects are for.
 *
 * Keys are uniform in a range of twice the keys that are to be present, and half of the operations insert and half
 * delete, so that the table stays as large as it is (the usual test of concurrent sets, as in Herlihy, Lev, Luchangco
 * and Shavit, 2007).  An insertion of a key that is present gives its entry a new value.  The table grows from nothing;
 * is churned; and has keys deleted until an eighth is left.
 */
#include "workloads/workload.h"

#include "workloads/chains.h"
#include "workloads/payload.h"

enum { KEYS, OPERATIONS, LOAD, VALUE_BYTES, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [KEYS] = {.name = "keys",
              .unit = "keys",
              .type = SETTING_INTEGER,
              .scale = SETTING_LOG,
              .default_value = 1000000,
              .small_value = 150,
              .large_value = 1000000,
              .minimum = 8,
              .maximum = 100000000,
              .help = "keys in the table while it is churned (canonical: 10^6)"},
    [OPERATIONS] = {.name = "operations",
                    .unit = "operations",
                    .type = SETTING_INTEGER,
                    .scale = SETTING_LOG,
                    .default_value = 2500000,
                    .small_value = 800,
                    .large_value = 25000000,
                    .minimum = 0,
                    .maximum = 1000000000,
                    .help = "insertions and deletions of the churn, as many of the one as of the other"},
    [LOAD] = {.name = "load",
              .unit = "entries",
              .type = SETTING_MILLI,
              .scale = SETTING_LOG,
              .default_value = 750,
              .small_value = 750,
              .large_value = 750,
              .minimum = 100,
              .maximum = 16000,
              .help = "entries for each chain above which the table grows; it shrinks below an eighth of that"},
    [VALUE_BYTES] = {.name = "value_bytes",
                     .unit = "bytes",
                     .type = SETTING_BYTES,
                     .default_value = 16,
                     .small_value = 11,
                     .large_value = 16,
                     .minimum = PAYLOAD_STAMP_BYTES,
                     .maximum = 1 << 20,
                     .help = "raw bytes of a value"},
};

enum { NEXT, VALUE, ENTRY_FIELDS };

static const struct gc_shape entry_shape = {.fields = ENTRY_FIELDS, .bytes = sizeof(uint64_t), .kind = GC_INSTANCE};

enum { CHAINS_LOG_MIN = 3, SHRINK_PART = 8 };

struct table {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *chains; /* root slots: the array; the array that takes its place; the entry and the value in hand */
  gc_ref *successor;
  gc_ref *entry;
  gc_ref *value;
  int chains_log;   /* the array has 2^chains_log chains */
  uint64_t entries; /* in it now */
  uint64_t stamps;  /* of values made so far: the number of the next */
  uint64_t salt;
};

static uint64_t entry_key(gc_ref entry) { return *(const uint64_t *)gc_bytes(entry, ENTRY_FIELDS); }

static void make_chains(const struct table *t, gc_ref *slot, int chains_log)
{
  gc_new(t->mutator, slot, (struct gc_shape){.fields = 1u << chains_log, .kind = GC_LIST});
}

/* Moves every entry into an array of 2^chains_log chains.  Entries of a chain change their order. */
static void resize(struct table *t, int chains_log)
{
  struct gc_mutator *mutator = t->mutator;
  make_chains(t, t->successor, chains_log);
  for (uint32_t chain = 0; chain < 1u << t->chains_log; chain++) {
    gc_ref head = gc_load(mutator, *t->chains, chain);
    while (head != NULL) {
      gc_root(mutator, t->entry, head);
      gc_store(mutator, *t->chains, chain, gc_load(mutator, *t->entry, NEXT));
      const uint32_t target = chain_of_key(entry_key(*t->entry), chains_log);
      gc_store(mutator, *t->entry, NEXT, gc_load(mutator, *t->successor, target));
      gc_store(mutator, *t->successor, target, *t->entry);
      head = gc_load(mutator, *t->chains, chain);
    }
  }
  t->chains_log = chains_log;
  gc_root(mutator, t->chains, *t->successor);
  gc_root(mutator, t->successor, NULL);
  gc_root(mutator, t->entry, NULL);
}

static void resize_if_needed(struct table *t)
{
  const uint64_t load = (uint64_t)t->run->parameters[LOAD];
  const uint64_t room = (load << t->chains_log) / 1000;
  if (t->entries > room)
    resize(t, t->chains_log + 1);
  else if (t->chains_log > CHAINS_LOG_MIN && t->entries < room / SHRINK_PART)
    resize(t, t->chains_log - 1);
}

/* What refers to the entry with a key: an object and its field.  Good until the next safepoint. */
struct place {
  gc_ref holder;
  uint32_t field;
  gc_ref entry; /* NULL: there is none, and the place is the chain's end */
};

static struct place find(const struct table *t, uint64_t key)
{
  struct place place = {.holder = *t->chains, .field = chain_of_key(key, t->chains_log)};
  place.entry = gc_load(t->mutator, place.holder, place.field);
  while (place.entry != NULL && entry_key(place.entry) != key) {
    place.holder = place.entry;
    place.field = NEXT;
    place.entry = gc_load(t->mutator, place.holder, NEXT);
  }
  return place;
}

/* Mixes in what the value of an entry holds. */
static void read_value(const struct table *t, gc_ref entry)
{
  const gc_ref value = gc_load(t->mutator, entry, VALUE);
  workload_checksum(t->run, payload_digest(gc_bytes(value, 0), (uint64_t)t->run->parameters[VALUE_BYTES]));
}

/* A new entry with the value in hand, at the head of its chain. */
static void add_entry(struct table *t, uint64_t key)
{
  struct gc_mutator *mutator = t->mutator;
  const uint32_t chain = chain_of_key(key, t->chains_log);
  gc_new(mutator, t->entry, entry_shape);
  *(uint64_t *)gc_bytes(*t->entry, ENTRY_FIELDS) = key;
  gc_store(mutator, *t->entry, VALUE, *t->value);
  gc_store(mutator, *t->entry, NEXT, gc_load(mutator, *t->chains, chain));
  gc_store(mutator, *t->chains, chain, *t->entry);
  gc_root(mutator, t->entry, NULL);
  t->entries++;
  resize_if_needed(t);
}

static void insert_key(struct table *t, uint64_t key)
{
  const uint32_t bytes = (uint32_t)t->run->parameters[VALUE_BYTES];
  gc_new(t->mutator, t->value, (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
  payload_fill(gc_bytes(*t->value, 0), bytes, t->salt + t->stamps++);
  const gc_ref entry = find(t, key).entry;
  if (entry == NULL) {
    add_entry(t, key);
  } else {
    read_value(t, entry);
    gc_store(t->mutator, entry, VALUE, *t->value);
  }
  gc_root(t->mutator, t->value, NULL);
}

static void delete_key(struct table *t, uint64_t key)
{
  const struct place place = find(t, key);
  if (place.entry == NULL) return;
  read_value(t, place.entry);
  gc_store(t->mutator, place.holder, place.field, gc_load(t->mutator, place.entry, NEXT));
  t->entries--;
  resize_if_needed(t);
}

static uint64_t random_key(const struct table *t)
{
  return random_below(&t->run->random, 2 * (uint32_t)t->run->parameters[KEYS]);
}

/* Reads the table, chain by chain; no safepoint in all of it. */
static void check(const struct table *t)
{
  for (uint32_t chain = 0; chain < 1u << t->chains_log; chain++) {
    for (gc_ref entry = gc_load(t->mutator, *t->chains, chain); entry != NULL; entry = gc_load(t->mutator, entry, NEXT))
      read_value(t, entry);
  }
  workload_checksum(t->run, t->entries);
}

/* All three phases, in steps of one operation; done steps of total are behind. */
static void run_phases(struct table *t)
{
  struct workload_run *run = t->run;
  const uint64_t keys = (uint64_t)run->parameters[KEYS];
  const uint64_t operations = (uint64_t)run->parameters[OPERATIONS];
  const uint64_t total = operations + 2 * keys; /* as keys for progress: growing and shrinking take some more draws */
  const uint64_t mask = workload_progress_mask(total);

  workload_phase(run, "grow");
  while (t->entries < keys) {
    insert_key(t, random_key(t));
    if ((t->entries & mask) == 0) workload_progress(run, t->entries, total);
  }

  workload_phase(run, "churn");
  for (uint64_t i = 0; i < operations; i++) {
    if (random_below(&run->random, 2) == 0)
      insert_key(t, random_key(t));
    else
      delete_key(t, random_key(t));
    if ((i & mask) == 0) workload_progress(run, keys + i, total);
  }

  workload_phase(run, "shrink");
  while (t->entries > keys / SHRINK_PART) {
    delete_key(t, random_key(t));
    if ((t->entries & mask) == 0) workload_progress(run, total - t->entries, total);
  }
}

static void run_hash_churn(struct workload_run *run)
{
  enum { CHAINS, SUCCESSOR, ENTRY, NEW_VALUE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct table table = {.run = run,
                        .mutator = run->mutator,
                        .chains = &frame.slot[CHAINS],
                        .successor = &frame.slot[SUCCESSOR],
                        .entry = &frame.slot[ENTRY],
                        .value = &frame.slot[NEW_VALUE],
                        .chains_log = CHAINS_LOG_MIN,
                        .salt = random_u64(&run->random)};
  make_chains(&table, table.chains, table.chains_log);
  run_phases(&table);
  workload_phase(run, "check");
  check(&table);
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_hash_churn = {
    .name = "hash_churn",
    .summary = "a hash table that grows, is churned at random and shrinks, with resizing all at once",
    .source = "gclab; operations as in tests of concurrent sets, Herlihy et al. (2007)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_hash_churn,
};
