/* python_program: see python_program.h. */
#define _GNU_SOURCE
#include "harness/cli/python_program.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/setting.h"
#include "harness/plan/plan.h"
#include "harness/text/text.h"

enum { OPTION_FOR = 512, OPTION_SIGNAL, OPTION_TIME_LIMIT, OPTION_PROCESSES, PROCESSES_SHOWN = 20 };

const char python_program_directory[] = "gclab-recording";

static const struct argp_option options[] = {
    {"out", 'o', "DIR", 0, "where recordings are kept (default gclab-recording, or the next free -2, -3, ...)", 10},
    {"for", OPTION_FOR, "TIME", 0, "for servers: stop the program after so long, as in 60s", 10},
    {"signal", OPTION_SIGNAL, "NAME", 0, "stop it by this signal (default TERM); with --for", 10},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "kill the program after so long; what was recorded is kept", 10},
    {"processes", OPTION_PROCESSES, "N", 0, "record the first N processes (default 256)", 10},
    {0},
};

/* ---- options ---------------------------------------------------------------------------------------------------- */

static uint64_t take_duration(const char *name, const char *text, struct argp_state *state)
{
  char error[SETTING_ERROR_MAX];
  uint64_t ns = 0;
  if (!quantity_parse_duration(name, text, false, &ns, error)) argp_error(state, "%s", error);
  return ns;
}

static int take_signal(const char *text, struct argp_state *state)
{
  static const struct {
    const char *name;
    int number;
  } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT},   {"HUP", SIGHUP},  {"QUIT", SIGQUIT},
                 {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"KILL", SIGKILL}};
  const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    if (strcasecmp(name, signals[i].name) == 0) return signals[i].number;
  }
  argp_error(state, "--signal: '%s' is none of TERM, INT, HUP, QUIT, USR1, USR2 and KILL", text);
  return SIGTERM;
}

static uint64_t take_processes(const char *text, struct argp_state *state)
{
  char error[SETTING_ERROR_MAX];
  uint64_t count = 0;
  if (!quantity_parse_number("--processes", text, 1, 100000, &count, error)) argp_error(state, "%s", error);
  return count;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct python_program *program = state->input;
  switch (key) {
  case 'o':
    program->out = value;
    return 0;
  case OPTION_FOR:
    program->launch.stop_after_ns = take_duration("--for", value, state);
    return 0;
  case OPTION_SIGNAL:
    program->launch.stop_signal = take_signal(value, state);
    return 0;
  case OPTION_TIME_LIMIT:
    program->launch.time_limit_ns = take_duration("--time-limit", value, state);
    return 0;
  case OPTION_PROCESSES:
    program->launch.processes_max = take_processes(value, state);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

const struct argp python_program_argp = {.options = options, .parser = parse_option};

bool python_program_parse_thresholds(const char *text, int64_t *thresholds, char *error)
{
  const char *at = text;
  for (int g = 0; g < 3; g++) {
    char *end = NULL;
    errno = 0;
    const long value = strtol(at, &end, 10);
    if (end == at || value < 0 || value > INT32_MAX || errno != 0 || !isdigit((unsigned char)*at)) break;
    thresholds[g] = value;
    if (*end == '\0') return true;
    if (*end != ',' || g == 2) break;
    at = end + 1;
  }
  snprintf(error, RECORDING_ERROR_MAX,
           "'%.100s' are no thresholds: one to three whole numbers from 0 to 2147483647, as in 50000,20,20", text);
  return false;
}

void python_program_take_words(struct python_program *program, struct argp_state *state)
{
  program->launch.words = state->argv + state->next - 1;
  state->next = state->argc;
}

/* ---- directories ------------------------------------------------------------------------------------------------ */

char *python_program_make_directory(const char *wanted)
{
  char *path = memory_format("%s", wanted != NULL ? wanted : python_program_directory);
  for (int i = 2; mkdir(path, 0777) != 0; i++) {
    if (errno != EEXIST || i > 9999) {
      fprintf(stderr, "gclab: %s cannot be made: %s\n", path, strerror(errno));
      free(path);
      return NULL;
    }
    free(path);
    path = memory_format("%s-%d", wanted != NULL ? wanted : python_program_directory, i);
  }
  return path;
}

int python_program_exit_code(const struct launch_result *result)
{
  return result->signal != 0 ? 128 + result->signal : result->exit_code;
}

/* ---- telling what was recorded ---------------------------------------------------------------------------------- */

static void print_collections(const struct recording *recording, FILE *out)
{
  uint64_t counts[3] = {0}, requested = 0, longest = 0, whole = 0;
  for (size_t i = 0; i < recording->collection_count; i++) {
    const struct recording_collection *collection = &recording->collections[i];
    const uint64_t pause = collection->pause_ns - collection->recorder_ns;
    if (collection->is_automatic) {
      counts[collection->generation]++;
    } else {
      requested++;
    }
    whole += pause;
    if (pause > longest) longest = pause;
  }
  char all[TEXT_NUMBER_MAX], most[TEXT_NUMBER_MAX];
  fprintf(out,
          "%" PRIu64 " collections of generation 0, %" PRIu64 " of 1, %" PRIu64 " of 2, %" PRIu64
          " asked for; %s in them, the longest %s",
          counts[0], counts[1], counts[2], requested, text_duration((double)whole, all),
          text_duration((double)longest, most));
}

static void print_notes(const struct recording *recording, FILE *out)
{
  if (!(recording->header.flags & RECORDING_ENDED) && recording->header.kind == RECORDING_OBJECTS)
    fprintf(out, "    It was left by os._exit or exec, or killed: what was recorded until then is whole.\n");
  if (recording->mismatches > 0)
    fprintf(out, "    At %" PRIu64 " collections generations[0].count was not what the recording makes of it.\n",
            recording->mismatches);
  if (recording_sets_thresholds(recording))
    fprintf(out, "    It calls gc.set_threshold, gc.disable or gc.enable itself.\n");
  if (recording->freeze_count > 0) fprintf(out, "    It calls gc.freeze or gc.unfreeze itself.\n");
  if (recording->collection_count == 0) fprintf(out, "    There was no collection: it allocates too little for one.\n");
}

/* The last snapshot stands for all: later ones are of what the program has become. */
static void print_graphs(const struct recording *recording, FILE *out)
{
  if (recording->graph_count == 0) return;
  const struct recording_graph *last = &recording->graphs[recording->graph_count - 1];
  char objects[TEXT_NUMBER_MAX], references[TEXT_NUMBER_MAX], cyclic[TEXT_NUMBER_MAX], cycles[TEXT_NUMBER_MAX],
      largest[TEXT_NUMBER_MAX], most[TEXT_NUMBER_MAX], time[TEXT_NUMBER_MAX];
  fprintf(
      out,
      "    %zu snapshot%s of the object graph in %s; the last: %s objects, %s references (%.2f each, %s at most); "
      "%s objects in %s cycles, %s in the largest\n",
      recording->graph_count, recording->graph_count == 1 ? "" : "s", text_duration((double)recording->graph_ns, time),
      text_count(last->objects, objects), text_count(last->references, references),
      last->objects > 0 ? (double)last->references / (double)last->objects : 0, text_count(last->most_references, most),
      text_count(last->cyclic, cyclic), text_count(last->cycles, cycles), text_count(last->largest_cycle, largest));
}

static void print_process(const struct session_process *process, FILE *out)
{
  char error[RECORDING_ERROR_MAX];
  struct recording recording;
  char *command = recording_command(&process->header);
  const uint32_t python = process->header.python_hex;
  fprintf(out, "  process %u%s, Python %u.%u.%u: %.200s\n    ", process->header.pid,
          process->header.flags & RECORDING_FORKED ? " (forked)" : "", python >> 24, python >> 16 & 255,
          python >> 8 & 255, command);
  free(command);
  if (!recording_read(process->path, &recording, error)) {
    fprintf(out, "%s\n", error);
    return;
  }
  char time[TEXT_NUMBER_MAX], objects[TEXT_NUMBER_MAX];
  fprintf(out, "%s; ", text_duration((double)recording.duration_ns, time));
  if (process->header.kind == RECORDING_OBJECTS)
    fprintf(out, "%s objects that are counted; ", text_count(recording.object_count, objects));
  print_collections(&recording, out);
  fprintf(out, "\n    in %s\n", process->path);
  print_graphs(&recording, out);
  print_notes(&recording, out);
  recording_free(&recording);
}

void python_program_print_session(const struct session *session, FILE *out)
{
  for (size_t i = 0; i < session->count && i < PROCESSES_SHOWN; i++) print_process(&session->list[i], out);
  if (session->skipped > 0)
    fprintf(out, "  without a header: %zu files, whose processes ended just when they began to be recorded\n",
            session->skipped);
  if (session->started > session->count + session->skipped)
    fprintf(out, "  not recorded: %zu processes of %zu, since only the first are (--processes)\n",
            session->started - session->count - session->skipped, session->started);
  if (session->count > PROCESSES_SHOWN)
    fprintf(out, "  and %zu processes more; 'gclab record --show FILE' shows each\n", session->count - PROCESSES_SHOWN);
}

void python_program_explain_nothing(const char *program, const struct session *session)
{
  if (session->count > 0) {
    const uint32_t python = session->list[0].header.python_hex;
    fprintf(
        stderr,
        "gclab: Python %u.%u was observed by the probe alone: collections and pauses, not objects, which takes the\n"
        "recorder, and that is for CPython 3.11 (python3.11-dev was there when gclab was built).\n",
        python >> 24, python >> 16 & 255);
    return;
  }
  fprintf(stderr,
          "gclab: no Python process of '%s' loaded the recorder.  It comes by PYTHONPATH, which a program that is no\n"
          "Python, python3 -I, -E and -S, and wrappers that clean the environment leave aside.\n",
          program);
}
