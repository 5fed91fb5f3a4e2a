/*
 * slim: an SVG without what gnuplot writes and nobody sees: groups that are empty, and the plot commands as titles.  The
 * picture is the same, in half to two thirds of the bytes.
 */
#ifndef GCLAB_HARNESS_FIGURES_SLIM_H
#define GCLAB_HARNESS_FIGURES_SLIM_H

#include <stdbool.h>

/* In place: the text only gets shorter. */
void slim_svg(char *svg);

/* The file.  False after a message. */
bool slim_file(const char *path);

#endif
