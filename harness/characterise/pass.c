#define _GNU_SOURCE
#include "harness/characterise/pass.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/characterise/schedule.h"
#include "harness/deaths/deaths_file.h"
#include "harness/deaths/instrument.h"
#include "harness/minheap/minheap.h"
#include "harness/process/temporary.h"

static const double heap_precision = 0.03;
static const uint64_t heap_time_limit_ns = UINT64_C(60) * 1000000000;

static enum pass_outcome fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static enum pass_outcome fail(char *error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error, PASS_ERROR_MAX, format, arguments);
  va_end(arguments);
  return PASS_FAILED;
}

static void tell(const struct pass_request *request, const char *step)
{
  if (request->tell != NULL) request->tell(request->context, step);
}

/* ---- the instrument --------------------------------------------------------------------------------------------- */

/* Ours of the instrument's. */
static enum pass_outcome outcome_of(enum instrument_outcome outcome)
{
  static const enum pass_outcome outcomes[] = {[INSTRUMENT_DONE] = PASS_DONE,
                                               [INSTRUMENT_REFUSED] = PASS_REFUSED,
                                               [INSTRUMENT_FAILED] = PASS_FAILED,
                                               [INSTRUMENT_INTERRUPTED] = PASS_INTERRUPTED};
  return outcomes[outcome];
}

static double fact(const json_t *record, const char *name)
{
  const int64_t value = instrument_fact(record, name);
  return value >= 0 ? (double)value : NAN;
}

static uint64_t number(const json_t *record, const char *name)
{
  return (uint64_t)json_integer_value(json_object_get(record, name));
}

static void take_facts(const json_t *record, struct characterisation *into)
{
  const double objects = (double)number(record, "allocated_objects");
  const double stores = fact(record, "stores");
  const double values = stores - fact(record, "null_stores");
  const double sampled = fact(record, "sampled_objects");
  double *measures = into->values;
  measures[MEASURE_STORES] = stores / objects;
  measures[MEASURE_OLD_TO_YOUNG] = values > 0 ? 100 * fact(record, "old_to_young_stores") / values : 0;
  measures[MEASURE_ROOT_ASSIGNMENTS] = fact(record, "root_assignments") / objects;
  measures[MEASURE_FAN_OUT_MEAN] = sampled > 0 ? fact(record, "sampled_edges") / sampled : NAN;
  measures[MEASURE_FAN_OUT_MAX] = fact(record, "fan_out_max");
  measures[MEASURE_FAN_IN_MAX] = fact(record, "fan_in_max");
  measures[MEASURE_SHARED] = sampled > 0 ? 100 * fact(record, "sampled_shared") / sampled : NAN;
  measures[MEASURE_DEPTH_MAX] = fact(record, "depth_max");
}

static enum pass_outcome take_schedule(const char *path, const json_t *record, struct characterisation *into,
                                       char *error)
{
  FILE *file = memory_or_null(fopen(path, "rbe"));
  if (file == NULL) return fail(error, "%s: %s", path, strerror(errno));
  const char *wrong =
      schedule_measure(file, number(record, "allocated_objects"), number(record, "allocated_bytes"), into);
  fclose(file);
  return wrong == NULL ? PASS_DONE : fail(error, "%s (is %s full?)", wrong, path);
}

/* ---- the schedule to be kept ------------------------------------------------------------------------------------ */

static enum pass_outcome keep_schedule(const char *rows_path, const json_t *record, const char *path, char *error)
{
  if (deaths_file_write(path, rows_path, record)) return PASS_DONE;
  fail(error, "the death schedule could not be kept in %s: %s", path, strerror(errno));
  return PASS_NO_FILE;
}

/* ---- the minimum heap ------------------------------------------------------------------------------------------- */

static void tell_of_trial(void *context, const struct minheap_trial *trial)
{
  char step[96];
  char bytes[MEASURE_TEXT_MAX];
  measure_format(MEASURE_MIN_HEAP, (double)trial->limit_bytes, bytes);
  snprintf(step, sizeof step, "minimum heap: %s %s", bytes,
           trial->fits        ? "is enough"
           : trial->timed_out ? "takes too long"
                              : "is too small");
  tell(context, step);
}

static enum pass_outcome measure_heap(const struct pass_request *request, const struct instrument_words *words,
                                      const char *checksum, struct characterisation *into, char *error)
{
  char why[MINHEAP_ERROR_MAX];
  struct minheap_trial found;
  struct minheap_trial twice;
  const uint64_t live_bytes = (uint64_t)into->values[MEASURE_LIVE_MAX];
  const struct minheap_request heap = {.program = request->marksweep->trial_path,
                                       .words = words->list,
                                       .start_bytes = live_bytes + live_bytes / 2 + (256 << 10),
                                       .least_bytes = live_bytes,
                                       .precision = heap_precision,
                                       .time_limit_ns = heap_time_limit_ns,
                                       .tell = tell_of_trial,
                                       .context = (void *)request};
  tell(request, "minimum heap");
  enum minheap_outcome outcome = minheap_find(&heap, &found, why);
  if (outcome == MINHEAP_FOUND) outcome = minheap_try(&heap, 2 * found.limit_bytes, &twice, why);
  if (outcome == MINHEAP_INTERRUPTED) return PASS_INTERRUPTED;
  if (outcome == MINHEAP_FAILED) return fail(error, "marksweep, for the minimum heap: %s", why);
  if (!twice.fits) return fail(error, "marksweep runs in its minimum heap, but not in twice that");
  if (strcmp(found.checksum, checksum) != 0 || strcmp(twice.checksum, checksum) != 0)
    return fail(error, "marksweep computes %s, lifetimes %s: one of them is wrong", twice.checksum, checksum);
  into->values[MEASURE_MIN_HEAP] = (double)found.limit_bytes;
  into->values[MEASURE_TURNOVER] = into->values[MEASURE_BYTES] / (double)found.limit_bytes;
  into->values[MEASURE_COLLECTIONS] = (double)twice.collections;
  return PASS_DONE;
}

static enum pass_outcome run(const struct pass_request *request, const char *rows_path, struct characterisation *into,
                             char *checksum, char *error)
{
  struct instrument_words words;
  json_t *record = NULL;
  instrument_words_make(&words, request->workload, request->parameters, request->seed);
  tell(request, "lifetimes");
  enum pass_outcome outcome =
      outcome_of(instrument_run(request->instrument->trial_path, &words, rows_path, &record, error));
  if (outcome == PASS_DONE) {
    const char *text = json_string_value(json_object_get(record, "checksum"));
    snprintf(checksum, PASS_CHECKSUM_MAX, "%s", text != NULL ? text : "");
    take_facts(record, into);
    tell(request, "death schedule");
    outcome = take_schedule(rows_path, record, into, error);
  }
  if (outcome == PASS_DONE && request->deaths_path != NULL)
    outcome = keep_schedule(rows_path, record, request->deaths_path, error);
  json_decref(record);
  if (outcome == PASS_DONE && request->marksweep != NULL) {
    remove(rows_path); /* it may be large */
    outcome = measure_heap(request, &words, checksum, into, error);
  }
  instrument_words_free(&words);
  return outcome;
}

enum pass_outcome pass_run(const struct pass_request *request, struct characterisation *into, char *checksum,
                           char *error)
{
  struct temporary temporary;
  for (size_t i = 0; i < MEASURES; i++) into->values[i] = NAN;
  into->live_count = into->survival_count = 0;
  if (!temporary_make(&temporary, "characterise")) {
    snprintf(error, PASS_ERROR_MAX, "there is no place for the death schedule");
    return PASS_NO_FILE;
  }
  const enum pass_outcome outcome = run(request, temporary_file(&temporary, "rows"), into, checksum, error);
  temporary_remove(&temporary);
  return outcome;
}
