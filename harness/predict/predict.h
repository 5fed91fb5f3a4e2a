/*
 * predict: what other thresholds would have made of a recorded run.
 *
 * The recording is walked once, and every setting's collector with it: when it is triggered, which generation it
 * collects (with the rule of 25 %), how many objects it looks at and how many it frees.  Objects that died by reference
 * counting die when they did.  Cyclic garbage was found by a collection of the recording, so that it became garbage
 * between the last one that had looked at it and found it alive, and that one; when in between is not known, and a
 * moment is drawn from there (by the object's number, the same each time).
 *
 * What is not followed: the free lists of lists, dicts and tuples, whose use changes a little with the collections;
 * objects that old garbage keeps alive; memory that is cold because of more or less garbage in it.
 */
#ifndef GCLAB_HARNESS_PREDICT_PREDICT_H
#define GCLAB_HARNESS_PREDICT_PREDICT_H

#include "harness/recording/recording.h"

enum { PREDICT_SETTINGS_MAX = 65536, COST_POINTS = 40 };

/*
 * What a collection takes: a constant, so much an object that it looks at, and so much one that it frees.  An object
 * costs more where there are more of them, since they do not fit into the caches: a curve over the logarithm to base 2
 * of their number, from medians of the recording's own collections.
 */
struct predict_costs {
  double constant_ns;
  double object_ns[COST_POINTS]; /* where 2^i objects are looked at */
  double freed_ns;
  double longest_ratio; /* the recording's longest pause over the longest that the curve makes of its collections: what
                           luck the longest has; from 1 to 2 */
  double tracked_share; /* of counted objects, survivors that the lists hold: others are untracked tuples and dicts */
  double peak_bytes;    /* resident memory, the most that was seen at a collection; 0: it was not asked for */
  double object_bytes;  /* resident memory that came with an object, from the first such collection to that one */
  size_t samples;
  double relative_error; /* median of |fitted - pause| / pause over the recording's collections, weighted by pause */
};

struct predict_setting {
  int64_t thresholds[3];
  bool freezes; /* gc.freeze() at the end of the first collection from freeze_tick on */
};

struct prediction {
  struct predict_setting setting;
  uint64_t collections[3]; /* automatic ones */
  uint64_t requested;      /* by gc.collect(), and at the interpreter's end: as recorded */
  uint64_t collected;
  double gc_ns, max_pause_ns, p99_pause_ns; /* 0 where there is no pause */
  double generation_ns[3], generation_max_ns[3];
  uint64_t peak_garbage;   /* objects that wait to be collected, the most there are at once */
  double first_full_share; /* of the run's ticks, at which the first automatic full collection comes; negative: none */
};

/* A model of the recording itself, from its own collections. */
struct predict_costs predict_calibrate(const struct recording *recording);

/*
 * What each setting would do.  predictions: one a setting.  The program's own changes of thresholds are not followed,
 * those of gc.disable() and gc.enable() are.  freeze_tick: when start-up is over, for settings that freeze.
 */
void predict_run(const struct recording *recording, const struct predict_costs *costs,
                 const struct predict_setting *settings, size_t count, uint32_t freeze_tick,
                 struct prediction *predictions);

/* The tick of the first collection that began so long after the recording or later; RECORDING_NEVER: there is none. */
uint32_t predict_tick_at(const struct recording *recording, uint64_t time_ns);

#endif
