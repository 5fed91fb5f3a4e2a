/*
 * plan: what a campaign is to measure; from a file, from the command line, or from both.
 *
 *   name: thresholds
 *   description: pause times over the thresholds
 *   blocks: 5                  # each block runs every cell once, in random order
 *   budget: 10m                # start no more trials after this
 *   seed: 1                    # of the order, and of the workloads: block b runs with seed + b
 *   time_limit: 60s            # for a trial
 *   memory_limit: 4G           # for a trial
 *   matrix:
 *     - collectors: [refcount_cyclic, cpython]
 *       workloads: [cycles]
 *       set: ["threshold0=100,700,5000", "cpython.threshold1=5,10", "refcount_cyclic.threshold1=1..100/5"]
 *       param: ["cycles.cyclic_percent=50"]
 *       allocators: [jemalloc]
 *       size: default
 *
 * A knob or parameter that is not qualified goes to every chosen collector or workload that has one of that name; that
 * none has it is an error.  A qualified one comes before an unqualified one.  Each key has its option on the command
 * line (docs/plans.md).
 *
 * A peer that is known but was not built is left out of a plan with a note; named on the command line it is an error.
 *
 * A plan is expanded into cells (configurations); a cell's id is the hash of all that determines it.
 */
#ifndef GCLAB_HARNESS_PLAN_PLAN_H
#define GCLAB_HARNESS_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/catalogue/catalogue.h"

/* With a precision: no cell stops before so many blocks, and so many are the most where none are said. */
enum { PLAN_PRECISE_BLOCKS_LEAST = 10, PLAN_PRECISE_BLOCKS_MOST = 50 };

enum { PLAN_ID_MAX = 33 }; /* 32 hexadecimal digits and NUL */

/* A name or a sweep, and where it was written, for messages. */
struct plan_word {
  char *text;
  unsigned line, column; /* in the plan's file, from 1; 0: on the command line */
  const char *option;    /* on the command line: the option, such as "--set" */
};

struct plan_words {
  struct plan_word *list;
  unsigned count;
};

struct plan_group {
  struct plan_words collectors; /* names, "all", "own", "peers" */
  struct plan_words workloads;  /* names, "all" */
  struct plan_words set;        /* "KNOB=V,V" or "COLLECTOR.KNOB=V,V" */
  struct plan_words param;      /* "NAME=V,V" or "WORKLOAD.NAME=V,V" */
  struct plan_words allocators; /* none given: each collector's usual one */
  struct plan_word size;        /* "default", "small" or "large"; no text: default */
};

struct plan {
  char *path; /* of its file, for messages; NULL: from the command line alone */
  char *name, *description;
  uint32_t blocks;
  uint64_t budget_ns; /* 0: none */
  uint64_t seed;
  uint64_t time_limit_ns;      /* for a trial */
  uint64_t memory_limit_bytes; /* for a trial; 0: none */
  bool pin;                    /* pin trials to one core and the harness to another */
  double precision;            /* stop a cell when its interval's half-width is this share of the ratio; 0: never */
  bool aa;                     /* run one configuration of each workload twice: the campaign's noise floor */
  bool floating;               /* measure floating garbage, which takes a run of the instrument for each seed */
  const char *replay_path;     /* what the workload replay is to run; NULL: no cell may be of it.  Not the plan's own */
  struct plan_group *groups;
  unsigned group_count;
  char *text; /* the plan in canonical YAML, as it is kept in the store and can be run again */
};

struct plan_cell {
  const struct catalogue_collector *collector; /* or the variant of it that runs on the allocator */
  const struct catalogue_workload *workload;
  int64_t *knobs;        /* one a row */
  int64_t *parameters;   /* one a row */
  int64_t heap_multiple; /* its heap limit in thousandths of the minimum heap; 0: it was not given so */
  const char *allocator; /* "jemalloc", "glibc", "mimalloc", "tcmalloc", "blocks"; "own" where there is no choice */
  size_t twin_of;        /* of a twin: the index of the cell with the same configuration */
  enum setting_size size;
  bool is_twin; /* of an A/A pair: another cell's configuration under an id of its own */
  char id[PLAN_ID_MAX];
};

struct plan_cells {
  struct plan_cell *cells;
  size_t count; /* twins, which are the last, included */
};

/*
 * Reads the plan from a file.  NULL after messages on standard error, FILE:LINE:COLUMN each, for everything that is
 * wrong with its form; plan_expand finds what is wrong with its names and values.
 */
struct plan *plan_load(const char *path);

/* The same from memory; messages call it `path`. */
struct plan *plan_load_text(const char *path, const char *text, size_t length);

/* A plan with the defaults and no groups, as for the command line alone. */
struct plan *plan_new(const char *name);
void plan_free(struct plan *plan);

/* The same as the plan's keys, from the command line; NULL and empty: not given. */
struct plan_options {
  struct plan_words collectors, workloads, set, param, allocators;
  const char *size, *name, *description, *blocks, *budget, *seed, *time_limit, *memory_limit, *pin, *aa, *floating,
      *precision;
};

/* Keeps a copy of the text that the option gave; at_commas: one word for each part. */
void plan_words_add_option(struct plan_words *words, const char *option, const char *text, bool at_commas);
void plan_options_free(struct plan_options *options);

/*
 * Lets the options restrict and replace what the plan says: collectors and workloads restrict each group; a knob or
 * parameter takes the place of the plan's values for it wherever the group has something of that name; the rest is
 * replaced.  A plan without groups gets one.  False after messages.
 */
bool plan_apply_options(struct plan *plan, const struct catalogue *catalogue, const struct plan_options *options);

/*
 * Expands the plan into its cells, without duplicates, in the plan's order.  False, with messages on standard error
 * (FILE:LINE:COLUMN where the plan came from a file), when a name does not exist or a value does not fit.
 */
bool plan_expand(const struct plan *plan, const struct catalogue *catalogue, struct plan_cells *cells);

/* The same without notes of peers that are left out. */
bool plan_expand_quietly(const struct plan *plan, const struct catalogue *catalogue, struct plan_cells *cells);
void plan_cells_free(struct plan_cells *cells);

/* The index of the cell like that one with these knobs, which is added behind the others unless it is there. */
size_t plan_add_cell(struct plan_cells *cells, size_t like, const int64_t *knobs);

/* The cell's row that limits the heap; -1: its collector has none. */
int plan_heap_knob(const struct plan_cell *cell);

/*
 * Heap limits in multiples of the minimum heap to bytes.  find is asked once for each workload, set of parameters and
 * size of such cells, with a list of cells of every collector and its other knobs that has such a limit there; their
 * own limit is the default.  It returns the unit, the least of their minimum heaps, or 0 where it found none.  False,
 * after its message, where it found none.  Cells have their ids, and multiples as bytes, afterwards.
 */
typedef uint64_t plan_find_minimum(void *context, const struct plan_cell *bases, size_t count);
bool plan_resolve_heaps(struct plan_cells *cells, plan_find_minimum *find, void *context);

/* Are there cells whose heap is given as a multiple? */
bool plan_has_multiples(const struct plan_cells *cells);

/*
 * Appends the twins of the A/A pairs, where the plan wants them and compares anything at all (two cells or more): for
 * each workload one, of its first cell whose collector reclaims memory.  What is measured of a pair shows how far apart
 * two cells can be without any difference between them.
 */
void plan_add_twins(const struct plan *plan, struct plan_cells *cells);

/*
 * Asks the workloads whether the parameters of the cells fit one another.  False after a message for each set that
 * does not.
 */
bool plan_validate(const struct plan_cells *cells);

/*
 * The order in which a sweep of so many values is filled in: 0 for its ends and middle, 1 for what halves the gaps
 * between them, and so on.  rank is of the value with this place among them.
 */
unsigned plan_fill_rank(size_t place, size_t count);

/*
 * The first block of a campaign, whose order is that of a random permutation, but that of cells whose heaps are
 * multiples those come first whose multiple has a lower rank in the sweep of their collector and workload: what there is
 * time for spans the whole range.
 */
void plan_fill_in(const struct plan_cells *cells, uint32_t *order);

/*
 * The order of a block: fills order[count] with a permutation of the cells, from the plan's seed and the block's number
 * alone.
 */
void plan_block_order(uint64_t seed, uint32_t block, size_t count, uint32_t *order);

/* Sizes (512M, 4G) and numbers; error as above. */
bool quantity_parse_size(const char *name, const char *text, uint64_t *bytes, char *error);
bool quantity_parse_number(const char *name, const char *text, uint64_t minimum, uint64_t maximum, uint64_t *value,
                           char *error);

/* A share such as "2%" or "0.5 %", above 0 and below 1; "none" for 0.  error has room for SETTING_ERROR_MAX bytes. */
bool quantity_parse_share(const char *name, const char *text, double *share, char *error);

/*
 * Shipped plans: NAME.yaml in the directories of GCLAB_PLAN_PATH (colon-separated), in the source tree where the
 * executable is its build's, and in ../share/gclab/plans.
 */
struct plan_shipped {
  char *name, *path;
};

struct plan_shipped *plan_list_shipped(size_t *count); /* by name */
void plan_free_shipped(struct plan_shipped *shipped, size_t count);

/* The file that the word means: a path, or a shipped plan's name.  malloc'ed; NULL after a message. */
char *plan_find(const char *word);

/*
 * Durations (90s, 1.5h, 1h30m; ms, s, m, h, d), with "none" for 0 where may_be_none; name is what messages call it.
 * error has room for SETTING_ERROR_MAX bytes.
 */
bool quantity_parse_duration(const char *name, const char *text, bool may_be_none, uint64_t *ns, char *error);

#endif
