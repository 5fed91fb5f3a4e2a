/* sweep: which knobs a campaign varied, and the cells along one of them (a slice) or over two (a grid). */
#ifndef GCLAB_HARNESS_FIGURES_SWEEP_H
#define GCLAB_HARNESS_FIGURES_SWEEP_H

#include "harness/figures/axis.h"
#include "harness/dataset/dataset.h"

/* One place on a knob's axis. */
struct sweep_value {
  const char *text; /* as the store has it */
  double number;    /* NAN for a word */
  bool is_default;
};

/* How a knob is drawn. */
struct sweep_knob {
  const char *name;
  char *unit;
  bool words; /* on, off, names: places in a row */
  bool log;
  struct sweep_value *values; /* ascending, distinct; over all series that vary the knob */
  size_t value_count;
  const char *default_text; /* NULL: not known */
};

/* The cells of a series and subject along a knob, every other knob at one setting: its default where that was run. */
struct sweep_slice {
  struct dataset_cell **cells; /* in the order of the knob's values */
  size_t *values;              /* index of each cell's value in the knob */
  size_t count;
  char *base; /* other knobs that are not at their defaults, "threshold1=5"; NULL: all are */
};

/* Names of knobs that were varied in at least one slice, in the order of the plan; a malloc'ed array. */
const char **sweep_find_knobs(const struct dataset *dataset, size_t *count);

struct sweep_knob sweep_describe(const struct dataset *dataset, const char *name);
void sweep_knob_free(struct sweep_knob *knob);

/* False where the series and subject have fewer than two values of the knob. */
bool sweep_find_slice(const struct dataset *dataset, const struct sweep_knob *knob, size_t series, size_t subject,
                      struct sweep_slice *slice);
void sweep_slice_free(struct sweep_slice *slice);

/* The axis of a knob with its ticks: positions from sweep_position. */
struct axis sweep_axis(const struct sweep_knob *knob, double length_px, double points);
double sweep_position(const struct sweep_knob *knob, size_t value);

/* "threshold0 (container allocations)". */
char *sweep_title(const struct sweep_knob *knob);

/* A full enough grid over two knobs: cells[y * x_knob.value_count + x], NULL where none was run. */
struct sweep_grid {
  struct sweep_knob x, y;
  struct dataset_cell **cells;
  size_t present;
};

/* All grids of a series and subject, one a pair of knobs; a malloc'ed array. */
struct sweep_grid *sweep_find_grids(const struct dataset *dataset, size_t series, size_t subject, size_t *count);
void sweep_grids_free(struct sweep_grid *grids, size_t count);

#endif
