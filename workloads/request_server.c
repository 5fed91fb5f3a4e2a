/*
 * request_server: requests arrive at random times, whatever became of those before; what counts is how long each took.
 *
 * The setting of DaCapo's latency-sensitive programs, in one thread.  Serving a request makes 20 to 200 objects that
 * die with it, reads and renews a user's session, and asks a cache.  Sessions die at an age that depends on their use;
 * one in twenty is cyclic, as a session is in which something refers back to it.  Entries of the cache die when another
 * key takes their place.
 *
 * Arrivals are a Poisson process (an open loop): intervals are exponential, and a request that finds the server busy,
 * or in a pause, waits.  Its latency counts from its arrival (no coordinated omission), so that a pause is felt by all
 * who come in it and by those behind them.  The load is given as a share of the capacity, the rate at which requests
 * are served one behind the other.  That is measured first, in a closed loop, or given:
 *   measured   every collector is as busy as any other, by its own measure: at 80 % of its capacity a slow one gets
 *              fewer requests a second than a fast one.  Says how well a collector spreads its work.
 *   given      every collector sees the same arrivals at the same times.  Says which serves a given load best.
 *
 * What is done depends on the order of requests alone, never on time: a session's age is counted in requests.
 */
#include "workloads/workload.h"

#include <math.h>
#include <stdio.h>

#include "workloads/payload.h"
#include "workloads/schedule.h"
#include "workloads/zipf.h"

enum {
  REQUESTS,
  LOAD,
  CAPACITY,
  OBJECTS_MIN,
  OBJECTS_MAX,
  SESSIONS,
  SESSION_LIFE,
  CYCLIC,
  CACHE_ENTRIES,
  CACHE_BYTES,
  PARAMETERS
};

static const struct setting parameters[PARAMETERS] = {
    [REQUESTS] = {.name = "requests",
                  .unit = "requests",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 20000,
                  .small_value = 12,
                  .large_value = 150000,
                  .minimum = 2,
                  .maximum = 100000000,
                  .help = "requests at each load, and as many before to measure the capacity"},
    [LOAD] = {.name = "load",
              .unit = "percent",
              .type = SETTING_INTEGER,
              .default_value = 0,
              .small_value = 0,
              .large_value = 0,
              .minimum = 0,
              .maximum = 1000,
              .help = "arrivals, as a share of the capacity; 0: 30, 60 and 80 percent, one after the other"},
    [CAPACITY] = {.name = "capacity",
                  .unit = "requests/s",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 0,
                  .small_value = 0,
                  .large_value = 0,
                  .minimum = 0,
                  .maximum = 100000000,
                  .help = "what is taken for the capacity, the same for every collector; 0: what is measured"},
    [OBJECTS_MIN] = {.name = "objects_min",
                     .unit = "objects",
                     .type = SETTING_INTEGER,
                     .scale = SETTING_LOG,
                     .default_value = 20,
                     .small_value = 4,
                     .large_value = 20,
                     .minimum = 1,
                     .maximum = 1000000,
                     .help = "objects that a request makes for itself, at least (canonical: 20)"},
    [OBJECTS_MAX] = {.name = "objects_max",
                     .unit = "objects",
                     .type = SETTING_INTEGER,
                     .scale = SETTING_LOG,
                     .default_value = 200,
                     .small_value = 12,
                     .large_value = 200,
                     .minimum = 1,
                     .maximum = 1000000,
                     .help = "objects that a request makes for itself, at most (canonical: 200)"},
    [SESSIONS] = {.name = "sessions",
                  .unit = "sessions",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 10000,
                  .small_value = 10,
                  .large_value = 10000,
                  .minimum = 1,
                  .maximum = 100000000,
                  .help = "users, each with a session that has not expired or without one (canonical: 10^4)"},
    [SESSION_LIFE] = {.name = "session_life",
                      .unit = "requests",
                      .type = SETTING_INTEGER,
                      .scale = SETTING_LOG,
                      .default_value = 10000,
                      .small_value = 8,
                      .large_value = 10000,
                      .minimum = 1,
                      .maximum = 1000000000,
                      .help = "requests of all users after which a session that was not used expires"},
    [CYCLIC] = {.name = "cyclic",
                .unit = "percent",
                .type = SETTING_INTEGER,
                .default_value = 5,
                .small_value = 30,
                .large_value = 5,
                .minimum = 0,
                .maximum = 100,
                .help = "share of the sessions that are cyclic (canonical: 5)"},
    [CACHE_ENTRIES] = {.name = "cache_entries",
                       .unit = "entries",
                       .type = SETTING_INTEGER,
                       .scale = SETTING_LOG,
                       .default_value = 8192,
                       .small_value = 16,
                       .large_value = 8192,
                       .minimum = 1,
                       .maximum = 100000000,
                       .help = "entries that the cache holds; four times as many keys are asked for"},
    [CACHE_BYTES] = {.name = "cache_bytes",
                     .unit = "bytes",
                     .type = SETTING_BYTES,
                     .scale = SETTING_LOG,
                     .default_value = 1024,
                     .small_value = 20,
                     .large_value = 1024,
                     .minimum = PAYLOAD_STAMP_BYTES,
                     .maximum = 1 << 24,
                     .help = "size of a value in the cache"},
};

enum { HISTORY, SESSION_FIELDS };
enum { RECORDS = 8, OWNER = RECORDS, HISTORY_FIELDS }; /* the last records; the session, where that is cyclic */
enum { VALUE, ENTRY_FIELDS };
enum { FIRST, SECOND, PAIR_FIELDS };

enum { RECORD_BYTES = 48, TEXT_BYTES_MIN = 16, TEXT_SIZES = 8, PAIR_BYTES = 16, PAIR_EVERY = 3 };
enum { SCOPE_ROUNDING = 16 };
enum { CACHE_KEYS_PER_ENTRY = 4, CACHE_SKEW_MILLI = 990 };

struct session_data {
  uint64_t uses, last_used; /* the latter is the number of a request */
};

static const struct gc_shape session_shape = {
    .fields = SESSION_FIELDS, .bytes = sizeof(struct session_data), .kind = GC_INSTANCE};
static const struct gc_shape history_shape = {.fields = HISTORY_FIELDS, .kind = GC_LIST};
static const struct gc_shape record_shape = {.bytes = RECORD_BYTES, .kind = GC_ATOM};
static const struct gc_shape entry_shape = {.fields = ENTRY_FIELDS, .bytes = sizeof(uint64_t), .kind = GC_INSTANCE};
static const struct gc_shape pair_shape = {.fields = PAIR_FIELDS, .bytes = PAIR_BYTES, .kind = GC_INSTANCE};

struct server {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *sessions; /* root slots: a field a user; the cache; the objects of a request; and what is in hand */
  gc_ref *cache;
  gc_ref *scope;
  gc_ref *session;
  gc_ref *part;
  uint64_t requests; /* served so far: the number of the next */
  uint64_t total;    /* to be served in all */
  uint64_t stamps;   /* of objects made so far: the number of the next */
  uint64_t sessions_made;
  uint64_t salt;
  uint64_t progress_mask;
  struct zipf keys;
  struct random arrivals; /* for their times alone */
};

static uint32_t parameter(const struct server *s, int which) { return (uint32_t)s->run->parameters[which]; }

static struct session_data *session_data(gc_ref session) { return gc_bytes(session, SESSION_FIELDS); }

/* --- sessions --- */

static bool has_expired(const struct server *s, gc_ref session)
{
  return s->requests - session_data(session)->last_used > parameter(s, SESSION_LIFE);
}

/* Looks at one user's session at each request, in turn, and lets go of it where it has expired. */
static void expire(const struct server *s)
{
  const uint32_t user = (uint32_t)(s->requests % parameter(s, SESSIONS));
  const gc_ref session = gc_load(s->mutator, *s->sessions, user);
  if (session != NULL && has_expired(s, session)) gc_store(s->mutator, *s->sessions, user, NULL);
}

/* Makes a session for the user; cyclic ones are spread evenly. */
static void make_session(struct server *s, uint32_t user)
{
  struct gc_mutator *mutator = s->mutator;
  const uint64_t percent = parameter(s, CYCLIC);
  const uint64_t number = s->sessions_made++;
  gc_new(mutator, s->session, session_shape);
  gc_new(mutator, s->part, history_shape);
  gc_store(mutator, *s->session, HISTORY, *s->part);
  if ((number + 1) * percent / 100 != number * percent / 100) gc_store(mutator, *s->part, OWNER, *s->session);
  gc_store(mutator, *s->sessions, user, *s->session);
}

/* The session of a random user is in hand, a new one where there was none, and has a new record. */
static void use_session(struct server *s)
{
  struct gc_mutator *mutator = s->mutator;
  const uint32_t user = random_below(&s->run->random, parameter(s, SESSIONS));
  gc_root(mutator, s->session, gc_load(mutator, *s->sessions, user));
  if (*s->session == NULL || has_expired(s, *s->session)) make_session(s, user);
  gc_new(mutator, s->part, record_shape);
  payload_fill(gc_bytes(*s->part, 0), RECORD_BYTES, s->salt + s->stamps++);
  struct session_data *data = session_data(*s->session);
  data->last_used = s->requests;
  const uint32_t place = (uint32_t)(data->uses++ % RECORDS);
  gc_store(mutator, gc_load(mutator, *s->session, HISTORY), place, *s->part);
}

static uint64_t digest_session(const struct server *s, gc_ref session)
{
  const gc_ref history = gc_load(s->mutator, session, HISTORY);
  const gc_ref owner = gc_load(s->mutator, history, OWNER);
  uint64_t digest = session_data(session)->uses * 31 + (owner == NULL ? 1 : owner == session ? 2 : 3);
  for (uint32_t i = 0; i < RECORDS; i++) {
    const gc_ref record = gc_load(s->mutator, history, i);
    if (record != NULL) digest = digest * 31 + payload_digest(gc_bytes(record, 0), RECORD_BYTES);
  }
  return digest;
}

/* --- the cache: a key has one place, and takes it from the key that was there --- */

static uint64_t *entry_key(gc_ref entry) { return gc_bytes(entry, ENTRY_FIELDS); }

static void make_entry(struct server *s, uint32_t place, uint64_t key)
{
  struct gc_mutator *mutator = s->mutator;
  const uint32_t bytes = parameter(s, CACHE_BYTES);
  enum { VALUE_SLOT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  gc_new(mutator, &frame.slot[VALUE_SLOT], (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
  payload_fill(gc_bytes(frame.slot[VALUE_SLOT], 0), bytes, s->salt + s->stamps++);
  gc_new(mutator, s->part, entry_shape);
  *entry_key(*s->part) = key;
  gc_store(mutator, *s->part, VALUE, frame.slot[VALUE_SLOT]);
  gc_store(mutator, *s->cache, place, *s->part);
  gc_pop(mutator, &frame.frame);
}

static void ask_cache(struct server *s)
{
  const uint64_t key = zipf_draw(&s->keys, &s->run->random);
  uint64_t hash = key;
  const uint32_t place = (uint32_t)(random_mix64(&hash) % parameter(s, CACHE_ENTRIES));
  const gc_ref entry = gc_load(s->mutator, *s->cache, place);
  if (entry == NULL || *entry_key(entry) != key) make_entry(s, place, key);
  const gc_ref value = gc_load(s->mutator, gc_load(s->mutator, *s->cache, place), VALUE);
  workload_checksum(s->run, payload_digest(gc_bytes(value, 0), parameter(s, CACHE_BYTES)));
}

/* --- a request --- */

static bool is_pair(uint32_t place) { return place % PAIR_EVERY == PAIR_EVERY - 1; }

/* The object for this place among those of a request: a text, or a pair of two that were made before. */
static void make_part(struct server *s, uint32_t place)
{
  struct gc_mutator *mutator = s->mutator;
  if (is_pair(place)) {
    gc_new(mutator, s->part, pair_shape);
    payload_fill(gc_bytes(*s->part, PAIR_FIELDS), PAIR_BYTES, s->salt + s->stamps++);
    gc_store(mutator, *s->part, FIRST, gc_load(mutator, *s->scope, place - 1));
    gc_store(mutator, *s->part, SECOND, gc_load(mutator, *s->scope, random_below(&s->run->random, place)));
  } else {
    const uint32_t bytes = TEXT_BYTES_MIN + (uint32_t)sizeof(uint64_t) * random_below(&s->run->random, TEXT_SIZES);
    gc_new(mutator, s->part, (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
    payload_fill(gc_bytes(*s->part, 0), bytes, s->salt + s->stamps++);
  }
  gc_store(mutator, *s->scope, place, *s->part);
}

static uint64_t part_stamp(const struct server *s, uint32_t place)
{
  const gc_ref part = gc_load(s->mutator, *s->scope, place);
  return *(const uint64_t *)gc_bytes(part, is_pair(place) ? PAIR_FIELDS : 0);
}

/* The answer: reads what the request has made, which must be the same objects as its pairs lead to. */
static uint64_t digest_scope(const struct server *s, uint32_t count)
{
  uint64_t digest = count;
  for (uint32_t place = 0; place < count; place++) {
    digest = digest * 31 + part_stamp(s, place);
    if (!is_pair(place)) continue;
    const gc_ref pair = gc_load(s->mutator, *s->scope, place);
    digest = digest * 31 + (gc_load(s->mutator, pair, FIRST) == gc_load(s->mutator, *s->scope, place - 1));
  }
  return digest;
}

static void serve(struct server *s)
{
  struct gc_mutator *mutator = s->mutator;
  const uint32_t minimum = parameter(s, OBJECTS_MIN);
  const uint32_t count = minimum + random_below(&s->run->random, parameter(s, OBJECTS_MAX) - minimum + 1);
  const uint32_t room = (count + SCOPE_ROUNDING - 1) / SCOPE_ROUNDING * SCOPE_ROUNDING; /* as lists have */
  expire(s);
  gc_new(mutator, s->scope, (struct gc_shape){.fields = room, .kind = GC_LIST});
  for (uint32_t place = 0; place < count; place++) make_part(s, place);
  use_session(s);
  ask_cache(s);
  workload_checksum(s->run, digest_scope(s, count));
  workload_checksum(s->run, digest_session(s, *s->session));
  gc_root(mutator, s->scope, NULL);
  gc_root(mutator, s->session, NULL);
  gc_root(mutator, s->part, NULL);
  if ((s->requests & s->progress_mask) == 0) workload_progress(s->run, s->requests, s->total);
  s->requests++;
}

/* --- phases --- */

/* Requests one behind the other; the rate at which the second half was served, when heap and cache are warm. */
static double calibrate(struct server *s)
{
  const uint32_t count = parameter(s, REQUESTS);
  const uint32_t cold = count / 2;
  uint64_t start_ns = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (i == cold) start_ns = clock_now_ns();
    serve(s);
  }
  const uint64_t time_ns = clock_now_ns() - start_ns;
  return (double)(count - cold) * 1e9 / (double)(time_ns > 0 ? time_ns : 1);
}

/* Requests at random times, so many a second on average. */
static void serve_arrivals(struct server *s, double rate)
{
  const uint32_t count = parameter(s, REQUESTS);
  const uint64_t start_ns = clock_now_ns();
  double due_ns = 0.0;
  for (uint32_t i = 0; i < count; i++) {
    due_ns -= log(1.0 - random_unit(&s->arrivals)) * 1e9 / rate;
    const uint64_t arrival_ns = start_ns + (uint64_t)due_ns;
    schedule_wait_until(arrival_ns);
    serve(s);
    workload_request_done(s->run, arrival_ns);
  }
}

/* Reads all sessions and the cache; no safepoint in all of it. */
static void check(const struct server *s)
{
  for (uint32_t user = 0; user < parameter(s, SESSIONS); user++) {
    const gc_ref session = gc_load(s->mutator, *s->sessions, user);
    workload_checksum(s->run, session == NULL ? 0 : digest_session(s, session));
  }
  for (uint32_t place = 0; place < parameter(s, CACHE_ENTRIES); place++) {
    const gc_ref entry = gc_load(s->mutator, *s->cache, place);
    workload_checksum(s->run, entry == NULL ? 0 : *entry_key(entry));
  }
}

struct level {
  const char *phase;
  int64_t percent;
};

static const struct level default_levels[] = {{"load-30", 30}, {"load-60", 60}, {"load-80", 80}};

enum { DEFAULT_LEVELS = sizeof default_levels / sizeof default_levels[0] };

static void run_phases(struct server *s)
{
  const int64_t *p = s->run->parameters;
  const struct level one = {"load", p[LOAD]};
  const struct level *levels = p[LOAD] > 0 ? &one : default_levels;
  const int count = p[LOAD] > 0 ? 1 : DEFAULT_LEVELS;
  s->total = (uint64_t)p[REQUESTS] * (uint64_t)(count + 1);
  s->progress_mask = workload_progress_mask(s->total);

  workload_phase(s->run, "calibrate");
  const double measured = calibrate(s);
  const double capacity = p[CAPACITY] > 0 ? (double)p[CAPACITY] : measured;
  for (int i = 0; i < count; i++) {
    workload_phase(s->run, levels[i].phase);
    serve_arrivals(s, capacity * (double)levels[i].percent / 100.0);
  }

  workload_phase(s->run, "check");
  check(s);
  workload_progress(s->run, 1, 1);
}

static void run_request_server(struct workload_run *run)
{
  enum { SESSION_TABLE, CACHE, SCOPE, SESSION, PART, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct server server = {.run = run,
                          .mutator = run->mutator,
                          .sessions = &frame.slot[SESSION_TABLE],
                          .cache = &frame.slot[CACHE],
                          .scope = &frame.slot[SCOPE],
                          .session = &frame.slot[SESSION],
                          .part = &frame.slot[PART],
                          .salt = random_u64(&run->random)};
  random_seed(&server.arrivals, random_u64(&run->random));
  zipf_init(&server.keys, CACHE_KEYS_PER_ENTRY * parameter(&server, CACHE_ENTRIES), CACHE_SKEW_MILLI);
  gc_new(run->mutator, server.sessions, (struct gc_shape){.fields = parameter(&server, SESSIONS), .kind = GC_LIST});
  gc_new(run->mutator, server.cache, (struct gc_shape){.fields = parameter(&server, CACHE_ENTRIES), .kind = GC_LIST});
  run_phases(&server);
  gc_pop(run->mutator, &frame.frame);
}

static bool validate_request_server(const int64_t *p, char *error)
{
  if (p[OBJECTS_MIN] <= p[OBJECTS_MAX]) return true;
  snprintf(error, SETTING_ERROR_MAX, "objects_min may not be above objects_max");
  return false;
}

const struct workload workload_request_server = {
    .name = "request_server",
    .summary = "requests at random times at a share of the capacity, with sessions and a cache",
    .source = "gclab; latency as in DaCapo Chopin, open-loop arrivals as in Tene's wrk2",
    .makes_cycles = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_request_server,
    .run = run_request_server,
};
