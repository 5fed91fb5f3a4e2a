/* The minimum heap of a subject, from the searches that the store has. */
#include <stdlib.h>
#include <string.h>

#include "harness/dataset/dataset.h"
#include "harness/text/text.h"

enum { COLLECTORS_MAX = 32 };

/* The newest search of each collector. */
struct minima {
  const struct dataset *dataset;
  size_t subject;
  struct {
    char *collector;
    uint64_t bytes;
  } of[COLLECTORS_MAX];
  size_t count;
};

/* Does the collector have a cell of the subject, and was this searched for that program? */
static bool is_meant(const struct minima *minima, const struct store_minheap *row)
{
  for (size_t i = 0; i < minima->dataset->cell_count; i++) {
    const struct dataset_cell *cell = &minima->dataset->cells[i];
    if (cell->subject == minima->subject && strcmp(cell->collector, row->collector) == 0 &&
        strcmp(cell->workload, row->workload) == 0 && strcmp(cell->size, row->size) == 0 &&
        strcmp(cell->parameters_text, row->parameters) == 0)
      return true;
  }
  return false;
}

static bool take(void *context, const struct store_minheap *row)
{
  struct minima *minima = context;
  if (!is_meant(minima, row)) return true;
  size_t at = 0;
  while (at < minima->count && strcmp(minima->of[at].collector, row->collector) != 0) at++;
  if (at == COLLECTORS_MAX) return true;
  if (at == minima->count) minima->of[minima->count++].collector = text_copy(row->collector);
  minima->of[at].bytes = row->limit_bytes;
  return true;
}

bool dataset_minimum_heap(const struct dataset *dataset, size_t subject, uint64_t *bytes)
{
  struct minima minima = {.dataset = dataset, .subject = subject};
  const bool ok = store_each_minheap(dataset->store, take, &minima);
  *bytes = 0;
  for (size_t i = 0; i < minima.count; i++) {
    if (*bytes == 0 || minima.of[i].bytes < *bytes) *bytes = minima.of[i].bytes;
    free(minima.of[i].collector);
  }
  return ok;
}

uint64_t dataset_heap_limit(const struct dataset_cell *cell)
{
  static const struct setting row = {.name = "heap_limit", .type = SETTING_HEAP, .maximum = INT64_MAX};
  const char *text = dataset_knob(cell, row.name);
  char error[SETTING_ERROR_MAX];
  int64_t value = 0;
  return text != NULL && setting_parse(&row, text, &value, error) && value > 0 ? (uint64_t)value : 0;
}
