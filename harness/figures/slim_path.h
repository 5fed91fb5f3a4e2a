/* slim_path: the course of an SVG's lines in few bytes: relative steps of tenths of a pixel. */
#ifndef GCLAB_HARNESS_FIGURES_SLIM_PATH_H
#define GCLAB_HARNESS_FIGURES_SLIM_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Writes what a path's d ("M81.99,450.98 L79.52,450.98", of gnuplot: M and L alone) or a polygon's points
 * ("81.99,450.98 79.52,450.98", closed) draws, as the d of a path.  Vertices that a straight line between others
 * passes by within a quarter of a pixel are left out.  False, with nothing written: it has something else in it.
 */
bool slim_path_write(const char *text, size_t length, bool is_polygon, FILE *out);

#endif
