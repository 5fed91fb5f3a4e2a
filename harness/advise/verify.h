/*
 * verify: runs a program for real at several settings, in rounds, each in an order of its own, and keeps what the
 * collections of its largest process took.
 */
#ifndef GCLAB_HARNESS_ADVISE_VERIFY_H
#define GCLAB_HARNESS_ADVISE_VERIFY_H

#include "harness/recording/launch.h"
#include "harness/recording/recording.h"
#include "harness/stats/compare.h"

enum { VERIFY_SETTINGS_MAX = 16, VERIFY_ROUNDS_MAX = 100 };

enum verify_measure {
  VERIFY_GC_NS,
  VERIFY_MAX_PAUSE_NS,
  VERIFY_P99_PAUSE_NS,
  VERIFY_WALL_NS,
  VERIFY_PEAK_KIB,
  VERIFY_MEASURES
};

/* One setting's runs: a value a round and measure. */
struct verify_cell {
  int64_t thresholds[3];
  bool freezes; /* after the request's freeze_after_ns */
  double values[VERIFY_MEASURES][VERIFY_ROUNDS_MAX];
  double collections[3][VERIFY_ROUNDS_MAX];
};

struct verify {
  struct verify_cell cells[VERIFY_SETTINGS_MAX]; /* the first is the usual setting */
  size_t cell_count, rounds;                     /* rounds that are whole */
};

enum verify_outcome { VERIFY_DONE, VERIFY_FAILED, VERIFY_INTERRUPTED };

/*
 * request: how the program is run; its thresholds and directory are set here.  directory is made and emptied again.
 * A run that ends otherwise than `expected` ends all, with a message: FAILED.  tell, if not NULL, hears of each run.
 */
enum verify_outcome verify_run(struct verify *verify, size_t rounds, const struct launch_request *request,
                               const struct launch_result *expected, uint64_t seed,
                               void (*tell)(size_t run, size_t runs), char *error);

double verify_median(const struct verify *verify, size_t cell, enum verify_measure measure);
double verify_median_collections(const struct verify *verify, size_t cell, int generation);

/* The cell over the usual one, paired by round, with an interval of 95 %; NAN where a value is 0. */
struct stats_estimate verify_ratio(const struct verify *verify, size_t cell, enum verify_measure measure);

#endif
