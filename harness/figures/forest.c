/*
 * forest: ratios of wall time to a baseline, a panel a collector, a row a workload, with intervals and verdicts.
 *
 * The baseline is the first collector of the plan at its defaults.  Below the workloads stands the geometric mean over
 * those that both finished.  The grey band is the noise floor, as the campaign's A/A pairs have it: a ratio inside it
 * means nothing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/comparison.h"
#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/text/text.h"

enum { ROW_PX = 24, COLUMNS_MAX = 4 };

struct row {
  size_t subject;
  struct comparison comparison;
};

struct panel {
  size_t series;
  struct row *rows;
  size_t count;
  struct stats_estimate mean;
  size_t mean_of;
};

struct forest {
  size_t base; /* series */
  struct panel *panels;
  size_t count;
  size_t *subjects; /* those that have a row anywhere, in order */
  size_t subject_count;
  struct noise_floor floor;
};

static const struct analysis_cell *default_cell(const struct analysis *analysis, size_t series, size_t subject)
{
  const struct dataset_cell *cell = dataset_default_cell(analysis->dataset, series, subject);
  return cell != NULL ? &analysis->cells[analysis_cell_index(analysis, cell)] : NULL;
}

static void load_panel(const struct analysis *analysis, size_t base, struct panel *panel)
{
  const struct dataset *dataset = analysis->dataset;
  panel->rows = text_allocate((dataset->subject_count + 1) * sizeof *panel->rows);
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    const struct analysis_cell *a = default_cell(analysis, base, subject);
    const struct analysis_cell *b = default_cell(analysis, panel->series, subject);
    if (a == NULL || b == NULL) continue;
    panel->rows[panel->count++] =
        (struct row){subject, comparison_of(a, b, metric_find("wall"), true, &comparison_default_terms)};
  }
}

/* All rows of the figure are one family. */
static void judge(struct forest *forest)
{
  size_t all = 0;
  for (size_t p = 0; p < forest->count; p++) all += forest->panels[p].count;
  struct comparison *family = text_allocate((all + 1) * sizeof *family);
  size_t n = 0;
  for (size_t p = 0; p < forest->count; p++) {
    for (size_t r = 0; r < forest->panels[p].count; r++) family[n++] = forest->panels[p].rows[r].comparison;
  }
  comparison_judge(family, n, &comparison_default_terms);
  n = 0;
  for (size_t p = 0; p < forest->count; p++) {
    for (size_t r = 0; r < forest->panels[p].count; r++) forest->panels[p].rows[r].comparison = family[n++];
  }
  free(family);
}

static void add_mean(struct panel *panel)
{
  const struct comparison **list = (const struct comparison **)text_allocate((panel->count + 1) * sizeof(void *));
  for (size_t r = 0; r < panel->count; r++) {
    if (panel->rows[r].comparison.kind == COMPARISON_PAIRED) list[panel->mean_of++] = &panel->rows[r].comparison;
  }
  if (panel->mean_of >= 2) panel->mean = comparison_geomean(list, panel->mean_of, &comparison_default_terms);
  free((void *)list);
}

static void list_subjects(const struct dataset *dataset, struct forest *forest)
{
  forest->subjects = text_allocate((dataset->subject_count + 1) * sizeof *forest->subjects);
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    bool any = false;
    for (size_t p = 0; p < forest->count; p++) {
      for (size_t r = 0; r < forest->panels[p].count; r++) any |= forest->panels[p].rows[r].subject == subject;
    }
    if (any) forest->subjects[forest->subject_count++] = subject;
  }
}

static void load(const struct analysis *analysis, struct forest *forest)
{
  const struct dataset *dataset = analysis->dataset;
  *forest = (struct forest){.panels = text_allocate((dataset->series_count + 1) * sizeof *forest->panels)};
  for (size_t s = 1; s < dataset->series_count; s++) {
    if (!dataset->series[s].main_allocator) continue;
    struct panel *panel = &forest->panels[forest->count];
    *panel = (struct panel){.series = s};
    load_panel(analysis, forest->base, panel);
    if (panel->count > 0)
      forest->count++;
    else
      free(panel->rows);
  }
  judge(forest);
  for (size_t p = 0; p < forest->count; p++) add_mean(&forest->panels[p]);
  list_subjects(dataset, forest);
  forest->floor = comparison_noise_floor(analysis, metric_find("wall"), &comparison_default_terms);
}

static void forest_free(struct forest *forest)
{
  for (size_t p = 0; p < forest->count; p++) free(forest->panels[p].rows);
  free(forest->panels);
  free(forest->subjects);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static uint32_t colour_of(enum stats_verdict verdict)
{
  switch (verdict) {
  case STATS_FASTER:
    return PALETTE_BLUE;
  case STATS_SLOWER:
    return PALETTE_VERMILION;
  case STATS_EQUIVALENT:
    return PALETTE_GREEN;
  default:
    return PALETTE_GREY;
  }
}

static double y_of(const struct forest *forest, size_t subject)
{
  size_t place = 0;
  while (forest->subjects[place] != subject) place++;
  return -(double)place;
}

static void put_estimate(struct canvas *canvas, struct canvas_panel *panel, const struct stats_estimate *ratio,
                         double y, uint32_t colour, bool filled, double size)
{
  if (!isnan(ratio->low)) {
    canvas_block(canvas, panel, CANVAS_WHISKERS, 0);
    canvas_row(canvas, "%.6g %.6g %.6g %u", fmax(ratio->low, panel->x.low), fmin(ratio->high, panel->x.high), y,
               colour);
  }
  canvas_block(canvas, panel, filled ? CANVAS_DOTS : CANVAS_RINGS, 0);
  canvas_row(canvas, "%.6g %.6g %u %g", ratio->value, y, colour, size);
}

static void put_row(struct canvas *canvas, struct canvas_panel *panel, const struct forest *forest,
                    const struct row *row)
{
  const struct comparison *comparison = &row->comparison;
  const double y = y_of(forest, row->subject);
  if (comparison->kind != COMPARISON_NONE) {
    const uint32_t colour = colour_of(comparison->verdict);
    put_estimate(canvas, panel, &comparison->ratio, y, colour, comparison->verdict != STATS_INCONCLUSIVE, 0.8);
    return;
  }
  const struct dataset_cell *cell = comparison->b->ok_count == 0 ? comparison->b->cell : comparison->a->cell;
  canvas_block(canvas, panel, CANVAS_NOTES, 0);
  canvas_text(canvas, panel->x.low, y, cell->failure != NULL ? cell->failure : comparison->reason, PALETTE_GREY);
}

static void put_floor(struct canvas *canvas, struct canvas_panel *panel, const struct noise_floor *floor)
{
  if (floor->pairs == 0) return;
  canvas_block(canvas, panel, CANVAS_AREAS, 0);
  canvas_row(canvas, "%.6g %.6g %.6g %.6g %u", fmax(1 / floor->widest, panel->x.low),
             fmin(floor->widest, panel->x.high), panel->y.low, panel->y.high, palette_tint(PALETTE_GREY, 0.22));
}

static void put_panel(struct canvas *canvas, struct canvas_panel *panel, const struct forest *forest,
                      const struct panel *of, const struct dataset *dataset, bool with_names)
{
  put_floor(canvas, panel, &forest->floor);
  canvas_block(canvas, panel, CANVAS_RULES, 0);
  canvas_row(canvas, "1 %.6g 0 %.6g %u", panel->y.low, panel->y.high - panel->y.low, PALETTE_QUIET);
  for (size_t r = 0; r < of->count; r++) put_row(canvas, panel, forest, &of->rows[r]);
  const double mean_y = -(double)forest->subject_count;
  if (of->mean_of >= 2) put_estimate(canvas, panel, &of->mean, mean_y, PALETTE_INK, true, 1.3);
  for (size_t i = 0; with_names && i < forest->subject_count; i++)
    canvas_side_text(canvas, panel, panel->left - 10, canvas_y_px(panel, -(double)i), 'r', CANVAS_TEXT_POINTS,
                     PALETTE_TEXT, dataset->subjects[forest->subjects[i]].label);
  if (with_names)
    canvas_side_text(canvas, panel, panel->left - 10, canvas_y_px(panel, mean_y), 'r', CANVAS_TEXT_POINTS, PALETTE_INK,
                     "geometric mean");
}

static char *times_text(double value, char *text)
{
  snprintf(text, TEXT_NUMBER_MAX, "%.4g×", value);
  return text;
}

static struct axis measure(const struct forest *forest)
{
  struct axis x = AXIS_EMPTY;
  x.log = true;
  axis_include(&x, 1);
  for (size_t p = 0; p < forest->count; p++) {
    for (size_t r = 0; r < forest->panels[p].count; r++)
      axis_include(&x, forest->panels[p].rows[r].comparison.ratio.value);
    axis_include(&x, forest->panels[p].mean_of >= 2 ? forest->panels[p].mean.value : NAN);
  }
  if (x.high <= x.low) x.high = 2 * x.low;
  axis_pad(&x, 0.1, 0.1);
  return x;
}

static void put_texts(struct canvas *canvas, const struct dataset *dataset, const struct forest *forest)
{
  size_t least = 0, most = 0;
  for (size_t i = 0; i < dataset->cell_count; i++) parts_count_trials(&dataset->cells[i], &least, &most);
  canvas->title = text_format("Total time relative to %s", dataset->series[forest->base].label);
  canvas->subtitle =
      text_format("At default knobs, paired within blocks; bars: 95 %%, studentised bootstrap, cut off at the panel's "
                  "edge. %s Geometric "
                  "mean: over the workloads that both finished.",
                  forest->floor.pairs > 0
                      ? "Grey band: the noise floor of the A/A pairs, the same configuration run under two names."
                      : "There is no A/A pair: the noise floor is not known.");
  if (most < STATS_SIGNIFICANT_MINIMUM)
    text_append(&canvas->subtitle, " With fewer than %d blocks nothing can be significant, so all are inconclusive.",
                STATS_SIGNIFICANT_MINIMUM);
  canvas_add_key(canvas, "faster", PALETTE_BLUE, 0, 7, 0.8);
  canvas_add_key(canvas, "slower", PALETTE_VERMILION, 0, 7, 0.8);
  canvas_add_key(canvas, "equivalent within 2 %", PALETTE_GREEN, 0, 7, 0.8);
  canvas_add_key(canvas, "inconclusive", PALETTE_GREY, 0, 6, 0.8);
  parts_say_memory(canvas, dataset, NULL);
  parts_foot(canvas, dataset, least, most, 0);
}

static enum figure_status draw(struct figure_job *job, const struct forest *forest)
{
  const struct dataset *dataset = job->dataset;
  struct canvas *canvas = canvas_new("forest", "forest");
  put_texts(canvas, dataset, forest);
  double names = text_width_px("geometric mean", CANVAS_TEXT_POINTS);
  for (size_t i = 0; i < forest->subject_count; i++)
    names = fmax(names, text_width_px(dataset->subjects[forest->subjects[i]].label, CANVAS_TEXT_POINTS));
  const struct axis x = measure(forest);
  const size_t columns = forest->count < COLUMNS_MAX ? forest->count : COLUMNS_MAX;
  const size_t rows = (forest->count + columns - 1) / columns;
  const double left = names + 30, gap = 24, height = ROW_PX * (double)(forest->subject_count + 1);
  const double width = (CANVAS_WIDTH - left - 24 - gap * (double)(columns - 1)) / (double)columns;
  const double first = canvas_head_bottom(canvas) + 26;
  canvas->height = first + (height + 64) * (double)rows + 18;
  for (size_t p = 0; p < forest->count; p++) {
    const size_t column = p % columns, row = p / columns;
    const double at_x = left + (double)column * (width + gap), at_y = first + (double)row * (height + 64);
    struct canvas_panel *panel = canvas_add_panel(canvas, at_x, at_x + width, at_y, at_y + height);
    panel->x = x;
    panel->y = (struct axis){.low = -(double)forest->subject_count - 0.5, .high = 0.5};
    axis_log_ticks(&panel->x, times_text, 2, width / 2.2, CANVAS_TEXT_POINTS); /* texts are wider than high */
    panel->title = text_copy(dataset->series[forest->panels[p].series].label);
    put_panel(canvas, panel, forest, &forest->panels[p], dataset, column == 0);
  }
  return parts_finish(job, canvas);
}

enum figure_status figure_forest(struct figure_job *job)
{
  struct analysis *analysis = figure_job_analysis(job);
  if (analysis == NULL) return FIGURE_FAILED;
  struct forest forest;
  load(analysis, &forest);
  enum figure_status status = FIGURE_DRAWN;
  if (forest.count == 0)
    status = parts_without_data(job, "campaign '%s' has no two collectors on one workload at default knobs",
                                job->dataset->campaign_name);
  else
    status = draw(job, &forest);
  forest_free(&forest);
  return status;
}
