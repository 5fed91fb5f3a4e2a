#include "harness/campaign/units.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
  double size;
  const char *name;
};

/* The largest unit that the number reaches after rounding, with three significant digits. */
static char *format(double value, const struct unit *units, int count, char *text)
{
  int i = count - 1;
  while (i > 0 && value < 0.9995 * units[i].size) i--;
  const double scaled = value / units[i].size;
  const int decimals = i == 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  snprintf(text, UNITS_TEXT_MAX, "%.*f %s", decimals, scaled, units[i].name);
  return text;
}

char *units_time(int64_t ns, char *text)
{
  static const struct unit units[] = {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}};
  if (ns >= 0) return format((double)ns, units, 4, text);
  snprintf(text, UNITS_TEXT_MAX, "-");
  return text;
}

char *units_bytes(int64_t bytes, char *text)
{
  static const struct unit units[] = {{1, "B"}, {0x1p10, "KiB"}, {0x1p20, "MiB"}, {0x1p30, "GiB"}, {0x1p40, "TiB"}};
  if (bytes >= 0) return format((double)bytes, units, 5, text);
  snprintf(text, UNITS_TEXT_MAX, "-");
  return text;
}

char *units_span(uint64_t ns, char *text)
{
  const uint64_t seconds = (ns + 500000000u) / 1000000000u;
  if (seconds < 60)
    snprintf(text, UNITS_TEXT_MAX, "%" PRIu64 "s", seconds);
  else if (seconds < 3600)
    snprintf(text, UNITS_TEXT_MAX, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
  else
    snprintf(text, UNITS_TEXT_MAX, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
  return text;
}
