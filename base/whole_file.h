/*
 * whole_file: a file that is there whole, or as it was before.
 *
 * What is written goes to PATH.part, which takes PATH's place when it is complete; so a full disk, a crash or Ctrl-C
 * leaves what was there.  Where PATH is no regular file, as a pipe or /dev/stdout, it is written itself.
 */
#ifndef GCLAB_BASE_WHOLE_FILE_H
#define GCLAB_BASE_WHOLE_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct whole_file {
  FILE *stream; /* to write to */
  const char *path;
  char *unfinished; /* NULL: path itself is written */
};

/*
 * path must stay good until whole_file_close.  False, with errno, where it cannot be written; then there is nothing to
 * close.
 */
bool whole_file_open(struct whole_file *file, const char *path);

/* is_complete: all was written, as far as the caller knows.  False, with errno, where path is not the new file now. */
bool whole_file_close(struct whole_file *file, bool is_complete);

#endif
