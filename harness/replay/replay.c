/* replay: see replay.h. */
#include "harness/replay/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "harness/predict/garbage.h"

enum { NO_RING = UINT32_MAX, NUMBER_BYTES_MAX = 10, BYTES_FIRST = 1 << 16 };

/* Objects that become garbage at once: members[first] to members[first + count - 1], by number. */
struct ring {
  uint32_t tick, first, count;
  bool is_cyclic;
};

struct maker {
  const struct recording *recording;
  struct replay_file *file;
  size_t room;
  uint32_t slot;   /* of the last event */
  uint32_t *slots; /* by object */
  uint32_t *empty; /* slots to be used again, the last first */
  size_t empty_count;
  uint32_t *members;
  struct ring *rings; /* by tick */
  size_t ring_count, member_count, next_ring;
  uint32_t *closes; /* by object: the ring that it is the last of, or NO_RING */
  uint32_t born;    /* objects by now */
};

/* ---- what becomes garbage together ------------------------------------------------------------------------------ */

/* Did the collection that freed the object look at it?  Otherwise it was born while that ran, and counting freed it. */
static bool is_examined(const struct recording *recording, uint32_t object)
{
  const struct recording_collection *by = &recording->collections[recording->objects[object].swept_by];
  return object < by->allocated - by->is_automatic;
}

/* The ring that begins with this object; its members are marked by `taken`, a bit for each of its span. */
static void add_ring(struct maker *maker, const struct garbage_collections *next, uint32_t object, uint32_t end,
                     uint32_t *taken)
{
  const struct recording_object *objects = maker->recording->objects;
  struct ring *ring = &maker->rings[maker->ring_count++];
  *ring = (struct ring){.first = (uint32_t)maker->member_count, .is_cyclic = is_examined(maker->recording, object)};
  uint32_t low = 0, last = object;
  for (uint32_t i = object; i < end; i++) {
    if (objects[i].swept_by != objects[object].swept_by || is_examined(maker->recording, i) != ring->is_cyclic)
      continue;
    const uint32_t seen = garbage_last_seen_alive(next, i);
    if (seen > low) low = seen;
    last = i;
    *taken |= UINT32_C(1) << i % REPLAY_RING_SPAN;
    maker->members[maker->member_count++] = i;
    ring->count++;
    if (!ring->is_cyclic) break;
  }
  const uint32_t high = objects[object].died;
  ring->tick = ring->is_cyclic ? garbage_draw_death(objects[last].born, low, high, last) : high;
}

static int compare_rings(const void *a, const void *b)
{
  const struct ring *left = a, *right = b;
  if (left->tick != right->tick) return left->tick < right->tick ? -1 : 1;
  return left->first < right->first ? -1 : left->first > right->first;
}

static void make_rings(struct maker *maker)
{
  const struct recording *recording = maker->recording;
  const uint32_t count = (uint32_t)recording->object_count;
  struct garbage_collections next = garbage_collections_make(recording);
  size_t swept = 0;
  for (uint32_t i = 0; i < count; i++) swept += recording->objects[i].swept_by != RECORDING_NEVER;
  maker->rings = memory_require(calloc(swept + 1, sizeof *maker->rings));
  maker->members = memory_require(calloc(swept + 1, sizeof *maker->members));
  uint32_t taken = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t place = i % REPLAY_RING_SPAN, left = REPLAY_RING_SPAN - place;
    if (place == 0) taken = 0;
    if (recording->objects[i].swept_by == RECORDING_NEVER || (taken >> place & 1) != 0) continue;
    add_ring(maker, &next, i, left < count - i ? i + left : count, &taken);
  }
  garbage_collections_free(&next);
  qsort(maker->rings, maker->ring_count, sizeof *maker->rings, compare_rings);
  for (uint32_t i = 0; i < count; i++) maker->closes[i] = NO_RING;
  for (size_t i = 0; i < maker->ring_count; i++) {
    const struct ring *ring = &maker->rings[i];
    if (ring->is_cyclic) maker->closes[maker->members[ring->first + ring->count - 1]] = (uint32_t)i;
  }
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static void put_number(struct maker *maker, uint64_t number)
{
  uint8_t *bytes = maker->file->events;
  for (; number >= 0x80; number >>= 7) bytes[maker->file->header.bytes++] = (uint8_t)(number | 0x80);
  bytes[maker->file->header.bytes++] = (uint8_t)number;
}

static uint64_t zigzag(uint32_t from, uint32_t to)
{
  const int64_t distance = (int64_t)to - from;
  return distance >= 0 ? 2 * (uint64_t)distance : 2 * (uint64_t)-distance - 1;
}

static void put_event(struct maker *maker, enum replay_tag tag, uint32_t slot)
{
  struct replay_file *file = maker->file;
  if (file->header.bytes + 2 * NUMBER_BYTES_MAX > maker->room) {
    maker->room = maker->room == 0 ? BYTES_FIRST : 2 * maker->room;
    file->events = memory_require(realloc(file->events, maker->room));
  }
  put_number(maker, zigzag(maker->slot, slot) << 2 | (uint64_t)tag);
  maker->slot = slot;
  file->header.events++;
}

static void put_ring(struct maker *maker, const struct ring *ring)
{
  const uint32_t *members = maker->members + ring->first;
  for (uint32_t i = 0; i < ring->count; i++) {
    const uint32_t from = maker->slots[members[i]], to = maker->slots[members[(i + 1) % ring->count]];
    put_event(maker, REPLAY_LINK, from);
    put_number(maker, zigzag(from, to));
  }
  maker->file->header.rings++;
  maker->file->header.cyclic += ring->count;
}

static void put_object(struct maker *maker)
{
  struct replay_header *header = &maker->file->header;
  const uint32_t object = maker->born++;
  const uint32_t slot = maker->empty_count > 0 ? maker->empty[--maker->empty_count] : (uint32_t)header->slots++;
  maker->slots[object] = slot;
  put_event(maker, REPLAY_ALLOCATE, slot);
  header->objects++;
  header->live++;
  if (maker->closes[object] != NO_RING) put_ring(maker, &maker->rings[maker->closes[object]]);
}

static void put_drop(struct maker *maker, uint32_t object)
{
  put_event(maker, REPLAY_DROP, maker->slots[object]);
  maker->empty[maker->empty_count++] = maker->slots[object];
  maker->file->header.live--;
}

/* What has become garbage by this tick. */
static void put_garbage(struct maker *maker, uint32_t tick)
{
  for (; maker->next_ring < maker->ring_count && maker->rings[maker->next_ring].tick <= tick; maker->next_ring++) {
    const struct ring *ring = &maker->rings[maker->next_ring];
    for (uint32_t i = 0; i < ring->count; i++) put_drop(maker, maker->members[ring->first + i]);
  }
}

static void put_all(struct maker *maker)
{
  const struct recording *recording = maker->recording;
  size_t freed = 0;
  while (maker->born < recording->object_count && recording->objects[maker->born].born == 0) put_object(maker);
  maker->file->header.initial = maker->born;
  put_garbage(maker, 0);
  for (uint32_t tick = 0; tick < recording->tick_count; tick++) {
    if (!recording_tick_is_free(recording, tick)) {
      put_object(maker);
    } else {
      const uint32_t object = recording->freed[freed++];
      if (object != RECORDING_NEVER) put_drop(maker, object);
    }
    put_garbage(maker, tick + 1);
  }
}

struct replay_file replay_make(const struct recording *recording)
{
  struct replay_file file = {.header = {.version = REPLAY_VERSION}};
  const size_t count = recording->object_count + 1;
  struct maker maker = {.recording = recording,
                        .file = &file,
                        .slots = memory_require(calloc(count, sizeof(uint32_t))),
                        .empty = memory_require(calloc(count, sizeof(uint32_t))),
                        .closes = memory_require(calloc(count, sizeof(uint32_t)))};
  memcpy(file.header.magic, REPLAY_MAGIC, sizeof file.header.magic);
  make_rings(&maker);
  put_all(&maker);
  file.header.identity = XXH3_64bits(file.events, file.header.bytes) >> 1;
  free(maker.slots);
  free(maker.empty);
  free(maker.closes);
  free(maker.members);
  free(maker.rings);
  return file;
}

void replay_free(struct replay_file *file)
{
  free(file->events);
  *file = (struct replay_file){0};
}

bool replay_write(const struct replay_file *file, const char *path)
{
  FILE *out = fopen(path, "wbe");
  if (out == NULL) return false;
  const bool is_whole = fwrite(&file->header, sizeof file->header, 1, out) == 1 &&
                        fwrite(file->events, 1, file->header.bytes, out) == file->header.bytes;
  return fclose(out) == 0 && is_whole;
}
