/* A story in 80 columns: narration, operations, pictures and rows of numbers. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/explain/story.h"

enum { INDENT = 4, GAP = 2, NUMBER_MAX = 24 };

static const char *const no_value = "-";

/* How things look in a terminal that has colours. */
enum look { LOOK_PLAIN, LOOK_TITLE, LOOK_CODE, LOOK_PICTURE, LOOK_HEADING, LOOK_NUMBER };

static const char *const escapes[] = {
    [LOOK_PLAIN] = "\033[0m",    [LOOK_TITLE] = "\033[1;4m", [LOOK_CODE] = "\033[1;36m",
    [LOOK_PICTURE] = "\033[33m", [LOOK_HEADING] = "\033[2m", [LOOK_NUMBER] = "\033[1m",
};

struct page {
  const struct story *story;
  const struct story_column *columns;
  size_t column_count;
  struct story_style style;
  bool has_unknown; /* a number was missing */
  FILE *out;
};

/* Pictures in a terminal that has ASCII only: each character for one of the same width. */
static const struct {
  const char *character;
  char ascii;
} in_ascii[] = {{"─", '-'}, {"│", '|'}, {"┐", '.'}, {"┘", '\''}, {"└", '\''},
                {"┼", '+'}, {"├", '+'}, {"▶", '>'}, {"▲", '^'},  {"●", '*'}};

static void put_text(const struct page *page, const char *text)
{
  while (*text != '\0') {
    size_t length = 1;
    while (((unsigned char)text[length] & 0xc0) == 0x80) length++;
    char ascii = length > 1 && !page->style.with_unicode ? '?' : '\0';
    for (size_t i = 0; ascii != '\0' && i < sizeof in_ascii / sizeof in_ascii[0]; i++) {
      if (strncmp(text, in_ascii[i].character, length) == 0) ascii = in_ascii[i].ascii;
    }
    if (ascii != '\0')
      fputc(ascii, page->out);
    else
      fwrite(text, 1, length, page->out);
    text += length;
  }
}

static void put(const struct page *page, enum look look, const char *text)
{
  const bool with_colour = page->style.with_colour && look != LOOK_PLAIN;
  if (with_colour) fputs(escapes[look], page->out);
  put_text(page, text);
  if (with_colour) fputs(escapes[LOOK_PLAIN], page->out);
}

static void put_right(const struct page *page, enum look look, const char *text, int width)
{
  fprintf(page->out, "%*s", width - story_width_of(text), "");
  put(page, look, text);
}

static const char *format_value(const struct story_column *column, size_t item, char *text)
{
  if (!column->known[item]) return no_value;
  snprintf(text, NUMBER_MAX, "%lld", (long long)column->values[item]);
  return text;
}

/* What stands for {name}: a number that was reported, or "?" where nobody who is asked can tell. */
static const char *look_up(const struct page *page, size_t from, const char *name, size_t length, char *text)
{
  const char *at = memchr(name, '@', length);
  const size_t label_length = at != NULL ? (size_t)(at - name) : length;
  const size_t row = story_find_row(page->story, from, name, label_length);
  for (size_t c = 0; c < page->column_count; c++) {
    const struct story_column *column = &page->columns[c];
    const bool is_named = at == NULL || (strlen(column->heading) == length - label_length - 1 &&
                                         memcmp(column->heading, at + 1, length - label_length - 1) == 0);
    if (is_named && column->known[row]) return format_value(column, row, text);
  }
  return "?";
}

static void put_with_numbers(const struct page *page, size_t item, enum look look, const char *text)
{
  char *filled = NULL;
  size_t filled_length = 0;
  FILE *out = memory_require(open_memstream(&filled, &filled_length));
  while (*text != '\0') {
    const size_t plain = strcspn(text, "{");
    fwrite(text, 1, plain, out);
    text += plain;
    if (*text == '\0') break;
    const size_t name = strcspn(text, "}");
    char number[NUMBER_MAX];
    fputs(look_up(page, item, text + 1, name - 1, number), out);
    text += name + (text[name] == '}');
  }
  memory_close(out);
  put(page, look, filled);
  free(filled);
}

static void put_headings(const struct page *page)
{
  fprintf(page->out, "%*s", INDENT + STORY_LABEL_WIDTH_MAX, "");
  for (size_t c = 0; c < page->column_count; c++) {
    fprintf(page->out, "%*s", GAP, "");
    put(page, LOOK_HEADING, page->columns[c].heading);
  }
  fputc('\n', page->out);
}

static void put_row(struct page *page, size_t item)
{
  const char *label = page->story->items[item].text;
  fprintf(page->out, "%*s%s%*s", INDENT, "", label, STORY_LABEL_WIDTH_MAX - story_width_of(label), "");
  for (size_t c = 0; c < page->column_count; c++) {
    char number[NUMBER_MAX];
    const char *text = format_value(&page->columns[c], item, number);
    page->has_unknown |= text == no_value;
    put_right(page, text == no_value ? LOOK_PLAIN : LOOK_NUMBER, text, GAP + story_width_of(page->columns[c].heading));
  }
  fputc('\n', page->out);
}

/* Expectations are for the run, not for the reader. */
static bool is_hidden(const struct story_item *item)
{
  return item->kind == STORY_CODE && strncmp(item->text, "expect ", 7) == 0;
}

/* What stands above the item. */
static enum story_item_kind kind_before(const struct story *story, size_t i)
{
  while (i > 0 && is_hidden(&story->items[i - 1])) i--;
  return i == 0 ? STORY_BLANK : story->items[i - 1].kind;
}

static void put_item(struct page *page, size_t i)
{
  const struct story_item *item = &page->story->items[i];
  const enum story_item_kind before = kind_before(page->story, i);
  if (is_hidden(item)) return;
  switch (item->kind) {
  case STORY_BLANK:
    if (before != STORY_BLANK) fputc('\n', page->out);
    break;
  case STORY_TEXT:
    put_with_numbers(page, i, LOOK_PLAIN, item->text);
    fputc('\n', page->out);
    break;
  case STORY_CODE:
    if (before == STORY_ROW) fputc('\n', page->out);
    fputs("  > ", page->out);
    put(page, LOOK_CODE, item->text);
    fputc('\n', page->out);
    break;
  case STORY_PICTURE:
    if (before != STORY_PICTURE) fputc('\n', page->out);
    fprintf(page->out, "%*s", 2 * INDENT, "");
    put_with_numbers(page, i, LOOK_PICTURE, item->text);
    fputc('\n', page->out);
    break;
  case STORY_ROW:
    if (before != STORY_ROW) {
      if (before != STORY_BLANK) fputc('\n', page->out);
      put_headings(page);
    }
    put_row(page, i);
    break;
  }
}

void story_render(const struct story *story, const struct story_column *columns, size_t column_count,
                  struct story_style style, FILE *out)
{
  struct page page = {.story = story, .columns = columns, .column_count = column_count, .style = style, .out = out};
  put(&page, LOOK_TITLE, story->title);
  fputs("\n\n", out);
  size_t first = 0;
  while (first < story->count && story->items[first].kind == STORY_BLANK) first++;
  for (size_t i = first; i < story->count; i++) put_item(&page, i);
  if (!page.has_unknown) return;
  fputs("\n    ", out);
  put(&page, LOOK_HEADING, "- is what cannot be asked there");
  fputc('\n', out);
}
