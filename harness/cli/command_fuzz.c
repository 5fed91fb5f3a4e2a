/* gclab fuzz */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/catalogue/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/selection.h"
#include "harness/fuzz/fuzz.h"
#include "harness/process/interrupt.h"
#include "harness/script/packed.h"
#include "harness/script/random_block.h"

enum {
  OPTION_PYTHON = 256,
  OPTION_PROGRAMS,
  OPTION_OPERATIONS,
  OPTION_SEED,
  OPTION_OUT,
  OPTION_KEEP_GOING,
  OPTION_NO_SHRINK,
  OPTION_SHRINK,
  SHRINK_TESTS = 3000
};

static const struct argp_option options[] = {
    {"on-python", OPTION_PYTHON, "PYTHON", 0,
     "instead compare refcount_cyclic with this interpreter, operation by operation", 1},
    {"programs", OPTION_PROGRAMS, "N", 0, "so many random programs (default 200)", 2},
    {"operations", OPTION_OPERATIONS, "N", 0, "so many operations in each (default 20000)", 2},
    {"seed", OPTION_SEED, "N", 0, "of the programs (default 1)", 2},
    {"out", OPTION_OUT, "DIR", 0, "directory for findings (default: findings); it is made where there are some", 2},
    {"no-shrink", OPTION_NO_SHRINK, 0, 0, "write findings as they are, without making them smaller", 2},
    {"shrink", OPTION_SHRINK, "FILE", 0,
     "instead of random programs take this heap script, which fails on the collector, and make it small", 2},
    {"keep-going", OPTION_KEEP_GOING, 0, 0, "go on after a finding", 2},
    {0},
};

static const char doc[] =
    "Runs random heap programs and compares: the heap with a shadow graph that knows what is reachable (every own "
    "collector where none is named), or the collector that follows CPython with CPython itself.  What is found is made "
    "as small as possible and written as a heap script."
    "\vExamples:\n"
    "  gclab fuzz                          # every own collector beside the oracle\n"
    "  gclab fuzz -c marksweep --set stress=7 --operations 3000\n"
    "  gclab fuzz --on-python /usr/bin/python3 --programs 1000\n"
    "  gclab fuzz --shrink failing.heap -c marksweep --set stress=1\n\n"
    "Exit codes: 0 nothing was found; 1 something was; 2 wrong usage; 3 a program failed; 4 the environment lacks "
    "something; 130 interrupted.";

struct arguments {
  struct selection selection;
  const char *python, *shrink;
  struct fuzz_options fuzz;
};

static uint64_t parse_number(const char *text, const char *option, struct argp_state *state)
{
  char *end = NULL;
  errno = 0;
  const unsigned long long number = strtoull(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || *text == '-' || number > 100000000)
    argp_error(state, "%s: '%s' is not a whole number up to 100000000", option, text);
  return number;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &arguments->selection;
    break;
  case OPTION_PYTHON:
    arguments->python = argument;
    break;
  case OPTION_PROGRAMS:
    arguments->fuzz.programs = parse_number(argument, "--programs", state);
    break;
  case OPTION_OPERATIONS:
    arguments->fuzz.operations = parse_number(argument, "--operations", state);
    break;
  case OPTION_SEED:
    arguments->fuzz.seed = parse_number(argument, "--seed", state);
    break;
  case OPTION_OUT:
    arguments->fuzz.directory = argument;
    break;
  case OPTION_KEEP_GOING:
    arguments->fuzz.keeps_going = true;
    break;
  case OPTION_SHRINK:
    arguments->shrink = argument;
    break;
  case OPTION_NO_SHRINK:
    arguments->fuzz.shrink_tests = 0;
    break;
  case ARGP_KEY_ARG:
    argp_error(state, "'%s' is one word too many", argument);
    break;
  case ARGP_KEY_END:
    if (arguments->python != NULL && arguments->selection.collector_count + arguments->selection.knob_count > 0)
      argp_error(state, "--on-python compares refcount_cyclic, with knobs of its own: -c and --set do not go with it");
    if (arguments->shrink != NULL && arguments->python != NULL) argp_error(state, "--shrink is about a collector");
    if (arguments->shrink != NULL && arguments->selection.collector_count != 1)
      argp_error(state, "--shrink needs the one collector that the script fails on: -c NAME");
    break;
  default:
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static void print_summary(const char *what, const struct fuzz_summary *summary)
{
  printf("%s: %" PRIu64 " programs, %" PRIu64 " operations", what, summary->programs, summary->operations);
  if (summary->settings > 1) {
    printf(" over %" PRIu64 " settings of thresholds; %" PRIu64 " + %" PRIu64 " + %" PRIu64 " collections compared",
           summary->settings, summary->collections[0], summary->collections[1], summary->collections[2]);
  }
  if (summary->out_of_memory != 0) printf("; %" PRIu64 " ran out of memory", summary->out_of_memory);
  printf("; %" PRIu64 " findings (%.1f s)%s\n", summary->findings, summary->seconds,
         interrupt_is_asked() ? "; interrupted" : "");
}

static int compare_with_python(const struct arguments *arguments, const struct catalogue *catalogue)
{
  struct python_interpreter python;
  char error[PYTHON_ERROR_MAX];
  const struct catalogue_collector *cyclic = catalogue_collector(catalogue, "refcount_cyclic");
  if (!interrupt_watch()) return EXIT_ENVIRONMENT;
  if (!python_find(arguments->python, &python, error)) {
    if (interrupt_is_asked()) return EXIT_INTERRUPTED;
    fprintf(stderr, "gclab: %s\n", error);
    return EXIT_ENVIRONMENT;
  }
  if (cyclic == NULL) {
    fputs("gclab: there is no refcount_cyclic beside this gclab; GCLAB_TRIAL_PATH names more directories\n", stderr);
    return EXIT_ENVIRONMENT;
  }
  struct fuzz_summary summary;
  char what[64];
  const int code = fuzz_python(&arguments->fuzz, &python, cyclic->trial_path, &summary);
  snprintf(what, sizeof what, "refcount_cyclic and CPython %d.%d.%d", python.major, python.minor, python.micro);
  if (code <= EXIT_FINDING || code == EXIT_INTERRUPTED) print_summary(what, &summary);
  return code;
}

static struct script *read_expanded(const char *path)
{
  struct script_error error;
  struct script *script = script_read_file(path, &error);
  if (script == NULL && error.line != 0)
    fprintf(stderr, "%s:%u:%u: %s\n", path, error.line, error.column, error.message);
  if (script == NULL && error.line == 0) fprintf(stderr, "gclab: %s: %s\n", path, error.message);
  if (script == NULL) return NULL;
  struct script *expanded = script_expand(script);
  script_free(script);
  return expanded;
}

/* The file's own name without directory and ending, and "-small". */
static void name_small(const char *path, char *name, size_t room)
{
  const char *slash = strrchr(path, '/');
  const char *stem = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(stem, '.');
  snprintf(name, room, "%.*s-small", (int)(dot != NULL ? (size_t)(dot - stem) : strlen(stem)), stem);
}

static int shrink_script(const struct arguments *arguments, const struct catalogue *catalogue)
{
  char name[256];
  if (!selection_is_known(&arguments->selection, catalogue)) return EXIT_USAGE;
  const struct catalogue_collector *collector = catalogue_program(catalogue, arguments->selection.collectors[0]);
  if (collector == NULL) {
    fputs("gclab: --shrink needs the name of one collector, not of a group\n", stderr);
    return EXIT_USAGE;
  }
  struct script *script = read_expanded(arguments->shrink);
  if (script == NULL) return EXIT_USAGE;
  if (!interrupt_watch()) return EXIT_ENVIRONMENT;
  name_small(arguments->shrink, name, sizeof name);
  const int code = fuzz_shrink(&arguments->fuzz, collector->program_name, collector->trial_path,
                               arguments->selection.knobs, arguments->selection.knob_count, script, name);
  if (code == EXIT_DONE)
    printf("%s runs on %s to its end: nothing to shrink\n", arguments->shrink, collector->program_name);
  script_free(script);
  return code;
}

static int compare_with_oracle(const struct arguments *arguments, const struct catalogue *catalogue)
{
  int code = EXIT_DONE;
  if (!selection_is_known(&arguments->selection, catalogue)) return EXIT_USAGE;
  if (!interrupt_watch()) return EXIT_ENVIRONMENT;
  for (size_t i = 0; i < catalogue->program_count; i++) {
    const struct catalogue_collector *collector = &catalogue->collectors[i];
    if (!selection_wants(&arguments->selection, collector, "own")) continue;
    struct fuzz_summary summary;
    const int one = fuzz_oracle(&arguments->fuzz, collector->program_name, collector->trial_path,
                                arguments->selection.knobs, arguments->selection.knob_count, &summary);
    if (one <= EXIT_FINDING || one == EXIT_INTERRUPTED) print_summary(collector->program_name, &summary);
    if (one > EXIT_FINDING) return one;
    if (one > code) code = one;
  }
  return code;
}

int command_fuzz(int argc, char **argv)
{
  static const struct argp_child children[] = {{&selection_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {options, parse_option, NULL, doc, children, NULL, NULL};
  struct arguments arguments = {.fuzz = {.programs = 200,
                                         .operations = 20000,
                                         .seed = 1,
                                         .directory = "findings",
                                         .shows_progress = isatty(STDERR_FILENO) != 0,
                                         .shrink_tests = SHRINK_TESTS}};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct catalogue *catalogue = catalogue_load();
  if (catalogue == NULL) return EXIT_ENVIRONMENT;
  const int code = arguments.shrink != NULL   ? shrink_script(&arguments, catalogue)
                   : arguments.python != NULL ? compare_with_python(&arguments, catalogue)
                                              : compare_with_oracle(&arguments, catalogue);
  catalogue_free(catalogue);
  return code;
}
