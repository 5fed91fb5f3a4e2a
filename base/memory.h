/*
 * memory: for programs that end when memory has run out, which is what the gclab command does: what was measured is in
 * the store by then, and nothing else is worth keeping.  Trial programs have another way (harness/trial/run.c).
 */
#ifndef GCLAB_BASE_MEMORY_H
#define GCLAB_BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum { MEMORY_EXIT_CODE = 4 };

/* The memory; where it is NULL, the program ends with a message and MEMORY_EXIT_CODE. */
void *memory_require(void *memory);

/* The same, but where it is NULL for another reason than memory (errno), as when there is no such file: passed on. */
void *memory_or_null(void *memory);

/* malloc's, required.  As a function of its own for libraries that take one. */
void *memory_allocate(size_t bytes);

/* Closes what open_memstream opened: all that was written is there, or the program ends. */
void memory_close(FILE *stream);

/* A text as printf makes it, to be freed. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *memory_format_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

#endif
