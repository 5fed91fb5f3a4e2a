/* Recordings that are written here by hand, read back, cut off everywhere, and damaged at random. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "harness/predict/predict.h"
#include "harness/recording/recording.h"
#include "tests/unit/cmocka_all.h"

/* ---- writing ---------------------------------------------------------------------------------------------------- */

enum { FILE_MAX = RECORDING_HEADER_BYTES + 4096 };

struct file {
  uint8_t bytes[FILE_MAX];
  size_t length;
};

static void put(struct file *file, uint64_t number)
{
  for (; number >= 0x80; number >>= 7) file->bytes[file->length++] = (uint8_t)(number | 0x80);
  file->bytes[file->length++] = (uint8_t)number;
}

static void put_tag(struct file *file, enum recording_tag tag, uint64_t argument)
{
  put(file, argument << 3 | (uint64_t)tag);
}

static void put_collection(struct file *file, uint64_t generation, uint64_t count, uint64_t collected)
{
  put_tag(file, TAG_START, generation + 4);
  const uint64_t start[] = {1000, count, 2, 1, 5, 20}, stop[] = {70, 0, 1234, 7};
  for (size_t i = 0; i < 6; i++) put(file, start[i]);
  for (uint64_t i = 0; i < collected; i++) put_tag(file, TAG_SWEEP, 3 * i + 2);
  put_tag(file, TAG_STOP, collected);
  for (size_t i = 0; i < 4; i++) put(file, stop[i]);
}

/* 30 objects to begin with, 100 more in two runs, some frees, three collections. */
static void make(struct file *file)
{
  file->length = RECORDING_HEADER_BYTES;
  put_tag(file, TAG_ALLOCATE, 60);
  put_tag(file, TAG_FREE, 1);
  put_tag(file, TAG_FREE, 0);
  put_collection(file, 0, 7 + 60 - 2, 5);
  put_tag(file, TAG_SETTING, 1);
  for (uint64_t i = 0; i < 3; i++) put(file, 50 - i);
  put_tag(file, TAG_ALLOCATE, 40);
  put_collection(file, 2, 40, 0);
  put_tag(file, TAG_FREEZE, 99);
  put_collection(file, 1, 3, 0); /* the count is wrong */
  struct recording_header header = {.version = RECORDING_VERSION,
                                    .kind = RECORDING_OBJECTS,
                                    .bytes = file->length - RECORDING_HEADER_BYTES,
                                    .flags = RECORDING_ENDED,
                                    .start_ns = 5000,
                                    .end_ns = 9000,
                                    .thresholds = {700, 10, 10},
                                    .counts = {7, 1, 0, 1},
                                    .initial = {10, 5, 15, 0},
                                    .argument_bytes = 10,
                                    .arguments = "python3\0-c"};
  memcpy(header.magic, RECORDING_MAGIC, sizeof header.magic);
  memcpy(file->bytes, &header, sizeof header);
}

static bool read_bytes(const void *bytes, size_t length, struct recording *recording, char *error)
{
  char path[] = "/tmp/gclab-recording-XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, length), (ssize_t)length);
  close(fd);
  const bool is_read = recording_read(path, recording, error);
  unlink(path);
  return is_read;
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void test_read(void **state)
{
  (void)state;
  static struct file file;
  make(&file);
  struct recording recording;
  char error[RECORDING_ERROR_MAX];
  assert_true(read_bytes(file.bytes, file.length, &recording, error));
  assert_int_equal(recording.object_count, 130);
  assert_int_equal(recording.tick_count, 102);
  assert_int_equal(recording.freed_count, 2);
  assert_int_equal(recording.freed[0], 89);
  assert_int_equal(recording.freed[1], RECORDING_NEVER);
  assert_int_equal(recording.objects[89].died, 61);
  assert_int_equal(recording.collection_count, 3);
  assert_int_equal(recording.collections[0].swept, 5);
  assert_int_equal(recording.objects[88].swept_by, 0);
  assert_int_equal(recording.collections[0].recorder_ns, 7);
  assert_int_equal(recording.collections[0].resident_kib, 1234);
  assert_int_equal(recording.collections[1].generation, 2);
  assert_int_equal(recording.mismatches, 1);
  assert_int_equal(recording.freeze_count, 1);
  assert_true(recording_sets_thresholds(&recording));
  assert_int_equal(recording.settings[1].thresholds[2], 48);
  assert_int_equal(recording.duration_ns, 4000);
  char *command = recording_command(&recording.header);
  assert_string_equal(command, "python3 -c");
  free(command);
  recording_free(&recording);
}

/* The header says how much is whole, so that any shorter file is refused, and any shorter count is read or refused. */
static void test_cut(void **state)
{
  (void)state;
  static struct file file;
  make(&file);
  struct recording recording;
  char error[RECORDING_ERROR_MAX];
  for (size_t length = 0; length < file.length; length += length < RECORDING_HEADER_BYTES ? 97 : 1)
    assert_false(read_bytes(file.bytes, length, &recording, error));
  struct recording_header *header = (struct recording_header *)(void *)file.bytes;
  const uint64_t whole = header->bytes;
  for (header->bytes = 0; header->bytes < whole; header->bytes++) {
    if (read_bytes(file.bytes, file.length, &recording, error)) recording_free(&recording);
  }
}

/* Four objects: 0 to 1, 1 to 2, 2 to 0 and 3, 3 to itself; 4 to 3 and to one that is not in the snapshot. */
static void put_graph(struct file *file, uint64_t part, uint64_t value) { put_tag(file, TAG_GRAPH, value << 2 | part); }

static void put_ring(struct file *file)
{
  put_graph(file, GRAPH_BEGIN, 0);
  const struct {
    uint64_t part, value; /* zigzag: 1 before is 1, 1 behind is 2 */
  } parts[] = {{GRAPH_OBJECT, 0},    {GRAPH_REFERENCE, 2}, {GRAPH_OBJECT, 2},    {GRAPH_REFERENCE, 2},
               {GRAPH_OBJECT, 2},    {GRAPH_REFERENCE, 3}, {GRAPH_REFERENCE, 2}, {GRAPH_OBJECT, 2},
               {GRAPH_REFERENCE, 0}, {GRAPH_OBJECT, 2},    {GRAPH_REFERENCE, 1}, {GRAPH_REFERENCE, 2}};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) put_graph(file, parts[i].part, parts[i].value);
}

/* Is it read, with this behind the usual events? */
static bool reads_with(void (*put_more)(struct file *), struct recording *recording)
{
  static struct file file;
  char error[RECORDING_ERROR_MAX];
  make(&file);
  put_more(&file);
  struct recording_header *header = (struct recording_header *)(void *)file.bytes;
  header->bytes = file.length - RECORDING_HEADER_BYTES;
  return read_bytes(file.bytes, file.length, recording, error);
}

static void put_whole_graph(struct file *file)
{
  put_ring(file);
  put_graph(file, GRAPH_END, 500);
  put_graph(file, GRAPH_BEGIN, 0);
  put_graph(file, GRAPH_END, 1);
  put_ring(file); /* cut off: it does not count */
}

static void put_object_twice(struct file *file)
{
  put_ring(file);
  put_graph(file, GRAPH_OBJECT, 0);
}

static void put_no_such_object(struct file *file)
{
  put_graph(file, GRAPH_BEGIN, 0);
  put_graph(file, GRAPH_OBJECT, 1 << 20);
}

static void put_no_begin(struct file *file) { put_graph(file, GRAPH_END, 0); }

static void put_no_object(struct file *file)
{
  put_graph(file, GRAPH_BEGIN, 0);
  put_graph(file, GRAPH_REFERENCE, 0);
}

static void put_begin_twice(struct file *file)
{
  put_graph(file, GRAPH_BEGIN, 0);
  put_graph(file, GRAPH_BEGIN, 0);
}

static void put_event_within(struct file *file)
{
  put_graph(file, GRAPH_BEGIN, 0);
  put_tag(file, TAG_ALLOCATE, 1);
}

static void test_graph(void **state)
{
  (void)state;
  struct recording recording;
  assert_true(reads_with(put_whole_graph, &recording));
  assert_int_equal(recording.graph_count, 2);
  const struct recording_graph *graph = &recording.graphs[0];
  assert_int_equal(graph->objects, 5);
  assert_int_equal(graph->references, 7);
  assert_int_equal(graph->most_references, 2);
  assert_int_equal(graph->cyclic, 4);
  assert_int_equal(graph->cycles, 2);
  assert_int_equal(graph->largest_cycle, 3);
  assert_int_equal(recording.graphs[1].objects, 0);
  assert_int_equal(recording.graph_ns, 501);
  recording_free(&recording);
  void (*const wrong[])(struct file *) = {put_object_twice, put_no_such_object, put_no_begin,
                                          put_no_object,    put_begin_twice,    put_event_within};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) assert_false(reads_with(wrong[i], &recording));
}

/* Whatever is read can be predicted from. */
static void try_damaged(const struct file *file)
{
  struct recording recording;
  char error[RECORDING_ERROR_MAX];
  if (!read_bytes(file->bytes, file->length, &recording, error)) {
    assert_true(strlen(error) > 20);
    return;
  }
  if (recording.header.kind == RECORDING_OBJECTS) {
    const struct predict_costs costs = predict_calibrate(&recording);
    const struct predict_setting settings[] = {{{20, 1, 1}, true}, {{3, 0, 0}, false}};
    struct prediction predictions[2];
    predict_run(&recording, &costs, settings, 2, predict_tick_at(&recording, 2000), predictions);
  }
  recording_free(&recording);
}

static void test_damaged(void **state)
{
  (void)state;
  static struct file file;
  struct random random;
  random_seed(&random, 77);
  for (int i = 0; i < 3000; i++) {
    make(&file);
    const size_t events = file.length - RECORDING_HEADER_BYTES;
    for (uint32_t j = 1 + random_below(&random, 3); j > 0; j--) {
      const size_t at = random_below(&random, 4) == 0
                            ? random_below(&random, 144)
                            : RECORDING_HEADER_BYTES + random_below(&random, (uint32_t)events);
      file.bytes[at] = (uint8_t)random_below(&random, 256);
    }
    struct recording_header *header = (struct recording_header *)(void *)file.bytes;
    for (int g = 0; g < 4; g++) header->initial[g] &= 0xfffff; /* more is true of some programs, and slow */
    try_damaged(&file);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_cut),
                                     cmocka_unit_test(test_graph), cmocka_unit_test(test_damaged)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
