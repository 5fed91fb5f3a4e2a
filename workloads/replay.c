/*
 * replay: a recorded Python program's allocations and deaths.
 *
 * Objects lie in a table of slots, in arrays of SLOTS_AN_ARRAY that are made when they are first needed, and each is
 * garbage from the event on at which its slot is emptied; those that the program's own collector freed are linked into
 * rings before that.  What the program did besides, its objects' sizes and their other references are not in a
 * recording: there is no work between two events, objects have one shape, and none refers to another outside of its
 * ring.  Reading the file is part of the work that is timed, and is the same on every collector.
 */
#include "workloads/replay.h"

#include <stdio.h>

#include "workloads/payload.h"
#include "workloads/workload.h"

enum { RECORDING, REFERENCES, BYTES, PARAMETERS };

enum { SLOTS_AN_ARRAY = 512 };

static const struct setting parameters[PARAMETERS] = {
    [RECORDING] = {.name = "recording",
                   .unit = "",
                   .type = SETTING_INTEGER,
                   .default_value = 0,
                   .small_value = 0,
                   .large_value = 0,
                   .minimum = 0,
                   .maximum = INT64_MAX,
                   .help = "which recording it is: a hash of what is replayed, set by 'gclab replay'"},
    [REFERENCES] = {.name = "references",
                    .unit = "references",
                    .type = SETTING_INTEGER,
                    .default_value = 3,
                    .small_value = 3,
                    .large_value = 3,
                    .minimum = 1,
                    .maximum = 1024,
                    .help = "references of an object; with the bytes, what a small container of CPython takes"},
    [BYTES] = {.name = "object_bytes",
               .unit = "bytes",
               .type = SETTING_BYTES,
               .default_value = 32,
               .small_value = 32,
               .large_value = 32,
               .minimum = PAYLOAD_STAMP_BYTES,
               .maximum = 1 << 20,
               .help = "raw bytes of an object"},
};

enum { TABLE, ARRAY, NEW, ROOTS };

struct replay {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *root;
  struct gc_shape object;
  uint64_t salt, objects;
};

static gc_ref object_in(const struct replay *replay, uint32_t slot)
{
  const gc_ref array = gc_load(replay->mutator, replay->root[TABLE], slot / SLOTS_AN_ARRAY);
  return array != NULL ? gc_load(replay->mutator, array, slot % SLOTS_AN_ARRAY) : NULL;
}

static void store_in(struct replay *replay, uint32_t slot, gc_ref object)
{
  const gc_ref array = gc_load(replay->mutator, replay->root[TABLE], slot / SLOTS_AN_ARRAY);
  gc_store(replay->mutator, array, slot % SLOTS_AN_ARRAY, object);
}

static void make_array(struct replay *replay, uint32_t number)
{
  gc_new(replay->mutator, &replay->root[ARRAY], (struct gc_shape){.fields = SLOTS_AN_ARRAY, .kind = GC_LIST});
  gc_store(replay->mutator, replay->root[TABLE], number, replay->root[ARRAY]);
  gc_root(replay->mutator, &replay->root[ARRAY], NULL);
}

static void allocate(struct replay *replay, uint32_t slot)
{
  const uint32_t number = slot / SLOTS_AN_ARRAY;
  if (gc_load(replay->mutator, replay->root[TABLE], number) == NULL) make_array(replay, number);
  gc_new(replay->mutator, &replay->root[NEW], replay->object);
  payload_fill(gc_bytes(replay->root[NEW], replay->object.fields), replay->object.bytes,
               replay->salt + replay->objects++);
  store_in(replay, slot, replay->root[NEW]);
  gc_root(replay->mutator, &replay->root[NEW], NULL); /* the slot alone keeps it */
}

static void take(struct replay *replay, const struct replay_event *event)
{
  switch (event->tag) {
  case REPLAY_ALLOCATE:
    allocate(replay, event->slot);
    break;
  case REPLAY_DROP:
    store_in(replay, event->slot, NULL);
    break;
  case REPLAY_LINK:
    gc_store(replay->mutator, object_in(replay, event->slot), 0, object_in(replay, event->target));
    break;
  }
}

/* Mixes in each object that is still there, with what it refers to. */
static void check(struct replay *replay, uint32_t slots)
{
  const struct gc_shape *shape = &replay->object;
  uint64_t live = 0;
  for (uint32_t slot = 0; slot < slots; slot++) {
    const gc_ref object = object_in(replay, slot);
    if (object == NULL) continue;
    live++;
    workload_checksum(replay->run, payload_digest(gc_bytes(object, shape->fields), shape->bytes) + slot);
    const gc_ref next = gc_load(replay->mutator, object, 0);
    if (next != NULL) workload_checksum(replay->run, payload_digest(gc_bytes(next, shape->fields), shape->bytes));
  }
  workload_checksum(replay->run, live);
  workload_checksum(replay->run, replay->objects);
}

static void run_replay(struct workload_run *run)
{
  const struct replay_header *header = run->replay->header;
  const uint64_t mask = workload_progress_mask(header->events);
  const uint32_t slots = (uint32_t)header->slots;
  struct gc_mutator *mutator = run->mutator;
  struct replay_reader reader = replay_reader_make(run->replay);
  struct replay_event event;
  GC_FRAME(frame, ROOTS);
  gc_push(mutator, &frame.frame);
  struct replay replay = {.run = run,
                          .mutator = mutator,
                          .root = frame.slot,
                          .object = {.fields = (uint32_t)run->parameters[REFERENCES],
                                     .bytes = (uint32_t)run->parameters[BYTES],
                                     .kind = GC_INSTANCE},
                          .salt = random_u64(&run->random)};
  workload_phase(run, "start");
  gc_new(mutator, &frame.slot[TABLE], (struct gc_shape){.fields = slots / SLOTS_AN_ARRAY + 1, .kind = GC_LIST});
  for (uint64_t i = 0; replay_next(&reader, &event); i++) {
    if (i == header->initial) workload_phase(run, "program");
    take(&replay, &event);
    if ((i & mask) == 0) workload_progress(run, i, header->events);
  }
  workload_phase(run, "check");
  check(&replay, slots);
  workload_progress(run, 1, 1);
  gc_pop(mutator, &frame.frame);
}

const struct workload workload_replay = {
    .name = "replay",
    .summary = "the allocations and deaths of a Python program that was recorded",
    .source = "gclab; what 'gclab record' kept",
    .makes_cycles = true,
    .replays = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_replay,
};
