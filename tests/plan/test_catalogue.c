/* What the harness makes of trial programs: good ones, and everything that may be wrong with one. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plan/fixture.h"

static void own_collectors_come_first_then_others_then_peers(void **state)
{
  static const char *const expected[] = {"none", "refcount", "refcount_cyclic", "marksweep", "apart", "cpython"};
  (void)state;
  assert_int_equal(fixture_catalogue->collector_count, 6);
  for (size_t i = 0; i < 6; i++) assert_string_equal(fixture_catalogue->collectors[i].name, expected[i]);
}

static void settings_are_read_with_their_types(void **state)
{
  (void)state;
  const struct catalogue_collector *marksweep = catalogue_collector(fixture_catalogue, "marksweep");
  const struct setting *growth = &marksweep->knobs[0];
  const struct setting *limit = &marksweep->knobs[1];
  assert_int_equal(growth->type, SETTING_MILLI);
  assert_int_equal(growth->scale, SETTING_LOG);
  assert_int_equal(growth->default_value, 2000);
  assert_int_equal(growth->minimum, 1050);
  assert_int_equal(limit->maximum, INT64_C(1) << 40);
  assert_int_equal(marksweep->knobs[2].type, SETTING_BOOLEAN);
  assert_int_equal(marksweep->knobs[2].default_value, 1);
  const struct setting *profile = &catalogue_collector(fixture_catalogue, "refcount_cyclic")->knobs[2];
  assert_int_equal(profile->type, SETTING_CHOICE);
  assert_int_equal(profile->maximum, 2);
  assert_string_equal(profile->choices[1], "python3.12");
  assert_null(profile->choices[3]);
  const struct catalogue_workload *churn = catalogue_workload(fixture_catalogue, "churn");
  assert_true(churn->makes_cycles);
  assert_int_equal(churn->parameters[0].default_value, 1000);
  assert_int_equal(churn->parameters[0].small_value, 10);
  assert_int_equal(churn->parameters[0].large_value, 500000);
  assert_int_equal(churn->parameters[1].large_value, 100); /* not given: the default */
}

static void capabilities_and_names_are_found(void **state)
{
  (void)state;
  const struct catalogue_collector *refcount = catalogue_collector(fixture_catalogue, "refcount");
  assert_true(catalogue_collector_can(refcount, "uses_malloc"));
  assert_false(catalogue_collector_can(refcount, "reclaims_cycles"));
  assert_null(catalogue_collector(fixture_catalogue, "boehm"));
  assert_string_equal(catalogue_nearest_collector(fixture_catalogue, "marksweap"), "marksweep");
  assert_string_equal(catalogue_nearest_collector(fixture_catalogue, "bohem"), "boehm");
  assert_null(catalogue_nearest_collector(fixture_catalogue, "zzzzzz"));
  assert_string_equal(catalogue_nearest_workload(fixture_catalogue, "chrun"), "churn");
}

static void a_collector_that_is_there_is_not_missing(void **state)
{
  (void)state;
  assert_int_equal(fixture_catalogue->missing_count, 1);
  assert_string_equal(catalogue_missing(fixture_catalogue, "boehm")->package, "libgc-dev");
  assert_null(catalogue_missing(fixture_catalogue, "none"));
}

static void a_build_id_is_the_hash_of_the_program(void **state)
{
  (void)state;
  const struct catalogue_collector *refcount = catalogue_collector(fixture_catalogue, "refcount");
  /* xxhsum -H2 tests/plan/trials/gclab-trial-refcount */
  assert_string_equal(refcount->build_id, "2789c840a3fd94532d3acd80ad327f56");
}

static void broken_programs_are_named_and_left_out(void **state)
{
  static const char *const reasons[][2] = {
      {"crashing", "it was ended by Segmentation fault"},
      {"failing", "it ended with exit code 7"},
      {"formless", "its answer is not of the form gclab-describe-1"},
      {"lying", "size: 0 is out of range, 1 to 9"},
      {"silent", "its answer to 'describe' is not JSON"},
      {"stale", "its workloads are not those of the others; build it again"},
      {"talking", "its answer to 'describe' is not JSON"},
  };
  (void)state;
  setenv("GCLAB_TRIAL_PATH", GCLAB_TEST_TRIALS ":" GCLAB_TEST_BROKEN ":/nowhere", 1);
  fixture_capture();
  struct catalogue *catalogue = catalogue_load();
  char *said = fixture_captured();
  assert_non_null(catalogue);
  assert_int_equal(catalogue->collector_count, 6);
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
    char *line = NULL;
    assert_true(asprintf(&line, "gclab: %s/gclab-trial-%s is left out: %s", GCLAB_TEST_BROKEN, reasons[i][0],
                         reasons[i][1]) > 0);
    if (strstr(said, line) == NULL) fail_msg("not said: %s\nbut: %s", line, said);
    free(line);
  }
  assert_null(strstr(said, "not-executable"));
  free(said);
  catalogue_free(catalogue);
}

static void nothing_usable_is_an_error_that_says_what_to_do(void **state)
{
  (void)state;
  setenv("GCLAB_TRIAL_PATH", "/nowhere", 1);
  fixture_capture();
  struct catalogue *catalogue = catalogue_load();
  char *said = fixture_captured();
  assert_null(catalogue);
  assert_non_null(strstr(said, "gclab: there is no working trial program (gclab-trial-*) in /nowhere or "));
  assert_non_null(strstr(said, "build them (cmake --build BUILD) or name their directory in GCLAB_TRIAL_PATH\n"));
  free(said);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_collectors_come_first_then_others_then_peers),
      cmocka_unit_test(settings_are_read_with_their_types),
      cmocka_unit_test(capabilities_and_names_are_found),
      cmocka_unit_test(a_collector_that_is_there_is_not_missing),
      cmocka_unit_test(a_build_id_is_the_hash_of_the_program),
      cmocka_unit_test(broken_programs_are_named_and_left_out),
      cmocka_unit_test(nothing_usable_is_an_error_that_says_what_to_do),
  };
  return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
