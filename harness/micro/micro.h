/*
 * micro: what a micro-benchmark of a collector's primitive is, and what it may use.
 *
 * A primitive is one thing that a mutator asks of its collector, or a collector does for one object: an allocation, a
 * store, a mark.  Each SUBJECT is one file, which adds its BENCHMARKS (a size, a shape, a working set) to the table.
 * They are written against gc.h alone, like workloads, and linked with each collector by link-time optimisation.
 *
 * Two drivers run them: one measures time, by Google Benchmark (time.c); one counts instructions, under callgrind
 * (count.c).  A benchmark does not know which.
 *
 * The LIMITS (limits.c) are what the machine itself can do: memory accesses, memset, malloc.  Every other benchmark
 * names the one that it is held against, so that a result can say "2.1 times the memory limit".
 */
#ifndef GCLAB_HARNESS_MICRO_MICRO_H
#define GCLAB_HARNESS_MICRO_MICRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "collectors/gc.h"

/* How much is run: for tests, by default, and with graphs that take long to build. */
enum micro_size { MICRO_SMALL, MICRO_DEFAULT, MICRO_FULL };

enum { MICRO_NAME_MAX = 64, MICRO_ROOTS = 4 };

struct micro_benchmark;

/* One benchmark while it runs. */
struct micro {
  const struct micro_benchmark *benchmark;
  struct gc_mutator *mutator;
  gc_ref *roots; /* MICRO_ROOTS root slots that live as long as what was prepared */
  void *memory;  /* the benchmark's own, from prepare to release */
  struct random random;
  /* The driver's. */
  bool (*next)(struct micro *micro, int64_t operations);
  void (*start)(struct micro *micro);
  void (*stop)(struct micro *micro);
  void *driver;
};

/*
 * A row.  Names are SUBJECT/WHAT, with arguments as key:value, so that a regular expression finds them.
 *
 * prepare builds what all operations work on; it is not timed, and what it leaves in the roots and in memory is there
 * until release.  run is called any number of times in between, and does batches as long as micro_next says so.
 */
struct micro_benchmark {
  char name[MICRO_NAME_MAX];
  const char *skip; /* why this collector cannot do it; NULL: it can */
  void (*prepare)(struct micro *micro);
  void (*run)(struct micro *micro);
  void (*release)(struct micro *micro);
  struct gc_shape shape; /* what prepare and run make of these is the subject's affair */
  int64_t count, part;
  bool only_reads; /* run leaves what was prepared as it was: the next row that prepares the same takes it over */
  bool manual;     /* run calls micro_start and micro_stop around what counts */
  bool counted;    /* its instructions are counted too: it is a fast path */
  bool heavy;      /* takes seconds to prepare: measured once in a run of all */
  char limit[MICRO_NAME_MAX]; /* the limit that it is held against; "": none */
  double limit_scale;         /* how many of the limit's operations stand against one of this; 0: 1 */
};

/* Where subjects put their rows. */
struct micro_table {
  enum micro_size size;
  struct micro_benchmark *rows;
  size_t count, capacity;
};

/* Adds a row, with a name as printf makes it.  Returns the row, which is good until the next one is added. */
struct micro_benchmark *micro_add(struct micro_table *table, const struct micro_benchmark *row, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Another batch of so many operations?  The first call starts the clock, the one that returns false stops it (unless
 * the row is `manual`).  Where nothing was prepared, a collector that never reclaims may be started anew here, with
 * empty roots, so that it does not fill the machine; no other frame may be on the shadow stack then.
 */
static inline bool micro_next(struct micro *micro, int64_t operations) { return micro->next(micro, operations); }

/* Of a manual row: what counts begins and ends here, once in a batch. */
static inline void micro_start(struct micro *micro) { micro->start(micro); }
static inline void micro_stop(struct micro *micro) { micro->stop(micro); }

/* The compiler must have the value, and must not move memory accesses across. */
static inline void micro_use(const void *value) { __asm__ volatile("" : : "r"(value) : "memory"); }

/*
 * Two indices below 2^bits (bits <= 23) from one step of a linear congruential generator (Knuth's MMIX constants),
 * which takes four cycles: cheap beside what is measured.
 */
struct micro_pair {
  uint32_t first, second;
};

static inline struct micro_pair micro_random_pair(uint64_t *state, unsigned bits)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  const uint32_t mask = (UINT32_C(1) << bits) - 1;
  return (struct micro_pair){.first = (uint32_t)(*state >> (64 - bits)), .second = (uint32_t)(*state >> 18) & mask};
}

/* What one object of the working sets and graphs takes at least, header included: the limits' stride. */
enum { MICRO_OBJECT_BYTES = 32 };

/* Two references and 8 bytes: the node that graphs are made of. */
#define MICRO_NODE ((struct gc_shape){.fields = 2, .bytes = 8, .kind = GC_INSTANCE})

/*
 * Working sets by level of the memory hierarchy: so many objects, a power of two, that they lie in the second-level
 * cache, in the last-level one, or in memory.  As the system says how large those are; small at MICRO_SMALL.
 */
enum micro_level { MICRO_L2, MICRO_LAST_LEVEL, MICRO_MEMORY, MICRO_LEVELS };

const char *micro_level_name(enum micro_level level); /* "L2", "last_level", "memory" */
unsigned micro_level_bits(enum micro_level level, enum micro_size size);

/* The subjects, in the order of results. */
void micro_add_limits(struct micro_table *table);
void micro_add_allocate(struct micro_table *table);
void micro_add_death(struct micro_table *table);
void micro_add_store(struct micro_table *table);
void micro_add_load(struct micro_table *table);
void micro_add_root(struct micro_table *table);
void micro_add_frame(struct micro_table *table);
void micro_add_full(struct micro_table *table);
void micro_add_garbage(struct micro_table *table);
void micro_add_young(struct micro_table *table);
void micro_add_cascade(struct micro_table *table);
void micro_add_sweep(struct micro_table *table);

#endif
