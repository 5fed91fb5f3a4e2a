/* gclab minheap */
#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/campaign/identity.h"
#include "harness/catalogue/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/minheap_search.h"
#include "harness/cli/table.h"
#include "harness/plan/plan.h"
#include "harness/process/interrupt.h"
#include "harness/store/store.h"
#include "harness/text/text.h"

enum {
  OPTION_SIZE = 256,
  OPTION_SMALL,
  OPTION_ATTEMPTS,
  OPTION_PRECISION,
  OPTION_SEED,
  OPTION_TIME_LIMIT,
  OPTION_STORE,
  OPTION_AGAIN,
  OPTION_LOG,
  OPTION_JSON
};

static const struct argp_option options[] = {
    {"collector", 'c', "NAME", 0, "this collector (default: all that have the knob heap_limit)", 1},
    {"workload", 'w', "NAME", 0, "this workload (also: all)", 1},
    {"set", 's', "[COLLECTOR.]KNOB=VALUE,...", 0, "values of other knobs", 1},
    {"param", 'p', "[WORKLOAD.]NAME=VALUE,...", 0, "values of a workload's parameter", 1},
    {"size", OPTION_SIZE, "SIZE", 0, "default, small or large", 1},
    {"small", OPTION_SMALL, 0, 0, "the same as --size=small", 1},
    {"attempts", OPTION_ATTEMPTS, "K", 0,
     "K of K trials must succeed at a limit, each with a seed of its own (default 3)", 2},
    {"precision", OPTION_PRECISION, "SHARE", 0, "a limit this much lower is too small (default 1%)", 2},
    {"seed", OPTION_SEED, "N", 0, "of the first attempt (default 1)", 2},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "a trial that takes longer counts as too small (default 60s)", 2},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 3},
    {"again", OPTION_AGAIN, 0, 0, "search anew what the store has", 3},
    {"log", OPTION_LOG, 0, 0, "print every limit that was tried", 3},
    {"quiet", 'q', 0, 0, "no progress", 3},
    {"json", OPTION_JSON, 0, 0, "as JSON, with every limit that was tried", 3},
    {0},
};

static const char doc[] =
    "Finds the smallest heap that a workload runs in on a collector, by bisection with repeated trials."
    "\vA limit is large enough where all attempts end well; running out of memory or of time makes it too small. The "
    "least "
    "over the collectors is the unit in which heap sizes are given. What the store has of the same programs is not "
    "searched again.\n\n"
    "Examples:\n"
    "  gclab minheap -w gcbench\n"
    "  gclab minheap -c marksweep,semispace -w splay,lru_cache --attempts 5\n"
    "  gclab minheap -w all --small --json\n\n"
    "Exit codes: 0 done; 2 wrong usage; 3 a trial failed otherwise than by memory or time; 4 the environment lacks "
    "something; 130 interrupted, with what was found kept.";

struct arguments {
  struct plan_options plan;
  const char *store;
  struct minheap_terms terms;
  bool log, quiet, json;
};

static void take_number(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *value,
                        struct argp_state *state)
{
  char error[SETTING_ERROR_MAX];
  if (!quantity_parse_number(name, text, least, most, value, error)) argp_error(state, "--%s", error);
}

/* What is to be searched: the same words as of a plan. */
static bool take_plan_option(struct arguments *arguments, int key, char *value)
{
  switch (key) {
  case 'c':
    plan_words_add_option(&arguments->plan.collectors, "--collector", value, true);
    return true;
  case 'w':
    plan_words_add_option(&arguments->plan.workloads, "--workload", value, true);
    return true;
  case 's':
    plan_words_add_option(&arguments->plan.set, "--set", value, false);
    return true;
  case 'p':
    plan_words_add_option(&arguments->plan.param, "--param", value, false);
    return true;
  case OPTION_SIZE:
    arguments->plan.size = value;
    return true;
  case OPTION_SMALL:
    arguments->plan.size = "small";
    return true;
  default:
    return false;
  }
}

/* How it is searched. */
static bool take_terms_option(struct minheap_terms *terms, int key, const char *value, struct argp_state *state)
{
  char error[SETTING_ERROR_MAX];
  switch (key) {
  case OPTION_ATTEMPTS:
    take_number("attempts", value, 1, 100, &terms->attempts, state);
    return true;
  case OPTION_SEED:
    take_number("seed", value, 0, INT64_MAX, &terms->seed, state);
    return true;
  case OPTION_PRECISION:
    if (!quantity_parse_share("precision", value, &terms->precision, error) || terms->precision == 0)
      argp_error(state, "--precision: '%s' is no share; it takes a percentage such as 1%%", value);
    return true;
  case OPTION_TIME_LIMIT:
    if (!quantity_parse_duration("time-limit", value, false, &terms->time_limit_ns, error))
      argp_error(state, "--%s", error);
    return true;
  case OPTION_AGAIN:
    terms->again = true;
    return true;
  default:
    return false;
  }
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  if (take_plan_option(arguments, key, value) || take_terms_option(&arguments->terms, key, value, state)) return 0;
  switch (key) {
  case OPTION_STORE:
    arguments->store = value;
    return 0;
  case OPTION_LOG:
    arguments->log = true;
    return 0;
  case 'q':
    arguments->quiet = true;
    return 0;
  case OPTION_JSON:
    arguments->json = true;
    return 0;
  case ARGP_KEY_ARG:
    argp_error(state, "'%s' is one word too many: -w names a workload", value);
    return 0;
  case ARGP_KEY_END:
    if (arguments->plan.workloads.count == 0) argp_error(state, "of which workload? -w NAME, or -w all");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

/* The least over the collectors of the same workload, parameters and size. */
static uint64_t least_of(const struct minheap_search *searches, size_t count, const struct plan_cell *cell)
{
  uint64_t least = UINT64_MAX;
  for (size_t i = 0; i < count; i++) {
    const struct plan_cell *other = searches[i].cell;
    if (other->workload != cell->workload || other->size != cell->size || searches[i].limit_bytes == 0) continue;
    if (memcmp(other->parameters, cell->parameters, cell->workload->parameter_count * sizeof *cell->parameters) != 0)
      continue;
    if (searches[i].limit_bytes < least) least = searches[i].limit_bytes;
  }
  return least;
}

static void print_table(const struct minheap_search *searches, size_t count, bool log)
{
  static const char *const headings[] = {"workload", "collector", "varied", ">minimum heap", ">of the least", NULL};
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < count; i++) {
    const struct minheap_search *search = &searches[i];
    char bytes[TEXT_NUMBER_MAX] = "-", times[TEXT_NUMBER_MAX] = "";
    char *varied = identity_varied_words(search->cell);
    if (search->limit_bytes > 0) {
      text_bytes((double)search->limit_bytes, bytes);
      snprintf(times, sizeof times, "%.2fx",
               (double)search->limit_bytes / (double)least_of(searches, count, search->cell));
    }
    table_add(&table,
              (const char *const[]){search->cell->workload->name, search->cell->collector->name, varied, bytes, times});
    free(varied);
  }
  table_print(&table, stdout, 0);
  for (size_t i = 0; i < count && log; i++) {
    printf("\n%s on %s:\n", searches[i].cell->workload->name, searches[i].cell->collector->name);
    for (size_t k = 0; k < searches[i].step_count; k++)
      printf("  %12" PRIu64 "  %s\n", searches[i].steps[k].limit_bytes, minheap_search_word(&searches[i].steps[k]));
  }
}

static void print_json(const struct minheap_search *searches, size_t count, const struct arguments *arguments)
{
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    const struct minheap_search *search = &searches[i];
    json_t *steps = json_array();
    for (size_t k = 0; k < search->step_count; k++)
      json_array_append_new(steps, json_pack("{s:I, s:b, s:b}", "limit_bytes", (json_int_t)search->steps[k].limit_bytes,
                                             "fits", search->steps[k].fits, "timed_out", search->steps[k].timed_out));
    char *parameters = identity_parameters(search->cell);
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:s?, s:o}", "collector", search->cell->collector->name, "workload",
                        search->cell->workload->name, "size", setting_size_names[search->cell->size], "parameters",
                        json_loads(parameters, 0, NULL), "limit_bytes",
                        search->limit_bytes > 0 ? json_integer((json_int_t)search->limit_bytes) : json_null(),
                        "failure", search->failure, "steps", steps));
    free(parameters);
  }
  json_t *root = json_pack("{s:s, s:I, s:I, s:f, s:o}", "format", "gclab-minheap-1", "attempts",
                           (json_int_t)arguments->terms.attempts, "seed", (json_int_t)arguments->terms.seed,
                           "precision", arguments->terms.precision, "minimum_heaps", list);
  json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
  putchar('\n');
  json_decref(root);
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

/* What ends the command comes before what only one search has come to. */
static int worse(int a, int b) { return a == EXIT_DONE || b == EXIT_INTERRUPTED || b == EXIT_ENVIRONMENT ? b : a; }

static int search_all(const struct plan_cells *cells, const struct arguments *arguments)
{
  struct store *store = store_open(command_store_path(arguments->store), STORE_WRITE);
  if (store == NULL) return EXIT_ENVIRONMENT;
  struct minheap_search *searches = memory_require(calloc(cells->count + 1, sizeof *searches));
  size_t count = 0;
  int code = EXIT_DONE;
  for (size_t i = 0; i < cells->count && code != EXIT_INTERRUPTED && code != EXIT_ENVIRONMENT; i++) {
    if (plan_heap_knob(&cells->cells[i]) < 0) continue;
    searches[count] =
        (struct minheap_search){.cell = &cells->cells[i], .who = "gclab minheap", .quiet = arguments->quiet};
    const int now = minheap_search_run(&searches[count], store, &arguments->terms);
    count += now != EXIT_INTERRUPTED && now != EXIT_ENVIRONMENT;
    code = worse(code, now);
  }
  if (arguments->json)
    print_json(searches, count, arguments);
  else
    print_table(searches, count, arguments->log);
  for (size_t i = 0; i < count; i++) minheap_search_free(&searches[i]);
  free(searches);
  store_close(store);
  return code;
}

/* Of those that were named, who has no heap limit; false where nobody is left. */
static bool check_collectors(const struct plan_cells *cells, bool named)
{
  size_t with = 0;
  for (size_t i = 0; i < cells->count; i++) {
    const struct plan_cell *cell = &cells->cells[i];
    with += plan_heap_knob(cell) >= 0;
    bool is_first = plan_heap_knob(cell) < 0 && named;
    for (size_t k = 0; k < i && is_first; k++) is_first = cells->cells[k].collector != cell->collector;
    if (is_first)
      fprintf(stderr,
              "gclab minheap: %s has no knob heap_limit, so it has no minimum heap; 'gclab run' tells its peak\n",
              cell->collector->name);
  }
  return with > 0;
}

int command_minheap(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, NULL, doc, NULL, NULL, NULL};
  struct arguments arguments = {.terms = minheap_terms_usual};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct catalogue *catalogue = catalogue_load();
  struct plan *plan = plan_new("minheap");
  struct plan_cells cells = {0};
  int code = catalogue != NULL ? EXIT_USAGE : EXIT_ENVIRONMENT;
  const bool named = arguments.plan.collectors.count > 0;
  if (catalogue != NULL && plan_apply_options(plan, catalogue, &arguments.plan) &&
      plan_expand_quietly(plan, catalogue, &cells) && plan_validate(&cells) && check_collectors(&cells, named))
    code = interrupt_watch() ? search_all(&cells, &arguments) : EXIT_ENVIRONMENT;
  interrupt_release();
  plan_cells_free(&cells);
  plan_free(plan);
  catalogue_free(catalogue);
  plan_options_free(&arguments.plan);
  return code;
}
