#include "harness/cli/selection.h"

#include <stdio.h>
#include <string.h>

static const struct argp_option options[] = {
    {"collector", 'c', "NAME,...", 0,
     "on this collector; several with commas or by repetition; 'own' is all of gclab's, 'peers' the others, 'all' "
     "both; "
     "refcount+blocks is a variant on another memory ('gclab list refcount' names them)",
     1},
    {"set", 's', "KNOB=VALUE", 0, "set a knob of the collectors", 1},
    {0},
};

static void take_collectors(struct selection *selection, char *names, struct argp_state *state)
{
  char *rest = NULL;
  for (char *name = strtok_r(names, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
    if (selection->collector_count == SELECTION_COLLECTORS_MAX) argp_error(state, "that is too many collectors");
    selection->collectors[selection->collector_count++] = name;
  }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
  struct selection *selection = state->input;
  switch (key) {
  case 'c':
    take_collectors(selection, argument, state);
    return 0;
  case 's':
    if (selection->knob_count == SELECTION_KNOBS_MAX) argp_error(state, "that is too many knobs");
    selection->knobs[selection->knob_count++] = argument;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

const struct argp selection_argp = {options, parse_option, NULL, NULL, NULL, NULL, NULL};

static bool is_group(const char *name)
{
  return strcmp(name, "own") == 0 || strcmp(name, "peers") == 0 || strcmp(name, "all") == 0;
}

bool selection_is_known(const struct selection *selection, const struct catalogue *catalogue)
{
  for (size_t i = 0; i < selection->collector_count; i++) {
    const char *name = selection->collectors[i];
    if (is_group(name) || catalogue_program(catalogue, name) != NULL) continue;
    const char *nearest = catalogue_nearest_collector(catalogue, name);
    fprintf(stderr, "gclab: there is no collector '%s'%s%s; 'gclab list collectors' lists them\n", name,
            nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
    return false;
  }
  return true;
}

static bool names(const char *name, const struct catalogue_collector *collector)
{
  return catalogue_collector_is_in(collector, name) || strcmp(name, collector->program_name) == 0;
}

bool selection_wants(const struct selection *selection, const struct catalogue_collector *collector, const char *preset)
{
  if (selection->collector_count == 0) return names(preset, collector);
  for (size_t i = 0; i < selection->collector_count; i++) {
    if (names(selection->collectors[i], collector)) return true;
  }
  return false;
}
