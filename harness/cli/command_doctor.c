/* gclab doctor */
#define _GNU_SOURCE
#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/campaign/cores.h"
#include "harness/campaign/host.h"
#include "harness/cli/command.h"
#include "harness/cli/table.h"
#include "harness/plan/plan.h"
#include "harness/platform/checks.h"
#include "harness/text/text.h"

enum { OPTION_FOR = 256, OPTION_JSON };

static const struct argp_option options[] = {
    {"for", OPTION_FOR, "TIME", 0, "how long to measure (default 3s)", 1},
    {"json", OPTION_JSON, 0, 0, "as JSON", 1},
    {0},
};

static const char doc[] =
    "Says what disturbs this machine, how much, and what to do about it, from a measurement of a few seconds."
    "\vA thread on the core that trials would run on reads the clock without pause: where a reading comes late, "
    "something "
    "else had the processor. Pauses shorter than such gaps cannot be told from them one by one. A campaign measures "
    "the "
    "same, briefly, before it begins, at each block, and at its end, and keeps it.\n\n"
    "Doubtful is: more than 1 % of the time lost or a gap of more than 2 ms; another program with more than a tenth of "
    "a "
    "core; any steal; one core only; a CPU quota; a clock whose reading takes 200 ns; a governor that is not "
    "'performance'; turbo; address-space randomisation that is off; swap.\n\n"
    "Examples:\n"
    "  gclab doctor\n"
    "  gclab doctor --for 30s --json\n\n"
    "Exit codes: 0 nothing is doubtful; 1 something is; 2 wrong usage.";

struct arguments {
  uint64_t for_ns;
  bool json;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  char error[SETTING_ERROR_MAX];
  switch (key) {
  case OPTION_FOR:
    if (!quantity_parse_duration("for", value, false, &arguments->for_ns, error)) argp_error(state, "--for: %s", error);
    return 0;
  case OPTION_JSON:
    arguments->json = true;
    return 0;
  case ARGP_KEY_ARG:
    argp_error(state, "'%s' is one word too many: there is nothing to name", value);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static void print_table(const struct check *list, size_t count)
{
  static const char *const headings[] = {"CHECK", "VERDICT", "FOUND", NULL};
  struct table table;
  table_init(&table, headings);
  for (size_t i = 0; i < count; i++)
    table_add(&table, (const char *const[]){list[i].name, check_verdict_names[list[i].verdict], list[i].found});
  table_print(&table, stdout, 0);
  bool any = false;
  for (size_t i = 0; i < count; i++) {
    if (list[i].verdict != CHECK_DOUBTFUL) continue;
    if (!any) puts("\nWhat to do:");
    any = true;
    printf("  %s: ", list[i].name);
    table_print_wrapped(stdout, list[i].remedy != NULL ? list[i].remedy : "nothing that we know of",
                        (int)strlen(list[i].name) + 4, 4);
  }
}

static void print_json(const struct check *list, size_t count, const struct noise *noise)
{
  json_t *checks = json_array(), *histogram = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(checks, json_pack("{s:s, s:s, s:s, s:s?}", "check", list[i].name, "verdict",
                                            check_verdict_names[list[i].verdict], "found", list[i].found, "remedy",
                                            list[i].remedy));
  for (size_t b = 0; b < NOISE_BUCKETS; b++)
    json_array_append_new(histogram, json_integer((json_int_t)noise->histogram[b]));
  json_t *root =
      json_pack("{s:s, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:f, s:o}}", "format", "gclab-doctor-1", "checks", checks,
                "noise", "span_ns", (json_int_t)noise->span_ns, "floor_ns", (json_int_t)noise->floor_ns, "gaps",
                (json_int_t)noise->gaps, "lost_ns", (json_int_t)noise->lost_ns, "longest_ns",
                (json_int_t)noise->longest_ns, "share", noise_share(noise), "histogram", histogram);
  json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
  putchar('\n');
  json_decref(root);
}

static void print_verdict(const struct check *list, size_t count, const struct noise *noise)
{
  size_t doubtful = 0;
  char each[TEXT_NUMBER_MAX];
  const uint64_t each_ns = noise_each_second_ns(noise);
  for (size_t i = 0; i < count; i++) doubtful += list[i].verdict == CHECK_DOUBTFUL;
  putchar('\n');
  if (each_ns > 0)
    printf("Single pauses shorter than some %s cannot be told from this machine's own gaps.\n",
           text_duration((double)each_ns, each));
  if (doubtful == 0)
    puts("Nothing stands against measuring here.");
  else
    printf("%zu of %zu checks make results doubtful: trust ratios of many blocks, and look at the A/A pairs.\n",
           doubtful, count);
}

int command_doctor(int argc, char **argv)
{
  static const struct argp argp = {options, parse_option, NULL, doc, NULL, NULL, NULL};
  struct arguments arguments = {.for_ns = UINT64_C(3000000000)};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct cores cores;
  struct host host;
  struct check list[CHECKS_MAX];
  struct busy_process busy_list[BUSY_MAX];
  cores_take(&cores, true);
  const int64_t steal = cores_steal_ticks(cores.trial);
  struct busy *busy = busy_begin();
  const struct noise noise = noise_measure(arguments.for_ns, cores.trial);
  const int64_t steal_after = cores_steal_ticks(cores.trial);
  const size_t busy_count = busy_end(busy, 0.1, busy_list);
  cores_give_back(&cores);
  if (!host_read(&host)) return EXIT_ENVIRONMENT;
  json_t *environment = json_loads(host.environment, 0, NULL);
  const struct checks_input input = {.noise = &noise,
                                     .busy = busy_list,
                                     .busy_count = busy_count,
                                     .environment = environment,
                                     .steal_ticks = steal < 0 || steal_after < 0 ? -1 : steal_after - steal};
  const size_t count = checks_make(&input, list);
  size_t doubtful = 0;
  for (size_t i = 0; i < count; i++) doubtful += list[i].verdict == CHECK_DOUBTFUL;
  if (arguments.json) {
    print_json(list, count, &noise);
  } else {
    print_table(list, count);
    print_verdict(list, count, &noise);
  }
  json_decref(environment);
  host_free(&host);
  return doubtful > 0 ? EXIT_FINDING : EXIT_DONE;
}
