#include "harness/figures/parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/palette.h"
#include "harness/text/text.h"

void parts_count_trials(const struct dataset_cell *cell, size_t *least, size_t *most)
{
  if (cell->ok_count == 0) return;
  if (*most == 0 || cell->ok_count < *least) *least = cell->ok_count;
  if (cell->ok_count > *most) *most = cell->ok_count;
}

char *parts_trials(size_t least, size_t most)
{
  if (least == most && most == 1) return text_copy("1 trial");
  if (least == most) return text_format("%zu trials", most);
  return text_format("%zu to %zu trials", least, most);
}

char *parts_pooled(size_t least, size_t most)
{
  char *trials = parts_trials(least, most);
  char *text = most <= 1 ? text_copy(trials) : text_format("all %s together", trials);
  free(trials);
  return text;
}

void parts_foot(struct canvas *canvas, const struct dataset *dataset, size_t least_trials, size_t most_trials,
                uint64_t pauses)
{
  char number[TEXT_NUMBER_MAX];
  char *trials = parts_trials(least_trials, most_trials);
  free(canvas->foot);
  canvas->foot = text_format("gclab %s · %s", dataset->version, dataset->machine);
  if (dataset->allocators != NULL) text_append(&canvas->foot, " · %s", dataset->allocators);
  text_append(&canvas->foot, " · %s a cell", trials);
  if (pauses > 0) text_append(&canvas->foot, " · %s pauses", text_count(pauses, number));
  if (dataset->floor_ns > 0)
    text_append(&canvas->foot,
                dataset->view == DATASET_WHOLE ? " · cascades under %s only counted"
                                               : " · without cascades under %s, which have no phase",
                text_duration_tick((double)dataset->floor_ns, number));
  if (dataset->dropped_count > 0)
    text_append(&canvas->foot, " · without %s pauses that the journal had no room for",
                text_count(dataset->dropped_count, number));
  free(trials);
}

void parts_suite_foot(struct canvas *canvas, const char *version, enum setting_size size)
{
  canvas->foot = text_format("gclab %s · workloads at size %s · counts, no times: the same on every machine", version,
                             setting_size_names[size]);
}

enum figure_status parts_finish(struct figure_job *job, struct canvas *canvas)
{
  if (job->dataset != NULL && job->dataset->view != DATASET_WHOLE) { /* NULL: a figure without a campaign */
    text_append(&canvas->name, "-%s", job->dataset->view_slug);
    text_append(&canvas->title, " · %s", job->dataset->view_label);
  }
  const size_t more = job->output.format_count + 2;
  char **files = text_allocate(more * sizeof *files);
  const bool ok = canvas_finish(canvas, &job->output, files);
  job->files = text_reallocate(job->files, (job->file_count + more) * sizeof *job->files);
  for (size_t i = 0; i < more; i++) {
    if (ok)
      job->files[job->file_count++] = files[i];
    else
      free(files[i]);
  }
  free(files);
  canvas_free(canvas);
  return ok ? FIGURE_DRAWN : FIGURE_FAILED;
}

enum figure_status parts_without_data(struct figure_job *job, const char *format, ...)
{
  char reason[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  free(job->reason);
  job->reason = text_copy(reason);
  return FIGURE_WITHOUT_DATA;
}

char *parts_collectors(const struct dataset *dataset, const bool *wanted)
{
  char *text = NULL;
  for (size_t i = 0; i < dataset->series_count; i++) {
    if (!wanted[i]) continue;
    const struct dataset_series *series = &dataset->series[i];
    const bool own = strcmp(series->version, dataset->version) == 0;
    text_append(&text, "%s%s%s%s", text != NULL ? ", " : "", series->label, own ? "" : " ", own ? "" : series->version);
  }
  return text != NULL ? text : text_copy("");
}

/*
 * Does a series count for what parts_say_memory says?  Only the main one of each collector, and where there is a
 * choice.
 */
static bool has_memory(const struct dataset *dataset, const bool *wanted, size_t s)
{
  const struct dataset_series *series = &dataset->series[s];
  return series->main_allocator && (wanted == NULL || wanted[s]) && strcmp(series->allocator, "own") != 0;
}

void parts_say_memory(struct canvas *canvas, const struct dataset *dataset, const bool *wanted)
{
  char *text = NULL;
  size_t allocators = 0;
  for (size_t s = 0; s < dataset->series_count; s++) {
    if (!has_memory(dataset, wanted, s)) continue;
    const char *allocator = dataset->series[s].allocator;
    bool said = false;
    for (size_t i = 0; i < s; i++)
      said |= has_memory(dataset, wanted, i) && strcmp(dataset->series[i].allocator, allocator) == 0;
    if (said) continue;
    if (allocators++ > 0) text_append(&text, "; ");
    for (size_t i = s; i < dataset->series_count; i++) {
      if (has_memory(dataset, wanted, i) && strcmp(dataset->series[i].allocator, allocator) == 0)
        text_append(&text, "%s%s", i == s ? "" : ", ", dataset->series[i].collector);
    }
    text_append(&text, " on %s", allocator);
  }
  if (dataset->held_allocator != NULL)
    text_append(&canvas->subtitle, " All on the allocator %s.", dataset->held_allocator);
  else if (allocators > 1)
    text_append(&canvas->subtitle, " Memory: %s.", text);
  free(text);
}

void parts_time_ticks(struct axis *axis, double length_px, bool texts)
{
  axis_log_ticks(axis, texts ? text_duration_tick : text_nothing, 10, length_px, CANVAS_TEXT_POINTS);
}

void parts_end_labels(struct canvas *canvas, struct canvas_panel *panel, struct parts_label *labels, size_t count)
{
  if (count == 0) return;
  double *positions = text_allocate(count * sizeof *positions);
  for (size_t i = 0; i < count; i++) positions[i] = labels[i].y_px;
  axis_spread(positions, count, 17, panel->top, panel->bottom - 4);
  for (size_t i = 0; i < count; i++)
    canvas_side_text(canvas, panel, panel->right + 8, positions[i], 'l', CANVAS_TEXT_POINTS,
                     palette_text(labels[i].colour), labels[i].text);
  free(positions);
}
