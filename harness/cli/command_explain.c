/* gclab explain */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/setting.h"
#include "harness/catalogue/catalogue.h"
#include "harness/cli/command.h"
#include "harness/explain/story.h"
#include "harness/process/interrupt.h"

enum { OPTION_COLOUR = 256, OPTION_LIST, STORIES_MAX = 32, FILE_MAX_BYTES = 1 << 20 };

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

static const struct argp_option options[] = {
    {"on-python", 'p', "PYTHON", 0, "show this interpreter's numbers beside ours, as /usr/bin/python3", 1},
    {"color", OPTION_COLOUR, "WHEN", 0, "auto, always or never (default auto: on a terminal, unless NO_COLOR is set)",
     2},
    {"list", OPTION_LIST, 0, 0, "list the stories", 2},
    {0},
};

static const char doc[] =
    "Tells how collectors work, on live collectors: each number is what the collector reported at that moment."
    "\vA STORY is one of 'counts', 'cycle' and 'threshold' (all three without one), or a file: a heap script whose "
    "comments tell a story (docs/heap-scripts.md).\n\n"
    "Examples:\n"
    "  gclab explain\n"
    "  gclab explain threshold --on-python /usr/bin/python3\n"
    "  gclab explain my-story.heap | less -R\n\n"
    "Exit codes: 0 done; 1 something that a story expects does not hold; 2 wrong usage; 3 a collector's program "
    "failed; 4 the environment lacks something; 130 interrupted.";

struct arguments {
  const char *words[STORIES_MAX];
  size_t word_count;
  const char *python;
  enum colour colour;
  bool list;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case 'p':
    arguments->python = argument;
    break;
  case OPTION_COLOUR:
    if (strcmp(argument, "auto") == 0) {
      arguments->colour = COLOUR_AUTO;
    } else if (strcmp(argument, "always") == 0) {
      arguments->colour = COLOUR_ALWAYS;
    } else if (strcmp(argument, "never") == 0) {
      arguments->colour = COLOUR_NEVER;
    } else {
      argp_error(state, "--color: '%s' is none of auto, always and never", argument);
    }
    break;
  case OPTION_LIST:
    arguments->list = true;
    break;
  case ARGP_KEY_ARG:
    if (arguments->word_count == STORIES_MAX) argp_error(state, "that is more than %d stories", STORIES_MAX);
    arguments->words[arguments->word_count++] = argument;
    break;
  default:
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static bool use_colour(const struct arguments *arguments)
{
  if (arguments->colour != COLOUR_AUTO) return arguments->colour == COLOUR_ALWAYS;
  const char *none = getenv("NO_COLOR");
  const char *terminal = getenv("TERM");
  return isatty(STDOUT_FILENO) && (none == NULL || *none == '\0') &&
         (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

/* The locale says what the terminal, or whoever reads the file, understands. */
static bool use_unicode(void)
{
  const char *terminal = getenv("TERM");
  setlocale(LC_CTYPE, "");
  const bool is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  setlocale(LC_CTYPE, "C");
  return is_utf8 && (!isatty(STDOUT_FILENO) || terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static const struct story_shipped *find_shipped(const char *word)
{
  for (size_t i = 0; i < stories_shipped_count; i++) {
    if (strcmp(stories_shipped[i].name, word) == 0) return &stories_shipped[i];
  }
  return NULL;
}

static void say_unknown(const char *word)
{
  const char *names[STORIES_MAX];
  for (size_t i = 0; i < stories_shipped_count; i++) names[i] = stories_shipped[i].name;
  const char *nearest = setting_nearest(word, names, stories_shipped_count);
  fprintf(stderr, "gclab: there is neither a story nor a file '%s'%s%s; 'gclab explain --list' lists the stories\n",
          word, nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
}

static char *fail_to_read(const char *path)
{
  fprintf(stderr, "gclab: %s: cannot be read: %s\n", path, strerror(errno));
  return NULL;
}

/* A story of one's own, malloc'ed; NULL with a message. */
static char *read_file(const char *path)
{
  FILE *file = memory_or_null(fopen(path, "r"));
  if (file == NULL && errno != ENOENT) return fail_to_read(path);
  if (file == NULL) {
    say_unknown(path);
    return NULL;
  }
  char *text = memory_require(calloc(1, FILE_MAX_BYTES + 1));
  const size_t length = fread(text, 1, FILE_MAX_BYTES + 1, file);
  const bool is_readable = ferror(file) == 0;
  if (!is_readable) fail_to_read(path);
  fclose(file);
  if (is_readable && length <= FILE_MAX_BYTES) return text;
  if (is_readable) fprintf(stderr, "gclab: %s: longer than 1 MiB, which is no story\n", path);
  free(text);
  return NULL;
}

/* The columns: the story's collectors that are there, then the interpreter. */
static size_t make_columns(const struct story *story, const char *python, struct story_column *columns)
{
  size_t count = 0;
  for (size_t i = 0; i < story->collector_count; i++) {
    columns[count] = (struct story_column){.collector = story->collectors[i]};
    snprintf(columns[count].heading, sizeof columns[count].heading, "%s", story->collectors[i]);
    count++;
  }
  if (python != NULL) columns[count++] = (struct story_column){.heading = STORY_PYTHON, .python = python};
  return count;
}

static int tell(const char *name, const char *text, const char *program, const struct arguments *arguments)
{
  char error[STORY_ERROR_MAX];
  struct story *story = story_parse(name, text, error);
  if (story == NULL) {
    fprintf(stderr, "%s\n", error);
    return EXIT_USAGE;
  }
  if (!interrupt_watch()) {
    story_free(story);
    return EXIT_ENVIRONMENT;
  }
  char *script = story_script(story);
  struct story_column columns[STORY_COLUMNS_MAX];
  const size_t count = make_columns(story, arguments->python, columns);
  int code = EXIT_DONE;
  for (size_t i = 0; i < count; i++) {
    const int one = story_run(story, name, program, script, &columns[i]);
    if (one > code) code = one;
  }
  const struct story_style style = {use_colour(arguments), use_unicode()};
  if (code == EXIT_DONE) story_render(story, columns, count, style, stdout);
  for (size_t i = 0; i < count; i++) story_column_free(&columns[i]);
  free(script);
  story_free(story);
  return code;
}

static int tell_all(const struct arguments *arguments, const char *program)
{
  int code = EXIT_DONE;
  if (arguments->word_count == 0) {
    for (size_t i = 0; i < stories_shipped_count && code == EXIT_DONE; i++) {
      if (i > 0) fputs("\n\n", stdout);
      code = tell(stories_shipped[i].name, stories_shipped[i].text, program, arguments);
    }
  }
  for (size_t i = 0; i < arguments->word_count && code == EXIT_DONE; i++) {
    const struct story_shipped *shipped = find_shipped(arguments->words[i]);
    char *own = shipped == NULL ? read_file(arguments->words[i]) : NULL;
    if (shipped == NULL && own == NULL) return EXIT_USAGE;
    if (i > 0) fputs("\n\n", stdout);
    code = tell(arguments->words[i], own != NULL ? own : shipped->text, program, arguments);
    free(own);
  }
  return code;
}

int command_explain(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, "[STORY...]", doc, NULL, NULL, NULL};
  struct arguments arguments = {.colour = COLOUR_AUTO};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.list) {
    for (size_t i = 0; i < stories_shipped_count; i++)
      printf("%-10s %s\n", stories_shipped[i].name, stories_shipped[i].summary);
    return EXIT_DONE;
  }
  char *directory = catalogue_own_directory();
  if (directory == NULL) {
    fputs("gclab: /proc does not tell where this program is\n", stderr);
    return EXIT_ENVIRONMENT;
  }
  char *program = memory_format("%s/gclab", directory);
  const int code = tell_all(&arguments, program);
  free(program);
  free(directory);
  return code;
}
