/*
 * programs: the micro-benchmark programs, and what each can run.
 *
 * They are found beside the trial programs that the catalogue knows: gclab-micro-NAME beside gclab-trial-NAME.
 */
#ifndef GCLAB_HARNESS_MICRORUN_PROGRAMS_H
#define GCLAB_HARNESS_MICRORUN_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/catalogue/catalogue.h"

struct micro_offer {
  char *name, *limit, *skip; /* skip: why not; NULL: it can */
  double limit_scale;
  bool heavy;
};

struct micro_program {
  const char *collector; /* "refcount", "refcount+blocks"; STORE_MICRO_MACHINE: the limits, which any can measure */
  const struct catalogue_collector *described;
  char *path;
  char build_id[CATALOGUE_HASH_MAX];
  const char *allocator; /* that it is run on: a name, or "own" */
  char *preload;         /* "LD_PRELOAD=..."; NULL: nothing */
  struct micro_offer *offers;
  size_t offer_count;
};

struct micro_programs {
  struct micro_program *list; /* the machine first, then collectors in the catalogue's order */
  size_t count;
};

struct micro_program_request {
  const struct catalogue *catalogue;
  bool (*wants)(const void *context, const struct catalogue_collector *collector);
  const void *context;
  const char *allocator; /* for collectors on malloc, and the machine's */
  const char *size;
  const char *const *knobs; /* KNOB=VALUE, each given to the collectors that have such a knob */
  size_t knob_count;
};

/* Finds them and asks each for its list.  False after a message. */
bool micro_programs_find(const struct micro_program_request *request, struct micro_programs *programs);
void micro_programs_free(struct micro_programs *programs);

/* NULL: the program has no such benchmark. */
const struct micro_offer *micro_program_offer(const struct micro_program *program, const char *name);

/*
 * The words of a command line that runs the program: its knobs and then `arguments` (NULL-ended), on its allocator,
 * behind `front` (NULL-ended; NULL: nothing), a program that runs others.  To be freed, but not the words.
 */
const char **micro_program_words(const struct micro_program *program, const struct micro_program_request *request,
                                 const char *const *front, const char *const *arguments);

#endif
