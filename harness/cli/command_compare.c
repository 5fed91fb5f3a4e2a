/* gclab compare */
#define _GNU_SOURCE
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/setting.h"
#include "harness/analysis/matching.h"
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
  OPTION_FORMAT,
  OPTION_JSON,
  SIDES_MAX = 16,
  METRICS_MAX = 64
};

static const struct argp_option options[] = {
    {"metric", 'm', "NAME,...", 0,
     "what to compare (default wall,cpu,p99_pause,max_pause,peak_heap,vmhwm; 'gclab list metrics' explains them; all)",
     1},
    {"workload", 'w', "NAME", 0, "only this workload (several by repetition)", 1},
    {"campaign", OPTION_CAMPAIGN, "NAME|ID", 0, "the campaign whose cells are compared (default: the newest)", 1},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 1},
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
    "  gclab compare before.sqlite after.sqlite --fail-above 5%      for CI: exit code 1 on a regression\n\n"
    "The answer is the same each time: resampling is seeded.\n\n"
    "Exit codes: 0 done; 1 a regression by --fail-above; 2 wrong usage; 4 there is no such store, campaign or cell, or "
    "nothing that both have.";

struct arguments {
  const char *store, *campaign;
  const char *words[SIDES_MAX];
  size_t word_count;
  const struct metric *metrics[METRICS_MAX];
  size_t metric_count;
  const char *workloads[SIDES_MAX];
  size_t workload_count;
  struct comparison_terms terms;
  double fail_above; /* NAN: not asked */
  enum compare_format format;
};

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

static void take_metric(struct arguments *arguments, const char *name, struct argp_state *state)
{
  const struct metric *metric = metric_find(name);
  const char *nearest = metric_nearest(name);
  if (metric == NULL && nearest != NULL) argp_error(state, "there is no metric '%s'; did you mean %s?", name, nearest);
  if (metric == NULL) argp_error(state, "there is no metric '%s'; 'gclab list metrics' has them all", name);
  for (size_t i = 0; i < arguments->metric_count; i++) {
    if (arguments->metrics[i] == metric) return;
  }
  if (arguments->metric_count < METRICS_MAX) arguments->metrics[arguments->metric_count++] = metric;
}

static void take_metrics(struct arguments *arguments, char *list, struct argp_state *state)
{
  char *rest = NULL;
  for (char *word = strtok_r(list, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest)) {
    if (strcmp(word, "all") != 0) {
      take_metric(arguments, word, state);
      continue;
    }
    for (size_t i = 0; i < metric_count; i++) take_metric(arguments, metrics[i].name, state);
  }
}

static void take_format(struct arguments *arguments, const char *value, struct argp_state *state)
{
  static const char *const names[] = {"table", "markdown", "json"};
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(value, names[i]) != 0) continue;
    arguments->format = (enum compare_format)i;
    return;
  }
  argp_error(state, "--format: '%s' is none of table, markdown and json", value);
}

static void take_seed(struct arguments *arguments, const char *value, struct argp_state *state)
{
  char *end = NULL;
  arguments->terms.seed = strtoull(value, &end, 10);
  if (end == value || *end != '\0' || *value == '-') argp_error(state, "--seed: '%s' is no whole number", value);
}

static void take_word(struct arguments *arguments, const char *value, struct argp_state *state)
{
  if (arguments->word_count == SIDES_MAX) argp_error(state, "at most %d are compared at once", SIDES_MAX);
  arguments->words[arguments->word_count++] = value;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case 'm':
    take_metrics(arguments, value, state);
    return 0;
  case 'w':
    if (arguments->workload_count == SIDES_MAX) argp_error(state, "at most %d workloads by name", SIDES_MAX);
    arguments->workloads[arguments->workload_count++] = value;
    return 0;
  case OPTION_STORE:
    arguments->store = value;
    return 0;
  case OPTION_CAMPAIGN:
    arguments->campaign = value;
    return 0;
  case OPTION_BAND:
    arguments->terms.band = take_percent("band", value, 0, 100, state);
    return 0;
  case OPTION_LEVEL:
    arguments->terms.level = take_percent("level", value, 50, 99.9, state);
    return 0;
  case OPTION_SEED:
    take_seed(arguments, value, state);
    return 0;
  case OPTION_FAIL_ABOVE:
    arguments->fail_above = take_percent("fail-above", value, 0, 1000, state);
    return 0;
  case OPTION_FORMAT:
    take_format(arguments, value, state);
    return 0;
  case OPTION_JSON:
    arguments->format = COMPARE_JSON;
    return 0;
  case ARGP_KEY_ARG:
    take_word(arguments, value, state);
    return 0;
  case ARGP_KEY_END:
    if (arguments->word_count < 2) argp_error(state, "what with what? A and B are cells, campaigns or stores");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

struct job {
  const struct arguments *arguments;
  struct compare_result result;
  size_t room;
};

static bool wants_workload(const struct arguments *arguments, const char *workload)
{
  for (size_t i = 0; i < arguments->workload_count; i++) {
    if (strcmp(arguments->workloads[i], workload) == 0) return true;
  }
  return arguments->workload_count == 0;
}

static void add_rows(struct job *job, const struct analysis_cell *a, const struct analysis_cell *b, const char *a_label,
                     const char *b_label, const char *subject, size_t side, bool counts_only)
{
  struct compare_result *result = &job->result;
  for (size_t m = 0; m < job->arguments->metric_count; m++) {
    const struct metric *metric = job->arguments->metrics[m];
    if (counts_only && !metric->is_count) continue;
    const struct comparison comparison = comparison_of(a, b, metric, result->is_paired, &result->terms);
    if (isnan(comparison.median_a) && isnan(comparison.median_b) && a->ok_count > 0 && b->ok_count > 0) continue;
    if (result->row_count == job->room) {
      job->room = job->room == 0 ? 64 : 2 * job->room;
      result->rows = memory_require(reallocarray(result->rows, job->room, sizeof *result->rows));
    }
    result->rows[result->row_count++] = (struct compare_row){comparison, a_label, b_label, text_copy(subject), side};
    const size_t n = comparison.ratio.n;
    if (comparison.kind != COMPARISON_NONE && (result->least_blocks == 0 || n < result->least_blocks))
      result->least_blocks = n;
  }
}

/* The rows' comparisons are judged together. */
static void judge(struct compare_result *result)
{
  struct comparison *family = memory_allocate((result->row_count + 1) * sizeof *family);
  for (size_t i = 0; i < result->row_count; i++) family[i] = result->rows[i].comparison;
  comparison_judge(family, result->row_count, &result->terms);
  for (size_t i = 0; i < result->row_count; i++) result->rows[i].comparison = family[i];
  free(family);
}

static void add_mean(struct compare_result *result, size_t side, const struct metric *metric)
{
  const struct comparison **list =
      (const struct comparison **)memory_require(calloc(result->row_count + 1, sizeof(void *)));
  struct compare_mean mean = {.side = side, .metric = metric};
  for (size_t i = 0; i < result->row_count; i++) {
    const struct compare_row *row = &result->rows[i];
    if (row->side != side || row->comparison.metric != metric) continue;
    if (row->comparison.kind == COMPARISON_PAIRED)
      list[mean.workloads++] = &row->comparison;
    else
      text_append(&mean.left_out, "%s%s", mean.left_out != NULL ? ", " : "", row->subject);
  }
  if (mean.workloads >= 2) {
    mean.ratio = comparison_geomean(list, mean.workloads, &result->terms);
    result->means = memory_require(reallocarray(result->means, result->mean_count + 1, sizeof *result->means));
    result->means[result->mean_count++] = mean;
  } else {
    free(mean.left_out);
  }
  free((void *)list);
}

static void add_means(struct job *job, size_t sides)
{
  for (size_t side = 0; side < sides && job->result.is_paired; side++) {
    for (size_t m = 0; m < job->arguments->metric_count; m++) add_mean(&job->result, side, job->arguments->metrics[m]);
  }
}

static void result_free(struct compare_result *result)
{
  for (size_t i = 0; i < result->row_count; i++) free(result->rows[i].subject);
  for (size_t i = 0; i < result->mean_count; i++) free(result->means[i].left_out);
  free(result->rows);
  free(result->means);
}

static int conclude(const struct job *job)
{
  const struct compare_result *result = &job->result;
  compare_print(result, job->arguments->format);
  if (isnan(job->arguments->fail_above)) return EXIT_DONE;
  size_t regressions = 0;
  for (size_t i = 0; i < result->row_count; i++)
    regressions += comparison_is_regression(&result->rows[i].comparison, job->arguments->fail_above);
  if (regressions == 0) return EXIT_DONE;
  fflush(stdout);
  fprintf(stderr, "gclab compare: %zu of %zu rows are worse by more than %g %%\n", regressions, result->row_count,
          100 * job->arguments->fail_above);
  return EXIT_FINDING;
}

/* ---- cells of one campaign -------------------------------------------------------------------------------------- */

/* Other cells of the same word and subject stand on other allocators; then these are named. */
static char *subject_label(const struct dataset *dataset, const struct dataset_cell *a, const struct dataset_cell *b,
                           const struct matching_word *words_a, const struct matching_word *words_b)
{
  const char *subject = dataset->subjects[a->subject].label;
  bool several = false;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *cell = &dataset->cells[i];
    several |= cell != a && cell->subject == a->subject && matching_has(words_a, cell);
    several |= cell != b && cell->subject == b->subject && matching_has(words_b, cell);
  }
  return several ? text_format("%s (%s, %s)", subject, a->allocator, b->allocator) : text_copy(subject);
}

static void compare_words(struct job *job, const struct analysis *analysis, const struct matching_word *words,
                          size_t side)
{
  const struct dataset *dataset = analysis->dataset;
  const struct matching_word *of_b = &words[side + 1];
  for (size_t i = 0; i < dataset->cell_count; i++) {
    const struct dataset_cell *a = &dataset->cells[i];
    if (!matching_has(&words[0], a) || !wants_workload(job->arguments, a->workload)) continue;
    for (size_t k = 0; k < dataset->cell_count; k++) {
      const struct dataset_cell *b = &dataset->cells[k];
      if (b->subject != a->subject || a == b || !matching_has(of_b, b)) continue;
      char *subject = subject_label(dataset, a, b, &words[0], of_b);
      add_rows(job, &analysis->cells[i], &analysis->cells[k], job->arguments->words[0], job->arguments->words[side + 1],
               subject, side, false);
      free(subject);
    }
  }
}

/* What collectors and settings there are, where a word matches nothing. */
static void list_cells(const struct dataset *dataset)
{
  fprintf(stderr, "gclab compare: campaign '%s' has", dataset->campaign_name);
  for (size_t s = 0; s < dataset->series_count; s++)
    fprintf(stderr, "%s %s/%s", s > 0 ? "," : "", dataset->series[s].collector, dataset->series[s].allocator);
  fputs("; 'gclab export' lists every setting\n", stderr);
}

/* A knob that the collector does not have is a slip; false after a message that names the nearest one. */
static bool check_knobs(const struct dataset *dataset, const struct matching_word *word)
{
  const struct dataset_cell *cell = NULL;
  for (size_t i = 0; i < dataset->cell_count && cell == NULL; i++) {
    if (strcmp(dataset->cells[i].collector, word->collector) == 0) cell = &dataset->cells[i];
  }
  for (size_t k = 0; k < word->knob_count && cell != NULL; k++) {
    if (dataset_knob(cell, word->knobs[k].name) != NULL) continue;
    const char **names = (const char **)memory_require(calloc(cell->knob_count + 1, sizeof(void *)));
    for (size_t i = 0; i < cell->knob_count; i++) names[i] = cell->knobs[i].name;
    const char *nearest = setting_nearest(word->knobs[k].name, names, cell->knob_count);
    fprintf(stderr, "gclab compare: %s has no knob '%s'%s%s%s\n", cell->collector, word->knobs[k].name,
            nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    free((void *)names);
    return false;
  }
  return true;
}

/* The workloads that were named are the campaign's; false after a message. */
static bool check_workloads(const struct dataset *dataset, const struct arguments *arguments)
{
  const char **names = (const char **)memory_require(calloc(dataset->subject_count + 1, sizeof(void *)));
  bool all = true;
  for (size_t i = 0; i < dataset->subject_count; i++) names[i] = dataset->subjects[i].workload;
  for (size_t w = 0; w < arguments->workload_count && all; w++) {
    for (size_t i = 0; i < dataset->subject_count; i++) {
      all = strcmp(names[i], arguments->workloads[w]) == 0;
      if (all) break;
    }
    if (all) continue;
    const char *nearest = setting_nearest(arguments->workloads[w], names, dataset->subject_count);
    fprintf(stderr, "gclab compare: campaign '%s' has no workload '%s'", dataset->campaign_name,
            arguments->workloads[w]);
    if (nearest != NULL)
      fprintf(stderr, "; did you mean %s?\n", nearest);
    else
      fputs("; 'gclab export' lists what it has\n", stderr);
  }
  free((void *)names);
  return all;
}

static bool check_words(const struct dataset *dataset, const struct arguments *arguments,
                        const struct matching_word *words)
{
  if (!check_workloads(dataset, arguments)) return false;
  for (size_t w = 0; w < arguments->word_count; w++) {
    bool any = false;
    for (size_t i = 0; i < dataset->cell_count; i++) any |= matching_has(&words[w], &dataset->cells[i]);
    if (any) continue;
    fprintf(stderr, "gclab compare: there is no cell '%s'\n", arguments->words[w]);
    if (check_knobs(dataset, &words[w])) list_cells(dataset);
    return false;
  }
  return true;
}

static int compare_cells(struct job *job, struct dataset *dataset)
{
  struct matching_word words[SIDES_MAX] = {0};
  const struct arguments *arguments = job->arguments;
  char error[MATCHING_ERROR_MAX];
  int code = EXIT_USAGE;
  bool good = true;
  for (size_t w = 0; w < arguments->word_count && good; w++) {
    good = matching_parse(arguments->words[w], &words[w], error);
    if (!good) fprintf(stderr, "gclab compare: %s\n", error);
  }
  struct analysis *analysis = NULL;
  if (good) {
    code = EXIT_ENVIRONMENT;
    analysis = check_words(dataset, arguments, words) ? analysis_load(dataset) : NULL;
  }
  if (analysis != NULL) {
    job->result.is_paired = true;
    job->result.campaign = dataset->campaign_name;
    for (size_t side = 0; side + 1 < arguments->word_count; side++) compare_words(job, analysis, words, side);
    job->result.floor = comparison_noise_floor(analysis, metric_find("wall"), &job->result.terms);
    if (job->result.row_count > 0) {
      judge(&job->result);
      add_means(job, arguments->word_count - 1);
      code = conclude(job);
    } else {
      fputs("gclab compare: no workload has both A and B\n", stderr);
    }
  }
  analysis_free(analysis);
  for (size_t w = 0; w < arguments->word_count; w++) matching_free(&words[w]);
  return code;
}

/* ---- two campaigns ---------------------------------------------------------------------------------------------- */

struct source {
  struct store *store; /* NULL: that of the command */
  struct dataset *dataset;
  struct analysis *analysis;
};

static bool open_source(struct source *source, struct store *store, const char *word)
{
  const bool is_file = access(word, R_OK) == 0;
  if (is_file) source->store = store_open(word, STORE_READ);
  if (is_file && source->store == NULL) return false;
  source->dataset = dataset_load(is_file ? source->store : store, is_file ? NULL : word, NULL, NULL);
  if (source->dataset != NULL) source->analysis = analysis_load(source->dataset);
  return source->analysis != NULL;
}

static void close_source(struct source *source)
{
  analysis_free(source->analysis);
  dataset_free(source->dataset);
  if (source->store != NULL) store_close(source->store);
}

static char *label_of_cell(const struct dataset *dataset, const struct dataset_cell *cell)
{
  char *text = text_format("%s, %s", dataset->subjects[cell->subject].label, dataset->series[cell->series].label);
  for (size_t i = 0; i < cell->knob_count; i++) {
    if (!cell->knobs[i].is_default) text_append(&text, " %s=%s", cell->knobs[i].name, cell->knobs[i].text);
  }
  return text;
}

static void pair_sources(struct job *job, const struct source *a, const struct source *b)
{
  const bool same_machine = strcmp(a->dataset->host_id, b->dataset->host_id) == 0;
  if (!same_machine)
    fprintf(stderr, "gclab compare: the campaigns are of different machines (%s; %s): only counts are compared\n",
            a->dataset->machine, b->dataset->machine);
  for (size_t i = 0; i < a->dataset->cell_count; i++) {
    const struct dataset_cell *cell = &a->dataset->cells[i];
    if (!wants_workload(job->arguments, cell->workload)) continue;
    for (size_t k = 0; k < b->dataset->cell_count; k++) {
      if (!matching_same(cell, &b->dataset->cells[k])) continue;
      char *label = label_of_cell(a->dataset, cell);
      add_rows(job, &a->analysis->cells[i], &b->analysis->cells[k], job->arguments->words[0], job->arguments->words[1],
               label, 0, !same_machine);
      free(label);
    }
  }
}

static int compare_campaigns(struct job *job, struct store *store)
{
  struct source a = {0}, b = {0};
  int code = EXIT_ENVIRONMENT;
  if (job->arguments->word_count > 2) {
    fputs("gclab compare: campaigns are compared two at a time\n", stderr);
    return EXIT_USAGE;
  }
  if (open_source(&a, store, job->arguments->words[0]) && open_source(&b, store, job->arguments->words[1])) {
    job->result.campaign = "campaigns, not paired";
    pair_sources(job, &a, &b);
    if (job->result.row_count > 0) {
      judge(&job->result);
      code = conclude(job);
    } else {
      fputs("gclab compare: the two have no configuration in common\n", stderr);
    }
  }
  close_source(&a);
  close_source(&b);
  return code;
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

static int compare(struct job *job)
{
  const struct arguments *arguments = job->arguments;
  if (is_file(arguments->words[0]) && is_file(arguments->words[1])) return compare_campaigns(job, NULL);
  struct store *store = store_open(command_store_path(arguments->store), STORE_READ);
  if (store == NULL) return EXIT_ENVIRONMENT;
  struct dataset *dataset = dataset_load(store, arguments->campaign, NULL, NULL);
  int code = EXIT_ENVIRONMENT;
  if (dataset != NULL) {
    const bool of_cells =
        arguments->campaign != NULL || is_cell(dataset, arguments->words[0]) || is_cell(dataset, arguments->words[1]);
    code = of_cells ? compare_cells(job, dataset) : compare_campaigns(job, store);
  }
  dataset_free(dataset);
  store_close(store);
  return code;
}

int command_compare(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, "A B [B...]", doc, NULL, NULL, NULL};
  static const char *const usual[] = {"wall", "cpu", "p99_pause", "max_pause", "peak_heap", "vmhwm"};
  struct arguments arguments = {.terms = comparison_default_terms, .fail_above = NAN};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.metric_count == 0) {
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
      arguments.metrics[arguments.metric_count++] = metric_find(usual[i]);
  }
  struct job job = {.arguments = &arguments, .result = {.terms = arguments.terms}};
  const int code = compare(&job);
  result_free(&job.result);
  return code;
}
