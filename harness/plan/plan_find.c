/* Shipped plans, and where they are. */
#define _GNU_SOURCE
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

static const char suffix[] = ".yaml";

struct search {
  struct plan_shipped *list;
  size_t count;
};

static bool is_known(const struct search *search, const char *name)
{
  for (size_t i = 0; i < search->count; i++) {
    if (strcmp(search->list[i].name, name) == 0) return true;
  }
  return false;
}

static void search_directory(struct search *search, const char *directory)
{
  struct dirent **entries = NULL;
  const int count = scandir(directory, &entries, NULL, alphasort);
  if (count < 0) memory_or_null(NULL);
  for (int i = 0; i < count; i++) {
    const size_t length = strlen(entries[i]->d_name);
    if (length >= sizeof suffix && strcmp(entries[i]->d_name + length - (sizeof suffix - 1), suffix) == 0) {
      struct plan_shipped found = {.name = memory_require(strndup(entries[i]->d_name, length - (sizeof suffix - 1)))};
      if (!is_known(search, found.name)) {
        found.path = memory_format("%s/%s", directory, entries[i]->d_name);
        search->list = memory_require(reallocarray(search->list, search->count + 1, sizeof *search->list));
        search->list[search->count++] = found;
      } else {
        free(found.name);
      }
    }
    free(entries[i]);
  }
  free(entries);
}

/* The executable of a build tree uses its source tree's plans; an installed one never looks there. */
static void search_own(struct search *search)
{
  char path[PATH_MAX];
  char *own = catalogue_own_directory();
  char *build = memory_or_null(realpath(GCLAB_BUILD_DIRECTORY, NULL));
  if (own != NULL && build != NULL && strcmp(own, build) == 0) search_directory(search, GCLAB_SOURCE_PLANS);
  if (own != NULL) {
    snprintf(path, sizeof path, "%s/../share/gclab/plans", own);
    char *resolved = memory_or_null(realpath(path, NULL));
    if (resolved != NULL) search_directory(search, resolved);
    free(resolved);
  }
  free(own);
  free(build);
}

static int compare_names(const void *left, const void *right)
{
  return strcmp(((const struct plan_shipped *)left)->name, ((const struct plan_shipped *)right)->name);
}

struct plan_shipped *plan_list_shipped(size_t *count)
{
  struct search search = {NULL, 0};
  const char *given = getenv("GCLAB_PLAN_PATH");
  if (given != NULL) {
    char *copy = memory_require(strdup(given));
    char *rest = copy;
    for (char *directory = NULL; (directory = strsep(&rest, ":")) != NULL;) {
      if (*directory != '\0') search_directory(&search, directory);
    }
    free(copy);
  }
  search_own(&search);
  if (search.count > 1) qsort(search.list, search.count, sizeof *search.list, compare_names);
  *count = search.count;
  return search.list;
}

void plan_free_shipped(struct plan_shipped *shipped, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    free(shipped[i].name);
    free(shipped[i].path);
  }
  free(shipped);
}

static void say_unknown(const char *word, const struct plan_shipped *shipped, size_t count)
{
  const char **names = memory_require(calloc(count + 1, sizeof *names));
  for (size_t i = 0; i < count; i++) names[i] = shipped[i].name;
  const char *nearest = setting_nearest(word, names, count);
  fprintf(stderr, "gclab: there is neither a file nor a plan '%s'%s", word, plan_did_you_mean(nearest));
  if (count == 0) {
    fputs("; no plan was found beside this gclab: name their directory in GCLAB_PLAN_PATH", stderr);
  } else if (nearest == NULL) {
    fputs("; plans that ship:", stderr);
    for (size_t i = 0; i < count; i++) fprintf(stderr, "%s %s", i == 0 ? "" : ",", names[i]);
  }
  fputc('\n', stderr);
  free((void *)names);
}

char *plan_find(const char *word)
{
  size_t count = 0;
  struct stat status;
  char *found = NULL;
  if (strchr(word, '/') != NULL || (stat(word, &status) == 0 && S_ISREG(status.st_mode)))
    return memory_require(strdup(word));
  struct plan_shipped *shipped = plan_list_shipped(&count);
  for (size_t i = 0; i < count && found == NULL; i++) {
    if (strcmp(shipped[i].name, word) == 0) found = memory_require(strdup(shipped[i].path));
  }
  if (found == NULL) say_unknown(word, shipped, count);
  plan_free_shipped(shipped, count);
  return found;
}
