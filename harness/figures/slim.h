/*
 * slim: an SVG of gnuplot's in few bytes: without empty groups and the plot commands as titles; groups with the same
 * attributes joined; lines in relative steps of a tenth of a pixel, those that look alike and follow one another as one.
 * The picture is the same, to a tenth of a pixel, in a fifth to half of the bytes.
 */
#ifndef GCLAB_HARNESS_FIGURES_SLIM_H
#define GCLAB_HARNESS_FIGURES_SLIM_H

#include <stdbool.h>

/* The same picture; malloc'ed. */
char *slim_svg(const char *svg);

/* The file.  False after a message. */
bool slim_file(const char *path);

#endif
