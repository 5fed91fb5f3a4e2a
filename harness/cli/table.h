/*
 * table: rows of text in aligned columns.  The last column is wrapped to the terminal's width.
 */
#ifndef GCLAB_HARNESS_CLI_TABLE_H
#define GCLAB_HARNESS_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 14 };

struct table {
  size_t columns;
  bool right[TABLE_COLUMNS_MAX]; /* numbers stand to the right */
  char **cells;                  /* rows one after the other; the first is the heading */
  size_t count;
};

/* Headings end with NULL; one that begins with '>' is of a column that stands to the right. */
void table_init(struct table *table, const char *const *headings);

/* One row: as many strings as there are columns; NULL for "". */
void table_add(struct table *table, const char *const *cells);

/* Prints the table, indented by so many blanks, and empties it.  A column without text is left out. */
void table_print(struct table *table, FILE *out, int indent);

/* Prints text wrapped to the width, its later lines indented by so many blanks; column is where the first begins. */
void table_print_wrapped(FILE *out, const char *text, int column, int indent);

#endif
