#define _GNU_SOURCE
#include "harness/microrun/run.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/version.h"
#include "harness/campaign/host.h"
#include "harness/campaign/identity.h"
#include "harness/campaign/progress.h"
#include "harness/process/interrupt.h"
#include "harness/process/process.h"
#include "harness/store/micro.h"

/* Repetitions where nobody says how many: as fit, up to this; heavy ones in the first and each fourth after it. */
enum { REPETITIONS_MAX = 15, HEAVY_PERIOD = 4, GROUPS_MAX = 64, SUBJECT_MAX = 64 };

static const uint64_t program_limit_ns = UINT64_C(300000000000);

/* ---- what is run ------------------------------------------------------------------------------------------------ */

static bool is_selected(const struct micro_selection *selection, const char *name)
{
  for (size_t i = 0; i < selection->count; i++) {
    if (strcmp(selection->benchmarks[i].name, name) == 0) return true;
  }
  return false;
}

static void select_offer(struct micro_selection *selection, const struct micro_offer *offer)
{
  if (is_selected(selection, offer->name)) return;
  selection->benchmarks =
      memory_require(reallocarray(selection->benchmarks, selection->count + 1, sizeof *selection->benchmarks));
  selection->benchmarks[selection->count++] = (struct store_micro_benchmark){
      .name = offer->name, .limit_name = offer->limit, .limit_scale = offer->limit_scale};
}

static bool matches(const regex_t *filter, const char *name)
{
  return filter == NULL || regexec(filter, name, 0, NULL, 0) == 0;
}

/* Is the machine's benchmark the limit of something that is wanted? */
static bool is_needed(const struct micro_programs *programs, const regex_t *filter, const char *limit)
{
  for (size_t p = 1; p < programs->count; p++) {
    for (size_t i = 0; i < programs->list[p].offer_count; i++) {
      const struct micro_offer *offer = &programs->list[p].offers[i];
      if (strcmp(offer->limit, limit) == 0 && matches(filter, offer->name)) return true;
    }
  }
  return false;
}

void micro_select(const struct micro_programs *programs, const regex_t *filter, struct micro_selection *selection)
{
  *selection = (struct micro_selection){0};
  for (size_t p = 0; p < programs->count; p++) {
    for (size_t i = 0; i < programs->list[p].offer_count; i++) {
      const struct micro_offer *offer = &programs->list[p].offers[i];
      const bool is_limit = p == 0;
      if (matches(filter, offer->name) || (is_limit && is_needed(programs, filter, offer->name)))
        select_offer(selection, offer);
    }
  }
}

/* ---- the run in the store --------------------------------------------------------------------------------------- */

static void make_id(const char *host_id, const struct micro_run_options *options, const char *now, char *id)
{
  char *text = memory_format("%s\n%s\n%" PRIu64 "\n%s", host_id, options->command, options->seed, now);
  identity_hash(text, strlen(text), id);
  free(text);
}

static char *join_knobs(const struct micro_program_request *request)
{
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = memory_require(open_memstream(&text, &bytes));
  for (size_t i = 0; i < request->knob_count; i++) fprintf(out, "%s%s", i == 0 ? "" : " ", request->knobs[i]);
  memory_close(out);
  return text;
}

/* Why collectors do not run what they offer. */
static struct store_micro_skipped *list_skipped(const struct micro_programs *programs,
                                                const struct micro_selection *selection, size_t *count)
{
  struct store_micro_skipped *list = NULL;
  *count = 0;
  for (size_t p = 1; p < programs->count; p++) {
    for (size_t i = 0; i < selection->count; i++) {
      const struct micro_offer *offer = micro_program_offer(&programs->list[p], selection->benchmarks[i].name);
      if (offer == NULL || offer->skip == NULL) continue;
      list = memory_require(reallocarray(list, *count + 1, sizeof *list));
      list[(*count)++] = (struct store_micro_skipped){
          .collector = programs->list[p].collector, .benchmark = offer->name, .reason = offer->skip};
    }
  }
  return list;
}

bool micro_run_begin(struct store *store, const struct micro_programs *programs,
                     const struct micro_selection *selection, const struct micro_program_request *request,
                     const struct micro_run_options *options, char *id)
{
  struct host host;
  char now[IDENTITY_TIME_MAX];
  if (!host_read(&host)) return false;
  identity_time_now(now);
  make_id(host.id, options, now, id);
  char *knobs = join_knobs(request);
  struct store_micro_program *rows = memory_require(calloc(programs->count, sizeof *rows));
  for (size_t i = 0; i < programs->count; i++) {
    const struct micro_program *program = &programs->list[i];
    rows[i] = (struct store_micro_program){.collector = program->collector,
                                           .collector_version = program->described->version,
                                           .build_id = program->build_id,
                                           .knobs = i == 0 ? "" : knobs,
                                           .allocator = program->allocator};
  }
  size_t skipped_count = 0;
  struct store_micro_skipped *skipped = list_skipped(programs, selection, &skipped_count);
  const struct store_micro_run run = {.id = id,
                                      .host_id = host.id,
                                      .command = options->command,
                                      .size = request->size,
                                      .version = GCLAB_VERSION,
                                      .revision = GCLAB_REVISION,
                                      .created_at = now,
                                      .seed = options->seed};
  const bool ok = store_put_micro_run(
      store, &(struct store_host){.id = host.id, .name = host.name, .environment = host.environment}, &run, rows,
      programs->count, selection->benchmarks, selection->count, skipped, skipped_count);
  free(skipped);
  free(rows);
  free(knobs);
  host_free(&host);
  return ok;
}

/* ---- the order -------------------------------------------------------------------------------------------------- */

/* Benchmarks that are run together: a subject, or its heavy ones. */
struct group {
  char subject[SUBJECT_MAX];
  bool heavy;
};

struct course {
  struct store *store;
  const struct micro_programs *programs;
  const struct micro_selection *selection;
  const struct micro_program_request *request;
  const struct micro_run_options *options;
  const char *id;
  struct group groups[GROUPS_MAX];
  size_t group_count;
  uint64_t *took_ns; /* of each group and program, at the last time; 0: not yet */
  struct random random;
  struct progress progress;
  uint64_t start_ns;
  size_t failures;
};

static size_t subject_length(const char *name) { return strcspn(name, "/"); }

static bool is_in(const struct group *group, const struct micro_offer *offer)
{
  const size_t length = subject_length(offer->name);
  return group->heavy == offer->heavy && strlen(group->subject) == length &&
         strncmp(group->subject, offer->name, length) == 0;
}

static void add_group(struct course *course, const struct micro_offer *offer)
{
  for (size_t i = 0; i < course->group_count; i++) {
    if (is_in(&course->groups[i], offer)) return;
  }
  if (course->group_count == GROUPS_MAX) return;
  struct group *group = &course->groups[course->group_count++];
  snprintf(group->subject, sizeof group->subject, "%.*s", (int)subject_length(offer->name), offer->name);
  group->heavy = offer->heavy;
}

/* Is the machine's benchmark held against one of the group? */
static bool is_limit_in(const struct course *course, const struct group *group, const char *limit)
{
  for (size_t p = 1; p < course->programs->count; p++) {
    const struct micro_program *program = &course->programs->list[p];
    for (size_t i = 0; i < program->offer_count; i++) {
      const struct micro_offer *offer = &program->offers[i];
      if (is_in(group, offer) && offer->skip == NULL && strcmp(offer->limit, limit) == 0 &&
          is_selected(course->selection, offer->name))
        return true;
    }
  }
  return false;
}

static bool is_limit_of_any(const struct course *course, const char *limit)
{
  for (size_t g = 0; g < course->group_count; g++) {
    if (is_limit_in(course, &course->groups[g], limit)) return true;
  }
  return false;
}

/* Collectors' subjects, and one of those limits that nothing is held against. */
static void make_groups(struct course *course)
{
  for (size_t p = course->programs->count; p-- > 0;) {
    const struct micro_program *program = &course->programs->list[p];
    for (size_t i = 0; i < program->offer_count; i++) {
      const struct micro_offer *offer = &program->offers[i];
      if (is_selected(course->selection, offer->name) && (p > 0 || !is_limit_of_any(course, offer->name)))
        add_group(course, offer);
    }
  }
}

static void shuffle(struct random *random, size_t *order, size_t count)
{
  for (size_t i = 0; i < count; i++) order[i] = i;
  for (size_t i = count; i > 1; i--) {
    const size_t other = random_below(random, (uint32_t)i), last = order[i - 1];
    order[i - 1] = order[other];
    order[other] = last;
  }
}

static bool is_due(const struct group *group, uint32_t repetition)
{
  return !group->heavy || repetition % HEAVY_PERIOD == 0;
}

/* ---- one program ------------------------------------------------------------------------------------------------ */

/* What the group needs of the machine: the limits of its own, or those that no other group has. */
static bool machine_runs(const struct course *course, const struct group *group, const struct micro_offer *limit)
{
  if (strcmp(group->subject, "limit") != 0) return is_limit_in(course, group, limit->name);
  return is_in(group, limit) && !is_limit_of_any(course, limit->name);
}

/* Names are letters, digits, and / : % _ +. */
static void append_name(FILE *out, const char *name)
{
  for (; *name != '\0'; name++) {
    if (strchr(".[]{}()*+?^$|\\", *name) != NULL) fputc('\\', out);
    fputc(*name, out);
  }
}

/* "^(a|b)$", or NULL where the program has nothing to run in this group.  To be freed. */
static char *filter_of(const struct course *course, const struct group *group, const struct micro_program *program)
{
  const bool is_machine = program == &course->programs->list[0];
  char *text = NULL;
  size_t bytes = 0, count = 0;
  FILE *out = memory_require(open_memstream(&text, &bytes));
  fputs("^(", out);
  for (size_t i = 0; i < program->offer_count; i++) {
    const struct micro_offer *offer = &program->offers[i];
    const bool is_run = is_machine ? machine_runs(course, group, offer) : is_in(group, offer) && offer->skip == NULL;
    if (!is_run || !is_selected(course->selection, offer->name)) continue;
    if (count++ > 0) fputc('|', out);
    append_name(out, offer->name);
  }
  fputs(")$", out);
  memory_close(out);
  if (count > 0) return text;
  free(text);
  return NULL;
}

/* The library puts behind a name how time is taken. */
static void strip_suffixes(char *name)
{
  static const char *const suffixes[] = {"/manual_time", "/process_time"};
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    const size_t length = strlen(name), tail = strlen(suffixes[i]);
    if (length > tail && strcmp(name + length - tail, suffixes[i]) == 0) name[length - tail] = '\0';
  }
}

static bool read_result(json_t *row, struct store_micro_result *result, char *name, size_t name_size)
{
  const char *full = NULL, *unit = NULL;
  json_int_t iterations = 0;
  double real = 0, cpu = 0;
  if (json_unpack(row, "{s:s, s:s, s:I, s:F, s:F}", "name", &full, "time_unit", &unit, "iterations", &iterations,
                  "real_time", &real, "cpu_time", &cpu) != 0 ||
      strcmp(unit, "ns") != 0 || json_is_true(json_object_get(row, "error_occurred")))
    return false;
  const json_t *own = json_object_get(row, "cpu_ns"); /* where the program takes it itself */
  snprintf(name, name_size, "%s", full);
  strip_suffixes(name);
  *result = (struct store_micro_result){
      .iterations = (int64_t)iterations, .real_ns = real, .cpu_ns = json_is_number(own) ? json_number_value(own) : cpu};
  return true;
}

/* What the program printed goes into the store.  False: it is not what such a program prints. */
static bool keep_results(struct course *course, const struct micro_program *program, uint32_t repetition,
                         const struct process_result *output, bool *stored)
{
  json_error_t why;
  json_t *document = json_loadb(output->output, output->output_length, 0, &why);
  json_t *rows = json_object_get(document, "benchmarks");
  const size_t count = json_array_size(rows);
  struct store_micro_result *results = memory_require(calloc(count + 1, sizeof *results));
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    char name[256];
    if (!read_result(json_array_get(rows, i), &results[kept], name, sizeof name)) continue;
    const struct micro_offer *offer = micro_program_offer(program, name);
    if (offer == NULL) continue;
    results[kept].collector = program->collector;
    results[kept].benchmark = offer->name;
    results[kept++].repetition = repetition;
  }
  *stored = store_put_micro_results(course->store, course->id, results, kept);
  free(results);
  json_decref(document);
  return kept > 0;
}

static enum micro_run_outcome fail(struct course *course, const struct micro_program *program,
                                   const struct group *group, const struct process_result *result)
{
  course->failures++;
  const char *text = result->error;
  const char *last = strrchr(text, '\n');
  while (last != NULL && last > text && last[1] == '\0') last = memrchr(text, '\n', (size_t)(last - text));
  const char *line = last != NULL && *last == '\n' && last[1] != '\0' ? last + 1 : text;
  if (result->timed_out)
    progress_note(&course->progress, "gclab micro: %s %s: it took over %d s", program->collector, group->subject,
                  (int)(program_limit_ns / 1000000000u));
  else if (!result->started || result->signal == 0)
    progress_note(&course->progress, "gclab micro: %s %s: %s%.*s", program->collector, group->subject,
                  result->exit_code == 0 ? "there are no results; " : "", (int)strcspn(line, "\n"), line);
  else
    progress_note(&course->progress, "gclab micro: %s %s: it was ended by %s", program->collector, group->subject,
                  strsignal(result->signal));
  return MICRO_RUN_DONE;
}

static enum micro_run_outcome run_program(struct course *course, const struct micro_program *program,
                                          const struct group *group, uint32_t repetition, const char *filter)
{
  char min_time[64];
  snprintf(min_time, sizeof min_time, "--benchmark_min_time=%g", course->options->min_time_s);
  const char *const arguments[] = {"--filter", filter, min_time, "--benchmark_format=json", NULL};
  const char **words = micro_program_words(program, course->request, NULL, arguments);
  struct process_result result =
      process_run(&(struct process_request){.words = words, .time_limit_ns = program_limit_ns});
  enum micro_run_outcome outcome = MICRO_RUN_DONE;
  bool stored = true;
  if (result.interrupted) {
    outcome = MICRO_RUN_INTERRUPTED;
  } else if (!result.started || result.timed_out || result.exit_code != 0 ||
             !keep_results(course, program, repetition, &result, &stored)) {
    outcome = fail(course, program, group, &result);
  }
  if (!stored) outcome = MICRO_RUN_ENVIRONMENT;
  process_free(&result);
  free((void *)words);
  return outcome;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static uint64_t *took_ns(const struct course *course, size_t group, size_t program)
{
  return &course->took_ns[group * course->programs->count + program];
}

/*
 * What a repetition takes, by what its parts took last; parts that have not run yet count as the mean of those that
 * have.
 */
static uint64_t estimate_ns(const struct course *course, uint32_t repetition, bool with_heavy)
{
  uint64_t known_ns = 0, known = 0, unknown = 0;
  for (size_t g = 0; g < course->group_count; g++) {
    if (!is_due(&course->groups[g], repetition) || (course->groups[g].heavy && !with_heavy)) continue;
    for (size_t p = 0; p < course->programs->count; p++) {
      const uint64_t ns = *took_ns(course, g, p);
      known_ns += ns;
      if (ns == 0)
        unknown++;
      else
        known++;
    }
  }
  return known > 0 ? known_ns + unknown * (known_ns / known) : 0;
}

static size_t count_parts(const struct course *course, uint32_t repetition)
{
  size_t count = 0;
  for (size_t g = 0; g < course->group_count; g++) {
    if (is_due(&course->groups[g], repetition)) count += course->programs->count;
  }
  return count;
}

/*
 * What is left after this part: of the repetition and those that follow, or what the budget leaves, which is used as
 * far as repetitions fit.
 */
static uint64_t others_ns(const struct course *course, uint32_t repetition, uint64_t left_ns)
{
  const struct micro_run_options *options = course->options;
  if (options->repetitions == 0 && options->budget_ns != 0) {
    const uint64_t elapsed_ns = clock_now_ns() - course->start_ns;
    return options->budget_ns > elapsed_ns ? options->budget_ns - elapsed_ns : 0;
  }
  for (uint32_t later = repetition + 1; later < options->repetitions; later++)
    left_ns += estimate_ns(course, later, true);
  return left_ns;
}

static enum micro_run_outcome run_group(struct course *course, size_t g, uint32_t repetition, uint64_t *left_ns)
{
  const struct group *group = &course->groups[g];
  const size_t count = course->programs->count;
  size_t *order = memory_require(calloc(count, sizeof *order));
  shuffle(&course->random, order, count);
  enum micro_run_outcome outcome = MICRO_RUN_DONE;
  for (size_t i = 0; i < count && outcome == MICRO_RUN_DONE; i++) {
    const struct micro_program *program = &course->programs->list[order[i]];
    uint64_t *took = took_ns(course, g, order[i]);
    char *filter = filter_of(course, group, program);
    if (filter != NULL) {
      char *label = memory_format("%s %s%s", program->collector, group->subject, group->heavy ? " (heavy)" : "");
      *left_ns = *left_ns > *took ? *left_ns - *took : 0;
      progress_trial(&course->progress, repetition, label, *took, others_ns(course, repetition, *left_ns));
      const uint64_t start_ns = clock_now_ns();
      outcome = run_program(course, program, group, repetition, filter);
      *took = clock_now_ns() - start_ns;
      course->progress.label = "";
      free(label);
    }
    if (filter == NULL) *took = 1; /* known: nothing */
    free(filter);
    progress_trial_done(&course->progress);
  }
  free(order);
  return outcome;
}

static uint64_t group_ns(const struct course *course, size_t g)
{
  uint64_t sum_ns = 0;
  for (size_t p = 0; p < course->programs->count; p++) sum_ns += *took_ns(course, g, p);
  return sum_ns;
}

/* Would something that takes so long end within the budget, begun now? */
static bool fits(const struct course *course, uint64_t ns)
{
  const uint64_t budget_ns = course->options->budget_ns;
  return budget_ns == 0 || clock_now_ns() - course->start_ns + ns < budget_ns;
}

/* There is no time for the group.  Where it never ran, that is said. */
static void leave_out(struct course *course, size_t g)
{
  const struct group *group = &course->groups[g];
  for (size_t p = 0; p < course->programs->count; p++) progress_trial_done(&course->progress);
  if (group_ns(course, g) == 0)
    progress_note(&course->progress, "gclab micro: there was no time for %s%s; --budget gives more", group->subject,
                  group->heavy ? " with the largest graphs" : "");
}

/* The others before the heavy ones, so that what takes long is what there may be no time for. */
static enum micro_run_outcome run_repetition(struct course *course, uint32_t repetition)
{
  size_t order[GROUPS_MAX];
  uint64_t left_ns = estimate_ns(course, repetition, true);
  shuffle(&course->random, order, course->group_count);
  for (size_t i = 0; i < 2 * course->group_count; i++) {
    const size_t g = order[i % course->group_count];
    const struct group *group = &course->groups[g];
    if (group->heavy != (i >= course->group_count) || !is_due(group, repetition)) continue;
    if (!fits(course, group_ns(course, g))) {
      leave_out(course, g);
      continue;
    }
    if (left_ns == 0) left_ns = estimate_ns(course, repetition, true) / 2;
    const enum micro_run_outcome outcome = run_group(course, g, repetition, &left_ns);
    if (outcome != MICRO_RUN_DONE) return outcome;
  }
  return MICRO_RUN_DONE;
}

/* Is there to be another repetition?  If, then all of it but for heavy ones. */
static bool goes_on(const struct course *course, uint32_t repetition)
{
  const uint32_t most = course->options->repetitions != 0 ? course->options->repetitions : REPETITIONS_MAX;
  return repetition < most && (repetition == 0 || fits(course, estimate_ns(course, repetition, false)));
}

enum micro_run_outcome micro_run_measure(struct store *store, const struct micro_programs *programs,
                                         const struct micro_selection *selection,
                                         const struct micro_program_request *request,
                                         const struct micro_run_options *options, const char *id)
{
  struct course course = {.store = store,
                          .programs = programs,
                          .selection = selection,
                          .request = request,
                          .options = options,
                          .id = id,
                          .start_ns = clock_now_ns()};
  random_seed(&course.random, options->seed);
  make_groups(&course);
  course.took_ns = memory_require(calloc(course.group_count * programs->count + 1, sizeof *course.took_ns));
  progress_begin(&course.progress, options->quiet, 0, 0, options->repetitions);
  enum micro_run_outcome outcome = MICRO_RUN_DONE;
  for (uint32_t repetition = 0; outcome == MICRO_RUN_DONE && goes_on(&course, repetition); repetition++) {
    course.progress.total += count_parts(&course, repetition);
    if (options->repetitions == 0) course.progress.blocks = repetition + 1;
    outcome = run_repetition(&course, repetition);
  }
  progress_end(&course.progress);
  free(course.took_ns);
  if (outcome == MICRO_RUN_DONE && course.failures > 0) return MICRO_RUN_FAILED;
  return outcome;
}
