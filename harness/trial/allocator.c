#define _GNU_SOURCE
#include "harness/trial/allocator.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "harness/trial/document.h"

/* Every allocator is told by a function that only it has, so that none needs to be linked. */
typedef int mallctl_function(const char *, void *, size_t *, void *, size_t);
typedef int mi_version_function(void);
typedef void mi_process_info_function(size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *);
typedef const char *tc_version_function(int *, int *, const char **);
typedef int tc_property_function(const char *, size_t *);
typedef struct mallinfo2 mallinfo2_function(void);

static void *symbol(const char *name) { return dlsym(RTLD_DEFAULT, name); }

const char *allocator_name(void)
{
  static char name[64];
  void *found = NULL;
  if (symbol("__asan_init") != NULL) return "sanitizer";
  if ((found = symbol("mallctl")) != NULL) {
    const char *version = "";
    size_t size = sizeof(const char *);
    ((mallctl_function *)found)("version", &version, &size, NULL, 0);
    const int length = (int)strcspn(version, "-");
    snprintf(name, sizeof name, "jemalloc %.*s", length, version);
  } else if ((found = symbol("mi_version")) != NULL) {
    const int version = ((mi_version_function *)found)();
    snprintf(name, sizeof name, "mimalloc %d.%d.%d", version / 100, version / 10 % 10, version % 10);
  } else if ((found = symbol("tc_version")) != NULL) {
    int major = 0;
    int minor = 0;
    const char *patch = "";
    ((tc_version_function *)found)(&major, &minor, &patch);
    snprintf(name, sizeof name, "tcmalloc %d.%d", major, minor);
  } else {
    snprintf(name, sizeof name, "glibc %s", gnu_get_libc_version());
  }
  return name;
}

static void jemalloc_statistics(json_t *object, mallctl_function *mallctl)
{
  static const char *const names[] = {"allocated", "active", "metadata", "resident", "mapped", "retained"};
  uint64_t epoch = 1;
  size_t size = sizeof epoch;
  mallctl("epoch", &epoch, &size, &epoch, sizeof epoch);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char key[32];
    size_t value = 0;
    size = sizeof value;
    snprintf(key, sizeof key, "stats.%s", names[i]);
    if (mallctl(key, &value, &size, NULL, 0) == 0) document_set_number(object, names[i], value);
  }
}

static void mimalloc_statistics(json_t *object, mi_process_info_function *info)
{
  size_t commit = 0;
  size_t peak_commit = 0;
  size_t other[6];
  info(&other[0], &other[1], &other[2], &other[3], &other[4], &commit, &peak_commit, &other[5]);
  document_set_number(object, "committed", commit);
  document_set_number(object, "peak_committed", peak_commit);
}

static void tcmalloc_statistics(json_t *object, tc_property_function *property)
{
  size_t value = 0;
  if (property("generic.current_allocated_bytes", &value)) document_set_number(object, "allocated", value);
  if (property("generic.heap_size", &value)) document_set_number(object, "mapped", value);
  if (property("tcmalloc.pageheap_free_bytes", &value)) document_set_number(object, "free_pages", value);
  if (property("tcmalloc.pageheap_unmapped_bytes", &value)) document_set_number(object, "returned", value);
}

static void glibc_statistics(json_t *object, mallinfo2_function *info)
{
  const struct mallinfo2 now = info();
  document_set_number(object, "allocated", now.uordblks + now.hblkhd);
  document_set_number(object, "free", now.fordblks);
  document_set_number(object, "mapped", now.arena + now.hblkhd);
}

json_t *allocator_statistics(void)
{
  json_t *object = json_object();
  void *found = NULL;
  if (symbol("__asan_init") != NULL) return object;
  if ((found = symbol("mallctl")) != NULL) {
    jemalloc_statistics(object, (mallctl_function *)found);
  } else if ((found = symbol("mi_process_info")) != NULL) {
    mimalloc_statistics(object, (mi_process_info_function *)found);
  } else if ((found = symbol("MallocExtension_GetNumericProperty")) != NULL) {
    tcmalloc_statistics(object, (tc_property_function *)found);
  } else if ((found = symbol("mallinfo2")) != NULL) {
    glibc_statistics(object, (mallinfo2_function *)found);
  }
  return object;
}
