#include "harness/deaths/floating.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collectors/parts/deaths.h"
#include "harness/deaths/deaths_file.h"

/* A point whose reachable bytes are not known yet. */
struct moment {
  struct store_floating point;
  bool at_allocation; /* whatever has died at this reading of the clock is dead */
};

static void add(struct moment *moments, size_t *count, uint64_t time_ns, uint64_t allocated_bytes, uint64_t held_bytes,
                bool at_allocation)
{
  moments[(*count)++] = (struct moment){
      .point = {.time_ns = time_ns, .allocated_bytes = allocated_bytes, .held_bytes = held_bytes},
      .at_allocation = at_allocation,
  };
}

static struct moment *gather(const struct store_series *series, const struct floating_span *span, size_t *count)
{
  struct moment *moments = memory_require(calloc(2 * series->pause_count + series->heap_count + 2, sizeof *moments));
  *count = 0;
  add(moments, count, span->start_ns, 0, 0, true);
  add(moments, count, span->end.time_ns, span->end.allocated_bytes, span->end.held_bytes, true);
  for (size_t i = 0; i < series->pause_count; i++) {
    const struct journal_row *row = &series->pauses[i];
    const bool at_allocation = row->kind != JOURNAL_CASCADE && row->cause != JOURNAL_EXPLICIT;
    add(moments, count, row->start_ns, row->allocated_bytes, row->held_bytes + row->freed_bytes, at_allocation);
    add(moments, count, row->start_ns + row->duration_ns, row->allocated_bytes, row->held_bytes, at_allocation);
  }
  for (size_t i = 0; i < series->heap_count; i++) {
    const struct store_heap_sample *sample = &series->heap[i];
    if (sample->freed_bytes > sample->allocated_bytes) continue; /* it was read while they changed */
    add(moments, count, sample->time_ns, sample->allocated_bytes, sample->allocated_bytes - sample->freed_bytes, false);
  }
  return moments;
}

/* By the clock of allocation; at one reading, those for which the deaths of that instant do not count come first. */
static int compare_clocks(const void *left, const void *right)
{
  const struct moment *a = left;
  const struct moment *b = right;
  if (a->point.allocated_bytes != b->point.allocated_bytes)
    return a->point.allocated_bytes < b->point.allocated_bytes ? -1 : 1;
  return (int)a->at_allocation - (int)b->at_allocation;
}

static int compare_times(const void *left, const void *right)
{
  const struct store_floating *a = left;
  const struct store_floating *b = right;
  return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

static bool precedes(const struct death *death, const struct moment *moment)
{
  return moment->at_allocation ? death->clock_bytes <= moment->point.allocated_bytes
                               : death->clock_bytes < moment->point.allocated_bytes;
}

static uint64_t bytes_of(const struct death *death)
{
  return (uint64_t)death->shape.fields * sizeof(gc_ref) + death->shape.bytes;
}

/* What is held is reachable at most: of an object that is being made, the counters may know more than the schedule. */
static void set_reachable(struct moment *moment, uint64_t dead_bytes)
{
  const uint64_t reachable_bytes = moment->point.allocated_bytes - dead_bytes;
  const uint64_t held_bytes = moment->point.held_bytes;
  moment->point.reachable_bytes = reachable_bytes < held_bytes ? reachable_bytes : held_bytes;
}

/* Reads the schedule once along the moments, which are in the order of the clock.  False: it is damaged. */
static bool read_along(FILE *file, struct moment *moments, size_t count)
{
  struct death_stream stream = {.file = file};
  struct death death;
  uint64_t dead_bytes = 0;
  enum death_read got = death_read(&stream, &death);
  for (size_t i = 0; i < count; i++) {
    for (; got == DEATH_ROW && precedes(&death, &moments[i]); got = death_read(&stream, &death)) {
      if ((death.flags & DEATH_AT_END) == 0) dead_bytes += bytes_of(&death);
    }
    if (got == DEATH_DAMAGED || dead_bytes > moments[i].point.allocated_bytes) return false;
    set_reachable(&moments[i], dead_bytes);
  }
  return true;
}

static uint64_t garbage_of(const struct store_floating *point) { return point->held_bytes - point->reachable_bytes; }

/* Of each span with several points, that with the least garbage and that with the most, in the order of time. */
static size_t thin(struct store_floating *points, size_t count)
{
  enum { SPANS = FLOATING_POINTS_MAX / 2 };
  if (count <= FLOATING_POINTS_MAX) return count;
  size_t kept = 0;
  for (size_t span = 0; span < SPANS; span++) {
    const size_t from = span * count / SPANS;
    const size_t to = (span + 1) * count / SPANS;
    size_t least = from;
    size_t most = from;
    for (size_t i = from; i < to; i++) {
      if (garbage_of(&points[i]) < garbage_of(&points[least])) least = i;
      if (garbage_of(&points[i]) > garbage_of(&points[most])) most = i;
    }
    const struct store_floating first = points[least < most ? least : most];
    const struct store_floating second = points[least < most ? most : least];
    points[kept++] = first;
    if (least != most) points[kept++] = second;
  }
  return kept;
}

struct store_floating *floating_points(const char *deaths_path, const struct store_series *series,
                                       const struct floating_span *span, size_t *count)
{
  *count = 0;
  FILE *file = deaths_file_open_rows(deaths_path);
  if (file == NULL) {
    fprintf(stderr, "gclab: %s: %s\n", deaths_path, strerror(errno));
    return NULL;
  }
  struct moment *moments = gather(series, span, count);
  qsort(moments, *count, sizeof *moments, compare_clocks);
  const bool done = read_along(file, moments, *count);
  fclose(file);
  struct store_floating *points = memory_require(calloc(*count + 1, sizeof *points));
  for (size_t i = 0; i < *count; i++) points[i] = moments[i].point;
  free(moments);
  if (!done) {
    fprintf(stderr, "gclab: %s: the death schedule is damaged, or of another program\n", deaths_path);
    free(points);
    *count = 0;
    return NULL;
  }
  qsort(points, *count, sizeof *points, compare_times);
  *count = thin(points, *count);
  return points;
}
