/* whole_file: the new file whole, or the old one; and what is no file is written itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole_file.h"
#include "tests/unit/cmocka_all.h"

static int enter_place(void **state)
{
  static char place[] = "/tmp/gclab-test-whole-file-XXXXXX";
  *state = place;
  return mkdtemp(place) != NULL ? chdir(place) : -1;
}

static int remove_place(void **state)
{
  remove("file");
  remove("pipe");
  return rmdir(*state); /* which fails where anything else is left */
}

static void assert_holds(const char *path, const char *text)
{
  char found[64] = "";
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  found[fread(found, 1, sizeof found - 1, file)] = '\0';
  fclose(file);
  assert_string_equal(found, text);
}

static void the_new_file_takes_the_place_of_the_old(void **state)
{
  (void)state;
  struct whole_file file;
  for (int round = 0; round < 2; round++) {
    assert_true(whole_file_open(&file, "file"));
    fprintf(file.stream, "round %d", round);
    if (round > 0) assert_holds("file", "round 0"); /* until it is closed */
    assert_true(whole_file_close(&file, true));
    assert_holds("file", round == 0 ? "round 0" : "round 1");
  }
  assert_int_equal(access("file.part", F_OK), -1);
}

static void what_is_not_complete_leaves_the_old(void **state)
{
  (void)state;
  struct whole_file file;
  assert_true(whole_file_open(&file, "file"));
  fputs("half", file.stream);
  assert_false(whole_file_close(&file, false));
  assert_holds("file", "round 1");
  assert_int_equal(access("file.part", F_OK), -1);
  assert_false(whole_file_open(&file, "nowhere/file"));
}

static void a_pipe_is_written_itself(void **state)
{
  (void)state;
  struct stat status;
  struct whole_file file;
  char text[16] = "";
  assert_int_equal(mkfifo("pipe", 0600), 0);
  const int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  assert_true(reader >= 0);
  assert_true(whole_file_open(&file, "pipe"));
  fputs("through", file.stream);
  assert_true(whole_file_close(&file, true));
  assert_int_equal(read(reader, text, sizeof text - 1), (ssize_t)strlen("through"));
  assert_string_equal(text, "through");
  close(reader);
  assert_int_equal(stat("pipe", &status), 0);
  assert_true(S_ISFIFO(status.st_mode));
}

static void a_full_disk_is_told(void **state)
{
  (void)state;
  struct stat status;
  struct whole_file file;
  if (stat("/dev/full", &status) != 0 || !S_ISCHR(status.st_mode)) skip();
  /* Less than is kept back, and so much that the failure is long past when the file is closed. */
  static const size_t lines[] = {1, 100000};
  for (size_t i = 0; i < 2; i++) {
    assert_true(whole_file_open(&file, "/dev/full"));
    for (size_t k = 0; k < lines[i]; k++) fputs("more than there is room for", file.stream);
    assert_false(whole_file_close(&file, true));
    assert_int_equal(errno, ENOSPC);
  }
  assert_int_equal(stat("/dev/full", &status), 0);
  assert_true(S_ISCHR(status.st_mode));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_new_file_takes_the_place_of_the_old),
      cmocka_unit_test(what_is_not_complete_leaves_the_old),
      cmocka_unit_test(a_pipe_is_written_itself),
      cmocka_unit_test(a_full_disk_is_told),
  };
  return cmocka_run_group_tests_name("whole_file", tests, enter_place, remove_place);
}
