/* The conformance program: every test in its own process, cmocka for the report. */
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/conformance/conformance.h"

extern const struct conformance_group group_contract, group_sizes, group_deep, group_large, group_cycles,
    group_accounting, group_random, group_generations, group_misuse, group_memory, group_knobs, group_hooks;

static const struct conformance_group *const groups[] = {
    &group_contract, &group_sizes,       &group_deep,   &group_large,  &group_cycles, &group_accounting,
    &group_random,   &group_generations, &group_misuse, &group_memory, &group_knobs,  &group_hooks,
};

enum { GROUPS = sizeof groups / sizeof groups[0], TESTS_MAX = 64 };

/* Exit codes of a test's process. */
enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_SKIPPED = 77 };

/* No test may take longer than this; a collector that hangs is ended. */
enum { TEST_LIMIT_S = 300 };

static bool in_process;
static size_t skipped_tests;

static _Noreturn void leave(int code)
{
  fflush(stdout);
  fflush(stderr);
  _exit(code);
}

_Noreturn void conformance_fail(const char *file, int line, const char *condition, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s:%d: %s: ", file, line, collector.name);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n    required: %s\n", condition);
  va_end(arguments);
  fflush(stderr);
  if (in_process) abort();
  leave(EXIT_FAILED);
}

_Noreturn void conformance_skip(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  printf("    skipped: ");
  vprintf(format, arguments);
  printf("\n");
  va_end(arguments);
  leave(EXIT_SKIPPED);
}

_Noreturn void conformance_pass(void) { leave(EXIT_PASSED); }

static void run_here(const struct conformance_test *test)
{
  static struct heap heap;
  memset(&heap, 0, sizeof heap);
  REQUIRE(collector.knob_count <= HEAP_KNOBS_MAX, "more knobs than the tests have room for");
  for (size_t i = 0; i < collector.knob_count; i++) heap.knobs[i] = collector.knobs[i].default_value;
  if (!test->unstarted) heap_start(&heap);
  test->run(&heap);
  if (heap.mutator != NULL) heap_finish(&heap);
}

static void run_forked(void **state)
{
  const struct conformance_test *test = *state;
  if (in_process) {
    run_here(test);
    return;
  }
  fflush(NULL);
  const pid_t child = fork();
  if (child < 0) fail_msg("fork failed");
  if (child == 0) {
    /* cmocka catches these to go on with the next test; here a crash is the outcome. */
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    if (!build_is_sanitized()) {
      for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], SIG_DFL);
    }
    alarm(TEST_LIMIT_S);
    run_here(test);
    leave(EXIT_PASSED);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) fail_msg("waitpid failed");
  if (WIFSIGNALED(status)) fail_msg("the process died of signal %d, %s", WTERMSIG(status), strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) == EXIT_SKIPPED) {
    skipped_tests++;
    skip();
  }
  if (WEXITSTATUS(status) != EXIT_PASSED) fail_msg("the process ended with code %d", WEXITSTATUS(status));
}

static int run_group(const struct conformance_group *group, size_t *tests)
{
  struct CMUnitTest list[TESTS_MAX];
  if (group->count > TESTS_MAX) abort();
  for (size_t i = 0; i < group->count; i++)
    list[i] = (struct CMUnitTest){
        .name = group->tests[i].name, .test_func = run_forked, .initial_state = (void *)&group->tests[i]};
  char name[128];
  snprintf(name, sizeof name, "%s.%s", collector.name, group->name);
  *tests += group->count;
  return _cmocka_run_group_tests(name, list, group->count, NULL, NULL);
}

int main(int argc, char **argv)
{
  in_process = getenv("CONFORMANCE_NO_FORK") != NULL;
  if (argc > 2) cmocka_set_test_filter(argv[2]);
  clock_calibrate();
  int failed = 0;
  size_t ran = 0;
  size_t matched = 0;
  for (size_t i = 0; i < GROUPS; i++) {
    if (argc > 1 && strcmp(argv[1], groups[i]->name) != 0) continue;
    matched++;
    failed += run_group(groups[i], &ran);
  }
  if (matched == 0) {
    fprintf(stderr, "there is no group '%s'; groups:", argv[1]);
    for (size_t i = 0; i < GROUPS; i++) fprintf(stderr, " %s", groups[i]->name);
    fprintf(stderr, "\n");
    return 2;
  }
  if (failed != 0) return EXIT_FAILED;
  return skipped_tests == ran ? EXIT_SKIPPED : EXIT_PASSED;
}
