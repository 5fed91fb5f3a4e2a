/* Does the heap stay what it should be? */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/fuzz/finding.h"
#include "harness/fuzz/shrink.h"
#include "harness/process/interrupt.h"
#include "harness/process/process.h"
#include "harness/process/temporary.h"
#include "harness/script/packed.h"

enum { WORDS_MAX = 80, REPORT_MAX = 2000, EXIT_USAGE = 2, EXIT_OUT_OF_MEMORY = 3, EXIT_ENVIRONMENT = 4 };

#define TIME_LIMIT_NS (UINT64_C(120) * 1000000000)

struct runner {
  const char *trial;
  const char *const *knobs;
  size_t knob_count;
  const char *program;     /* file for the packed script */
  char report[REPORT_MAX]; /* of the last failure */
  bool out_of_memory;
  int code; /* not 0: the last run was none, since the program would not start, or refused the knobs or the script */
};

/* What the program printed last, and how it ended. */
static void keep_report(struct runner *runner, const struct process_result *result)
{
  const size_t room = sizeof runner->report - 64;
  const char *text = result->error;
  if (strlen(text) > room) text += strlen(text) - room;
  if (result->timed_out) {
    snprintf(runner->report, sizeof runner->report, "it did not end within two minutes\n%s", text);
  } else if (result->signal != 0) {
    snprintf(runner->report, sizeof runner->report, "it ended by signal %d\n%s", result->signal, text);
  } else {
    snprintf(runner->report, sizeof runner->report, "%s", text);
  }
}

static bool fails(void *context, const struct script *script)
{
  struct runner *runner = context;
  const char *words[WORDS_MAX] = {runner->trial, "script", runner->program, "--oracle"};
  size_t n = 4;
  for (size_t i = 0; i < runner->knob_count; i++) {
    words[n++] = "--set";
    words[n++] = runner->knobs[i];
  }
  runner->out_of_memory = false;
  runner->code = 0;
  if (!script_write_packed(script, runner->program)) {
    snprintf(runner->report, sizeof runner->report, "gclab: %s: %s\n", runner->program, strerror(errno));
    runner->code = EXIT_ENVIRONMENT;
    return false;
  }
  const struct process_request request = {.words = words, .time_limit_ns = TIME_LIMIT_NS};
  struct process_result result = process_run(&request);
  if (!result.started) runner->code = EXIT_ENVIRONMENT;
  if (result.interrupted) runner->code = INTERRUPT_EXIT_CODE;
  if (!result.interrupted && (result.exit_code == EXIT_USAGE || result.exit_code == EXIT_ENVIRONMENT))
    runner->code = result.exit_code;
  /* Memory that runs out under a limit is an outcome, not a finding. */
  runner->out_of_memory = result.exit_code == EXIT_OUT_OF_MEMORY && strstr(result.error, "is out of memory") != NULL;
  const bool failed = runner->code == 0 && result.exit_code != 0 && !runner->out_of_memory;
  if (failed || (runner->code != 0 && !result.interrupted)) keep_report(runner, &result);
  process_free(&result);
  return failed;
}

static void keep_finding(const struct fuzz_options *options, struct runner *runner, const char *collector_name,
                         const struct script *script, const char *name)
{
  struct script *small = script_shrink(script, fails, runner, options->shrink_tests, NULL);
  char how[1024];
  int length = snprintf(how, sizeof how, "gclab script THIS --oracle -c %s", collector_name);
  for (size_t k = 0; k < runner->knob_count && length < (int)sizeof how; k++)
    length += snprintf(how + length, sizeof how - (size_t)length, " --set %s", runner->knobs[k]);
  fails(runner, small); /* for the report */
  fuzz_write_finding(options, small, name, how, runner->report);
  script_free(small);
}

int fuzz_shrink(const struct fuzz_options *options, const char *collector_name, const char *trial,
                const char *const *knobs, size_t knob_count, const struct script *script, const char *name)
{
  struct temporary temporary;
  if (!temporary_make(&temporary, "fuzz")) return EXIT_ENVIRONMENT;
  struct runner runner = {
      .trial = trial, .knobs = knobs, .knob_count = knob_count, .program = temporary_file(&temporary, "program")};
  const bool failed = fails(&runner, script);
  const int code = runner.code;
  if (code != 0 && code != INTERRUPT_EXIT_CODE) fputs(runner.report, stderr);
  if (failed) keep_finding(options, &runner, collector_name, script, name);
  temporary_remove(&temporary);
  if (interrupt_is_asked()) return INTERRUPT_EXIT_CODE;
  return failed ? 1 : code;
}

int fuzz_oracle(const struct fuzz_options *options, const char *collector_name, const char *trial,
                const char *const *knobs, size_t knob_count, struct fuzz_summary *summary)
{
  struct temporary temporary;
  if (!temporary_make(&temporary, "fuzz")) return EXIT_ENVIRONMENT;
  struct runner runner = {
      .trial = trial, .knobs = knobs, .knob_count = knob_count, .program = temporary_file(&temporary, "program")};
  const uint64_t start_ns = clock_now_ns();
  int code = 0;
  *summary = (struct fuzz_summary){.settings = 1};
  for (uint64_t i = 0; i < options->programs && !interrupt_is_asked(); i++) {
    struct script *script = fuzz_program_for_oracle(options, i);
    const bool failed = fails(&runner, script);
    code = runner.code;
    if (code != 0) {
      if (code != INTERRUPT_EXIT_CODE) fputs(runner.report, stderr);
      script_free(script);
      break;
    }
    summary->programs++;
    summary->out_of_memory += runner.out_of_memory;
    summary->operations += script->op_count;
    if (failed) {
      summary->findings++;
      char name[128];
      snprintf(name, sizeof name, "%s-%" PRIu64 "-%" PRIu64, collector_name, options->seed, i);
      keep_finding(options, &runner, collector_name, script, name);
    }
    script_free(script);
    fuzz_progress(options, summary, collector_name);
    if (failed && !options->keeps_going) break;
  }
  temporary_remove(&temporary);
  fuzz_progress_end(options, summary);
  summary->seconds = (double)(clock_now_ns() - start_ns) / 1e9;
  if (interrupt_is_asked()) return INTERRUPT_EXIT_CODE;
  return code != 0 ? code : summary->findings != 0;
}
