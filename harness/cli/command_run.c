/* gclab run */
#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/campaign/campaign.h"
#include "harness/cli/command.h"
#include "harness/cli/minheap_search.h"
#include "harness/cli/table.h"
#include "harness/cli/words.h"
#include "harness/plan/plan.h"
#include "harness/store/store.h"

enum {
  OPTION_SET = 's',
  OPTION_PARAM = 'p',
  OPTION_SIZE = 256,
  OPTION_SMALL,
  OPTION_BLOCKS,
  OPTION_BUDGET,
  OPTION_SEED,
  OPTION_TIME_LIMIT,
  OPTION_MEMORY_LIMIT,
  OPTION_PIN,
  OPTION_NO_PIN,
  OPTION_AA,
  OPTION_PRECISION,
  OPTION_NO_AA,
  OPTION_FLOATING,
  OPTION_NO_FLOATING,
  OPTION_NAME,
  OPTION_DESCRIPTION,
  OPTION_STORE,
  OPTION_AGAIN,
  OPTION_JSON,
  OPTION_PRINT_PLAN
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "What is run; over a PLAN, these restrict it or take the place of its values:", 1},
    {"collector", 'c', "NAME", 0, "this collector (also: all, own, peers; several with commas or by repetition)", 1},
    {"workload", 'w', "NAME", 0, "this workload (also: all)", 1},
    {"set", OPTION_SET, "[COLLECTOR.]KNOB=VALUE,...", 0, "values of a knob; FROM..TO/N for N points between", 1},
    {"param", OPTION_PARAM, "[WORKLOAD.]NAME=VALUE,...", 0, "values of a workload's parameter", 1},
    {"allocator", 'a', "NAME", 0,
     "what objects are on: jemalloc, glibc, mimalloc, tcmalloc, blocks (gclab's own size classes) or all; default: "
     "what is usual for the collector",
     1},
    {"size", OPTION_SIZE, "SIZE", 0, "default, small as for tests, or large", 1},
    {"small", OPTION_SMALL, 0, 0, "the same as --size=small", 1},
    {0, 0, 0, 0, "How much, and within which limits:", 2},
    {"blocks", OPTION_BLOCKS, "N", 0, "trials of each cell (default 3)", 2},
    {"budget", OPTION_BUDGET, "TIME", 0, "start no more trials after 90s, 10m, 1h30m, ...", 2},
    {"precision", OPTION_PRECISION, "SHARE", 0,
     "stop a cell after 10 blocks or more, when the 95 % interval of its ratio to the workload's first cell is within "
     "this of "
     "it on either side, such as 2%; --blocks is then the most (default 50)",
     2},
    {"seed", OPTION_SEED, "N", 0, "seed of the order and of the workloads (default 1)", 2},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "for one trial (default 60s)", 2},
    {"memory-limit", OPTION_MEMORY_LIMIT, "SIZE", 0, "for one trial (default 4G; none)", 2},
    {"no-pin", OPTION_NO_PIN, 0, 0, "do not bind trials to a core", 2},
    {"pin", OPTION_PIN, 0, 0, "bind trials to a core, whatever the plan says", 2},
    {"no-aa", OPTION_NO_AA, 0, 0, "do not run one configuration of each workload twice (the A/A pair)", 2},
    {"aa", OPTION_AA, 0, 0, "run the A/A pairs, whatever the plan says", 2},
    {"floating", OPTION_FLOATING, 0, 0,
     "measure floating garbage, exactly: each workload runs on an instrument first, once a block", 2},
    {"no-floating", OPTION_NO_FLOATING, 0, 0, "do not, whatever the plan says", 2},
    {0, 0, 0, 0, "The campaign:", 3},
    {"name", OPTION_NAME, "NAME", 0, "call it so (default: the plan's name, or adhoc)", 3},
    {"description", OPTION_DESCRIPTION, "TEXT", 0, "one line to keep with it", 3},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 3},
    {"again", OPTION_AGAIN, 0, 0, "measure anew what is there already", 3},
    {"dry-run", 'n', 0, 0, "run nothing: list the cells, their number and an estimate of the time", 3},
    {"print-plan", OPTION_PRINT_PLAN, 0, 0, "run nothing: print the plan as it would be run, as YAML", 3},
    {"quiet", 'q', 0, 0, "no progress, only the summary", 3},
    {"json", OPTION_JSON, 0, 0, "summary or cells as JSON", 3},
    {0},
};

static const char doc[] =
    "Runs a matrix of collectors, workloads and settings: from a plan, from options, or from both."
    "\vPLAN is a file, or the name of a plan that ships ('gclab list plans'). The same command on the same build goes "
    "on where the last one stopped; Ctrl-C keeps what was measured.\n\n"
    "Examples:\n"
    "  gclab run quick\n"
    "  gclab run thresholds --dry-run\n"
    "  gclab run peers -c marksweep,boehm --blocks 10 --budget 5m\n"
    "  gclab run -c refcount_cyclic -w cycles --set threshold0=100,700,5000\n"
    "  gclab run -c marksweep -w all --set growth_factor=1.2..4/6\n\n"
    "Exit codes: 0 done; 2 wrong usage or plan; 3 a trial failed; 4 the environment lacks something; 130 interrupted.";

struct arguments {
  const char *plan;
  const char *store;
  struct plan_options options;
  struct campaign_options campaign;
  bool dry_run, print_plan;
};

static error_t parse_argument(struct arguments *arguments, const char *word, struct argp_state *state)
{
  if (arguments->plan != NULL) argp_error(state, "'%s' is one word too many: there is one PLAN", word);
  arguments->plan = word;
  return 0;
}

/* Where each option's value goes, in struct arguments. */
#define AT(member) offsetof(struct arguments, member)

static const struct {
  int key;
  bool at_commas;
  const char *option;
  size_t words;
} list_options[] = {{'c', true, "--collector", AT(options.collectors)},
                    {'w', true, "--workload", AT(options.workloads)},
                    {'a', true, "--allocator", AT(options.allocators)},
                    {OPTION_SET, false, "--set", AT(options.set)},
                    {OPTION_PARAM, false, "--param", AT(options.param)}};

static const struct {
  int key;
  size_t text;
  const char *fixed; /* of an option without a value */
} text_options[] = {{OPTION_SIZE, AT(options.size), NULL},
                    {OPTION_SMALL, AT(options.size), "small"},
                    {OPTION_BLOCKS, AT(options.blocks), NULL},
                    {OPTION_BUDGET, AT(options.budget), NULL},
                    {OPTION_PRECISION, AT(options.precision), NULL},
                    {OPTION_SEED, AT(options.seed), NULL},
                    {OPTION_TIME_LIMIT, AT(options.time_limit), NULL},
                    {OPTION_MEMORY_LIMIT, AT(options.memory_limit), NULL},
                    {OPTION_PIN, AT(options.pin), "true"},
                    {OPTION_NO_PIN, AT(options.pin), "false"},
                    {OPTION_AA, AT(options.aa), "true"},
                    {OPTION_NO_AA, AT(options.aa), "false"},
                    {OPTION_FLOATING, AT(options.floating), "true"},
                    {OPTION_NO_FLOATING, AT(options.floating), "false"},
                    {OPTION_NAME, AT(options.name), NULL},
                    {OPTION_DESCRIPTION, AT(options.description), NULL},
                    {OPTION_STORE, AT(store), NULL}};

static const struct {
  int key;
  size_t flag;
} flag_options[] = {{OPTION_AGAIN, AT(campaign.again)},
                    {OPTION_JSON, AT(campaign.json)},
                    {OPTION_PRINT_PLAN, AT(print_plan)},
                    {'n', AT(dry_run)},
                    {'q', AT(campaign.quiet)}};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  char *arguments = state->input;
  if (key == ARGP_KEY_ARG) return parse_argument(state->input, value, state);
  for (size_t i = 0; i < sizeof list_options / sizeof list_options[0]; i++) {
    if (list_options[i].key != key) continue;
    if (*value == '\0') argp_error(state, "%s is empty", list_options[i].option);
    plan_words_add_option((struct plan_words *)(arguments + list_options[i].words), list_options[i].option, value,
                          list_options[i].at_commas);
    return 0;
  }
  for (size_t i = 0; i < sizeof text_options / sizeof text_options[0]; i++) {
    if (text_options[i].key != key) continue;
    *(const char **)(arguments + text_options[i].text) = text_options[i].fixed != NULL ? text_options[i].fixed : value;
    return 0;
  }
  for (size_t i = 0; i < sizeof flag_options / sizeof flag_options[0]; i++) {
    if (flag_options[i].key == key) return *(bool *)(arguments + flag_options[i].flag) = true, 0;
  }
  return ARGP_ERR_UNKNOWN;
}

/* ---- what would be run ------------------------------------------------------------------------------------------ */

/* "threshold0=100 threshold1=5": what differs from the default; empty: nothing. */
static char *text_of_varied(const struct setting *rows, size_t count, const int64_t *values, enum setting_size size)
{
  char *text = NULL;
  size_t length = 0;
  FILE *stream = memory_require(open_memstream(&text, &length));
  for (size_t i = 0; i < count; i++) {
    char value[SETTING_TEXT_MAX];
    if (values[i] == setting_at_size(&rows[i], size)) continue;
    fprintf(stream, "%s%s=%s", ftell(stream) > 0 ? " " : "", rows[i].name, setting_format(&rows[i], values[i], value));
  }
  memory_close(stream);
  return text;
}

static void print_cells(const struct plan_cells *cells)
{
  static const char *const headings[] = {">cell", "collector", "workload", "size", "allocator", "set", "param", NULL};
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < cells->count; i++) {
    const struct plan_cell *cell = &cells->cells[i];
    char number[24];
    snprintf(number, sizeof number, "%zu", i + 1);
    char *set = text_of_varied(cell->collector->knobs, cell->collector->knob_count, cell->knobs, SETTING_SIZE_DEFAULT);
    char *param =
        text_of_varied(cell->workload->parameters, cell->workload->parameter_count, cell->parameters, cell->size);
    char *name = memory_format("%s%s", cell->collector->name, cell->is_twin ? " (A/A)" : "");
    table_add(&table, (const char *const[]){number, name, cell->workload->name,
                                            cell->size != SETTING_SIZE_DEFAULT ? setting_size_names[cell->size] : "",
                                            cell->allocator, set, param});
    free(name);
    free(set);
    free(param);
  }
  table_print(&table, stdout, 0);
}

static json_t *json_of_settings(const struct setting *rows, size_t count, const int64_t *values)
{
  json_t *object = json_object();
  for (size_t i = 0; i < count; i++) {
    char text[SETTING_TEXT_MAX];
    json_object_set_new(object, rows[i].name, json_string(setting_format(&rows[i], values[i], text)));
  }
  return object;
}

static void print_json(const struct plan *plan, const struct plan_cells *cells, const struct campaign_estimate *whole)
{
  json_t *list = json_array();
  for (size_t i = 0; i < cells->count; i++) {
    const struct plan_cell *cell = &cells->cells[i];
    json_array_append_new(
        list,
        json_pack("{s:s, s:s?, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "id", cell->id, "twin_of",
                  cell->is_twin ? cells->cells[cell->twin_of].id : NULL, "collector", cell->collector->name, "build_id",
                  cell->collector->build_id, "workload", cell->workload->name, "size", setting_size_names[cell->size],
                  "allocator", cell->allocator, "knobs",
                  json_of_settings(cell->collector->knobs, cell->collector->knob_count, cell->knobs), "parameters",
                  json_of_settings(cell->workload->parameters, cell->workload->parameter_count, cell->parameters)));
  }
  json_t *root = json_pack(
      "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "plan", plan->name, "seed", (json_int_t)plan->seed,
      "blocks", (json_int_t)plan->blocks, "cell_count", (json_int_t)cells->count, "trial_count",
      (json_int_t)cells->count * plan->blocks, "measured_cell_count", (json_int_t)whole->measured_cells, "estimate_ns",
      (json_int_t)whole->ns, "at_most_ns", (json_int_t)whole->most_ns, "text", plan->text, "cells", list);
  json_dumpf(root, stdout, JSON_INDENT(1));
  putchar('\n');
  json_decref(root);
}

static const char *text_of_time(uint64_t ns, char *text, size_t size)
{
  const uint64_t seconds = (ns + 500000000u) / 1000000000u;
  if (seconds < 1)
    snprintf(text, size, "%.1f s", (double)ns / 1e9);
  else if (seconds < 100)
    snprintf(text, size, "%" PRIu64 " s", seconds);
  else if (seconds < 5400)
    snprintf(text, size, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
  else
    snprintf(text, size, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds / 60 % 60);
  return text;
}

/* The store as it is, or NULL: an estimate makes no file. */
static struct campaign_estimate estimate(const struct plan *plan, const struct plan_cells *cells, const char *path)
{
  struct store *store = access(path, R_OK) == 0 ? store_open(path, STORE_READ) : NULL;
  const struct campaign_estimate whole = campaign_estimate(plan, cells, store);
  if (store != NULL) store_close(store);
  return whole;
}

static void print_estimate(const struct plan *plan, const struct plan_cells *cells,
                           const struct campaign_estimate *whole)
{
  char text[64];
  const size_t guessed = cells->count - whole->measured_cells;
  printf("About %s in all", text_of_time(whole->ns, text, sizeof text));
  if (guessed == 0)
    puts(", by these cells' trials in the store.");
  else if (whole->measured_cells == 0)
    printf(" if trials take as long as at default parameters: none was measured yet.");
  else
    printf(", with a guess for %zu of %zu cells, which were not measured yet.", guessed, cells->count);
  if (guessed > 0) printf(" By the time limit, %s at most.\n", text_of_time(whole->most_ns, text, sizeof text));
  if (plan->budget_ns > 0) printf("No trial is started after %s.\n", text_of_time(plan->budget_ns, text, sizeof text));
}

static int show_plan(const struct arguments *arguments, const struct plan *plan, const struct plan_cells *cells)
{
  const struct campaign_estimate whole = estimate(plan, cells, command_store_path(arguments->store));
  if (arguments->campaign.json) {
    print_json(plan, cells, &whole);
    return EXIT_DONE;
  }
  print_cells(cells);
  const uint64_t trials = (uint64_t)cells->count * plan->blocks;
  printf("\nPlan %s: %zu cell%s, %u block%s, %" PRIu64 " trial%s.\n", plan->name, cells->count,
         cells->count == 1 ? "" : "s", plan->blocks, plan->blocks == 1 ? "" : "s", trials, trials == 1 ? "" : "s");
  print_estimate(plan, cells, &whole);
  if (plan_has_multiples(cells))
    puts("Heaps in multiples (2x) are of the minimum heap, the least of these collectors for the workload; what the "
         "store does not know yet is searched first ('gclab minheap'), some 45 trials for each.");
  return EXIT_DONE;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static int run_campaign(const struct arguments *arguments, const struct plan *plan, const struct plan_cells *cells,
                        const struct catalogue *catalogue)
{
  struct store *store = store_open(command_store_path(arguments->store), STORE_WRITE);
  if (store == NULL) return EXIT_ENVIRONMENT;
  struct campaign_options with = arguments->campaign;
  with.instrument = catalogue_collector(catalogue, "lifetimes");
  const int code = campaign_run(plan, cells, store, &with);
  store_close(store);
  return code;
}

static int say_no_plan(const char *program)
{
  size_t count = 0;
  struct plan_shipped *shipped = plan_list_shipped(&count);
  fprintf(stderr, "%s: which PLAN? These ship:", program);
  for (size_t i = 0; i < count; i++) fprintf(stderr, "%s %s", i == 0 ? "" : ",", shipped[i].name);
  fprintf(stderr, "; or choose with -c COLLECTOR and -w WORKLOAD ('%s --help')\n", program);
  plan_free_shipped(shipped, count);
  return EXIT_USAGE;
}

/* The plan's file, or nothing but the options. */
static struct plan *make_plan(const struct arguments *arguments)
{
  if (arguments->plan == NULL) return plan_new("adhoc");
  char *path = plan_find(arguments->plan);
  struct plan *plan = path != NULL ? plan_load(path) : NULL;
  free(path);
  return plan;
}

static int run_plan(const struct arguments *arguments, struct plan *plan, const struct catalogue *catalogue)
{
  struct plan_cells cells;
  int code = EXIT_DONE;
  if (!plan_apply_options(plan, catalogue, &arguments->options) || !plan_expand(plan, catalogue, &cells))
    return EXIT_USAGE;
  const bool is_run = !arguments->print_plan && !arguments->dry_run;
  if (!plan_validate(&cells))
    code = EXIT_USAGE;
  else if (is_run)
    code = minheap_resolve(&cells, command_store_path(arguments->store), "gclab run", arguments->campaign.quiet);
  if (code == EXIT_DONE) plan_add_twins(plan, &cells);
  if (code == EXIT_DONE && arguments->print_plan)
    fputs(plan->text, stdout);
  else if (code == EXIT_DONE && arguments->dry_run)
    code = show_plan(arguments, plan, &cells);
  else if (code == EXIT_DONE)
    code = run_campaign(arguments, plan, &cells, catalogue);
  plan_cells_free(&cells);
  return code;
}

int command_run(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, "[PLAN]", doc, NULL, NULL, NULL};
  struct arguments arguments = {0};
  char *command = words_join(argc, argv);
  arguments.campaign.command = command;
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  int code = EXIT_USAGE;
  if (arguments.plan == NULL && arguments.options.collectors.count == 0 && arguments.options.workloads.count == 0) {
    code = say_no_plan(argv[0]);
  } else {
    struct plan *plan = make_plan(&arguments);
    struct catalogue *catalogue = plan != NULL ? catalogue_load() : NULL;
    if (catalogue != NULL)
      code = run_plan(&arguments, plan, catalogue);
    else if (plan != NULL)
      code = EXIT_ENVIRONMENT;
    catalogue_free(catalogue);
    plan_free(plan);
  }
  plan_options_free(&arguments.options);
  free(command);
  return code;
}
