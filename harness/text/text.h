/* text: what stands in figures and tables: numbers with units, and how wide text is. */
#ifndef GCLAB_HARNESS_TEXT_TEXT_H
#define GCLAB_HARNESS_TEXT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TEXT_NUMBER_MAX = 48 };

/* malloc and friends that end the program with a message where there is no memory (base/memory.h). */
void *text_allocate(size_t bytes);
void *text_reallocate(void *memory, size_t bytes);
char *text_copy(const char *text);
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Appends to a malloc'ed string (or NULL). */
void text_append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the file holds, with a NUL behind it; malloc'ed.  NULL, with errno, where it cannot be read. */
char *text_read_file(const char *path, size_t *bytes);

/* "850 ns", "12.3 µs", "1.23 s": three significant digits.  bytes: "12.3 MiB". */
char *text_duration(double ns, char *text);
char *text_bytes(double bytes, char *text);

/* The same without digits that say nothing: "10 µs", "2.5 ms". */
char *text_duration_tick(double ns, char *text);
char *text_bytes_tick(double bytes, char *text);
char *text_nothing(double value, char *text);

/* "1,234,567". */
char *text_count(uint64_t count, char *text);

/* A number as short as it can be: "700", "0.25", "10k", "2M" (powers of 1000). */
char *text_short(double value, char *text);

/* The text for a file name: letters, digits and '_', and '-' for whatever stands between them; malloc'ed. */
char *text_slug(const char *label);

/* Width in pixels of text in DejaVu Sans at this size in points (96 dots an inch). */
double text_width_px(const char *text, double points);

/* Breaks text at spaces into lines of at most width_px; returns a malloc'ed string with '\n' between lines. */
char *text_wrap(const char *text, double points, double width_px);

/* Writes text as a gnuplot string in single quotes, or as one in double quotes for data files. */
void text_put_quoted(FILE *file, const char *text);
void text_put_data(FILE *file, const char *text);

#endif
