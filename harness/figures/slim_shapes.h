/* slim_shapes: the lines, areas and dots of an SVG of gnuplot's as few paths. */
#ifndef GCLAB_HARNESS_FIGURES_SLIM_SHAPES_H
#define GCLAB_HARNESS_FIGURES_SLIM_SHAPES_H

#include <stdio.h>

/*
 * Writes the SVG with its paths and polygons as paths in relative steps (slim_path.h), and its filled dots as the round
 * ends of lines without length.  What looks alike and follows one another becomes one path.  The definitions at the
 * beginning stay as they are.
 */
void slim_shapes_write(const char *svg, FILE *out);

#endif
