/* gclab micro */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/whole_file.h"
#include "harness/cli/command.h"
#include "harness/cli/micro_print.h"
#include "harness/cli/selection.h"
#include "harness/cli/words.h"
#include "harness/microrun/expectation.h"
#include "harness/microrun/gbench_json.h"
#include "harness/plan/plan.h"
#include "harness/process/interrupt.h"
#include "harness/store/store.h"

enum {
  OPTION_FILTER = 'f',
  OPTION_QUIET = 'q',
  OPTION_QUICK = 256,
  OPTION_SIZE,
  OPTION_MIN_TIME,
  OPTION_REPETITIONS,
  OPTION_BUDGET,
  OPTION_SEED,
  OPTION_ALLOCATOR,
  OPTION_STORE,
  OPTION_JSON,
  OPTION_FORMAT,
  OPTION_LIST,
  OPTION_SHOW,
  OPTION_INSTRUCTIONS,
  OPTION_EXPECT,
  OPTION_RENEW
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "What is run:", 2},
    {"filter", OPTION_FILTER, "REGEX", 0, "benchmarks whose name matches this extended regular expression", 2},
    {"size", OPTION_SIZE, "SIZE", 0, "how large graphs and working sets become: small, default or full", 2},
    {"allocator", OPTION_ALLOCATOR, "NAME", 0,
     "what collectors on malloc run on: jemalloc (default), glibc, mimalloc or tcmalloc", 2},
    {0, 0, 0, 0, "How much:", 3},
    {"quick", OPTION_QUICK, 0, 0, "one repetition at size small: a few seconds, for a first look", 3},
    {"min-time", OPTION_MIN_TIME, "SECONDS", 0, "of one measurement (default 0.02)", 3},
    {"repetitions", OPTION_REPETITIONS, "N", 0, "of each (default: as many as fit into the budget, 15 at most)", 3},
    {"budget", OPTION_BUDGET, "TIME", 0,
     "begin nothing that does not end within 90s, 10m, ... (default 165s; with --repetitions: none)", 3},
    {"seed", OPTION_SEED, "N", 0, "of the order (default 1)", 3},
    {0, 0, 0, 0, "Instructions, counted by valgrind's callgrind:", 4},
    {"instructions", OPTION_INSTRUCTIONS, "only", OPTION_ARG_OPTIONAL, "count those of fast paths too, or nothing else",
     4},
    {"expect", OPTION_EXPECT, "FILE", 0,
     "count instructions only, and compare with this table: exit code 1 where one differs by more than 2 %", 4},
    {"renew", OPTION_RENEW, "FILE", 0, "count instructions only, and write them as such a table", 4},
    {0, 0, 0, 0, "What comes out:", 5},
    {"json", OPTION_JSON, "FILE", 0,
     "results as Google Benchmark's JSON, which its compare.py reads; - is standard output", 5},
    {"format", OPTION_FORMAT, "lines|markdown", 0, "a line a result (default), or a Markdown table", 5},
    {"show", OPTION_SHOW, 0, 0, "run nothing: show the newest run in the store", 5},
    {"list", OPTION_LIST, 0, 0, "run nothing: list the benchmarks", 5},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 5},
    {"quiet", OPTION_QUIET, 0, 0, "no progress, only results", 5},
    {0},
};

static const char doc[] =
    "Measures each primitive of each collector - allocation, store, root, frame, cascade, collection, sweep - beside "
    "what the machine can do at all."
    "\vPrograms run one at a time in random order, interleaved, so that what is compared was measured within seconds. "
    "Without -c, all collectors are measured. 'gclab plot micro' draws the newest run.\n\n"
    "Examples:\n"
    "  gclab micro                   everything, in under three minutes\n"
    "  gclab micro --quick -c marksweep\n"
    "  gclab micro -c marksweep,boehm --filter '^full/graph' --repetitions 9\n"
    "  gclab micro -c refcount,refcount+blocks --filter '^(death|cascade)/'\n"
    "  gclab micro -c own --instructions=only\n"
    "  gclab micro --json new.json   and: compare.py benchmarks old.json new.json\n"
    "  gclab micro --show --format markdown\n\n"
    "Exit codes: 0 done; 1 --expect found a difference; 2 wrong usage; 3 a program failed; 4 the environment lacks "
    "something; 130 interrupted, what was measured is kept.";

enum format { FORMAT_LINES, FORMAT_MARKDOWN };

#define DEFAULT_BUDGET_NS UINT64_C(165000000000)
#define TOLERANCE         0.02

struct arguments {
  struct selection selection;
  struct micro_run_options run;
  const char *filter, *size, *allocator, *store, *json, *expect, *renew;
  enum format format;
  bool has_budget, lists, shows, counts, times;
  regex_t compiled;
};

static uint64_t take_number(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                            struct argp_state *state)
{
  char *end = NULL;
  errno = 0;
  const uint64_t value = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || *text == '-' || value < minimum || value > maximum)
    argp_error(state, "%s: '%s' is not a whole number from %llu to %llu", option, text, (unsigned long long)minimum,
               (unsigned long long)maximum);
  return value;
}

static double take_seconds(const char *text, struct argp_state *state)
{
  char *end = NULL;
  const double value = strtod(text, &end);
  if (end == text || *end != '\0' || !(value >= 0 && value <= 60))
    argp_error(state, "--min-time: '%s' is not a number of seconds from 0 to 60", text);
  return value;
}

static const char *take_word(const char *option, const char *text, const char *const *words, struct argp_state *state)
{
  for (size_t i = 0; words[i] != NULL; i++) {
    if (strcmp(words[i], text) == 0) return words[i];
  }
  argp_error(state, "%s: '%s' is not known; see --help", option, text);
  return NULL;
}

static void take_filter(struct arguments *arguments, const char *text, struct argp_state *state)
{
  if (arguments->filter != NULL) argp_error(state, "--filter is given twice; a|b matches both");
  char why[128];
  const int failure = regcomp(&arguments->compiled, text, REG_EXTENDED | REG_NOSUB);
  if (failure != 0) {
    regerror(failure, &arguments->compiled, why, sizeof why);
    argp_error(state, "--filter: '%s' is no extended regular expression: %s", text, why);
  }
  arguments->filter = text;
  arguments->run.filter = &arguments->compiled;
}

static error_t parse_amount(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  char error[SETTING_ERROR_MAX];
  switch (key) {
  case OPTION_QUICK:
    arguments->size = "small";
    arguments->run.min_time_s = 0.002;
    arguments->run.repetitions = 1;
    return 0;
  case OPTION_MIN_TIME:
    arguments->run.min_time_s = take_seconds(value, state);
    return 0;
  case OPTION_REPETITIONS:
    arguments->run.repetitions = (uint32_t)take_number("--repetitions", value, 1, 1000, state);
    return 0;
  case OPTION_SEED:
    arguments->run.seed = take_number("--seed", value, 0, INT64_MAX, state);
    return 0;
  case OPTION_BUDGET:
    if (!quantity_parse_duration("--budget", value, true, &arguments->run.budget_ns, error))
      argp_error(state, "%s", error);
    arguments->has_budget = true;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static error_t parse_output(int key, char *value, struct argp_state *state)
{
  static const char *const formats[] = {"lines", "markdown", NULL};
  struct arguments *arguments = state->input;
  switch (key) {
  case OPTION_JSON:
    arguments->json = value;
    return 0;
  case OPTION_FORMAT:
    arguments->format =
        strcmp(take_word("--format", value, formats, state), "lines") == 0 ? FORMAT_LINES : FORMAT_MARKDOWN;
    return 0;
  case OPTION_STORE:
    arguments->store = value;
    return 0;
  case OPTION_LIST:
    arguments->lists = true;
    return 0;
  case OPTION_SHOW:
    arguments->shows = true;
    return 0;
  case OPTION_QUIET:
    arguments->run.quiet = true;
    return 0;
  case OPTION_INSTRUCTIONS:
    if (value != NULL && strcmp(value, "only") != 0)
      argp_error(state, "--instructions takes nothing, or 'only', not '%s'", value);
    arguments->counts = true;
    if (value != NULL) arguments->times = false;
    return 0;
  case OPTION_EXPECT:
  case OPTION_RENEW:
    *(key == OPTION_EXPECT ? &arguments->expect : &arguments->renew) = value;
    arguments->counts = true;
    arguments->times = false;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static void check_arguments(const struct arguments *arguments, struct argp_state *state)
{
  const bool has_table = arguments->expect != NULL || arguments->renew != NULL;
  const bool chooses =
      arguments->selection.collector_count > 0 || arguments->selection.knob_count > 0 || arguments->filter != NULL;
  if (arguments->expect != NULL && arguments->renew != NULL)
    argp_error(state, "--expect and --renew exclude each other: --renew writes what --expect compares with");
  if (has_table && (arguments->json != NULL || arguments->store != NULL))
    argp_error(state, "--expect and --renew keep nothing, so that there is nothing for --json and --store");
  if (arguments->shows && (chooses || arguments->counts || arguments->lists))
    argp_error(state, "--show prints the newest run as it was; what is run, counted or listed cannot be chosen");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  static const char *const sizes[] = {"small", "default", "full", NULL};
  static const char *const allocators[] = {"jemalloc", "glibc", "mimalloc", "tcmalloc", NULL};
  struct arguments *arguments = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &arguments->selection;
    return 0;
  case OPTION_FILTER:
    take_filter(arguments, value, state);
    return 0;
  case OPTION_SIZE:
    arguments->size = take_word("--size", value, sizes, state);
    return 0;
  case OPTION_ALLOCATOR:
    arguments->allocator = take_word("--allocator", value, allocators, state);
    return 0;
  case ARGP_KEY_ARG:
    argp_error(state, "'%s' is one word too many; -c names collectors, --filter benchmarks", value);
    return 0;
  case ARGP_KEY_END:
    check_arguments(arguments, state);
    return 0;
  default: {
    const error_t taken = parse_amount(key, value, state);
    return taken == ARGP_ERR_UNKNOWN ? parse_output(key, value, state) : taken;
  }
  }
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

static bool write_json(const struct micro_results *results, const char *path)
{
  if (strcmp(path, "-") == 0) return gbench_json_write(results, stdout);
  struct whole_file file;
  const bool ok = whole_file_open(&file, path) && whole_file_close(&file, gbench_json_write(results, file.stream));
  if (!ok) fprintf(stderr, "gclab micro: %s: %s\n", path, strerror(errno));
  return ok;
}

static int show(struct store *store, const char *id, const struct arguments *arguments)
{
  struct micro_results *results = micro_results_load(store, id);
  if (results == NULL) return EXIT_ENVIRONMENT;
  int code = EXIT_DONE;
  if (arguments->json == NULL || strcmp(arguments->json, "-") != 0) {
    if (arguments->format == FORMAT_MARKDOWN)
      micro_print_markdown(results, stdout);
    else
      micro_print_lines(results, stdout);
  }
  if (arguments->json != NULL && !write_json(results, arguments->json)) code = EXIT_ENVIRONMENT;
  micro_results_free(results);
  return code;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static bool wants(const void *context, const struct catalogue_collector *collector)
{
  return selection_wants(context, collector, "all");
}

enum knob_verdict { KNOB_UNKNOWN, KNOB_GOOD, KNOB_BAD };

/* "NAME=VALUE", as the collector sees it; KNOB_BAD after a message. */
static enum knob_verdict judge_knob(const char *knob, const struct catalogue_collector *collector)
{
  const size_t length = strcspn(knob, "=");
  for (size_t i = 0; i < collector->knob_count; i++) {
    const struct setting *row = &collector->knobs[i];
    if (strlen(row->name) != length || strncmp(row->name, knob, length) != 0) continue;
    char error[SETTING_ERROR_MAX] = "it has no value: KNOB=VALUE";
    int64_t value = 0;
    if (knob[length] == '=' && setting_parse(row, knob + length + 1, &value, error)) return KNOB_GOOD;
    fprintf(stderr, "gclab micro: --set %s: %s: %s\n", knob, collector->program_name, error);
    return KNOB_BAD;
  }
  return KNOB_UNKNOWN;
}

/* Each --set must be of some collector that is run, and right for all of those that have such a knob. */
static bool knobs_are_good(const struct arguments *arguments, const struct catalogue *catalogue)
{
  for (size_t k = 0; k < arguments->selection.knob_count; k++) {
    const char *knob = arguments->selection.knobs[k];
    bool known = false;
    for (size_t i = 0; i < catalogue->program_count; i++) {
      if (!selection_wants(&arguments->selection, &catalogue->collectors[i], "all")) continue;
      const enum knob_verdict verdict = judge_knob(knob, &catalogue->collectors[i]);
      if (verdict == KNOB_BAD) return false;
      known |= verdict == KNOB_GOOD;
    }
    if (known) continue;
    fprintf(stderr, "gclab micro: --set %s: no collector that is run has such a knob; 'gclab list NAME' lists them\n",
            knob);
    return false;
  }
  return true;
}

static int exit_code_of(enum micro_run_outcome outcome)
{
  switch (outcome) {
  case MICRO_RUN_DONE:
    return EXIT_DONE;
  case MICRO_RUN_FAILED:
    return EXIT_TRIAL_FAILED;
  case MICRO_RUN_INTERRUPTED:
    return EXIT_INTERRUPTED;
  case MICRO_RUN_ENVIRONMENT:
    break;
  }
  return EXIT_ENVIRONMENT;
}

static int exit_code_of_expectation(enum expectation_outcome outcome)
{
  switch (outcome) {
  case EXPECTATION_MET:
    return EXIT_DONE;
  case EXPECTATION_NOT_MET:
    return EXIT_FINDING;
  case EXPECTATION_UNREADABLE:
    return EXIT_USAGE;
  case EXPECTATION_NOT_COMPARABLE:
    break;
  }
  return EXIT_ENVIRONMENT;
}

static int judge(const struct arguments *arguments, const struct micro_programs *programs,
                 const struct micro_counts *counts)
{
  if (arguments->renew != NULL)
    return expectation_write(arguments->renew, programs, counts) ? EXIT_DONE : EXIT_ENVIRONMENT;
  return exit_code_of_expectation(
      expectation_check(arguments->expect, programs, counts, arguments->run.filter, TOLERANCE, stdout));
}

struct session {
  const struct arguments *arguments;
  struct micro_program_request request;
  struct micro_programs programs;
  struct micro_selection selection;
};

static int run_into_store(struct session *session, struct store *store, const struct micro_counts *counts)
{
  const struct arguments *arguments = session->arguments;
  char id[MICRO_RUN_ID_MAX];
  if (!micro_run_begin(store, &session->programs, &session->selection, &session->request, &arguments->run, id) ||
      (counts->count > 0 && !store_put_micro_instructions(store, id, counts->rows, counts->count)))
    return EXIT_ENVIRONMENT;
  enum micro_run_outcome outcome = MICRO_RUN_DONE;
  if (arguments->times)
    outcome = micro_run_measure(store, &session->programs, &session->selection, &session->request, &arguments->run, id);
  if (outcome == MICRO_RUN_ENVIRONMENT) return EXIT_ENVIRONMENT;
  if (outcome == MICRO_RUN_INTERRUPTED)
    fputs("gclab micro: interrupted; what was measured is kept, 'gclab micro --show' prints it\n", stderr);
  const int shown = outcome == MICRO_RUN_INTERRUPTED ? EXIT_DONE : show(store, id, arguments);
  return shown != EXIT_DONE ? shown : exit_code_of(outcome);
}

static int run(struct session *session)
{
  const struct arguments *arguments = session->arguments;
  if (!interrupt_watch()) return EXIT_ENVIRONMENT;
  struct micro_counts counts = {0};
  int code = EXIT_DONE;
  if (arguments->expect != NULL)
    code = exit_code_of_expectation(expectation_is_comparable(arguments->expect, &session->programs));
  if (code == EXIT_DONE && arguments->counts)
    code = exit_code_of(
        micro_count(&session->programs, &session->selection, &session->request, arguments->run.quiet, &counts));
  if (code == EXIT_DONE && (arguments->expect != NULL || arguments->renew != NULL)) {
    code = judge(arguments, &session->programs, &counts);
  } else if (code == EXIT_DONE) {
    struct store *store = store_open(command_store_path(arguments->store), STORE_WRITE);
    code = store != NULL ? run_into_store(session, store, &counts) : EXIT_ENVIRONMENT;
    store_close(store);
  }
  micro_counts_free(&counts);
  return code;
}

static int prepare_and_run(const struct arguments *arguments, const struct catalogue *catalogue)
{
  if (!selection_is_known(&arguments->selection, catalogue) || !knobs_are_good(arguments, catalogue)) return EXIT_USAGE;
  struct session session = {.arguments = arguments,
                            .request = {.catalogue = catalogue,
                                        .wants = wants,
                                        .context = &arguments->selection,
                                        .allocator = arguments->allocator,
                                        .size = arguments->size,
                                        .knobs = arguments->selection.knobs,
                                        .knob_count = arguments->selection.knob_count}};
  int code = EXIT_ENVIRONMENT;
  if (micro_programs_find(&session.request, &session.programs)) {
    micro_select(&session.programs, arguments->run.filter, &session.selection);
    if (session.selection.count == 0) {
      fprintf(stderr, "gclab micro: --filter '%s' matches no benchmark; --list lists them\n", arguments->filter);
      code = EXIT_USAGE;
    } else if (arguments->lists) {
      micro_print_list(&session.programs, &session.selection, stdout);
      code = EXIT_DONE;
    } else {
      code = run(&session);
    }
    free(session.selection.benchmarks);
  }
  micro_programs_free(&session.programs);
  return code;
}

static int show_newest(const struct arguments *arguments)
{
  struct store *store = store_open(command_store_path(arguments->store), STORE_READ);
  const int code = store != NULL ? show(store, NULL, arguments) : EXIT_ENVIRONMENT;
  store_close(store);
  return code;
}

int command_micro(int argc, char **argv)
{
  static const struct argp_child children[] = {{&selection_argp, 0, NULL, 1}, {0}};
  static const struct argp argp = {options, parse_option, NULL, doc, children, NULL, NULL};
  struct arguments arguments = {
      .size = "default", .allocator = "jemalloc", .times = true, .run = {.min_time_s = 0.02, .seed = 1}};
  char *command = words_join(argc, argv);
  arguments.run.command = command;
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (!arguments.has_budget && arguments.run.repetitions == 0) arguments.run.budget_ns = DEFAULT_BUDGET_NS;
  int code = EXIT_ENVIRONMENT;
  if (arguments.shows) {
    code = show_newest(&arguments);
  } else {
    struct catalogue *catalogue = catalogue_load();
    if (catalogue != NULL) code = prepare_and_run(&arguments, catalogue);
    catalogue_free(catalogue);
  }
  if (arguments.filter != NULL) regfree(&arguments.compiled);
  free(command);
  return code;
}
