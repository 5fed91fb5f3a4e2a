/*
 * gclab tune: of a collector's knobs, for a workload.  With `--` or a recording on the command line it is of a Python
 * program (tune_python.c).
 */
#define _GNU_SOURCE
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "harness/cli/command.h"
#include "harness/cli/minheap_search.h"
#include "harness/cli/tune_workload.h"
#include "harness/cli/words.h"
#include "harness/figures/figures.h"
#include "harness/figures/render.h"
#include "harness/text/text.h"

enum {
  OPTION_GOAL = 256,
  OPTION_SUBJECT_TO,
  OPTION_SIZE,
  OPTION_SMALL,
  OPTION_TRIALS,
  OPTION_GRID,
  OPTION_BUDGET,
  OPTION_CHECK_BLOCKS,
  OPTION_CHECK_ON,
  OPTION_SEED,
  OPTION_TIME_LIMIT,
  OPTION_MEMORY_LIMIT,
  OPTION_NO_PIN,
  OPTION_OUT,
  OPTION_NO_FIGURE,
  OPTION_STORE,
  OPTION_JSON
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "What is tuned:", 1},
    {"workload", 'w', "NAME", 0, "for this workload", 1},
    {"knob", 'k', "NAME,...", 0,
     "search these knobs, over their usual ranges ('gclab list COLLECTOR'; default: all that have one)", 1},
    {"set", 's', "KNOB=VALUE,...", 0,
     "search these values, or FROM..TO/N for N points between; one value: the knob has it in every setting", 1},
    {"param", 'p', "NAME=VALUE", 0, "a parameter of the workload", 1},
    {"allocator", 'a', "NAME", 0, "what objects are on", 1},
    {"size", OPTION_SIZE, "SIZE", 0, "of the workload: default, small as for tests, or large", 1},
    {"small", OPTION_SMALL, 0, 0, "the same as --size=small", 1},
    {0, 0, 0, 0, "What for:", 2},
    {"goal", OPTION_GOAL, "[min:|max:]METRIC", 0,
     "what is to be least, or most: overhead, or any of 'gclab list metrics'; up to three, of which the front is found "
     "(default: p99_pause, wall and peak_heap)",
     2},
    {"subject-to", OPTION_SUBJECT_TO, "METRIC<=VALUE", 0,
     "a limit, also >=: 5ms, 64M, 5%, or 1.3x of what the default takes; several by repetition", 2},
    {0, 0, 0, 0, "How much:", 3},
    {"trials", OPTION_TRIALS, "N", 0, "trials of the search (default: 15 % of five blocks of all settings, 40 to 150)",
     3},
    {"grid", OPTION_GRID, "N", 0, "settings to choose from, about, where ranges are the usual ones (default 400)", 3},
    {"budget", OPTION_BUDGET, "TIME", 0, "start no more trials after 90s, 10m, ...; the search has two thirds of it",
     3},
    {"check-blocks", OPTION_CHECK_BLOCKS, "N", 0,
     "trials of the default and of the choice, on fresh seeds (default 10; 0: no check)", 3},
    {"check-on", OPTION_CHECK_ON, "NAME,...|none", 0,
     "workloads on which the choice is tried too (default: three of gcbench, cycles, lru_cache and json_trees)", 3},
    {"seed", OPTION_SEED, "N", 0, "seed of the order and of the workloads (default 1)", 3},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "for one trial (default 60s)", 3},
    {"memory-limit", OPTION_MEMORY_LIMIT, "SIZE", 0, "for one trial (default 4G; none)", 3},
    {"no-pin", OPTION_NO_PIN, 0, 0, "do not bind trials to a core", 3},
    {0, 0, 0, 0, "The answer:", 4},
    {"out", OPTION_OUT, "DIR", 0, "directory for the figure (default: figures)", 4},
    {"no-figure", OPTION_NO_FIGURE, 0, 0, "draw none", 4},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 4},
    {"quiet", 'q', 0, 0, "no progress", 4},
    {"json", OPTION_JSON, 0, 0, "the answer as JSON", 4},
    {0},
};

static const char doc[] =
    "Finds the knobs that a collector should have for a workload: searches them with few trials, checks the choice "
    "against the default on fresh seeds and on other workloads, and draws the front of what can be had for what."
    "\vFor a Python program: gclab tune [OPTION...] -- python3 app.py; 'gclab tune --help --' says more.\n\n"
    "The search is a campaign (tune-COLLECTOR-WORKLOAD), and so is the check (...-check): every trial is kept, 'gclab "
    "compare', 'plot' and 'export' read them, and the same command goes on where it was interrupted.\n\n"
    "Examples:\n"
    "  gclab tune refcount_cyclic -w cycles\n"
    "  gclab tune refcount_cyclic -w cycles --goal min:p99_pause --subject-to 'overhead<=5%' --subject-to "
    "'peak_heap<=1.3x'\n"
    "  gclab tune marksweep -w gcbench --goal wall --subject-to 'peak_heap<=64M' --budget 2m\n"
    "  gclab tune marksweep -w lru_cache --set growth_factor=1.2..8/10 --set min_heap=1M..64M/10\n\n"
    "Exit codes: 0 done, also where the default is as good; 2 wrong usage; 3 the default setting fails; 4 the "
    "environment lacks something; 130 interrupted, with every trial kept.";

struct arguments {
  struct space_request space;
  struct plan_options plan;
  struct explore_terms terms;
  const char *others[CHECK_WORKLOADS_MAX - 1];
  size_t other_count;
  bool are_others_given, quiet, json, no_figure;
  uint64_t check_blocks, grid, trials;
  const char *store, *directory;
};

/* ---- options ---------------------------------------------------------------------------------------------------- */

static uint64_t take_number(const char *name, const char *text, uint64_t least, uint64_t most, struct argp_state *state)
{
  char error[SETTING_ERROR_MAX];
  uint64_t value = 0;
  if (!quantity_parse_number(name, text, least, most, &value, error)) argp_error(state, "--%s", error);
  return value;
}

static void take_goal(struct explore_terms *terms, const char *text, struct argp_state *state)
{
  char error[TUNE_ERROR_MAX];
  if (terms->goal_count == TUNE_GOALS_MAX) argp_error(state, "--goal: at most %d of them", TUNE_GOALS_MAX);
  struct tune_goal *goal = &terms->goals[terms->goal_count];
  if (!tune_goal_parse(text, goal, error)) argp_error(state, "--goal: %s", error);
  for (size_t g = 0; g < terms->goal_count; g++) {
    if (terms->goals[g].metric == goal->metric) argp_error(state, "--goal: %s is there twice", goal->metric->name);
  }
  terms->goal_count++;
}

static void take_limit(struct explore_terms *terms, const char *text, struct argp_state *state)
{
  char error[TUNE_ERROR_MAX];
  if (terms->limit_count == TUNE_LIMITS_MAX) argp_error(state, "--subject-to: at most %d of them", TUNE_LIMITS_MAX);
  if (!tune_limit_parse(text, &terms->limits[terms->limit_count++], error))
    argp_error(state, "--subject-to: %s", error);
}

static void take_knobs(struct space_request *space, char *names, struct argp_state *state)
{
  char *rest = NULL;
  for (char *name = strtok_r(names, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest)) {
    if (space->knob_count == SPACE_KNOBS_MAX) argp_error(state, "--knob: at most %d of them", SPACE_KNOBS_MAX);
    space->knobs[space->knob_count++] = name;
  }
}

static void take_others(struct arguments *arguments, char *names, struct argp_state *state)
{
  char *rest = NULL;
  arguments->are_others_given = true;
  if (strcmp(names, "none") == 0) return;
  for (char *name = strtok_r(names, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest)) {
    if (arguments->other_count == CHECK_WORKLOADS_MAX - 1)
      argp_error(state, "--check-on: at most %d of them", CHECK_WORKLOADS_MAX - 1);
    arguments->others[arguments->other_count++] = name;
  }
}

static bool take_plan_option(struct arguments *arguments, int key, char *value)
{
  struct plan_options *plan = &arguments->plan;
  switch (key) {
  case 's':
    plan_words_add_option(&plan->set, "--set", value, false);
    return true;
  case 'p':
    plan_words_add_option(&plan->param, "--param", value, false);
    return true;
  case 'a':
    plan_words_add_option(&plan->allocators, "--allocator", value, false);
    return true;
  case OPTION_SIZE:
    plan->size = value;
    return true;
  case OPTION_SMALL:
    plan->size = "small";
    return true;
  case OPTION_BUDGET:
    plan->budget = value;
    return true;
  case OPTION_SEED:
    plan->seed = value;
    return true;
  case OPTION_TIME_LIMIT:
    plan->time_limit = value;
    return true;
  case OPTION_MEMORY_LIMIT:
    plan->memory_limit = value;
    return true;
  case OPTION_NO_PIN:
    plan->pin = "false";
    return true;
  default:
    return false;
  }
}

static bool take_answer_option(struct arguments *arguments, int key, const char *value)
{
  switch (key) {
  case OPTION_OUT:
    arguments->directory = value;
    return true;
  case OPTION_NO_FIGURE:
    arguments->no_figure = true;
    return true;
  case OPTION_STORE:
    arguments->store = value;
    return true;
  case 'q':
    arguments->quiet = true;
    return true;
  case OPTION_JSON:
    arguments->json = true;
    return true;
  default:
    return false;
  }
}

static void take_word(struct arguments *arguments, const char *word, struct argp_state *state)
{
  if (arguments->space.collector != NULL && strstr(arguments->space.collector, "python") != NULL)
    argp_error(state, "to tune a Python program, write -- before it: gclab tune -- %s %s", arguments->space.collector,
               word);
  if (arguments->space.collector != NULL) argp_error(state, "'%s' is one word too many: there is one COLLECTOR", word);
  arguments->space.collector = word;
}

static void require_words(const struct arguments *arguments, struct argp_state *state)
{
  if (arguments->space.collector == NULL)
    argp_error(state, "which COLLECTOR? ('gclab list collectors'); for a Python program: gclab tune -- python3 app.py");
  if (arguments->space.workload == NULL)
    argp_error(state, "for which workload? -w NAME ('gclab list workloads' lists them)");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  if (take_plan_option(arguments, key, value) || take_answer_option(arguments, key, value)) return 0;
  switch (key) {
  case 'w':
    if (arguments->space.workload != NULL) argp_error(state, "-w: one workload at a time; --check-on names others");
    arguments->space.workload = value;
    return 0;
  case 'k':
    take_knobs(&arguments->space, value, state);
    return 0;
  case OPTION_GOAL:
    take_goal(&arguments->terms, value, state);
    return 0;
  case OPTION_SUBJECT_TO:
    take_limit(&arguments->terms, value, state);
    return 0;
  case OPTION_TRIALS:
    arguments->trials = take_number("trials", value, 8, 10000, state);
    return 0;
  case OPTION_GRID:
    arguments->grid = take_number("grid", value, 2, SPACE_GRID_MAX, state);
    return 0;
  case OPTION_CHECK_BLOCKS:
    arguments->check_blocks = take_number("check-blocks", value, 0, 1000, state);
    return 0;
  case OPTION_CHECK_ON:
    take_others(arguments, value, state);
    return 0;
  case ARGP_KEY_ARG:
    take_word(arguments, value, state);
    return 0;
  case ARGP_KEY_END:
    require_words(arguments, state);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- the workloads that the choice is tried on ------------------------------------------------------------------ */

/* Different kinds of heaps, each a second or less; those with cycles only where the collector reclaims them. */
static void choose_others(struct arguments *arguments, const struct plan_cell *cell, const struct catalogue *catalogue)
{
  static const char *const usual[] = {"gcbench", "cycles", "lru_cache", "json_trees"};
  enum { WANTED = 3 };
  if (arguments->are_others_given) return;
  const bool with_cycles = catalogue_collector_can(cell->collector, "reclaims_cycles");
  for (size_t i = 0; i < sizeof usual / sizeof usual[0] && arguments->other_count < WANTED; i++) {
    const struct catalogue_workload *workload = catalogue_workload(catalogue, usual[i]);
    if (workload == NULL || workload == cell->workload || (workload->makes_cycles && !with_cycles)) continue;
    arguments->others[arguments->other_count++] = usual[i];
  }
}

/* Each of them one that there is, named once, and not what is tuned on: that is checked anyhow. */
static bool are_workloads(const struct arguments *arguments, const struct catalogue *catalogue)
{
  for (size_t i = 0; i < arguments->other_count; i++) {
    const char *name = arguments->others[i];
    bool is_there = strcmp(name, arguments->space.workload) == 0;
    for (size_t k = 0; k < i; k++) is_there |= strcmp(name, arguments->others[k]) == 0;
    if (is_there) {
      fprintf(stderr, "gclab tune: --check-on: %s is checked already: name each other workload once\n", name);
      return false;
    }
    const char *nearest = catalogue_nearest_workload(catalogue, name);
    if (catalogue_workload(catalogue, name) != NULL) continue;
    fprintf(stderr, "gclab tune: --check-on: there is no workload '%s'%s%s; 'gclab list workloads' lists them\n", name,
            nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
    return false;
  }
  return true;
}

/* ---- the course ------------------------------------------------------------------------------------------------- */

struct course {
  struct arguments *arguments;
  const struct catalogue *catalogue;
  struct store *store;
  struct tune_space space;
  struct explore *explore;
  struct check check;
  struct tune_workload tune;
  struct campaign_options campaign;
  uint64_t start_ns, budget_ns;
};

static size_t default_trials(const struct search_grid *grid)
{
  enum { LEAST = 40, MOST = 150 };
  static const double share = 0.15, blocks = 5;
  const double trials = share * blocks * (double)grid->count;
  return trials < LEAST ? LEAST : trials > MOST ? MOST : (size_t)trials;
}

static int explore(struct course *course)
{
  struct plan *plan = course->space.plan;
  struct explore_terms *terms = &course->arguments->terms;
  terms->trials = course->arguments->trials > 0 ? course->arguments->trials : default_trials(&course->space.grid);
  plan->blocks = (uint32_t)terms->trials; /* more than there can be */
  course->budget_ns = plan->budget_ns;
  plan->budget_ns = course->arguments->check_blocks > 0 ? course->budget_ns / 3 * 2 : course->budget_ns;
  course->explore = explore_new(&course->space, terms, course->store);
  const int code = explore_run(course->explore, &course->campaign);
  if (code == CAMPAIGN_ENVIRONMENT || code == CAMPAIGN_INTERRUPTED) return code;
  if (course->explore->broken != NULL) {
    fprintf(stderr, "gclab tune: %s\n", course->explore->broken);
    return CAMPAIGN_TRIAL_FAILED;
  }
  course->tune.is_cut_short = !course->explore->is_whole;
  course->tune.best = explore_best(course->explore);
  if (course->explore->settings[course->space.usual].blocks > 0) return CAMPAIGN_DONE;
  fprintf(stderr, "gclab tune: the budget is used up before the default setting was measured: give more\n");
  return CAMPAIGN_TRIAL_FAILED;
}

/* Also where the search was cut short: its best may still be better. */
static int check(struct course *course)
{
  const struct arguments *arguments = course->arguments;
  if (course->tune.best == course->space.usual || arguments->check_blocks == 0) return CAMPAIGN_DONE;
  if (!explore_keeps_limits(course->explore, course->tune.best)) return CAMPAIGN_DONE;
  struct check_request request = {.explore = course->explore,
                                  .catalogue = course->catalogue,
                                  .best = course->tune.best,
                                  .other_count = arguments->other_count,
                                  .blocks = (uint32_t)arguments->check_blocks};
  memcpy(request.others, arguments->others, sizeof request.others);
  const uint64_t spent_ns = clock_now_ns() - course->start_ns;
  if (course->budget_ns > 0) request.budget_ns = course->budget_ns > spent_ns ? course->budget_ns - spent_ns : 1;
  if (!check_plan(&course->check, &request)) return EXIT_USAGE;
  const int code = check_run(&course->check, &request, course->store, &course->campaign);
  if (course->check.analysis != NULL) course->tune.check = &course->check;
  return code == CAMPAIGN_TRIAL_FAILED ? CAMPAIGN_DONE : code;
}

/* A figure that cannot be drawn takes nothing from the answer. */
static void draw_figure(struct course *course)
{
  enum { FIGURE_METRICS = 3 };
  static const char *const formats[] = {"svg", "png"};
  const size_t best = course->tune.best;
  struct figure_pareto pareto = {.marked_id = best != course->space.usual ? course->space.cells.cells[best].id : NULL,
                                 .mark = "best in the search",
                                 .file = course->space.plan->name};
  if (course->arguments->no_figure || !canvas_have_gnuplot()) return;
  if (!render_make_directory(course->arguments->directory)) return;
  size_t shown[FIGURE_METRICS];
  tune_workload_metrics(course->explore, shown, FIGURE_METRICS);
  for (size_t m = 0; m < FIGURE_METRICS; m++) pareto.metrics[m] = course->explore->metrics[shown[m]];
  struct analysis *analysis = NULL;
  struct figure_job job = {
      .store = course->store,
      .dataset = dataset_load(course->store, course->explore->campaign_id, NULL, course->catalogue),
      .analysis = &analysis,
      .pareto = &pareto,
      .output = {.directory = course->arguments->directory, .formats = formats, .format_count = 2}};
  const enum figure_status status = job.dataset != NULL ? figure_pareto(&job) : FIGURE_FAILED;
  if (status == FIGURE_WITHOUT_DATA) fprintf(stderr, "gclab tune: no figure: %s\n", job.reason);
  for (size_t i = 0; i < job.file_count && course->tune.file_count < TUNE_FILES_MAX; i++)
    course->tune.files[course->tune.file_count++] = text_copy(job.files[i]);
  analysis_free(analysis);
  dataset_free(job.dataset);
  figure_job_free(&job);
}

static int run_course(struct course *course)
{
  int code = explore(course);
  if (code == CAMPAIGN_DONE) code = check(course);
  if (code == CAMPAIGN_INTERRUPTED)
    fprintf(stderr, "gclab tune: interrupted; every trial is kept, and the same command goes on\n");
  if (code != CAMPAIGN_DONE) return code;
  course->tune.explore = course->explore;
  draw_figure(course);

  if (course->arguments->json)
    tune_workload_print_json(&course->tune);
  else
    tune_workload_print(&course->tune);
  return code;
}

static int run_in_store(struct course *course)
{
  course->store = store_open(command_store_path(course->arguments->store), STORE_WRITE);
  if (course->store == NULL) return EXIT_ENVIRONMENT;
  const int code = run_course(course);
  for (size_t i = 0; i < course->tune.file_count; i++) free(course->tune.files[i]);
  check_free(&course->check);
  explore_free(course->explore);
  store_close(course->store);
  return code;
}

static int tune_workload(struct arguments *arguments, const char *command, const struct catalogue *catalogue)
{
  struct course course = {.arguments = arguments,
                          .catalogue = catalogue,
                          .campaign = {.command = command,
                                       .quiet = arguments->quiet,
                                       .no_summary = true,
                                       .instrument = catalogue_collector(catalogue, "lifetimes")},
                          .start_ns = clock_now_ns()};
  char *name = text_format("tune-%s-%s", arguments->space.collector, arguments->space.workload);
  arguments->space.name = name;
  arguments->space.options = &arguments->plan;
  arguments->space.grid = arguments->grid;
  int code = EXIT_USAGE;
  if (space_expand(&course.space, &arguments->space, catalogue)) {
    code = minheap_resolve(&course.space.cells, command_store_path(arguments->store), "gclab tune", arguments->quiet);
    if (code == EXIT_DONE && !space_lay_out(&course.space)) code = EXIT_USAGE;
    if (code == EXIT_DONE) {
      choose_others(arguments, &course.space.cells.cells[0], catalogue);
      code = are_workloads(arguments, catalogue) ? run_in_store(&course) : EXIT_USAGE;
    }
    space_free(&course.space);
  }
  free(name);
  return code;
}

static bool is_of_program(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--") == 0 || strncmp(argv[i], "--recording", 11) == 0) return true;
  }
  return false;
}

int command_tune(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, "COLLECTOR", doc, NULL, NULL, NULL};
  if (is_of_program(argc, argv)) return command_tune_python(argc, argv);
  struct arguments arguments = {.check_blocks = 10, .grid = SPACE_GRID_USUAL, .directory = "figures"};
  char *command = words_join(argc, argv);
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct catalogue *catalogue = catalogue_load();
  const int code = catalogue != NULL ? tune_workload(&arguments, command, catalogue) : EXIT_ENVIRONMENT;
  catalogue_free(catalogue);
  plan_options_free(&arguments.plan);
  free(command);
  return code;
}
