/*
 * cache: death schedules while a campaign runs, each made when it is first asked for.
 *
 * A schedule is that of a workload, its parameters and a seed.  Blocks have a seed of their own, so none is of use
 * beyond its block; they lie in TMPDIR, some ten bytes an object, and the oldest goes when they take too much room.
 */
#ifndef GCLAB_HARNESS_DEATHS_CACHE_H
#define GCLAB_HARNESS_DEATHS_CACHE_H

#include "harness/deaths/instrument.h"

struct deaths_cache;

/* instrument is the program of collectors/lifetimes.  NULL after a message: there is no place for files. */
struct deaths_cache *deaths_cache_make(const char *instrument);
void deaths_cache_free(struct deaths_cache *cache);

struct deaths_key {
  const struct catalogue_workload *workload;
  const int64_t *parameters;
  uint64_t seed;
};

/*
 * The path of the schedule's file (deaths_file.h), good until the next call.  NULL: it could not be made, and error
 * (INSTRUMENT_ERROR_MAX) says why; it is empty where we were asked to end.  What failed once is not tried again.
 */
const char *deaths_cache_find(struct deaths_cache *cache, const struct deaths_key *key, char *error);

/* All are forgotten: the next block has other seeds. */
void deaths_cache_clear(struct deaths_cache *cache);

#endif
