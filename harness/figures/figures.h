/*
 * figures: from a campaign in the store, or from a run of micro-benchmarks, to pictures.
 *
 * A figure is one row of the table: its name, what it shows, and the function that draws it, which may make several
 * files (one a knob, one a workload).  A figure that the campaign has no data for is not drawn: the job says why, and
 * which command would produce the data.
 */
#ifndef GCLAB_HARNESS_FIGURES_FIGURES_H
#define GCLAB_HARNESS_FIGURES_FIGURES_H

#include <stddef.h>

#include "base/setting.h"
#include "harness/analysis/analysis.h"
#include "harness/figures/canvas.h"
#include "harness/dataset/dataset.h"

enum figure_status {
  FIGURE_DRAWN,
  FIGURE_WITHOUT_DATA, /* job->reason says what is missing and how to get it */
  FIGURE_FAILED        /* a message is on standard error */
};

/* What the figure `pareto` is of, where that is not left to it. */
struct figure_pareto {
  const struct metric *metrics[3]; /* upwards, and to the right in either panel */
  const char *marked_id;           /* a cell to be ringed; NULL: none */
  const char *mark;                /* what it is, for the key */
  const char *file;                /* name of the files, without extension; NULL: the figure's */
};

struct figure_job {

  struct store *store;
  struct dataset *dataset;            /* NULL where only figures without a campaign are drawn */
  struct analysis **analysis;         /* of the dataset, once a figure has asked for it (figure_job_analysis) */
  enum setting_size size;             /* of the workloads, where a figure is of them as they are characterised */
  const struct figure_pareto *pareto; /* NULL: pause, time and memory */
  struct canvas_output output;
  char **files; /* written so far */
  size_t file_count;
  char *reason; /* FIGURE_WITHOUT_DATA; malloc'ed */
};

struct figure {
  const char *name, *summary;
  const char *whole; /* why it cannot be split by phase; NULL: it can */
  enum figure_status (*draw)(struct figure_job *job);
  bool without_campaign; /* it is drawn from something else in the store */
};

extern const struct figure figures[]; /* ends with a row without a name */

const struct figure *figure_find(const char *name);
const char *figure_nearest(const char *name);

void figure_job_free(struct figure_job *job);

/* The analysis of the job's dataset, made at the first call; it is the caller's of the figures to free.  NULL after a
 * message. */
struct analysis *figure_job_analysis(struct figure_job *job);

/* The colour that the collector has in every figure, 0xrrggbb. */
uint32_t figure_colour(const char *collector);

/* What the campaign shows, as Markdown: written to the file, and to be printed. */
void summary_write(struct dataset *dataset, FILE *out);

enum figure_status figure_overview(struct figure_job *job);
enum figure_status figure_thresholds(struct figure_job *job);
enum figure_status figure_heatmap(struct figure_job *job);
enum figure_status figure_percentiles(struct figure_job *job);
enum figure_status figure_mmu(struct figure_job *job);
enum figure_status figure_latency(struct figure_job *job);
enum figure_status figure_pause_live(struct figure_job *job);
enum figure_status figure_floating(struct figure_job *job);
enum figure_status figure_overhead(struct figure_job *job);
enum figure_status figure_forest(struct figure_job *job);
enum figure_status figure_noise(struct figure_job *job);
enum figure_status figure_heap(struct figure_job *job);
enum figure_status figure_timespace(struct figure_job *job);
enum figure_status figure_pareto(struct figure_job *job);
enum figure_status figure_characterise(struct figure_job *job);
enum figure_status figure_survival(struct figure_job *job);
enum figure_status figure_live(struct figure_job *job);
enum figure_status figure_micro(struct figure_job *job);

#endif
