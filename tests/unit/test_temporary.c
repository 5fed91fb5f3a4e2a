/* temporary: where directories are made, and that nothing of them is left, however the program ends. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/process/temporary.h"
#include "tests/unit/cmocka_all.h"

static char place[] = "/tmp/gclab-test-temporary-XXXXXX";

static int make_place(void **state)
{
  (void)state;
  return mkdtemp(place) != NULL && setenv("TMPDIR", place, 1) == 0 ? 0 : -1;
}

static int remove_place(void **state)
{
  (void)state;
  return rmdir(place);
}

static int count_entries(void)
{
  int count = 0;
  DIR *directory = opendir(place);
  assert_non_null(directory);
  while (readdir(directory) != NULL) count++;
  closedir(directory);
  return count - 2; /* . and .. */
}

static void write_to(const char *path)
{
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs("something", file);
  assert_int_equal(fclose(file), 0);
}

static void is_made_in_tmpdir_and_removed(void **state)
{
  (void)state;
  struct temporary outer;
  struct temporary inner;
  assert_true(temporary_make(&outer, "outer"));
  assert_true(temporary_make(&inner, "inner"));
  const char *program = temporary_file(&outer, "program");
  const char *never_made = temporary_file(&outer, "never-made");
  assert_int_equal(strncmp(program, place, strlen(place)), 0);
  assert_string_equal(strrchr(program, '/'), "/program");
  assert_string_not_equal(program, never_made);
  write_to(program);
  write_to(temporary_file(&inner, "program"));
  assert_int_equal(count_entries(), 2);
  temporary_remove(&outer); /* in any order */
  assert_int_equal(count_entries(), 1);
  temporary_remove(&inner);
  assert_int_equal(count_entries(), 0);
}

static void says_where_it_cannot_be_made(void **state)
{
  (void)state;
  struct temporary temporary;
  setenv("TMPDIR", "/nowhere/at-all", 1);
  assert_false(temporary_make(&temporary, "test"));
  char *long_path = calloc(1, TEMPORARY_PATH_MAX + 1);
  assert_non_null(long_path);
  memset(long_path, 'x', TEMPORARY_PATH_MAX);
  setenv("TMPDIR", long_path, 1);
  assert_false(temporary_make(&temporary, "test"));
  free(long_path);
  setenv("TMPDIR", place, 1);
}

/* Two directories, one inside the other's life; then the end. */
static int end_apart(void end(void))
{
  const pid_t child = fork();
  if (child == 0) {
    struct temporary outer;
    struct temporary inner;
    if (!temporary_make(&outer, "outer") || !temporary_make(&inner, "inner")) _exit(99);
    write_to(temporary_file(&outer, "one"));
    write_to(temporary_file(&outer, "two"));
    write_to(temporary_file(&inner, "three"));
    if (count_entries() != 2) _exit(98);
    end();
    _exit(97);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void exit_with_4(void) { exit(4); }

static void write_to_nobody(void)
{
  int ends[2];
  if (pipe(ends) != 0) _exit(96);
  close(ends[0]);
  if (write(ends[1], "x", 1) >= 0) _exit(95);
}

static void nothing_is_left_at_an_end(void **state)
{
  (void)state;
  int status = end_apart(exit_with_4);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 4);
  assert_int_equal(count_entries(), 0);
  status = end_apart(write_to_nobody);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGPIPE);
  assert_int_equal(count_entries(), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_left_at_an_end), /* first, so that exit() is prepared for in the child alone */
      cmocka_unit_test(is_made_in_tmpdir_and_removed),
      cmocka_unit_test(says_where_it_cannot_be_made),
  };
  return cmocka_run_group_tests(tests, make_place, remove_place);
}
