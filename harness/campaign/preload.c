#define _GNU_SOURCE
#include "harness/campaign/preload.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

enum { LIBRARIES_MAX = 3 };

static struct allocator {
  const char *name;
  const char *libraries[LIBRARIES_MAX]; /* the first that there is */
  const char *package;
  char path[PATH_MAX];
} allocators[] = {
    {"jemalloc", {"libjemalloc.so.2"}, "libjemalloc2", ""},
    {"mimalloc", {"libmimalloc.so.2", "libmimalloc.so.2.0"}, "libmimalloc2.0", ""},
    {"tcmalloc", {"libtcmalloc_minimal.so.4", "libtcmalloc.so.4"}, "libtcmalloc-minimal4", ""},
};

static struct allocator *find(const char *name)
{
  for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++) {
    if (strcmp(allocators[i].name, name) == 0) return &allocators[i];
  }
  return NULL;
}

static bool wants_preload(const struct plan_cell *cell)
{
  return !cell->collector->sanitized && catalogue_collector_can(cell->collector, "uses_malloc") &&
         strcmp(cell->allocator, "glibc") != 0;
}

/* In a child: the dynamic linker lists what it would load for this program, and ends without running it. */
static _Noreturn void list_loaded(const char *program, const char *library, int out)
{
  char preload[64];
  char path[PATH_MAX + sizeof "LD_LIBRARY_PATH="];
  const char *given = getenv("LD_LIBRARY_PATH");
  snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library);
  snprintf(path, sizeof path, "LD_LIBRARY_PATH=%s", given != NULL ? given : "");
  char *const arguments[] = {(char *)program, NULL};
  char *const environment[] = {preload, "LD_TRACE_LOADED_OBJECTS=1", path, NULL};
  dup2(out, STDOUT_FILENO);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0) _exit(1);
  execve(program, arguments, environment);
  _exit(1);
}

/* Finds "LIBRARY => PATH (ADDRESS)" in the list. */
static bool find_path(FILE *list, const char *library, char *path)
{
  char line[PATH_MAX + 256];
  char name[256];
  bool found = false;
  while (fgets(line, sizeof line, list) != NULL) {
    char read[PATH_MAX];
    if (found || sscanf(line, " %255s => %4095s", name, read) != 2) continue;
    if (strcmp(name, library) != 0 || *read != '/') continue;
    snprintf(path, PATH_MAX, "%s", read);
    found = true;
  }
  return found;
}

/* Asks the dynamic linker, as it will be asked when the trial starts.  (dlopen would not do: some refuse to be loaded
 * late, for want of thread-local storage.) */
static bool look_up_as(const char *program, const char *library, char *path)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  const pid_t child = fork();
  if (child == 0) list_loaded(program, library, ends[1]);
  close(ends[1]);
  FILE *list = child > 0 ? memory_or_null(fdopen(ends[0], "r")) : NULL;
  const bool found = list != NULL && find_path(list, library, path);
  if (list != NULL)
    fclose(list);
  else
    close(ends[0]);
  if (child > 0) waitpid(child, NULL, 0);
  return found;
}

static bool look_up(struct allocator *allocator, const char *program)
{
  for (int i = 0; i < LIBRARIES_MAX && allocator->libraries[i] != NULL; i++) {
    if (look_up_as(program, allocator->libraries[i], allocator->path)) return true;
  }
  return false;
}

static bool complain(const struct plan_cell *cell, const struct allocator *allocator)
{
  if (allocator == NULL) {
    fprintf(stderr, "gclab: there is no allocator '%s': choose jemalloc, glibc, mimalloc or tcmalloc\n",
            cell->allocator);
    return false;
  }
  fprintf(stderr,
          "gclab: the allocator %s is not installed, and %s is to run on it: `apt-get install %s` (Debian), or choose "
          "another with --allocator (glibc is always there)\n",
          allocator->name, cell->collector->name, allocator->package);
  return false;
}

bool preload_find(const struct plan_cells *cells)
{
  for (size_t i = 0; i < cells->count; i++) {
    const struct plan_cell *cell = &cells->cells[i];
    if (!wants_preload(cell)) continue;
    struct allocator *allocator = find(cell->allocator);
    if (allocator == NULL || (*allocator->path == '\0' && !look_up(allocator, cell->collector->trial_path)))
      return complain(cell, allocator);
  }
  return true;
}

const char *preload_of(const struct plan_cell *cell)
{
  return wants_preload(cell) ? find(cell->allocator)->path : NULL;
}
