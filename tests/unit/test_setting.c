/* Rows of settings: what is read, what is refused and why, and that every value is written as it would be read. */
#include <string.h>

#include "base/setting.h"
#include "tests/unit/cmocka_all.h"

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct setting rows[] = {
    {.name = "count", .type = SETTING_INTEGER, .minimum = -5, .maximum = 1000000},
    {.name = "size", .type = SETTING_BYTES, .minimum = 0, .maximum = INT64_C(1) << 42},
    {.name = "factor", .type = SETTING_MILLI, .minimum = 1000, .maximum = 10000},
    {.name = "on", .type = SETTING_BOOLEAN, .minimum = 0, .maximum = 1},
    {.name = "colour", .type = SETTING_CHOICE, .minimum = 0, .maximum = 2, .choices = colours},
    {.name = "wide", .type = SETTING_INTEGER, .minimum = 0, .maximum = INT64_MAX},
    {.name = "limit", .type = SETTING_HEAP, .minimum = 0, .maximum = INT64_C(1) << 40},
};
enum { COUNT, SIZE, FACTOR, ON, COLOUR, WIDE, LIMIT, ROWS };

static void reads_every_type(void **state)
{
  (void)state;
  static const struct {
    int row;
    const char *text;
    int64_t value;
  } cases[] = {
      {COUNT, "0", 0},
      {COUNT, "-5", -5},
      {COUNT, "1000000", 1000000},
      {SIZE, "0", 0},
      {SIZE, "512", 512},
      {SIZE, "512K", 512 << 10},
      {SIZE, "64m", 64 << 20},
      {SIZE, "4GiB", INT64_C(4) << 30},
      {SIZE, "1TB", INT64_C(1) << 40},
      {FACTOR, "1.5", 1500},
      {FACTOR, "10", 10000},
      {FACTOR, "1.0006", 1001},
      {ON, "on", 1},
      {ON, "False", 0},
      {ON, "yes", 1},
      {COLOUR, "blue", 2},
      {WIDE, "9223372036854775807", INT64_MAX},
      {LIMIT, "64M", 64 << 20},
      {LIMIT, "0", 0},
      {LIMIT, "1x", -1000},
      {LIMIT, "1.25x", -1250},
      {LIMIT, "1000x", -1000000},
  };
  char error[SETTING_ERROR_MAX];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t value = -77;
    assert_true(setting_parse(&rows[cases[i].row], cases[i].text, &value, error));
    assert_int_equal(value, cases[i].value);
  }
}

static void refuses_and_says_why(void **state)
{
  (void)state;
  static const struct {
    int row;
    const char *text, *error;
  } cases[] = {
      {COUNT, "", "count: '' is not a whole number"},
      {SIZE, "2x", "size: '2x' is not a size such as 512K or 64M"},
      {LIMIT, "x", "limit: 'x' is not a size such as 64M, or a multiple of the minimum heap such as 1.5x"},
      {LIMIT, "two", "limit: 'two' is not a size such as 64M, or a multiple of the minimum heap such as 1.5x"},
      {LIMIT, "-2x", "limit: -2x is out of range, 1x (in less no program runs) to 1000x"},
      {LIMIT, "0.9x", "limit: 0.9x is out of range, 1x (in less no program runs) to 1000x"},
      {LIMIT, "1001x", "limit: 1001x is out of range, 1x (in less no program runs) to 1000x"},
      {LIMIT, "nanx", "limit: 'nanx' is not a size such as 64M, or a multiple of the minimum heap such as 1.5x"},
      {LIMIT, "2T", "limit: 2T is out of range, 0 to 1T"},
      {COUNT, "7x", "count: '7x' is not a whole number"},
      {COUNT, "99999999999999999999", "count: 99999999999999999999 is out of range, -5 to 1000000"},
      {COUNT, "-99999999999999999999", "count: -99999999999999999999 is out of range, -5 to 1000000"},
      {COUNT, "99999999999999999999x", "count: '99999999999999999999x' is not a whole number"},
      {COUNT, "-6", "count: -6 is out of range, -5 to 1000000"},
      {SIZE, "3Q", "size: '3Q' is not a size such as 512K or 64M"},
      {SIZE, "-1K", "size: '-1K' is not a size such as 512K or 64M"},
      {SIZE, "9999999999T", "size: 9999999999T is out of range, 0 to 4T"},
      {SIZE, "99999999999999999999", "size: 99999999999999999999 is out of range, 0 to 4T"},
      {SIZE, "99999999999999999999Q", "size: '99999999999999999999Q' is not a size such as 512K or 64M"},
      {FACTOR, "nan", "factor: 'nan' is not a number such as 1.5"},
      {FACTOR, "inf", "factor: 'inf' is not a number such as 1.5"},
      {FACTOR, "1e13", "factor: 1e13 is out of range, 1 to 10"},
      {FACTOR, "1e999", "factor: 1e999 is out of range, 1 to 10"},
      {FACTOR, "0.5", "factor: 0.5 is out of range, 1 to 10"},
      {ON, "maybe", "on: 'maybe' is not on or off"},
      {COLOUR, "reed", "colour: 'reed' is not one of red, green, blue"},
      {WIDE, "9223372036854775808", "wide: 9223372036854775808 is out of range, 0 to 9223372036854775807"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char error[SETTING_ERROR_MAX] = "";
    int64_t value = 42;
    assert_false(setting_parse(&rows[cases[i].row], cases[i].text, &value, error));
    assert_string_equal(error, cases[i].error);
    assert_int_equal(value, 42);
  }
}

static void writes_what_it_reads(void **state)
{
  (void)state;
  static const struct {
    int row;
    int64_t value;
    const char *text;
  } cases[] = {
      {COUNT, 700, "700"},         {SIZE, 0, "0"},           {SIZE, 1000, "1000"},    {SIZE, 64 << 20, "64M"},
      {SIZE, 1536 << 10, "1536K"}, {FACTOR, 1500, "1.5"},    {FACTOR, 2000, "2"},     {ON, 1, "on"},
      {COLOUR, 1, "green"},        {LIMIT, 64 << 20, "64M"}, {LIMIT, -1250, "1.25x"}, {LIMIT, -2000, "2x"},
  };
  char text[SETTING_TEXT_MAX];
  char error[SETTING_ERROR_MAX];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t value = -77;
    assert_string_equal(setting_format(&rows[cases[i].row], cases[i].value, text), cases[i].text);
    assert_true(setting_parse(&rows[cases[i].row], text, &value, error));
    assert_int_equal(value, cases[i].value);
  }
}

static void finds_rows_and_types(void **state)
{
  (void)state;
  enum setting_type type = SETTING_INTEGER;
  assert_int_equal(setting_find(rows, ROWS, "factor"), FACTOR);
  assert_int_equal(setting_find(rows, ROWS, "facto"), -1);
  for (int row = 0; row < ROWS; row++) {
    assert_true(setting_type_parse(setting_type_name(rows[row].type), &type));
    assert_int_equal(type, rows[row].type);
  }
  assert_false(setting_type_parse("float", &type));
}

static void suggests_only_what_was_meant(void **state)
{
  (void)state;
  static const char *const names[] = {"refcount", "refcount_cyclic", "marksweep", "none"};
  assert_string_equal(setting_nearest("marksweap", names, 4), "marksweep");
  assert_string_equal(setting_nearest("refcout", names, 4), "refcount");
  assert_string_equal(setting_nearest("refcount_cylic", names, 4), "refcount_cyclic");
  assert_string_equal(setting_nearest("non", names, 4), "none");
  assert_null(setting_nearest("generational", names, 4));
  assert_null(setting_nearest("", names, 4));
}

static void assigns_by_name(void **state)
{
  (void)state;
  static const struct setting table[] = {
      {.name = "depth", .unit = "", .type = SETTING_INTEGER, .minimum = 1, .maximum = 64},
      {.name = "room", .unit = "bytes", .type = SETTING_BYTES, .minimum = 0, .maximum = 1 << 30},
      {.name = "limit", .unit = "bytes", .type = SETTING_HEAP, .minimum = 0, .maximum = 1 << 30}};
  int64_t values[] = {5, 6, 7};
  char error[SETTING_ERROR_MAX];
  assert_true(setting_assign("room=4K", table, 3, values, "it", error));
  assert_int_equal(values[0], 5);
  assert_int_equal(values[1], 4096);
  static const struct {
    const char *text, *error;
  } refused[] = {{"depth", "'depth' is not of the form NAME=VALUE"},
                 {"dept=3", "it has nothing called 'dept'; did you mean depth"},
                 {"x=1", "it has nothing called 'x'"},
                 {"depth=65", "it: depth: "},
                 {"depth=", "it: depth: "},
                 {"limit=2x", "it: limit: give bytes; what 2x is in bytes"},
                 {"=", "it has nothing called ''"}};
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    assert_false(setting_assign(refused[i].text, table, 3, values, "it", error));
    assert_memory_equal(error, refused[i].error, strlen(refused[i].error));
  }
  assert_int_equal(values[0], 5);
  assert_int_equal(values[2], 7);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_type),
      cmocka_unit_test(refuses_and_says_why),
      cmocka_unit_test(writes_what_it_reads),
      cmocka_unit_test(finds_rows_and_types),
      cmocka_unit_test(suggests_only_what_was_meant),
      cmocka_unit_test(assigns_by_name),
  };
  return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
