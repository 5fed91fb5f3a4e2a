#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *loud_stderr; /* the real one, while another is in its place */
static const char *hushed;
static char *captured;
static size_t captured_length;

void fuzz_fail(const char *format, ...)
{
  va_list arguments;
  if (loud_stderr != NULL) {
    fflush(stderr);
    stderr = loud_stderr;
  }
  fputs("FINDING: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  abort();
}

/* The stream is line buffered, so that whole lines come here. */
static ssize_t pass_unexpected(void *cookie, const char *lines, size_t size)
{
  (void)cookie;
  const char *end = lines + size;
  for (const char *line = lines; line < end;) {
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    const char *next = newline != NULL ? newline + 1 : end;
    const size_t length = strlen(hushed);
    const bool is_expected = (size_t)(next - line) >= length && memcmp(line, hushed, length) == 0;
    if (!is_expected) fwrite(line, 1, (size_t)(next - line), loud_stderr);
    line = next;
  }
  return (ssize_t)size;
}

void fuzz_hush(const char *expected)
{
  static FILE *filter;
  hushed = expected;
  if (filter == NULL) {
    filter = fopencookie(NULL, "w", (cookie_io_functions_t){.write = pass_unexpected});
    if (filter == NULL) fuzz_fail("no memory for a stream");
    setvbuf(filter, NULL, _IOLBF, BUFSIZ);
  }
  loud_stderr = stderr;
  stderr = filter;
}

void fuzz_loud(void)
{
  fflush(stderr);
  stderr = loud_stderr;
  loud_stderr = NULL;
}

void fuzz_capture(void)
{
  FILE *stream = open_memstream(&captured, &captured_length);
  if (stream == NULL) fuzz_fail("no memory for a stream");
  loud_stderr = stderr;
  stderr = stream;
}

char *fuzz_captured(void)
{
  fclose(stderr);
  stderr = loud_stderr;
  loud_stderr = NULL;
  return captured;
}
