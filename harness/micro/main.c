/*
 * gclab-micro-COLLECTOR: the micro-benchmarks of one collector, as a program.
 *
 * `gclab micro` runs these in turn and keeps the results; by hand, they take Google Benchmark's options too.
 */
#include <argp.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/micro/driver.h"
#include "harness/micro/list.h"

enum { OPTION_SIZE = 256, OPTION_COUNT, OPTION_LIST };

static const struct argp_option options[] = {
    {"filter", 'f', "REGEX", 0, "only benchmarks whose name matches this extended regular expression", 1},
    {"size", OPTION_SIZE, "small|default|full", 0, "how large working sets and graphs become (default: default)", 1},
    {"set", 's', "KNOB=VALUE", 0, "set a knob of the collector", 1},
    {"list", OPTION_LIST, 0, 0, "print the benchmarks as JSON, and run none", 2},
    {"count", OPTION_COUNT, 0, 0, "run what is counted, for valgrind --tool=callgrind --collect-atstart=no", 2},
    {0},
};

static const char doc[] =
    "Runs the micro-benchmarks of one collector's primitives, and the machine's own limits beside them."
    "\vGoogle Benchmark's options (--benchmark_min_time=SECONDS, --benchmark_repetitions=N, --benchmark_format=json "
    "...) "
    "are taken too; their times are for one operation, or for one object.\n\n"
    "Exit codes: 0 done; 2 wrong usage; 3 out of memory; 4 the environment lacks something.";

struct arguments {
  struct heap heap;
  enum micro_size size;
  regex_t filter;
  bool has_filter, lists, counts, failed;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
  static const char *const sizes[] = {"small", "default", "full"};
  struct arguments *arguments = state->input;
  switch (key) {
  case 'f':
    if (arguments->has_filter) regfree(&arguments->filter);
    arguments->has_filter = regcomp(&arguments->filter, argument, REG_EXTENDED | REG_NOSUB) == 0;
    if (!arguments->has_filter) argp_error(state, "--filter: '%s' is no extended regular expression", argument);
    return 0;
  case OPTION_SIZE:
    for (int i = MICRO_SMALL; i <= MICRO_FULL; i++) {
      if (strcmp(argument, sizes[i]) != 0) continue;
      arguments->size = (enum micro_size)i;
      return 0;
    }
    argp_error(state, "--size: '%s' is none of small, default and full", argument);
    return 0;
  case 's':
    if (!heap_set_knob(&arguments->heap, argument)) arguments->failed = true;
    return 0;
  case OPTION_LIST:
    arguments->lists = true;
    return 0;
  case OPTION_COUNT:
    arguments->counts = true;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* Moves Google Benchmark's options into an argument list of their own. */
static int take_library_options(int *argc, char **argv, char **taken)
{
  int kept = 1, count = 1;
  taken[0] = argv[0];
  for (int i = 1; i < *argc; i++) {
    if (strncmp(argv[i], "--benchmark_", strlen("--benchmark_")) == 0)
      taken[count++] = argv[i];
    else
      argv[kept++] = argv[i];
  }
  argv[kept] = NULL;
  taken[count] = NULL;
  *argc = kept;
  return count;
}

static void fill_table(struct micro_table *table, struct arguments *arguments)
{
  static void (*const subjects[])(struct micro_table * table) = {
      micro_add_limits, micro_add_allocate, micro_add_death,   micro_add_store, micro_add_load,    micro_add_root,
      micro_add_frame,  micro_add_full,     micro_add_garbage, micro_add_young, micro_add_cascade, micro_add_sweep};
  table->size = arguments->counts ? MICRO_SMALL : arguments->size;
  for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) subjects[i](table);
  size_t kept = 0;
  for (size_t i = 0; i < table->count; i++) {
    if (arguments->has_filter && regexec(&arguments->filter, table->rows[i].name, 0, NULL, 0) != 0) continue;
    table->rows[kept++] = table->rows[i];
  }
  table->count = kept;
}

static int run(struct arguments *arguments, const struct micro_table *table, int argc, char **argv)
{
  if (arguments->lists) return list_print(table) ? MICRO_EXIT_OK : MICRO_EXIT_ENVIRONMENT;
  if (arguments->counts) return driver_count_instructions(&arguments->heap, table);
  return driver_measure_time(&arguments->heap, table, argc, argv);
}

int main(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, NULL, doc, NULL, NULL, NULL};
  static struct arguments arguments = {.size = MICRO_DEFAULT};
  char **library = memory_require(calloc((size_t)argc + 1, sizeof *library));
  const int library_count = take_library_options(&argc, argv, library);
  heap_set_defaults(&arguments.heap);
  argp_err_exit_status = MICRO_EXIT_USAGE;
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  int code = MICRO_EXIT_USAGE;
  if (!arguments.failed) {
    struct micro_table table = {0};
    fill_table(&table, &arguments);
    code = run(&arguments, &table, library_count, library);
    free(table.rows);
  }
  free((void *)library);
  if (arguments.has_filter) regfree(&arguments.filter);
  return code;
}
