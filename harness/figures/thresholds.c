/*
 * thresholds: pause time against each knob that the campaign varied.
 *
 * A row of panels a workload; a column each for the median, the 99th percentile (the 90th where there are nowhere
 * enough pauses for the 99th, and none where there are not enough for that) and the longest pause.  Collectors with
 * generations are drawn by generation, in the generations' colours, and told apart by line: ours solid, the next
 * dashed.  Other collectors have their own colour and are told apart by kind of pause.
 *
 * A point is the quantile of the pauses of all trials together, where there are enough of them; the band is the range
 * of the trials' own quantiles.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/palette.h"
#include "harness/figures/parts.h"
#include "harness/figures/sweep.h"
#include "harness/text/text.h"

static const char *const column_titles[PAUSE_STATISTICS] = {"median", "90th percentile", "99th percentile", "longest"};
enum { COLUMNS = 3, LINES_MAX = 64, ROW_GAP = 62, NEAR_PX = 40 };

/* One line of a panel: a class of pauses of a series along the knob. */
struct line {
  const struct sweep_slice *slice;
  size_t series;
  int style; /* 0 solid, 1 dashed, 2 dotted: by series */
  enum pause_class class;
  uint32_t colour;
  const char *label;
};

struct row {
  size_t subject;
  struct sweep_slice *slices; /* one a series; count 0 where it has none */
  struct line lines[LINES_MAX];
  size_t line_count;
};

struct sheet {
  struct dataset *dataset;
  struct sweep_knob knob;
  struct row *rows;
  size_t row_count;
  bool *drawn; /* by series */
  bool *has_generations;
  int *styles; /* by series */
  bool generational, cascades_left_out;
  enum pause_statistic columns[COLUMNS];
  int column_count;
  struct axis pauses;
  size_t least_trials, most_trials;
  uint64_t pause_count;
};

static const char *class_label(enum pause_class class, bool generational)
{
  static const char *const labels[] = {"generation 0", "generation 1", "generation 2",
                                       "increments",   "sweep slices", "cascades"};
  return class == PAUSE_GENERATION2 && !generational ? "collections" : labels[class];
}

static bool load_slice(struct dataset *dataset, const struct sweep_slice *slice, size_t *n)
{
  memset(n, 0, PAUSE_CLASSES * sizeof *n);
  for (size_t i = 0; i < slice->count; i++) {
    const struct cell_pauses *pauses = dataset_pauses(dataset, slice->cells[i]);
    if (pauses == NULL) return false;
    for (int c = 0; c < PAUSE_CLASSES; c++) n[c] += pauses->of[c].n;
  }
  return true;
}

/* Reads the slice's pauses, and learns from them whether the series has generations.  False after a message. */
static bool look_at_series(struct sheet *sheet, const struct row *row, size_t series)
{
  size_t n[PAUSE_CLASSES];
  if (!load_slice(sheet->dataset, &row->slices[series], n)) return false;
  sheet->has_generations[series] |= n[PAUSE_GENERATION0] + n[PAUSE_GENERATION1] > 0;
  return true;
}

static bool add_series(struct sheet *sheet, struct row *row, size_t series)
{
  const struct sweep_slice *slice = &row->slices[series];
  size_t n[PAUSE_CLASSES];
  if (!load_slice(sheet->dataset, slice, n)) return false;
  const bool generational = sheet->has_generations[series];
  sheet->generational |= generational;
  if (generational && n[PAUSE_CASCADE] > 0) sheet->cascades_left_out = true;
  for (int c = PAUSE_GENERATION0; c <= PAUSE_CASCADE; c++) {
    if (n[c] == 0 || (generational && c > PAUSE_GENERATION2) || row->line_count == LINES_MAX) continue;
    const uint32_t own = palette_collector(sheet->dataset->series[series].collector);
    row->lines[row->line_count++] = (struct line){
        .slice = slice,
        .series = series,
        .style = generational ? sheet->styles[series]
                              : (c == PAUSE_GENERATION2 ? 0
                                 : c == PAUSE_CASCADE   ? 0
                                                        : 1),
        .class = (enum pause_class)c,
        .colour = generational ? palette_generation(c) : own,
        .label = class_label((enum pause_class)c, generational),
    };
    sheet->drawn[series] = true;
  }
  return true;
}

static const struct pause_summary *summary_at(const struct line *line, size_t i)
{
  const struct dataset_cell *cell = line->slice->cells[i];
  return cell->pauses != NULL && cell->ok_count > 0 ? &cell->pauses->of[line->class] : NULL;
}

static bool can_show(const struct pause_summary *summary, enum pause_statistic statistic)
{
  return summary != NULL && summary->n > 0 && summary->pooled[statistic].enough &&
         !summary->pooled[statistic].below_floor;
}

/* Slices of every series and subject. */
static void gather(struct sheet *sheet)
{
  struct dataset *dataset = sheet->dataset;
  sheet->rows = text_allocate(dataset->subject_count * sizeof *sheet->rows);
  sheet->drawn = text_allocate(dataset->series_count * sizeof *sheet->drawn);
  sheet->has_generations = text_allocate(dataset->series_count * sizeof *sheet->has_generations);
  sheet->styles = text_allocate(dataset->series_count * sizeof *sheet->styles);
  int next_style = 0;
  for (size_t s = 0; s < dataset->series_count; s++) sheet->styles[s] = -1;
  for (size_t subject = 0; subject < dataset->subject_count; subject++) {
    struct row *row = &sheet->rows[sheet->row_count];
    *row = (struct row){.subject = subject, .slices = text_allocate(dataset->series_count * sizeof *row->slices)};
    for (size_t s = 0; s < dataset->series_count; s++) {
      if (!dataset->series[s].main_allocator) continue;
      if (!sweep_find_slice(dataset, &sheet->knob, s, subject, &row->slices[s])) continue;
      if (sheet->styles[s] < 0) sheet->styles[s] = next_style < 2 ? next_style++ : 2;
    }
    sheet->row_count++;
  }
}

/* Their pauses and lines; rows without a line go.  False after a message. */
static bool add_lines(struct sheet *sheet)
{
  const size_t series = sheet->dataset->series_count;
  for (size_t r = 0; r < sheet->row_count; r++) {
    for (size_t s = 0; s < series; s++) {
      if (sheet->rows[r].slices[s].count >= 2 && !look_at_series(sheet, &sheet->rows[r], s)) return false;
    }
  }
  for (size_t r = 0; r < sheet->row_count;) {
    struct row *row = &sheet->rows[r];
    for (size_t s = 0; s < series; s++) {
      if (row->slices[s].count >= 2 && !add_series(sheet, row, s)) return false;
    }
    if (row->line_count > 0) {
      r++;
      continue;
    }
    for (size_t s = 0; s < series; s++) sweep_slice_free(&row->slices[s]);
    free(row->slices);
    sheet->row_count--;
    memmove(row, row + 1, (sheet->row_count - r) * sizeof *row);
  }
  return true;
}

/* Can any line of the sheet show the statistic? */
static bool anywhere(const struct sheet *sheet, enum pause_statistic statistic)
{
  for (size_t r = 0; r < sheet->row_count; r++) {
    for (size_t l = 0; l < sheet->rows[r].line_count; l++) {
      const struct line *line = &sheet->rows[r].lines[l];
      for (size_t i = 0; i < line->slice->count; i++) {
        if (can_show(summary_at(line, i), statistic)) return true;
      }
    }
  }
  return false;
}

static void choose_columns(struct sheet *sheet)
{
  if (anywhere(sheet, PAUSE_MEDIAN)) sheet->columns[sheet->column_count++] = PAUSE_MEDIAN;
  if (anywhere(sheet, PAUSE_P99))
    sheet->columns[sheet->column_count++] = PAUSE_P99;
  else if (anywhere(sheet, PAUSE_P90))
    sheet->columns[sheet->column_count++] = PAUSE_P90;
  sheet->columns[sheet->column_count++] = PAUSE_MAX;
}

static void measure(struct sheet *sheet)
{
  choose_columns(sheet);
  sheet->pauses = AXIS_EMPTY;
  sheet->pauses.log = true;
  for (size_t r = 0; r < sheet->row_count; r++) {
    for (size_t l = 0; l < sheet->rows[r].line_count; l++) {
      const struct line *line = &sheet->rows[r].lines[l];
      for (size_t i = 0; i < line->slice->count; i++) {
        const struct pause_summary *summary = summary_at(line, i);
        parts_count_trials(line->slice->cells[i], &sheet->least_trials, &sheet->most_trials);
        if (summary == NULL || summary->n == 0) continue;
        sheet->pause_count += summary->n;
        for (int c = 0; c < sheet->column_count; c++) {
          if (!can_show(summary, sheet->columns[c])) continue;
          axis_include(&sheet->pauses, (double)summary->lowest[sheet->columns[c]]);
          axis_include(&sheet->pauses, (double)summary->highest[sheet->columns[c]]);
        }
      }
    }
  }
}

static bool is_apart(const struct sheet *sheet, const struct line *line, size_t i)
{
  return sheet->knob.log && sheet->knob.values[line->slice->values[i]].number <= 0;
}

static void put_band(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet,
                     const struct line *line, enum pause_statistic statistic)
{
  bool begun = false;
  for (size_t i = 0; i < line->slice->count; i++) {
    const struct pause_summary *summary = summary_at(line, i);
    if (!can_show(summary, statistic) || summary->trials < 2 || is_apart(sheet, line, i)) continue;
    if (!begun) canvas_block(canvas, panel, CANVAS_BANDS, line->colour);
    begun = true;
    canvas_row(canvas, "%.9g %.9g %.9g", sweep_position(&sheet->knob, line->slice->values[i]),
               (double)summary->lowest[statistic], (double)summary->highest[statistic]);
  }
}

/* The line, and a mark at each of its points.  Returns the value at its right end, NAN where it has no point. */
static double put_line(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet,
                       const struct line *line, enum pause_statistic statistic)
{
  static const enum canvas_layer layers[] = {CANVAS_LINES, CANVAS_DASHES, CANVAS_DOTTED};
  double end = NAN;
  size_t shown = 0;
  for (size_t i = 0; i < line->slice->count; i++) shown += can_show(summary_at(line, i), statistic);
  if (shown == 0) return end;
  canvas_block(canvas, panel, layers[line->style], line->colour);
  for (size_t i = 0; i < line->slice->count; i++) {
    const struct pause_summary *summary = summary_at(line, i);
    if (!can_show(summary, statistic)) continue;
    if (is_apart(sheet, line, i)) canvas_row(canvas, "%s", "");
    end = (double)summary->pooled[statistic].value;
    canvas_row(canvas, "%.9g %.9g", sweep_position(&sheet->knob, line->slice->values[i]), end);
  }
  canvas_block(canvas, panel, line->style == 0 ? CANVAS_DOTS : CANVAS_RINGS, line->colour);
  for (size_t i = 0; i < line->slice->count; i++) {
    const struct pause_summary *summary = summary_at(line, i);
    if (!can_show(summary, statistic)) continue;
    canvas_row(canvas, "%.9g %.9g %u %g", sweep_position(&sheet->knob, line->slice->values[i]),
               (double)summary->pooled[statistic].value, line->colour, line->style == 0 ? 0.45 : 0.6);
  }
  return end;
}

/*
 * Labels of classes at the right edge: one for all collectors that share the class and its colour, as long as their
 * ends lie near each other.
 */
static void put_labels(struct canvas *canvas, struct canvas_panel *panel, const struct row *row, const double *ends)
{
  struct parts_label labels[LINES_MAX];
  unsigned merged[LINES_MAX];
  size_t count = 0;
  for (size_t l = 0; l < row->line_count; l++) {
    if (isnan(ends[l])) continue;
    const struct line *line = &row->lines[l];
    const double y = canvas_y_px(panel, ends[l]);
    size_t k = 0;
    while (k < count && (labels[k].text != line->label || labels[k].colour != line->colour ||
                         fabs(labels[k].y_px / merged[k] - y) > NEAR_PX))
      k++;
    if (k == count) {
      labels[count] = (struct parts_label){.text = line->label, .colour = line->colour};
      merged[count++] = 0;
    }
    labels[k].y_px += y;
    merged[k]++;
  }
  for (size_t k = 0; k < count; k++) labels[k].y_px /= merged[k];
  parts_end_labels(canvas, panel, labels, count);
}

/* Classes of which the panel shows nothing: for want of pauses, or since the value is below the floor; or NULL. */
static char *list_missing(const struct row *row, enum pause_statistic statistic, bool below_floor)
{
  char *missing = NULL;
  for (size_t l = 0; l < row->line_count; l++) {
    bool any = false, counted = false, below = false;
    for (size_t i = 0; i < row->lines[l].slice->count; i++) {
      const struct pause_summary *summary = summary_at(&row->lines[l], i);
      any |= can_show(summary, statistic);
      counted |= summary != NULL && summary->n > 0;
      below |= summary != NULL && summary->n > 0 && summary->pooled[statistic].below_floor;
    }
    if (any || !counted || below != below_floor) continue;
    if (missing != NULL && strstr(missing, row->lines[l].label) != NULL) continue;
    text_append(&missing, "%s%s", missing != NULL ? ", " : "", row->lines[l].label);
  }
  return missing;
}

static char *list_failures(const struct sheet *sheet, const struct row *row)
{
  char *failures = NULL;
  for (size_t s = 0; s < sheet->dataset->series_count; s++) {
    const struct sweep_slice *slice = &row->slices[s];
    for (size_t i = 0; i < slice->count; i++) {
      if (slice->cells[i]->failure == NULL) continue;
      text_append(&failures, "%s%s at %s: %s", failures != NULL ? "; " : "", sheet->dataset->series[s].label,
                  sheet->knob.values[slice->values[i]].text, slice->cells[i]->failure);
    }
  }
  return failures;
}

/* Why a line is missing from a panel, and cells that failed. */
static void put_notes(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet,
                      const struct row *row, enum pause_statistic statistic)
{
  enum { NOTES = 3 };
  char number[TEXT_NUMBER_MAX];
  char *few = list_missing(row, statistic, false), *below = list_missing(row, statistic, true);
  char *notes[NOTES] = {NULL};
  if (few != NULL)
    notes[0] = text_format("fewer than %s pauses: %s",
                           text_count(stats_quantile_minimum(pause_quantiles[statistic]), number), few);
  if (below != NULL)
    notes[1] =
        text_format("below the floor of %s: %s", text_duration_tick((double)sheet->dataset->floor_ns, number), below);
  if (statistic == PAUSE_MAX) notes[2] = list_failures(sheet, row);
  free(few);
  free(below);
  double y = panel->top + 8;
  for (int i = 0; i < NOTES; i++) {
    if (notes[i] == NULL) continue;
    char *lines = text_wrap(notes[i], CANVAS_NOTE_POINTS, panel->right - panel->left - 16);
    char *state = NULL;
    for (char *line = strtok_r(lines, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state)) {
      canvas_block(canvas, panel, CANVAS_NOTES, 0);
      canvas_text(canvas, canvas_x_at(panel, panel->left + 8), canvas_y_at(panel, y), line, PALETTE_QUIET);
      y += 15;
    }
    free(lines);
    free(notes[i]);
  }
}

static void draw_panel(struct canvas *canvas, struct canvas_panel *panel, const struct sheet *sheet,
                       const struct row *row, int column)
{
  const enum pause_statistic statistic = sheet->columns[column];
  double ends[LINES_MAX];
  for (size_t l = 0; l < row->line_count; l++) put_band(canvas, panel, sheet, &row->lines[l], statistic);
  for (size_t l = 0; l < row->line_count; l++) ends[l] = put_line(canvas, panel, sheet, &row->lines[l], statistic);
  if (column == sheet->column_count - 1) put_labels(canvas, panel, row, ends);
  put_notes(canvas, panel, sheet, row, statistic);
  for (size_t v = 0; v < sheet->knob.value_count; v++) {
    if (!sheet->knob.values[v].is_default || sheet->knob.words) continue;
    panel->rule_x = sweep_position(&sheet->knob, v);
    if (column > 0) continue;
    char *text = text_format("default %s", sheet->knob.values[v].text);
    const bool to_left = canvas_x_px(panel, panel->rule_x) + 6 + text_width_px(text, CANVAS_NOTE_POINTS) > panel->right;
    canvas_block(canvas, panel, to_left ? CANVAS_ENDS : CANVAS_NOTES, 0);
    canvas_text(canvas, canvas_x_at(panel, canvas_x_px(panel, panel->rule_x) + (to_left ? -6 : 6)),
                canvas_y_at(panel, panel->bottom - 10), text, PALETTE_GREY);
    free(text);
  }
}

static void put_texts(struct canvas *canvas, const struct sheet *sheet)
{
  const struct dataset *dataset = sheet->dataset;
  canvas->title = text_format("Pause time against %s", sheet->knob.name);
  char *collectors = parts_collectors(dataset, sheet->drawn);
  char *trials = parts_trials(sheet->least_trials, sheet->most_trials);
  if (sheet->most_trials > 1)
    canvas->subtitle =
        text_format("%s. Line: pauses of all %s together; band: range of the single trials.", collectors, trials);
  else
    canvas->subtitle = text_format("%s. Line: pauses of one trial.", collectors);
  bool based = false;
  for (size_t r = 0; r < sheet->row_count && !based; r++) {
    for (size_t s = 0; s < dataset->series_count && !based; s++) {
      if (sheet->rows[r].slices[s].base == NULL || !sheet->drawn[s]) continue;
      text_append(&canvas->subtitle, " Other knobs: %s.", sheet->rows[r].slices[s].base);
      based = true;
    }
  }
  if (!based) text_append(&canvas->subtitle, " Other knobs at their defaults.");
  if (sheet->cascades_left_out)
    text_append(&canvas->subtitle, " Collections only; cascades are in the figure of percentiles.");
  if (sheet->columns[0] == PAUSE_MAX)
    text_append(&canvas->subtitle, " No percentiles: too few pauses, or below the floor.");
  parts_say_memory(canvas, dataset, sheet->drawn);
  free(collectors);
  free(trials);
  if (sheet->generational) {
    for (size_t s = 0; s < dataset->series_count; s++) {
      if (!sheet->drawn[s]) continue;
      canvas_add_key(canvas, dataset->series[s].label, PALETTE_TEXT, sheet->styles[s] + 1,
                     sheet->styles[s] == 0 ? 7 : 6, sheet->styles[s] == 0 ? 0.6 : 0.8);
    }
  }
  parts_foot(canvas, dataset, sheet->least_trials, sheet->most_trials, sheet->pause_count);
}

static enum figure_status draw_sheet(struct figure_job *job, struct sheet *sheet)
{
  char *name = text_format("thresholds-%s", sheet->knob.name);
  struct canvas *canvas = canvas_new(name, "thresholds");
  free(name);
  put_texts(canvas, sheet);
  const double height = sheet->row_count == 1 ? 400 : sheet->row_count == 2 ? 290 : 230;
  const double left = 82, right = 1200 - 122, gap = 22,
               width = (right - left - (sheet->column_count - 1) * gap) / sheet->column_count;
  double top = canvas_head_bottom(canvas) + 24;
  canvas->height = top + (height + ROW_GAP) * (double)sheet->row_count + 22;
  axis_pad(&sheet->pauses, 0.09, 0.07); /* room for the default's label, and for notes */
  /* panels are added first: adding one may move the others */
  for (size_t r = 0; r < sheet->row_count; r++) {
    for (int c = 0; c < sheet->column_count; c++) {
      const double x = left + c * (width + gap);
      struct canvas_panel *panel = canvas_add_panel(canvas, x, x + width, top, top + height);
      panel->x = sweep_axis(&sheet->knob, width, CANVAS_TEXT_POINTS);
      panel->y = (struct axis){.low = sheet->pauses.low, .high = sheet->pauses.high, .log = true};
      parts_time_ticks(&panel->y, height, c == 0);
      panel->title = text_format("%s · %s", sheet->dataset->subjects[sheet->rows[r].subject].label,
                                 column_titles[sheet->columns[c]]);
      if (r + 1 == sheet->row_count) panel->x_title = sweep_title(&sheet->knob);
      draw_panel(canvas, panel, sheet, &sheet->rows[r], c);
    }
    top += height + ROW_GAP;
  }
  return parts_finish(job, canvas);
}

static void sheet_free(struct sheet *sheet)
{
  for (size_t r = 0; r < sheet->row_count; r++) {
    for (size_t s = 0; s < sheet->dataset->series_count; s++) sweep_slice_free(&sheet->rows[r].slices[s]);
    free(sheet->rows[r].slices);
  }
  sweep_knob_free(&sheet->knob);
  free(sheet->rows);
  free(sheet->drawn);
  free(sheet->has_generations);
  free(sheet->styles);
}

enum figure_status figure_thresholds(struct figure_job *job)
{
  size_t count = 0;
  const char **names = sweep_find_knobs(job->dataset, &count);
  size_t drawn = 0;
  enum figure_status status = FIGURE_DRAWN;
  for (size_t i = 0; i < count && status == FIGURE_DRAWN; i++) {
    struct sheet sheet = {.dataset = job->dataset, .knob = sweep_describe(job->dataset, names[i])};
    gather(&sheet);
    if (!add_lines(&sheet)) status = FIGURE_FAILED;
    measure(&sheet);
    if (status == FIGURE_DRAWN && !axis_is_empty(&sheet.pauses)) {
      status = draw_sheet(job, &sheet);
      drawn++;
    }
    sheet_free(&sheet);
  }
  free(names);
  if (status != FIGURE_DRAWN || drawn > 0) return status;
  return parts_without_data(job,
                            "no knob was varied in campaign '%s'; 'gclab run thresholds' varies them, or for one: "
                            "gclab run -c refcount_cyclic -w cycles --set threshold0=100,700,5000",
                            job->dataset->campaign_name);
}
