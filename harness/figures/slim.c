#define _GNU_SOURCE
#include "harness/figures/slim.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/whole_file.h"
#include "harness/figures/slim_shapes.h"
#include "harness/text/text.h"

enum { DEPTH_MAX = 64 };

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static size_t space(const char *at) { return strspn(at, " \t\n"); }

/* ---- what nobody sees ------------------------------------------------------------------------------------------- */

/* Behind a group that holds nothing but white space; NULL: it holds something. */
static const char *after_empty_group(const char *at)
{
  if (!begins(at, "<g ")) return NULL;
  const char *end = strchr(at, '>');
  if (end == NULL) return NULL;
  end += 1 + space(end + 1);
  return begins(end, "</g>") ? end + 4 + space(end + 4) : NULL;
}

/* Behind gnuplot's title of a plot, which is its command. */
static const char *after_title(const char *at)
{
  if (!begins(at, "<title>DATA ")) return NULL;
  const char *end = strstr(at, "</title>");
  return end != NULL ? end + strlen("</title>") + space(end + strlen("</title>")) : NULL;
}

/* One pass; a group whose only group has gone is empty in the next. */
static bool pass(char *svg)
{
  char *to = svg;
  for (const char *at = svg; *at != '\0';) {
    const char *next = *at == '<' ? after_empty_group(at) : NULL;
    if (next == NULL && *at == '<') next = after_title(at);
    if (next != NULL)
      at = next;
    else
      *to++ = *at++;
  }
  const bool changed = *to != '\0';
  *to = '\0';
  return changed;
}

/* gnuplot's groups of a plot say nothing but its number: what is in them stays. */
static void open_plots(char *svg)
{
  bool is_plot[DEPTH_MAX];
  size_t depth = 0;
  char *to = svg;
  for (const char *at = svg; *at != '\0';) {
    if (begins(at, "<g ") || begins(at, "<g>")) {
      const bool is_open = begins(at, "<g id=\"gnuplot_plot_");
      if (depth < DEPTH_MAX) is_plot[depth] = is_open;
      if (depth++ < DEPTH_MAX && is_open) {
        at += strcspn(at, ">");
        at += *at == '>';
        continue;
      }
    } else if (begins(at, "</g>") && depth > 0 && --depth < DEPTH_MAX && is_plot[depth]) {
      at += strlen("</g>");
      continue;
    }
    *to++ = *at++;
  }
  *to = '\0';
}

/* ---- groups that go on ------------------------------------------------------------------------------------------ */

static size_t tag_length(const char *at)
{
  const char *end = strchr(at, '>');
  return end != NULL ? (size_t)(end + 1 - at) : 0;
}

/*
 * A group that ends where one with the same attributes begins is the same group.  One with an id or a name of its own
 * is not like another.  One pass: where two groups have become one, what is in them may be joined in the next.
 */
static bool join_groups(char *svg)
{
  const char *open[DEPTH_MAX];
  size_t depth = 0;
  char *to = svg;
  char *copy = memory_require(strdup(svg));
  for (const char *at = copy; *at != '\0';) {
    const size_t length = *at == '<' ? tag_length(at) : 0;
    if (begins(at, "<g ") || begins(at, "<g>")) {
      if (depth < DEPTH_MAX) open[depth] = at;
      depth++;
    } else if (begins(at, "</g>") && depth > 0) {
      depth--;
      const char *next = at + length + space(at + length);
      const size_t next_length = begins(next, "<g ") ? tag_length(next) : 0;
      if (depth < DEPTH_MAX && next_length > 0 && memmem(next, next_length, "id=", 3) == NULL &&
          strncmp(open[depth], next, next_length) == 0) {
        at = next + next_length;
        at += space(at);
        depth++;
        continue;
      }
    }
    const size_t kept = length > 0 ? length : 1;
    memcpy(to, at, kept);
    to += kept;
    at += kept;
  }
  *to = '\0';
  const bool changed = strlen(copy) != (size_t)(to - svg);
  free(copy);
  return changed;
}

/* ---- in few words ----------------------------------------------------------------------------------------------- */

/* Attributes that gnuplot gives to every group: the outermost has them for all. */
static const char inherited[] = " fill=\"none\" color=\"black\" stroke=\"currentColor\"";
static const char for_all[] =
    " fill=\"none\" color=\"black\" stroke=\"none\""; /* lines and marks say their own stroke */
static const char inherited_ends[] = " stroke-linecap=\"butt\" stroke-linejoin=\"miter\"";
static const char inherited_font[] = " font-family=\"DejaVu Sans\"";
static const char canvas[] = "<g id=\"gnuplot_canvas\"";

/* "rgb( 12, 34, 56)" of gnuplot's; returns its length, 0: it is none. */
static size_t read_colour(const char *at, unsigned *rgb)
{
  unsigned red = 0;
  unsigned green = 0;
  unsigned blue = 0;
  int length = 0;
  if (sscanf(at, "rgb(%u,%u,%u)%n", &red, &green, &blue, &length) != 3 || length == 0) return 0;
  *rgb = red << 16 | green << 8 | blue;
  return (red | green | blue) <= 0xff ? (size_t)length : 0;
}

/* The attributes of a text's group that say something; its place as x and y, where it is not turned. */
static void write_text_attributes(const char *at, const char *end, FILE *out)
{
  static const char *const needless[] = {inherited_font, " stroke=\"none\"", " text-anchor=\"start\""};
  while (at < end) {
    double x = 0;
    double y = 0;
    int length = 0;
    unsigned rgb = 0;
    size_t skipped = 0;
    for (size_t i = 0; i < sizeof needless / sizeof needless[0]; i++) {
      if (begins(at, needless[i])) skipped = strlen(needless[i]);
    }
    if (skipped > 0 || (at[0] == ' ' && (at[1] == ' ' || at[1] == '>'))) {
      at += skipped > 0 ? skipped : 1;
    } else if (sscanf(at, "transform=\"translate(%lf,%lf)\"%n", &x, &y, &length) == 2 && length > 0) {
      fprintf(out, "x=\"%.6g\" y=\"%.6g\"", round(10 * x) / 10, round(10 * y) / 10);
      at += length;
    } else if (*at == 'r' && (skipped = read_colour(at, &rgb)) > 0) {
      fprintf(out, "#%06x", rgb);
      at += skipped;
    } else {
      fputc(*at++, out);
    }
  }
}

/*
 * A group that holds one text and nothing else: the text takes its attributes.  Returns what is behind it, or NULL.  A
 * text without any is left out.
 */
static const char *write_text(const char *at, const char *attributes_end, FILE *out)
{
  const char *text = attributes_end + 1 + space(attributes_end + 1);
  if (!begins(text, "<text>")) return NULL;
  text += strlen("<text>");
  const char *end = strstr(text, "</text>");
  if (end == NULL) return NULL;
  const char *behind = end + strlen("</text>");
  behind += space(behind);
  if (!begins(behind, "</g>")) return NULL;
  behind += strlen("</g>");
  if (text == end) return behind;
  fputs("<text", out);
  write_text_attributes(at, attributes_end, out);
  fputc('>', out);
  fwrite(text, 1, (size_t)(end - text), out);
  fputs("</text>", out);
  return behind;
}

static const char *write_group(const char *at, FILE *out)
{
  const char *end = strchr(at, '>');
  const char *behind = end != NULL ? write_text(at + 2, end, out) : NULL;
  if (end == NULL || behind != NULL) return behind;
  fputs("<g", out);
  for (const char *c = at + 2; c < end; c++) {
    if (begins(c, inherited))
      c += strlen(inherited) - 1;
    else if (begins(c, inherited_ends))
      c += strlen(inherited_ends) - 1;
    else
      fputc(*c, out);
  }
  fputc('>', out);
  return end + 1;
}

/* What every group repeats goes to the outermost; colours are hexadecimal; no blanks between tags. */
static void shorten(const char *svg, FILE *out)
{
  const char *body = strstr(svg, canvas);
  if (body == NULL) {
    fputs(svg, out);
    return;
  }
  fwrite(svg, 1, (size_t)(body - svg), out);
  fprintf(out, "%s%s%s%s", canvas, for_all, inherited_ends, inherited_font);
  bool is_text = false;
  for (const char *at = body + strlen(canvas); *at != '\0';) {
    unsigned rgb = 0;
    const size_t colour = *at == 'r' && !is_text ? read_colour(at, &rgb) : 0;
    const char *behind = begins(at, "<g ") ? write_group(at, out) : NULL;
    if (begins(at, "<text")) is_text = true;
    if (begins(at, "</text")) is_text = false;
    if (behind != NULL) {
      at = behind + space(behind);
    } else if (colour > 0) {
      fprintf(out, "#%06x", rgb);
      at += colour;
    } else if (*at == '>' && !is_text && at[1 + space(at + 1)] == '<') {
      fputc('>', out);
      at += 1 + space(at + 1);
    } else {
      fputc(*at++, out);
    }
  }
}

/* The text that a writer makes of the text, which is freed.  (Inlined, gcc 12 takes the result for dangling.) */
static __attribute__((noinline)) char *rewritten(char *text, void (*write)(const char *text, FILE *out))
{
  char *result = NULL;
  size_t bytes = 0;
  FILE *out = memory_require(open_memstream(&result, &bytes));
  write(text, out);
  memory_close(out);
  free(text);
  return result;
}

char *slim_svg(const char *svg)
{
  char *text = memory_require(strdup(svg));
  while (pass(text)) continue;
  open_plots(text);
  while (join_groups(text)) continue;
  return rewritten(rewritten(text, slim_shapes_write), shorten);
}

bool slim_file(const char *path)
{
  size_t bytes = 0;
  char *text = text_read_file(path, &bytes);
  struct whole_file file;
  bool ok = text != NULL && whole_file_open(&file, path);
  if (ok) {
    char *slim = slim_svg(text);
    fputs(slim, file.stream);
    free(slim);
    ok = whole_file_close(&file, true);
  }
  if (!ok) fprintf(stderr, "gclab plot: %s: %s\n", path, strerror(errno));
  free(text);
  return ok;
}
