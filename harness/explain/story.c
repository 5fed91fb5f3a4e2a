#define _GNU_SOURCE
#include "harness/explain/story.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *skip_blanks(const char *text) { return text + strspn(text, " \t"); }

static char *copy_trimmed(const char *text, size_t length)
{
  while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) length--;
  return memory_require(strndup(text, length));
}

static bool fail(char *error, size_t line, const char *what)
{
  snprintf(error, STORY_ERROR_MAX, "line %zu: %s", line, what);
  return false;
}

static bool take_header(struct story *story, const char *text, size_t line, char *error)
{
  if (strncmp(text, "title:", 6) == 0) {
    free(story->title);
    story->title = memory_require(strdup(skip_blanks(text + 6)));
    return true;
  }
  if (strncmp(text, "on:", 3) != 0) return fail(error, line, "after #! stands 'title:' or 'on:'");
  char *copy = memory_require(strdup(text + 3));
  char *rest = NULL;
  bool fits = true;
  for (char *word = strtok_r(copy, " ,\t", &rest); word != NULL && fits; word = strtok_r(NULL, " ,\t", &rest)) {
    fits = story->collector_count < STORY_COLUMNS_MAX - 1; /* one is left for an interpreter */
    if (fits) story->collectors[story->collector_count++] = memory_require(strdup(word));
  }
  free(copy);
  return fits || fail(error, line, "a story is told on seven collectors at most");
}

/* "LABEL: QUANTITY [+ NUMBER | - NUMBER]" */
static bool take_row(struct story_item *item, const char *text, size_t line, char *error)
{
  const char *colon = strchr(text, ':');
  if (colon == NULL || colon == text) return fail(error, line, "#= needs a label, a colon and a quantity");
  item->kind = STORY_ROW;
  item->text = copy_trimmed(text, (size_t)(colon - text));
  const char *quantity = skip_blanks(colon + 1);
  const char *sign = strpbrk(quantity, "+-");
  item->quantity = copy_trimmed(quantity, sign != NULL ? (size_t)(sign - quantity) : strlen(quantity));
  if (*item->quantity == '\0') return fail(error, line, "#= needs a quantity behind the colon, as print takes it");
  if (sign == NULL) return true;
  char *end = NULL;
  item->addend = strtoll(sign + 1, &end, 10);
  if (end == sign + 1 || *skip_blanks(end) != '\0') return fail(error, line, "behind + or - stands a number");
  if (*sign == '-') item->addend = -item->addend;
  return true;
}

static bool take_line(struct story *story, const char *begin, size_t length, char *error)
{
  struct story_item *item = &story->items[story->count++];
  const size_t line = story->count;
  char *text = copy_trimmed(begin, length);
  const char *word = skip_blanks(text);
  const char *rest = word[0] == '#' && word[1] != '\0' ? word + 2 : "";
  if (*rest == ' ') rest++;
  bool taken = true;
  item->kind = STORY_BLANK;
  if (word[0] == '#' && word[1] == '!') {
    taken = take_header(story, rest, line, error);
  } else if (word[0] == '#' && word[1] == '=') {
    taken = take_row(item, rest, line, error);
  } else if (word[0] == '#' && (word[1] == '|' || word[1] == '>')) {
    item->kind = word[1] == '|' ? STORY_TEXT : STORY_PICTURE;
    item->text = memory_require(strdup(rest));
  } else if (word[0] != '#' && word[0] != '\0') {
    item->kind = STORY_CODE;
    item->text = memory_require(strdup(text));
  }
  free(text);
  return taken;
}

struct story *story_parse(const char *text, char *error)
{
  struct story *story = memory_require(calloc(1, sizeof *story));
  size_t lines = 1;
  for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
  story->items = memory_require(calloc(lines, sizeof *story->items));
  bool taken = true;
  for (const char *line = text; *line != '\0' && taken;) {
    const size_t length = strcspn(line, "\n");
    taken = take_line(story, line, length, error);
    line += length + (line[length] == '\n');
  }
  if (taken && story->title == NULL) taken = fail(error, 1, "a story begins with '#! title: ...'");
  if (taken && story->collector_count == 0) taken = fail(error, 1, "a story says whom it is told on: '#! on: ...'");
  if (taken) return story;
  story_free(story);
  return NULL;
}

void story_free(struct story *story)
{
  if (story == NULL) return;
  for (size_t i = 0; i < story->count; i++) {
    free(story->items[i].text);
    free(story->items[i].quantity);
  }
  for (size_t i = 0; i < story->collector_count; i++) free(story->collectors[i]);
  free(story->title);
  free(story->items);
  free(story);
}

char *story_script(const struct story *story)
{
  char *text = NULL;
  size_t length = 0;
  FILE *out = memory_require(open_memstream(&text, &length));
  for (size_t i = 0; i < story->count; i++) {
    const struct story_item *item = &story->items[i];
    if (item->kind == STORY_CODE) fputs(item->text, out);
    if (item->kind == STORY_ROW) fprintf(out, "print \"@%zu\" %s", i, item->quantity);
    fputc('\n', out);
  }
  memory_close(out);
  return text;
}
