#include "collectors/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const journal_kind_names[JOURNAL_KINDS] = {
    [JOURNAL_COLLECTION] = "collection",
    [JOURNAL_INCREMENT] = "increment",
    [JOURNAL_SWEEP] = "sweep",
    [JOURNAL_CASCADE] = "cascade",
};

const char *const journal_cause_names[JOURNAL_CAUSES] = {
    [JOURNAL_ALLOCATION_COUNT] = "allocation_count",
    [JOURNAL_HEAP_GROWTH] = "heap_growth",
    [JOURNAL_HEAP_LIMIT] = "heap_limit",
    [JOURNAL_BUDGET] = "budget",
    [JOURNAL_EXPLICIT] = "explicit",
    [JOURNAL_STRESS] = "stress",
    [JOURNAL_RELEASE] = "release",
    [JOURNAL_EXTERNAL] = "external",
};

/* Pages are touched this far ahead, between pauses, so that no pause waits for the system to zero a page. */
enum { TOUCH_AHEAD_ROWS = 4096, PAGE_BYTES = 4096 };

static void touch_ahead(struct journal *journal)
{
  struct journal_head *head = journal->head;
  if (journal->touched_rows >= head->row_capacity || head->row_count + TOUCH_AHEAD_ROWS / 2 < journal->touched_rows)
    return;
  uint64_t until = journal->touched_rows + TOUCH_AHEAD_ROWS;
  if (until > head->row_capacity) until = head->row_capacity;
  volatile char *byte = (volatile char *)(journal->rows + journal->touched_rows);
  const volatile char *end = (volatile char *)(journal->rows + until);
  for (; byte < end; byte += PAGE_BYTES) *byte = 0;
  journal->touched_rows = until;
}

static uint64_t round_to_page(uint64_t bytes) { return (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1); }

static const uint64_t nothing; /* what a journal without a collector is stamped with */

bool journal_open(struct journal *journal, int fd, uint64_t row_capacity, uint64_t request_capacity,
                  uint64_t cascade_floor_ns)
{
  memset(journal, 0, sizeof *journal);
  const uint64_t row_offset = round_to_page(sizeof(struct journal_head));
  const uint64_t request_offset = row_offset + round_to_page(row_capacity * sizeof(struct journal_row));
  const uint64_t bytes = request_offset + round_to_page(request_capacity * sizeof(struct journal_request));
  if (fd >= 0 && ftruncate(fd, (off_t)bytes) != 0) return false;
  const int flags = fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (memory == MAP_FAILED) return false;
  struct journal_head *head = memory;
  *head = (struct journal_head){.magic = JOURNAL_MAGIC,
                                .row_bytes = sizeof(struct journal_row),
                                .request_bytes = sizeof(struct journal_request),
                                .row_capacity = row_capacity,
                                .request_capacity = request_capacity,
                                .row_offset = row_offset,
                                .request_offset = request_offset,
                                .cascade_floor_ns = cascade_floor_ns};
  journal->head = head;
  journal->rows = (struct journal_row *)(void *)((char *)memory + row_offset);
  journal->requests = (struct journal_request *)(void *)((char *)memory + request_offset);
  journal->enabled = true;
  journal->can_watch = preempt_start();
  touch_ahead(journal);
  journal_meter(journal, &nothing, &nothing);
  head->origin_ns = clock_now_ns();
  return true;
}

void journal_meter(struct journal *journal, const uint64_t *allocated_bytes, const uint64_t *freed_bytes)
{
  journal->allocated_bytes = allocated_bytes;
  journal->freed_bytes = freed_bytes;
}

void journal_close(struct journal *journal)
{
  if (journal->head == NULL) return;
  const struct journal_head *head = journal->head;
  munmap(journal->head, head->request_offset + round_to_page(head->request_capacity * sizeof(struct journal_request)));
  memset(journal, 0, sizeof *journal);
}

#ifndef GCLAB_NO_JOURNAL

static void append(struct journal *journal, struct journal_row *row)
{
  struct journal_head *head = journal->head;
  row->allocated_bytes = *journal->allocated_bytes;
  row->held_bytes = *journal->allocated_bytes - *journal->freed_bytes;
  if (head->row_count == head->row_capacity) {
    head->dropped_count++;
    head->dropped_ns += row->duration_ns;
    return;
  }
  journal->rows[head->row_count] = *row;
  __atomic_store_n(&head->row_count, head->row_count + 1, __ATOMIC_RELEASE); /* the harness may be reading */
  touch_ahead(journal);
}

void journal_begin(struct journal *journal, enum journal_kind kind, enum journal_cause cause, int generation,
                   uint64_t heap_bytes)
{
  if (!journal->enabled) return;
  journal->open = (struct journal_row){.heap_before_bytes = heap_bytes,
                                       .kind = (uint8_t)kind,
                                       .cause = (uint8_t)cause,
                                       .generation = (uint8_t)generation,
                                       .phase = journal->phase};
  preempt_suspend();
  journal->open.start_ns = clock_now_ns() - journal->head->origin_ns;
}

void journal_mark_done(struct journal *journal)
{
  if (!journal->enabled) return;
  journal->open.mark_ns = clock_now_ns() - journal->head->origin_ns - journal->open.start_ns;
}

static uint32_t flags_of(const struct journal *journal, bool preempted)
{
  if (!journal->can_watch) return 0;
  return preempted ? JOURNAL_WATCHED | JOURNAL_PREEMPTED : JOURNAL_WATCHED;
}

static void set_work(struct journal_row *row, const struct journal_work *work)
{
  row->examined_objects = (uint32_t)work->examined_objects;
  row->followed_edges = (uint32_t)work->followed_edges;
  row->freed_objects = (uint32_t)work->freed_objects;
  row->survived_objects = (uint32_t)work->survived_objects;
  row->freed_bytes = work->freed_bytes;
}

void journal_end(struct journal *journal, const struct journal_work *work, uint64_t heap_bytes)
{
  if (!journal->enabled) return;
  struct journal_row *row = &journal->open;
  row->duration_ns = clock_now_ns() - journal->head->origin_ns - row->start_ns;
  row->flags = flags_of(journal, preempt_resume());
  row->heap_after_bytes = heap_bytes;
  set_work(row, work);
  append(journal, row);
}

void journal_watch(struct journal *journal)
{
  if (!journal->enabled) return;
  preempt_suspend();
  journal->watching = true;
}

void journal_enter(struct journal *journal, enum journal_kind kind, enum journal_cause cause, int generation,
                   uint64_t start_ns, uint64_t duration_ns, uint64_t heap_before_bytes, uint64_t heap_after_bytes,
                   const struct journal_work *work)
{
  if (!journal->enabled) return;
  struct journal_row row = {.start_ns = start_ns - journal->head->origin_ns,
                            .duration_ns = duration_ns,
                            .heap_before_bytes = heap_before_bytes,
                            .heap_after_bytes = heap_after_bytes,
                            .kind = (uint8_t)kind,
                            .cause = (uint8_t)cause,
                            .generation = (uint8_t)generation,
                            .phase = journal->phase};
  if (journal->watching) row.flags = flags_of(journal, preempt_resume());
  journal->watching = false;
  set_work(&row, work);
  append(journal, &row);
}

void journal_cascade(struct journal *journal, uint64_t start_ticks, uint64_t freed_objects, uint64_t freed_bytes,
                     uint64_t heap_bytes)
{
  if (!journal->enabled) return;
  struct journal_head *head = journal->head;
  const uint64_t duration_ns = clock_ticks_to_ns(clock_ticks() - start_ticks);
  if (duration_ns < head->cascade_floor_ns) {
    head->short_count++;
    head->short_ns += duration_ns;
    head->short_histogram[63 - __builtin_clzll(duration_ns | 1)]++;
    if (freed_objects > head->short_max_objects) head->short_max_objects = freed_objects;
    return;
  }
  struct journal_row row = {.duration_ns = duration_ns,
                            .heap_before_bytes = heap_bytes + freed_bytes,
                            .heap_after_bytes = heap_bytes,
                            .freed_bytes = freed_bytes,
                            .examined_objects = (uint32_t)freed_objects,
                            .freed_objects = (uint32_t)freed_objects,
                            .kind = JOURNAL_CASCADE,
                            .cause = JOURNAL_RELEASE,
                            .phase = journal->phase,
                            .flags = flags_of(journal, preempt_seen())};
  const uint64_t elapsed_ns = clock_now_ns() - head->origin_ns;
  row.start_ns = elapsed_ns > duration_ns ? elapsed_ns - duration_ns : 0; /* two clocks: their rates differ a little */
  append(journal, &row);
}

#endif /* GCLAB_NO_JOURNAL */

void journal_phase(struct journal *journal, const char *name)
{
  struct journal_head *head = journal->head;
  if (head->phase_count == JOURNAL_PHASES_MAX) return; /* later phases count as the last */
  struct journal_phase *phase = &head->phases[head->phase_count];
  snprintf(phase->name, sizeof phase->name, "%s", name);
  phase->start_ns = clock_now_ns() - head->origin_ns;
  journal->phase = (uint8_t)head->phase_count++;
}

void journal_request(struct journal *journal, uint64_t start_ns, uint64_t latency_ns)
{
  struct journal_head *head = journal->head;
  if (head->request_count == head->request_capacity) {
    head->requests_dropped++;
    return;
  }
  journal->requests[head->request_count++] =
      (struct journal_request){.start_ns = start_ns - head->origin_ns, .latency_ns = latency_ns};
}

uint64_t journal_total_ns(const struct journal *journal)
{
  const struct journal_head *head = journal->head;
  uint64_t total_ns = head->short_ns + head->dropped_ns;
  for (uint64_t i = 0; i < head->row_count; i++) total_ns += journal->rows[i].duration_ns;
  return total_ns;
}

static void require(bool condition, const char *what)
{
  if (condition) return;
  fprintf(stderr, "gclab: journal: %s\n", what);
  abort();
}

void journal_check(const struct journal *journal)
{
  const struct journal_head *head = journal->head;
  require(head->magic == JOURNAL_MAGIC, "the head is damaged");
  require(head->row_count <= head->row_capacity, "more rows than there is room for");
  uint64_t short_count = 0;
  for (int i = 0; i < JOURNAL_HISTOGRAM_BUCKETS; i++) short_count += head->short_histogram[i];
  require(short_count == head->short_count, "the histogram does not add up to the short cascades");
  uint64_t last_ns = 0;
  for (uint64_t i = 0; i < head->row_count; i++) {
    const struct journal_row *row = &journal->rows[i];
    require(row->kind < JOURNAL_KINDS && row->cause < JOURNAL_CAUSES, "a row of no known kind or cause");
    if (row->kind == JOURNAL_CASCADE) continue;
    require(row->start_ns >= last_ns, "collections out of order");
    last_ns = row->start_ns;
  }
}
