#include "harness/deaths/instrument.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/process/process.h"

enum { EXIT_OF_USAGE = 2, FURTHER_WORDS = 4 };

static void add(struct instrument_words *words, const char *word)
{
  if (words->count < INSTRUMENT_WORDS_MAX) words->list[words->count++] = word;
}

static __attribute__((format(printf, 2, 3))) void add_made(struct instrument_words *words, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  char *word = memory_format_list(format, arguments);
  va_end(arguments);
  words->owned[words->owned_count++] = word;
  add(words, word);
}

void instrument_words_make(struct instrument_words *words, const struct catalogue_workload *workload,
                           const int64_t *parameters, uint64_t seed)
{
  *words = (struct instrument_words){0};
  add(words, "run");
  add(words, workload->name);
  add(words, "--seed");
  add_made(words, "%" PRIu64, seed);
  for (size_t i = 0; i < workload->parameter_count; i++) {
    const struct setting *row = &workload->parameters[i];
    char text[SETTING_TEXT_MAX];
    add(words, "--param");
    add_made(words, "%s=%s", row->name, setting_format(row, parameters[i], text));
  }
}

void instrument_words_free(struct instrument_words *words)
{
  for (size_t i = 0; i < words->owned_count; i++) free(words->owned[i]);
  *words = (struct instrument_words){0};
}

static enum instrument_outcome fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static enum instrument_outcome fail(char *error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error, INSTRUMENT_ERROR_MAX, format, arguments);
  va_end(arguments);
  return INSTRUMENT_FAILED;
}

static enum instrument_outcome judge(const struct process_result *result, json_t **record, char *error)
{
  char said[256];
  snprintf(said, sizeof said, "%s", result->error);
  said[strcspn(said, "\n")] = '\0';
  if (result->interrupted) return INSTRUMENT_INTERRUPTED;
  if (!result->started) return fail(error, "lifetimes could not be started: %s", said);
  if (result->signal != 0) return fail(error, "signal %d ended it on lifetimes: %s", result->signal, said);
  if (result->exit_code == EXIT_OF_USAGE) return fail(error, "%s", said), INSTRUMENT_REFUSED;
  if (result->exit_code != 0) return fail(error, "lifetimes ended with code %d: %s", result->exit_code, said);
  *record = json_loadb(result->output, result->output_length, 0, NULL);
  const char *outcome = json_string_value(json_object_get(*record, "outcome"));
  if (outcome == NULL) return fail(error, "lifetimes wrote no record");
  if (strcmp(outcome, "out_of_memory") == 0)
    return fail(error, "lifetimes is out of memory: each object takes some 100 bytes more there; try --size small");
  return strcmp(outcome, "ok") == 0 ? INSTRUMENT_DONE : fail(error, "the outcome on lifetimes is %s", outcome);
}

enum instrument_outcome instrument_run(const char *program, const struct instrument_words *words, const char *rows_path,
                                       json_t **record, char *error)
{
  const char *list[INSTRUMENT_WORDS_MAX + 1 + FURTHER_WORDS] = {program};
  size_t count = 1;
  for (size_t i = 0; i < words->count; i++) list[count++] = words->list[i];
  list[count++] = "--report";
  list[count++] = rows_path;
  list[count++] = "--no-journal";
  const struct process_request process = {.words = list};
  struct process_result result = process_run(&process);
  *record = NULL;
  const enum instrument_outcome outcome = judge(&result, record, error);
  process_free(&result);
  return outcome;
}

int64_t instrument_fact(const json_t *record, const char *name)
{
  const json_t *value = json_object_get(json_object_get(record, "facts"), name);
  return json_is_integer(value) ? json_integer_value(value) : -1;
}
