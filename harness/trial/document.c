#include "harness/trial/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A record takes some 40 KiB while it is made.  The reserve is cut from front to back, and nothing goes back to it. */
enum { RESERVE_BYTES = 256 << 10, ALIGNMENT = 16 };

static _Alignas(ALIGNMENT) unsigned char reserve[RESERVE_BYTES];
static size_t reserve_used;
static bool is_incomplete;

static void *allocate(size_t bytes)
{
  void *memory = malloc(bytes);
  if (memory != NULL) return memory;
  const size_t rounded = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  if (rounded < bytes || rounded > RESERVE_BYTES - reserve_used) return NULL;
  memory = reserve + reserve_used;
  reserve_used += rounded;
  return memory;
}

static void release(void *memory)
{
  const uintptr_t offset = (uintptr_t)memory - (uintptr_t)reserve;
  if (offset >= RESERVE_BYTES) free(memory);
}

void document_prepare(void)
{
  memset(reserve, 1, sizeof reserve); /* so that it has pages */
  json_set_alloc_funcs(allocate, release);
}

void document_set(json_t *object, const char *key, json_t *value)
{
  if (json_object_set_new(object, key, value) != 0) is_incomplete = true;
}

void document_set_number(json_t *object, const char *key, uint64_t number)
{
  document_set(object, key, json_integer((json_int_t)number));
}

void document_append(json_t *array, json_t *value)
{
  if (json_array_append_new(array, value) != 0) is_incomplete = true;
}

static bool write_all(int fd, const char *text, size_t length)
{
  while (length > 0) {
    const ssize_t written = write(fd, text, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      fprintf(stderr, "gclab-trial: the record could not be written: %s\n", strerror(errno));
      return false;
    }
    text += written;
    length -= (size_t)written;
  }
  return true;
}

bool document_write(json_t *document, int fd, size_t flags)
{
  char *text = is_incomplete ? NULL : json_dumps(document, flags);
  bool done = text != NULL;
  if (!done) fprintf(stderr, "gclab-trial: no memory is left for the record\n");
  if (done) done = write_all(fd, text, strlen(text));
  if (done && (flags & JSON_COMPACT) == 0) done = write_all(fd, "\n", 1);
  release(text);
  json_decref(document);
  return done;
}
