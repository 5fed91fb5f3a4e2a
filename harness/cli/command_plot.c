/* gclab plot */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/catalogue/catalogue.h"
#include "harness/cli/command.h"
#include "harness/figures/figures.h"
#include "harness/figures/render.h"
#include "harness/store/store.h"

enum { OPTION_FORMAT = 256, OPTION_OUT, OPTION_STORE, OPTION_CAMPAIGN, OPTION_JSON, FORMATS_MAX = 3, NAMES_MAX = 32 };

static const struct argp_option options[] = {
    {"format", OPTION_FORMAT, "svg,png,pdf", 0, "formats to draw (default svg,png)", 1},
    {"out", OPTION_OUT, "DIR", 0, "directory for the files (default: figures); it is made where it is missing", 1},
    {"campaign", OPTION_CAMPAIGN, "NAME|ID", 0,
     "of this campaign: a name, an id or its beginning (default: the newest)", 2},
    {"allocator", 'a', "NAME", 0,
     "only what ran on this allocator (jemalloc, ..., blocks): collectors are compared on the same memory", 2},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 2},
    {"json", OPTION_JSON, 0, 0, "what was drawn and what was not, as JSON", 3},
    {0},
};

static const char doc[] =
    "Draws figures of a campaign; without FIGURE, all that it has data for, and prints what they show."
    "\vBeside each picture stand its data (.dat) and a gnuplot script (.gp) that draws it again: gnuplot FILE.gp. "
    "Without FIGURE, the summary that is printed is also written to summary.md. 'gclab list figures' lists the "
    "figures.\n\n"
    "Examples:\n"
    "  gclab plot\n"
    "  gclab plot thresholds heatmap --campaign thresholds\n"
    "  gclab plot percentiles --format pdf --out paper/figures\n"
    "  gclab plot overview --campaign allocators --allocator blocks\n\n"
    "Environment: GCLAB_PLOT_PATH is a directory with gnuplot scripts to use in place of gclab's own.\n\n"
    "Exit codes: 0 done; 2 wrong usage; 4 there is no such store or campaign, no gnuplot, no data for a figure that "
    "was "
    "named, or a file could not be written.";

struct arguments {
  const char *store, *campaign, *allocator, *directory;
  const char *formats[FORMATS_MAX];
  size_t format_count;
  const struct figure *figures[NAMES_MAX];
  size_t figure_count;
  bool json;
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
  case ARGP_KEY_ARG:
    take_figure(arguments, value, state);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/*
 * What knobs there are, for axes.  A store can be drawn on a machine without any collector: then scales follow from
 * the values, and what the catalogue would say about missing programs is of no interest.
 */
static struct catalogue *load_catalogue(void)
{
  fflush(stderr);
  const int saved = dup(STDERR_FILENO), nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (saved >= 0 && nothing >= 0) dup2(nothing, STDERR_FILENO);
  struct catalogue *catalogue = catalogue_load();
  fflush(stderr);
  if (saved >= 0) dup2(saved, STDERR_FILENO);
  if (saved >= 0) close(saved);
  if (nothing >= 0) close(nothing);
  return catalogue;
}

/* What came of it all. */
struct outcome {
  json_t *files, *not_drawn; /* arrays: paths; objects with figure and reason */
  bool failed;
};

static void draw_one(struct dataset *dataset, const struct arguments *arguments, const struct figure *figure,
                     bool named, struct outcome *outcome)
{
  struct figure_job job = {.dataset = dataset,
                           .output = {.directory = arguments->directory,
                                      .formats = arguments->formats,
                                      .format_count = arguments->format_count}};
  const enum figure_status status = figure->draw(&job);
  for (size_t i = 0; i < job.file_count; i++) json_array_append_new(outcome->files, json_string(job.files[i]));
  if (status == FIGURE_WITHOUT_DATA) {
    json_array_append_new(outcome->not_drawn, json_pack("{s:s, s:s}", "figure", figure->name, "reason", job.reason));
    if (named) fprintf(stderr, "gclab plot: %s was not drawn: %s\n", figure->name, job.reason);
    outcome->failed |= named;
  }
  outcome->failed |= status == FIGURE_FAILED;
  figure_job_free(&job);
}

/* The summary to summary.md, and to the terminal unless it is to be JSON. */
static void summarise(struct dataset *dataset, const struct arguments *arguments, struct outcome *outcome)
{
  char *text = NULL, *path = NULL;
  size_t bytes = 0;
  FILE *out = memory_require(open_memstream(&text, &bytes));
  summary_write(dataset, out);
  memory_close(out);
  if (render_write(arguments->directory, "summary", ".md", text, bytes, &path))
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

static void print_outcome(const struct outcome *outcome, bool named)
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
  json_array_foreach (outcome->not_drawn, i, item) {
    printf("not drawn: %s: %s\n", json_string_value(json_object_get(item, "figure")),
           json_string_value(json_object_get(item, "reason")));
  }
}

static int draw_all(struct dataset *dataset, const struct arguments *arguments)
{
  struct outcome outcome = {.files = json_array(), .not_drawn = json_array()};
  const bool named = arguments->figure_count > 0;
  for (size_t i = 0; i < arguments->figure_count; i++)
    draw_one(dataset, arguments, arguments->figures[i], true, &outcome);
  for (const struct figure *figure = figures; !named && figure->name != NULL; figure++)
    draw_one(dataset, arguments, figure, false, &outcome);
  const bool any = json_array_size(outcome.files) > 0;
  if (!named && any) summarise(dataset, arguments, &outcome);
  if (arguments->json) {
    json_t *root =
        json_pack("{s:s, s:s, s:s?, s:O, s:O}", "campaign", dataset->campaign_name, "id", dataset->campaign_id,
                  "allocator", arguments->allocator, "files", outcome.files, "not_drawn", outcome.not_drawn);
    json_dumpf(root, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(root);
  } else {
    print_outcome(&outcome, named);
  }
  if (!any && !named && !outcome.failed)
    fprintf(stderr, "gclab plot: campaign '%s' has nothing to draw; 'gclab run quick' measures a bit of everything\n",
            dataset->campaign_name);
  json_decref(outcome.files);
  json_decref(outcome.not_drawn);
  return outcome.failed || !any ? EXIT_ENVIRONMENT : EXIT_DONE;
}

int command_plot(int argc, char **argv)
{
  struct arguments arguments = {.directory = "figures", .formats = {"svg", "png"}, .format_count = 2};
  static const struct argp argp = {.options = options, .parser = parse_option, .args_doc = "[FIGURE...]", .doc = doc};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct store *store = store_open(command_store_path(arguments.store), STORE_READ);
  if (store == NULL) return EXIT_ENVIRONMENT;
  struct catalogue *catalogue = load_catalogue();
  struct dataset *dataset = dataset_load(store, arguments.campaign, arguments.allocator, catalogue);
  int status = EXIT_ENVIRONMENT;
  if (dataset != NULL && canvas_have_gnuplot() && render_make_directory(arguments.directory))
    status = draw_all(dataset, &arguments);
  dataset_free(dataset);
  if (catalogue != NULL) catalogue_free(catalogue);
  store_close(store);
  return status;
}
