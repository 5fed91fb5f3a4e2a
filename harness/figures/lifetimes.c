/*
 * survival and live: how long the objects of each workload live, and how much is alive while it runs.  A panel a
 * workload; both clocks are bytes allocated, so that they are the same on every machine.
 */
#include <math.h>
#include <stdlib.h>

#include "harness/characterise/suite.h"
#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/text/text.h"

enum { COLUMNS = 4, PANEL_PX = 120, ROW_GAP_PX = 84, COLUMN_GAP_PX = 52, LEFT_PX = 66, LIVE_STEP = 2 };

static char *percent_tick(double share, char *text)
{
  snprintf(text, TEXT_NUMBER_MAX, "%.4g %%", 100 * share);
  return text;
}

/* Of one workload into its panel; in the first column the axis has texts. */
typedef void panel_drawer(struct canvas *canvas, struct canvas_panel *panel, const struct characterisation *one,
                          bool first_column);

/* A tick a decade, and a text at every other. */
static void age_axis(struct axis *axis)
{
  *axis = (struct axis){
      .low = pow(10, CURVE_FIRST_DECADE), .high = pow(10, CURVE_FIRST_DECADE + CURVE_DECADES), .log = true};
  for (int decade = 0; decade <= CURVE_DECADES; decade++) {
    char text[TEXT_NUMBER_MAX];
    const double age = pow(10, CURVE_FIRST_DECADE + decade);
    axis_tick(axis, age, decade % 2 == 0 ? percent_tick(age, text) : "");
  }
}

static void percent_axis(struct axis *axis, bool texts)
{
  *axis = (struct axis){.low = 0, .high = 1.02};
  axis_linear_ticks(axis, texts ? percent_tick : text_nothing, false, 3);
}

static void draw_survival(struct canvas *canvas, struct canvas_panel *panel, const struct characterisation *one,
                          bool first_column)
{
  age_axis(&panel->x);
  percent_axis(&panel->y, first_column);
  panel->rule_x = 1;
  canvas_block(canvas, panel, CANVAS_BANDS, PALETTE_BLUE);
  for (size_t i = 0; i < one->survival_count; i++)
    canvas_row(canvas, "%.9g 0 %.9g", one->survival[i].x, one->survival[i].y);
  canvas_block(canvas, panel, CANVAS_LINES, PALETTE_BLUE);
  for (size_t i = 0; i < one->survival_count; i++)
    canvas_row(canvas, "%.9g %.9g", one->survival[i].x, one->survival[i].y);
}

/* Of the steps that are drawn as one, as a share of live_max. */
static double most_alive(const struct characterisation *one, size_t from)
{
  double most = 0;
  for (size_t i = from; i < from + LIVE_STEP; i++) most = fmax(most, one->live[i].y);
  return most / one->values[MEASURE_LIVE_MAX];
}

/*
 * Are the points between two as good as on the line from the one to the other?  Of a panel it is a quarter of a pixel.
 */
static bool is_straight(const struct characterisation *one, size_t from, size_t to)
{
  static const double tolerance = 0.002;
  const double first = most_alive(one, from);
  const double slope = (most_alive(one, to) - first) / (double)(to - from);
  for (size_t i = from + LIVE_STEP; i < to; i += LIVE_STEP) {
    if (fabs(most_alive(one, i) - first - slope * (double)(i - from)) > tolerance) return false;
  }
  return true;
}

/*
 * The next point that has to be drawn: in the middle of a straight line one tells nothing, and costs bytes in each
 * panel.
 */
static size_t next_point(const struct characterisation *one, size_t at)
{
  size_t next = at + LIVE_STEP;
  while (next + 2 * LIVE_STEP <= one->live_count && is_straight(one, at, next + LIVE_STEP)) next += LIVE_STEP;
  return next;
}

static void draw_live(struct canvas *canvas, struct canvas_panel *panel, const struct characterisation *one,
                      bool first_column)
{
  const double total = one->values[MEASURE_BYTES];
  panel->x = (struct axis){.low = 0, .high = 1};
  axis_linear_ticks(&panel->x, percent_tick, false, 4);
  percent_axis(&panel->y, first_column);
  for (int layer = 0; layer < 2; layer++) {
    canvas_block(canvas, panel, layer == 0 ? CANVAS_BANDS : CANVAS_LINES, PALETTE_GREEN);
    for (size_t i = 0; i + LIVE_STEP <= one->live_count; i = next_point(one, i))
      canvas_row(canvas, "%.4f %s%.4f", one->live[i].x / total, layer == 0 ? "0 " : "", most_alive(one, i));
  }
}

static enum figure_status draw_grid(struct figure_job *job, struct canvas *canvas, const struct suite *suite,
                                    panel_drawer *draw, char *(*x_title)(const struct characterisation *))
{
  const double width = (CANVAS_WIDTH - LEFT_PX - 24 - COLUMN_GAP_PX * (COLUMNS - 1)) / COLUMNS;
  const double first = canvas_head_bottom(canvas) + 26;
  const size_t rows = (suite->count + COLUMNS - 1) / COLUMNS;
  canvas->height = first + (PANEL_PX + ROW_GAP_PX) * (double)rows + 34;
  parts_suite_foot(canvas, suite->version, job->size);
  for (size_t i = 0; i < suite->count; i++) {
    const size_t column = i % COLUMNS, row = i / COLUMNS;
    const double left = LEFT_PX + (double)column * (width + COLUMN_GAP_PX);
    const double top = first + (double)row * (PANEL_PX + ROW_GAP_PX);
    struct canvas_panel *panel = canvas_add_panel(canvas, left, left + width, top, top + PANEL_PX);
    panel->title = text_copy(suite->list[i].workload);
    panel->x_title = x_title(&suite->list[i]);
    draw(canvas, panel, &suite->list[i], column == 0);
  }
  return parts_finish(job, canvas);
}

static char *name_age(const struct characterisation *one)
{
  char most[TEXT_NUMBER_MAX];
  return text_format("age, of %s", text_bytes(one->values[MEASURE_LIVE_MAX], most));
}

static char *name_clock(const struct characterisation *one)
{
  char most[TEXT_NUMBER_MAX], total[TEXT_NUMBER_MAX];
  return text_format("of %s; 100 %% up: %s", text_bytes(one->values[MEASURE_BYTES], total),
                     text_bytes(one->values[MEASURE_LIVE_MAX], most));
}

/* The suite at the size that is drawn; false: status says how it ended. */
static bool load(struct figure_job *job, struct suite *suite, enum figure_status *status)
{
  *status = FIGURE_FAILED;
  if (!suite_load(job->store, job->size, suite)) return false;
  if (suite->count > 0) return true;
  *status = parts_without_data(job, "no workload is characterised at size %s; 'gclab characterise --size %s' does it",
                               setting_size_names[job->size], setting_size_names[job->size]);
  return false;
}

enum figure_status figure_survival(struct figure_job *job)
{
  struct suite suite;
  enum figure_status status;
  if (load(job, &suite, &status)) {
    struct canvas *canvas = canvas_new("survival", "survival");
    canvas->title = text_copy("How long objects live");
    canvas->subtitle = text_copy(
        "Share of the allocated bytes that is still reachable when so much more has been allocated, as a "
        "share of the most that is ever alive (dashed: as much as that). Objects born too close to the end to "
        "reach an age are left out of it; a curve ends where those are more than 90 %.");
    status = draw_grid(job, canvas, &suite, draw_survival, name_age);
  }
  suite_free(&suite);
  return status;
}

enum figure_status figure_live(struct figure_job *job)
{
  struct suite suite;
  enum figure_status status;
  if (load(job, &suite, &status)) {
    struct canvas *canvas = canvas_new("live", "live");
    canvas->title = text_copy("What is alive");
    canvas->subtitle =
        text_copy("Bytes that are reachable, exactly, over the bytes allocated so far; the most in each "
                  "of 200 steps. Below each panel: what is allocated in all, and the most that is alive.");
    status = draw_grid(job, canvas, &suite, draw_live, name_clock);
  }
  suite_free(&suite);
  return status;
}
