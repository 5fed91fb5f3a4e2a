/*
 * curves: the figures that are a panel a workload with a line a collector, named at its end.
 *
 * A figure fills in sheets and says how the axes are ticked; panels share their ranges.  The layout, the labels and the
 * foot are here.
 */
#ifndef GCLAB_HARNESS_FIGURES_CURVES_H
#define GCLAB_HARNESS_FIGURES_CURVES_H

#include "harness/figures/parts.h"

enum { CURVES_MAX = 64 };

/* What is drawn of one collector. */
struct curve {
  uint32_t colour;
  enum canvas_layer layer; /* CANVAS_LINES, _DASHES, _DOTTED; CANVAS_DOTS and _RINGS: points that are not joined */
  double *x, *y;           /* count values; NAN: left out */
  double *low, *high;      /* NULL: none; else a band, or a whisker at each point where there are dots */
  size_t count;
  char *label; /* at the end of the line; NULL: none */
  bool with_dots;
};

struct curve_sheet {
  char *title;
  struct curve curves[CURVES_MAX];
  size_t count;
};

struct curve_figure {
  char *name, *title, *subtitle, *x_title; /* malloc'ed; curves_draw frees them */
  struct axis x, y;                        /* their ranges and scales; ticks are made by the next two */
  void (*x_ticks)(struct axis *axis, double length_px);
  void (*y_ticks)(struct axis *axis, double length_px, bool texts);
  double rule_y; /* a grey line across; NAN: none */
  size_t least_trials, most_trials;
  uint64_t pauses;
};

/* What makes a figure of it, subject by subject. */
struct curve_kind {
  /* Fills in the subject's curves, and which series they are of; one without curves has no panel.  False after a message. */
  bool (*load)(const struct figure_job *job, const void *context, size_t subject, struct curve_sheet *sheet,
               bool *drawn, struct curve_figure *figure);
  /* Texts, axes and ticks, when all curves are known. */
  void (*describe)(const struct figure_job *job, const void *context, const struct curve_sheet *sheets, size_t count,
                   const bool *drawn, struct curve_figure *figure);
  const char *without; /* what the campaign has not, where nothing is drawn: "has no pauses" */
};

enum figure_status curves_of_subjects(struct figure_job *job, const struct curve_kind *kind, const void *context);

/* A new curve of the sheet with room for so many points; NULL where the sheet is full. */
struct curve *curve_add(struct curve_sheet *sheet, uint32_t colour, enum canvas_layer layer, size_t room,
                        const char *label);
void curve_put(struct curve *curve, double x, double y);

/* The same with its interval; the curve was made with curve_with_intervals. */
void curve_put_interval(struct curve *curve, double x, double y, double low, double high);
void curve_with_intervals(struct curve *curve, size_t room);

/* Takes all points of the sheets into the ranges; not intervals, which are cut off at the frame. */
void curves_measure(const struct curve_sheet *sheets, size_t count, struct axis *x, struct axis *y);

/* Both axes logarithmic, over all points. */
void curves_log_log(const struct curve_sheet *sheets, size_t count, struct curve_figure *figure);

/* Draws them all on one canvas. */
enum figure_status curves_draw(struct figure_job *job, struct curve_figure *figure, const struct curve_sheet *sheets,
                               size_t count, const bool *series_drawn);
void curves_free(struct curve_sheet *sheets, size_t count);

/* Ticks that several figures share. */
void curves_duration_ticks(struct axis *axis, double length_px);
void curves_share_ticks(struct axis *axis, double length_px, bool texts);
void curves_time_ticks(struct axis *axis, double length_px, bool texts);
void curves_percentile_ticks(struct axis *axis, double length_px);

#endif
