#include "harness/figures/slim_path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/text/text.h"

struct vertex {
  long x, y;  /* in tenths of a pixel */
  bool moves; /* begins a line */
};

struct course {
  struct vertex *vertices;
  size_t count, room;
};

static void add(struct course *course, struct vertex vertex)
{
  if (course->count == course->room) {
    course->room = 2 * course->room + 64;
    course->vertices = text_reallocate(course->vertices, course->room * sizeof *course->vertices);
  }
  course->vertices[course->count++] = vertex;
}

/* A line may miss a vertex by so many tenths of a pixel, which nobody sees. */
static const double tolerance = 2.5;

/* Does the straight line pass it by, between its ends? */
static bool is_on_the_way(const struct vertex *from, const struct vertex *middle, const struct vertex *to)
{
  const double dx = (double)(to->x - from->x);
  const double dy = (double)(to->y - from->y);
  const double mx = (double)(middle->x - from->x);
  const double my = (double)(middle->y - from->y);
  const double length = sqrt(dx * dx + dy * dy);
  const double along = dx * mx + dy * my;
  return length > 0 && along >= 0 && along <= length * length && fabs(dx * my - dy * mx) <= tolerance * length;
}

/* Vertices since the last that was kept are left out as long as the straight line from it passes all of them by. */
static void thin(struct course *course)
{
  enum { SPAN_MAX = 256 };
  struct vertex *vertices = course->vertices;
  size_t kept = 0;
  for (size_t at = 0; at < course->count;) {
    const size_t from = at;
    vertices[kept++] = vertices[from];
    size_t end = from + 1;
    if (end == course->count) break;
    if (vertices[end].moves) {
      at = end;
      continue;
    }
    for (size_t to = end + 1; to < course->count && !vertices[to].moves && to - from < SPAN_MAX; to++) {
      bool passes = true;
      for (size_t middle = from + 1; middle < to && passes; middle++)
        passes = is_on_the_way(&vertices[kept - 1], &vertices[middle], &vertices[to]);
      if (!passes) break;
      end = to;
    }
    at = end;
  }
  course->count = kept;
}

static bool read_number(const char **at, const char *end, long *tenths)
{
  char *behind = NULL;
  const double number = strtod(*at, &behind);
  if (behind == *at || behind > end || !(fabs(number) < 1e6)) return false;
  *tenths = lround(number * 10);
  *at = behind;
  return true;
}

static bool read_course(const char *at, const char *end, bool is_polygon, struct course *course)
{
  for (bool is_first = true;; is_first = false) {
    at += strspn(at, " \t\n");
    if (at >= end) return course->count > 0;
    struct vertex vertex = {.moves = is_polygon && is_first};
    if (!is_polygon) {
      if (*at != 'M' && *at != 'L') return false;
      vertex.moves = *at++ == 'M';
    }
    if (!read_number(&at, end, &vertex.x) || *at++ != ',' || !read_number(&at, end, &vertex.y)) return false;
    add(course, vertex);
  }
}

/* A number, with what keeps it from the one before. */
static void put_number(long tenths, bool is_apart, FILE *out)
{
  if (is_apart && tenths >= 0) fputc(' ', out);
  if (tenths < 0) fputc('-', out);
  const long size = labs(tenths);
  if (size % 10 == 0)
    fprintf(out, "%ld", size / 10);
  else if (size < 10)
    fprintf(out, ".%ld", size);
  else
    fprintf(out, "%ld.%ld", size / 10, size % 10);
}

/* Steps along an axis have letters of their own. */
static void put_step(const struct vertex *from, const struct vertex *to, char *letter, FILE *out)
{
  const long x = to->x - from->x;
  const long y = to->y - from->y;
  const char wanted = y == 0 ? 'h' : x == 0 ? 'v' : 'l';
  const bool is_apart = *letter == wanted;
  if (!is_apart) fputc(wanted, out);
  *letter = wanted;
  if (wanted != 'v') put_number(x, is_apart, out);
  if (wanted != 'h') put_number(y, is_apart || wanted == 'l', out);
}

bool slim_path_write(const char *text, size_t length, bool is_polygon, FILE *out)
{
  struct course course = {0};
  const bool is_known = read_course(text, text + length, is_polygon, &course);
  char letter = 'M';
  if (is_known) thin(&course);
  for (size_t i = 0; is_known && i < course.count; i++) {
    const struct vertex *vertex = &course.vertices[i];
    if (!vertex->moves && i > 0) {
      put_step(vertex - 1, vertex, &letter, out);
      continue;
    }
    letter = 'M';
    fputc('M', out);
    put_number(vertex->x, false, out);
    put_number(vertex->y, true, out);
  }
  if (is_known && is_polygon) fputc('z', out);
  free(course.vertices);
  return is_known;
}
