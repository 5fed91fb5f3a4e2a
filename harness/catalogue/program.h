/*
 * program: the trial programs as files: where they are, and what they answer to `describe`.
 */
#ifndef GCLAB_HARNESS_CATALOGUE_PROGRAM_H
#define GCLAB_HARNESS_CATALOGUE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct program {
  char *path;
  pid_t pid;
  int fd; /* its standard output; -1: closed */
  char *answer;
  size_t answer_length;
  char failure[128]; /* why there is no answer; "" */
};

struct programs {
  struct program *list;
  size_t count;
  char **directories; /* as searched */
  size_t directory_count;
};

/* Finds the programs; of two with the same name the first in the search order counts. */
bool programs_find(struct programs *programs);

/* Starts `PROGRAM describe` for all at once and reads every answer.  One that takes over ten seconds is killed. */
void programs_ask(struct programs *programs);

void programs_free(struct programs *programs);

/* Writes the hash of the file's content as 32 hexadecimal digits and a NUL. */
bool program_hash(const char *path, char *hash);

/*
 * A program may be there in several LAYOUTS: the same code, linked in other orders.  The first is the program, the others
 * are layouts/1/NAME, layouts/2/NAME, ... in its directory.
 */
enum { PROGRAM_LAYOUTS_MAX = 16 };

unsigned program_layouts(const char *path);

/* The path of one of them, from 0 on; to be freed. */
char *program_layout_path(const char *path, unsigned layout);

/* The hash of all of them together: of a single one program_hash. */
bool program_build_id(const char *path, unsigned layouts, char *hash);

#endif
