/*
 * plan: what a campaign is to measure; from a file, from the command line, or from both.
 *
 *   name: thresholds
 *   description: pause times over the thresholds
 *   blocks: 5                  # each block runs every cell once, in random order
 *   budget: 10m                # stop starting blocks after this
 *   seed: 1                    # of the order, and of the workloads: block b runs with seed + b
 *   time_limit: 60s            # for a trial
 *   memory_limit: 4G           # for a trial
 *   matrix:
 *     - collectors: [refcount_cyclic, cpython]
 *       workloads: [cycles]
 *       set: ["threshold0=100,700,5000", "cpython.threshold1=5,10"]
 *       param: ["cycles.cyclic_percent=50"]
 *       allocators: [jemalloc]
 *       size: default
 *
 * A knob or parameter that is not qualified goes to every chosen collector or workload that has one of that name; that
 * none has it is an error.  Each key has its option on the command line (docs/plans.md).
 *
 * A plan is expanded into cells (configurations); a cell's id is the hash of all that determines it.
 */
#ifndef GCLAB_HARNESS_PLAN_PLAN_H
#define GCLAB_HARNESS_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/catalogue/catalogue.h"

enum { PLAN_ID_MAX = 33 }; /* 32 hexadecimal digits and NUL */

struct plan_group {
  char **collectors;
  unsigned collectors_count;
  char **workloads;
  unsigned workloads_count;
  char **set; /* "KNOB=V,V" or "COLLECTOR.KNOB=V,V" */
  unsigned set_count;
  char **param; /* "NAME=V,V" or "WORKLOAD.NAME=V,V" */
  unsigned param_count;
  char **allocators; /* none given: jemalloc */
  unsigned allocators_count;
  char *size; /* "default" or "small"; NULL: default */
};

struct plan {
  char *name, *description;
  uint32_t blocks;
  uint64_t budget_ns;     /* 0: none */
  uint64_t seed;
  uint64_t time_limit_ns; /* for a trial */
  uint64_t memory_limit_bytes; /* for a trial; 0: none */
  bool pin;               /* pin trials to one core and the harness to another */
  struct plan_group *groups;
  unsigned group_count;
  char *text;             /* the plan in canonical YAML, as it is kept in the store and can be run again */
};

struct plan_cell {
  char id[PLAN_ID_MAX];
  const struct catalogue_collector *collector;
  const struct catalogue_workload *workload;
  int64_t *knobs;      /* one a row */
  int64_t *parameters; /* one a row */
  const char *allocator; /* "jemalloc", "glibc", "mimalloc", "tcmalloc"; "own" where the collector uses no malloc */
  bool small;
};

struct plan_cells {
  struct plan_cell *cells;
  size_t count;
};

/*
 * Expands the plan into its cells, without duplicates, in the plan's order.  False, with messages on standard error
 * (file:line:column where the plan came from a file), when a name does not exist or a value does not fit.
 */
bool plan_expand(const struct plan *plan, const struct catalogue *catalogue, struct plan_cells *cells);
void plan_cells_free(struct plan_cells *cells);

/*
 * The order of a block: fills order[count] with a permutation of the cells, from the plan's seed and the block's number
 * alone.
 */
void plan_block_order(uint64_t seed, uint32_t block, size_t count, uint32_t *order);

#endif
