/* render: scripts from plots/, files into the output directory, gnuplot. */
#ifndef GCLAB_HARNESS_FIGURES_RENDER_H
#define GCLAB_HARNESS_FIGURES_RENDER_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Appends NAME.gp of the scripts' directory: GCLAB_PLOT_PATH, else ../share/gclab/plots beside the program, else the
 * source tree's plots/.  False after a message.
 */
bool render_append_script(FILE *gp, const char *name);

/* Makes the directory, its parents too.  False after a message. */
bool render_make_directory(const char *directory);

/* Writes DIRECTORY/NAME+SUFFIX through a temporary file; path becomes its malloc'ed path.  False after a message. */
bool render_write(const char *directory, const char *name, const char *suffix, const char *data, size_t bytes,
                  char **path);

/*
 * Runs gnuplot on DIRECTORY/NAME.gp, all formats at once.  A format counts as drawn when gnuplot ended with 0, said
 * nothing, and its file is not empty; only then does it take its name.  False after a message.
 */
bool render_run(const char *directory, const char *name, const char *const *formats, size_t count, char **paths);

#endif
