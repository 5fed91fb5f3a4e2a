/* Running a story: what each teller reports. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/explain/story.h"
#include "harness/process/interrupt.h"
#include "harness/process/process.h"

enum { EXIT_NO_ENVIRONMENT = 4, EXIT_TRIAL = 3, WORDS_MAX = 12 };

#define TIME_LIMIT_NS UINT64_C(60000000000)

/* Lines "@ITEM NUMBER"; another word in the number's place says that the teller does not know. */
static void take_output(const struct story *story, struct story_column *column, const char *output)
{
  for (const char *line = output; *line != '\0';) {
    if (*line == '@') {
      char *end = NULL;
      const unsigned long long item = strtoull(line + 1, &end, 10);
      char *number_end = NULL;
      const long long value = strtoll(end, &number_end, 10);
      if (item < story->count && number_end != end) {
        column->values[item] = value + story->items[item].addend;
        column->known[item] = true;
      }
    }
    const size_t length = strcspn(line, "\n");
    line += length + (line[length] == '\n');
  }
}

/* Messages name the script's columns; the story's are meant. */
static void put_messages(const struct story *story, const char *name, const char *messages)
{
  const size_t name_length = strlen(name);
  for (const char *line = messages; *line != '\0';) {
    const size_t length = strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n');
    size_t number = 0;
    size_t column = 0;
    int place_length = 0;
    if (strncmp(line, name, name_length) == 0 &&
        sscanf(line + name_length, ":%zu:%zu:%n", &number, &column, &place_length) == 2 && place_length > 0) {
      fprintf(stderr, "%s:%zu:%zu:", name, number, story_column_of(story, number, column));
      place_length += (int)name_length;
    }
    fwrite(line + place_length, 1, length - (size_t)place_length, stderr);
    line += length;
  }
}

int story_run(const struct story *story, const char *name, const char *program, const char *script,
              struct story_column *column)
{
  column->values = memory_require(calloc(story->count + 1, sizeof *column->values));
  column->known = memory_require(calloc(story->count + 1, sizeof *column->known));
  if (column->values == NULL || column->known == NULL) return EXIT_NO_ENVIRONMENT;
  const bool is_python = column->collector == NULL;
  const char *const words[WORDS_MAX] = {program,
                                        "script",
                                        "-",
                                        "--name",
                                        name,
                                        is_python ? "--on-python" : "--collector",
                                        is_python ? column->python : column->collector,
                                        NULL};
  const struct process_request request = {
      .words = words, .input = script, .input_length = strlen(script), .time_limit_ns = TIME_LIMIT_NS};
  struct process_result result = process_run(&request);
  int code = result.exit_code;
  if (!result.started || result.timed_out || code < 0) code = EXIT_TRIAL;
  if (result.interrupted) code = INTERRUPT_EXIT_CODE;
  if (code != 0 && !result.interrupted) {
    fprintf(stderr, "gclab: the story does not run on %s%s:\n", column->heading,
            result.timed_out ? " within a minute" : "");
    put_messages(story, name, result.error);
  }
  take_output(story, column, result.output);
  process_free(&result);
  return code;
}

void story_column_free(struct story_column *column)
{
  free(column->values);
  free(column->known);
}
