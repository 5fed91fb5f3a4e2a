/* `gclab-trial-NAME script FILE`: a heap script on this collector. */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "collectors/parts/audit.h"
#include "harness/script/interpret.h"
#include "harness/script/packed.h"
#include "harness/script/random_block.h"
#include "harness/trial/trial.h"

enum {
  OPTION_OBSERVE = 256,
  OPTION_ORACLE,
  OPTION_TRACE,
  OPTION_MAXIMUM,
  OPTION_NAME,
  JOURNAL_ROWS = 1 << 16,
  EXIT_FAILED = 3
};

static const struct argp_option options[] = {
    {"set", 's', "KNOB=VALUE", 0, "set a knob of the collector", 1},
    {"observe", OPTION_OBSERVE, "FILE", 0, "write the state after each operation to this file", 1},
    {"oracle", OPTION_ORACLE, 0, 0, "compare the heap with a shadow graph", 1},
    {"trace", OPTION_TRACE, 0, 0, "print each operation before it runs, and each collection", 1},
    {"max-operations", OPTION_MAXIMUM, "N", 0, "end a script that runs more", 1},
    {"name", OPTION_NAME, "NAME", 0, "what messages call the script (default: the file)", 1},
    {0},
};

static const char doc[] =
    "Runs a heap script (docs/heap-scripts.md), text or packed; - is standard input.\n\n"
    "\vExit codes: 0 done; 1 an expectation did not hold, or the oracle found something; 2 wrong usage, or no script; "
    "3 an operation was not possible, or memory ran out; 4 the environment lacks something.";

struct script_arguments {
  struct interpreter_options options;
  int64_t knobs[TRIAL_SETTINGS_MAX];
  const char *observe, *path;
  bool failed;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
  struct script_arguments *arguments = state->input;
  char *end = NULL;
  switch (key) {
  case 's':
    if (!trial_assign(argument, collector.knobs, collector.knob_count, arguments->knobs, collector.name))
      arguments->failed = true;
    break;
  case OPTION_OBSERVE:
    arguments->observe = argument;
    break;
  case OPTION_ORACLE:
    arguments->options.with_oracle = true;
    break;
  case OPTION_TRACE:
    arguments->options.trace = true;
    break;
  case OPTION_MAXIMUM:
    arguments->options.operations_max = strtoull(argument, &end, 10);
    if (end == argument || *end != '\0') argp_error(state, "--max-operations: '%s' is not a whole number", argument);
    break;
  case OPTION_NAME:
    arguments->options.file = argument;
    break;
  case ARGP_KEY_ARG:
    if (arguments->path != NULL) argp_error(state, "one script at a time");
    arguments->path = argument;
    break;
  case ARGP_KEY_END:
    if (arguments->path == NULL)
      argp_error(state, "which script?"); /* does not return */
    else if (arguments->options.file == NULL)
      arguments->options.file = strcmp(arguments->path, "-") == 0 ? "standard input" : arguments->path;
    break;
  default:
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static const char *current_file;

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  fflush(NULL);
  fprintf(stderr, "%s: %s is out of memory: there was no room for %llu bytes\n", current_file, collector.name,
          (unsigned long long)bytes);
  _exit(EXIT_FAILED);
}

static struct script *read_script(const char *path, const char *name)
{
  struct script_error error;
  struct script *script = script_read_file(path, &error);
  if (script == NULL) {
    if (error.line != 0) fprintf(stderr, "%s:%u:%u: %s\n", name, error.line, error.column, error.message);
    if (error.line == 0) fprintf(stderr, "%s: %s\n", name, error.message);
    return NULL;
  }
  struct script *expanded = script_expand(script);
  script_free(script);
  return expanded;
}

static int exit_code_of(enum interpreter_outcome outcome)
{
  if (outcome == INTERPRETER_ERROR) return EXIT_FAILED;
  return outcome == INTERPRETER_FINDING ? TRIAL_EXIT_FINDING : TRIAL_EXIT_OK;
}

/* Starts the collector, runs the script, ends the collector. */
static int run(const struct script_arguments *arguments, const struct script *script)
{
  static struct journal journal;
  clock_calibrate();
  if (!journal_open(&journal, -1, JOURNAL_ROWS, 1, 1000)) {
    fputs("gclab-trial: no memory for a journal\n", stderr);
    return TRIAL_EXIT_ENVIRONMENT;
  }
  const struct collector_config config = {
      .knobs = arguments->knobs, .journal = &journal, .out_of_memory = out_of_memory};
  struct gc_mutator *mutator = collector_start(&config);
  if (mutator == NULL) {
    fprintf(stderr, "gclab-trial: %s cannot start: no memory for its heap\n", collector.name);
    return TRIAL_EXIT_ENVIRONMENT;
  }
  gc_mutator_meter(mutator);
  const struct interpreter_result result = script_run(mutator, script, &arguments->options);
  collector_settle(mutator);
  collector_check(mutator);
  if (arguments->options.with_oracle) audit_journal(mutator);
  collector_finish(mutator);
  journal_close(&journal);
  return exit_code_of(result.outcome);
}

/* False: not all was written. */
static bool close_observations(FILE *file)
{
  const bool is_whole = ferror(file) == 0;
  return fclose(file) == 0 && is_whole;
}

int trial_script(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, "FILE", doc, NULL, NULL, NULL};
  struct script_arguments arguments = {.options = {.output = stdout}};
  for (size_t i = 0; i < collector.knob_count; i++) arguments.knobs[i] = collector.knobs[i].default_value;
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.failed) return TRIAL_EXIT_USAGE;
  struct script *script = read_script(arguments.path, arguments.options.file);
  if (script == NULL) return TRIAL_EXIT_USAGE;
  current_file = arguments.options.file;
  if (arguments.observe != NULL) {
    arguments.options.observations = fopen(arguments.observe, "wb");
    if (arguments.options.observations == NULL) {
      fprintf(stderr, "gclab-trial: %s: %s\n", arguments.observe, strerror(errno));
      script_free(script);
      return TRIAL_EXIT_ENVIRONMENT;
    }
  }
  int code = run(&arguments, script);
  if (arguments.options.observations != NULL && !close_observations(arguments.options.observations)) {
    fprintf(stderr, "gclab-trial: %s: %s\n", arguments.observe, strerror(errno));
    code = TRIAL_EXIT_ENVIRONMENT;
  }
  script_free(script);
  return code;
}
