/* gclab record */
#define _GNU_SOURCE
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/cli/command.h"
#include "harness/cli/python_program.h"

enum { OPTION_PAUSES = 256, OPTION_THRESHOLDS, OPTION_SHOW, OPTION_ENV, OPTION_GRAPH };

static const struct argp_option options[] = {
    {"pauses", OPTION_PAUSES, 0, 0,
     "collections and pauses alone, not objects: nearly free, and for any Python from 3.8 on", 1},
    {"thresholds", OPTION_THRESHOLDS, "T0[,T1[,T2]]", 0, "as with gc.set_threshold, before the program begins", 1},
    {"graph", OPTION_GRAPH, 0, 0,
     "snapshots of the object graph too, after full collections, for a twentieth of the time at most", 1},
    {"show", OPTION_SHOW, "DIR|FILE", 0, "what is in recordings that there are", 1},
    {"env", OPTION_ENV, 0, 0,
     "run nothing; print the environment in which any Python records itself, for servers that something else starts",
     1},
    {0},
};

static const char doc[] =
    "Runs a Python program and records what its garbage collector does: every object that it counts, from allocation "
    "to "
    "free, and every collection with its pause."
    "\vThe program is run as it is: its output, exit code and signals pass through.  Its worker processes, forked or "
    "spawned, "
    "are recorded too, each in a file of its own.  What is said about the recording goes to standard error.  The "
    "program takes 1.2 to 3 times as long while it is recorded; pauses are told without what the recorder takes.\n\n"
    "Examples:\n"
    "  gclab record -- python3 app.py --its-option\n"
    "  gclab record --for 60s --signal INT -- gunicorn app:app\n"
    "  gclab record --pauses --thresholds 50000,20,20 -- mypy -p package\n"
    "  eval \"$(gclab record --env)\"; ./start-workers.sh       whatever starts the Python\n"
    "  gclab record --show gclab-recording\n"
    "  gclab tune --recording gclab-recording -- python3 app.py     what other thresholds would do\n\n"
    "Exit codes: the program's; 128 and the number of the signal that ended it; 2 wrong usage; 4 where nothing could "
    "be "
    "recorded, though the program ended well.";

struct arguments {
  struct python_program program;
  const char *show;
  bool prints_environment;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  char error[RECORDING_ERROR_MAX];
  switch (key) {
  case OPTION_PAUSES:
    arguments->program.launch.kind = RECORDING_PAUSES;
    return 0;
  case OPTION_THRESHOLDS:
    if (!python_program_parse_thresholds(value, arguments->program.thresholds, error))
      argp_error(state, "--thresholds: %s", error);
    arguments->program.launch.thresholds = arguments->program.thresholds;
    return 0;
  case OPTION_GRAPH:
    arguments->program.launch.takes_graphs = true;
    return 0;
  case OPTION_ENV:
    arguments->prints_environment = true;
    return 0;
  case OPTION_SHOW:
    arguments->show = value;
    return 0;
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &arguments->program;
    return 0;
  case ARGP_KEY_ARG:
    python_program_take_words(&arguments->program, state);
    return 0;
  case ARGP_KEY_END:
    if (arguments->program.launch.takes_graphs && arguments->program.launch.kind == RECORDING_PAUSES)
      argp_error(state, "--graph is of objects, which --pauses leaves out");
    if (arguments->program.launch.words == NULL && arguments->show == NULL && !arguments->prints_environment)
      argp_error(state, "name a program to record, as in: gclab record -- python3 app.py");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{&python_program_argp, 0, "Running the program:", 10}, {0}};
static const struct argp parser = {.options = options,
                                   .parser = parse_option,
                                   .args_doc = "[--] PROGRAM [ARGUMENT...]",
                                   .doc = doc,
                                   .children = children};

static int show(const char *path)
{
  struct session session;
  char error[RECORDING_ERROR_MAX];
  if (!session_open(path, &session, error)) {
    fprintf(stderr, "gclab record: %s\n", error);
    return EXIT_ENVIRONMENT;
  }
  python_program_print_session(&session, stdout);
  session_close(&session);
  return EXIT_DONE;
}

/* A value that a shell reads as one word: in single quotes, and each of its own as '\\''. */
static void print_quoted(const char *value)
{
  putchar('\'');
  for (; *value != '\0'; value++) {
    if (*value == '\'') {
      fputs("'\\''", stdout);
    } else {
      putchar(*value);
    }
  }
  putchar('\'');
}

/* Lines for a shell to evaluate. */
static int print_environment(struct arguments *arguments)
{
  char *recorder = launch_recorder_directory();
  char *directory = recorder == NULL ? NULL : python_program_make_directory(arguments->program.out);
  char *absolute = directory == NULL ? NULL : realpath(directory, NULL);
  if (recorder == NULL) fprintf(stderr, "gclab record: the recorder is not beside the gclab command\n");
  if (absolute != NULL) {
    struct launch_variable variables[LAUNCH_VARIABLES];
    arguments->program.launch.directory = absolute;
    const size_t count = launch_environment(&arguments->program.launch, recorder, variables);
    for (size_t i = 0; i < count; i++) {
      printf("export %s=", variables[i].name);
      print_quoted(variables[i].value);
      putchar('\n');
      free(variables[i].value);
    }
  }
  const int code = absolute != NULL ? EXIT_DONE : EXIT_ENVIRONMENT;
  free(absolute);
  free(directory);
  free(recorder);
  return code;
}

/* What there is to say when the program has ended. */
static int conclude(const struct arguments *arguments, const struct launch_result *result, const char *directory)
{
  struct session session;
  char error[RECORDING_ERROR_MAX];
  const int code = python_program_exit_code(result);
  if (result->timed_out) fprintf(stderr, "gclab record: the program was killed: it ran longer than it may\n");
  if (!session_open(directory, &session, error)) {
    session = (struct session){0};
    python_program_explain_nothing(arguments->program.launch.words[0], &session);
    remove(directory);
    return code != 0 ? code : EXIT_ENVIRONMENT;
  }
  fprintf(stderr, "gclab record: %s\n", directory);
  python_program_print_session(&session, stderr);
  const bool lacks_objects = arguments->program.launch.kind == RECORDING_OBJECTS && session_largest(&session) == NULL;
  if (lacks_objects) python_program_explain_nothing(arguments->program.launch.words[0], &session);
  session_close(&session);
  return code == 0 && lacks_objects ? EXIT_ENVIRONMENT : code;
}

int command_record(int argc, char **argv)
{
  struct arguments arguments = {
      .program = {.launch = {.kind = RECORDING_OBJECTS, .stop_signal = SIGTERM}, .thresholds = {700, 10, 10}}};
  argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
  if (arguments.show != NULL) return show(arguments.show);
  if (arguments.prints_environment) return print_environment(&arguments);
  char *directory = python_program_make_directory(arguments.program.out);
  if (directory == NULL) return EXIT_ENVIRONMENT;
  arguments.program.launch.directory = directory;
  const struct launch_result result = launch_run(&arguments.program.launch);
  int code = EXIT_ENVIRONMENT;
  if (!result.started) {
    fprintf(stderr, "gclab record: %s\n", result.error);
    remove(directory);
  } else {
    code = conclude(&arguments, &result, directory);
  }
  free(directory);
  return code;
}
