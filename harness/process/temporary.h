/*
 * temporary: directories for files that are only for a program which we start.
 *
 * They are made in TMPDIR, or in /tmp, and are gone when the program ends, wherever it calls exit().  Signals that end
 * it are held (interrupt.h) by whoever makes one, but for SIGPIPE, which removes them first.
 */
#ifndef GCLAB_HARNESS_PROCESS_TEMPORARY_H
#define GCLAB_HARNESS_PROCESS_TEMPORARY_H

#include <stdbool.h>
#include <stddef.h>

enum { TEMPORARY_PATH_MAX = 4096, TEMPORARY_FILES_MAX = 32 };

/*
 * Lives until temporary_remove(), also where it is on the stack of a function that calls exit().  All paths are written
 * when they are first asked for, so that to remove them takes no memory and is safe in a signal's handler.
 */
struct temporary {
  struct temporary *next; /* of those that are there */
  char directory[TEMPORARY_PATH_MAX];
  char files[TEMPORARY_FILES_MAX][TEMPORARY_PATH_MAX];
  size_t file_count;
};

/* Makes gclab-PURPOSE-XXXXXX.  False, with a message. */
bool temporary_make(struct temporary *temporary, const char *purpose);

/*
 * The path of a file in it, which may be made or not; it is removed with the directory.  At most TEMPORARY_FILES_MAX.
 */
const char *temporary_file(struct temporary *temporary, const char *name);

void temporary_remove(struct temporary *temporary);

#endif
