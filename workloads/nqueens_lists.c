/*
 * nqueens_lists: all placements of n queens, found the functional way, as a list of lists.
 *
 * The nqueens of the Gabriel and Larceny benchmarks for Scheme, which is older than they are: columns that are still
 * to be tried, columns that were tried in this row, and queens placed so far are lists; a row takes the head of the
 * first, and where it is safe, appends what is left of the first to the second for the next row.  Nothing is ever
 * changed, so nearly every cell dies within some hundred allocations: the extreme of infant mortality, with a live set
 * of n short lists and the solutions.  Those are kept, which the original only counts, as a list of lists; their ends
 * are shared.  Cells refer to numbers, which are n objects made once, like the small integers of CPython.
 *
 * Published sizes are n = 8 to 12; n = 12 has 14 200 solutions.  No random numbers are drawn.
 */
#include "workloads/workload.h"

enum { QUEENS, REPEATS, PARAMETERS };

enum { QUEENS_MAX = 16 };

static const struct setting parameters[PARAMETERS] = {
    [QUEENS] = {.name = "queens",
                .unit = "queens",
                .type = SETTING_INTEGER,
                .default_value = 12,
                .small_value = 6,
                .large_value = 14,
                .minimum = 1,
                .maximum = QUEENS_MAX,
                .help = "queens, and rows and columns of the board (published: 8 to 12)"},
    [REPEATS] = {.name = "repeats",
                 .unit = "searches",
                 .type = SETTING_INTEGER,
                 .scale = SETTING_LOG,
                 .default_value = 3,
                 .small_value = 1,
                 .large_value = 1,
                 .minimum = 1,
                 .maximum = 1000000,
                 .help = "how often all solutions are found, read and dropped"},
};

enum { HEAD, TAIL, FIELDS }; /* of a cell */

static const struct gc_shape cell_shape = {.fields = FIELDS, .kind = GC_TUPLE};
static const struct gc_shape number_shape = {.bytes = sizeof(int64_t), .kind = GC_ATOM};

static int64_t number_value(gc_ref number) { return *(const int64_t *)gc_bytes(number, 0); }

/* Makes a cell into the slot; neither head nor tail may lie in that slot, for it is let go. */
static void cons(struct gc_mutator *mutator, gc_ref *slot, const gc_ref *head, const gc_ref *tail)
{
  gc_new(mutator, slot, cell_shape);
  gc_store(mutator, *slot, HEAD, *head);
  gc_store(mutator, *slot, TAIL, *tail);
}

/*
 * Makes the list of all that is in the list after its first cell, then all that is in `end`, into the slot.  In a loop,
 * so that a cell is filled after it has been made; a functional language's compiler does the same.
 */
static void append_tail(struct gc_mutator *mutator, gc_ref *slot, const gc_ref *list, const gc_ref *end)
{
  enum { FROM, NUMBER, LAST, NEW, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  gc_ref *const local = frame.slot;
  gc_root(mutator, slot, *end);
  gc_root(mutator, &local[FROM], gc_load(mutator, *list, TAIL));
  while (local[FROM] != NULL) {
    gc_root(mutator, &local[NUMBER], gc_load(mutator, local[FROM], HEAD));
    cons(mutator, &local[NEW], &local[NUMBER], end);
    if (local[LAST] == NULL)
      gc_root(mutator, slot, local[NEW]);
    else
      gc_store(mutator, local[LAST], TAIL, local[NEW]);
    gc_root(mutator, &local[LAST], local[NEW]);
    gc_root(mutator, &local[FROM], gc_load(mutator, local[FROM], TAIL));
  }
  gc_pop(mutator, &frame.frame);
}

/* May a queen stand in this column, with those placed in the rows before, the nearest first?  No safepoint. */
static bool is_safe(struct gc_mutator *mutator, int64_t column, gc_ref placed)
{
  int64_t distance = 1;
  for (gc_ref cell = placed; cell != NULL; cell = gc_load(mutator, cell, TAIL), distance++) {
    const int64_t other = number_value(gc_load(mutator, cell, HEAD));
    if (other == column + distance || other == column - distance) return false;
  }
  return true;
}

struct search {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *solutions; /* root slot: the list of lists */
  uint64_t done;     /* placements of the first two rows that have been tried, and how many there are in all */
  uint64_t total;
};

/*
 * Puts a queen into each column of the list `columns` (a root slot) that is safe, and all the rest of them into the
 * rows below.  Recursion is as deep as there are queens.
 */
static void place(struct search *s, uint32_t row, const gc_ref *columns, const gc_ref *placed)
{
  struct gc_mutator *mutator = s->mutator;
  enum { UNTRIED, TRIED, COLUMN, REST, PLACED, NEW, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  gc_root(mutator, &slot[UNTRIED], *columns);
  while (slot[UNTRIED] != NULL) {
    gc_root(mutator, &slot[COLUMN], gc_load(mutator, slot[UNTRIED], HEAD));
    if (is_safe(mutator, number_value(slot[COLUMN]), *placed)) {
      append_tail(mutator, &slot[REST], &slot[UNTRIED], &slot[TRIED]);
      cons(mutator, &slot[PLACED], &slot[COLUMN], placed);
      if (slot[REST] != NULL) {
        place(s, row + 1, &slot[REST], &slot[PLACED]);
      } else {
        cons(mutator, &slot[NEW], &slot[PLACED], s->solutions);
        gc_root(mutator, s->solutions, slot[NEW]);
      }
    }
    cons(mutator, &slot[NEW], &slot[COLUMN], &slot[TRIED]);
    gc_root(mutator, &slot[TRIED], slot[NEW]);
    gc_root(mutator, &slot[UNTRIED], gc_load(mutator, slot[UNTRIED], TAIL));
    if (row == 1) workload_progress(s->run, ++s->done, s->total);
  }
  gc_pop(mutator, &frame.frame);
}

/* The list of the numbers from 1 to n. */
static void make_columns(struct gc_mutator *mutator, int64_t n, gc_ref *slot)
{
  enum { NUMBER, NEW, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  for (int64_t i = n; i > 0; i--) {
    gc_new(mutator, &frame.slot[NUMBER], number_shape);
    *(int64_t *)gc_bytes(frame.slot[NUMBER], 0) = i;
    cons(mutator, &frame.slot[NEW], &frame.slot[NUMBER], slot);
    gc_root(mutator, slot, frame.slot[NEW]);
  }
  gc_pop(mutator, &frame.frame);
}

/* No safepoint in all of it. */
static void read_solutions(struct workload_run *run, gc_ref solutions)
{
  uint64_t count = 0;
  for (gc_ref each = solutions; each != NULL; each = gc_load(run->mutator, each, TAIL), count++) {
    uint64_t digest = 0;
    for (gc_ref cell = gc_load(run->mutator, each, HEAD); cell != NULL; cell = gc_load(run->mutator, cell, TAIL))
      digest = digest * 31 + (uint64_t)number_value(gc_load(run->mutator, cell, HEAD));
    workload_checksum(run, digest);
  }
  workload_checksum(run, count);
}

static void run_nqueens_lists(struct workload_run *run)
{
  const int64_t queens = run->parameters[QUEENS];
  const int64_t repeats = run->parameters[REPEATS];
  enum { COLUMNS, NOBODY, SOLUTIONS, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  make_columns(run->mutator, queens, &frame.slot[COLUMNS]);
  struct search search = {.run = run,
                          .mutator = run->mutator,
                          .solutions = &frame.slot[SOLUTIONS],
                          .total = (uint64_t)(repeats * queens * queens)};
  for (int64_t i = 0; i < repeats; i++) {
    workload_phase(run, "search");
    place(&search, 0, &frame.slot[COLUMNS], &frame.slot[NOBODY]);
    workload_phase(run, "check");
    read_solutions(run, frame.slot[SOLUTIONS]);
    gc_root(run->mutator, &frame.slot[SOLUTIONS], NULL);
  }
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_nqueens_lists = {
    .name = "nqueens_lists",
    .summary = "n queens the functional way: lists that are never changed and die at once",
    .source = "the Gabriel and Larceny benchmarks' nqueens, with the solutions kept",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_nqueens_lists,
};
