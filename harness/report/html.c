#include "harness/report/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* How many bytes the UTF-8 character takes, 0 where it is none. */
static size_t length_of_character(const unsigned char *text)
{
  static const struct {
    unsigned char mask, value;
  } heads[] = {{0x80, 0x00}, {0xe0, 0xc0}, {0xf0, 0xe0}, {0xf8, 0xf0}};
  for (size_t length = 1; length <= 4; length++) {
    if ((text[0] & heads[length - 1].mask) != heads[length - 1].value) continue;
    for (size_t i = 1; i < length; i++) {
      if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return length;
  }
  return 0;
}

void html_text(FILE *out, const char *text)
{
  for (const unsigned char *c = (const unsigned char *)(text != NULL ? text : ""); *c != '\0';) {
    const size_t length = length_of_character(c);
    const bool is_control = *c < 0x20 && *c != '\n' && *c != '\t';
    if (length == 0 || is_control || *c == 0x7f)
      fputs("\xef\xbf\xbd", out);
    else if (strchr("&<>\"'", *c) != NULL)
      fprintf(out, "&#%d;", *c);
    else
      fwrite(c, 1, length, out);
    c += length > 0 ? length : 1;
  }
}

void html_textf(FILE *out, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  char *text = memory_format_list(format, arguments);
  va_end(arguments);
  html_text(out, text);
  free(text);
}

void html_base64(FILE *out, const void *data, size_t bytes)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *from = data;
  for (size_t i = 0; i < bytes; i += 3) {
    const size_t n = bytes - i < 3 ? bytes - i : 3;
    uint32_t group = (uint32_t)from[i] << 16;
    if (n > 1) group |= (uint32_t)from[i + 1] << 8;
    if (n > 2) group |= from[i + 2];
    for (size_t k = 0; k < 4; k++) fputc(k <= n ? digits[group >> (18 - 6 * k) & 63] : '=', out);
  }
}

/* ---- SVG -------------------------------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* What makes an id, or refers to one: the id gets the prefix. */
static size_t id_mark(const char *at)
{
  static const char *const marks[] = {" id=\"", " id='", "href='#", "href=\"#", "url(#"};
  for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
    if (begins(at, marks[i])) return strlen(marks[i]);
  }
  return 0;
}

void html_svg(FILE *out, const char *svg, const char *prefix, const char *title)
{
  const char *at = strstr(svg, "<svg");
  if (at == NULL) return;
  const char *box = strstr(at, "viewBox=\""), *content = strchr(at, '>');
  if (content == NULL) return;
  fputs("<svg role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" ", out);
  if (box != NULL && box < content) fprintf(out, "%.*s\" ", (int)strcspn(box + 9, "\"") + 9, box);
  fputs("aria-label=\"", out);
  html_text(out, title);
  fputs("\">", out);
  for (at = content + 1; *at != '\0';) {
    const size_t mark = id_mark(at);
    if (mark > 0) {
      fprintf(out, "%.*s%s", (int)mark, at, prefix);
      at += mark;
    } else {
      fputc(*at++, out);
    }
  }
}
