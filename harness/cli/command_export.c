/* gclab export */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/cli/command.h"
#include "harness/store/store.h"

enum { OPTION_FORMAT = 256, OPTION_PAUSES, OPTION_STORE, OPTION_CAMPAIGN, OPTION_ALL, ID_BYTES = 33 };

static const struct argp_option options[] = {
    {"format", OPTION_FORMAT, "csv|json", 0, "what to write (default csv)", 1},
    {"pauses", OPTION_PAUSES, 0, 0, "a row a pause, not a row a trial", 1},
    {"campaign", OPTION_CAMPAIGN, "NAME|ID", 0,
     "of this campaign: a name, an id or its beginning (default: the newest)", 2},
    {"all", OPTION_ALL, 0, 0, "of all campaigns", 2},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 2},
    {"output", 'o', "FILE", 0, "write to FILE (default: standard output)", 3},
    {0},
};

static const char doc[] =
    "Writes measurements for other programs: a row a trial, or a row a pause."
    "\vIn CSV, knobs and parameters are 'a=1;b=2' and a value that is not there is an empty field; in JSON they are "
    "objects, and null. docs/schema.md explains every column. Cascades below the journal's floor are counted in a "
    "trial's pauses, but have no row of their own.\n\n"
    "Examples:\n"
    "  gclab export > trials.csv\n"
    "  gclab export --campaign thresholds --pauses -o pauses.csv\n"
    "  gclab export --all --format json | jq '.[] | select(.outcome != \"ok\")'\n\n"
    "Exit codes: 0 done; 1 a series is damaged and was left out; 2 wrong usage; 4 there is no such store or campaign, "
    "or the output could not be written.";

struct arguments {
  const char *store, *campaign, *output;
  bool json, pauses, all;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case OPTION_FORMAT:
    arguments->json = strcmp(value, "json") == 0;
    if (!arguments->json && strcmp(value, "csv") != 0)
      argp_error(state, "--format: '%s' is neither csv nor json", value);
    return 0;
  case OPTION_PAUSES:
    arguments->pauses = true;
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
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- rows of fields, as CSV (RFC 4180) or JSON ------------------------------------------------------------------ */

struct writer {
  FILE *out;
  bool json;
  bool in_row; /* a field was written already */
  uint64_t rows;
};

static void begin_field(struct writer *writer, const char *name)
{
  if (writer->in_row) fputs(writer->json ? ", " : ",", writer->out);
  if (writer->json) fprintf(writer->out, "\"%s\": ", name);
  writer->in_row = true;
}

static void write_quoted_csv(FILE *out, const char *text)
{
  if (strpbrk(text, ",\"\r\n") == NULL) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text != '\0'; text++) {
    if (*text == '"') fputc('"', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

static void write_json(FILE *out, json_t *value)
{
  if (value == NULL || json_dumpf(value, out, JSON_ENCODE_ANY | JSON_COMPACT) != 0) fputs("null", out);
  json_decref(value);
}

static void write_text(struct writer *writer, const char *name, const char *text)
{
  begin_field(writer, name);
  if (writer->json)
    write_json(writer->out, text != NULL ? json_string(text) : NULL);
  else if (text != NULL)
    write_quoted_csv(writer->out, text);
}

static void write_number(struct writer *writer, const char *name, int64_t value)
{
  begin_field(writer, name);
  if (value != STORE_NONE)
    fprintf(writer->out, "%" PRId64, value);
  else if (writer->json)
    fputs("null", writer->out);
}

static void write_count(struct writer *writer, const char *name, uint64_t value)
{
  begin_field(writer, name);
  fprintf(writer->out, "%" PRIu64, value);
}

/* {"a":"1","b":"2"} -> a=1;b=2 */
static char *join_settings(const json_t *object)
{
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = memory_require(open_memstream(&text, &bytes));
  const char *gap = "";
  for (void *at = json_object_iter((json_t *)object); at != NULL; at = json_object_iter_next((json_t *)object, at)) {
    const char *value = json_string_value(json_object_iter_value(at));
    fprintf(out, "%s%s=%s", gap, json_object_iter_key(at), value != NULL ? value : "");
    gap = ";";
  }
  memory_close(out);
  return text;
}

static void write_settings(struct writer *writer, const char *name, const char *text)
{
  json_t *object = json_loads(text, 0, NULL);
  begin_field(writer, name);
  if (writer->json) {
    write_json(writer->out, object);
    return;
  }
  char *joined = join_settings(object);
  if (joined != NULL) write_quoted_csv(writer->out, joined);
  free(joined);
  json_decref(object);
}

static void begin_row(struct writer *writer)
{
  if (writer->json) fputs(writer->rows == 0 ? "{" : ",\n{", writer->out);
  writer->in_row = false;
  writer->rows++;
}

static void end_row(struct writer *writer) { fputs(writer->json ? "}" : "\n", writer->out); }

/* ---- a row a trial ---------------------------------------------------------------------------------------------- */

/* Where a column's value is; this order is that of the columns. */
static const struct column {
  const char *name;
  enum { OF_CAMPAIGN, TRIAL_TEXT, TRIAL_NUMBER, CELL_TEXT, CELL_SETTINGS } kind;
  size_t offset;
} columns[] = {
    {"campaign", OF_CAMPAIGN, 0},
    {"campaign_id", TRIAL_TEXT, offsetof(struct store_trial, campaign_id)},
    {"trial", TRIAL_TEXT, offsetof(struct store_trial, id)},
    {"cell", CELL_TEXT, offsetof(struct store_cell, id)},
    {"collector", CELL_TEXT, offsetof(struct store_cell, collector)},
    {"collector_version", CELL_TEXT, offsetof(struct store_cell, collector_version)},
    {"workload", CELL_TEXT, offsetof(struct store_cell, workload)},
    {"size", CELL_TEXT, offsetof(struct store_cell, size)},
    {"knobs", CELL_SETTINGS, offsetof(struct store_cell, knobs)},
    {"parameters", CELL_SETTINGS, offsetof(struct store_cell, parameters)},
    {"varied", CELL_SETTINGS, offsetof(struct store_cell, varied)},
    {"allocator", CELL_TEXT, offsetof(struct store_cell, allocator)},
    {"allocator_version", TRIAL_TEXT, offsetof(struct store_trial, allocator)},
    {"block", TRIAL_NUMBER, offsetof(struct store_trial, block)},
    {"position", TRIAL_NUMBER, offsetof(struct store_trial, position)},
    {"seed", TRIAL_NUMBER, offsetof(struct store_trial, seed)},
    {"started_at", TRIAL_TEXT, offsetof(struct store_trial, started_at)},
    {"outcome", TRIAL_TEXT, offsetof(struct store_trial, outcome)},
    {"signal", TRIAL_NUMBER, offsetof(struct store_trial, signal)},
    {"message", TRIAL_TEXT, offsetof(struct store_trial, message)},
    {"wall_ns", TRIAL_NUMBER, offsetof(struct store_trial, wall_ns)},
    {"cpu_ns", TRIAL_NUMBER, offsetof(struct store_trial, cpu_ns)},
    {"gc_ns", TRIAL_NUMBER, offsetof(struct store_trial, gc_ns)},
    {"process_ns", TRIAL_NUMBER, offsetof(struct store_trial, process_ns)},
    {"startup_ns", TRIAL_NUMBER, offsetof(struct store_trial, startup_ns)},
    {"pauses", TRIAL_NUMBER, offsetof(struct store_trial, pauses)},
    {"pause_p50_ns", TRIAL_NUMBER, offsetof(struct store_trial, pause_p50_ns)},
    {"pause_p99_ns", TRIAL_NUMBER, offsetof(struct store_trial, pause_p99_ns)},
    {"pause_max_ns", TRIAL_NUMBER, offsetof(struct store_trial, pause_max_ns)},
    {"allocations", TRIAL_NUMBER, offsetof(struct store_trial, allocations)},
    {"allocated_bytes", TRIAL_NUMBER, offsetof(struct store_trial, allocated_bytes)},
    {"collections", TRIAL_NUMBER, offsetof(struct store_trial, collections)},
    {"held_objects", TRIAL_NUMBER, offsetof(struct store_trial, held_objects)},
    {"held_bytes", TRIAL_NUMBER, offsetof(struct store_trial, held_bytes)},
    {"peak_heap_bytes", TRIAL_NUMBER, offsetof(struct store_trial, peak_heap_bytes)},
    {"peak_footprint_bytes", TRIAL_NUMBER, offsetof(struct store_trial, peak_footprint_bytes)},
    {"vmhwm_bytes", TRIAL_NUMBER, offsetof(struct store_trial, vmhwm_bytes)},
    {"steal_ticks", TRIAL_NUMBER, offsetof(struct store_trial, steal_ticks)},
    {"checksum", TRIAL_TEXT, offsetof(struct store_trial, checksum)},
    {"twin_of", CELL_TEXT, offsetof(struct store_cell, twin_of)},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const char *text_at(const void *row, size_t offset)
{
  return *(const char *const *)(const void *)((const char *)row + offset);
}

static void write_trial(struct writer *writer, const char *campaign, const struct store_trial *trial,
                        const struct store_cell *cell)
{
  begin_row(writer);
  for (size_t i = 0; i < COLUMNS; i++) {
    const struct column *column = &columns[i];
    switch (column->kind) {
    case OF_CAMPAIGN:
      write_text(writer, column->name, campaign);
      break;
    case TRIAL_TEXT:
      write_text(writer, column->name, text_at(trial, column->offset));
      break;
    case TRIAL_NUMBER:
      write_number(writer, column->name, *(const int64_t *)(const void *)((const char *)trial + column->offset));
      break;
    case CELL_TEXT:
      write_text(writer, column->name, text_at(cell, column->offset));
      break;
    case CELL_SETTINGS:
      write_settings(writer, column->name, text_at(cell, column->offset));
      break;
    }
  }
  end_row(writer);
}

/* ---- a row a pause ---------------------------------------------------------------------------------------------- */

static const char *const pause_columns[] = {
    "campaign",
    "trial",
    "collector",
    "workload",
    "varied",
    "block",
    "kind",
    "cause",
    "generation",
    "phase",
    "start_ns",
    "duration_ns",
    "mark_ns",
    "heap_before_bytes",
    "heap_after_bytes",
    "examined_objects",
    "followed_edges",
    "freed_objects",
    "freed_bytes",
    "survived_objects",
    "preempted",
};

enum { PAUSE_COLUMNS = sizeof pause_columns / sizeof pause_columns[0] };

/* The fields that all pauses of a trial share, written once. */
static char *make_shared_fields(const struct writer *writer, const char *campaign, const struct store_trial *trial,
                                const struct store_cell *cell)
{
  char *text = NULL;
  size_t bytes = 0;
  struct writer shared = {.out = memory_require(open_memstream(&text, &bytes)), .json = writer->json};
  write_text(&shared, "campaign", campaign);
  write_text(&shared, "trial", trial->id);
  write_text(&shared, "collector", cell->collector);
  write_text(&shared, "workload", cell->workload);
  write_settings(&shared, "varied", cell->varied);
  write_number(&shared, "block", trial->block);
  memory_close(shared.out);
  return text;
}

static void write_pause(struct writer *writer, const char *shared, const struct store_series *series,
                        const struct journal_row *row)
{
  begin_row(writer);
  fputs(shared, writer->out);
  writer->in_row = true;
  write_text(writer, "kind", journal_kind_names[row->kind]);
  write_text(writer, "cause", journal_cause_names[row->cause]);
  write_count(writer, "generation", row->generation);
  write_text(writer, "phase", row->phase < series->phase_count ? series->phases[row->phase].name : NULL);
  write_count(writer, "start_ns", row->start_ns);
  write_count(writer, "duration_ns", row->duration_ns);
  write_count(writer, "mark_ns", row->mark_ns);
  write_count(writer, "heap_before_bytes", row->heap_before_bytes);
  write_count(writer, "heap_after_bytes", row->heap_after_bytes);
  write_count(writer, "examined_objects", row->examined_objects);
  write_count(writer, "followed_edges", row->followed_edges);
  write_count(writer, "freed_objects", row->freed_objects);
  write_count(writer, "freed_bytes", row->freed_bytes);
  write_count(writer, "survived_objects", row->survived_objects);
  write_number(writer, "preempted",
               (row->flags & JOURNAL_WATCHED) != 0 ? (row->flags & JOURNAL_PREEMPTED) != 0 : STORE_NONE);
  end_row(writer);
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

struct export
{
  struct writer writer;
  struct store *store;
  bool pauses, damaged;
  char campaign_id[ID_BYTES]; /* of the name below */
  char *campaign;
};

static bool see_name(void *context, const struct store_campaign *campaign, const struct store_host *host)
{
  (void)host;
  struct export *export = context;
  if (strcmp(campaign->id, export->campaign_id) != 0) return true;
  export->campaign = memory_require(strdup(campaign->name));
  return false;
}

static void find_name(struct export *export, const char *campaign_id)
{
  if (strcmp(export->campaign_id, campaign_id) == 0) return;
  snprintf(export->campaign_id, sizeof export->campaign_id, "%s", campaign_id);
  free(export->campaign);
  export->campaign = NULL;
  store_each_campaign(export->store, see_name, export);
}

static void export_pauses(struct export *export, const struct store_trial *trial, const struct store_cell *cell)
{
  struct store_series series;
  if (!store_load_series(export->store, trial->id, &series)) {
    export->damaged = true;
    return;
  }
  char *shared = make_shared_fields(&export->writer, export->campaign, trial, cell);
  for (size_t i = 0; shared != NULL && i < series.pause_count; i++)
    write_pause(&export->writer, shared, &series, &series.pauses[i]);
  free(shared);
  store_series_free(&series);
}

static bool see_trial(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  struct export *export = context;
  find_name(export, trial->campaign_id);
  if (export->pauses)
    export_pauses(export, trial, cell);
  else
    write_trial(&export->writer, export->campaign, trial, cell);
  return !ferror(export->writer.out);
}

static void write_head(const struct export *export)
{
  const struct writer *writer = &export->writer;
  if (writer->json) {
    fputs("[\n", writer->out);
    return;
  }
  const size_t count = export->pauses ? PAUSE_COLUMNS : COLUMNS;
  for (size_t i = 0; i < count; i++)
    fprintf(writer->out, "%s%s", i > 0 ? "," : "", export->pauses ? pause_columns[i] : columns[i].name);
  fputc('\n', writer->out);
}

static bool export_all(struct export *export, const char *campaign_id)
{
  write_head(export);
  const bool read = store_each_trial(export->store, campaign_id, see_trial, export);
  if (export->writer.json) fputs("\n]\n", export->writer.out);
  free(export->campaign);
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
  struct export export = {.writer = {.out = out, .json = arguments->json}, .store = store, .pauses = arguments->pauses};
  const bool read = export_all(&export, arguments->all ? NULL : id);
  const bool written = !ferror(out) && fflush(out) == 0 && (out == stdout || fclose(out) == 0);
  if (!written) return complain_output(arguments->output);
  if (!read) return EXIT_ENVIRONMENT;
  return export.damaged ? EXIT_FINDING : EXIT_DONE;
}

int command_export(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, NULL, doc, NULL, NULL, NULL};
  struct arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct store *store = store_open(command_store_path(arguments.store), STORE_READ);
  if (store == NULL) return EXIT_ENVIRONMENT;
  const int code = run_export(&arguments, store);
  store_close(store);
  return code;
}
