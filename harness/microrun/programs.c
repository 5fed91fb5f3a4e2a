#include "harness/microrun/programs.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/campaign/preload.h"
#include "harness/catalogue/program.h"
#include "harness/plan/plan.h"
#include "harness/process/process.h"
#include "harness/store/micro.h"

static const uint64_t list_limit_ns = UINT64_C(30000000000);

/* "DIRECTORY/gclab-trial-NAME" -> "DIRECTORY/gclab-micro-NAME" */
static char *path_beside(const char *trial_path)
{
  static const char trial[] = "gclab-trial-", micro[] = "gclab-micro-";
  char *path = memory_require(strdup(trial_path));
  char *name = strrchr(path, '/');
  name = name != NULL ? name + 1 : path;
  if (strncmp(name, trial, sizeof trial - 1) == 0) memcpy(name, micro, sizeof micro - 1);
  return path;
}

/* Does the knob, "NAME=VALUE", belong to the collector? */
static bool has_knob(const struct catalogue_collector *collector, const char *knob)
{
  const size_t length = strcspn(knob, "=");
  for (size_t i = 0; i < collector->knob_count; i++) {
    if (strlen(collector->knobs[i].name) == length && strncmp(collector->knobs[i].name, knob, length) == 0) return true;
  }
  return false;
}

const char **micro_program_words(const struct micro_program *program, const struct micro_program_request *request,
                                 const char *const *front, const char *const *arguments)
{
  enum { OWN_WORDS = 16 };
  size_t count = OWN_WORDS + 2 * request->knob_count;
  for (size_t i = 0; front != NULL && front[i] != NULL; i++) count++;
  for (size_t i = 0; arguments[i] != NULL; i++) count++;
  const char **words = memory_require(calloc(count, sizeof *words));
  count = 0;
  if (program->preload != NULL) {
    words[count++] = "env";
    words[count++] = program->preload;
  }
  for (size_t i = 0; front != NULL && front[i] != NULL; i++) words[count++] = front[i];
  words[count++] = program->path;
  words[count++] = "--size";
  words[count++] = request->size;
  for (size_t i = 0; i < request->knob_count; i++) {
    if (!has_knob(program->described, request->knobs[i]) || strcmp(program->collector, STORE_MICRO_MACHINE) == 0)
      continue;
    words[count++] = "--set";
    words[count++] = request->knobs[i];
  }
  for (size_t i = 0; arguments[i] != NULL; i++) words[count++] = arguments[i];
  return words;
}

static void take_offers(struct micro_program *program, json_t *rows)
{
  const bool is_machine = strcmp(program->collector, STORE_MICRO_MACHINE) == 0;
  program->offers = memory_require(calloc(json_array_size(rows) + 1, sizeof *program->offers));
  for (size_t i = 0; i < json_array_size(rows); i++) {
    const char *name = NULL, *limit = NULL, *skip = NULL;
    double scale = 1;
    int heavy = 0;
    if (json_unpack(json_array_get(rows, i), "{s:s, s:s, s:F, s:b, s:s?}", "name", &name, "limit", &limit,
                    "limit_scale", &scale, "heavy", &heavy, "skip", &skip) != 0 &&
        name == NULL)
      continue;
    if ((strncmp(name, "limit/", 6) == 0) != is_machine) continue;
    program->offers[program->offer_count++] =
        (struct micro_offer){.name = memory_require(strdup(name)),
                             .limit = memory_require(strdup(limit != NULL ? limit : "")),
                             .skip = skip != NULL ? memory_require(strdup(skip)) : NULL,
                             .limit_scale = scale,
                             .heavy = heavy != 0};
  }
}

static bool ask(struct micro_program *program, const struct micro_program_request *request)
{
  static const char *const arguments[] = {"--list", NULL};
  const char **words = micro_program_words(program, request, NULL, arguments);
  struct process_result result = process_run(&(struct process_request){.words = words, .time_limit_ns = list_limit_ns});
  json_error_t why = {0};
  json_t *document = result.exit_code == 0 ? json_loadb(result.output, result.output_length, 0, &why) : NULL;
  json_t *rows = json_object_get(document, "benchmarks");
  if (json_is_array(rows)) {
    take_offers(program, rows);
  } else {
    fprintf(stderr, "gclab micro: %s: there is no answer to '--list'; build it again\n%s", program->path, result.error);
  }
  const bool ok = json_is_array(rows);
  json_decref(document);
  process_free(&result);
  free((void *)words);
  return ok;
}

/* On which malloc it is run.  The machine's limits are measured on the one that collectors have. */
static bool choose_allocator(struct micro_program *program, const char *allocator)
{
  const bool uses_malloc = strcmp(program->collector, STORE_MICRO_MACHINE) == 0 ||
                           catalogue_collector_can(program->described, "uses_malloc");
  program->allocator = uses_malloc ? allocator : "own";
  struct plan_cell cell = {.collector = program->described, .allocator = program->allocator};
  const struct plan_cells cells = {.cells = &cell, .count = 1};
  if (!preload_find(&cells)) return false;
  const char *library = preload_of(&cell);
  if (library != NULL) program->preload = memory_format("LD_PRELOAD=%s", library);
  return true;
}

/* A collector from elsewhere may have been built without; it is left out then, which is said. */
static bool has_program(const struct catalogue_collector *described, bool says)
{
  char *path = path_beside(described->trial_path);
  const bool found = access(path, X_OK) == 0;
  if (!found && says)
    fprintf(
        stderr,
        "gclab micro: %s is left out: there is no %s; it takes a gclab built with Google Benchmark (Debian package: "
        "libbenchmark-dev)\n",
        described->name, path);
  free(path);
  return found;
}

static bool add(struct micro_programs *programs, const struct micro_program_request *request, const char *name,
                const struct catalogue_collector *described)
{
  struct micro_program *program = &programs->list[programs->count++];
  *program =
      (struct micro_program){.collector = name, .described = described, .path = path_beside(described->trial_path)};
  if (!program_hash(program->path, program->build_id)) {
    fprintf(stderr, "gclab micro: %s cannot be read\n", program->path);
    return false;
  }
  return choose_allocator(program, request->allocator) && ask(program, request);
}

bool micro_programs_find(const struct micro_program_request *request, struct micro_programs *programs)
{
  const struct catalogue *catalogue = request->catalogue;
  bool ok = true;
  *programs = (struct micro_programs){0};
  programs->list = memory_require(calloc(catalogue->program_count + 1, sizeof *programs->list));
  for (size_t i = 0; ok && i < catalogue->program_count; i++) {
    const struct catalogue_collector *collector = &catalogue->collectors[i];
    if (!request->wants(request->context, collector) || !has_program(collector, true)) continue;
    if (programs->count == 0) ok = add(programs, request, STORE_MICRO_MACHINE, collector);
    if (ok) ok = add(programs, request, collector->program_name, collector);
  }
  if (programs->count == 0) fputs("gclab micro: there is nothing to run\n", stderr);
  return ok && programs->count > 0;
}

void micro_programs_free(struct micro_programs *programs)
{
  for (size_t i = 0; i < programs->count; i++) {
    struct micro_program *program = &programs->list[i];
    for (size_t k = 0; k < program->offer_count; k++) {
      free(program->offers[k].name);
      free(program->offers[k].limit);
      free(program->offers[k].skip);
    }
    free(program->offers);
    free(program->path);
    free(program->preload);
  }
  free(programs->list);
  *programs = (struct micro_programs){0};
}

const struct micro_offer *micro_program_offer(const struct micro_program *program, const char *name)
{
  for (size_t i = 0; i < program->offer_count; i++) {
    if (strcmp(program->offers[i].name, name) == 0) return &program->offers[i];
  }
  return NULL;
}
