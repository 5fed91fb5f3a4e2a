#define _GNU_SOURCE
#include "tests/faults/inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern const char __executable_start; // NOLINT(bugprone-reserved-identifier): the linker's

static struct inject_report *report; /* NULL: nobody wants to know */
static uint64_t calls;
static uint64_t first_failure; /* 0: none */
static bool all_after;
static int paused;

void inject_pause(void) { paused++; }
void inject_resume(void) { paused--; }

void inject_count_check(void)
{
  if (report != NULL) report->checked++;
}

/* Counts a call; true: it is one that fails. */
static bool fails(enum inject_function function, const void *site)
{
  if (paused > 0) return false;
  calls++;
  const bool failing = first_failure != 0 && (calls == first_failure || (all_after && calls > first_failure));
  if (report != NULL) {
    report->calls = calls;
    report->failed += failing;
    report->by_function[function]++;
    if (first_failure == 0 && calls <= INJECT_CALLS_MAX)
      report->call[calls - 1] =
          (struct inject_call){.site = (uint32_t)((const char *)site - &__executable_start), .function = function};
  }
  if (failing) errno = ENOMEM;
  return failing;
}

#define FAILS(function) __builtin_expect(fails(INJECT_##function, __builtin_return_address(0)), 0)

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that ld --wrap asks for */
void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__real_reallocarray(void *, size_t, size_t);
char *__real_strdup(const char *);
char *__real_strndup(const char *, size_t);
void *__real_mmap(void *, size_t, int, int, int, off_t);
void *__real_mremap(void *, size_t, size_t, int, ...);
int __real_mprotect(void *, size_t, int);
int __real_munmap(void *, size_t);
int __real_madvise(void *, size_t, int);
FILE *__real_open_memstream(char **, size_t *);
int __real_vasprintf(char **, const char *, va_list);
FILE *__real_fopen(const char *, const char *);
FILE *__real_fdopen(int, const char *);
char *__real_realpath(const char *, char *);
int __real_scandir(const char *, struct dirent ***, int (*)(const struct dirent *),
                   int (*)(const struct dirent **, const struct dirent **));
DIR *__real_opendir(const char *);

void *__wrap_malloc(size_t bytes) { return FAILS(malloc) ? NULL : __real_malloc(bytes); }

void *__wrap_calloc(size_t count, size_t bytes) { return FAILS(calloc) ? NULL : __real_calloc(count, bytes); }

void *__wrap_realloc(void *memory, size_t bytes) { return FAILS(realloc) ? NULL : __real_realloc(memory, bytes); }

void *__wrap_reallocarray(void *memory, size_t count, size_t bytes)
{
  return FAILS(reallocarray) ? NULL : __real_reallocarray(memory, count, bytes);
}

char *__wrap_strdup(const char *text) { return FAILS(strdup) ? NULL : __real_strdup(text); }

char *__wrap_strndup(const char *text, size_t length) { return FAILS(strndup) ? NULL : __real_strndup(text, length); }

void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
  return FAILS(mmap) ? MAP_FAILED : __real_mmap(address, bytes, protection, flags, fd, offset);
}

/* None of ours says where the memory is to move. */
void *__wrap_mremap(void *old, size_t old_bytes, size_t bytes, int flags)
{
  return FAILS(mremap) ? MAP_FAILED : __real_mremap(old, old_bytes, bytes, flags);
}

int __wrap_mprotect(void *memory, size_t bytes, int protection)
{
  return FAILS(mprotect) ? -1 : __real_mprotect(memory, bytes, protection);
}

int __wrap_munmap(void *memory, size_t bytes) { return FAILS(munmap) ? -1 : __real_munmap(memory, bytes); }

int __wrap_madvise(void *memory, size_t bytes, int advice)
{
  return FAILS(madvise) ? -1 : __real_madvise(memory, bytes, advice);
}

FILE *__wrap_open_memstream(char **text, size_t *bytes)
{
  return FAILS(open_memstream) ? NULL : __real_open_memstream(text, bytes);
}

/* A failure leaves the pointer undefined: here it is one that nothing may follow. */
static int fail_print(char **text)
{
  memset(text, 0x5a, sizeof *text);
  return -1;
}

int __wrap_vasprintf(char **text, const char *format, va_list arguments)
{
  return FAILS(vasprintf) ? fail_print(text) : __real_vasprintf(text, format, arguments);
}

int __wrap_asprintf(char **text, const char *format, ...)
{
  if (FAILS(asprintf)) return fail_print(text);
  va_list arguments;
  va_start(arguments, format);
  const int length = __real_vasprintf(text, format, arguments);
  va_end(arguments);
  return length;
}

FILE *__wrap_fopen(const char *path, const char *mode) { return FAILS(fopen) ? NULL : __real_fopen(path, mode); }

FILE *__wrap_fdopen(int fd, const char *mode) { return FAILS(fdopen) ? NULL : __real_fdopen(fd, mode); }

char *__wrap_realpath(const char *path, char *resolved)
{
  return FAILS(realpath) ? NULL : __real_realpath(path, resolved);
}

int __wrap_scandir(const char *path, struct dirent ***entries, int (*select)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **))
{
  return FAILS(scandir) ? -1 : __real_scandir(path, entries, select, compare);
}

DIR *__wrap_opendir(const char *path) { return FAILS(opendir) ? NULL : __real_opendir(path); }
/* NOLINTEND(bugprone-reserved-identifier) */

static void open_report(const char *path)
{
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  void *memory = fd < 0 ? MAP_FAILED : __real_mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    fprintf(stderr, "inject: %s: %s\n", path, strerror(errno));
    _exit(99);
  }
  close(fd);
  report = memory;
}

static __attribute__((constructor)) void start(void)
{
  const char *which = getenv("GCLAB_FAIL_ALLOCATION");
  const char *path = getenv("GCLAB_ALLOCATION_REPORT");
  if (path != NULL) open_report(path);
  if (which != NULL) {
    char *end = NULL;
    first_failure = strtoull(which, &end, 10);
    all_after = *end == '+';
  }
  unsetenv("GCLAB_FAIL_ALLOCATION"); /* the programs that this one starts are not under test */
  unsetenv("GCLAB_ALLOCATION_REPORT");
  json_set_alloc_funcs(__wrap_malloc, free); /* a trial program puts its own in between later */
}
