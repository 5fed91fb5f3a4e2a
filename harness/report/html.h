/* html: writing HTML whose texts come from anywhere: names, messages and plans may hold markup, and must not become any. */
#ifndef GCLAB_HARNESS_REPORT_HTML_H
#define GCLAB_HARNESS_REPORT_HTML_H

#include <stddef.h>
#include <stdio.h>

/* Text, also inside attributes in quotes: & < > " ' are escaped, bytes that are not UTF-8 and controls become U+FFFD. */
void html_text(FILE *out, const char *text);

/* printf whose result is text. */
void html_textf(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes in base64, as for a data: address. */
void html_base64(FILE *out, const void *data, size_t bytes);

/*
 * An SVG as gnuplot writes it, to stand in a page: without its head, with ids of its own (prefix), a title and role for
 * those who cannot see it.
 */
void html_svg(FILE *out, const char *svg, const char *prefix, const char *title);

#endif
