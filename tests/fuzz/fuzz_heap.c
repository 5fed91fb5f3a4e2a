/*
 * Heap programs on the collector that is linked, compared with the oracle.
 *
 * Each input is a program of its own on a collector that is started for it and finished after it, so that all memory
 * must go back each time.  With GCLAB_FUZZ_SCRIPT=FILE in the environment the program is written there as a heap script
 * before it runs; its first line is the command that shows what it shows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collectors/journal.h"
#include "harness/script/interpret.h"
#include "harness/script/oracle.h"
#include "harness/script/print.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heap_program.h"

enum { JOURNAL_ROWS = 64, OPERATIONS_MAX = 50000 };

#define NAME "program" /* in front of what the interpreter says */

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  fuzz_fail("%s is out of memory: there was no room for %llu bytes", collector.name, (unsigned long long)bytes);
}

static _Noreturn void disagreement(void) { fuzz_fail("the oracle disagrees with %s", collector.name); }

static void write_script(const struct heap_program *program, const char *path)
{
  char text[SETTING_TEXT_MAX];
  FILE *out = fopen(path, "w");
  if (out == NULL) fuzz_fail("%s: %s", path, strerror(errno));
  fprintf(out, "# gclab script THIS --oracle -c %s", collector.name);
  for (size_t i = 0; i < collector.knob_count; i++) {
    const struct setting *row = &collector.knobs[i];
    if (program->knobs[i] != row->default_value)
      fprintf(out, " --set %s=%s", row->name, setting_format(row, program->knobs[i], text));
  }
  fputc('\n', out);
  script_print(program->script, out);
  if (fclose(out) != 0) fuzz_fail("%s: %s", path, strerror(errno));
}

static void run(const struct heap_program *program)
{
  static FILE *nowhere;
  struct journal journal;
  if (nowhere == NULL) nowhere = fopen("/dev/null", "w");
  if (nowhere == NULL || !journal_open(&journal, -1, JOURNAL_ROWS, 1, 1000)) fuzz_fail("no memory for a journal");
  const struct collector_config config = {.knobs = program->knobs, .journal = &journal, .out_of_memory = out_of_memory};
  const struct interpreter_options options = {
      .file = NAME, .output = nowhere, .with_oracle = true, .operations_max = OPERATIONS_MAX};
  struct gc_mutator *mutator = collector_start(&config);
  if (mutator == NULL) fuzz_fail("%s cannot start", collector.name);
  script_run(mutator, program->script, &options);
  if (mutator->frames != NULL) fuzz_fail("the interpreter left frames on the shadow stack");
  collector_settle(mutator);
  collector_check(mutator);
  journal_check(&journal);
  collector_finish(mutator);
  journal_close(&journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static bool is_ready;
  if (!is_ready) {
    clock_calibrate();
    oracle_on_disagreement(disagreement);
    is_ready = true;
  }
  clock_steps = (struct clock_steps){0}; /* an input's times are its own, whatever came before */
  struct heap_program program = heap_program_decode(data, size);
  struct script_error error;
  const char *path = getenv("GCLAB_FUZZ_SCRIPT");
  if (!script_check(program.script, &error)) fuzz_fail("the program is no script: %s", error.message);
  if (path != NULL) write_script(&program, path);
  fuzz_hush(NAME ":");
  run(&program);
  fuzz_loud();
  script_free(program.script);
  return 0;
}
