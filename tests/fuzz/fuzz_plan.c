/*
 * Plans: a text is refused with messages that name places in it, or is a plan whose own text (--print-plan) is the same
 * plan with the same cells.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/plan/plan.h"
#include "tests/fuzz/catalogue_sample.h"
#include "tests/fuzz/fuzz.h"

#define NAME "plan.yaml"

static size_t count_lines(const char *text, size_t length)
{
  size_t lines = 1;
  for (size_t i = 0; i < length; i++) lines += text[i] == '\n' || text[i] == '\r';
  return lines;
}

/* The first message begins with a place, and says something behind it.  What it quotes may have lines of its own. */
static void check_messages(const char *said, size_t lines)
{
  const size_t stem = strlen(NAME ":");
  char *end = NULL;
  if (strncmp(said, NAME ":", stem) != 0) fuzz_fail("the message names no file: %s", said);
  const char *rest = said + stem;
  if (*rest != ' ') {
    const unsigned long line = strtoul(rest, &end, 10);
    if (end == rest || *end != ':' || line == 0 || line > lines + 1)
      fuzz_fail("the message has no good line: %s", said);
    rest = end + 1;
    const unsigned long column = strtoul(rest, &end, 10);
    if (end == rest || *end != ':' || column == 0) fuzz_fail("the message has no good column: %s", said);
    rest = end + 1;
  }
  if (rest[0] != ' ' || rest[1] == '\0' || rest[1] == '\n') fuzz_fail("the message says nothing: %s", said);
}

static struct plan *load(const char *text, size_t length)
{
  fuzz_capture();
  struct plan *plan = plan_load_text(NAME, text, length);
  char *said = fuzz_captured();
  if (plan == NULL) check_messages(said, count_lines(text, length));
  if (plan != NULL && said[0] != '\0') fuzz_fail("a plan is accepted, but: %s", said);
  free(said);
  return plan;
}

static bool expand(const struct plan *plan, size_t lines, struct plan_cells *cells)
{
  fuzz_capture();
  const bool good = plan_expand(plan, &catalogue_sample, cells);
  char *said = fuzz_captured();
  if (!good) check_messages(said, lines);
  free(said);
  return good;
}

static void compare_cells(const struct plan_cells *first, const struct plan_cells *second)
{
  if (first->count != second->count) fuzz_fail("the printed plan has %zu cells, not %zu", second->count, first->count);
  for (size_t i = 0; i < first->count; i++) {
    if (strcmp(first->cells[i].id, second->cells[i].id) != 0) fuzz_fail("the printed plan's cell %zu is another", i);
  }
}

static void check_limits(const struct plan *first, const struct plan *second)
{
  if (first->blocks != second->blocks || first->seed != second->seed || first->budget_ns != second->budget_ns ||
      first->time_limit_ns != second->time_limit_ns || first->memory_limit_bytes != second->memory_limit_bytes ||
      first->pin != second->pin || strcmp(first->name, second->name) != 0)
    fuzz_fail("the printed plan is another:\n%s", first->text);
}

static void check_printed(const struct plan *plan, size_t lines)
{
  const size_t length = strlen(plan->text);
  struct plan *again = load(plan->text, length);
  if (again == NULL) fuzz_fail("the printed plan is refused:\n%s", plan->text);
  if (strcmp(plan->text, again->text) != 0) fuzz_fail("printed again it is another:\n%s%s", plan->text, again->text);
  check_limits(plan, again);
  struct plan_cells cells;
  struct plan_cells cells_again;
  const bool good = expand(plan, lines, &cells);
  if (good != expand(again, count_lines(again->text, length), &cells_again))
    fuzz_fail("only one of them has cells:\n%s", plan->text);
  if (good) {
    compare_cells(&cells, &cells_again);
    plan_cells_free(&cells);
    plan_cells_free(&cells_again);
  }
  plan_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct plan *plan = load((const char *)data, size);
  if (plan == NULL) return 0;
  check_printed(plan, count_lines((const char *)data, size));
  plan_free(plan);
  return 0;
}
