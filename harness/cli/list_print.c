/* Tables for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/cli/list.h"
#include "harness/cli/list_metrics.h"
#include "harness/cli/table.h"

enum { FIGURES_MAX = 64 };

static const struct {
  const char *name, *phrase;
} capability_phrases[] = {
    {"reclaims", "reclaims memory"},
    {"reclaims_cycles", "reclaims cycles"},
    {"prompt", "reclaims acyclic garbage at once"},
    {"moves", "moves objects"},
    {"generational", "generational"},
    {"incremental", "incremental"},
    {"concurrent", "concurrent"},
    {"threads", "several mutator threads"},
    {"external", "a peer, not written here"},
    {"conservative", "conservative: may keep garbage that something looks like a reference to"},
    {"uses_malloc", "uses malloc: the allocator can be chosen"},
    {"weak", "weak references"},
    {"finalizes", "finalizers"},
    {"instrument", "an instrument: observes a program, and is not among 'all' and 'own'"},
    {"hooks_in_pause", "runs finalizers and callbacks inside the pause, which they lengthen"},
    {"uses_blocks", "has its objects in size-class blocks: --allocator blocks"},
    {"replays_deaths", "replays a death schedule, which a campaign makes for it; is not among 'all' and 'own'"},
    {"variant", "a variant: usually this collector is on another memory"},
};

static const char *phrase_of(const char *capability)
{
  for (size_t i = 0; i < sizeof capability_phrases / sizeof capability_phrases[0]; i++) {
    if (strcmp(capability_phrases[i].name, capability) == 0) return capability_phrases[i].phrase;
  }
  return capability;
}

/* They run workloads as collectors do, but are no contenders; the catalogue has them last. */
static void print_instruments(const struct catalogue *catalogue)
{
  static const char *const headings[] = {"instrument", "version", "what it does", NULL};
  if (!catalogue_collector_can(&catalogue->collectors[catalogue->collector_count - 1], "instrument")) return;
  putchar('\n');
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < catalogue->collector_count; i++) {
    const struct catalogue_collector *collector = &catalogue->collectors[i];
    if (catalogue_collector_can(collector, "instrument"))
      table_add(&table, (const char *const[]){collector->name, collector->version, collector->summary});
  }
  table_print(&table, stdout, 0);
}

void list_print_collectors(const struct listing *listing)
{
  static const char *const headings[] = {"collector", "version", "what it does", NULL};
  static const char *const missing_headings[] = {"not built", "why", "Debian package", NULL};
  const struct catalogue *catalogue = listing->catalogue;
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < catalogue->collector_count; i++) {
    const struct catalogue_collector *collector = &catalogue->collectors[i];
    if (!catalogue_collector_can(collector, "instrument"))
      table_add(&table, (const char *const[]){collector->name, collector->version, collector->summary});
  }
  table_print(&table, stdout, 0);
  print_instruments(catalogue);
  if (catalogue->missing_count == 0) return;
  putchar('\n');
  table_init(&table, missing_headings);
  for (size_t i = 0; i < catalogue->missing_count; i++) {
    const struct catalogue_missing *missing = &catalogue->missing[i];
    table_add(&table, (const char *const[]){missing->name, missing->why, missing->package});
  }
  table_print(&table, stdout, 0);
}

void list_print_workloads(const struct listing *listing)
{
  static const char *const headings[] = {"workload", "cycles", "what it does", NULL};
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < listing->catalogue->workload_count; i++) {
    const struct catalogue_workload *workload = &listing->catalogue->workloads[i];
    table_add(&table, (const char *const[]){workload->name, workload->makes_cycles ? "yes" : "no", workload->summary});
  }
  table_print(&table, stdout, 0);
}

void list_print_plans(const struct listing *listing)
{
  static const char *const headings[] = {"plan", ">cells", ">blocks", "what it shows", NULL};
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < listing->plan_count; i++) {
    struct plan *plan = plan_load(listing->plans[i].path);
    struct plan_cells cells = {0};
    char count[24] = "?";
    char blocks[24];
    if (plan == NULL) continue;
    if (plan_expand_quietly(plan, listing->catalogue, &cells)) snprintf(count, sizeof count, "%zu", cells.count);
    snprintf(blocks, sizeof blocks, "%u", plan->blocks);
    table_add(&table, (const char *const[]){listing->plans[i].name, count, blocks, plan->description});
    plan_cells_free(&cells);
    plan_free(plan);
  }
  table_print(&table, stdout, 0);
}

void list_print_figures(const struct listing *listing)
{
  static const char *const headings[] = {"figure", "what it shows", NULL};
  (void)listing;
  struct list_figure figures[FIGURES_MAX];
  struct table table;
  table_init(&table, headings);
  const size_t count = list_figures(figures, FIGURES_MAX);
  for (size_t i = 0; i < count; i++) table_add(&table, (const char *const[]){figures[i].name, figures[i].summary});
  table_print(&table, stdout, 0);
}

/* ---- one thing -------------------------------------------------------------------------------------------------- */

static void print_field(const char *label, const char *text)
{
  enum { LABEL = 12 };
  printf("  %-*s", LABEL - 2, label);
  table_print_wrapped(stdout, text, LABEL, LABEL);
}

static void range_of(const struct setting *row, char *text, size_t size)
{
  char low[SETTING_TEXT_MAX];
  char high[SETTING_TEXT_MAX];
  if (row->type == SETTING_BOOLEAN) {
    snprintf(text, size, "on, off");
    return;
  }
  if (row->type != SETTING_CHOICE) {
    size_t used = (size_t)snprintf(text, size, "%s to %s%s", setting_format(row, row->minimum, low),
                                   setting_format(row, row->maximum, high), row->scale == SETTING_LOG ? ", log" : "");
    if (row->search_low != row->search_high && used < size)
      snprintf(text + used, size - used, "; tuned %s to %s", setting_format(row, row->search_low, low),
               setting_format(row, row->search_high, high));
    return;
  }
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; row->choices[i] != NULL && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
}

/* What a value counts; without a unit, what it is. */
static const char *unit_of(const struct setting *row)
{
  return row->unit[0] != '\0' ? row->unit : setting_type_name(row->type);
}

static void print_settings(const struct setting *rows, size_t count, const char *title, const char *none,
                           bool has_sizes)
{
  const char *const headings[] = {"name",  "unit", ">default", has_sizes ? ">small" : "", has_sizes ? ">large" : "",
                                  "range", "",     NULL};
  if (count == 0) {
    printf("\n%s\n", none);
    return;
  }
  printf("\n%s\n", title);
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < count; i++) {
    char value[SETTING_TEXT_MAX];
    char small[SETTING_TEXT_MAX] = "";
    char large[SETTING_TEXT_MAX] = "";
    char range[160];
    range_of(&rows[i], range, sizeof range);
    if (has_sizes) {
      setting_format(&rows[i], rows[i].small_value, small);
      setting_format(&rows[i], rows[i].large_value, large);
    }
    table_add(&table, (const char *const[]){rows[i].name, unit_of(&rows[i]),
                                            setting_format(&rows[i], rows[i].default_value, value), small, large, range,
                                            rows[i].help});
  }
  table_print(&table, stdout, 2);
}

/* What --allocator may say, and which program runs then. */
static void print_allocators(const struct catalogue *catalogue, const struct catalogue_collector *collector)
{
  if (strcmp(catalogue_collector_memory(collector), "own") == 0) return;
  const char *label = "memory";
  for (size_t i = 0; i < catalogue->program_count; i++) {
    const struct catalogue_collector *program = &catalogue->collectors[i];
    if (strcmp(program->name, collector->name) != 0) continue;
    const bool uses_malloc = strcmp(catalogue_collector_memory(program), "malloc") == 0;
    char *text = memory_format("%s%s%s", uses_malloc ? "jemalloc, glibc, mimalloc, tcmalloc" : "blocks",
                               program == collector ? "" : ": as ", program == collector ? "" : program->program_name);
    print_field(label, text);
    free(text);
    label = "";
  }
}

static void print_collector(const struct catalogue *catalogue, const struct catalogue_collector *collector)
{
  char text[256];
  printf("%s: collector\n", collector->program_name);
  print_field("does", collector->summary);
  print_field("source", collector->source);
  snprintf(text, sizeof text, "%s (%s build %s by %s%s%s)", collector->version, collector->build, collector->revision,
           collector->compiler, collector->checking ? ", checking" : "", collector->sanitized ? ", sanitized" : "");
  print_field("version", text);
  print_field("program", collector->trial_path);
  print_allocators(catalogue, collector);
  for (size_t i = 0; i < collector->capability_count; i++)
    print_field(i == 0 ? "can" : "", phrase_of(collector->capabilities[i]));
  print_settings(collector->knobs, collector->knob_count, "Knobs (--set NAME=VALUE,...):", "It has no knobs.", false);
}

static void print_workload(const struct catalogue_workload *workload)
{
  printf("%s: workload\n", workload->name);
  print_field("does", workload->summary);
  print_field("source", workload->source);
  print_field("cycles", workload->makes_cycles ? "its garbage may be cyclic: pure reference counting keeps it"
                                               : "none of its garbage is cyclic");
  for (size_t i = 0; i < workload->need_count; i++) print_field(i == 0 ? "needs" : "", phrase_of(workload->needs[i]));
  print_settings(workload->parameters, workload->parameter_count,
                 "Parameters (--param NAME=VALUE,...):", "It has no parameters.", true);
}

static bool print_plan(const struct plan_shipped *shipped)
{
  struct plan *plan = plan_load(shipped->path);
  if (plan == NULL) return false;
  printf("%s: plan\n", shipped->name);
  print_field("shows", plan->description != NULL ? plan->description : "");
  print_field("file", shipped->path);
  printf("\n%s\n'gclab run %s --dry-run' lists its cells.\n", plan->text, shipped->name);
  plan_free(plan);
  return true;
}

bool list_print_named(const struct listing *listing, const char *name)
{
  const struct catalogue_collector *collector = catalogue_program(listing->catalogue, name);
  const struct catalogue_workload *workload = catalogue_workload(listing->catalogue, name);
  const struct catalogue_missing *missing = catalogue_missing(listing->catalogue, name);
  if (collector != NULL) return print_collector(listing->catalogue, collector), true;
  if (workload != NULL) return print_workload(workload), true;
  if (missing != NULL) {
    printf("%s: collector, not built\n", missing->name);
    print_field("why", missing->why);
    print_field("package", missing->package);
    return true;
  }
  for (size_t i = 0; i < listing->plan_count; i++) {
    if (strcmp(listing->plans[i].name, name) == 0) return print_plan(&listing->plans[i]);
  }
  struct list_figure figures[FIGURES_MAX];
  const size_t count = list_figures(figures, FIGURES_MAX);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(figures[i].name, name) != 0) continue;
    printf("%s: figure\n", figures[i].name);
    print_field("shows", figures[i].summary);
    printf("\n'gclab plot %s' draws it.\n", figures[i].name);
    return true;
  }
  return list_print_metric(name);
}
