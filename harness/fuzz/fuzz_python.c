/* Does refcount_cyclic do what the interpreter does, operation by operation? */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "harness/fuzz/finding.h"
#include "harness/fuzz/shrink.h"
#include "harness/process/interrupt.h"
#include "harness/python/compare.h"

enum { EXIT_RUN_FAILED = 3 };

struct pair {
  const struct python_interpreter *python;
  const char *trial;
  int code; /* of the last run; not 0: it failed, and nothing was compared */
};

static bool differs(void *context, const struct script *script)
{
  struct pair *pair = context;
  struct python_observations theirs;
  struct python_observations ours;
  struct observation_difference difference;
  pair->code = python_observe_both(pair->python, pair->trial, script, "program", true, &theirs, &ours);
  const bool found = pair->code == 0 && !observations_compare(&theirs, &ours, &difference);
  python_free_observations(&theirs);
  python_free_observations(&ours);
  return found;
}

static void note(struct fuzz_summary *summary, const struct python_observations *observations)
{
  summary->programs++;
  summary->operations += observations->count;
  if (observations->count == 0) return;
  for (int g = 0; g < 3; g++)
    summary->collections[g] += (uint64_t)observations->rows[observations->count - 1].collections[g];
}

static void say_how(const struct python_interpreter *python, char *how, size_t room)
{
  snprintf(how, room, "gclab script THIS --on-python %.120s --diff  (CPython %d.%d.%d)", python->path, python->major,
           python->minor, python->micro);
}

static void keep_finding(const struct fuzz_options *options, struct pair *pair, const struct script *script, uint64_t i)
{
  struct script *small = script_shrink(script, differs, pair, options->shrink_tests, NULL);
  struct python_observations theirs;
  struct python_observations ours;
  struct observation_difference difference;
  char *what = NULL;
  size_t length = 0;
  char name[64];
  char how[256];
  FILE *out = memory_require(open_memstream(&what, &length));
  if (python_observe_both(pair->python, pair->trial, small, "program", true, &theirs, &ours) == 0 &&
      !observations_compare(&theirs, &ours, &difference))
    observations_explain(small, "program", &theirs, &ours, &difference, out);
  memory_close(out);
  snprintf(name, sizeof name, "python-%" PRIu64 "-%" PRIu64, options->seed, i);
  say_how(pair->python, how, sizeof how);
  fuzz_write_finding(options, small, name, how, what);
  python_free_observations(&theirs);
  python_free_observations(&ours);
  free(what);
  script_free(small);
}

/* One of the two ended in the middle: the whole program is kept. */
static void keep_failure(const struct fuzz_options *options, const struct pair *pair, const struct script *script,
                         uint64_t i)
{
  char name[64];
  char how[256];
  snprintf(name, sizeof name, "python-%" PRIu64 "-%" PRIu64, options->seed, i);
  say_how(pair->python, how, sizeof how);
  fuzz_write_finding(options, script, name, how, "a program failed");
}

int fuzz_python(const struct fuzz_options *options, const struct python_interpreter *python, const char *trial,
                struct fuzz_summary *summary)
{
  struct pair pair = {.python = python, .trial = trial};
  const uint64_t start_ns = clock_now_ns();
  *summary = (struct fuzz_summary){.settings = options->programs < FUZZ_SETTINGS ? options->programs : FUZZ_SETTINGS};
  for (uint64_t i = 0; i < options->programs && !interrupt_is_asked(); i++) {
    struct script *script = fuzz_program_for_python(options, i);
    struct python_observations theirs;
    struct python_observations ours;
    struct observation_difference difference;
    const int code = python_observe_both(python, trial, script, "program", true, &theirs, &ours);
    const bool equal = code == 0 && observations_compare(&theirs, &ours, &difference);
    if (code == 0) note(summary, &ours);
    python_free_observations(&theirs);
    python_free_observations(&ours);
    if (code == 0 && !equal) {
      summary->findings++;
      keep_finding(options, &pair, script, i);
    }
    if (code == EXIT_RUN_FAILED) keep_failure(options, &pair, script, i);
    script_free(script);
    if (code == INTERRUPT_EXIT_CODE) break;
    if (code != 0) return code;
    fuzz_progress(options, summary, "CPython");
    if (!equal && !options->keeps_going) break;
  }
  fuzz_progress_end(options, summary);
  summary->seconds = (double)(clock_now_ns() - start_ns) / 1e9;
  if (interrupt_is_asked()) return INTERRUPT_EXIT_CODE;
  return summary->findings != 0 ? 1 : 0;
}
