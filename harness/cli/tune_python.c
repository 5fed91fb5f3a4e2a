/* gclab tune -- PROGRAM: records a Python program, predicts other thresholds, runs the best, and advises. */
#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/setting.h"
#include "harness/cli/command.h"
#include "harness/cli/python_program.h"
#include "harness/cli/tune_python.h"
#include "harness/plan/plan.h"
#include "harness/predict/predict.h"

enum {
  OPTION_RECORDING = 256,
  OPTION_GOAL,
  OPTION_LONGEST,
  OPTION_MEMORY,
  OPTION_TRY,
  OPTION_ROUNDS,
  OPTION_SEED,
  OPTION_JSON,
  OPTION_STARTUP
};

static const struct argp_option options[] = {
    {"goal", OPTION_GOAL, "GOAL", 0, "gc-time (default), max-pause or p99-pause: what is to be least", 1},
    {"longest-pause", OPTION_LONGEST, "RATIO|any", 0,
     "the longest pause may be so many times the default's (default 1.0; with 'any', as long as it likes)", 1},
    {"memory", OPTION_MEMORY, "RATIO|any", 0, "peak memory may be so many times the default's (default 1.3)", 1},
    {"try", OPTION_TRY, "T0[,T1[,T2]]", 0, "predict and run this setting too (several by repetition)", 2},
    {"startup", OPTION_STARTUP, "TIME", 0,
     "gc.freeze() is tried too, as if called once start-up is over, so long after the beginning", 2},
    {"rounds", OPTION_ROUNDS, "N", 0, "each setting is run so often (default 6; 0: predict only)", 2},
    {"seed", OPTION_SEED, "N", 0, "of the order of the runs (default 1)", 2},
    {"recording", OPTION_RECORDING, "DIR|FILE", 0, "use this recording instead of making one", 2},
    {"json", OPTION_JSON, 0, 0, "the answer as JSON; the program's own output is hidden", 3},
    {0},
};

static const char doc[] =
    "Finds the gc.set_threshold that a Python program should use: records it once, predicts what a thousand settings "
    "would "
    "do, runs the default and the best few for real, and says what they change."
    "\vThe program must be one that can be run again and again, and ends the same each time; for a server say how long "
    "(--for).  While settings are tried its output is hidden, and its own calls of gc.set_threshold do nothing.\n\n"
    "Examples:\n"
    "  gclab tune -- python3 app.py --its-option\n"
    "  gclab tune --goal max-pause --memory 1.1 -- python3 app.py\n"
    "  gclab tune --try 50000,20,20 --rounds 10 -- mypy -p package\n"
    "  gclab tune --for 30s --startup 3s -- python3 server.py                 with gc.freeze() too\n"
    "  gclab tune --rounds 0 --recording gclab-recording -- python3 app.py    predict only\n\n"
    "Exit codes: 0 done, also where nothing beats the default; 2 wrong usage; 3 the program failed; 4 it could not be "
    "recorded; 130 interrupted, with the recording kept.";

/* ---- options ---------------------------------------------------------------------------------------------------- */

static double take_ratio(const char *option, const char *text, struct argp_state *state)
{
  if (strcmp(text, "any") == 0) return 0;
  char *end = NULL;
  const double ratio = strtod(text, &end);
  if (*end == 'x') end++;
  if (end == text || *end != '\0' || !(ratio >= 0.01 && ratio <= 1000))
    argp_error(state, "--%s: '%s' is no ratio to the default's, such as 1.3, nor 'any'", option, text);
  return ratio;
}

static enum grid_goal take_goal(const char *text, struct argp_state *state)
{
  for (int goal = 0; goal < GRID_GOALS; goal++) {
    if (strcmp(text, grid_goal_names[goal]) == 0) return (enum grid_goal)goal;
  }
  argp_error(state, "--goal: '%s' is none of gc-time, max-pause and p99-pause", text);
  return GRID_GC_TIME;
}

static void take_try(struct tune_python *tune, const char *text, struct argp_state *state)
{
  char error[RECORDING_ERROR_MAX];
  if (tune->try_count == TUNE_TRIES_MAX) argp_error(state, "--try: at most %d settings", TUNE_TRIES_MAX);
  int64_t *thresholds = tune->tries[tune->try_count++].thresholds;
  thresholds[1] = thresholds[2] = 10;
  if (!python_program_parse_thresholds(text, thresholds, error)) argp_error(state, "--try: %s", error);
}

static uint64_t take_number(const char *name, const char *text, uint64_t most, struct argp_state *state)
{
  char error[SETTING_ERROR_MAX];
  uint64_t value = 0;
  if (!quantity_parse_number(name, text, 0, most, &value, error)) argp_error(state, "--%s", error);
  return value;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct tune_python *tune = state->input;
  char error[SETTING_ERROR_MAX];
  switch (key) {
  case OPTION_GOAL:
    tune->terms.goal = take_goal(value, state);
    return 0;
  case OPTION_LONGEST:
    tune->terms.longest_pause = take_ratio("longest-pause", value, state);
    return 0;
  case OPTION_MEMORY:
    tune->terms.memory = take_ratio("memory", value, state);
    return 0;
  case OPTION_TRY:
    take_try(tune, value, state);
    return 0;
  case OPTION_STARTUP:
    if (!quantity_parse_duration("--startup", value, false, &tune->startup_ns, error)) argp_error(state, "%s", error);
    return 0;
  case OPTION_ROUNDS:
    tune->rounds = take_number("rounds", value, VERIFY_ROUNDS_MAX, state);
    return 0;
  case OPTION_SEED:
    tune->seed = take_number("seed", value, UINT64_MAX, state);
    return 0;
  case OPTION_RECORDING:
    tune->recording_path = value;
    return 0;
  case OPTION_JSON:
    tune->json = true;
    return 0;
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &tune->program;
    return 0;
  case ARGP_KEY_ARG:
    python_program_take_words(&tune->program, state);
    return 0;
  case ARGP_KEY_END:
    if (tune->program.launch.words == NULL && (tune->recording_path == NULL || tune->rounds > 0))
      argp_error(state, "name the program, as in: gclab tune -- python3 app.py");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{&python_program_argp, 0, "Running the program:", 10}, {0}};
static const struct argp parser = {.options = options,
                                   .parser = parse_option,
                                   .args_doc = "-- PROGRAM [ARGUMENT...]",
                                   .doc = doc,
                                   .children = children};

/* ---- record ----------------------------------------------------------------------------------------------------- */

/* Runs the program with the recorder; its directory is in tune->directory.  Returns an exit code. */
static int record(struct tune_python *tune)
{
  tune->directory = python_program_make_directory(tune->program.out);
  if (tune->directory == NULL) return EXIT_ENVIRONMENT;
  struct launch_request request = tune->program.launch;
  request.directory = tune->directory;
  request.kind = RECORDING_OBJECTS;
  request.holds_thresholds = true;
  request.hides_output = tune->json;
  fprintf(stderr, "gclab tune: recording into %s\n", tune->directory);
  tune->recorded = launch_run(&request);
  tune->was_recorded = true;
  if (!tune->recorded.started) {
    fprintf(stderr, "gclab tune: %s\n", tune->recorded.error);
    remove(tune->directory);
    return EXIT_ENVIRONMENT;
  }
  if (tune->recorded.interrupted) {
    fprintf(stderr, "gclab tune: interrupted; what was recorded is in %s\n", tune->directory);
    return EXIT_INTERRUPTED;
  }
  if (tune->recorded.timed_out) {
    fprintf(stderr,
            "gclab tune: the program ran longer than it may and was killed; what was recorded is in %s.  For a server "
            "say --for 60s; predictions alone: gclab tune --rounds 0 --recording %s\n",
            tune->directory, tune->directory);
    return EXIT_TRIAL_FAILED;
  }
  return EXIT_DONE;
}

/* A program that fails may fail early, and then what it would do is not in the recording. */
static void warn_of_failure(const struct tune_python *tune)
{
  if (tune->recorded.was_stopped || python_program_exit_code(&tune->recorded) == 0) return;
  if (tune->recorded.signal != 0) {
    fprintf(stderr, "gclab tune: note: the program was ended by signal %d (%s) while it was recorded\n",
            tune->recorded.signal, strsignal(tune->recorded.signal));
  } else {
    fprintf(stderr,
            "gclab tune: note: the program ended with exit code %d; runs that end so too are compared with it\n",
            tune->recorded.exit_code);
  }
}

/* Opens the recording of the process that advice is for. */
static int open_recording(struct tune_python *tune)
{
  char error[RECORDING_ERROR_MAX];
  struct session session;
  const char *path = tune->recording_path != NULL ? tune->recording_path : tune->directory;
  const char *name = tune->program.launch.words != NULL ? tune->program.launch.words[0] : path;
  if (!session_open(path, &session, error)) {
    session = (struct session){0};
    if (tune->was_recorded) {
      python_program_explain_nothing(name, &session);
      remove(tune->directory);
    } else {
      fprintf(stderr, "gclab tune: %s\n", error);
    }
    return EXIT_ENVIRONMENT;
  }
  const struct session_process *largest = session_largest(&session);
  int code = EXIT_ENVIRONMENT;
  if (largest == NULL) {
    python_program_explain_nothing(name, &session);
  } else if (!recording_read(largest->path, &tune->recording, error)) {
    fprintf(stderr, "gclab tune: %s\n", error);
  } else {
    code = EXIT_DONE;
    tune->object_count = tune->recording.object_count;
    tune->collection_count = tune->recording.collection_count;
    tune->sets_thresholds = recording_sets_thresholds(&tune->recording);
    tune->process_count = session.count;
    tune->path = memory_format("%s", largest->path);
  }
  session_close(&session);
  return code;
}

/* Start-up is told in the program's own time, and the recording has another. */
static bool measure_slowdown(struct tune_python *tune)
{
  struct launch_request request = tune->program.launch;
  request.hides_output = true;
  const struct launch_result result = launch_run(&request);
  if (!result.started || result.interrupted || result.timed_out) {
    fprintf(stderr, "gclab tune: the program could not be run a second time; its recording is %s\n", tune->path);
    return false;
  }
  tune->slowdown = (double)tune->recorded.wall_ns / (double)result.wall_ns;
  return true;
}

/* ---- predict ---------------------------------------------------------------------------------------------------- */

static void predict(struct tune_python *tune)
{
  static const int64_t usual[] = {700, 10, 10};
  const uint64_t start = clock_now_ns();
  tune->costs = predict_calibrate(&tune->recording);
  size_t count = 0;
  const double startup_ns = (double)tune->startup_ns * tune->slowdown;
  const uint32_t freeze_tick =
      tune->startup_ns > 0 ? predict_tick_at(&tune->recording, (uint64_t)startup_ns) : RECORDING_NEVER;
  if (tune->startup_ns > 0 && freeze_tick == RECORDING_NEVER)
    fprintf(stderr, "gclab tune: there is no collection after --startup, so gc.freeze() is not tried\n");
  struct predict_setting *settings = grid_make(usual, freeze_tick != RECORDING_NEVER, &count);
  settings = memory_require(reallocarray(settings, count + TUNE_TRIES_MAX, sizeof *settings));
  for (size_t i = 0; i < tune->try_count; i++) settings[count + i] = tune->tries[i];
  tune->grid_count = count;
  tune->prediction_count = count + tune->try_count;
  tune->predictions = memory_require(calloc(tune->prediction_count, sizeof *tune->predictions));
  predict_run(&tune->recording, &tune->costs, settings, tune->prediction_count, freeze_tick, tune->predictions);
  free(settings);
  tune->terms.peak_bytes = tune->costs.peak_bytes;
  tune->terms.object_bytes = tune->costs.object_bytes;
  tune->predict_ns = clock_now_ns() - start;
}

/*
 * The recording has done its work.  Its memory goes back, since a program that is started from here begins with our own
 * resident memory as its peak (ru_maxrss outlives exec).
 */
static void release_recording(struct tune_python *tune)
{
  recording_free(&tune->recording);
  malloc_trim(0);
}

/* The default, what was asked for, and the best of the grid. */
static void choose(struct tune_python *tune)
{
  size_t best[TUNE_BEST];
  const size_t best_count = grid_choose(&tune->terms, tune->predictions, tune->grid_count, TUNE_BEST, best);
  tune->chosen[tune->chosen_count++] = 0;
  for (size_t i = 0; i < best_count; i++) tune->chosen[tune->chosen_count++] = best[i];
  tune->best_count = best_count;
  for (size_t i = 0; i < tune->try_count; i++) tune->chosen[tune->chosen_count++] = tune->grid_count + i;
  for (size_t i = 0; i < tune->chosen_count; i++) {
    const struct prediction *prediction = &tune->predictions[tune->chosen[i]];
    tune->verify.cells[i].freezes = prediction->setting.freezes;
    memcpy(tune->verify.cells[i].thresholds, prediction->setting.thresholds, sizeof prediction->setting.thresholds);
  }
  tune->verify.cell_count = tune->chosen_count;
}

/* ---- verify ----------------------------------------------------------------------------------------------------- */

static void tell_run(size_t run, size_t runs)
{
  if (isatty(STDERR_FILENO)) {
    fprintf(stderr, "\rgclab tune: run %zu of %zu ", run + 1, runs);
  } else if (run == 0) {
    fprintf(stderr, "gclab tune: %zu runs\n", runs);
  }
}

/* Where nothing was recorded now, the first run at the default says how the program ends. */
static int verify(struct tune_python *tune)
{
  char error[RECORDING_ERROR_MAX];
  if (!tune->was_recorded) {
    struct launch_request request = tune->program.launch;
    request.hides_output = true;
    tune->recorded = launch_run(&request);
    if (!tune->recorded.started) {
      fprintf(stderr, "gclab tune: %s\n", tune->recorded.error);
      return EXIT_ENVIRONMENT;
    }
  }
  struct launch_request request = tune->program.launch;
  request.freeze_after_ns = tune->startup_ns;
  const enum verify_outcome outcome =
      verify_run(&tune->verify, tune->rounds, &request, &tune->recorded, tune->seed, tell_run, error);
  if (isatty(STDERR_FILENO)) fprintf(stderr, "\r%40s\r", "");
  if (outcome == VERIFY_DONE) return EXIT_DONE;
  if (outcome == VERIFY_FAILED) {
    fprintf(stderr, "gclab tune: %s\n", error);
    return EXIT_TRIAL_FAILED;
  }
  fprintf(stderr, "gclab tune: interrupted after %zu rounds; the recording is %s\n", tune->verify.rounds, tune->path);
  return EXIT_INTERRUPTED;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static int tune_program(struct tune_python *tune)
{
  int code = tune->recording_path != NULL ? EXIT_DONE : record(tune);
  if (code == EXIT_DONE) code = open_recording(tune);
  if (code != EXIT_DONE) return code;
  if (tune->was_recorded) warn_of_failure(tune);
  if (tune->collection_count == 0) {
    fprintf(stderr,
            "gclab tune: there was no collection: the program allocates too few objects that the collector counts "
            "(%zu) for "
            "thresholds to matter\n",
            tune->object_count);
    return EXIT_DONE;
  }
  if (tune->startup_ns > 0 && tune->was_recorded && !measure_slowdown(tune)) return EXIT_TRIAL_FAILED;
  predict(tune);
  release_recording(tune);
  choose(tune);
  if (tune->rounds > 0) code = verify(tune);
  if (code == EXIT_DONE || tune->verify.rounds > 0) {
    if (tune->json) {
      tune_python_print_json(tune, stdout);
    } else {
      tune_python_print(tune, stdout);
    }
  }
  return code;
}

int command_tune_python(int argc, char **argv)
{
  struct tune_python tune = {.program = {.launch = {.kind = RECORDING_OBJECTS, .stop_signal = SIGTERM}},
                             .terms = {.goal = GRID_GC_TIME, .longest_pause = 1, .memory = 1.3},
                             .rounds = 6,
                             .slowdown = 1,
                             .seed = 1};
  argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &tune);
  const int code = tune_program(&tune);
  free(tune.directory);
  free(tune.path);
  free(tune.predictions);
  recording_free(&tune.recording);
  return code;
}
