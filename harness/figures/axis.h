/* axis: ranges, ticks with units, and places for labels that do not overlap. */
#ifndef GCLAB_HARNESS_FIGURES_AXIS_H
#define GCLAB_HARNESS_FIGURES_AXIS_H

#include <stdbool.h>
#include <stddef.h>

struct axis {
  double low, high; /* the range; high > low, and low > 0 where log */
  bool log;
  const char *unit; /* of its values, as the formatter of its ticks has it: "ns", "bytes"; NULL: another */
  char *ticks;      /* the inside of gnuplot's set xtics (...): "text" position[, ...]; NULL: none */
};

/* Takes a value into the range while it is being found; start with low > high. */
#define AXIS_EMPTY                                                                                                     \
  (struct axis) { .low = 1, .high = -1 }
void axis_include(struct axis *axis, double value);
bool axis_is_empty(const struct axis *axis);

/* Where a value lies, 0 (low) to 1 (high), and the reverse. */
double axis_fraction(const struct axis *axis, double value);
double axis_value(const struct axis *axis, double fraction);

/* Widens the range by this fraction of it on either side. */
void axis_pad(struct axis *axis, double below, double above);

typedef char *axis_formatter(double value, char *text);

/* Ticks of a log axis: at decades, with 2 and 5 in between where the range is short.  base 10 or 2. */
void axis_log_ticks(struct axis *axis, axis_formatter *format, int base, double length_px, double points);

/* Ticks of a linear axis at 1, 2, 5 times a power of ten (or of 1024 and binary steps for bytes), about `wanted`. */
void axis_linear_ticks(struct axis *axis, axis_formatter *format, bool binary, int wanted);

/* One tick. */
void axis_tick(struct axis *axis, double position, const char *text);

/* A minor tick, without text. */
void axis_minor_tick(struct axis *axis, double position);

void axis_free(struct axis *axis);

/* Moves positions (any unit) apart so that neighbours are `gap` or more from each other and all lie in [low, high]. */
void axis_spread(double *positions, size_t count, double gap, double low, double high);

/* Labels of points, placed beside them: a box for each, in pixels, y downwards. */
struct axis_label {
  double x, y;          /* the point */
  double width, height; /* of the text */
  double at_x, at_y;    /* result: the text's left edge and vertical centre */
};

/*
 * Places labels around their points, away from each other, from all points and from the frame's edges.  One without
 * width is a point to keep away from, and no more.
 */
void axis_place_labels(struct axis_label *labels, size_t count, double left, double right, double top, double bottom);

#endif
