/* The command line of a trial program. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "harness/trial/document.h"
#include "harness/trial/trial.h"

const char *argp_program_version = "gclab-trial " GCLAB_VERSION;

enum {
  OPTION_SIZE = 256,
  OPTION_SMALL,
  OPTION_SEED,
  OPTION_JOURNAL_FD,
  OPTION_RECORD_FD,
  OPTION_ROWS,
  OPTION_NO_JOURNAL,
  OPTION_VERIFY,
  OPTION_FLOOR,
  OPTION_REQUESTS,
  OPTION_REPORT,
  OPTION_DEATHS,
  OPTION_REPLAY,
  OPTION_LAYOUT
};

static const struct argp_option options[] = {
    {"set", 's', "KNOB=VALUE", 0, "set a knob of the collector", 1},
    {"param", 'p', "NAME=VALUE", 0, "set a parameter of the workload", 1},
    {"size", OPTION_SIZE, "SIZE", 0, "the workload's default, small or large size; --param changes it further", 1},
    {"small", OPTION_SMALL, 0, 0, "the same as --size=small", 1},
    {"seed", OPTION_SEED, "N", 0, "seed of the workload's random numbers (default 1)", 1},
    {"verify", OPTION_VERIFY, 0, 0, "check the whole heap, and the journal against the counters, after the work", 1},
    {"record-fd", OPTION_RECORD_FD, "FD", 0, "write the record to this descriptor (default: standard output)", 2},
    {"deaths", OPTION_DEATHS, "FILE", 0, "the death schedule that a collector is to replay", 2},
    {"replay", OPTION_REPLAY, "FILE", 0, "what the workload replay is to run, as 'gclab replay' makes it", 2},
    {"layout", OPTION_LAYOUT, "N", 0, "which of its orders of linking this program is, for the record (default 0)", 2},
    {"report", OPTION_REPORT, "FILE", 0, "where an instrument writes what it observes", 2},
    {"journal-fd", OPTION_JOURNAL_FD, "FD", 0, "keep the journal in this memory file", 2},
    {"journal-rows", OPTION_ROWS, "N", 0, "room for N pauses (default 1000000)", 2},
    {"journal-requests", OPTION_REQUESTS, "N", 0, "room for N requests (default 1000000)", 2},
    {"cascade-floor-ns", OPTION_FLOOR, "N", 0, "shorter cascades go to a histogram (default 1000)", 2},
    {"no-journal", OPTION_NO_JOURNAL, 0, 0, "keep no journal, to measure what it costs", 2},
    {0},
};

static const char doc[] =
    "Runs one workload once on one collector and writes one record.\n\n"
    "  describe        print the collector, the workloads and the build as JSON\n"
    "  check WORKLOAD  only see whether its parameters fit one another\n"
    "  run WORKLOAD    run it\n"
    "  script FILE     run a heap script ('script --help' says more)\n"
    "\vExample:\n  gclab-trial-marksweep run gcbench --set growth_factor=1.5 --seed 7\n\n"
    "Exit codes: 0 a record was written, whatever its outcome; 2 wrong usage; 4 the environment lacks something.";

struct arguments {
  struct trial *trial;
  const char *command; /* "describe", "check" or "run" */
  struct {
    const char *text;
    bool is_knob;
  } assignments[4 * TRIAL_SETTINGS_MAX];
  int assignment_count;
};

static uint64_t parse_number(const char *text, const char *option, struct argp_state *state)
{
  char *end = NULL;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || *text == '-')
    argp_error(state, "%s: '%s' is not a whole number", option, text);
  return value;
}

static void keep_assignment(struct arguments *arguments, const char *text, bool is_knob, struct argp_state *state)
{
  const size_t room = sizeof arguments->assignments / sizeof arguments->assignments[0];
  if ((size_t)arguments->assignment_count == room) argp_error(state, "too many --set and --param options");
  arguments->assignments[arguments->assignment_count].text = text;
  arguments->assignments[arguments->assignment_count++].is_knob = is_knob;
}

static const char *nearest_workload(const char *word)
{
  const char *names[64];
  size_t count = 0;
  while (workloads[count] != NULL && count < sizeof names / sizeof names[0]) {
    names[count] = workloads[count]->name;
    count++;
  }
  return setting_nearest(word, names, count);
}

static void take_word(struct arguments *arguments, const char *word, struct argp_state *state)
{
  if (arguments->command == NULL) {
    if (strcmp(word, "describe") != 0 && strcmp(word, "check") != 0 && strcmp(word, "run") != 0)
      argp_error(state, "'%s' is none of 'describe', 'check' and 'run'", word);
    arguments->command = word;
    return;
  }
  if (arguments->trial->workload != NULL || strcmp(arguments->command, "describe") == 0)
    argp_error(state, "'%s' is one word too many", word);
  arguments->trial->workload = workload_find(word);
  if (arguments->trial->workload != NULL) return;
  const char *nearest = nearest_workload(word);
  argp_error(state, "there is no workload '%s'%s%s; 'describe' lists them", word,
             nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  struct trial *trial = arguments->trial;
  switch (key) {
  case 's':
    keep_assignment(arguments, argument, true, state);
    break;
  case 'p':
    keep_assignment(arguments, argument, false, state);
    break;
  case OPTION_SMALL:
    trial->size = SETTING_SIZE_SMALL;
    break;
  case OPTION_SIZE:
    if (!setting_size_parse(argument, &trial->size))
      argp_error(state, "--size: '%s' is none of default, small and large", argument);
    break;
  case OPTION_SEED:
    trial->seed = parse_number(argument, "--seed", state);
    break;
  case OPTION_VERIFY:
    trial->verify = true;
    break;
  case OPTION_RECORD_FD:
    trial->record_fd = (int)parse_number(argument, "--record-fd", state);
    break;
  case OPTION_REPORT:
    trial->report_path = argument;
    break;
  case OPTION_LAYOUT:
    trial->layout = parse_number(argument, "--layout", state);
    break;
  case OPTION_DEATHS:
    trial->deaths_path = argument;
    break;
  case OPTION_REPLAY:
    trial->replay_path = argument;
    break;
  case OPTION_JOURNAL_FD:
    trial->journal_fd = (int)parse_number(argument, "--journal-fd", state);
    break;
  case OPTION_ROWS:
    trial->journal_rows = parse_number(argument, "--journal-rows", state);
    break;
  case OPTION_REQUESTS:
    trial->journal_requests = parse_number(argument, "--journal-requests", state);
    break;
  case OPTION_FLOOR:
    trial->cascade_floor_ns = parse_number(argument, "--cascade-floor-ns", state);
    break;
  case OPTION_NO_JOURNAL:
    trial->journal_enabled = false;
    break;
  case ARGP_KEY_ARG:
    take_word(arguments, argument, state);
    break;
  case ARGP_KEY_END:
    if (arguments->command == NULL)
      argp_usage(state); /* does not return */
    else if (strcmp(arguments->command, "run") == 0 && trial->workload == NULL)
      argp_error(state, "run: which workload?");
    break;
  default:
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static bool assign_all(const struct arguments *arguments)
{
  struct trial *trial = arguments->trial;
  const struct workload *workload = trial->workload;
  for (int i = 0; i < arguments->assignment_count; i++) {
    const char *text = arguments->assignments[i].text;
    const bool done =
        arguments->assignments[i].is_knob
            ? trial_assign(text, collector.knobs, collector.knob_count, trial->knobs, collector.name)
            : trial_assign(text, workload->parameters, workload->parameter_count, trial->parameters, workload->name);
    if (!done) return false;
  }
  return true;
}

/* Do the parameters fit one another?  Prints what does not. */
static bool fit(const struct trial *trial)
{
  const struct workload *workload = trial->workload;
  char error[SETTING_ERROR_MAX];
  if (workload->validate == NULL || workload->validate(trial->parameters, error)) return true;
  fprintf(stderr, "gclab-trial: %s: %s\n", workload->name, error);
  return false;
}

/* What is read and written besides the record is for few collectors. */
static bool take_files(const struct trial *trial)
{
  if (trial->report_path != NULL && (collector.capabilities & COLLECTOR_INSTRUMENT) == 0)
    fprintf(stderr, "gclab-trial: %s is no instrument: it has nothing to report\n", collector.name);
  else if (trial->deaths_path != NULL && (collector.capabilities & COLLECTOR_REPLAYS_DEATHS) == 0)
    fprintf(stderr, "gclab-trial: %s replays no death schedule: it finds out itself\n", collector.name);
  else if (trial->replay_path != NULL && !trial->workload->replays)
    fprintf(stderr, "gclab-trial: %s replays no file: --replay is for the workload replay\n", trial->workload->name);
  else
    return true;
  return false;
}

int main(int argc, char **argv)
{
  static struct trial trial = {.seed = 1,
                               .journal_fd = -1,
                               .record_fd = -1,
                               .journal_rows = 1000000,
                               .journal_requests = 1000000,
                               .cascade_floor_ns = 1000,
                               .journal_enabled = true};
  static struct arguments arguments = {.trial = &trial, .command = NULL};
  static const struct argp argp = {
      options, parse_option, "describe\ncheck WORKLOAD\nrun WORKLOAD\nscript FILE", doc, NULL, NULL, NULL};
  argp_err_exit_status = TRIAL_EXIT_USAGE;
  document_prepare();
  if (argc > 1 && strcmp(argv[1], "script") == 0) return trial_script(argc - 1, argv + 1);
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.command == NULL || strcmp(arguments.command, "describe") == 0) return trial_describe();
  if (!take_files(&trial)) return TRIAL_EXIT_USAGE;
  trial_set_defaults(&trial);
  if (!assign_all(&arguments)) return TRIAL_EXIT_USAGE;
  const bool only_check = strcmp(arguments.command, "check") == 0;
  if (!fit(&trial)) return only_check ? TRIAL_EXIT_INVALID : TRIAL_EXIT_USAGE;
  if (only_check) return TRIAL_EXIT_OK;
  if (trial.workload->replays && trial.replay_path == NULL) {
    fputs("gclab-trial: replay: there is no file to replay (--replay): 'gclab replay RECORDING' makes it\n", stderr);
    return TRIAL_EXIT_USAGE;
  }
  return trial_run(&trial);
}
