/* gclab replay */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/setting.h"
#include "harness/campaign/campaign.h"
#include "harness/cli/command.h"
#include "harness/cli/words.h"
#include "harness/plan/plan.h"
#include "harness/process/interrupt.h"
#include "harness/process/temporary.h"
#include "harness/recording/session.h"
#include "harness/replay/replay.h"
#include "harness/store/store.h"
#include "harness/text/text.h"

enum { OPTION_PROCESS = 256, OPTION_BLOCKS, OPTION_BUDGET, OPTION_TIME_LIMIT, OPTION_STORE, OPTION_JSON };

static const struct argp_option options[] = {
    {"collector", 'c', "NAME", 0, "on this collector (also: all, own, peers; default own; several with commas)", 1},
    {"set", 's', "[COLLECTOR.]KNOB=VALUE,...", 0, "values of a knob; FROM..TO/N for N points between", 1},
    {"process", OPTION_PROCESS, "N", 0,
     "of several recorded processes this one, from 1 in the order of their start "
     "(default: the one with the most events)",
     1},
    {"blocks", OPTION_BLOCKS, "N", 0, "trials of each cell (default 3)", 2},
    {"budget", OPTION_BUDGET, "TIME", 0, "start no more trials after 90s, 10m, ...", 2},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "for one trial (default 60s)", 2},
    {"store", OPTION_STORE, "FILE", 0, "results database (default: $GCLAB_STORE, else gclab.sqlite here)", 3},
    {"quiet", 'q', 0, 0, "no progress, only the summary", 3},
    {"json", OPTION_JSON, 0, 0, "the summary as JSON", 3},
    {0},
};

static const char doc[] =
    "Runs the allocations and deaths of a recorded Python program on other collectors: what if it had mark-sweep?"
    "\vRECORDING is a directory that 'gclab record' made, or a file of it. What is exact and what is approximate is "
    "said "
    "first. The program's own work is not repeated: compare collectors with one another, not with the program.\n\n"
    "Examples:\n"
    "  gclab record -- python3 app.py\n"
    "  gclab replay gclab-recording\n"
    "  gclab replay gclab-recording -c refcount_cyclic,marksweep --blocks 10\n"
    "  gclab replay gclab-recording -c refcount_cyclic --set threshold0=700,10000\n\n"
    "Exit codes: 0 done; 2 wrong usage; 3 a trial failed; 4 the recording cannot be replayed, or the environment lacks "
    "something; 130 interrupted.";

struct arguments {
  const char *recording, *process, *store;
  struct plan_options options;
  struct campaign_options campaign;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case 'c':
  case 's':
    if (*value == '\0') argp_error(state, "%s is empty", key == 'c' ? "--collector" : "--set");
    plan_words_add_option(key == 'c' ? &arguments->options.collectors : &arguments->options.set,
                          key == 'c' ? "--collector" : "--set", value, key == 'c');
    return 0;
  case OPTION_PROCESS:
    arguments->process = value;
    return 0;
  case OPTION_BLOCKS:
    arguments->options.blocks = value;
    return 0;
  case OPTION_BUDGET:
    arguments->options.budget = value;
    return 0;
  case OPTION_TIME_LIMIT:
    arguments->options.time_limit = value;
    return 0;
  case OPTION_STORE:
    arguments->store = value;
    return 0;
  case OPTION_JSON:
    arguments->campaign.json = true;
    return 0;
  case 'q':
    arguments->campaign.quiet = true;
    return 0;
  case ARGP_KEY_ARG:
    if (arguments->recording != NULL) argp_error(state, "'%s' is one word too many: there is one RECORDING", value);
    arguments->recording = value;
    return 0;
  case ARGP_KEY_NO_ARGS:
    argp_error(state, "name a recording: 'gclab record -- python3 app.py' makes one in gclab-recording");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- the recording ---------------------------------------------------------------------------------------------- */

/* What is replayed, and what there is to say about it. */
struct source {
  char *program;
  uint64_t ticks, collections;
  struct replay_file file;
};

static int complain(const char *message)
{
  fprintf(stderr, "gclab replay: %s\n", message);
  return EXIT_ENVIRONMENT;
}

/* The process that is meant; NULL with an exit code after a message. */
static const struct session_process *choose(const struct arguments *arguments, const struct session *session, int *code)
{
  char error[SETTING_ERROR_MAX];
  uint64_t number = 0;
  if (arguments->process == NULL) {
    const struct session_process *largest = session_largest(session);
    if (largest == NULL) {
      fprintf(stderr,
              "gclab replay: %s: there are pauses in it, but no objects: record without --pauses, on CPython "
              "3.11\n",
              arguments->recording);
      *code = EXIT_ENVIRONMENT;
    }
    return largest;
  }
  if (quantity_parse_number("process", arguments->process, 1, session->count, &number, error))
    return &session->list[number - 1];
  fprintf(stderr, "gclab replay: --process: %s; 'gclab record --show %s' lists them\n", error, arguments->recording);
  *code = EXIT_USAGE;
  return NULL;
}

static int read_process(const struct session_process *process, struct source *source)
{
  char error[RECORDING_ERROR_MAX];
  struct recording recording;
  if (!recording_read(process->path, &recording, error)) return complain(error);
  if (recording.header.kind != RECORDING_OBJECTS || recording.object_count == 0) {
    fprintf(stderr, "gclab replay: %s: there are no objects in it: record without --pauses, on CPython 3.11\n",
            process->path);
    recording_free(&recording);
    return EXIT_ENVIRONMENT;
  }
  source->program = recording_command(&recording.header);
  source->ticks = recording.tick_count;
  source->collections = recording.collection_count;
  source->file = replay_make(&recording);
  recording_free(&recording);
  return EXIT_DONE;
}

static int read_source(const struct arguments *arguments, struct source *source)
{
  char error[RECORDING_ERROR_MAX];
  struct session session;
  int code = EXIT_ENVIRONMENT;
  if (!session_open(arguments->recording, &session, error)) return complain(error);
  const struct session_process *process = choose(arguments, &session, &code);
  if (process != NULL) code = read_process(process, source);
  session_close(&session);
  return code;
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

static const char exact[] =
    "which objects there are (those that CPython's collector counts), the order of their allocations, and of their "
    "frees by reference counting";
static const char approximate[] =
    "when cyclic garbage became garbage (drawn between the last collection that found it alive and the one that freed "
    "it), its links (rings of neighbours), the size of objects (all the same), other references (none, so no "
    "cascades), and the program's own work (none)";

static void print_source(const struct source *source)
{
  const struct replay_header *header = &source->file.header;
  char objects[TEXT_NUMBER_MAX], cyclic[TEXT_NUMBER_MAX], slots[TEXT_NUMBER_MAX], ticks[TEXT_NUMBER_MAX];
  printf("Replay of: %.200s\n"
         "  %s objects, %s of them cyclic garbage, %s at most at once; %s ticks, %" PRIu64 " collections recorded\n"
         "  exact: %s\n  approximate: %s\n\n",
         source->program, text_count(header->objects, objects), text_count(header->cyclic, cyclic),
         text_count(header->slots, slots), text_count(source->ticks, ticks), source->collections, exact, approximate);
  fflush(stdout);
}

static json_t *json_of_source(const struct source *source)
{
  const struct replay_header *header = &source->file.header;
  return json_pack("{s:s%, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s}", "program", source->program,
                   strlen(source->program), "objects", (json_int_t)header->objects, "initial",
                   (json_int_t)header->initial, "cyclic", (json_int_t)header->cyclic, "most_at_once",
                   (json_int_t)header->slots, "live_at_end", (json_int_t)header->live, "ticks",
                   (json_int_t)source->ticks, "collections", (json_int_t)source->collections, "exact", exact,
                   "approximate", approximate);
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static bool are_able(const struct plan_cells *cells)
{
  for (size_t i = 0; i < cells->count; i++) {
    if (!catalogue_collector_can(cells->cells[i].collector, "replays_deaths")) continue;
    fprintf(stderr, "gclab replay: %s frees by a schedule of its own, which a recording has none of: leave it out\n",
            cells->cells[i].collector->name);
    return false;
  }
  return true;
}

static int run_cells(struct arguments *arguments, const struct plan *plan, const struct plan_cells *cells,
                     const struct source *source)
{
  struct store *store = store_open(command_store_path(arguments->store), STORE_WRITE);
  if (store == NULL) return EXIT_ENVIRONMENT;
  if (!arguments->campaign.json) print_source(source);
  json_t *about = json_of_source(source);
  arguments->campaign.about = about;
  const int code = campaign_run(plan, cells, store, &arguments->campaign);
  json_decref(about);
  store_close(store);
  return code;
}

static int run_source(struct arguments *arguments, const struct source *source, const char *path,
                      const struct catalogue *catalogue)
{
  struct plan *plan = plan_new("replay");
  struct plan_cells cells;
  int code = EXIT_USAGE;
  char *identity = memory_format("recording=%" PRIu64, source->file.header.identity);
  plan->replay_path = path;
  plan_words_add_option(&arguments->options.workloads, "--workload", "replay", false);
  plan_words_add_option(&arguments->options.param, "--param", identity, false);
  if (arguments->options.collectors.count == 0)
    plan_words_add_option(&arguments->options.collectors, "--collector", "own", false);
  arguments->options.description = source->program;
  if (plan_apply_options(plan, catalogue, &arguments->options) && plan_expand(plan, catalogue, &cells)) {
    if (plan_validate(&cells) && are_able(&cells)) {
      plan_add_twins(plan, &cells);
      code = run_cells(arguments, plan, &cells, source);
    }
    plan_cells_free(&cells);
  }
  free(identity);
  plan_free(plan);
  return code;
}

/* Signals are held while the file is there, so that it is removed whatever happens. */
static int replay(struct arguments *arguments, const struct source *source)
{
  static struct temporary temporary;
  struct catalogue *catalogue = catalogue_load();
  if (catalogue == NULL) return EXIT_ENVIRONMENT;
  int code = EXIT_ENVIRONMENT;
  if (interrupt_watch() && temporary_make(&temporary, "replay")) {
    const char *path = temporary_file(&temporary, "recording.gcreplay");
    if (replay_write(&source->file, path))
      code = run_source(arguments, source, path, catalogue);
    else
      fprintf(stderr, "gclab replay: %s: %s; name a place with room in TMPDIR\n", path, strerror(errno));
    temporary_remove(&temporary);
  }
  interrupt_release();
  catalogue_free(catalogue);
  return code;
}

int command_replay(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, "RECORDING", doc, NULL, NULL, NULL};
  struct arguments arguments = {0};
  struct source source = {0};
  char *command = words_join(argc, argv);
  arguments.campaign.command = command;
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  int code = read_source(&arguments, &source);
  if (code == EXIT_DONE) code = replay(&arguments, &source);
  replay_free(&source.file);
  free(source.program);
  plan_options_free(&arguments.options);
  free(command);
  return code;
}
