/* Counts of instructions: what is read from callgrind's dumps, and what is made of a table of expectations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/microrun/expectation.h"
#include "tests/unit/cmocka_all.h"

/*
 * Two parts: the first numbers its objects, the second calls them by number.  Costs of calls stand at the callee too.
 */
static const char dumps[] = "# callgrind format\n"
                            "version: 1\n"
                            "part: 1\n"
                            "desc: Trigger: Client Request: full/list/1000 8000\n"
                            "events: Ir\n"
                            "summary: 1234\n"
                            "\n"
                            "ob=(2) /usr/lib/libc.so.6\n"
                            "fl=(1) memset.S\n"
                            "fn=(10) memset\n"
                            "10 200\n"
                            "+3 50\n"
                            "ob=(5) /somewhere/gclab-micro-marksweep\n"
                            "fl=(3) mark.c\n"
                            "fn=(11) mark\n"
                            "100 16000\n"
                            "-5 8000\n"
                            "* 1\n"
                            "cob=(2)\n"
                            "cfi=(1)\n"
                            "cfn=(10)\n"
                            "calls=10 0\n"
                            "7 250\n"
                            "fi=(4) header.h\n"
                            "12 9\n"
                            "totals: 24260\n"
                            "part: 2\n"
                            "desc: Trigger: Client Request: root/assign 1000\n"
                            "ob=(5)\n"
                            "fn=(11)\n"
                            "3 4000\n"
                            "ob=(2)\n"
                            "fn=(10)\n"
                            "4 30\n"
                            "totals: 4030\n"
                            "part: 3\n"
                            "desc: Trigger: Client Request: unknown/one 10\n"
                            "ob=(5)\n"
                            "3 77\n"
                            "part: 4\n"
                            "desc: Trigger: Program termination\n"
                            "ob=(5)\n"
                            "3 99\n";

static struct micro_offer offers[] = {{.name = (char[]){"full/list/1000"}, .limit = (char[]){""}},
                                      {.name = (char[]){"root/assign"}, .limit = (char[]){""}}};
static const char *capabilities[] = {"external"};
static struct catalogue_collector described[] = {
    {.name = "none", .compiler = "GNU 1.0", .build = "Release"},
    {.name = "marksweep"},
    {.name = "boehm", .capabilities = capabilities, .capability_count = 1},
};
static struct micro_program list[] = {
    {.collector = STORE_MICRO_MACHINE, .described = &described[0]},
    {.collector = "marksweep",
     .described = &described[1],
     .path = (char[]){"/elsewhere/gclab-micro-marksweep"},
     .offers = offers,
     .offer_count = 2},
    {.collector = "boehm", .described = &described[2], .path = (char[]){"/b"}, .offers = offers, .offer_count = 2},
};
static const struct micro_programs programs = {.list = list, .count = 3};

static struct micro_counts read_text(const char *text, bool expected)
{
  struct micro_counts counts = {0};
  char *copy = strdup(text);
  FILE *file = fmemopen(copy, strlen(copy), "r");
  assert_non_null(file);
  assert_true(micro_counts_read(file, &list[1], &counts) == expected);
  fclose(file);
  free(copy);
  return counts;
}

static void test_dumps_are_read(void **state)
{
  (void)state;
  struct micro_counts counts = read_text(dumps, true);
  assert_int_equal(counts.count, 2);
  assert_string_equal(counts.rows[0].benchmark, "full/list/1000");
  assert_int_equal(counts.rows[0].operations, 8000);
  assert_int_equal(counts.rows[0].instructions, 16000 + 8000 + 1 + 9);
  assert_int_equal(counts.rows[0].library_instructions, 250);
  assert_string_equal(counts.rows[1].benchmark, "root/assign");
  assert_int_equal(counts.rows[1].instructions, 4000);
  assert_int_equal(counts.rows[1].library_instructions, 30);
  micro_counts_free(&counts);
}

static void test_other_files_are_refused(void **state)
{
  (void)state;
  static const char *const texts[] = {"\n", "nonsense\nob=(\nob=()\nob=(99999999999) x\n", "ob=\ncalls=\n+\n- -\n* \n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct micro_counts counts = read_text(texts[i], false);
    assert_int_equal(counts.count, 0);
    micro_counts_free(&counts);
  }
}

/* ---- expectations ----------------------------------------------------------------------------------------------- */

struct check {
  enum expectation_outcome outcome;
  char said[4096];
};

static struct check check(const char *table, const struct micro_counts *counts)
{
  struct check check = {0};
  char path[] = "/tmp/expectation-XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_true(write(fd, table, strlen(table)) == (ssize_t)strlen(table));
  close(fd);
  FILE *out = fmemopen(check.said, sizeof check.said, "w");
  check.outcome = expectation_check(path, &programs, counts, NULL, 0.02, out);
  fclose(out);
  unlink(path);
  return check;
}

#define HEAD "# a comment\ncompiler GNU 1.0\nmachine x86_64\nbuild Release\n"

static void test_expectations(void **state)
{
  (void)state;
  struct store_micro_instructions rows[] = {
      {.collector = "marksweep", .benchmark = "full/list/1000", .operations = 100, .instructions = 1000},
      {.collector = "marksweep", .benchmark = "root/assign", .operations = 10, .instructions = 40},
      {.collector = "boehm", .benchmark = "root/assign", .operations = 10, .instructions = 4}};
  const struct micro_counts counts = {.rows = rows, .count = 3};
  static const struct {
    const char *table;
    enum expectation_outcome outcome;
    const char *said;
  } cases[] = {
      {HEAD "marksweep full/list/1000 10\nmarksweep root/assign 4.0\n", EXPECTATION_MET, "worse: 0, better: 0"},
      {HEAD "marksweep full/list/1000 9.81\nmarksweep root/assign 4.07\n", EXPECTATION_MET, "worse: 0, better: 0"},
      {HEAD "marksweep full/list/1000 9.79\nmarksweep root/assign 4\n", EXPECTATION_NOT_MET, "+2.1 %, worse"},
      {HEAD "marksweep full/list/1000 10.3\nmarksweep root/assign 4\n", EXPECTATION_NOT_MET, "-2.9 %, better"},
      {HEAD "marksweep full/list/1000 10.3\nmarksweep root/assign 4\n", EXPECTATION_NOT_MET, "--renew"},
      {HEAD "marksweep root/assign 4\n", EXPECTATION_NOT_MET, "new"},
      {HEAD "marksweep full/list/1000 10\nmarksweep root/assign 4\nmarksweep a/b 1\n", EXPECTATION_NOT_MET,
       "not counted"},
      {HEAD "marksweep full/list/1000 10\nmarksweep root/assign 4\nsemispace a/b 1\n", EXPECTATION_MET, "missing: 0"},
      {"compiler GNU 2.0\nmachine x86_64\nbuild Release\n", EXPECTATION_NOT_COMPARABLE, ""},
      {"compiler GNU 1.0\nmachine m68k\nbuild Release\n", EXPECTATION_NOT_COMPARABLE, ""},
      {"compiler GNU 1.0\nmachine x86_64\nbuild Debug\n", EXPECTATION_NOT_COMPARABLE, ""},
      {HEAD "marksweep root/assign\n", EXPECTATION_UNREADABLE, ""},
      {HEAD "marksweep root/assign four\n", EXPECTATION_UNREADABLE, ""},
      {HEAD "marksweep root/assign -4\n", EXPECTATION_UNREADABLE, ""},
      {"marksweep root/assign 4\n", EXPECTATION_UNREADABLE, ""},
  };
#if !defined(__x86_64__)
  skip();
#endif
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct check result = check(cases[i].table, &counts);
    assert_int_equal(result.outcome, cases[i].outcome);
    assert_non_null(strstr(result.said, cases[i].said));
  }
}

static void test_what_is_written_is_met(void **state)
{
  (void)state;
  struct store_micro_instructions rows[] = {
      {.collector = "marksweep", .benchmark = "full/list/1000", .operations = 7, .instructions = 1000},
      {.collector = "boehm", .benchmark = "root/assign", .operations = 10, .instructions = 4}};
  const struct micro_counts counts = {.rows = rows, .count = 2};
  char path[] = "/tmp/expectation-XXXXXX", said[4096] = "";
  close(mkstemp(path));
  assert_true(expectation_write(path, &programs, &counts));
  FILE *out = fmemopen(said, sizeof said, "w");
  assert_int_equal(expectation_check(path, &programs, &counts, NULL, 1e-4, out), EXPECTATION_MET);
  fclose(out);
  rows[0].instructions = 1021;
  out = fmemopen(said, sizeof said, "w");
  assert_int_equal(expectation_check(path, &programs, &counts, NULL, 0.02, out), EXPECTATION_NOT_MET);
  fclose(out);
  unlink(path);
  assert_false(expectation_write("/nowhere/at/all", &programs, &counts));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dumps_are_read), cmocka_unit_test(test_other_files_are_refused),
      cmocka_unit_test(test_expectations), cmocka_unit_test(test_what_is_written_is_met)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
