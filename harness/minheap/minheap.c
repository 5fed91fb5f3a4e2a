#include "harness/minheap/minheap.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness/process/process.h"

enum { GRANULE_BYTES = 4096, DOUBLINGS_MAX = 40 };

/* What the last lines of a program's errors say, on one line. */
static void quote_error(const struct process_result *result, char *error)
{
  char text[MINHEAP_ERROR_MAX / 2];
  snprintf(text, sizeof text, "%s", result->error);
  text[strcspn(text, "\n")] = '\0';
  if (!result->started)
    snprintf(error, MINHEAP_ERROR_MAX, "it could not be started: %s", text);
  else if (result->signal != 0)
    snprintf(error, MINHEAP_ERROR_MAX, "signal %d ended it: %s", result->signal, text);
  else
    snprintf(error, MINHEAP_ERROR_MAX, "it ended with code %d: %s", result->exit_code, text);
}

/* False, with what is wrong in error: neither did it run nor was there too little memory. */
static bool read_record(const struct process_result *result, struct minheap_trial *trial, char *error)
{
  json_t *record = json_loadb(result->output, result->output_length, 0, NULL);
  const char *outcome = json_string_value(json_object_get(record, "outcome"));
  trial->fits = outcome != NULL && strcmp(outcome, "ok") == 0;
  const bool known = trial->fits || (outcome != NULL && strcmp(outcome, "out_of_memory") == 0);
  if (!known)
    snprintf(error, MINHEAP_ERROR_MAX, "%s%s", outcome != NULL ? "its outcome is " : "it wrote no record",
             outcome != NULL ? outcome : "");
  const char *checksum = json_string_value(json_object_get(record, "checksum"));
  if (trial->fits && checksum != NULL) snprintf(trial->checksum, sizeof trial->checksum, "%s", checksum);
  size_t i = 0;
  json_t *count = NULL;
  json_array_foreach (json_object_get(record, "collections"), i, count)
    trial->collections += (uint64_t)json_integer_value(count);
  json_decref(record);
  return known;
}

/* One process; seed is NULL where it is among the request's words. */
static enum minheap_outcome run_once(const struct minheap_request *request, uint64_t limit_bytes, const uint64_t *seed,
                                     struct minheap_trial *trial, char *error)
{
  char limit[64], seed_word[64];
  const char *words[MINHEAP_WORDS_MAX] = {request->program};
  size_t count = 1;
  for (const char *const *word = request->words; *word != NULL && count + 5 < MINHEAP_WORDS_MAX; word++)
    words[count++] = *word;
  snprintf(limit, sizeof limit, "heap_limit=%" PRIu64, limit_bytes);
  words[count++] = "--set";
  words[count++] = limit;
  words[count++] = "--no-journal";
  if (seed != NULL) {
    snprintf(seed_word, sizeof seed_word, "--seed=%" PRIu64, *seed);
    words[count++] = seed_word;
  }
  const struct process_request process = {.words = words, .time_limit_ns = request->time_limit_ns};
  struct process_result result = process_run(&process);
  *trial = (struct minheap_trial){.limit_bytes = limit_bytes, .timed_out = result.timed_out};
  enum minheap_outcome outcome = MINHEAP_FOUND;
  if (result.interrupted) {
    outcome = MINHEAP_INTERRUPTED;
  } else if (!result.timed_out && result.exit_code != 0) {
    quote_error(&result, error);
    outcome = MINHEAP_FAILED;
  } else if (!result.timed_out && !read_record(&result, trial, error)) {
    outcome = MINHEAP_FAILED;
  }
  process_free(&result);
  return outcome;
}

enum minheap_outcome minheap_try(const struct minheap_request *request, uint64_t limit_bytes,
                                 struct minheap_trial *trial, char *error)
{
  enum minheap_outcome outcome = MINHEAP_FOUND;
  if (request->attempts == 0) outcome = run_once(request, limit_bytes, NULL, trial, error);
  for (unsigned attempt = 0; attempt < request->attempts && outcome == MINHEAP_FOUND; attempt++) {
    const uint64_t seed = request->seed + attempt;
    outcome = run_once(request, limit_bytes, &seed, trial, error);
    if (outcome != MINHEAP_FOUND || !trial->fits) break; /* one that does not fit is enough to know */
  }
  if (outcome == MINHEAP_FOUND && request->tell != NULL) request->tell(request->context, trial);
  return outcome;
}

static uint64_t round_up(double bytes) { return ((uint64_t)bytes + GRANULE_BYTES - 1) / GRANULE_BYTES * GRANULE_BYTES; }

/* Doubles from the guess on until one fits. */
static enum minheap_outcome find_enough(const struct minheap_request *request, uint64_t *too_small,
                                        struct minheap_trial *enough, char *error)
{
  uint64_t limit =
      round_up((double)(request->start_bytes > request->least_bytes ? request->start_bytes : request->least_bytes + 1));
  for (int i = 0; i < DOUBLINGS_MAX; i++, limit *= 2) {
    const enum minheap_outcome outcome = minheap_try(request, limit, enough, error);
    if (outcome != MINHEAP_FOUND || enough->fits) return outcome;
    *too_small = limit;
  }
  snprintf(error, MINHEAP_ERROR_MAX, "it does not even run with a heap of %" PRIu64 " bytes", *too_small);
  return MINHEAP_FAILED;
}

enum minheap_outcome minheap_find(const struct minheap_request *request, struct minheap_trial *result, char *error)
{
  uint64_t too_small = request->least_bytes;
  enum minheap_outcome outcome = find_enough(request, &too_small, result, error);
  while (outcome == MINHEAP_FOUND && (double)too_small < (1 - request->precision) * (double)result->limit_bytes) {
    const uint64_t middle = round_up(((double)too_small + (double)result->limit_bytes) / 2);
    if (middle >= result->limit_bytes) break;
    struct minheap_trial trial;
    outcome = minheap_try(request, middle, &trial, error);
    if (outcome != MINHEAP_FOUND) break;
    if (trial.fits)
      *result = trial;
    else
      too_small = middle;
  }
  return outcome;
}
