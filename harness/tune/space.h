/*
 * space: the settings that a search may choose from, as cells of a campaign on a grid.
 *
 * Which knobs are searched: those that --set gives several values; those that --knob names, over the range of their row;
 * where there are neither, all whose row has one.  A knob that --set gives one value has it in every setting, the usual
 * one too.  The usual setting has all others at their defaults.
 */
#ifndef GCLAB_HARNESS_TUNE_SPACE_H
#define GCLAB_HARNESS_TUNE_SPACE_H

#include "harness/plan/plan.h"
#include "harness/tune/search.h"

enum { SPACE_KNOBS_MAX = 16, SPACE_GRID_USUAL = 400, SPACE_GRID_MAX = 10000 };

struct space_request {
  const char *collector, *workload, *name; /* name: of the campaign */
  const struct plan_options *options;      /* --set, --param, --size, --allocator, --seed, limits; no collectors */
  const char *knobs[SPACE_KNOBS_MAX];      /* --knob */
  size_t knob_count;
  size_t grid; /* settings that there may be about, where ranges are not the user's */
};

struct tune_space {
  struct plan *plan;
  struct plan_cells cells; /* by point; behind the grid, where it is not on it, the usual setting */
  struct search_grid grid;
  size_t usual;                     /* point of the usual setting */
  size_t axes[SEARCH_AXES_MAX];     /* the knob of each axis */
  int64_t *ranked[SEARCH_AXES_MAX]; /* values by rank */
};

/* Expands the request.  False after messages, which name what is wrong and what there is. */
bool space_expand(struct tune_space *space, const struct space_request *request, const struct catalogue *catalogue);

/* Finds the grid, after heaps in multiples of the minimum heap have become bytes.  False after a message. */
bool space_lay_out(struct tune_space *space);
void space_free(struct tune_space *space);

/* "threshold0=5000 threshold1=20": the searched knobs of a point; malloc'ed. */
char *space_words(const struct tune_space *space, size_t point);

#endif
