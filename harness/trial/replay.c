#define _GNU_SOURCE
#include "harness/trial/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every event keeps to the header: no slot is filled twice, emptied when it is empty, or linked without an object. */
static bool are_events_right(const struct replay_input *replay, uint8_t *used)
{
  const struct replay_header *header = replay->header;
  struct replay_reader reader = replay_reader_make(replay);
  struct replay_event event;
  uint64_t events = 0, objects = 0, live = 0;
  for (; reader.at < reader.end; events++) {
    if (!replay_next(&reader, &event) || event.slot >= header->slots) return false;
    uint8_t *at = &used[event.slot / 8];
    const uint8_t bit = (uint8_t)(1 << event.slot % 8);
    const bool is_used = (*at & bit) != 0;
    if (is_used != (event.tag != REPLAY_ALLOCATE) || event.tag > REPLAY_LINK) return false;
    if (event.tag == REPLAY_LINK) {
      if (event.target >= header->slots || (used[event.target / 8] >> event.target % 8 & 1) == 0) return false;
      continue;
    }
    *at ^= bit;
    objects += event.tag == REPLAY_ALLOCATE;
    live += event.tag == REPLAY_ALLOCATE ? 1 : UINT64_MAX;
  }
  return events == header->events && objects == header->objects && live == header->live;
}

static const char *problem_of(const struct trial *trial, const struct replay_input *replay, size_t bytes)
{
  const struct replay_header *header = replay->header;
  if (bytes < sizeof *header || memcmp(header->magic, REPLAY_MAGIC, sizeof header->magic) != 0 ||
      header->version != REPLAY_VERSION)
    return "is nothing to replay: 'gclab replay RECORDING' makes such a file";
  if (header->bytes != bytes - sizeof *header || header->slots > REPLAY_SLOTS_MAX)
    return "is cut or damaged: run 'gclab replay' again";
  if (trial->parameters[0] != (int64_t)header->identity)
    return "is of another recording than the parameter recording says: run 'gclab replay' again";
  uint8_t *used = calloc(header->slots / 8 + 1, 1);
  if (used == NULL) return "cannot be checked: there is no memory";
  const bool is_right = are_events_right(replay, used);
  free(used);
  return is_right ? NULL : "is damaged: run 'gclab replay' again";
}

bool replay_open(const struct trial *trial, const char *path, struct replay_input *replay)
{
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status = {0};
  void *bytes = MAP_FAILED;
  const char *problem = NULL;
  if (file < 0 || fstat(file, &status) != 0) {
    problem = strerror(errno);
  } else if (status.st_size == 0) {
    problem = "is empty";
  } else {
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) problem = strerror(errno);
  }
  if (file >= 0) close(file);
  if (problem == NULL) {
    *replay = (struct replay_input){.header = bytes, .events = (const uint8_t *)bytes + sizeof(struct replay_header)};
    problem = problem_of(trial, replay, (size_t)status.st_size);
  }
  if (problem == NULL) return true;
  fprintf(stderr, "gclab-trial: %s: %s\n", path, problem);
  if (bytes != MAP_FAILED) munmap(bytes, (size_t)status.st_size);
  return false;
}

void replay_close(struct replay_input *replay)
{
  munmap((void *)replay->header, sizeof *replay->header + replay->header->bytes);
  *replay = (struct replay_input){0};
}
