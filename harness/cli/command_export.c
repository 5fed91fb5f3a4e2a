/* gclab export */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/cli/command.h"
#include "harness/cli/export.h"
#include "harness/plan/plan.h"
#include "harness/store/store.h"

enum {
  OPTION_FORMAT = 256,
  OPTION_PAUSES,
  OPTION_FLOATING,
  OPTION_WORST,
  OPTION_STORE,
  OPTION_CAMPAIGN,
  OPTION_ALL,
  ID_BYTES = 33
};

enum format { FORMAT_CSV, FORMAT_JSON, FORMAT_GBENCH, FORMATS };

static const char *const formats[FORMATS] = {"csv", "json", "gbench"};

static const struct argp_option options[] = {
    {"format", OPTION_FORMAT, "csv|json|gbench", 0,
     "what to write (default csv); gbench: the JSON that Google Benchmark's compare.py reads", 1},
    {"pauses", OPTION_PAUSES, 0, 0, "a row a pause, not a row a trial", 1},
    {"floating", OPTION_FLOATING, 0, 0, "a row a point of floating garbage, of campaigns that were run with --floating",
     1},
    {"worst", OPTION_WORST, "TIME", 0,
     "a row a window of this length (10ms): the ten of each trial in which the program had the least time, with what "
     "was "
     "in them",
     1},
    {"campaign", OPTION_CAMPAIGN, "NAME|ID", 0,
     "of this campaign: a name, an id or its beginning (default: the newest)", 2},
    {"all", OPTION_ALL, 0, 0, "of all campaigns", 2},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 2},
    {"output", 'o', "FILE", 0, "write to FILE (default: standard output)", 3},
    {0},
};

static const char doc[] =
    "Writes measurements for other programs: a row a trial, a row a pause, or a row a point of floating garbage."
    "\vIn CSV, knobs and parameters are 'a=1;b=2' and a value that is not there is an empty field; in JSON they are "
    "objects, and null. docs/schema.md explains every column. Cascades below the journal's floor are counted in a "
    "trial's pauses, but have no row of their own.\n\n"
    "Examples:\n"
    "  gclab export > trials.csv\n"
    "  gclab export --campaign thresholds --pauses -o pauses.csv\n"
    "  gclab export --worst 10ms\n"
    "  gclab export --all --format json | jq '.[] | select(.outcome != \"ok\")'\n"
    "  gclab export --format gbench -o new.json && compare.py benchmarks old.json new.json\n"
    "  compare.py filters new.json marksweep semispace\n\n"
    "Exit codes: 0 done; 1 a series is damaged and was left out; 2 wrong usage; 4 there is no such store or campaign, "
    "or the output could not be written.";

struct arguments {
  const char *store, *campaign, *output;
  const struct export_rows *rows;
  uint64_t window_ns;
  enum format format;
  bool all;
};

static void choose_rows(struct arguments *arguments, const struct export_rows *rows, struct argp_state *state)
{
  if (arguments->rows != &export_trials) argp_error(state, "--pauses, --floating and --worst exclude each other");
  arguments->rows = rows;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  char error[SETTING_ERROR_MAX];
  switch (key) {
  case OPTION_FORMAT:
    arguments->format = 0;
    while (arguments->format < FORMATS && strcmp(formats[arguments->format], value) != 0) arguments->format++;
    if (arguments->format == FORMATS) argp_error(state, "--format: '%s' is none of csv, json and gbench", value);
    return 0;
  case OPTION_PAUSES:
    choose_rows(arguments, &export_pauses, state);
    return 0;
  case OPTION_FLOATING:
    choose_rows(arguments, &export_floating, state);
    return 0;
  case OPTION_WORST:
    choose_rows(arguments, &export_worst, state);
    if (!quantity_parse_duration("worst", value, false, &arguments->window_ns, error)) argp_error(state, "--%s", error);
    return 0;
  case OPTION_STORE:
    arguments->store = value;
    return 0;
  case OPTION_CAMPAIGN:
    arguments->campaign = value;
    return 0;
  case OPTION_ALL:
    arguments->all = true;
    return 0;
  case 'o':
    arguments->output = value;
    return 0;
  case ARGP_KEY_ARG:
    argp_error(state, "'%s' is one word too many; a campaign is named with --campaign", value);
    return 0;
  case ARGP_KEY_END:
    if (arguments->all && arguments->campaign != NULL) argp_error(state, "--all and --campaign exclude each other");
    if (arguments->format == FORMAT_GBENCH && (arguments->all || arguments->rows != &export_trials))
      argp_error(state, "--format gbench is of the trials of one campaign: leave out --all, --pauses, --floating and "
                        "--worst");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

struct export
{
  struct export_writer writer;
  struct store *store;
  const struct export_rows *rows;
  bool damaged;
  bool gbench;
  struct export_gbench_place place;
  struct usage {
    char *collector, *allocator; /* the first that it was seen on */
    bool on_several;
  } * usages;
  size_t usage_count;
  char cell_id[ID_BYTES];     /* the last one's */
  char campaign_id[ID_BYTES]; /* of the name below */
  char *campaign;
};

/* The campaign's name is kept; Google Benchmark's JSON begins with what is known of it. */
static bool see_campaign(void *context, const struct store_campaign *campaign, const struct store_host *host)
{
  struct export *export = context;
  if (strcmp(campaign->id, export->campaign_id) != 0) return true;
  export->campaign = memory_require(strdup(campaign->name));
  export->place.repetitions = campaign->blocks;
  if (export->gbench) export_gbench_begin(export->writer.out, campaign, host);
  return false;
}

static void find_campaign(struct export *export, const char *campaign_id)
{
  if (strcmp(export->campaign_id, campaign_id) == 0) return;
  snprintf(export->campaign_id, sizeof export->campaign_id, "%s", campaign_id);
  free(export->campaign);
  export->campaign = NULL;
  store_each_campaign(export->store, see_campaign, export);
}

static void export_series(struct export *export, const struct store_trial *trial, const struct store_cell *cell)
{
  struct store_series series;
  if (!store_load_series(export->store, trial->id, &series)) {
    export->damaged = true;
    return;
  }
  export->rows->write(&export->writer, export->campaign, trial, cell, &series);
  store_series_free(&series);
}

static struct usage *usage_of(struct export *export, const struct store_cell *cell)
{
  for (size_t i = 0; i < export->usage_count; i++) {
    if (strcmp(export->usages[i].collector, cell->collector) == 0) return &export->usages[i];
  }
  export->usages = memory_require(reallocarray(export->usages, export->usage_count + 1, sizeof *export->usages));
  struct usage *usage = &export->usages[export->usage_count++];
  *usage = (struct usage){.collector = memory_require(strdup(cell->collector)),
                          .allocator = memory_require(strdup(cell->allocator))};
  return usage;
}

/* Before the first name is written: who runs on several allocators? */
static bool see_usage(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  (void)trial;
  struct usage *usage = usage_of(context, cell);
  usage->on_several |= strcmp(usage->allocator, cell->allocator) != 0;
  return true;
}

static void free_usages(struct export *export)
{
  for (size_t i = 0; i < export->usage_count; i++) {
    free(export->usages[i].collector);
    free(export->usages[i].allocator);
  }
  free(export->usages);
}

/* Trials come cell by cell. */
static void export_gbench(struct export *export, const struct store_trial *trial, const struct store_cell *cell)
{
  struct export_gbench_place *place = &export->place;
  place->is_first = *export->cell_id == '\0';
  if (!place->is_first && strcmp(export->cell_id, cell->id) != 0) place->family++;
  snprintf(export->cell_id, sizeof export->cell_id, "%s", cell->id);
  place->with_allocator = usage_of(export, cell)->on_several;
  export_gbench_trial(export->writer.out, place, trial, cell);
}

static bool see_trial(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  struct export *export = context;
  find_campaign(export, trial->campaign_id);
  if (export->gbench)
    export_gbench(export, trial, cell);
  else if (export->rows->needs_series)
    export_series(export, trial, cell);
  else
    export->rows->write(&export->writer, export->campaign, trial, cell, NULL);
  return !ferror(export->writer.out);
}

static void write_head(const struct export *export)
{
  const struct export_writer *writer = &export->writer;
  if (export->gbench) return; /* it begins with the campaign */
  if (writer->json) {
    fputs("[\n", writer->out);
    return;
  }
  for (size_t i = 0; i < export->rows->column_count; i++)
    fprintf(writer->out, "%s%s", i > 0 ? "," : "", export->rows->columns[i]);
  fputc('\n', writer->out);
}

static bool export_all(struct export *export, const char *campaign_id)
{
  write_head(export);
  bool read = true;
  if (export->gbench && campaign_id != NULL) {
    find_campaign(export, campaign_id);
    read = store_each_trial(export->store, campaign_id, see_usage, export);
  }
  read = read && store_each_trial(export->store, campaign_id, see_trial, export);
  if (export->gbench)
    export_gbench_end(export->writer.out);
  else if (export->writer.json)
    fputs("\n]\n", export->writer.out);
  free(export->campaign);
  free_usages(export);
  return read;
}

static int complain_output(const char *output)
{
  fprintf(stderr, "gclab export: %s: %s\n", output != NULL ? output : "standard output", strerror(errno));
  return EXIT_ENVIRONMENT;
}

static int run_export(const struct arguments *arguments, struct store *store)
{
  char id[ID_BYTES];
  if (!arguments->all && !store_find_campaign(store, arguments->campaign, id)) return EXIT_ENVIRONMENT;
  FILE *out = arguments->output != NULL ? memory_or_null(fopen(arguments->output, "we")) : stdout;
  if (out == NULL) return complain_output(arguments->output);
  struct export export = {
      .writer = {.out = out, .json = arguments->format == FORMAT_JSON, .window_ns = arguments->window_ns},
      .store = store,
      .rows = arguments->rows,
      .gbench = arguments->format == FORMAT_GBENCH};
  const bool read = export_all(&export, arguments->all ? NULL : id);
  const bool written = !ferror(out) && fflush(out) == 0 && (out == stdout || fclose(out) == 0);
  if (!written) return complain_output(arguments->output);
  if (!read) return EXIT_ENVIRONMENT;
  return export.damaged ? EXIT_FINDING : EXIT_DONE;
}

int command_export(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, NULL, doc, NULL, NULL, NULL};
  struct arguments arguments = {.rows = &export_trials};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct store *store = store_open(command_store_path(arguments.store), STORE_READ);
  if (store == NULL) return EXIT_ENVIRONMENT;
  const int code = run_export(&arguments, store);
  store_close(store);
  return code;
}
