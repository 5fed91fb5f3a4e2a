/* units: numbers for people. */
#ifndef GCLAB_HARNESS_CAMPAIGN_UNITS_H
#define GCLAB_HARNESS_CAMPAIGN_UNITS_H

#include <stdint.h>

enum { UNITS_TEXT_MAX = 24 };

/* Three significant digits: "950 ns", "12.3 us", "1.25 s"; "-" for a negative number, which means none. */
char *units_time(int64_t ns, char *text);

/* "512 B", "12.3 MiB"; "-" for a negative number. */
char *units_bytes(int64_t bytes, char *text);

/* Whole seconds: "42s", "3m05s", "2h10m". */
char *units_span(uint64_t ns, char *text);

#endif
