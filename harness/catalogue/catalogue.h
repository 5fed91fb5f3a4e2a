/*
 * catalogue: which collectors and workloads there are.
 *
 * The harness links none of them.  It finds the programs called gclab-trial-* in the directories of GCLAB_TRIAL_PATH
 * (colon-separated, searched first), beside its own executable, and in ../libexec/gclab, and asks each to describe
 * itself.  Peers that were left out of the build are listed with the reason and the package that would bring them
 * (missing-collectors.json beside the trial programs).
 */
#ifndef GCLAB_HARNESS_CATALOGUE_CATALOGUE_H
#define GCLAB_HARNESS_CATALOGUE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/setting.h"

struct catalogue_collector {
  char *name, *summary, *source, *version;
  char *trial_path;   /* the program */
  char *build_id;     /* hash of the program's content, 32 hexadecimal digits */
  char *revision, *compiler, *build;
  char **capabilities; /* "reclaims", "uses_malloc", ... */
  size_t capability_count;
  bool checking, sanitized;
  struct setting *knobs;
  size_t knob_count;
};

struct catalogue_workload {
  char *name, *summary, *source;
  bool makes_cycles;
  struct setting *parameters;
  size_t parameter_count;
};

struct catalogue_missing {
  char *name, *why, *package;
};

struct catalogue {
  struct catalogue_collector *collectors; /* in a fixed order: none, refcount, ... own ones first, then by name */
  size_t collector_count;
  struct catalogue_workload *workloads;
  size_t workload_count;
  struct catalogue_missing *missing;
  size_t missing_count;
};

/* Asks every trial program.  NULL, with a message on standard error that says what to do, where there is none. */
struct catalogue *catalogue_load(void);
void catalogue_free(struct catalogue *catalogue);

const struct catalogue_collector *catalogue_collector(const struct catalogue *catalogue, const char *name);
const struct catalogue_workload *catalogue_workload(const struct catalogue *catalogue, const char *name);
bool catalogue_collector_can(const struct catalogue_collector *collector, const char *capability);

/* The nearest name to a mistyped one, or NULL. */
const char *catalogue_nearest_collector(const struct catalogue *catalogue, const char *name);
const char *catalogue_nearest_workload(const struct catalogue *catalogue, const char *name);

#endif
