/*
 * inject: allocations that fail when they are told to.
 *
 * A program under test is linked with -Wl,--wrap=FUNCTION for every row below, so that each call that gclab's own
 * objects make of these functions comes here first.  Calls are numbered from 1; the environment says which ones fail,
 * with ENOMEM:
 *
 *   GCLAB_FAIL_ALLOCATION=N    the Nth; 0: none
 *   GCLAB_FAIL_ALLOCATION=N+   the Nth and all after it
 *   GCLAB_ALLOCATION_REPORT    a file of at least sizeof(struct inject_report) bytes, where what happens is counted
 *
 * Calls that a library makes for itself do not come here, but for jansson's and SQLite's, which take their allocator
 * from us.
 */
#ifndef GCLAB_TESTS_FAULTS_INJECT_H
#define GCLAB_TESTS_FAULTS_INJECT_H

#include <stdint.h>

/* CMakeLists.txt reads these rows. */
#define INJECT_FUNCTIONS(X)                                                                                            \
  X(malloc)                                                                                                            \
  X(calloc)                                                                                                            \
  X(realloc)                                                                                                           \
  X(reallocarray)                                                                                                      \
  X(strdup)                                                                                                            \
  X(strndup)                                                                                                           \
  X(mmap)                                                                                                              \
  X(mremap)                                                                                                            \
  X(mprotect)                                                                                                          \
  X(munmap)                                                                                                            \
  X(madvise)                                                                                                           \
  X(open_memstream)                                                                                                    \
  X(asprintf)                                                                                                          \
  X(vasprintf)                                                                                                         \
  X(fopen)                                                                                                             \
  X(fdopen)                                                                                                            \
  X(realpath)                                                                                                          \
  X(scandir)                                                                                                           \
  X(opendir)

#define INJECT_ENUM(function) INJECT_##function,
enum inject_function { INJECT_FUNCTIONS(INJECT_ENUM) INJECT_FUNCTION_COUNT };

enum { INJECT_CALLS_MAX = 1 << 20 };

struct inject_call {
  uint32_t site; /* from where, counted from an address of the program's own */
  uint32_t function;
};

struct inject_report {
  uint64_t calls, failed;
  uint64_t checked; /* heaps that were verified when memory had run out */
  uint64_t by_function[INJECT_FUNCTION_COUNT];
  struct inject_call call[INJECT_CALLS_MAX]; /* call number N in N - 1; only where none is to fail */
};

/* What is done until the second call is not counted and never fails. */
void inject_pause(void);
void inject_resume(void);

/* Counts a heap that was verified. */
void inject_count_check(void);

#endif
