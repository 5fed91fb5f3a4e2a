/*
 * characterise: how far the workloads spread.
 *
 * Above, each workload in the first four principal components of what was measured (harness/characterise/spread.h);
 * below, what each number weighs in the first two, and how far each workload is from its nearest neighbour in all
 * dimensions: what is left of the mark adds nothing.
 */
#include <math.h>
#include <stdlib.h>

#include "harness/characterise/spread.h"
#include "harness/characterise/suite.h"
#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/text/text.h"

enum { ROW_PX = 17, SCATTER_PX = 380, GAP_PX = 66, LEFT_PX = 66, LABELS_PX = 150 };

static bool is_near(const struct spread *spread, size_t which) { return spread->distances[which] < SPREAD_NEAR; }

static uint32_t colour_of(const struct spread *spread, size_t which)
{
  return is_near(spread, which) ? PALETTE_VERMILION : PALETTE_BLUE;
}

static double score_of(const struct spread *spread, size_t which, size_t component)
{
  return spread->components.scores[which * spread->components.columns + component];
}

static double loading_of(const struct spread *spread, size_t component, size_t measure)
{
  return spread->components.loadings[component * spread->components.columns + measure];
}

static void scatter_axis(struct axis *axis, const struct suite *suite, const struct spread *spread, size_t component)
{
  *axis = AXIS_EMPTY;
  for (size_t i = 0; i < suite->count; i++) axis_include(axis, score_of(spread, i, component));
  axis_pad(axis, 0.1, 0.1);
  axis_linear_ticks(axis, text_short, false, 6);
}

static void label_points(struct canvas *canvas, struct canvas_panel *panel, const struct suite *suite,
                         const struct spread *spread, size_t across, size_t up)
{
  struct axis_label *labels = text_allocate(suite->count * sizeof *labels);
  for (size_t i = 0; i < suite->count; i++)
    labels[i] = (struct axis_label){.x = canvas_x_px(panel, score_of(spread, i, across)),
                                    .y = canvas_y_px(panel, score_of(spread, i, up)),
                                    .width = text_width_px(suite->list[i].workload, CANVAS_NOTE_POINTS),
                                    .height = 14};
  axis_place_labels(labels, suite->count, panel->left + 4, panel->right - 2, panel->top, panel->bottom - 4);
  for (size_t i = 0; i < suite->count; i++)
    canvas_side_text(canvas, panel, labels[i].at_x, labels[i].at_y, 'l', CANVAS_NOTE_POINTS,
                     palette_text(colour_of(spread, i)), suite->list[i].workload);
  free(labels);
}

static void draw_scatter(struct canvas *canvas, struct canvas_panel *panel, const struct suite *suite,
                         const struct spread *spread, size_t across)
{
  const size_t up = across + 1;
  scatter_axis(&panel->x, suite, spread, across);
  scatter_axis(&panel->y, suite, spread, up);
  panel->title = text_format("components %zu (%.0f %%) and %zu (%.0f %%)", across + 1,
                             100 * spread->components.share[across], up + 1, 100 * spread->components.share[up]);
  panel->x_title = text_format("component %zu", across + 1);
  canvas_block(canvas, panel, CANVAS_DOTS, 0);
  for (size_t i = 0; i < suite->count; i++)
    canvas_row(canvas, "%.9g %.9g %u 1.1", score_of(spread, i, across), score_of(spread, i, up), colour_of(spread, i));
  label_points(canvas, panel, suite, spread, across, up);
}

/* Rows from top to bottom: row i is at height -i. */
static void set_rows(struct canvas_panel *panel, size_t rows)
{
  panel->y = (struct axis){.low = 0.5 - (double)rows, .high = 0.5};
}

static void label_row(struct canvas *canvas, struct canvas_panel *panel, size_t row, uint32_t colour, const char *text)
{
  canvas_side_text(canvas, panel, panel->left - 8, canvas_y_px(panel, -(double)row), 'r', CANVAS_NOTE_POINTS, colour,
                   text);
}

static void draw_loadings(struct canvas *canvas, struct canvas_panel *panel, const struct spread *spread)
{
  static const uint32_t colours[] = {PALETTE_BLUE, PALETTE_ORANGE};
  set_rows(panel, spread->measure_count);
  panel->x = (struct axis){.low = -0.65, .high = 0.65};
  axis_linear_ticks(&panel->x, text_short, false, 7);
  panel->rule_x = 0;
  panel->title = text_copy("what weighs in components 1 and 2");
  panel->x_title = text_copy("loading");
  canvas_block(canvas, panel, CANVAS_RULES, 0);
  for (size_t m = 0; m < spread->measure_count; m++) {
    for (size_t k = 0; k < 2; k++)
      canvas_row(canvas, "0 %.9g %.9g 0 %u", -(double)m + 0.15 - 0.3 * (double)k, loading_of(spread, k, m),
                 palette_tint(colours[k], 0.6));
    label_row(canvas, panel, m, PALETTE_TEXT, measure_rows[spread->measures[m]].name);
  }
  canvas_block(canvas, panel, CANVAS_DOTS, 0);
  for (size_t m = 0; m < spread->measure_count; m++) {
    for (size_t k = 0; k < 2; k++)
      canvas_row(canvas, "%.9g %.9g %u 0.7", loading_of(spread, k, m), -(double)m + 0.15 - 0.3 * (double)k, colours[k]);
  }
}

static void draw_distances(struct canvas *canvas, struct canvas_panel *panel, const struct suite *suite,
                           const struct spread *spread)
{
  set_rows(panel, suite->count);
  panel->x = AXIS_EMPTY;
  axis_include(&panel->x, 0);
  axis_include(&panel->x, 1);
  for (size_t i = 0; i < suite->count; i++) axis_include(&panel->x, spread->distances[i]);
  panel->x.high *= 1.25; /* room for the neighbours' names */
  axis_linear_ticks(&panel->x, text_short, false, 6);
  panel->rule_x = SPREAD_NEAR;
  panel->title = text_copy("distance to the nearest neighbour");
  panel->x_title = text_copy("of the median distance between workloads");
  canvas_block(canvas, panel, CANVAS_AREAS, 0);
  for (size_t i = 0; i < suite->count; i++) {
    const double middle = -(double)i;
    canvas_row(canvas, "0 %.9g %.9g %.9g %u", spread->distances[i], middle - 0.32, middle + 0.32,
               palette_tint(colour_of(spread, i), 0.75));
    label_row(canvas, panel, i, palette_text(colour_of(spread, i)), suite->list[i].workload);
    canvas_side_text(canvas, panel, canvas_x_px(panel, spread->distances[i]) + 6, canvas_y_px(panel, middle), 'l',
                     CANVAS_NOTE_POINTS, PALETTE_QUIET, suite->list[spread->neighbours[i]].workload);
  }
}

static void put_texts(struct canvas *canvas, const struct suite *suite, const struct spread *spread,
                      enum setting_size size)
{
  size_t near = 0;
  for (size_t i = 0; i < suite->count; i++) near += is_near(spread, i);
  canvas->title = text_copy("How far the workloads spread");
  canvas->subtitle = text_format(
      "Principal components of %zu numbers of each of %zu workloads, standardised. %s. Bars are distances in all %zu "
      "dimensions, named by the neighbour; what ends before %.2g adds nothing to the spread.",
      spread->measure_count, suite->count,
      near == 0   ? "No workload is so near to another that it adds nothing"
      : near == 1 ? "One workload is so near to another that it adds nothing"
                  : "Some workloads are so near to others that they add nothing",
      spread->measure_count, SPREAD_NEAR);
  parts_suite_foot(canvas, suite->version, size);
  canvas_add_key(canvas, "adds to the spread", PALETTE_BLUE, 0, 7, 1.1);
  canvas_add_key(canvas, "adds nothing", PALETTE_VERMILION, 0, 7, 1.1);
  canvas_add_key(canvas, "loading in component 1", PALETTE_BLUE, 0, 7, 0.7);
  canvas_add_key(canvas, "in component 2", PALETTE_ORANGE, 0, 7, 0.7);
}

static enum figure_status draw(struct figure_job *job, const struct suite *suite, const struct spread *spread)
{
  struct canvas *canvas = canvas_new("characterise", "characterise");
  put_texts(canvas, suite, spread, job->size);
  const size_t pairs = spread->components.columns >= 4 ? 2 : 1;
  const double width = (CANVAS_WIDTH - LEFT_PX - 24 - GAP_PX) / 2;
  const double top = canvas_head_bottom(canvas) + 26;
  const double below = top + SCATTER_PX + 84;
  const size_t rows = spread->measure_count > suite->count ? spread->measure_count : suite->count;
  const double bottom = below + ROW_PX * (double)rows;
  canvas->height = bottom + 90;
  for (size_t p = 0; p < pairs; p++) {
    const double left = LEFT_PX + (double)p * (width + GAP_PX);
    draw_scatter(canvas, canvas_add_panel(canvas, left, left + width, top, top + SCATTER_PX), suite, spread, 2 * p);
  }
  draw_loadings(
      canvas,
      canvas_add_panel(canvas, LABELS_PX, LEFT_PX + width, below, below + ROW_PX * (double)spread->measure_count),
      spread);
  draw_distances(canvas,
                 canvas_add_panel(canvas, LEFT_PX + width + GAP_PX + LABELS_PX - LEFT_PX, CANVAS_WIDTH - 24, below,
                                  below + ROW_PX * (double)suite->count),
                 suite, spread);
  return parts_finish(job, canvas);
}

enum figure_status figure_characterise(struct figure_job *job)
{
  struct suite suite;
  struct spread spread;
  if (!suite_load(job->store, job->size, &suite)) return FIGURE_FAILED;
  enum figure_status status = FIGURE_DRAWN;
  if (!spread_of(suite.list, suite.count, &spread)) {
    status = parts_without_data(
        job, "%zu workload%s characterised at size %s, and it takes %d; 'gclab characterise --size %s' measures them",
        suite.count, suite.count == 1 ? " is" : "s are", setting_size_names[job->size], SPREAD_LEAST,
        setting_size_names[job->size]);
  } else if (spread.components.columns < 2) {
    status = parts_without_data(job, "the workloads have too few numbers in common");
    spread_free(&spread);
  } else {
    status = draw(job, &suite, &spread);
    spread_free(&spread);
  }
  suite_free(&suite);
  return status;
}
