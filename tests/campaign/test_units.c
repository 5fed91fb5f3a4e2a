/* Numbers for people: three significant digits, and no unit that rounding would overflow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "harness/campaign/units.h"

static void times_are_readable(void **state)
{
  (void)state;
  static const struct {
    int64_t ns;
    const char *text;
  } rows[] = {{-1, "-"},           {0, "0 ns"},           {999, "999 ns"},        {1000, "1.00 us"},
              {12345, "12.3 us"},  {99949, "99.9 us"},    {99960, "100 us"},      {999499, "999 us"},
              {999600, "1.00 ms"}, {123456789, "123 ms"}, {9999000000, "10.0 s"}, {3600000000000, "3600 s"}};
  char text[UNITS_TEXT_MAX];
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_string_equal(units_time(rows[i].ns, text), rows[i].text);
}

static void sizes_are_readable(void **state)
{
  (void)state;
  static const struct {
    int64_t bytes;
    const char *text;
  } rows[] = {{-1, "-"},
              {0, "0 B"},
              {1023, "1023 B"},
              {1024, "1.00 KiB"},
              {1536 << 10, "1.50 MiB"},
              {INT64_C(5) << 30, "5.00 GiB"},
              {INT64_MAX, "8388608 TiB"}};
  char text[UNITS_TEXT_MAX];
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_string_equal(units_bytes(rows[i].bytes, text), rows[i].text);
}

static void spans_are_readable(void **state)
{
  (void)state;
  char text[UNITS_TEXT_MAX];
  assert_string_equal(units_span(400000000, text), "0s");
  assert_string_equal(units_span(59400000000, text), "59s");
  assert_string_equal(units_span(59600000000, text), "1m00s");
  assert_string_equal(units_span(UINT64_C(3725) * 1000000000, text), "1h02m");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_are_readable),
      cmocka_unit_test(sizes_are_readable),
      cmocka_unit_test(spans_are_readable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
