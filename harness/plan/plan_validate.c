/*
 * Parameters that fit their rows one by one, but not together: only the workload can tell.  It is in the trial
 * programs, so one of them is asked (`check`), once for each set of parameters that is not all defaults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/plan/plan.h"
#include "harness/process/process.h"

enum {
  EXIT_INVALID = 3, /* of a trial program: harness/trial/trial.h */
  CHECKS_MAX = 256, /* a plan of more sets hears of the rest when it runs */
  ANSWER_MAX = 512,
  ASSIGNMENT_MAX = 96
};

#define ANSWER_LIMIT_NS UINT64_C(5000000000) /* of a program that does not know the question, and hangs */

static bool same_parameters(const struct plan_cell *a, const struct plan_cell *b)
{
  return a->workload == b->workload && a->size == b->size &&
         memcmp(a->parameters, b->parameters, a->workload->parameter_count * sizeof *a->parameters) == 0;
}

static bool all_defaults(const struct plan_cell *cell)
{
  for (size_t i = 0; i < cell->workload->parameter_count; i++) {
    const struct setting *row = &cell->workload->parameters[i];
    if (cell->parameters[i] != setting_at_size(row, cell->size)) return false;
  }
  return true;
}

/* `TRIAL check WORKLOAD -p NAME=VALUE...`; no result where there is no memory: the trial will tell. */
static struct process_result ask(const struct plan_cell *cell)
{
  struct process_result result = {.exit_code = -1};
  const size_t count = cell->workload->parameter_count;
  char(*assignments)[ASSIGNMENT_MAX] = memory_require(calloc(count, sizeof *assignments));
  const char **words = memory_require(calloc(2 * count + 4, sizeof *words));
  if (assignments != NULL && words != NULL) {
    size_t n = 0;
    words[n++] = cell->collector->trial_path;
    words[n++] = "check";
    words[n++] = cell->workload->name;
    for (size_t i = 0; i < count; i++) {
      char value[SETTING_TEXT_MAX];
      const struct setting *row = &cell->workload->parameters[i];
      snprintf(assignments[i], ASSIGNMENT_MAX, "%s=%s", row->name, setting_format(row, cell->parameters[i], value));
      words[n++] = "-p";
      words[n++] = assignments[i];
    }
    const struct process_request request = {
        .words = words, .output_maximum = ANSWER_MAX, .time_limit_ns = ANSWER_LIMIT_NS};
    result = process_run(&request);
  }
  free(words);
  free(assignments);
  return result;
}

/* A program that does not know the question, or does not answer, is left to the trial. */
static bool is_valid(const struct plan_cell *cell)
{
  static const char prefix[] = "gclab-trial: ";
  struct process_result result = ask(cell);
  const bool invalid = result.started && result.exit_code == EXIT_INVALID;
  if (invalid) {
    result.error[strcspn(result.error, "\n")] = '\0';
    const bool has_prefix = strncmp(result.error, prefix, sizeof prefix - 1) == 0;
    fprintf(stderr, "gclab: %s\n", result.error + (has_prefix ? sizeof prefix - 1 : 0));
  }
  process_free(&result);
  return !invalid;
}

bool plan_validate(const struct plan_cells *cells)
{
  size_t checked[CHECKS_MAX];
  size_t count = 0;
  bool valid = true;
  for (size_t i = 0; i < cells->count && count < CHECKS_MAX; i++) {
    const struct plan_cell *cell = &cells->cells[i];
    bool is_new = !all_defaults(cell);
    for (size_t k = 0; k < count && is_new; k++) is_new = !same_parameters(cell, &cells->cells[checked[k]]);
    if (!is_new) continue;
    checked[count++] = i;
    if (!is_valid(cell)) valid = false;
  }
  return valid;
}
