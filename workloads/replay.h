/*
 * replay: the file that the workload replay runs: allocations, drops and links, with every place decided beforehand.
 *
 * A header, then events.  The first number of an event is (d << 2 | tag), where d is how far its slot is from that of
 * the event before (zigzag: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...); a link has a second number, how far its target's
 * slot is from its own, in the same form.  Numbers have seven bits a byte, low ones first; the eighth bit says that
 * more follow.  Objects are numbered in the order of their allocation.
 */
#ifndef GCLAB_WORKLOADS_REPLAY_H
#define GCLAB_WORKLOADS_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_MAGIC "GCLABRPL"

enum { REPLAY_VERSION = 1, REPLAY_SLOTS_MAX = 1 << 28 };

/* All numbers in the machine's order. */
struct replay_header {
  char magic[8];
  uint64_t version;
  uint64_t bytes;    /* of events */
  uint64_t events;   /* their number */
  uint64_t objects;  /* allocated in all */
  uint64_t initial;  /* of which by the first events, before the program's own */
  uint64_t slots;    /* the most that are in use at once; slots are numbered from 0 */
  uint64_t cyclic;   /* objects that are linked into rings, and so are garbage that counting alone cannot free */
  uint64_t rings;    /* that they make */
  uint64_t live;     /* objects in slots when all is over */
  uint64_t identity; /* 63 bits of a hash of the events */
};

enum replay_tag {
  REPLAY_ALLOCATE = 0, /* a new object, into an empty slot */
  REPLAY_DROP = 1,     /* the slot is emptied */
  REPLAY_LINK = 2,     /* the object in the slot refers to the one in the target */
};

/* A file in memory, checked: the events keep to the header. */
struct replay_input {
  const struct replay_header *header;
  const uint8_t *events;
};

struct replay_event {
  enum replay_tag tag;
  uint32_t slot, target;
};

struct replay_reader {
  const uint8_t *at, *end;
  uint32_t slot; /* of the event before */
};

static inline struct replay_reader replay_reader_make(const struct replay_input *input)
{
  return (struct replay_reader){.at = input->events, .end = input->events + input->header->bytes};
}

static inline bool replay_read_number(struct replay_reader *reader, uint64_t *number)
{
  *number = 0;
  for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
    const uint8_t byte = *reader->at++;
    *number |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

static inline uint32_t replay_slot_after(uint32_t slot, uint64_t zigzag)
{
  return slot + ((uint32_t)(zigzag >> 1) ^ -(uint32_t)(zigzag & 1));
}

/* The next event.  False: there is none, or it is cut. */
static inline bool replay_next(struct replay_reader *reader, struct replay_event *event)
{
  uint64_t number = 0;
  if (!replay_read_number(reader, &number)) return false;
  event->tag = (enum replay_tag)(number & 3);
  event->target = 0;
  event->slot = reader->slot = replay_slot_after(reader->slot, number >> 2);
  if (event->tag != REPLAY_LINK) return true;
  if (!replay_read_number(reader, &number)) return false;
  event->target = replay_slot_after(event->slot, number);
  return true;
}

#endif
