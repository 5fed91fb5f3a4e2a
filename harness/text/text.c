#include "harness/text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void *text_allocate(size_t bytes) { return memory_require(calloc(1, bytes > 0 ? bytes : 1)); }

void *text_reallocate(void *memory, size_t bytes) { return memory_require(realloc(memory, bytes > 0 ? bytes : 1)); }

char *text_copy(const char *text) { return memory_require(strdup(text != NULL ? text : "")); }

static void append_arguments(char **text, const char *format, va_list arguments)
{
  va_list again;
  va_copy(again, arguments);
  const int more = vsnprintf(NULL, 0, format, arguments);
  const size_t length = *text != NULL ? strlen(*text) : 0;
  *text = text_reallocate(*text, length + (size_t)more + 1);
  vsnprintf(*text + length, (size_t)more + 1, format, again);
  va_end(again);
}

char *text_format(const char *format, ...)
{
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  append_arguments(&text, format, arguments);
  va_end(arguments);
  return text;
}

void text_append(char **text, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  append_arguments(text, format, arguments);
  va_end(arguments);
}

char *text_read_file(const char *path, size_t *bytes)
{
  enum { PIECE_BYTES = 65536 };
  FILE *file = memory_or_null(fopen(path, "re"));
  char *text = NULL;
  size_t got = 0;
  *bytes = 0;
  if (file == NULL) return NULL;
  do {
    text = text_reallocate(text, *bytes + PIECE_BYTES + 1);
    got = fread(text + *bytes, 1, PIECE_BYTES, file);
    *bytes += got;
  } while (got > 0);
  text[*bytes] = '\0';
  const int reason = ferror(file) ? EIO : 0;
  fclose(file);
  if (reason == 0) return text;
  free(text);
  errno = reason;
  return NULL;
}

/* Three significant digits without an exponent: "1.23", "12.3", "123", "1234". */
static int digits_after_point(double value)
{
  if (value == 0) return 0;
  const double magnitude = fabs(value);
  if (magnitude >= 99.95) return 0;
  if (magnitude >= 9.995) return 1;
  return 2;
}

static char *with_unit(double value, const char *const *units, double step, bool tick, char *text)
{
  if (tick && value == 0) {
    snprintf(text, TEXT_NUMBER_MAX, "0");
    return text;
  }
  int unit = 0;
  while (units[unit + 1] != NULL && value >= step * 0.9995) {
    value /= step;
    unit++;
  }
  const int digits = unit == 0 && value == floor(value) ? 0 : digits_after_point(value);
  if (tick)
    snprintf(text, TEXT_NUMBER_MAX, "%.6g %s", value, units[unit]);
  else
    snprintf(text, TEXT_NUMBER_MAX, "%.*f %s", digits, value, units[unit]);
  return text;
}

static const char *const duration_units[] = {"ns", "µs", "ms", "s", NULL};
static const char *const byte_units[] = {"B", "KiB", "MiB", "GiB", "TiB", NULL};

char *text_duration(double ns, char *text) { return with_unit(ns, duration_units, 1000, false, text); }
char *text_bytes(double bytes, char *text) { return with_unit(bytes, byte_units, 1024, false, text); }
char *text_duration_tick(double ns, char *text) { return with_unit(ns, duration_units, 1000, true, text); }
char *text_bytes_tick(double bytes, char *text) { return with_unit(bytes, byte_units, 1024, true, text); }

char *text_nothing(double value, char *text)
{
  (void)value;
  text[0] = '\0';
  return text;
}

char *text_count(uint64_t count, char *text)
{
  char digits[24];
  const int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
  char *out = text;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) *out++ = ',';
    *out++ = digits[i];
  }
  *out = '\0';
  return text;
}

char *text_short(double value, char *text)
{
  static const struct {
    double factor;
    const char *suffix;
  } scales[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
    if (fabs(value) < scales[i].factor) continue;
    snprintf(text, TEXT_NUMBER_MAX, "%.3g%s", value / scales[i].factor, scales[i].suffix);
    return text;
  }
  snprintf(text, TEXT_NUMBER_MAX, "%.3g", value);
  return text;
}

/* Advance widths of DejaVu Sans, in 1/1000 of the size, from ' ' to '~'. */
static const uint16_t advance[] = {
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361,  318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635,  611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352,  635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,  525, 636, 337, 636, 838,
};

double text_width_px(const char *text, double points)
{
  unsigned thousandths = 0;
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    if (*c >= ' ' && *c <= '~')
      thousandths += advance[*c - ' '];
    else if (*c >= 0xc0)
      thousandths += 700; /* the first byte of a letter of several: µ, ×, ·, … */
  }
  return thousandths / 1000.0 * points * 96 / 72;
}

char *text_wrap(const char *text, double points, double width_px)
{
  char *wrapped = text_copy(text);
  char *line = wrapped, *space = NULL;
  for (char *c = wrapped;; c++) {
    if (*c == '\n') {
      line = c + 1;
      space = NULL;
      continue;
    }
    if (*c != ' ' && *c != '\0') continue;
    const char keep = *c;
    *c = '\0';
    const double width = text_width_px(line, points);
    *c = keep;
    if (width > width_px && space != NULL) {
      *space = '\n';
      line = space + 1;
    }
    space = c;
    if (keep == '\0') return wrapped;
  }
}

void text_put_quoted(FILE *file, const char *text)
{
  fputc('\'', file);
  for (const char *c = text != NULL ? text : ""; *c != '\0'; c++) {
    if (*c == '\'')
      fputs("’", file); /* gnuplot 5.4 has no way to write one */
    else
      fputc(*c == '\n' || *c == '\r' ? ' ' : *c, file);
  }
  fputc('\'', file);
}

void text_put_data(FILE *file, const char *text)
{
  fputc('"', file);
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '\n')
      fputs("\\n", file);
    else
      fputc(*c == '"' ? '\'' : *c, file);
  }
  fputc('"', file);
}

char *text_slug(const char *label)
{
  char *slug = text_copy(label);
  char *out = slug;
  for (const char *c = label; *c != '\0'; c++) {
    const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_';
    if (plain)
      *out++ = *c;
    else if (out > slug && out[-1] != '-')
      *out++ = '-';
  }
  *out = '\0';
  return slug;
}
