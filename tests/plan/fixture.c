#define _GNU_SOURCE
#include "tests/plan/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct catalogue *fixture_catalogue;

static char directory[] = "/tmp/gclab-plan-XXXXXX";
static FILE *kept_stderr;
static char *captured;
static size_t captured_length;

void fixture_capture(void)
{
  kept_stderr = stderr;
  stderr = open_memstream(&captured, &captured_length);
  assert_non_null(stderr);
}

char *fixture_captured(void)
{
  fclose(stderr);
  stderr = kept_stderr;
  return captured;
}

int fixture_set_up(void **state)
{
  (void)state;
  if (mkdtemp(directory) == NULL || chdir(directory) != 0) return -1;
  setenv("GCLAB_TRIAL_PATH", GCLAB_TEST_TRIALS, 1);
  fixture_catalogue = catalogue_load();
  return fixture_catalogue != NULL ? 0 : -1;
}

int fixture_tear_down(void **state)
{
  (void)state;
  catalogue_free(fixture_catalogue);
  unlink("plan.yaml");
  return chdir("/") != 0 || rmdir(directory) != 0 ? -1 : 0;
}

struct plan *fixture_load(const char *text)
{
  FILE *file = fopen("plan.yaml", "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  return plan_load("plan.yaml");
}

struct plan *fixture_load_group(const char *lines)
{
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  fputs("name: test\nmatrix:\n", stream);
  for (const char *line = lines; *line != '\0';) {
    const char *end = strchr(line, '\n');
    fprintf(stream, "%s%.*s\n", line == lines ? "  - " : "    ", (int)(end - line), line);
    line = end + 1;
  }
  fclose(stream);
  struct plan *plan = fixture_load(text);
  free(text);
  return plan;
}

struct plan_cells fixture_expand(const struct plan *plan)
{
  struct plan_cells cells;
  assert_non_null(plan);
  assert_true(plan_expand(plan, fixture_catalogue, &cells));
  return cells;
}

const char *fixture_text_of(const struct plan_cell *cell)
{
  static char text[1024];
  char value[SETTING_TEXT_MAX];
  size_t used =
      (size_t)snprintf(text, sizeof text, "%s/%s/%s", cell->collector->name, cell->workload->name, cell->allocator);
  for (size_t i = 0; i < cell->collector->knob_count; i++) {
    const struct setting *row = &cell->collector->knobs[i];
    used += (size_t)snprintf(text + used, sizeof text - used, " %s=%s", row->name,
                             setting_format(row, cell->knobs[i], value));
  }
  for (size_t i = 0; i < cell->workload->parameter_count; i++) {
    const struct setting *row = &cell->workload->parameters[i];
    used += (size_t)snprintf(text + used, sizeof text - used, " %s=%s", row->name,
                             setting_format(row, cell->parameters[i], value));
  }
  return text;
}
