/*
 * story: a heap script that tells something.  It is a script like any other (docs/heap-scripts.md): what makes it a
 * story stands in comments.
 *
 *   #! title: TEXT                     the heading
 *   #! on: COLLECTOR...                whom it is told on
 *   #| TEXT                            narration
 *   #= LABEL: QUANTITY [+|- NUMBER]    what each collector reports at this moment, a row of numbers
 *   #> TEXT                            a picture
 *
 * In narration and pictures {LABEL} or {LABEL@COLLECTOR} is the number that is reported for the row of that label: the
 * next one before something happens, else the last one.
 *
 * A story becomes a script by turning each #= into a `print`; lines keep their numbers, so a message about line 12 is
 * about line 12 of the story.  Nothing that is printed is known beforehand: all numbers come from the run.
 */
#ifndef GCLAB_HARNESS_EXPLAIN_STORY_H
#define GCLAB_HARNESS_EXPLAIN_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum story_item_kind { STORY_BLANK, STORY_TEXT, STORY_CODE, STORY_PICTURE, STORY_ROW };

/* A line of the story. */
struct story_item {
  enum story_item_kind kind;
  char *text;             /* TEXT, CODE, PICTURE; of a ROW, its label */
  char *quantity;         /* ROW: as the language has it */
  int64_t addend;         /* ROW */
  size_t text_column;     /* where the text begins in the story's line, from 1 on */
  size_t quantity_column; /* ROW: where the quantity does */
};

enum { STORY_COLUMNS_MAX = 8, STORY_LABEL_WIDTH_MAX = 23, STORY_ERROR_MAX = 1024 };

/* The heading of an interpreter's numbers. */
#define STORY_PYTHON "CPython"

struct story {
  char *title;
  char *collectors[STORY_COLUMNS_MAX];
  size_t collector_count;
  struct story_item *items; /* items[i] is line i + 1 */
  size_t count;
};

/* NULL, with a message that begins with NAME:LINE:COLUMN, where the text is no story. */
struct story *story_parse(const char *name, const char *text, char *error);
void story_free(struct story *story);

/* The row that a {LABEL} in an item stands for; count where there is none. */
size_t story_find_row(const struct story *story, size_t item, const char *label, size_t length);

/* Columns that UTF-8 text takes on a terminal; all characters here are one wide. */
int story_width_of(const char *text);

/* The script to run, malloc'ed. */
char *story_script(const struct story *story);

/* Where in the story a place in that script is, all from 1 on: the line is the same. */
size_t story_column_of(const struct story *story, size_t line, size_t column);

/* A teller: a collector, or a real interpreter, and what it reported. */
struct story_column {
  char heading[32];      /* above its numbers */
  const char *collector; /* NULL: python */
  const char *python;    /* the interpreter, where it is one */
  int64_t *values;       /* one an item */
  bool *known;           /* false: it does not know such a thing */
};

/*
 * Runs the story's script for the column, through `gclab script` (program is that gclab).  Returns an exit code of
 * gclab's; where it is not 0, what went wrong has been printed, with places in the story of this name.
 */
int story_run(const struct story *story, const char *name, const char *program, const char *script,
              struct story_column *column);
void story_column_free(struct story_column *column);

struct story_style {
  bool with_colour;
  bool with_unicode; /* false: pictures are drawn in ASCII */
};

/* Prints the story with the columns' numbers; no line is wider than 80. */
void story_render(const struct story *story, const struct story_column *columns, size_t column_count,
                  struct story_style style, FILE *out);

/* The stories that ship. */
struct story_shipped {
  const char *name, *summary, *text;
};

extern const struct story_shipped stories_shipped[];
extern const size_t stories_shipped_count;

#endif
