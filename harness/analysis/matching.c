#define _GNU_SOURCE
#include "harness/analysis/matching.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/text/text.h"

bool matching_parse(const char *text, struct matching_word *word, char *error)
{
  *word = (struct matching_word){.text = text_copy(text)};
  char *rest = word->text;
  for (char *part = NULL; (part = strsep(&rest, " ")) != NULL;) {
    if (*part == '\0') continue;
    char *mark = strchr(part, '=');
    if (word->collector == NULL && mark == NULL) {
      word->collector = part;
      char *slash = strchr(part, '/');
      if (slash != NULL) *slash = '\0';
      if (slash != NULL) word->allocator = slash + 1;
      continue;
    }
    if (mark == NULL || mark == part || word->collector == NULL || word->knob_count == MATCHING_KNOBS_MAX) {
      snprintf(error, MATCHING_ERROR_MAX,
               "'%.80s': a cell is COLLECTOR[/ALLOCATOR] [KNOB=VALUE]..., and '%.40s' is not", text, part);
      return false;
    }
    *mark = '\0';
    word->knobs[word->knob_count].name = part;
    word->knobs[word->knob_count++].value = mark + 1;
  }
  if (word->collector != NULL && *word->collector != '\0') return true;
  snprintf(error, MATCHING_ERROR_MAX, "'%.80s' names no collector", text);
  return false;
}

void matching_free(struct matching_word *word) { free(word->text); }

static bool is_named(const struct matching_word *word, const char *knob)
{
  for (size_t i = 0; i < word->knob_count; i++) {
    if (strcmp(word->knobs[i].name, knob) == 0) return true;
  }
  return false;
}

bool matching_has(const struct matching_word *word, const struct dataset_cell *cell)
{
  if (strcmp(cell->collector, word->collector) != 0) return false;
  if (word->allocator != NULL && strcmp(cell->allocator, word->allocator) != 0) return false;
  for (size_t i = 0; i < word->knob_count; i++) {
    const char *value = dataset_knob(cell, word->knobs[i].name);
    if (value == NULL || strcmp(value, word->knobs[i].value) != 0) return false;
  }
  for (size_t i = 0; i < cell->knob_count; i++) {
    if (!cell->knobs[i].is_default && !is_named(word, cell->knobs[i].name)) return false;
  }
  return true;
}

static bool same_settings(const struct dataset_setting *a, size_t a_count, const struct dataset_setting *b,
                          size_t b_count)
{
  if (a_count != b_count) return false;
  for (size_t i = 0; i < a_count; i++) {
    if (strcmp(a[i].name, b[i].name) != 0 || strcmp(a[i].text, b[i].text) != 0) return false;
  }
  return true;
}

bool matching_same(const struct dataset_cell *a, const struct dataset_cell *b)
{
  return strcmp(a->collector, b->collector) == 0 && strcmp(a->allocator, b->allocator) == 0 &&
         strcmp(a->workload, b->workload) == 0 && strcmp(a->size, b->size) == 0 &&
         same_settings(a->knobs, a->knob_count, b->knobs, b->knob_count) &&
         same_settings(a->parameters, a->parameter_count, b->parameters, b->parameter_count);
}
