/* The command line over a plan, and alone. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plan/fixture.h"

static const char two_groups[] = "name: both\nblocks: 5\nmatrix:\n"
                                 "  - collectors: [refcount_cyclic, cpython]\n"
                                 "    workloads: [churn]\n"
                                 "    set: ['threshold0=100,700', 'cpython.threshold1=5,10']\n"
                                 "  - collectors: [marksweep]\n"
                                 "    workloads: [churn, trees]\n"
                                 "    set: ['growth_factor=1.5,2,3']\n"
                                 "    param: [trees.depth=9]\n";

struct given {
  const char *collectors, *workloads, *set, *set2, *param, *allocators;
};

static struct plan_options options_of(struct given given)
{
  struct plan_options options = {0};
  if (given.collectors != NULL) plan_words_add_option(&options.collectors, "--collector", given.collectors, true);
  if (given.workloads != NULL) plan_words_add_option(&options.workloads, "--workload", given.workloads, true);
  if (given.set != NULL) plan_words_add_option(&options.set, "--set", given.set, false);
  if (given.set2 != NULL) plan_words_add_option(&options.set, "--set", given.set2, false);
  if (given.param != NULL) plan_words_add_option(&options.param, "--param", given.param, false);
  if (given.allocators != NULL) plan_words_add_option(&options.allocators, "--allocator", given.allocators, true);
  return options;
}

/* The plan with the options, as its groups are written, or what was complained of. */
static char *apply(struct plan *plan, struct plan_options *options)
{
  fixture_capture();
  const bool good = plan_apply_options(plan, fixture_catalogue, options);
  char *said = fixture_captured();
  plan_options_free(options);
  if (!good) {
    assert_true(*said != '\0');
    plan_free(plan);
    return said;
  }
  assert_string_equal(said, "");
  free(said);
  struct plan_cells cells = fixture_expand(plan);
  char *text = strdup(strstr(plan->text, "matrix:\n") + strlen("matrix:\n"));
  struct plan *again = fixture_load(plan->text);
  struct plan_cells cells_again = fixture_expand(again);
  assert_int_equal(cells.count, cells_again.count);
  for (size_t i = 0; i < cells.count; i++) assert_string_equal(cells_again.cells[i].id, cells.cells[i].id);
  plan_cells_free(&cells);
  plan_cells_free(&cells_again);
  plan_free(plan);
  plan_free(again);
  return text;
}

static void expect(struct given given, const char *expected)
{
  struct plan_options options = options_of(given);
  char *text = apply(fixture_load(two_groups), &options);
  assert_string_equal(text, expected);
  free(text);
}

static void expect_alone(struct given given, const char *expected)
{
  struct plan_options options = options_of(given);
  char *text = apply(plan_new("adhoc"), &options);
  assert_string_equal(text, expected);
  free(text);
}

static void collectors_restrict_groups_and_drop_their_sweeps(void **state)
{
  (void)state;
  expect((struct given){.collectors = "marksweep"}, "- collectors: [marksweep]\n"
                                                    "  workloads: [churn, trees]\n"
                                                    "  set: ['growth_factor=1.5,2,3']\n"
                                                    "  param: [trees.depth=9]\n");
  expect((struct given){.collectors = "refcount_cyclic"}, "- collectors: [refcount_cyclic]\n"
                                                          "  workloads: [churn]\n"
                                                          "  set: ['threshold0=100,700']\n");
  expect((struct given){.collectors = "peers"}, "- collectors: [cpython]\n"
                                                "  workloads: [churn]\n"
                                                "  set: ['threshold0=100,700', 'cpython.threshold1=5,10']\n");
}

static void workloads_restrict_groups_and_drop_their_sweeps(void **state)
{
  (void)state;
  expect((struct given){.workloads = "trees"}, "- collectors: [marksweep]\n"
                                               "  workloads: [trees]\n"
                                               "  set: ['growth_factor=1.5,2,3']\n"
                                               "  param: [trees.depth=9]\n");
  expect((struct given){.workloads = "churn", .collectors = "marksweep"}, "- collectors: [marksweep]\n"
                                                                          "  workloads: [churn]\n"
                                                                          "  set: ['growth_factor=1.5,2,3']\n");
}

static void settings_take_the_place_of_the_plans(void **state)
{
  (void)state;
  expect((struct given){.set = "threshold0=9", .collectors = "cpython"},
         "- collectors: [cpython]\n"
         "  workloads: [churn]\n"
         "  set: ['cpython.threshold1=5,10', threshold0=9]\n");
  expect((struct given){.set = "threshold1=1", .set2 = "threshold1=2,3", .collectors = "cpython"},
         "- collectors: [cpython]\n"
         "  workloads: [churn]\n"
         "  set: ['threshold0=100,700', threshold1=1, 'threshold1=2,3']\n");
  expect((struct given){.set = "cpython.threshold0=9", .param = "depth=5"},
         "- collectors: [refcount_cyclic, cpython]\n"
         "  workloads: [churn]\n"
         "  set: ['threshold0=100,700', 'cpython.threshold1=5,10', cpython.threshold0=9]\n"
         "- collectors: [marksweep]\n"
         "  workloads: [churn, trees]\n"
         "  set: ['growth_factor=1.5,2,3']\n"
         "  param: [depth=5]\n");
}

static void single_values_are_replaced(void **state)
{
  (void)state;
  struct plan *plan = fixture_load(two_groups);
  struct plan_options options = options_of((struct given){.allocators = "glibc,tcmalloc"});
  options.name = "other";
  options.description = "more";
  options.blocks = "7";
  options.budget = "2m";
  options.seed = "3";
  options.time_limit = "5s";
  options.memory_limit = "none";
  options.pin = "false";
  options.size = "small";
  assert_true(plan_apply_options(plan, fixture_catalogue, &options));
  plan_options_free(&options);
  assert_string_equal(plan->text, "name: other\ndescription: more\nblocks: 7\nbudget: 2m\nseed: 3\ntime_limit: 5s\n"
                                  "memory_limit: none\npin: false\naa: true\nmatrix:\n"
                                  "- collectors: [refcount_cyclic, cpython]\n"
                                  "  workloads: [churn]\n"
                                  "  set: ['threshold0=100,700', 'cpython.threshold1=5,10']\n"
                                  "  allocators: [glibc, tcmalloc]\n"
                                  "  size: small\n"
                                  "- collectors: [marksweep]\n"
                                  "  workloads: [churn, trees]\n"
                                  "  set: ['growth_factor=1.5,2,3']\n"
                                  "  param: [trees.depth=9]\n"
                                  "  allocators: [glibc, tcmalloc]\n"
                                  "  size: small\n");
  plan_free(plan);
}

static void the_command_line_alone_makes_a_plan(void **state)
{
  (void)state;
  expect_alone((struct given){.collectors = "none,cpython", .workloads = "trees", .set = "threshold0=1,2"},
               "- collectors: [none, cpython]\n"
               "  workloads: [trees]\n"
               "  set: ['threshold0=1,2']\n");
  expect_alone((struct given){.collectors = "refcount"}, "- collectors: [refcount]\n"
                                                         "  workloads: [all]\n");
}

static void faults_name_the_option(void **state)
{
  (void)state;
  expect_alone((struct given){.collectors = "nome"},
               "gclab: --collector nome: there is no collector 'nome'; did you mean none?\n");
  expect_alone(
      (struct given){.collectors = "boehm"},
      "gclab: --collector boehm: it was not built: libgc 8 was not found; install libgc-dev and build again\n");
  expect_alone((struct given){.collectors = "none", .workloads = "chrun"},
               "gclab: --workload chrun: there is no workload 'chrun'; did you mean churn?\n");
  expect_alone((struct given){.collectors = "cpython", .set = "treshold0=1"},
               "gclab: --set treshold0=1: no collector here has a knob 'treshold0'; did you mean threshold0?\n");
  expect_alone((struct given){.collectors = "cpython", .set = "threshold0"},
               "gclab: --set threshold0: 'threshold0' is not of the form KNOB=VALUE,VALUE\n");
  expect_alone((struct given){.collectors = "cpython", .set = "cyphon.threshold0=1"},
               "gclab: --set cyphon.threshold0=1: there is no collector 'cyphon'; did you mean cpython?\n");
  expect_alone((struct given){.collectors = "cpython", .set = "marksweep.heap_limit=1"},
               "gclab: --set marksweep.heap_limit=1: marksweep is not among the collectors here\n");
  expect_alone((struct given){.collectors = "none", .workloads = "trees", .param = "live=1"},
               "gclab: --param live=1: no workload here has a parameter 'live'\n");
  expect((struct given){.collectors = "none"}, "gclab: --collector none: plan both does not have this collector\n");
  expect((struct given){.collectors = "marksweep,none"},
         "gclab: --collector none: plan both does not have this collector\n");
  expect((struct given){.collectors = "cpython", .workloads = "trees"},
         "gclab: --workload trees: plan both does not have this workload\n");
  expect((struct given){.collectors = "cpython", .set = "growth_factor=2"},
         "gclab: --set growth_factor=2: no collector here has a knob 'growth_factor'\n");
}

static void bad_values_name_the_option(void **state)
{
  static const char *const said[] = {
      "gclab: --blocks: blocks: 0 is out of range, 1 to 4294967295\n",
      "gclab: --seed: seed: '-1' is not a whole number\n",
      "gclab: --budget: budget: 'soon' is not a duration such as 90s, 10m or 1h30m, or none\n",
      "gclab: --time-limit: time_limit: '0' is not a duration such as 90s, 10m or 1h30m\n",
      "gclab: --memory-limit: memory_limit: 'big' is not a size such as 512K or 64M\n"};
  (void)state;
  struct plan_options options = options_of((struct given){.collectors = "none"});
  options.blocks = "0";
  options.seed = "-1";
  options.budget = "soon";
  options.time_limit = "0";
  options.memory_limit = "big";
  char *text = apply(plan_new("adhoc"), &options);
  const char *place = text;
  for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
    assert_memory_equal(place, said[i], strlen(said[i]));
    place += strlen(said[i]);
  }
  assert_string_equal(place, "");
  free(text);
}

static void values_of_the_command_line_are_checked_when_expanded(void **state)
{
  (void)state;
  struct plan *plan = plan_new("adhoc");
  struct plan_options options = options_of(
      (struct given){.collectors = "refcount_cyclic", .set = "threshold1=5,5000", .allocators = "jemalloc,hoard"});
  struct plan_cells cells;
  assert_true(plan_apply_options(plan, fixture_catalogue, &options));
  fixture_capture();
  assert_false(plan_expand(plan, fixture_catalogue, &cells));
  char *said = fixture_captured();
  assert_string_equal(said, "gclab: --allocator hoard: there is no allocator 'hoard'; there are jemalloc, glibc, "
                            "mimalloc, tcmalloc and blocks\n");
  free(said);
  plan_options_free(&options);
  plan_free(plan);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(collectors_restrict_groups_and_drop_their_sweeps),
      cmocka_unit_test(workloads_restrict_groups_and_drop_their_sweeps),
      cmocka_unit_test(settings_take_the_place_of_the_plans),
      cmocka_unit_test(single_values_are_replaced),
      cmocka_unit_test(the_command_line_alone_makes_a_plan),
      cmocka_unit_test(faults_name_the_option),
      cmocka_unit_test(bad_values_name_the_option),
      cmocka_unit_test(values_of_the_command_line_are_checked_when_expanded),
  };
  return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
