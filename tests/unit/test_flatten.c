/*
 * flatten: a script as the driver of interpreters reads it: all of it, or the program ends and says that memory is
 * short.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/python/python.h"
#include "harness/script/packed.h"
#include "tests/unit/cmocka_all.h"

/* Something in each table. */
static const char text[] = "action act\n"
                           "  drop other\n"
                           "end\n"
                           "class node left right finalizer act\n"
                           "threshold 5 6 7\n"
                           "new l list 2 room 3\n"
                           "new n node\n"
                           "new i instance 2\n"
                           "new t tuple l none\n"
                           "repeat 3\n"
                           "  append l l\n"
                           "end\n"
                           "print \"b\xff\xc3\xa9\" live \"z\"\n"
                           "expect live == 4\n";
static const int64_t thresholds[] = {700, 10, 10};

static int allocations_left; /* -1: no end */

static void *allocate(size_t bytes)
{
  if (allocations_left == 0) return NULL;
  if (allocations_left > 0) allocations_left--;
  return malloc(bytes);
}

static struct script *parse(void)
{
  struct script_error error = {0};
  struct script *script = script_read(text, sizeof text - 1, &error);
  if (script == NULL) fail_msg("%u:%u: %s", error.line, error.column, error.message);
  return script;
}

/* The file's bytes, which are removed. */
static char *take_file(const char *path, size_t *length)
{
  char *bytes = malloc(1 << 16);
  FILE *file = fopen(path, "rb");
  assert_non_null(bytes);
  assert_non_null(file);
  *length = fread(bytes, 1, 1 << 16, file);
  fclose(file);
  unlink(path);
  return bytes;
}

/* Exit code of a process that flattens with so many allocations. */
static int flatten_apart(const struct script *script, const char *path, int allocations)
{
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);
    allocations_left = allocations;
    json_set_alloc_funcs(allocate, free);
    _exit(python_flatten(script, "file\xff.heap", thresholds, path) ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void all_of_it_or_nothing(void **state)
{
  (void)state;
  char path[] = "/tmp/gclab-test-flatten-XXXXXX";
  struct script *script = parse();
  size_t length;
  close(mkstemp(path));
  assert_int_equal(flatten_apart(script, path, -1), 0);
  char *whole = take_file(path, &length);
  int allocations = 0;
  for (int code; (code = flatten_apart(script, path, allocations)) != 0; allocations++) {
    assert_int_equal(code, MEMORY_EXIT_CODE);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(allocations < 100000);
  }
  assert_true(allocations > 50);
  size_t again_length;
  char *again = take_file(path, &again_length);
  assert_int_equal(again_length, length);
  assert_memory_equal(again, whole, length);
  free(again);
  free(whole);
  script_free(script);
}

/* JSON is UTF-8, texts are any bytes: each is a character of the document. */
static void bytes_are_kept(void **state)
{
  (void)state;
  char path[] = "/tmp/gclab-test-flatten-XXXXXX";
  struct script *script = parse();
  size_t length;
  close(mkstemp(path));
  assert_true(python_flatten(script, "file\xff.heap", thresholds, path));
  char *bytes = take_file(path, &length);
  uint64_t document_length;
  memcpy(&document_length, bytes + 8, sizeof document_length);
  json_t *document = json_loadb(bytes + 16, (size_t)document_length, 0, NULL);
  assert_non_null(document);
  assert_string_equal(json_string_value(json_object_get(document, "file")), "file\xc3\xbf.heap");
  const json_t *items = json_array_get(json_object_get(document, "prints"), 0);
  assert_int_equal(json_array_size(items), 3);
  assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "text")),
                      "b\xc3\xbf\xc3\x83\xc2\xa9");
  json_decref(document);
  free(bytes);
  script_free(script);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_of_it_or_nothing), cmocka_unit_test(bytes_are_kept)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
