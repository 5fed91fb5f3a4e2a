/* gclab script */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/catalogue/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/selection.h"
#include "harness/cli/table.h"
#include "harness/process/interrupt.h"
#include "harness/process/process.h"
#include "harness/python/compare.h"
#include "harness/script/packed.h"
#include "harness/script/print.h"
#include "harness/script/random_block.h"

enum {
  OPTION_PACK = 256,
  OPTION_UNPACK,
  OPTION_EXPAND,
  OPTION_CHECK,
  OPTION_PYTHON,
  OPTION_DIFF,
  OPTION_ORACLE,
  OPTION_TRACE,
  OPTION_OBSERVE,
  OPTION_LANGUAGE,
  OPTION_NAME,
  WORDS_MAX = 2 * SELECTION_KNOBS_MAX + 16
};

static const char preset_collector[] = "refcount_cyclic";

static const struct argp_option options[] = {
    {"oracle", OPTION_ORACLE, 0, 0, "compare the heap with a shadow graph", 1},
    {"trace", OPTION_TRACE, 0, 0, "print each operation before it runs, and each collection", 1},
    {"observe", OPTION_OBSERVE, "FILE", 0, "write the state after each operation to this file", 1},
    {"name", OPTION_NAME, "NAME", 0, "what messages call the script (default: the file)", 1},
    {"on-python", OPTION_PYTHON, "PYTHON", 0, "run it on this interpreter, as /usr/bin/python3", 2},
    {"diff", OPTION_DIFF, 0, 0,
     "run it on the interpreter and on refcount_cyclic, and compare the state after each operation", 2},
    {"check", OPTION_CHECK, 0, 0, "only see whether it is a script", 3},
    {"expand", OPTION_EXPAND, 0, 0, "write out what random blocks stand for; with --pack or --unpack", 3},
    {"pack", OPTION_PACK, "OUT", 0, "write the packed form to this file; nothing is run", 3},
    {"language", OPTION_LANGUAGE, 0, 0, "list the operations and quantities of the language", 3},
    {"unpack", OPTION_UNPACK, "OUT", 0, "write the canonical text to this file (- is standard output)", 3},
    {0},
};

static const char doc[] =
    "Runs a heap script: a small program about objects and references, told in docs/heap-scripts.md.  FILE is text or "
    "packed; - is standard input.  It runs on refcount_cyclic where no collector is named."
    "\vExamples:\n"
    "  gclab script cycle.heap\n"
    "  gclab script cycle.heap -c refcount -c marksweep\n"
    "  gclab script cycle.heap --on-python /usr/bin/python3 --diff\n"
    "  gclab script trace.packed --unpack - | less\n"
    "  gclab script --language\n\n"
    "Exit codes: 0 done; 1 an expectation did not hold, the oracle found something, or the interpreter and we differ; "
    "2 wrong usage, or this is no script; 3 an operation was not possible, or a program failed; 4 the environment "
    "lacks "
    "something; 130 interrupted.";

struct arguments {
  const char *file, *name;
  struct selection selection;
  const char *pack, *unpack, *python, *observe;
  bool expand, check, diff, oracle, trace, language;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &arguments->selection;
    break;
  case OPTION_LANGUAGE:
    arguments->language = true;
    break;
  case OPTION_NAME:
    arguments->name = argument;
    break;
  case OPTION_PACK:
    arguments->pack = argument;
    break;
  case OPTION_UNPACK:
    arguments->unpack = argument;
    break;
  case OPTION_EXPAND:
    arguments->expand = true;
    break;
  case OPTION_CHECK:
    arguments->check = true;
    break;
  case OPTION_PYTHON:
    arguments->python = argument;
    break;
  case OPTION_DIFF:
    arguments->diff = true;
    break;
  case OPTION_ORACLE:
    arguments->oracle = true;
    break;
  case OPTION_TRACE:
    arguments->trace = true;
    break;
  case OPTION_OBSERVE:
    arguments->observe = argument;
    break;
  case ARGP_KEY_ARG:
    if (arguments->file != NULL) argp_error(state, "one script at a time; '%s' is one too many", argument);
    arguments->file = argument;
    break;
  case ARGP_KEY_END:
    if (arguments->file == NULL && !arguments->language) argp_error(state, "which script?");
    if (arguments->diff && arguments->python == NULL)
      argp_error(state, "--diff compares with an interpreter: name it with --on-python");
    if (arguments->python != NULL && arguments->selection.collector_count + arguments->selection.knob_count > 0)
      argp_error(state,
                 "--on-python runs the interpreter, and beside it refcount_cyclic with knobs that follow from it: "
                 "-c and --set do not go with it");
    if (arguments->python != NULL && (arguments->oracle || arguments->trace))
      argp_error(state, "an interpreter has neither --oracle nor --trace");
    if (arguments->diff && arguments->observe != NULL)
      argp_error(state, "--diff compares what is observed, and does not keep it: --observe does not go with it");
    break;
  default:
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

/* What messages call the script. */
static const char *name_of(const struct arguments *arguments)
{
  if (arguments->name != NULL) return arguments->name;
  return strcmp(arguments->file, "-") == 0 ? "standard input" : arguments->file;
}

/* The script, and the bytes that it was read from, since not every file can be read twice. */
static struct script *read_script(const struct arguments *arguments, char **bytes, size_t *length)
{
  struct script_error error;
  *bytes = script_read_bytes(arguments->file, length, &error);
  struct script *script = *bytes != NULL ? script_read(*bytes, *length, &error) : NULL;
  if (script == NULL && error.line != 0)
    fprintf(stderr, "%s:%u:%u: %s\n", name_of(arguments), error.line, error.column, error.message);
  if (script == NULL && error.line == 0) fprintf(stderr, "gclab: %s: %s\n", name_of(arguments), error.message);
  return script;
}

static FILE *open_output(const char *path)
{
  if (strcmp(path, "-") == 0) return stdout;
  FILE *out = memory_or_null(fopen(path, "wb"));
  if (out == NULL) fprintf(stderr, "gclab: %s: %s\n", path, strerror(errno));
  return out;
}

static int close_output(FILE *out, const char *path)
{
  const bool failed = ferror(out) != 0;
  if ((out == stdout ? fflush(out) : fclose(out)) == 0 && !failed) return EXIT_DONE;
  fprintf(stderr, "gclab: %s: %s\n", path, strerror(errno));
  return EXIT_ENVIRONMENT;
}

static int convert(const struct script *script, const struct arguments *arguments)
{
  int code = EXIT_DONE;
  if (arguments->pack != NULL) {
    FILE *out = open_output(arguments->pack);
    if (out == NULL) return EXIT_ENVIRONMENT;
    size_t length;
    void *bytes = script_pack(script, &length);
    fwrite(bytes, 1, length, out);
    free(bytes);
    code = close_output(out, arguments->pack);
  }
  if (arguments->unpack != NULL && code == EXIT_DONE) {
    FILE *out = open_output(arguments->unpack);
    if (out == NULL) return EXIT_ENVIRONMENT;
    script_print(script, out);
    code = close_output(out, arguments->unpack);
  }
  return code;
}

/* The trial program reads the script as it was written on its standard input, so messages name its lines. */
static int run_on(const struct catalogue_collector *collector, const struct arguments *arguments, const char *bytes,
                  size_t length)
{
  const char *words[WORDS_MAX] = {collector->trial_path, "script", "-"};
  size_t n = 3;
  if (arguments->oracle) words[n++] = "--oracle";
  if (arguments->trace) words[n++] = "--trace";
  if (arguments->observe != NULL) {
    words[n++] = "--observe";
    words[n++] = arguments->observe;
  }
  for (size_t i = 0; i < arguments->selection.knob_count; i++) {
    words[n++] = "--set";
    words[n++] = arguments->selection.knobs[i];
  }
  words[n++] = "--name";
  words[n++] = name_of(arguments);
  const struct process_request request = {
      .words = words, .input = bytes, .input_length = length, .inherits_output = true, .inherits_error = true};
  fflush(stdout);
  struct process_result result = process_run(&request);
  int code = result.exit_code;
  if (result.interrupted) {
    code = EXIT_INTERRUPTED;
  } else if (!result.started) {
    fprintf(stderr, "gclab: %s: %s\n", collector->trial_path, result.error);
    code = EXIT_ENVIRONMENT;
  } else if (code < 0) {
    fprintf(
        stderr,
        "gclab: %s ended by signal %d (%s) in the middle of the script; --trace shows the operation, and a build with "
        "-DGCLAB_CHECKING=ON says what went wrong\n",
        collector->program_name, result.signal, strsignal(result.signal));
    code = EXIT_TRIAL_FAILED;
  }
  process_free(&result);
  return code;
}

static int run_on_collectors(const struct arguments *arguments, const char *bytes, size_t length)
{
  struct catalogue *catalogue = catalogue_load();
  if (catalogue == NULL) return EXIT_ENVIRONMENT;
  int code = selection_is_known(&arguments->selection, catalogue) ? EXIT_DONE : EXIT_USAGE;
  if (code == EXIT_DONE && !interrupt_watch()) code = EXIT_ENVIRONMENT;
  size_t wanted = 0;
  for (size_t i = 0; i < catalogue->program_count; i++)
    wanted += selection_wants(&arguments->selection, &catalogue->collectors[i], preset_collector);
  if (wanted > 1 && arguments->observe != NULL) {
    fputs("gclab: --observe writes what one collector does: -c NAME says which\n", stderr);
    code = EXIT_USAGE;
  }
  for (size_t i = 0; i < catalogue->program_count && code != EXIT_USAGE && code != EXIT_INTERRUPTED; i++) {
    const struct catalogue_collector *collector = &catalogue->collectors[i];
    if (!selection_wants(&arguments->selection, collector, preset_collector)) continue;
    if (wanted > 1) printf("== %s\n", collector->program_name);
    const int one = run_on(collector, arguments, bytes, length);
    if (one > code) code = one;
  }
  catalogue_free(catalogue);
  return code;
}

static int say_difference(const struct script *script, const struct arguments *arguments,
                          const struct python_interpreter *python, const struct python_observations *theirs,
                          const struct python_observations *ours)
{
  struct observation_difference difference;
  if (!observations_compare(theirs, ours, &difference)) {
    observations_explain(script, name_of(arguments), theirs, ours, &difference, stdout);
    return EXIT_FINDING;
  }
  const int32_t none[3] = {0};
  const int32_t *collections = theirs->count > 0 ? theirs->rows[theirs->count - 1].collections : none;
  printf("CPython %d.%d.%d and refcount_cyclic agree after each of %zu operations (collections %d %d %d)\n",
         python->major, python->minor, python->micro, theirs->count, collections[0], collections[1], collections[2]);
  return EXIT_DONE;
}

static int diff(const struct script *script, const struct arguments *arguments, const struct python_interpreter *python)
{
  struct catalogue *catalogue = catalogue_load();
  if (catalogue == NULL) return EXIT_ENVIRONMENT;
  const struct catalogue_collector *collector = catalogue_collector(catalogue, "refcount_cyclic");
  struct python_observations theirs = {0};
  struct python_observations ours = {0};
  int code = EXIT_ENVIRONMENT;
  if (collector == NULL) {
    fputs("gclab: there is no refcount_cyclic beside this gclab; GCLAB_TRIAL_PATH names more directories\n", stderr);
  } else {
    code = python_observe_both(python, collector->trial_path, script, name_of(arguments), false, &theirs, &ours);
  }
  if (code == EXIT_DONE) code = say_difference(script, arguments, python, &theirs, &ours);
  python_free_observations(&theirs);
  python_free_observations(&ours);
  catalogue_free(catalogue);
  return code;
}

static int run_on_python(const struct script *script, const struct arguments *arguments)
{
  struct python_interpreter python;
  char error[PYTHON_ERROR_MAX];
  if (!interrupt_watch()) return EXIT_ENVIRONMENT;
  if (!python_find(arguments->python, &python, error)) {
    if (interrupt_is_asked()) return EXIT_INTERRUPTED;
    fprintf(stderr, "gclab: %s\n", error);
    return EXIT_ENVIRONMENT;
  }
  bool is_exact;
  const char *profile = python_profile_of(&python, &is_exact);
  if (!is_exact && arguments->diff)
    fprintf(stderr, "gclab: the profile %s follows what is known of CPython 3.%d; it has not been verified\n", profile,
            python.minor);
  if (arguments->diff) return diff(script, arguments, &python);
  return python_run(&python, script, name_of(arguments), arguments->observe, false);
}

/* What the tables of script.h say. */
static void print_language(FILE *out)
{
  static const char *const arguments[] = {[SCRIPT_NOTHING] = "",
                                          [SCRIPT_GENERATION] = "GENERATION",
                                          [SCRIPT_VALUE] = "VALUE",
                                          [SCRIPT_TWO_VALUES] = "VALUE VALUE",
                                          [SCRIPT_ACTION_NAME] = "ACTION"};
  struct table table;
  fputs("Operations, one a line:\n", out);
  table_init(&table, (const char *const[]){"operation", "what follows", "what it does", NULL});
  for (enum script_code code = 0; code < SCRIPT_CODES; code++)
    table_add(&table, (const char *const[]){script_code_word(code), script_code_form(code), script_code_help(code)});
  table_print(&table, out, 2);
  fputs("\nQuantities, for print and expect:\n", out);
  table_init(&table, (const char *const[]){"quantity", "what follows", "what it is", NULL});
  for (enum script_quantity quantity = 0; quantity < SCRIPT_QUANTITIES_COUNT; quantity++)
    table_add(&table,
              (const char *const[]){script_quantity_word(quantity), arguments[script_quantity_argument(quantity)],
                                    script_quantity_help(quantity)});
  table_print(&table, out, 2);
  fputs("\nOptions of `random`:\n", out);
  table_init(&table, (const char *const[]){"option", ">preset", "what it is", NULL});
  for (enum script_random_option option = 0; option < SCRIPT_RANDOM_OPTIONS_COUNT; option++) {
    char preset[24];
    snprintf(preset, sizeof preset, "%lld", (long long)script_random_option_range(option).preset);
    table_add(&table,
              (const char *const[]){script_random_option_word(option), preset, script_random_option_help(option)});
  }
  table_print(&table, out, 2);
}

int command_script(int argc, char **argv)
{
  static const struct argp_child children[] = {{&selection_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {options, parse_option, "FILE", doc, children, NULL, NULL};
  struct arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.language) {
    print_language(stdout);
    return EXIT_DONE;
  }
  char *bytes;
  size_t length;
  struct script *script = read_script(&arguments, &bytes, &length);
  if (script == NULL) {
    free(bytes);
    return EXIT_USAGE;
  }
  const bool converts = arguments.pack != NULL || arguments.unpack != NULL;
  if (arguments.expand || arguments.python != NULL) {
    struct script *expanded = script_expand(script);
    script_free(script);
    script = expanded;
  }
  int code = EXIT_DONE;
  if (arguments.check) {
    printf("%s: %zu operations\n", name_of(&arguments), script->op_count);
  } else if (converts || arguments.expand) {
    if (!converts) arguments.unpack = "-";
    code = convert(script, &arguments);
  } else {
    code = arguments.python != NULL ? run_on_python(script, &arguments) : run_on_collectors(&arguments, bytes, length);
  }
  script_free(script);
  free(bytes);
  return code;
}
