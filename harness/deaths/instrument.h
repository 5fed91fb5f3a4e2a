/*
 * instrument: runs a workload on the instrument (collectors/lifetimes), which finds out when each object dies.
 */
#ifndef GCLAB_HARNESS_DEATHS_INSTRUMENT_H
#define GCLAB_HARNESS_DEATHS_INSTRUMENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/catalogue/catalogue.h"

/* What a trial is started with, but for the program: "run", the workload, its seed, and all of its parameters. */
enum { INSTRUMENT_WORDS_MAX = 80, INSTRUMENT_ERROR_MAX = 512 };

struct instrument_words {
  const char *list[INSTRUMENT_WORDS_MAX + 1]; /* NULL-ended */
  char *owned[INSTRUMENT_WORDS_MAX];
  size_t count, owned_count;
};

/* parameters: one a row of the workload. */
void instrument_words_make(struct instrument_words *words, const struct catalogue_workload *workload,
                           const int64_t *parameters, uint64_t seed);
void instrument_words_free(struct instrument_words *words);

enum instrument_outcome { INSTRUMENT_DONE, INSTRUMENT_REFUSED, INSTRUMENT_FAILED, INSTRUMENT_INTERRUPTED };

/*
 * Runs it; the rows of the death schedule (collectors/parts/deaths.h) are written to rows_path, and the record is the
 * caller's.  REFUSED: the parameters do not fit one another; FAILED: any other fault.  Then error
 * (INSTRUMENT_ERROR_MAX) says why, without the workload's name.
 */
enum instrument_outcome instrument_run(const char *program, const struct instrument_words *words, const char *rows_path,
                                       json_t **record, char *error);

/* A number of the record's facts; -1: it has none of that name. */
int64_t instrument_fact(const json_t *record, const char *name);

#endif
