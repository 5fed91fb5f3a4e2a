/*
 * dataset: one campaign as figures, comparisons and the report see it.
 *
 * A cell belongs to a SERIES (collector, and the allocator where it is not the collector's usual one) and to a
 * SUBJECT (workload, and the parameters in which it differs from other cells of the same workload).  Series get the
 * colours, subjects the panels.
 *
 * A dataset can be split by the workloads' phases (dataset_split): then a subject is a phase of a workload, each cell
 * stands once for each phase of its workload, and what is said of a trial is said of its phase.
 *
 * Scalars of every trial are in memory; raw pauses are read when they are asked for, summarised a cell and forgotten.
 */
#ifndef GCLAB_HARNESS_DATASET_DATASET_H
#define GCLAB_HARNESS_DATASET_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/catalogue/catalogue.h"
#include "harness/stats/stats.h"
#include "harness/store/store.h"

/* Pauses are told apart by what they are; the last two are sums of others. */
enum pause_class {
  PAUSE_GENERATION0,
  PAUSE_GENERATION1,
  PAUSE_GENERATION2, /* of a collector without generations: every collection */
  PAUSE_INCREMENT,
  PAUSE_SWEEP,
  PAUSE_CASCADE,
  PAUSE_COLLECTIONS, /* the generations and increments */
  PAUSE_ALL,
  PAUSE_CLASSES
};

enum pause_statistic { PAUSE_MEDIAN, PAUSE_P90, PAUSE_P99, PAUSE_MAX, PAUSE_STATISTICS };

extern const double pause_quantiles[PAUSE_STATISTICS]; /* 0.5, 0.9, 0.99, 1 */

/* Of one cell and class: quantiles over the pauses of all its trials together, and their range trial by trial. */
struct pause_summary {
  size_t n;      /* pauses, short cascades included */
  size_t trials; /* that had any */
  struct stats_value pooled[PAUSE_STATISTICS];
  uint64_t lowest[PAUSE_STATISTICS], highest[PAUSE_STATISTICS]; /* over trials; a short quantile counts as the floor */
};

struct cell_pauses {
  struct pause_summary of[PAUSE_CLASSES];
  uint64_t short_count, short_ns, floor_ns, dropped_count;
};

struct dataset_setting {
  char *name, *text;
  bool is_default;
};

struct dataset_trial {
  char *id, *outcome, *checksum;
  int64_t block, seed, wall_ns, cpu_ns, gc_ns, pauses, pause_max_ns, peak_heap_bytes, peak_footprint_bytes, vmhwm_bytes,
      allocations, allocated_bytes, held_objects, held_bytes, collections, steal_ticks; /* STORE_NONE: not known */
  /* Of the work, in older stores of the whole process: both kinds; times that the system took the processor away. */
  int64_t page_faults, switches;
  int64_t instructions, cycles, cache_misses, dtlb_misses; /* of the work in user mode, where the system gives them */
};

struct dataset_cell {
  char *id, *collector, *collector_version, *build_id, *workload, *allocator, *size, *parameters_text;
  struct dataset_setting *knobs, *parameters;
  size_t knob_count, parameter_count;
  size_t series, subject; /* indices */
  bool default_knobs;
  struct dataset_trial *trials; /* in the order of their blocks */
  size_t trial_count, ok_count;
  const char *failure;        /* no trial was ok: the first one's outcome, in words; else NULL */
  struct cell_pauses *pauses; /* NULL until dataset_pauses */
};

/* The other half of an A/A pair: no cell, series or subject of its own. */
struct dataset_twin {
  char *of_id;
  size_t of; /* the index of the cell with the same configuration */
  struct dataset_cell cell;
};

struct dataset_series {
  char *label; /* "refcount", "refcount / glibc" */
  const char *collector, *allocator, *version;
  bool main_allocator;
};

struct dataset_subject {
  char *label; /* "cycles", "cycles, cyclic_percent=10" */
  char *slug;  /* for file names */
  const char *workload;
  char *phase; /* of the workload, which alone is meant; NULL: whole trials */
};

enum dataset_view {
  DATASET_WHOLE,
  DATASET_ONE_PHASE, /* of every workload that has it */
  DATASET_EACH_PHASE /* of one workload */
};

struct dataset {
  struct store *store;
  const struct catalogue *catalogue; /* NULL: what knobs are is inferred from their values */
  char *campaign_id, *campaign_name, *host_id, *environment, *plan, *command, *version, *revision, *status, *created_at;
  uint64_t seed, blocks;
  char *machine; /* "2 x Intel Xeon 2.50 GHz" */
  char *allocators;
  char *no_counters;          /* why trials have no hardware counters; NULL: they have, or nothing is known */
  const char *held_allocator; /* what all cells are on, since only those were asked for; NULL: whatever was run */
  struct dataset_cell *cells; /* in the plan's order */
  size_t cell_count;
  struct dataset_twin *twins; /* of the whole campaign, also where the dataset is split */
  size_t twin_count;
  struct dataset_cell *whole_cells; /* of a split dataset: those that its cells share all but trials and pauses with */
  size_t whole_cell_count;
  struct dataset_series *series;
  size_t series_count;
  struct dataset_subject *subjects;
  size_t subject_count;
  size_t trial_count, failed_count;
  uint64_t pause_count, floor_ns;
  uint64_t involuntary_switches; /* of all trials: how often the system took the processor away */
  enum dataset_view view;
  uint64_t dropped_count; /* of a split dataset: pauses that the journals had no room for, and that have no phase */
  char *view_label, *view_slug; /* "gcbench by phase", "by-phase-gcbench"; NULL: whole trials */
};

/*
 * Loads a campaign (an id, a beginning of one, a name, or NULL for the newest), where `allocator` is not NULL only its
 * cells on that one.  NULL after a message.
 */
struct dataset *dataset_load(struct store *store, const char *campaign, const char *allocator,
                             const struct catalogue *catalogue);
void dataset_free(struct dataset *dataset);

/*
 * The names of a subject's phases in the order in which they begin, each once, from one of its trials.  A malloc'ed
 * array of malloc'ed strings; count 0 where it has none, NULL after a message.
 */
char **dataset_phases(const struct dataset *dataset, size_t subject, size_t *count);
void dataset_phases_free(char **phases, size_t count);

/*
 * Splits a dataset of whole trials, once.  By each phase of one subject, which has some: the phases become the
 * subjects, and other cells go.  Or by one phase of every subject that has it, one at least: others go.  The time of
 * a phase is from its beginning to the next one's, its pauses are those that began in it, its heap is what samples
 * and pauses saw.  Cascades below the floor have no phase and are left out.  False after a message.
 */
bool dataset_split_by_each(struct dataset *dataset, size_t subject);
bool dataset_split_by_one(struct dataset *dataset, const char *phase);

/* What subjects are: "workload" or "phase". */
const char *dataset_subject_word(const struct dataset *dataset);

/* The pauses of a cell, summarised; read from the store at the first call.  NULL after a message. */
const struct cell_pauses *dataset_pauses(struct dataset *dataset, struct dataset_cell *cell);

/* The distribution of all pauses of a cell's trials together; to be freed.  False after a message. */
bool dataset_distribution(struct dataset *dataset, const struct dataset_cell *cell, enum pause_class class,
                          struct stats_distribution *distribution);

/* A scalar over a cell's trials that were ok: their values in trial order; returns how many. */
typedef double dataset_scalar(const struct dataset_trial *trial);
double dataset_wall_ns(const struct dataset_trial *trial);
double dataset_gc_share(const struct dataset_trial *trial);
double dataset_peak_heap(const struct dataset_trial *trial);
double dataset_held_share(const struct dataset_trial *trial);
struct stats_spread dataset_spread(const struct dataset_cell *cell, dataset_scalar *scalar);

/* The cell of a series and subject at default knobs (else, where only one setting was run, that); or NULL. */
struct dataset_cell *dataset_default_cell(const struct dataset *dataset, size_t series, size_t subject);

/*
 * The unit of heap sizes: the least minimum heap of the subject's workload ('gclab minheap') over the collectors that
 * have cells of it; 0 where the store has none.  False after a message.
 */
bool dataset_minimum_heap(const struct dataset *dataset, size_t subject, uint64_t *bytes);

/* The cell's heap_limit in bytes; 0: its collector has none, or it is off. */
uint64_t dataset_heap_limit(const struct dataset_cell *cell);

const char *dataset_knob(const struct dataset_cell *cell, const char *name); /* its text, or NULL */

#endif
