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

int story_width_of(const char *text)
{
  int width = 0;
  for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

/* A line of the story that is being read, and where a message about it goes. */
struct place {
  const char *name; /* of the story */
  const char *line; /* its text */
  size_t number;
  char *error;
};

static bool fail_at(const struct place *place, size_t column, const char *what)
{
  snprintf(place->error, STORY_ERROR_MAX, "%s:%zu:%zu: %s", place->name, place->number, column, what);
  return false;
}

static size_t column_of(const struct place *place, const char *at) { return (size_t)(at - place->line) + 1; }

static bool fail(const struct place *place, const char *at, const char *what)
{
  return fail_at(place, column_of(place, at), what);
}

static bool take_header(struct story *story, const char *text, const struct place *place)
{
  if (strncmp(text, "title:", 6) == 0) {
    free(story->title);
    story->title = memory_require(strdup(skip_blanks(text + 6)));
    return true;
  }
  if (strncmp(text, "on:", 3) != 0) return fail(place, text, "after #! stands 'title:' or 'on:'");
  for (const char *word = text + 3 + strspn(text + 3, " ,\t"); *word != '\0';) {
    const size_t length = strcspn(word, " ,\t");
    if (story->collector_count == STORY_COLUMNS_MAX - 1) /* one is left for an interpreter */
      return fail(place, word, "a story is told on seven collectors at most");
    story->collectors[story->collector_count++] = memory_require(strndup(word, length));
    word += length + strspn(word + length, " ,\t");
  }
  return true;
}

static bool take_label(struct story_item *item, const char *text, size_t length, const struct place *place)
{
  item->kind = STORY_ROW;
  item->text = copy_trimmed(text, length);
  item->text_column = column_of(place, text);
  const int width = story_width_of(item->text);
  char what[128];
  snprintf(what, sizeof what, "a label has at most %d characters, so that its row fits; this one has %d",
           STORY_LABEL_WIDTH_MAX, width);
  return width <= STORY_LABEL_WIDTH_MAX || fail(place, text, what);
}

/* "LABEL: QUANTITY [+ NUMBER | - NUMBER]" */
static bool take_row(struct story_item *item, const char *text, const struct place *place)
{
  const char *label = skip_blanks(text);
  const char *colon = strchr(label, ':');
  if (colon == NULL || colon == label) return fail(place, label, "#= needs a label, a colon and a quantity");
  if (!take_label(item, label, (size_t)(colon - label), place)) return false;
  const char *quantity = skip_blanks(colon + 1);
  const char *sign = strpbrk(quantity, "+-");
  item->quantity = copy_trimmed(quantity, sign != NULL ? (size_t)(sign - quantity) : strlen(quantity));
  item->quantity_column = column_of(place, quantity);
  if (*item->quantity == '\0') return fail(place, quantity, "#= needs a quantity behind the colon, as print takes it");
  if (sign == NULL) return true;
  char *end = NULL;
  item->addend = strtoll(sign + 1, &end, 10);
  if (end == sign + 1 || *skip_blanks(end) != '\0')
    return fail(place, skip_blanks(sign + 1), "behind + or - stands a number");
  if (*sign == '-') item->addend = -item->addend;
  return true;
}

static void take_text(struct story_item *item, enum story_item_kind kind, const char *text, const struct place *place)
{
  item->kind = kind;
  item->text = memory_require(strdup(text));
  item->text_column = column_of(place, text);
}

static bool take_line(struct story *story, struct place place, const char *begin, size_t length)
{
  struct story_item *item = &story->items[story->count++];
  char *text = copy_trimmed(begin, length);
  const char *word = skip_blanks(text);
  const char *rest = word[0] == '#' && word[1] != '\0' ? word + 2 : "";
  if (*rest == ' ') rest++;
  bool taken = true;
  place.line = text;
  place.number = story->count;
  item->kind = STORY_BLANK;
  if (word[0] == '#' && word[1] == '!')
    taken = take_header(story, rest, &place);
  else if (word[0] == '#' && word[1] == '=')
    taken = take_row(item, rest, &place);
  else if (word[0] == '#' && (word[1] == '|' || word[1] == '>'))
    take_text(item, word[1] == '|' ? STORY_TEXT : STORY_PICTURE, rest, &place);
  else if (word[0] != '#' && word[0] != '\0')
    take_text(item, STORY_CODE, text, &place);
  free(text);
  return taken;
}

static bool is_row(const struct story_item *item, const char *label, size_t length)
{
  return item->kind == STORY_ROW && strlen(item->text) == length && memcmp(item->text, label, length) == 0;
}

size_t story_find_row(const struct story *story, size_t item, const char *label, size_t length)
{
  for (size_t i = item; i < story->count && story->items[i].kind != STORY_CODE; i++) {
    if (is_row(&story->items[i], label, length)) return i;
  }
  for (size_t i = item; i-- > 0;) {
    if (is_row(&story->items[i], label, length)) return i;
  }
  return story->count;
}

/* The labels that may stand in an item, each once. */
static void list_labels(const struct story *story, size_t item, FILE *out)
{
  const char *before = "; there are ";
  for (size_t i = 0; i < story->count; i++) {
    const char *label = story->items[i].text;
    if (story->items[i].kind != STORY_ROW) continue;
    bool is_new = true;
    for (size_t k = 0; is_new && k < i; k++) is_new = !is_row(&story->items[k], label, strlen(label));
    if (!is_new || story_find_row(story, item, label, strlen(label)) == story->count) continue;
    fprintf(out, "%s'%s'", before, label);
    before = ", ";
  }
}

static bool is_teller(const struct story *story, const char *name, size_t length)
{
  bool found = strlen(STORY_PYTHON) == length && memcmp(STORY_PYTHON, name, length) == 0;
  for (size_t i = 0; i < story->collector_count && !found; i++)
    found = strlen(story->collectors[i]) == length && memcmp(story->collectors[i], name, length) == 0;
  return found;
}

/* What is wrong with {name} in an item, malloc'ed; NULL: nothing. */
static char *fault_of_name(const struct story *story, size_t item, const char *name, size_t length)
{
  const char *at = memchr(name, '@', length);
  const size_t label_length = at != NULL ? (size_t)(at - name) : length;
  char *what = NULL;
  size_t what_length = 0;
  if (story_find_row(story, item, name, label_length) == story->count) {
    FILE *out = memory_require(open_memstream(&what, &what_length));
    fprintf(out, "no row so far is labelled '%.*s'", (int)label_length, name);
    list_labels(story, item, out);
    memory_close(out);
  } else if (at != NULL && !is_teller(story, at + 1, length - label_length - 1)) {
    what = memory_format("the story is not told on '%.*s'; '#! on:' says whom it is told on",
                         (int)(length - label_length - 1), at + 1);
  }
  return what;
}

/* Each {LABEL} and {LABEL@COLLECTOR} is of a row, and of somebody who tells. */
static bool check_names(const struct story *story, size_t item, struct place place)
{
  const struct story_item *line = &story->items[item];
  if (line->kind != STORY_TEXT && line->kind != STORY_PICTURE) return true;
  place.number = item + 1;
  for (const char *open = strchr(line->text, '{'); open != NULL; open = strchr(open + 1, '{')) {
    const size_t column = line->text_column + (size_t)(open - line->text);
    const char *close = strchr(open, '}');
    if (close == NULL) return fail_at(&place, column, "the { has no }; between them stands the label of a row");
    char *what = fault_of_name(story, item, open + 1, (size_t)(close - open) - 1);
    if (what == NULL) continue;
    fail_at(&place, column + 1, what);
    free(what);
    return false;
  }
  return true;
}

static bool check(const struct story *story, struct place place)
{
  place.number = 1;
  if (story->title == NULL) return fail_at(&place, 1, "a story begins with '#! title: ...'");
  if (story->collector_count == 0) return fail_at(&place, 1, "a story says whom it is told on: '#! on: ...'");
  for (size_t i = 0; i < story->count; i++) {
    if (!check_names(story, i, place)) return false;
  }
  return true;
}

struct story *story_parse(const char *name, const char *text, char *error)
{
  struct story *story = memory_require(calloc(1, sizeof *story));
  const struct place place = {.name = name, .error = error};
  size_t lines = 1;
  for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
  story->items = memory_require(calloc(lines, sizeof *story->items));
  bool taken = true;
  for (const char *line = text; *line != '\0' && taken;) {
    const size_t length = strcspn(line, "\n");
    taken = take_line(story, place, line, length);
    line += length + (line[length] == '\n');
  }
  if (taken && check(story, place)) return story;
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

#define PRINT_FORMAT "print \"@%zu\" " /* with the number of the item, in front of a row's quantity */

char *story_script(const struct story *story)
{
  char *text = NULL;
  size_t length = 0;
  FILE *out = memory_require(open_memstream(&text, &length));
  for (size_t i = 0; i < story->count; i++) {
    const struct story_item *item = &story->items[i];
    if (item->kind == STORY_CODE) fputs(item->text, out);
    if (item->kind == STORY_ROW) fprintf(out, PRINT_FORMAT "%s", i, item->quantity);
    fputc('\n', out);
  }
  memory_close(out);
  return text;
}

size_t story_column_of(const struct story *story, size_t line, size_t column)
{
  if (line == 0 || line > story->count || story->items[line - 1].kind != STORY_ROW) return column;
  const size_t before = (size_t)snprintf(NULL, 0, PRINT_FORMAT, line - 1);
  const size_t quantity_column = story->items[line - 1].quantity_column;
  return column > before ? column - before - 1 + quantity_column : quantity_column;
}
