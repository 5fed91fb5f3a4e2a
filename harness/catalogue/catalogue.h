/*
 * catalogue: which collectors and workloads there are.
 *
 * The harness links none of them.  It finds the programs called gclab-trial-* in the directories of GCLAB_TRIAL_PATH
 * (colon-separated, searched first), beside its own executable, and in ../libexec/gclab, and asks each to describe
 * itself.  Peers that were left out of the build are listed with the reason and the package that would bring them
 * (missing-collectors.json in the same directories).
 *
 * A collector may have several programs, which differ in the memory that objects are on.  The usual one stands for the
 * collector; the others are its variants, collectors of the same name with knobs of their own.
 */
#ifndef GCLAB_HARNESS_CATALOGUE_CATALOGUE_H
#define GCLAB_HARNESS_CATALOGUE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/setting.h"

struct json_t;

enum { CATALOGUE_HASH_MAX = 33 }; /* 32 hexadecimal digits and NUL */

struct catalogue_collector {
  const char *name, *summary, *source, *version;
  char *program_name;                /* the name, or NAME+MEMORY of a variant */
  char *trial_path;                  /* the program */
  unsigned layouts;                  /* in how many orders of linking it is there (program.h) */
  char build_id[CATALOGUE_HASH_MAX]; /* XXH3-128 of the content of all of them */
  bool checking, sanitized;
  const char *revision, *compiler, *build;
  const char **capabilities; /* "reclaims", "uses_malloc", ... */
  size_t capability_count;
  struct setting *knobs;
  size_t knob_count;
  struct json_t *description; /* what the program said; owns the strings above */
};

struct catalogue_workload {
  const char *name, *summary, *source;
  bool makes_cycles;
  const char **needs; /* capabilities without which a trial is not supported */
  size_t need_count;
  struct setting *parameters;
  size_t parameter_count;
};

struct catalogue_missing {
  const char *name, *why, *package;
};

struct catalogue {
  struct catalogue_collector *collectors; /* by rank: see catalogue.c; peers last; behind them all the variants */
  size_t collector_count;                 /* without variants */
  size_t program_count;                   /* with them */
  struct catalogue_workload *workloads;   /* every program has the same ones */
  size_t workload_count;
  struct catalogue_workload *replays; /* those that run a file, which `gclab replay` makes: not in the list above */
  size_t replay_count;
  struct catalogue_missing *missing;
  size_t missing_count;
  struct json_t *missing_documents;
};

/*
 * Asks every trial program.  One that crashes or answers nonsense is named on standard error and left out.  NULL, with
 * a message that says what to do, where there is none.
 */
struct catalogue *catalogue_load(void);

/* The same without messages: for those who can do without any program, and only want to know what knobs there are. */
struct catalogue *catalogue_load_quietly(void);
void catalogue_free(struct catalogue *catalogue);

const struct catalogue_collector *catalogue_collector(const struct catalogue *catalogue, const char *name);
const struct catalogue_workload *catalogue_workload(const struct catalogue *catalogue, const char *name);
const struct catalogue_missing *catalogue_missing(const struct catalogue *catalogue, const char *name);
/* The program by its name, variants included: "refcount+blocks". */
const struct catalogue_collector *catalogue_program(const struct catalogue *catalogue, const char *program_name);
/* What the program's objects are on: "malloc", "blocks", or its "own". */
const char *catalogue_collector_memory(const struct catalogue_collector *collector);
bool catalogue_collector_can(const struct catalogue_collector *collector, const char *capability);

/*
 * Is it one of "all", "own" (gclab's) or "peers"?  Instruments, which compete with nobody, what replays deaths, which
 * takes a run of an instrument before each of its own, and variants are in none.
 */
bool catalogue_collector_is_in(const struct catalogue_collector *collector, const char *group);

/* The nearest name to a mistyped one, or NULL. */
const char *catalogue_nearest_collector(const struct catalogue *catalogue, const char *name);
const char *catalogue_nearest_workload(const struct catalogue *catalogue, const char *name);

/* The directory of the running executable, malloc'ed; NULL where /proc does not tell. */
char *catalogue_own_directory(void);

#endif
