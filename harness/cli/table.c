#include "harness/cli/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/memory.h"

enum { GAP = 2, LAST_COLUMN_MIN = 24, LAST_COLUMN_INDENT = 4, WIDTH_MIN = 60, WIDTH_ELSEWHERE = 120 };

void table_init(struct table *table, const char *const *headings)
{
  *table = (struct table){0};
  const char *titles[TABLE_COLUMNS_MAX] = {NULL};
  for (; headings[table->columns] != NULL; table->columns++) {
    const char *heading = headings[table->columns];
    table->right[table->columns] = heading[0] == '>';
    titles[table->columns] = heading[0] == '>' ? heading + 1 : heading;
  }
  table_add(table, titles);
}

void table_add(struct table *table, const char *const *cells)
{
  table->cells = memory_require(reallocarray(table->cells, table->count + table->columns, sizeof *table->cells));
  for (size_t i = 0; i < table->columns; i++)
    table->cells[table->count++] = memory_require(strdup(cells[i] != NULL ? cells[i] : ""));
}

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static int width_of(const char *text)
{
  int width = 0;
  for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

static int line_width(FILE *out)
{
  struct winsize size;
  if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return WIDTH_ELSEWHERE;
  return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

void table_print_wrapped(FILE *out, const char *text, int column, int indent)
{
  const int width = line_width(out);
  bool first = true;
  while (*text != '\0') {
    const int length = (int)strcspn(text, " ");
    if (!first && column + 1 + length > width && indent + length < width) {
      fprintf(out, "\n%*s", indent, "");
      column = indent;
    } else if (!first) {
      fputc(' ', out);
      column++;
    }
    fwrite(text, 1, (size_t)length, out);
    column += length;
    text += length + (text[length] == ' ' ? 1 : 0);
    first = false;
  }
  fputc('\n', out);
}

static void find_widths(const struct table *table, int *widths)
{
  for (size_t column = 0; column < table->columns; column++) {
    bool empty = true;
    widths[column] = 0;
    for (size_t i = column; i < table->count; i += table->columns) {
      const int width = width_of(table->cells[i]);
      if (width > widths[column]) widths[column] = width;
      if (i >= table->columns && width > 0) empty = false;
    }
    if (empty && table->count > table->columns) widths[column] = 0;
  }
}

/* The last column is wrapped; where there is hardly room for it, it stands below the others. */
static void print_row(const struct table *table, char **row, const int *widths, FILE *out, int indent)
{
  size_t last = table->columns;
  while (last > 1 && (widths[last - 1] == 0 || row[last - 1][0] == '\0')) last--;
  int column = indent;
  int blanks = indent; /* due before the next cell */
  for (size_t i = 0; i < last; i++) {
    if (widths[i] == 0) continue;
    const int padding = widths[i] - width_of(row[i]);
    if (i + 1 == last && i + 1 == table->columns && !table->right[i]) {
      const bool is_below = column > line_width(out) - LAST_COLUMN_MIN && column > indent + LAST_COLUMN_INDENT;
      if (is_below) column = blanks = indent + LAST_COLUMN_INDENT;
      fprintf(out, "%s%*s", is_below ? "\n" : "", blanks, "");
      table_print_wrapped(out, row[i], column, column);
      return;
    }
    fprintf(out, "%*s%s", blanks + (table->right[i] ? padding : 0), "", row[i]);
    blanks = (table->right[i] ? 0 : padding) + GAP;
    column += widths[i] + GAP;
  }
  fputc('\n', out);
}

void table_print(struct table *table, FILE *out, int indent)
{
  int widths[TABLE_COLUMNS_MAX] = {0};
  find_widths(table, widths);
  for (size_t i = 0; i < table->count; i += table->columns) print_row(table, &table->cells[i], widths, out, indent);
  for (size_t i = 0; i < table->count; i++) free(table->cells[i]);
  free(table->cells);
  *table = (struct table){0};
}
