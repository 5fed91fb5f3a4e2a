/* parts: what several figures share. */
#ifndef GCLAB_HARNESS_FIGURES_PARTS_H
#define GCLAB_HARNESS_FIGURES_PARTS_H

#include "harness/figures/figures.h"

/* The foot line: version, machine, allocator, trials, pauses, floor. */
void parts_foot(struct canvas *canvas, const struct dataset *dataset, size_t least_trials, size_t most_trials,
                uint64_t pauses);

/* The foot line of a figure of the workloads as they are characterised: by this version, at this size. */
void parts_suite_foot(struct canvas *canvas, const char *version, enum setting_size size);

/* Trials of a cell that were ok, taken into a range. */
void parts_count_trials(const struct dataset_cell *cell, size_t *least, size_t *most);

/* "3 trials" or "3 to 5 trials". */
char *parts_trials(size_t least, size_t most);

/* "1 trial" or "all 3 trials together". */
char *parts_pooled(size_t least, size_t most);

/* Renders the canvas, takes its files into the job and frees it. */
enum figure_status parts_finish(struct figure_job *job, struct canvas *canvas);

/* Sets the job's reason. */
enum figure_status parts_without_data(struct figure_job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Collectors with their versions, "refcount_cyclic, cpython 3.11.2", for the series that are wanted. */
char *parts_collectors(const struct dataset *dataset, const bool *wanted);

/*
 * Says at the end of the subtitle what the objects of the collectors are on: where it was held fixed, and where it
 * differs among the series that are wanted (NULL: one for each collector), so that a difference may be the memory's.
 */
void parts_say_memory(struct canvas *canvas, const struct dataset *dataset, const bool *wanted);

/* Log ticks of an axis of durations; without texts where the panel beside has them. */
void parts_time_ticks(struct axis *axis, double length_px, bool texts);

/* Labels at the right edge of a panel, pushed apart.  wished_px are pixels from the top. */
struct parts_label {
  const char *text;
  uint32_t colour;
  double y_px;
};

void parts_end_labels(struct canvas *canvas, struct canvas_panel *panel, struct parts_label *labels, size_t count);

#endif
