/* A catalogue of trial programs that only describe themselves, plans from text, and what is said on standard error. */
#ifndef GCLAB_TESTS_PLAN_FIXTURE_H
#define GCLAB_TESTS_PLAN_FIXTURE_H

#include "harness/plan/plan.h"
#include "tests/unit/cmocka_all.h"

/* Group set-up and tear-down: a temporary directory to work in, with the catalogue of tests/plan/trials. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

extern struct catalogue *fixture_catalogue;

/* From here on standard error is kept; the second returns what was said, to be freed. */
void fixture_capture(void);
char *fixture_captured(void);

/* Writes the text to plan.yaml and loads it. */
struct plan *fixture_load(const char *text);

/* A plan with this as its matrix's only group: lines of the group, each with its newline. */
struct plan *fixture_load_group(const char *lines);

/* The plan's cells; fails the test where there are none. */
struct plan_cells fixture_expand(const struct plan *plan);

/* "collector/workload/allocator knob=value ... param=value ...": every setting. */
const char *fixture_text_of(const struct plan_cell *cell);

#endif
