/* A store with made-up results, of known shape: what the figures are tested with. */
#ifndef GCLAB_TESTS_FIGURES_SYNTHETIC_H
#define GCLAB_TESTS_FIGURES_SYNTHETIC_H

#include <stdbool.h>

enum synthetic_part {
  SYNTHETIC_DEFAULTS = 1 << 0, /* six collectors at their defaults on three workloads */
  SYNTHETIC_SWEEP = 1 << 1,    /* threshold0 of refcount_cyclic and cpython */
  SYNTHETIC_GRID = 1 << 2,     /* threshold0 x threshold1, with a cell that timed out and one out of memory */
  SYNTHETIC_GROWTH = 1 << 3,   /* marksweep's growth factors */
  SYNTHETIC_LARGE = 1 << 4,    /* one trial with a million pauses */
  SYNTHETIC_ALLOCATORS = 1 << 5,
  SYNTHETIC_WIDE = 1 << 6 /* eight collectors on 22 workloads, as the plan full has them; then no other part */
};

/*
 * Trials of cycles have two phases: build, for their first 250 ms, and work.  Those of splay serve requests, those of
 * gcbench and cycles tell their floating garbage.  The machine was looked at once.
 */

/* Makes the store at path; false after a message. */
bool synthetic_make(const char *path, unsigned parts);

#endif
