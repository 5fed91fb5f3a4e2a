#define _GNU_SOURCE
#include "harness/catalogue/catalogue.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/catalogue/description.h"
#include "harness/catalogue/program.h"

/*
 * Own collectors in the order in which each adds to the one before; the rest by name, then peers, then what replays,
 * and instruments.
 */
static int rank_of(const struct catalogue_collector *collector)
{
  static const char *const order[] = {"none", "refcount", "refcount_cyclic", "marksweep", "semispace"};
  enum { KNOWN = sizeof order / sizeof order[0] };
  if (catalogue_collector_can(collector, "instrument")) return KNOWN + 3;
  if (catalogue_collector_can(collector, "replays_deaths")) return KNOWN + 2;
  if (catalogue_collector_can(collector, "external")) return KNOWN + 1;
  for (int i = 0; i < KNOWN; i++) {
    if (strcmp(order[i], collector->name) == 0) return i;
  }
  return KNOWN;
}

static int is_variant(const struct catalogue_collector *collector)
{
  return catalogue_collector_can(collector, "variant");
}

static int compare_collectors(const void *left, const void *right)
{
  const struct catalogue_collector *a = left;
  const struct catalogue_collector *b = right;
  const int variants = is_variant(a) - is_variant(b);
  const int difference = variants != 0 ? variants : rank_of(a) - rank_of(b);
  if (difference != 0) return difference;
  const int names = strcmp(a->name, b->name);
  return names != 0 ? names : strcmp(catalogue_collector_memory(a), catalogue_collector_memory(b));
}

static bool read_program(const struct program *program, struct catalogue_collector *collector, char *error)
{
  *collector = (struct catalogue_collector){0};
  if (program->failure[0] != '\0') {
    snprintf(error, DESCRIPTION_ERROR_MAX, "%s", program->failure);
    return false;
  }
  json_error_t why;
  collector->description =
      program->answer_length == 0 ? NULL : json_loadb(program->answer, program->answer_length, 0, &why);
  if (collector->description == NULL) {
    snprintf(error, DESCRIPTION_ERROR_MAX, "its answer to 'describe' is not JSON");
    return false;
  }
  collector->trial_path = memory_require(strdup(program->path));
  collector->layouts = program_layouts(program->path);
  if (!program_build_id(program->path, collector->layouts, collector->build_id)) {
    snprintf(error, DESCRIPTION_ERROR_MAX, "the program cannot be read");
    return false;
  }
  if (!description_read_collector(collector->description, collector, error)) return false;
  collector->program_name = is_variant(collector)
                                ? memory_format("%s+%s", collector->name, catalogue_collector_memory(collector))
                                : memory_require(strdup(collector->name));
  return true;
}

static void read_programs(struct catalogue *catalogue, const struct programs *programs)
{
  catalogue->collectors = memory_require(calloc(programs->count + 1, sizeof *catalogue->collectors));
  for (size_t i = 0; i < programs->count; i++) {
    struct catalogue_collector *collector = &catalogue->collectors[catalogue->program_count];
    char error[DESCRIPTION_ERROR_MAX];
    if (read_program(&programs->list[i], collector, error)) {
      catalogue->program_count++;
      continue;
    }
    fprintf(stderr, "gclab: %s is left out: %s; try '%s describe'\n", programs->list[i].path, error,
            programs->list[i].path);
    description_free_collector(collector);
  }
  if (catalogue->program_count > 1)
    qsort(catalogue->collectors, catalogue->program_count, sizeof *catalogue->collectors, compare_collectors);
}

/* Two programs may say the same name, as with a copy under another file name. */
static const char *fault_beside(const struct catalogue *catalogue, size_t index)
{
  const struct catalogue_collector *collector = &catalogue->collectors[index];
  bool has_usual = !is_variant(collector);
  for (size_t i = 0; i < index; i++) {
    const struct catalogue_collector *other = &catalogue->collectors[i];
    if (strcmp(other->program_name, collector->program_name) == 0) return "another program has the same collector";
    has_usual |= strcmp(other->program_name, collector->name) == 0;
  }
  if (!has_usual) return "it is a variant of a collector that has no program here; build that too";
  if (index > 0 && !json_equal(json_object_get(catalogue->collectors[0].description, "workloads"),
                               json_object_get(collector->description, "workloads")))
    return "its workloads are not those of the others; build it again";
  return NULL;
}

/* Cells cross collectors with workloads, so every collector must have the same ones. */
static void drop_misfits(struct catalogue *catalogue)
{
  for (size_t i = 0; i < catalogue->program_count;) {
    struct catalogue_collector *collector = &catalogue->collectors[i];
    const char *fault = fault_beside(catalogue, i);
    if (fault == NULL) {
      i++;
      continue;
    }
    fprintf(stderr, "gclab: %s is left out: %s\n", collector->trial_path, fault);
    description_free_collector(collector);
    catalogue->program_count--;
    memmove(collector, collector + 1, (catalogue->program_count - i) * sizeof *collector);
  }
  for (size_t i = 0; i < catalogue->program_count; i++)
    catalogue->collector_count += !is_variant(&catalogue->collectors[i]);
}

static void add_missing(struct catalogue *catalogue, json_t *row)
{
  struct catalogue_missing missing;
  if (json_unpack(row, "{s:s, s:s, s:s}", "name", &missing.name, "why", &missing.why, "package", &missing.package) !=
          0 ||
      catalogue_collector(catalogue, missing.name) != NULL || catalogue_missing(catalogue, missing.name) != NULL)
    return;
  catalogue->missing =
      memory_require(reallocarray(catalogue->missing, catalogue->missing_count + 1, sizeof *catalogue->missing));
  catalogue->missing[catalogue->missing_count++] = missing;
}

static void read_missing(struct catalogue *catalogue, const struct programs *programs)
{
  catalogue->missing_documents = json_array();
  for (size_t i = 0; i < programs->directory_count; i++) {
    char *path = memory_format("%s/missing-collectors.json", programs->directories[i]);
    json_error_t why = {0};
    const bool present = access(path, R_OK) == 0;
    json_t *rows = present ? json_load_file(path, 0, &why) : NULL;
    if (rows == NULL && present)
      fprintf(stderr, "gclab: %s:%d:%d: %s; build again to make it anew\n", path, why.line, why.column, why.text);
    free(path);
    if (rows == NULL) continue;
    json_array_append_new(catalogue->missing_documents, rows);
    for (size_t k = 0; k < json_array_size(rows); k++) add_missing(catalogue, json_array_get(rows, k));
  }
}

static void say_none_found(const struct programs *programs)
{
  fputs("gclab: there is no working trial program (gclab-trial-*) in", stderr);
  for (size_t i = 0; i < programs->directory_count; i++)
    fprintf(stderr, "%s %s", i == 0 ? "" : " or", programs->directories[i]);
  fputs("; build them (cmake --build BUILD) or name their directory in GCLAB_TRIAL_PATH\n", stderr);
}

struct catalogue *catalogue_load(void)
{
  struct programs programs;
  struct catalogue *catalogue = memory_require(calloc(1, sizeof *catalogue));
  programs_find(&programs);
  programs_ask(&programs);
  read_programs(catalogue, &programs);
  drop_misfits(catalogue);
  read_missing(catalogue, &programs);
  char error[DESCRIPTION_ERROR_MAX];
  bool usable = catalogue->collector_count > 0;
  if (!usable) {
    say_none_found(&programs);
  } else if (!description_read_workloads(catalogue->collectors[0].description, "workloads", &catalogue->workloads,
                                         &catalogue->workload_count, error) ||
             !description_read_workloads(catalogue->collectors[0].description, "replays", &catalogue->replays,
                                         &catalogue->replay_count, error)) {
    fprintf(stderr, "gclab: %s: %s; build it again\n", catalogue->collectors[0].trial_path, error);
    usable = false;
  }
  programs_free(&programs);
  if (usable) return catalogue;
  catalogue_free(catalogue);
  return NULL;
}

void catalogue_free(struct catalogue *catalogue)
{
  if (catalogue == NULL) return;
  description_free_workloads(catalogue->workloads, catalogue->workload_count);
  description_free_workloads(catalogue->replays, catalogue->replay_count);
  for (size_t i = 0; i < catalogue->program_count; i++) description_free_collector(&catalogue->collectors[i]);
  free(catalogue->collectors);
  free(catalogue->missing);
  json_decref(catalogue->missing_documents);
  free(catalogue);
}

const struct catalogue_collector *catalogue_collector(const struct catalogue *catalogue, const char *name)
{
  for (size_t i = 0; i < catalogue->collector_count; i++) {
    if (strcmp(catalogue->collectors[i].name, name) == 0) return &catalogue->collectors[i];
  }
  return NULL;
}

const struct catalogue_collector *catalogue_program(const struct catalogue *catalogue, const char *program_name)
{
  for (size_t i = 0; i < catalogue->program_count; i++) {
    if (strcmp(catalogue->collectors[i].program_name, program_name) == 0) return &catalogue->collectors[i];
  }
  return NULL;
}

const char *catalogue_collector_memory(const struct catalogue_collector *collector)
{
  if (catalogue_collector_can(collector, "uses_malloc")) return "malloc";
  return catalogue_collector_can(collector, "uses_blocks") ? "blocks" : "own";
}

const struct catalogue_workload *catalogue_workload(const struct catalogue *catalogue, const char *name)
{
  for (size_t i = 0; i < catalogue->workload_count; i++) {
    if (strcmp(catalogue->workloads[i].name, name) == 0) return &catalogue->workloads[i];
  }
  return NULL;
}

const struct catalogue_missing *catalogue_missing(const struct catalogue *catalogue, const char *name)
{
  for (size_t i = 0; i < catalogue->missing_count; i++) {
    if (strcmp(catalogue->missing[i].name, name) == 0) return &catalogue->missing[i];
  }
  return NULL;
}

bool catalogue_collector_can(const struct catalogue_collector *collector, const char *capability)
{
  for (size_t i = 0; i < collector->capability_count; i++) {
    if (strcmp(collector->capabilities[i], capability) == 0) return true;
  }
  return false;
}

bool catalogue_collector_is_in(const struct catalogue_collector *collector, const char *group)
{
  static const char *const in_none[] = {"instrument", "variant", "replays_deaths"};
  for (size_t i = 0; i < sizeof in_none / sizeof in_none[0]; i++) {
    if (catalogue_collector_can(collector, in_none[i])) return false;
  }
  if (strcmp(group, "all") == 0) return true;
  if (strcmp(group, "own") == 0) return !catalogue_collector_can(collector, "external");
  return strcmp(group, "peers") == 0 && catalogue_collector_can(collector, "external");
}

const char *catalogue_nearest_collector(const struct catalogue *catalogue, const char *name)
{
  const size_t room = catalogue->collector_count + catalogue->missing_count;
  const char **names = memory_require(calloc(room + 1, sizeof *names));
  size_t count = 0;
  for (size_t i = 0; i < catalogue->collector_count; i++) names[count++] = catalogue->collectors[i].name;
  for (size_t i = 0; i < catalogue->missing_count; i++) names[count++] = catalogue->missing[i].name;
  const char *nearest = setting_nearest(name, names, count);
  free((void *)names);
  return nearest;
}

const char *catalogue_nearest_workload(const struct catalogue *catalogue, const char *name)
{
  const char **names = memory_require(calloc(catalogue->workload_count + 1, sizeof *names));
  for (size_t i = 0; i < catalogue->workload_count; i++) names[i] = catalogue->workloads[i].name;
  const char *nearest = setting_nearest(name, names, catalogue->workload_count);
  free((void *)names);
  return nearest;
}

struct catalogue *catalogue_load_quietly(void)
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
