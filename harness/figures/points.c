/* points: what a canvas has drawn, in pixels, for those who show values under the pointer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/canvas.h"
#include "harness/text/text.h"

enum { POINTS_MAX = 400 }; /* of a block; more are thinned */

/* The beginning of block bN's rows in the canvas's data. */
static const char *find_block(const struct canvas *canvas, const char *name, size_t length)
{
  char mark[40];
  snprintf(mark, sizeof mark, "# %.*s\n", (int)length, name);
  const char *found = canvas->data != NULL ? strstr(canvas->data, mark) : NULL;
  return found != NULL ? found + strlen(mark) : NULL;
}

static size_t count_rows(const char *rows)
{
  size_t count = 0;
  for (; *rows != '\0' && *rows != '\n' && *rows != '#'; count++) {
    const char *end = strchr(rows, '\n');
    if (end == NULL) return count + 1;
    rows = end + 1;
  }
  return count;
}

/* The point that a row stands for: x and y, or of an area its right edge's middle. */
static bool read_row(const char *row, enum canvas_layer layer, double *x, double *y)
{
  double numbers[4] = {0};
  char *end = NULL;
  const int wanted = layer == CANVAS_AREAS ? 4 : 2;
  for (int i = 0; i < wanted; i++) {
    numbers[i] = strtod(row, &end);
    if (end == row) return false;
    row = end;
  }
  *x = layer == CANVAS_AREAS ? numbers[1] : numbers[0];
  *y = layer == CANVAS_AREAS ? (numbers[2] + numbers[3]) / 2 : numbers[1];
  return true;
}

static void put_block(const struct canvas_panel *panel, enum canvas_layer layer, const char *rows, FILE *out)
{
  const size_t count = count_rows(rows), step = count / POINTS_MAX + 1;
  const char *gap = "";
  for (size_t i = 0; i < count; i++) {
    double x = 0, y = 0;
    const bool is_taken = (i % step == 0 || i + 1 == count) && read_row(rows, layer, &x, &y);
    if (is_taken && isfinite(canvas_x_px(panel, x)) &&
        isfinite(canvas_y_px(panel, y))) { /* 0 has no place on a log axis */
      fprintf(out, "%s[%.1f,%.1f,%.4g,%.4g]", gap, canvas_x_px(panel, x), canvas_y_px(panel, y), x, y);
      gap = ",";
    }
    rows = strchr(rows, '\n') + 1;
  }
}

/* "#rrggbb" of a block, from the canvas's settings; of rows with a colour of their own, that of the first. */
static uint32_t colour_of(const struct canvas *canvas, const char *name, size_t length, enum canvas_layer layer,
                          const char *rows)
{
  char mark[48];
  snprintf(mark, sizeof mark, "colour_%.*s = 0x", (int)length, name);
  const char *found = strstr(canvas->block_settings, mark);
  const uint32_t colour = found != NULL ? (uint32_t)strtoul(found + strlen(mark), NULL, 16) : 0;
  if (colour != 0) return colour;
  const int column = layer == CANVAS_AREAS ? 4 : 2;
  char *end = NULL;
  for (int i = 0; i < column; i++) {
    strtod(rows, &end);
    rows = end;
  }
  return (uint32_t)strtoul(rows, NULL, 10);
}

static void put_layer(const struct canvas *canvas, const struct canvas_panel *panel, enum canvas_layer layer,
                      const char **gap, FILE *out)
{
  const char *names = panel->blocks[layer];
  while (names != NULL && *names != '\0') {
    const size_t length = strcspn(names, " ");
    const char *rows = find_block(canvas, names, length);
    if (rows != NULL && count_rows(rows) > 0) {
      fprintf(out, "%s{\"colour\":\"#%06x\",\"points\":[", *gap, colour_of(canvas, names, length, layer, rows));
      put_block(panel, layer, rows, out);
      fputs("]}", out);
      *gap = ",";
    }
    names += length + strspn(names + length, " ");
  }
}

static const char *unit_of(const struct axis *axis) { return axis->unit != NULL ? axis->unit : ""; }

void canvas_write_points(const struct canvas *canvas, FILE *out)
{
  static const enum canvas_layer layers[] = {CANVAS_LINES, CANVAS_DASHES, CANVAS_DOTTED,
                                             CANVAS_DOTS,  CANVAS_RINGS,  CANVAS_AREAS};
  fflush(canvas->dat);
  fprintf(out, "{\"width\":%.0f,\"height\":%.0f,\"panels\":[", canvas->width, canvas->height);
  for (size_t p = 0; p < canvas->panel_count; p++) {
    const struct canvas_panel *panel = &canvas->panels[p];
    fprintf(out, "%s{\"frame\":[%.1f,%.1f,%.1f,%.1f],\"x\":\"%s\",\"y\":\"%s\",\"series\":[", p > 0 ? "," : "",
            panel->left, panel->right, panel->top, panel->bottom, unit_of(&panel->x), unit_of(&panel->y));
    const char *gap = "";
    for (size_t l = 0; l < sizeof layers / sizeof layers[0]; l++) put_layer(canvas, panel, layers[l], &gap, out);
    fputs("]}", out);
  }
  fputs("]}\n", out);
}
