/*
 * hyperalloc: a rate of allocation beside a live set of a given size; a grid of both shows what a collector can bear.
 *
 * Amazon's HyperAlloc (corretto/heapothesys), in one thread.  Long-lived objects lie in groups of 512.  An object has
 * one reference, if any to an object of the next group, so that paths are as long as there are groups.  Then objects of
 * 128 to 1023 bytes are allocated at a given rate.  Each first waits in a queue with a fixed number of bytes, the
 * mid-aged; of those that come out, one now and then takes the place of a random long-lived object, so that 1/50 of the
 * long-lived are replaced in a minute, and half of the replacements are followed by new references for all objects in
 * 1/100 of the groups.  All others die.
 *
 * Allocation follows the clock (an open loop): slice after slice of bytes is due at its time, and each slice is a
 * request whose latency counts from then.  A collector that keeps up has latencies near the time that a slice takes;
 * one that does not falls behind for good, latencies grow to the end, and the trial takes longer than bytes / rate.
 * Rate 0 is as fast as can be: the same work in a closed loop.
 *
 * Departures: the work is a number of bytes, not a time, and a minute is the rate's sixty-fold bytes, so that what is
 * done does not depend on how fast it is.  HyperAlloc's rate of 1024 MB/s is that of four threads together.  It has a
 * bucket of tokens that is filled each 10 ms, a slice here is far shorter.  References to an object that is replaced
 * are cleared in the group before, which is where they come from.
 */
#include "workloads/workload.h"

#include <stdio.h>

#include "workloads/payload.h"
#include "workloads/schedule.h"

enum { RATE, LIVE, MID_AGED, ALLOCATE, SMALLEST, LARGEST, REPLACED, RESHUFFLED, GROUP, SLICE, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [RATE] = {.name = "rate",
              .unit = "bytes/s",
              .type = SETTING_BYTES,
              .scale = SETTING_LOG,
              .default_value = 256 << 20,
              .small_value = 256 << 20,
              .large_value = 256 << 20,
              .minimum = 0,
              .maximum = INT64_C(1) << 36,
              .help = "bytes allocated in a second; 0: as many as can be (HyperAlloc: 1G with four threads)"},
    [LIVE] = {.name = "live",
              .unit = "bytes",
              .type = SETTING_BYTES,
              .scale = SETTING_LOG,
              .default_value = 16 << 20,
              .small_value = 32 << 10,
              .large_value = 64 << 20,
              .minimum = 1 << 10,
              .maximum = INT64_C(1) << 36,
              .help = "size of the long-lived objects together (HyperAlloc: 64M)"},
    [MID_AGED] = {.name = "mid_aged",
                  .unit = "bytes",
                  .type = SETTING_BYTES,
                  .scale = SETTING_LOG,
                  .default_value = 4 << 20,
                  .small_value = 8 << 10,
                  .large_value = 64 << 20,
                  .minimum = 1 << 10,
                  .maximum = INT64_C(1) << 36,
                  .help = "size of the objects that wait to die, about (HyperAlloc: 64M)"},
    [ALLOCATE] = {.name = "allocate",
                  .unit = "bytes",
                  .type = SETTING_BYTES,
                  .scale = SETTING_LOG,
                  .default_value = 384 << 20,
                  .small_value = 256 << 10,
                  .large_value = INT64_C(3) << 30,
                  .minimum = 1 << 10,
                  .maximum = INT64_C(1) << 44,
                  .help = "bytes allocated at that rate in all (HyperAlloc: 60 seconds' worth)"},
    [SMALLEST] = {.name = "size_min",
                  .unit = "bytes",
                  .type = SETTING_BYTES,
                  .scale = SETTING_LOG,
                  .default_value = 128,
                  .small_value = 128,
                  .large_value = 128,
                  .minimum = sizeof(gc_ref) + 2 * PAYLOAD_STAMP_BYTES,
                  .maximum = 1 << 24,
                  .help = "size of the smallest objects, with their reference (HyperAlloc: 128)"},
    [LARGEST] = {.name = "size_max",
                 .unit = "bytes",
                 .type = SETTING_BYTES,
                 .scale = SETTING_LOG,
                 .default_value = 1023,
                 .small_value = 1023,
                 .large_value = 1023,
                 .minimum = sizeof(gc_ref) + 2 * PAYLOAD_STAMP_BYTES,
                 .maximum = 1 << 24,
                 .help = "size of the largest objects (HyperAlloc: 1023)"},
    [REPLACED] = {.name = "replaced",
                  .unit = "ratio",
                  .type = SETTING_MILLI,
                  .scale = SETTING_LOG,
                  .default_value = 20,
                  .small_value = 100000000,
                  .large_value = 20,
                  .minimum = 0,
                  .maximum = 1000000000,
                  .help = "part of the long-lived objects that is replaced in a minute (HyperAlloc: 1/50)"},
    [RESHUFFLED] = {.name = "reshuffled",
                    .unit = "ratio",
                    .type = SETTING_MILLI,
                    .scale = SETTING_LOG,
                    .default_value = 10,
                    .small_value = 300,
                    .large_value = 10,
                    .minimum = 0,
                    .maximum = 1000,
                    .help =
                        "part of the groups whose references change after every other replacement (HyperAlloc: 1/100)"},
    [GROUP] = {.name = "group",
               .unit = "objects",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 512,
               .small_value = 8,
               .large_value = 512,
               .minimum = 1,
               .maximum = 1000000,
               .help = "objects in a group (HyperAlloc: 512)"},
    [SLICE] = {.name = "slice",
               .unit = "bytes",
               .type = SETTING_BYTES,
               .scale = SETTING_LOG,
               .default_value = 64 << 10,
               .small_value = 8 << 10,
               .large_value = 64 << 10,
               .minimum = 1 << 10,
               .maximum = 1 << 30,
               .help = "bytes that are due together: one request"},
};

enum { NEXT, FIELDS };

enum { WORD_BYTES = sizeof(gc_ref) };

enum { UNTHROTTLED_MINUTE_RATE = 256 << 20, READ_BYTES = 2 * PAYLOAD_STAMP_BYTES };

struct store {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *groups; /* root slots: the long-lived, the mid-aged, a group and an object in hand */
  gc_ref *queue;
  gc_ref *group;
  gc_ref *object;
  uint32_t group_count, group_size, queue_length;
  uint64_t allocated; /* bytes, by now */
  uint64_t objects;   /* made by now: the stamp of the next */
  uint64_t salt;
};

static gc_ref group_of(const struct store *s, uint32_t group) { return gc_load(s->mutator, *s->groups, group); }

/* How many raw bytes an object has is in the first word, so that it need not be kept elsewhere; then a payload. */
static uint64_t *object_bytes(gc_ref object) { return gc_bytes(object, FIELDS); }

static uint64_t digest_object(gc_ref object)
{
  const uint64_t *bytes = object_bytes(object);
  return payload_digest(bytes + 1, *bytes - sizeof *bytes);
}

/* A size is uniform between the bounds and then, as in a JVM, whole words. */
static void make_object(struct store *s)
{
  const int64_t *p = s->run->parameters;
  const uint32_t draw = (uint32_t)p[SMALLEST] + random_below(&s->run->random, (uint32_t)(p[LARGEST] - p[SMALLEST]) + 1);
  const uint32_t size = (draw + WORD_BYTES - 1) / WORD_BYTES * WORD_BYTES;
  const uint32_t bytes = size - FIELDS * WORD_BYTES;
  gc_new(s->mutator, s->object, (struct gc_shape){.fields = FIELDS, .bytes = bytes, .kind = GC_INSTANCE});
  uint64_t *word = object_bytes(*s->object);
  *word = bytes;
  payload_fill(word + 1, bytes - WORD_BYTES, s->salt + s->objects++);
  s->allocated += size;
}

static bool toss(const struct store *s) { return random_below(&s->run->random, 2) == 0; }

/* Some object of the group before leads to the one in hand, or none. */
static void refer_to_object(const struct store *s, uint32_t group)
{
  if (group == 0 || !toss(s)) return;
  const uint32_t from = random_below(&s->run->random, s->group_size);
  gc_store(s->mutator, gc_load(s->mutator, group_of(s, group - 1), from), NEXT, *s->object);
}

/* An object of a group leads to a random one of the next, or to nothing. */
static void refer_to_next(const struct store *s, uint32_t group, uint32_t place)
{
  if (group + 1 == s->group_count) return;
  gc_ref target = NULL;
  if (toss(s)) target = gc_load(s->mutator, group_of(s, group + 1), random_below(&s->run->random, s->group_size));
  gc_store(s->mutator, gc_load(s->mutator, group_of(s, group), place), NEXT, target);
}

static void fill(struct store *s)
{
  const struct gc_shape group_shape = {.fields = s->group_size, .kind = GC_LIST};
  gc_new(s->mutator, s->groups, (struct gc_shape){.fields = s->group_count, .kind = GC_LIST});
  for (uint32_t group = 0; group < s->group_count; group++) {
    gc_new(s->mutator, s->group, group_shape);
    gc_store(s->mutator, *s->groups, group, *s->group);
    for (uint32_t place = 0; place < s->group_size; place++) {
      make_object(s);
      gc_store(s->mutator, *s->group, place, *s->object);
      refer_to_object(s, group);
    }
  }
  gc_root(s->mutator, s->group, NULL);
}

/* Clears what leads from the group before to the object in this place. */
static void forget(const struct store *s, uint32_t group, uint32_t place)
{
  if (group == 0) return;
  for (uint32_t i = 0; i < s->group_size; i++) {
    const gc_ref from = gc_load(s->mutator, group_of(s, group - 1), i);
    if (gc_load(s->mutator, from, NEXT) == gc_load(s->mutator, group_of(s, group), place))
      gc_store(s->mutator, from, NEXT, NULL);
  }
}

static void reshuffle(const struct store *s)
{
  const uint64_t part = (uint64_t)s->run->parameters[RESHUFFLED];
  const uint64_t groups = (s->group_count * part + 999) / 1000;
  for (uint64_t i = 0; i < groups; i++) {
    const uint32_t group = random_below(&s->run->random, s->group_count);
    for (uint32_t place = 0; place < s->group_size; place++) refer_to_next(s, group, place);
  }
}

/* The object in hand takes the place of a random one. */
static void replace(const struct store *s)
{
  const uint32_t group = random_below(&s->run->random, s->group_count);
  const uint32_t place = random_below(&s->run->random, s->group_size);
  workload_checksum(s->run, digest_object(gc_load(s->mutator, group_of(s, group), place)));
  forget(s, group, place);
  gc_store(s->mutator, group_of(s, group), place, *s->object);
  refer_to_object(s, group);
  refer_to_next(s, group, place);
  if (toss(s)) reshuffle(s);
}

/* Objects allocated for each that is replaced: those of a minute, over those to be replaced in it.  0: none is. */
static uint64_t replacement_interval(const int64_t *p)
{
  if (p[REPLACED] == 0) return 0;
  const double rate = (double)(p[RATE] > 0 ? p[RATE] : UNTHROTTLED_MINUTE_RATE);
  const double interval = 60.0 * rate / ((double)p[LIVE] * (double)p[REPLACED] / 1000.0);
  return interval < 1.0 ? 1 : (uint64_t)interval;
}

/* Makes an object, which takes the place of the oldest in the queue; that one dies or becomes long-lived. */
static void allocate_one(struct store *s, uint64_t interval)
{
  make_object(s);
  const uint32_t place = (uint32_t)(s->objects % s->queue_length);
  gc_root(s->mutator, s->group, gc_load(s->mutator, *s->queue, place));
  gc_store(s->mutator, *s->queue, place, *s->object);
  if (*s->group == NULL) return;
  workload_checksum(s->run, payload_digest(object_bytes(*s->group), READ_BYTES));
  gc_root(s->mutator, s->object, *s->group);
  gc_root(s->mutator, s->group, NULL);
  if (interval > 0 && s->objects % interval == 0) replace(s);
}

/* Slice after slice, each at its time: after so many seconds rate times as many bytes are due. */
static void allocate(struct store *s)
{
  const int64_t *p = s->run->parameters;
  const uint64_t total = (uint64_t)p[ALLOCATE];
  const uint64_t before = s->allocated;
  const uint64_t slice = (uint64_t)p[SLICE];
  const uint64_t interval = replacement_interval(p);
  const double ns_per_byte = p[RATE] > 0 ? 1e9 / (double)p[RATE] : 0.0;
  const uint64_t start_ns = clock_now_ns();
  for (uint64_t due = 0; due < total; due += slice) {
    uint64_t due_ns = start_ns + (uint64_t)((double)due * ns_per_byte);
    if (p[RATE] > 0)
      schedule_wait_until(due_ns);
    else
      due_ns = clock_now_ns();
    const uint64_t end = due + slice < total ? due + slice : total;
    while (s->allocated - before < end) allocate_one(s, interval);
    workload_request_done(s->run, due_ns);
    workload_progress(s->run, due, total);
  }
}

/* Reads the long-lived objects, each with the one that it leads to, and the mid-aged; no safepoint in all of it. */
static void check(const struct store *s)
{
  for (uint32_t group = 0; group < s->group_count; group++) {
    for (uint32_t place = 0; place < s->group_size; place++) {
      const gc_ref object = gc_load(s->mutator, group_of(s, group), place);
      const gc_ref next = gc_load(s->mutator, object, NEXT);
      workload_checksum(s->run, digest_object(object));
      workload_checksum(s->run, next == NULL ? 0 : digest_object(next));
    }
  }
  for (uint32_t place = 0; place < s->queue_length; place++) {
    const gc_ref object = gc_load(s->mutator, *s->queue, place);
    if (object != NULL) workload_checksum(s->run, digest_object(object));
  }
}

static uint32_t objects_in(const int64_t *p, int64_t bytes)
{
  const int64_t count = bytes * 2 / (p[SMALLEST] + p[LARGEST]);
  return count > 1 ? (uint32_t)count : 1;
}

static void run_hyperalloc(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  enum { GROUPS, QUEUE, GROUP_IN_HAND, OBJECT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  const uint32_t group_size = (uint32_t)p[GROUP];
  struct store store = {.run = run,
                        .mutator = run->mutator,
                        .groups = &frame.slot[GROUPS],
                        .queue = &frame.slot[QUEUE],
                        .group = &frame.slot[GROUP_IN_HAND],
                        .object = &frame.slot[OBJECT],
                        .group_count = (objects_in(p, p[LIVE]) + group_size - 1) / group_size,
                        .group_size = group_size,
                        .queue_length = objects_in(p, p[MID_AGED]),
                        .salt = random_u64(&run->random)};
  workload_phase(run, "fill");
  fill(&store);
  workload_phase(run, "allocate");
  gc_new(run->mutator, store.queue, (struct gc_shape){.fields = store.queue_length, .kind = GC_LIST});
  allocate(&store);
  workload_phase(run, "check");
  check(&store);
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

static bool validate_hyperalloc(const int64_t *p, char *error)
{
  if (p[SMALLEST] <= p[LARGEST]) return true;
  snprintf(error, SETTING_ERROR_MAX, "size_min may not be above size_max");
  return false;
}

const struct workload workload_hyperalloc = {
    .name = "hyperalloc",
    .summary = "objects at a given rate, by the clock, beside a live set of a given size",
    .source = "HyperAlloc (Amazon, corretto/heapothesys)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_hyperalloc,
    .run = run_hyperalloc,
};
