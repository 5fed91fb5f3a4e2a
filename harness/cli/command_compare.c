/* gclab compare */
#define _GNU_SOURCE
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/command.h"
#include "harness/cli/compare.h"
#include "harness/text/text.h"

enum {
  OPTION_STORE = 256,
  OPTION_CAMPAIGN,
  OPTION_BAND,
  OPTION_LEVEL,
  OPTION_SEED,
  OPTION_FAIL_ABOVE,
  OPTION_BEST,
  OPTION_FORMAT,
  OPTION_JSON
};

static const struct argp_option options[] = {
    {"metric", 'm', "NAME,...", 0,
     "what to compare (default wall,cpu,p99_pause,max_pause,peak_heap,vmhwm; 'gclab list metrics' explains them; all)",
     1},
    {"workload", 'w', "NAME", 0, "only this workload (several by repetition)", 1},
    {"campaign", OPTION_CAMPAIGN, "NAME|ID", 0, "the campaign whose cells are compared (default: the newest)", 1},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 1},
    {"best", OPTION_BEST, 0, 0,
     "choose the best setting of each collector named, of those that were run, on one half of the blocks, and hold it "
     "against the default on the other",
     1},
    {"band", OPTION_BAND, "PERCENT", 0, "cells within so much of each other are equivalent (default 2%)", 2},
    {"level", OPTION_LEVEL, "PERCENT", 0, "of the intervals (default 95%)", 2},
    {"seed", OPTION_SEED, "N", 0, "of the resampling (default 1)", 2},
    {"fail-above", OPTION_FAIL_ABOVE, "PERCENT", 0,
     "exit with 1 where B is worse than A by more than this: where the whole interval is beyond it, and significantly",
     3},
    {"format", OPTION_FORMAT, "table|markdown|json", 0, "of the output (default table)", 3},
    {"json", OPTION_JSON, 0, 0, "the same as --format json", 3},
    {0},
};

static const char doc[] =
    "Compares cells of a campaign, or two campaigns: ratios with intervals and a verdict."
    "\vA is the baseline; ratios are B/A. A cell is COLLECTOR[/ALLOCATOR] [KNOB=VALUE]...; knobs that are not named "
    "are "
    "at their defaults. Cells of one campaign are paired within blocks, which cancels what the machine did to both. "
    "Where A is no collector of the campaign, A and B are campaigns (a name, an id or its beginning), or files of "
    "other "
    "stores, whose newest campaigns are meant: every configuration that both have is compared, not paired; times only "
    "between campaigns of the same class of machine.\n\n"
    "Examples:\n"
    "  gclab compare marksweep refcount_cyclic\n"
    "  gclab compare refcount/jemalloc refcount/blocks --metric wall,cpu\n"
    "  gclab compare 'marksweep heap_limit=32M' 'boehm initial_heap=32M' -w gcbench\n"
    "  gclab compare none marksweep semispace boehm --metric wall,peak_heap\n"
    "  gclab compare --best marksweep semispace -m wall\n"
    "  gclab compare before.sqlite after.sqlite --fail-above 5%      for CI: exit code 1 on a regression\n\n"
    "The answer is the same each time: resampling is seeded.\n\n"
    "Exit codes: 0 done; 1 a regression by --fail-above; 2 wrong usage; 4 there is no such store, campaign or cell, or "
    "nothing that both have.";

/* ---- arguments -------------------------------------------------------------------------------------------------- */

/* "5%" or "5": a share from low to high. */
static double take_percent(const char *option, const char *text, double low, double high, struct argp_state *state)
{
  char *end = NULL;
  const double percent = strtod(text, &end);
  if (*end == '%') end++;
  if (end == text || *end != '\0' || !(percent >= low && percent <= high))
    argp_error(state, "--%s: '%s' is no percentage from %g to %g", option, text, low, high);
  return percent / 100;
}

static void take_metric(struct compare_request *request, const char *name, struct argp_state *state)
{
  const struct metric *metric = metric_find(name);
  const char *nearest = metric_nearest(name);
  if (metric == NULL && nearest != NULL) argp_error(state, "there is no metric '%s'; did you mean %s?", name, nearest);
  if (metric == NULL) argp_error(state, "there is no metric '%s'; 'gclab list metrics' has them all", name);
  for (size_t i = 0; i < request->metric_count; i++) {
    if (request->metrics[i] == metric) return;
  }
  if (request->metric_count < COMPARE_METRICS_MAX) request->metrics[request->metric_count++] = metric;
}

static void take_metrics(struct compare_request *request, char *list, struct argp_state *state)
{
  char *rest = NULL;
  for (char *word = strtok_r(list, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest)) {
    if (strcmp(word, "all") != 0) {
      take_metric(request, word, state);
      continue;
    }
    for (size_t i = 0; i < metric_count; i++) take_metric(request, metrics[i].name, state);
  }
}

static void take_format(struct compare_request *request, const char *value, struct argp_state *state)
{
  static const char *const names[] = {"table", "markdown", "json"};
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(value, names[i]) != 0) continue;
    request->format = (enum compare_format)i;
    return;
  }
  argp_error(state, "--format: '%s' is none of table, markdown and json", value);
}

static void take_seed(struct compare_request *request, const char *value, struct argp_state *state)
{
  char *end = NULL;
  request->terms.seed = strtoull(value, &end, 10);
  if (end == value || *end != '\0' || *value == '-') argp_error(state, "--seed: '%s' is no whole number", value);
}

static void take_word(struct compare_request *request, const char *value, struct argp_state *state)
{
  if (request->word_count == COMPARE_SIDES_MAX) argp_error(state, "at most %d are compared at once", COMPARE_SIDES_MAX);
  request->words[request->word_count++] = value;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct compare_request *request = state->input;
  switch (key) {
  case 'm':
    take_metrics(request, value, state);
    return 0;
  case 'w':
    if (request->workload_count == COMPARE_SIDES_MAX)
      argp_error(state, "at most %d workloads by name", COMPARE_SIDES_MAX);
    request->workloads[request->workload_count++] = value;
    return 0;
  case OPTION_STORE:
    request->store = value;
    return 0;
  case OPTION_CAMPAIGN:
    request->campaign = value;
    return 0;
  case OPTION_BAND:
    request->terms.band = take_percent("band", value, 0, 100, state);
    return 0;
  case OPTION_LEVEL:
    request->terms.level = take_percent("level", value, 50, 99.9, state);
    return 0;
  case OPTION_SEED:
    take_seed(request, value, state);
    return 0;
  case OPTION_BEST:
    request->best = true;
    return 0;
  case OPTION_FAIL_ABOVE:
    request->fail_above = take_percent("fail-above", value, 0, 1000, state);
    return 0;
  case OPTION_FORMAT:
    take_format(request, value, state);
    return 0;
  case OPTION_JSON:
    request->format = COMPARE_JSON;
    return 0;
  case ARGP_KEY_ARG:
    take_word(request, value, state);
    return 0;
  case ARGP_KEY_END:
    if (request->best && request->word_count == 0) argp_error(state, "--best: of which collector?");
    if (request->best && (!isnan(request->fail_above) || request->format == COMPARE_MARKDOWN))
      argp_error(state, "--best goes with neither --fail-above nor --format markdown");
    if (!request->best && request->word_count < 2)
      argp_error(state, "what with what? A and B are cells, campaigns or stores");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

/* Is the word's first part a collector of the campaign? */
static bool is_cell(const struct dataset *dataset, const char *word)
{
  const size_t length = strcspn(word, "/ ");
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const char *collector = dataset->cells[i].collector;
    if (strlen(collector) == length && strncmp(collector, word, length) == 0) return true;
  }
  return false;
}

static bool is_file(const char *word) { return access(word, R_OK) == 0; }

static int compare(struct compare_job *job)
{
  const struct compare_request *request = job->request;
  if (!request->best && is_file(request->words[0]) && is_file(request->words[1])) return compare_campaigns(job, NULL);
  struct store *store = store_open(command_store_path(request->store), STORE_READ);
  if (store == NULL) return EXIT_ENVIRONMENT;
  struct dataset *dataset = dataset_load(store, request->campaign, NULL, NULL);
  int code = EXIT_ENVIRONMENT;
  if (dataset != NULL && request->best) {
    code = compare_best(request, dataset);
  } else if (dataset != NULL) {
    const bool of_cells =
        request->campaign != NULL || is_cell(dataset, request->words[0]) || is_cell(dataset, request->words[1]);
    code = of_cells ? compare_cells(job, dataset) : compare_campaigns(job, store);
  }
  dataset_free(dataset);
  store_close(store);
  return code;
}

int command_compare(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, "A B [B...]\n--best COLLECTOR...", doc, NULL, NULL, NULL};
  static const char *const usual[] = {"wall", "cpu", "p99_pause", "max_pause", "peak_heap", "vmhwm"};
  struct compare_request request = {.terms = comparison_default_terms, .fail_above = NAN};
  argp_parse(&argp, argc, argv, 0, NULL, &request);
  if (request.metric_count == 0) {
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
      request.metrics[request.metric_count++] = metric_find(usual[i]);
  }
  struct compare_job job = {.request = &request, .result = {.terms = request.terms}};
  const int code = compare(&job);
  compare_free(&job.result);
  return code;
}
