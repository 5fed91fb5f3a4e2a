/*
 * interpret: runs a script on the collector that this program is linked with.
 *
 * What an object carries in its raw bytes, in front of those that the script asked for (struct script_payload): its
 * number, so that the oracle knows it; its class, a list's length or a dict's keys.  Lists and dicts have room for so
 * many elements, fixed at birth; a dict's entries are in the order of insertion, a deleted one leaves a hole, as
 * CPython's; holes are closed when room is wanted.
 *
 * Every new object is made in a temporary root slot, filled, and only then put where it belongs, so that what the slot
 * held dies afterwards, as in CPython.  After each operation the collector is polled (COLLECTOR_ORDER_POLL).
 */
#ifndef GCLAB_HARNESS_SCRIPT_INTERPRET_H
#define GCLAB_HARNESS_SCRIPT_INTERPRET_H

#include <stdio.h>

#include "collectors/collector.h"
#include "harness/script/observation.h"
#include "harness/script/script.h"

struct interpreter_options {
  const char *file;   /* for messages */
  FILE *output;       /* of print */
  FILE *observations; /* NULL: not kept */
  bool with_oracle;
  bool trace;              /* print each operation before it runs, with the state after it (--trace) */
  uint64_t operations_max; /* 0: none; a script that runs longer ends with an error */
};

enum interpreter_outcome {
  INTERPRETER_DONE,
  INTERPRETER_FINDING, /* an expectation did not hold, or the oracle disagreed */
  INTERPRETER_ERROR    /* an operation that is not possible, without `try` */
};

struct interpreter_result {
  enum interpreter_outcome outcome;
  uint64_t operations; /* run */
  uint64_t expectations, failed_expectations;
  uint64_t unsupported; /* operations and quantities that this collector does not have; each kind is said once */
};

/*
 * Runs an expanded script (script_expand) on a collector that has just been started.  What is wrong is printed to
 * standard error as FILE:LINE:COLUMN: message.  The roots are dropped at the end, in their order.
 */
struct interpreter_result script_run(struct gc_mutator *mutator, const struct script *script,
                                     const struct interpreter_options *options);

#endif
