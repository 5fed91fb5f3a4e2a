/* gclab list */
#define _GNU_SOURCE
#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/catalogue/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/list.h"
#include "harness/plan/plan.h"

enum { OPTION_JSON = 256, OPTION_NAMES };

static const struct argp_option options[] = {
    {"json", OPTION_JSON, 0, 0, "as JSON, with everything that there is", 1},
    {"names", OPTION_NAMES, 0, OPTION_HIDDEN, "nothing but names, one a line", 1},
    {0},
};

static const char doc[] = "Lists what there is; for a name, what it does and all that can be set."
                          "\vNAME is a collector, a workload, a plan, a figure or a metric.\n\n"
                          "Examples:\n"
                          "  gclab list\n"
                          "  gclab list workloads\n"
                          "  gclab list refcount_cyclic\n"
                          "  gclab list cycles --json\n\n"
                          "Exit codes: 0 done; 2 there is nothing of that name; 4 no trial program was found.";

struct arguments {
  const char *word;
  bool json, names;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
  struct arguments *arguments = state->input;
  switch (key) {
  case OPTION_JSON:
    arguments->json = true;
    return 0;
  case OPTION_NAMES:
    arguments->names = true;
    return 0;
  case ARGP_KEY_ARG:
    if (arguments->word != NULL) argp_error(state, "'%s' is one word too many: there is one NAME", value);
    arguments->word = value;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* The kinds of things, in the order in which they are listed. */
static const struct {
  const char *kind;
  void (*print)(const struct listing *listing);
  json_t *(*json)(const struct listing *listing);
  void (*names)(const struct listing *listing);
} kinds[] = {
    {"collectors", list_print_collectors, list_json_collectors, list_names_collectors},
    {"workloads", list_print_workloads, list_json_workloads, list_names_workloads},
    {"plans", list_print_plans, list_json_plans, list_names_plans},
    {"figures", list_print_figures, list_json_figures, list_names_figures},
    {"metrics", list_print_metrics, list_json_metrics, list_names_metrics},
    {"knobs", NULL, NULL, list_names_knobs},           /* for completion */
    {"parameters", NULL, NULL, list_names_parameters}, /* for completion */
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static int print_json(json_t *value)
{
  json_dumpf(value, stdout, JSON_INDENT(1));
  putchar('\n');
  json_decref(value);
  return EXIT_DONE;
}

static int list_all(const struct listing *listing, bool json)
{
  json_t *root = json_object();
  for (size_t i = 0; i < KINDS; i++) {
    if (kinds[i].print == NULL) continue;
    if (json) {
      json_object_set_new(root, kinds[i].kind, kinds[i].json(listing));
      continue;
    }
    if (i > 0) putchar('\n');
    kinds[i].print(listing);
  }
  if (json) {
    json_object_set_new(root, "missing", list_json_missing(listing));
    return print_json(root);
  }
  json_decref(root);
  puts("\n'gclab list NAME' says more of each.");
  return EXIT_DONE;
}

static int say_unknown(const struct listing *listing, const char *word)
{
  const char *nearest = list_nearest(listing, word);
  fprintf(stderr, "gclab: there is no collector, workload, plan, figure or metric '%s'", word);
  if (nearest != NULL)
    fprintf(stderr, "; did you mean %s?\n", nearest);
  else
    fputs("; 'gclab list' shows all\n", stderr);
  return EXIT_USAGE;
}

static int list_named(const struct listing *listing, const struct arguments *arguments)
{
  for (size_t i = 0; i < KINDS; i++) {
    if (strcmp(arguments->word, kinds[i].kind) != 0) continue;
    if (arguments->names) return kinds[i].names(listing), EXIT_DONE;
    if (kinds[i].print == NULL) break;
    if (arguments->json) return print_json(kinds[i].json(listing));
    return kinds[i].print(listing), EXIT_DONE;
  }
  if (arguments->json) {
    json_t *value = list_json_named(listing, arguments->word);
    return value != NULL ? print_json(value) : say_unknown(listing, arguments->word);
  }
  return list_print_named(listing, arguments->word) ? EXIT_DONE : say_unknown(listing, arguments->word);
}

int command_list(int argc, char **argv)
{
  static const struct argp argp = {
      options, parse_option, "[collectors|workloads|plans|figures|metrics|NAME]", doc, NULL, NULL, NULL};
  struct arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct listing listing = {.catalogue = catalogue_load()};
  if (listing.catalogue == NULL) return EXIT_ENVIRONMENT;
  listing.plans = plan_list_shipped(&listing.plan_count);
  const int code = arguments.word == NULL ? list_all(&listing, arguments.json) : list_named(&listing, &arguments);
  plan_free_shipped(listing.plans, listing.plan_count);
  catalogue_free(listing.catalogue);
  return code;
}
