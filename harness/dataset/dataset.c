/* Loading a campaign from the store: cells, trials' scalars, series and subjects. */
#include "harness/dataset/dataset.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/text/text.h"
#include "harness/plan/plan.h"

static struct dataset_setting *read_settings(const char *text, const char *varied_text, size_t *count)
{
  json_t *object = json_loads(text != NULL ? text : "{}", 0, NULL);
  json_t *varied = json_loads(varied_text != NULL ? varied_text : "{}", 0, NULL);
  struct dataset_setting *settings = text_allocate(json_object_size(object) * sizeof *settings);
  *count = 0;
  const char *name = NULL;
  json_t *value = NULL;
  json_object_foreach (object, name, value) {
    const char *string = json_string_value(value);
    settings[(*count)++] = (struct dataset_setting){
        .name = text_copy(name),
        .text = text_copy(string != NULL ? string : ""),
        .is_default = json_object_get(varied, name) == NULL,
    };
  }
  json_decref(object);
  json_decref(varied);
  return settings;
}

static void free_settings(struct dataset_setting *settings, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    free(settings[i].name);
    free(settings[i].text);
  }
  free(settings);
}

static void free_cell(struct dataset_cell *cell)
{
  for (size_t t = 0; t < cell->trial_count; t++) {
    free(cell->trials[t].id);
    free(cell->trials[t].outcome);
    free(cell->trials[t].checksum);
  }
  free_settings(cell->knobs, cell->knob_count);
  free_settings(cell->parameters, cell->parameter_count);
  char *const strings[] = {cell->id,        cell->collector, cell->collector_version, cell->build_id, cell->workload,
                           cell->allocator, cell->size,      cell->parameters_text};
  for (size_t s = 0; s < sizeof strings / sizeof strings[0]; s++) free(strings[s]);
  free(cell->trials);
  free(cell->pauses);
}

static struct dataset_cell make_cell(const struct store_cell *from)
{
  struct dataset_cell cell = {
      .id = text_copy(from->id),
      .collector = text_copy(from->collector),
      .collector_version = text_copy(from->collector_version),
      .build_id = text_copy(from->build_id),
      .workload = text_copy(from->workload),
      .allocator = text_copy(from->allocator),
      .size = text_copy(from->size),
      .parameters_text = text_copy(from->parameters),
      .default_knobs = true,
  };
  cell.knobs = read_settings(from->knobs, from->varied, &cell.knob_count);
  cell.parameters = read_settings(from->parameters, from->varied, &cell.parameter_count);
  for (size_t i = 0; i < cell.knob_count; i++) cell.default_knobs &= cell.knobs[i].is_default;
  return cell;
}

static struct dataset_cell *find_cell(struct dataset *dataset, const struct store_cell *from)
{
  for (size_t i = dataset->cell_count; i-- > 0;) {
    if (strcmp(dataset->cells[i].id, from->id) == 0) return &dataset->cells[i];
  }
  dataset->cells = text_reallocate(dataset->cells, (dataset->cell_count + 1) * sizeof *dataset->cells);
  dataset->cells[dataset->cell_count] = make_cell(from);
  return &dataset->cells[dataset->cell_count++];
}

static struct dataset_cell *find_twin(struct dataset *dataset, const struct store_cell *from)
{
  for (size_t i = dataset->twin_count; i-- > 0;) {
    if (strcmp(dataset->twins[i].cell.id, from->id) == 0) return &dataset->twins[i].cell;
  }
  dataset->twins = text_reallocate(dataset->twins, (dataset->twin_count + 1) * sizeof *dataset->twins);
  dataset->twins[dataset->twin_count] =
      (struct dataset_twin){.of_id = text_copy(from->twin_of), .cell = make_cell(from)};
  return &dataset->twins[dataset->twin_count++].cell;
}

/* A number of the record; STORE_NONE where it has none. */
static int64_t recorded(const json_t *record, const char *name)
{
  const json_t *number = json_object_get(record, name);
  return json_is_integer(number) ? (int64_t)json_integer_value(number) : STORE_NONE;
}

/* Records of older gclabs have the number of the whole process alone, without the name's beginning. */
static int64_t recorded_of_work(const json_t *record, const char *name)
{
  const int64_t number = recorded(record, name);
  return number != STORE_NONE ? number : recorded(record, name + strlen("work_"));
}

static struct dataset_trial copy_trial(const struct store_trial *from)
{
  json_t *record = from->record != NULL ? json_loads(from->record, 0, NULL) : NULL;
  const int64_t minor = recorded_of_work(record, "work_minor_faults");
  const int64_t major = recorded_of_work(record, "work_major_faults");
  const json_t *hardware = json_object_get(record, "hardware");
  const struct dataset_trial trial = {
      .id = text_copy(from->id),
      .outcome = text_copy(from->outcome),
      .checksum = text_copy(from->checksum),
      .block = from->block,
      .seed = from->seed,
      .wall_ns = from->wall_ns,
      .cpu_ns = from->cpu_ns,
      .gc_ns = from->gc_ns,
      .pauses = from->pauses,
      .pause_max_ns = from->pause_max_ns,
      .peak_heap_bytes = from->peak_heap_bytes,
      .peak_footprint_bytes = from->peak_footprint_bytes,
      .vmhwm_bytes = from->vmhwm_bytes,
      .allocations = from->allocations,
      .allocated_bytes = from->allocated_bytes,
      .held_objects = from->held_objects,
      .held_bytes = from->held_bytes,
      .collections = from->collections,
      .steal_ticks = from->steal_ticks,
      .page_faults = minor == STORE_NONE || major == STORE_NONE ? STORE_NONE : minor + major,
      .switches = recorded_of_work(record, "work_involuntary_switches"),
      .instructions = recorded(hardware, "instructions"),
      .cycles = recorded(hardware, "cycles"),
      .cache_misses = recorded(hardware, "cache_misses"),
      .dtlb_misses = recorded(hardware, "dtlb_misses"),
  };
  json_decref(record);
  return trial;
}

static void note_allocator(struct dataset *dataset, const char *name)
{
  if (name == NULL || name[0] == '\0' || strcmp(name, "own") == 0) return;
  if (dataset->allocators != NULL && strstr(dataset->allocators, name) != NULL) return;
  text_append(&dataset->allocators, "%s%s", dataset->allocators != NULL ? ", " : "", name);
}

static void count_trial(struct dataset *dataset, const struct dataset_trial *trial)
{
  dataset->trial_count++;
  if (strcmp(trial->outcome, "ok") != 0) dataset->failed_count++;
  if (trial->pauses > 0) dataset->pause_count += (uint64_t)trial->pauses;
  if (trial->switches > 0) dataset->involuntary_switches += (uint64_t)trial->switches;
}

static char *why_no_counters(const char *record_text)
{
  json_t *record = record_text != NULL ? json_loads(record_text, 0, NULL) : NULL;
  const char *why = json_string_value(json_object_get(json_object_get(record, "hardware"), "unavailable"));
  char *text = why != NULL ? text_copy(why) : NULL;
  json_decref(record);
  return text;
}

/* Trials come in the order of the plan's cells, then blocks. */
static bool visit_trial(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  struct dataset *dataset = context;
  if (dataset->held_allocator != NULL && strcmp(dataset->held_allocator, cell->allocator) != 0) return true;
  struct dataset_cell *mine = cell->twin_of != NULL ? find_twin(dataset, cell) : find_cell(dataset, cell);
  mine->trials = text_reallocate(mine->trials, (mine->trial_count + 1) * sizeof *mine->trials);
  mine->trials[mine->trial_count++] = copy_trial(trial);
  mine->ok_count += strcmp(trial->outcome, "ok") == 0;
  if (cell->twin_of == NULL) count_trial(dataset, &mine->trials[mine->trial_count - 1]);
  note_allocator(dataset, trial->allocator);
  if (dataset->no_counters == NULL) dataset->no_counters = why_no_counters(trial->record);
  return true;
}

/* "2 x Intel(R) Xeon(R) CPU @ 2.50GHz" without the marks of trade. */
static char *describe_machine(const char *environment)
{
  json_t *root = json_loads(environment != NULL ? environment : "{}", 0, NULL);
  const char *cpu = json_string_value(json_object_get(root, "cpu"));
  const json_int_t cores = json_integer_value(json_object_get(root, "cores"));
  char *machine = NULL;
  if (cores > 0) text_append(&machine, "%lld × ", (long long)cores);
  for (const char *c = cpu != NULL ? cpu : "unknown processor"; *c != '\0';) {
    static const char *const dropped[] = {"(R)", "(TM)", "(r)", "(tm)", " CPU", " Processor"};
    size_t skip = 0;
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
      if (strncmp(c, dropped[i], strlen(dropped[i])) == 0) skip = strlen(dropped[i]);
    }
    if (skip == 0) text_append(&machine, "%c", *c++);
    c += skip;
  }
  json_decref(root);
  return machine;
}

struct search {
  struct dataset *dataset;
  const char *id;
};

static bool visit_campaign(void *context, const struct store_campaign *campaign, const struct store_host *host)
{
  const struct search *search = context;
  if (strcmp(campaign->id, search->id) != 0) return true;
  struct dataset *dataset = search->dataset;
  dataset->campaign_id = text_copy(campaign->id);
  dataset->campaign_name = text_copy(campaign->name);
  dataset->host_id = text_copy(host->id);
  dataset->environment = text_copy(host->environment);
  dataset->plan = text_copy(campaign->plan);
  dataset->command = text_copy(campaign->command);
  dataset->seed = campaign->seed;
  dataset->blocks = campaign->blocks;
  dataset->version = text_copy(campaign->version);
  dataset->revision = text_copy(campaign->revision);
  dataset->status = text_copy(campaign->status);
  dataset->created_at = text_copy(campaign->created_at);
  dataset->machine = describe_machine(host->environment);
  return false;
}

static const char *in_words(const char *outcome)
{
  static const struct {
    const char *outcome, *words;
  } table[] = {
      {"out_of_memory", "out of memory"},   {"timed_out", "timed out"},         {"crashed", "crashed"},
      {"wrong_checksum", "wrong checksum"}, {"not_supported", "not supported"}, {"interrupted", "interrupted"}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strcmp(outcome, table[i].outcome) == 0) return table[i].words;
  }
  return "failed";
}

/* The allocator that stands for a collector: jemalloc, its own, else the first in the plan. */
static const char *main_allocator(const struct dataset *dataset, const char *collector)
{
  const char *first = NULL;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    if (strcmp(dataset->cells[i].collector, collector) != 0) continue;
    const char *allocator = dataset->cells[i].allocator;
    if (strcmp(allocator, "jemalloc") == 0 || strcmp(allocator, "own") == 0) return allocator;
    if (first == NULL) first = allocator;
  }
  return first;
}

static size_t find_series(struct dataset *dataset, const struct dataset_cell *cell)
{
  for (size_t i = 0; i < dataset->series_count; i++) {
    const struct dataset_series *series = &dataset->series[i];
    if (strcmp(series->collector, cell->collector) == 0 && strcmp(series->allocator, cell->allocator) == 0) return i;
  }
  dataset->series = text_reallocate(dataset->series, (dataset->series_count + 1) * sizeof *dataset->series);
  struct dataset_series *series = &dataset->series[dataset->series_count];
  *series = (struct dataset_series){
      .collector = cell->collector, .allocator = cell->allocator, .version = cell->collector_version};
  series->main_allocator = strcmp(main_allocator(dataset, cell->collector), cell->allocator) == 0;
  series->label =
      series->main_allocator ? text_copy(cell->collector) : text_format("%s / %s", cell->collector, cell->allocator);
  return dataset->series_count++;
}

/* The parameters in which cells of the cell's workload differ, as "name=value, ..."; NULL where they do not. */
static char *differing_parameters(const struct dataset *dataset, const struct dataset_cell *cell)
{
  char *text = NULL;
  for (size_t p = 0; p < cell->parameter_count; p++) {
    bool differs = false;
    for (size_t i = 0; i < dataset->cell_count && !differs; i++) {
      const struct dataset_cell *other = &dataset->cells[i];
      if (strcmp(other->workload, cell->workload) != 0 || other->parameter_count != cell->parameter_count) continue;
      differs = strcmp(other->parameters[p].text, cell->parameters[p].text) != 0;
    }
    if (differs)
      text_append(&text, "%s%s=%s", text != NULL ? ", " : "", cell->parameters[p].name, cell->parameters[p].text);
  }
  return text;
}

static size_t find_subject(struct dataset *dataset, const struct dataset_cell *cell)
{
  char *parameters = differing_parameters(dataset, cell);
  char *label = parameters != NULL ? text_format("%s, %s", cell->workload, parameters) : text_copy(cell->workload);
  free(parameters);
  for (size_t i = 0; i < dataset->subject_count; i++) {
    if (strcmp(dataset->subjects[i].label, label) != 0) continue;
    free(label);
    return i;
  }
  dataset->subjects = text_reallocate(dataset->subjects, (dataset->subject_count + 1) * sizeof *dataset->subjects);
  dataset->subjects[dataset->subject_count] =
      (struct dataset_subject){.label = label, .slug = text_slug(label), .workload = cell->workload};
  return dataset->subject_count++;
}

static void group_cells(struct dataset *dataset)
{
  for (size_t i = 0; i < dataset->cell_count; i++) { /* allocators of a collector stand together */
    for (size_t j = i; j < dataset->cell_count; j++) {
      if (strcmp(dataset->cells[i].collector, dataset->cells[j].collector) == 0)
        find_series(dataset, &dataset->cells[j]);
    }
  }
  for (size_t i = 0; i < dataset->cell_count; i++) {
    struct dataset_cell *cell = &dataset->cells[i];
    cell->series = find_series(dataset, cell);
    cell->subject = find_subject(dataset, cell);
    if (cell->ok_count == 0) cell->failure = in_words(cell->trials[0].outcome);
  }
}

/* A twin whose cell has no trials yet is of no use. */
static void group_twins(struct dataset *dataset)
{
  size_t kept = 0;
  for (size_t t = 0; t < dataset->twin_count; t++) {
    struct dataset_twin *twin = &dataset->twins[t];
    twin->of = 0;
    while (twin->of < dataset->cell_count && strcmp(dataset->cells[twin->of].id, twin->of_id) != 0) twin->of++;
    if (twin->of < dataset->cell_count) {
      twin->cell.series = dataset->cells[twin->of].series;
      twin->cell.subject = dataset->cells[twin->of].subject;
      dataset->twins[kept++] = *twin;
    } else {
      free_cell(&twin->cell);
      free(twin->of_id);
    }
  }
  dataset->twin_count = kept;
}

/* The allocators of a campaign, in the order of its cells. */
struct allocators_found {
  char *text;
};

static bool visit_allocator(void *context, const struct store_trial *trial, const struct store_cell *cell)
{
  struct allocators_found *found = context;
  (void)trial;
  if (found->text != NULL && strstr(found->text, cell->allocator) != NULL) return true;
  text_append(&found->text, "%s%s", found->text != NULL ? ", " : "", cell->allocator);
  return true;
}

/* Complains where a campaign that has trials has none on the allocator that is to be held fixed. */
static bool has_allocator(struct store *store, const char *id, const struct dataset *dataset)
{
  if (dataset->held_allocator == NULL || dataset->cell_count > 0) return true;
  struct allocators_found found = {NULL};
  if (store_each_trial(store, id, visit_allocator, &found))
    fprintf(stderr, "gclab: campaign '%s' has no trial on the allocator %s; it has %s\n", dataset->campaign_name,
            dataset->held_allocator, found.text != NULL ? found.text : "no trial at all");
  free(found.text);
  return false;
}

struct dataset *dataset_load(struct store *store, const char *campaign, const char *allocator,
                             const struct catalogue *catalogue)
{
  char id[PLAN_ID_MAX];
  if (!store_find_campaign(store, campaign, id)) return NULL;
  struct dataset *dataset = text_allocate(sizeof *dataset);
  dataset->store = store;
  dataset->catalogue = catalogue;
  dataset->held_allocator = allocator;
  struct search search = {.dataset = dataset, .id = id};
  const bool read =
      store_each_campaign(store, visit_campaign, &search) && store_each_trial(store, id, visit_trial, dataset);
  if (!read || dataset->campaign_id == NULL || !has_allocator(store, id, dataset)) {
    dataset_free(dataset);
    return NULL;
  }
  group_cells(dataset);
  group_twins(dataset);
  return dataset;
}

void dataset_free(struct dataset *dataset)
{
  if (dataset == NULL) return;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    if (dataset->whole_cells == NULL) {
      free_cell(&dataset->cells[i]);
      continue;
    }
    free(dataset->cells[i].trials);
    free(dataset->cells[i].pauses);
  }
  for (size_t i = 0; i < dataset->whole_cell_count; i++) free_cell(&dataset->whole_cells[i]);
  for (size_t i = 0; i < dataset->twin_count; i++) {
    free_cell(&dataset->twins[i].cell);
    free(dataset->twins[i].of_id);
  }
  free(dataset->twins);
  free(dataset->whole_cells);
  for (size_t i = 0; i < dataset->series_count; i++) free(dataset->series[i].label);
  for (size_t i = 0; i < dataset->subject_count; i++) {
    free(dataset->subjects[i].label);
    free(dataset->subjects[i].slug);
    free(dataset->subjects[i].phase);
  }
  free(dataset->view_label);
  free(dataset->view_slug);
  char *const strings[] = {dataset->campaign_id, dataset->campaign_name, dataset->host_id, dataset->environment,
                           dataset->plan,        dataset->command,       dataset->version, dataset->revision,
                           dataset->status,      dataset->created_at,    dataset->machine, dataset->allocators,
                           dataset->no_counters};
  for (size_t s = 0; s < sizeof strings / sizeof strings[0]; s++) free(strings[s]);
  free(dataset->cells);
  free(dataset->series);
  free(dataset->subjects);
  free(dataset);
}

double dataset_wall_ns(const struct dataset_trial *trial) { return trial->wall_ns > 0 ? (double)trial->wall_ns : NAN; }

double dataset_gc_share(const struct dataset_trial *trial)
{
  return trial->wall_ns > 0 && trial->gc_ns >= 0 ? (double)trial->gc_ns / (double)trial->wall_ns : NAN;
}

/* Of all objects allocated, those not reclaimed at the end; NaN where that is not known. */
double dataset_held_share(const struct dataset_trial *trial)
{
  if (trial->allocations <= 0 || trial->held_objects < 0) return NAN;
  return (double)trial->held_objects / (double)trial->allocations;
}

/* What the collector's heap held at most; where a peer cannot tell, the process's. */
double dataset_peak_heap(const struct dataset_trial *trial)
{
  if (trial->peak_heap_bytes > 0) return (double)trial->peak_heap_bytes;
  return trial->vmhwm_bytes > 0 ? (double)trial->vmhwm_bytes : NAN;
}

struct stats_spread dataset_spread(const struct dataset_cell *cell, dataset_scalar *scalar)
{
  double *values = text_allocate(cell->trial_count * sizeof *values);
  size_t n = 0;
  for (size_t t = 0; t < cell->trial_count; t++) {
    if (strcmp(cell->trials[t].outcome, "ok") != 0) continue;
    const double value = scalar(&cell->trials[t]);
    if (isfinite(value)) values[n++] = value;
  }
  const struct stats_spread spread = stats_spread_of(values, n);
  free(values);
  return spread;
}

struct dataset_cell *dataset_default_cell(const struct dataset *dataset, size_t series, size_t subject)
{
  struct dataset_cell *only = NULL;
  size_t found = 0;
  for (size_t i = 0; i < dataset->cell_count; i++) {
    struct dataset_cell *cell = &dataset->cells[i];
    if (cell->series != series || cell->subject != subject) continue;
    if (cell->default_knobs) return cell;
    only = cell;
    found++;
  }
  return found == 1 ? only : NULL;
}

const char *dataset_knob(const struct dataset_cell *cell, const char *name)
{
  for (size_t i = 0; i < cell->knob_count; i++) {
    if (strcmp(cell->knobs[i].name, name) == 0) return cell->knobs[i].text;
  }
  return NULL;
}
