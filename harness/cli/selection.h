/* selection: the options -c and --set, for commands that run heap scripts or micro-benchmarks on collectors. */
#ifndef GCLAB_HARNESS_CLI_SELECTION_H
#define GCLAB_HARNESS_CLI_SELECTION_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/catalogue/catalogue.h"

enum { SELECTION_COLLECTORS_MAX = 32, SELECTION_KNOBS_MAX = 32 };

struct selection {
  const char *collectors[SELECTION_COLLECTORS_MAX]; /* names, 'own', 'peers' or 'all' */
  size_t collector_count;
  const char *knobs[SELECTION_KNOBS_MAX]; /* KNOB=VALUE */
  size_t knob_count;
};

/* A child parser; its input is a struct selection. */
extern const struct argp selection_argp;

/* Is every name a collector's?  If not, says so on standard error with the nearest one. */
bool selection_is_known(const struct selection *selection, const struct catalogue *catalogue);

/* Is the collector wanted?  Where none was named, `preset` stands: a name or a group. */
bool selection_wants(const struct selection *selection, const struct catalogue_collector *collector,
                     const char *preset);

#endif
