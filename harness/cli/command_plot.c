/* gclab plot */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/catalogue/catalogue.h"
#include "harness/cli/command.h"
#include "harness/figures/figures.h"
#include "harness/figures/render.h"
#include "harness/store/store.h"

enum {
  OPTION_FORMAT = 256,
  OPTION_OUT,
  OPTION_STORE,
  OPTION_CAMPAIGN,
  OPTION_JSON,
  OPTION_PHASE,
  OPTION_BY_PHASE,
  OPTION_SIZE,
  FORMATS_MAX = 3,
  NAMES_MAX = 32
};

static const struct argp_option options[] = {
    {"format", OPTION_FORMAT, "svg,png,pdf", 0, "formats to draw (default svg,png)", 1},
    {"out", OPTION_OUT, "DIR", 0, "directory for the files (default: figures); it is made where it is missing", 1},
    {"campaign", OPTION_CAMPAIGN, "NAME|ID", 0,
     "of this campaign: a name, an id or its beginning (default: the newest)", 2},
    {"allocator", 'a', "NAME", 0,
     "only what ran on this allocator (jemalloc, ..., blocks): collectors are compared on the same memory", 2},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 2},
    {"phase", OPTION_PHASE, "NAME", 0, "only what happened in this phase, of the workloads that have it", 3},
    {"by-phase", OPTION_BY_PHASE, 0, 0, "a file for each workload, and in it a panel for each of its phases", 3},
    {"size", OPTION_SIZE, "SIZE", 0, "of the workloads as they are characterised at this size: default, small or large",
     3},
    {"json", OPTION_JSON, 0, 0, "what was drawn and what was not, as JSON", 4},
    {0},
};

static const char doc[] =
    "Draws figures of a campaign; without FIGURE, all that it has data for, and prints what they show."
    "\vBeside each picture stand its data (.dat) and a gnuplot script (.gp) that draws it again: gnuplot FILE.gp. "
    "Without FIGURE, the summary that is printed is also written to summary.md. 'gclab list figures' lists the "
    "figures.\n\n"
    "Workloads name their phases ('build', 'steady', 'check'). With --phase or --by-phase a figure shows phases in the "
    "place of whole trials: the time of a phase, the pauses that began in it, the heap that was seen in it. Cascades "
    "too short to be kept one by one have no phase and are left out. The figure of the heap shows whole trials with "
    "their phases, and cannot be split.\n\n"
    "Examples:\n"
    "  gclab plot\n"
    "  gclab plot thresholds heatmap --campaign thresholds\n"
    "  gclab plot percentiles --format pdf --out paper/figures\n"
    "  gclab plot overview --campaign allocators --allocator blocks\n"
    "  gclab plot percentiles overview --by-phase\n"
    "  gclab plot percentiles --phase check\n"
    "  gclab plot characterise survival live      how 'gclab characterise' found workloads\n"
    "  gclab plot micro                           the newest run of 'gclab micro'\n\n"
    "Environment: GCLAB_PLOT_PATH is a directory with gnuplot scripts to use in place of gclab's own.\n\n"
    "Exit codes: 0 done; 2 wrong usage; 4 there is no such store or campaign, no gnuplot, no such phase, no data for a "
    "figure that was named, or a file could not be written.";

struct arguments {
  const char *store, *campaign, *allocator, *directory;
  const char *formats[FORMATS_MAX];
  size_t format_count;
  const struct figure *figures[NAMES_MAX];
  size_t figure_count;
  const char *phase; /* NULL: all */
  enum setting_size size;
  bool by_phase, json;
};

static void take_formats(struct arguments *arguments, char *value, struct argp_state *state)
{
  static const char *const known[FORMATS_MAX] = {"svg", "png", "pdf"};
  arguments->format_count = 0;
  char *rest = NULL;
  for (char *word = strtok_r(value, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest)) {
    const char *found = NULL;
    bool again = false;
    for (size_t i = 0; i < FORMATS_MAX; i++) found = strcmp(known[i], word) == 0 ? known[i] : found;
    if (found == NULL) argp_error(state, "--format: '%s' is none of svg, png and pdf", word);
    for (size_t i = 0; i < arguments->format_count; i++) again |= arguments->formats[i] == found;
    if (!again) arguments->formats[arguments->format_count++] = found;
  }
  if (arguments->format_count == 0) argp_error(state, "--format is empty; it takes svg, png and pdf");
}

static void take_figure(struct arguments *arguments, const char *name, struct argp_state *state)
{
  const struct figure *figure = figure_find(name);
  const char *nearest = figure_nearest(name);
  if (figure == NULL && nearest != NULL) argp_error(state, "there is no figure '%s'; did you mean %s?", name, nearest);
  if (figure == NULL) argp_error(state, "there is no figure '%s'; 'gclab list figures' lists them", name);
  for (size_t i = 0; i < arguments->figure_count; i++) {
    if (arguments->figures[i] == figure) return;
  }
  if (arguments->figure_count < NAMES_MAX) arguments->figures[arguments->figure_count++] = figure;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case OPTION_FORMAT:
    take_formats(arguments, value, state);
    return 0;
  case OPTION_OUT:
    if (value[0] == '\0') argp_error(state, "--out is empty; it takes a directory");
    arguments->directory = value;
    return 0;
  case OPTION_STORE:
    arguments->store = value;
    return 0;
  case OPTION_CAMPAIGN:
    arguments->campaign = value;
    return 0;
  case 'a':
    arguments->allocator = value;
    return 0;
  case OPTION_JSON:
    arguments->json = true;
    return 0;
  case OPTION_PHASE:
    if (value[0] == '\0') argp_error(state, "--phase is empty; it takes the name of a phase");
    arguments->phase = value;
    return 0;
  case OPTION_BY_PHASE:
    arguments->by_phase = true;
    return 0;
  case OPTION_SIZE:
    if (!setting_size_parse(value, &arguments->size))
      argp_error(state, "--size: '%s' is none of default, small and large", value);
    return 0;
  case ARGP_KEY_END:
    if (arguments->phase != NULL && arguments->by_phase)
      argp_error(state, "--phase shows one phase and --by-phase all of them: they do not go together");
    return 0;
  case ARGP_KEY_ARG:
    take_figure(arguments, value, state);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* What came of it all. */
struct outcome {
  json_t *files;            /* array: paths */
  bool drawn[NAMES_MAX];    /* by figure, in the order of the table: of one dataset at least */
  char *reasons[NAMES_MAX]; /* why it was not; malloc'ed */
  bool failed;
  struct analysis *analysis; /* of the dataset that is drawn, where a figure needed it */
};

/* Where datasets come from. */
struct source {
  struct store *store;
  const struct catalogue *catalogue;
};

static bool is_split(const struct arguments *arguments) { return arguments->phase != NULL || arguments->by_phase; }

/* Why the figure cannot be of what was asked for; NULL: it can. */
static const char *refusal_of(const struct figure *figure, const struct arguments *arguments)
{
  const bool is_narrowed = is_split(arguments) || (figure->without_campaign && arguments->allocator != NULL);
  return is_narrowed ? figure->whole : NULL;
}

/* dataset is NULL where only figures without a campaign are drawn. */
static void draw_one(struct dataset *dataset, const struct source *source, const struct arguments *arguments,
                     const struct figure *figure, struct outcome *outcome)
{
  const size_t number = (size_t)(figure - figures);
  struct figure_job job = {.dataset = dataset,
                           .store = source->store,
                           .analysis = &outcome->analysis,
                           .size = arguments->size,
                           .output = {.directory = arguments->directory,
                                      .formats = arguments->formats,
                                      .format_count = arguments->format_count}};
  const char *refusal = refusal_of(figure, arguments);
  if (refusal != NULL) job.reason = memory_require(strdup(refusal));
  const enum figure_status status = refusal != NULL ? FIGURE_WITHOUT_DATA : figure->draw(&job);
  for (size_t i = 0; i < job.file_count; i++) json_array_append_new(outcome->files, json_string(job.files[i]));
  outcome->drawn[number] |= status == FIGURE_DRAWN;
  outcome->failed |= status == FIGURE_FAILED;
  if (status == FIGURE_WITHOUT_DATA && outcome->reasons[number] == NULL) {
    outcome->reasons[number] = job.reason;
    job.reason = NULL;
  }
  figure_job_free(&job);
}

/* The summary to a file, and to the terminal unless it is to be JSON. */
static void summarise(struct dataset *dataset, const struct arguments *arguments, struct outcome *outcome)
{
  char *text = NULL, *path = NULL, name[256] = "summary";
  size_t bytes = 0;
  if (dataset->view != DATASET_WHOLE) snprintf(name, sizeof name, "summary-%s", dataset->view_slug);
  FILE *out = memory_require(open_memstream(&text, &bytes));
  summary_write(dataset, out);
  memory_close(out);
  if (render_write(arguments->directory, name, ".md", text, bytes, &path))
    json_array_append_new(outcome->files, json_string(path));
  else
    outcome->failed = true;
  if (!arguments->json) printf("%s\n", text);
  free(path);
  free(text);
}

static bool has_suffix(const char *text, const char *suffix)
{
  const size_t length = strlen(text), tail = strlen(suffix);
  return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

/* Those named, or every one, of a dataset; where that is NULL, those without a campaign. */
static void draw_dataset(struct dataset *dataset, const struct source *source, const struct arguments *arguments,
                         struct outcome *outcome)
{
  const size_t files = json_array_size(outcome->files);
  for (size_t i = 0; i < arguments->figure_count; i++)
    draw_one(dataset, source, arguments, arguments->figures[i], outcome);
  for (const struct figure *figure = figures; figure->name != NULL && arguments->figure_count == 0; figure++) {
    if (figure->without_campaign ? refusal_of(figure, arguments) == NULL : dataset != NULL)
      draw_one(dataset, source, arguments, figure, outcome);
  }
  analysis_free(outcome->analysis);
  outcome->analysis = NULL;
  if (dataset != NULL && arguments->figure_count == 0 && json_array_size(outcome->files) > files)
    summarise(dataset, arguments, outcome);
}

/* Figures that no dataset had data for: objects with figure and reason.  One that was named is a failure. */
static json_t *list_not_drawn(const struct arguments *arguments, struct outcome *outcome)
{
  json_t *list = json_array();
  for (size_t i = 0; figures[i].name != NULL; i++) {
    if (outcome->drawn[i] || outcome->reasons[i] == NULL) continue;
    json_array_append_new(list, json_pack("{s:s, s:s}", "figure", figures[i].name, "reason", outcome->reasons[i]));
    if (arguments->figure_count == 0) continue;
    fprintf(stderr, "gclab plot: %s was not drawn: %s\n", figures[i].name, outcome->reasons[i]);
    outcome->failed = true;
  }
  return list;
}

static void print_outcome(const struct outcome *outcome, const json_t *not_drawn, bool named)
{
  size_t i = 0, hidden = 0;
  json_t *item = NULL;
  json_array_foreach (outcome->files, i, item) {
    const char *path = json_string_value(item);
    const bool source = has_suffix(path, ".dat") || has_suffix(path, ".gp");
    hidden += source;
    if (!source) printf("%s\n", path);
  }
  if (hidden > 0) printf("and the data (.dat) and script (.gp) of each figure beside it\n");
  if (named) return;
  json_array_foreach (not_drawn, i, item) {
    printf("not drawn: %s: %s\n", json_string_value(json_object_get(item, "figure")),
           json_string_value(json_object_get(item, "reason")));
  }
}

/* Says what was drawn and what was not; the exit code.  dataset is NULL where no campaign was wanted. */
static int finish(const struct dataset *dataset, const struct arguments *arguments, struct outcome *outcome)
{
  const bool named = arguments->figure_count > 0, any = json_array_size(outcome->files) > 0;
  json_t *not_drawn = list_not_drawn(arguments, outcome);
  if (arguments->json) {
    json_t *root =
        json_pack("{s:s?, s:s?, s:s?, s:O, s:O}", "campaign", dataset != NULL ? dataset->campaign_name : NULL, "id",
                  dataset != NULL ? dataset->campaign_id : NULL, "allocator", arguments->allocator, "files",
                  outcome->files, "not_drawn", not_drawn);
    json_dumpf(root, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(root);
  } else {
    print_outcome(outcome, not_drawn, named);
  }
  if (!any && !named && !outcome->failed)
    fprintf(stderr, "gclab plot: %s%s%s has nothing to draw; 'gclab run quick' measures a bit of everything\n",
            dataset != NULL ? "campaign '" : "the store", dataset != NULL ? dataset->campaign_name : "",
            dataset != NULL ? "'" : "");
  json_decref(outcome->files);
  json_decref(not_drawn);
  for (size_t i = 0; i < NAMES_MAX; i++) free(outcome->reasons[i]);
  return outcome->failed || !any ? EXIT_ENVIRONMENT : EXIT_DONE;
}

/* A workload at a time, split by its phases.  The campaign's is found anew for each: a dataset is split but once. */
static void draw_by_phase(const struct dataset *dataset, const struct source *source, const struct arguments *arguments,
                          struct outcome *outcome)
{
  for (size_t subject = 0; subject < dataset->subject_count && !outcome->failed; subject++) {
    size_t count = 0;
    char **phases = dataset_phases(dataset, subject, &count);
    outcome->failed |= phases == NULL;
    dataset_phases_free(phases, count);
    if (count == 0) continue;
    struct dataset *split = dataset_load(source->store, dataset->campaign_id, arguments->allocator, source->catalogue);
    if (split != NULL && dataset_split_by_each(split, subject))
      draw_dataset(split, source, arguments, outcome);
    else
      outcome->failed = true;
    dataset_free(split);
  }
}

/* The campaign's phases, workload by workload: for the one who asked for another. */
static void list_phases(const struct dataset *dataset)
{
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    size_t count = 0;
    char **phases = dataset_phases(dataset, subject, &count);
    if (count > 0) fprintf(stderr, "  %s:", dataset->subjects[subject].label);
    for (size_t i = 0; i < count; i++) fprintf(stderr, "%s %s", i > 0 ? "," : "", phases[i]);
    if (count > 0) fputc('\n', stderr);
    dataset_phases_free(phases, count);
  }
}

static bool has_phase(const struct dataset *dataset, const char *phase)
{
  bool found = false;
  for (size_t subject = 0; subject < dataset->subject_count && !found; subject++) {
    size_t count = 0;
    char **phases = dataset_phases(dataset, subject, &count);
    for (size_t i = 0; i < count; i++) found |= phase == NULL || strcmp(phases[i], phase) == 0;
    dataset_phases_free(phases, count);
  }
  return found;
}

/* Is there what the options of phases ask for? */
static bool check_phases(const struct dataset *dataset, const struct arguments *arguments)
{
  if (arguments->phase != NULL && !has_phase(dataset, arguments->phase)) {
    fprintf(stderr, "gclab plot: --phase: no workload of campaign '%s' has a phase '%s'; there are\n",
            dataset->campaign_name, arguments->phase);
    list_phases(dataset);
    return false;
  }
  if (arguments->by_phase && !has_phase(dataset, NULL)) {
    fprintf(stderr, "gclab plot: --by-phase: no workload of campaign '%s' has phases\n", dataset->campaign_name);
    return false;
  }
  return true;
}

static int draw_all(struct dataset *dataset, const struct source *source, const struct arguments *arguments)
{
  if (dataset != NULL && !check_phases(dataset, arguments)) return EXIT_ENVIRONMENT;
  struct outcome outcome = {.files = json_array()};
  if (dataset != NULL && arguments->by_phase)
    draw_by_phase(dataset, source, arguments, &outcome);
  else if (dataset == NULL || arguments->phase == NULL || dataset_split_by_one(dataset, arguments->phase))
    draw_dataset(dataset, source, arguments, &outcome);
  else
    outcome.failed = true;
  return finish(dataset, arguments, &outcome);
}

static bool see_campaign(void *context, const struct store_campaign *campaign, const struct store_host *host)
{
  (void)campaign, (void)host;
  *(bool *)context = true;
  return false;
}

/* Figures that are drawn from something else in the store take none, and where it has none they are all there is. */
static bool want_campaign(struct store *store, const struct arguments *arguments)
{
  if (arguments->campaign != NULL) return true;
  if (arguments->figure_count == 0) {
    bool any = false;
    return !store_each_campaign(store, see_campaign, &any) || any || arguments->allocator != NULL ||
           is_split(arguments);
  }
  for (size_t i = 0; i < arguments->figure_count; i++) {
    if (!arguments->figures[i]->without_campaign) return true;
  }
  return false;
}

int command_plot(int argc, char **argv)
{
  struct arguments arguments = {.directory = "figures", .formats = {"svg", "png"}, .format_count = 2};
  static const struct argp argp = {.options = options, .parser = parse_option, .args_doc = "[FIGURE...]", .doc = doc};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct store *store = store_open(command_store_path(arguments.store), STORE_READ);
  if (store == NULL) return EXIT_ENVIRONMENT;
  struct catalogue *catalogue = catalogue_load_quietly(); /* knobs, for axes; a store can be drawn without any */
  const bool wants_campaign = want_campaign(store, &arguments);
  struct dataset *dataset =
      wants_campaign ? dataset_load(store, arguments.campaign, arguments.allocator, catalogue) : NULL;
  int status = EXIT_ENVIRONMENT;
  if ((dataset != NULL || !wants_campaign) && canvas_have_gnuplot() && render_make_directory(arguments.directory))
    status = draw_all(dataset, &(struct source){store, catalogue}, &arguments);
  if (dataset != NULL) dataset_free(dataset);
  if (catalogue != NULL) catalogue_free(catalogue);
  store_close(store);
  return status;
}
