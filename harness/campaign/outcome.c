#define _GNU_SOURCE
#include "harness/campaign/outcome.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/deaths/floating.h"
#include "harness/stats/stats.h"

enum { RECORD_BYTES_MAX = 16 << 20 };

int64_t outcome_oom_kills(void)
{
  FILE *file = memory_or_null(fopen("/proc/vmstat", "re"));
  if (file == NULL) return -1;
  char line[128];
  int64_t count = -1;
  while (count < 0 && fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "oom_kill %" SCNd64, &count) != 1) count = -1;
  }
  fclose(file);
  return count;
}

/* The outcome and why: a headline, and below it what the trial printed. */
static __attribute__((format(printf, 4, 5))) void set_outcome(struct outcome *outcome, const struct watch *watch,
                                                              const char *name, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  char *headline = memory_format_list(format, arguments);
  va_end(arguments);
  outcome->trial.outcome = name;
  free(outcome->message);
  const char *gap = *headline != '\0' && *watch->output != '\0' ? "\n" : "";
  outcome->message = memory_format("%s%s%s", headline, gap, watch->output);
  free(headline);
}

/* Makes any bytes a text that a database, JSON and a terminal can take. */
static void make_printable(char *text)
{
  for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
    if ((*at < ' ' && *at != '\n' && *at != '\t') || *at >= 0x7f) *at = '?';
  }
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == '\n') text[--length] = '\0';
}

static int64_t number(const json_t *record, const char *key)
{
  const json_t *value = json_object_get(record, key);
  return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : STORE_NONE;
}

static int64_t sum(const json_t *record, const char *key)
{
  const json_t *array = json_object_get(record, key);
  if (!json_is_array(array)) return STORE_NONE;
  int64_t total = 0;
  for (size_t i = 0; i < json_array_size(array); i++) total += json_integer_value(json_array_get(array, i));
  return total;
}

static char *read_all(int fd)
{
  struct stat status;
  if (fstat(fd, &status) != 0 || status.st_size == 0 || status.st_size > RECORD_BYTES_MAX) return NULL;
  char *text = memory_require(malloc((size_t)status.st_size + 1));
  const ssize_t bytes = pread(fd, text, (size_t)status.st_size, 0);
  text[bytes > 0 ? bytes : 0] = '\0';
  return text;
}

static bool says(const json_t *record, const char *key, const char *expected)
{
  const char *text = json_string_value(json_object_get(record, key));
  return text != NULL && strcmp(text, expected) == 0;
}

/* Reads the record and keeps it where it is one; else returns what is wrong with it. */
static const char *read_record(struct outcome *outcome, const struct plan_cell *cell, int fd)
{
  char *text = read_all(fd);
  if (text == NULL) return "it wrote no record";
  json_t *record = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  const char *wrong = NULL;
  if (record == NULL)
    wrong = "its record is not JSON";
  else if (!says(record, "format", "gclab-record-1"))
    wrong = "its record is of an unknown format: build gclab and its trial programs from the same source";
  else if (!says(record, "collector", cell->collector->name) || !says(record, "workload", cell->workload->name))
    wrong = "its record is of another collector or workload";
  else if (!says(record, "outcome", "out_of_memory") && !says(record, "outcome", "not_supported") &&
           (!says(record, "outcome", "ok") || number(record, "wall_ns") < 0 ||
            !json_is_string(json_object_get(record, "checksum"))))
    wrong = "its record lacks what every record has";
  if (wrong != NULL) {
    json_decref(record);
    free(text);
    return wrong;
  }
  outcome->record = record;
  outcome->record_text = text;
  return NULL;
}

/* Numbers that the record has. */
static void take_record(struct outcome *outcome)
{
  struct store_trial *trial = &outcome->trial;
  const json_t *record = outcome->record;
  trial->record = outcome->record_text;
  trial->allocator = json_string_value(json_object_get(record, "allocator"));
  if (says(record, "outcome", "not_supported")) return; /* nothing was done, so nothing was measured */
  if (says(record, "outcome", "ok")) trial->checksum = json_string_value(json_object_get(record, "checksum"));
  const struct {
    int64_t *field;
    const char *key;
  } rows[] = {
      {&trial->wall_ns, "wall_ns"},
      {&trial->cpu_ns, "cpu_ns"},
      {&trial->gc_ns, "gc_ns"},
      {&trial->allocations, "allocated_objects"},
      {&trial->allocated_bytes, "allocated_bytes"},
      {&trial->held_objects, "held_objects"},
      {&trial->held_bytes, "held_bytes"},
      {&trial->peak_heap_bytes, "peak_heap_bytes"},
      {&trial->peak_footprint_bytes, "peak_footprint_bytes"},
      {&trial->vmhwm_bytes, "vmhwm_bytes"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) *rows[i].field = number(record, rows[i].key);
  trial->collections = sum(record, "collections");
}

/* Numbers that were seen from outside just before the trial was ended. */
static void take_counters(struct store_trial *trial, const struct gc_counters *counters)
{
  trial->allocations = (int64_t)counters->allocated_objects;
  trial->allocated_bytes = (int64_t)counters->allocated_bytes;
  trial->collections = 0;
  for (int i = 0; i < GC_GENERATIONS; i++) trial->collections += (int64_t)counters->collections[i];
  const uint64_t peak = counters->peak_heap_bytes;
  trial->peak_heap_bytes = (int64_t)(peak > counters->heap_bytes ? peak : counters->heap_bytes);
}

/* The median and the like, over the rows; a quantile only where there are enough of them. */
static void take_quantiles(struct store_trial *trial, const struct journal_file *journal)
{
  const size_t count = journal->row_count;
  uint64_t *durations_ns = memory_require(malloc((count + 1) * sizeof *durations_ns));
  if (count == 0) {
    free(durations_ns);
    return;
  }
  for (size_t i = 0; i < count; i++) durations_ns[i] = journal->rows[i].duration_ns;
  stats_sort_u64(durations_ns, count);
  trial->pause_p50_ns = (int64_t)stats_quantile_u64(durations_ns, count, 0.5);
  if (stats_quantile_allowed(count, 0.99)) trial->pause_p99_ns = (int64_t)stats_quantile_u64(durations_ns, count, 0.99);
  trial->pause_max_ns = (int64_t)durations_ns[count - 1];
  free(durations_ns);
}

static void take_journal(struct outcome *outcome, const struct watch *watch)
{
  const struct journal_file *journal = &outcome->journal;
  struct store_series *series = &outcome->series;
  struct store_trial *trial = &outcome->trial;
  series->heap = watch->samples;
  series->heap_count = watch->sample_count;
  if (journal->head == NULL) return;
  const struct journal_head *head = journal->head;
  series->pauses = journal->rows;
  series->pause_count = journal->row_count;
  series->requests = journal->requests;
  series->request_count = journal->request_count;
  series->phases = head->phases;
  series->phase_count = journal->phase_count;
  series->short_histogram = head->short_histogram;
  series->short_count = head->short_count;
  series->short_ns = head->short_ns;
  series->short_max_objects = head->short_max_objects;
  series->cascade_floor_ns = head->cascade_floor_ns;
  series->dropped_count = head->dropped_count;
  series->dropped_ns = head->dropped_ns;
  series->requests_dropped = head->requests_dropped;
  trial->pauses = (int64_t)(journal->row_count + head->short_count + head->dropped_count);
  if (trial->gc_ns == STORE_NONE) {
    uint64_t total_ns = head->short_ns + head->dropped_ns;
    for (size_t i = 0; i < journal->row_count; i++) total_ns += journal->rows[i].duration_ns;
    trial->gc_ns = (int64_t)total_ns;
  }
  take_quantiles(trial, journal);
}

/* From fork to the beginning of the work, where the journal and the record tell when that was. */
static void take_startup(struct outcome *outcome, const struct process *process)
{
  const int64_t work_ns = number(outcome->record, "work_start_ns");
  if (outcome->journal.head == NULL || work_ns < 0) return;
  const uint64_t origin_ns = outcome->journal.head->origin_ns;
  if (origin_ns >= process->start_ns) outcome->trial.startup_ns = (int64_t)(origin_ns - process->start_ns) + work_ns;
}

static bool allocator_is_right(const struct plan_cell *cell, const char *found)
{
  if (cell->collector->sanitized || strcmp(cell->allocator, "own") == 0) return true;
  return found != NULL && strncmp(found, cell->allocator, strlen(cell->allocator)) == 0;
}

/* A list of words as text; to be freed. */
static char *join(const json_t *words)
{
  char *text = memory_require(strdup(""));
  for (size_t i = 0; i < json_array_size(words); i++) {
    const char *word = json_string_value(json_array_get(words, i));
    char *longer = memory_format("%s%s%s", text, i > 0 ? ", " : "", word != NULL ? word : "?");
    free(text);
    text = longer;
  }
  return text;
}

static void judge(struct outcome *outcome, const struct plan_cell *cell, const struct watch *watch,
                  const char *wrong_record, bool oom_killed)
{
  if (watch->timed_out) {
    set_outcome(outcome, watch, "timed_out", "it was still running after %.3g s", (double)watch->process_ns / 1e9);
  } else if (WIFSIGNALED(watch->status)) {
    const int signal = WTERMSIG(watch->status);
    const bool no_memory = signal == SIGKILL && oom_killed;
    outcome->trial.signal = signal;
    set_outcome(outcome, watch, no_memory ? "out_of_memory" : "crashed", "%s (signal %d)%s", strsignal(signal), signal,
                no_memory           ? ": the system had no memory left"
                : signal == SIGKILL ? ": somebody killed it, perhaps for want of memory"
                                    : "");
  } else if (WEXITSTATUS(watch->status) != 0) {
    set_outcome(outcome, watch, "failed", "exit status %d", WEXITSTATUS(watch->status));
  } else if (wrong_record != NULL) {
    set_outcome(outcome, watch, "failed", "%s", wrong_record);
  } else if (says(outcome->record, "outcome", "out_of_memory")) {
    set_outcome(outcome, watch, "out_of_memory", "no room for an object of %" PRId64 " bytes",
                number(outcome->record, "failed_bytes"));
  } else if (says(outcome->record, "outcome", "not_supported")) {
    char *lacks = join(json_object_get(outcome->record, "lacks"));
    set_outcome(outcome, watch, "not_supported", "%s needs %s, which %s has not", cell->workload->name, lacks,
                cell->collector->name);
    free(lacks);
  } else if (!allocator_is_right(cell, outcome->trial.allocator)) {
    set_outcome(outcome, watch, "failed", "it ran on the allocator %s, not on %s",
                outcome->trial.allocator != NULL ? outcome->trial.allocator : "(unknown)", cell->allocator);
  } else if (outcome->journal.damaged) {
    set_outcome(outcome, watch, "failed", "its journal is damaged");
  } else {
    set_outcome(outcome, watch, "ok", "%s", "");
  }
}

void outcome_derive(struct outcome *outcome, const struct plan_cell *cell, const struct process *process,
                    const struct watch *watch, bool oom_killed)
{
  struct store_trial *trial = &outcome->trial;
  int64_t *const unknown[] = {&trial->signal,
                              &trial->wall_ns,
                              &trial->cpu_ns,
                              &trial->gc_ns,
                              &trial->startup_ns,
                              &trial->pauses,
                              &trial->pause_p50_ns,
                              &trial->pause_p99_ns,
                              &trial->pause_max_ns,
                              &trial->allocations,
                              &trial->allocated_bytes,
                              &trial->collections,
                              &trial->held_objects,
                              &trial->held_bytes,
                              &trial->peak_heap_bytes,
                              &trial->vmhwm_bytes,
                              &trial->peak_footprint_bytes};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) *unknown[i] = STORE_NONE;
  trial->process_ns = (int64_t)watch->process_ns;
  const char *wrong_record = read_record(outcome, cell, process->record_fd);
  journal_file_map(process->journal_fd, &outcome->journal);
  if (outcome->record != NULL)
    take_record(outcome);
  else if (watch->timed_out && watch->has_counters)
    take_counters(trial, &watch->counters);
  take_journal(outcome, watch);
  take_startup(outcome, process);
  judge(outcome, cell, watch, wrong_record, oom_killed);
  if (strcmp(trial->outcome, "ok") != 0) trial->checksum = NULL;
  if (outcome->message != NULL) make_printable(outcome->message);
  trial->message = outcome->message != NULL && *outcome->message != '\0' ? outcome->message : NULL;
}

void outcome_add_floating(struct outcome *outcome, const struct plan_cell *cell, const char *deaths_path)
{
  struct store_series *series = &outcome->series;
  if (strcmp(outcome->trial.outcome, "ok") != 0) return;
  if (catalogue_collector_can(cell->collector, "conservative")) return; /* what was freed is known at the end alone */
  if (number(outcome->record, "work_start_ns") < 0 || outcome->trial.allocated_bytes < 0) return;
  const struct store_trial *trial = &outcome->trial;
  const uint64_t start_ns = (uint64_t)number(outcome->record, "work_start_ns");
  const struct floating_span span = {.start_ns = start_ns,
                                     .end = {.time_ns = start_ns + (uint64_t)trial->wall_ns,
                                             .allocated_bytes = (uint64_t)trial->allocated_bytes,
                                             .held_bytes = (uint64_t)trial->held_bytes}};
  free(outcome->floating);
  outcome->floating = floating_points(deaths_path, series, &span, &series->floating_count);
  series->floating = outcome->floating;
}

void outcome_release(struct outcome *outcome)
{
  free(outcome->floating);
  journal_file_unmap(&outcome->journal);
  json_decref(outcome->record);
  free(outcome->record_text);
  free(outcome->message);
}
