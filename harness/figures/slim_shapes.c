#define _GNU_SOURCE
#include "harness/figures/slim_shapes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/figures/slim_path.h"

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static size_t space(const char *at) { return strspn(at, " \t\n"); }

static size_t tag_length(const char *at)
{
  const char *end = strchr(at, '>');
  return end != NULL ? (size_t)(end + 1 - at) : 0;
}

/* ---- lines and areas -------------------------------------------------------------------------------------------- */

/* A path or polygon: what it looks like, and its course. */
struct shape {
  const char *course;
  size_t course_length;
  size_t tag_bytes, head_bytes; /* from its beginning: to its end, to the attribute with the course */
  bool is_polygon;
};

/* False: not one of gnuplot's, or with something that has to stay. */
static bool read_shape(const char *at, struct shape *shape)
{
  shape->is_polygon = begins(at, "<polygon ");
  if (!shape->is_polygon && !begins(at, "<path ")) return false;
  shape->tag_bytes = tag_length(at);
  const char *names[] = {" d='", " points = '"};
  const char *attribute = memmem(at, shape->tag_bytes, names[shape->is_polygon], strlen(names[shape->is_polygon]));
  if (attribute == NULL) return false;
  shape->head_bytes = (size_t)(attribute - at);
  shape->course = attribute + strlen(names[shape->is_polygon]);
  const char *end = memchr(shape->course, '\'', shape->tag_bytes - (size_t)(shape->course - at));
  if (end == NULL || !begins(end, "'/>")) return false;
  shape->course_length = (size_t)(end - shape->course);
  return true;
}

/* Attributes from the name of the tag on, without a blank at their end. */
static void put_head(const char *at, const struct shape *shape, FILE *out)
{
  const size_t name = shape->is_polygon ? strlen("<polygon ") : strlen("<path ");
  static const char class[] = " class=\"gridline\""; /* there is no style for it */
  size_t end = shape->head_bytes;
  while (end > name && at[end - 1] == ' ') end--;
  fputs("<path ", out);
  for (size_t i = name; i < end; i++) {
    if (begins(at + i, class))
      i += strlen(class) - 1;
    else
      fputc(at[i], out);
  }
  fputs(" d='", out);
}

static bool looks_alike(const char *a, const struct shape *as, const char *b, const struct shape *bs)
{
  return as->is_polygon == bs->is_polygon && as->head_bytes == bs->head_bytes && memcmp(a, b, as->head_bytes) == 0;
}

/* ---- dots ------------------------------------------------------------------------------------------------------- */

/* A use of one of gnuplot's filled circles. */
struct dot {
  double x, y, diameter;
  const char *colour;
  size_t colour_length, tag_bytes;
};

/* In gnuplot's definitions: the radius and half of the stroke, twice. */
static const double dot_diameter = 1.5, circle_diameter = 2.242;

static bool read_dot(const char *at, struct dot *dot)
{
  double scale = 0;
  int length = 0;
  *dot = (struct dot){0};
  if (!begins(at, "<use ")) return false;
  dot->tag_bytes = tag_length(at);
  if (sscanf(at, "<use xlink:href='#gpPt6' transform='translate(%lf,%lf) scale(%lf)' color='%n", &dot->x, &dot->y,
             &scale, &length) == 3 &&
      length > 0)
    dot->diameter = circle_diameter * scale;
  else if (sscanf(at, "<use xlink:href='#gpDot' x='%lf' y='%lf' color='%n", &dot->x, &dot->y, &length) == 2 &&
           length > 0)
    dot->diameter = dot_diameter;
  else
    return false;
  dot->colour = at + length;
  const char *end = memchr(dot->colour, '\'', dot->tag_bytes - (size_t)length);
  if (end == NULL || !begins(end, "'/>")) return false;
  dot->colour_length = (size_t)(end - dot->colour);
  return true;
}

/*
 * gnuplot puts a dot of a pixel at the end of the bar that an error bar belongs to; under its line of the same colour
 * nobody sees it.  Returns what is behind such a dot.
 */
static const char *after_hidden_dot(const char *shape, const struct shape *of, const char *behind)
{
  struct dot dot;
  const char *at = behind + space(behind);
  if (of->is_polygon || !read_dot(at, &dot) || dot.diameter != dot_diameter) return behind;
  const char *stroke = memmem(shape, of->head_bytes, "stroke='", strlen("stroke='"));
  if (stroke == NULL || strncmp(stroke + strlen("stroke='"), dot.colour, dot.colour_length) != 0) return behind;
  return at + dot.tag_bytes;
}

/* This shape, and those behind it that look alike, as one path; returns what is behind them.  NULL: it is none. */
static const char *write_shapes(const char *at, FILE *out)
{
  struct shape shape;
  if (!read_shape(at, &shape)) return NULL;
  char *course = NULL;
  size_t bytes = 0;
  FILE *into = memory_require(open_memstream(&course, &bytes));
  const bool is_known = slim_path_write(shape.course, shape.course_length, shape.is_polygon, into);
  const char *behind = at + shape.tag_bytes;
  for (struct shape next; is_known;) {
    behind = after_hidden_dot(at, &shape, behind);
    const char *other = behind + space(behind);
    if (!read_shape(other, &next) || !looks_alike(at, &shape, other, &next) ||
        !slim_path_write(next.course, next.course_length, next.is_polygon, into))
      break;
    behind = other + next.tag_bytes;
  }
  memory_close(into);
  if (is_known) {
    put_head(at, &shape, out);
    fwrite(course, 1, bytes, out);
    fputs("'/>", out);
  }
  free(course);
  return is_known ? behind : NULL;
}

static bool are_alike(const struct dot *a, const struct dot *b)
{
  return fabs(a->diameter - b->diameter) < 1e-9 && a->colour_length == b->colour_length &&
         memcmp(a->colour, b->colour, a->colour_length) == 0;
}

/* This dot and those behind it that look alike; returns what is behind them.  NULL: it is none. */
static const char *write_dots(const char *at, FILE *out)
{
  struct dot first;
  if (!read_dot(at, &first)) return NULL;
  fprintf(out, "<path stroke-linecap='round' stroke-width='%.4g' stroke='%.*s' d='", first.diameter,
          (int)first.colour_length, first.colour);
  for (struct dot dot = first;;) {
    fprintf(out, "M%.6g,%.6gh0", round(10 * dot.x) / 10, round(10 * dot.y) / 10);
    at += dot.tag_bytes;
    const char *other = at + space(at);
    if (!read_dot(other, &dot) || !are_alike(&first, &dot)) break;
    at = other;
  }
  fputs("'/>", out);
  return at;
}

void slim_shapes_write(const char *svg, FILE *out)
{
  const char *body = strstr(svg, "</defs>");
  if (body == NULL) body = svg;
  fwrite(svg, 1, (size_t)(body - svg), out);
  for (const char *at = body; *at != '\0';) {
    const char *behind = *at == '<' ? write_shapes(at, out) : NULL;
    if (behind == NULL && *at == '<') behind = write_dots(at, out);
    if (behind != NULL)
      at = behind;
    else
      fputc(*at++, out);
  }
}
