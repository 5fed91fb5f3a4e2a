/*
 * fuzz: random heap scripts, run until one shows something.
 *
 * Two things can show: that refcount_cyclic and a real interpreter differ after some operation (fuzz_python), and that
 * a collector disagrees with the oracle, fails a check, or crashes (fuzz_oracle).  What is found is shrunk and written
 * as a heap script that says in its first lines how to see it again.
 */
#ifndef GCLAB_HARNESS_FUZZ_FUZZ_H
#define GCLAB_HARNESS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/python/python.h"
#include "harness/script/script.h"

struct fuzz_options {
  uint64_t programs, operations, seed; /* operations of each program */
  const char *directory;               /* where findings are written */
  bool keeps_going;                    /* after a finding */
  bool shows_progress;
  size_t shrink_tests; /* at most so many runs to make a finding smaller */
};

struct fuzz_summary {
  uint64_t programs, operations, findings;
  uint64_t out_of_memory;  /* programs that ended so, which is an outcome and no finding */
  uint64_t collections[3]; /* that were compared */
  uint64_t settings;       /* different thresholds, or knobs */
  double seconds;
};

/* The number of threshold settings that fuzz_python goes through. */
enum { FUZZ_SETTINGS = 12 };

/* Program number i for a comparison with an interpreter. */
struct script *fuzz_program_for_python(const struct fuzz_options *options, uint64_t i);

/* Program number i for the oracle. */
struct script *fuzz_program_for_oracle(const struct fuzz_options *options, uint64_t i);

/*
 * Returns an exit code of gclab's: 1 where something was found; above that, what was found does not tell, but for
 * INTERRUPT_EXIT_CODE (process/interrupt.h), where the summary is of what was done by then.
 */
int fuzz_python(const struct fuzz_options *options, const struct python_interpreter *python, const char *trial,
                struct fuzz_summary *summary);

/* knobs: "NAME=VALUE" strings for the trial program, knob_count many. */
int fuzz_oracle(const struct fuzz_options *options, const char *collector_name, const char *trial,
                const char *const *knobs, size_t knob_count, struct fuzz_summary *summary);

/*
 * Makes a script that the oracle, a check or a crash ends as small as it goes, and writes it as NAME.heap.  Returns 0
 * where it runs to its end, else as fuzz_oracle; interrupted, it writes the smallest that it has by then.
 */
int fuzz_shrink(const struct fuzz_options *options, const char *collector_name, const char *trial,
                const char *const *knobs, size_t knob_count, const struct script *script, const char *name);

#endif
