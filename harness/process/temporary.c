#include "harness/process/temporary.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 64 }; /* of a file or the directory, with its slash */

static struct temporary *all;

/* Safe in a signal's handler. */
static void remove_files(const struct temporary *temporary)
{
  for (size_t i = 0; i < temporary->file_count; i++) unlink(temporary->files[i]);
  rmdir(temporary->directory);
}

static void remove_all(void)
{
  for (const struct temporary *one = all; one != NULL; one = one->next) remove_files(one);
}

/* Whoever reads what we print has gone, which ends us as ever. */
static void remove_and_end(int signal_number)
{
  remove_all();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

static void prepare(void)
{
  static bool is_prepared;
  if (is_prepared) return;
  is_prepared = true;
  atexit(remove_all);
  struct sigaction before;
  const struct sigaction removing = {.sa_handler = remove_and_end};
  if (sigaction(SIGPIPE, NULL, &before) == 0 && before.sa_handler == SIG_DFL) sigaction(SIGPIPE, &removing, NULL);
}

bool temporary_make(struct temporary *temporary, const char *purpose)
{
  const char *given = getenv("TMPDIR");
  const char *in = given != NULL && *given != '\0' ? given : "/tmp";
  prepare();
  *temporary = (struct temporary){.next = all};
  const int length = snprintf(temporary->directory, sizeof temporary->directory, "%s/gclab-%.20s-XXXXXX", in, purpose);
  const bool fits = length + NAME_MAX_BYTES < TEMPORARY_PATH_MAX;
  if (fits && mkdtemp(temporary->directory) != NULL) {
    all = temporary;
    return true;
  }
  fprintf(stderr, "gclab: no directory can be made in %.200s: %s; TMPDIR says where else\n", in,
          strerror(fits ? errno : ENAMETOOLONG));
  return false;
}

const char *temporary_file(struct temporary *temporary, const char *name)
{
  assert(temporary->file_count < TEMPORARY_FILES_MAX && strlen(name) < NAME_MAX_BYTES);
  char *path = temporary->files[temporary->file_count];
  snprintf(path, TEMPORARY_PATH_MAX, "%.*s/%.*s", TEMPORARY_PATH_MAX - NAME_MAX_BYTES, temporary->directory,
           NAME_MAX_BYTES - 2, name);
  temporary->file_count++;
  return path;
}

void temporary_remove(struct temporary *temporary)
{
  struct temporary **link = &all;
  while (*link != temporary) link = &(*link)->next;
  *link = temporary->next;
  remove_files(temporary);
}
