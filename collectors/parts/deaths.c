#define _GNU_SOURCE
#include "collectors/parts/deaths.h"

#include "collectors/parts/header.h"

enum { ROW_NUMBERS = 8, VARINT_MAX = 10, KIND_COUNT = 8, FLAGS_END = 1 << 3 };

static unsigned char *put(unsigned char *at, uint64_t value)
{
  while (value >= 0x80) {
    *at++ = (unsigned char)(value | 0x80);
    value >>= 7;
  }
  *at++ = (unsigned char)value;
  return at;
}

static uint64_t zigzag(uint64_t difference) { return difference << 1 ^ (uint64_t)((int64_t)difference >> 63); }

static uint64_t from_zigzag(uint64_t coded) { return coded >> 1 ^ (~(coded & 1) + 1); }

bool death_write(struct death_stream *stream, const struct death *death)
{
  unsigned char row[ROW_NUMBERS * VARINT_MAX];
  const struct death *previous = &stream->previous;
  unsigned char *end = put(row, death->operation - previous->operation);
  end = put(end, death->clock_objects - previous->clock_objects);
  end = put(end, death->clock_bytes - previous->clock_bytes);
  end = put(end, zigzag(death->object - previous->object));
  end = put(end, death->lifetime_bytes);
  end = put(end, death->shape.fields);
  end = put(end, death->shape.bytes);
  end = put(end, (uint64_t)death->shape.kind + (uint64_t)KIND_COUNT * death->flags);
  const size_t bytes = (size_t)(end - row);
  if (fwrite_unlocked(row, 1, bytes, stream->file) != bytes) return false;
  stream->previous = *death;
  stream->rows++;
  return true;
}

/* A varint of 64 bits at most; is_first: the file may end instead. */
static enum death_read get(FILE *file, bool is_first, uint64_t *value)
{
  *value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const int byte = getc_unlocked(file);
    if (byte == EOF) return is_first && shift == 0 && !ferror_unlocked(file) ? DEATH_END : DEATH_DAMAGED;
    const uint64_t bits = (uint64_t)byte & 0x7f;
    if (shift == 63 && bits > 1) return DEATH_DAMAGED;
    *value |= bits << shift;
    if (byte < 0x80) return DEATH_ROW;
  }
  return DEATH_DAMAGED;
}

static bool make_sense(const uint64_t *number, const struct death *death)
{
  return number[5] <= UINT32_MAX && number[6] <= UINT32_MAX && number[7] < (uint64_t)KIND_COUNT * FLAGS_END &&
         number[7] % KIND_COUNT <= GC_WEAK && death->object < death->clock_objects &&
         death->lifetime_bytes <= death->clock_bytes;
}

enum death_read death_read(struct death_stream *stream, struct death *death)
{
  uint64_t number[ROW_NUMBERS];
  for (unsigned i = 0; i < ROW_NUMBERS; i++) {
    const enum death_read got = get(stream->file, i == 0, &number[i]);
    if (got != DEATH_ROW) return got;
  }
  const struct death *previous = &stream->previous;
  *death = (struct death){
      .operation = previous->operation + number[0],
      .clock_objects = previous->clock_objects + number[1],
      .clock_bytes = previous->clock_bytes + number[2],
      .object = previous->object + from_zigzag(number[3]),
      .lifetime_bytes = number[4],
      .shape = {.fields = (uint32_t)number[5],
                .bytes = (uint32_t)number[6],
                .kind = (enum gc_kind)(number[7] % KIND_COUNT)},
      .flags = (unsigned)(number[7] / KIND_COUNT),
  };
  if (!make_sense(number, death)) return DEATH_DAMAGED;
  stream->previous = *death;
  stream->rows++;
  return DEATH_ROW;
}
