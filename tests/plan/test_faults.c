/* Every kind of bad plan, with the exact place and the exact words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plan/fixture.h"

struct fault {
  const char *what, *plan, *said;
};

#define HEAD   "name: test\n"
#define MATRIX "matrix:\n  - collectors: [refcount_cyclic]\n    workloads: [churn]\n"

/* What is wrong with the form: plan_load says it. */
static const struct fault form_faults[] = {
    {"no YAML", "name: [test\n",
     "plan.yaml:2:1: this is not YAML: did not find expected ',' or ']', while parsing a flow sequence\n"},
    {"a tabulator", "name: test\nmatrix:\n\t- a\n",
     "plan.yaml:3:1: this is not YAML: found character that cannot start any token, while scanning for the next "
     "token\n"},
    {"an empty file", "", "plan.yaml:1:1: the plan is empty\n"},
    {"only a comment", "# nothing\n", "plan.yaml:1:1: the plan is empty\n"},
    {"two documents", HEAD MATRIX "---\nname: second\n", "plan.yaml:6:1: a second document; a plan's file has one\n"},
    {"a list at the top", "- a\n", "plan.yaml:1:1: the plan takes KEY: VALUE lines, not a list\n"},
    {"an unknown key", HEAD "blcoks: 3\n" MATRIX, "plan.yaml:2:1: unknown key 'blcoks'; did you mean blocks?\n"},
    {"a key like no other", HEAD "xyzzy: 3\n" MATRIX,
     "plan.yaml:2:1: unknown key 'xyzzy'; keys here are name, description, blocks, budget, seed, time_limit, "
     "memory_limit, precision, pin, aa, floating, matrix\n"},
    {"an unknown key of a group", HEAD MATRIX "    worklaods: [churn]\n",
     "plan.yaml:5:5: unknown key 'worklaods'; did you mean workloads?\n"},
    {"a repeated key", HEAD "seed: 1\nseed: 2\n" MATRIX, "plan.yaml:3:1: key 'seed' is given twice\n"},
    {"a key that is a list", HEAD "[a]: 2\n" MATRIX, "plan.yaml:2:1: a key must be a word, not a list\n"},
    {"no matrix", HEAD, "plan.yaml:1:1: the plan has no 'matrix'\n"},
    {"no name", MATRIX, "plan.yaml:1:1: the plan has no 'name'\n"},
    {"no workloads", HEAD "matrix:\n  - collectors: [none]\n",
     "plan.yaml:3:5: this group of the matrix has no 'workloads'\n"},
    {"two faults at once", "nmae: test\nblocks: x\n" MATRIX,
     "plan.yaml:1:1: unknown key 'nmae'; did you mean name?\n"
     "plan.yaml:2:9: blocks: 'x' is not a whole number\n"
     "plan.yaml:1:1: the plan has no 'name'\n"},
    {"an empty name", "name:\n" MATRIX, "plan.yaml:1:6: name is empty\n"},
    {"blocks that are no number", HEAD "blocks: many\n" MATRIX,
     "plan.yaml:2:9: blocks: 'many' is not a whole number\n"},
    {"blocks below 0", HEAD "blocks: -1\n" MATRIX, "plan.yaml:2:9: blocks: '-1' is not a whole number\n"},
    {"no block", HEAD "blocks: 0\n" MATRIX, "plan.yaml:2:9: blocks: 0 is out of range, 1 at least\n"},
    {"too many blocks", HEAD "blocks: 4294967296\n" MATRIX,
     "plan.yaml:2:9: blocks: 4294967296 is out of range, 0 to 4294967295\n"},
    {"an octal seed", HEAD "seed: 010\n" MATRIX, "plan.yaml:2:7: seed: write 010 without the 0 in front\n"},
    {"a list of blocks", HEAD "blocks: [1, 2]\n" MATRIX, "plan.yaml:2:9: blocks takes a single value, not a list\n"},
    {"pin that is neither", HEAD "pin: maybe\n" MATRIX, "plan.yaml:2:6: pin: 'maybe' is neither true nor false\n"},
    {"a duration without unit", HEAD "budget: 90\n" MATRIX,
     "plan.yaml:2:9: budget: '90' is not a duration such as 90s, 10m or 1h30m, or none\n"},
    {"a duration that is too long", HEAD "time_limit: 400d\n" MATRIX,
     "plan.yaml:2:13: time_limit: 400d is out of range, 1ms to 365d\n"},
    {"a duration with a bad unit", HEAD "budget: 10 min\n" MATRIX,
     "plan.yaml:2:9: budget: '10 min' is not a duration such as 90s, 10m or 1h30m, or none\n"},
    {"a quoted duration", HEAD "budget: \"10x\"\n" MATRIX,
     "plan.yaml:2:10: budget: '10x' is not a duration such as 90s, 10m or 1h30m, or none\n"},
    {"no time at all", HEAD "time_limit: none\n" MATRIX,
     "plan.yaml:2:13: time_limit: 'none' is not a duration such as 90s, 10m or 1h30m\n"},
    {"a size that is none", HEAD "memory_limit: 4Q\n" MATRIX,
     "plan.yaml:2:15: memory_limit: '4Q' is not a size such as 512K or 64M\n"},
    {"a size that is too small", HEAD "memory_limit: 4K\n" MATRIX,
     "plan.yaml:2:15: memory_limit: 4K is out of range, 1M to 9223372036854775807\n"},
    {"a matrix that is no list", HEAD "matrix: all\n",
     "plan.yaml:2:9: matrix takes a list such as [a, b], not a single value\n"},
    {"an empty matrix", HEAD "matrix: []\n", "plan.yaml:2:9: matrix is an empty list\n"},
    {"a group that is a word", HEAD "matrix: [all]\n",
     "plan.yaml:2:10: this group of the matrix takes KEY: VALUE lines, not a single value\n"},
    {"collectors without brackets", HEAD "matrix:\n  - collectors: none\n    workloads: [churn]\n",
     "plan.yaml:3:17: collectors takes a list such as [a, b], not a single value\n"},
    {"no collector", HEAD "matrix:\n  - collectors: []\n    workloads: [churn]\n",
     "plan.yaml:3:17: collectors is an empty list\n"},
    {"a mapping for a sweep", HEAD MATRIX "    set: [threshold0: 5]\n",
     "plan.yaml:5:11: set takes a single value, not a mapping\n"},
};

/* What is wrong with names and values: plan_expand says it. */
static const struct fault name_faults[] = {
    {"an unknown collector", HEAD "matrix:\n  - collectors: [none, refcout]\n    workloads: [churn]\n",
     "plan.yaml:3:24: there is no collector 'refcout'; did you mean refcount?\n"},
    {"a collector like no other", HEAD "matrix:\n  - collectors: [zzzzzz]\n    workloads: [churn]\n",
     "plan.yaml:3:18: there is no collector 'zzzzzz'\n"},
    {"an unknown workload", HEAD "matrix:\n  - collectors: [none]\n    workloads:\n      - tres\n",
     "plan.yaml:5:9: there is no workload 'tres'; did you mean trees?\n"},
    {"both unknown", HEAD "matrix:\n  - collectors: [nome]\n    workloads: [tres]\n",
     "plan.yaml:3:18: there is no collector 'nome'; did you mean none?\n"
     "plan.yaml:4:17: there is no workload 'tres'; did you mean trees?\n"},
    {"an unknown allocator", HEAD MATRIX "    allocators: [jemaloc]\n",
     "plan.yaml:5:18: there is no allocator 'jemaloc'; did you mean jemalloc?\n"},
    {"an allocator like no other", HEAD MATRIX "    allocators: [hoard]\n",
     "plan.yaml:5:18: there is no allocator 'hoard'; there are jemalloc, glibc, mimalloc, tcmalloc and blocks\n"},
    {"an unknown size", HEAD MATRIX "    size: smal\n",
     "plan.yaml:5:11: size: 'smal' is none of default, small and large; did you mean small?\n"},
    {"an unknown knob", HEAD MATRIX "    set: [treshold0=5]\n",
     "plan.yaml:5:11: no collector here has a knob 'treshold0'; did you mean threshold0?\n"},
    {"an unknown knob of a collector", HEAD MATRIX "    set: [refcount_cyclic.treshold0=5]\n",
     "plan.yaml:5:27: refcount_cyclic has no knob 'treshold0'; did you mean threshold0?\n"},
    {"a knob of an unknown collector", HEAD MATRIX "    set: [refcount_cylic.threshold0=5]\n",
     "plan.yaml:5:11: there is no collector 'refcount_cylic'; did you mean refcount_cyclic?\n"},
    {"a knob of a collector that is not here", HEAD MATRIX "    set: [marksweep.growth_factor=5]\n",
     "plan.yaml:5:11: marksweep is not among the collectors here\n"},
    {"an unknown parameter", HEAD MATRIX "    param: [lives=5]\n",
     "plan.yaml:5:13: no workload here has a parameter 'lives'; did you mean live?\n"},
    {"a parameter of a workload that is not here", HEAD MATRIX "    param: [trees.depth=5]\n",
     "plan.yaml:5:13: trees is not among the workloads here\n"},
    {"no equals sign", HEAD MATRIX "    set: [threshold0]\n",
     "plan.yaml:5:11: 'threshold0' is not of the form KNOB=VALUE,VALUE; inside [ ] it needs quotes\n"},
    {"an unquoted comma", HEAD MATRIX "    set: [threshold0=5,7]\n",
     "plan.yaml:5:24: '7' is not of the form KNOB=VALUE,VALUE; inside [ ] it needs quotes\n"},
    {"no name before the equals sign", HEAD MATRIX "    set: [\"=5\"]\n",
     "plan.yaml:5:12: '' is not a name; the form is KNOB=VALUE,VALUE or OWNER.KNOB=VALUE,VALUE\n"},
    {"no owner before the dot", HEAD MATRIX "    param: [.live=5]\n",
     "plan.yaml:5:13: '.live' is not a name; the form is NAME=VALUE,VALUE or OWNER.NAME=VALUE,VALUE\n"},
    {"no value", HEAD MATRIX "    set: [threshold0=]\n", "plan.yaml:5:22: threshold0 has no value\n"},
    {"a missing value between commas", HEAD MATRIX "    set: ['threshold0=5,,7']\n",
     "plan.yaml:5:25: threshold0: a value is missing between commas\n"},
    {"a value of another type, third", HEAD MATRIX "    set: ['threshold0=5,7,many']\n",
     "plan.yaml:5:27: threshold0: 'many' is not a whole number\n"},
    {"a value out of range", HEAD MATRIX "    set: [\"threshold1=10,5000\"]\n",
     "plan.yaml:5:26: threshold1: 5000 is out of range, 0 to 1000\n"},
    {"two bad values", HEAD MATRIX "    set: ['threshold1=x,5000']\n",
     "plan.yaml:5:23: threshold1: 'x' is not a whole number\n"
     "plan.yaml:5:25: threshold1: 5000 is out of range, 0 to 1000\n"},
    {"a bad choice", HEAD MATRIX "    set: [profile=python3.9]\n",
     "plan.yaml:5:19: profile: 'python3.9' is not one of python3.11, python3.12, python3.13\n"},
    {"a bad real", HEAD "matrix:\n  - collectors: [marksweep]\n    workloads: [churn]\n    set: [growth_factor=0.5]\n",
     "plan.yaml:5:25: growth_factor: 0.5 is out of range, 1.05 to 16\n"},
    {"a bad boolean",
     HEAD "matrix:\n  - collectors: [marksweep]\n    workloads: [churn]\n    set: [lazy_sweep=perhaps]\n",
     "plan.yaml:5:22: lazy_sweep: 'perhaps' is not on or off\n"},
    {"a value that two collectors refuse is told once",
     HEAD "matrix:\n  - collectors: [refcount_cyclic, cpython]\n    workloads: [churn]\n    set: [threshold0=x]\n",
     "plan.yaml:5:22: threshold0: 'x' is not a whole number\n"},
    {"a range without points", HEAD MATRIX "    set: [threshold1=5..10]\n",
     "plan.yaml:5:22: threshold1: '5..10' does not say how many points; the form is FROM..TO/POINTS\n"},
    {"a range of one point", HEAD MATRIX "    set: [threshold1=5..10/1]\n",
     "plan.yaml:5:28: points of a range: 1 is out of range, 2 to 1000\n"},
    {"a range with a bad end", HEAD MATRIX "    set: ['threshold1=3,5..ten/3']\n",
     "plan.yaml:5:28: threshold1: 'ten' is not a whole number\n"},
    {"a logarithmic range from 0", HEAD MATRIX "    set: [threshold0=0..10/3]\n",
     "plan.yaml:5:22: threshold0 has a logarithmic scale: a range of it must lie above 0\n"},
    {"a range of words",
     HEAD "matrix:\n  - collectors: [marksweep]\n    workloads: [churn]\n    set: [lazy_sweep=off..on/2]\n",
     "plan.yaml:5:22: lazy_sweep: 'off..on/2': there are no ranges of words; name each\n"},
    {"too many cells", HEAD MATRIX "    set: ['threshold0=1..1000000/1000', 'threshold1=0..999/1000']\n",
     "plan.yaml:3:18: the matrix has more than 100000 cells; sweep fewer values\n"},
    {"only peers that are not built", HEAD "matrix:\n  - collectors: [boehm]\n    workloads: [churn]\n",
     "plan.yaml:3:18: note: boehm was not built and is left out: libgc 8 was not found (Debian package libgc-dev)\n"
     "plan.yaml: the plan has no cells: none of its collectors is built\n"},
};

static void compare(const struct fault *fault, char *said)
{
  if (strcmp(said, fault->said) != 0) fail_msg("%s:\nexpected %sbut was  %s", fault->what, fault->said, said);
  free(said);
}

static void faults_of_form(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof form_faults / sizeof form_faults[0]; i++) {
    fixture_capture();
    struct plan *plan = fixture_load(form_faults[i].plan);
    compare(&form_faults[i], fixture_captured());
    assert_null(plan);
  }
}

static void faults_of_names_and_values(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof name_faults / sizeof name_faults[0]; i++) {
    struct plan_cells cells;
    struct plan *plan = fixture_load(name_faults[i].plan);
    if (plan == NULL) fail_msg("%s: not loaded", name_faults[i].what);
    fixture_capture();
    const bool expanded = plan_expand(plan, fixture_catalogue, &cells);
    compare(&name_faults[i], fixture_captured());
    assert_false(expanded);
    assert_int_equal(cells.count, 0);
    plan_free(plan);
  }
}

static void files_that_cannot_be_read(void **state)
{
  (void)state;
  fixture_capture();
  assert_null(plan_load("nowhere.yaml"));
  assert_null(plan_load("."));
  char *said = fixture_captured();
  assert_string_equal(said, "gclab: nowhere.yaml: No such file or directory\n"
                            "gclab: . cannot be read; is it a file?\n");
  free(said);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(faults_of_form), cmocka_unit_test(faults_of_names_and_values),
                                     cmocka_unit_test(files_that_cannot_be_read)};
  return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
