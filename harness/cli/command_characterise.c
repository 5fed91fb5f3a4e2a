/* gclab characterise */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/whole_file.h"
#include "harness/catalogue/catalogue.h"
#include "harness/characterise/suite.h"
#include "harness/cli/characterise_print.h"
#include "harness/cli/command.h"
#include "harness/process/interrupt.h"

enum {
  OPTION_SIZE = 256,
  OPTION_SEED,
  OPTION_AGAIN,
  OPTION_STORED,
  OPTION_JSON,
  OPTION_MARKDOWN,
  OPTION_DEATHS,
  OPTION_KEEP_DEATHS,
  OPTION_STORE,
  WORKLOADS_MAX = 64,
  PARAMETERS_MAX = 32
};

static const struct argp_option options[] = {
    {"workload", 'w', "NAME,...", 0, "characterise this workload; may be given several times (default: all)", 1},
    {"size", OPTION_SIZE, "SIZE", 0, "default, small or large", 1},
    {"param", 'p', "NAME=VALUE", 0, "set a parameter; with one workload", 1},
    {"seed", OPTION_SEED, "N", 0, "seed of the workload's random numbers (default 1)", 1},
    {"again", OPTION_AGAIN, 0, 0, "even what these programs have characterised already", 2},
    {"stored", OPTION_STORED, 0, 0, "run nothing: print what is in the store, of whatever build", 2},
    {"deaths", OPTION_DEATHS, "FILE", 0, "keep the death schedule of the workload, which is one, in this file", 3},
    {"keep-deaths", OPTION_KEEP_DEATHS, "DIR", 0, "keep each workload's death schedule as DIR/WORKLOAD.deaths", 3},
    {"json", OPTION_JSON, 0, 0, "all numbers, ranks, curves and components as JSON", 4},
    {"markdown", OPTION_MARKDOWN, 0, 0, "the tables as docs/workloads.md has them", 4},
    {"out", 'o', "FILE", 0, "write what is printed to this file", 4},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 4},
    {0},
};

static const char doc[] =
    "Measures what workloads are like, whatever the collector: object sizes, lifetimes, survival, cycles, the shape of "
    "the heap graph, and how far the suite spreads."
    "\vEach workload runs once on the instrument lifetimes, which finds the operation at which each object becomes "
    "unreachable, and some ten times on marksweep, for the minimum heap.  What has been characterised by the same "
    "programs is not run again.  With -w the workloads' own tables are printed, without it the suite's.  "
    "Ranks and scores (10: the largest value of all, 1: the smallest) are among the workloads in the store at this "
    "size.  docs/workloads.md explains the numbers, docs/schema.md the death schedule; 'gclab plot characterise' draws "
    "the figures.\n\n"
    "Examples:\n"
    "  gclab characterise\n"
    "  gclab characterise -w gcbench,splay --size small\n"
    "  gclab characterise -w cycles --param cyclic=10 --deaths cycles.deaths\n"
    "  gclab characterise --stored --markdown\n\n"
    "Exit codes: 0 done; 2 wrong usage; 3 a trial failed, and the workload was left out; 4 there is no such program or "
    "store, or a file could not be written; 130 interrupted: what was characterised is kept.";

struct arguments {
  const char *workloads[WORKLOADS_MAX];
  size_t workload_count;
  const char *parameters[PARAMETERS_MAX];
  size_t parameter_count;
  enum setting_size size;
  uint64_t seed;
  bool again, stored, json, markdown;
  const char *deaths, *keep_deaths, *out, *store;
};

static void take_workloads(struct arguments *arguments, char *value, struct argp_state *state)
{
  char *rest = NULL;
  for (char *word = strtok_r(value, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
    if (arguments->workload_count == WORKLOADS_MAX) argp_error(state, "that is too many workloads");
    arguments->workloads[arguments->workload_count++] = word;
  }
}

static uint64_t parse_seed(const char *text, struct argp_state *state)
{
  char *end = NULL;
  errno = 0;
  const unsigned long long seed = strtoull(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || *text == '-') argp_error(state, "--seed: '%s' is no seed", text);
  return seed;
}

static void check_arguments(const struct arguments *arguments, struct argp_state *state)
{
  const bool keeps = arguments->deaths != NULL || arguments->keep_deaths != NULL;
  if (arguments->json && arguments->markdown) argp_error(state, "--json and --markdown exclude each other");
  if (arguments->deaths != NULL && arguments->keep_deaths != NULL)
    argp_error(state, "--deaths and --keep-deaths exclude each other");
  if (arguments->stored && (keeps || arguments->again || arguments->parameter_count > 0))
    argp_error(state, "--stored runs nothing, so that there is nothing to set, to do again or to keep");
  const bool single = arguments->workload_count == 1 && strcmp(arguments->workloads[0], "all") != 0;
  if (arguments->parameter_count > 0 && !single) argp_error(state, "--param wants one workload, named with -w");
  if (arguments->deaths != NULL && !single) argp_error(state, "--deaths wants one workload, named with -w");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case 'w':
    take_workloads(arguments, value, state);
    return 0;
  case 'p':
    if (arguments->parameter_count == PARAMETERS_MAX) argp_error(state, "that is too many parameters");
    arguments->parameters[arguments->parameter_count++] = value;
    return 0;
  case OPTION_SIZE:
    if (!setting_size_parse(value, &arguments->size))
      argp_error(state, "--size: '%s' is none of default, small and large", value);
    return 0;
  case OPTION_SEED:
    arguments->seed = parse_seed(value, state);
    return 0;
  case OPTION_AGAIN:
    arguments->again = true;
    return 0;
  case OPTION_STORED:
    arguments->stored = true;
    return 0;
  case OPTION_JSON:
    arguments->json = true;
    return 0;
  case OPTION_MARKDOWN:
    arguments->markdown = true;
    return 0;
  case OPTION_DEATHS:
    arguments->deaths = value;
    return 0;
  case OPTION_KEEP_DEATHS:
    arguments->keep_deaths = value;
    return 0;
  case OPTION_STORE:
    arguments->store = value;
    return 0;
  case 'o':
    arguments->out = value;
    return 0;
  case ARGP_KEY_ARG:
    argp_error(state, "'%s' is one word too many; workloads are named with -w", value);
    return 0;
  case ARGP_KEY_END:
    check_arguments(arguments, state);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- what is to be done ----------------------------------------------------------------------------------------- */

struct job {
  const struct arguments *arguments;
  const struct catalogue *catalogue;
  const struct catalogue_collector *instrument, *marksweep;
  const struct catalogue_workload **workloads; /* chosen */
  size_t count;
  struct store *store;
  /* progress */
  bool terminal;
  size_t current;
  char (*ids)[SUITE_ID_MAX]; /* of those chosen, where they are in the store */
};

static bool choose_one(struct job *job, const char *name)
{
  const bool all = strcmp(name, "all") == 0;
  for (size_t i = 0; all && i < job->catalogue->workload_count; i++)
    job->workloads[job->count++] = &job->catalogue->workloads[i];
  const struct catalogue_workload *workload = all ? NULL : catalogue_workload(job->catalogue, name);
  if (workload != NULL) job->workloads[job->count++] = workload;
  if (all || workload != NULL) return true;
  const char *nearest = catalogue_nearest_workload(job->catalogue, name);
  fprintf(stderr, "gclab characterise: there is no workload '%s'%s%s; 'gclab list workloads' lists them\n", name,
          nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
  return false;
}

static bool choose(struct job *job)
{
  const struct arguments *arguments = job->arguments;
  const size_t room = (arguments->workload_count + 1) * (job->catalogue->workload_count + 1);
  job->workloads =
      (const struct catalogue_workload **)memory_require(calloc(room, sizeof(struct catalogue_workload *)));
  job->ids = memory_require(calloc(room, sizeof *job->ids));
  if (arguments->workload_count == 0) return choose_one(job, "all");
  for (size_t i = 0; i < arguments->workload_count; i++) {
    if (!choose_one(job, arguments->workloads[i])) return false;
  }
  return true;
}

static bool find_programs(struct job *job)
{
  job->instrument = catalogue_collector(job->catalogue, "lifetimes");
  job->marksweep = catalogue_collector(job->catalogue, "marksweep");
  if (job->instrument == NULL) {
    fputs("gclab characterise: there is no gclab-trial-lifetimes; build it (cmake --build BUILD) or name its directory "
          "in GCLAB_TRIAL_PATH\n",
          stderr);
    return false;
  }
  if (job->marksweep == NULL)
    fputs("gclab characterise: there is no gclab-trial-marksweep: minimum heaps are left out\n", stderr);
  return true;
}

/* NAME=VALUE into the values; false after a message. */
static bool set_parameter(const struct catalogue_workload *workload, const char *text, int64_t *values)
{
  const char *equals = strchr(text, '=');
  char name[64];
  char error[SETTING_ERROR_MAX];
  snprintf(name, sizeof name, "%.*s", equals != NULL ? (int)(equals - text) : 0, text);
  const int row = setting_find(workload->parameters, workload->parameter_count, name);
  if (equals == NULL) {
    fprintf(stderr, "gclab characterise: --param: '%s' is not of the form NAME=VALUE\n", text);
  } else if (row < 0) {
    fprintf(stderr, "gclab characterise: %s has no parameter '%s'; 'gclab list %s' lists them\n", workload->name, name,
            workload->name);
  } else if (!setting_parse(&workload->parameters[row], equals + 1, &values[row], error)) {
    fprintf(stderr, "gclab characterise: %s: %s\n", workload->name, error);
  } else {
    return true;
  }
  return false;
}

static bool make_parameters(const struct job *job, const struct catalogue_workload *workload, int64_t *values)
{
  for (size_t i = 0; i < workload->parameter_count; i++)
    values[i] = setting_at_size(&workload->parameters[i], job->arguments->size);
  for (size_t i = 0; i < job->arguments->parameter_count; i++) {
    if (!set_parameter(workload, job->arguments->parameters[i], values)) return false;
  }
  return true;
}

/* Before anything is opened or run. */
static bool check_parameters(const struct job *job)
{
  const struct catalogue_workload *workload = job->workloads[0];
  int64_t *values = memory_require(calloc(workload->parameter_count + 1, sizeof *values));
  const bool good = make_parameters(job, workload, values);
  free(values);
  return good;
}

/* ---- one workload ----------------------------------------------------------------------------------------------- */

static void erase_line(const struct job *job)
{
  if (job->terminal) fputs("\r\033[K", stderr);
}

static void tell_step(void *context, const char *step)
{
  const struct job *job = context;
  if (!job->terminal) return;
  fprintf(stderr, "\r\033[K[%zu/%zu] %s: %.60s", job->current + 1, job->count, job->workloads[job->current]->name,
          step);
  fflush(stderr);
}

static void tell_done(const struct job *job, const char *what)
{
  erase_line(job);
  fprintf(stderr, "[%zu/%zu] %s: %s\n", job->current + 1, job->count, job->workloads[job->current]->name, what);
}

static int run_pass(struct job *job, const struct pass_request *request)
{
  static struct characterisation result;
  char checksum[PASS_CHECKSUM_MAX];
  char error[PASS_ERROR_MAX] = "";
  char text[64];
  const uint64_t start_ns = clock_now_ns();
  const enum pass_outcome outcome = pass_run(request, &result, checksum, error);
  if (outcome == PASS_INTERRUPTED) {
    erase_line(job);
    return EXIT_INTERRUPTED;
  }
  if (outcome != PASS_DONE) {
    erase_line(job);
    fprintf(stderr, "gclab characterise: %s: %s\n", request->workload->name, error);
    if (outcome == PASS_REFUSED) return EXIT_USAGE;
    return outcome == PASS_NO_FILE ? EXIT_ENVIRONMENT : EXIT_TRIAL_FAILED;
  }
  if (!suite_put(job->store, request, job->arguments->size, &result, checksum)) return EXIT_ENVIRONMENT;
  snprintf(text, sizeof text, "done in %.1f s", (double)(clock_now_ns() - start_ns) / 1e9);
  tell_done(job, text);
  return EXIT_DONE;
}

static int characterise(struct job *job, const struct catalogue_workload *workload)
{
  const struct arguments *arguments = job->arguments;
  int64_t *parameters = memory_require(calloc(workload->parameter_count + 1, sizeof *parameters));
  int code = EXIT_USAGE;
  if (make_parameters(job, workload, parameters)) {
    char *kept = arguments->deaths != NULL ? memory_require(strdup(arguments->deaths))
                 : arguments->keep_deaths != NULL
                     ? memory_format("%s/%s.deaths", arguments->keep_deaths, workload->name)
                     : NULL;
    const struct pass_request request = {.instrument = job->instrument,
                                         .marksweep = job->marksweep,
                                         .workload = workload,
                                         .parameters = parameters,
                                         .seed = arguments->seed,
                                         .deaths_path = kept,
                                         .tell = tell_step,
                                         .context = job};
    suite_id(&request, job->ids[job->current]);
    const bool known = store_has_characterisation(job->store, job->ids[job->current]);
    if (known && !arguments->again && kept == NULL) {
      tell_done(job, "characterised already (--again does it again)");
      code = EXIT_DONE;
    } else {
      code = run_pass(job, &request);
    }
    if (code != EXIT_DONE && !known) job->ids[job->current][0] = '\0';
    free(kept);
  }
  free(parameters);
  return code;
}

/* The first failure is what the command ends with; a trial that failed does not keep the others from running. */
static int characterise_all(struct job *job)
{
  int code = EXIT_DONE;
  const char *type = getenv("TERM");
  job->terminal = isatty(STDERR_FILENO) && type != NULL && strcmp(type, "dumb") != 0;
  if (!interrupt_watch()) return EXIT_ENVIRONMENT;
  for (job->current = 0; job->current < job->count; job->current++) {
    const int one = interrupt_is_asked() ? EXIT_INTERRUPTED : characterise(job, job->workloads[job->current]);
    if (code == EXIT_DONE || one == EXIT_INTERRUPTED) code = one;
    if (one != EXIT_DONE && one != EXIT_TRIAL_FAILED) break;
  }
  interrupt_release();
  if (code == EXIT_INTERRUPTED)
    fputs("gclab characterise: interrupted; what was characterised is kept, the same command goes on from there\n",
          stderr);
  return code;
}

/* ---- what is printed -------------------------------------------------------------------------------------------- */

/* The command that makes the same again. */
static char *make_command(const struct arguments *arguments)
{
  return memory_format("gclab characterise%s%s --markdown", arguments->size == SETTING_SIZE_DEFAULT ? "" : " --size ",
                       arguments->size == SETTING_SIZE_DEFAULT ? "" : setting_size_names[arguments->size]);
}

static void print_chosen(const struct job *job, const struct suite *suite, FILE *out)
{
  for (size_t k = 0; k < job->count; k++) {
    for (size_t i = 0; i < suite->count; i++) {
      if (strcmp(suite->list[i].workload, job->workloads[k]->name) != 0) continue;
      characterise_print_workload(suite, i, out);
      fputc('\n', out);
    }
  }
}

static void print(const struct job *job, const struct suite *suite, FILE *out)
{
  const struct arguments *arguments = job->arguments;
  if (arguments->json) {
    characterise_print_json(suite, setting_size_names[arguments->size], out);
  } else if (arguments->markdown) {
    char *command = make_command(arguments);
    characterise_print_markdown(suite, command, out);
    free(command);
  } else {
    if (arguments->workload_count > 0) print_chosen(job, suite, out);
    characterise_print_suite(suite, out);
  }
}

static bool print_to_file(const struct job *job, const struct suite *suite, const char *path)
{
  struct whole_file file;
  bool written = whole_file_open(&file, path);
  if (written) {
    print(job, suite, file.stream);
    written = whole_file_close(&file, true);
  }
  if (!written) fprintf(stderr, "gclab characterise: %s: %s\n", path, strerror(errno));
  return written;
}

/* Of the store: the newest of every workload, but those that were asked for as they were asked for. */
static int report(const struct job *job)
{
  const struct arguments *arguments = job->arguments;
  struct suite suite;
  bool good = suite_load(job->store, arguments->size, &suite);
  for (size_t i = 0; good && i < job->count; i++) {
    if (job->ids[i][0] != '\0') good = suite_take(job->store, job->ids[i], &suite);
  }
  if (good && suite.count == 0) {
    fprintf(stderr, "gclab characterise: %s: nothing was characterised at size %s yet: run it without --stored\n",
            store_path(job->store), setting_size_names[arguments->size]);
    good = false;
  }
  if (good && arguments->out == NULL) print(job, &suite, stdout); /* main says so where that could not be written */
  if (good && arguments->out != NULL) good = print_to_file(job, &suite, arguments->out);
  suite_free(&suite);
  return good ? EXIT_DONE : EXIT_ENVIRONMENT;
}

static int run(struct job *job)
{
  const struct arguments *arguments = job->arguments;
  if (!choose(job) || !check_parameters(job)) return EXIT_USAGE;
  job->store = store_open(command_store_path(arguments->store), arguments->stored ? STORE_READ : STORE_WRITE);
  if (job->store == NULL) return EXIT_ENVIRONMENT;
  int code = arguments->stored ? EXIT_DONE : characterise_all(job);
  if (code == EXIT_DONE || code == EXIT_TRIAL_FAILED) {
    const int printed = report(job);
    if (code == EXIT_DONE) code = printed;
  }
  store_close(job->store);
  return code;
}

int command_characterise(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, NULL, doc, NULL, NULL, NULL};
  struct arguments arguments = {.seed = 1};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct catalogue *catalogue = catalogue_load();
  if (catalogue == NULL) return EXIT_ENVIRONMENT;
  struct job job = {.arguments = &arguments, .catalogue = catalogue};
  const int code = arguments.stored || find_programs(&job) ? run(&job) : EXIT_ENVIRONMENT;
  free((void *)job.workloads);
  free(job.ids);
  catalogue_free(catalogue);
  return code;
}
