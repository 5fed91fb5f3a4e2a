#define _GNU_SOURCE
#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *memory_require(void *memory)
{
  if (memory != NULL) return memory;
  fputs("gclab: memory has run out\n", stderr);
  exit(MEMORY_EXIT_CODE);
}

void *memory_or_null(void *memory) { return memory != NULL || errno != ENOMEM ? memory : memory_require(NULL); }

void *memory_allocate(size_t bytes) { return memory_require(malloc(bytes > 0 ? bytes : 1)); }

void memory_close(FILE *stream)
{
  const int is_short = ferror(stream);
  if (fclose(stream) != 0 || is_short) memory_require(NULL);
}

char *memory_format_list(const char *format, va_list arguments)
{
  char *text = NULL;
  if (vasprintf(&text, format, arguments) < 0) text = NULL;
  return memory_require(text);
}

char *memory_format(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  char *text = memory_format_list(format, arguments);
  va_end(arguments);
  return text;
}
