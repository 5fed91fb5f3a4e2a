#define _GNU_SOURCE
#include "harness/python/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/process/interrupt.h"
#include "harness/process/process.h"
#include "harness/process/temporary.h"
#include "harness/script/packed.h"
#include "harness/script/print.h"

enum {
  ROWS_BEFORE = 6,
  WORDS = sizeof(struct script_observation) / sizeof(int32_t),
  EXIT_NO_ENVIRONMENT = 4,
  EXIT_RUN_FAILED = 3
};

static const char *const names[WORDS] = {"the operation",
                                         "the depth of actions",
                                         "the count of generation 0",
                                         "the count of generation 1",
                                         "the count of generation 2",
                                         "collections of generation 0",
                                         "collections of generation 1",
                                         "collections of generation 2",
                                         "objects collected in generation 0",
                                         "objects collected in generation 1",
                                         "objects collected in generation 2",
                                         "uncollectable objects in generation 0",
                                         "uncollectable objects in generation 1",
                                         "uncollectable objects in generation 2",
                                         "the reference count of what the root holds",
                                         "what the operation returned"};

bool observations_compare(const struct python_observations *python, const struct python_observations *ours,
                          struct observation_difference *difference)
{
  const size_t count = python->count < ours->count ? python->count : ours->count;
  for (size_t row = 0; row < count; row++) {
    if (memcmp(&python->rows[row], &ours->rows[row], sizeof *python->rows) == 0) continue;
    int32_t left[WORDS];
    int32_t right[WORDS];
    memcpy(left, &python->rows[row], sizeof left);
    memcpy(right, &ours->rows[row], sizeof right);
    int word = 0;
    while (left[word] == right[word]) word++;
    *difference = (struct observation_difference){row, names[word], left[word], right[word]};
    return false;
  }
  *difference =
      (struct observation_difference){count, "the number of operations", (int64_t)python->count, (int64_t)ours->count};
  return python->count == ours->count;
}

static void print_state(const char *who, const struct script_observation *row, FILE *out)
{
  fprintf(out, "    %-8s counts %d %d %d, collections %d %d %d, collected %d %d %d, references %d, found %d\n", who,
          row->count[0], row->count[1], row->count[2], row->collections[0], row->collections[1], row->collections[2],
          row->collected[0], row->collected[1], row->collected[2], row->references, row->found);
}

void observations_explain(const struct script *script, const char *file, const struct python_observations *python,
                          const struct python_observations *ours, const struct observation_difference *difference,
                          FILE *out)
{
  const size_t row = difference->row;
  const struct python_observations *longer = python->count > ours->count ? python : ours;
  if (row >= longer->count) return;
  const struct script_op *op = &script->ops[longer->rows[row].position];
  fprintf(out, "%s:%u:%u: %s: CPython %" PRId64 ", refcount_cyclic %" PRId64 ", after %zu equal operations:\n", file,
          op->line, op->column, difference->what, difference->python, difference->ours, row);
  for (size_t i = row > ROWS_BEFORE ? row - ROWS_BEFORE : 0; i <= row; i++) {
    fprintf(out, "  %s ", i == row ? ">" : " ");
    script_print_op(script, (size_t)longer->rows[i].position, out);
    fputc('\n', out);
  }
  if (row > 0) print_state("before", &python->rows[row - 1], out);
  if (row < python->count) print_state("CPython", &python->rows[row], out);
  if (row < ours->count) print_state("ours", &ours->rows[row], out);
}

static int run_ours(const char *trial, const char *program, const char *observations,
                    const struct python_interpreter *python, const struct python_observations *of_python)
{
  char knobs[8][64];
  int64_t thresholds[3];
  bool is_exact;
  python_default_thresholds(python, thresholds);
  for (int i = 0; i < 3; i++) snprintf(knobs[i], sizeof knobs[i], "threshold%d=%" PRId64, i, thresholds[i]);
  snprintf(knobs[3], sizeof knobs[3], "profile=%s", python_profile_of(python, &is_exact));
  snprintf(knobs[4], sizeof knobs[4], "python_free_lists=on");
  snprintf(knobs[5], sizeof knobs[5], "python_foreign_objects=%u", of_python->foreign);
  snprintf(knobs[6], sizeof knobs[6], "python_immortal_objects=%u", of_python->immortal);
  const char *words[24] = {trial, "script", program, "--observe", observations};
  size_t n = 5;
  for (int i = 0; i < 7; i++) {
    words[n++] = "--set";
    words[n++] = knobs[i];
  }
  const struct process_request request = {.words = words, .time_limit_ns = UINT64_C(600000000000)};
  struct process_result result = process_run(&request);
  int code = result.exit_code;
  if (result.interrupted) {
    code = INTERRUPT_EXIT_CODE;
  } else if (!result.started || result.timed_out || code < 0) {
    fprintf(stderr, "gclab: refcount_cyclic ended by signal %d in the middle of the script\n", result.signal);
    code = EXIT_RUN_FAILED;
  }
  if (code == 1) code = 0; /* an expectation of the script is said by the side that prints */
  if (code != 0 && !result.interrupted) fputs(result.error, stderr);
  process_free(&result);
  return code;
}

int python_observe_both(const struct python_interpreter *python, const char *trial, const struct script *script,
                        const char *file, bool is_silent, struct python_observations *of_python,
                        struct python_observations *ours)
{
  struct temporary temporary;
  char error[PYTHON_ERROR_MAX];
  *of_python = *ours = (struct python_observations){0};
  if (!temporary_make(&temporary, "compare")) return EXIT_NO_ENVIRONMENT;
  const char *program = temporary_file(&temporary, "program");
  const char *theirs = temporary_file(&temporary, "python");
  const char *own = temporary_file(&temporary, "ours");
  int code = python_run(python, script, file, theirs, is_silent);
  if (code == 1) code = 0;
  if (code == 0 && !python_read_observations(theirs, of_python, error)) {
    fprintf(stderr, "gclab: %s\n", error);
    code = EXIT_NO_ENVIRONMENT;
  }
  if (code == 0 && !script_write_packed(script, program)) {
    fprintf(stderr, "gclab: %s: %s\n", program, strerror(errno));
    code = EXIT_NO_ENVIRONMENT;
  }
  if (code == 0) code = run_ours(trial, program, own, python, of_python);
  if (code == 0 && !python_read_observations(own, ours, error)) {
    fprintf(stderr, "gclab: %s\n", error);
    code = EXIT_NO_ENVIRONMENT;
  }
  temporary_remove(&temporary);
  return code;
}
