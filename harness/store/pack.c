/*
 * pack: rows to bytes and back.
 *
 * Column by column: the difference from the row before (modulo 2^64; the first from 0), zigzag, varint.  Most columns
 * of most trials do not change from row to row, so a zero is followed by how many more zeros there are: such a column
 * takes three bytes, not one a row.
 *
 * Unpacking trusts nothing: a store may be damaged.  It accepts just what packing makes of `count` rows, to the last
 * byte, and nothing that a reader could stumble over (a kind that has no name, a phase without its end).
 */
#include <stdlib.h>
#include <string.h>

#include "harness/store/store.h"

struct column {
  uint16_t offset, width; /* in the row, in bytes: 1, 4 or 8 */
  uint64_t maximum;
};

#define COLUMN(type, field, top)                                                                                       \
  {                                                                                                                    \
    offsetof(type, field), sizeof(((type *)0)->field), (top)                                                           \
  }

static const struct column pause_columns[] = {
    COLUMN(struct journal_row, start_ns, UINT64_MAX),
    COLUMN(struct journal_row, duration_ns, UINT64_MAX),
    COLUMN(struct journal_row, mark_ns, UINT64_MAX),
    COLUMN(struct journal_row, heap_before_bytes, UINT64_MAX),
    COLUMN(struct journal_row, heap_after_bytes, UINT64_MAX),
    COLUMN(struct journal_row, freed_bytes, UINT64_MAX),
    COLUMN(struct journal_row, examined_objects, UINT32_MAX),
    COLUMN(struct journal_row, followed_edges, UINT32_MAX),
    COLUMN(struct journal_row, freed_objects, UINT32_MAX),
    COLUMN(struct journal_row, survived_objects, UINT32_MAX),
    COLUMN(struct journal_row, kind, JOURNAL_KINDS - 1),
    COLUMN(struct journal_row, cause, JOURNAL_CAUSES - 1),
    COLUMN(struct journal_row, generation, UINT8_MAX),
    COLUMN(struct journal_row, phase, JOURNAL_PHASES_MAX - 1),
    COLUMN(struct journal_row, flags, JOURNAL_WATCHED | JOURNAL_PREEMPTED),
    COLUMN(struct journal_row, allocated_bytes, UINT64_MAX),
    COLUMN(struct journal_row, held_bytes, UINT64_MAX),
};

static const struct column request_columns[] = {
    COLUMN(struct journal_request, start_ns, UINT64_MAX),
    COLUMN(struct journal_request, latency_ns, UINT64_MAX),
};

static const struct column heap_columns[] = {
    COLUMN(struct store_heap_sample, time_ns, UINT64_MAX),
    COLUMN(struct store_heap_sample, heap_bytes, UINT64_MAX),
    COLUMN(struct store_heap_sample, footprint_bytes, UINT64_MAX),
    COLUMN(struct store_heap_sample, allocated_bytes, UINT64_MAX),
    COLUMN(struct store_heap_sample, freed_bytes, UINT64_MAX),
};

static const struct column floating_columns[] = {
    COLUMN(struct store_floating, time_ns, UINT64_MAX),
    COLUMN(struct store_floating, allocated_bytes, UINT64_MAX),
    COLUMN(struct store_floating, held_bytes, UINT64_MAX),
    COLUMN(struct store_floating, reachable_bytes, UINT64_MAX),
};

static const struct column phase_columns[] = {COLUMN(struct journal_phase, start_ns, UINT64_MAX)};

struct table {
  const struct column *columns;
  size_t column_count, row_bytes;
  size_t added; /* the last so many columns are not in older stores: 0 there */
};

#define TABLE(columns, type, added)                                                                                    \
  {                                                                                                                    \
    (columns), sizeof(columns) / sizeof((columns)[0]), sizeof(type), (added)                                           \
  }

static const struct table pause_table = TABLE(pause_columns, struct journal_row, 3);
static const struct table request_table = TABLE(request_columns, struct journal_request, 0);
static const struct table heap_table = TABLE(heap_columns, struct store_heap_sample, 1);
static const struct table floating_table = TABLE(floating_columns, struct store_floating, 0);
static const struct table phase_table = TABLE(phase_columns, struct journal_phase, 0);

/*
 * A value takes VALUE_MAX bytes at most: a run of zeros and the value that ends it.  Rows are packed in tiles that stay
 * in the cache while one column after the other is taken from them; a million rows would come from memory once a column
 * otherwise.
 */
enum { VARINT_MAX = 10, VALUE_MAX = 3 * VARINT_MAX, TILE_ROWS = 256, COLUMNS_MAX = 20 };

struct writer {
  uint8_t *data;
  size_t used, room;
};

static bool make_room(struct writer *writer, size_t bytes)
{
  if (writer->data != NULL && writer->room - writer->used >= bytes) return true;
  const size_t room = 2 * writer->room + bytes + 256;
  uint8_t *data = realloc(writer->data, room);
  if (data == NULL) return false;
  writer->data = data;
  writer->room = room;
  return true;
}

static inline uint8_t *put_varint(uint8_t *at, uint64_t value)
{
  while (value >= 0x80) {
    *at++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  *at++ = (uint8_t)value;
  return at;
}

static inline uint64_t zigzag(uint64_t difference) { return difference << 1 ^ (uint64_t)((int64_t)difference >> 63); }

static inline uint64_t unzigzag(uint64_t coded) { return coded >> 1 ^ (~(coded & 1) + 1); }

static inline uint64_t load(const uint8_t *field, unsigned width)
{
  uint32_t word = 0;
  uint64_t wide = 0;
  switch (width) {
  case 1:
    return *field;
  case 4:
    memcpy(&word, field, sizeof word);
    return word;
  default:
    memcpy(&wide, field, sizeof wide);
    return wide;
  }
}

static inline void save(uint8_t *field, unsigned width, uint64_t value)
{
  const uint32_t word = (uint32_t)value;
  switch (width) {
  case 1:
    *field = (uint8_t)value;
    break;
  case 4:
    memcpy(field, &word, sizeof word);
    break;
  default:
    memcpy(field, &value, sizeof value);
  }
}

/* A column as far as it is packed. */
struct stream {
  struct writer writer;
  uint64_t before;
  uint64_t zeros; /* not written yet */
};

static inline uint8_t *put_zeros(uint8_t *at, uint64_t *zeros)
{
  if (*zeros == 0) return at;
  at = put_varint(put_varint(at, 0), *zeros - 1);
  *zeros = 0;
  return at;
}

/* There is room for the rows.  Inlined for each width. */
static inline void pack_rows(struct stream *stream, const uint8_t *field, unsigned width, size_t row_bytes,
                             size_t count)
{
  uint8_t *at = stream->writer.data + stream->writer.used;
  uint64_t before = stream->before;
  uint64_t zeros = stream->zeros;
  for (size_t i = 0; i < count; i++, field += row_bytes) {
    const uint64_t value = load(field, width);
    const uint64_t difference = value - before;
    before = value;
    if (difference == 0) {
      zeros++;
      continue;
    }
    at = put_varint(put_zeros(at, &zeros), zigzag(difference));
  }
  stream->before = before;
  stream->zeros = zeros;
  stream->writer.used = (size_t)(at - stream->writer.data);
}

static bool pack_tile(struct stream *streams, const struct table *table, const uint8_t *rows, size_t count)
{
  for (size_t i = 0; i < table->column_count; i++) {
    const struct column *column = &table->columns[i];
    if (!make_room(&streams[i].writer, VALUE_MAX * count)) return false;
    if (column->width == 8)
      pack_rows(&streams[i], rows + column->offset, 8, table->row_bytes, count);
    else if (column->width == 4)
      pack_rows(&streams[i], rows + column->offset, 4, table->row_bytes, count);
    else
      pack_rows(&streams[i], rows + column->offset, 1, table->row_bytes, count);
  }
  return true;
}

/* Appends a finished column. */
static bool append(struct writer *writer, struct stream *stream)
{
  if (!make_room(&stream->writer, VALUE_MAX)) return false;
  uint8_t *end = put_zeros(stream->writer.data + stream->writer.used, &stream->zeros);
  const size_t bytes = (size_t)(end - stream->writer.data);
  if (!make_room(writer, bytes)) return false;
  memcpy(writer->data + writer->used, stream->writer.data, bytes);
  writer->used += bytes;
  return true;
}

static bool pack_table(struct writer *writer, const struct table *table, const void *rows, size_t count)
{
  struct stream streams[COLUMNS_MAX] = {0};
  bool done = make_room(writer, 1); /* so that an empty table is not NULL */
  for (size_t i = 0; done && i < count; i += TILE_ROWS) {
    const size_t tile = count - i < TILE_ROWS ? count - i : TILE_ROWS;
    done = pack_tile(streams, table, (const uint8_t *)rows + i * table->row_bytes, tile);
  }
  for (size_t i = 0; done && i < table->column_count; i++) done = append(writer, &streams[i]);
  for (size_t i = 0; i < table->column_count; i++) free(streams[i].writer.data);
  return done;
}

static uint8_t *pack(const struct table *table, const void *rows, size_t count, size_t *bytes)
{
  struct writer writer = {0};
  if (!pack_table(&writer, table, rows, count)) {
    free(writer.data);
    return NULL;
  }
  *bytes = writer.used;
  return writer.data;
}

struct reader {
  const uint8_t *next, *end;
};

static bool get_varint(struct reader *reader, uint64_t *value)
{
  uint64_t read = 0;
  for (unsigned shift = 0; shift < 64 && reader->next < reader->end; shift += 7) {
    const uint8_t byte = *reader->next++;
    if (shift == 63 && byte > 1) return false;
    read |= (uint64_t)(byte & 0x7f) << shift;
    if (byte & 0x80) continue;
    *value = read;
    return byte != 0 || shift == 0; /* a needless last byte is not what packing writes */
  }
  return false;
}

static bool unpack_column(struct reader *reader, const struct column *column, uint8_t *rows, size_t row_bytes,
                          size_t count)
{
  uint64_t value = 0;
  uint8_t *field = rows + column->offset;
  for (size_t i = 0; i < count;) {
    uint64_t coded = 0;
    uint64_t more = 0;
    if (!get_varint(reader, &coded)) return false;
    if (coded == 0 && (!get_varint(reader, &more) || more >= count - i)) return false;
    value += unzigzag(coded);
    if (value > column->maximum) return false;
    for (uint64_t k = 0; k <= more; k++, i++, field += row_bytes) save(field, column->width, value);
  }
  return true;
}

static bool unpack_table(struct reader *reader, const struct table *table, size_t count, void *rows)
{
  if (count == 0) return true;
  memset(rows, 0, count * table->row_bytes);
  for (size_t i = 0; i < table->column_count; i++) {
    if (i + table->added >= table->column_count && reader->next == reader->end) return true;
    if (!unpack_column(reader, &table->columns[i], rows, table->row_bytes, count)) return false;
  }
  return true;
}

static bool unpack(const struct table *table, const uint8_t *data, size_t bytes, size_t count, void *rows)
{
  struct reader reader = {.next = data, .end = data + bytes};
  return unpack_table(&reader, table, count, rows) && reader.next == reader.end;
}

uint8_t *store_pack_pauses(const struct journal_row *rows, size_t count, size_t *bytes)
{
  return pack(&pause_table, rows, count, bytes);
}

bool store_unpack_pauses(const uint8_t *data, size_t bytes, size_t count, struct journal_row *rows)
{
  return unpack(&pause_table, data, bytes, count, rows);
}

uint8_t *store_pack_requests(const struct journal_request *rows, size_t count, size_t *bytes)
{
  return pack(&request_table, rows, count, bytes);
}

bool store_unpack_requests(const uint8_t *data, size_t bytes, size_t count, struct journal_request *rows)
{
  return unpack(&request_table, data, bytes, count, rows);
}

uint8_t *store_pack_heap(const struct store_heap_sample *rows, size_t count, size_t *bytes)
{
  return pack(&heap_table, rows, count, bytes);
}

bool store_unpack_heap(const uint8_t *data, size_t bytes, size_t count, struct store_heap_sample *rows)
{
  return unpack(&heap_table, data, bytes, count, rows);
}

uint8_t *store_pack_floating(const struct store_floating *rows, size_t count, size_t *bytes)
{
  return pack(&floating_table, rows, count, bytes);
}

/* More reachable than held is what no trial has: a reader would take the difference. */
bool store_unpack_floating(const uint8_t *data, size_t bytes, size_t count, struct store_floating *rows)
{
  if (!unpack(&floating_table, data, bytes, count, rows)) return false;
  for (size_t i = 0; i < count; i++) {
    if (rows[i].reachable_bytes > rows[i].held_bytes) return false;
  }
  return true;
}

/* Phases: the column of starts, then the names, each with its NUL. */
uint8_t *store_pack_phases(const struct journal_phase *rows, size_t count, size_t *bytes)
{
  struct writer writer = {0};
  bool done = pack_table(&writer, &phase_table, rows, count);
  for (size_t i = 0; done && i < count; i++) {
    const size_t length = strnlen(rows[i].name, JOURNAL_PHASE_NAME_MAX - 1);
    done = make_room(&writer, length + 1);
    if (!done) break;
    memcpy(writer.data + writer.used, rows[i].name, length);
    writer.data[writer.used + length] = '\0';
    writer.used += length + 1;
  }
  if (!done) {
    free(writer.data);
    return NULL;
  }
  *bytes = writer.used;
  return writer.data;
}

bool store_unpack_phases(const uint8_t *data, size_t bytes, size_t count, struct journal_phase *rows)
{
  struct reader reader = {.next = data, .end = data + bytes};
  if (!unpack_table(&reader, &phase_table, count, rows)) return false;
  for (size_t i = 0; i < count; i++) {
    const size_t left = (size_t)(reader.end - reader.next);
    const size_t length = strnlen((const char *)reader.next, left);
    if (length == left || length >= JOURNAL_PHASE_NAME_MAX) return false;
    memcpy(rows[i].name, reader.next, length + 1);
    reader.next += length + 1;
  }
  return reader.next == reader.end;
}
