#include "harness/micro/list.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collectors/collector.h"

static json_t *describe(const struct micro_benchmark *row)
{
  return json_pack("{s:s, s:s, s:f, s:b, s:s?}", "name", row->name, "limit", row->limit, "limit_scale",
                   row->limit_scale, "heavy", row->heavy, "skip", row->skip);
}

bool list_print(const struct micro_table *table)
{
  json_set_alloc_funcs(memory_allocate, free);
  json_t *rows = json_array();
  for (size_t i = 0; i < table->count; i++) json_array_append_new(rows, describe(&table->rows[i]));
  json_t *root =
      json_pack("{s:s, s:s, s:o}", "format", "gclab-micro-1", "collector", collector.name, "benchmarks", rows);
  const bool done = json_dumpf(root, stdout, JSON_INDENT(1)) == 0 && putchar('\n') != EOF && fflush(stdout) == 0;
  json_decref(root);
  if (!done) fprintf(stderr, "gclab-micro: standard output: %s\n", strerror(errno));
  return done;
}
