/* recording: see recording.h. */
#define _GNU_SOURCE
#include "harness/recording/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { CAPACITY_FIRST = 1024 };

/* A file's bytes, and how far they have been read. */
struct input {
  const uint8_t *bytes;
  size_t at, end;
  bool is_damaged;
  struct recording *recording;
  size_t object_room, freed_room, collection_room, setting_room, tick_words;
  uint64_t now_ns;
  bool is_collecting, is_too_large;
  int64_t count; /* generations[0].count, by the events so far */
  struct graph_builder graph;
  uint64_t graph_object; /* number of the last one in the snapshot */
  size_t graph_room;
};

static uint64_t take_number(struct input *input)
{
  uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (input->at == input->end) break;
    const uint8_t byte = input->bytes[input->at++];
    number |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  input->is_damaged = true;
  return 0;
}

/* Room for one more; returns the array, which may have moved. */
static void *make_room(void *array, size_t count, size_t *room, size_t size)
{
  if (count < *room) return array;
  *room = *room == 0 ? CAPACITY_FIRST : *room * 2;
  return memory_require(reallocarray(array, *room, size));
}

/* ---- ticks and objects ------------------------------------------------------------------------------------------ */

static bool add_tick(struct input *input, bool is_free)
{
  struct recording *recording = input->recording;
  if (recording->tick_count == RECORDING_NEVER - 1) return false;
  const uint32_t tick = recording->tick_count++;
  if (tick / 64 >= input->tick_words) {
    const size_t words = input->tick_words == 0 ? CAPACITY_FIRST : input->tick_words * 2;
    recording->is_free = memory_require(reallocarray(recording->is_free, words, sizeof(uint64_t)));
    memset(recording->is_free + input->tick_words, 0, (words - input->tick_words) * sizeof(uint64_t));
    input->tick_words = words;
  }
  if (is_free) recording->is_free[tick / 64] |= UINT64_C(1) << tick % 64;
  return true;
}

static void add_object(struct input *input, uint32_t born)
{
  struct recording *recording = input->recording;
  recording->objects =
      make_room(recording->objects, recording->object_count, &input->object_room, sizeof *recording->objects);
  recording->objects[recording->object_count++] =
      (struct recording_object){.born = born, .died = RECORDING_NEVER, .swept_by = RECORDING_NEVER};
}

static bool take_allocations(struct input *input, uint64_t count)
{
  input->is_too_large = count > RECORDING_OBJECTS_MAX - input->recording->object_count;
  if (input->is_too_large) return false;
  for (uint64_t i = 0; i < count; i++) {
    if (!add_tick(input, false)) return false;
    add_object(input, input->recording->tick_count);
  }
  input->count += (int64_t)count;
  return true;
}

/* The object that an age means; NULL with *is_known false where it has no number, NULL otherwise: damaged. */
static struct recording_object *object_of(struct input *input, uint64_t age, bool *is_known)
{
  struct recording *recording = input->recording;
  *is_known = age != 0;
  if (age == 0 || age > recording->object_count) return NULL;
  struct recording_object *object = &recording->objects[recording->object_count - age];
  return object->died == RECORDING_NEVER ? object : NULL;
}

static bool take_free(struct input *input, uint64_t age)
{
  struct recording *recording = input->recording;
  bool is_known = false;
  struct recording_object *object = object_of(input, age, &is_known);
  if (object == NULL && is_known) return false;
  if (!add_tick(input, true)) return false;
  recording->freed = make_room(recording->freed, recording->freed_count, &input->freed_room, sizeof *recording->freed);
  recording->freed[recording->freed_count++] =
      object == NULL ? RECORDING_NEVER : (uint32_t)(object - recording->objects);
  if (object != NULL) object->died = recording->tick_count;
  if (input->count > 0) input->count--;
  return true;
}

static bool take_sweep(struct input *input, uint64_t age)
{
  struct recording *recording = input->recording;
  bool is_known = false;
  struct recording_object *object = object_of(input, age, &is_known);
  if (input->count > 0) input->count--;
  if (object == NULL) return !is_known;
  object->died = recording->tick_count;
  if (recording->collection_count == 0) return false;
  object->swept_by = (uint32_t)recording->collection_count - 1;
  recording->collections[object->swept_by].swept++;
  return true;
}

/* ---- collections and settings ----------------------------------------------------------------------------------- */

static struct recording_collection *add_collection(struct input *input)
{
  struct recording *recording = input->recording;
  recording->collections = make_room(recording->collections, recording->collection_count, &input->collection_room,
                                     sizeof *recording->collections);
  struct recording_collection *collection = &recording->collections[recording->collection_count++];
  *collection =
      (struct recording_collection){.tick = recording->tick_count, .allocated = (uint32_t)recording->object_count};
  return collection;
}

static bool take_start(struct input *input, uint64_t argument)
{
  if ((argument & 3) == 3 || argument > 7) return false;
  struct recording_collection *collection = add_collection(input);
  collection->generation = argument & 3;
  collection->is_automatic = argument >> 2 != 0;
  input->now_ns += take_number(input);
  collection->start_ns = input->now_ns;
  for (int g = 0; g < 3; g++) collection->counts[g] = (uint32_t)take_number(input);
  collection->pending = take_number(input);
  collection->total = take_number(input);
  if (input->count != collection->counts[0]) input->recording->mismatches++;
  input->count = 0;
  input->is_collecting = true;
  return true;
}

static bool take_stop(struct input *input, uint64_t argument)
{
  if (!input->is_collecting) return false;
  input->is_collecting = false;
  struct recording_collection *collection = &input->recording->collections[input->recording->collection_count - 1];
  collection->collected = argument;
  collection->pause_ns = take_number(input);
  collection->uncollectable = take_number(input);
  collection->resident_kib = take_number(input);
  collection->recorder_ns = take_number(input);
  if (collection->recorder_ns > collection->pause_ns) collection->recorder_ns = collection->pause_ns;
  collection->is_ended = true;
  input->now_ns += collection->pause_ns;
  return true;
}

static void add_setting(struct input *input, struct recording_setting setting)
{
  struct recording *recording = input->recording;
  recording->settings =
      make_room(recording->settings, recording->setting_count, &input->setting_room, sizeof *recording->settings);
  recording->settings[recording->setting_count++] = setting;
}

static bool take_setting(struct input *input, uint64_t argument)
{
  struct recording_setting setting = {.tick = input->recording->tick_count, .is_enabled = argument != 0};
  for (int g = 0; g < 3; g++) setting.thresholds[g] = (int64_t)take_number(input);
  add_setting(input, setting);
  return true;
}

/* ---- snapshots ------------------------------------------------------------------------------------------------- */

static uint64_t number_after(uint64_t number, uint64_t zigzag) { return number + ((zigzag >> 1) ^ -(zigzag & 1)); }

static bool take_graph_end(struct input *input, uint64_t took_ns)
{
  struct recording *recording = input->recording;
  recording->graphs =
      make_room(recording->graphs, recording->graph_count, &input->graph_room, sizeof *recording->graphs);
  struct recording_graph *graph = &recording->graphs[recording->graph_count];
  if (!graph_end(&input->graph, graph)) return false;
  graph->tick = recording->tick_count;
  recording->graph_count++;
  recording->graph_ns += took_ns;
  input->now_ns += took_ns;
  return true;
}

static bool take_graph(struct input *input, uint64_t argument)
{
  const uint64_t value = argument >> 2;
  switch ((enum recording_graph_part)(argument & 3)) {
  case GRAPH_BEGIN:
    input->graph_object = 0;
    return graph_begin(&input->graph, input->recording->object_count);
  case GRAPH_OBJECT:
    input->graph_object = number_after(input->graph_object, value);
    return graph_add_object(&input->graph, input->graph_object);
  case GRAPH_REFERENCE:
    return graph_add_reference(&input->graph, number_after(input->graph_object, value));
  case GRAPH_END:
    return take_graph_end(input, value);
  }
  return false;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static bool take_event(struct input *input)
{
  const uint64_t first = take_number(input);
  const uint64_t argument = first >> 3;
  if (input->graph.is_open && (first & 7) != TAG_GRAPH) return false; /* nothing happens while a snapshot is taken */
  switch ((enum recording_tag)(first & 7)) {
  case TAG_ALLOCATE:
    return take_allocations(input, argument);
  case TAG_FREE:
    return take_free(input, argument);
  case TAG_SWEEP:
    return take_sweep(input, argument);
  case TAG_START:
    return take_start(input, argument);
  case TAG_STOP:
    return take_stop(input, argument);
  case TAG_SETTING:
    return take_setting(input, argument);
  case TAG_FREEZE:
    input->recording->freeze_count++;
    return true;
  case TAG_GRAPH:
    return take_graph(input, argument);
  }
  return false;
}

static bool take_objects(struct input *input, char *error)
{
  struct recording *recording = input->recording;
  for (int g = 0; g < 4; g++) {
    for (uint64_t i = 0; i < recording->header.initial[g]; i++) add_object(input, 0);
  }
  struct recording_setting first = {.is_enabled = recording->header.counts[3] != 0};
  for (int g = 0; g < 3; g++) first.thresholds[g] = recording->header.thresholds[g];
  add_setting(input, first);
  while (input->at < input->end) {
    const size_t start = input->at;
    if (take_event(input) && !input->is_damaged) continue;
    if (input->is_too_large) {
      snprintf(error, RECORDING_ERROR_MAX,
               "there are more than %d objects in it, or it is damaged: record for a shorter time, as with --for 60s",
               RECORDING_OBJECTS_MAX);
    } else {
      snprintf(error, RECORDING_ERROR_MAX, "the event at byte %zu makes no sense: the file is damaged, record anew",
               start);
    }
    return false;
  }
  recording->duration_ns = recording->header.end_ns - recording->header.start_ns;
  return true;
}

static bool take_pauses(struct input *input, char *error)
{
  struct recording *recording = input->recording;
  const size_t row_bytes = PROBE_ROW_NUMBERS * sizeof(int64_t);
  for (; input->at + row_bytes <= input->end; input->at += row_bytes) {
    int64_t row[PROBE_ROW_NUMBERS];
    memcpy(row, input->bytes + input->at, sizeof row);
    if (row[0] < 0 || row[0] > 2 || row[2] < 0) {
      snprintf(error, RECORDING_ERROR_MAX, "the row at byte %zu makes no sense: the file is damaged", input->at);
      return false;
    }
    struct recording_collection *collection = add_collection(input);
    collection->generation = (uint8_t)row[0];
    collection->start_ns = (uint64_t)row[1] - recording->header.start_ns;
    collection->pause_ns = (uint64_t)row[2];
    collection->collected = (uint64_t)row[3];
    collection->uncollectable = (uint64_t)row[4];
    for (int g = 0; g < 3; g++) collection->counts[g] = (uint32_t)row[5 + g];
    collection->is_automatic = row[5] > recording->header.thresholds[0];
    collection->is_ended = true;
  }
  recording->duration_ns = recording->header.end_ns - recording->header.start_ns;
  return true;
}

static bool header_check(const struct recording_header *header, size_t bytes, char *error)
{
  const char *problem = NULL;
  if (memcmp(header->magic, RECORDING_MAGIC, sizeof header->magic) != 0) {
    problem = "it is no recording of 'gclab record'";
  } else if (header->version != RECORDING_VERSION) {
    problem = "it is of another version of gclab; record anew";
  } else if (header->kind != RECORDING_OBJECTS && header->kind != RECORDING_PAUSES) {
    problem = "it is of a kind that this gclab does not know";
  } else if (header->bytes > bytes - RECORDING_HEADER_BYTES || header->argument_bytes > RECORDING_ARGUMENTS_MAX ||
             header->end_ns < header->start_ns) {
    problem = "it is shorter than its header says: copied while it was written, or cut";
  }
  for (int g = 0; problem == NULL && g < 4; g++) {
    if (header->initial[g] > RECORDING_OBJECTS_MAX / 4) problem = "its header makes no sense: the file is damaged";
  }
  if (problem != NULL) snprintf(error, RECORDING_ERROR_MAX, "%s", problem);
  return problem == NULL;
}

static bool read_mapped(const uint8_t *bytes, size_t length, struct recording *recording, char *error)
{
  if (length < RECORDING_HEADER_BYTES) {
    snprintf(error, RECORDING_ERROR_MAX, "it is too short to be a recording");
    return false;
  }
  memcpy(&recording->header, bytes, sizeof recording->header);
  if (!header_check(&recording->header, length, error)) return false;
  struct input input = {.bytes = bytes,
                        .at = RECORDING_HEADER_BYTES,
                        .end = RECORDING_HEADER_BYTES + recording->header.bytes,
                        .count = recording->header.counts[0],
                        .recording = recording};
  const bool is_read =
      recording->header.kind == RECORDING_OBJECTS ? take_objects(&input, error) : take_pauses(&input, error);
  graph_free(&input.graph); /* one that the end cut off */
  return is_read;
}

bool recording_read(const char *path, struct recording *recording, char *error)
{
  *recording = (struct recording){0};
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status = {0};
  if (file < 0 || fstat(file, &status) != 0) {
    snprintf(error, RECORDING_ERROR_MAX, "%s: %s", path, strerror(errno));
    if (file >= 0) close(file);
    return false;
  }
  void *bytes = status.st_size == 0 ? MAP_FAILED : mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  char problem[RECORDING_ERROR_MAX] = "it is empty, or cannot be mapped";
  const bool is_read = bytes != MAP_FAILED && read_mapped(bytes, (size_t)status.st_size, recording, problem);
  if (bytes != MAP_FAILED) munmap(bytes, (size_t)status.st_size);
  if (is_read) return true;
  snprintf(error, RECORDING_ERROR_MAX, "%.300s: %.200s", path, problem);
  recording_free(recording);
  return false;
}

void recording_free(struct recording *recording)
{
  free(recording->objects);
  free(recording->is_free);
  free(recording->freed);
  free(recording->collections);
  free(recording->settings);
  free(recording->graphs);
  *recording = (struct recording){0};
}

char *recording_command(const struct recording_header *header)
{
  char *text = NULL;
  size_t length = 0;
  FILE *stream = memory_require(open_memstream(&text, &length));
  for (uint32_t i = 0; i < header->argument_bytes; i++) {
    const char letter = header->arguments[i];
    if (letter != '\0') {
      fputc(letter, stream);
    } else if (i + 1 < header->argument_bytes) {
      fputc(' ', stream);
    }
  }
  memory_close(stream);
  return text;
}

bool recording_sets_thresholds(const struct recording *recording) { return recording->setting_count > 1; }
