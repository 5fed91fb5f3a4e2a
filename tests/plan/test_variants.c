/* Collectors with a program for each memory: which of them a plan takes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plan/fixture.h"

static struct catalogue *variants;

static int set_up(void **state)
{
  if (fixture_set_up(state) != 0) return -1;
  setenv("GCLAB_TRIAL_PATH", GCLAB_TEST_VARIANTS, 1);
  fixture_capture();
  variants = catalogue_load();
  char *said = fixture_captured();
  const bool named = strstr(said, "gclab-trial-orphan+blocks is left out: it is a variant of a collector that has no "
                                  "program here; build that too\n") != NULL;
  free(said);
  return variants != NULL && named ? 0 : -1;
}

static int tear_down(void **state)
{
  catalogue_free(variants);
  return fixture_tear_down(state);
}

/* "PROGRAM/allocator knob=value ..." of the cells of a group, one a line; then what was said, if anything. */
static char *cells_of(const char *group)
{
  struct plan *plan = fixture_load_group(group);
  struct plan_cells cells = {0};
  char *text = NULL;
  size_t length = 0;
  assert_non_null(plan);
  fixture_capture();
  const bool good = plan_expand(plan, variants, &cells);
  char *said = fixture_captured();
  FILE *stream = open_memstream(&text, &length);
  for (size_t i = 0; good && i < cells.count; i++) {
    const struct plan_cell *cell = &cells.cells[i];
    fprintf(stream, "%s/%s", cell->collector->program_name, cell->allocator);
    for (size_t k = 0; k < cell->collector->knob_count; k++) {
      char value[SETTING_TEXT_MAX];
      const struct setting *row = &cell->collector->knobs[k];
      if (cell->knobs[k] == row->default_value) continue;
      fprintf(stream, " %s=%s", row->name, setting_format(row, cell->knobs[k], value));
    }
    fputc('\n', stream);
  }
  fputs(said, stream);
  fclose(stream);
  free(said);
  plan_cells_free(&cells);
  plan_free(plan);
  return text;
}

static void expect_cells(const char *group, const char *expected)
{
  char *text = cells_of(group);
  assert_string_equal(text, expected);
  free(text);
}

static void variants_stand_behind_their_collectors(void **state)
{
  static const char *const expected[] = {"refcount", "marksweep",       "semispace",
                                         "simple",   "refcount+blocks", "marksweep+malloc"};
  (void)state;
  assert_int_equal(variants->collector_count, 4);
  assert_int_equal(variants->program_count, 6);
  for (size_t i = 0; i < 6; i++) assert_string_equal(variants->collectors[i].program_name, expected[i]);
  assert_string_equal(catalogue_collector(variants, "marksweep")->program_name, "marksweep");
  assert_null(catalogue_collector(variants, "refcount+blocks"));
  assert_string_equal(catalogue_program(variants, "refcount+blocks")->name, "refcount");
  assert_string_equal(catalogue_collector_memory(catalogue_program(variants, "refcount+blocks")), "blocks");
  assert_string_equal(catalogue_collector_memory(catalogue_program(variants, "semispace")), "own");
}

static void without_allocators_each_is_on_its_usual_memory(void **state)
{
  (void)state;
  expect_cells("collectors: [all]\nworkloads: [trees]\n",
               "refcount/jemalloc\nmarksweep/blocks\nsemispace/own\nsimple/jemalloc\n");
}

static void the_program_for_the_allocator_is_taken(void **state)
{
  (void)state;
  expect_cells("collectors: [refcount, marksweep, semispace]\nworkloads: [trees]\nallocators: [glibc, blocks]\n",
               "refcount/glibc\nrefcount+blocks/blocks\nmarksweep/blocks\nmarksweep+malloc/glibc\nsemispace/own\n");
  expect_cells("collectors: [marksweep]\nworkloads: [trees]\nallocators: [all]\n",
               "marksweep/blocks\nmarksweep+malloc/jemalloc\nmarksweep+malloc/glibc\nmarksweep+malloc/mimalloc\n"
               "marksweep+malloc/tcmalloc\n");
}

static void what_cannot_be_on_any_is_left_out(void **state)
{
  (void)state;
  expect_cells("collectors: [simple, refcount]\nworkloads: [trees]\nallocators: [blocks]\n",
               "refcount+blocks/blocks\n"
               "plan.yaml:5:18: note: simple is left out, for it is not made for any of these allocators\n");
}

/* A variant has knobs of its own: a sweep of one that it lacks leaves it as it is, and is a fault if none has it. */
static void knobs_are_those_of_the_program(void **state)
{
  (void)state;
  expect_cells("collectors: [marksweep]\nworkloads: [trees]\nset: ['lazy_sweep=on,off', 'growth_factor=3']\n"
               "allocators: [blocks, glibc]\n",
               "marksweep/blocks growth_factor=3\nmarksweep/blocks growth_factor=3 lazy_sweep=off\n"
               "marksweep+malloc/glibc growth_factor=3\n");
  expect_cells("collectors: [marksweep]\nworkloads: [trees]\nset: ['lazy_sweep=off']\nallocators: [glibc]\n",
               "plan.yaml:5:12: no collector here has a knob 'lazy_sweep'\n");
}

static void a_variant_is_no_collector_to_name(void **state)
{
  (void)state;
  expect_cells("collectors: [refcount+blocks]\nworkloads: [trees]\n",
               "plan.yaml:3:18: 'refcount+blocks' is refcount on another memory: name refcount, and the memory as its "
               "allocator\n");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(variants_stand_behind_their_collectors),
      cmocka_unit_test(without_allocators_each_is_on_its_usual_memory),
      cmocka_unit_test(the_program_for_the_allocator_is_taken),
      cmocka_unit_test(what_cannot_be_on_any_is_left_out),
      cmocka_unit_test(knobs_are_those_of_the_program),
      cmocka_unit_test(a_variant_is_no_collector_to_name),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
